import json
from collections import Counter, defaultdict
from datetime import datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synq_cli.sandbox.seed.seed import DEFAULT_SEED, draw

NOW = 1_763_640_000.0
DAY = 86_400


def seconds(text):
    return datetime.fromisoformat(text).timestamp()


@pytest.fixture(scope="module")
def shop():
    return draw(DEFAULT_SEED, NOW)


def test_the_same_seed_draws_the_same_shop(shop):
    assert draw(DEFAULT_SEED, NOW) == shop


def test_another_seed_draws_other_ids(shop):
    ids = {row["id"] for rows in draw(DEFAULT_SEED + 1, NOW).values() for row in rows if "id" in row}
    assert ids.isdisjoint(row["id"] for rows in shop.values() for row in rows if "id" in row)


def test_ids_do_not_depend_on_the_time(shop):
    later = draw(DEFAULT_SEED, NOW + 400 * DAY)
    assert [row["id"] for row in later["orders"]] == [row["id"] for row in shop["orders"]]
    assert [row["id"] for row in later["variants"]] == [row["id"] for row in shop["variants"]]


def test_size_of_the_shop(shop):
    lists = ("ledger", "audit", "order_items", "fulfillment_items", "return_items")
    assert {table: len(rows) for table, rows in shop.items() if table not in lists} == {
        "tenant": 1,
        "members": 5,
        "settings": 1,
        "locations": 3,
        "channels": 4,
        "connections": 2,
        "fulfillments": 193,
        "returns": 28,
        "products": 60,
        "variants": 145,
        "orders": 240,
        "reservations": len(shop["reservations"]),
        "categories": 17,
        "brands": 3,
        "attributes": 6,
        "attribute_groups": 3,
        "templates": 3,
        "media": len(shop["media"]),
        "bulk_jobs": 3,
    }


def test_skus_and_barcodes_are_unique_and_barcodes_add_up(shop):
    skus = [variant["sku"] for variant in shop["variants"]]
    barcodes = [variant["barcode"] for variant in shop["variants"]]
    assert len(set(skus)) == len(skus)
    assert len(set(barcodes)) == len(barcodes)
    assert {"HMC-NVY-M", "HMC-NVY-L", "SLB-OAT-OS"} <= set(skus)
    for barcode in barcodes:
        digits = [int(digit) for digit in barcode]
        assert (sum(digits[::2]) + 3 * sum(digits[1::2])) % 10 == 0, barcode


def test_texts_that_are_hard_to_print_are_there(shop):
    titles = {product["title"] for product in shop["products"]}
    assert {"Harbour Merino Crewneck", "Tarn Cable Cardigan", "Skerry Lambswool Beanie"} <= titles
    assert {"Hiking Socks [2-pack]", "Darning Yarn [red]", "Ærø Fisherman Sweater"} <= titles
    assert "Tromsø lager" in {location["name"] for location in shop["locations"]}


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_whatever_the_seed(seed):
    shop = draw(seed, NOW)
    statuses = Counter(order["status"] for order in shop["orders"])
    assert (len(statuses), sum(statuses.values())) == (16, 240)
    assert shop["orders"] == sorted(shop["orders"], key=lambda order: order["created_at"])
    for order in shop["orders"]:
        assert NOW - 60 * DAY - 1 <= seconds(order["created_at"]) <= seconds(order["updated_at"]) <= NOW
    on_hand = defaultdict(int)
    for entry in shop["ledger"]:
        on_hand[entry["variant_id"], entry["location_id"]] += entry["quantity_delta"]
    reserved = Counter()
    for reservation in shop["reservations"]:
        reserved[reservation["variant_id"], reservation["location_id"]] += reservation["quantity"]
    assert all(on_hand[place] >= quantity for place, quantity in reserved.items())
    assert min(on_hand.values()) >= 0
    crewneck = next(variant["id"] for variant in shop["variants"] if variant["sku"] == "HMC-NVY-M")
    assert [number for (variant, _), number in on_hand.items() if variant == crewneck] == [42]


def test_the_newest_orders_are_open_and_the_oldest_are_done(shop):
    closed = {"completed", "cancelled", "refunded", "returned", "failed"}
    newest = [order["status"] in closed for order in shop["orders"][-30:]]
    oldest = [order["status"] in closed for order in shop["orders"][:90]]
    assert sum(newest) < 6
    assert sum(oldest) > 80


def test_order_totals_are_those_of_their_lines(shop):
    lines = defaultdict(list)
    for item in shop["order_items"]:
        lines[item["order_id"]].append(item)
    currencies = {variant["id"]: variant["currency"] for variant in shop["variants"]}
    for order in shop["orders"]:
        items = lines[order["id"]]
        assert Decimal(order["subtotal"]) == sum(Decimal(item["unit_price"]) * item["quantity"] for item in items)
        assert Decimal(order["total"]) == (
            Decimal(order["subtotal"]) - Decimal(order["discount_total"]) + Decimal(order["shipping_total"])
        )
        assert {currencies[item["variant_id"]] for item in items} == {order["currency"]}


def test_only_products_on_sale_are_sold(shop):
    status = {product["id"]: product["status"] for product in shop["products"]}
    product = {variant["id"]: variant["product_id"] for variant in shop["variants"]}
    assert {status[product[item["variant_id"]]] for item in shop["order_items"]} == {"ACTIVE"}
    assert Counter(status.values()) == {"ACTIVE": 58, "DRAFT": 1, "ARCHIVED": 1}


def test_products_lie_on_shelves_that_are_there(shop):
    categories = {category["id"]: category for category in shop["categories"]}
    names = {category["name"] for category in shop["categories"]}
    assert {product["category"] for product in shop["products"]} <= names
    assert {product["brand"] for product in shop["products"]} <= {brand["name"] for brand in shop["brands"]}
    assert {category["parent_id"] for category in shop["categories"]} < {None, *categories}
    depths = Counter()
    for category in shop["categories"]:
        above, depth = category["parent_id"], 0
        while above:
            above, depth = categories[above]["parent_id"], depth + 1
        depths[depth] += 1
    assert depths == {0: 7, 1: 8, 2: 2}


def test_most_products_have_pictures_of_their_own(shop):
    owner = {variant["id"]: variant["product_id"] for variant in shop["variants"]}
    assert len({picture["product_id"] for picture in shop["media"]}) == 48
    for picture in shop["media"]:
        assert picture["variant_id"] is None or owner[picture["variant_id"]] == picture["product_id"]
        assert picture["url"].startswith("https://cdn.fellandfjord.example/p/")
        assert picture["url"].isascii()
    assert len({picture["url"] for picture in shop["media"]}) == len(shop["media"])


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_past_jobs_are_as_old_as_what_they_did(seed):
    shop = draw(seed, NOW)
    products = {product["id"]: product for product in shop["products"]}
    by_title = {product["title"]: product for product in shop["products"]}
    imported, updated, failed = shop["bulk_jobs"]
    assert [(job["job_type"], job["status"]) for job in shop["bulk_jobs"]] == [
        ("BULK_IMPORT", "COMPLETED"),
        ("BULK_UPDATE", "COMPLETED"),
        ("BULK_UPDATE", "FAILED"),
    ]
    (row,) = json.loads(imported["payload_json"])
    assert by_title[row["title"]]["created_at"] == imported["updated_at"]
    for job, lost in ((updated, 0), (failed, 1)):
        rows = json.loads(job["payload_json"])
        assert (job["total_items"], job["processed_items"]) == (len(rows), len(rows) - lost)
        assert all(products[row["id"]]["updated_at"] > job["updated_at"] for row in rows if row["id"] in products)
        assert sum(row["id"] not in products for row in rows) == lost
