"""CommandSpec: what follows from the operations of a command."""

from table import cases

from synq_cli.cli.command import CommandSpec
from synq_cli.errors import SynqError
from synq_cli.http.operation import Operation

READ = Operation("r", "GET", "/r", "the r")
WRITE = Operation("w", "POST", "/w", "the w", effect="create", retry="unsafe", evidence="presumed", role="ADMIN")
PUT = Operation("p", "PUT", "/p", "the p", effect="replace")
DELETE = Operation("d", "DELETE", "/d", "the d", effect="delete", gives="nothing")


@cases(
    ("spec", "writes", "role", "presumed", "unknown", "running"),
    [
        (CommandSpec(), False, None, False, False, False),
        (CommandSpec((READ,), (1, 1), "read"), False, None, False, False, False),
        (CommandSpec((PUT, READ), (2, 2), "replace"), True, None, False, True, False),
        (CommandSpec((DELETE, READ), (2, 2), "delete"), True, None, False, False, False),
        (CommandSpec((WRITE, READ), (1, 2), "create"), True, "ADMIN", True, True, False),
        (CommandSpec((WRITE,), (1, None), "create", waits=True), True, "ADMIN", True, True, True),
        (CommandSpec((), (1, None), "any"), True, None, False, True, False),
    ],
)
def test_effect_role_and_exits_follow_from_the_operations(
    spec: CommandSpec, writes: bool, role: str | None, presumed: bool, unknown: bool, running: bool
) -> None:
    assert (spec.writes, spec.role, spec.presumed) == (writes, role, presumed)
    assert (10 in spec.exits, 75 in spec.exits) == (unknown, running)
    assert spec.exits == sorted(set(spec.exits))


def test_exits_of_a_spec_are_exits_of_errors() -> None:
    known = {0, *(kind.exit_status for kind in [SynqError, *SynqError.__subclasses__()])}
    waiting = CommandSpec((WRITE,), (1, None), "create", waits=True, bulk=True)
    assert {9, 10, 75} <= set(waiting.exits) <= known
    assert {1, 2, 4, 130} <= set(CommandSpec().exits)
