"""What commands declare: it follows from the operations they send."""

import pytest

from synq_cli.cli.spec import Declaration, declare, declared
from synq_cli.errors import SynqError
from synq_cli.http.operation import Operation

READ = Operation("r", "GET", "/r", "the r")
WRITE = Operation("w", "POST", "/w", "the w", effect="create", retry="unsafe", evidence="presumed", role="ADMIN")
PUT = Operation("p", "PUT", "/p", "the p", effect="replace")


@pytest.mark.parametrize(
    ("declaration", "writes", "role", "presumed", "unknown", "running"),
    [
        (Declaration(), False, None, False, False, False),
        (Declaration((READ,), (1, 1), "read"), False, None, False, False, False),
        (Declaration((PUT, READ), (2, 2), "replace"), True, None, False, False, False),
        (Declaration((WRITE, READ), (1, 2), "create"), True, "ADMIN", True, True, False),
        (Declaration((WRITE,), (1, None), "create", waits=True), True, "ADMIN", True, True, True),
        (Declaration((), (1, None), "any"), True, None, False, True, False),
    ],
)
def test_what_follows(
    declaration: Declaration, writes: bool, role: str | None, presumed: bool, unknown: bool, running: bool
) -> None:
    assert (declaration.writes, declaration.role, declaration.presumed) == (writes, role, presumed)
    assert (10 in declaration.exits, 75 in declaration.exits) == (unknown, running)
    assert declaration.exits == sorted(set(declaration.exits))


def test_every_exit_that_is_declared_is_one_of_the_table() -> None:
    known = {0, *(kind.exit_status for kind in [SynqError, *SynqError.__subclasses__()])}
    waiting = Declaration((WRITE,), (1, None), "create", waits=True, bulk=True)
    assert {9, 10, 75} <= set(waiting.exits) <= known
    assert {1, 2, 4, 130} <= set(Declaration().exits)


def test_a_function_carries_its_mark() -> None:
    def command() -> None: ...

    assert declared(command) == declared(None) == Declaration()
    declare(command, Declaration((READ,), (1, 1), "read"))
    assert declared(command).calls == (READ,)
