"""`synq settings`: how the tenant's stock is allocated, valued and reordered."""

from typing import Annotated

from synq_cli.cli.context import RunContext
from synq_cli.cli.groups import CommandGroup
from synq_cli.cli.metavars import Metavar
from synq_cli.cli.options import argument
from synq_cli.http import operations
from synq_cli.output.columns import Column
from synq_cli.output.formats import flag, quantity, timestamp
from synq_cli.resources.settings import WORDS, parse_settings

group = CommandGroup()

RECORD = [
    Column("Allocation", "inventory_allocation_model"),
    Column("Costing", "costing_method"),
    Column("Low-stock threshold", "default_low_stock_threshold", quantity),
    Column("Draft purchase orders", "auto_po_enabled", flag),
    Column("Changed", "updated_at", timestamp),
    Column("Changed by", "updated_by"),
]

# No Literal: the value of a key may be a number.
_PAIRS = [f"{key}={word}" for key, words in WORDS.items() for word in words or ("",)]


@group.command("show", operations.GET_TENANT_SETTINGS)
def show_settings(run: RunContext) -> None:
    """Show the tenant's settings.

    Shows how stock is allocated (HARD takes it when an order is placed, SOFT only earmarks it), how its cost is
    calculated (WAC or FIFO), the low-stock threshold, and whether low stock creates a draft purchase order.

    Examples:
      synq settings show
      synq settings show --fields default_low_stock_threshold -o tsv
    """
    run.output.record(run.api.settings.get(), RECORD)


@group.command("set", operations.UPDATE_TENANT_SETTINGS, operations.GET_TENANT_SETTINGS, requests=(1, 2))
def change_settings(
    run: RunContext,
    pairs: Annotated[list[str], argument(Metavar("KEY=VALUE...", "words", _PAIRS), "Settings to change.")],
) -> None:
    """Change the tenant's settings.

    The keys are inventory_allocation_model (HARD or SOFT), costing_method (WAC or FIFO), auto_po_enabled (true or
    false) and default_low_stock_threshold (0 or more). The API replaces all four together, so synq reads them first
    and keeps the others; a tenant without saved settings needs all four. Changes apply immediately, to later
    transactions.

    Examples:
      synq settings set default_low_stock_threshold=8
      synq settings set inventory_allocation_model=HARD auto_po_enabled=false --dry-run
    """
    before, after = run.api.settings.update(parse_settings(pairs))
    run.output.changed("Settings", before, after, RECORD)
