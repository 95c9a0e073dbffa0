"""Measures TAB: answered from the shell script, by synq itself, and by gh where that is installed."""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from synq_cli.app import root_command
from synq_cli.completion.scripts import script

ROUNDS = 15
TABS = 200
SYNQ = str(Path(sys.executable).parent / "synq")
# Each shell answers the same line many times and says how long that took, in seconds.
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
    """The environment of somebody with two profiles, who has looked at the sandbox's SKUs."""
    with tempfile.TemporaryDirectory() as folder:
        environ = {"PATH": os.environ["PATH"], "HOME": folder, "SYNQ_CONFIG_DIR": folder, "SYNQ_STATE_DIR": folder}
        for line in (
            ["--sandbox", "products", "variants", "list", "--all"],
            ["config", "set", "base_url", "https://api.acme.test", "--profile", "acme"],
            ["config", "set", "base_url", "https://api.example.test", "--profile", "example"],
        ):
            subprocess.run([SYNQ, *line], env=environ, capture_output=True, check=True)
        yield environ


def process(*words: str, environ: dict[str, str]) -> Callable[[], float]:
    """The milliseconds of a whole process."""

    def run() -> float:
        started = time.perf_counter()
        subprocess.run(words, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        return (time.perf_counter() - started) * 1000

    return run


def in_shell(shell: str, lines: str, environ: dict[str, str]) -> Callable[[], float]:
    """The milliseconds of one TAB of many in one shell process."""
    program = script(shell, root_command()) + lines.replace("TABS", str(TABS))

    def run() -> float:
        told = subprocess.run([shell, "-c", program], env=environ, capture_output=True, text=True, check=True)
        return float(told.stdout.split()[0]) * 1000 / TABS

    return run


def rows(rounds: int = ROUNDS) -> list[tuple[str, list[float]]]:
    """Names and milliseconds of interleaved runs; what is not installed is left out."""
    with machine() as environ:
        sandbox = environ | {"SYNQ_PROFILE": "sandbox"}
        runs = {
            "python -c pass": process(sys.executable, "-c", "pass", environ=environ),
            "TAB after a profile": process(SYNQ, "__complete", "profile", "", "--", "synq", environ=environ),
            "TAB after a SKU": process(SYNQ, "__complete", "sku", "HMC", "--", "synq", environ=sandbox),
        }
        for shell, lines in (("bash", BASH), ("fish", FISH)):
            if shutil.which(shell):
                runs[f"TAB in {shell}, from the script"] = in_shell(shell, lines, environ)
        if gh := shutil.which("gh"):
            runs["gh __complete"] = process(gh, "__complete", "pr", "list", "--sta", environ=environ)
        times: dict[str, list[float]] = {name: [] for name in runs}
        for run in runs.values():
            run()  # warms the caches
        for _ in range(rounds):
            for name, run in runs.items():
                times[name].append(run())
    return list(times.items())


def main() -> None:
    measured = rows()
    bare = statistics.median(dict(measured)["python -c pass"])
    print(f"{ROUNDS} interleaved runs; medians with the middle half, in ms, and the ratio to a bare Python")
    for name, times in measured:
        low, middle, high = statistics.quantiles(times, n=4)
        print(f"{name:32} {middle:7.2f}  ({low:.2f} to {high:.2f})  {middle / bare:5.2f} x")


if __name__ == "__main__":
    main()
