"""Products: list, show, delete."""

import json

import falcon

from synq_cli.sandbox.gates import caller_of
from synq_cli.sandbox.reading import refusal, store_of, uuid_in
from synq_cli.sandbox.store import Row, timestamp
from synq_cli.sandbox.trail import record

FLAGS = ("is_taxable", "is_returnable", "requires_serial_number")


class Products:
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        resp.media = store_of(req).rows(
            """SELECT id, title, category, status, updated_at FROM products
               WHERE tenant_id = ? AND deleted_at IS NULL ORDER BY updated_at DESC, id LIMIT 100""",
            (caller_of(req).tenant_id,),
        )

    def on_get_one(self, req: falcon.Request, resp: falcon.Response, product_id: str) -> None:
        row = _find(req, product_id)
        resp.media = {
            **row,
            **{flag: None if row[flag] is None else bool(row[flag]) for flag in FLAGS},
            "tags": json.loads(row["tags"] or "null"),
        }

    def on_delete_one(self, req: falcon.Request, resp: falcon.Response, product_id: str) -> None:
        # Hidden, not erased: the ledger and the orders go on naming its variants.
        store = store_of(req)
        with store.writing():
            product = _find(req, product_id)
            at = timestamp(req.context.at)
            store.run("UPDATE products SET deleted_at = ? WHERE id = ?", (at, product["id"]))
            record(req, "PRODUCT_DELETED", "PRODUCT", product["id"], {"title": product["title"]})
        resp.status = falcon.HTTP_204


def _find(req: falcon.Request, product_id: str) -> Row:
    row = store_of(req).row(
        "SELECT * FROM products WHERE id = ? AND tenant_id = ? AND deleted_at IS NULL",
        (uuid_in(product_id, "Invalid product ID"), caller_of(req).tenant_id),
    )
    if row is None:
        raise refusal(404, "Product not found")
    return row
