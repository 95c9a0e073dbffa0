import io
import os
import select
import sys
import threading
from pathlib import Path

import pytest
from table import cases

from synq_cli.errors import RefusedError, UsageError
from synq_cli.output.prompts import ask, ask_secret, confirm


class Tty(io.StringIO):
    def isatty(self) -> bool:
        return True


def asked(answer: str) -> tuple[bool, str]:
    stderr = Tty()
    said = confirm("Delete product 4c0a\x1b?", option="--yes", stdin=Tty(answer), stderr=stderr, yes=False)
    return said, stderr.getvalue()


@cases(
    ("answer", "said"),
    [("y\n", True), ("YES\n", True), (" y \n", True), ("\n", False), ("n\n", False), ("yep\n", False), ("1\n", False)],
)
def test_confirm(answer: str, said: bool) -> None:
    assert asked(answer) == (said, "Delete product 4c0a\\x1b? [y/N] ")


def test_ctrl_d_declines_and_yes_skips_every_prompt() -> None:
    assert asked("") == (False, "Delete product 4c0a\\x1b? [y/N] \n")
    stderr = io.StringIO()
    assert confirm("Sure?", option="--yes", stdin=io.StringIO(), stderr=stderr, yes=True)
    assert stderr.getvalue() == ""


@pytest.mark.parametrize(("stdin", "stderr"), [(io.StringIO, Tty), (Tty, io.StringIO), (io.StringIO, io.StringIO)])
def test_prompts_need_a_terminal(stdin: type[io.StringIO], stderr: type[io.StringIO]) -> None:
    talk = stderr()
    with pytest.raises(RefusedError) as caught:
        confirm("Delete product 4c0a?", option="--yes", stdin=stdin("y\n"), stderr=talk, yes=False)
    assert caught.value.message == "Can't ask for confirmation without a terminal: Delete product 4c0a?"
    assert caught.value.hint == "Add --yes to skip this prompt."
    assert caught.value.exit_status == 11
    with pytest.raises(RefusedError) as caught:
        ask_secret("Token: ", stdin=stdin("secret\n"), stderr=talk, hint="Pipe it in.")
    assert (caught.value.message, caught.value.hint) == ("Can't ask for the token without a terminal.", "Pipe it in.")
    assert talk.getvalue() == ""


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals are a Unix matter")
@pytest.mark.parametrize(
    ("typed", "read"),
    [
        (b"s3cret\n", "s3cret"), (b"s3cret\r", "s3cret"), (b"s3x\x7fcret\n", "s3cret"),
        (b"wrong\x15s3cret\n", "s3cret"), (b"\x7fs3cret\n", "s3cret"), (b"\x04", ""),
        (b"x" * 6000 + b"\n", "x" * 6000), (b"s3cret\npasted with a line break\n", "s3cret"),
    ],
)  # fmt: skip
def test_hidden_reads_without_showing(typed: bytes, read: str) -> None:
    import pty
    import termios

    keyboard, terminal = pty.openpty()
    screen = bytearray()

    def person() -> None:
        while not screen.endswith(b"Token: "):
            screen.extend(os.read(keyboard, 1024))
        for start in range(0, len(typed), 512):
            os.write(keyboard, typed[start : start + 512])

    before = termios.tcgetattr(terminal)
    typing = threading.Thread(target=person, daemon=True)
    typing.start()
    with os.fdopen(terminal, "r") as stdin, os.fdopen(os.dup(terminal), "w") as stderr:
        assert ask_secret("Token: ", stdin=stdin, stderr=stderr, hint="") == read
        typing.join(5)
        screen.extend(os.read(keyboard, 1024))
        assert termios.tcgetattr(terminal) == before
        assert select.select([terminal], [], [], 0)[0] == []  # nothing is left for the shell to show
    os.close(keyboard)
    assert bytes(screen) == b"Token: \r\n"


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals are a Unix matter")
@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_answers_are_in_the_encoding_of_the_terminal(encoding: str) -> None:
    import pty

    keyboard, terminal = pty.openpty()
    stdin = os.fdopen(terminal, "r", encoding=encoding)
    with stdin, os.fdopen(os.dup(terminal), "w") as stderr:
        for prompt in (ask, ask_secret):
            os.write(keyboard, b"caf\xe9\n")
            if encoding == "latin-1":
                assert prompt("Secret", stdin=stdin, stderr=stderr, hint="") == "café"
                continue
            with pytest.raises(UsageError) as caught:
                prompt("Secret", stdin=stdin, stderr=stderr, hint="")
            assert caught.value.message == "Invalid answer: use the encoding of this terminal, utf-8."
    os.close(keyboard)


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals are a Unix matter")
def test_terminal_that_was_closed_is_an_error() -> None:
    import pty

    keyboard, terminal = pty.openpty()
    with os.fdopen(terminal, "r") as stdin, Path(os.devnull).open("w", encoding="utf-8") as stderr:
        os.close(keyboard)
        stdin.isatty = stderr.isatty = lambda: True  # as it was before
        with pytest.raises(UsageError) as caught:
            ask_secret("Token: ", stdin=stdin, stderr=stderr, hint="")
        assert caught.value.message == "The terminal can't be read: Input/output error."
