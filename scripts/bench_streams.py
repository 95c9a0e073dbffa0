"""Long streams: all orders of a tenant, and the rows of a catalogue, in constant memory."""

import statistics
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import httpx
from bench_files import write_catalogue
from bench_rounds import Command, Noise, Ran, Times, at_home_in, run_once, sample, say, table, verdict
from bench_startup import SYNQ, token
from bench_stub import PAGE, stub

_PAGES_COST = 1.1  # highest ratio to the pages alone, without start-up
_IMPORT_COSTS = 2.5  # highest ratio to a bare loop
_MEMORY = 150  # MB that an import may take
_FLAT = 5  # MB that ten times as many orders may add
# About as fast as an API on the same continent can be.
_DELAY = 0.1


def section(*, large: bool = False) -> str:
    """The tables of streams, as Markdown; `large` takes minutes."""
    with tempfile.TemporaryDirectory() as home:
        environ = {**at_home_in(Path(home)), "SYNQ_TOKEN": token()}
        orders, rows, rounds = ((10_000, 100_000), 1_000_000, 3) if large else ((1_000, 10_000), 50_000, 15)
        noise, times = Noise(), Times(rounds)
        text = f"{_orders(environ, orders, times)}\n{_imports(Path(home), environ, rows, times)}"
        return f"{noise.sentence(times)}\n\n{text}"


def _listing(url: str, environ: Mapping[str, str], *words: str) -> Ran:
    return run_once(Command("", (SYNQ, "orders", "list", *words), {**environ, "SYNQ_BASE_URL": url}))


def read_pages(url: str, count: int) -> float:
    """The seconds it takes to read and discard the pages of a list, one after another over one connection."""
    started = time.perf_counter()
    with httpx.Client(trust_env=False) as client:
        for offset in range(0, count, PAGE - 1):
            client.get(f"{url}/api/v1/oms/orders?limit={PAGE}&offset={offset}").raise_for_status()
    return time.perf_counter() - started


def _orders(environ: Mapping[str, str], counts: tuple[int, int], times: Times) -> str:
    rounds = times.rounds
    titles = (
        "pages alone, s",
        "synq, s",
        "ratio, without start-up",
        "own work a page, ms",
        "first line, s",
        "peak, MB",
    )
    rows = [("orders, a page takes", *titles)]
    peaks, verdicts = [], []
    # Memory does not depend on the delay, so the long list comes from a server that answers at once.
    for count, delay in ((counts[0], _DELAY), (counts[0], 0.0), (counts[1], 0.0)):
        alone, whole, start = [], [], []
        with stub(count, delay) as url:
            for number in range(rounds):
                say(f"{count:,} orders, round {number + 1} of {rounds}")
                sample(times, environ)
                alone.append(read_pages(url, count))
                whole.append(_listing(url, environ, "--all", "-o", "ndjson"))
                start.append(_listing(url, environ, "--limit", "1", "-o", "ndjson"))
        pages, seconds = statistics.median(alone), statistics.median(ran.seconds for ran in whole)
        first, one = statistics.median(ran.first_line for ran in whole), statistics.median(ran.seconds for ran in start)
        # The measured start-up includes a page.
        reading = seconds - one + delay
        ratio, own = reading / pages, (reading - pages) / (count / (PAGE - 1)) * 1000
        peaks.append(max(ran.memory for ran in whole))
        takes = f"{delay * 1000:.0f} ms" if delay else "no time"
        works = (f"{ratio:.2f} x", "") if delay else ("", f"{own:.1f}")
        rows.append(
            (f"{count:,}, {takes}", f"{pages:.2f}", f"{seconds:.2f}", *works, f"{first:.2f}", f"{peaks[-1]:.0f}")
        )
        if delay:
            name = f"{count:,} orders: at most {_PAGES_COST} x the pages and a start"
            verdicts.append((name, f"{ratio:.2f} x", verdict(ratio, _PAGES_COST)))
            # The second page takes as long as the first.
            name = "first line within half a page's time of the end of a run that reads one page"
            verdicts.append((name, f"{first:.2f} s, {one:.2f} s", verdict(first, one + delay / 2)))
    more = peaks[-1] - peaks[0]
    name = f"memory flat: {counts[1]:,} orders at most {_FLAT} MB above {counts[0]:,}"
    verdicts.append((name, f"{more:.1f} MB", verdict(more, _FLAT)))
    return (
        f"`synq orders list --all -o ndjson` compared with reading and discarding its pages over one connection, "
        f"medians of {rounds} runs. The API allows 100 requests a minute, so a page takes 600 ms there. A server "
        "without delay\nshows synq's own work.\n\n"
        f"{table(*rows)}\n{table(('target', 'measured', ''), *verdicts)}"
    )


def _imports(home: Path, environ: Mapping[str, str], count: int, times: Times) -> str:
    rounds = times.rounds
    wanted = (f"at most {_IMPORT_COSTS} x", "peak, MB", f"below {_MEMORY} MB")
    rows = [("file", "bare loop, s", "synq, s", "ratio", *wanted)]
    bare = Path(__file__).with_name("bench_files.py")
    for kind in ("csv", "ndjson"):
        path = home / f"catalogue.{kind}"
        say(f"writing {path.name}")
        write_catalogue(path, count)
        loops, imports = [], []
        for number in range(rounds):
            say(f"{path.name}, round {number + 1} of {rounds}")
            sample(times, environ)
            loops.append(run_once(Command("", (sys.executable, str(bare), str(path)), environ)).seconds)
            imports.append(run_once(Command("", (SYNQ, "products", "import", str(path), "--dry-run"), environ)))
        loop, ours = statistics.median(loops), statistics.median(ran.seconds for ran in imports)
        peak = max(ran.memory for ran in imports)
        name = f"{kind.upper()}, {path.stat().st_size / 1_000_000:.0f} MB"
        kept = (verdict(ours / loop, _IMPORT_COSTS), f"{peak:.0f}", verdict(peak, _MEMORY))
        rows.append((name, f"{loop:.1f}", f"{ours:.1f}", f"{ours / loop:.2f} x", *kept))
        path.unlink()
    say("")
    return (
        f"`synq products import FILE --dry-run` of {count:,} rows compared with a bare loop that reads each row "
        f"and writes it as JSON, medians of {rounds} interleaved runs.\n\n" + table(*rows)
    )


if __name__ == "__main__":
    print(section(large="--large" in sys.argv))
