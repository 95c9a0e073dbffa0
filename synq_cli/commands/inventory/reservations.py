"""`synq inventory reserve`, `release` and `reservations`: units held for a purpose, still counted as on hand."""

from collections.abc import Mapping
from typing import Annotated

from synq_cli.cli.confirmation import confirm
from synq_cli.cli.context import RunContext
from synq_cli.cli.groups import CommandGroup
from synq_cli.cli.options import (
    LocationOption,
    OnlyLocationOption,
    OnlySkuOption,
    SkuArgument,
    YesOption,
    argument,
    option,
)
from synq_cli.http import operations
from synq_cli.output.columns import Column
from synq_cli.output.formats import age, identifier, named, quantity, state
from synq_cli.resources.inventory import reservations

group = CommandGroup()


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
    requests=(1, None),
)
def reserve_stock(
    run: RunContext,
    sku: SkuArgument,
    units: Annotated[str, argument("QUANTITY", "Number of units, 1 or more.")],
    location: LocationOption = None,
    reference: Annotated[
        str | None, option("--reference", "TEXT", "Reason for the reservation, such as an order id.")
    ] = None,
) -> None:
    """Reserve units of one SKU.

    Reserved units stay on hand until they are released or shipped with an order. The API refuses to reserve more than
    are available. The request is never retried: if no response arrives, synq exits with 10 and says how to check.

    In a table, and with --dry-run, synq also shows the available units before and after, for one more request.

    Examples:
      synq inventory reserve HMC-NVY-M 3 --reference trunk-show-2026-12
      synq inventory reserve HMC-NVY-M 3 --location "Leith warehouse" --dry-run
    """
    place, with_level = location or run.settings.location, run.dry_run or run.output.format == "table"
    hold = run.api.reservations.prepare(sku, units, place, reference=reference, with_level=with_level)
    if hold.after is not None and hold.after < 0:
        run.output.warn(f"Only {hold.available} of {hold.sku} are available at {hold.location}.")
    made = run.api.reservations.create(hold)
    if hold.after is not None:
        run.output.change(f"{hold.sku} at {hold.location}", hold.available, hold.after, "available")
    run.output.record(made, columns({hold.variant_id: hold.sku}, {hold.location_id: hold.location}))


@group.command("release", operations.RELEASE_RESERVATION, operations.LIST_RESERVATIONS)
def release_reservation(
    run: RunContext,
    reservation: Annotated[str, argument("RESERVATION_ID", "Reservation id, or its first characters.")],
    yes: YesOption = False,
) -> None:
    """Release a reservation.

    Its units become available again; the reservation stays in the list as RELEASED. synq shows the reservation and
    asks for confirmation; in a script, use --yes.

    Examples:
      synq inventory release 75d9d1b8
      synq inventory release 75d9d1b8-7dab-4464-a35d-a83d613c2d57 --yes
    """
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
