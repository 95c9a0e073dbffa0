"""Checks that machines behind one address, which share a team store, lose nothing, double nothing and let people in.

python scripts/team_crowd.py [--minutes N] [--seed N] [--kill-every S] [--cut-every S] [--restart-every S]

Eight machines, each with its own folders, a clock of its own that is up to five minutes off, and its own path to a real
PostgreSQL server, work on one sandbox, served on loopback: four start shared runs and resume what others left, two join
runs, and two people look up stock every few seconds. Processes are killed, paths to the store are cut, and the store is
restarted. Then every run is resumed to its end. Prints Markdown tables of what was counted. Exits with 1 if a row was
lost or doubled, if people waited too long, or if the API refused too many requests.
"""

import argparse
import json
import random
import re
import shlex
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock, Thread

from bench_rounds import machine, say, table

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "journeys"))

from postgresql import Postgresql, Proxy, server
from served import LEITH, SYNQ, own_environ, served

from synq_cli.sandbox.server.faults import add

_SKEWS = (-300, -120, -30, 0, 0, 45, 180, 300)  # seconds
_SKUS = 12
_ROWS = 60  # in a file
_PAUSE = 6.0  # between two lookups of a person, on average
_HANG = 300.0
_LONGEST_WAIT = 2.0  # of a person at the 95th percentile, in seconds
_MOST_REFUSED = 0.005
_FAULTS = {"slow": 0.1, "lost": 0.02, "lost-before": 0.02}
_SENT = re.compile(r"^[A-Z]+ http\S+ (\d{3}) \d+ ms", re.MULTILINE)
_BAD = re.compile(r"Traceback|bug in synq|damaged", re.IGNORECASE)
# How long a command has waited for the rate limit, as it says from one second on.
_WAITING = re.compile(r"Waiting (\d+) s")
_RUN = re.compile(r"\brun (\d{6}-\d{6}-\w+)", re.IGNORECASE)
# Done; the outcome of rows is unknown; refused, since another machine has the run; the store or the API is unreachable;
# some rows failed; interrupted.
_EXPECTED = {0, 6, 7, 9, 10, 11, 130}
# Moves the clock of a Python process by so many seconds.
_SKEWED = """\
import os, time
_now, _skew = time.time, float(os.environ["FLEET_SKEW"])
time.time = lambda: _now() + _skew
"""


@dataclass
class Machine:
    """One machine: its environment, its path to the store, and the process that works on it now."""

    number: int
    environ: dict[str, str]
    path: Proxy
    folder: Path
    live: "subprocess.Popen[str] | None" = None


@dataclass
class Fleet:
    """The machines, and what their processes reported."""

    machines: list[Machine]
    skus: dict[str, str]
    store: Postgresql
    over: Event = field(default_factory=Event)
    lock: Lock = field(default_factory=Lock)
    ends: dict[str, Counter[int | None]] = field(default_factory=dict)
    replies: Counter[str] = field(default_factory=Counter)
    happened: Counter[str] = field(default_factory=Counter)
    began: float = field(default_factory=time.monotonic)
    waits: list[int] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    late: list[str] = field(default_factory=list)
    runs: set[str] = field(default_factory=set)
    violations: list[str] = field(default_factory=list)

    def run(self, one: Machine, kind: str, *line: str) -> tuple[int | None, str, str]:
        """Run synq to its end; an end that is not expected is a violation. The status is None if it was killed."""
        process = subprocess.Popen(
            [SYNQ, *line], env=one.environ, text=True, cwd=one.folder,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        one.live = process
        try:
            out, err = process.communicate(timeout=_HANG)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGABRT)
            out, err = process.communicate()
        one.live = None
        status = None if process.returncode == -signal.SIGKILL else process.returncode
        with self.lock:
            self.replies.update(_SENT.findall(err))
            self.ends.setdefault(kind, Counter())[status] += 1
            self.runs |= set(_RUN.findall(err))
        if status not in {None, *_EXPECTED} or _BAD.search(err):
            said = " ".join(line for line in err.splitlines() if not _SENT.match(line))
            self.blame(f"{kind} on {one.number} ended with {status}: synq {shlex.join(line)}: {said[-600:]}")
        return status, out, err

    def blame(self, sentence: str) -> None:
        """Note a violation."""
        with self.lock:
            self.violations.append(sentence)

    # What the machines do.

    def post(self, rng: random.Random, one: Machine) -> None:
        """Start a run of a new file, or resume one that was left."""
        if rng.random() < 0.4 and (left := self.left(one)):
            self.run(one, "resume", "runs", "resume", rng.choice(left), "--team", "--json")
            return
        # Small changes, so that several runs make the same one.
        rows = [f"{rng.choice(list(self.skus))},{rng.choice((-2, -1, 1, 2))}" for _ in range(_ROWS)]
        file = one.folder / f"{rng.getrandbits(40):x}.csv"
        file.write_text("\n".join(["sku,delta", *dict.fromkeys(rows), ""]), encoding="utf-8")
        self.run(one, "adjust --file", "inventory", "adjust", "--file", str(file), "--location", LEITH,
                 "--yes", "--again", "--json")  # fmt: skip

    def join(self, rng: random.Random, one: Machine) -> None:
        """Join a run that another machine works on."""
        if running := self.listed(one, {"running"}):
            self.run(one, "join", "runs", "join", rng.choice(running), "--json")
        else:
            self.over.wait(1.0)

    def look(self, rng: random.Random, one: Machine) -> None:
        """Look up the stock of a SKU, as a person would."""
        started = time.monotonic()
        status, _, err = self.run(one, "lookup", "inventory", "levels", rng.choice(list(self.skus)), "--json")
        took = time.monotonic() - started
        waited = sum(map(int, _WAITING.findall(err)))
        if status == 0:
            with self.lock:
                self.waits.append(waited)
                self.times.append(took)
        if waited:
            self.late.append(f"After {started - self.began:.0f} s a lookup took {took:.1f} s: {' '.join(err.split())}")
        self.over.wait(rng.expovariate(1 / _PAUSE))

    def listed(self, one: Machine, states: set[str]) -> list[str]:
        """The shared runs in these states."""
        status, out, _ = self.run(one, "list", "runs", "list", "--team", "--json")
        return [row["id"] for row in json.loads(out) if row["state"] in states] if status == 0 else []

    def left(self, one: Machine) -> list[str]:
        """The shared runs that nobody works on and that have rows left."""
        return self.listed(one, {"stopped", "unclear"})

    # What happens to them.

    def kill(self, rng: random.Random) -> None:
        workers = [one for one in self.machines[:6] if one.live]
        if workers and (process := rng.choice(workers).live):
            process.kill()
            self.happened["kill -9"] += 1

    def cut(self, rng: random.Random) -> None:
        """Lose what is sent between a machine and the store for a while, or reset its connections."""
        path = rng.choice(self.machines[:6]).path
        if rng.random() < 0.5:
            self.happened["connections to the store reset"] += 1
        else:
            self.happened["paths to the store silent"] += 1
            path.silent = True
            self.over.wait(rng.choice((1.0, 5.0, 20.0)))
            path.heal()
        path.cut()

    def restart(self, _rng: random.Random) -> None:
        self.happened["restarts of the store"] += 1
        self.store.restart()

    def each(self, pause: float, what: Callable[[random.Random], None], seed: int) -> None:
        rng = random.Random(seed)
        while not self.over.wait(pause * rng.uniform(0.5, 1.5)):
            what(rng)

    def work(self, one: Machine, act: Callable[[random.Random, Machine], None], seed: int) -> None:
        rng = random.Random(f"{seed} {one.number}")
        try:
            while not self.over.is_set():
                act(rng, one)
        except Exception as error:
            self.blame(f"Machine {one.number} stopped: {error!r}")
            raise

    def gather(self, options: argparse.Namespace) -> None:
        """Let them work, and wait for all to end."""
        acts = (*[self.post] * 4, *[self.join] * 2, *[self.look] * 2)
        threads = [
            Thread(target=self.work, args=(one, act, options.seed))
            for one, act in zip(self.machines, acts, strict=True)
        ]
        harms = (
            (options.kill_every, self.kill),
            (options.cut_every, self.cut),
            (options.restart_every, self.restart),
        )
        threads += [Thread(target=self.each, args=(pause, harm, options.seed)) for pause, harm in harms]
        for thread in threads:
            thread.start()
        deadline = time.monotonic() + options.minutes * 60
        while (left := deadline - time.monotonic()) > 0:
            say(f"{left:.0f} s to go, {len(self.waits)} lookups, {len(self.violations)} violations")
            time.sleep(min(left, 5.0))
        self.over.set()
        for one in self.machines:
            if one.live:
                one.live.send_signal(signal.SIGINT)
        for thread in threads:
            thread.join()

    def finish(self) -> None:
        """Resume every run until nothing of it is pending; leases of killed processes end meanwhile."""
        one, until = self.machines[3], time.monotonic() + 1800
        while time.monotonic() < until:
            left = self.listed(one, {"stopped", "running"})
            if not left:
                break
            say(f"{len(left)} runs to resume")
            for run in left:
                self.run(one, "resume", "runs", "resume", run, "--team", "--json")
            time.sleep(2)
        for run in self.listed(one, {"unclear"}):
            self.run(one, "resume", "runs", "resume", run, "--team", "--json")

    def check_ledger(self, database: Path, mark: int) -> list[tuple[str, ...]]:
        """Compare the ledger, beyond this entry, with the journals in the store; gives rows of the table."""
        with closing(sqlite3.connect(database)) as tenant:
            rows = tenant.execute(
                "SELECT ledger.id, sku, quantity_delta FROM ledger JOIN live_variants ON live_variants.id = variant_id "
                "WHERE sequence > ?", (mark,),
            )  # fmt: skip
            ledger = {name: (sku, delta) for name, sku, delta in rows}
        states, reported, unclear = Counter[str](), dict[str, tuple[str, int]](), Counter[tuple[str, int]]()
        for run in self.listed(self.machines[3], {"finished", "unclear", "stopped", "running"}):
            _, out, _ = self.run(self.machines[3], "show", "runs", "show", run, "--team", "--rows", "all", "--json")
            for row in json.loads(out):
                states[row["status"]] += 1
                if row["status"] == "done":
                    if row["receipt"] in reported:
                        self.blame(f"Two rows name the ledger entry {row['receipt']}.")
                    reported[row["receipt"]] = row["sku"], row["delta"]
                elif row["status"] == "unknown":
                    unclear[row["sku"], row["delta"]] += 1
                else:
                    self.blame(f"A row of {run} is {row['status']} after its run was resumed: {row}.")
        for name, place in reported.items():
            if ledger.get(name) != place:
                self.blame(f"Reported as done: {place}, but the ledger's entry {name} is {ledger.get(name)}.")
        extra = Counter(place for name, place in ledger.items() if name not in reported)
        for place, count in (extra - unclear).items():
            self.blame(f"{count} x {place} is in the ledger, but no run reported it.")
        return [
            ("rows done", f"{states['done']:,}"),
            ("rows of unknown outcome", f"{states['unknown']:,}"),
            ("of these in the ledger", f"{extra.total():,}"),
            ("sum of the ledger", f"{sum(delta for _, delta in ledger.values()):+,d}"),
            (
                "sum of rows done, and of unknown ones in the ledger",
                f"{sum(delta for _, delta in reported.values()) + sum(d * n for (_, d), n in extra.items()):+,d}",
            ),
        ]

    def check_waits(self) -> list[tuple[str, ...]]:
        """How long lookups waited, and took with their process; gives rows of the table."""
        waits, times = sorted(self.waits), sorted(self.times)
        if len(waits) < 2:
            self.blame("Nobody looked anything up.")
            return []
        late, slow = (statistics.quantiles(each, n=20)[-1] for each in (waits, times))
        if late > _LONGEST_WAIT:
            self.blame(f"Lookups waited {late:.1f} s for the rate limit at the 95th percentile.")
        refused, total = self.replies["429"], self.replies.total()
        if refused > _MOST_REFUSED * total:
            self.blame(f"The API refused {refused} of {total} requests.")
        return [
            ("lookups", f"{len(waits)}"),
            ("of these waiting a second or more", f"{sum(map(bool, waits))}"),
            ("seconds of waiting, 95th percentile", f"{late:.1f}"),
            ("seconds of waiting, longest", f"{waits[-1]}"),
            ("seconds of the process, median", f"{statistics.median(times):.2f}"),
            ("seconds of the process, 95th percentile", f"{slow:.2f}"),
            ("replies of the API", f"{total:,}"),
            ("of these 429", f"{refused} ({100 * refused / max(total, 1):.2f} %)"),
        ]

    def summary(self) -> str:
        """What the processes did, as a table."""
        statuses = (0, None, *sorted(_EXPECTED - {0}))
        head = ("processes", "started", *("killed" if one is None else f"exit {one}" for one in statuses))
        rows = [
            (kind, str(ends.total()), *(str(ends[one]) for one in statuses)) for kind, ends in sorted(self.ends.items())
        ]
        return table(head, *rows)


@contextmanager
def fleet(folder: Path) -> Iterator[tuple[Fleet, Path, int]]:
    """The machines, set up; and the sandbox's database with its last ledger entry."""
    skewed = folder / "skewed"
    skewed.mkdir()
    (skewed / "sitecustomize.py").write_text(_SKEWED, encoding="utf-8")
    with server() as store, served(folder) as environ, ExitStack() as paths:
        url, database = store.database(prepared=False), folder / "state" / "sandbox.sqlite3"
        machines = []
        for number, skew in enumerate(_SKEWS):
            home, path = folder / f"machine{number}", paths.enter_context(Proxy(store.port))
            (home / "config").mkdir(parents=True, mode=0o700)
            profile = {"base_url": environ["SYNQ_BASE_URL"], "team_store": "$FLEET_STORE", "timeout": 10}
            (home / "config" / "config.yaml").write_text(json.dumps({"profiles": {"default": profile}}))
            own = own_environ(home)
            own |= {
                "SYNQ_TOKEN": environ["SYNQ_TOKEN"],
                "SYNQ_DEBUG": "1",
                "FLEET_STORE": url.replace(f":{store.port}/", f":{path.port}/"),
                "FLEET_SKEW": str(skew),
                "PYTHONPATH": str(skewed),
            }
            machines.append(Machine(number, own, path, home))
        subprocess.run([SYNQ, "team", "init", "--yes"], env=machines[3].environ, check=True, timeout=60)
        for kind, rate in _FAULTS.items():
            add(database, kind, on="POST /api/v1/inventory/adjust", rate=rate, seconds=1.0 if kind == "slow" else None)
        with closing(sqlite3.connect(database)) as tenant:
            skus = dict(tenant.execute("SELECT sku, id FROM live_variants ORDER BY sku LIMIT ?", (_SKUS,)))
            mark = tenant.execute("SELECT MAX(sequence) FROM ledger").fetchone()[0]
        yield Fleet(machines, skus, store), database, mark


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=20.0, help="how long they work [default: 20]")
    parser.add_argument(
        "--kill-every", type=float, default=15.0, help="seconds between kills, on average [default: 15]"
    )
    parser.add_argument("--cut-every", type=float, default=30.0, help="seconds between cuts, on average [default: 30]")
    parser.add_argument("--restart-every", type=float, default=240.0, help="seconds between restarts [default: 240]")
    parser.add_argument("--seed", type=int, default=1, help="seed of what is done and what happens [default: 1]")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, fleet(Path(name)) as (all_machines, database, mark):
        all_machines.gather(options)
        facts = all_machines.check_waits()
        all_machines.finish()
        facts += all_machines.check_ledger(database, mark)
    say("")
    print(f"{machine()}\n\n{len(_SKEWS)} machines for {options.minutes:g} min, seed {options.seed}\n")
    print(all_machines.summary())
    print(table(("counted", ""), *[(what, str(count)) for what, count in all_machines.happened.items()], *facts))
    for sentence in all_machines.late:
        print(f"- {sentence}")
    for sentence in all_machines.violations:
        print(f"- {sentence}")
    print(f"{len(all_machines.violations)} violations.")
    sys.exit(1 if all_machines.violations else 0)


if __name__ == "__main__":
    main()
