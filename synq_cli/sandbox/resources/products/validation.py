"""Validation issues of the catalogue, computed from its present state: fixing the product removes the issue."""

import uuid
from collections.abc import Iterator

from synq_cli.sandbox.server.request import Request, Response
from synq_cli.sandbox.store.schema import Row


class ValidationIssues:
    def on_get(self, req: Request, resp: Response) -> None:
        variants = req.rows("live_variants", order="sku, id")
        media = req.rows("media")
        pictured = {row["variant_id"] for row in media}
        # A product names its category by name or slug.
        categories = {name.casefold() for row in req.rows("categories") for name in (row["name"], row["slug"]) if name}
        labels = {"category": categories, "brand": {row["name"].casefold() for row in req.rows("brands")}}
        parts = {
            "variants": {row["product_id"] for row in variants},
            "media": {row["product_id"] for row in (*media, *(row for row in variants if row["id"] in pictured))},
        }
        products = req.rows("live_products", order="created_at, id")
        found = [(row, row["id"], *issue) for row in products for issue in _product_issues(row, labels, parts)]
        found += [(row, row["product_id"], *issue) for row in variants for issue in _variant_issues(row)]
        resp.media = [_issue(*issue) for issue in found]


def _product_issues(product: Row, labels: dict[str, set[str]], parts: dict[str, set[str]]) -> Iterator[tuple[str, str]]:
    """Field and message of each issue; `labels` are the known ones, `parts` the ids of the products that have any."""
    if not (product["description"] or "").strip():
        yield "description", "No description"
    for name, known in labels.items():
        label = (product[name] or "").strip()
        if not label:
            yield name, f"No {name}"
        elif label.casefold() not in known:
            yield name, f'Unknown {name} "{label}"'
    for name, products in parts.items():
        if product["id"] not in products:
            yield name, f"No {name}"


def _variant_issues(variant: Row) -> Iterator[tuple[str, str]]:
    for name in ("price", "barcode"):
        if variant[name] is None:
            yield name, f"Variant {variant['sku'] or variant['id']} has no {name}"


def _issue(row: Row, product_id: str, name: str, message: str) -> Row:
    return {
        # Derived, so that the same issue keeps its id.
        "id": str(uuid.uuid5(uuid.UUID(row["id"]), name)),
        "product_id": product_id,
        "field": name,
        "message": message,
        # The last change of the product or variant.
        "created_at": row["updated_at"],
    }


ROUTES = {"/api/v1/pim/validation": ValidationIssues()}
