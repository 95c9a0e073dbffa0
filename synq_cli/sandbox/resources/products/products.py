"""Products: list, create, get, update, delete."""

import uuid
from typing import Any

import falcon

from synq_cli.sandbox.server.fields import filled_text, identifier, text
from synq_cli.sandbox.server.request import Request, Response, uuid_or_400
from synq_cli.sandbox.store.schema import Row
from synq_cli.sandbox.store.store import Store

INVALID_BODY = "Invalid request payload"
INVALID_ID = "Invalid product ID"
CREATABLE = {"title": filled_text, "description": text, "category": text}
EDITABLE = {**CREATABLE, "category_id": identifier, "brand_id": identifier}


class Products:
    def on_get(self, req: Request, resp: Response) -> None:
        columns = "id, title, category, status, updated_at"
        resp.media = req.rows("live_products", columns, order="updated_at DESC, id", page=(100, 0))

    def on_post(self, req: Request, resp: Response) -> None:
        fields = req.fields(CREATABLE, ("title",), INVALID_BODY)
        owner = {"org_id": req.caller.org_id, "tenant_id": req.caller.tenant_id}
        with req.store.writing():
            product = insert_product(req.store, owner, fields, req.caller.user_id, req.now)
            req.audit("PRODUCT_CREATED", "PRODUCT", product["id"], {"title": product["title"]})
        resp.status = falcon.HTTP_201
        resp.media = product

    def on_get_one(self, req: Request, resp: Response, product_id: str) -> None:
        resp.media = find_product(req, product_id)

    def on_put_one(self, req: Request, resp: Response, product_id: str) -> None:
        uuid_or_400(product_id, INVALID_ID)
        changes = req.fields(EDITABLE, (), INVALID_BODY)
        with req.store.writing():
            product = find_product(req, product_id)
            for name, table in (("category", "categories"), ("brand", "brands")):
                if f"{name}_id" in changes:
                    changes[name] = _label(req, table, changes[f"{name}_id"], f"{name.capitalize()} not found")
            product = update_product(req.store, product, changes, req.caller.user_id, req.now)
            req.audit("PRODUCT_UPDATED", "PRODUCT", product["id"], {"title": product["title"]})
        resp.media = product

    def on_delete_one(self, req: Request, resp: Response, product_id: str) -> None:
        with req.store.writing():
            product = find_product(req, product_id)
            delete_product(req.store, product, req.now)
            req.audit("PRODUCT_DELETED", "PRODUCT", product["id"], {"title": product["title"]})
        resp.status = falcon.HTTP_204


def find_product(req: Request, product_id: str, invalid: str = INVALID_ID) -> Row:
    """The caller's product; 400 with `invalid` if the id is invalid, 404 if it is unknown."""
    return req.find("live_products", product_id, invalid=invalid, missing="Product not found")


def insert_product(store: Store, owner: Row, fields: Row, user_id: str | None, at: str) -> Row:
    """Store a new product; `owner` holds org_id and tenant_id."""
    return store.insert(
        "products",
        {
            "id": str(uuid.uuid4()),
            "org_id": owner["org_id"],
            "tenant_id": owner["tenant_id"],
            **{name: fields.get(name) for name in ("title", "description", "category", "brand")},
            "status": "ACTIVE",
            "is_taxable": True,
            "is_returnable": True,
            "requires_serial_number": False,
            "created_by": user_id,
            "updated_by": user_id,
            "created_at": at,
            "updated_at": at,
        },
    )


def update_product(store: Store, product: Row, changes: Row, user_id: str | None, at: str) -> Row:
    """Store a product's new title, description, category and brand; an empty text changes nothing."""
    changed = {name: changes[name] for name in ("title", "description", "category", "brand") if changes.get(name)}
    return store.update("products", product, **changed, updated_by=user_id, updated_at=at)


def delete_product(store: Store, product: Row, at: str) -> None:
    """Hide a product. It is not erased, since the ledger and orders refer to its variants."""
    store.update("products", product, deleted_at=at)


def _label(req: Request, table: str, row_id: str, missing: str) -> Any:
    return req.find(table, row_id, invalid=INVALID_BODY, missing=missing)["name"]


ROUTES = {"/api/v1/pim/products": Products(), "/api/v1/pim/products/{product_id}": Products()}
