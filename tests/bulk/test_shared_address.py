"""A person beside bulk runs on other machines behind one address, on a simulated clock, as `make bench` measures it."""

from pathlib import Path

import pytest
from fleet import share_address


@pytest.mark.parametrize(("count_as", "beside", "rows"), [("log", False, 250), ("counter", True, 230)])
def test_person_hardly_waits_beside_bulk_runs(memory: Path, count_as: str, rows: int, *, beside: bool) -> None:
    shared = share_address(count_as, 3, minutes=3, runs=3, folder=memory, beside=beside)
    # In the first minute the runs find the window as full as the first of them left it.
    assert [wait for wait in sorted(shared.waits)[:-1] if wait > 5] == []
    assert shared.failed == 0
    assert sum(shared.posted) > rows
    assert min(shared.posted) > 10  # no run starves
    assert shared.refused <= 15
