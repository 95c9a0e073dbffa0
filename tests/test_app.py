"""typer.testing.CliRunner and the installed program behave the same."""

import os
import subprocess
import sys
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from typer.testing import CliRunner

from synq_cli.app import app
from synq_cli.cli.system import System

LINES = [
    "--version",
    "",
    "orders list --help",
    "ordrs",
    "orders list --limit 0",
    "--json organization members invite x@y.no",
    "config get nothing",
    "__complete profile s -- synq",
    "api POST /api/v1/pim/products -f title=Cap --dry-run --json",
]


@pytest.mark.parametrize("line", LINES)
def test_cli_runner_and_installed_program_agree(tmp_path: Path, line: str) -> None:
    variables = {"HOME": str(tmp_path), "COLUMNS": "70", "SYNQ_TOKEN": "t"}
    installed = subprocess.run(
        [sys.executable, "-m", "synq_cli", *line.split()],
        env=os.environ | variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
    )
    tested = CliRunner(env=variables).invoke(app, line.split(), catch_exceptions=False)
    found = (tested.exit_code, tested.stdout_bytes, tested.stderr_bytes)
    assert found == (installed.returncode, installed.stdout, installed.stderr)


class WithoutTerm(dict[str, str]):
    """An environment that fails as soon as messages are to be printed."""

    def get(self, name: str, default: Any = None) -> Any:
        if name == "TERM":
            raise RuntimeError("no terminal database")
        return super().get(name, default)


def test_an_error_while_an_error_is_reported_ends_in_a_sentence_too(tmp_path: Path) -> None:
    folders = {"SYNQ_CONFIG_DIR": str(tmp_path), "SYNQ_STATE_DIR": str(tmp_path)}
    done = CliRunner().invoke(app, ["channels", "list"], obj=System(WithoutTerm(folders)), catch_exceptions=False)
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == "synq: This is a bug in synq: RuntimeError: no terminal database\n"


def test_a_system_that_allows_no_more_threads_is_no_bug(synq: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_thread: Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(Thread, "start", refuse)
    result = synq("--sandbox", "channels", "list", "-q")
    assert (result.status, result.out) == (2, "")
    assert result.err.endswith("synq: The system allows no more threads.\n  Raise the limit of processes: ulimit -u\n")
