"""What a shell can do to a program: pipes, closed streams, full disks, odd locales, Ctrl-C at a question."""

import os
import pty
import select
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from runner import Runner
from served import STARTED, own_environ, started


class Shell:
    """Runs lines of sh on one sandbox of its own."""

    def __init__(self, folder: Path) -> None:
        self.environ = own_environ(folder)

    def __call__(self, line: str, **variables: str) -> tuple[int, str, str]:
        done = subprocess.run(
            ["sh", "-c", line], env=self.environ | variables, capture_output=True, timeout=60, check=False
        )
        return done.returncode, done.stdout.decode(), done.stderr.decode()


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    folder = tmp_path_factory.mktemp("shell")
    Runner(folder, clock=STARTED).seed_sandbox()
    return Shell(folder)


@pytest.fixture(autouse=True)
def fresh_minute(shell: Shell) -> Iterator[None]:
    """Each test has the whole minute's requests to itself."""
    yield
    for name in ("state/budget.sqlite3", "state/budget.sqlite3-wal", "state/budget.sqlite3-shm"):
        Path(shell.environ["HOME"], name).unlink(missing_ok=True)


def test_the_reader_may_leave_after_a_line(shell: Shell) -> None:
    script = "for format in table json; do "
    script += "{ synq --sandbox -q orders list --all -o $format; echo $? >&2; } | head -c 10 >/dev/null; done"
    assert shell(script) == (0, "", "0\n" * 2)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full disk to write to")
def test_messages_for_a_full_disk_fail_no_run(shell: Shell) -> None:
    assert shell("synq --sandbox settings show --fields costing_method 2>/dev/full") == (0, "costing_method\nWAC\n", "")


def test_data_for_a_closed_standard_output_is_an_error(shell: Shell) -> None:
    closed = "synq: The output can't be written: standard output is closed.\n"
    assert shell("synq config list -q >&-") == (2, "", closed)
    assert shell("synq config list -q -o xlsx >&-") == (2, "", closed)
    adjust = "synq --sandbox -q inventory adjust HMC-NVY-M +1 --location 'Leith warehouse' >&-"
    assert shell(adjust) == (2, "", f"{closed}  The change was made; do not send it again.\n")
    assert shell("synq config set timeout 30 -q >&-") == (0, "", "")


def test_without_a_standard_input_nothing_is_asked(shell: Shell) -> None:
    status, out, err = shell("synq auth login <&-", SYNQ_TOKEN="a.b.c")
    assert (status in {2, 4, 11}, out) == (True, "")
    assert err.startswith("synq: ")
    assert "bug" not in err


def test_a_word_that_is_no_text(shell: Shell) -> None:
    status, out, err = shell(r"""synq orders get "$(printf '\377')" """, LC_ALL="C")
    assert (status, out) == (2, "")
    assert err.startswith(r"synq: Invalid text '\udcff'")


def test_a_terminal_without_arrows_gets_ascii(shell: Shell) -> None:
    line = "synq --sandbox -q inventory adjust HMC-NVY-M +1 --location 'Leith warehouse' -o table"
    status, out, err = shell(line, PYTHONIOENCODING="ascii")
    assert (status, err) == (0, "")
    assert " -> " in out.splitlines()[0]
    assert out.isascii()


@pytest.mark.parametrize("line", [["auth", "login"], ["sandbox", "reset"]])
def test_ctrl_c_at_a_question_ends_with_130(shell: Shell, line: list[str]) -> None:
    ours, theirs = pty.openpty()
    with started(
        *line, environ=shell.environ, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    ) as process:
        os.close(theirs)
        sent = b""
        while select.select([ours], [], [], 30)[0]:
            try:
                sent += os.read(ours, 4096)
            except OSError:  # Linux says so when the other end is closed
                break
            if sent.endswith((b"[1]: ", b"[y/N] ")):
                process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
    os.close(ours)
    assert sent.endswith(b"synq: Interrupted.\x1b[0m\r\n")
    assert b"Traceback" not in sent


def test_ctrl_c_ends_a_filter_that_would_not_end(shell: Shell) -> None:
    line = ("--sandbox", "settings", "show", "--debug", "--jq", "def f: f; f")
    with started(*line, environ=shell.environ, stderr=subprocess.PIPE) as run:
        assert run.stderr is not None
        while " 200 " not in (said := run.stderr.readline()):
            assert said
        for _ in range(200):
            run.send_signal(signal.SIGINT)
            try:
                run.wait(0.05)
                break
            except subprocess.TimeoutExpired:
                continue
    assert run.returncode in {-signal.SIGINT, 130}
