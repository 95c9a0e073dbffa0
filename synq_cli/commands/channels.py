"""`synq channels`: the sales channels that orders come from."""

from typing import Annotated

from synq_cli.cli.context import RunContext
from synq_cli.cli.groups import CommandGroup
from synq_cli.cli.options import SearchOption, argument, option, switch
from synq_cli.errors import UsageError
from synq_cli.http import operations
from synq_cli.output.columns import Column
from synq_cli.output.formats import age, flag, identifier
from synq_cli.resources.shared.selection import search

group = CommandGroup()

COLUMNS = [
    Column("ID", "id", identifier),
    Column("Name", "name"),
    Column("Currency", "currency"),
    Column("Takes orders", "active", flag),
    Column("Created", "created_at", age, drop=1),
    Column("Changed", "updated_at", age, drop=2),
]


@group.command("list", operations.LIST_CHANNELS)
def list_channels(run: RunContext, words: SearchOption = None) -> None:
    """List sales channels.

    Sorted by name, with the currency of each. To list the orders of a channel, use `synq orders list --channel NAME`.

    Examples:
      synq channels list
      synq channels list --search web
      synq channels list --fields name,currency -o csv
    """
    rows = search(run.api.channels.list(), words, "name", "currency")
    run.output.rows(rows, COLUMNS, empty="No channels match." if words else "This tenant has no channels.")


@group.command("create", operations.CREATE_CHANNEL)
def create_channel(
    run: RunContext,
    name: Annotated[str, argument("NAME", "Name, as shown in orders.")],
    currency: Annotated[str, option("--currency", "CUR", "Currency code, such as GBP. Required.")],
    inactive: Annotated[bool, switch("--inactive", "Create it inactive: it accepts no orders yet.")] = False,
) -> None:
    """Create a sales channel.

    The currency is required because servers differ in their default. The request is never retried: if no response
    arrives, synq exits with 10, and `synq channels list` shows whether the channel was created.

    Examples:
      synq channels create market-stall --currency GBP
      synq channels create alpine-web --currency EUR --inactive --dry-run
    """
    run.output.record(run.api.channels.create(name, currency, active=not inactive), COLUMNS)


@group.command("update", operations.UPDATE_CHANNEL, operations.LIST_CHANNELS, requests=(1, 2))
def update_channel(
    run: RunContext,
    channel: Annotated[str, argument("CHANNEL", "Name, id, or first characters of the id.")],
    name: Annotated[str | None, option("--name", "NAME", "New name.")] = None,
    currency: Annotated[str | None, option("--currency", "CUR", "New currency code, such as GBP.")] = None,
    active: Annotated[bool | None, switch("--active/--inactive", "Accept orders or not.", show_default=False)] = None,
) -> None:
    """Change a sales channel.

    The API replaces name, currency and activity together, so synq reads the channel first and keeps the values that
    you do not change.

    Examples:
      synq channels update high-street --inactive
      synq channels update f83f95d1 --name old-town --dry-run
    """
    if name is None and currency is None and active is None:
        raise UsageError("Nothing to change.", hint="Add --name, --currency, --active or --inactive.")
    before, after = run.api.channels.update(channel, name=name, currency=currency, active=active)
    run.output.changed(str(before.get("name")), before, after, COLUMNS)
