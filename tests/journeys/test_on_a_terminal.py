"""What a person sees: synq on a pseudo-terminal, its screen read by a terminal emulator."""

import hmac
import json
import os
import pty
import select
import signal
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyte
import pytest
from runner import Runner
from served import STARTED, own_environ, started

fcntl = pytest.importorskip("fcntl")
termios = pytest.importorskip("termios")


class Person:
    """Types a line on a terminal of some width and reads the screen."""

    def __init__(self, folder: Path) -> None:
        self.environ = own_environ(folder) | {"TERM": "xterm-256color"}

    def types(
        self, *line: str, width: int = 80, answers: dict[bytes, bytes | signal.Signals] | None = None, **variables: str
    ) -> tuple[int, list[str], bytes]:
        """Exit status, the screen's lines, and every byte that was sent.

        `answers` maps prompts to what is typed, or to a signal that another process sends. Afterwards the terminal
        must show what is typed.
        """
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 60, width, 0, 0))
        with started(*line, environ=self.environ | variables, stdin=theirs, stdout=theirs, stderr=theirs) as process:
            os.close(theirs)
            sent, left = b"", dict(answers or {})
            while select.select([ours], [], [], 30)[0]:
                try:
                    chunk = os.read(ours, 65536)
                except OSError:  # Linux says so when the other end is closed
                    break
                sent += chunk
                for prompt in [prompt for prompt in left if prompt in sent]:
                    answer = left.pop(prompt)
                    if isinstance(answer, bytes):
                        os.write(ours, answer)
                    else:
                        process.send_signal(answer)
            status = process.wait(30)
        assert termios.tcgetattr(ours)[3] & termios.ECHO
        os.close(ours)
        assert left == {}, f"not asked: {list(left)}; shown: {sent!r}"
        screen = pyte.Screen(width, 60)
        pyte.ByteStream(screen).feed(sent)
        return status, [text.rstrip() for text in screen.display if text.strip()], sent


@pytest.fixture
def person(tmp_path: Path) -> Person:
    Runner(tmp_path, clock=STARTED).seed_sandbox()
    return Person(tmp_path)


def test_the_table_fits_and_says_what_it_left_out(person: Any) -> None:
    status, screen, sent = person.types("--sandbox", "orders", "list", "--limit", "3", width=80)
    assert status == 0
    assert screen[0].split()[:3] == ["ID", "Status", "Total"]
    assert [len(line) <= 80 for line in screen] == [True] * len(screen)
    assert screen[1].startswith("8ed7df4a…")
    assert any(line.startswith("Shortened: ID") for line in screen)
    assert b"\x1b[33m" in sent  # an open status is yellow


def test_a_dumb_terminal_gets_no_codes(person: Any) -> None:
    _, screen, sent = person.types("--sandbox", "orders", "list", "--limit", "3", TERM="dumb")
    assert b"\x1b" not in sent
    assert screen[0].split()[:3] == ["ID", "Status", "Total"]


def test_what_a_token_command_asks_for_is_shown_while_it_waits(person: Any) -> None:
    folder = Path(person.environ["SYNQ_CONFIG_DIR"])
    folder.mkdir()
    # It reads from its stderr, as programs do that ask on the terminal and have another standard input.
    command = ["sh", "-c", "echo Touch your key. >&2; read -r typed <&2; echo fresh.$typed"]
    config = {"profiles": {"default": {"token_store": "file", "token_command": command}}}
    (folder / "config.yaml").write_text(json.dumps(config), encoding="utf-8")
    status, screen, _ = person.types("auth", "token", answers={b"Touch your key.": b"key\n"})
    assert (status, screen) == (0, ["Touch your key.", "key", "fresh.key"])


def test_the_token_is_not_shown_while_it_is_typed(person: Any) -> None:
    token = b"eyJhbGciOiJub25lIn0.eyJyb2xlIjoiVklFV0VSIn0." + b"x" * 5000
    status, screen, sent = person.types(
        "auth",
        "login",
        "--base-url",
        "http://127.0.0.1:1",
        "--max-wait",
        "0",
        answers={b"[1]: ": b"\r", b"Token: ": token + b"\r"},
    )
    assert status == 7  # nobody is there to prove it
    assert screen[:5] == [
        "  1  Paste a token, which expires after an hour",
        "  2  Run a command that prints a new token when one is needed",
        "  3  Use an OAuth 2 refresh token and its token URL",
        "How should synq get tokens for this login? [1]:",
        "Token:",
    ]
    assert b"eyJ" not in sent


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGQUIT", "SIGINT"])
def test_terminal_shows_what_is_typed_after_a_signal_at_a_hidden_prompt(person: Any, name: str) -> None:
    number = signal.Signals[name]
    status, screen, _ = person.types("auth", "login", answers={b"[1]: ": b"\r", b"Token: ": number})
    assert (status, screen[4]) == ((130, "Token:") if name == "SIGINT" else (-number, "Token:"))


IN_A_SHELL = """
import fcntl, os, termios
os.setsid()
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execlp("sh", "sh", "-im")
"""


class Shell:
    """A shell with job control on a terminal of its own."""

    def __init__(self, environ: dict[str, str]) -> None:
        self.sent = b""
        self._ours, theirs = pty.openpty()
        line, streams = [sys.executable, "-c", IN_A_SHELL], {"stdin": theirs, "stdout": theirs, "stderr": theirs}
        self.process = subprocess.Popen(line, env={**environ, "PS1": "ready> "}, **streams)
        os.close(theirs)
        self.waits_for(b"ready> ")

    def waits_for(self, text: bytes) -> bytes:
        """What is shown from now on until that text is."""
        start = len(self.sent)
        while text not in self.sent[start:]:
            assert select.select([self._ours], [], [], 30)[0], self.sent
            self.sent += os.read(self._ours, 65536)
        return self.sent[start:]

    def types(self, text: bytes, until: bytes = b"ready> ") -> bytes:
        os.write(self._ours, text)
        return self.waits_for(until)

    def close(self) -> None:
        self.process.kill()
        self.process.wait(30)
        os.close(self._ours)


@pytest.fixture
def shell(person: Any) -> Iterator[Shell]:
    opened = Shell({**person.environ, "SYNQ_BASE_URL": "http://127.0.0.1:1"})
    yield opened
    opened.close()


@pytest.mark.parametrize("stop", ["keyboard", "SIGSTOP"])
def test_token_is_not_shown_after_a_stop_at_the_prompt(shell: Shell, stop: str) -> None:
    shell.types(b"sh -c 'echo pid $$; exec synq auth login --max-wait 0'\n", b"[1]: ")
    process = int(shell.sent.rpartition(b"pid ")[2].split()[0])
    shell.types(b"\n", b"Token: ")
    if stop == "keyboard":
        shell.types(b"\x1a")
        assert b"echo shown" in shell.types(b"echo shown\n")
    else:
        os.kill(process, signal.SIGSTOP)  # nothing can be done before it
        shell.waits_for(b"ready> ")
    shell.types(b"fg\n", b"Token: ")
    assert b"connection refused" in shell.types(b"eyJ.secret\n")
    assert b"eyJ" not in shell.sent
    assert b"echo shown" in shell.types(b"echo shown\n")


ASKING = """
import getpass
from keyring.backend import KeyringBackend

class Keyring(KeyringBackend):
    priority = 1

    def get_password(self, service, username):
        getpass.getpass("Password: ")

    def set_password(self, service, username, password): ...
    def delete_password(self, service, username): ...
"""


@pytest.mark.parametrize(
    ("setting", "line"),
    [
        ("timeout: 9", "PYTHON_KEYRING_BACKEND=asking.Keyring synq auth token"),
        ("base_url: 'http://127.0.0.1:1', token_store: file, token_command: HELPER", "synq auth refresh"),
    ],
)
def test_terminal_shows_what_is_typed_after_an_interrupt_while_another_program_asks(
    shell: Shell, tmp_path: Path, setting: str, line: str
) -> None:
    (tmp_path / "asking.py").write_text(ASKING, encoding="utf-8")
    helper = tmp_path / "helper"
    helper.write_text("#!/bin/sh\nstty -echo </dev/tty\nprintf 'Password: ' >&2\nread token </dev/tty\n")
    helper.chmod(0o700)
    (tmp_path / "config").mkdir()
    profile = f"profiles: {{default: {{{setting}}}}}\n"
    (tmp_path / "config" / "config.yaml").write_text(profile.replace("HELPER", str(helper)), encoding="utf-8")
    shell.types(f"PYTHONPATH={tmp_path} {line}\n".encode(), b"Password: ")
    assert b"Interrupted." in shell.types(b"\x03")
    assert b"echo shown" in shell.types(b"echo shown\n")


def test_token_is_not_shown_where_a_pipe_was_forgotten(person: Any) -> None:
    line = ("auth", "login", "--with-token", "--base-url", "http://127.0.0.1:1", "--max-wait", "0")
    status, screen, sent = person.types(*line, answers={b"Token: ": b"eyJ.secret\r"})
    assert (status, screen[0]) == (7, "Token:")
    assert b"eyJ" not in sent


def test_neither_is_a_webhook_secret(person: Any, tmp_path: Path) -> None:
    (tmp_path / "body.json").write_bytes(b"{}")
    line = ("webhooks", "sign", str(tmp_path / "body.json"))
    status, screen, sent = person.types(*line, answers={b"Webhook secret: ": b"example-webhook-secret\r"})
    assert status == 0
    assert screen[:2] == [
        "Warning: The keyring is disabled (null backend); it would store nothing.",
        "Webhook secret:",
    ]
    assert screen[2] == hmac.new(b"example-webhook-secret", b"{}", "sha256").hexdigest()
    assert b"example" not in sent


@pytest.mark.parametrize(("answer", "gone"), [(b"y\r", True), (b"\x04", False)])
def test_a_deletion_is_asked_for(person: Any, tmp_path: Path, answer: bytes, gone: bool) -> None:
    shop = Runner(tmp_path, clock=STARTED)
    product = json.loads(shop("--sandbox", "products", "list", "--json").out)[0]["id"]
    status, screen, _ = person.types("--sandbox", "products", "delete", product, answers={b"[y/N] ": answer}, width=120)
    assert status == (0 if gone else 11)
    assert screen[0].startswith("Delete ")
    assert (screen[1] == f"{screen[0].partition('?')[0].replace('Delete', 'Deleted')}.") is gone
    assert shop("--sandbox", "products", "get", product).status == (5 if gone else 0)


def test_a_killed_scan_continues_where_it_was(shell: Shell, tmp_path: Path) -> None:
    line = b"synq --sandbox inventory scan f.csv --blind"
    shell.types(b"cd %s\n" % os.fsencode(tmp_path))
    shell.types(b"sh -c 'echo pid $$; exec %s'\n" % line, b"[y/N] ")
    process = int(shell.sent.rpartition(b"pid ")[2].split()[0])
    shell.types(b"y\n", b"\r> ")
    # A backspace, a Tab for Enter, an arrow key, and two codes at once.
    shell.types(b"HMC-NVY-X\x7fM\n", b"Navy M")
    shell.types(b"2*TCC-OAT-S\t\x1b[AABL-GRY-OS\r\n", b"Grey OS")
    assert b"\a" not in shell.sent
    assert b"\a" in shell.types(b"nope\n", b"unknown code")
    shell.types(b"-\n", b"unknown code")
    os.kill(process, signal.SIGKILL)
    shell.waits_for(b"ready> ")
    killed = len(shell.sent)
    shell.types(b"stty sane; %s\n" % line, b"\r> ")
    shell.types(b"HMC-NVY-M\n", b"Navy M")
    shell.types(b"half\x04", b"half")  # Ctrl-D ends no line that is begun
    shell.types(b"\x15\x04")
    screen = pyte.Screen(80, 40)
    pyte.ByteStream(screen).feed(shell.sent[killed:])
    assert [text.rstrip() for text in screen.display if text.strip()] == [
        "Continuing f.csv: 3 lines, 4 units of 3 SKUs.",
        "Counted  Item",
        "      1  HMC-NVY-M  Harbour Merino Crewneck, Navy M",
        "      2  TCC-OAT-S  Tarn Cable Cardigan, Oat S",
        "      1  ABL-GRY-OS  Arran Throw, Grey OS",
        "Scan. Type - to take the last line back, Ctrl-D to end.",
        "Units  Counted  Item",
        "   +1        2  HMC-NVY-M  Harbour Merino Crewneck, Navy M",
        "f.csv: 4 lines, 5 units of 3 SKUs.",
        "Next: synq inventory count f.csv --location LOCATION --profile sandbox",
        "ready>",
    ]
    quantities = [row.rpartition(",")[2] for row in (tmp_path / "f.csv").read_text(encoding="utf-8").splitlines()]
    assert quantities == ["quantity", "1", "2", "1", "1", "-1", "1"]
    assert b"echo shown" in shell.types(b"echo shown\n")
