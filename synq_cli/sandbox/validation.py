"""What the catalogue lacks: issues found in it as it is, so that mending the product ends them."""

import uuid

import falcon

from synq_cli.sandbox.gates import caller_of
from synq_cli.sandbox.reading import store_of
from synq_cli.sandbox.store import Row


class ValidationIssues:
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        store, tenant = store_of(req), {"tenant": caller_of(req).tenant_id}
        products = store.rows(
            """SELECT id, id AS product_id, description, category, brand, created_at,
                   EXISTS (SELECT 1 FROM categories WHERE tenant_id = :tenant
                       AND LOWER(live_products.category) IN (LOWER(name), LOWER(slug))) AS category_known,
                   EXISTS (SELECT 1 FROM brands WHERE tenant_id = :tenant
                       AND LOWER(live_products.brand) = LOWER(name)) AS brand_known,
                   EXISTS (SELECT 1 FROM variants WHERE product_id = live_products.id) AS sellable,
                   EXISTS (SELECT 1 FROM media LEFT JOIN variants ON variants.id = media.variant_id
                       WHERE live_products.id IN (media.product_id, variants.product_id)) AS pictured
               FROM live_products WHERE tenant_id = :tenant ORDER BY created_at, id""",
            tenant,
        )
        variants = store.rows(
            """SELECT id, product_id, sku, barcode, price, created_at FROM live_variants
               WHERE tenant_id = :tenant ORDER BY sku, id""",
            tenant,
        )
        resp.media = [_issue(row, *found) for row in products for found in _lacks_of_product(row)]
        resp.media += [_issue(row, *found) for row in variants for found in _lacks_of_variant(row)]


def _lacks_of_product(product: Row) -> list[tuple[str, str]]:
    """Field and message of each issue."""
    lacks = []
    if not (product["description"] or "").strip():
        lacks.append(("description", "No description"))
    for name in ("category", "brand"):
        if not (product[name] or "").strip():
            lacks.append((name, f"No {name}"))
        elif not product[f"{name}_known"]:
            lacks.append((name, f"There is no {name} {product[name]}"))
    if not product["sellable"]:
        lacks.append(("variants", "No variants"))
    if not product["pictured"]:
        lacks.append(("media", "No media"))
    return lacks


def _lacks_of_variant(variant: Row) -> list[tuple[str, str]]:
    called = variant["sku"] or variant["id"]
    return [(name, f"Variant {called} has no {name}") for name in ("price", "barcode") if variant[name] is None]


def _issue(row: Row, name: str, message: str) -> Row:
    return {
        # The same issue keeps its id from one look to the next.
        "id": str(uuid.uuid5(uuid.UUID(row["id"]), name)),
        "product_id": row["product_id"],
        "field": name,
        "message": message,
        # Nothing of this can be taken away again, so it has been missing from the start.
        "created_at": row["created_at"],
    }
