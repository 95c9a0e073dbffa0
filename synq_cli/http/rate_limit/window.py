"""The rules of the sliding window: places for requests, corrected by what the API reports. Without files or waiting.

Times are in epoch seconds, by the clock of the store that keeps the state.
"""

import os
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

# The API counts a request when it arrives, synq when its reply does: ours leave the window later, never sooner.
_MARGIN = 0.05
_PROBE_STEP = 0.5
_LONGEST_BLOCK = 3600.0
# The limit until a reply tells another.
_FIRST_LIMIT = 100
_LARGEST_LIMIT = 10_000
# The remaining requests that the API reported are valid for a moment only.
_SAID_HOLDS = 1.0
# A time further ahead than this is left over from a clock that was set back.
_CLOCK_SLACK = 1.0

WINDOW = 60.0
# Places that bulk runs and prefetches leave to other commands.
RESERVE = 10
FULL = "the rate limit is used up"
REFUSED = "the API responded with 429 (too many requests)"


class Ticket(NamedTuple):
    """A place in the window, taken at `started`."""

    id: int
    started: float


class Taken(NamedTuple):
    """Tickets; if there are none, the seconds until a place may be free, and the reason to wait."""

    tickets: list[Ticket]
    wait: float = 0.0
    reason: str = ""


class Entry(NamedTuple):
    """A place that is taken from `at` for `lasts` seconds.

    `kind` is "sending", "settled" (answered), or "stranger" for a request of another client, which has no profile and
    no command.
    """

    id: int
    kind: str
    at: float
    lasts: float
    profile: str = ""
    command: str = ""


class HostLimit(NamedTuple):
    """The size of a host's window, and how long the host is blocked after so many refusals (429) in a row."""

    size: int = _FIRST_LIMIT
    blocked_at: float = 0.0
    blocked_for: float = 0.0
    refusals: int = 0
    refused_at: float = 0.0


class Changes(NamedTuple):
    """What differs from the state as it was loaded: the limit or None, entries to insert or replace, ids to delete."""

    limit: HostLimit | None
    put: list[Entry]
    removed: list[int]


class Snapshot(NamedTuple):
    """The window of a host; times are seconds from now, 0 if no place is taken.

    `exact`: the API reported what remains, in this run and just now. `frees_in`: until one more place is free;
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


def usable(size: int, reserve: int) -> int:
    """The places of a window that can be taken while leaving a reserve: at least half of them."""
    return size - min(reserve, size // 2)


class WindowState:
    """The window of one host, in memory for one transaction of its store. `expire` comes before any other rule."""

    def __init__(self, limit: HostLimit | None = None, entries: Iterable[Entry] = ()) -> None:
        self.limit = limit or HostLimit()
        self.entries = {entry.id: entry for entry in entries}
        self._loaded = limit, self.entries.copy()

    @property
    def changes(self) -> Changes:
        """What the store has to write; a host that it did not know is new."""
        limit, entries = self._loaded
        return Changes(
            None if self.limit == limit else self.limit,
            [entry for entry in self.entries.values() if entries.get(entry.id) is not entry],
            [number for number in entries if number not in self.entries],
        )

    def expire(self, now: float) -> None:
        """Remove what has left the window. Times ahead of the clock, which was set back, become now."""
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

    def take(self, now: float, *, timeout: float, reserve: int, profile: str, command: str, count: int = 1) -> Taken:
        """Take up to `count` places at once, which expire `timeout` seconds and a window later."""
        free, wait, reason = self._free(now, reserve)
        if free <= 0:
            return Taken([], wait, reason)
        tickets = [Ticket(_any_id(), now) for _ in range(min(count, free))]
        for ticket in tickets:
            self._put(Entry(ticket.id, "sending", now, timeout + WINDOW, profile, command))
        return Taken(tickets)

    def record(
        self, now: float, ticket: Ticket, *, head_start: float, profile: str, command: str,
        limit: int | None, remaining: int | None,
    ) -> int | None:  # fmt: skip
        """Count a request that was answered now, with the limit and the remaining requests of its reply, if given.

        `head_start` is how many seconds before its reply the API has certainly counted it. Returns the remaining
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
        """Release a place in which nothing was sent."""
        self.entries.pop(ticket.id, None)

    def refuse(self, now: float, ticket: Ticket, seconds: float) -> None:
        """Block the host for these seconds after a 429, and for a whole window after a second one."""
        self.release(ticket)
        limit = self.limit
        # Concurrent requests are refused together, which counts as one refusal.
        refusals = limit.refusals + (not limit.refusals or ticket.started > limit.refused_at)
        pause = max(seconds, WINDOW) if refusals > 1 else seconds
        pause = max(min(pause, _LONGEST_BLOCK) + _MARGIN, self._blocked_for(now))
        self.limit = limit._replace(refusals=refusals, refused_at=now, blocked_at=now, blocked_for=pause)

    def snapshot(self, now: float, host: str, said: tuple[int, float] | None) -> Snapshot:
        """The state for people and planning; `said` is what the API last reported to remain, and when."""
        entries = self.entries.values()
        kinds = Counter(entry.kind for entry in entries)
        spenders = Counter((entry.profile, entry.command) for entry in entries if entry.kind != "stranger")
        ends = [entry.at + entry.lasts for entry in entries]
        reported = said[0] if said and now - said[1] < _SAID_HOLDS else None
        free = max(0, self.limit.size - len(ends))
        return Snapshot(
            host=host,
            limit=self.limit.size,
            # Others may have sent requests since.
            remaining=free if reported is None else min(reported, free),
            # Requests under way have taken their places here, but the API may not have counted them yet.
            exact=reported is not None and reported <= free + kinds["sending"],
            frees_in=min(ends, default=now) - now,
            full_in=max(ends, default=now) - now,
            blocked_for=self._blocked_for(now),
            spenders=sorted(((*who, count) for who, count in spenders.items()), key=lambda each: (-each[2], each[:2])),
            strangers=kinds["stranger"],
        )

    def _blocked_for(self, now: float) -> float:
        return max(0.0, self.limit.blocked_at + self.limit.blocked_for - now)

    def _free(self, now: float, reserve: int) -> tuple[int, float, str]:
        """How many places are free beyond the reserve; if none, the seconds to wait and the reason."""
        if (blocked_for := self._blocked_for(now)) > 0:
            return 0, blocked_for, REFUSED
        # After a refusal one request is sent as a probe before the others.
        if self.limit.refusals and any(entry.kind == "sending" for entry in self.entries.values()):
            return 0, _PROBE_STEP, REFUSED
        places = usable(self.limit.size, reserve)
        free = places - len(self.entries)
        if free > 0:
            return 1 if self.limit.refusals else free, 0.0, ""
        # A request under way holds its place for one window after its reply, which comes now at the earliest.
        ends = sorted(
            now + WINDOW if entry.kind == "sending" else entry.at + entry.lasts for entry in self.entries.values()
        )
        return 0, max(ends[len(ends) - places] - now, 0.001), FULL

    def _correct(self, ticket: Ticket, used: int, now: float) -> None:
        """Adjust the number of other clients' requests to what the API has counted."""
        kinds = Counter(entry.kind for entry in self.entries.values())
        known = kinds["settled"] + kinds["stranger"]
        for _ in range(used - known - kinds["sending"]):
            self._put(Entry(_any_id(), "stranger", now + _MARGIN, WINDOW))
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


def _any_id() -> int:
    return int.from_bytes(os.urandom(8)) >> 2  # fits into an SQLite integer
