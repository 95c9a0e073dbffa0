"""What the tests of commands share: a machine whose user knows the tenant."""

from pathlib import Path

import pytest
from shop import furnish


@pytest.fixture(scope="session")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folders of that machine; each test works on a copy."""
    return furnish(tmp_path_factory.mktemp("machine"))
