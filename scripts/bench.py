"""Measures start-up side by side, in interleaved rounds, and the pace of bulk runs, simulated and real."""

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

from pacing import SERVERS, quick_folder, simulate

from synq_cli.bulk.verb import WORKERS

ROUNDS = 15
BIN = Path(sys.executable).parent
SYNQ = str(BIN / "synq")
LATENCIES = (0.2, 0.5, 1.5)
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
    found = {
        "python -c pass": command(sys.executable, "-c", "pass", environ=environ),
        "synq --version": command(SYNQ, "--version", environ=environ),
        "synq --help": command(SYNQ, "--help", environ=environ),
        "synq orders list --help": command(SYNQ, "orders", "list", "--help", environ=environ),
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


def measure_pacing() -> None:
    """Print how long a run of 1,000 rows takes on a simulated clock, and how often it was refused."""
    print("\n1,000 rows on a simulated clock: seconds, 429s. A reserve of 10 of 100 places stays free, which makes the")
    print("floor 660 s on an exact log; with all 100 places it would be 540 s.")
    print(f"{'server':32}" + "".join(f"{latency:>10} s" for latency in LATENCIES) + f"{'one worker, 0.5 s':>22}")
    for name, server in SERVERS.items():
        cells = []
        for latency, workers in [*((latency, WORKERS) for latency in LATENCIES), (0.5, 1)]:
            with quick_folder() as folder:
                run = simulate(server(), latency=latency, workers=workers, folder=folder)
            assert (run.rows, run.doubled, run.left) == (1000, 0, 0)
            cells.append(f"{run.seconds:.0f}, {run.refused}")
        print(f"{name:32}" + "".join(f"{cell:>12}" for cell in cells[:-1]) + f"{cells[-1]:>22}", flush=True)


def measure_real_run() -> None:
    """Print how long a run of 150 rows takes against the served sandbox, in real time."""
    with served() as (environ, folder):
        skus = subprocess.run(
            [SYNQ, "products", "variants", "list", "--all", "--fields", "sku", "-o", "csv", "-q"],
            env=environ, capture_output=True, text=True, check=True,
        ).stdout.split()[1:]  # fmt: skip
        places = ("Leith warehouse", "High Street shop", "Tromsø lager")
        rows = [f"{sku},1,{place}\n" for place in places for sku in skus][:150]
        file = Path(folder) / "counts.csv"
        file.write_text("sku,delta,location\n" + "".join(rows), encoding="utf-8")
        line = [SYNQ, "inventory", "adjust", "--file", str(file), "--yes", "--json", "--debug"]
        started = time.monotonic()
        done = subprocess.run(line, env=environ, capture_output=True, text=True, check=True)
        seconds, refused = time.monotonic() - started, done.stderr.count("/adjust 429 ")
        print(f"\n150 rows against the served sandbox, in real time: {seconds:.1f} s (floor 60 s), {refused} refused")


@contextmanager
def served() -> Iterator[tuple[dict[str, str], str]]:
    """The environment that leads to a sandbox served for this, and its folder."""
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
                yield environ | {"SYNQ_BASE_URL": url, "SYNQ_TOKEN": token.stdout.strip()}, folder
            finally:
                server.terminate()


def main() -> None:
    with served() as (real, _):
        environ = {name: value for name, value in real.items() if name not in {"SYNQ_BASE_URL", "SYNQ_TOKEN"}}
        times = measure(contenders(real["SYNQ_BASE_URL"], real["SYNQ_TOKEN"], environ))
    bare = statistics.median(times["python -c pass"])
    print(f"{ROUNDS} interleaved runs; medians with the middle half, in ms, and the ratio to a bare Python")
    for name, runs in times.items():
        low, middle, high = statistics.quantiles(runs, n=4)
        print(f"{name:40} {middle:7.1f}  ({low:.1f} to {high:.1f})  {middle / bare:5.1f} x")
    measure_pacing()
    measure_real_run()


if __name__ == "__main__":
    main()
