"""The journal of a run: a SQLite file with the state and the receipt of each row."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal, get_args

from synq_cli import exact_json
from synq_cli.errors import RefusedError, UsageError
from synq_cli.state.database import Connection, Error, connect, ensure_schema, private_file, transaction, usage_errors

if TYPE_CHECKING:
    from filelock import BaseFileLock

State = Literal["pending", "sent", "done", "failed", "unknown"]
STATES: tuple[State, ...] = get_args(State)
# A row as its verb has resolved it, down to the ids it sends.
Content = dict[str, Any]
UNKNOWN = "unknown"
# In the content of a row of two halves whose first half is done: the receipt of that half.
FIRST_RECEIPT = "first_receipt"
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


@dataclass(frozen=True)
class Receipt:
    """The record that the API made of a row: its id, and its time by the API's clock, in epoch seconds."""

    id: str
    posted_at: float | None = None


@dataclass(frozen=True)
class Facts:
    """The facts of a run: its verb, its file and how it is written, whose data it changes, the run it undoes, its plan.

    `file` is the name as typed, `path` where the file or its copy is, or None; `shard` is the part of it that is sent,
    such as 2/4.
    """

    id: str
    verb: str
    file: str
    started_at: float
    scope: str
    profile: str
    path: str | None = None
    dialect: Mapping[str, Any] | None = None
    undoes: str | None = None
    plan: str | None = None
    shard: str | None = None

    @property
    def resume_command(self) -> str:
        """The command that resumes the run."""
        return self._command("resume")

    @property
    def undo_command(self) -> str:
        """The command that undoes the run."""
        return self._command("undo")

    def _command(self, verb: str) -> str:
        return f"synq runs {verb} {self.id}" + (f" --profile {self.profile}" if self.profile != "default" else "")


@dataclass(frozen=True)
class Row:
    """A row and its outcome. Times are in epoch seconds by our clock, `posted_at` by the API's.

    `source` is its text as written, for the file of failed rows; a row that is made of several has a line of each.
    `hashes` are those of `hash_of` for each row of the user's file in it, one after the other.
    """

    line: int
    content: Content
    source: str = ""
    state: State = "pending"
    sent_at: float | None = None
    answered_at: float | None = None
    receipt: str | None = None
    posted_at: float | None = None
    code: str | None = None
    error: str | None = None
    hashes: bytes = b""

    @property
    def is_in_transit(self) -> bool:
        """Whether its first half is done, and its second one neither done nor unknown: it waits, or was refused."""
        return self.state in {"pending", "failed"} and FIRST_RECEIPT in self.content

    @property
    def receipts(self) -> set[str]:
        """The receipts of its halves, as far as they are done."""
        return {receipt for receipt in (self.receipt, self.content.get(FIRST_RECEIPT)) if receipt}


def hash_of(posted: str) -> bytes:
    """A hash, in eight bytes, of what a row of a file posts, by which the row is found in earlier runs."""
    return sha256(posted.encode(errors="backslashreplace")).digest()[:8]


class Journal:
    """The file of one run, usable from several threads; UsageError if it can't be used, or is not a journal."""

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
    def create(cls, path: Path, facts: Facts, rows: Sequence[Row]) -> "Journal":
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
        """Keep other processes from working on this run until it is closed; RefusedError if one does already.

        The system releases the lock when the process ends, however it ends.
        """
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
        """Whether another process is working on it."""
        if self._lock:
            return False
        try:
            if sys.platform == "win32":
                self._acquire(timeout=0.1).release()
            else:
                _share(self._lock_path)
        except OSError as error:
            # Else nobody has ever locked it, or it is on a file system without locks.
            return isinstance(error, TimeoutError | BlockingIOError)
        return False

    @property
    def _lock_path(self) -> Path:
        return self.path.with_suffix(".lock")

    def _acquire(self, timeout: float) -> "BaseFileLock":
        from filelock import FileLock

        # Not at the first attempt: another process that only looks whether the run is running holds it for a moment.
        lock = FileLock(self._lock_path, timeout=timeout, mode=0o600)
        return lock.acquire(poll_interval=0.005).lock

    def close(self) -> None:
        """Close the file and release the lock."""
        with self._threads:
            if self._lock:
                _close(self._database)
                self._lock.release()
                self._lock = None
            else:
                self._database.close()

    def __enter__(self) -> "Journal":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def entries(self, *states: State) -> list[Row]:
        """The rows in these states, or all, by line."""
        found = self._execute(
            "SELECT line, content, source, state, sent_at, answered_at, receipt, posted_at, code, error "
            "FROM entries WHERE state IN (SELECT value FROM json_each(?)) ORDER BY line",
            exact_json.dumps(states or STATES),
        )
        with _decoded(self.path):
            return [Row(line, exact_json.loads(content), *rest) for line, content, *rest in found]

    def hashes(self) -> list[tuple[int, State, bool, bytes]]:
        """Line, state and hashes of each row, and whether it was sent, or may have been: nothing if none were kept."""
        if not self._execute("SELECT 1 FROM pragma_table_info('entries') WHERE name = 'hashes'"):
            return []  # made by an earlier version
        # A row that is to be sent again has the code of an attempt that may have gone through.
        may_be_sent = f"state IN ('sent', 'done') OR IFNULL(code, '') = '{UNKNOWN}' OR {_IS_HALF_DONE}"
        whole = "LENGTH(hashes) % 8 = 0"  # else they are damaged
        return self._execute(f"SELECT line, state, {may_be_sent}, hashes FROM entries WHERE {whole}")  # noqa: S608 no value of a user

    def counts(self) -> dict[State, int]:
        """How many rows are in each state."""
        found = dict(self._execute("SELECT state, COUNT(*) FROM entries GROUP BY state"))
        return {state: found.get(state, 0) for state in STATES}

    def in_transit(self) -> dict[State, int]:
        """How many of the rows in each state are in transit; see Row."""
        sql = f"SELECT state, COUNT(*) FROM entries WHERE state IN ('pending', 'failed') AND {_IS_HALF_DONE}"  # noqa: S608 no value of a user
        return dict(self._execute(f"{sql} GROUP BY state"))

    def sent(self, line: int, at: float) -> None:
        """The row is sent now: until more is written, its outcome is unknown."""
        self._set(line, state="sent", sent_at=at, answered_at=None)

    def done(self, line: int, at: float | None, receipt: Receipt) -> None:
        """The API has carried it out."""
        values = {"receipt": receipt.id, "posted_at": receipt.posted_at, "code": None, "error": None}
        self._set(line, state="done", answered_at=at, **values)

    def half_done(self, line: int, content: Content) -> None:
        """The API has carried out its first half: the second one is pending, with this content."""
        values = {"content": exact_json.dumps(content), "code": None, "error": None}
        self._set(line, state="pending", sent_at=None, answered_at=None, **values)

    def failed(self, line: int, at: float, code: str, error: str) -> None:
        """The API has refused it."""
        self._set(line, state="failed", answered_at=at, code=code, error=error)

    def unknown(self, line: int, at: float | None, error: str) -> None:
        """It may have been carried out."""
        self._set(line, state="unknown", answered_at=at, code=UNKNOWN, error=error)

    def pending(self, line: int) -> None:
        """It may be sent again; its code still tells of an attempt that may have gone through."""
        self._set(line, state="pending", sent_at=None, answered_at=None)

    def _read_facts(self) -> Facts:
        identity = self._execute("SELECT application_id, user_version FROM pragma_application_id, pragma_user_version")
        if identity != [(_APPLICATION_ID, _VERSION)]:
            raise UsageError(f"{self.path} is not a journal that this version of synq can read.")
        ((text,),) = self._execute("SELECT facts FROM run") or [("{}",)]
        with _decoded(self.path):
            facts = exact_json.loads(text)
            return Facts(**facts | {"started_at": float(facts["started_at"])})

    def _set(self, line: int, **values: object) -> None:
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
