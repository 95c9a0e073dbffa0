"""`synq inventory ledger`: the ledger of stock changes."""

from typing import Annotated

from synq_cli.cli.context import RunContext
from synq_cli.cli.groups import CommandGroup
from synq_cli.cli.options import (
    AllOption,
    LimitOption,
    OnlyLocationOption,
    OnlySkuOption,
    SinceOption,
    option,
    parse_since,
)
from synq_cli.http import operations
from synq_cli.output.columns import Column
from synq_cli.output.formats import age, delta, identifier, named, quantity

group = CommandGroup()


@group.command(
    "ledger", operations.LIST_INVENTORY_LEDGER, operations.LIST_VARIANTS, operations.LIST_LOCATIONS, requests=(1, None)
)
def list_entries(
    run: RunContext,
    sku: OnlySkuOption = None,
    location: OnlyLocationOption = None,
    kind: Annotated[str | None, option("--type", "TYPE", "Only entries of this type, such as adjustment.")] = None,
    since: SinceOption = None,
    limit: LimitOption = 50,
    read_all: AllOption = False,
) -> None:
    """List stock ledger entries, newest first.

    Every adjustment, order and return adds an entry, and entries never change. `synq inventory adjust` adds entries
    of type adjustment; orders and returns have their own types. With --since, synq stops reading at the first older
    entry.

    A table shows the names of locations, and SKUs that are in the local cache; other formats show ids, as the API
    does.

    Examples:
      synq inventory ledger --sku HMC-NVY-M
      synq inventory ledger --since 7d --type adjustment --all
      synq inventory ledger --location "Leith warehouse" -o csv
    """
    entries = run.api.ledger.entries(sku=sku, location=location, kind=kind, since=parse_since(since, run.system.now()))
    table = run.output.format == "table"
    columns = [
        Column("Posted", "created_at", age),
        Column("Variant", "variant_id", named(run.index.names("sku") if table else {})),
        Column("Quantity", "quantity_delta", delta),
        Column("Location", "location_id", named(run.api.locations.names() if table else {})),
        Column("Type", "transaction_type"),
        Column("Notes", "notes", drop=1),
        Column("Unit cost", "unit_cost", quantity, drop=2),
        Column("Entry", "id", identifier, drop=3),
        Column("Posted by", "created_by", identifier, drop=4),
    ]
    run.output.rows(entries.first(None if read_all else limit), columns, empty="No entries match.")
    run.output.note(entries.left_out("ledger row"))
