"""The journal of a run: the state and the receipt of each row, independent of its storage."""

from abc import ABC, abstractmethod
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Literal, Self, get_args

from synq_cli import exact_json
from synq_cli.errors import RefusedError

State = Literal["pending", "sent", "done", "failed", "unknown"]
STATES: tuple[State, ...] = get_args(State)
# A row as its verb has resolved it, down to the ids it sends.
Content = dict[str, Any]
UNKNOWN = "unknown"
# In the content of a row of two halves whose first half is done: the receipt of that half.
FIRST_RECEIPT = "first_receipt"


@dataclass(frozen=True)
class Receipt:
    """The record that the API made of a row: its id, and its time by the API's clock, in epoch seconds."""

    id: str
    posted_at: float | None = None


@dataclass(frozen=True)
class Facts:
    """The facts of a run: its verb, its file and how it is written, whose data it changes, the run it undoes, its plan.

    `file` is the name as typed, `path` where the file or its copy is, or None; `shard` is the shard of it that is sent,
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
        return command_for("resume", self.id, self.profile)

    @property
    def undo_command(self) -> str:
        """The command that undoes the run."""
        return command_for("undo", self.id, self.profile)


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


def command_for(verb: str, run: str, profile: str) -> str:
    """The command line that applies a verb to a run."""
    return f"synq runs {verb} {run}" + (f" --profile {profile}" if profile != "default" else "")


def hash_numbers(hashes: Iterable[bytes]) -> "array[int]":
    """Each of the hashes in these bytes as a number."""
    return array("Q", b"".join(hashes))


def hash_of(posted: str) -> bytes:
    """A hash, in eight bytes, of what a row of a file posts, by which the row is found in earlier runs."""
    return sha256(posted.encode(errors="backslashreplace")).digest()[:8]


class HeldError(RefusedError):
    """Another process works on the run."""


class Journal(ABC):
    """The journal of one run, usable from several threads; UsageError or NetworkError if it can't be used."""

    facts: Facts

    @abstractmethod
    def lock(self) -> None:
        """Keep other processes from working on this run until it is closed; RefusedError if one does already.

        After a crash of the process the lock is released within a minute.
        """

    @property
    @abstractmethod
    def is_running(self) -> bool:
        """Whether another process is working on it."""

    @abstractmethod
    def hurry(self) -> None:
        """From now on, don't wait for storage that does not respond."""

    @property
    def is_stalled(self) -> bool:
        """Whether the storage does not respond at the moment."""
        return False

    @abstractmethod
    def close(self) -> None:
        """Release the lock and close what is open."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @abstractmethod
    def entries(self, *states: State) -> list[Row]:
        """The rows in these states, or all, by line."""

    @abstractmethod
    def hashes(self) -> list[tuple[int, State, bool, bytes]]:
        """Line, state and hashes of each row, and whether it was sent, or may have been: nothing if none were kept."""

    @abstractmethod
    def counts(self) -> dict[State, int]:
        """How many rows are in each state."""

    @abstractmethod
    def in_transit(self) -> dict[State, int]:
        """How many of the rows in each state are in transit; see Row."""

    def join(self) -> None:
        """Work on this run together with other processes until it is closed; RefusedError if it is not shared."""
        raise RefusedError(
            f"Run {self.facts.id} can't be joined: it is stored on this machine only.",
            hint="Runs of a profile with a team_store can be joined: see docs/fleet.md.",
        )

    def workers(self) -> list[dict[str, Any]]:
        """The processes that work or worked on the run, as rows; empty if that is not recorded."""
        return []

    def part(self) -> int:
        """How many rows this process has sent."""
        return sum(row.state != "pending" for row in self.entries())

    def left(self) -> int:
        """How many rows this process may have to send, including those of other processes that may fail."""
        return self.counts()["pending"]

    def abandoned(self, *states: State) -> list[Row]:
        """The rows in these states that no other process works on."""
        return self.entries(*states)

    def batches(self, _resends: Callable[[Content], bool]) -> Iterator[list[Row]]:
        """The pending rows, which only the caller sends; an empty list means that more may follow soon.

        `_resends` says whether a row that another process sent before it crashed may be sent again.
        """
        yield self.entries("pending")

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

    @abstractmethod
    def _set(self, line: int, **values: Any) -> None:
        """Write these columns of a row."""
