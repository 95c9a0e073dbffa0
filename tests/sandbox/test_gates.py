import io

import jwt
import pytest
from falcon import testing

from synq_cli.sandbox.server.app import create_app
from synq_cli.sandbox.store.store import Store

ORDERS = "/api/v1/oms/orders"
MISSING = "Unauthorized: Missing or invalid Authorization header"
INVALID = "Unauthorized: Invalid token"
NO_RIGHT = "Forbidden: insufficient permissions"


def told(result):
    return result.status_code, result.json["error"]


def rate(result):
    names = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "Retry-After")
    return result.status_code, *(result.headers.get(name) for name in names)


def sign(database, claims):
    with Store(database) as store:
        secret = store.rows("SELECT secret FROM tenant")[0]["secret"]
    return {"Authorization": f"Bearer {jwt.encode(claims, secret, algorithm='HS256')}"}


def test_the_101st_request_in_a_minute_is_refused_until_there_is_room(client, clock):
    began = clock.at
    assert rate(client.simulate_get(ORDERS)) == (200, "100", "99", None)
    clock.at = began + 10
    assert [rate(client.simulate_get("/health"))[2] for _ in range(99)] == [str(left) for left in range(98, -1, -1)]
    refused = client.simulate_get(ORDERS)
    assert told(refused) == (429, "Rate limit exceeded")
    assert rate(refused) == (429, "100", "0", "50")
    clock.at = began + 59.5
    assert rate(client.simulate_get(ORDERS)) == (429, "100", "0", "1")
    clock.at = began + 60
    assert rate(client.simulate_get(ORDERS)) == (200, "100", "0", None)
    assert rate(client.simulate_get(ORDERS)) == (429, "100", "0", "10")
    clock.at = began + 70
    assert rate(client.simulate_get(ORDERS)) == (200, "100", "98", None)


def test_refused_requests_do_not_count(client, clock):
    for _ in range(150):
        client.simulate_get("/health")
    clock.at += 60
    assert rate(client.simulate_get("/health")) == (200, "100", "99", None)


def test_a_clock_that_is_set_back_locks_nobody_out(client, clock):
    for _ in range(100):
        client.simulate_get("/health")
    clock.at -= 86_400
    assert rate(client.simulate_get("/health")) == (200, "100", "99", None)


def test_the_window_can_be_set(database, clock):
    client = testing.TestClient(create_app(database, clock, window=2.0))
    for _ in range(101):
        result = client.simulate_get("/health")
    assert rate(result) == (429, "100", "0", "2")


def test_addresses_are_counted_apart_and_apps_on_one_file_together(client, anyone):
    client.simulate_get(ORDERS)
    assert rate(anyone.simulate_get("/health")) == (200, "100", "98", None)
    assert rate(anyone.simulate_get("/health", remote_addr="127.0.0.9")) == (200, "100", "99", None)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/health", 200),
        ("GET", ORDERS, 401),
        ("GET", "/nowhere", 401),
    ],
)
def test_every_reply_tells_the_budget(anyone, method, path, status):
    assert rate(anyone.simulate_request(method, path)) == (status, "100", "99", None)


def test_every_reply_to_a_token_tells_the_budget(client):
    replies = [
        client.simulate_get("/nowhere"),
        client.simulate_put(ORDERS),
        client.simulate_get(f"{ORDERS}?limit=0"),
        client.simulate_get(f"{ORDERS}/00000000-0000-4000-8000-000000000000"),
    ]
    assert [rate(reply) for reply in replies] == [
        (404, "100", "99", None),
        (405, "100", "98", None),
        (400, "100", "97", None),
        (404, "100", "96", None),
    ]


def test_health_needs_no_token(anyone):
    result = anyone.simulate_get("/health")
    assert (result.status_code, result.text, result.headers["content-type"]) == (
        200,
        "OK",
        "text/plain; charset=utf-8",
    )


@pytest.mark.parametrize("header", [None, "", "Basic YTpi", "Bearer", "Bearer ", "token"])
def test_no_bearer_token(anyone, header):
    headers = None if header is None else {"Authorization": header}
    assert told(anyone.simulate_get(ORDERS, headers=headers)) == (401, MISSING)


def test_a_token_ends_by_the_given_clock(anyone, clock, bearer):
    token = bearer(expires_in=60)
    clock.at += 59
    assert anyone.simulate_get(ORDERS, headers=token).status_code == 200
    clock.at += 1
    assert told(anyone.simulate_get(ORDERS, headers=token)) == (401, INVALID)


def test_a_token_of_another_making(anyone, clock, database):
    claims = {"tenantid": "t", "org_id": "o", "role": "ADMIN", "exp": clock() + 60}
    forged = jwt.encode(claims, "x" * 64, algorithm="HS256")
    unsigned = jwt.encode(claims, None, algorithm="none")
    for token in (forged, unsigned, "a.b.c", "abc"):
        result = anyone.simulate_get(ORDERS, headers={"Authorization": f"Bearer {token}"})
        assert told(result) == (401, INVALID)


@pytest.mark.parametrize("change", [{"exp": None}, {"exp": "tomorrow"}])
def test_a_token_without_an_end(anyone, clock, database, change):
    claims = {"tenantid": "t", "org_id": "o", "role": "ADMIN", **change}
    assert told(anyone.simulate_get(ORDERS, headers=sign(database, claims))) == (401, INVALID)


@pytest.mark.parametrize(
    ("claim", "text"),
    [
        ("tenantid", "Forbidden: Missing tenantid claim"),
        ("org_id", "Forbidden: Missing orgid claim"),
        ("role", "Forbidden: Missing role claim"),
    ],
)
def test_a_claim_is_missing(anyone, clock, database, claim, text):
    claims = {"tenantid": "t", "org_id": "o", "role": "ADMIN", "exp": clock() + 60}
    del claims[claim]
    assert told(anyone.simulate_get(ORDERS, headers=sign(database, claims))) == (403, text)


def test_tenant_and_organization_headers_must_be_the_tokens(client, database):
    with Store(database) as store:
        tenant = store.rows("SELECT * FROM tenant")[0]
    both = {"X-Tenant-ID": tenant["id"].upper(), "X-Org-ID": tenant["org_id"]}
    assert client.simulate_get(ORDERS, headers=both).status_code == 200
    for header in both:
        result = client.simulate_get(ORDERS, headers={**both, header: "other"})
        assert told(result) == (403, f"Forbidden: {header} does not match the token")


@pytest.mark.parametrize(
    ("role", "status"),
    [("VIEWER", 403), ("viewer", 403), ("member", 403), ("EDITOR", 404), ("ADMIN", 404), ("admin", 404)],
)
def test_viewers_read_and_editors_write(anyone, bearer, role, status):
    token = bearer(role=role)
    assert anyone.simulate_get(ORDERS, headers=token).status_code == 200
    assert anyone.simulate_get("/api/v1/channels", headers=token).status_code == 200
    unknown = "/api/v1/pim/products/00000000-0000-4000-8000-000000000000"
    result = anyone.simulate_delete(unknown, headers=token)
    assert told(result) == (status, NO_RIGHT if status == 403 else "Product not found")


def test_a_body_of_more_than_ten_megabytes(client, anyone):
    path, limit = "/api/v1/inventory/adjust", 10 * 1024 * 1024
    assert told(client.simulate_post(path, body=b" " * (limit + 1))) == (413, "Request body too large")
    assert told(client.simulate_post(path, body=b" " * limit)) == (400, "Invalid request payload")
    # The limit comes before the token.
    assert told(anyone.simulate_post(path, body=b" " * (limit + 1))) == (413, "Request body too large")


def test_the_rate_limit_comes_before_token_and_body(anyone):
    for _ in range(100):
        anyone.simulate_get(ORDERS)
    assert anyone.simulate_get(ORDERS).status_code == 429
    big = b" " * (10 * 1024 * 1024 + 1)
    assert anyone.simulate_post("/api/v1/inventory/adjust", body=big).status_code == 429


def test_an_unknown_path_is_told_apart_from_a_missing_object(client):
    result = client.simulate_get("/api/v1/nowhere")
    assert (result.status_code, result.text, result.headers["content-type"]) == (
        404,
        "404 page not found\n",
        "text/plain; charset=utf-8",
    )
    result = client.simulate_post("/api/v1/inventory/levels")
    assert (result.status_code, result.text) == (405, "")


def test_a_bug_is_a_500_without_its_details(client, database):
    with Store(database) as store:
        store.run("ALTER TABLE orders RENAME TO lost")
    errors = io.StringIO()
    result = client.simulate_get(ORDERS, wsgierrors=errors)
    assert told(result) == (500, "Internal server error")
    assert rate(result) == (500, "100", "99", None)
    assert "no such table: orders" in errors.getvalue()
