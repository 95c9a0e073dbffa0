"""A real shell on its own pseudoterminal, for tests that press keys."""

import os
import pty
import re
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_DEADLINE = 20.0
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]|\x1b[=>]|\x1b\].*?(?:\x07|\x1b\\)|\x1b[()].|[\x0e\x0f]")
# Shows the words that the shell makes of a line, so that what TAB has put there can be asked for.
_TELL = {
    "bash": 'tell() { printf \'{%s}\' "$@"; echo " told"; }\n',
    "zsh": 'tell() { printf \'{%s}\' "$@"; echo " told"; }\n',
    "fish": "function tell; printf '{%s}' $argv; echo ' told'; end\n",
}
_BARE = {
    "bash": ["--noprofile", "--norc"],
    "zsh": ["-f"],
    "fish": ["--no-config"],
}


def path_of(shell: str) -> str:
    """Where the shell is; skips if it is not there, unless SYNQ_TEST_SHELLS demands it."""
    found = shutil.which(shell)
    if found is None:
        reason = f"{shell} is missing: sh scripts/shells.sh install"
        if os.environ.get("SYNQ_TEST_SHELLS") == "required":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


@contextmanager
def shell(
    name: str, folder: Path, environ: dict[str, str], setup: str, *, own_files: bool = False
) -> "Iterator[Shell]":
    """A shell at work in a folder; `setup` are its first lines, after the user's start-up files or in their place."""
    keyboard, screen = pty.openpty()
    os.set_blocking(keyboard, False)
    # What a session opens first becomes its terminal.
    line = [
        "sh",
        "-c",
        'exec "$@" <>"$0" >&0 2>&1',
        os.ttyname(screen),
        path_of(name),
        *([] if own_files else _BARE[name]),
    ]
    with subprocess.Popen(
        line, stdin=screen, stdout=screen, stderr=screen, cwd=folder, env=environ, start_new_session=True
    ) as process:
        os.close(screen)
        try:
            started = Shell(name, keyboard)
            started.type(setup + _TELL[name])
            assert started.words("begin") == ["begin"]
            yield started
        finally:
            process.kill()
            os.close(keyboard)


class Shell:
    """What stands before a terminal with a shell."""

    def __init__(self, name: str, keyboard: int) -> None:
        self.name = name
        self._keyboard = keyboard
        self._seen = ""

    def words(self, keys: str) -> list[str]:
        """The words of the line that these keys leave behind, as a program would get them."""
        self._seen = ""
        self.type(f"{keys}\x01tell \x05\n")
        return re.findall(r"\{([^{}]*)\}", self._until(r"(?<![ ;])(?:\{[^{}]*\})+ told"))

    def listed(self, keys: str, last: str) -> str:
        """What is shown while these keys are pressed, until this stands there."""
        self._seen = ""
        self.type(keys)
        shown = self._until(f"(?s)^.*{last}")
        assert self.words("\x15over") == ["over"]
        return shown

    def type(self, keys: str) -> None:
        """Press these keys."""
        os.write(self._keyboard, keys.encode())

    def _until(self, pattern: str) -> str:
        ends = time.monotonic() + _DEADLINE
        while not (found := re.search(pattern, _ESCAPES.sub("", self._seen))):
            left = ends - time.monotonic()
            assert left > 0, f"{self.name} shows only {self._seen!r}"
            if select.select([self._keyboard], [], [], left)[0]:
                self._seen += os.read(self._keyboard, 65536).decode("utf-8", "replace")
        return found[0]
