import json
from collections import Counter, defaultdict
from datetime import datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from replies import NOON

from synq_cli.sandbox.seed.seed import DEFAULT_SEED, draw

DAY = 86_400


def seconds(text):
    return datetime.fromisoformat(text).timestamp()


def ids(shop):
    return {row["id"] for rows in shop.values() for row in rows if "id" in row}


@pytest.fixture(scope="module")
def shop():
    return draw(DEFAULT_SEED, NOON)


def test_the_seed_alone_decides_the_ids(shop):
    assert draw(DEFAULT_SEED, NOON) == shop
    assert ids(draw(DEFAULT_SEED, NOON + 400 * DAY)) - ids(shop) <= {row["id"] for row in shop["ledger"]}
    assert ids(draw(DEFAULT_SEED + 1, NOON)).isdisjoint(ids(shop))


def test_size_of_the_shop(shop):
    varying = ("ledger", "audit", "order_items", "fulfillment_items", "return_items", "reservations", "media")
    assert {table: len(rows) for table, rows in shop.items() if table not in varying} == {
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
        "categories": 17,
        "brands": 3,
        "attributes": 6,
        "attribute_groups": 3,
        "templates": 3,
        "bulk_jobs": 3,
    }


def test_skus_and_barcodes_are_unique_and_barcodes_have_check_digits(shop):
    skus = {variant["sku"] for variant in shop["variants"]}
    barcodes = {variant["barcode"] for variant in shop["variants"]}
    assert len(skus) == len(barcodes) == 145
    assert {"HMC-NVY-M", "HMC-NVY-L", "SLB-OAT-OS"} <= skus
    for barcode in barcodes - {"KIT-018"}:
        digits = [int(digit) for digit in barcode.zfill(13)]
        assert (sum(digits[::2]) + 3 * sum(digits[1::2])) % 10 == 0, barcode


def test_texts_that_are_hard_to_print_are_there(shop):
    titles = {product["title"] for product in shop["products"]}
    assert {"Hiking Socks [2-pack]", "Darning Yarn [red]", "Ærø Fisherman Sweater"} <= titles
    assert "Tromsø lager" in {location["name"] for location in shop["locations"]}


@settings(max_examples=settings.default.max_examples // 6)
@given(seed=st.integers(0, 2**32))
def test_every_seed_gives_a_consistent_shop(seed):
    shop = draw(seed, NOON)
    check_orders(shop)
    check_stock(shop)
    check_shipments(shop)
    check_jobs(shop)


def check_orders(shop):
    statuses = Counter(order["status"] for order in shop["orders"])
    assert (len(statuses), sum(statuses.values())) == (16, 240)
    assert shop["orders"] == sorted(shop["orders"], key=lambda order: order["created_at"])
    for order in shop["orders"]:
        assert NOON - 60 * DAY - 1 <= seconds(order["created_at"]) <= seconds(order["updated_at"]) <= NOON


def check_stock(shop):
    on_hand, reserved = Counter(), Counter()
    for entry in shop["ledger"]:
        on_hand[entry["variant_id"], entry["location_id"]] += entry["quantity_delta"]
    for reservation in shop["reservations"]:
        reserved[reservation["variant_id"], reservation["location_id"]] += reservation["quantity"]
    assert all(on_hand[place] >= quantity for place, quantity in reserved.items())
    assert min(on_hand.values()) >= 0
    crewneck = next(variant["id"] for variant in shop["variants"] if variant["sku"] == "HMC-NVY-M")
    assert [number for (variant, _), number in on_hand.items() if variant == crewneck] == [42]


def check_shipments(shop):
    """Fulfilments and returns agree with the ledger."""
    lines = {line["id"]: line for line in shop["order_items"]}
    orders = {order["id"]: order for order in shop["orders"]}
    moved, entered = Counter(), Counter()
    for item in shop["fulfillment_items"]:
        line = lines[item["order_item_id"]]
        moved[line["order_id"], line["variant_id"], "sale"] -= item["quantity"]
    requested = {row["id"] for row in shop["returns"] if row["status"] == "requested"}
    for item in shop["return_items"]:
        line = lines[item["order_item_id"]]
        if item["return_id"] not in requested:
            moved[line["order_id"], line["variant_id"], "return"] += item["quantity"]
        assert item["quantity"] <= line["quantity"]
    for entry in shop["ledger"]:
        if entry["transaction_type"] in ("sale", "return"):
            order_id = entry["notes"].removeprefix("Order ")
            entered[order_id, entry["variant_id"], entry["transaction_type"]] += entry["quantity_delta"]
    assert moved == entered
    for row in (*shop["fulfillments"], *shop["returns"]):
        order = orders[row["order_id"]]
        assert order["created_at"] <= row["created_at"] <= row["updated_at"] <= order["updated_at"]
    returning = {"return_requested", "partially_returned", "returned", "partially_refunded", "refunded"}
    assert {orders[row["order_id"]]["status"] for row in shop["returns"]} == returning


def check_jobs(shop):
    """Past jobs are as old as their effects."""
    products = {product["id"]: product for product in shop["products"]}
    by_title = {product["title"]: product for product in shop["products"]}
    imported, updated, failed = shop["bulk_jobs"]
    types = [(job["job_type"], job["status"]) for job in shop["bulk_jobs"]]
    assert types == [("BULK_IMPORT", "COMPLETED"), ("BULK_UPDATE", "COMPLETED"), ("BULK_UPDATE", "FAILED")]
    (row,) = json.loads(imported["payload_json"])
    assert by_title[row["title"]]["created_at"] == imported["updated_at"]
    for job, lost in ((updated, 0), (failed, 1)):
        rows = json.loads(job["payload_json"])
        assert (job["total_items"], job["processed_items"]) == (len(rows), len(rows) - lost)
        assert all(products[row["id"]]["updated_at"] > job["updated_at"] for row in rows if row["id"] in products)
        assert sum(row["id"] not in products for row in rows) == lost


def test_the_newest_orders_are_open_and_the_oldest_are_closed(shop):
    closed = {"completed", "cancelled", "refunded", "returned", "failed"}
    assert sum(order["status"] in closed for order in shop["orders"][-30:]) < 6
    assert sum(order["status"] in closed for order in shop["orders"][:90]) > 80


def test_order_totals_are_those_of_their_lines(shop):
    lines = defaultdict(list)
    for item in shop["order_items"]:
        lines[item["order_id"]].append(item)
    currencies = {variant["id"]: variant["currency"] for variant in shop["variants"]}
    for order in shop["orders"]:
        items = lines[order["id"]]
        subtotal, discount, shipping, total = (
            Decimal(order[name]) for name in ("subtotal", "discount_total", "shipping_total", "total")
        )
        assert subtotal == sum(Decimal(item["unit_price"]) * item["quantity"] for item in items)
        assert total == subtotal - discount + shipping
        assert {currencies[item["variant_id"]] for item in items} == {order["currency"]}


def test_only_active_products_are_sold(shop):
    status = {product["id"]: product["status"] for product in shop["products"]}
    product = {variant["id"]: variant["product_id"] for variant in shop["variants"]}
    assert {status[product[item["variant_id"]]] for item in shop["order_items"]} == {"ACTIVE"}
    assert Counter(status.values()) == {"ACTIVE": 58, "DRAFT": 1, "ARCHIVED": 1}


def test_products_have_known_categories_and_brands(shop):
    categories = {category["id"]: category for category in shop["categories"]}
    assert {product["category"] for product in shop["products"]} <= {row["name"] for row in shop["categories"]}
    assert {product["brand"] for product in shop["products"]} <= {brand["name"] for brand in shop["brands"]}
    depths = Counter()
    for category in shop["categories"]:
        parent, depth = category["parent_id"], 0
        while parent:
            parent, depth = categories[parent]["parent_id"], depth + 1
        depths[depth] += 1
    assert depths == {0: 7, 1: 8, 2: 2}


def test_most_products_have_pictures_of_their_own(shop):
    owner = {variant["id"]: variant["product_id"] for variant in shop["variants"]}
    assert len({picture["product_id"] for picture in shop["media"]}) == 48
    assert len({picture["url"] for picture in shop["media"]}) == len(shop["media"])
    for picture in shop["media"]:
        assert picture["variant_id"] is None or owner[picture["variant_id"]] == picture["product_id"]
        assert picture["url"].startswith("https://cdn.fellandfjord.example/p/")
        assert picture["url"].isascii()
