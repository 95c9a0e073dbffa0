"""Questions on the terminal; off a terminal a refusal that names the option instead."""

import sys
from collections.abc import Callable
from typing import TextIO

from synq_cli.errors import RefusedError
from synq_cli.output.formats import visible
from synq_cli.output.streams import Stream


def confirm(question: str, *, option: str, stdin: TextIO, stderr: TextIO, yes: bool) -> bool:
    """Ask a question, no by default; `yes` answers it. RefusedError, naming `option`, off a terminal."""
    if yes:
        return True
    if not (stdin.isatty() and stderr.isatty()):
        raise RefusedError(
            f"Not confirmed, and there is no terminal to ask: {question}",
            hint=f"Add {option} to do it without being asked.",
        )
    terminal = Stream(stderr, {})
    terminal.write(terminal.fit(visible(question)) + " [y/N] ")
    answer = stdin.readline()
    if not answer.endswith("\n"):
        terminal.write("\n")  # Ctrl-D leaves the cursor behind the question
    return answer.strip().lower() in {"y", "yes"}


def hidden(prompt: str, *, stdin: TextIO, stderr: TextIO, instead: str) -> str:
    """Ask for a secret without showing it; empty on Ctrl-D. RefusedError off a terminal, saying what `instead`."""
    if not (stdin.isatty() and stderr.isatty()):
        what = prompt.strip(": ").lower()
        raise RefusedError(f"There is no terminal to ask for the {what} on.", hint=instead)
    if sys.platform == "win32":
        from getpass import getpass

        return getpass(prompt, stderr)
    return _read_unseen(prompt, stdin.fileno(), Stream(stderr, {}))


if sys.platform != "win32":

    def _read_unseen(prompt: str, keyboard: int, terminal: Stream) -> str:
        # getpass reads a finished line, and a terminal finishes none beyond 1,024 characters on macOS or
        # 4,095 on Linux. Tokens can be longer, so the line is put together here, key by key.
        import os
        import termios

        before = termios.tcgetattr(keyboard)
        silent = termios.tcgetattr(keyboard)
        silent[3] &= ~(termios.ECHO | termios.ICANON)
        silent[6][termios.VMIN], silent[6][termios.VTIME] = 1, 0
        termios.tcsetattr(keyboard, termios.TCSADRAIN, silent)
        try:
            terminal.write(terminal.fit(prompt))
            return _typed_line(lambda: os.read(keyboard, 1))
        finally:
            termios.tcsetattr(keyboard, termios.TCSADRAIN, before)
            terminal.write("\n")

    def _typed_line(key: Callable[[], bytes]) -> str:
        line = bytearray()
        while (pressed := key()) not in {b"", b"\n", b"\r", b"\x04"}:
            if pressed in {b"\x7f", b"\b"}:
                del line[-1:]
            elif pressed == b"\x15":
                line.clear()
            else:
                line += pressed
        return line.decode("utf-8", "replace")
