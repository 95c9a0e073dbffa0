"""typer.testing.CliRunner and the installed program behave the same."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from synq_cli.app import app

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
