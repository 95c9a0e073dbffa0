"""Checks that memory and open handles of long-running processes stay flat, on a clock that runs faster.

python scripts/endurance.py [--minutes N] [--speed N] [WORDS]   only cases whose name has these words

`synq audit tail` and a bulk run work for an hour of that clock, over at least two renewals of the token, against a
sandbox that another process serves on the same clock. Prints Markdown tables of memory, handles and threads. Exits with
1 if one of them grows, or if an event or a row is lost. For Linux, which tells them in /proc.
"""

import argparse
import csv
import gc
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from bench_rounds import machine, say, table

from synq_cli.sandbox.seed.seed import DEFAULT_SEED
from synq_cli.sandbox.store.store import Store, create
from synq_cli.times import timestamp

_PARTS = 6  # of the time, each a row of the table
_EVERY = 0.25  # real seconds between two samples
_EVENTS = 4  # of other users, between two samples
_ROWS_A_MINUTE = 90  # of a bulk run at most: it leaves ten requests to others
_LAST_POLL = 30.0  # real seconds for the last events to be printed
# Growth from the second part to the last that is not a leak, such as modules loaded for the first renewal.
_MEMORY_MB, _HANDLES = 2.0, 2


@dataclass(frozen=True)
class Clock:
    """A clock that runs `speed` times as fast since the epoch second `start`, in every process."""

    start: float
    speed: float

    def now(self) -> float:
        return self.start + (time.time() - self.start) * self.speed

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds / self.speed)


@dataclass(frozen=True)
class Sample:
    """What a process has at a minute of the clock: resident memory in MB, open handles, threads."""

    minute: float
    memory: float
    handles: int
    threads: int


@dataclass
class Shop:
    """A served sandbox on the clock, and the environment in which synq finds it."""

    folder: Path
    clock: Clock
    environ: dict[str, str]

    @property
    def database(self) -> Path:
        return self.folder / "state" / "sandbox.sqlite3"

    @property
    def tokens(self) -> int:
        """How many tokens were issued."""
        log = self.folder / "tokens"
        return len(log.read_text(encoding="utf-8").splitlines()) if log.exists() else 0


def sample(pid: int, minute: float) -> Sample:
    """What /proc says of a process; OSError if it has ended."""
    facts = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines())
    handles = len(os.listdir(f"/proc/{pid}/fd"))  # noqa: PTH208 only their number
    return Sample(minute, int(facts["VmRSS"].split()[0]) / 1024, handles, int(facts["Threads"]))


@contextmanager
def started(
    mode: str, clock: Clock, *words: str, environ: dict[str, str], **streams: IO[str] | int
) -> Iterator["subprocess.Popen[str]"]:
    """This script in a process of its own, killed in the end: `serve`, or `synq` with a command line."""
    line = [sys.executable, __file__, f"--{mode}", str(clock.start), str(clock.speed), *words]
    with subprocess.Popen(line, env=environ, text=True, **streams) as process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def synq(shop: Shop, *line: str) -> Iterator["subprocess.Popen[str]"]:
    """synq on the shop's clock, which writes to the files `printed` and `said`."""
    with (
        (shop.folder / "printed").open("w") as out,
        (shop.folder / "said").open("w") as err,
        started("synq", shop.clock, *line, environ=shop.environ, stdout=out, stderr=err) as process,
    ):
        yield process


@contextmanager
def opened(clock: Clock, lifetime: float) -> Iterator[Shop]:
    """Serve a new tenant on the clock, whose tokens last so many seconds."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        names = {"SYNQ_CONFIG_DIR": str(folder / "config"), "SYNQ_STATE_DIR": str(folder / "state")}
        shop = Shop(folder, clock, {"PATH": os.environ["PATH"], "HOME": name, **names})
        create(shop.database, DEFAULT_SEED, clock.now())
        words = ("serve", clock, str(shop.database))
        with started(*words, environ=shop.environ, stdout=subprocess.PIPE) as server:
            assert server.stdout is not None
            helper = Path(__file__).with_name("issue_token.py")
            command = [sys.executable, helper, shop.database, folder / "tokens", lifetime, clock.start, clock.speed]
            profile = {"token_store": "file", "token_command": [str(word) for word in command]}
            config = {"profiles": {"default": {"base_url": server.stdout.readline().strip(), **profile}}}
            (folder / "config").mkdir(mode=0o700)
            (folder / "config" / "config.yaml").write_text(json.dumps(config), encoding="utf-8")
            yield shop


def watch(process: "subprocess.Popen[str]", shop: Shop, until: float, meanwhile: Callable[[], object]) -> list[Sample]:
    """Samples of a process until it ends, or until that epoch second of the clock."""
    samples, started = [], shop.clock.now()
    while process.poll() is None and (now := shop.clock.now()) < until:
        meanwhile()
        try:
            samples.append(sample(process.pid, (now - started) / 60))
        except (OSError, KeyError):  # it has just ended
            break
        say(f"minute {samples[-1].minute:.0f}: {samples[-1].memory:.1f} MB, {samples[-1].handles} handles")
        time.sleep(_EVERY)
    return samples


def tail(shop: Shop, seconds: float) -> tuple[list[Sample], list[str]]:
    """Follow the audit log while others cause events; the samples, and what is wrong with what was printed."""
    caused: list[str] = []
    printed = shop.folder / "printed"

    def cause() -> None:
        if not printed.stat().st_size:
            return  # it prints only ten of the events before its first request
        with Store(shop.database) as store, store.writing():
            tenant = store.tenant()["id"]
            for _ in range(_EVENTS):
                event = {"action": "ORDER_PLACED", "entity_type": "ORDER", "entity_id": str(uuid.uuid4())}
                row = store.add("audit", tenant_id=tenant, **event, created_at=timestamp(shop.clock.now()))
                caused.append(row["id"])

    with synq(shop, "audit", "tail", "-o", "ndjson") as process:
        samples = watch(process, shop, shop.clock.now() + seconds, cause)
        deadline = time.monotonic() + _LAST_POLL
        while caused and caused[-1] not in printed.read_text(encoding="utf-8") and time.monotonic() < deadline:
            time.sleep(_EVERY)
        process.send_signal(signal.SIGINT)
        status = process.wait(60)
    shown = [json.loads(line)["id"] for line in printed.read_text(encoding="utf-8").splitlines()]
    wrong = [] if status == 130 else [f"it ended with {status}"]
    if not caused or [one for one in shown if one in set(caused)] != caused:
        wrong.append(f"of {len(caused):,} events it printed {len(set(shown) & set(caused)):,}")
    return samples, wrong + said(shop)


def bulk(shop: Shop, seconds: float) -> tuple[list[Sample], list[str]]:
    """Adjust as many variants as the rate limit allows in this time; the samples, and what went wrong."""
    rows = int(seconds / 60 * _ROWS_A_MINUTE)
    with Store(shop.database) as store, store.writing():
        model = store.rows("SELECT * FROM variants LIMIT 1")[0]
        variants = [
            store.insert("variants", model | {"id": str(uuid.uuid4()), "sku": f"S{n}"})["id"] for n in range(rows)
        ]
        place = store.rows("SELECT id FROM locations WHERE active LIMIT 1")[0]["id"]
        mark = store.count("SELECT MAX(sequence) FROM ledger")
    file = shop.folder / "counts.csv"
    with file.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([("variant_id", "delta"), *((variant, 1) for variant in variants)])
    line = ["inventory", "adjust", "--file", str(file), "--location", place, "--yes", "--json"]
    with synq(shop, *line) as process:
        samples = watch(process, shop, shop.clock.now() + 10 * seconds, lambda: None)
        status = process.poll()
    with Store(shop.database) as store:
        posted = store.count("SELECT COUNT(*) FROM ledger WHERE sequence > ?", (mark,))
    wrong = [] if status == 0 else [f"it ended with {status}"]
    return samples, wrong + ([] if posted == rows else [f"of {rows:,} rows it posted {posted:,}"]) + said(shop)


def said(shop: Shop) -> list[str]:
    """Warnings and errors on stderr."""
    lines = (shop.folder / "said").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.startswith(("Warning", "synq:", "Traceback"))]


CASES = {"audit tail": tail, "bulk run": bulk}


def parts(samples: list[Sample]) -> list[Sample]:
    """The medians of each part of the time."""
    size = max(-(-len(samples) // _PARTS), 1)
    chunks = [samples[at : at + size] for at in range(0, len(samples), size)]
    return [
        Sample(
            chunk[-1].minute,
            statistics.median(one.memory for one in chunk),
            statistics.median_high(one.handles for one in chunk),
            statistics.median_high(one.threads for one in chunk),
        )
        for chunk in chunks
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("words", nargs="?", default="", help="only cases whose name has these words")
    parser.add_argument("--minutes", type=float, default=60.0, help="how long each takes by its clock [default: 60]")
    parser.add_argument("--speed", type=float, default=30.0, help="how fast that clock runs [default: 30]")
    options = parser.parse_args()
    if not Path("/proc/self/status").exists():
        print("Not run: this system has no /proc.")
        return
    seconds = options.minutes * 60
    print(f"{machine()}\n\n{options.minutes:g} minutes on a clock that runs {options.speed:g} times as fast\n")
    failed = False
    for name, case in CASES.items():
        if options.words not in name:
            continue
        with opened(Clock(time.time(), options.speed), seconds / 3 + 300) as shop:
            samples, wrong = case(shop, seconds)
            renewals = max(shop.tokens - 1, 0)
        say("")
        found = parts(samples) or [Sample(0, 0, 0, 0)]  # it ended at once
        second, last = found[min(1, len(found) - 1)], found[-1]
        if last.memory > second.memory + _MEMORY_MB:
            wrong.append(f"its memory grew from {second.memory:.1f} to {last.memory:.1f} MB")
        if last.handles > second.handles + _HANDLES:
            wrong.append(f"its handles grew from {second.handles} to {last.handles}")
        if renewals < 2:
            wrong.append(f"it renewed its token {renewals} times")
        rows = [(f"{one.minute:.0f}", f"{one.memory:.1f}", str(one.handles), str(one.threads)) for one in found]
        print(table((f"{name}, minute", "memory, MB", "handles", "threads"), *rows))
        print(f"{renewals} renewals, {len(samples)} samples. {'; '.join(wrong) or 'Flat.'}\n")
        failed |= bool(wrong)
    sys.exit(1 if failed else 0)


def serve_on(clock: Clock, database: str) -> None:
    from synq_cli.sandbox.server.serve import serve

    serve(Path(database), 0, lambda url: print(url, flush=True), clock.now)


def run_synq(clock: Clock, words: list[str]) -> None:
    """The installed program on this clock."""
    from synq_cli.app import app
    from synq_cli.cli.system import System

    gc.set_threshold(200_000)  # as in synq_cli.__main__
    os._exit(app(words, standalone_mode=False, obj=System(now=clock.now, sleep=clock.sleep)))


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["--serve", start, speed, database]:
            serve_on(Clock(float(start), float(speed)), database)
        case ["--synq", start, speed, *words]:
            run_synq(Clock(float(start), float(speed)), words)
        case _:
            main()
