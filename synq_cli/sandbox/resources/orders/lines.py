"""The lines of an order: which units have been shipped and returned, and which of them a request picks."""

from typing import Any

from synq_cli.sandbox.server.fields import MisfitError, at_least, filled_list, filled_text, fitted_object, identifier
from synq_cli.sandbox.server.reading import refusal
from synq_cli.sandbox.store.schema import Row
from synq_cli.sandbox.store.store import Store

_PICK = fitted_object({"sku": filled_text, "variant_id": identifier, "quantity": at_least(1)}, ("quantity",))


def _picked(value: object) -> dict[str, Any]:
    item: dict[str, Any] = _PICK(value)
    if item.keys() == {"quantity"}:
        raise MisfitError("of which line?")
    return item


PICKS = filled_list(_picked)


def lines_of(store: Store, order_id: str) -> list[Row]:
    """The order's lines with their `unshipped` units and their `returnable` ones: shipped, in no return yet."""
    return store.rows(
        """WITH shipped AS (
               SELECT order_item_id, SUM(quantity) AS units FROM fulfillment_items GROUP BY order_item_id),
           returned AS (
               SELECT order_item_id, SUM(quantity) AS units FROM return_items GROUP BY order_item_id)
           SELECT order_items.*, order_items.quantity - IFNULL(shipped.units, 0) AS unshipped,
               IFNULL(shipped.units, 0) - IFNULL(returned.units, 0) AS returnable
           FROM order_items
           LEFT JOIN shipped ON shipped.order_item_id = order_items.id
           LEFT JOIN returned ON returned.order_item_id = order_items.id
           WHERE order_id = ? ORDER BY order_items.rowid""",
        (order_id,),
    )


def pick(lines: list[Row], left: str, picks: list[dict[str, Any]] | None) -> list[tuple[Row, int]]:
    """The lines and units that are meant, all that is left without `picks`; `left` names the lines' column.

    400 for an unknown line, for one that is named twice, for more than is left, and if nothing is.
    """
    if picks is None:
        picked = [(line, line[left]) for line in lines if line[left]]
        if not picked:
            raise refusal(400, f"the order has nothing {left}")
        return picked
    picked = []
    for item in picks:
        name = item.get("sku") or item["variant_id"]
        meant = [line for line in lines if all(line[key] == item[key] for key in item if key != "quantity")]
        if not meant:
            raise refusal(400, f"the order has no line {name}")
        if any(line["id"] == done["id"] for line in meant for done, _ in picked):
            raise refusal(400, f"line {name} is given twice")
        rest = item["quantity"]
        for line in meant:
            units = min(rest, line[left])
            if units:
                picked.append((line, units))
            rest -= units
        if rest:
            raise refusal(400, f"quantity is too large: {name} has {item['quantity'] - rest} {left}")
    return picked
