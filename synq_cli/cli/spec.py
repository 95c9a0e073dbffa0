"""What a command declares of itself: the operations it sends, what it does with them and what it costs."""

from collections.abc import Callable
from typing import Any, NamedTuple

from synq_cli.http.operation import Operation

LOCAL = "local"
ANY = "any"
# How a run may end, by what it does; errors.py has the meanings.
_LOCAL_EXITS = (0, 1, 2, 4, 11, 130)
_API_EXITS = (0, 1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 130)
_PARTIAL, _UNKNOWN, _RUNNING = 9, 10, 75


class Declaration(NamedTuple):
    """What a command does. `calls` begins with the operation it is for; it may send the others on the way.

    `effect` is that operation's, `local` for a command that sends none, `any` where the line decides. `requests` are
    the fewest and the most it sends, None where the data decides. It `waits` if it can leave work going on, and is
    `bulk` if some of its rows can fail; `ends` are exit statuses that do not follow from all this.
    """

    calls: tuple[Operation, ...] = ()
    requests: tuple[int, int | None] = (0, 0)
    effect: str = LOCAL
    waits: bool = False
    bulk: bool = False
    ends: tuple[int, ...] = ()

    @property
    def writes(self) -> bool:
        """Whether it can change something at the API."""
        return self.effect not in {"read", LOCAL}

    @property
    def role(self) -> str | None:
        """The least role, where the contract states one."""
        return self.calls[0].role if self.calls else None

    @property
    def presumed(self) -> bool:
        """Whether a server may lack the route it is for."""
        return bool(self.calls) and self.calls[0].evidence == "presumed"

    @property
    def exits(self) -> list[int]:
        """Every exit status it may end with."""
        found = {*(_LOCAL_EXITS if self.effect == LOCAL else _API_EXITS), *self.ends}
        if self.effect == ANY or any(call.retry != "safe" for call in self.calls):
            found.add(_UNKNOWN)
        if self.waits:
            found.add(_RUNNING)
        if self.bulk:
            found.add(_PARTIAL)
        return sorted(found)


def declare(function: Callable[..., Any], declaration: Declaration) -> None:
    """Mark a command's function with what it does."""
    function.declaration = declaration  # type: ignore[attr-defined]  # Typer's wrapper carries it on to the command


def declared(function: Callable[..., Any] | None) -> Declaration:
    """What a command's function was marked with."""
    found = getattr(function, "declaration", None)
    return found if isinstance(found, Declaration) else Declaration()
