"""Prompts on the terminal; elsewhere a RefusedError whose hint names the option to use instead."""

# rich.prompt does not serve here: it accepts "y" but not "yes", does not know its default when it reads from a stream,
# asks forever at the end of the input, and reads secrets with getpass, which cuts long ones.

import re
import sys
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, BinaryIO, TextIO

from synq_cli.documents import binary
from synq_cli.errors import RefusedError, UsageError
from synq_cli.output.formats import visible
from synq_cli.output.streams import Stream

_LINE_ENDS = re.compile(r"[\r\n\t]+")
# What arrow and function keys send.
_KEYS = re.compile(r"\x1b(?:[\[O][0-9;]*[A-Za-z~]?)?")
_NO_WORDS = {"", "n", "no"}
_UNASKED = "Can't ask for confirmation without a terminal: "


def confirm(question: str, *, option: str, stdin: TextIO, stderr: TextIO, yes: bool, only_words: bool = False) -> bool:
    """Ask a yes/no question, no by default; `yes` skips it. RefusedError, naming `option`, off a terminal.

    With `only_words` the question is repeated, with a beep, until the answer is yes, no or nothing.
    """
    if yes:
        return True
    _require_terminal(stdin, stderr, _UNASKED + question, f"Add {option} to skip this prompt.")
    ask_again = ""
    while (answer := _answer(f"{ask_again}{visible(question)} [y/N] ", stdin, stderr).lower()) not in _NO_WORDS:
        if not only_words or answer in {"y", "yes"}:
            return answer in {"y", "yes"}
        ask_again = "\a"
    return False


def confirm_name(question: str, name: str, given: str | None, *, stdin: TextIO, stderr: TextIO) -> None:
    """Have the profile's name typed, or `given`, before data is lost; RefusedError for another, or off a terminal."""
    if given is None:
        hint = f'Profile "{name}" is production: add --confirm {name}. --yes is not enough.'
        _require_terminal(stdin, stderr, _UNASKED + question, hint)
        given = _answer(
            f'{visible(question)}\nProfile "{name}" is production. Type its name to confirm: ', stdin, stderr
        )
    if given != name:
        raise RefusedError(f'Not confirmed: this profile is "{name}", not "{given}". Nothing was changed.')


def ask(question: str, *, choices: Sequence[str] = (), stdin: TextIO, stderr: TextIO, hint: str) -> str:
    """The line that the user types, which may be the number of a choice; empty on Ctrl-D.

    RefusedError with the hint off a terminal.
    """
    _require_terminal(stdin, stderr, f"Can't ask without a terminal: {question}", hint)
    lines = [f"  {number}  {visible(choice)}\n" for number, choice in enumerate(choices, 1)]
    return _answer(f"{''.join(lines)}{question}: ", stdin, stderr)


def ask_secret(prompt: str, *, stdin: TextIO, stderr: TextIO, hint: str) -> str:
    """The secret that the user types, not shown; empty on Ctrl-D. RefusedError with the hint off a terminal."""
    _require_terminal(stdin, stderr, f"Can't ask for the {prompt.strip(': ').lower()} without a terminal.", hint)
    if sys.platform == "win32":
        from getpass import getpass

        return getpass(prompt, stderr)
    return _read_hidden(prompt, stdin, stderr)


def entered_lines(stdin: TextIO, stderr: TextIO) -> Generator[str, None, None]:
    """Lines as they are typed, scanned or piped, the next one only when this one was dealt with.

    A line ends with CR, LF or Tab. On a terminal it is shown until then, and what is printed next takes its place;
    Ctrl-D on an empty line ends them. Bytes that are no text become surrogates.
    """
    if not stdin.isatty():
        yield from _piped_lines(binary(stdin))
    elif sys.platform == "win32" or not (stderr.isatty() and _is_file(stdin) and _is_file(stderr)):
        for line in iter(stdin.readline, ""):
            yield from _LINE_ENDS.split(line)
    else:
        yield from _typed_lines(stdin, stderr)


def _is_file(stream: TextIO) -> bool:
    """Whether the stream is one of the system's, and not in memory."""
    try:
        stream.fileno()
    except (OSError, ValueError):
        return False
    return True


def _piped_lines(source: BinaryIO) -> Iterator[str]:
    # By what has arrived: a scanner on a serial line may send no LF.
    rest = b""
    while chunk := source.read1(65_536):  # type: ignore[attr-defined]  # buffers have it
        *lines, rest = re.split(rb"[\r\n\t]", rest + chunk)
        yield from (line.decode(errors="surrogateescape").removeprefix("\ufeff") for line in lines)
    yield rest.decode(errors="surrogateescape")


def _require_terminal(stdin: TextIO, stderr: TextIO, message: str, hint: str) -> None:
    if not (stdin.isatty() and stderr.isatty()):
        raise RefusedError(message, hint=hint)


def _answer(question: str, stdin: TextIO, stderr: TextIO) -> str:
    terminal = Stream(stderr, {})
    terminal.write(terminal.fit(question))
    with _errors(stdin):
        answer = stdin.readline()
    if not answer.endswith("\n"):
        terminal.write("\n")  # Ctrl-D leaves the cursor behind the question
    return answer.strip()


@contextmanager
def _errors(stdin: TextIO) -> Iterator[None]:
    """Errors of reading a terminal as UsageError."""
    closed: tuple[type[Exception], ...] = (OSError,)
    if sys.platform != "win32":
        import termios

        closed = (OSError, termios.error)
    try:
        yield
    except UnicodeDecodeError:
        raise UsageError(f"Invalid answer: use the encoding of this terminal, {stdin.encoding}.") from None
    except closed as error:
        raise UsageError(f"The terminal can't be read: {error.args[1]}.") from None


if sys.platform != "win32":

    def _read_hidden(prompt: str, stdin: TextIO, stderr: TextIO) -> str:
        # getpass reads whole lines, and a terminal cuts those at 1,024 characters on macOS and 4,095 on Linux. Tokens
        # can be longer, so the line is read key by key.
        import os

        keyboard, line = stdin.fileno(), bytearray()

        def start() -> None:
            line.clear()  # what was typed before a stop
            os.write(stderr.fileno(), prompt.encode())  # a signal may have interrupted a write to stderr itself

        with _errors(stdin):
            try:
                with _hidden(keyboard, resumed=start):
                    start()
                    while (key := os.read(keyboard, 1)) not in {b"", b"\n", b"\r", b"\x04"}:
                        if key in {b"\x7f", b"\b"}:
                            del line[-1:]
                        elif key == b"\x15":
                            line.clear()
                        else:
                            line += key
            finally:
                Stream(stderr, {}).write("\n")
            return line.decode(stdin.encoding)

    def _typed_lines(stdin: TextIO, stderr: TextIO) -> Iterator[str]:
        # The terminal itself shows what is typed at once, in the midst of what is printed about the line before.
        import os

        from rich.cells import cell_len

        from synq_cli.output.drawing.table import cut

        keyboard, stream, line, shown = stdin.fileno(), Stream(stderr, {}), bytearray(), 0

        def text() -> str:
            return _KEYS.sub("", line.decode(stdin.encoding, "surrogateescape"))

        def show(prompt: str = "> ") -> None:
            # With no more than a dumb terminal has: CR and blanks. In one write, so that nothing flickers.
            nonlocal shown
            width = max(stream.width() - 1, 1)
            drawn = cut(prompt + stream.fit(visible(text())), width, stream.ellipsis, tail=True)
            cells, place = cell_len(drawn), f"\r{drawn}"
            erased = " " * min(shown - cells, width - cells)
            os.write(stderr.fileno(), (place + (erased + place if erased else "")).encode(stream.encoding))
            shown = cells

        with _errors(stdin), _hidden(keyboard, resumed=show):
            try:
                show()
                while keys := os.read(keyboard, 4_096):
                    for key in keys:
                        if key in b"\r\n\t":
                            entered = text()
                            line.clear()
                            show("")
                            yield entered
                        elif key in b"\x7f\b":
                            line[:] = text()[:-1].encode(stdin.encoding, "surrogateescape")
                        elif key == 0x15:  # Ctrl-U
                            line.clear()
                        elif key == 0x04 and not line:  # Ctrl-D
                            return
                        else:
                            line.append(key)
                    show()
            finally:
                line.clear()
                show("")

    @contextmanager
    def _hidden(keyboard: int, resumed: Callable[[], None]) -> Iterator[None]:
        """Don't show what is typed; call `resumed` when this process continues after a stop.

        Whatever stops or ends the process, the terminal is as before: the shell reads from it next.
        """
        import os
        import signal
        import termios

        from synq_cli.deadline import set_terminal

        shown, hidden = termios.tcgetattr(keyboard), termios.tcgetattr(keyboard)
        hidden[3] &= ~(termios.ECHO | termios.ICANON)
        hidden[6][termios.VMIN], hidden[6][termios.VTIME] = 1, 0

        def set_to(mode: Any, when: int = termios.TCSADRAIN) -> bool:
            return set_terminal(keyboard, mode, when)

        def leave(number: int, _frame: object) -> None:
            with suppress(termios.error):  # it was closed
                set_to(shown, termios.TCSAFLUSH)
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)  # ends the process or stops it here
            signal.signal(number, leave)
            set_to(hidden)

        def resume(_number: int, _frame: object) -> None:
            if set_to(hidden):
                resumed()

        leaving = (signal.SIGHUP, signal.SIGQUIT, signal.SIGTERM, signal.SIGTSTP)
        before = {number: signal.getsignal(number) for number in (*leaving, signal.SIGCONT)}
        for number in leaving:
            if before[number] is not signal.SIG_IGN:  # such as by nohup
                signal.signal(number, leave)
        signal.signal(signal.SIGCONT, resume)
        try:
            set_to(hidden)
            yield
        finally:
            hidden[:] = shown  # for a signal that arrives now
            # Of a secret that was pasted with a line break, the rest must not reach the shell, which would show it.
            set_to(shown, termios.TCSAFLUSH)
            for number, handler in before.items():
                signal.signal(number, handler)
