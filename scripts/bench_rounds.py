"""Measures commands in interleaved rounds, and how noisy the machine is meanwhile."""

import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

BARE = "python -c pass"
_LAUNCHER = Path(__file__).with_name("bench_one.py")


@dataclass(frozen=True)
class Command:
    """A process to measure; its output is thrown away."""

    name: str
    words: Sequence[str]
    environ: Mapping[str, str]

    def run(self) -> None:
        """Run it once; CalledProcessError or OSError if it fails."""
        subprocess.run(self.words, env=self.environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)


@dataclass
class Times:
    """The seconds of every round, by the name of what ran."""

    rounds: int
    seconds: dict[str, list[float]] = field(default_factory=dict)

    def median(self, name: str) -> float:
        return statistics.median(self.seconds[name])

    def ratio(self, name: str, other: str) -> float:
        """The ratio of two medians."""
        return self.median(name) / self.median(other)

    def fastest(self, name: str, other: str) -> float:
        """The ratio of the two fastest runs, which other work on the machine affects least."""
        return min(self.seconds[name]) / min(self.seconds[other])

    def ms(self, name: str, digits: int = 1) -> str:
        """The median and the quartiles, in milliseconds."""
        low, middle, high = (f"{value * 1000:.{digits}f}" for value in statistics.quantiles(self.seconds[name], n=4))
        return f"{middle} ({low} to {high})"


def measure(runs: Mapping[str, Callable[[], object]], rounds: int) -> Times:
    """Run each once per round, so that noise affects all alike; leave out and name what fails."""
    times = Times(rounds)
    for name, run in runs.items():
        try:
            run()  # warms up caches, and finds what does not run here
        except (OSError, subprocess.CalledProcessError) as error:
            print(f"Hidden: {name} does not run here ({error}).", file=sys.stderr)
        else:
            times.seconds[name] = []
    for number in range(rounds):
        say(f"round {number + 1} of {rounds}")
        for name, seconds in times.seconds.items():
            started = time.perf_counter()
            runs[name]()
            seconds.append(time.perf_counter() - started)
    say("")
    return times


def say(progress: str) -> None:
    """Show progress on a terminal."""
    if sys.stderr.isatty():
        print(f"\r{progress:40}\r", end="", file=sys.stderr, flush=True)


def bare_python(environ: Mapping[str, str]) -> Command:
    """The shortest possible run of the interpreter that runs synq."""
    return Command(BARE, (sys.executable, "-c", "pass"), environ)


@dataclass(frozen=True)
class Ran:
    """One run: total seconds, seconds until the first line, peak memory in MB, bytes written."""

    seconds: float
    first_line: float
    memory: float
    written: int


def sample(times: Times, environ: Mapping[str, str]) -> None:
    """Time a bare interpreter, to know the noise of rounds outside `measure`."""
    started = time.perf_counter()
    bare_python(environ).run()
    times.seconds.setdefault(BARE, []).append(time.perf_counter() - started)


def run_once(command: Command) -> Ran:
    """Run it from a small launcher, because a process counts the memory of the one that starts it as its own."""
    done = subprocess.run(
        [sys.executable, _LAUNCHER, *command.words], env=command.environ, capture_output=True, text=True, check=True
    )
    seconds, first_line, memory, written = map(float, done.stdout.split())
    return Ran(seconds, first_line, memory, int(written))


class Noise:
    """How busy the machine was, and how much the start-up of a bare interpreter varied."""

    def __init__(self) -> None:
        self._load = os.getloadavg()[0]

    def sentence(self, times: Times) -> str:
        """A summary of the rounds that included a bare interpreter."""
        runs = sorted(value * 1000 for value in times.seconds[BARE])
        low, middle, high = statistics.quantiles(runs, n=4)
        load = max(self._load, os.getloadavg()[0])
        cores = os.cpu_count() or 1
        # The benchmark itself is a load of 1.
        busy = "" if load <= cores else " The machine was busy: compare only ratios."
        return (
            f"{times.rounds} interleaved rounds. Noise: `{BARE}` took {middle:.1f} ms, its middle half {low:.1f} to "
            f"{high:.1f}, all runs {runs[0]:.1f} to {runs[-1]:.1f}; load {load:.1f} on {cores} cores.{busy}"
        )


def machine() -> str:
    """The kind of machine, and the date."""
    try:
        system = platform.freedesktop_os_release()["PRETTY_NAME"]
    except OSError:
        system = f"{platform.system()} {platform.release()}"
    version, cores = platform.python_version(), os.cpu_count()
    origin = "the system's" if Path(sys.base_prefix) == Path("/usr") else "not the system's"
    return f"{cores} cores, {platform.machine()}, {system}, Python {version} ({origin}), {datetime.now(UTC):%Y-%m-%d}."


def verdict(measured: float, limit: float) -> str:
    """Whether a value is within its limit, in Markdown."""
    return "met" if measured <= limit else "**missed**"


def table(*rows: Sequence[str]) -> str:
    """A Markdown table whose first row is the header; all columns but the first are right-aligned."""
    head, *body = rows
    line = ["---", *("---:" for _ in head[1:])]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, line, *body)) + "\n"


def not_installed(names: Iterable[str], times: Times) -> str:
    """A line that lists the names without a time, or nothing."""
    missing = ", ".join(name for name in names if name not in times.seconds)
    return f"Not installed: {missing}; `make bench-peers` installs them where possible.\n" if missing else ""


def at_home_in(folder: Path) -> dict[str, str]:
    """Environment variables with this folder as home and none of our own settings."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "SYNQ_MAX_WAIT": "0",
        "STRIPE_CLI_TELEMETRY_OPTOUT": "1",
        "LANG": "C.UTF-8",
    }
