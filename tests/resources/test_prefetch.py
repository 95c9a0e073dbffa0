"""Pages requested ahead by real threads: how many at once, within the rate limit, and errors in order."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from pathlib import Path
from threading import Barrier, Event, Lock, Thread

import httpx
import pytest
from desk import NOW, Clock, Desk, NewDesk

from synq_cli.errors import RejectedError
from synq_cli.http.client import in_process
from synq_cli.http.rate_limit import RESERVE, Budget, SharedFile
from synq_cli.http.transport import Prefetch
from synq_cli.resources.shared.pagination import MOST_IN_FLIGHT
from synq_cli.sandbox.server.app import create_app
from synq_cli.sandbox.server.identity import issue_token
from synq_cli.sandbox.store import store

WAIT = 30.0  # seconds before a broken test gives up


class Shop:
    """Orders in pages, answered by as many threads as ask; `limit` is what the API says of its rate limit."""

    def __init__(self, count: int, *, limit: int = 100, remaining: int | None = None) -> None:
        self.rows = [{"id": f"{n:08d}-1111-4111-8111-111111111111", "n": n} for n in range(count)]
        self.headers = {} if remaining is None else {"X-RateLimit-Remaining": str(remaining)}
        self.headers["X-RateLimit-Limit"] = str(limit)
        self.lock = Lock()
        self.asked: list[int] = []
        self.now, self.most = 0, 0
        self.before: Callable[[int], httpx.Response | None] = lambda _offset: None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        offset = int(request.url.params.get("offset", 0))
        with self.lock:
            self.asked.append(offset)
            self.now += 1
            self.most = max(self.most, self.now)
        try:
            answer = self.before(offset)
        finally:
            with self.lock:
                self.now -= 1
        page = self.rows[offset : offset + 100]
        return answer or httpx.Response(200, json={"orders": page, "limit": 100}, headers=self.headers)


def orders(made: Desk) -> Iterator[int]:
    return (row["n"] for row in made.api.orders.matching(None).first(None))


def test_four_requests_are_in_flight_and_rows_come_in_order(desk: NewDesk) -> None:
    shop, together = Shop(1300), Barrier(MOST_IN_FLIGHT)

    def before(offset: int) -> None:
        if 297 <= offset < 297 + 99 * MOST_IN_FLIGHT:
            together.wait(WAIT)  # it breaks unless four requests are here at once

    shop.before = before
    made = desk(shop)
    assert list(orders(made)) == list(range(1300))
    assert shop.most == MOST_IN_FLIGHT
    assert not together.broken


def test_what_goes_on_around_the_requests_stays_in_the_callers_thread(desk: NewDesk) -> None:
    made = desk(Shop(1000))
    here, seen = threading.get_ident(), set()

    class Index:
        def remember_ids(self, *_args: object) -> None:
            seen.add(threading.get_ident())

        remember_headers = remember_ids

        def is_missing(self, *_args: object) -> bool:
            return False

    made.api.orders._api = transport = copy(made.api.transport)
    transport.index = Index()
    assert list(orders(made)) == list(range(1000))
    assert seen == {here}


@pytest.mark.parametrize(("count", "more"), [(100 - RESERVE - 3, 2), (100 - RESERVE - 1, 0), (100 - RESERVE, 0)])
def test_nothing_is_requested_ahead_from_the_reserve_of_the_rate_limit(desk: NewDesk, count: int, more: int) -> None:
    shop = Shop(480)
    made = desk(shop)
    for _ in range(count):
        made.budget.record(made.budget.acquire(timeout=30, max_wait=0))
    assert list(orders(made)) == list(range(480))
    # One place is the first page's, so `more` requests find one beyond the reserve; the rest go one at a time.
    assert shop.asked.count(0) == 1
    assert sorted(shop.asked) == [0, 99, 198, 297, 396]
    assert shop.most <= 1 + more


def test_a_failing_page_is_requested_again_at_its_turn_and_its_error_surfaces(desk: NewDesk) -> None:
    shop = Shop(2000)
    shop.before = lambda offset: httpx.Response(400, json={"error": "invalid offset"}) if offset == 396 else None
    given: list[int] = []
    with pytest.raises(RejectedError, match="Invalid offset"):
        given.extend(orders(desk(shop)))
    assert given == list(range(397))
    assert shop.asked.count(396) == 2


def test_a_refusal_by_the_rate_limit_holds_back_what_is_requested_ahead(desk: NewDesk) -> None:
    shop, refused = Shop(2000), Event()

    def before(offset: int) -> httpx.Response | None:
        if offset == 396 and not refused.is_set():
            refused.set()
            return httpx.Response(429, headers={"Retry-After": "7"})
        return None

    def settle() -> None:
        for thread in threading.enumerate():
            if isinstance(thread, Prefetch):
                thread.join(WAIT)

    shop.before = before
    made = desk(shop)
    made.clock.settle = settle  # else simulated minutes pass while a real thread waits for its turn
    assert list(orders(made)) == list(range(2000))
    assert 7 <= made.clock.at - NOW < 9
    assert made.ear.waits


def test_when_rows_are_wanted_no_longer_nothing_more_is_requested(desk: NewDesk) -> None:
    shop, release = Shop(2000), Event()

    def before(offset: int) -> None:
        if offset > 297:
            release.wait(WAIT)

    shop.before = before
    made = desk(shop)
    others = set(threading.enumerate())
    rows = made.api.orders.matching(None).first(None)
    taken = [next(rows)["n"] for _ in range(350)]
    early = [thread for thread in set(threading.enumerate()) - others if isinstance(thread, Prefetch)]
    rows.pages.close()
    made.api.transport.abandon_prefetches()
    assert made.budget.snapshot().full_in < 61  # as if they were answered, and not in half a minute at the latest
    release.set()
    for thread in early:
        thread.join(WAIT)
    assert taken == list(range(350))
    assert [thread.daemon for thread in early] == [True] * (MOST_IN_FLIGHT - 1)
    assert sorted(shop.asked) == [0, 99, 198, 297, 396, 495, 594]
    assert made.api.transport.requests == 7
    assert [count for _, _, count in made.budget.snapshot().spenders] == [7]


def test_a_list_that_never_stops_moving_ends_with_a_warning(desk: NewDesk) -> None:
    shop = Shop(300)

    def before(_offset: int) -> None:
        with shop.lock:
            number = len(shop.rows)
            shop.rows = [{"id": f"{number:08d}-2222-4222-8222-222222222222", "n": number}, *shop.rows]

    shop.before = before
    made = desk(shop)
    assert set(range(300)) <= set(orders(made))
    (warning,) = made.ear.warnings
    assert warning == (
        "Rows may be missing: the list of orders kept changing while it was read, "
        "or the API sorts it differently for each page. Run the command again."
    )
    assert len(shop.asked) < 30


def test_a_system_without_threads_to_spare_reads_one_page_at_a_time(
    desk: NewDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    really_start = Thread.start

    def start(thread: Thread) -> None:
        if type(thread) is Prefetch:
            raise RuntimeError("can't start new thread")
        really_start(thread)

    monkeypatch.setattr(Thread, "start", start)
    shop = Shop(1000)
    made = desk(shop)
    assert list(orders(made)) == list(range(1000))
    assert [count for _, _, count in made.budget.snapshot().spenders] == [len(shop.asked)]


def test_the_sandbox_in_process_answers_four_threads(desk: NewDesk, tmp_path: Path) -> None:
    database = tmp_path / "tenant.sqlite3"
    store.create(database, 1, NOW)
    token = issue_token(database, now=lambda: NOW)
    made = desk(in_process(create_app(database, now=lambda: NOW)), token=token)
    ids = [row["id"] for row in made.api.ledger.entries().first(None)]
    assert len(set(ids)) == len(ids) > 400


def test_threads_that_share_a_budget_take_each_place_once(tmp_path: Path) -> None:
    clock, together = Clock(), Barrier(8)
    budget = Budget(
        SharedFile(tmp_path / "budget.sqlite3", "api.test", now=clock.now, warn=print), "api.test", command="test",
        profile="acme", now=clock.now, sleep=clock.sleep, jitter=lambda: 0.5,
    )  # fmt: skip

    budget.record(budget.acquire(timeout=30, max_wait=0), 100, 99)  # the first reply shows what others have used

    def take(_worker: int) -> int:
        together.wait(WAIT)
        tickets = [budget.try_acquire(timeout=30, reserve=RESERVE) for _ in range(20)]
        for ticket in filter(None, tickets):
            budget.record(ticket, 100, None)
        return sum(ticket is not None for ticket in tickets)

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(take, range(8))) == 100 - RESERVE - 1
    assert budget.try_acquire(timeout=30, reserve=RESERVE) is None
    assert budget.snapshot().spenders == [("acme", "test", 100 - RESERVE)]
    budget.close()
