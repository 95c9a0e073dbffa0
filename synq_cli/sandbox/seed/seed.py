"""A small believable shop, drawn from a seed: the same seed gives the same shop, dated back from now."""

import itertools
import json
import random
from decimal import Decimal

from synq_cli.sandbox.seed.bookkeeping import keep_audit, keep_stock
from synq_cli.sandbox.seed.catalogue import COLOURS, DESIGNS, OUTLETS, PINNED, Design, Outlet
from synq_cli.sandbox.seed.history import DAY, Line, Sale, draw_sales, new_id
from synq_cli.sandbox.seed.parcels import send_parcels
from synq_cli.sandbox.seed.shelves import fill_shelves
from synq_cli.sandbox.store.schema import Row
from synq_cli.times import timestamp

DEFAULT_SEED = 2025

OPENED = 95  # days ago
HOST = "fellandfjord.example"
# No secret at all: known to everybody, so that examples can be signed with it.
WEBHOOK_KEY = "example-webhook-secret"

Tables = dict[str, list[Row]]


def draw(seed: int, now: float) -> Tables:
    """The rows of every table by table name, ledger and orders oldest first. `now` in epoch seconds."""
    # Not for secrets: the point is that it can be drawn again.
    chance = random.Random(seed)  # noqa: S311 drawn again on purpose
    tenant = {
        "id": new_id(chance),
        "org_id": new_id(chance),
        "name": "Fell & Fjord Knitwear",
        "seed": str(seed),
        "secret": "",
        "webhook_secret": WEBHOOK_KEY,
        "founded_at": timestamp(now - OPENED * DAY),
        "updated_at": timestamp(now - OPENED * DAY),
        "created_at": timestamp(now),
    }
    tables: Tables = {"tenant": [tenant]}
    owner = {"org_id": tenant["org_id"], "tenant_id": tenant["id"]}
    tables["members"] = _members(chance, tenant["id"])
    admin = tables["members"][0]
    tables["settings"] = [_settings(chance, owner, admin["id"], now)]
    locations = {outlet.location: new_id(chance) for outlet in OUTLETS}
    founded = timestamp(now - OPENED * DAY)
    tables["locations"] = [
        {"id": place, "tenant_id": tenant["id"], "name": name, "active": 1, "created_at": founded}
        for name, place in locations.items()
    ]
    tables["channels"] = [_channel(chance, tenant["id"], outlet, now) for outlet in OUTLETS]
    tables["products"], tables["variants"] = _goods(
        chance, {**owner, "created_by": admin["id"], "updated_by": admin["id"]}, now
    )
    # Drawn from a chance of their own, so that the rest of the shop is what it would be without them.
    shelves = random.Random(f"{seed} taxonomy")  # noqa: S311 drawn again on purpose
    tables.update(fill_shelves(shelves, tables, now, now - OPENED * DAY))
    sales = draw_sales(chance, _offers(tables), now)
    tables["orders"] = [_order(sale, tenant["id"]) for sale in sales]
    tables["order_items"] = [
        _item(chance, sale, line, locations[sale.outlet.location]) for sale in sales for line in sale.lines
    ]
    tables["ledger"], tables["reservations"] = keep_stock(chance, tables, sales, now)
    tables["audit"] = keep_audit(chance, tables, sales, now)
    # By dice of their own, so that nothing drawn above changes.
    tables |= send_parcels(random.Random(f"{seed} parcels"), tables, sales)  # noqa: S311 drawn again on purpose
    tables["connections"] = _connections(random.Random(f"{seed} connections"), tenant["id"], now)  # noqa: S311 likewise
    return tables


def _members(chance: random.Random, tenant_id: str) -> list[Row]:
    letters = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz0123456789"
    people = (
        ("ailsa", "ADMIN", "active"),
        ("rory", "EDITOR", "active"),
        ("soren", "VIEWER", "active"),
        ("isla", "EDITOR", "active"),
        ("zoe", "VIEWER", "invited"),
    )
    return [
        {
            "id": new_id(chance),
            "uid": "".join(chance.choices(letters, k=28)),
            "tenant_id": tenant_id,
            "email": f"{name}@{HOST}",
            "role": role,
            "status": status,
        }
        for name, role, status in people
    ]


def _settings(chance: random.Random, owner: Row, admin: str, now: float) -> Row:
    return {
        "id": new_id(chance),
        **owner,
        "inventory_allocation_model": "SOFT",
        "auto_po_enabled": 1,
        "default_low_stock_threshold": 5,
        "costing_method": "WAC",
        "updated_by": admin,
        "created_at": timestamp(now - OPENED * DAY),
        "updated_at": timestamp(now - 21 * DAY),
    }


def _channel(chance: random.Random, tenant_id: str, outlet: Outlet, now: float) -> Row:
    return {
        "id": new_id(chance),
        "tenant_id": tenant_id,
        "name": outlet.channel,
        "currency": outlet.currency,
        "active": int(outlet.active),
        "created_at": timestamp(now - 90 * DAY),
        "updated_at": timestamp(now - (90 if outlet.active else 19) * DAY),
    }


def _connections(chance: random.Random, tenant_id: str, now: float) -> list[Row]:
    # The first id is that of the contract's example webhook.
    platforms = (
        ("66f3c2a8e19d4b7051d8a0f2", "commerce", "shopify", 88),
        (f"{chance.getrandbits(96):024x}", "accounting", "xero", 74),
    )
    return [
        {
            "id": new_id(chance),
            "tenant_id": tenant_id,
            "unified_connection_id": connection_id,
            "category": category,
            "provider": provider,
            "status": "ACTIVE",
            "created_at": timestamp(now - days * DAY),
            "updated_at": timestamp(now - days * DAY),
        }
        for connection_id, category, provider, days in platforms
    ]


def _goods(chance: random.Random, owner: Row, now: float) -> tuple[list[Row], list[Row]]:
    products: list[Row] = []
    variants: list[Row] = []
    for design in DESIGNS:
        made = now - chance.uniform(70, 90) * DAY
        changed = made + chance.random() ** 0.5 * (now - made)
        product = _product(chance, owner, design, made, changed)
        products.append(product)
        for options in itertools.product(design.colours, design.sizes):
            barcode = _ean13(501234567890 + len(variants))
            variants.append(_variant(chance, product, design, options, barcode))
    return products, variants


def _product(chance: random.Random, owner: Row, design: Design, made: float, changed: float) -> Row:
    title = design.title
    return {
        "id": new_id(chance),
        **owner,
        "title": title,
        "description": f"{title}, made in small batches.",
        "short_description": f"{title}.",
        "long_description": None,
        "category": design.category,
        "brand": "Fell & Fjord",
        "tags": json.dumps(sorted(chance.sample(["autumn", "gift", "lambswool", "merino", "new"], 2))),
        "status": design.status,
        "product_type_id": None,
        "launch_date": timestamp(made)[:10],
        "discontinue_date": None,
        "warranty_period": None,
        "is_taxable": int(design.category != "Children"),
        "is_returnable": int(design.category not in ("Gifts", "Care")),
        "requires_serial_number": 0,
        "seo_title": f"{title} | Fell & Fjord",
        "seo_description": None,
        "seo_keywords": None,
        "data_quality_score": chance.randint(48, 97) / 100,
        "created_at": timestamp(made),
        "updated_at": timestamp(changed),
        "deleted_at": None,
    }


def _variant(chance: random.Random, product: Row, design: Design, options: tuple[str, str], barcode: str) -> Row:
    colour, size = options
    cost = (Decimal(design.price) * chance.randint(36, 52) / 100).quantize(Decimal("0.01"))
    return {
        "id": new_id(chance),
        "org_id": product["org_id"],
        "tenant_id": product["tenant_id"],
        "product_id": product["id"],
        "sku": f"{design.code}-{colour}-{size}",
        "barcode": barcode,
        "price": design.price,
        "currency": design.currency,
        "option_values": json.dumps({"colour": COLOURS[colour], "size": size}),
        "cost_price": str(cost),
        "data_quality_score": None,
        "created_at": product["created_at"],
        "updated_at": product["created_at"],
    }


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


def _order(sale: Sale, tenant_id: str) -> Row:
    return {
        "id": sale.id,
        "tenant_id": tenant_id,
        "status": sale.status,
        "currency": sale.outlet.currency,
        **{name: str(amount) for name, amount in sale.totals.items()},
        "payment_status": sale.payment_status,
        "payment_provider": sale.payment_provider,
        "payment_reference": sale.payment_reference,
        "channel": sale.outlet.channel,
        "source_platform": sale.source_platform,
        "idempotency_key": f"{sale.outlet.channel.partition(' ')[0]}-{sale.id}",
        "created_at": timestamp(sale.created),
        "updated_at": timestamp(sale.updated),
        "tags": json.dumps(sale.tags) if sale.tags else None,
        "allocation": "SOFT",
    }


def _item(chance: random.Random, sale: Sale, line: Line, location_id: str) -> Row:
    options = json.loads(line.variant["option_values"])
    return {
        "id": new_id(chance),
        "order_id": sale.id,
        "product_title": line.variant["title"],
        "variant_title": f"{options['colour']} / {options['size']}",
        "sku": line.variant["sku"],
        "variant_id": line.variant["id"],
        "location_id": location_id,
        "quantity": line.quantity,
        "unit_price": line.variant["price"],
    }
