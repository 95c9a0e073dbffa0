"""`synq inventory transfer`: units from one location to another."""

from typing import Annotated

from synq_cli.cli.context import RunContext
from synq_cli.cli.groups import CommandGroup
from synq_cli.cli.metavars import FILE, Metavar
from synq_cli.cli.options import FromOption, ToOption, YesOption, argument, option, switch
from synq_cli.commands.bulk import AgainOption, ReportOption, ShardOption, require_file, send_file, send_single
from synq_cli.errors import UsageError
from synq_cli.http import operations
from synq_cli.output.columns import Column
from synq_cli.output.formats import quantity, state, whole

group = CommandGroup()

TRANSFER = [
    Column("SKU", "sku", whole),
    Column("Quantity", "quantity", quantity),
    Column("From", "from"),
    Column("To", "to"),
    Column("Status", "status", state),
    Column("First receipt", "first_receipt"),
    Column("Receipt", "receipt"),
    Column("Run", "run", whole),
]


@group.command(
    "transfer",
    operations.ADJUST_INVENTORY,
    operations.LIST_VARIANTS,
    operations.LIST_LOCATIONS,
    operations.LIST_INVENTORY_LEVELS,
    operations.LIST_INVENTORY_LEDGER,
    requests=(2, None),
    bulk=True,
)
def transfer_stock(
    run: RunContext,
    sku: Annotated[str | None, argument(Metavar("[SKU]", "sku"), "SKU, barcode, or UUID of the variant.")] = None,
    units: Annotated[str | None, argument("[QUANTITY]", "Number of units, 1 or more.")] = None,
    source: FromOption = None,
    target: ToOption = None,
    file: Annotated[
        str | None,
        option("--file", FILE, "Transfer every row of a CSV, TSV, NDJSON or .xlsx file; - for standard input."),
    ] = None,
    force: Annotated[bool, switch("--force", "Transfer more units than are available.")] = False,
    report: ReportOption = None,
    shard: ShardOption = None,
    again: AgainOption = False,
    yes: YesOption = False,
) -> None:
    """Transfer stock from one location to another.

    Posts two ledger entries: first the units leave one location, then they arrive at the other. So nothing can be sold
    twice, whatever happens in between. synq reads the stock levels first, for one more request, and refuses to
    transfer more units than are available, unless you add --force. It shows the stock before and after at both places.

    A transfer has a journal, so you can interrupt it at any time. Units that have left but not arrived are in transit:
    `synq runs list` shows them, `synq runs resume` completes the transfer, and `synq runs undo` puts them back, or
    reverses a transfer that is complete. If no response arrives, synq looks for the entry in the ledger. The second
    entry is posted only if the first one is certain; nothing is posted twice.

    --file takes rows with the columns sku, barcode or variant_id, quantity, and optionally from and to, whose defaults
    are --from and --to; other columns are ignored. All rows are checked before the first is sent, with one request per
    100 stock levels of each location that units leave. Each row takes two requests. Then synq shows what will change
    and how long it takes, and asks for confirmation. Rows that the API refused are written to FILE.failed.csv (exit
    status 9), except for those in transit. If a run of the last 30 days has posted the same rows, synq refuses to
    post them twice, unless you add --again or, on a terminal, confirm it.

    Examples:
      synq inventory transfer HMC-NVY-M 5 --from "Leith warehouse" --to "High Street shop"
      synq inventory transfer HMC-NVY-M 5 --from "Leith warehouse" --to "High Street shop" --dry-run
      synq inventory transfer --file moves.csv --from "Leith warehouse" --dry-run
      synq inventory transfer --file moves.csv --from "Leith warehouse" --yes --report result.csv
    """
    from synq_cli.bulk.verbs.transfer_stock import TransferStock

    if file is not None:
        if sku is not None:
            raise UsageError("A SKU conflicts with --file: give one of them.")
        verb, text = TransferStock(run.api, force=force), run.system.read_rows(file)
        send_file(run, verb, text, file, source, target, report=report, shard=shard, yes=yes, again=again)
        return
    given = {"SKU": sku, "quantity": units, "--from": source, "--to": target}
    if missing := [name for name, value in given.items() if value is None]:
        raise UsageError(
            f"Missing {' and '.join(missing)}.",
            hint="Give a SKU, a quantity, --from and --to, or a file with --file.",
        )
    require_file(report, shard, again=False)  # a single transfer has a run of its own, which may be repeated
    send_single(run, TransferStock(run.api, force=force), *map(str, given.values()), again=again, columns=TRANSFER)
