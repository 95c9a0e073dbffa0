"""Orders: list, show, create, cancel."""

import json
import uuid
from decimal import Decimal
from typing import Any

import falcon

from synq_cli.sandbox.resources.orders.allocation import release
from synq_cli.sandbox.resources.orders.states import STEP, move
from synq_cli.sandbox.server.fields import (
    amount,
    at_least,
    currency,
    fields_in,
    filled_list,
    filled_text,
    fitted_object,
    flag,
    identifier,
    optional_fields_in,
    text,
)
from synq_cli.sandbox.server.gates import caller_of
from synq_cli.sandbox.server.reading import page, refusal, store_of, uuid_in
from synq_cli.sandbox.store.schema import Row
from synq_cli.sandbox.store.trail import record
from synq_cli.times import timestamp

BAD_BODY = "invalid request body"
MONEY = ("subtotal", "discount_total", "shipping_total", "tax_total", "total")
HIDDEN = ("tenant_id", "allocation", "advances_at")

ITEM = {
    "product_title": filled_text,
    "variant_title": text,
    "sku": text,
    "variant_id": identifier,
    "location_id": identifier,
    "quantity": at_least(1),
    "unit_price": amount,
    "requires_shipping": flag,
}
ORDER = {
    "idempotency_key": text,
    "payment_provider": text,
    "payment_reference": text,
    "customer_id": identifier,
    "currency": currency,
    "channel": text,
    "source_platform": text,
    "items": filled_list(fitted_object(ITEM, ("product_title", "quantity"))),
}


class Orders:
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        limit, offset = page(req)
        rows = store_of(req).rows(
            """SELECT * FROM orders WHERE tenant_id = ?
               ORDER BY created_at DESC, rowid DESC LIMIT ? OFFSET ?""",
            (caller_of(req).tenant_id, limit, offset),
        )
        resp.media = {"orders": [_shown(row) for row in rows], "limit": limit, "offset": offset}

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        wanted = _wanted(req)
        store = store_of(req)
        with store.writing():
            order = store.row(
                "SELECT * FROM orders WHERE tenant_id = ? AND idempotency_key = ?",
                (caller_of(req).tenant_id, wanted["idempotency_key"]),
            )
            resp.status = falcon.HTTP_200 if order else falcon.HTTP_201
            order = order or _place(req, wanted)
        resp.media = _shown(order)

    def on_get_one(self, req: falcon.Request, resp: falcon.Response, order_id: str) -> None:
        resp.media = _shown(find_order(req, order_id))

    def on_post_cancellation(self, req: falcon.Request, resp: falcon.Response, order_id: str) -> None:
        given = optional_fields_in(req, {"reason": text}, BAD_BODY)
        store = store_of(req)
        with store.writing():
            order = find_order(req, order_id)
            payment_status = "voided" if order["payment_status"] == "authorized" else None
            move(store, order, "cancelled", req.context.at, payment_status)
            release(store, order, req.context.at, caller_of(req).user_id)
            record(req, "ORDER_CANCELLED", "ORDER", order["id"], given or None)
        resp.media = _shown(order)


def find_order(req: falcon.Request, order_id: str) -> Row:
    """The tenant's order; 400 if that is no id, 404 if there is none."""
    row = store_of(req).row(
        "SELECT * FROM orders WHERE id = ? AND tenant_id = ?",
        (uuid_in(order_id, "invalid order id"), caller_of(req).tenant_id),
    )
    if row is None:
        raise refusal(404, "order not found")
    return row


def _wanted(req: falcon.Request) -> dict[str, Any]:
    wanted = fields_in(req, ORDER, ("items",), BAD_BODY)
    if not wanted.get("idempotency_key"):
        raise refusal(400, "missing idempotency_key")
    if not (wanted.get("payment_provider") and wanted.get("payment_reference")):
        raise refusal(400, "payment_provider and payment_reference are required")
    if any("variant_id" in item and "location_id" not in item for item in wanted["items"]):
        raise refusal(400, "location_id is required for inventory-backed items")
    return wanted


def _place(req: falcon.Request, wanted: dict[str, Any]) -> Row:
    store, at = store_of(req), req.context.at
    prices = [Decimal(item.get("unit_price", "0")) * item["quantity"] for item in wanted["items"]]
    total = f"{sum(prices, Decimal('0.00')):f}"
    order = {
        "id": str(uuid.uuid4()),
        "tenant_id": caller_of(req).tenant_id,
        "status": "pending_payment",
        "currency": wanted.get("currency", "USD"),
        "subtotal": total,
        "discount_total": "0.00",
        "shipping_total": "0.00",
        "tax_total": "0.00",
        "total": total,
        "payment_status": None,
        "payment_provider": wanted["payment_provider"],
        "payment_reference": wanted["payment_reference"],
        "channel": wanted.get("channel"),
        "source_platform": wanted.get("source_platform"),
        "idempotency_key": wanted["idempotency_key"],
        "created_at": timestamp(at),
        "updated_at": timestamp(at),
        "tags": None,
        "allocation": None,
        "advances_at": at + STEP,
    }
    store.insert("orders", order)
    for item in wanted["items"]:
        variant_id = item.get("variant_id")
        variant = store.row("SELECT sku FROM live_variants WHERE id = ?", (variant_id,)) or {"sku": None}
        store.insert(
            "order_items",
            {
                "id": str(uuid.uuid4()),
                "order_id": order["id"],
                "product_title": item["product_title"],
                "variant_title": item.get("variant_title"),
                "sku": item.get("sku") or variant["sku"],
                "variant_id": variant_id,
                "location_id": item.get("location_id"),
                "quantity": item["quantity"],
                "unit_price": item.get("unit_price", "0.00"),
            },
        )
    record(req, "ORDER_PLACED", "ORDER", order["id"], {"channel": order["channel"], "total": total})
    return order


def _shown(row: Row) -> Row:
    order = {name: value for name, value in row.items() if name not in HIDDEN}
    order.update({name: _number(row[name]) for name in MONEY})
    order["tags"] = json.loads(row["tags"] or "null")
    return order


def _number(money: str) -> float | int:
    # The shortest text of a float is the decimal it came from, up to 15 digits. Beyond 10^308 there are no floats.
    value = Decimal(money)
    return float(value) if value < 10**308 else int(value)
