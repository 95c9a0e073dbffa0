"""Who gets in: tokens, claims, roles, other tenants; and replies that no route gives."""

import io

import jwt
import pytest
from replies import UNKNOWN, error, rate

from synq_cli.sandbox.store.store import Store

ORDERS = "/api/v1/oms/orders"
CHANNELS = "/api/v1/channels"
CONNECTIONS = "/api/v1/integrations/connections"
RESERVATIONS = "/api/v1/inventory/reservations"
MEMBERS = "/api/v1/organization/members"
PRODUCTS = "/api/v1/pim/products"
INVALID = (401, "Unauthorized: Invalid token")


def signed(database, **claims):
    with Store(database) as store:
        token = jwt.encode(claims, store.tenant()["secret"], algorithm="HS256")
    return {"Authorization": f"Bearer {token}"}


def test_health_is_public(anyone):
    result = anyone.simulate_get("/health")
    assert (result.status_code, result.text, result.headers["content-type"]) == (200, "OK", "text/plain; charset=utf-8")


def test_a_bearer_token_is_required(anyone):
    missing = (401, "Unauthorized: Missing or invalid Authorization header")
    assert error(anyone.simulate_get(ORDERS)) == missing
    for header in ("", "Basic YTpi", "Bearer", "Bearer ", "token"):
        assert error(anyone.simulate_get(ORDERS, headers={"Authorization": header})) == missing


def test_a_token_expires_by_the_clock_of_the_sandbox(anyone, clock, bearer):
    token = bearer(expires_in=60)
    clock.at += 59
    assert anyone.simulate_get(ORDERS, headers=token).status_code == 200
    clock.at += 1
    assert error(anyone.simulate_get(ORDERS, headers=token)) == INVALID


def test_tokens_of_others_and_without_expiry_are_refused(anyone, clock, database):
    claims = {"tenantid": "t", "org_id": "o", "role": "ADMIN", "exp": clock() + 60}
    forged = jwt.encode(claims, "x" * 64, algorithm="HS256")
    unsigned = jwt.encode(claims, None, algorithm="none")
    headers = [{"Authorization": f"Bearer {token}"} for token in (forged, unsigned, "a.b.c", "abc")]
    headers += [signed(database, **{**claims, "exp": expiry}) for expiry in (None, "tomorrow")]
    assert {error(anyone.simulate_get(ORDERS, headers=header)) for header in headers} == {INVALID}


@pytest.mark.parametrize(("claim", "name"), [("tenantid", "tenantid"), ("org_id", "orgid"), ("role", "role")])
def test_claims_are_required(anyone, clock, database, claim, name):
    claims = {"tenantid": "t", "org_id": "o", "role": "ADMIN", "exp": clock() + 60}
    del claims[claim]
    refused = anyone.simulate_get(ORDERS, headers=signed(database, **claims))
    assert error(refused) == (403, f"Forbidden: Missing {name} claim")


def test_tenant_and_organization_headers_must_match_the_token(client, database):
    with Store(database) as store:
        tenant = store.tenant()
    both = {"X-Tenant-ID": tenant["id"].upper(), "X-Org-ID": tenant["org_id"]}
    assert client.simulate_get(ORDERS, headers=both).status_code == 200
    for header in both:
        result = client.simulate_get(ORDERS, headers={**both, header: "other"})
        assert error(result) == (403, f"Forbidden: {header} does not match the token")


@pytest.mark.parametrize(
    ("role", "status"),
    [("VIEWER", 403), ("viewer", 403), ("member", 403), ("EDITOR", 404), ("ADMIN", 404), ("admin", 404)],
)
def test_viewers_read_and_editors_write(anyone, bearer, role, status):
    token = bearer(role=role)
    assert anyone.simulate_get("/api/v1/pim/stats", headers=token).status_code == 200
    result = anyone.simulate_delete(f"{PRODUCTS}/{UNKNOWN}", headers=token)
    assert error(result) == (status, "Forbidden: insufficient permissions" if status == 403 else "Product not found")


def test_roles_are_checked_before_the_body(anyone, bearer):
    viewer, editor = bearer(role="VIEWER"), bearer(role="EDITOR")

    def ask(method, path, token):
        return error(anyone.simulate_request(method, path, headers=token, body="{"))

    for method, path, task in (
        ("POST", "/api/v1/integrations/auth-url", "manage connections"),
        ("POST", "/api/v1/integrations/callback", "manage connections"),
        ("DELETE", f"{CONNECTIONS}/x", "manage connections"),
        ("PUT", "/api/v1/organization", "rename the organization"),
        ("POST", MEMBERS, "invite members"),
        ("PUT", f"{MEMBERS}/x", "change roles"),
        ("DELETE", f"{MEMBERS}/x", "remove members"),
        ("PUT", "/api/v1/settings/tenant", "update tenant settings"),
    ):
        for token in (viewer, editor):
            assert ask(method, path, token) == (403, f"Forbidden: Only Administrators can {task}")
    for method, path in (
        ("POST", CHANNELS),
        ("PUT", f"{CHANNELS}/x"),
        ("POST", ORDERS),
        *(("POST", f"{ORDERS}/x/{action}") for action in ("cancel", "fulfillments", "returns")),
        ("POST", RESERVATIONS),
        ("DELETE", f"{RESERVATIONS}/x"),
        ("POST", PRODUCTS),
        ("PUT", f"{PRODUCTS}/x"),
        ("POST", f"{PRODUCTS}/x/variants"),
        ("POST", "/api/v1/pim/categories"),
        ("POST", "/api/v1/pim/bulk-jobs"),
        ("POST", "/unified/sync/push/product"),
    ):
        assert ask(method, path, viewer) == (403, "Forbidden: insufficient permissions")
        assert ask(method, path, editor)[0] == 400, path


CATALOGUE = "products variants categories brands attributes attribute-groups templates media bulk-jobs validation audit"
EMPTY = {
    **{f"/api/v1/pim/{name}": [] for name in CATALOGUE.split()},
    "/api/v1/audit": [],
    MEMBERS: [],
    "/api/v1/pim/stats": {
        **dict.fromkeys(("totalProducts", "lowStockVariants", "outOfStockVariants", "totalInventoryValue"), 0),
        "topLowStock": [],
    },
    ORDERS: {"orders": [], "limit": 50, "offset": 0},
    "/api/v1/inventory/levels": {"levels": [], "limit": 50, "offset": 0},
    "/api/v1/inventory/ledger": {"entries": [], "limit": 50, "offset": 0},
    "/api/v1/inventory/locations": {"locations": []},
    RESERVATIONS: {"reservations": []},
    CHANNELS: {"channels": []},
    CONNECTIONS: {"connections": []},
}


def test_another_tenant_sees_and_changes_nothing(client, anyone, bearer, crewneck):
    token = bearer(tenant_id=UNKNOWN)

    def ask(method, path, **options):
        return anyone.simulate_request(method, path, headers=token, **options)

    for path, reply in EMPTY.items():
        assert ask("GET", path).json == reply, path
    channel = client.simulate_get(CHANNELS).json["channels"][0]["id"]
    connection = client.simulate_get(CONNECTIONS).json["connections"][0]["id"]
    reservation = client.simulate_get(RESERVATIONS).json["reservations"][0]["id"]
    order = client.simulate_get(ORDERS, params={"limit": 1}).json["orders"][0]["id"]
    (level,) = client.simulate_get("/api/v1/inventory/levels", params={"sku": "HMC-NVY-M"}).json["levels"]
    place = {name: level[name] for name in ("variant_id", "location_id")}
    product = f"{PRODUCTS}/{crewneck['product_id']}"
    member = client.simulate_get(MEMBERS).json[1]["uid"]
    picture = {"url": "https://a.example/x.jpg", "product_id": crewneck["product_id"]}
    for method, path, body, expected in (
        ("GET", product, None, (404, "Product not found")),
        ("PUT", product, {"title": "X"}, (404, "Product not found")),
        ("DELETE", product, None, (404, "Product not found")),
        ("POST", f"{product}/variants", {}, (404, "Product not found")),
        ("POST", "/api/v1/pim/media", picture, (400, "Invalid product_id")),
        ("GET", f"{ORDERS}/{order}", None, (404, "order not found")),
        ("POST", "/api/v1/inventory/adjust", {**place, "quantity_delta": 1}, (404, "Variant not found")),
        ("PUT", f"{CHANNELS}/{channel}", {"name": "x", "currency": "GBP", "active": True}, (404, "Channel not found")),
        ("DELETE", f"{CONNECTIONS}/{connection}", None, (404, "Connection not found")),
        ("DELETE", f"{RESERVATIONS}/{reservation}", None, (404, "Reservation not found")),
        ("DELETE", f"{MEMBERS}/{member}", None, (404, "Member not found")),
        ("GET", "/api/v1/settings/tenant", None, (404, "tenant settings not found")),
        ("GET", "/api/v1/organization", None, (403, "Forbidden: unknown organization")),
        ("PUT", "/api/v1/organization", {"name": "mine"}, (403, "Forbidden: unknown organization")),
    ):
        assert error(ask(method, path, json=body)) == expected, path
    assert ask("POST", PRODUCTS, json={"title": "X"}).json["tenant_id"] == UNKNOWN
    assert len(client.simulate_get(PRODUCTS).json) == 60


def test_a_body_of_more_than_ten_megabytes(client, anyone, spend):
    path, limit = "/api/v1/inventory/adjust", 10 * 1024 * 1024
    assert error(client.simulate_post(path, body=b" " * limit)) == (400, "Invalid request payload")
    # The size is checked before the token, and the rate limit before the size.
    assert error(anyone.simulate_post(path, body=b" " * (limit + 1))) == (413, "Request body too large")
    spend(98)
    assert anyone.simulate_post(path, body=b" " * (limit + 1)).status_code == 429


def test_unknown_paths_and_methods_are_not_json(client):
    result = client.simulate_get("/api/v1/nowhere")
    assert (result.status_code, result.text, result.headers["content-type"]) == (
        404,
        "404 page not found\n",
        "text/plain; charset=utf-8",
    )
    result = client.simulate_post("/api/v1/inventory/levels")
    assert (result.status_code, result.text, result.headers["allow"]) == (405, "", "GET, OPTIONS")


def test_a_bug_is_a_500_without_its_details(client, database):
    with Store(database) as store:
        store.run("ALTER TABLE orders RENAME TO lost")
    errors = io.StringIO()
    result = client.simulate_get(ORDERS, wsgierrors=errors)
    assert error(result) == (500, "Internal server error")
    assert rate(result) == (500, "99", None)
    assert "no such table: orders" in errors.getvalue()
