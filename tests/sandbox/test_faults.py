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
    with Store(database):  # while one connection is open, closing another costs nothing
        yield testing.TestClient(create_app(database, clock, sleep=slept.append), headers=bearer())


@pytest.fixture
def adjust(client, database):
    """Takes one unit from the shelf; the reply."""
    with Store(database) as tenant:
        entry = tenant.row("SELECT variant_id, location_id FROM ledger LIMIT 1")
    return lambda: client.simulate_post(ADJUST, json={**entry, "quantity_delta": -1})


def entries(database):
    with Store(database) as tenant:
        return tenant.count("SELECT COUNT(*) FROM ledger")


def struck(client, requests, method="GET", path="/health"):
    """Which of so many requests were struck."""
    return [number for number in range(requests) if client.simulate_request(method, path).status_code == 500]


@pytest.mark.parametrize(
    ("kind", "status", "content_type", "text"),
    [
        ("429", 429, JSON, '{"error": "Rate limit exceeded"}'),
        ("500", 500, JSON, '{"error": "Internal Server Error"}'),
        ("502", 502, JSON, '{"error": "Bad Gateway"}'),
        ("503", 503, JSON, '{"error": "Service Unavailable"}'),
        ("expired", 401, JSON, '{"error": "Unauthorized: Invalid token"}'),
        ("missing", 404, "text/plain; charset=utf-8", "404 page not found\n"),
        ("garbage", 200, "text/html; charset=utf-8", faults._LOGIN_PAGE),
    ],
)
def test_in_the_resources_place(client, adjust, database, kind, status, content_type, text):
    before = entries(database)
    faults.add(database, kind)
    reply = adjust()
    assert (reply.status_code, reply.headers["content-type"], reply.text) == (status, content_type, text)
    assert reply.headers["X-RateLimit-Limit"] == "100"
    assert entries(database) == before
    assert adjust().status_code == 200
    assert entries(database) == before + 1


@pytest.mark.parametrize(("seconds", "said"), [(None, "5"), (0, "0"), (7, "7"), (1.2, "2")])
def test_a_429_says_how_long(client, database, seconds, said):
    faults.add(database, "429", seconds=seconds)
    headers = client.simulate_get(ORDERS).headers
    assert (headers["Retry-After"], headers["X-RateLimit-Remaining"]) == (said, "0")


@pytest.mark.parametrize(("kind", "done"), [("lost-before", 0), ("lost", 1)])
def test_the_connection_closes_without_an_answer(client, adjust, database, kind, done):
    before = entries(database)
    faults.add(database, kind)
    with pytest.raises(ConnectionResetError):
        adjust()
    assert entries(database) == before + done
    assert adjust().status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/health"), ("GET", "/nowhere"), ("GET", f"{ORDERS}?limit=0"), ("DELETE", "/api/v1/pim/products/{id}")],
)
def test_any_answer_can_be_lost(client, database, method, path):
    with Store(database) as tenant:
        path = path.format(id=tenant.row("SELECT id FROM live_products LIMIT 1")["id"])
    faults.add(database, "lost")
    with pytest.raises(ConnectionResetError):
        client.simulate_request(method, path)


@pytest.mark.parametrize(("method", "path"), [("GET", "/health"), ("GET", f"{ORDERS}?limit=0"), ("GET", "/nowhere")])
def test_any_answer_can_become_a_500(client, database, method, path):
    faults.add(database, "500-after")
    reply = client.simulate_request(method, path)
    assert (reply.status_code, reply.json) == (500, {"error": "Internal Server Error"})


def test_a_500_after_the_write(adjust, database):
    before = entries(database)
    faults.add(database, "500-after")
    assert adjust().status_code == 500
    assert entries(database) == before + 1


def test_an_answer_that_comes_late(adjust, database, slept):
    before = entries(database)
    faults.add(database, "slow", seconds=40)
    faults.add(database, "slow")
    assert [adjust().status_code for _ in range(3)] == [200, 200, 200]
    assert slept == [40, 5]
    assert entries(database) == before + 3


@pytest.mark.parametrize(
    ("on", "target", "request_line", "fits"),
    [
        ("*", "*", "GET /health", True),
        ("GET", "GET *", "GET /health", True),
        ("get", "GET *", "POST /health", False),
        ("/health", "* /health", "GET /health", True),
        ("/health", "* /health", "GET /health/more", False),
        (f"POST {ADJUST}", f"POST {ADJUST}", f"POST {ADJUST}", True),
        (f"  POST   {ADJUST} ", f"POST {ADJUST}", f"GET {ADJUST}", False),
        ("* *", "* *", "GET /health", True),
        ("GET /api/v1/oms/*", "GET /api/v1/oms/*", f"GET {ORDERS}/7/returns", True),
        (f"GET {ORDERS}/{{order_id}}", f"GET {ORDERS}/{{order_id}}", f"GET {ORDERS}/7", True),
        (f"GET {ORDERS}/{{order_id}}", f"GET {ORDERS}/{{order_id}}", f"GET {ORDERS}/7/returns", False),
        ("GET /a.b", "GET /a.b", "GET /a-b", False),
        ("GET /{", "GET /{", "GET /{", True),
    ],
)
def test_which_requests_it_is_for(client, database, on, target, request_line, fits):
    assert faults.add(database, "500", on=on)["target"] == target
    assert bool(struck(client, 1, *request_line.split())) == fits


def test_so_many_times_one_fault_after_the_other(client, database):
    faults.add(database, "500", on="GET /health", times=2)
    faults.add(database, "500", on="POST", times=1)
    faults.add(database, "503", on="GET /health", times=1)
    assert [client.simulate_get("/health").status_code for _ in range(5)] == [500, 500, 503, 200, 200]
    (left,) = faults.active(database)
    assert (left["target"], left["times"], left["met"], left["struck"]) == ("POST *", 1, 0, 0)


def test_what_is_left_is_told(client, database):
    faults.add(database, "500", times=5)
    struck(client, 2)
    assert faults.active(database) == [
        {
            "id": 1,
            "kind": "500",
            "target": "*",
            "times": 3,
            "rate": None,
            "seed": None,
            "seconds": None,
            "met": 2,
            "struck": 2,
        }
    ]


def test_a_rate_strikes_the_same_requests_for_the_same_seed(client, database, clock):
    seen = []
    for seed in (7, 7, 8):
        faults.clear(database)
        clock.at += 120
        faults.add(database, "500", rate=0.2, seed=seed)
        seen.append(struck(client, 100))
    assert seen[0] == seen[1] != seen[2]
    assert all(8 <= len(strikes) <= 32 for strikes in seen)
    (fault,) = faults.active(database)
    assert (fault["met"], fault["struck"], fault["times"]) == (100, len(seen[2]), None)


def test_a_rate_goes_on_where_another_process_left_it(client, database, clock, bearer):
    faults.add(database, "500", rate=0.5, seed=1)
    alone = struck(client, 40)
    faults.clear(database)
    faults.add(database, "500", rate=0.5, seed=1)
    other = testing.TestClient(create_app(database, clock), headers=bearer())
    clients = [client, other] * 20
    assert [number for number, each in enumerate(clients) if struck(each, 1)] == alone


def test_faults_of_one_seed_draw_apart(client, database):
    faults.add(database, "503", rate=0.5)
    faults.add(database, "500", rate=0.5)
    statuses = [client.simulate_get("/health").status_code for _ in range(60)]
    assert all(statuses.count(status) >= 5 for status in (503, 500, 200))


def test_a_request_that_the_rate_limit_refuses_uses_no_fault_up(client, database, clock):
    struck(client, 100)
    faults.add(database, "500")
    assert struck(client, 3) == []
    clock.at += 60
    assert struck(client, 2) == [0]


def test_requests_at_once_share_one_fault(client, database):
    faults.add(database, "500", times=3)
    with ThreadPoolExecutor(4) as pool:
        counts = [len(found) for found in pool.map(lambda _: struck(client, 5), range(4))]
    assert sum(counts) == 3


@pytest.mark.parametrize(
    ("order", "message"),
    [
        ({"kind": "500", "rate": 0}, "Invalid rate 0."),
        ({"kind": "500", "rate": 1.5}, "Invalid rate 1.5."),
        ({"kind": "500", "rate": float("nan")}, "Invalid rate nan."),
        ({"kind": "lost", "seconds": 1}, "The fault lost takes no seconds."),
        ({"kind": "slow", "seconds": -1}, "Invalid number of seconds -1."),
        ({"kind": "429", "seconds": float("inf")}, "Invalid number of seconds inf."),
        ({"kind": "slow", "seconds": float("nan")}, "Invalid number of seconds nan."),
        *(
            ({"kind": "500", "on": on}, f'Invalid requests "{on}".')
            for on in ("", "PATCH", "GET POST", "api/v1", "GET /x?limit=5", "GET /x y", "POST https://api.test/x")
        ),
    ],
)
def test_an_order_that_can_not_be(database, order, message):
    with pytest.raises(UsageError) as refused:
        faults.add(database, **order)
    assert refused.value.message == message
    assert refused.value.hint
    assert faults.active(database) == []


def test_all_is_taken_back(client, database):
    configure(database, "log-strict", 90)
    faults.add(database, "500", rate=1)
    faults.add(database, "lost")
    assert faults.clear(database) == 2
    assert faults.clear(database) == 0
    assert struck(client, 100) == []
    assert configure(database) == {"count_as": "log", "strangers": 0}


def test_a_new_tenant_has_none(database, clock):
    configure(database, "log-strict", 90)
    faults.add(database, "500")
    store.reset(database, 1, clock())
    assert faults.active(database) == []
    assert configure(database) == {"count_as": "log", "strangers": 0}
