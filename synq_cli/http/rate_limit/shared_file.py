"""The SQLite file of the rate limit: replaced if it is damaged, replaced by memory if it can't be used."""

from collections.abc import Callable
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, TypeVar

from synq_cli.http.rate_limit.window import Entry, HostLimit, WindowState

if TYPE_CHECKING:
    from synq_cli.state.database import Connection

Result = TypeVar("Result")

_COLUMNS = {
    "hosts": "host, size, blocked_at, blocked_for, refusals, refused_at",
    "requests": "id, host, kind, at, lasts, profile, spender",
}
_VERSION = 1
_SCHEMA = (
    """CREATE TABLE hosts (
        host TEXT PRIMARY KEY, size INTEGER NOT NULL, blocked_at REAL NOT NULL DEFAULT 0,
        blocked_for REAL NOT NULL DEFAULT 0, refusals INTEGER NOT NULL DEFAULT 0,
        refused_at REAL NOT NULL DEFAULT 0) STRICT""",
    # A slot in the window is taken from `at` for `lasts` seconds.
    """CREATE TABLE requests (
        id INTEGER PRIMARY KEY, host TEXT NOT NULL, kind TEXT NOT NULL, at REAL NOT NULL, lasts REAL NOT NULL,
        profile TEXT NOT NULL, spender TEXT NOT NULL) STRICT""",
)

_HOST = "SELECT size, blocked_at, blocked_for, refusals, refused_at FROM hosts WHERE host = ?"
_ENTRIES = "SELECT id, kind, at, lasts, profile, spender FROM requests WHERE host = ?"


class _DamagedError(Exception):
    """An SQLite file with other tables."""


class SharedFile:
    """The window of one host, for all synq processes on this machine; `warn` is called on errors of the file."""

    def __init__(self, path: Path, host: str, *, now: Callable[[], float], warn: Callable[[str], None]) -> None:
        self._path = path
        self._host = host
        self._now = now
        self._warn = warn
        self._in_memory = False
        self._inode = 0
        self._lock = RLock()
        self._connection: Connection | None = None
        self._seen: WindowState | None = None
        self._version = 0

    def transact(self, work: Callable[[WindowState, float], Result]) -> Result:
        """Run `work` on the window and the time under the file's write lock, write what it changed, return its result.

        One thread of one process at a time; `work` runs again if the file had to be replaced.
        """
        from synq_cli.state.database import Error, transaction

        with self._lock:
            while True:
                try:
                    self._connection = self._connection or self._open()
                    with transaction(self._connection) as connection:
                        state = self._load(connection)
                        result = work(state, self._now())
                        self._write(connection, state)
                    self._seen = state
                except (Error, OSError, _DamagedError) as error:
                    self.close()
                    if self._in_memory:
                        raise
                    self._recover(error)
                except BaseException:
                    if self._connection is not None:
                        self._connection.rollback()  # an interrupt may come anywhere
                    raise
                else:
                    return result

    def look(self, work: Callable[[WindowState, float], Result]) -> Result:
        """Run `work`, which only reads; in a file, a transaction is as fast."""
        return self.transact(work)

    def _load(self, connection: "Connection") -> WindowState:
        # Another connection's commit changes the version. Most often the last write was ours.
        version = connection.execute("PRAGMA data_version").fetchone()[0]
        seen, self._seen = self._seen, None  # until the transaction has succeeded
        if seen and version == self._version:
            return WindowState(seen.limit, seen.entries.values())
        self._version = version
        host = (self._host,)
        limit = connection.execute(_HOST, host).fetchone()
        rows = connection.execute(_ENTRIES, host)
        return WindowState(limit and HostLimit(*limit), map(Entry._make, rows))

    def _write(self, connection: "Connection", state: WindowState) -> None:
        changes = state.changes
        if changes.limit:
            connection.execute(
                "INSERT OR REPLACE INTO hosts (host, size, blocked_at, blocked_for, refusals, refused_at) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                (self._host, *changes.limit),
            )
        if changes.removed:
            connection.executemany("DELETE FROM requests WHERE id = ?", [(number,) for number in changes.removed])
        if changes.put:
            connection.executemany(
                "INSERT OR REPLACE INTO requests (host, id, kind, at, lasts, profile, spender) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                [(self._host, *entry) for entry in changes.put],
            )

    def close(self) -> None:
        """Close the file; the next use opens it again."""
        with self._lock:
            connection, self._connection, self._seen = self._connection, None, None
            if connection is not None:
                connection.close()

    def _open(self) -> "Connection":
        from synq_cli.state.database import connect, private_file, transaction

        if not self._in_memory:
            self._inode = private_file(self._path)
        # Not durable: a power cut loses a minute's count, which the next reply corrects.
        connection = connect(None if self._in_memory else self._path, durable=False)
        try:
            with transaction(connection):
                _check_schema(connection)
                # Including those of hosts that are no longer used.
                connection.execute("DELETE FROM requests WHERE at + lasts <= ?", (self._now(),))
        except BaseException:
            connection.close()
            raise
        return connection

    def _recover(self, error: Exception) -> None:
        from synq_cli.state.database import is_damage

        if not (isinstance(error, _DamagedError) or is_damage(error)):
            self._use_memory(error)
            return
        aside = self._path.with_name(f"{self._path.name}.damaged-{int(self._now())}")
        try:
            if self._path.stat().st_ino != self._inode:
                return  # another process has replaced it meanwhile
            self._path.replace(aside)
            # SQLite would apply the old journal to the new file.
            self._path.with_name(f"{self._path.name}-journal").unlink(missing_ok=True)
        except OSError as hindrance:
            if self._path.exists():
                self._use_memory(hindrance)
            return
        self._warn(f"The rate limit's file {self._path} was damaged: renamed it to {aside.name} and created a new one.")

    def _use_memory(self, error: Exception) -> None:
        self._in_memory = True
        reason = getattr(error, "strerror", None) or error
        self._warn(
            f"The rate limit's file {self._path} can't be used ({reason}). "
            "This run counts its own requests only; other synq processes don't see them."
        )


def _check_schema(connection: "Connection") -> None:
    """Create the tables in a new file; _DamagedError if the file has others, VersionError if a newer synq made it."""
    from synq_cli.state.database import ensure_schema

    is_new = not connection.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' LIMIT 1").fetchone()
    # Before the first release the file had these tables and no version.
    ensure_schema(connection, _SCHEMA if is_new else (), _VERSION)
    for table, columns in _COLUMNS.items():
        found = ", ".join(row[1] for row in connection.execute(f"PRAGMA table_info({table})"))
        if found != columns:
            raise _DamagedError("it has other tables")
