"""Dashboard counters: products, low stock, stock-outs, value of the stock."""

from decimal import Decimal

from synq_cli.sandbox.server.request import Request, Response


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


ROUTES = {"/api/v1/pim/stats": Stats()}
