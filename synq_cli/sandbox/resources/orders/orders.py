"""Orders: list, get, create, cancel."""

from decimal import Decimal
from typing import Any

import falcon

from synq_cli.sandbox.resources.orders.states import STEP, move, release
from synq_cli.sandbox.server import checks
from synq_cli.sandbox.server.request import Request, Response, http_error, without
from synq_cli.sandbox.store.schema import Row

INVALID_BODY = "invalid request body"
MONEY = ("subtotal", "discount_total", "shipping_total", "tax_total", "total")

ITEM = {
    "product_title": checks.filled_text,
    "variant_title": checks.text,
    "sku": checks.text,
    "variant_id": checks.identifier,
    "location_id": checks.identifier,
    "quantity": checks.positive,
    "unit_price": checks.amount,
    "requires_shipping": checks.flag,
}
TEXTS = ("idempotency_key", "payment_provider", "payment_reference", "channel", "source_platform")
ORDER: dict[str, checks.Check] = {
    **dict.fromkeys(TEXTS, checks.text),
    "customer_id": checks.identifier,
    "currency": checks.currency,
    "items": checks.filled_list(checks.object_of(ITEM, ("product_title", "quantity"))),
}


class Orders:
    def on_get(self, req: Request, resp: Response) -> None:
        limit, offset = page = req.page()
        rows = req.rows("orders", order="created_at DESC, rowid DESC", page=page)
        resp.media = {"orders": [_as_reply(row) for row in rows], "limit": limit, "offset": offset}

    def on_post(self, req: Request, resp: Response) -> None:
        fields = req.fields(ORDER, ("items",), INVALID_BODY)
        if not fields.get("idempotency_key"):
            raise http_error(400, "missing idempotency_key")
        if not (fields.get("payment_provider") and fields.get("payment_reference")):
            raise http_error(400, "payment_provider and payment_reference are required")
        if any("variant_id" in item and "location_id" not in item for item in fields["items"]):
            raise http_error(400, "location_id is required for inventory-backed items")
        with req.store.writing():
            placed = req.rows("orders", idempotency_key=fields["idempotency_key"])
            resp.status = falcon.HTTP_200 if placed else falcon.HTTP_201
            order = placed[0] if placed else _place(req, fields)
        resp.media = _as_reply(order)

    def on_get_one(self, req: Request, resp: Response, order_id: str) -> None:
        resp.media = _as_reply(find_order(req, order_id))


class Cancellation:
    def on_post(self, req: Request, resp: Response, order_id: str) -> None:
        fields = req.fields({"reason": checks.text}, (), INVALID_BODY, optional=True)
        with req.store.writing():
            order = find_order(req, order_id)
            payment_status = "voided" if order["payment_status"] == "authorized" else None
            move(req.store, order, "cancelled", req.at, payment_status)
            release(req.store, order, req.at, req.caller.user_id)
            req.audit("ORDER_CANCELLED", "ORDER", order["id"], fields or None)
        resp.media = _as_reply(order)


def find_order(req: Request, order_id: str) -> Row:
    """The tenant's order; 400 if the id is invalid, 404 if it is unknown."""
    return req.find("orders", order_id, "invalid order id", "order not found")


def _place(req: Request, fields: dict[str, Any]) -> Row:
    prices = [Decimal(item.get("unit_price", "0")) * item["quantity"] for item in fields["items"]]
    total = f"{sum(prices, Decimal('0.00')):f}"
    items = fields.pop("items")
    fields.pop("customer_id", None)
    order = req.insert(
        "orders",
        **{"currency": "USD", **fields},
        status="pending_payment",
        **{**dict.fromkeys(MONEY, "0.00"), "subtotal": total, "total": total},
        advances_at=req.at + STEP,
    )
    for item in items:
        item.pop("requires_shipping", None)  # not shown anywhere
        variant = req.store.row("SELECT sku FROM live_variants WHERE id = ?", (item.get("variant_id"),))
        item["sku"] = item.get("sku") or (variant["sku"] if variant else None)
        req.store.add("order_items", order_id=order["id"], **{"unit_price": "0.00", **item})
    req.audit("ORDER_PLACED", "ORDER", order["id"], {"channel": order["channel"], "total": total})
    return order


def _as_reply(row: Row) -> Row:
    order = without(row, "tenant_id", "allocation", "advances_at")
    return {**order, **{name: _number(row[name]) for name in MONEY}}


def _number(money: str) -> float | int:
    # A float of up to 15 digits is written as the decimal it came from. There are no floats beyond 10^308.
    value = Decimal(money)
    return float(value) if value < 10**308 else int(value)


ROUTES = {
    "/api/v1/oms/orders": Orders(),
    "/api/v1/oms/orders/{order_id}": Orders(),
    "/api/v1/oms/orders/{order_id}/cancel": Cancellation(),
}
