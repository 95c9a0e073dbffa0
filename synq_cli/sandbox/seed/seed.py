"""The seeded shop: the same seed gives the same shop, with dates relative to the time it is created."""

import itertools
import random
from decimal import Decimal

from synq_cli.sandbox.seed.catalogue import BARCODES, COLOURS, DESIGNS, OUTLETS, PINNED
from synq_cli.sandbox.seed.ledger import draw_stock, draw_till_sales
from synq_cli.sandbox.seed.orders import Sale, draw_sales, draw_shipments, order_item
from synq_cli.sandbox.seed.rows import DAY, Tables, new_id, row
from synq_cli.sandbox.seed.taxonomy import draw_taxonomy
from synq_cli.sandbox.store.schema import Row
from synq_cli.times import timestamp

DEFAULT_SEED = 2025

OPENED = 95 * DAY  # before now
# Public, so that examples can be signed with it.
WEBHOOK_KEY = "example-webhook-secret"

# Name, role, status.
MEMBERS = (
    ("ailsa", "ADMIN", "active"),
    ("rory", "EDITOR", "active"),
    ("soren", "VIEWER", "active"),
    ("isla", "EDITOR", "active"),
    ("zoe", "VIEWER", "invited"),
)


def draw(seed: int, now: float) -> Tables:
    """The rows of every table by its name, ledger and orders oldest first. `now` in epoch seconds."""
    rng = _rng(seed)
    opened = now - OPENED
    owner = {"org_id": "", "tenant_id": new_id(rng)}
    owner["org_id"] = new_id(rng)
    in_tenant = {"tenant_id": owner["tenant_id"]}
    times = {"founded_at": timestamp(opened), "updated_at": timestamp(opened), "created_at": timestamp(now)}
    named = {"name": "Fell & Fjord Knitwear", "seed": str(seed), "secret": "", "webhook_secret": WEBHOOK_KEY}
    tenant = {"id": owner["tenant_id"], "org_id": owner["org_id"], **named, **times}
    tables: Tables = {"tenant": [tenant], "members": _members(rng, in_tenant)}
    admin = tables["members"][0]
    stock = {"inventory_allocation_model": "SOFT", "auto_po_enabled": True, "default_low_stock_threshold": 5}
    settings = {**stock, "costing_method": "WAC", "updated_by": admin["id"]}
    tables["settings"] = [row(rng, owner, opened, now - 21 * DAY, **settings)]
    locations = {outlet.location: new_id(rng) for outlet in OUTLETS}
    tables["locations"] = [
        {"id": location_id, **in_tenant, "name": name, "active": True, "created_at": timestamp(opened)}
        for name, location_id in locations.items()
    ]
    tables["channels"] = []
    for outlet in OUTLETS:
        columns = {"name": outlet.channel, "currency": outlet.currency, "active": outlet.active}
        updated = now - (90 if outlet.active else 19) * DAY
        tables["channels"].append(row(rng, in_tenant, now - 90 * DAY, updated, **columns))
    tables |= _catalogue(rng, owner, admin["id"], now)
    sales = draw_sales(rng, _offers(tables), owner["tenant_id"], now)
    tables["orders"] = [sale.order for sale in sales]
    tables["order_items"] = [
        order_item(rng, sale, line, locations[sale.outlet.location]) for sale in sales for line in sale.lines
    ]
    tables |= draw_stock(rng, owner, tables, sales, now)
    tables["audit"] = _audit(rng, in_tenant, tables, sales, now)
    # Each with a generator of its own, so that it changes nothing else. A new table gets one too.
    tables |= draw_taxonomy(_rng(seed, "taxonomy"), owner, tables, opened, now)
    tables |= draw_shipments(_rng(seed, "parcels"), tables["order_items"], sales)
    tables["ledger"] = draw_till_sales(_rng(seed, "till"), owner, tables, now)
    tables["connections"] = _connections(_rng(seed, "connections"), in_tenant, now)
    return tables


def _rng(seed: int, name: str = "") -> random.Random:
    return random.Random(f"{seed} {name}" if name else seed)  # noqa: S311 not for secrets


def _members(rng: random.Random, in_tenant: Row) -> list[Row]:
    alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz0123456789"
    members = []
    for name, role, status in MEMBERS:
        ids = {"id": new_id(rng), "uid": "".join(rng.choices(alphabet, k=28)), **in_tenant}
        members.append({**ids, "email": f"{name}@fellandfjord.example", "role": role, "status": status})
    return members


def _connections(rng: random.Random, in_tenant: Row, now: float) -> list[Row]:
    # The first id is that of the webhook example in the contract.
    shop = {"unified_connection_id": "66f3c2a8e19d4b7051d8a0f2", "category": "commerce", "provider": "shopify"}
    books = {"unified_connection_id": f"{rng.getrandbits(96):024x}", "category": "accounting", "provider": "xero"}
    return [row(rng, in_tenant, now - days * DAY, **each, status="ACTIVE") for each, days in ((shop, 88), (books, 74))]


def _catalogue(rng: random.Random, owner: Row, admin: str, now: float) -> Tables:
    products: list[Row] = []
    variants: list[Row] = []
    for design in DESIGNS:
        created = now - rng.uniform(70, 90) * DAY
        updated = created + rng.random() ** 0.5 * (now - created)
        product = {
            "id": new_id(rng),
            "title": design.title,
            "description": f"{design.title}, made in small batches.",
            "short_description": f"{design.title}.",
            "category": design.category,
            "brand": "Fell & Fjord",
            "tags": sorted(rng.sample(["autumn", "gift", "lambswool", "merino", "new"], 2)),
            "status": design.status,
            "launch_date": timestamp(created)[:10],
            "is_taxable": design.category != "Children",
            "is_returnable": design.category not in ("Gifts", "Care"),
            "requires_serial_number": False,
            "seo_title": f"{design.title} | Fell & Fjord",
            "data_quality_score": rng.randint(48, 97) / 100,
            **owner,
            "created_by": admin,
            "updated_by": admin,
            "created_at": timestamp(created),
            "updated_at": timestamp(updated),
        }
        products.append(product)
        for colour, size in itertools.product(design.colours, design.sizes):
            cost = (Decimal(design.price) * rng.randint(36, 52) / 100).quantize(Decimal("0.01"))
            sku = f"{design.code}-{colour}-{size}"
            variant = {
                "product_id": product["id"],
                "sku": sku,
                "barcode": BARCODES.get(sku) or _ean13(501234567890 + len(variants)),
                "price": design.price,
                "currency": design.currency,
                "option_values": {"colour": COLOURS[colour], "size": size},
                "cost_price": str(cost),
            }
            variants.append(row(rng, owner, created, **variant))
    return {"products": products, "variants": variants}


def _ean13(stem: int) -> str:
    digits = [int(digit) for digit in str(stem)]
    check = -(sum(digits[::2]) + 3 * sum(digits[1::2])) % 10
    return f"{stem}{check}"


def _offers(tables: Tables) -> dict[str, list[Row]]:
    """What each channel sells: variants with their product's title."""
    products = {product["id"]: product for product in tables["products"]}
    offers: dict[str, list[Row]] = {outlet.channel: [] for outlet in OUTLETS}
    for outlet in OUTLETS:
        for variant in tables["variants"]:
            product = products[variant["product_id"]]
            here = PINNED.get(variant["sku"], (outlet.location, 0))[0] == outlet.location
            if here and variant["currency"] == outlet.currency and product["status"] == "ACTIVE":
                offers[outlet.channel].append({**variant, "title": product["title"]})
    return offers


def _audit(rng: random.Random, in_tenant: Row, tables: Tables, sales: list[Sale], now: float) -> list[Row]:
    """Audit events, oldest first."""
    admin = tables["members"][0]["email"]
    events: list[tuple[float, str, str, str, str, Row | None]] = []
    for sale in sales[-40:]:
        order = sale.order
        details = {"channel": order["channel"], "total": order["total"]}
        events.append((sale.created, "system", "ORDER_PLACED", "ORDER", order["id"], details))
        if order["status"] in ("cancelled", "refunded"):
            events.append((sale.updated, admin, f"ORDER_{order['status'].upper()}", "ORDER", order["id"], None))
    for product in rng.sample(tables["products"], 12):
        at = now - rng.uniform(0.1, 20) * DAY
        action = rng.choice(("PRODUCT_UPDATED", "PRODUCT_PRICE_CHANGED"))
        events.append((at, admin, action, "PRODUCT", product["id"], {"title": product["title"]}))
    for member in tables["members"][1:]:
        invited = {"email": member["email"], "role": member["role"]}
        events.append((now - rng.uniform(2, 80) * DAY, admin, "USER_INVITED", "USER", "", invited))
    settings = tables["settings"][0]
    saved = {"default_low_stock_threshold": settings["default_low_stock_threshold"]}
    events.append((now - 21 * DAY, admin, "TENANT_SETTINGS_UPDATED", "TENANT_SETTINGS", settings["id"], saved))
    events.sort(key=lambda event: event[0])
    rows = []
    for at, actor, *event in events:
        columns = dict(zip(("action", "entity_type", "entity_id", "details"), event, strict=True))
        source = {"actor_email": actor, "ip_address": None if actor == "system" else "203.0.113.24", **in_tenant}
        rows.append({"id": new_id(rng), **source, **columns, "created_at": timestamp(at)})
    return rows
