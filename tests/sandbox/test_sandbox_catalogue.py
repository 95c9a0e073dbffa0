"""Products, variants, what they are organized by, counters, issues, exports."""

from decimal import Decimal

import pytest
from replies import NOW, UNKNOWN, created, error

from synq_cli import exact_json
from synq_cli.sandbox.store.store import Store

PIM = "/api/v1/pim"
PRODUCTS = f"{PIM}/products"
VARIANTS = f"{PIM}/variants"
CATEGORIES = f"{PIM}/categories"
MEDIA = f"{PIM}/media"


def events(database):
    """The audit log since the shop was created, oldest first."""
    with Store(database) as store:
        rows = store.rows("SELECT * FROM audit WHERE created_at >= ? ORDER BY rowid", (NOW,))
    return [(row["action"], row["entity_type"], row["entity_id"], row["details"]) for row in rows]


# Products


def test_seeded_products(client, crewneck):
    products = client.simulate_get(PRODUCTS).json
    assert len(products) == 60
    assert {tuple(product) for product in products} == {("id", "title", "category", "status", "updated_at")}
    times = [product["updated_at"] for product in products]
    assert times == sorted(times, reverse=True)
    product = client.simulate_get(f"{PRODUCTS}/{crewneck['product_id']}").json
    shown = [product[name] for name in ("title", "brand", "is_taxable", "deleted_at")]
    assert shown == ["Harbour Merino Crewneck", "Fell & Fjord", True, None]
    assert isinstance(product["tags"], list)


def test_a_new_product_is_active_and_listed_first(client, database, crewneck):
    body = {"title": "Ullvott", "description": "", "category": "Gloves"}
    product = created(client.simulate_post(PRODUCTS, json=body))
    assert product == client.simulate_get(f"{PRODUCTS}/{product['id']}").json
    assert {name: value for name, value in product.items() if value is not None} == {
        "id": product["id"],
        "org_id": crewneck["org_id"],
        "tenant_id": crewneck["tenant_id"],
        **body,
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
    # A repeated request creates a second one.
    assert created(client.simulate_post(PRODUCTS, json=body))["id"] != product["id"]


def test_an_update_changes_what_it_names(client, database, clock, bearer, crewneck):
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
    assert after["updated_by"] != before["updated_by"]
    assert after == {
        **before,
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
    assert error(client.simulate_put(path, json={"category_id": brand["id"]})) == (404, "Category not found")
    assert error(client.simulate_put(path, json={"brand_id": UNKNOWN})) == (404, "Brand not found")


def test_a_deleted_product_and_its_variants_are_gone(client, database, crewneck, trade):
    path = f"{PRODUCTS}/{crewneck['product_id']}"
    issue = client.simulate_get(f"{PIM}/validation").json[0]
    client.simulate_delete(f"{PRODUCTS}/{issue['product_id']}")
    assert issue not in client.simulate_get(f"{PIM}/validation").json
    result = client.simulate_delete(path)
    assert (result.status_code, result.text) == (204, "")
    assert error(client.simulate_get(path)) == (404, "Product not found")
    assert error(client.simulate_delete(path)) == (404, "Product not found")
    assert len(client.simulate_get(PRODUCTS).json) == 58
    assert client.simulate_get(VARIANTS, params={"sku": "HMC-NVY-M"}).json == []
    assert client.simulate_get("/api/v1/inventory/levels", params={"sku": "HMC-NVY-M"}).json["levels"] == []
    adjusted = client.simulate_post("/api/v1/inventory/adjust", json={**trade.place, "quantity_delta": 1})
    assert error(adjusted) == (404, "Variant not found")
    title = {"title": "Harbour Merino Crewneck"}
    assert events(database)[1:] == [("PRODUCT_DELETED", "PRODUCT", crewneck["product_id"], title)]


# Variants


def test_variants_by_sku_by_product_and_by_page(client, crewneck):
    shown = [crewneck[name] for name in ("sku", "price", "currency", "option_values")]
    assert shown == ["HMC-NVY-M", "89.50", "GBP", {"colour": "Navy", "size": "M"}]
    siblings = client.simulate_get(VARIANTS, params={"product_id": crewneck["product_id"]}).json
    assert [variant["sku"] for variant in siblings] == ["HMC-NVY-L", "HMC-NVY-M", "HMC-NVY-S", "HMC-NVY-XL"]
    assert client.simulate_get(VARIANTS, params={"product_id": UNKNOWN}).json == []
    assert client.simulate_get(VARIANTS, params={"sku": "SJO-BLÅ-OS"}).json[0]["sku"] == "SJO-BLÅ-OS"
    pages = [client.simulate_get(VARIANTS, params={"limit": 60, "offset": at}).json for at in (0, 60, 120, 180)]
    assert [len(page) for page in pages] == [60, 60, 25, 0]
    assert len({variant["id"] for page in pages for variant in page}) == 145


def test_a_new_variant_belongs_to_its_product(client, database, crewneck):
    body = {"sku": "HMC-NVY-XXL", "barcode": "5012345678900", "price": 89.5, "currency": "gbp"}
    variant = created(client.simulate_post(f"{PRODUCTS}/{crewneck['product_id']}/variants", json=body))
    assert variant == {
        **dict.fromkeys(("option_values", "cost_price", "data_quality_score")),
        "id": variant["id"],
        **{name: crewneck[name] for name in ("org_id", "tenant_id", "product_id")},
        **body,
        "price": "89.50",
        "currency": "GBP",
        "created_at": NOW,
        "updated_at": NOW,
    }
    assert client.simulate_get(VARIANTS, params={"sku": "HMC-NVY-XXL"}).json == [variant]
    details = {"sku": "HMC-NVY-XXL", "title": "Harbour Merino Crewneck"}
    assert events(database) == [("VARIANT_CREATED", "VARIANT", variant["id"], details)]


def test_a_price_keeps_its_digits(client, crewneck):
    prices = {
        "0": "0.00",
        "-0.0": "0.00",
        "12": "12.00",
        "19.90": "19.90",
        "0.1": "0.10",
        "1.005": "1.005",
        "1e3": "1000.00",
        "12345678901234567890.123456789": "12345678901234567890.123456789",
    }
    path = f"{PRODUCTS}/{crewneck['product_id']}/variants"
    stored = {number: created(client.simulate_post(path, body=f'{{"price": {number}}}'))["price"] for number in prices}
    assert stored == prices
    listed = client.simulate_get(VARIANTS, params={"product_id": crewneck["product_id"]}).json
    assert sorted(row["price"] for row in listed if row["sku"] is None) == sorted(prices.values())


def test_a_sku_belongs_to_one_variant_and_is_free_once_its_product_is_deleted(client, crewneck):
    product = created(client.simulate_post(PRODUCTS, json={"title": "Ullvott"}))
    path = f"{PRODUCTS}/{product['id']}/variants"
    assert error(client.simulate_post(path, json={"sku": "HMC-NVY-M"})) == (400, "SKU already exists")
    assert client.simulate_get(VARIANTS, params={"product_id": product["id"]}).json == []
    assert created(client.simulate_post(path, json={"sku": ""}))["sku"] is None
    assert created(client.simulate_post(path, json={}))["sku"] is None
    client.simulate_delete(f"{PRODUCTS}/{crewneck['product_id']}")
    assert created(client.simulate_post(path, json={"sku": "HMC-NVY-M"}))["product_id"] == product["id"]


# Taxonomy and media


@pytest.mark.parametrize(
    ("path", "entity", "sent", "defaults"),
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
def test_a_new_entry_is_listed_and_audited(client, database, crewneck, path, entity, sent, defaults):
    entry = created(client.simulate_post(f"{PIM}/{path}", json=sent))
    assert entry == {
        "id": entry["id"],
        "org_id": crewneck["org_id"],
        "tenant_id": crewneck["tenant_id"],
        **{{"logoUrl": "logo_url"}.get(name, name): value for name, value in sent.items()},
        **defaults,
        "created_at": NOW,
        "updated_at": NOW,
    }
    listed = client.simulate_get(f"{PIM}/{path}").json
    assert entry in listed
    if path in ("categories", "attributes"):
        assert [row["name"] for row in listed] == sorted(row["name"] for row in listed)
    required = "url" if path == "media" else "name"
    assert events(database) == [(f"{entity}_CREATED", entity, entry["id"], {required: sent[required]})]


def test_categories_nest(client):
    ids = {entry["name"]: entry["id"] for entry in client.simulate_get(CATEGORIES).json}
    child = created(client.simulate_post(CATEGORIES, json={"name": "Beanies", "parentId": ids["Hats"].upper()}))
    assert child["parent_id"] == ids["Hats"]


def test_media_of_a_product_and_of_a_variant(client, crewneck):
    product, variant = crewneck["product_id"], crewneck["id"]
    before = client.simulate_get(MEDIA, params={"product_id": product}).json
    assert {picture["product_id"] for picture in before} == {product}
    url = "https://cdn.fellandfjord.example/p/back.jpg"
    whole = created(client.simulate_post(MEDIA, json={"url": url, "product_id": product, "sort_order": -1}))
    part = created(client.simulate_post(MEDIA, json={"url": url, "product_id": product, "variant_id": variant}))
    assert client.simulate_get(MEDIA, params={"product_id": product}).json == [*before, whole, part]
    assert client.simulate_get(MEDIA, params={"variant_id": variant}).json == [part]
    assert client.simulate_get(MEDIA, params={"product_id": UNKNOWN}).json == []


# Counters


def stats(client):
    return exact_json.loads(client.simulate_get(f"{PIM}/stats").text)


def test_counters_agree_with_products_and_stock(client, database):
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


def test_counters_follow_stock_threshold_and_products(client, database, crewneck, trade):
    def low():
        counted = stats(client)
        return counted["lowStockVariants"], counted["outOfStockVariants"]

    lows, outs = low()
    for delta, expected in ((-36, (0, 0)), (-1, (1, 0)), (-4, (1, 0)), (-1, (0, 1)), (-7, (0, 1))):
        client.simulate_post("/api/v1/inventory/adjust", json={**trade.place, "quantity_delta": delta})
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


def test_fixing_a_product_removes_its_issues(client):
    def issues():
        found = client.simulate_get(f"{PIM}/validation").json
        return {issue["field"]: issue["message"] for issue in found if issue["product_id"] == product["id"]}

    product = created(client.simulate_post(PRODUCTS, json={"title": "Ullvott"}))
    path = f"{PRODUCTS}/{product['id']}"
    expected = {name: f"No {name}" for name in ("description", "category", "brand", "variants", "media")}
    assert issues() == expected
    client.simulate_put(path, json={"description": "Warm.", "category": "Mittens"})
    del expected["description"]
    assert issues() == {**expected, "category": 'Unknown category "Mittens"'}
    created(client.simulate_post(CATEGORIES, json={"name": "Handwear", "slug": "mittens"}))
    del expected["category"]
    assert issues() == expected
    brand = client.simulate_get(f"{PIM}/brands").json[0]["id"]
    client.simulate_put(path, json={"brand_id": brand})
    variant = created(client.simulate_post(f"{path}/variants", json={"sku": "ULV"}))
    assert issues() == {
        "media": "No media",
        "price": "Variant ULV has no price",
        "barcode": "Variant ULV has no barcode",
    }
    created(client.simulate_post(MEDIA, json={"url": "https://a.example/x.jpg", "variant_id": variant["id"]}))
    assert issues().keys() == {"price", "barcode"}


def test_an_issue_keeps_its_id(client, clock):
    first = client.simulate_get(f"{PIM}/validation").json
    clock.at += 600
    assert client.simulate_get(f"{PIM}/validation").json == first
    assert [issue["field"] for issue in first] == ["media"] * 12
    assert len({issue["id"] for issue in first}) == 12


# Exports, pushes and the audit log of the catalogue


def test_exports_and_pushes_are_queued(client, database, crewneck):
    result = client.simulate_post(f"{PIM}/export")
    assert (result.status_code, result.json) == (202, {"status": "queued", "message": "Export job queued."})
    for action in ("UPSERT", "DELETE"):
        body = {"productId": crewneck["product_id"], "action": action}
        result = client.simulate_post("/unified/sync/push/product", json=body)
        assert (result.status_code, result.json) == (202, {"status": "queued"})
    assert events(database) == [
        ("CATALOG_EXPORT_QUEUED", "CATALOG", None, None),
        ("PRODUCT_PUSH_QUEUED", "PRODUCT", crewneck["product_id"], {"action": "UPSERT"}),
        ("PRODUCT_PUSH_QUEUED", "PRODUCT", crewneck["product_id"], {"action": "DELETE"}),
    ]


def test_the_catalogue_has_its_own_audit_log(client, clock):
    seeded = client.simulate_get(f"{PIM}/audit").json
    assert {event["entity_type"] for event in seeded} == {"PRODUCT"}
    clock.at += 1
    category = created(client.simulate_post(CATEGORIES, json={"name": "Hatt"}))
    client.simulate_post("/api/v1/channels", json={"name": "kiosk"})
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
