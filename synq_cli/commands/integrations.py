"""`synq integrations`: the platforms that the tenant is connected to."""

from typing import Annotated

import typer

from synq_cli.cli.lazy_groups import Noun
from synq_cli.cli.options import YesOption, invocation
from synq_cli.commands.products import products
from synq_cli.commands.products.products import ActionOption, ProductArgument
from synq_cli.http import operations
from synq_cli.output.columns import Column
from synq_cli.output.formats import age, identifier, state
from synq_cli.resources.integrations import Category

group = Noun("Connect the tenant to other platforms.")

COLUMNS = [
    Column("ID", "id", identifier),
    Column("Provider", "provider"),
    Column("Status", "status", state),
    Column("Connection", "unified_connection_id", drop=1),
    Column("Created", "created_at", age, drop=2),
    Column("Changed", "updated_at", age, drop=3),
]
AUTHORIZATION = [Column("Address", "auth_url")]
SAVED = [Column("Status", "status"), Column("Message", "message")]


@group.command("list", operations.LIST_CONNECTIONS)
def list_connections(ctx: typer.Context) -> None:
    """List the connected platforms.

    By provider. A connection is usable while it is ACTIVE.

    Examples:
      synq integrations list
      synq integrations list --fields provider,status -o csv
    """
    run = invocation(ctx)
    run.output.rows(run.api.integrations.list(), COLUMNS, empty="This tenant is connected to nothing.")


@group.command("connect", operations.CREATE_AUTH_URL)
def connect_platform(ctx: typer.Context) -> None:
    """Get the address that connects a platform.

    Open it and grant access there; on a terminal synq offers to open the browser. Nothing is stored yet. If the
    connection does not show up in `synq integrations list` by itself, the page you come back to has a connection_id
    in its address: `synq integrations save` takes it.

    Examples:
      synq integrations connect
      synq integrations connect --json
    """
    run = invocation(ctx)
    answer = run.api.integrations.authorization()
    address = answer["auth_url"]
    if run.output.format == "table":
        run.output.value(address)  # one piece, however long, so that it can be copied
    else:
        run.output.record(answer, AUTHORIZATION)
    run.output.note("Grant access there, then come back with: synq integrations save CONNECTION_ID")
    if run.offered("Open it in the browser?") and not run.system.browse(address):
        run.output.warn("No browser could be opened; open the address yourself.")


@group.command("save", operations.SAVE_CONNECTION)
def save_connection(
    ctx: typer.Context,
    connection_id: Annotated[
        str, typer.Argument(metavar="CONNECTION_ID", help="The id that the authorization handed back.")
    ],
    category: Annotated[
        Category,
        typer.Option("--category", metavar="CATEGORY", case_sensitive=False, help="Category of the platform."),
    ] = "commerce",
    provider: Annotated[
        str | None,
        typer.Option("--provider", metavar="NAME", help="Such as shopify, where Synq can't look it up itself."),
    ] = None,
) -> None:
    """Save a connection after granting access.

    The last step after `synq integrations connect`. Saving the same connection again only activates it again, though
    it is logged once more.

    Examples:
      synq integrations save 66f3c2a8e19d4b7051d8a0f2
      synq integrations save 66f3c2a8e19d4b7051d8a0f2 --category accounting --provider xero
    """
    run = invocation(ctx)
    run.output.record(run.api.integrations.save(connection_id, category=category, provider=provider), SAVED)


@group.command("push", operations.PUSH_PRODUCT, operations.GET_PRODUCT, requests=(1, 2))
def push_product(
    ctx: typer.Context, product_id: ProductArgument, action: ActionOption = "upsert", yes: YesOption = False
) -> None:
    """Push a product to the connected platforms.

    The same as `synq products push`: it is queued for every active connection. With --action delete synq shows the
    product and asks first; in a script --yes says so.

    Examples:
      synq integrations push f1f1e283-6659-47ee-a41b-6b6ad352dac2
      synq integrations push f1f1e283-6659-47ee-a41b-6b6ad352dac2 --action delete --yes
    """
    products.push_product(ctx, product_id, action, yes)


@group.command("disconnect", operations.DELETE_CONNECTION, operations.LIST_CONNECTIONS)
def disconnect_platform(
    ctx: typer.Context,
    connection: Annotated[
        str, typer.Argument(metavar="CONNECTION", help="The connection's id, its first letters, or the platform's id.")
    ],
    yes: YesOption = False,
) -> None:
    """End the connection to a platform.

    Orders it brought in already stay. On a terminal synq shows the connection and asks first; in a script --yes
    says so.

    Examples:
      synq integrations disconnect 94df315d
      synq integrations disconnect 7c633e3c-fe1f-48c4-bb91-2f8462d99287 --yes
    """
    run = invocation(ctx)
    found = run.api.integrations.to_disconnect(connection)
    name = f"{found.get('provider') or 'the platform'} ({found['id']})"
    if run.confirmed(f"Disconnect {name}? Orders it brought in stay.", yes=yes):
        run.api.integrations.disconnect(found)
        run.output.done(f"Disconnected {name}.")
