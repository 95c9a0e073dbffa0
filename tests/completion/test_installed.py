"""`synq completion install` in a real shell with its own start-up files."""

import os
import sys
from pathlib import Path

import pytest
from runner import Runner
from shells import shell

from synq_cli.completion.installation import installation


@pytest.mark.parametrize(
    ("name", "file", "before"),
    [
        ("bash", ".bashrc", ""),
        ("bash", ".bashrc", ". /usr/share/bash-completion/bash_completion\n"),
        ("zsh", ".zshrc", ""),
        ("zsh", ".zshrc", "autoload -Uz compinit; compinit -D -u\n"),
        ("fish", ".config/fish/config.fish", ""),
    ],
)
def test_a_new_shell_completes(tmp_path: Path, name: str, file: str, before: str) -> None:
    home = tmp_path / "my home"
    (home / file).parent.mkdir(parents=True)
    (home / file).write_text(before, encoding="utf-8")
    assert Runner(tmp_path)("completion", "install", name, "--yes", environ={"HOME": str(home)}).status == 0
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environ = {"HOME": str(home), "PATH": path, "TERM": "xterm", "LANG": "C.UTF-8"}
    with shell(name, home, environ, "", own_files=True) as at:
        assert at.words("synq orders list --status to-\t") == ["synq", "orders", "list", "--status", "to-ship"]


def test_macos_uses_another_start_up_file_of_bash(tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path)}
    assert installation("bash", environ, "linux").start_file == tmp_path / ".bashrc"
    assert installation("bash", environ, "darwin").start_file == tmp_path / ".bash_profile"
    (tmp_path / ".profile").touch()
    # A new .bash_profile would keep bash from reading it.
    assert installation("bash", environ, "darwin").start_file == tmp_path / ".profile"


def test_windows_uses_powershell(tmp_path: Path) -> None:
    found = installation(None, {"USERPROFILE": str(tmp_path)}, "win32")
    assert (found.shell, found.start_file.name) == ("powershell", "Microsoft.PowerShell_profile.ps1")
    assert found.lines == f". '{found.script}'\n"
