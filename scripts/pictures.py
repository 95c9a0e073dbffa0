"""Draws the pictures in docs/: real output of synq on a fresh sandbox with a stopped clock, exported to SVG by Rich.

Recorders such as termtosvg and asciinema run in real time, so their pictures differ from run to run.
"""

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
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from datetime import UTC, datetime
from pathlib import Path

CLOCK = 1_795_521_600.0  # 2026-11-24T12:00:00Z
HOME = "/home/ada"
# A count is scanned some hours before it is posted.
COUNTED = CLOCK - 3.5 * 3_600
# The bulk run is drawn when its first rate-limit window is used up: SENT rows are done, LATER seconds after its start.
ROWS, SENT, LATER = 180, 90, 45.0
_TIMEOUT = 20.0


class Terminal(io.StringIO):
    """A stream that claims to be a terminal, so that tables are drawn for its width."""

    def isatty(self) -> bool:
        return True


class Clock:
    """A clock that stands still, except for one jump of LATER seconds when all workers wait for the rate limit."""

    def __init__(self, terminal: Terminal, workers: int) -> None:
        self._terminal = terminal
        self._workers = workers
        self._waiting: set[int] = set()
        self._elapsed = 0.0
        self._main = threading.get_ident()

    def now(self) -> float:
        """The time. Workers wait until the progress bar has been drawn at 0, so that the pace never varies."""
        if threading.get_ident() != self._main:
            self._wait_until(lambda: f" 0/{ROWS}  " in self._terminal.getvalue())
        return CLOCK + self._elapsed

    def sleep(self, seconds: float) -> None:
        """Wait until every worker sleeps and the progress bar shows it; after that, time passes at once."""
        self._waiting.add(threading.get_ident())
        self._wait_until(lambda: len(self._waiting) == self._workers)
        self._elapsed = max(self._elapsed, LATER)
        self._wait_until(lambda: f" {SENT}/{ROWS}  " in self._terminal.getvalue())
        self._elapsed += seconds

    def _wait_until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _TIMEOUT
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError(self._terminal.getvalue())
            time.sleep(0.005)


class Desk:
    """A terminal of this width, with a fresh sandbox and profiles of its own."""

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
        """The stdout of a command, run two minutes before the picture is taken."""
        from typer.testing import CliRunner

        from synq_cli.app import app
        from synq_cli.cli.system import System

        done = CliRunner().invoke(app, line, obj=System(self._environ, now=lambda: CLOCK - 120))
        if done.exit_code != 0:
            raise RuntimeError(done.stderr)
        return done.stdout

    def screen(self, *line: str, workers: int = 0, at: float = CLOCK, stdin: str = "") -> str:
        """The command and its output with colors; of a bulk run with `workers`, every state of the progress bar."""
        from synq_cli.app import app
        from synq_cli.cli.system import System

        terminal = Terminal()
        system = System(self._environ, now=lambda: at)
        if workers:
            clock = Clock(terminal, workers)
            system = System(self._environ, now=clock.now, sleep=clock.sleep)
        kept, sys.stdin = sys.stdin, io.StringIO(stdin)
        try:
            with redirect_stdout(terminal), redirect_stderr(terminal):
                app(line, standalone_mode=False, obj=system)
        finally:
            sys.stdin = kept
        return f"\x1b[1m$ synq {shlex.join(line)}\x1b[0m\n{self._neutral(terminal.getvalue())}"

    def _neutral(self, text: str) -> str:
        """The text without paths, versions and the time zone of this machine, and without random characters."""
        from synq_cli.times import local_time

        for at in (CLOCK, COUNTED):
            text = text.replace(local_time(at), f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M}+00:00")
        text = text.replace(str(self.home), HOME)
        text = text.replace(f"Python {platform.python_version()}, {platform.system()}", "Python 3.13.5, Linux")
        return re.sub(r"\b(\d{6}-\d{6})-\w\w\b", r"\1-k7", text)


@contextmanager
def desk(width: int) -> Iterator[Desk]:
    """A desk in a temporary folder."""
    # A request that the command had no need to wait for may still write there.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        yield Desk(Path(folder).resolve(), width)


def orders() -> str:
    """The open orders."""
    with desk(104) as at:
        return at.screen("--sandbox", "orders", "list", "--status", "open", "--limit", "12")


def report() -> str:
    """What was ordered, week by week."""
    with desk(96) as at:
        return at.screen(
            "--sandbox", "orders", "report", "--by", "week", "--since", "8w", "--channel", "web-storefront"
        )


def bulk() -> str:
    """A file of adjustments, half of them sent."""
    from synq_cli.bulk.verbs.verb import WORKERS

    line = ("--sandbox", "inventory", "adjust", "--file", "corrections.csv")
    with desk(110) as at, chdir(at.home):
        skus = [
            row["sku"] for row in json.loads(at.data("--sandbox", "products", "variants", "list", "--all", "--json"))
        ]
        stock = [(sku, place) for place in ("Leith warehouse", "High Street shop") for sku in skus][:ROWS]
        rows = [f"{sku},{1 + int(600 / (10 + number * 37 % 191))},{place}" for number, (sku, place) in enumerate(stock)]
        Path("corrections.csv").write_text("\n".join(["sku,delta,location", *rows, ""]), encoding="utf-8")
        # This caches the ids, so that the run below spends its whole window on rows.
        at.data(*line, "--dry-run")
        before, *states = at.screen(*line, "--yes", workers=WORKERS).split("\r\x1b[2K")
    return before[: before.rindex("\n") + 1] + next(state for state in states if f" {SENT}/{ROWS}  " in state)


def parcels() -> str:
    """A carrier's tracking file, and the run that sends it."""
    with desk(96) as at, chdir(at.home):
        listed = at.data("--sandbox", "orders", "list", "--status", "to-ship", "--limit", "9", "--json")
        rows = [f"{order['id']};RM48291530{number}GB;Tracked 24" for number, order in enumerate(json.loads(listed), 1)]
        lines = ["Customer reference;Tracking no.;Service", *rows]
        Path("tracking.csv").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        shown = at.screen(
            "--sandbox", "orders", "fulfill", "--file", "tracking.csv", "--carrier", "Royal Mail", "--yes"
        )
    head = "\n".join([*lines[:3], "…"])
    return f"\x1b[1m$ cat tracking.csv\x1b[0m\n{head}\n{without_bar(shown)}"


def without_bar(screen: str) -> str:
    """The output of a run without its progress bar, which a run of few rows may be too fast to draw."""
    before, *after = re.split(r"\r?(?:\x1b\[1A)?\x1b\[2K", screen)
    return f"{before[: before.rindex('Run ')]}{after[-1]}" if after else screen


def count() -> str:
    """A count that is scanned, and posted after some of it was sold."""
    place = ("--location", "Leith warehouse")
    with desk(96) as at, chdir(at.home):
        at.data("--sandbox", "products", "variants", "list", "--all")
        scans = ["12*HBD-RST-OS", "13*HBD-RST-OS", "38*HMC-NVY-M", "HMC-NVY-M", "56*FCP-GRY-M", "30*FTV-MOS-M"]
        stdin = "".join(f"{line}\n" for line in scans)
        scanned = at.screen("--sandbox", "inventory", "scan", "friday.csv", *place, "--blind", at=COUNTED, stdin=stdin)
        orders = json.loads(at.data("--sandbox", "orders", "list", "--status", "to-ship", "--limit", "5", "--json"))
        order = orders[-1]["id"]  # with two HBD-RST-OS
        at.data(
            "--sandbox", "orders", "fulfill", order, "--carrier", "Royal Mail", "--tracking-number", "RM482915307GB"
        )
        more = ("--recount-over", "20%", "--yes", "--columns", "state,done,failed")
        counted = at.screen("--sandbox", "inventory", "count", "friday.csv", *place, *more)
    return f"{scanned}\n{without_bar(counted)}"


def doctor() -> str:
    """The checks of `synq doctor`."""
    # Wide, so that no line wraps where the paths of this machine are long.
    with desk(200) as at:
        at.data("--sandbox", "products", "variants", "list", "--all")
        return at.screen("--sandbox", "doctor")


PICTURES = {"orders": orders, "report": report, "bulk": bulk, "parcels": parcels, "count": count, "doctor": doctor}


def draw(name: str) -> str:
    """A picture as SVG, as wide as its longest line."""
    from rich.cells import cell_len
    from rich.text import Text

    from synq_cli.output.drawing.picture import svg

    shown = Text.from_ansi(PICTURES[name]().rstrip())
    return svg(shown, max(cell_len(line) for line in shown.plain.splitlines()), "synq")
