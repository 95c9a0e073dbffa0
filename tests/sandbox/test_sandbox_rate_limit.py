"""How requests are counted, by the documented log and by the algorithms of other servers."""

import pytest
from falcon import testing
from hypothesis import given
from hypothesis import strategies as st
from replies import NOON, rate

from synq_cli.sandbox.server.app import create_app
from synq_cli.sandbox.server.rate_limit import ALGORITHMS, RateLimit, configure
from synq_cli.sandbox.store.store import Store

ORDERS = "/api/v1/oms/orders"


@pytest.fixture
def ask(database, clock, spend):
    """Sends so many requests at once, counting all but the last in the file; the last reply."""
    client = testing.TestClient(create_app(database, clock))

    def ask(times=1):
        spend(times - 1)
        return rate(client.simulate_get("/health"))

    with Store(database):  # closing a connection is cheap while another one is open
        yield ask


def test_the_101st_request_in_a_minute_is_refused_until_there_is_room(client, clock):
    start = clock.at
    assert rate(client.simulate_get(ORDERS)) == (200, "99", None)
    clock.at = start + 10
    replies = [client.simulate_get("/health") for _ in range(99)]
    assert [reply.headers["X-RateLimit-Remaining"] for reply in replies] == [str(left) for left in range(98, -1, -1)]
    refused = client.simulate_get(ORDERS)
    assert (*rate(refused), refused.json) == (429, "0", "50", {"error": "Rate limit exceeded"})
    assert refused.headers["X-RateLimit-Limit"] == "100"
    # Refused requests do not count.
    for after, expected in (
        (59.5, (429, "0", "1")),
        (60, (200, "0", None)),
        (60, (429, "0", "10")),
        (70, (200, "98", None)),
    ):
        clock.at = start + after
        assert rate(client.simulate_get(ORDERS)) == expected


def test_requests_recorded_in_the_future_do_not_count(ask, clock):
    ask(100)
    clock.at -= 86_400
    assert ask() == (200, "99", None)


def test_the_window_can_be_set(database, clock, spend):
    spend(100)
    client = testing.TestClient(create_app(database, clock, window=2.0))
    assert rate(client.simulate_get("/health")) == (429, "0", "2")


def test_addresses_are_counted_apart_and_apps_on_one_file_together(client, anyone):
    client.simulate_get(ORDERS)
    assert rate(anyone.simulate_get("/health")) == (200, "98", None)
    assert rate(anyone.simulate_get("/health", remote_addr="127.0.0.9")) == (200, "99", None)


def test_every_reply_tells_the_remaining_requests(client, anyone):
    unknown = f"{ORDERS}/00000000-0000-4000-8000-000000000000"
    replies = [
        anyone.simulate_get("/health"),
        anyone.simulate_get(ORDERS),
        anyone.simulate_post("/unified/webhook"),
        client.simulate_get("/nowhere"),
        client.simulate_put(ORDERS),
        client.simulate_get(f"{ORDERS}?limit=0"),
        client.simulate_get(unknown),
    ]
    statuses = (200, 401, 401, 404, 405, 400, 404)
    assert [rate(reply) for reply in replies] == [
        (status, str(99 - number), None) for number, status in enumerate(statuses)
    ]
    assert {reply.headers["X-RateLimit-Limit"] for reply in replies} == {"100"}


def test_strict_log_counts_refused_requests(ask, database, clock):
    assert configure(database, "log-strict") == {"count_as": "log-strict", "strangers": 0}
    start = clock.at
    for after, times, expected in (
        (0, 100, (200, "0", None)),
        (30, 10, (429, "0", "30")),
        (60, 1, (200, "89", None)),
        (90, 1, (200, "98", None)),
        (100, 98, (200, "0", None)),
        # Whoever keeps sending is not let in.
        (130, 100, (429, "0", "60")),
        (160, 1, (429, "0", "30")),
    ):
        clock.at = start + after
        assert ask(times) == expected, after


def test_sliding_counter_weighs_in_the_minute_before(ask, database, clock):
    start = clock.at  # the start of a minute
    configure(database, "counter")
    for after, times, expected in (
        (0, 100, (200, "0", None)),
        (0, 1, (429, "0", "61")),
        (60, 1, (429, "0", "1")),
        (61, 1, (200, "0", None)),
        (61, 1, (429, "0", "1")),
        (90, 1, (200, "48", None)),
        (180, 1, (200, "99", None)),
    ):
        clock.at = start + after
        assert ask(times) == expected, after


def test_requests_of_other_clients_count(ask, database, clock):
    start = clock.at
    configure(database, strangers=20)
    for after, times, expected in (
        (0, 1, (200, "79", None)),
        (0, 79, (200, "0", None)),
        (0, 1, (429, "0", "3")),
        # What came free went to the other clients' next request.
        (3, 1, (429, "0", "3")),
        (60, 1, (200, "79", None)),
    ):
        clock.at = start + after
        assert ask(times) == expected, after
    configure(database, "counter", 60)
    clock.at = start + 630.5
    assert ask() == (200, "38", None)


def test_configure_keeps_what_is_not_given(database):
    configure(database, "counter", 7)
    assert configure(database, "log-strict") == {"count_as": "log-strict", "strangers": 7}
    assert configure(database, strangers=0) == {"count_as": "log-strict", "strangers": 0}
    assert configure(database) == {"count_as": "log-strict", "strangers": 0}


@given(
    algorithm=st.sampled_from(ALGORITHMS),
    waits=st.lists(st.floats(0, 2), min_size=1, max_size=60),
    burst=st.integers(1, 100),
    offset=st.floats(0, 60),
)
def test_retry_after_is_neither_too_short_nor_too_long(algorithm, waits, burst, offset):
    """A client that sends whenever it may is allowed again exactly when it was told."""
    limit, log, at = RateLimit(algorithm), [], NOON + offset
    for wait in waits:
        at += wait
        free, pause = limit.remaining([time for time in log if time > at - 120], at, 60.0)
        assert free or 0 < pause <= 121
        if free:
            log += [at] * min(burst, free)
            continue
        if limit.count_as == "log-strict":
            log.append(at)
        recent = [time for time in log if time > at + pause - 120]
        assert limit.remaining(recent, at + max(0, pause - 0.001), 60.0)[0] == 0
        assert limit.remaining(recent, at + pause + 0.001, 60.0)[0] >= 1
