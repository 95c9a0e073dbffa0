"""Measures tab completion: from the shell script, by synq itself, and by gh if it is installed."""

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench_rounds import BARE, Noise, Times, at_home_in, table, verdict
from bench_startup import SYNQ, peer

from synq_cli.app import root_command
from synq_cli.completion.scripts import script

ROUNDS = 15
TABS = 200
PROFILE, SKU, GH = "TAB after a profile", "TAB after a SKU", "gh __complete"
# Each shell completes the same line many times and prints the seconds that took.
BASH = """
LC_ALL=C COMP_LINE='synq orders list --sta' COMP_CWORD=3 COMP_WORDS=(synq orders list --sta) TIMEFORMAT=%R
COMP_POINT=${#COMP_LINE}
{ time for ((n = 0; n < TABS; n++)); do _synq; done; } 2>&1
[[ ${COMPREPLY[*]} == --status ]]
"""
FISH = """
set -l before (date +%s.%N)
for n in (seq TABS); complete --do-complete 'synq orders list --sta' >/dev/null; end
math (date +%s.%N) - $before
string match -q -- '--status*' (complete --do-complete 'synq orders list --sta')
"""


@contextmanager
def machine() -> Iterator[dict[str, str]]:
    """The environment of a user with two profiles and cached SKUs of the sandbox."""
    with tempfile.TemporaryDirectory() as folder:
        environ = at_home_in(Path(folder))
        for line in (
            ["--sandbox", "products", "variants", "list", "--all"],
            ["config", "set", "base_url", "https://api.acme.test", "--profile", "acme"],
            ["config", "set", "base_url", "https://api.example.test", "--profile", "example"],
        ):
            subprocess.run([SYNQ, *line], env=environ, capture_output=True, check=True)
        yield environ


def process(*words: str, environ: dict[str, str]) -> Callable[[], float]:
    """A function that runs a process and returns its seconds."""

    def run() -> float:
        started = time.perf_counter()
        subprocess.run(words, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        return time.perf_counter() - started

    return run


def in_shell(shell: str, lines: str, environ: dict[str, str]) -> Callable[[], float]:
    """A function that returns the seconds of one TAB, the mean of many in one shell process."""
    program = script(shell, root_command()) + lines.replace("TABS", str(TABS))

    def run() -> float:
        done = subprocess.run([shell, "-c", program], env=environ, capture_output=True, text=True, check=True)
        return float(done.stdout.split()[0]) / TABS

    return run


def rows(rounds: int = ROUNDS) -> Times:
    """Interleaved runs; shells and tools that are not installed are left out."""
    with machine() as environ:
        sandbox = environ | {"SYNQ_PROFILE": "sandbox"}
        runs = {
            BARE: process(sys.executable, "-c", "pass", environ=environ),
            PROFILE: process(SYNQ, "__complete", "profile", "", "--", "synq", environ=environ),
            SKU: process(SYNQ, "__complete", "sku", "HMC", "--", "synq", environ=sandbox),
        }
        for shell, lines in (("bash", BASH), ("fish", FISH)):
            if shutil.which(shell):
                runs[f"TAB in {shell}, from the script"] = in_shell(shell, lines, environ)
        if gh := peer("gh"):
            runs[GH] = process(gh, "__complete", "pr", "list", "--sta", environ=environ)
        times = Times(rounds, {name: [] for name in runs})
        for run in runs.values():
            run()  # warms up caches
        for _ in range(rounds):
            for name, run in runs.items():
                times.seconds[name].append(run())
    return times


def section() -> str:
    """The table of tab completion, as Markdown."""
    noise, times = Noise(), rows()
    shown = [("what", "ms, median (middle half)", f"x {BARE}", f"x {GH}")]
    for name in times.seconds:
        beside = f"{times.ratio(name, GH):.2f} x" if GH in times.seconds else ""
        shown.append((name, times.ms(name, digits=2), f"{times.ratio(name, BARE):.2f} x", beside))
    limits = [("TAB in bash, from the script", 0.3, GH), (PROFILE, 7.0, BARE), (SKU, 7.0, BARE)]
    targets = [("target", "by medians", "")]
    for name, limit, other in limits:
        title = f"{name}: at most {limit:g} x {other}"
        if name in times.seconds and other in times.seconds:
            targets.append((title, f"{times.ratio(name, other):.2f} x", verdict(times.ratio(name, other), limit)))
        else:
            targets.append((title, "not installed", ""))
    return (
        f"{noise.sentence(times)}\n\nFrom the script: one of {TABS} TABs in one shell, without starting a process. The "
        f"others are whole processes.\n\n{table(*shown)}\n{table(*targets)}"
    )


if __name__ == "__main__":
    print(section())
