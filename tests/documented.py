"""Finds the commands in README and docs/, and types them into a real shell whose synq runs in this process.

Run as a program, it updates the output shown in README and docs/.
"""

import os
import pty
import re
import select
import shutil
import subprocess
import tempfile
import termios
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from runner import NOW, Console, FakeKeyring, Runner

from synq_cli.app import app
from synq_cli.cli.system import System
from synq_cli.http.client import in_process
from synq_cli.sandbox.server.app import create_app

# Passes arguments, environment and stdin to this process, waits, and prints what comes back.
SYNQ = """#!/bin/sh
call=$(mktemp -d "$CALLS/call.XXXXXX")
env -0 >"$call/environ"
for word in "$@"; do printf '%s\\0' "$word"; done >"$call/words"
[ -t 1 ] && : >"$call/terminal"
cat >"$call/stdin"
mkfifo "$call/status"
echo "$call" >"$CALLS/asked"
read -r status <"$call/status"
cat "$call/stdout"
cat "$call/stderr" >&2
exit "$status"
"""
# A password store with a token of the sandbox, and programs that keep what they are to send.
PROGRAMS = {
    "pass": "#!/bin/sh\nsynq sandbox token\n",
    "mail": '#!/bin/sh\ncat >"$HOME/mail"\n',
    "curl": '#!/bin/sh\ncat >"$HOME/curl"\n',
}
ROOT = Path(__file__).parent.parent
# docs/cli.md is generated from the help pages, whose examples have a test of their own.
DOCUMENTS = [ROOT / "README.md", *sorted(path for path in (ROOT / "docs").rglob("*.md") if path.name != "cli.md")]
# Commands that are not run, and why.
_INSTALLS = "it changes the machine; make package covers it"
_DATABASE = "it needs a database; tests/commands/test_team_line.py covers it"
_RUNS = "it needs a database; tests/commands/test_team_runs_line.py covers it"
_ENDLESS = "it goes on until it is stopped; tests/commands/test_watch_line.py covers it"
_TWO_TENANTS = "it needs two tenants; tests/commands/test_two_tenants_line.py covers it"
UNRUN = {
    "make demo": ".ci/run runs it",
    "make test": "it runs this test",
    "pipx install '.[sandbox,jq,excel]'": _INSTALLS,
    "uv tool install '.[sandbox,jq,excel]'": _INSTALLS,
    "pipx install --force '.[sandbox,jq,excel,team]'": _INSTALLS,
    "synq config set team_store '$SYNQ_TEAM_STORE' --quiet": _DATABASE,
    "synq team init": _DATABASE,
    "synq runs list --team": _RUNS,
    "synq runs show 2611 --team": _RUNS,
    "synq runs resume 2611 --team": _RUNS,
    "synq runs join 2611": _RUNS,
    "pip install 'synq-cli[team]'": _INSTALLS,
    "synq team doctor": _DATABASE,
    "pipx install --force '.[sandbox,jq,excel,mcp]'": _INSTALLS,
    "pipx install --force '.[sandbox,jq,excel,mcp,team]'": _INSTALLS,
    "uv tool install --force '.[sandbox,jq,excel,mcp,team]'": _INSTALLS,
    "synq auth login --profile agent": "it asks for a token on a terminal; tests/journeys covers it",
    "synq completion install": "it changes the shell's start-up files; tests/completion covers it",
    "synq auth login": "it asks for a token on a terminal; tests/journeys covers it",
    "synq auth status": "it needs a login",
    "synq -p staging export shop": _TWO_TENANTS,
    "synq -p production plan from shop --plan autumn.json": _TWO_TENANTS,
    "synq -p production apply autumn.json": _TWO_TENANTS,
    "synq plan show autumn.json": _TWO_TENANTS,
    'synq inventory watch --low --location "Leith warehouse"': _ENDLESS,
    "synq inventory watch --low --resume --exec 'sh to-ntfy.sh'": _ENDLESS,
    "synq orders watch --min-total 500 --resume --exec 'sh to-mail.sh'": _ENDLESS,
    "synq orders watch --status to-ship": _ENDLESS,
    "synq orders watch --status to-ship,shipped --resume --exec 'sh to-slack.sh'": _ENDLESS,
    "synq orders watch --status unpaid --resume -o ndjson >> unpaid.ndjson": _ENDLESS,
}
RUN = re.compile(r"\b(\d{6}-\d{6})-[a-z0-9]{2}\b")
COLORS = re.compile(r"\x1b\[[0-9;]*m")
# Seconds between two commands, so that each has the whole rate limit.
PAUSE = 61.0


@dataclass
class Line:
    """A command, its line number, and the output that the document shows, if any."""

    text: str
    number: int
    shown: list[str] = field(default_factory=list)

    @property
    def is_partly_shown(self) -> bool:
        """Whether parts of the output are left out."""
        return any(is_gap(line) or GAP in line for line in self.shown)


# Stands for any text within a line.
GAP = "[…]"


def is_gap(line: str) -> bool:
    """Whether a line of output stands for any number of lines."""
    return line.strip() in {"…", "..."}


def blocks(text: str) -> Iterator[tuple[str, int, list[str]]]:
    """The fenced code blocks of a Markdown text: language, number of the first line, lines."""
    lines = iter(enumerate(text.splitlines(), 1))
    for number, line in lines:
        if line.startswith("```"):
            inside = []
            for _, within in lines:
                if within.startswith("```"):
                    break
                inside.append(within)
            yield line.removeprefix("```").strip(), number + 1, inside


def typed(text: str) -> Iterator[Line]:
    """The commands in a Markdown text, in order.

    In a `console` block the lines after `$ `, with their output below; in `sh` all lines; in `crontab` the command; in
    `yaml` the text after `run:`, and lines of a script that begin with synq. A backslash at the end continues a line.
    """
    for language, first, lines in blocks(text):
        line: Line | None = None
        for number, raw in enumerate(lines, first):
            begins = {
                "console": re.match(r"\$ (.*)", raw),
                "sh": re.match(r"([^#\s].*?)(?:\s+# .*)?$", raw),
                "crontab": re.match(r"(?:[\d*/,-]+ ){5}(.*)", raw),
                "yaml": re.match(r"\s*(?:(?:- )?run: |(?=synq ))(.*)", raw),
            }.get(language)
            if line is not None and line.text.endswith("\\") and not line.shown:
                line.text = f"{line.text[:-1].rstrip()} {raw.strip()}"
            elif begins:
                if line:
                    yield line
                line = Line(begins[1], number)
            elif line and language == "console":
                line.shown.append(raw)
        if line:
            yield line


def comparable(text: str) -> str:
    """The text without trailing spaces and without the random characters of run ids."""
    return "".join(RUN.sub(r"\1-xx", line).rstrip() + "\n" for line in text.splitlines())


def with_outputs(text: str, outputs: dict[int, str]) -> str:
    """The Markdown text with new outputs, by the line numbers of their commands."""
    lines = text.splitlines()
    for line in sorted(typed(text), key=lambda line: -line.number):
        if line.shown and line.number in outputs:
            begin = next(n for n in range(line.number - 1, len(lines)) if not lines[n].endswith("\\")) + 1
            lines[begin : begin + len(line.shown)] = outputs[line.number].rstrip("\n").splitlines()
    return "\n".join(lines) + "\n"


@dataclass
class Done:
    """The result of a line: exit status of the shell, those of each synq in it, and the text on the terminal."""

    status: int
    statuses: list[int]
    shown: str


class Desk:
    """A terminal in a folder, with a sandbox, keyring and clock of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "desk"
        self.calls = folder / "calls"
        self.sandbox = folder / "state" / "sandbox.sqlite3"
        self.clock = NOW
        self.keyring = FakeKeyring()
        self.exported: list[str] = []
        for folder_ in (self.folder, self.calls, folder / "bin"):
            folder_.mkdir(parents=True)
        for name, script in {"synq": SYNQ, **PROGRAMS}.items():
            (folder / "bin" / name).write_text(script, encoding="utf-8")
            (folder / "bin" / name).chmod(0o755)
        os.mkfifo(self.calls / "asked")
        # Opened for writing too, so that reading never meets an end of file.
        self.asked = os.open(self.calls / "asked", os.O_RDWR)
        self.environ = {
            "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            "COLUMNS": "100",
            "NO_COLOR": "1",
            "CALLS": str(self.calls),
            "SYNQ_CONFIG_DIR": str(folder / "config"),
            "SYNQ_STATE_DIR": str(folder / "state"),
        }

    def type(self, line: Line) -> Done:
        """Type a line of a document; `cat FILE` with output first creates the file."""
        words = line.text.split()
        if words[0] == "cat" and line.shown and not (self.folder / words[1]).exists():
            (self.folder / words[1]).write_text("\n".join(line.shown) + "\n", encoding="utf-8")
        return self(line.text)

    def close(self) -> None:
        os.close(self.asked)

    def __call__(self, line: str) -> Done:
        """Type the line; an `export` lasts for all later lines."""
        self.clock += PAUSE
        if line.startswith("export "):
            self.exported.append(line)
        master, slave = pty.openpty()
        modes = termios.tcgetattr(slave)
        modes[1] &= ~termios.OPOST  # keep line ends as they are
        termios.tcsetattr(slave, termios.TCSANOW, modes)
        script = "\n".join([*self.exported, line])
        process = subprocess.Popen(
            ["sh", "-c", script],
            stdin=subprocess.DEVNULL,
            stdout=slave,
            stderr=slave,
            cwd=self.folder,
            env=self.environ,
        )
        os.close(slave)
        shown, statuses = b"", []
        while True:
            ready, _, _ = select.select([master, self.asked], [], [], 60)
            assert ready, f"{line} hangs"
            if self.asked in ready:
                statuses += [self._run(Path(call)) for call in os.read(self.asked, 65536).decode().split()]
                continue
            try:
                chunk = os.read(master, 65536)
            except OSError:  # the end of a pseudo-terminal
                chunk = b""
            if not chunk:
                break
            shown += chunk
        os.close(master)
        return Done(process.wait(timeout=60), statuses, COLORS.sub("", shown.decode()))

    def _run(self, call: Path) -> int:
        words = (call / "words").read_text(encoding="utf-8").split("\0")[:-1]
        pairs = (call / "environ").read_text(encoding="utf-8").split("\0")
        terminal = (call / "terminal").exists()
        console = Console("stderr", *(["stdout"] if terminal else []))
        system = System(
            dict(pair.split("=", 1) for pair in pairs if "=" in pair),
            now=lambda: self.clock,
            sleep=self._sleep,
            jitter=lambda: 1.0,
            http=in_process(create_app(self.sandbox, lambda: self.clock)),
            keyring=self.keyring,
            folder=lambda: self.folder,
        )
        here = Path.cwd()
        os.chdir(self.folder)
        try:
            done = console.invoke(app, words, input=(call / "stdin").read_bytes(), catch_exceptions=False, obj=system)
        finally:
            os.chdir(here)
        # On a terminal both streams appear in the order in which they were written.
        (call / "stdout").write_bytes(done.output_bytes if terminal else done.stdout_bytes)
        (call / "stderr").write_bytes(b"" if terminal else done.stderr_bytes)
        (call / "status").write_text(f"{done.exit_code}\n", encoding="utf-8")
        return done.exit_code

    def _sleep(self, seconds: float) -> None:
        self.clock += seconds


def lacks_program(line: Line) -> bool:
    """Whether the line needs jq and it is not installed."""
    return "jq" in re.split(r"[ |]+", line.text) and not shutil.which("jq")


def update_documents() -> None:
    """Write the present output into README and docs/."""
    for path in DOCUMENTS:
        text = path.read_text(encoding="utf-8")
        with tempfile.TemporaryDirectory() as folder:
            Runner(Path(folder)).seed_sandbox()
            desk = Desk(Path(folder))
            done = {line.number: desk.type(line) for line in typed(text) if line.text not in UNRUN}
            desk.close()
        stale = {
            line.number: done[line.number].shown
            for line in typed(text)
            if line.number in done
            and not line.is_partly_shown
            and comparable("\n".join(line.shown)) != comparable(done[line.number].shown)
        }
        path.write_text(with_outputs(text, stale), encoding="utf-8")


if __name__ == "__main__":
    update_documents()
