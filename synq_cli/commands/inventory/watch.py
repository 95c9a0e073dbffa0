"""`synq inventory watch`: stock levels as they change."""

from typing import Annotated

from synq_cli.cli.context import RunContext
from synq_cli.cli.groups import CommandGroup
from synq_cli.cli.metavars import SKU
from synq_cli.cli.options import OnlyLocationOption, option, switch
from synq_cli.commands.lists import EVENT, ExecOption, ResumeOption, known_watches, transition, watch
from synq_cli.http import operations
from synq_cli.output.columns import Column
from synq_cli.output.formats import identifier, named, quantity

group = CommandGroup()


@group.command(
    "watch",
    operations.LIST_INVENTORY_LEVELS,
    operations.LIST_AUDIT_EVENTS,
    operations.LIST_VARIANTS,
    operations.LIST_LOCATIONS,
    operations.GET_TENANT_SETTINGS,
    requests=(2, None),
)
def watch_levels(
    run: RunContext,
    sku: Annotated[
        list[str] | None,
        option("--sku", SKU, "Only this SKU, barcode or UUID of a variant; may be given several times."),
    ] = None,
    location: OnlyLocationOption = None,
    low: Annotated[bool, switch("--low", "Only crossings of the tenant's low-stock threshold.")] = False,
    threshold: Annotated[int | None, option("--threshold", "N", "Only crossings of N units on hand.", min=0)] = None,
    command: ExecOption = None,
    resume: ResumeOption = False,
) -> None:
    """Watch stock levels, and print each change as it happens.

    An event says that a level was added, changed (on hand, reserved or available), or is gone, with the level before
    and after. Several changes between two looks are one event. With --low or --threshold, a level is added when it
    falls to the threshold or below, and gone when it rises above it; changes below it are no events.
    Watching ends with Ctrl-C. Off a terminal, events are NDJSON.

    synq looks every 20 seconds, more slowly as the rate limit is used up, and leaves the last 20 requests a minute to
    other commands. A look reads the audit log and the levels of the variants that it names. Since the audit log does
    not tell everything, all levels are read too, less often the more requests they take (one for each 100 levels, or
    for each --sku): synq says how often when it starts. Watches on the same machine share what they read.

    --resume and --exec work as in `synq orders watch`, whose help explains them.

    Examples:
      synq inventory watch
      synq inventory watch --low --location "Leith warehouse"
      synq inventory watch --sku HMC-NVY-M --sku HMC-NVY-L --resume
      synq inventory watch --threshold 0 --exec 'sh to-ntfy.sh'
    """
    most = run.api.settings.low_stock_threshold() if low and threshold is None else threshold
    if low and threshold is None:
        run.output.note(f"The tenant's low-stock threshold is {most}.")
    options = {"low": low, "threshold": threshold}
    watched = run.api.watching.levels(sku or [], location, most, options, **known_watches(run))
    names = run.api.locations.names() if run.output.format == "table" else {}
    columns = [
        *EVENT,
        Column("SKU", "sku", width=20),
        *transition("On hand", "on_hand", quantity, width=11),
        *transition("Reserved", "reserved", quantity, drop=3, width=9),
        *transition("Available", "available", quantity, drop=2, width=11),
        Column("Location", "location_id", named(names), drop=1),
        Column("Variant", "variant_id", identifier, table=False),
    ]
    watch(run, watched, columns, command, resume=resume)
