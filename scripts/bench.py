"""Measures start-up side by side: rounds of interleaved runs, medians with their spread, as ratios to a bare Python."""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROUNDS = 15
BIN = Path(sys.executable).parent
SYNQ = str(BIN / "synq")
URL_PATH = "/api/v1/oms/orders?limit=100"

Run = Callable[[], None]


def command(*words: str, environ: dict[str, str]) -> Run:
    """A run of one process with its output thrown away; a failure ends the benchmark."""

    def run() -> None:
        subprocess.run(words, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)

    return run


def contenders(url: str, token: str, environ: dict[str, str]) -> dict[str, Run]:
    """Everything to measure by name; peers that are not on PATH are left out."""
    real = environ | {"SYNQ_BASE_URL": url, "SYNQ_TOKEN": token}
    tab = environ | {"_SYNQ_COMPLETE": "complete_bash", "COMP_WORDS": "synq orders list --sta", "COMP_CWORD": "3"}
    found = {
        "python -c pass": command(sys.executable, "-c", "pass", environ=environ),
        "synq --version": command(SYNQ, "--version", environ=environ),
        "synq --help": command(SYNQ, "--help", environ=environ),
        "synq orders list --help": command(SYNQ, "orders", "list", "--help", environ=environ),
        "synq, one TAB": command(SYNQ, environ=tab),
        "synq orders list --json, loopback": command(SYNQ, "orders", "list", "--limit", "100", "--json", environ=real),
        "synq orders list -o table, loopback": command(
            SYNQ, "orders", "list", "--limit", "100", "-o", "table", environ=real
        ),
        "synq --sandbox orders list --json": command(SYNQ, "--sandbox", "orders", "list", "--json", environ=environ),
    }
    header = f"Authorization: Bearer {token}"
    peers = {
        "curl": ("-sf", "-H", header, url + URL_PATH),
        "http": ("--check-status", "--ignore-stdin", "GET", url + URL_PATH, f"Authorization:Bearer {token}"),
        "gh": ("--version",),
        "aws": ("--version",),
    }
    for name, words in peers.items():
        if path := shutil.which(name):
            found[f"{name} {words[0] if len(words) == 1 else 'GET, loopback'}"] = command(path, *words, environ=environ)
    return found


def measure(runs: dict[str, Run]) -> dict[str, list[float]]:
    """Milliseconds of each run; one round runs each once, so that the machine's moods meet all alike."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    for name, run in list(runs.items()):
        try:
            run()  # warms the caches, and finds out who does not run here
        except (OSError, subprocess.CalledProcessError):
            print(f"left out: {name} does not run here", file=sys.stderr)
            del times[name], runs[name]
    for _ in range(ROUNDS):
        for name, run in runs.items():
            started = time.perf_counter()
            run()
            times[name].append((time.perf_counter() - started) * 1000)
        # The limit is 100 a minute; each round sends a handful of requests to the sandbox.
    return times


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        environ = {
            "PATH": os.environ["PATH"],
            "HOME": folder,
            "SYNQ_CONFIG_DIR": folder,
            "SYNQ_STATE_DIR": folder,
            "SYNQ_MAX_WAIT": "0",
        }
        token = subprocess.run([SYNQ, "sandbox", "token"], env=environ, capture_output=True, text=True, check=True)
        serving = [SYNQ, "sandbox", "serve", "--port", "0"]
        with subprocess.Popen(serving, env=environ, stderr=subprocess.PIPE, text=True) as server:
            assert server.stderr is not None
            url = server.stderr.readline().split(" on ")[1].split(";")[0]
            try:
                times = measure(contenders(url, token.stdout.strip(), environ))
            finally:
                server.terminate()
    bare = statistics.median(times["python -c pass"])
    print(f"{ROUNDS} interleaved runs; medians with the middle half, in ms, and the ratio to a bare Python")
    for name, runs in times.items():
        low, middle, high = statistics.quantiles(runs, n=4)
        print(f"{name:40} {middle:7.1f}  ({low:.1f} to {high:.1f})  {middle / bare:5.1f} x")


if __name__ == "__main__":
    main()
