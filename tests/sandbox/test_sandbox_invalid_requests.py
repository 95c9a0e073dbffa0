"""Requests that are refused, and change nothing: one table over all routes."""

import json
from base64 import b64encode

import pytest
from replies import UNKNOWN, error

from synq_cli.sandbox.store.store import Store

ADJUST = "/api/v1/inventory/adjust"
CHANNELS = "/api/v1/channels"
CONNECTIONS = "/api/v1/integrations/connections"
CALLBACK = "/api/v1/integrations/callback"
JOBS = "/api/v1/pim/bulk-jobs"
LEDGER = "/api/v1/inventory/ledger"
LEVELS = "/api/v1/inventory/levels"
MEMBERS = "/api/v1/organization/members"
ORDERS = "/api/v1/oms/orders"
ORGANIZATION = "/api/v1/organization"
PRODUCTS = "/api/v1/pim/products"
PUSH = "/unified/sync/push/product"
RESERVATIONS = "/api/v1/inventory/reservations"
SETTINGS = "/api/v1/settings/tenant"
VARIANTS = "/api/v1/pim/variants"

PAYLOAD, BODY, ORDER_BODY = "Invalid request payload", "Invalid request body", "invalid request body"
ADJUSTMENT = {"variant_id": UNKNOWN, "location_id": UNKNOWN, "quantity_delta": 1}
CHANNEL = {"name": "kiosk", "currency": "GBP", "active": True}
LINE = {"product_title": "Repair", "quantity": 1}
ORDER = {"idempotency_key": "k", "payment_provider": "stripe", "payment_reference": "pi_1", "items": [LINE]}
TENANT_SETTINGS = {
    "inventory_allocation_model": "HARD",
    "auto_po_enabled": False,
    "default_low_stock_threshold": 8,
    "costing_method": "FIFO",
}
MEDIA = {"url": "https://a.example/x.jpg"}

QUERIES = [
    (VARIANTS, "sku=", "Invalid sku"),
    (VARIANTS, "product_id=HMC", "Invalid product_id"),
    (VARIANTS, "limit=0", "invalid limit"),
    (LEVELS, "variant_id=", "Invalid variant_id"),
    (LEVELS, "location_id=Leith", "Invalid location_id"),
    (LEDGER, "variant_id=%00", "Invalid variant_id"),
    (LEDGER, "offset=-1", "invalid offset"),
    (ORDERS, "offset=x", "invalid offset"),
    *((ORDERS, f"limit={limit}", "invalid limit") for limit in ("0", "-5", "ten", "", "1.5", "%D9%A3")),
    ("/api/v1/pim/media", "variant_id=M", "Invalid variant_id"),
    (JOBS, "type=EXPORT", "Invalid type"),
]

# No JSON, and JSON that is not an object.
NO_OBJECT = ("", "[]", "{", '"\\ud800"', "[" * 100_000, '{"title":NaN}')
BODIES = {
    PAYLOAD: {
        PRODUCTS: [{}, {"title": ""}, {"title": None}, {"title": 7}, '{"title":"\\ud800"}'],
        f"{PRODUCTS}/{UNKNOWN}/variants": [
            {"price": -0.01},
            {"price": "89.50"},
            {"price": True},
            *(f'{{"price": {number}}}' for number in ("1e401", "1e999999999", "1e-999999999", "9" * 5000)),
            {"currency": "GB"},
            {"currency": "GBP\n"},
            {"currency": "ØRE"},
            {"sku": 12},
            {"sku": None},
            {"size": "M"},
        ],
        "/api/v1/pim/categories": [
            {},
            {"name": ""},
            {"name": "X", "parent_id": UNKNOWN},
            {"name": "X", "parentId": "hats"},
        ],
        "/api/v1/pim/brands": [
            {"name": "X", "logoUrl": "logo.svg"},
            {"name": "X", "logoUrl": "https://a.example/a b"},
        ],
        "/api/v1/pim/attributes": [{"name": "X", "type": 1}],
        "/api/v1/pim/attribute-groups": [{"description": "X"}],
        "/api/v1/pim/templates": [{"name": ["X"]}],
        "/api/v1/pim/media": [
            {"alt_text": "X"},
            {"url": "/x.jpg"},
            *({**MEDIA, "sort_order": number} for number in (1.5, True, 2**31)),
            {**MEDIA, "product_id": "HMC"},
        ],
        ADJUST: [
            *({**ADJUSTMENT, "quantity_delta": delta} for delta in ("1", 1.5, True, None, 2**31, -(2**31) - 1)),
            {**ADJUSTMENT, "note": "unknown key"},
            {**ADJUSTMENT, "variant_id": 7},
            {"variant_id": UNKNOWN, "location_id": UNKNOWN},
        ],
        RESERVATIONS: [
            {"variant_id": UNKNOWN, "location_id": UNKNOWN, "quantity": 1, **change}
            for change in (
                {"quantity": 0},
                {"quantity": "1"},
                {"quantity": True},
                {"variant_id": "HMC-NVY-M"},
                {"location_id": None},
                {"reference": 7},
                {"until": "tomorrow"},
            )
        ],
        MEMBERS: [
            {},
            {"email": "mhairi", "role": "EDITOR"},
            {"email": "m@fell.example", "role": "OWNER"},
            {"email": "m@fell.example", "role": 1},
            {"email": "m@fell.example", "role": "EDITOR", "name": "M"},
        ],
    },
    BODY: {
        CHANNELS: [{"name": 7}, {"name": "kiosk", "active": 1}, {"name": "kiosk", "colour": "navy"}],
        CALLBACK: [
            {"connection_id": 7},
            {"connection_id": "c-9", "category": "marketing"},
            {"connection_id": "c-9", "secret": "x"},
        ],
    },
    ORDER_BODY: {
        ORDERS: [
            {**ORDER, "tenant_id": UNKNOWN},
            *({**ORDER, "items": items} for items in ([], None, ["Repair"], [{"quantity": 1}])),
            *(
                {**ORDER, "items": [{**LINE, **change}]}
                for change in (
                    {"product_title": ""},
                    {"quantity": 0},
                    {"quantity": 1.5},
                    {"quantity": 2**31},
                    {"unit_price": -0.01},
                    {"unit_price": "1"},
                    {"unit_price": float("nan")},
                    {"variant_id": "HMC-NVY-M"},
                    {"colour": "navy"},
                )
            ),
            json.dumps(ORDER).replace('"quantity": 1', '"quantity": 1, "unit_price": 1e999999999'),
            {**ORDER, "currency": "pounds"},
            {**ORDER, "customer_id": "ailsa"},
            {**ORDER, "channel": "\ud800"},
            {**ORDER, "idempotency_key": 7},
        ],
        **{f"{ORDERS}/{UNKNOWN}/{action}": ["{", ["reason"]] for action in ("cancel", "fulfillments", "returns")},
    },
    "Invalid payload": {
        JOBS: [
            {"payload": []},
            {"job_type": "BULK_IMPORT"},
            {"job_type": "IMPORT", "payload": []},
            {"job_type": "BULK_IMPORT", "payload": [], "dry_run": True},
            *(
                {"job_type": "BULK_IMPORT", "payload": payload}
                for payload in (
                    {"title": "X"},
                    [{}],
                    [{"title": ""}],
                    [{"title": "X", "sku": 1}],
                    [{"title": "X", "id": "1"}],
                    "not base64",
                )
            ),
            *(
                {"job_type": "BULK_DELETE", "payload": payload}
                for payload in (["HMC-NVY-M"], [UNKNOWN, {"title": "X"}], [{"title": "X"}, UNKNOWN])
            ),
        ]
    },
    "invalid payload": {
        PUSH: [
            {"productId": UNKNOWN},
            {"productId": "HMC", "action": "UPSERT"},
            {"productId": UNKNOWN, "action": "upsert"},
        ]
    },
}

OTHERS = [
    *(
        ("POST", JOBS, {"job_type": "BULK_IMPORT", "payload": payload}, 400, "Invalid JSON in payload")
        for payload in ("", "/w==", *(b64encode(text).decode() for text in (b"[{", b"7", b"[" * 100_000)))
    ),
    ("POST", ADJUST, {**ADJUSTMENT, "variant_id": "HMC-NVY-M"}, 400, "Invalid variant_id"),
    ("POST", ADJUST, {"location_id": UNKNOWN, "quantity_delta": 1}, 400, "Invalid variant_id"),
    ("POST", ADJUST, {**ADJUSTMENT, "location_id": ""}, 400, "Invalid location_id"),
    ("POST", ADJUST, ADJUSTMENT, 404, "Variant not found"),
    ("POST", RESERVATIONS, {"variant_id": UNKNOWN, "location_id": UNKNOWN, "quantity": 1}, 404, "Variant not found"),
    ("DELETE", f"{RESERVATIONS}/trunk-show", None, 400, "Invalid reservation ID"),
    ("DELETE", f"{RESERVATIONS}/{UNKNOWN}", None, 404, "Reservation not found"),
    ("GET", f"{PRODUCTS}/HMC-NVY-M", None, 400, "Invalid product ID"),
    ("DELETE", f"{PRODUCTS}/HMC-NVY-M", None, 400, "Invalid product ID"),
    ("PUT", f"{PRODUCTS}/12", {}, 400, "Invalid product ID"),
    ("PUT", f"{PRODUCTS}/{UNKNOWN}", {}, 404, "Product not found"),
    *(
        ("PUT", f"{PRODUCTS}/{UNKNOWN}", body, 400, PAYLOAD)
        for body in ({"title": ""}, {"brand": "X"}, {"category_id": "knitwear"}, {"brand_id": ""}, {"category": None})
    ),
    ("POST", f"{PRODUCTS}/12/variants", {}, 400, "Invalid product_id"),
    ("POST", f"{PRODUCTS}/{UNKNOWN}/variants", {}, 404, "Product not found"),
    ("POST", "/api/v1/pim/categories", {"name": "X", "parentId": UNKNOWN}, 400, "Invalid parentId"),
    ("POST", "/api/v1/pim/media", {**MEDIA, "product_id": UNKNOWN}, 400, "Invalid product_id"),
    ("POST", "/api/v1/pim/media", {**MEDIA, "variant_id": UNKNOWN}, 400, "Invalid variant_id"),
    ("POST", CHANNELS, {}, 400, "name is required"),
    ("POST", CHANNELS, {"name": " "}, 400, "name is required"),
    ("POST", CHANNELS, {"name": "x", "currency": "POUND"}, 400, "currency must be a 3-letter ISO code"),
    ("POST", CHANNELS, {"name": "x", "currency": "12€"}, 400, "currency must be a 3-letter ISO code"),
    *(("PUT", f"{CHANNELS}/x", {key: CHANNEL[key] for key in CHANNEL if key != name}, 400, BODY) for name in CHANNEL),
    ("PUT", f"{CHANNELS}/kiosk", CHANNEL, 400, "Invalid channel ID"),
    ("PUT", f"{CHANNELS}/{UNKNOWN}", CHANNEL, 404, "Channel not found"),
    ("POST", CALLBACK, {}, 400, "connection_id is required"),
    ("POST", CALLBACK, {"connection_id": ""}, 400, "connection_id is required"),
    ("DELETE", f"{CONNECTIONS}/shopify", None, 400, "Invalid connection ID"),
    ("DELETE", f"{CONNECTIONS}/{UNKNOWN}", None, 404, "Connection not found"),
    *(("PUT", ORGANIZATION, body, 400, PAYLOAD) for body in ("", {}, {"name": ""}, {"name": "x", "id": "y"})),
    ("POST", MEMBERS, {"email": "m@fell.example"}, 400, "Role cannot be empty"),
    ("POST", MEMBERS, {"email": "m@fell.example", "role": ""}, 400, "Role cannot be empty"),
    ("POST", MEMBERS, {"email": "rory@fellandfjord.example", "role": "ADMIN"}, 400, "User is already a member"),
    ("PUT", f"{MEMBERS}/nobody", {"role": "OWNER"}, 400, PAYLOAD),
    ("PUT", f"{MEMBERS}/nobody", {"role": ""}, 400, "Role cannot be empty"),
    ("PUT", f"{MEMBERS}/nobody", {"role": "ADMIN"}, 404, "Member not found"),
    ("DELETE", f"{MEMBERS}/nobody", None, 404, "Member not found"),
    *(
        ("PUT", SETTINGS, {**TENANT_SETTINGS, **change}, 400, text)
        for change, text in (
            ({"inventory_allocation_model": "soft"}, "inventory_allocation_model must be HARD or SOFT"),
            ({"inventory_allocation_model": None}, BODY),
            ({"costing_method": "LIFO"}, "costing_method must be WAC or FIFO"),
            ({"default_low_stock_threshold": -1}, "default_low_stock_threshold cannot be negative"),
            ({"default_low_stock_threshold": 2**31}, BODY),
            ({"default_low_stock_threshold": 1.5}, BODY),
            ({"auto_po_enabled": "yes"}, BODY),
            ({"updated_by": "me"}, BODY),
        )
    ),
    *(
        ("PUT", SETTINGS, {key: TENANT_SETTINGS[key] for key in TENANT_SETTINGS if key != name}, 400, BODY)
        for name in TENANT_SETTINGS
    ),
    ("POST", ORDERS, {**ORDER, "idempotency_key": ""}, 400, "missing idempotency_key"),
    ("POST", ORDERS, {"items": [LINE]}, 400, "missing idempotency_key"),
    *(
        ("POST", ORDERS, {**ORDER, name: ""}, 400, "payment_provider and payment_reference are required")
        for name in ("payment_provider", "payment_reference")
    ),
    (
        "POST",
        ORDERS,
        {**ORDER, "items": [LINE, {**LINE, "variant_id": UNKNOWN}]},
        400,
        "location_id is required for inventory-backed items",
    ),
    ("GET", f"{ORDERS}/12", None, 400, "invalid order id"),
    ("GET", f"{ORDERS}/{UNKNOWN}", None, 404, "order not found"),
    *(
        ("POST", f"{ORDERS}/{order}/{action}", None, status, text)
        for action in ("cancel", "fulfillments", "returns")
        for order, status, text in (("12", 400, "invalid order id"), (UNKNOWN, 404, "order not found"))
    ),
]


@pytest.fixture
def send(client, clock, database):
    """Sends a request, each in a minute of its own, and checks at the end that the tenant is unchanged."""

    def content():
        with Store(database) as store:
            store.run("DELETE FROM requests")
            tables = store.rows("SELECT name FROM sqlite_master WHERE type = 'table'")
            return [store.rows(f"SELECT * FROM {table['name']}") for table in tables]

    def send(method, path, body=None, query=None):
        clock.at += 1
        sent = body if body is None or isinstance(body, str) else json.dumps(body)
        return error(client.simulate_request(method, path, body=sent, query_string=query))

    before = content()
    yield send
    assert content() == before


def test_invalid_queries(send):
    for path, query, text in QUERIES:
        assert send("GET", path, query=query) == (400, text), (path, query)


def test_invalid_bodies(send):
    for text, routes in BODIES.items():
        for path, bodies in routes.items():
            # An order can be cancelled, fulfilled or returned without a body.
            no_object = NO_OBJECT[1:] if f"{ORDERS}/" in path else NO_OBJECT
            for body in (*no_object, *bodies):
                assert send("POST", path, body) == (400, text), (path, str(body)[:99])


def test_other_invalid_requests(send):
    for method, path, body, status, text in OTHERS:
        assert send(method, path, body) == (status, text), (method, path, body)
