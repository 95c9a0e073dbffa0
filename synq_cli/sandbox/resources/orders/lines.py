"""Order lines: units shipped and returned, and the selection of units in a fulfilment or a return."""

from typing import Any, Literal

from synq_cli.sandbox.server.fields import at_least, filled_list, filled_text, identifier, object_of
from synq_cli.sandbox.server.request import http_error
from synq_cli.sandbox.store.schema import Row
from synq_cli.sandbox.store.store import Store

_ITEM = object_of({"sku": filled_text, "variant_id": identifier, "quantity": at_least(1)}, ("quantity",))


def _item(value: object) -> dict[str, Any]:
    item: dict[str, Any] = _ITEM(value)
    if item.keys() == {"quantity"}:
        raise ValueError
    return item


# The `items` of a fulfilment or a return: a quantity, and the line it is taken from by SKU, variant or both.
ITEMS = filled_list(_item)


def lines_of(store: Store, order_id: str) -> list[Row]:
    """The order's lines with their `unshipped` units and their `returnable` ones: shipped, and not in a return."""
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


def select_units(
    lines: list[Row], column: Literal["unshipped", "returnable"], items: list[dict[str, Any]] | None
) -> list[tuple[Row, int]]:
    """The lines and units that `items` ask for; without `items`, all units in the column.

    400 for an unknown line, a line given twice, more units than there are, and if there are none.
    """
    if items is None:
        selected = [(line, line[column]) for line in lines if line[column]]
        if not selected:
            raise http_error(400, f"the order has nothing {column}")
        return selected
    selected = []
    for item in items:
        name = item.get("sku") or item["variant_id"]
        matches = [line for line in lines if all(line[key] == item[key] for key in item if key != "quantity")]
        if not matches:
            raise http_error(400, f"the order has no line {name}")
        if any(line["id"] == other["id"] for line in matches for other, _ in selected):
            raise http_error(400, f"line {name} is given twice")
        rest = item["quantity"]
        for line in matches:
            units = min(rest, line[column])
            if units:
                selected.append((line, units))
            rest -= units
        if rest:
            raise http_error(400, f"quantity is too large: {name} has {item['quantity'] - rest} {column}")
    return selected
