"""Where synq keeps its files."""

import os
import sys
from pathlib import Path

import platformdirs
import pytest

from synq_cli.session.folders import config_dir, state_dir


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere platformdirs itself is asked")
@pytest.mark.parametrize("named", [None, "", "  ", "/somewhere else", "relative"])
def test_the_folders_are_where_platformdirs_says(named: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
        if named is not None:
            monkeypatch.setenv(name, named)
    if named == "relative":  # the specification has it ignored; platformdirs does not
        assert config_dir(os.environ) == Path.home() / ".config" / "synq"
        return
    assert config_dir(os.environ) == platformdirs.user_config_path("synq", appauthor=False)
    assert state_dir(os.environ) == platformdirs.user_state_path("synq", appauthor=False)
