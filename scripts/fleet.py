"""Simulates a person who looks things up during bulk runs, all behind one address that the API limits.

python scripts/fleet.py [--minutes N] [--seeds N] [--runs N]

Each machine has its own state folder, so it knows of the others from response headers only. The clients run synq's own
code: the workers of a bulk run, the transport of a command, the rate limit. The server runs the sandbox's rate limit.
Prints a Markdown table: how long the person waited in addition to the response time, and how many rows the runs posted.
"""

import argparse
import random
from collections import deque
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread

from bench_rounds import say, table
from pacing import START, WINDOW, Machine, Network, SimulatedClock, quick_folder

from synq_cli.bulk.runner import Runner
from synq_cli.bulk.verbs.verb import WORKERS
from synq_cli.errors import InterruptError, RateLimitedError
from synq_cli.sandbox.server.rate_limit import REQUESTS, RateLimit

ALGORITHMS = {"exact log": "log", "sliding counter": "counter", "exact log, refusals counted": "log-strict"}
# A person looks something up every 5 to 15 seconds.
PAUSES = (5.0, 15.0)
LATENCY = 0.3
# Runs start within this many seconds. Before its first row it looks up ids and stock, as a command does.
LATEST_START = 40.0
LOOKUPS = 3

# The same simulation before bulk runs made room for other clients and for commands that wait.
BEFORE = """\
Before bulk runs made room for other clients, with an exact log: 95 % of the waits up to 7.1 s, the longest 61.8 s,
90.2 rows a minute; with a sliding counter: the longest 38.0 s, 66.1 rows a minute.
"""


class SandboxLimit:
    """The rate limit of the sandbox."""

    limit = REQUESTS

    def __init__(self, count_as: str) -> None:
        self._rules = RateLimit(count_as)
        self._log: deque[float] = deque()

    def take(self, at: float) -> tuple[bool, int, int]:
        """Whether a request is allowed, how many remain, and the seconds to wait if it is not."""
        while self._log and self._log[0] <= at - 2 * WINDOW:
            self._log.popleft()
        free, wait = self._rules.remaining(list(self._log), at, WINDOW)
        if free or self._rules.count_as == "log-strict":
            self._log.append(at)
        return free > 0, max(0, free - 1), max(1, -int(-wait // 1))


@dataclass
class Person:
    """Looks things up on a machine until the time is up, then stops the runs; collects waits in seconds."""

    machine: Machine
    pauses: random.Random
    until: float
    waits: list[float] = field(default_factory=list)
    failed: int = 0

    def work(self, runners: Sequence[Runner]) -> None:
        clock = self.machine.clock
        clock.sleep(self.pauses.uniform(*PAUSES))
        while (asked := clock.now()) < self.until:
            try:
                self.machine.look_up()
            except RateLimitedError:
                self.failed += 1
            self.waits.append(clock.now() - asked - LATENCY)
            clock.sleep(self.pauses.uniform(*PAUSES))
        for runner in runners:
            runner.stop_reason = InterruptError("The time is up.")
        clock.leave()


@dataclass(frozen=True)
class Shared:
    """What happened: waits of the person in seconds, rows posted by each run, 429s of all, failed lookups.

    A lookup fails if it would wait longer than --max-wait allows.
    """

    waits: list[float]
    posted: list[int]
    refused: int
    failed: int


def share_address(count_as: str, seed: int, *, minutes: float, runs: int, folder: Path, beside: bool = False) -> Shared:
    """Let `runs` bulk runs on as many machines work for so many minutes while a person looks things up.

    The person has another machine, or works `beside` the first run on the same one.
    """
    rng = random.Random(seed)
    clock, server = SimulatedClock(), SandboxLimit(count_as)

    def machine(name: str) -> Machine:
        (folder / name).mkdir()
        return Machine(folder / name, Network(clock, server, LATENCY), random.Random(f"{seed} {name}").random)

    def prepare(machine: Machine, start: float) -> None:
        clock.sleep(start)
        for _ in range(LOOKUPS):
            machine.look_up()
        clock.leave()

    machines = [machine(f"run {number}") for number in range(runs)]
    starts = [rng.uniform(0, LATEST_START) for _ in machines]
    person = Person(machines[0] if beside else machine("person"), random.Random(seed), START + 60 * minutes)
    clock.join(runs * (WORKERS + 1) + 1)
    with ExitStack() as stack:
        rows = int(minutes * REQUESTS)
        begin = [
            each.run(rows, WORKERS, first=at + 2 * LOOKUPS * LATENCY) for each, at in zip(machines, starts, strict=True)
        ]
        runners = [stack.enter_context(run)[0] for run in begin]
        threads = [Thread(target=runner.run) for runner in runners] + [Thread(target=person.work, args=(runners,))]
        threads += [Thread(target=prepare, args=each) for each in zip(machines, starts, strict=True)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    posted = [each.network.posted for each in machines]
    assert all(len(set(rows)) == len(rows) for rows in posted)
    networks = {id(each.network): each.network for each in (*machines, person.machine)}
    refused = sum(len(network.refused_at) for network in networks.values())
    return Shared(person.waits, [len(rows) for rows in posted], refused, person.failed)


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which this share of them lies."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def section(minutes: float = 10, seeds: int = 6, runs: int = 3) -> str:
    """The table as Markdown."""
    head = ("server", "the person's machine", "lookups", "wait: median", "95 %", "99 %", "longest", "failed")
    rows = [(*head, "rows a minute", "of the slowest run", "429s a minute")]
    for name, count_as in ALGORITHMS.items():
        for beside in (False, True):
            say(f"simulated: lookups during {runs} runs, {name}")
            results = []
            for seed in range(seeds):
                with quick_folder() as folder:
                    results.append(
                        share_address(count_as, seed, minutes=minutes, runs=runs, folder=folder, beside=beside)
                    )
            waits = [max(wait, 0.0) for result in results for wait in result.waits]
            in_all = seeds * minutes
            rows.append((
                name, "one of the runs'" if beside else "another", f"{len(waits)}",
                *(f"{percentile(waits, share):.1f} s" for share in (0.5, 0.95, 0.99, 1.0)),
                f"{sum(result.failed for result in results)}",
                f"{sum(sum(result.posted) for result in results) / in_all:.1f}",
                f"{sum(min(result.posted) for result in results) / in_all:.1f}",
                f"{sum(result.refused for result in results) / in_all:.2f}",
            ))  # fmt: skip
    return (
        f"{runs} bulk runs on {runs} machines, each with its own state folder, and a person who looks something up "
        f"about every\n10 s, {seeds} times {minutes:g} minutes on a simulated clock; a response takes {LATENCY} s. All "
        "share the limit of one address and know\nof each other from response headers only. Waits exclude the response "
        "time. `python scripts/fleet.py` prints the table.\n\n" + table(*rows) + f"\n{BEFORE}\n"
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seeds", type=int, default=6)
    parser.add_argument("--runs", type=int, default=3)
    print(section(**vars(parser.parse_args())))


if __name__ == "__main__":
    main()
