from concurrent.futures import ThreadPoolExecutor

import pytest
from falcon import testing

from synq_cli.errors import UsageError
from synq_cli.sandbox.server import faults
from synq_cli.sandbox.server.app import create_app
from synq_cli.sandbox.server.rate_limit import configure
from synq_cli.sandbox.store import store
from synq_cli.sandbox.store.store import Store

ADJUST = "/api/v1/inventory/adjust"
ORDERS = "/api/v1/oms/orders"
JSON = "application/json"


@pytest.fixture
def slept():
    return []


@pytest.fixture
def client(database, clock, bearer, slept):
    with Store(database):  # closing a connection is cheap while another one is open
        yield testing.TestClient(create_app(database, clock, sleep=slept.append), headers=bearer())


@pytest.fixture
def adjust(client, database):
    """Adjusts stock by -1; returns the reply."""
    with Store(database) as tenant:
        entry = tenant.row("SELECT variant_id, location_id FROM ledger LIMIT 1")
    return lambda: client.simulate_post(ADJUST, json={**entry, "quantity_delta": -1})


def entries(database):
    with Store(database) as tenant:
        return tenant.count("SELECT COUNT(*) FROM ledger")


def struck(client, requests, method="GET", path="/health"):
    """Which of so many requests were answered with the fault 500."""
    return [number for number in range(requests) if client.simulate_request(method, path).status_code == 500]


def test_what_each_fault_replies_and_whether_the_route_has_done_its_work(client, adjust, database):
    before = entries(database)
    text, html = "text/plain; charset=utf-8", "text/html; charset=utf-8"
    for kind, status, content_type, body, done in (
        ("429", 429, JSON, '{"error": "Rate limit exceeded"}', 0),
        ("500", 500, JSON, '{"error": "Internal Server Error"}', 0),
        ("502", 502, JSON, '{"error": "Bad Gateway"}', 0),
        ("503", 503, JSON, '{"error": "Service Unavailable"}', 0),
        ("expired", 401, JSON, '{"error": "Unauthorized: Invalid token"}', 0),
        ("missing", 404, text, "404 page not found\n", 0),
        ("garbage", 200, html, faults._LOGIN_PAGE, 0),
        ("500-after", 500, JSON, '{"error": "Internal Server Error"}', 1),
    ):
        faults.add(database, kind)
        reply = adjust()
        assert (reply.status_code, reply.headers["content-type"], reply.text) == (status, content_type, body)
        assert reply.headers["X-RateLimit-Limit"] == "100"
        assert entries(database) == before + done
        assert adjust().status_code == 200
        before += done + 1
    for kind, done in (("lost-before", 0), ("lost", 1)):
        faults.add(database, kind)
        with pytest.raises(ConnectionResetError):
            adjust()
        assert entries(database) == before + done
        before += done


def test_retry_after_of_a_429(client, database):
    for seconds, header in ((None, "5"), (0, "0"), (7, "7"), (1.2, "2")):
        faults.add(database, "429", seconds=seconds)
        headers = client.simulate_get(ORDERS).headers
        assert (headers["Retry-After"], headers["X-RateLimit-Remaining"]) == (header, "0")


def test_any_reply_can_be_lost_or_become_a_500(client, database):
    with Store(database) as tenant:
        product = tenant.row("SELECT id FROM live_products LIMIT 1")["id"]
    requests = ("GET /health", "GET /nowhere", f"GET {ORDERS}?limit=0", f"DELETE /api/v1/pim/products/{product}")
    for request in requests:
        faults.add(database, "lost")
        with pytest.raises(ConnectionResetError):
            client.simulate_request(*request.split())
        faults.add(database, "500-after")
        reply = client.simulate_request(*request.split())
        assert (reply.status_code, reply.json) == (500, {"error": "Internal Server Error"})


def test_a_late_reply(adjust, database, slept):
    before = entries(database)
    faults.add(database, "slow", seconds=40)
    faults.add(database, "slow")
    assert [adjust().status_code for _ in range(3)] == [200, 200, 200]
    assert slept == [40, 5]
    assert entries(database) == before + 3


def test_which_requests_a_fault_is_for(client, database):
    order = f"GET {ORDERS}/{{order_id}}"
    for on, target, request, matches in (
        ("*", "*", "GET /health", True),
        ("GET", "GET *", "GET /health", True),
        ("get", "GET *", "POST /health", False),
        ("/health", "* /health", "GET /health", True),
        ("/health", "* /health", "GET /health/more", False),
        (f"  POST   {ADJUST} ", f"POST {ADJUST}", f"POST {ADJUST}", True),
        (f"POST {ADJUST}", f"POST {ADJUST}", f"GET {ADJUST}", False),
        ("* *", "* *", "GET /health", True),
        ("GET /api/v1/oms/*", "GET /api/v1/oms/*", f"GET {ORDERS}/7/returns", True),
        (order, order, f"GET {ORDERS}/7", True),
        (order, order, f"GET {ORDERS}/7/returns", False),
        ("GET /a.b", "GET /a.b", "GET /a-b", False),
        ("GET /{", "GET /{", "GET /{", True),
    ):
        faults.clear(database)
        assert faults.add(database, "500", on=on)["target"] == target
        assert bool(struck(client, 1, *request.split())) == matches, (on, request)


def test_faults_are_used_up_one_after_the_other(client, database):
    faults.add(database, "500", on="GET /health", times=2)
    faults.add(database, "500", on="POST")
    faults.add(database, "503", on="GET /health", times=1)
    struck(client, 1)
    fault = {"id": 1, "kind": "500", "target": "GET /health", "times": 1, "rate": None, "seed": None, "seconds": None}
    assert faults.active(database)[0] == {**fault, "met": 1, "struck": 1}
    assert [client.simulate_get("/health").status_code for _ in range(4)] == [500, 503, 200, 200]
    assert struck(client, 1, "POST") == [0]
    assert faults.active(database) == []


def test_a_seed_decides_which_requests_a_rate_affects(client, database, clock):
    seen = []
    for seed in (7, 7, 8):
        faults.clear(database)
        clock.at += 120
        faults.add(database, "500", rate=0.2, seed=seed)
        seen.append(struck(client, 50))
    assert seen[0] == seen[1] != seen[2]
    assert all(3 <= len(strikes) <= 20 for strikes in seen)
    (fault,) = faults.active(database)
    assert (fault["met"], fault["struck"], fault["times"]) == (50, len(seen[2]), None)


def test_processes_share_the_random_numbers_of_a_rate(client, database, clock, bearer):
    faults.add(database, "500", rate=0.5, seed=1)
    alone = struck(client, 40)
    faults.clear(database)
    faults.add(database, "500", rate=0.5, seed=1)
    other = testing.TestClient(create_app(database, clock), headers=bearer())
    clients = [client, other] * 20
    assert [number for number, each in enumerate(clients) if struck(each, 1)] == alone


def test_faults_with_one_seed_are_independent(client, database):
    faults.add(database, "503", rate=0.5)
    faults.add(database, "500", rate=0.5)
    statuses = [client.simulate_get("/health").status_code for _ in range(60)]
    assert all(statuses.count(status) >= 5 for status in (503, 500, 200))


def test_a_request_refused_by_the_rate_limit_uses_up_no_fault(client, database, clock, spend):
    spend(100)
    faults.add(database, "500")
    assert struck(client, 3) == []
    clock.at += 60
    assert struck(client, 2) == [0]


def test_concurrent_requests_share_a_fault(client, database):
    faults.add(database, "500", times=3)
    with ThreadPoolExecutor(4) as pool:
        counts = [len(found) for found in pool.map(lambda _: struck(client, 5), range(4))]
    assert sum(counts) == 3


def test_invalid_faults_are_refused(database):
    requests = ("", "PATCH", "GET POST", "api/v1", "GET /x?limit=5", "GET /x y", "POST https://api.test/x")
    for fault, message in (
        *(({"kind": "500", "rate": float(rate)}, f"Invalid rate {rate}.") for rate in ("0", "1.5", "nan")),
        ({"kind": "lost", "seconds": 1}, "--seconds does not apply to the fault lost."),
        *(({"kind": "slow", "seconds": float(n)}, f"Invalid number of seconds {n}.") for n in ("-1", "inf", "nan")),
        *(({"kind": "500", "on": on}, f'Invalid value "{on}" for --on.') for on in requests),
    ):
        with pytest.raises(UsageError) as refused:
            faults.add(database, **fault)
        assert refused.value.message == message
        assert refused.value.hint
    assert faults.active(database) == []


def test_clear_and_reset_remove_faults_and_rate_limit_settings(client, database, clock):
    def set_up():
        configure(database, "log-strict", 90)
        faults.add(database, "500", rate=1)
        faults.add(database, "lost")

    set_up()
    assert (faults.clear(database), faults.clear(database)) == (2, 0)
    assert struck(client, 3) == []
    assert configure(database) == {"count_as": "log", "strangers": 0}
    set_up()
    store.reset(database, 1, clock())
    assert faults.active(database) == []
    assert configure(database) == {"count_as": "log", "strangers": 0}
