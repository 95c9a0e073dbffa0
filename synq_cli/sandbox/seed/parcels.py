"""What of the drawn trade was shipped and sent back: fulfilments and returns that agree with the ledger."""

import random

from synq_cli.sandbox.seed.catalogue import NORTH
from synq_cli.sandbox.seed.history import Sale, new_id
from synq_cli.sandbox.store.schema import Row
from synq_cli.times import timestamp

REASONS = ("Sleeves too long", "Colour differs from the picture", "Wrong size", "Arrived late", None)

# What became of the parcel that came back, by the order's status.
RETURNS = {
    "return_requested": ("requested", "pending"),
    "partially_returned": ("restocked", "sellable"),
    "returned": ("restocked", "sellable"),
    "partially_refunded": ("completed", "sellable"),
    "refunded": ("completed", "sellable"),
}


def send_parcels(chance: random.Random, tables: dict[str, list[Row]], sales: list[Sale]) -> dict[str, list[Row]]:
    """The rows of fulfillments and returns and of their items, oldest order first."""
    items: dict[str, list[Row]] = {}
    for item in tables["order_items"]:
        items.setdefault(item["order_id"], []).append(item)
    made: dict[str, list[Row]] = {name: [] for name in ("fulfillments", "fulfillment_items", "returns", "return_items")}
    for sale in sales:
        moves = [(item, *sale.moved(line)[1:]) for item, line in zip(items[sale.id], sale.lines, strict=True)]
        shipped = [(item["id"], left) for item, left, _ in moves if left]
        if not shipped:
            continue
        parcel = _parcel(chance, sale, moves[0][0]["location_id"])
        made["fulfillments"].append(parcel)
        made["fulfillment_items"] += [
            {"fulfillment_id": parcel["id"], "order_item_id": item_id, "quantity": left} for item_id, left in shipped
        ]
        if sale.status not in RETURNS:
            continue
        opened = _return(chance, sale)
        made["returns"].append(opened)
        # What is only announced is one unit, and has not come back yet.
        back = [(item["id"], back) for item, _, back in moves if back] or [(shipped[0][0], 1)]
        made["return_items"] += [
            {
                "return_id": opened["id"],
                "order_item_id": item_id,
                "quantity": quantity,
                "disposition": RETURNS[sale.status][1],
            }
            for item_id, quantity in back
        ]
    return made


def _parcel(chance: random.Random, sale: Sale, location_id: str) -> Row:
    number = chance.randrange(10**8, 10**9)
    carrier, tracking_number = (
        ("PostNord", f"PN{number}NO") if sale.outlet.location == NORTH else ("Royal Mail", f"RM{number}GB")
    )
    on_its_way = sale.status in ("partially_fulfilled", "fulfilled")
    return {
        "id": new_id(chance),
        "order_id": sale.id,
        "status": "shipped" if on_its_way else "delivered",
        "location_id": location_id,
        "carrier": carrier,
        "tracking_number": tracking_number,
        # When the ledger says that the units left.
        "created_at": timestamp((sale.created + sale.updated) / 2),
        "updated_at": timestamp(sale.updated if on_its_way else (sale.created + 3 * sale.updated) / 4),
    }


def _return(chance: random.Random, sale: Sale) -> Row:
    return {
        "id": new_id(chance),
        "order_id": sale.id,
        "status": RETURNS[sale.status][0],
        "reason": chance.choice(REASONS),
        "created_at": timestamp((sale.created + 7 * sale.updated) / 8),
        "updated_at": timestamp(sale.updated),
    }
