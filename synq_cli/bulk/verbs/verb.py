"""What a bulk verb declares: its rows, its request, and what becomes of a row whose answer was lost."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from synq_cli.bulk.runs.journal import Content, Entry, Receipt, Row
from synq_cli.http.operation import Operation

if TYPE_CHECKING:
    from synq_cli.errors import RejectedError, SynqError
    from synq_cli.resources.client import SynqClient

# In flight together: they hide the time that answers take, and are what a crash leaves unknown at most.
WORKERS = 6

# A row's fields by column, as they were written.
Fields = Mapping[str, str]


@dataclass(frozen=True)
class Problem:
    """What is wrong with a line, or only odd."""

    line: int
    what: str
    is_doubt: bool = False

    @classmethod
    def of(cls, line: int, error: "SynqError") -> "Problem":
        """What an error says, as the rest of a sentence."""
        return cls(line, error.message[:1].lower() + error.message[1:].rstrip("."))


@dataclass(frozen=True)
class Move:
    """What a row moves, for the plan: so many units of what, where."""

    what: str
    where: str
    units: int


class Settle(Protocol):
    """Finds receipts of unclear rows, by line."""

    def __call__(
        self,
        api: "SynqClient",
        unclear: "Sequence[Entry]",
        *,
        done: "Sequence[Entry]",
        taken: set[str],
        rivals: "Sequence[Entry]",
    ) -> dict[int, Receipt]: ...


@dataclass(frozen=True, kw_only=True)
class Action:
    """One request to send for each of many rows; the engine knows nothing else of it.

    The operation's retry class decides what happens to a row whose outcome is unclear: one that is safe or keyed is
    sent again, one that is unsafe never, unless `settle` finds its receipt or the user says so.

    - `body` is what is sent for a row; UsageError, before anything is, if it can't be made any more.
    - `receipt` reads the answer; UnknownOutcomeError if it is none.
    - `reworded` says whether a row that was refused so goes again, its body being another one now.
    - `settle` finds receipts of unclear rows; it is told the rows that are done, and of other runs the receipts and
      the unclear rows.
    - `reverse` makes the row that takes another back; where there is none, `instead` says what to do.
    - `things` counts what a row holds, where that is several things of the input.
    - `tidy` is told the rows of a run that needs nothing more of them.
    """

    name: str
    noun: str
    operation: Operation
    body: Callable[[Content], object]
    receipt: Callable[[Any], Receipt]
    unit: str = "row"
    workers: int = WORKERS
    reworded: "Callable[[RejectedError], bool] | None" = None
    settle: "Settle | None" = None
    reverse: Callable[[Content], Content] | None = None
    instead: str | None = None
    move: Callable[[Content], Move] | None = None
    levels: "Callable[[SynqClient, Sequence[Row]], dict[int, int]] | None" = None
    things: Callable[[Content], int] | None = None
    tidy: "Callable[[Sequence[Entry]], None] | None" = None

    @property
    def resends(self) -> bool:
        """Whether a row whose outcome is unclear may go again, since it can't count twice."""
        return self.operation.retry != "unsafe"

    def counted(self, rows: int) -> str:
        """So many of its things, as a sentence has it."""
        return f"{rows:,} {self.noun}{'s' * (rows != 1)}"


@dataclass(frozen=True, kw_only=True)
class Verb(Action):
    """An action whose rows a person wrote into a file, all of them checked before the first is sent.

    - `needs` are the columns that must be there, one of each group, `optional` those that may. `nested` are rows that
      are whole JSON objects, which only NDJSON can hold; they have no columns.
    - `check` reads one row, without a request; UsageError says what is wrong.
    - `resolve` gives rows their ids, in as few requests as it can; `place` is the default location.
    - `identity` is what may stand in the input but once.
    """

    check: Callable[[Mapping[str, Any]], Content]
    resolve: "Callable[[SynqClient, Sequence[Row], str | None], tuple[list[Row], list[Problem]]]"
    identity: Callable[[Content], str]
    needs: tuple[tuple[str, ...], ...] = ()
    optional: tuple[str, ...] = ()
    nested: bool = False

    @property
    def columns(self) -> list[str]:
        """Every column that means something to it."""
        return [name for names in self.needs for name in names] + list(self.optional)
