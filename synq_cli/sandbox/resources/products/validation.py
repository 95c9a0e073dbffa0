"""What the catalogue lacks: issues found in it as it is, so that mending the product ends them."""

import uuid
from collections.abc import Iterator

import falcon

from synq_cli.sandbox.server.gates import caller_of
from synq_cli.sandbox.server.reading import store_of
from synq_cli.sandbox.store.schema import Row


class ValidationIssues:
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        store, tenant = store_of(req), (caller_of(req).tenant_id,)
        products = store.rows("SELECT * FROM live_products WHERE tenant_id = ? ORDER BY created_at, id", tenant)
        variants = store.rows("SELECT * FROM live_variants WHERE tenant_id = ? ORDER BY sku, id", tenant)
        categories = store.rows("SELECT name, slug FROM categories WHERE tenant_id = ?", tenant)
        brands = store.rows("SELECT name FROM brands WHERE tenant_id = ?", tenant)
        media = store.rows("SELECT product_id, variant_id FROM media WHERE tenant_id = ?", tenant)
        # A product's category may be told by name or by slug.
        known = {
            "category": {name.casefold() for row in categories for name in row.values() if name},
            "brand": {row["name"].casefold() for row in brands},
        }
        pictured = {row["variant_id"] for row in media}
        there = {
            "variants": {row["product_id"] for row in variants},
            "media": {row["product_id"] for row in (*media, *(row for row in variants if row["id"] in pictured))},
        }
        resp.media = [
            *(_issue(row, row["id"], *found) for row in products for found in _lacks_of_product(row, known, there)),
            *(_issue(row, row["product_id"], *found) for row in variants for found in _lacks_of_variant(row)),
        ]


def _lacks_of_product(
    product: Row, known: dict[str, set[str]], there: dict[str, set[str]]
) -> Iterator[tuple[str, str]]:
    """Field and message of each issue; `known` labels, and the ids of products of which something is `there`."""
    if not (product["description"] or "").strip():
        yield "description", "No description"
    for name, labels in known.items():
        label = (product[name] or "").strip()
        if not label:
            yield name, f"No {name}"
        elif label.casefold() not in labels:
            yield name, f"There is no {name} {label}"
    for name, products in there.items():
        if product["id"] not in products:
            yield name, f"No {name}"


def _lacks_of_variant(variant: Row) -> Iterator[tuple[str, str]]:
    for name in ("price", "barcode"):
        if variant[name] is None:
            yield name, f"Variant {variant['sku'] or variant['id']} has no {name}"


def _issue(row: Row, product_id: str, name: str, message: str) -> Row:
    return {
        # The same issue keeps its id from one look to the next.
        "id": str(uuid.uuid5(uuid.UUID(row["id"]), name)),
        "product_id": product_id,
        "field": name,
        "message": message,
        # As if it had been found when the product or variant was last changed.
        "created_at": row["updated_at"],
    }
