"""Sixty days of orders: what was sold where, how far each order has come, what was shipped and returned."""

import random
from dataclasses import dataclass
from decimal import Decimal

from synq_cli.sandbox.seed.catalogue import NORTH, OUTLETS, Outlet
from synq_cli.sandbox.seed.rows import DAY, Tables, new_id, row
from synq_cli.sandbox.store.schema import Row
from synq_cli.times import timestamp

DAYS = 60

# Orders by age, newest first: how many there are in each status. Every seed has all sixteen statuses.
AGES: tuple[dict[str, int], ...] = (
    {"draft": 1, "pending_payment": 4, "payment_authorized": 2, "confirmed": 4, "processing": 1},
    {"pending_payment": 1, "confirmed": 5, "processing": 7, "partially_fulfilled": 3, "fulfilled": 5, "cancelled": 2,
     "failed": 1},
    {"processing": 1, "partially_fulfilled": 2, "fulfilled": 12, "delivered": 17, "completed": 4,
     "return_requested": 3, "cancelled": 3, "failed": 2},
    {"delivered": 12, "completed": 33, "return_requested": 2, "partially_returned": 2, "returned": 3,
     "partially_refunded": 2, "refunded": 2, "cancelled": 4},
    {"completed": 77, "returned": 4, "refunded": 6, "partially_refunded": 4, "cancelled": 6, "failed": 3},
)  # fmt: skip
ORDERS = sum(sum(age.values()) for age in AGES)

# By status: days from the order to its present status, and the status of its payment.
STATUSES: dict[str, tuple[float, str | None]] = {
    "draft": (0.0, None),
    "pending_payment": (0.0, None),
    "failed": (0.01, None),
    "payment_authorized": (0.001, "authorized"),
    "confirmed": (0.01, "authorized"),
    "processing": (0.6, "authorized"),
    "cancelled": (0.8, "voided"),
    "partially_fulfilled": (2.0, "captured"),
    "fulfilled": (2.5, "captured"),
    "delivered": (4.5, "captured"),
    "completed": (12.0, "captured"),
    "return_requested": (8.0, "captured"),
    "partially_returned": (11.0, "captured"),
    "returned": (12.0, "captured"),
    "partially_refunded": (13.0, "captured"),
    "refunded": (14.0, "refunded"),
}
RESERVED = ("payment_authorized", "confirmed", "processing")
UNSHIPPED = (*RESERVED, "draft", "pending_payment", "cancelled", "failed")
PARTIAL = ("partially_fulfilled", "partially_returned", "partially_refunded")

# By status of the order: the status of its return, and the disposition of the units.
RETURNS = {
    "return_requested": ("requested", "pending"),
    "partially_returned": ("restocked", "sellable"),
    "returned": ("restocked", "sellable"),
    "partially_refunded": ("completed", "sellable"),
    "refunded": ("completed", "sellable"),
}
REASONS = ("Sleeves too long", "Colour differs from the picture", "Wrong size", "Arrived late", None)


@dataclass(frozen=True)
class Line:
    """A variant (with its product's `title`) and a quantity."""

    variant: Row
    quantity: int


@dataclass(frozen=True)
class Sale:
    """A row of orders, and what other tables follow from; times in epoch seconds."""

    order: Row
    outlet: Outlet
    created: float
    updated: float
    lines: tuple[Line, ...]

    def units(self, line: Line) -> tuple[int, int, int]:
        """Units of a line that are reserved, were shipped, and were returned."""
        status = self.order["status"]
        if status in UNSHIPPED:
            return line.quantity if status in RESERVED else 0, 0, 0
        # A partial step covers one unit of the first line, which has at least two.
        part = int(line is self.lines[0])
        if status == "partially_fulfilled":
            return line.quantity - part, part, 0
        if status in PARTIAL:
            return 0, line.quantity, part
        return 0, line.quantity, line.quantity if status in ("returned", "refunded") else 0


def draw_sales(rng: random.Random, offers: dict[str, list[Row]], tenant_id: str, now: float) -> list[Sale]:
    """All orders, oldest first; `offers` are the variants that each channel sells."""
    sales: list[Sale] = []
    for age in AGES:
        statuses = [status for status, number in age.items() for _ in range(number)]
        rng.shuffle(statuses)
        for status in statuses:
            # The exponent makes orders more frequent towards today.
            days = DAYS * ((len(sales) + rng.random()) / ORDERS) ** 1.1
            sales.append(_sale(rng, offers, tenant_id, status, now - days * DAY, now))
    return sales[::-1]


def _sale(
    rng: random.Random, offers: dict[str, list[Row]], tenant_id: str, status: str, created: float, now: float
) -> Sale:
    # The closed channel took orders while it was open.
    outlets = [outlet for outlet in OUTLETS if outlet.active or now - created > 20 * DAY]
    outlet = rng.choices(outlets, [outlet.share for outlet in outlets])[0]
    variants = rng.sample(offers[outlet.channel], rng.choices((1, 2, 3), (55, 32, 13))[0])
    quantities = [rng.choices((1, 2, 3), (78, 17, 5))[0] for _ in variants]
    if status in PARTIAL:
        quantities[0] = max(2, quantities[0])
    lines = tuple(Line(variant, quantity) for variant, quantity in zip(variants, quantities, strict=True))
    discounted = rng.random() < 0.12
    reference = "".join(rng.choices("0123456789ABCDEFGHJKLMNPQRSTVWXYZabcdefghijkmnpqrstvwxyz", k=16))
    online = outlet.channel.endswith(("storefront", "web"))
    subtotal = sum((Decimal(line.variant["price"]) * line.quantity for line in lines), Decimal("0.00"))
    discount = (subtotal / 10).quantize(Decimal("0.01")) if discounted else Decimal("0.00")
    shipping = Decimal("4.95") if online and subtotal < 75 else Decimal("0.00")
    days, payment_status = STATUSES[status]
    # The last change is never in the future.
    updated = min(created + days * rng.uniform(0.7, 1.4) * DAY, (created + 3 * now) / 4)
    order_id = new_id(rng)
    order = {
        "id": order_id,
        "tenant_id": tenant_id,
        "status": status,
        "currency": outlet.currency,
        "subtotal": str(subtotal),
        "discount_total": str(discount),
        "shipping_total": str(shipping),
        "tax_total": "0.00",
        "total": str(subtotal - discount + shipping),
        "payment_status": payment_status,
        "payment_provider": rng.choices(("stripe", "klarna"), (80, 20))[0] if online else "sumup",
        "payment_reference": f"pi_{reference}",
        "channel": outlet.channel,
        "source_platform": "shopify" if online and rng.random() < 0.6 else None,
        "idempotency_key": f"{outlet.channel.partition(' ')[0]}-{order_id}",
        "created_at": timestamp(created),
        "updated_at": timestamp(updated),
        "tags": [tag for tag, given in (("sale", discounted), ("gift", rng.random() < 0.1)) if given] or None,
        "allocation": "SOFT",
    }
    return Sale(order, outlet, created, updated, lines)


def order_item(rng: random.Random, sale: Sale, line: Line, location_id: str) -> Row:
    variant = line.variant
    options = variant["option_values"]
    titles = {"product_title": variant["title"], "variant_title": f"{options['colour']} / {options['size']}"}
    ids = {"sku": variant["sku"], "variant_id": variant["id"], "location_id": location_id}
    amounts = {"quantity": line.quantity, "unit_price": variant["price"]}
    return {"id": new_id(rng), "order_id": sale.order["id"], **titles, **ids, **amounts}


def draw_shipments(rng: random.Random, order_items: list[Row], sales: list[Sale]) -> Tables:
    """Fulfilments and returns with their items, oldest order first, in agreement with the ledger."""
    tables: Tables = {"fulfillments": [], "fulfillment_items": [], "returns": [], "return_items": []}
    items = iter(order_items)
    for sale in sales:
        # Item, units shipped, units returned.
        moves = [(next(items), *sale.units(line)[1:]) for line in sale.lines]
        shipped = [(item["id"], units) for item, units, _ in moves if units]
        if not shipped:
            continue
        status = sale.order["status"]
        number = rng.randrange(10**8, 10**9)
        carrier, tracking_number = (
            ("PostNord", f"PN{number}NO") if sale.outlet.location == NORTH else ("Royal Mail", f"RM{number}GB")
        )
        in_transit = status in ("partially_fulfilled", "fulfilled")
        fulfillment = row(
            rng,
            {"order_id": sale.order["id"]},
            # When the units leave in the ledger.
            (sale.created + sale.updated) / 2,
            sale.updated if in_transit else (sale.created + 3 * sale.updated) / 4,
            status="shipped" if in_transit else "delivered",
            location_id=moves[0][0]["location_id"],
            carrier=carrier,
            tracking_number=tracking_number,
        )
        tables["fulfillments"].append(fulfillment)
        for item_id, units in shipped:
            item = {"fulfillment_id": fulfillment["id"], "order_item_id": item_id, "quantity": units}
            tables["fulfillment_items"].append(item)
        if status not in RETURNS:
            continue
        return_status, disposition = RETURNS[status]
        ids = {"id": new_id(rng), "order_id": sale.order["id"]}
        opened = timestamp((sale.created + 7 * sale.updated) / 8)
        times = {"created_at": opened, "updated_at": timestamp(sale.updated)}
        tables["returns"].append({**ids, "status": return_status, "reason": rng.choice(REASONS), **times})
        # A requested return is for one unit, which has not come back yet.
        for item_id, units in [(item["id"], units) for item, _, units in moves if units] or [(shipped[0][0], 1)]:
            item = {"return_id": ids["id"], "order_item_id": item_id, "quantity": units, "disposition": disposition}
            tables["return_items"].append(item)
    return tables
