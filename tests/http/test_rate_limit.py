"""The rate limit on a simulated clock, against a server that keeps an exact log of 100 requests in 60 s."""

import sqlite3
import stat
import sys
from collections import deque
from collections.abc import Generator, Iterator
from contextlib import closing
from heapq import heapify, heappop, heappush
from itertools import count
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from synq_cli.errors import RateLimitedError
from synq_cli.http.rate_limit import Budget, SharedFile

START = 1_795_521_600.0


class Clock:
    """Time passes by sleeping."""

    def __init__(self) -> None:
        self.at = START

    def now(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += seconds


class Server:
    """Counts exactly what the API counts."""

    def __init__(self, limit: int = 100) -> None:
        self.limit = limit
        self.log: deque[float] = deque()
        self.refused = 0

    def take(self, at: float) -> int | None:
        """What remains, or None for a refusal."""
        while self.log and self.log[0] <= at - 60:
            self.log.popleft()
        if len(self.log) >= self.limit:
            self.refused += 1
            return None
        self.log.append(at)
        return self.limit - len(self.log)


def budget(folder: Path, clock: Clock, host: str = "api.test", told: list[str] | None = None) -> Budget:
    warn = ([] if told is None else told).append
    return Budget(
        SharedFile(folder / "budget.sqlite3", host, now=clock.now, warn=warn), host, command="orders list",
        profile="acme", now=clock.now, sleep=clock.sleep, jitter=lambda: 0.5,
    )  # fmt: skip


def spend(window: Budget, clock: Clock, server: Server, latency: float = 0.1, max_wait: float = 3600) -> int | None:
    ticket = window.acquire(timeout=30, max_wait=max_wait)
    remaining = server.take(clock.at + latency / 2)
    clock.at += latency
    if remaining is None:
        window.record_refusal(ticket, 1.0)
    else:
        window.record(ticket, server.limit, remaining)
    return remaining


def worker(folder: Path, clock: Clock, server: Server, times: int, latency: float) -> Generator[float, None, None]:
    """Send so many requests; each yield is how long the worker is busy or waits."""
    window = budget(folder, clock)
    while times:
        try:
            ticket = window.acquire(timeout=30, max_wait=0)
        except RateLimitedError:
            yield max(0.01, window.snapshot().frees_in)
            continue
        yield latency / 2
        remaining = server.take(clock.at)
        yield latency / 2
        if remaining is None:
            window.record_refusal(ticket, 1.0)
        else:
            window.record(ticket, server.limit, remaining)
            times -= 1
    window.close()


def other_client(clock: Clock, server: Server, times: int, every: float) -> Generator[float, None, None]:
    for _ in range(times):
        server.take(clock.at)
        yield every


def run(clock: Clock, *actors: Generator[float, None, None]) -> float:
    """Let them all act in the order of their times; returns how long it took."""
    turns = [(clock.at, number, actor) for number, actor in enumerate(actors)]
    heapify(turns)
    while turns:
        clock.at, number, actor = heappop(turns)
        try:
            heappush(turns, (clock.at + next(actor), number, actor))
        except StopIteration:
            continue
    return clock.at - START


@pytest.mark.parametrize(("workers", "latency"), [(1, 0.02), (4, 0.2), (10, 0.5)])
def test_many_requests_meet_no_refusal(tmp_path: Path, workers: int, latency: float) -> None:
    clock, server = Clock(), Server()
    took = run(clock, *(worker(tmp_path, clock, server, 300 // workers, latency) for _ in range(workers)))
    assert server.refused == 0
    assert 120 <= took < 128  # the first 100 at once, then 100 in each 60 s


def test_another_limit_is_learnt_from_the_first_reply(tmp_path: Path) -> None:
    clock, server = Clock(), Server(limit=20)
    took = run(clock, worker(tmp_path, clock, server, 100, 0.1))
    assert (server.refused, 240 <= took < 252) == (0, True)


def test_other_clients_cost_time_and_no_row(tmp_path: Path) -> None:
    clock, server = Clock(), Server()
    took = run(clock, worker(tmp_path, clock, server, 200, 0.1), other_client(clock, server, 150, 0.8))
    # Together they are 350 requests, which take at least 180 s.
    assert took < 260


def test_the_snapshot_names_who_spent_the_window(tmp_path: Path) -> None:
    clock, server = Clock(), Server()
    run(clock, other_client(clock, server, 7, 0.0), worker(tmp_path, clock, server, 3, 0.0))
    assert budget(tmp_path, clock).snapshot().as_row() == {
        "host": "api.test", "limit": 100, "remaining": 90, "exact": False,
        "frees_in": 60.0, "full_in": 60.0, "blocked_for": 0.0,
        "spenders": [{"profile": "acme", "command": "orders list", "requests": 3}], "strangers": 7,
    }  # fmt: skip


def test_short_max_wait_sends_nothing_when_the_limit_is_used_up(tmp_path: Path) -> None:
    clock, server = Clock(), Server()
    window = budget(tmp_path, clock)
    for _ in range(100):
        spend(window, clock, server, latency=0)
    with pytest.raises(RateLimitedError) as refused:
        spend(window, clock, server, max_wait=10)
    assert len(server.log) == 100
    assert "frees up in 60 s" in refused.value.message
    assert spend(window, clock, server, max_wait=61) is not None
    assert server.refused == 0


def test_who_leaves_a_reserve_leaves_it_to_others_at_all_times(tmp_path: Path) -> None:
    clock = Clock()
    run, person = budget(tmp_path, clock), budget(tmp_path, clock)
    for _ in range(90):
        run.record(run.acquire(timeout=30, max_wait=0, reserve=10))
    with pytest.raises(RateLimitedError):
        run.acquire(timeout=30, max_wait=30, reserve=10)
    for _ in range(10):
        person.record(person.acquire(timeout=30, max_wait=0))
    run.acquire(timeout=30, max_wait=60.1, reserve=10)
    assert 60 <= clock.at - START <= 61


def test_a_reserve_is_never_more_than_half_of_a_small_window(tmp_path: Path) -> None:
    clock, server = Clock(), Server(limit=10)
    window = budget(tmp_path, clock)
    spend(window, clock, server)
    taken = [window.acquire(timeout=30, max_wait=0, reserve=10) for _ in range(4)]
    with pytest.raises(RateLimitedError):
        window.acquire(timeout=30, max_wait=0, reserve=10)
    assert len(taken) == 4


def test_requests_of_other_clients_are_counted_and_expire(tmp_path: Path) -> None:
    clock, server = Clock(), Server()
    window = budget(tmp_path, clock)
    for _ in range(90):
        server.take(clock.at)
    assert [spend(window, clock, server) for _ in range(10)] == [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]
    seen = window.snapshot()
    assert (seen.remaining, seen.exact, seen.strangers, seen.spenders) == (0, True, 90, [("acme", "orders list", 10)])
    assert spend(window, clock, server) is not None
    assert server.refused == 0
    assert clock.at - START > 59


def test_a_refusal_holds_everyone_back_and_a_second_one_drains_the_window(tmp_path: Path) -> None:
    clock = Clock()
    ours, theirs = budget(tmp_path, clock), budget(tmp_path, clock)
    ours.record_refusal(ours.acquire(timeout=30, max_wait=0), 20)
    with pytest.raises(RateLimitedError):
        theirs.acquire(timeout=30, max_wait=19)
    theirs.record_refusal(theirs.acquire(timeout=30, max_wait=25), 5)
    assert 20 <= clock.at - START < 21
    assert ours.snapshot().blocked_for >= 59


def test_a_process_that_dies_gives_its_place_back(tmp_path: Path) -> None:
    clock = Clock()
    for _ in range(100):
        budget(tmp_path, clock).acquire(timeout=30, max_wait=0)
    assert budget(tmp_path, clock).snapshot().remaining == 0
    clock.at += 91
    assert budget(tmp_path, clock).snapshot().remaining == 100


def test_a_clock_that_is_set_back_holds_nobody_for_hours(tmp_path: Path) -> None:
    clock, server = Clock(), Server()
    window = budget(tmp_path, clock)
    for _ in range(100):
        spend(window, clock, server, latency=0)
    clock.at -= 7200
    assert window.snapshot().full_in < 62


@pytest.mark.parametrize("kind", ["noise", "another database", "half a file"])
def test_damaged_file_is_renamed_and_recreated(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "budget.sqlite3"
    if kind == "another database":
        with sqlite3.connect(file) as other:
            other.execute("CREATE TABLE requests (text)")
        other.close()
    else:
        budget(tmp_path, Clock()).snapshot()
        whole = file.read_bytes()
        file.write_bytes(b"noise" * 1000 if kind == "noise" else whole[: len(whole) // 2])
    damaged = file.read_bytes()
    told: list[str] = []
    assert budget(tmp_path, Clock(), told=told).snapshot().remaining == 100
    aside = tmp_path / f"budget.sqlite3.damaged-{int(START)}"
    assert aside.read_bytes() == damaged
    assert len(told) == 1
    assert aside.name in told[0]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def set_version(file: Path, version: int) -> None:
    with closing(sqlite3.connect(file)) as database:
        database.execute(f"PRAGMA user_version = {version}")


def test_file_from_before_the_schema_version_is_used_as_it_is(tmp_path: Path) -> None:
    clock, server = Clock(), Server()
    spend(budget(tmp_path, clock), clock, server)
    set_version(tmp_path / "budget.sqlite3", 0)
    assert budget(tmp_path, clock).snapshot().remaining == 99


def test_file_of_a_newer_synq_is_left_alone(tmp_path: Path) -> None:
    file, told = tmp_path / "budget.sqlite3", list[str]()
    budget(tmp_path, Clock()).snapshot()
    set_version(file, 2)
    before = file.read_bytes()
    assert budget(tmp_path, Clock(), told=told).snapshot().remaining == 100
    assert [f"{file} can't be used (it was made by another version of synq)" in sentence for sentence in told] == [True]
    assert file.read_bytes() == before


def test_without_a_file_it_counts_alone_and_says_so(tmp_path: Path) -> None:
    told: list[str] = []
    window = budget(tmp_path / "missing", Clock(), told=told)
    window.record(window.acquire(timeout=30, max_wait=0), 100, 41)
    assert (window.snapshot().remaining, len(told)) == (41, 1)
    assert list(tmp_path.iterdir()) == []


def test_an_interrupt_at_any_moment_leaves_the_file_usable(tmp_path: Path) -> None:
    told: list[str] = []
    for number in count(1):
        (folder := tmp_path / str(number)).mkdir()
        window = budget(folder, Clock(), told=told)
        window.snapshot()
        lines = count(1)

        def trace(
            frame: FrameType, event: str, _arg: object, number: int = number, lines: Iterator[int] = lines
        ) -> Any:
            within = frame.f_code.co_filename.endswith(("shared_file.py", "database.py", "contextlib.py"))
            if within and event == "line" and next(lines) == number:
                raise KeyboardInterrupt
            return trace

        sys.settrace(trace)
        try:
            window.snapshot()
        except KeyboardInterrupt:
            sys.settrace(None)
            assert (window.snapshot().remaining, told) == (100, []), number
        else:
            break
        finally:
            sys.settrace(None)
            window.close()
    assert number > 10


def test_what_the_api_said_is_believed_for_a_moment_alone(tmp_path: Path) -> None:
    clock, server = Clock(), Server()
    window = budget(tmp_path, clock)
    for _ in range(95):
        server.take(clock.at)
    assert spend(window, clock, server) == 4
    assert (window.snapshot().remaining, window.snapshot().exact) == (4, True)
    clock.at += 61
    assert (window.snapshot().remaining, window.snapshot().exact) == (100, False)


def test_of_replies_to_requests_in_flight_together_the_lowest_count_holds(tmp_path: Path) -> None:
    clock, server = Clock(), Server()
    window = budget(tmp_path, clock)
    first, second = (window.acquire(timeout=30, max_wait=0) for _ in range(2))
    counts = [server.take(clock.at) for _ in range(2)]
    clock.at += 0.1
    window.record(second, server.limit, counts[1])
    window.record(first, server.limit, counts[0])
    assert (window.snapshot().remaining, window.snapshot().exact) == (98, True)


def test_a_place_to_spare_is_neither_waited_for_nor_of_the_reserve(tmp_path: Path) -> None:
    clock = Clock()
    window = budget(tmp_path, clock)
    window.record(window.acquire(timeout=30, max_wait=0))
    spare = [window.try_acquire(timeout=30, reserve=10) for _ in range(94)]
    assert [ticket is not None for ticket in spare] == [True] * 89 + [False] * 5
    assert clock.at == START
    window.record_refusal(window.acquire(timeout=30, max_wait=0), 5)
    assert window.try_acquire(timeout=30, reserve=0) is None
    other = budget(tmp_path, clock, "other.test")
    assert other.snapshot().remaining == 100  # each host has a window of its own
    other.release(other.acquire(timeout=30, max_wait=0))
    assert other.snapshot().remaining == 100


def test_what_the_api_said_gives_way_to_what_others_have_sent_since(tmp_path: Path) -> None:
    clock, server = Clock(), Server()
    first, second = budget(tmp_path, clock), budget(tmp_path, clock)
    spend(first, clock, server, latency=0.01)
    assert (first.snapshot().remaining, first.snapshot().exact) == (99, True)
    for _ in range(60):
        spend(second, clock, server, latency=0.01)
    assert (first.snapshot().remaining, first.snapshot().exact) == (39, False)
