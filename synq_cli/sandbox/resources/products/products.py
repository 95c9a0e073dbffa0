"""Products and their variants: list, create, get, update, delete; the queues for exports and pushes."""

import falcon

from synq_cli.sandbox.server import checks
from synq_cli.sandbox.server.request import Request, Response, http_error, uuid_or_400
from synq_cli.sandbox.store.schema import Row
from synq_cli.sandbox.store.store import Store

INVALID_BODY = "Invalid request payload"
INVALID_ID = "Invalid product ID"
PRODUCT = {"title": checks.filled_text, "description": checks.text, "category": checks.text}
PRODUCT_CHANGES = {**PRODUCT, "category_id": checks.identifier, "brand_id": checks.identifier}
VARIANT = {"sku": checks.text, "barcode": checks.text, "price": checks.amount, "currency": checks.currency}
PUSH = {"productId": checks.identifier, "action": checks.one_of(("UPSERT", "DELETE"))}


class Products:
    def on_get(self, req: Request, resp: Response) -> None:
        columns = "id, title, category, status, updated_at"
        resp.media = req.rows("live_products", columns, order="updated_at DESC, id", page=(100, 0))

    def on_post(self, req: Request, resp: Response) -> None:
        fields = req.fields(PRODUCT, ("title",), INVALID_BODY)
        owner = {"org_id": req.caller.org_id, "tenant_id": req.caller.tenant_id}
        with req.store.writing():
            product = insert(req.store, owner, fields, req.caller.user_id, req.now)
            req.audit("PRODUCT_CREATED", "PRODUCT", product["id"], {"title": product["title"]})
        resp.status = falcon.HTTP_201
        resp.media = product

    def on_get_one(self, req: Request, resp: Response, product_id: str) -> None:
        resp.media = find(req, product_id)

    def on_put_one(self, req: Request, resp: Response, product_id: str) -> None:
        uuid_or_400(product_id, INVALID_ID)
        changes = req.fields(PRODUCT_CHANGES, (), INVALID_BODY)
        with req.store.writing():
            product = find(req, product_id)
            for name, table in (("category", "categories"), ("brand", "brands")):
                if f"{name}_id" in changes:
                    label = req.find(table, changes[f"{name}_id"], INVALID_BODY, f"{name.capitalize()} not found")
                    changes[name] = label["name"]
            product = update(req.store, product, changes, req.caller.user_id, req.now)
            req.audit("PRODUCT_UPDATED", "PRODUCT", product["id"], {"title": product["title"]})
        resp.media = product

    def on_delete_one(self, req: Request, resp: Response, product_id: str) -> None:
        with req.store.writing():
            product = find(req, product_id)
            delete(req.store, product, req.now)
            req.audit("PRODUCT_DELETED", "PRODUCT", product["id"], {"title": product["title"]})
        resp.status = falcon.HTTP_204


class Variants:
    def on_get(self, req: Request, resp: Response) -> None:
        page = req.page()
        filters: Row = {"sku": req.sku_param(), "product_id": req.uuid_param("product_id")}
        resp.media = req.rows("live_variants", order="sku, id", page=page, **filters)


class ProductVariants:
    def on_post(self, req: Request, resp: Response, product_id: str) -> None:
        uuid_or_400(product_id, "Invalid product_id")
        fields = req.fields(VARIANT, (), INVALID_BODY)
        with req.store.writing():
            product = find(req, product_id)
            if find_sku(req.store, product["tenant_id"], fields.get("sku")):
                raise http_error(400, "SKU already exists")
            variant = insert_variant(req.store, product, fields, req.now)
            details = {"sku": variant["sku"], "title": product["title"]}
            req.audit("VARIANT_CREATED", "VARIANT", variant["id"], details)
        resp.status = falcon.HTTP_201
        resp.media = variant


class CatalogExport:
    def on_post(self, req: Request, resp: Response) -> None:
        with req.store.writing():
            req.audit("CATALOG_EXPORT_QUEUED", "CATALOG", None, None)
        resp.status = falcon.HTTP_202
        resp.media = {"status": "queued", "message": "Export job queued."}


class ProductPush:
    def on_post(self, req: Request, resp: Response) -> None:
        # The product may be unknown here: its deletion is pushed after it was deleted.
        push = req.fields(PUSH, PUSH, "invalid payload")
        with req.store.writing():
            req.audit("PRODUCT_PUSH_QUEUED", "PRODUCT", push["productId"], {"action": push["action"]})
        resp.status = falcon.HTTP_202
        resp.media = {"status": "queued"}


def find(req: Request, product_id: str) -> Row:
    """The caller's product; 400 if the id is invalid, 404 if it is unknown."""
    return req.find("live_products", product_id, INVALID_ID, "Product not found")


def insert(store: Store, owner: Row, fields: Row, user_id: str | None, at: str) -> Row:
    """Store a new product; `owner` holds org_id and tenant_id."""
    ids = {"org_id": owner["org_id"], "tenant_id": owner["tenant_id"]}
    labels = {name: fields.get(name) for name in ("title", "description", "category", "brand")}
    flags = {"status": "ACTIVE", "is_taxable": True, "is_returnable": True, "requires_serial_number": False}
    stamps = {"created_by": user_id, "updated_by": user_id, "created_at": at, "updated_at": at}
    return store.add("products", **ids, **labels, **flags, **stamps)


def update(store: Store, product: Row, changes: Row, user_id: str | None, at: str) -> Row:
    """Store a product's new title, description, category and brand; an empty text changes nothing."""
    changed = {name: changes[name] for name in ("title", "description", "category", "brand") if changes.get(name)}
    return store.update("products", product, **changed, updated_by=user_id, updated_at=at)


def delete(store: Store, product: Row, at: str) -> None:
    """Hide a product. It is not erased, since the ledger and orders refer to its variants."""
    store.update("products", product, deleted_at=at)


def insert_variant(store: Store, product: Row, fields: Row, at: str) -> Row:
    """Store a new variant; an empty SKU or barcode is stored as null, so that several variants may lack one."""
    owner = {"org_id": product["org_id"], "tenant_id": product["tenant_id"], "product_id": product["id"]}
    given = {name: fields.get(name) or None for name in ("sku", "barcode", "price", "currency")}
    return store.add("variants", **owner, **given, created_at=at, updated_at=at)


def find_sku(store: Store, tenant_id: str, sku: str | None) -> Row | None:
    """The tenant's variant with that SKU; SKUs of deleted products are free again."""
    return store.row("SELECT * FROM live_variants WHERE tenant_id = ? AND sku = ?", (tenant_id, sku))


ROUTES = {
    "/api/v1/pim/products": Products(),
    "/api/v1/pim/products/{product_id}": Products(),
    "/api/v1/pim/products/{product_id}/variants": ProductVariants(),
    "/api/v1/pim/variants": Variants(),
    "/api/v1/pim/export": CatalogExport(),
    "/unified/sync/push/product": ProductPush(),
}
