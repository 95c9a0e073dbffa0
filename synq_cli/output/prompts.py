"""Questions on the terminal; off a terminal a refusal that names the option instead."""

# rich.prompt does not serve here: it takes "y" but not "yes", does not know its default when it reads from a stream,
# asks forever at the end of the input, and reads secrets with getpass, which cuts long ones.

import sys
from collections.abc import Callable, Sequence
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
    return _answer(f"{visible(question)} [y/N] ", stdin, stderr).lower() in {"y", "yes"}


def confirm_name(question: str, name: str, given: str | None, *, stdin: TextIO, stderr: TextIO) -> bool:
    """Have a name typed before something is lost; `given` answers. RefusedError for another one, or off a terminal."""
    if given is not None and given != name:
        raise RefusedError(f"--confirm names {given}, but this is {name}. Nothing was changed.")
    if given == name:
        return True
    if not (stdin.isatty() and stderr.isatty()):
        raise RefusedError(
            f"Not confirmed, and there is no terminal to ask: {question}",
            hint=f"{name} is production: add --confirm {name}; --yes is not enough there.",
        )
    if _answer(f"{visible(question)}\n{name} is production. Type its name to do it: ", stdin, stderr) != name:
        raise RefusedError("Not confirmed; nothing was changed.")
    return True


def ask(question: str, *, choices: Sequence[str] = (), stdin: TextIO, stderr: TextIO, instead: str) -> str:
    """Ask for a line, or for one of the numbered choices; gives what was typed, empty on Ctrl-D.

    RefusedError off a terminal, saying what `instead`.
    """
    if not (stdin.isatty() and stderr.isatty()):
        raise RefusedError(f"There is no terminal to ask on: {question}", hint=instead)
    lines = [f"  {number}  {visible(choice)}\n" for number, choice in enumerate(choices, 1)]
    return _answer(f"{''.join(lines)}{question}: ", stdin, stderr)


def _answer(question: str, stdin: TextIO, stderr: TextIO) -> str:
    terminal = Stream(stderr, {})
    terminal.write(terminal.fit(question))
    answer = stdin.readline()
    if not answer.endswith("\n"):
        terminal.write("\n")  # Ctrl-D leaves the cursor behind the question
    return answer.strip()


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
