"""The SQLite file of the rate limit: replaced if it is damaged, replaced by memory if it can't be used."""

from collections.abc import Callable
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, TypeVar

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
    # A place in the window is taken from `at` for `lasts` seconds.
    """CREATE TABLE requests (
        id INTEGER PRIMARY KEY, host TEXT NOT NULL, kind TEXT NOT NULL, at REAL NOT NULL, lasts REAL NOT NULL,
        profile TEXT NOT NULL, spender TEXT NOT NULL) STRICT""",
)


class _DamagedError(Exception):
    """An SQLite file with other tables."""


class SharedFile:
    """Runs small transactions on the file, one thread of one process at a time; `warn` is called on errors."""

    def __init__(self, path: Path, now: Callable[[], float], warn: Callable[[str], None]) -> None:
        self._path = path
        self._now = now
        self._warn = warn
        self._in_memory = False
        self._inode = 0
        self._lock = RLock()
        self._connection: Connection | None = None

    def transact(self, work: Callable[["Connection"], Result]) -> Result:
        """Run `work` in a transaction under the file's write lock and return its result."""
        from synq_cli.state.database import Error, transaction

        with self._lock:
            while True:
                try:
                    self._connection = self._connection or self._open()
                    with transaction(self._connection) as connection:
                        return work(connection)
                except (Error, OSError, _DamagedError) as error:
                    self.close()
                    if self._in_memory:
                        raise
                    self._recover(error)
                except BaseException:
                    if self._connection is not None:
                        self._connection.rollback()  # an interrupt may come where nothing else does
                    raise

    def close(self) -> None:
        """Close the file; the next use opens it again."""
        with self._lock:
            connection, self._connection = self._connection, None
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
