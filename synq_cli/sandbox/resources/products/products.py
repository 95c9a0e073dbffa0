"""Products: list, create, show, update, delete."""

import json
import uuid

import falcon

from synq_cli.sandbox.server.fields import fields_in, filled_text, identifier, text
from synq_cli.sandbox.server.gates import caller_of
from synq_cli.sandbox.server.reading import refusal, store_of, uuid_in
from synq_cli.sandbox.store.schema import Row
from synq_cli.sandbox.store.store import Store
from synq_cli.sandbox.store.trail import record
from synq_cli.times import timestamp

BAD_BODY = "Invalid request payload"
BAD_ID = "Invalid product ID"
FLAGS = ("is_taxable", "is_returnable", "requires_serial_number")
CREATABLE = {"title": filled_text, "description": text, "category": text}
EDITABLE = {**CREATABLE, "category_id": identifier, "brand_id": identifier}


class Products:
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        resp.media = store_of(req).rows(
            """SELECT id, title, category, status, updated_at FROM live_products
               WHERE tenant_id = ? ORDER BY updated_at DESC, id LIMIT 100""",
            (caller_of(req).tenant_id,),
        )

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        fields = fields_in(req, CREATABLE, ("title",), BAD_BODY)
        caller, store = caller_of(req), store_of(req)
        owner = {"org_id": caller.org_id, "tenant_id": caller.tenant_id}
        product = new_product(owner, fields, caller.user_id, timestamp(req.context.at))
        with store.writing():
            store.insert("products", product)
            record(req, "PRODUCT_CREATED", "PRODUCT", product["id"], {"title": product["title"]})
        resp.status = falcon.HTTP_201
        resp.media = _shown(product)

    def on_get_one(self, req: falcon.Request, resp: falcon.Response, product_id: str) -> None:
        resp.media = _shown(product_of(req, product_id, BAD_ID))

    def on_put_one(self, req: falcon.Request, resp: falcon.Response, product_id: str) -> None:
        uuid_in(product_id, BAD_ID)
        changes = fields_in(req, EDITABLE, (), BAD_BODY)
        store = store_of(req)
        with store.writing():
            product = product_of(req, product_id, BAD_ID)
            if "category_id" in changes:
                changes["category"] = _name_of(req, "categories", changes["category_id"], "Category not found")
            if "brand_id" in changes:
                changes["brand"] = _name_of(req, "brands", changes["brand_id"], "Brand not found")
            product = changed_product(store, product, changes, caller_of(req).user_id, timestamp(req.context.at))
            record(req, "PRODUCT_UPDATED", "PRODUCT", product["id"], {"title": product["title"]})
        resp.media = _shown(product)

    def on_delete_one(self, req: falcon.Request, resp: falcon.Response, product_id: str) -> None:
        store = store_of(req)
        with store.writing():
            product = product_of(req, product_id, BAD_ID)
            hide_product(store, product, timestamp(req.context.at))
            record(req, "PRODUCT_DELETED", "PRODUCT", product["id"], {"title": product["title"]})
        resp.status = falcon.HTTP_204


def product_of(req: falcon.Request, product_id: str, complaint: str) -> Row:
    """The caller's product; 400 with `complaint` if that is no id, 404 if there is none."""
    row = store_of(req).row(
        "SELECT * FROM live_products WHERE id = ? AND tenant_id = ?",
        (uuid_in(product_id, complaint), caller_of(req).tenant_id),
    )
    if row is None:
        raise refusal(404, "Product not found")
    return row


def new_product(owner: Row, fields: Row, user_id: str | None, at: str) -> Row:
    """A product to be inserted; `owner` holds org_id and tenant_id."""
    return {
        "id": str(uuid.uuid4()),
        "org_id": owner["org_id"],
        "tenant_id": owner["tenant_id"],
        "title": fields["title"],
        "description": fields.get("description"),
        "short_description": None,
        "long_description": None,
        "category": fields.get("category"),
        "brand": fields.get("brand"),
        "tags": None,
        "status": "ACTIVE",
        "product_type_id": None,
        "launch_date": None,
        "discontinue_date": None,
        "warranty_period": None,
        "is_taxable": 1,
        "is_returnable": 1,
        "requires_serial_number": 0,
        "seo_title": None,
        "seo_description": None,
        "seo_keywords": None,
        "data_quality_score": None,
        "created_by": user_id,
        "updated_by": user_id,
        "created_at": at,
        "updated_at": at,
        "deleted_at": None,
    }


def changed_product(store: Store, product: Row, changes: Row, user_id: str | None, at: str) -> Row:
    """Store a product's new title, description, category and brand; an empty text counts as left out."""
    editable = ("title", "description", "category", "brand")
    given = {name: changes[name] for name in editable if changes.get(name)}
    product = {**product, **given, "updated_by": user_id, "updated_at": at}
    store.run(
        """UPDATE products SET title = :title, description = :description, category = :category, brand = :brand,
               updated_by = :updated_by, updated_at = :updated_at
           WHERE id = :id""",
        product,
    )
    return product


def hide_product(store: Store, product: Row, at: str) -> None:
    """Delete a product: hidden, not erased, since the ledger and the orders go on naming its variants."""
    store.run("UPDATE products SET deleted_at = ? WHERE id = ?", (at, product["id"]))


def _name_of(req: falcon.Request, table: str, entry_id: str, complaint: str) -> str:
    row = store_of(req).row(
        f"SELECT name FROM {table} WHERE id = ? AND tenant_id = ?",  # noqa: S608 (names from the code)
        (entry_id, caller_of(req).tenant_id),
    )
    if row is None:
        raise refusal(404, complaint)
    return str(row["name"])


def _shown(row: Row) -> Row:
    return {
        **row,
        **{flag: None if row[flag] is None else bool(row[flag]) for flag in FLAGS},
        "tags": json.loads(row["tags"] or "null"),
    }
