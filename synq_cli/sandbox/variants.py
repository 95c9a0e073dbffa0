"""Variants: list, by SKU or product."""

import json

import falcon

from synq_cli.sandbox.gates import caller_of
from synq_cli.sandbox.reading import page, sku_filter, store_of, uuid_filter


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
