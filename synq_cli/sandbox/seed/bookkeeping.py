"""What the trade left behind: stock ledger, reservations and audit log."""

import json
import random

from synq_cli.sandbox.seed.catalogue import NORTH, PINNED, SHOP, WAREHOUSE
from synq_cli.sandbox.seed.history import DAY, Sale, new_id
from synq_cli.sandbox.store.schema import Row
from synq_cli.times import timestamp

Place = tuple[str, str]  # variant id, location id


def keep_stock(
    chance: random.Random, tables: dict[str, list[Row]], sales: list[Sale], now: float
) -> tuple[list[Row], list[Row]]:
    """Ledger, oldest entry first, and reservations; what is on hand covers what is reserved."""
    locations = {location["name"]: location["id"] for location in tables["locations"]}
    entries: list[tuple[float, Row]] = []
    reservations: list[Row] = []
    targets = _targets(chance, tables, locations)
    sold = dict.fromkeys(targets, 0)
    held = dict.fromkeys(targets, 0)
    for sale in sales:
        for line in sale.lines:
            place = line.variant["id"], locations[sale.outlet.location]
            targets.setdefault(place, chance.randint(1, 12))
            waiting, left, back = sale.moved(line)
            sold[place] = sold.get(place, 0) + left - back
            held[place] = held.get(place, 0) + waiting
            half_way = (sale.created + sale.updated) / 2
            if left:
                entries.append((half_way, _entry(place, -left, "sale", f"Order {sale.id}")))
            if back:
                entries.append((sale.updated, _entry(place, back, "return", f"Order {sale.id}")))
            if waiting:
                reservations.append(_reservation(chance, place, waiting, sale.id, sale.created, sale.id))
    shown = _place_of("HMC-NVY-M", tables, locations)
    reservations.append(_reservation(chance, shown, 3, "trunk-show", now - 1.5 * DAY, None))
    held[shown] += 3

    admin = tables["members"][0]["id"]
    costs = {variant["id"]: variant["cost_price"] for variant in tables["variants"]}
    for place, target in targets.items():
        on_hand = max(target, held[place])
        correction = chance.choice((-2, -1, 1)) if chance.random() < 0.15 else 0
        received = on_hand + sold[place] - correction
        if received < 1:
            received, correction = 1, correction + received - 1
        receipt = _entry(place, received, "receipt", "Opening delivery")
        entries.append(
            (
                now - chance.uniform(62, 69) * DAY,
                {**receipt, "unit_cost": costs[place[0]], "created_by": admin},
            )
        )
        if correction:
            counted = _entry(place, correction, "adjustment", "API Adjustment")
            entries.append((now - chance.uniform(1, 55) * DAY, {**counted, "created_by": admin}))

    tenant = tables["tenant"][0]
    owner = {"org_id": tenant["org_id"], "tenant_id": tenant["id"]}
    entries.sort(key=lambda entry: entry[0])
    ledger = [{"id": new_id(chance), **owner, **entry, "created_at": timestamp(at)} for at, entry in entries]
    return ledger, [{**row, "tenant_id": tenant["id"]} for row in reservations]


def _targets(chance: random.Random, tables: dict[str, list[Row]], locations: dict[str, str]) -> dict[Place, int]:
    """How many of each variant shall be on hand, where."""
    kept = {product["id"] for product in tables["products"] if product["status"] == "ACTIVE"}
    targets: dict[Place, int] = {}
    for variant in tables["variants"]:
        if variant["product_id"] not in kept:
            continue
        if variant["sku"] in PINNED:
            name, quantity = PINNED[variant["sku"]]
            targets[variant["id"], locations[name]] = quantity
            continue
        names = [NORTH] if variant["currency"] == "EUR" else [WAREHOUSE, SHOP]
        for name in names:
            if name != SHOP or chance.random() < 0.6:
                low, high = chance.choices(((0, 0), (1, 5), (6, 60)), (5, 15, 80))[0]
                targets[variant["id"], locations[name]] = chance.randint(low, high)
    return targets


def _place_of(sku: str, tables: dict[str, list[Row]], locations: dict[str, str]) -> Place:
    variant = next(variant for variant in tables["variants"] if variant["sku"] == sku)
    return variant["id"], locations[PINNED[sku][0]]


def _entry(place: Place, delta: int, kind: str, notes: str) -> Row:
    return {
        "variant_id": place[0],
        "location_id": place[1],
        "quantity_delta": delta,
        "transaction_type": kind,
        "notes": notes,
        "unit_cost": None,
        "created_by": None,
    }


def _reservation(
    chance: random.Random, place: Place, quantity: int, reference: str, at: float, order_id: str | None
) -> Row:
    return {
        "id": new_id(chance),
        "variant_id": place[0],
        "location_id": place[1],
        "quantity": quantity,
        "reference": reference,
        "order_id": order_id,
        "status": "ACTIVE",
        "created_at": timestamp(at),
    }


def keep_audit(chance: random.Random, tables: dict[str, list[Row]], sales: list[Sale], now: float) -> list[Row]:
    """Audit events, oldest first."""
    admin = tables["members"][0]["email"]
    events: list[tuple[float, str, str, str, str, Row | None]] = []
    for sale in sales[-40:]:
        details = {"channel": sale.outlet.channel, "total": str(sale.totals["total"])}
        events.append((sale.created, "system", "ORDER_PLACED", "ORDER", sale.id, details))
        if sale.status in ("cancelled", "refunded"):
            events.append((sale.updated, admin, f"ORDER_{sale.status.upper()}", "ORDER", sale.id, None))
    for product in chance.sample(tables["products"], 12):
        at = now - chance.uniform(0.1, 20) * DAY
        action = chance.choice(("PRODUCT_UPDATED", "PRODUCT_PRICE_CHANGED"))
        events.append((at, admin, action, "PRODUCT", product["id"], {"title": product["title"]}))
    for member in tables["members"][1:]:
        invited = {"email": member["email"], "role": member["role"]}
        at = now - chance.uniform(2, 80) * DAY
        events.append((at, admin, "USER_INVITED", "USER", "", invited))
    settings = tables["settings"][0]
    saved = {"default_low_stock_threshold": settings["default_low_stock_threshold"]}
    events.append((now - 21 * DAY, admin, "TENANT_SETTINGS_UPDATED", "TENANT_SETTINGS", settings["id"], saved))
    events.sort(key=lambda event: event[0])
    return [
        {
            "id": new_id(chance),
            "tenant_id": tables["tenant"][0]["id"],
            "actor_email": actor,
            "action": action,
            "entity_type": kind,
            "entity_id": entity,
            "details": json.dumps(details) if details else None,
            "ip_address": None if actor == "system" else "203.0.113.24",
            "created_at": timestamp(at),
        }
        for at, actor, action, kind, entity, details in events
    ]
