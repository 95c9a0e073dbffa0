"""Stock ledger and reservations: deliveries, sales, returns and corrections that lead to today's stock."""

import random

from synq_cli.sandbox.seed.catalogue import NORTH, PINNED, SHOP, WAREHOUSE
from synq_cli.sandbox.seed.orders import Sale
from synq_cli.sandbox.seed.rows import DAY, Tables, new_id
from synq_cli.sandbox.store.schema import Row
from synq_cli.times import timestamp

Place = tuple[str, str]  # variant id, location id
# Variants of which the shop has few, and sells some each week.
_BESTSELLERS, _LOW, _TILL_DAYS = 9, 8, 45


def draw_stock(rng: random.Random, owner: Row, tables: Tables, sales: list[Sale], now: float) -> Tables:
    """Ledger, oldest entry first, and reservations, which the stock on hand covers."""
    locations = {location["name"]: location["id"] for location in tables["locations"]}
    entries: list[tuple[float, Row]] = []
    reservations: list[Row] = []
    targets = _targets(rng, tables, locations)
    sold = dict.fromkeys(targets, 0)
    reserved = dict.fromkeys(targets, 0)

    def enter(at: float, place: Place, delta: int, kind: str, notes: str, **columns: object) -> None:
        entry = {"variant_id": place[0], "location_id": place[1], "quantity_delta": delta, "transaction_type": kind}
        entries.append((at, {**entry, "notes": notes, **columns}))

    def reserve(at: float, place: Place, quantity: int, reference: str, order_id: str | None = None) -> None:
        reserved[place] += quantity
        ids = {"id": new_id(rng), "variant_id": place[0], "location_id": place[1], "order_id": order_id}
        columns = {"quantity": quantity, "reference": reference, "status": "ACTIVE", "created_at": timestamp(at)}
        reservations.append({**ids, **columns, "tenant_id": owner["tenant_id"]})

    for sale in sales:
        order_id = sale.order["id"]
        for line in sale.lines:
            place = line.variant["id"], locations[sale.outlet.location]
            # Drawn even where the place has a target, so that the numbers that follow stay the same.
            targets.setdefault(place, rng.randint(1, 12))
            waiting, shipped, returned = sale.units(line)
            sold[place] = sold.get(place, 0) + shipped - returned
            reserved.setdefault(place, 0)
            if shipped:
                enter((sale.created + sale.updated) / 2, place, -shipped, "sale", f"Order {order_id}")
            if returned:
                enter(sale.updated, place, returned, "return", f"Order {order_id}")
            if waiting:
                reserve(sale.created, place, waiting, order_id, order_id)
    crewneck = next(variant["id"] for variant in tables["variants"] if variant["sku"] == "HMC-NVY-M")
    reserve(now - 1.5 * DAY, (crewneck, locations[WAREHOUSE]), 3, "trunk-show")

    admin = tables["members"][0]["id"]
    costs = {variant["id"]: variant["cost_price"] for variant in tables["variants"]}
    for place, target in targets.items():
        units = max(target, reserved[place]) + sold[place]
        # The opening delivery is of at least one unit, and a correction leads from it to the target.
        received = max(1, units - (rng.choice((-2, -1, 1)) if rng.random() < 0.15 else 0))
        delivered = now - rng.uniform(62, 69) * DAY
        cost = costs[place[0]]
        enter(delivered, place, received, "receipt", "Opening delivery", unit_cost=cost, created_by=admin)
        if received != units:
            corrected = now - rng.uniform(1, 55) * DAY
            enter(corrected, place, units - received, "adjustment", "API Adjustment", created_by=admin)

    entries.sort(key=lambda entry: entry[0])
    ledger = [{"id": new_id(rng), **owner, **entry, "created_at": timestamp(at)} for at, entry in entries]
    return {"ledger": ledger, "reservations": reservations}


def draw_till_sales(rng: random.Random, owner: Row, tables: Tables, now: float) -> list[Row]:
    """The whole ledger, oldest entry first, with what some variants sell over the counter, and its delivery.

    The stock of today stays the same.
    """
    shop = next(location["id"] for location in tables["locations"] if location["name"] == SHOP)
    pinned = {variant["id"] for variant in tables["variants"] if variant["sku"] in PINNED}
    on_hand: dict[str, int] = {}
    for entry in tables["ledger"]:
        if entry["location_id"] == shop and entry["variant_id"] not in pinned:
            on_hand[entry["variant_id"]] = on_hand.get(entry["variant_id"], 0) + entry["quantity_delta"]
    low = sorted(variant_id for variant_id, units in on_hand.items() if units <= _LOW)
    costs = {variant["id"]: variant["cost_price"] for variant in tables["variants"]}
    ledger = list(tables["ledger"])

    def enter(at: float, variant_id: str, delta: int, kind: str, notes: str, **columns: object) -> None:
        entry = {"variant_id": variant_id, "location_id": shop, "quantity_delta": delta, "transaction_type": kind}
        times = {"notes": notes, **columns, "created_at": timestamp(at)}
        ledger.append({"id": new_id(rng), **owner, **entry, **times})

    for variant_id in rng.sample(low, min(_BESTSELLERS, len(low))):
        chance, sold = rng.uniform(0.2, 0.7), 0
        for day in range(_TILL_DAYS):
            if rng.random() < chance:
                units = rng.choices((1, 2, 3), (70, 22, 8))[0]
                sold += units
                enter(now - (day + rng.random()) * DAY, variant_id, -units, "pos_sale", "Till")
        if sold:
            delivered = now - (_TILL_DAYS + rng.uniform(0, 3)) * DAY
            cost, admin = costs[variant_id], tables["members"][0]["id"]
            enter(delivered, variant_id, sold, "receipt", "Delivery", unit_cost=cost, created_by=admin)
    return sorted(ledger, key=lambda entry: str(entry["created_at"]))


def _targets(rng: random.Random, tables: Tables, locations: dict[str, str]) -> dict[Place, int]:
    """The number of units of each variant that shall be on hand at each location."""
    active = {product["id"] for product in tables["products"] if product["status"] == "ACTIVE"}
    targets: dict[Place, int] = {}
    for variant in tables["variants"]:
        if variant["product_id"] not in active:
            continue
        if variant["sku"] in PINNED:
            name, quantity = PINNED[variant["sku"]]
            targets[variant["id"], locations[name]] = quantity
            continue
        for name in [NORTH] if variant["currency"] == "EUR" else [WAREHOUSE, SHOP]:
            if name != SHOP or rng.random() < 0.6:
                low, high = rng.choices(((0, 0), (1, 5), (6, 60)), (5, 15, 80))[0]
                targets[variant["id"], locations[name]] = rng.randint(low, high)
    return targets
