"""A run's pacing on a simulated clock, against servers that count in different ways."""

import heapq
import itertools
import json
import tempfile
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Condition
from typing import Any

import httpx

from synq_cli.bulk.runner import Runner
from synq_cli.bulk.runs.journal import Row
from synq_cli.bulk.runs.runs import Runs
from synq_cli.bulk.verbs.adjust_stock import AdjustStock
from synq_cli.bulk.verbs.verb import WORKERS
from synq_cli.http.client import HttpClient
from synq_cli.http.rate_limit import Budget
from synq_cli.http.single_attempt import Lane
from synq_cli.session import settings
from synq_cli.session.profiles import Config
from synq_cli.session.session import Session
from synq_cli.session.tokens.stores import TokenStore
from synq_cli.state.id_cache import LocalIndex
from synq_cli.state.memory import Memory

START = 1_795_521_600.0
WINDOW = 60.0


class SimulatedClock:
    """Time that passes only while every thread that uses it sleeps.

    One thread runs at a time, the one that is due first, so a simulation repeats exactly.
    """

    def __init__(self) -> None:
        self._at = START
        self._turn = Condition()
        self._order = itertools.count()
        self._sleeping: list[tuple[float, int]] = []
        self._awake = 0

    def now(self) -> float:
        return self._at

    def join(self, members: int) -> None:
        """So many threads are going to use it; none wakes before all have gone to sleep."""
        self._awake = members

    def leave(self) -> None:
        """This thread has ended."""
        with self._turn:
            self._awake -= 1
            self._wake()

    def sleep(self, seconds: float) -> None:
        with self._turn:
            mine = (self._at + max(seconds, 0.0), next(self._order))
            heapq.heappush(self._sleeping, mine)
            self._awake -= 1
            self._wake()
            while mine in self._sleeping or self._at < mine[0]:
                self._turn.wait()

    def _wake(self) -> None:
        if self._awake == 0 and self._sleeping:
            self._at, _ = heapq.heappop(self._sleeping)
            self._awake = 1
            self._turn.notify_all()


class ExactLog:
    """100 requests in any 60 s, each remembered, as the contract has it; refusals may cost a place too."""

    def __init__(self, *, limit: int = 100, counts_refused: bool = False, strangers: float = 0.0) -> None:
        self.limit = limit
        self._counts_refused = counts_refused
        self._log: deque[float] = deque()
        self._every = WINDOW / strangers if strangers else 0.0
        self._next_stranger = START

    def take(self, at: float) -> tuple[bool, int, int]:
        """Whether a request is let in, what remains, and how long to wait if not."""
        while self._every and self._next_stranger <= at:
            self._admit(self._next_stranger)
            self._next_stranger += self._every
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
    """Counts by the minute, and takes of the last minute the part that lies within 60 s: a proxy's estimate."""

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
    """Counts by the minute and forgets all at its end."""

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
    "exact log, 30 strangers/min": lambda: ExactLog(strangers=30),
}


@dataclass
class Network(httpx.BaseTransport):
    """A server behind a line on which each way takes half of the latency, give or take `jitter` of it."""

    clock: SimulatedClock
    server: Any
    latency: float
    jitter: float = 0.3
    posted: list[str] = field(default_factory=list)
    refused_at: list[float] = field(default_factory=list)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.clock.sleep(self._way())
        allowed, remaining, wait = self.server.take(self.clock.now())
        headers = {"X-RateLimit-Limit": str(self.server.limit), "X-RateLimit-Remaining": str(remaining)}
        if allowed:
            self.posted.append(json.loads(request.read())["variant_id"])
            body: dict[str, object] = {"id": f"entry-{len(self.posted)}"}
        else:
            self.refused_at.append(self.clock.now())
            headers["Retry-After"], body = str(wait), {"error": "Rate limit exceeded"}
        self.clock.sleep(self._way())
        return httpx.Response(200 if allowed else 429, json=body, headers=headers)

    def _way(self) -> float:
        # Spread evenly and the same in each simulation: no two neighbours take the same time.
        drawn = (len(self.posted) * 0.618 + len(self.refused_at) * 0.381) % 1
        return self.latency / 2 * (1 + self.jitter * (2 * drawn - 1))


class _SimulatedLane(Lane):
    clock: SimulatedClock

    def close(self) -> None:
        super().close()
        self.clock.leave()


class _Silent:
    """Nobody watches."""

    def update(self) -> None: ...
    def stopping(self, in_flight: int) -> None: ...
    def waiting(self, seconds: float, reason: str) -> None: ...
    def sent(self, trace: object) -> None: ...


@dataclass(frozen=True)
class Measured:
    """How one simulated run went; `rows` were carried out once each, `seconds` on the simulated clock."""

    seconds: float
    refused: int
    rows: int
    doubled: int
    left: int


@contextmanager
def quick_folder() -> Iterator[Path]:
    """A folder in memory where the system has one: what is measured is the pacing, not the disk."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        yield Path(folder)


def simulate(server: Any, *, rows: int = 1000, latency: float = 0.2, workers: int = WORKERS, folder: Path) -> Measured:
    """One run of so many rows against a server."""
    clock = SimulatedClock()
    network = Network(clock, server, latency)
    client = HttpClient(30, {}, network)
    config = Config(folder / "config.yaml")
    options = {"base_url": "https://api.test", "timeout": "30"}
    memory = Memory(lambda: folder)
    session = Session(
        settings.resolve(options, {}, config), {"SYNQ_TOKEN": "t"}, TokenStore(folder, None, memory=memory), config,
        sandbox_token=lambda: "t", memory=memory, now=clock.now, lock_folder=lambda: folder, tell=print,
        post_form=client.post_form,
    )  # fmt: skip
    _ = session.credentials
    index = LocalIndex(folder / "index.sqlite3", lambda: session.scope, clock.now, print)

    def open_lane(sleep: Callable[[float], None]) -> Lane:
        budget = Budget(
            folder / "budget.sqlite3", "api.test", spender="run", profile="p", now=clock.now, sleep=sleep,
            jitter=lambda: 0.5,
        )  # fmt: skip
        lane = _SimulatedLane(
            session, budget, index, _Silent(), http=client, now=clock.now, sleep=sleep, jitter=lambda: 0.5
        )
        lane.clock = clock
        clock.sleep(0)
        return lane

    content = {"sku": "S", "delta": 1, "location": "L", "location_id": "l"}
    wanted = [Row(line, content | {"variant_id": f"v{line}"}) for line in range(2, rows + 2)]
    with Runs(folder).create(
        wanted, START, verb="inventory adjust", file="counts.csv", scope=session.scope, profile="p"
    ) as journal:
        clock.join(min(workers, rows))
        Runner(
            AdjustStock(Any),
            journal,
            open_lane,
            _Silent(),
            now=clock.now,
            sleep=clock.sleep,
            gap=WINDOW / 90,
            workers=workers,
        ).run()
        counts = journal.counts()
    return Measured(
        clock.now() - START, len(network.refused_at), len(set(network.posted)),
        len(network.posted) - len(set(network.posted)), rows - counts["done"],
    )  # fmt: skip
