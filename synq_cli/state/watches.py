"""What each watch has reported, so that nothing is reported twice."""

import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from synq_cli import exact_json
from synq_cli.state.database import Connection, opened, usage_errors

Row = dict[str, Any]

# Seconds until a watch that was not resumed is dropped.
_KEPT = 90 * 86_400
_VERSION = 1
_SCHEMA = (
    # `owner` is the process that writes; `doubt` is the event that was recorded last, until it has been printed.
    """CREATE TABLE watches (
        scope TEXT NOT NULL, name TEXT NOT NULL, owner TEXT NOT NULL, doubt TEXT, used REAL NOT NULL,
        PRIMARY KEY (scope, name)) WITHOUT ROWID""",
    """CREATE TABLE reported (
        scope TEXT NOT NULL, name TEXT NOT NULL, key TEXT NOT NULL, row TEXT NOT NULL,
        PRIMARY KEY (scope, name, key))""",
)


class Stopped(NamedTuple):
    """What a watch had reported when it stopped: rows by key, and the event that may not have been printed."""

    rows: dict[str, Row]
    doubt: Row | None


@dataclass(eq=False, repr=False)
class Watches:
    """The watches of this machine, in one file. UsageError if it can't be used.

    An event is on disk before it is printed: if the process is killed in between, the event is not printed again.
    """

    path: Path
    scope: Callable[[], str]
    now: Callable[[], float]

    def stopped(self, name: str) -> Stopped | None:
        """The watch of this name as it was when it stopped; None if it never started."""
        place = (self.scope(), name)
        with self.opened() as database:
            found = database.execute("SELECT doubt FROM watches WHERE scope = ? AND name = ?", place).fetchone()
            rows = database.execute("SELECT key, row FROM reported WHERE scope = ? AND name = ?", place).fetchall()
        if found is None:
            return None
        return Stopped(
            {key: exact_json.loads(row) for key, row in rows}, exact_json.loads(found[0]) if found[0] else None
        )

    def start(self, name: str, rows: Mapping[str, Row]) -> "WatchState":
        """Start a watch, which has reported these rows, in place of an earlier one of this name."""
        state = WatchState(self, (self.scope(), name), dict(rows))
        with self.opened() as database:
            database.execute("DELETE FROM watches WHERE used < ?", (self.now() - _KEPT,))
            database.execute("DELETE FROM watches WHERE scope = ? AND name = ?", state.place)
            database.execute("DELETE FROM reported WHERE (scope, name) NOT IN (SELECT scope, name FROM watches)")
            database.execute("INSERT INTO watches VALUES (?, ?, ?, NULL, ?)", (*state.place, state.owner, self.now()))
            state.write(database, rows)
        return state

    @contextmanager
    def opened(self) -> Iterator[Connection]:
        """The file for one transaction, which is on disk when it ends."""
        with (
            usage_errors(f"The file of watches, {self.path},", "Delete it; watches then start anew."),
            opened(self.path, _SCHEMA, _VERSION, durable=True) as database,
        ):
            yield database


@dataclass(eq=False, repr=False)
class WatchState:
    """What a running watch has reported: `rows` by key. If another process starts the same watch, that one records."""

    watches: Watches
    place: tuple[str, str]
    rows: dict[str, Row]
    owner: str = field(default_factory=lambda: uuid.uuid4().hex[:8])
    number: int = 0
    taken_over: bool = False
    _doubtful: bool = False

    def report(self, key: str, row: Row | None, event: Row) -> Row:
        """Record an event, and the row that it leaves, if any; the event with its `event_id`."""
        self.number += 1
        event = {"event_id": f"{self.owner}-{self.number}", **event}
        self._record({key: row}, exact_json.dumps(event))
        self._doubtful = True
        return event

    def settle(self, rows: Mapping[str, Row]) -> None:
        """Record that all events have been printed, and rows that changed without an event."""
        if rows or self._doubtful:
            self._record(rows, None)
        self._doubtful = False

    def write(self, database: Connection, rows: Mapping[str, Row | None]) -> None:
        """Write rows by key; None deletes one."""
        kept = [(*self.place, key, exact_json.dumps(row)) for key, row in rows.items() if row is not None]
        database.executemany("INSERT OR REPLACE INTO reported VALUES (?, ?, ?, ?)", kept)
        gone = [(*self.place, key) for key, row in rows.items() if row is None]
        database.executemany("DELETE FROM reported WHERE scope = ? AND name = ? AND key = ?", gone)

    def _record(self, rows: Mapping[str, Row | None], doubt: str | None) -> None:
        for key, row in rows.items():
            if row is None:
                self.rows.pop(key, None)
            else:
                self.rows[key] = row
        if self.taken_over:
            return
        with self.watches.opened() as database:
            sql = "UPDATE watches SET doubt = ?, used = ? WHERE scope = ? AND name = ? AND owner = ?"
            changed = database.execute(sql, (doubt, self.watches.now(), *self.place, self.owner)).rowcount
            self.taken_over = not changed
            if changed:
                self.write(database, rows)
