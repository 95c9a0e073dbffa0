"""Reports on the catalogue, computed from its present state: dashboard counters and validation issues."""

import uuid
from collections.abc import Iterator
from decimal import Decimal

from synq_cli.sandbox.server.request import Request, Response
from synq_cli.sandbox.store.schema import Row


class Stats:
    def on_get(self, req: Request, resp: Response) -> None:
        settings = req.rows("settings")
        threshold = settings[0]["default_low_stock_threshold"] if settings else 0
        # The stock of a variant is the sum over all locations, and 0 without a ledger entry.
        stock = req.store.rows(
            """SELECT live_variants.id AS variant_id, live_variants.sku, live_products.title,
                   IFNULL(SUM(ledger.quantity_delta), 0) AS on_hand, live_variants.cost_price
               FROM live_variants
               JOIN live_products ON live_products.id = live_variants.product_id
               LEFT JOIN ledger ON ledger.variant_id = live_variants.id
               WHERE live_variants.tenant_id = ?
               GROUP BY live_variants.id ORDER BY on_hand, live_variants.sku, live_variants.id""",
            (req.caller.tenant_id,),
        )
        out = [row for row in stock if row["on_hand"] <= 0]
        # At or below the threshold, but not out of stock, so that no variant counts twice.
        low = [row for row in stock if 0 < row["on_hand"] <= threshold]
        # Amounts in different currencies are summed as they are: there are no rates to convert them with.
        value = sum((row["on_hand"] * Decimal(row["cost_price"] or 0) for row in stock), Decimal(0))
        keys = ("variant_id", "sku", "title", "on_hand")
        resp.media = {
            "totalProducts": len(req.rows("live_products", "id")),
            "lowStockVariants": len(low),
            "outOfStockVariants": len(out),
            # A float of up to 15 digits is written as the decimal it came from.
            "totalInventoryValue": float(value),
            "topLowStock": [{key: row[key] for key in keys} for row in [*out, *low][:10]],
        }


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
        for row in variants:
            lacking = [name for name in ("price", "barcode") if row[name] is None]
            called = row["sku"] or row["id"]
            found += [(row, row["product_id"], name, f"Variant {called} has no {name}") for name in lacking]
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


ROUTES = {"/api/v1/pim/stats": Stats(), "/api/v1/pim/validation": ValidationIssues()}
