"""The rules of the sliding window: slots for requests, corrected by what the API reports. No I/O and no waiting.

Times are in epoch seconds, by the clock of the store that keeps the state.
"""

import os
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from synq_cli.http.rate_limit import sharing
from synq_cli.http.rate_limit.sharing import RESERVE, Known

# The API counts a request on arrival, synq when its response arrives: ours leave the window later, never sooner.
_MARGIN = 0.05
_PROBE_STEP = 0.5
_POLL_STEP = 0.1
_SHORTEST_WAIT = 0.001
_MOST_DOUBLINGS = 6
# A command that waits checks again within this time.
_WAITING_HOLDS = 6.0
# Kinds that the API has counted.
_COUNTED = {"settled", "stranger"}
_LONGEST_BLOCK = 3600.0
# The limit until a response reports one.
_FIRST_LIMIT = 100
_LARGEST_LIMIT = 10_000
# Seconds for which the remaining requests that the API reported are valid.
_SAID_HOLDS = 1.0
# A time further ahead than this is from before the clock was set back.
_CLOCK_SLACK = 1.0

WINDOW = 60.0
FULL = "the rate limit is used up"
REFUSED = "the API responded with 429 (too many requests)"


class Ticket(NamedTuple):
    """A slot in the window, taken at `started`."""

    id: int
    started: float


class Taken(NamedTuple):
    """Tickets; if there are none, the seconds until a slot may be free, and the reason to wait."""

    tickets: list[Ticket]
    wait: float = 0.0
    reason: str = ""


class Entry(NamedTuple):
    """A slot that is taken from `at` for `lasts` seconds.

    `kind` is "sending", "settled" (answered), or "stranger" for a request of another client, which has no profile and
    no command. Two kinds take no slot: "waiting" for a command that waits for one, and "drain" while heavy users wait
    for an empty window.
    """

    id: int
    kind: str
    at: float
    lasts: float
    profile: str = ""
    command: str = ""


class HostLimit(NamedTuple):
    """The size of a host's window, how long the host is blocked, and how often it has refused in a row (429)."""

    size: int = _FIRST_LIMIT
    blocked_at: float = 0.0
    blocked_for: float = 0.0
    refusals: int = 0
    refused_at: float = 0.0


class Changes(NamedTuple):
    """Changes since the state was loaded: the limit or None, entries to insert or replace, ids to delete."""

    limit: HostLimit | None
    put: list[Entry]
    removed: list[int]


class Snapshot(NamedTuple):
    """The window of a host; times are seconds from now, 0 if no slot is taken.

    `exact`: the API reported what remains, in this run and just now. `frees_in`: until one more slot is free;
    `full_in`: until all are. `spenders`: profile, command and number of requests, most first. `strangers`: requests
    of other clients, which the API counted and no synq on this machine sent.
    """

    host: str
    limit: int
    remaining: int
    exact: bool
    frees_in: float
    full_in: float
    blocked_for: float
    spenders: list[tuple[str, str, int]]
    strangers: int

    def as_row(self) -> dict[str, object]:
        """The snapshot as JSON: seconds rounded to tenths, each spender an object."""
        row = {name: round(value, 1) if isinstance(value, float) else value for name, value in self._asdict().items()}
        names = ("profile", "command", "requests")
        return row | {"spenders": [dict(zip(names, spender, strict=True)) for spender in self.spenders]}


class WindowState:
    """The window of one host, in memory for one transaction of its store. `expire` comes before any other rule."""

    def __init__(self, limit: HostLimit | None = None, entries: Iterable[Entry] = ()) -> None:
        self.limit = limit or HostLimit()
        self.entries = {entry.id: entry for entry in entries}
        self._loaded = limit, self.entries.copy()

    @property
    def changes(self) -> Changes:
        """The changes that the store has to write."""
        limit, entries = self._loaded
        return Changes(
            None if self.limit == limit else self.limit,
            [entry for entry in self.entries.values() if entries.get(entry.id) is not entry],
            [number for number in entries if number not in self.entries],
        )

    def expire(self, now: float) -> None:
        """Remove entries that have left the window. If the clock was set back, times ahead of it become now."""
        latest = now + _CLOCK_SLACK
        for entry in list(self.entries.values()):
            if entry.at > latest:
                self.entries[entry.id] = entry._replace(at=now)
            elif entry.at + entry.lasts <= now:
                del self.entries[entry.id]
        if self.limit.blocked_at > latest:
            self.limit = self.limit._replace(blocked_at=now)
        if self.limit.refused_at > latest:
            self.limit = self.limit._replace(refused_at=now)

    def take(
        self, now: float, *, timeout: float, reserve: int, profile: str, command: str, jitter: float,
        count: int = 1, waiting: int | None = None, ahead: bool = False,
    ) -> Taken:  # fmt: skip
        """Take up to `count` slots at once, which expire `timeout` seconds and a window later.

        Bulk runs leave a `reserve`. A command leaves none. If it has to wait, an entry with the id `waiting` makes bulk
        runs leave the next slots to it. A request `ahead` is a prefetch beside a request that a command waits for.
        `jitter` is a random number from 0 to 1.
        """
        self.entries.pop(waiting or 0, None)
        free, wait, reason = self._free(now, reserve, command, jitter, ahead=ahead)
        if free <= 0:
            if waiting:
                self._put(Entry(waiting, "waiting", now, _WAITING_HOLDS, profile, command))
            return Taken([], wait, reason)
        tickets = [Ticket(any_id(), now) for _ in range(min(count, free))]
        for ticket in tickets:
            self._put(Entry(ticket.id, "sending", now, timeout + WINDOW, profile, command))
        return Taken(tickets)

    def record(
        self, now: float, ticket: Ticket, *, head_start: float, profile: str, command: str,
        limit: int | None, remaining: int | None,
    ) -> int | None:  # fmt: skip
        """Count a request that was answered now, with the limit and the remaining requests of its response, if given.

        `head_start` is how many seconds before the response the API has certainly counted it. Returns the remaining
        requests if they are plausible.
        """
        if limit and limit > _LARGEST_LIMIT:
            limit = remaining = None  # not plausible
        if limit:
            self.limit = self.limit._replace(size=limit)
        self._put(Entry(ticket.id, "settled", now + _MARGIN - head_start, WINDOW, profile, command))
        if ticket.started >= self.limit.refused_at:
            self.limit = self.limit._replace(refusals=0)
        if remaining is not None:
            self._correct(ticket, self.limit.size - remaining, now)
        return remaining

    def release(self, ticket: Ticket) -> None:
        """Release a slot in which nothing was sent."""
        self.entries.pop(ticket.id, None)

    def refuse(self, now: float, ticket: Ticket, seconds: float) -> None:
        """Block the host for these seconds after a 429, for longer after each further one.

        After a second one, heavy users wait until the window has drained: the API may count differently.
        """
        self.release(ticket)
        limit = self.limit
        # Concurrent requests are refused together, which counts as one refusal.
        refusals = limit.refusals + (not limit.refusals or ticket.started > limit.refused_at)
        if refusals > 1:
            seconds = max(seconds, min(2.0 ** min(refusals - 1, _MOST_DOUBLINGS), WINDOW))
        pause = max(min(seconds, _LONGEST_BLOCK) + _MARGIN, self._blocked_for(now))
        self.limit = limit._replace(refusals=refusals, refused_at=now, blocked_at=now, blocked_for=pause)
        if refusals > 1:
            for entry in [each for each in self.entries.values() if each.kind == "drain"]:
                del self.entries[entry.id]
            self._put(Entry(any_id(), "drain", now, max(pause, WINDOW + _MARGIN)))

    def snapshot(self, now: float, host: str, said: tuple[int, float] | None) -> Snapshot:
        """The state for display and planning; `said` is what the API last reported to remain, and when."""
        entries, kinds = self._taken(), self._kinds()
        spenders = Counter((entry.profile, entry.command) for entry in entries if entry.kind != "stranger")
        ends = [entry.at + entry.lasts for entry in entries]
        reported = said[0] if said and now - said[1] < _SAID_HOLDS else None
        free = max(0, self.limit.size - len(ends))
        return Snapshot(
            host=host,
            limit=self.limit.size,
            # Other clients may have sent requests since.
            remaining=free if reported is None else min(reported, free),
            # Requests in flight have their slots here, but the API may not have counted them yet.
            exact=reported is not None and reported <= free + kinds["sending"],
            frees_in=min(ends, default=now) - now,
            full_in=max(ends, default=now) - now,
            blocked_for=max(self._blocked_for(now), self._drains_for(now)),
            spenders=sorted(((*who, count) for who, count in spenders.items()), key=lambda each: (-each[2], each[:2])),
            strangers=kinds["stranger"],
        )

    def _blocked_for(self, now: float) -> float:
        return max(0.0, self.limit.blocked_at + self.limit.blocked_for - now)

    def _free(self, now: float, reserve: int, command: str, jitter: float, *, ahead: bool) -> tuple[int, float, str]:
        """How many slots are free beyond the reserve; if none, the seconds to wait and the reason."""
        if (blocked_for := self._blocked_for(now)) > 0:
            return 0, blocked_for, REFUSED
        kinds = self._kinds()
        entries = self.entries.values()
        heard = max((entry.at for entry in entries if entry.kind in _COUNTED), default=now) - _MARGIN
        ending = sum(entry.kind == "settled" and entry.at + entry.lasts < now + sharing.SOON for entry in entries)
        known = Known(kinds["sending"], kinds["settled"], ending, kinds["stranger"], kinds["waiting"], heard)
        # After a refusal one request is sent as a probe before the others.
        if self.limit.refusals and (known.sending or (reserve and known.waiting)):
            return 0, _PROBE_STEP, REFUSED
        is_light = not reserve and sum(entry.command == command for entry in entries) < RESERVE
        if not is_light and (drains_for := self._drains_for(now)) > 0:
            return 0, drains_for, REFUSED
        if reserve:
            free, wait = self._for_bulk(now, known, reserve, jitter, ahead=ahead)
        else:
            free, wait = self._for_command(now, known, is_light)
        return min(free, 1) if self.limit.refusals else free, wait, FULL if wait else ""

    def _for_command(self, now: float, known: Known, is_light: bool) -> tuple[int, float]:
        """Free slots for a command that a person or a script waits for, otherwise the seconds to wait.

        A command that has sent few requests tries whether other clients' slots are free already, instead of waiting
        until they certainly are: a 429 says how long that takes.
        """
        gone = sharing.gone(known, WINDOW, now) if is_light else 0
        if (free := self.limit.size - known.taken + gone) > 0:
            return free, 0.0
        wait = self._wait_for(self.limit.size + gone, now)
        if is_light and known.others:
            wait = min(wait, known.heard + (gone + 1) * WINDOW / known.others - now)
        return 0, max(wait, _SHORTEST_WAIT)

    def _for_bulk(self, now: float, known: Known, reserve: int, jitter: float, *, ahead: bool) -> tuple[int, float]:
        """Free slots for bulk runs beyond the reserve and waiting commands, otherwise the seconds to wait."""
        if known.sending and not (known.settled or known.others or ahead):
            return 0, _POLL_STEP  # the first response shows what other clients have used
        slots = sharing.slots(known, self.limit.size, reserve)
        if (free := slots - known.taken - sharing.unseen(known)) > 0:
            return free, 0.0
        if known.taken < slots:
            return 0, _POLL_STEP
        probe = sharing.seconds_to_probe(known, slots, WINDOW, now, jitter)
        if probe <= 0:
            return 1, 0.0
        return 0, max(min(self._wait_for(slots, now), probe), _SHORTEST_WAIT) + sharing.spread(known, jitter)

    def _wait_for(self, slots: int, now: float) -> float:
        """Seconds until at the latest fewer than this many slots are taken."""
        # A request in flight keeps its slot for one window after its response, which arrives now at the earliest.
        ends = sorted(now + WINDOW if entry.kind == "sending" else entry.at + entry.lasts for entry in self._taken())
        index = min(len(ends) - slots, len(ends) - 1)
        return ends[index] - now if ends else _PROBE_STEP

    def _drains_for(self, now: float) -> float:
        return max((each.at + each.lasts - now for each in self.entries.values() if each.kind == "drain"), default=0.0)

    def _kinds(self) -> Counter[str]:
        return Counter(entry.kind for entry in self.entries.values())

    def _taken(self) -> list[Entry]:
        return [entry for entry in self.entries.values() if entry.kind == "sending" or entry.kind in _COUNTED]

    def _correct(self, ticket: Ticket, used: int, now: float) -> None:
        """Adjust the number of other clients' requests to what the API has counted."""
        kinds = self._kinds()
        known = kinds["settled"] + kinds["stranger"]
        for _ in range(used - known - kinds["sending"]):
            self._put(Entry(any_id(), "stranger", now + _MARGIN, WINDOW))
        # Our own concurrent requests may have been counted after this one.
        beside = sum(
            entry.kind == "settled" and entry.id != ticket.id and entry.at > ticket.started + _MARGIN
            for entry in self.entries.values()
        )
        if (gone := known - used - beside) > 0:
            others = sorted((entry for entry in self.entries.values() if entry.kind == "stranger"), key=_start)
            for entry in others[:gone]:
                del self.entries[entry.id]

    def _put(self, entry: Entry) -> None:
        self.entries[entry.id] = entry


def _start(entry: Entry) -> float:
    return entry.at


def any_id() -> int:
    return int.from_bytes(os.urandom(8)) >> 2  # fits into an SQLite integer
