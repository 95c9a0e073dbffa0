import json
import re

import pytest

from synq_cli.sandbox.store.store import Store

STRANGER = "00000000-0000-4000-8000-000000000000"
PRODUCTS = "/api/v1/pim/products"
VARIANTS = "/api/v1/pim/variants"
ORDERS = "/api/v1/oms/orders"
ADJUST = "/api/v1/inventory/adjust"
LEVELS = "/api/v1/inventory/levels"
LEDGER = "/api/v1/inventory/ledger"
LOCATIONS = "/api/v1/inventory/locations"
CHANNELS = "/api/v1/channels"
SETTINGS = "/api/v1/settings/tenant"


def told(result):
    return result.status_code, result.json["error"]


@pytest.fixture
def crewneck(client):
    (variant,) = client.simulate_get(VARIANTS, params={"sku": "HMC-NVY-M"}).json
    return variant


@pytest.fixture
def warehouse(client):
    places = client.simulate_get(LOCATIONS).json["locations"]
    return {place["name"]: place["id"] for place in places}["Leith warehouse"]


def adjust(client, variant, location, delta):
    return client.simulate_post(ADJUST, json={"variant_id": variant, "location_id": location, "quantity_delta": delta})


# Products and variants


def test_products_are_listed_in_a_light_projection(client):
    products = client.simulate_get(PRODUCTS).json
    assert len(products) == 60
    assert {frozenset(product) for product in products} == {
        frozenset(["id", "title", "category", "status", "updated_at"])
    }
    times = [product["updated_at"] for product in products]
    assert times == sorted(times, reverse=True)


def test_a_product_is_shown_whole(client, crewneck):
    product = client.simulate_get(f"{PRODUCTS}/{crewneck['product_id']}").json
    assert (product["title"], product["brand"], product["is_taxable"], product["deleted_at"]) == (
        "Harbour Merino Crewneck",
        "Fell & Fjord",
        True,
        None,
    )
    assert isinstance(product["tags"], list)


def test_a_deleted_product_and_its_variants_are_gone(client, database, crewneck, warehouse):
    path = f"{PRODUCTS}/{crewneck['product_id']}"
    result = client.simulate_delete(path)
    assert (result.status_code, result.text) == (204, "")
    assert told(client.simulate_get(path)) == (404, "Product not found")
    assert told(client.simulate_delete(path)) == (404, "Product not found")
    assert len(client.simulate_get(PRODUCTS).json) == 59
    assert client.simulate_get(VARIANTS, params={"sku": "HMC-NVY-M"}).json == []
    assert client.simulate_get(LEVELS, params={"sku": "HMC-NVY-M"}).json["levels"] == []
    assert told(adjust(client, crewneck["id"], warehouse, 1)) == (404, "Variant not found")
    with Store(database) as store:
        event = store.rows("SELECT * FROM audit WHERE action = 'PRODUCT_DELETED'")[0]
    assert (event["actor_email"], event["entity_type"], event["entity_id"], event["details"]) == (
        "ailsa@fellandfjord.example",
        "PRODUCT",
        crewneck["product_id"],
        {"title": "Harbour Merino Crewneck"},
    )


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_an_id_that_is_no_uuid(client, method):
    assert told(client.simulate_request(method, f"{PRODUCTS}/HMC-NVY-M")) == (400, "Invalid product ID")


def test_variants_by_sku_by_product_and_by_page(client, crewneck):
    assert (crewneck["sku"], crewneck["price"], crewneck["currency"], crewneck["option_values"]) == (
        "HMC-NVY-M",
        "89.50",
        "GBP",
        {"colour": "Navy", "size": "M"},
    )
    siblings = client.simulate_get(VARIANTS, params={"product_id": crewneck["product_id"]}).json
    assert [variant["sku"] for variant in siblings] == ["HMC-NVY-L", "HMC-NVY-M", "HMC-NVY-S", "HMC-NVY-XL"]
    assert client.simulate_get(VARIANTS, params={"product_id": STRANGER}).json == []
    assert client.simulate_get(VARIANTS, params={"sku": "SJO-BLÅ-OS"}).json[0]["sku"] == "SJO-BLÅ-OS"
    pages = [client.simulate_get(VARIANTS, params={"limit": 60, "offset": at}).json for at in (0, 60, 120, 180)]
    assert [len(page) for page in pages] == [60, 60, 25, 0]
    assert len({variant["id"] for page in pages for variant in page}) == 145


@pytest.mark.parametrize(
    ("path", "query", "text"),
    [
        (VARIANTS, "sku=", "Invalid sku"),
        (VARIANTS, "product_id=HMC", "Invalid product_id"),
        (VARIANTS, "limit=0", "invalid limit"),
        (LEVELS, "variant_id=", "Invalid variant_id"),
        (LEVELS, "location_id=Leith", "Invalid location_id"),
        (LEDGER, "variant_id=%00", "Invalid variant_id"),
        (LEDGER, "offset=-1", "invalid offset"),
        (ORDERS, "limit=0", "invalid limit"),
        (ORDERS, "limit=-5", "invalid limit"),
        (ORDERS, "limit=ten", "invalid limit"),
        (ORDERS, "limit=", "invalid limit"),
        (ORDERS, "limit=1.5", "invalid limit"),
        (ORDERS, "limit=%D9%A3", "invalid limit"),
        (ORDERS, "offset=x", "invalid offset"),
    ],
)
def test_a_query_that_makes_no_sense(client, path, query, text):
    assert told(client.simulate_get(path, query_string=query)) == (400, text)


# Orders


def test_orders_come_newest_first_in_pages(client):
    pages = [client.simulate_get(ORDERS, params={"limit": 100, "offset": at}).json for at in (0, 100, 200)]
    assert [(len(page["orders"]), page["limit"], page["offset"]) for page in pages] == [
        (100, 100, 0),
        (100, 100, 100),
        (40, 100, 200),
    ]
    orders = [order for page in pages for order in page["orders"]]
    times = [order["created_at"] for order in orders]
    assert times == sorted(times, reverse=True)
    assert len({order["id"] for order in orders}) == 240
    assert len({order["status"] for order in orders}) == 16


@pytest.mark.parametrize(
    ("query", "used"),
    [("", (50, 0)), ("limit=100", (100, 0)), ("limit=101&offset=3", (100, 3)), (f"limit={10**30}", (100, 0))],
)
def test_the_page_that_was_used_is_told(client, query, used):
    page = client.simulate_get(ORDERS, query_string=query).json
    assert (page["limit"], page["offset"]) == used
    assert len(page["orders"]) == used[0]


def test_an_offset_beyond_all_counting(client):
    assert client.simulate_get(ORDERS, query_string=f"offset={10**40}").json["orders"] == []


def test_an_order_is_shown_as_in_the_list_and_money_is_exact(client, database):
    listed = client.simulate_get(ORDERS, params={"limit": 100})
    for number in re.findall(r'"(?:sub)?total": ([^,]+)', listed.text):
        assert re.fullmatch(r"\d+\.\d{1,2}", number), number
    order = listed.json["orders"][7]
    assert client.simulate_get(f"{ORDERS}/{order['id'].upper()}").json == order
    with Store(database) as store:
        stored = store.row("SELECT * FROM orders WHERE id = ?", (order["id"],))
    assert f"{order['total']:.2f}" == stored["total"]


def test_an_order_that_is_none(client):
    assert told(client.simulate_get(f"{ORDERS}/12")) == (400, "invalid order id")
    assert told(client.simulate_get(f"{ORDERS}/{STRANGER}")) == (404, "order not found")


# Stock


def test_an_adjustment_is_appended_and_moves_the_level(client, clock, crewneck, warehouse):
    def level():
        return client.simulate_get(LEVELS, params={"sku": "HMC-NVY-M"}).json["levels"]

    before = level()
    assert [(row["location_id"], row["on_hand"]) for row in before] == [(warehouse, 42)]
    assert before[0]["available"] == 42 - before[0]["reserved"]
    clock.at += 30
    entry = adjust(client, crewneck["id"].upper(), warehouse, -5).json
    token = client.simulate_get(f"{PRODUCTS}/{crewneck['product_id']}").json
    assert entry == {
        "id": entry["id"],
        "org_id": crewneck["org_id"],
        "tenant_id": crewneck["tenant_id"],
        "variant_id": crewneck["id"],
        "location_id": warehouse,
        "quantity_delta": -5,
        "transaction_type": "adjustment",
        "notes": "API Adjustment",
        "unit_cost": None,
        "created_by": token["created_by"],  # Ailsa made the products and holds the token
        "created_at": "2025-11-20T12:00:30Z",
    }
    after = level()
    assert (after[0]["on_hand"], after[0]["available"], after[0]["updated_at"]) == (
        37,
        before[0]["available"] - 5,
        "2025-11-20T12:00:30Z",
    )
    newest = client.simulate_get(LEDGER, params={"variant_id": crewneck["id"], "limit": 1}).json
    assert newest == {"entries": [entry], "limit": 1, "offset": 0}


def test_nothing_and_less_than_nothing(client, crewneck, warehouse):
    assert adjust(client, crewneck["id"], warehouse, 0).status_code == 200
    assert adjust(client, crewneck["id"], warehouse, -(2**31)).status_code == 200
    (level,) = client.simulate_get(LEVELS, params={"sku": "HMC-NVY-M"}).json["levels"]
    assert level["on_hand"] == 42 - 2**31


def test_levels_are_the_sums_of_the_ledger(client):
    def everything(path, key):
        rows = []
        for at in range(0, 1000, 100):
            rows += client.simulate_get(path, params={"limit": 100, "offset": at}).json[key]
        return rows

    sums = {}
    entries = everything(LEDGER, "entries")
    for entry in entries:
        place = entry["variant_id"], entry["location_id"]
        sums[place] = sums.get(place, 0) + entry["quantity_delta"]
    levels = everything(LEVELS, "levels")
    assert {(row["variant_id"], row["location_id"]): row["on_hand"] for row in levels} == sums
    assert [row["sku"] for row in levels] == sorted(row["sku"] for row in levels)
    assert all(row["available"] == row["on_hand"] - row["reserved"] >= 0 for row in levels)
    assert sum(row["reserved"] for row in levels) > 20
    times = [entry["created_at"] for entry in entries]
    assert times == sorted(times, reverse=True)


def test_only_active_reservations_hold_stock(client, database):
    with Store(database) as store:
        store.run("UPDATE reservations SET status = 'RELEASED' WHERE reference = 'trunk-show'")
        store.run("UPDATE reservations SET status = 'CONSUMED' WHERE reference <> 'trunk-show'")
    levels = client.simulate_get(LEVELS, params={"limit": 100}).json["levels"]
    assert {level["reserved"] for level in levels} == {0}


def test_levels_by_variant_and_location(client, crewneck, warehouse):
    by_variant = client.simulate_get(LEVELS, params={"variant_id": crewneck["id"]}).json["levels"]
    assert [level["sku"] for level in by_variant] == ["HMC-NVY-M"]
    by_place = client.simulate_get(LEVELS, params={"location_id": warehouse, "limit": 100}).json["levels"]
    assert {level["location_id"] for level in by_place} == {warehouse}
    assert client.simulate_get(LEVELS, params={"location_id": STRANGER}).json["levels"] == []


GOOD = {"variant_id": STRANGER, "location_id": STRANGER, "quantity_delta": 1}


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("", "Invalid request payload"),
        ("[]", "Invalid request payload"),
        ("{", "Invalid request payload"),
        ('"\\ud800"', "Invalid request payload"),
        ("[" * 100_000, "Invalid request payload"),
        (json.dumps({**GOOD, "quantity_delta": "1"}), "Invalid request payload"),
        (json.dumps({**GOOD, "quantity_delta": 1.5}), "Invalid request payload"),
        (json.dumps({**GOOD, "quantity_delta": True}), "Invalid request payload"),
        (json.dumps({**GOOD, "quantity_delta": None}), "Invalid request payload"),
        (json.dumps({**GOOD, "quantity_delta": 2**31}), "Invalid request payload"),
        (json.dumps({**GOOD, "quantity_delta": -(2**31) - 1}), "Invalid request payload"),
        (json.dumps({**GOOD, "note": "unknown key"}), "Invalid request payload"),
        (json.dumps({**GOOD, "variant_id": 7}), "Invalid request payload"),
        (json.dumps({"variant_id": STRANGER, "location_id": STRANGER}), "Invalid request payload"),
        (json.dumps({**GOOD, "variant_id": "HMC-NVY-M"}), "Invalid variant_id"),
        (json.dumps({"location_id": STRANGER, "quantity_delta": 1}), "Invalid variant_id"),
        (json.dumps({**GOOD, "location_id": ""}), "Invalid location_id"),
    ],
)
def test_an_adjustment_that_makes_no_sense(client, body, text):
    assert told(client.simulate_post(ADJUST, body=body)) == (400, text)


def test_an_adjustment_of_the_unknown(client, crewneck, warehouse):
    assert told(adjust(client, STRANGER, warehouse, 1)) == (404, "Variant not found")
    assert told(adjust(client, crewneck["id"], STRANGER, 1)) == (404, "Location not found")


# The rest


def test_locations_are_alphabetical(client):
    names = [place["name"] for place in client.simulate_get(LOCATIONS).json["locations"]]
    assert names == ["High Street shop", "Leith warehouse", "Tromsø lager"]


def test_channels(client):
    channels = client.simulate_get(CHANNELS).json["channels"]
    assert [(channel["name"], channel["currency"], channel["active"]) for channel in channels] == [
        ("web-storefront", "GBP", True),
        ("high-street", "GBP", True),
        ("nordic-web", "EUR", True),
        ("Nørrebro pop-up", "EUR", False),
    ]


def test_tenant_settings(client):
    shown = client.simulate_get(SETTINGS).json
    assert {name: shown[name] for name in shown if name[-3:] not in ("_id", "_by", "_at") and name != "id"} == {
        "inventory_allocation_model": "SOFT",
        "auto_po_enabled": True,
        "default_low_stock_threshold": 5,
        "costing_method": "WAC",
    }


def test_a_stranger_sees_nothing_and_moves_nothing(client, anyone, bearer, crewneck, warehouse):
    token = bearer(tenant_id=STRANGER)
    order = client.simulate_get(ORDERS, params={"limit": 1}).json["orders"][0]
    body = {"variant_id": crewneck["id"], "location_id": warehouse, "quantity_delta": 1}

    def get(path):
        return anyone.simulate_get(path, headers=token)

    assert told(get(f"{ORDERS}/{order['id']}")) == (404, "order not found")
    assert told(get(f"{PRODUCTS}/{crewneck['product_id']}")) == (404, "Product not found")
    assert told(anyone.simulate_delete(f"{PRODUCTS}/{crewneck['product_id']}", headers=token)) == (
        404,
        "Product not found",
    )
    assert told(anyone.simulate_post(ADJUST, json=body, headers=token)) == (404, "Variant not found")
    assert told(get(SETTINGS)) == (404, "tenant settings not found")
    assert [get(path).json for path in (PRODUCTS, VARIANTS)] == [[], []]
    assert get(ORDERS).json["orders"] == []
    assert get(LEVELS).json["levels"] == []
    assert get(LEDGER).json["entries"] == []
    assert get(LOCATIONS).json == {"locations": []}
    assert get(CHANNELS).json == {"channels": []}
    (level,) = client.simulate_get(LEVELS, params={"sku": "HMC-NVY-M"}).json["levels"]
    assert level["on_hand"] == 42
