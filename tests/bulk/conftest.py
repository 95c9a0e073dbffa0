"""What the tests of bulk runs share: a folder in memory, and the simulation that `make bench` measures with."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "scripts"))


@pytest.fixture
def memory() -> Iterator[Path]:
    """A folder in memory where the system has one: each row of a run waits for the disk twice."""
    from pacing import quick_folder

    with quick_folder() as folder:
        yield folder
