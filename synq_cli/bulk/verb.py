"""What a bulk verb declares: its rows, its request, and what becomes of a row whose answer was lost."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from synq_cli.api.operation import Operation

if TYPE_CHECKING:
    from synq_cli.api.client import SynqClient
    from synq_cli.bulk.journal import Entry

# A row's fields by column, as they were written; and what the verb makes of them, down to the ids it sends.
Fields = Mapping[str, str]
Content = dict[str, Any]


@dataclass(frozen=True)
class Row:
    """One row of the input: its line, what it says, and its own text, for the report."""

    line: int
    content: Content
    source: str = ""


@dataclass(frozen=True)
class Receipt:
    """What the API made of a row: its id, and when that was by the API's clock, in epoch seconds."""

    id: str
    posted_at: float | None = None


@dataclass(frozen=True)
class Problem:
    """What is wrong with a line."""

    line: int
    what: str


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


@dataclass(frozen=True)
class Verb:
    """One thing to do with many rows; the engine knows nothing else of it.

    The operation's retry class decides what happens to a row whose outcome is unclear: one that is safe or keyed is
    sent again, one that is unsafe never, unless `settle` finds its receipt or the user says so.

    - `check` reads one row's fields, without a request; UsageError says what is wrong.
    - `resolve` gives rows their ids, in as few requests as it can; `place` is the default location.
    - `identity` is what may stand in the input but once.
    - `receipt` reads the answer; UnknownOutcomeError if it is none.
    - `settle` finds receipts of unclear rows; it is told the rows that are done, and of other runs the receipts and
      the unclear rows.
    - `reverse` makes the row that takes another back.
    """

    name: str
    noun: str
    operation: Operation
    needs: tuple[tuple[str, ...], ...]
    optional: tuple[str, ...]
    check: Callable[[Fields], Content]
    resolve: "Callable[[SynqClient, Sequence[Row], str | None], tuple[list[Row], list[Problem]]]"
    identity: Callable[[Content], str]
    body: Callable[[Content], object]
    receipt: Callable[[Any], Receipt]
    settle: "Settle | None" = None
    reverse: Callable[[Content], Content] | None = None
    move: Callable[[Content], Move] | None = None
    levels: "Callable[[SynqClient, Sequence[Row]], dict[int, int]] | None" = None

    @property
    def columns(self) -> list[str]:
        """Every column that means something to it."""
        return [name for names in self.needs for name in names] + list(self.optional)

    def counted(self, rows: int) -> str:
        """So many of its things, as a sentence has it."""
        return f"{rows:,} {self.noun}{'s' * (rows != 1)}"
