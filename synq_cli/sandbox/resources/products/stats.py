"""The dashboard's counters: products, stock that runs low or is out, and what the stock is worth."""

from decimal import Decimal

import falcon

from synq_cli.sandbox.server.gates import caller_of
from synq_cli.sandbox.server.reading import store_of

LOWEST = 10


class Stats:
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        store, tenant = store_of(req), (caller_of(req).tenant_id,)
        settings = store.row(
            "SELECT default_low_stock_threshold AS threshold FROM settings WHERE tenant_id = ?", tenant
        )
        threshold = settings["threshold"] if settings else 0
        # A variant's stock counts over all locations; without a ledger entry it is none.
        stock = store.rows(
            """SELECT live_variants.id AS variant_id, live_variants.sku, live_products.title,
                   IFNULL(SUM(ledger.quantity_delta), 0) AS on_hand, live_variants.cost_price
               FROM live_variants
               JOIN live_products ON live_products.id = live_variants.product_id
               LEFT JOIN ledger ON ledger.variant_id = live_variants.id
               WHERE live_variants.tenant_id = ?
               GROUP BY live_variants.id ORDER BY on_hand, live_variants.sku, live_variants.id""",
            tenant,
        )
        # Out is nothing or less; low is at or below the threshold and not out, so that none counts twice.
        out = [row for row in stock if row["on_hand"] <= 0]
        low = [row for row in stock if 0 < row["on_hand"] <= threshold]
        # Amounts in different currencies are added up as they are: there are no rates to convert them with.
        value = sum((row["on_hand"] * Decimal(row["cost_price"] or 0) for row in stock), Decimal(0))
        keys = ("variant_id", "sku", "title", "on_hand")
        resp.media = {
            "totalProducts": store.count("SELECT COUNT(*) FROM live_products WHERE tenant_id = ?", tenant),
            "lowStockVariants": len(low),
            "outOfStockVariants": len(out),
            # The shortest text of a float is the decimal it came from, up to 15 digits.
            "totalInventoryValue": float(value),
            "topLowStock": [{key: row[key] for key in keys} for row in [*out, *low][:LOWEST]],
        }
