"""The rate limit's sliding window, shared by every synq process of this machine."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from synq_cli.errors import RateLimitedError

if TYPE_CHECKING:
    import sqlite3

LIMIT = 100
WINDOW = 60.0
# The server counts a request when it arrives, we when its reply is here: never too early. This is for its clock.
_MARGIN = 0.05
_LONGEST_REQUEST = 60.0
_POLL = 0.1
_VERSION = 1
_SCHEMA = """
CREATE TABLE IF NOT EXISTS hosts (
    host TEXT PRIMARY KEY, places INTEGER NOT NULL, blocked_until REAL NOT NULL, refusals INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS spent (
    id INTEGER PRIMARY KEY, host TEXT NOT NULL, ends REAL NOT NULL, under_way INTEGER NOT NULL,
    profile TEXT, spender TEXT
);
"""


@dataclass(frozen=True)
class Spender:
    """How many places in the window one command of one profile holds; profile and command of strangers are None."""

    profile: str | None
    command: str | None
    requests: int


@dataclass(frozen=True)
class Snapshot:
    """The window now. `exact` if the server said what is left; times in seconds from now."""

    host: str
    limit: int
    remaining: int
    exact: bool
    next_free_in: float
    all_free_in: float
    blocked_for: float
    spenders: list[Spender]

    def as_row(self) -> dict[str, object]:
        """The snapshot as JSON has it; times rounded to a tenth of a second."""
        row = asdict(self)
        return {name: round(value, 1) if isinstance(value, float) else value for name, value in row.items()}


class Budget:
    """May a request be sent now? One file answers for all processes, by API host.

    A place in the window is taken before a request is sent and held until 60 s after its reply came. What the
    server says is left corrects the count: places it counts and we don't were spent by strangers on the
    same address. After a refusal nobody sends before Retry-After is over; after a second one in a row the window
    drains first, and then one request tries.
    """

    def __init__(
        self,
        path: Path,
        host: str,
        *,
        command: str,
        profile: str,
        now: Callable[[], float],
        sleep: Callable[[float], None],
        warn: Callable[[str], None],
    ) -> None:
        self._path = path
        self._host = host
        self._command = command
        self._profile = profile
        self._now = now
        self._sleep = sleep
        self._warn = warn
        self._told: int | None = None
        self._unshared: sqlite3.Connection | None = None

    def acquire(self, max_wait: float, waiting: Callable[[float], None]) -> int:
        """Take a place in the window, waiting for one if need be; gives the ticket for `settle`.

        `waiting` hears how many seconds it will take. RateLimitedError if that would pass `max_wait`.
        """
        waited = 0.0
        while True:
            with self._open() as database:
                pause = self._pause(database)
                if pause <= 0:
                    return self._take(database)
            if waited + pause > max_wait:
                raise RateLimitedError(
                    f"The rate limit of {self._host} is spent; the next request can go in {pause:.0f} s, "
                    "and that is longer than --max-wait allows. It was not sent.",
                    hint="Wait, or raise --max-wait. `synq limits` shows who spent it.",
                )
            if pause >= 1:
                waiting(pause)
            self._sleep(pause)
            waited += pause

    def settle(self, ticket: int, limit: int | None, remaining: int | None) -> None:
        """The reply came; the server says so many requests of so many are left, or nothing."""
        with self._open() as database:
            database.execute(
                "UPDATE spent SET under_way = 0, ends = ? WHERE id = ?",
                (self._now() + _MARGIN + WINDOW, ticket),
            )
            places = limit if limit and limit > 0 else self._places(database)
            database.execute(
                "INSERT INTO hosts VALUES (?, ?, 0, 0) ON CONFLICT (host) DO UPDATE SET places = ?, refusals = 0",
                (self._host, places, places),
            )
            if remaining is not None:
                self._told = max(remaining, 0)
                self._correct(database, places - self._told)

    def refused(self, ticket: int, pause: float) -> None:
        """A 429 came: the request did not act, and nobody sends for `pause` seconds, or until the window drained."""
        with self._open() as database:
            database.execute("DELETE FROM spent WHERE id = ?", (ticket,))
            again = database.execute("SELECT refusals FROM hosts WHERE host = ?", (self._host,)).fetchone()
            refusals = (again[0] if again else 0) + 1
            until = self._now() + (pause if refusals == 1 else max(pause, WINDOW))
            database.execute(
                "INSERT INTO hosts VALUES (?, ?, ?, ?) ON CONFLICT (host) DO UPDATE"
                " SET blocked_until = MAX(blocked_until, excluded.blocked_until), refusals = excluded.refusals",
                (self._host, self._places(database), until, refusals),
            )
            self._told = 0

    def abandon(self, ticket: int) -> None:
        """The request was never sent: give the place back."""
        with self._open() as database:
            database.execute("DELETE FROM spent WHERE id = ?", (ticket,))

    def snapshot(self) -> Snapshot:
        """How the window stands."""
        with self._open() as database:
            self._forget_the_past(database)
            now = self._now()
            ends = [row[0] - now for row in database.execute("SELECT ends FROM spent WHERE host = ?", (self._host,))]
            spenders = database.execute(
                "SELECT profile, spender, COUNT(*) FROM spent WHERE host = ? GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2",
                (self._host,),
            ).fetchall()
            places = self._places(database)
            blocked_for = max(self._blocked_until(database) - now, 0.0)
        counted = 0 if blocked_for else max(places - len(ends), 0)
        remaining = counted if self._told is None else min(self._told, places)
        return Snapshot(
            self._host,
            places,
            remaining,
            self._told is not None,
            max([blocked_for, *sorted(ends)[:1]]) if not counted else 0.0,
            max([blocked_for, *ends]),
            blocked_for,
            [Spender(*spender) for spender in spenders],
        )

    def _pause(self, database: "sqlite3.Connection") -> float:
        """Seconds until a place may be free; 0 if one is."""
        self._forget_the_past(database)
        now = self._now()
        blocked_for = self._blocked_until(database) - now
        if blocked_for > 0:
            return blocked_for
        rows = database.execute(
            "SELECT ends, under_way FROM spent WHERE host = ? ORDER BY ends", (self._host,)
        ).fetchall()
        under_way = sum(row[1] for row in rows)
        drained = database.execute("SELECT refusals FROM hosts WHERE host = ?", (self._host,)).fetchone()
        if drained and drained[0] > 1 and under_way:
            return _POLL
        excess = len(rows) - self._places(database)
        if excess < 0:
            return 0.0
        # A request under way frees its place later than its reply; look again soon, it may be the one to go.
        ends = float(rows[excess][0]) - now
        return max(min(ends, _POLL) if under_way and ends > WINDOW else ends, 0.001)

    def _take(self, database: "sqlite3.Connection") -> int:
        # Should this process die, its place frees itself.
        ends = self._now() + _LONGEST_REQUEST + WINDOW
        ticket = database.execute(
            "INSERT INTO spent (host, ends, under_way, profile, spender) VALUES (?, ?, 1, ?, ?)",
            (self._host, ends, self._profile, self._command),
        ).lastrowid
        assert ticket is not None
        return ticket

    def _correct(self, database: "sqlite3.Connection", counted: int) -> None:
        """Make our count agree with the server's: strangers spent what it counts and we don't."""
        known, under_way, strangers = database.execute(
            "SELECT COUNT(*), COALESCE(SUM(under_way), 0), COALESCE(SUM(profile IS NULL), 0) FROM spent WHERE host = ?",
            (self._host,),
        ).fetchone()
        ends = self._now() + _MARGIN + WINDOW
        for _ in range(counted - known):
            database.execute("INSERT INTO spent (host, ends, under_way) VALUES (?, ?, 0)", (self._host, ends))
        # What is under way may not have arrived when the server counted.
        surplus = min(known - under_way - counted, strangers)
        if surplus > 0:
            database.execute(
                "DELETE FROM spent WHERE id IN"
                " (SELECT id FROM spent WHERE host = ? AND profile IS NULL ORDER BY ends LIMIT ?)",
                (self._host, surplus),
            )

    def _forget_the_past(self, database: "sqlite3.Connection") -> None:
        now = self._now()
        # A clock that was set back must not hold places for hours.
        longest = now + _LONGEST_REQUEST + WINDOW
        database.execute("UPDATE spent SET ends = ? WHERE ends > ?", (now + WINDOW, longest))
        database.execute("UPDATE hosts SET blocked_until = ? WHERE blocked_until > ?", (now + WINDOW, longest + 3600))
        database.execute("DELETE FROM spent WHERE ends <= ?", (now,))

    def _places(self, database: "sqlite3.Connection") -> int:
        row = database.execute("SELECT places FROM hosts WHERE host = ?", (self._host,)).fetchone()
        return int(row[0]) if row else LIMIT

    def _blocked_until(self, database: "sqlite3.Connection") -> float:
        row = database.execute("SELECT blocked_until FROM hosts WHERE host = ?", (self._host,)).fetchone()
        return float(row[0]) if row else 0.0

    @contextmanager
    def _open(self) -> "Iterator[sqlite3.Connection]":
        """The file under its lock; begun anew if it is damaged, in memory if it can't be used."""
        database = self._unshared or self._shared()
        if database is None:
            database = self._unshared = self._alone()
        yield database
        database.commit()
        if database is not self._unshared:
            database.close()

    def _shared(self) -> "sqlite3.Connection | None":
        import sqlite3

        try:
            return _locked(self._path)
        except (OSError, sqlite3.OperationalError) as error:
            self._warn(f"The budget file {self._path} can't be used ({error}); other synq processes are not counted.")
            return None
        except sqlite3.DatabaseError:
            aside = self._path.with_name(f"{self._path.name}.damaged-{int(self._now())}")
            self._path.replace(aside)
            self._warn(f"The budget file was damaged. It now lies in {aside}, and a new one was begun.")
            return _locked(self._path)

    def _alone(self) -> "sqlite3.Connection":
        import sqlite3

        database = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        database.executescript(_SCHEMA)
        return database


def _locked(path: Path) -> "sqlite3.Connection":
    """The file with its write lock held; sqlite3.DatabaseError if it holds anything but a budget."""
    import sqlite3

    if not path.exists():
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
    database = sqlite3.connect(path, timeout=10, isolation_level=None)
    try:
        # Losing the count in a power cut costs at most a wait: no reason to pay for a flush to disk.
        database.execute("PRAGMA synchronous = OFF")
        database.execute("BEGIN IMMEDIATE")
        version = database.execute("PRAGMA user_version").fetchone()[0]
        if version == 0 and not database.execute("SELECT 1 FROM sqlite_master").fetchone():
            for statement in [*_SCHEMA.split(";")[:-1], f"PRAGMA user_version = {_VERSION}"]:
                database.execute(statement)
        elif version != _VERSION:
            raise sqlite3.DatabaseError(f"version {version}")  # noqa: TRY301 handled like any other damage
    except BaseException:
        database.close()
        raise
    return database
