"""A watch: looks at a list again and again, and gives each change of it once."""

from collections.abc import Callable, Iterator

from synq_cli.errors import AuthError, NotFoundError
from synq_cli.http import operations
from synq_cli.resources.audit import NEWEST, event_key
from synq_cli.resources.shared.pagination import Row
from synq_cli.resources.shared.polling import RESERVE, poll_without_end
from synq_cli.resources.shared.resource import Api, rows_of
from synq_cli.resources.watching.source import Source
from synq_cli.state.shared_lists import SharedLists
from synq_cli.state.watches import Watches, WatchState
from synq_cli.times import epoch, timestamp

# Seconds between two looks: the first while there is enough of the rate limit.
_PAUSES = (20.0, 120.0)
# A list that another watch has read will do if it is younger than this share of the time since one's own last turn. It
# is more than half, so that of two watches that take turns at the same pace only one reads.
_FRESH = 0.6
# Rows that are missing in the list are looked up one by one, so many at each look.
_MOST_LOOKED_UP = 5
# Rows that do not match are kept for the `before` of an event, at most so many.
_MOST_OTHERS = 10_000
_AUDIT = "audit"

# Rows by key as they are now; None for one that is not in the list.
Seen = dict[str, Row | None]


class Watch:
    """The events of a list, read as slowly as the rate limit asks.

    At each look the audit log says in one request which parts of the list to read again. Since it does not tell
    everything, the whole list is read after as many looks as that takes requests.
    """

    def __init__(
        self,
        api: Api,
        source: Source,
        name: str,
        *,
        watches: Watches,
        lists: SharedLists,
        warn: Callable[[str], None],
    ) -> None:
        self._api = api
        self._source = source
        self._name = name
        self._watches = watches
        self._lists = lists
        self._warn = warn
        self._others: dict[str, Row] = {}
        self._audited: dict[str, None] = {}  # keys of the events that the audit log had at the last look
        self._has_audit = True
        self._due: dict[str, None] = {}  # parts to be read
        self._looks_left = 0
        self._requests = 1  # that the whole list takes
        self._turns: dict[str, float] = {}  # when each list was last needed
        self._seen_at = float("-inf")  # when the last row was read
        self._looked_at = 0.0
        self._count = 0

    def events(self, *, resume: bool) -> Iterator[list[Row]]:
        """Each event in a list of its own, and an empty list after each look, without end.

        An event has `event_id`, `event` (added, changed or gone), `at`, `type`, the ids of its row, `changes` (names of
        fields), and the row `before` and `after`, null if it was or is not in the list. It is recorded before it is
        given, so that no later run gives it again; the next `events` with `resume` begin with what happened since.

        `warn` is called for failures that can be retried; other failures are raised, and so is one of the first look.
        """
        self._api.reserve = RESERVE
        source, stopped = self._source, self._watches.stopped(self._name) if resume else None
        self._api.observer.note(f"Reading all {source.noun}s: 1 request for each 100.")
        self._ask_audit()
        self._due.clear()  # what happened before is in the list by now
        seen = self._read_all(shared=stopped is None)
        if stopped is None:
            matching = {key: row for key, row in seen.items() if row is not None and source.matches(row)}
            self._keep_others(seen)
            state = self._watches.start(self._name, matching)
            if resume:
                self._api.observer.note("Nothing to resume: no earlier watch had these options.")
        else:
            state = self._watches.start(self._name, stopped.rows)
            if stopped.doubt:
                self._warn(f"The last run may not have printed its last event: {_in_words(stopped.doubt, source)}.")
        self._count = len(state.rows)
        self._api.observer.note(f"{self._watching} {self.pace}")
        if stopped is not None:
            yield from self._report(seen | self._missing(state, seen), state)
        self._count = len(state.rows)
        yield []
        for polled in poll_without_end(self._api, lambda: self._look(state), warn=self._warn, pauses=_PAUSES):
            yield from self._report(polled or {}, state)
            self._count = len(state.rows)
            yield []

    @property
    def pace(self) -> str:
        """How often it looks, and what that costs, while there is enough of the rate limit."""
        seconds = round(_PAUSES[0])
        every = f"{seconds} s"
        if self._requests == 1:
            return f"Looks every {every}: 1 request."
        whole = _in_minutes(seconds * self._requests)
        if not self._has_audit:
            return f"Reads all {self._source.noun}s every {whole}: {self._requests} requests."
        return (
            f"Looks every {every}: 1 request; reads all {self._source.noun}s ({self._requests} requests) every {whole}."
        )

    def status(self) -> str:
        """How many rows match, and when it looked."""
        looked = timestamp(self._looked_at)[11:]
        return f"{self._watching} Last look at {looked}. Press Ctrl-C to stop."

    @property
    def _watching(self) -> str:
        return f"Watching {self._count:,} {self._source.noun}{'s' * (self._count != 1)}."

    def _look(self, state: WatchState) -> Seen:
        """What has been read since the last look."""
        self._looks_left -= 1
        whole = self._looks_left <= 0
        if self._requests > 1 and self._has_audit:
            whole |= not self._ask_audit() or len(self._due) > self._requests
        elif not whole:
            return {}
        seen: Seen = {}
        if whole:
            seen = self._read_all()
            seen |= self._missing(state, seen)
        else:
            for part in self._due:
                seen |= self._read_part(state, part)
        self._due.clear()  # not before all are read: what is raised leaves them due
        return seen

    def _ask_audit(self) -> bool:
        """Note the parts of the list that the audit log names since the last look; whether it can tell all of them."""
        try:
            rows = self._read_shared(
                _AUDIT,
                lambda: rows_of(self._api.send(operations.LIST_AUDIT_EVENTS), operations.LIST_AUDIT_EVENTS, "events"),
            )
        except (AuthError, NotFoundError) as error:
            if isinstance(error, AuthError) and error.status != 403:
                raise
            self._has_audit = False
            return True
        new = [row for row in rows if event_key(row) not in self._audited]
        complete = len(new) < min(len(rows), NEWEST) or not self._audited or not rows
        self._audited = dict.fromkeys(map(event_key, rows))
        self._due |= dict.fromkeys(part for row in new if (part := self._source.part_named(row)))
        self._looked_at = self._api.now()
        return complete

    def _read_all(self, *, shared: bool = True) -> Seen:
        """All rows; a list that another watch has read will do if it is newer than all that was read here."""
        source = self._source

        def read() -> list[Row]:
            listing = source.read().first(None)
            rows = list(listing)
            self._complete = listing.complete
            return rows

        self._complete = True
        rows = self._read_shared(source.what, read, usable=shared)
        self._requests = max(source.requests(len(rows)), 1)
        self._looks_left = self._requests
        return self._read_now({source.key(row): row for row in rows})

    def _read_shared(self, what: str, read: Callable[[], list[Row]], *, usable: bool = True) -> list[Row]:
        """A list as another watch has read it a moment ago, or as it is now."""
        now = self._api.now()
        since = now - (now - self._turns.get(what, now - _PAUSES[0])) * _FRESH
        self._turns[what] = now
        if what != _AUDIT:
            since = max(since, self._seen_at)
        found = self._lists.get(what, since) if usable else None
        if found is not None:
            return found
        rows = read()
        if what == _AUDIT or self._complete:
            self._lists.put(what, now, rows)
        return rows

    def _read_part(self, state: WatchState, part: str) -> Seen:
        """The rows of a part, and those that were there and are gone."""
        source = self._source
        rows = {source.key(row): row for row in source.read_part(part)}
        gone = {key: None for key, row in state.rows.items() if key not in rows and source.part_of(row) == part}
        return self._read_now(gone | rows)

    def _missing(self, state: WatchState, seen: Seen) -> Seen:
        """Rows that the list lacks, looked up one by one: it may have changed while it was read."""
        missing = dict.fromkeys(self._source.part_of(row) for key, row in state.rows.items() if key not in seen)
        found: Seen = {}
        for part in list(missing)[:_MOST_LOOKED_UP]:
            found |= self._read_part(state, part)
        return found

    def _read_now(self, seen: Seen) -> Seen:
        self._seen_at = self._looked_at = self._api.now()
        return seen

    def _report(self, seen: Seen, state: WatchState) -> Iterator[list[Row]]:
        """An event for each row that has changed, in the order of the changes."""
        silent: dict[str, Row] = {}
        for key, row in sorted(seen.items(), key=lambda item: str((item[1] or {}).get("updated_at") or "~")):
            before = state.rows.get(key)
            if row is not None and self._source.dated and _is_older(row, before or self._others.get(key)):
                continue  # from a copy of the database that lags behind
            event = self._event(key, before, row)
            after = row if row is not None and self._source.matches(row) else None
            after = after if after is None or before is None else {**before, **after}
            if event:
                yield [state.report(key, after, event)]
            elif after is not None and after != before:
                silent[key] = after
        state.settle(silent)
        self._keep_others(seen)
        if state.taken_over:
            self._warn("Another synq process watches the same; --resume will resume that one.")

    def _event(self, key: str, before: Row | None, row: Row | None) -> Row | None:
        """The event that leads from what was reported to the row as it is now, if there is one."""
        source = self._source
        matches = row is not None and source.matches(row)
        changes = source.changes(before or self._others.get(key) or {}, row or {})
        if before is None:
            kind = "added" if matches else None
        else:
            kind = "gone" if not matches else "changed" if changes and not source.crossings else None
        if kind is None:
            return None
        known = row or before or {}
        return {
            "event": kind,
            "at": timestamp(self._api.now()),
            "type": source.kind,
            **{name: known.get(field) for name, field in source.ids.items()},
            "changes": changes,
            "before": before or self._others.get(key),
            "after": row,
        }

    def _keep_others(self, seen: Seen) -> None:
        """Keep rows that do not match, as far as there is room."""
        for key, row in seen.items():
            if row is None or self._source.matches(row):
                self._others.pop(key, None)
            elif key in self._others or len(self._others) < _MOST_OTHERS:
                self._others[key] = row


def _is_older(row: Row, known: Row | None) -> bool:
    old, new = (epoch((each or {}).get("updated_at")) for each in (known, row))
    return old is not None and new is not None and new < old


def _in_minutes(seconds: int) -> str:
    minutes, rest = divmod(seconds, 60)
    return " ".join(f"{amount} {unit}" for amount, unit in ((minutes, "min"), (rest, "s")) if amount)


def _in_words(event: Row, source: Source) -> str:
    names = " ".join(str(event[name]) for name in source.ids if event.get(name))
    return f"{source.kind} {names} {event['event']} (event {event['event_id']}, {event['at']})"
