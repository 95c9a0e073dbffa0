"""What is asked before a write is sent: whether the policy of the profile permits it."""

from collections.abc import Callable, Iterable
from typing import NamedTuple, Protocol

from synq_cli.http.operation import Operation


class Write(NamedTuple):
    """A request that changes data: its operation, actual path, and body as JSON or bytes of JSON, read if needed.

    In a run it has the `line` of its row, which counts as so many `rows` of the user's file, and the `command` that
    sends such rows; a command for one object sends it itself. `is_planned` is that of a plan that is applied.
    """

    operation: Operation
    path: str
    body: Callable[[], object]
    line: int | None = None
    rows: int = 1
    command: str | None = None
    is_planned: bool = False


class Guard(Protocol):
    """Permits writes."""

    def check(self, writes: Iterable[Write]) -> None:
        """RefusedError if the writes of one run break a rule; nothing is sent then."""
