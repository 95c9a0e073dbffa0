"""`synq settings`: show the tenant's settings."""

import typer

from synq_cli.api.settings import GET
from synq_cli.lazy_group import Noun
from synq_cli.options import invocation
from synq_cli.output.columns import Column
from synq_cli.output.formats import flag, quantity, timestamp

group = Noun("Show the tenant's settings.")

RECORD = [
    Column("Allocation", "inventory_allocation_model"),
    Column("Costing", "costing_method"),
    Column("Low stock at", "default_low_stock_threshold", quantity),
    Column("Purchase orders", "auto_po_enabled", flag),
    Column("Changed", "updated_at", timestamp),
    Column("Changed by", "updated_by"),
]


@group.command("show", GET)
def show_settings(ctx: typer.Context) -> None:
    """Show the tenant's settings.

    How stock is allocated (HARD takes it when an order is placed, SOFT only earmarks it), how its cost is
    counted (WAC or FIFO), the low-stock threshold, and whether low stock raises a draft purchase order.

    Examples:
      synq settings show
      synq settings show --fields default_low_stock_threshold -o tsv
    """
    run = invocation(ctx)
    run.output.record(run.api.settings.get(), RECORD)
