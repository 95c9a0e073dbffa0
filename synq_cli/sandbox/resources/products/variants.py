"""Variants: list, by SKU or product; add one to a product."""

import json
import uuid

import falcon

from synq_cli.sandbox.resources.products.products import product_of
from synq_cli.sandbox.server.fields import amount, currency, fields_in, text
from synq_cli.sandbox.server.gates import caller_of
from synq_cli.sandbox.server.reading import page, refusal, sku_filter, store_of, uuid_filter, uuid_in
from synq_cli.sandbox.store.schema import Row
from synq_cli.sandbox.store.store import Store
from synq_cli.sandbox.store.trail import record
from synq_cli.times import timestamp

BAD_ID = "Invalid product_id"
CREATABLE = {"sku": text, "barcode": text, "price": amount, "currency": currency}


class Variants:
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        limit, offset = page(req)
        rows = store_of(req).rows(
            """SELECT * FROM live_variants
               WHERE tenant_id = :tenant AND (:sku IS NULL OR sku = :sku)
                 AND (:product IS NULL OR product_id = :product)
               ORDER BY sku, id LIMIT :limit OFFSET :offset""",
            {
                "tenant": caller_of(req).tenant_id,
                "sku": sku_filter(req),
                "product": uuid_filter(req, "product_id"),
                "limit": limit,
                "offset": offset,
            },
        )
        resp.media = [{**row, "option_values": json.loads(row["option_values"] or "null")} for row in rows]


class ProductVariants:
    def on_post(self, req: falcon.Request, resp: falcon.Response, product_id: str) -> None:
        uuid_in(product_id, BAD_ID)
        fields = fields_in(req, CREATABLE, (), "Invalid request payload")
        store = store_of(req)
        with store.writing():
            product = product_of(req, product_id, BAD_ID)
            variant = new_variant(product, fields, timestamp(req.context.at))
            if variant_with_sku(store, product["tenant_id"], variant["sku"]):
                raise refusal(400, "SKU already exists")
            store.insert("variants", variant)
            sku = {"sku": variant["sku"], "title": product["title"]}
            record(req, "VARIANT_CREATED", "VARIANT", variant["id"], sku)
        resp.status = falcon.HTTP_201
        resp.media = variant


def new_variant(product: Row, fields: Row, at: str) -> Row:
    """A variant to be inserted; an empty text counts as left out, so that two variants may lack a SKU."""
    return {
        "id": str(uuid.uuid4()),
        "org_id": product["org_id"],
        "tenant_id": product["tenant_id"],
        "product_id": product["id"],
        "sku": fields.get("sku") or None,
        "barcode": fields.get("barcode") or None,
        "price": fields.get("price"),
        "currency": fields.get("currency"),
        "option_values": None,
        "cost_price": None,
        "data_quality_score": None,
        "created_at": at,
        "updated_at": at,
    }


def variant_with_sku(store: Store, tenant_id: str, sku: str | None) -> Row | None:
    """The tenant's variant with that SKU; a deleted product's SKUs are free again."""
    return store.row("SELECT * FROM live_variants WHERE tenant_id = ? AND sku = ?", (tenant_id, sku))
