"""The journal of a run on this machine: a SQLite file with the state and the receipt of each row."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from synq_cli import exact_json
from synq_cli.bulk.journal import FIRST_RECEIPT, STATES, UNKNOWN, Facts, Journal, Row, State
from synq_cli.errors import RefusedError, UsageError
from synq_cli.state.database import Connection, Error, connect, ensure_schema, private_file, transaction, usage_errors

if TYPE_CHECKING:
    from filelock import BaseFileLock

_HINT = "Check whether the disk is full or the file is damaged; a run can't be resumed without its journal."
_APPLICATION_ID = 0x53594E52  # "SYNR"
_VERSION = 1
# Only keys of JSON are followed by a colon: in a text of the user, the quotation marks would be escaped.
_IS_HALF_DONE = f"INSTR(content, '\"{FIRST_RECEIPT}\":') > 0"
_SCHEMA = (
    "CREATE TABLE run (facts TEXT NOT NULL) STRICT",
    """CREATE TABLE entries (
        line INTEGER PRIMARY KEY, state TEXT NOT NULL, content TEXT NOT NULL, source TEXT NOT NULL, sent_at REAL,
        answered_at REAL, receipt TEXT, posted_at REAL, code TEXT, error TEXT, hashes BLOB) STRICT""",
    "CREATE INDEX by_state ON entries (state)",
    f"PRAGMA application_id = {_APPLICATION_ID}",
)


class LocalJournal(Journal):
    """The file of one run; UsageError if it can't be used, or is not a journal."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._threads = Lock()
        self._lock: BaseFileLock | None = None
        with _usable(path):
            # Each row must be on the disk before it is sent: one that a power cut turned back from sent to pending
            # would be sent twice.
            self._database = connect(path, durable=True)
        try:
            self.facts = self._read_facts()
        except BaseException:
            self._database.close()
            raise

    @classmethod
    def create(cls, path: Path, facts: Facts, rows: Sequence[Row]) -> "LocalJournal":
        """A new one with every row pending. FileExistsError if the name is taken."""
        entries = ((row.line, exact_json.dumps(row.content), row.source, row.hashes) for row in rows)
        # Under another name until it is complete.
        unfinished = path.with_suffix(".new")
        with _usable(path):
            private_file(unfinished, new=True)
            database = connect(unfinished, durable=True)
            try:
                with transaction(database):
                    ensure_schema(database, _SCHEMA, _VERSION)
                    database.execute("INSERT INTO run VALUES (?)", (exact_json.dumps(asdict(facts)),))
                    database.executemany(
                        "INSERT INTO entries (line, state, content, source, hashes) VALUES (?, 'pending', ?, ?, ?)",
                        entries,
                    )
            finally:
                _close(database)
            if path.exists():
                unfinished.unlink()
                raise FileExistsError(path)
            unfinished.rename(path)
        return cls(path)

    def lock(self) -> None:
        try:
            with _usable(self.path):
                self._lock = self._acquire(timeout=0.5)
        except TimeoutError:
            raise RefusedError(
                f"Another synq process is working on the run {self.facts.id}.",
                hint=f"Wait for it or stop it; `synq runs show {self.facts.id}` shows its progress.",
            ) from None

    @property
    def is_running(self) -> bool:
        if self._lock:
            return False
        try:
            if sys.platform == "win32":
                self._acquire(timeout=0.1).release()
            else:
                _share(self._lock_path)
        except OSError as error:
            # Otherwise it was never locked, or the file system has no locks.
            return isinstance(error, TimeoutError | BlockingIOError)
        return False

    def hurry(self) -> None:
        """A local file responds soon, or fails."""

    @property
    def _lock_path(self) -> Path:
        return self.path.with_suffix(".lock")

    def _acquire(self, timeout: float) -> "BaseFileLock":
        from filelock import FileLock

        # Not at the first attempt: another process that checks whether the run is running holds the lock briefly.
        lock = FileLock(self._lock_path, timeout=timeout, mode=0o600)
        return lock.acquire(poll_interval=0.005).lock

    def close(self) -> None:
        with self._threads:
            if self._lock:
                _close(self._database)
                self._lock.release()
                self._lock = None
            else:
                self._database.close()

    def entries(self, *states: State) -> list[Row]:
        found = self._execute(
            "SELECT line, content, source, state, sent_at, answered_at, receipt, posted_at, code, error "
            "FROM entries WHERE state IN (SELECT value FROM json_each(?)) ORDER BY line",
            exact_json.dumps(states or STATES),
        )
        with _decoded(self.path):
            return [Row(line, exact_json.loads(content), *rest) for line, content, *rest in found]

    def hashes(self) -> list[tuple[int, State, bool, bytes]]:
        if not self._execute("SELECT 1 FROM pragma_table_info('entries') WHERE name = 'hashes'"):
            return []  # made by an earlier version
        # A row that is to be sent again has the code of an attempt that may have gone through.
        may_be_sent = f"state IN ('sent', 'done') OR IFNULL(code, '') = '{UNKNOWN}' OR {_IS_HALF_DONE}"
        whole = "LENGTH(hashes) % 8 = 0"  # else they are damaged
        return self._execute(f"SELECT line, state, {may_be_sent}, hashes FROM entries WHERE {whole}")  # noqa: S608 no value of a user

    def counts(self) -> dict[State, int]:
        found = dict(self._execute("SELECT state, COUNT(*) FROM entries GROUP BY state"))
        return {state: found.get(state, 0) for state in STATES}

    def in_transit(self) -> dict[State, int]:
        sql = f"SELECT state, COUNT(*) FROM entries WHERE state IN ('pending', 'failed') AND {_IS_HALF_DONE}"  # noqa: S608 no value of a user
        return dict(self._execute(f"{sql} GROUP BY state"))

    def _read_facts(self) -> Facts:
        identity = self._execute("SELECT application_id, user_version FROM pragma_application_id, pragma_user_version")
        if identity != [(_APPLICATION_ID, _VERSION)]:
            raise UsageError(f"{self.path} is not a journal that this version of synq can read.")
        ((text,),) = self._execute("SELECT facts FROM run") or [("{}",)]
        with _decoded(self.path):
            facts = exact_json.loads(text)
            return Facts(**facts | {"started_at": float(facts["started_at"])})

    def _set(self, line: int, **values: Any) -> None:
        names = ", ".join(f"{name} = ?" for name in values)
        self._execute(f"UPDATE entries SET {names} WHERE line = ?", *values.values(), line)  # noqa: S608 names of this file

    def _execute(self, sql: str, *values: object) -> list[Any]:
        with _usable(self.path), self._threads:
            return self._database.execute(sql, values).fetchall()


def _share(path: Path) -> None:
    """Take a shared lock for a moment, as others may who only look; BlockingIOError if a FileLock holds the file."""
    import fcntl

    with path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)


def _close(database: Connection) -> None:
    """Close it and delete the empty rollback journal."""
    with suppress(Error):
        database.execute("PRAGMA journal_mode = DELETE")
    database.close()


def _usable(path: Path) -> AbstractContextManager[None]:
    return usage_errors(f"The run's journal {path}", _HINT)


@contextmanager
def _decoded(path: Path) -> Iterator[None]:
    """Text that is not what was written, which SQLite reads all the same, is damage."""
    try:
        yield
    except (ValueError, TypeError, KeyError):
        raise UsageError(f"The run's journal {path} can't be used: it is damaged.", hint=_HINT) from None
