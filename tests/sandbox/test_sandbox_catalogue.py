from decimal import Decimal

import pytest

from synq_cli import exact_json
from synq_cli.sandbox.store.store import Store

STRANGER = "00000000-0000-4000-8000-000000000000"
PIM = "/api/v1/pim"
PRODUCTS = f"{PIM}/products"
VARIANTS = f"{PIM}/variants"
CATEGORIES = f"{PIM}/categories"
MEDIA = f"{PIM}/media"
PUSH = "/unified/sync/push/product"
NOW = "2025-11-20T12:00:00Z"
BAD_BODY = (400, "Invalid request payload")


def told(result):
    return result.status_code, result.json["error"]


def created(result):
    assert result.status_code == 201, result.text
    return result.json


def events(database):
    """What was written down since the shop was drawn, oldest first."""
    with Store(database) as store:
        rows = store.rows("SELECT * FROM audit WHERE created_at >= ? ORDER BY rowid", (NOW,))
    return [(row["action"], row["entity_type"], row["entity_id"], row["details"]) for row in rows]


@pytest.fixture
def crewneck(client):
    (variant,) = client.simulate_get(VARIANTS, params={"sku": "HMC-NVY-M"}).json
    return variant


# Products


def test_a_new_product_is_active_and_listed_first(client, database, crewneck):
    product = created(
        client.simulate_post(PRODUCTS, json={"title": "Ullvott", "description": "", "category": "Gloves"})
    )
    stored = client.simulate_get(f"{PRODUCTS}/{product['id']}").json
    assert product == stored
    assert {name: value for name, value in product.items() if value is not None} == {
        "id": product["id"],
        "org_id": crewneck["org_id"],
        "tenant_id": crewneck["tenant_id"],
        "title": "Ullvott",
        "description": "",
        "category": "Gloves",
        "status": "ACTIVE",
        "is_taxable": True,
        "is_returnable": True,
        "requires_serial_number": False,
        "created_by": product["created_by"],
        "updated_by": product["created_by"],
        "created_at": NOW,
        "updated_at": NOW,
    }
    assert client.simulate_get(PRODUCTS).json[0]["id"] == product["id"]
    assert events(database) == [("PRODUCT_CREATED", "PRODUCT", product["id"], {"title": "Ullvott"})]


def test_a_blind_repeat_makes_a_second_product(client):
    first, second = (created(client.simulate_post(PRODUCTS, json={"title": "Ullvott"})) for _ in range(2))
    assert first["id"] != second["id"]


def test_an_update_changes_what_it_names_and_who_did_it(client, database, clock, bearer, crewneck):
    path = f"{PRODUCTS}/{crewneck['product_id']}"
    before = client.simulate_get(path).json
    clock.at += 60
    result = client.simulate_put(
        f"{PRODUCTS}/{crewneck['product_id'].upper()}",
        json={"title": "Harbour Crewneck II", "description": "", "category": ""},
        headers=bearer(role="EDITOR"),
    )
    after = client.simulate_get(path).json
    assert result.json == after
    assert {name: after[name] for name in after if after[name] != before[name]} == {
        "title": "Harbour Crewneck II",
        "updated_at": "2025-11-20T12:01:00Z",
        "updated_by": after["updated_by"],
    }
    assert events(database) == [("PRODUCT_UPDATED", "PRODUCT", before["id"], {"title": "Harbour Crewneck II"})]


def test_category_and_brand_by_id_set_their_labels(client, crewneck):
    path = f"{PRODUCTS}/{crewneck['product_id']}"
    category = created(client.simulate_post(CATEGORIES, json={"name": "Troyer"}))
    brand = created(client.simulate_post(f"{PIM}/brands", json={"name": "Nordlys"}))
    product = client.simulate_put(path, json={"category_id": category["id"].upper(), "brand_id": brand["id"]}).json
    assert (product["category"], product["brand"]) == ("Troyer", "Nordlys")
    assert told(client.simulate_put(path, json={"category_id": brand["id"]})) == (404, "Category not found")
    assert told(client.simulate_put(path, json={"brand_id": STRANGER})) == (404, "Brand not found")


@pytest.mark.parametrize(
    "body",
    ["", "[]", "{", "{}", '{"title":""}', '{"title":null}', '{"title":7}', '{"title":"\\ud800"}', '{"title":NaN}'],
)
def test_a_product_that_makes_no_sense(client, body):
    assert told(client.simulate_post(PRODUCTS, body=body)) == BAD_BODY


@pytest.mark.parametrize(
    "body",
    [{"title": ""}, {"brand": "X"}, {"category_id": "knitwear"}, {"brand_id": ""}, {"description": None}],
)
def test_an_update_that_makes_no_sense(client, crewneck, body):
    assert told(client.simulate_put(f"{PRODUCTS}/{crewneck['product_id']}", json=body)) == BAD_BODY


def test_what_is_unknown_is_not_changed(client):
    assert told(client.simulate_put(f"{PRODUCTS}/{STRANGER}", json={})) == (404, "Product not found")
    assert told(client.simulate_put(f"{PRODUCTS}/12", json={})) == (400, "Invalid product ID")
    assert told(client.simulate_post(f"{PRODUCTS}/{STRANGER}/variants", json={})) == (404, "Product not found")
    assert told(client.simulate_post(f"{PRODUCTS}/12/variants", json={})) == (400, "Invalid product_id")


# Variants


def test_a_new_variant_belongs_to_its_product(client, database, crewneck):
    body = {"sku": "HMC-NVY-XXL", "barcode": "5012345678900", "price": 89.5, "currency": "gbp"}
    variant = created(client.simulate_post(f"{PRODUCTS}/{crewneck['product_id']}/variants", json=body))
    assert variant == {
        **dict.fromkeys(("option_values", "cost_price", "data_quality_score")),
        "id": variant["id"],
        "org_id": crewneck["org_id"],
        "tenant_id": crewneck["tenant_id"],
        "product_id": crewneck["product_id"],
        "sku": "HMC-NVY-XXL",
        "barcode": "5012345678900",
        "price": "89.50",
        "currency": "GBP",
        "created_at": NOW,
        "updated_at": NOW,
    }
    assert client.simulate_get(VARIANTS, params={"sku": "HMC-NVY-XXL"}).json == [variant]
    details = {"sku": "HMC-NVY-XXL", "title": "Harbour Merino Crewneck"}
    assert events(database) == [("VARIANT_CREATED", "VARIANT", variant["id"], details)]


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("0", "0.00"),
        ("-0.0", "0.00"),
        ("12", "12.00"),
        ("19.90", "19.90"),
        ("0.1", "0.10"),
        ("1.005", "1.005"),
        ("1e3", "1000.00"),
        ("12345678901234567890.123456789", "12345678901234567890.123456789"),
    ],
)
def test_a_price_keeps_its_digits(client, crewneck, number, text):
    body = f'{{"price": {number}}}'
    variant = created(client.simulate_post(f"{PRODUCTS}/{crewneck['product_id']}/variants", body=body))
    assert variant["price"] == text
    (stored,) = (
        row
        for row in client.simulate_get(VARIANTS, params={"product_id": crewneck["product_id"]}).json
        if row["id"] == variant["id"]
    )
    assert stored["price"] == text


@pytest.mark.parametrize(
    "body",
    [
        '{"price": -0.01}',
        '{"price": "89.50"}',
        '{"price": true}',
        '{"price": 1e401}',
        '{"price": 1e999999999}',
        '{"price": 1e-999999999}',
        f'{{"price": {"9" * 5000}}}',
        '{"currency": "GB"}',
        '{"currency": "GBP\\n"}',
        '{"currency": "ØRE"}',
        '{"sku": 12}',
        '{"sku": null}',
        '{"size": "M"}',
    ],
)
def test_a_variant_that_makes_no_sense(client, crewneck, body):
    assert told(client.simulate_post(f"{PRODUCTS}/{crewneck['product_id']}/variants", body=body)) == BAD_BODY


def test_a_sku_belongs_to_one_variant_and_is_free_once_its_product_is_gone(client, crewneck):
    product = created(client.simulate_post(PRODUCTS, json={"title": "Ullvott"}))
    path = f"{PRODUCTS}/{product['id']}/variants"
    assert told(client.simulate_post(path, json={"sku": "HMC-NVY-M"})) == (400, "SKU already exists")
    assert client.simulate_get(VARIANTS, params={"product_id": product["id"]}).json == []
    assert created(client.simulate_post(path, json={"sku": ""}))["sku"] is None
    assert created(client.simulate_post(path, json={}))["sku"] is None
    client.simulate_delete(f"{PRODUCTS}/{crewneck['product_id']}")
    assert created(client.simulate_post(path, json={"sku": "HMC-NVY-M"}))["product_id"] == product["id"]


# What products are sorted by


@pytest.mark.parametrize(
    ("path", "entity", "sent", "kept"),
    [
        ("categories", "CATEGORY", {"name": "Hatt"}, {"parent_id": None, "slug": None, "description": None}),
        ("brands", "BRAND", {"name": "Ull", "logoUrl": "https://a.example/l.svg"}, {"description": None}),
        ("attributes", "ATTRIBUTE", {"name": "Gauge", "slug": "gauge", "type": "NUMBER"}, {}),
        ("attributes", "ATTRIBUTE", {"name": "Gauge"}, {"slug": None, "type": "TEXT"}),
        ("attribute-groups", "ATTRIBUTE_GROUP", {"name": "Yarn", "description": "d"}, {}),
        ("templates", "TEMPLATE", {"name": "Hat"}, {"description": None}),
        (
            "media",
            "MEDIA",
            {"url": "https://a.example/x.jpg"},
            {"product_id": None, "variant_id": None, "alt_text": None, "sort_order": 0},
        ),
    ],
)
def test_a_new_entry_is_listed_and_written_down(client, database, crewneck, path, entity, sent, kept):
    entry = created(client.simulate_post(f"{PIM}/{path}", json=sent))
    renamed = {"logoUrl": "logo_url"}
    assert entry == {
        "id": entry["id"],
        "org_id": crewneck["org_id"],
        "tenant_id": crewneck["tenant_id"],
        **{renamed.get(name, name): value for name, value in sent.items()},
        **kept,
        "created_at": NOW,
        "updated_at": NOW,
    }
    assert entry in client.simulate_get(f"{PIM}/{path}").json
    required = "url" if path == "media" else "name"
    assert events(database) == [(f"{entity}_CREATED", entity, entry["id"], {required: sent[required]})]


@pytest.mark.parametrize("path", ["categories", "attributes"])
def test_what_is_listed_by_name(client, path):
    created(client.simulate_post(f"{PIM}/{path}", json={"name": "Aran"}))
    names = [entry["name"] for entry in client.simulate_get(f"{PIM}/{path}").json]
    assert names == sorted(names)
    assert names.index("Aran") < 3


def test_categories_nest(client):
    tops = {entry["name"]: entry["id"] for entry in client.simulate_get(CATEGORIES).json}
    child = created(client.simulate_post(CATEGORIES, json={"name": "Beanies", "parentId": tops["Hats"].upper()}))
    assert child["parent_id"] == tops["Hats"]
    assert told(client.simulate_post(CATEGORIES, json={"name": "X", "parentId": STRANGER})) == (400, "Invalid parentId")
    assert told(client.simulate_post(CATEGORIES, json={"name": "X", "parentId": "hats"})) == BAD_BODY


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("categories", {}),
        ("categories", {"name": ""}),
        ("categories", {"name": "X", "parent_id": STRANGER}),
        ("brands", {"name": "X", "logoUrl": "logo.svg"}),
        ("brands", {"name": "X", "logoUrl": "https://a.example/a b"}),
        ("attributes", {"name": "X", "type": 1}),
        ("attribute-groups", {"description": "X"}),
        ("templates", {"name": ["X"]}),
        ("media", {"alt_text": "X"}),
        ("media", {"url": "/x.jpg"}),
        ("media", {"url": "https://a.example/x.jpg", "sort_order": 1.5}),
        ("media", {"url": "https://a.example/x.jpg", "sort_order": True}),
        ("media", {"url": "https://a.example/x.jpg", "sort_order": 2**31}),
        ("media", {"url": "https://a.example/x.jpg", "product_id": "HMC"}),
    ],
)
def test_an_entry_that_makes_no_sense(client, path, body):
    before = client.simulate_get(f"{PIM}/{path}").json
    assert told(client.simulate_post(f"{PIM}/{path}", json=body)) == BAD_BODY
    assert client.simulate_get(f"{PIM}/{path}").json == before


def test_media_of_a_product_and_of_a_variant(client, crewneck):
    product, variant = crewneck["product_id"], crewneck["id"]
    before = client.simulate_get(MEDIA, params={"product_id": product}).json
    assert {picture["product_id"] for picture in before} == {product}
    url = "https://cdn.fellandfjord.example/p/back.jpg"
    whole = created(client.simulate_post(MEDIA, json={"url": url, "product_id": product, "sort_order": -1}))
    part = created(client.simulate_post(MEDIA, json={"url": url, "product_id": product, "variant_id": variant}))
    assert client.simulate_get(MEDIA, params={"product_id": product}).json == [*before, whole, part]
    assert client.simulate_get(MEDIA, params={"variant_id": variant}).json == [part]
    assert client.simulate_get(MEDIA, params={"product_id": STRANGER}).json == []
    assert told(client.simulate_get(MEDIA, params={"variant_id": "M"})) == (400, "Invalid variant_id")
    for name in ("product_id", "variant_id"):
        refused = client.simulate_post(MEDIA, json={"url": url, name: STRANGER})
        assert told(refused) == (400, f"Invalid {name}")


# Counters


def stats(client):
    return exact_json.loads(client.simulate_get(f"{PIM}/stats").text)


def test_counters_are_those_of_products_and_stock(client, database):
    counted = stats(client)
    with Store(database) as store:
        stock = store.rows(
            """SELECT cost_price, (SELECT SUM(quantity_delta) FROM ledger WHERE variant_id = variants.id) AS on_hand
               FROM variants"""
        )
    on_hand = [row["on_hand"] or 0 for row in stock]
    assert counted["totalProducts"] == 60
    assert counted["lowStockVariants"] == sum(0 < number <= 5 for number in on_hand) > 0
    assert counted["outOfStockVariants"] == sum(number == 0 for number in on_hand) > 0
    assert counted["totalInventoryValue"] == sum((row["on_hand"] or 0) * Decimal(row["cost_price"]) for row in stock)
    assert [row["on_hand"] for row in counted["topLowStock"]] == sorted(on_hand)[:10]


def test_counters_move_with_the_stock_the_threshold_and_the_products(client, database, crewneck):
    def low():
        counted = stats(client)
        return counted["lowStockVariants"], counted["outOfStockVariants"]

    lows, outs = low()
    (level,) = client.simulate_get("/api/v1/inventory/levels", params={"sku": "HMC-NVY-M"}).json["levels"]
    place = {"variant_id": crewneck["id"], "location_id": level["location_id"]}
    for delta, expected in ((-36, (0, 0)), (-1, (1, 0)), (-4, (1, 0)), (-1, (0, 1)), (-7, (0, 1))):
        client.simulate_post("/api/v1/inventory/adjust", json={**place, "quantity_delta": delta})
        assert low() == (lows + expected[0], outs + expected[1]), delta
    assert stats(client)["topLowStock"][0] == {
        "variant_id": crewneck["id"],
        "sku": "HMC-NVY-M",
        "title": "Harbour Merino Crewneck",
        "on_hand": -7,
    }
    client.simulate_delete(f"{PRODUCTS}/{crewneck['product_id']}")
    assert (stats(client)["totalProducts"], low()[1]) == (59, outs)
    with Store(database) as store:
        store.run("UPDATE settings SET default_low_stock_threshold = 0")
    assert low()[0] == 0


# Issues


def issues(client, product):
    found = client.simulate_get(f"{PIM}/validation").json
    return {issue["field"]: issue["message"] for issue in found if issue["product_id"] == product["id"]}


def test_an_issue_goes_when_the_product_is_mended(client):
    product = created(client.simulate_post(PRODUCTS, json={"title": "Ullvott"}))
    path = f"{PRODUCTS}/{product['id']}"
    expected = {
        "description": "No description",
        "category": "No category",
        "brand": "No brand",
        "variants": "No variants",
        "media": "No media",
    }
    assert issues(client, product) == expected
    client.simulate_put(path, json={"description": "Warm.", "category": "Mittens"})
    del expected["description"]
    assert issues(client, product) == {**expected, "category": 'Unknown category "Mittens"'}
    created(client.simulate_post(CATEGORIES, json={"name": "Handwear", "slug": "mittens"}))
    del expected["category"]
    assert issues(client, product) == expected
    brand = client.simulate_get(f"{PIM}/brands").json[0]["id"]
    client.simulate_put(path, json={"brand_id": brand})
    variant = created(client.simulate_post(f"{path}/variants", json={"sku": "ULV"}))
    assert issues(client, product) == {
        "media": "No media",
        "price": "Variant ULV has no price",
        "barcode": "Variant ULV has no barcode",
    }
    created(client.simulate_post(MEDIA, json={"url": "https://a.example/x.jpg", "variant_id": variant["id"]}))
    assert issues(client, product).keys() == {"price", "barcode"}


def test_an_issue_keeps_its_id(client, clock):
    first = client.simulate_get(f"{PIM}/validation").json
    clock.at += 600
    assert client.simulate_get(f"{PIM}/validation").json == first
    assert [issue["field"] for issue in first] == ["media"] * 12
    assert len({issue["id"] for issue in first}) == 12


def test_a_deleted_product_has_no_issues(client):
    issue = client.simulate_get(f"{PIM}/validation").json[0]
    client.simulate_delete(f"{PRODUCTS}/{issue['product_id']}")
    assert issue not in client.simulate_get(f"{PIM}/validation").json


# What leaves the catalogue, and what is written down


def test_an_export_is_queued(client, database):
    result = client.simulate_post(f"{PIM}/export")
    assert (result.status_code, result.json) == (202, {"status": "queued", "message": "Export job queued."})
    assert events(database) == [("CATALOG_EXPORT_QUEUED", "CATALOG", None, None)]


@pytest.mark.parametrize("action", ["UPSERT", "DELETE"])
def test_a_push_is_queued(client, database, crewneck, action):
    result = client.simulate_post(PUSH, json={"productId": crewneck["product_id"], "action": action})
    assert (result.status_code, result.json) == (202, {"status": "queued"})
    assert events(database) == [("PRODUCT_PUSH_QUEUED", "PRODUCT", crewneck["product_id"], {"action": action})]


@pytest.mark.parametrize(
    "body",
    [{"productId": STRANGER}, {"productId": "HMC", "action": "UPSERT"}, {"productId": STRANGER, "action": "upsert"}],
)
def test_a_push_that_makes_no_sense(client, body):
    assert told(client.simulate_post(PUSH, json=body)) == (400, "invalid payload")


def test_the_catalogue_sees_its_own_events_newest_first(client, clock):
    seeded = client.simulate_get(f"{PIM}/audit").json
    assert {event["entity_type"] for event in seeded} == {"PRODUCT"}
    clock.at += 1
    category = created(client.simulate_post(CATEGORIES, json={"name": "Hatt"}))
    newest = client.simulate_get(f"{PIM}/audit").json
    assert newest == [
        {
            "id": newest[0]["id"],
            "action": "CATEGORY_CREATED",
            "entity_type": "CATEGORY",
            "entity_id": category["id"],
            "created_at": "2025-11-20T12:00:01Z",
        },
        *seeded,
    ]


# Who may


def test_a_viewer_writes_nothing(client, anyone, bearer, crewneck):
    token = bearer(role="VIEWER")
    path = f"{PRODUCTS}/{crewneck['product_id']}"
    refused = (403, "Forbidden: insufficient permissions")
    assert told(anyone.simulate_put(path, json={"title": "X"}, headers=token)) == refused
    for route in (PRODUCTS, f"{path}/variants", CATEGORIES, f"{PIM}/bulk-jobs", f"{PIM}/export", PUSH):
        assert told(anyone.simulate_post(route, json={}, headers=token)) == refused
    assert anyone.simulate_get(f"{PIM}/stats", headers=token).status_code == 200


def test_a_stranger_sees_none_of_it_and_reaches_none_of_it(client, anyone, bearer, crewneck):
    token = bearer(tenant_id=STRANGER)
    path = f"{PRODUCTS}/{crewneck['product_id']}"
    lists = ("categories", "brands", "attributes", "attribute-groups", "templates", "media", "bulk-jobs", "validation")
    for name in (*lists, "audit"):
        assert anyone.simulate_get(f"{PIM}/{name}", headers=token).json == []
    assert anyone.simulate_get(f"{PIM}/stats", headers=token).json == {
        "totalProducts": 0,
        "lowStockVariants": 0,
        "outOfStockVariants": 0,
        "totalInventoryValue": 0,
        "topLowStock": [],
    }
    assert told(anyone.simulate_put(path, json={"title": "X"}, headers=token)) == (404, "Product not found")
    assert told(anyone.simulate_post(f"{path}/variants", json={}, headers=token)) == (404, "Product not found")
    body = {"url": "https://a.example/x.jpg", "product_id": crewneck["product_id"]}
    assert told(anyone.simulate_post(MEDIA, json=body, headers=token)) == (400, "Invalid product_id")
    assert created(anyone.simulate_post(PRODUCTS, json={"title": "X"}, headers=token))["tenant_id"] == STRANGER
    assert len(client.simulate_get(PRODUCTS).json) == 60
