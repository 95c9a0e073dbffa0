"""`synq channels`: where orders come in."""

from typing import Annotated

import typer

from synq_cli.cli.lazy_groups import Noun
from synq_cli.cli.options import invocation
from synq_cli.errors import UsageError
from synq_cli.http import operations
from synq_cli.output.columns import Column
from synq_cli.output.formats import age, flag, identifier

group = Noun("List and change the sales channels.")

COLUMNS = [
    Column("ID", "id", identifier),
    Column("Name", "name"),
    Column("Currency", "currency"),
    Column("Takes orders", "active", flag),
    Column("Created", "created_at", age, drop=1),
    Column("Changed", "updated_at", age, drop=2),
]


@group.command("list", operations.LIST_CHANNELS)
def list_channels(ctx: typer.Context) -> None:
    """List the sales channels.

    Every channel that brings in orders, by name, with its currency. `synq orders list --channel NAME` shows the
    orders of one.

    Examples:
      synq channels list
      synq channels list --fields name,currency -o csv
    """
    run = invocation(ctx)
    run.output.rows(run.api.channels.list(), COLUMNS, empty="This tenant has no channels.")


@group.command("create", operations.CREATE_CHANNEL)
def create_channel(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What orders will call it.")],
    currency: Annotated[str, typer.Option("--currency", metavar="CUR", help="Three letters, such as GBP. Required.")],
    inactive: Annotated[bool, typer.Option("--inactive", help="It takes no orders yet.")] = False,
) -> None:
    """Create a sales channel.

    The currency must be named, since not every server takes the same one by default. If no answer comes, nothing is
    sent again: synq ends with exit 10, and `synq channels list` shows whether it was made.

    Examples:
      synq channels create market-stall --currency GBP
      synq channels create alpine-web --currency EUR --inactive --dry-run
    """
    run = invocation(ctx)
    run.output.record(run.api.channels.create(name, currency, active=not inactive), COLUMNS)


@group.command("update", operations.UPDATE_CHANNEL, operations.LIST_CHANNELS, requests=(1, 2))
def update_channel(
    ctx: typer.Context,
    channel: Annotated[str, typer.Argument(metavar="CHANNEL", help="Its name, its id, or the id's first letters.")],
    name: Annotated[str | None, typer.Option("--name", metavar="NAME", help="A new name.")] = None,
    currency: Annotated[
        str | None, typer.Option("--currency", metavar="CUR", help="Another currency: three letters, such as GBP.")
    ] = None,
    active: Annotated[
        bool | None, typer.Option("--active/--inactive", help="Whether it takes orders.", show_default=False)
    ] = None,
) -> None:
    """Change a sales channel.

    The API replaces name, currency and switch together, so synq reads the channel first and keeps what is not
    named.

    Examples:
      synq channels update high-street --inactive
      synq channels update f83f95d1 --name old-town --dry-run
    """
    run = invocation(ctx)
    if name is None and currency is None and active is None:
        raise UsageError("Nothing to change.", hint="Name it: --name, --currency, --active or --inactive.")
    before, after = run.api.channels.update(channel, name=name, currency=currency, active=active)
    run.output.changed(str(before.get("name")), before, after, COLUMNS)
