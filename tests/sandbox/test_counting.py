import pytest
from falcon import testing
from hypothesis import given
from hypothesis import strategies as st

from synq_cli.sandbox.server.app import create_app
from synq_cli.sandbox.server.rate_limit import ALGORITHMS, RateLimit, configure
from synq_cli.sandbox.store.store import Store

NAMES = ("X-RateLimit-Remaining", "Retry-After")
SPENT = (429, "0")


@pytest.fixture
def ask(database, clock):
    """Asks so many times, the clock standing still; how the last one was answered."""
    client = testing.TestClient(create_app(database, clock))

    def ask(times=1):
        for _ in range(times):
            result = client.simulate_get("/health")
        return result.status_code, *(result.headers.get(name) for name in NAMES)

    with Store(database):  # while one connection is open, closing another costs nothing
        yield ask


def test_a_strict_log_counts_the_refused_too(ask, database, clock):
    began = clock.at
    assert configure(database, "log-strict") == {"count_as": "log-strict", "strangers": 0}
    assert ask(100) == (200, "0", None)
    clock.at = began + 30
    assert ask(10) == (*SPENT, "30")
    clock.at = began + 60
    assert ask() == (200, "89", None)
    clock.at = began + 90
    assert ask() == (200, "98", None)


def test_whoever_hammers_at_a_strict_log_is_not_let_in(ask, database, clock):
    configure(database, "log-strict")
    ask(100)
    clock.at += 30
    assert ask(100) == (*SPENT, "60")
    clock.at += 30
    assert ask() == (*SPENT, "30")


def test_a_counter_weighs_in_the_minute_before(ask, database, clock):
    began = clock.at  # where a minute begins
    configure(database, "counter")
    assert ask(100) == (200, "0", None)
    assert ask() == (*SPENT, "61")
    clock.at = began + 60
    assert ask() == (*SPENT, "1")
    clock.at = began + 61
    assert ask() == (200, "0", None)
    assert ask() == (*SPENT, "1")
    clock.at = began + 90
    assert ask() == (200, "48", None)
    clock.at = began + 180
    assert ask() == (200, "99", None)


def test_strangers_take_their_places(ask, database, clock):
    began = clock.at
    configure(database, strangers=20)
    assert ask() == (200, "79", None)
    assert ask(79) == (200, "0", None)
    assert ask() == (*SPENT, "3")
    # The stranger's place that came free went to the next stranger.
    clock.at = began + 3
    assert ask() == (*SPENT, "3")
    clock.at = began + 60
    assert ask() == (200, "79", None)


def test_strangers_are_in_the_counter_too(ask, database, clock):
    configure(database, "counter", 60)
    clock.at += 30.5
    assert ask() == (200, "38", None)


def test_what_is_not_named_stays(database):
    configure(database, "counter", 7)
    assert configure(database, "log-strict") == {"count_as": "log-strict", "strangers": 7}
    assert configure(database, strangers=0) == {"count_as": "log-strict", "strangers": 0}
    assert configure(database) == {"count_as": "log-strict", "strangers": 0}


@given(
    way=st.sampled_from(ALGORITHMS),
    waits=st.lists(st.floats(0, 2), min_size=1, max_size=200),
    burst=st.integers(1, 100),
    offset=st.floats(0, 60),
)
def test_after_the_wait_there_is_room_and_not_before(way, waits, burst, offset):
    """Against a client that comes whenever it may: never more than 100, and the wait it is told is the right one."""
    counting, log, at = RateLimit(way), [], 1_763_640_000.0 + offset
    for wait in waits:
        at += wait
        free, pause = counting.remaining([time for time in log if time > at - 120], at, 60.0)
        assert free or 0 < pause <= 121
        if not free:
            if counting.counts_refused:
                log.append(at)
            recent = [time for time in log if time > at + pause - 120]
            assert counting.remaining(recent, at + max(0, pause - 0.001), 60.0)[0] == 0
            assert counting.remaining(recent, at + pause + 0.001, 60.0)[0] >= 1
        else:
            log += [at] * min(burst, free)
