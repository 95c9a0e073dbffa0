"""Pictures of synq at work, drawn by the program itself: a fresh sandbox, a stopped clock, a terminal of its own."""

import io
import json
import platform
import re
import shlex
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path

CLOCK = 1_795_521_600.0  # 2026-11-24T12:00:00Z
HOME = "/home/ada"
ENTRY = "5c0f2e57-93b4-4d1e-8a6d-7be1f04c29a3"
# A bulk run is looked at when its first window is spent: so many rows are through, so many seconds after its start.
ROWS, SENT, LATER = 180, 90, 45.0
_PATIENCE = 60.0


class Terminal(io.StringIO):
    """A stream that says it is a terminal, so that tables are made to fit."""

    def isatty(self) -> bool:
        return True


class Keyboard(Terminal):
    """Somebody who types these words, which the terminal echoes."""

    def __init__(self, words: str, terminal: Terminal) -> None:
        super().__init__(words)
        self._terminal = terminal

    def readline(self, size: int | None = -1, /) -> str:
        line = super().readline(size)
        self._terminal.write(line)
        return line


class Pause:
    """A clock that stands still, but for one leap: when the run has used up its window and all its workers wait."""

    def __init__(self, terminal: Terminal, workers: int) -> None:
        self._terminal = terminal
        self._workers = workers
        self._waiting: set[int] = set()
        self._leap = 0.0
        self._main = threading.get_ident()

    def now(self) -> float:
        """The time. A worker gets it only when the bar shows the run's start, or chance would set the pace."""
        if threading.get_ident() != self._main:
            self._until(lambda: f" 0/{ROWS}  " in self._terminal.getvalue())
        return CLOCK + self._leap

    def sleep(self, seconds: float) -> None:
        """Wait until every worker does and the bar shows it; from there on time passes at once."""
        self._waiting.add(threading.get_ident())
        self._until(lambda: len(self._waiting) == self._workers)
        self._leap = max(self._leap, LATER)
        self._until(lambda: f" {SENT}/{ROWS}  " in self._terminal.getvalue())
        self._leap += seconds

    def _until(self, so: Callable[[], bool]) -> None:
        end = time.monotonic() + _PATIENCE
        while not so():
            if time.monotonic() > end:
                raise TimeoutError(self._terminal.getvalue())
            time.sleep(0.005)


class Desk:
    """Somebody's terminal of this width and a fresh sandbox."""

    def __init__(self, home: Path, width: int) -> None:
        self.home = home
        self._environ = {
            "HOME": str(home),
            "SHELL": "/bin/bash",
            "SYNQ_CONFIG_DIR": str(home / ".config/synq"),
            "SYNQ_STATE_DIR": str(home / ".local/state/synq"),
            "CLICOLOR_FORCE": "1",
            "COLUMNS": str(width),
        }
        self.data("sandbox", "init")

    def data(self, *line: str) -> str:
        """What a command prints for programs, two minutes before anybody looks."""
        from typer.testing import CliRunner

        from synq_cli.app import app
        from synq_cli.cli.system import System

        done = CliRunner().invoke(app, line, obj=System(self._environ, now=lambda: CLOCK - 120))
        if done.exit_code != 0:
            raise RuntimeError(done.stderr)
        return done.stdout

    def screen(self, *line: str, typed: str = "", workers: int | None = None) -> str:
        """The command and what it shows, as text with colours; with workers, each state of its bar."""
        from synq_cli.app import app
        from synq_cli.cli.system import System

        terminal = Terminal()
        system = System(self._environ, now=lambda: CLOCK)
        if workers:
            pause = Pause(terminal, workers)
            system = System(self._environ, now=pause.now, sleep=pause.sleep)
        stdin = sys.stdin
        sys.stdin = Keyboard(typed, terminal)
        try:
            with redirect_stdout(terminal), redirect_stderr(terminal):
                app(line, standalone_mode=False, obj=system)
        finally:
            sys.stdin = stdin
        return f"\x1b[1m$ synq {shlex.join(line)}\x1b[0m\n{self._neutral(terminal.getvalue())}"

    def _neutral(self, text: str) -> str:
        """The text without what is of this machine or drawn by lot."""
        text = text.replace(str(self.home), HOME)
        text = text.replace(f"Python {platform.python_version()}, {platform.system()}", "Python 3.13.5, Linux")
        return re.sub(r"\b(\d{6}-\d{6})-\w\w\b", r"\1-k7", text)


@contextmanager
def desk(width: int) -> Iterator[Desk]:
    """A desk that is cleared away afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        yield Desk(Path(folder).resolve(), width)


def orders() -> str:
    """The orders that are open."""
    with desk(104) as at:
        return at.screen("--sandbox", "orders", "list", "--status", "open", "--limit", "12")


def adjust() -> str:
    """A stock movement: what it would change, then the same in earnest."""
    line = ("--sandbox", "inventory", "adjust", "HMC-NVY-M", "-5", "--location", "Leith warehouse")
    with desk(96) as at:
        planned, done = at.screen(*line, "--dry-run"), at.screen(*line)
    return planned + "\n" + re.sub(r"(Entry\W.*)[0-9a-f-]{36}", rf"\g<1>{ENTRY}", done)


def bulk() -> str:
    """A file of adjustments, half of them sent."""
    from contextlib import chdir

    from synq_cli.bulk.verbs.verb import WORKERS

    with desk(110) as at, chdir(at.home):
        Path("counts.csv").write_text("\n".join(counts(at)) + "\n", encoding="utf-8")
        # What it looks up is known then, and its places in the window are free again: all of them go to rows.
        at.data("--sandbox", "inventory", "adjust", "--file", "counts.csv", "--dry-run")
        shown = at.screen("--sandbox", "inventory", "adjust", "--file", "counts.csv", typed="y\n", workers=WORKERS)
    before, *states = shown.split("\r\x1b[2K")
    return before[: before.rindex("\n") + 1] + next(state for state in states if f" {SENT}/{ROWS}  " in state)


def counts(at: Desk) -> Iterator[str]:
    """A file that adds to the stock of so many SKUs, to few of them much."""

    def listed(*line: str) -> list[dict[str, str]]:
        found: list[dict[str, str]] = json.loads(at.data("--sandbox", *line, "--json"))
        return found

    skus = {row["id"]: row["sku"] for row in listed("products", "variants", "list", "--all")}
    places = {row["id"]: row["name"] for row in listed("inventory", "locations")}
    yield "sku,delta,location"
    for number, level in enumerate(listed("inventory", "levels", "--all")[:ROWS]):
        units = 1 + int(60 / (1 + number * 37 % 191 / 10))
        yield f"{skus[level['variant_id']]},{units},{places[level['location_id']]}"


def doctor() -> str:
    """A look at what synq rests on."""
    # Wide, so that nothing is wrapped at the length of this machine's paths.
    with desk(200) as at:
        at.data("--sandbox", "products", "variants", "list", "--all")
        return at.screen("--sandbox", "doctor")


def help_page() -> str:
    """The groups, and the options that every command takes."""
    with desk(88) as at:
        return at.screen("--help")


PICTURES = {"orders": orders, "adjust": adjust, "bulk": bulk, "doctor": doctor, "help": help_page}


def draw(name: str) -> str:
    """One of the pictures as SVG, as wide as its longest line, with no font from elsewhere."""
    from rich.cells import cell_len
    from rich.console import CONSOLE_SVG_FORMAT, Console
    from rich.text import Text

    shown = Text.from_ansi(PICTURES[name]().rstrip())
    width = max(cell_len(line) for line in shown.plain.splitlines())
    console = Console(record=True, width=width, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(shown, no_wrap=True)
    form = re.sub(r"@font-face \{\{.*?\}\}", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
    form = form.replace("font-family: Fira Code, monospace", "font-family: ui-monospace, Menlo, Consolas, monospace")
    svg = console.export_svg(title="synq", code_format=form, unique_id="synq")
    return re.sub(r"[ \t]+$", "", svg, flags=re.MULTILINE)
