"""`synq inventory reserve`, `release` and `reservations`: units held for a purpose, still counted as on hand."""

from collections.abc import Mapping
from typing import Annotated

from synq_cli.cli.confirmation import confirm
from synq_cli.cli.context import RunContext
from synq_cli.cli.groups import CommandGroup
from synq_cli.cli.metavars import FILE, Metavar
from synq_cli.cli.options import (
    LocationOption,
    OnlyLocationOption,
    OnlySkuOption,
    YesOption,
    argument,
    option,
)
from synq_cli.commands.bulk import AgainOption, ReportOption, ShardOption, refuse_with_file, require_file, send_file
from synq_cli.errors import UsageError
from synq_cli.http import operations
from synq_cli.output.columns import Column
from synq_cli.output.formats import age, identifier, named, quantity, state
from synq_cli.resources.inventory import reservations

group = CommandGroup()

SkuArgument = Annotated[str | None, argument(Metavar("[SKU]", "sku"), "SKU, barcode, or UUID of the variant.")]


def columns(skus: Mapping[str, str], places: Mapping[str, str]) -> list[Column]:
    """The columns of reservations, with SKUs and location names by id."""
    return [
        Column("ID", "id", identifier),
        Column("Variant", "variant_id", named(skus)),
        Column("Quantity", "quantity", quantity),
        Column("Location", "location_id", named(places)),
        Column("Status", "status", state),
        Column("Reference", "reference", drop=1),
        Column("Created", "created_at", age, drop=2),
    ]


@group.command(
    "reserve",
    operations.CREATE_RESERVATION,
    operations.LIST_VARIANTS,
    operations.LIST_LOCATIONS,
    operations.LIST_INVENTORY_LEVELS,
    operations.LIST_RESERVATIONS,
    requests=(1, None),
    bulk=True,
)
def reserve_stock(
    run: RunContext,
    sku: SkuArgument = None,
    units: Annotated[str | None, argument("[QUANTITY]", "Number of units, 1 or more.")] = None,
    location: LocationOption = None,
    reference: Annotated[
        str | None, option("--reference", "TEXT", "Reason for the reservation, such as an order id.")
    ] = None,
    file: Annotated[
        str | None,
        option("--file", FILE, "Reserve every row of a CSV, TSV, NDJSON or .xlsx file; - for standard input."),
    ] = None,
    report: ReportOption = None,
    shard: ShardOption = None,
    again: AgainOption = False,
    yes: YesOption = False,
) -> None:
    """Reserve units of one SKU, or of many from a file.

    Reserved units stay on hand until they are released or shipped with an order. The API refuses to reserve more than
    are available. The request is never retried: if no response arrives, synq exits with 10 and says how to check.

    In a table, and with --dry-run, synq also shows the available units before and after, for one more request.

    --file takes rows with the columns sku, barcode or variant_id, quantity, and optionally location and reference;
    --reference is for rows that have none. It works as with `synq inventory adjust`: all rows are checked first, synq
    asks, and the run can be resumed. A row that got no response is looked for in the list of reservations. `synq runs
    undo` releases what a run has reserved.

    Examples:
      synq inventory reserve HMC-NVY-M 3 --reference trunk-show-2026-12
      synq inventory reserve HMC-NVY-M 3 --location "Leith warehouse" --dry-run
      synq inventory reserve --file holds.csv --reference trunk-show-2026-12 --yes
    """
    place, with_level = location or run.settings.location, run.dry_run or run.output.format == "table"
    if file is not None:
        refuse_with_file(SKU=sku)
        from synq_cli.bulk.verbs.reservations import ReserveStock

        text = run.system.read_rows(file)
        send_file(
            run, ReserveStock(run.api), text, file, place, reference, report=report, shard=shard, yes=yes, again=again
        )
        return
    require_file(report, shard, again=again)
    if sku is None or units is None:
        missing = "SKU and quantity" if sku is None else "quantity"
        raise UsageError(f"Missing {missing}.", hint="Give a SKU and a quantity, or a file with --file.")
    hold = run.api.reservations.prepare(sku, units, place, reference=reference, with_level=with_level)
    if hold.after is not None and hold.after < 0:
        run.output.warn(f"Only {hold.available} of {hold.sku} are available at {hold.location}.")
    made = run.api.reservations.create(hold)
    if hold.after is not None:
        run.output.change(f"{hold.sku} at {hold.location}", hold.available, hold.after, "available")
    run.output.record(made, columns({hold.variant_id: hold.sku}, {hold.location_id: hold.location}))


@group.command(
    "release",
    operations.RELEASE_RESERVATION,
    operations.LIST_RESERVATIONS,
    operations.LIST_LOCATIONS,
    operations.LIST_INVENTORY_LEVELS,
    requests=(1, None),
    bulk=True,
)
def release_reservation(
    run: RunContext,
    reservation: Annotated[str | None, argument("[RESERVATION_ID]", "Reservation id, or its first characters.")] = None,
    file: Annotated[
        str | None,
        option("--file", FILE, "Release every reservation of a CSV, TSV, NDJSON or .xlsx file; - for standard input."),
    ] = None,
    report: ReportOption = None,
    shard: ShardOption = None,
    again: AgainOption = False,
    yes: YesOption = False,
) -> None:
    """Release a reservation, or many from a file.

    Its units become available again; the reservation stays in the list as RELEASED. synq shows the reservation and
    asks for confirmation; in a script, use --yes.

    --file takes rows with the column reservation_id, or id as in `synq inventory reservations -o csv`. All are looked
    up in one list; those that hold no units any more are left out. Without a response, a row is sent again, since it
    can't count twice. `synq runs undo` reserves the units again, with new ids.

    Examples:
      synq inventory release 75d9d1b8
      synq inventory release 75d9d1b8-7dab-4464-a35d-a83d613c2d57 --yes
      synq inventory release --file released.csv --dry-run
    """
    if file is not None:
        refuse_with_file(reservation=reservation)
        from synq_cli.bulk.verbs.reservations import ReleaseReservations

        text = run.system.read_rows(file)
        send_file(run, ReleaseReservations(run.api), text, file, report=report, shard=shard, yes=yes, again=again)
        return
    require_file(report, shard, again=again)
    if reservation is None:
        raise UsageError("Missing reservation id.", hint="Give a reservation id, or a file with --file.")
    held = run.api.reservations.to_release(reservation)
    variant, location = str(held.get("variant_id")), str(held.get("location_id"))
    sku, place = run.index.names("sku").get(variant, variant), run.index.names("location").get(location, location)
    purpose = f" ({held['reference']})" if held.get("reference") else ""
    what = f"{held.get('quantity')} of {sku} at {place}{purpose}"
    confirm(run, f"Release {held['id']}: {what}?", yes=yes)
    run.api.reservations.release(held)
    run.output.note(f"Released {held['id']}: {what}.")


@group.command(
    "reservations",
    operations.LIST_RESERVATIONS,
    operations.LIST_VARIANTS,
    operations.LIST_LOCATIONS,
    requests=(1, None),
)
def list_reservations(
    run: RunContext,
    sku: OnlySkuOption = None,
    location: OnlyLocationOption = None,
    status: Annotated[
        reservations.Status | None, option("--status", "STATUS", "Only reservations with this status.")
    ] = None,
) -> None:
    """List reservations, newest first.

    ACTIVE reservations hold units, RELEASED ones have returned them, CONSUMED ones were shipped with an order. The
    API returns all reservations in one response and does not filter, so synq filters them.

    A table shows the names of locations, and SKUs that are in the local cache; other formats show ids, as the API
    does.

    Examples:
      synq inventory reservations --status active
      synq inventory reservations --sku HMC-NVY-M --json
    """
    found = run.api.reservations.matching(sku=sku, location=location, status=status)
    table = run.output.format == "table"
    names = (run.index.names("sku"), run.api.locations.names()) if table else ({}, {})
    run.output.rows(found, columns(*names), empty="No reservations match.")
