"""Sixty days of trade, drawn: who bought what where, and how far each order has come."""

import random
import uuid
from dataclasses import dataclass
from decimal import Decimal

from synq_cli.sandbox.seed.catalogue import OUTLETS, Outlet
from synq_cli.sandbox.store.schema import Row

DAY = 86_400.0
DAYS = 60

# Orders by age, newest first: how many there are in each status. All sixteen are there whatever the seed.
AGES: tuple[dict[str, int], ...] = (
    {"draft": 1, "pending_payment": 4, "payment_authorized": 2, "confirmed": 4, "processing": 1},
    {
        "pending_payment": 1,
        "confirmed": 5,
        "processing": 7,
        "partially_fulfilled": 3,
        "fulfilled": 5,
        "cancelled": 2,
        "failed": 1,
    },
    {
        "processing": 1,
        "partially_fulfilled": 2,
        "fulfilled": 12,
        "delivered": 17,
        "completed": 4,
        "return_requested": 3,
        "cancelled": 3,
        "failed": 2,
    },
    {
        "delivered": 12,
        "completed": 33,
        "return_requested": 2,
        "partially_returned": 2,
        "returned": 3,
        "partially_refunded": 2,
        "refunded": 2,
        "cancelled": 4,
    },
    {"completed": 77, "returned": 4, "refunded": 6, "partially_refunded": 4, "cancelled": 6, "failed": 3},
)
ORDERS = sum(sum(age.values()) for age in AGES)

# Days from placing an order to its present status.
PACE = {
    "draft": 0.0,
    "pending_payment": 0.0,
    "failed": 0.01,
    "payment_authorized": 0.001,
    "confirmed": 0.01,
    "processing": 0.6,
    "cancelled": 0.8,
    "partially_fulfilled": 2.0,
    "fulfilled": 2.5,
    "delivered": 4.5,
    "completed": 12.0,
    "return_requested": 8.0,
    "partially_returned": 11.0,
    "returned": 12.0,
    "partially_refunded": 13.0,
    "refunded": 14.0,
}

PAYMENT = {
    "draft": None,
    "pending_payment": None,
    "failed": None,
    "payment_authorized": "authorized",
    "confirmed": "authorized",
    "processing": "authorized",
    "cancelled": "voided",
    "refunded": "refunded",
}

HELD = ("payment_authorized", "confirmed", "processing")
UNSHIPPED = (*HELD, "draft", "pending_payment", "cancelled", "failed")
IN_PART = ("partially_fulfilled", "partially_returned", "partially_refunded")


@dataclass(frozen=True)
class Line:
    """A variant (with its product's `title`) and how many of it."""

    variant: Row
    quantity: int


@dataclass(frozen=True)
class Sale:
    """An order as it came about; times in epoch seconds."""

    id: str
    outlet: Outlet
    status: str
    created: float
    updated: float
    lines: tuple[Line, ...]
    totals: dict[str, Decimal]
    payment_provider: str
    payment_reference: str
    source_platform: str | None
    tags: list[str]

    @property
    def payment_status(self) -> str | None:
        return PAYMENT.get(self.status, "captured")

    def moved(self, line: Line) -> tuple[int, int, int]:
        """Units of a line that are held, have left, and have come back."""
        if self.status in HELD:
            return line.quantity, 0, 0
        if self.status in UNSHIPPED:
            return 0, 0, 0
        # Of an order done in part, one unit of the first line is what was done; that line has two or more.
        done = int(line is self.lines[0])
        if self.status == "partially_fulfilled":
            return line.quantity - done, done, 0
        if self.status in IN_PART:
            return 0, line.quantity, done
        return 0, line.quantity, line.quantity if self.status in ("returned", "refunded") else 0


def new_id(chance: random.Random) -> str:
    """A UUID, drawn."""
    return str(uuid.UUID(int=chance.getrandbits(128), version=4))


def draw_sales(chance: random.Random, offers: dict[str, list[Row]], now: float) -> list[Sale]:
    """All orders, oldest first; `offers` says what each channel sells."""
    sales = []
    rank = 0
    for age in AGES:
        statuses = [status for status, number in age.items() for _ in range(number)]
        chance.shuffle(statuses)
        for status in statuses:
            # The exponent lets trade pick up towards today.
            days = DAYS * ((rank + chance.random()) / ORDERS) ** 1.1
            sales.append(_sale(chance, offers, status, now - days * DAY, now))
            rank += 1
    return sales[::-1]


def _sale(chance: random.Random, offers: dict[str, list[Row]], status: str, created: float, now: float) -> Sale:
    # A channel that is closed now took orders while it was open.
    outlets = [outlet for outlet in OUTLETS if outlet.active or now - created > 20 * DAY]
    outlet = chance.choices(outlets, [outlet.share for outlet in outlets])[0]
    variants = chance.sample(offers[outlet.channel], chance.choices((1, 2, 3), (55, 32, 13))[0])
    quantities = [chance.choices((1, 2, 3), (78, 17, 5))[0] for _ in variants]
    if status in IN_PART:
        quantities[0] = max(2, quantities[0])
    lines = tuple(Line(variant, quantity) for variant, quantity in zip(variants, quantities, strict=True))
    on_sale = chance.random() < 0.12
    reference = "".join(chance.choices("0123456789ABCDEFGHJKLMNPQRSTVWXYZabcdefghijkmnpqrstvwxyz", k=16))
    online = outlet.channel.endswith(("storefront", "web"))
    progress = created + PACE[status] * chance.uniform(0.7, 1.4) * DAY
    return Sale(
        id=new_id(chance),
        outlet=outlet,
        status=status,
        created=created,
        # Nothing may have happened after now.
        updated=min(progress, (created + 3 * now) / 4),
        lines=lines,
        totals=_totals(lines, on_sale=on_sale, shipped=online),
        payment_provider=chance.choices(("stripe", "klarna"), (80, 20))[0] if online else "sumup",
        payment_reference=f"pi_{reference}",
        source_platform="shopify" if online and chance.random() < 0.6 else None,
        tags=[tag for tag, given in (("sale", on_sale), ("gift", chance.random() < 0.1)) if given],
    )


def _totals(lines: tuple[Line, ...], *, on_sale: bool, shipped: bool) -> dict[str, Decimal]:
    subtotal = sum((Decimal(line.variant["price"]) * line.quantity for line in lines), Decimal("0.00"))
    discount = (subtotal / 10).quantize(Decimal("0.01")) if on_sale else Decimal("0.00")
    shipping = Decimal("4.95") if shipped and subtotal < 75 else Decimal("0.00")
    return {
        "subtotal": subtotal,
        "discount_total": discount,
        "shipping_total": shipping,
        "tax_total": Decimal("0.00"),
        "total": subtotal - discount + shipping,
    }
