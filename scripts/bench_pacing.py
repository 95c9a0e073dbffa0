"""The pace of bulk runs: on a simulated clock against several kinds of servers, and once in real time."""

import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench_rounds import at_home_in, say, table
from bench_startup import SYNQ
from pacing import SERVERS, quick_folder, simulate

from synq_cli.bulk.verbs.verb import WORKERS

LATENCIES = (0.2, 0.5, 1.5)


def section() -> str:
    """The table of simulations and the result of the real run, as Markdown."""
    return f"{_simulated()}\n{_real()}"


def _simulated() -> str:
    """Seconds and refused requests of 1,000 rows on a simulated clock."""
    rows = [("server", *(f"{latency} s a reply" for latency in LATENCIES), "one worker, 0.5 s")]
    for name, server in SERVERS.items():
        say(f"simulated: {name}")
        cells = []
        for latency, workers in [*((latency, WORKERS) for latency in LATENCIES), (0.5, 1)]:
            with quick_folder() as folder:
                run = simulate(server(), latency=latency, workers=workers, folder=folder)
            assert (run.rows, run.doubled, run.left) == (1000, 0, 0)
            cells.append(f"{run.seconds:.0f} s, {run.refused}")
        rows.append((name, *cells))
    return (
        "1,000 rows on a simulated clock: seconds and refused requests (429). A reserve of 10 of 100 slots stays free, "
        "so that\n660 s is the minimum on an exact log; with all 100 slots it would be 540 s.\n\n" + table(*rows)
    )


def _real() -> str:
    """Seconds of 150 rows against the served sandbox, in real time."""
    say("150 rows in real time, a minute or so")
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
    say("")
    return f"150 rows against the served sandbox, in real time: {seconds:.1f} s (minimum 60 s), {refused} refused.\n"


@contextmanager
def served() -> Iterator[tuple[dict[str, str], str]]:
    """A served sandbox: the environment variables that lead to it, and its folder."""
    with tempfile.TemporaryDirectory() as folder:
        environ = at_home_in(Path(folder))
        token = subprocess.run([SYNQ, "sandbox", "token"], env=environ, capture_output=True, text=True, check=True)
        serving = [SYNQ, "sandbox", "serve", "--port", "0"]
        with subprocess.Popen(serving, env=environ, stderr=subprocess.PIPE, text=True) as server:
            assert server.stderr is not None
            url = server.stderr.readline().split(" on ")[1].split(". ")[0]
            try:
                yield environ | {"SYNQ_BASE_URL": url, "SYNQ_TOKEN": token.stdout.strip()}, folder
            finally:
                server.terminate()


if __name__ == "__main__":
    print(section())
