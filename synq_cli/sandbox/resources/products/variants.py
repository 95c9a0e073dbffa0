"""Variants: list by SKU or product, add to a product."""

import uuid

import falcon

from synq_cli.sandbox.resources.products.products import find_product
from synq_cli.sandbox.server.fields import amount, currency, text
from synq_cli.sandbox.server.request import Request, Response, http_error, uuid_or_400
from synq_cli.sandbox.store.schema import Row
from synq_cli.sandbox.store.store import Store

INVALID_ID = "Invalid product_id"
CREATABLE = {"sku": text, "barcode": text, "price": amount, "currency": currency}


class Variants:
    def on_get(self, req: Request, resp: Response) -> None:
        page = req.page()
        filters: Row = {"sku": req.sku_param(), "product_id": req.uuid_param("product_id")}
        resp.media = req.rows("live_variants", order="sku, id", page=page, **filters)


class ProductVariants:
    def on_post(self, req: Request, resp: Response, product_id: str) -> None:
        uuid_or_400(product_id, INVALID_ID)
        fields = req.fields(CREATABLE, (), "Invalid request payload")
        with req.store.writing():
            product = find_product(req, product_id, INVALID_ID)
            if find_sku(req.store, product["tenant_id"], fields.get("sku")):
                raise http_error(400, "SKU already exists")
            variant = insert_variant(req.store, product, fields, req.now)
            details = {"sku": variant["sku"], "title": product["title"]}
            req.audit("VARIANT_CREATED", "VARIANT", variant["id"], details)
        resp.status = falcon.HTTP_201
        resp.media = variant


def insert_variant(store: Store, product: Row, fields: Row, at: str) -> Row:
    """Store a new variant; an empty SKU or barcode is stored as null, so that several variants may lack one."""
    return store.insert(
        "variants",
        {
            "id": str(uuid.uuid4()),
            "org_id": product["org_id"],
            "tenant_id": product["tenant_id"],
            "product_id": product["id"],
            "sku": fields.get("sku") or None,
            "barcode": fields.get("barcode") or None,
            "price": fields.get("price"),
            "currency": fields.get("currency"),
            "created_at": at,
            "updated_at": at,
        },
    )


def find_sku(store: Store, tenant_id: str, sku: str | None) -> Row | None:
    """The tenant's variant with that SKU; SKUs of deleted products are free again."""
    return store.row("SELECT * FROM live_variants WHERE tenant_id = ? AND sku = ?", (tenant_id, sku))


ROUTES = {
    "/api/v1/pim/variants": Variants(),
    "/api/v1/pim/products/{product_id}/variants": ProductVariants(),
}
