"""Simulates the pacing of bulk runs against servers that count requests in different ways."""

import heapq
import itertools
import json
import tempfile
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock
from typing import Any

import httpx

from synq_cli.bulk.journal import Journal, Row
from synq_cli.bulk.local.runs import LocalRuns
from synq_cli.bulk.runner import Runner
from synq_cli.bulk.verbs.adjust_stock import AdjustStock
from synq_cli.bulk.verbs.verb import WORKERS
from synq_cli.http import operations
from synq_cli.http.client import HttpClient
from synq_cli.http.rate_limit import Budget, SharedFile
from synq_cli.http.single_attempt import SingleAttemptTransport
from synq_cli.http.transport import ApiTransport
from synq_cli.session import settings
from synq_cli.session.profiles import Config
from synq_cli.session.session import Session
from synq_cli.session.tokens.stores import TokenStore
from synq_cli.state.cache import Cache
from synq_cli.state.id_cache import LocalIndex

START = 1_795_521_600.0
WINDOW = 60.0
# The threads of a simulation start one after another, so that their order is always the same.
_TICK = 1e-6


class SimulatedClock:
    """A clock that advances only while all its threads sleep.

    One thread runs at a time, the one that is due first, so that a simulation is deterministic.
    """

    def __init__(self) -> None:
        self._at = START
        self._lock = Lock()
        self._order = itertools.count()
        self._sleeping: list[tuple[float, int, Event]] = []
        self._running = 0

    def now(self) -> float:
        return self._at

    def join(self, members: int) -> None:
        """Expect this many threads; none wakes before all of them sleep."""
        self._running = members

    def leave(self) -> None:
        """Tell the clock that this thread has finished."""
        with self._lock:
            self._running -= 1
            self._wake()

    def sleep(self, seconds: float) -> None:
        due = Event()
        with self._lock:
            heapq.heappush(self._sleeping, (self._at + max(seconds, 0.0), next(self._order), due))
            self._running -= 1
            self._wake()
        if not due.wait(60):
            raise TimeoutError("A thread neither sleeps nor leaves the simulated clock.")

    def _wake(self) -> None:
        if self._running == 0 and self._sleeping:
            self._at, _, due = heapq.heappop(self._sleeping)
            self._running = 1
            due.set()


class ExactLog:
    """Allows 100 requests in any 60 s, as the contract says; optionally counts refused requests as well.

    `others` is how many requests a minute other clients send.
    """

    def __init__(self, *, limit: int = 100, counts_refused: bool = False, others: float = 0.0) -> None:
        self.limit = limit
        self._counts_refused = counts_refused
        self._log: deque[float] = deque()
        self._every = WINDOW / others if others else 0.0
        self._next_other = START

    def take(self, at: float) -> tuple[bool, int, int]:
        """Whether a request is allowed, how many remain, and the seconds to wait if it is not."""
        while self._every and self._next_other <= at:
            self._admit(self._next_other)
            self._next_other += self._every
        allowed = self._admit(at)
        wait = 0 if allowed else max(1, int(self._log[0] + WINDOW - at) + 1)
        return allowed, max(0, self.limit - len(self._log)), wait

    def _admit(self, at: float) -> bool:
        while self._log and self._log[0] <= at - WINDOW:
            self._log.popleft()
        allowed = len(self._log) < self.limit
        if allowed or self._counts_refused:
            self._log.append(at)
        if len(self._log) > self.limit:
            self._log.popleft()
        return allowed


class SlidingCounter:
    """Counts per minute, and adds a share of the previous minute's count, as many proxies do."""

    limit = 100

    def __init__(self) -> None:
        self._counts: dict[int, int] = {}

    def take(self, at: float) -> tuple[bool, int, int]:
        minute, part = divmod(at, WINDOW)
        now = int(minute)
        estimate = self._counts.get(now - 1, 0) * (1 - part / WINDOW) + self._counts.get(now, 0)
        allowed = estimate + 1 <= self.limit
        if allowed:
            self._counts[now] = self._counts.get(now, 0) + 1
        return allowed, max(0, int(self.limit - estimate - allowed)), 1


class FixedWindow:
    """Counts per minute and starts again at 0."""

    limit = 100

    def __init__(self) -> None:
        self._minute, self._count = 0, 0

    def take(self, at: float) -> tuple[bool, int, int]:
        if (minute := int(at // WINDOW)) != self._minute:
            self._minute, self._count = minute, 0
        allowed = self._count < self.limit
        self._count += allowed
        return allowed, self.limit - self._count, max(1, int((minute + 1) * WINDOW - at) + 1)


SERVERS: dict[str, Callable[[], Any]] = {
    "exact log": ExactLog,
    "exact log, refusals counted": lambda: ExactLog(counts_refused=True),
    "sliding counter": SlidingCounter,
    "fixed window": FixedWindow,
    "exact log, 30 others/min": lambda: ExactLog(others=30),
}


@dataclass
class Network(httpx.BaseTransport):
    """A network to a server: each way takes half of the latency in seconds, varied by the share `jitter`."""

    clock: SimulatedClock
    server: Any
    latency: float
    jitter: float = 0.3
    posted: list[str] = field(default_factory=list)
    read: int = 0
    refused_at: list[float] = field(default_factory=list)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.clock.sleep(self._way())
        allowed, remaining, wait = self.server.take(self.clock.now())
        headers = {"X-RateLimit-Limit": str(self.server.limit), "X-RateLimit-Remaining": str(remaining)}
        body: dict[str, object] = {}
        if not allowed:
            self.refused_at.append(self.clock.now())
            headers["Retry-After"], body = str(wait), {"error": "Rate limit exceeded"}
        elif request.method == "POST":
            self.posted.append(json.loads(request.read())["variant_id"])
            body = {"id": f"entry-{len(self.posted)}"}
        else:
            self.read += 1
        self.clock.sleep(self._way())
        return httpx.Response(200 if allowed else 429, json=body, headers=headers)

    def _way(self) -> float:
        # Spread evenly, and the same in each simulation: no two neighbors take the same time.
        share = ((len(self.posted) + self.read) * 0.618 + len(self.refused_at) * 0.381) % 1
        return self.latency / 2 * (1 + self.jitter * (2 * share - 1))


class _SimulatedTransport(SingleAttemptTransport):
    clock: SimulatedClock

    def close(self) -> None:
        super().close()
        self.clock.leave()


class _NoObserver:
    """An observer that ignores everything."""

    def update(self) -> None: ...
    def stopping(self, in_flight: int) -> None: ...
    def waiting(self, seconds: float, reason: str) -> None: ...
    def sent(self, trace: object) -> None: ...


@dataclass(frozen=True)
class Measured:
    """The result of a simulated run: simulated seconds, refused requests, and rows posted, posted twice, not posted."""

    seconds: float
    refused: int
    rows: int
    doubled: int
    left: int


@contextmanager
def quick_folder() -> Iterator[Path]:
    """A folder in memory if the system has one, so that the disk does not slow the simulation."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        yield Path(folder)


class Machine:
    """A machine with a state folder of its own and a network to the server."""

    def __init__(self, folder: Path, network: Network, jitter: Callable[[], float] = lambda: 0.5) -> None:
        self.folder, self.network, self.clock, self.jitter = folder, network, network.clock, jitter
        self.client = HttpClient(30, {}, network)
        config = Config(folder / "config.yaml")
        options = {"base_url": "https://api.test", "timeout": "30"}
        cache = Cache(lambda: folder)
        store = TokenStore(folder, None, cache=cache, lock_folder=lambda: folder, note=print)
        self.session = Session(
            settings.resolve(options, {}, config), {"SYNQ_TOKEN": "t"}, store, config,
            sandbox_token=lambda: "t", cache=cache, now=self.clock.now, lock_folder=lambda: folder, warn=print,
            post_form=self.client.post_form,
        )  # fmt: skip
        _ = self.session.credentials
        self.index = LocalIndex(folder / "index.sqlite3", lambda: self.session.scope, self.clock.now, print)

    def budget(self, command: str, sleep: Callable[[float], None]) -> Budget:
        """The machine's rate limit, as a new process opens it."""
        file = SharedFile(self.folder / "budget.sqlite3", "api.test", now=self.clock.now, warn=print)
        return Budget(
            file, "api.test", command=command, profile="p", now=self.clock.now, sleep=sleep, jitter=self.jitter
        )

    def look_up(self) -> float:
        """Send one read request, as a process for a person does; the seconds that it took."""
        started, budget = self.clock.now(), self.budget("inventory levels", self.clock.sleep)
        transport = ApiTransport(
            self.session, budget, self.index, _NoObserver(), http=self.client, now=self.clock.now,
            sleep=self.clock.sleep, jitter=self.jitter,
        )  # fmt: skip
        transport.send(operations.LIST_INVENTORY_LEVELS)
        budget.close()
        return self.clock.now() - started

    @contextmanager
    def run(self, rows: int, workers: int, *, first: float = 0.0) -> Iterator[tuple[Runner, Journal]]:
        """A bulk run of so many rows, whose workers wait `first` seconds; the clock must expect them."""
        starts = itertools.count(1)

        def open_transport(sleep: Callable[[float], None]) -> SingleAttemptTransport:
            transport = _SimulatedTransport(
                self.session, self.budget("run", sleep), self.index, _NoObserver(), http=self.client,
                now=self.clock.now, sleep=sleep, jitter=self.jitter,
            )  # fmt: skip
            transport.clock = self.clock
            self.clock.sleep(first + next(starts) * _TICK)
            return transport

        content = {"sku": "S", "delta": 1, "location": "L", "location_id": "l"}
        wanted = [Row(line, content | {"variant_id": f"v{line}"}) for line in range(2, rows + 2)]
        with LocalRuns(self.folder).create(
            wanted, START, verb="inventory adjust", file="counts.csv", scope=self.session.scope, profile="p"
        ) as journal:
            yield (
                Runner(
                    AdjustStock(Any),
                    journal,
                    open_transport,
                    _NoObserver(),
                    now=self.clock.now,
                    sleep=self.clock.sleep,
                    gap=WINDOW / 90,
                    workers=workers,
                ),
                journal,
            )


def simulate(server: Any, *, rows: int = 1000, latency: float = 0.2, workers: int = WORKERS, folder: Path) -> Measured:
    """Run this many rows against a server."""
    clock = SimulatedClock()
    network = Network(clock, server, latency)
    clock.join(min(workers, rows))
    with Machine(folder, network).run(rows, workers) as (runner, journal):
        runner.run()
        counts = journal.counts()
    return Measured(
        clock.now() - START, len(network.refused_at), len(set(network.posted)),
        len(network.posted) - len(set(network.posted)), rows - counts["done"],
    )  # fmt: skip
