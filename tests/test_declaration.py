"""How a run may end, by what its command declares."""

from synq_cli.api.products import CREATE, LIST
from synq_cli.declaration import Declaration


def test_a_command_may_end_in_what_its_work_can_come_to() -> None:
    assert Declaration().exits == [0, 1, 2, 4, 11, 130]
    reads = Declaration((LIST,), (1, 1), "read").exits
    assert set(reads) & {9, 10, 75} == set()
    creates = Declaration((CREATE,), (1, 1), "create", waits=True, bulk=True).exits
    assert set(creates) - set(reads) == {9, 10, 75}
