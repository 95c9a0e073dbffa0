"""`synq inventory reserve/release/reservations`: units held without taking them off hand."""

from collections.abc import Mapping
from typing import Annotated

import typer

from synq_cli.cli.lazy_groups import Commands
from synq_cli.cli.options import LocationOption, OnlyLocationOption, OnlySkuOption, SkuArgument, YesOption, invocation
from synq_cli.http import operations
from synq_cli.output.columns import Column
from synq_cli.output.formats import age, identifier, named, quantity, state
from synq_cli.resources.inventory import reservations

group = Commands()


def columns(skus: Mapping[str, str], places: Mapping[str, str]) -> list[Column]:
    """Reservations, with variants and locations by the names that are known."""
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
    requests=(1, 4),
)
def reserve_stock(
    ctx: typer.Context,
    sku: SkuArgument,
    units: Annotated[str, typer.Argument(metavar="QUANTITY", help="How many units to hold, 1 or more.")],
    location: LocationOption = None,
    reference: Annotated[
        str | None, typer.Option("--reference", metavar="TEXT", help="What they are held for.")
    ] = None,
) -> None:
    """Reserve units of one SKU.

    Holds them without taking them off hand, until they are released or leave with an order. The API refuses more
    than are available. If no answer comes, nothing is sent again: synq ends with exit 10 and says where to look.

    As a table, and with --dry-run, the units available before and after are shown too, which costs one more request.

    Examples:
      synq inventory reserve HMC-NVY-M 3 --reference trunk-show-2026-12
      synq inventory reserve HMC-NVY-M 3 --location "Leith warehouse" --dry-run
    """
    run = invocation(ctx)
    hold = run.api.reservations.prepare(
        sku,
        units,
        location or run.settings.location,
        reference=reference,
        with_level=run.dry_run or run.output.format == "table",
    )
    if hold.after is not None and hold.after < 0:
        run.output.warn(f"Only {hold.available} of {sku} are available at {hold.location}.")
    made = run.api.reservations.create(hold)
    if hold.after is not None:
        run.output.change(f"{sku} at {hold.location}", hold.available, hold.after, "available")
    run.output.record(made, columns({hold.variant_id: sku}, {hold.location_id: hold.location}))


@group.command("release", operations.RELEASE_RESERVATION, operations.LIST_RESERVATIONS)
def release_reservation(
    ctx: typer.Context,
    reservation: Annotated[
        str, typer.Argument(metavar="RESERVATION_ID", help="The reservation's id, or its first letters.")
    ],
    yes: YesOption = False,
) -> None:
    """Release a reservation.

    Its units become available again; the reservation itself stays in the list as RELEASED. On a terminal synq shows
    what would be given back and asks first; in a script --yes says so.

    Examples:
      synq inventory release 75d9d1b8
      synq inventory release 75d9d1b8-7dab-4464-a35d-a83d613c2d57 --yes
    """
    run = invocation(ctx)
    held = run.api.reservations.to_release(reservation)
    variant, location = str(held.get("variant_id")), str(held.get("location_id"))
    sku, place = run.index.names("sku").get(variant, variant), run.index.names("location").get(location, location)
    purpose = f" ({held['reference']})" if held.get("reference") else ""
    what = f"{held.get('quantity')} of {sku} at {place}{purpose}"
    if run.confirmed(f"Release {held['id']}: {what}?", yes=yes):
        run.api.reservations.release(held)
        run.output.done(f"Released {held['id']}: {what}.")


@group.command(
    "reservations",
    operations.LIST_RESERVATIONS,
    operations.LIST_VARIANTS,
    operations.LIST_LOCATIONS,
    requests=(1, None),
)
def list_reservations(
    ctx: typer.Context,
    sku: OnlySkuOption = None,
    location: OnlyLocationOption = None,
    status: Annotated[
        reservations.Status | None,
        typer.Option("--status", metavar="STATUS", case_sensitive=False, help="Only this status."),
    ] = None,
) -> None:
    """List reservations, newest first.

    An active one holds units; a released one has given them back; a consumed one has left with an order. The API
    gives all of them at once and does not filter; synq does.

    A table shows locations by name, and SKUs where this machine knows them; other formats give their ids, as the
    API does.

    Examples:
      synq inventory reservations --status active
      synq inventory reservations --sku HMC-NVY-M --json
    """
    run = invocation(ctx)
    found = run.api.reservations.matching(sku=sku, location=location, status=status)
    table = run.output.format == "table"
    names = (run.index.names("sku"), run.api.locations.names()) if table else ({}, {})
    run.output.rows(found, columns(*names), empty="No reservations match.")
