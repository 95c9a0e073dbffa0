"""`synq integrations`: connections to other platforms."""

from typing import Annotated

from synq_cli.cli.confirmation import confirm, offer
from synq_cli.cli.context import RunContext
from synq_cli.cli.groups import CommandGroup
from synq_cli.cli.options import YesOption, argument, option
from synq_cli.commands.products import products
from synq_cli.commands.products.products import ActionOption, ProductArgument
from synq_cli.http import operations
from synq_cli.output.columns import Column
from synq_cli.output.formats import age, identifier, state
from synq_cli.resources.integrations import Category

group = CommandGroup()

COLUMNS = [
    Column("ID", "id", identifier),
    Column("Provider", "provider"),
    Column("Status", "status", state),
    Column("Connection", "unified_connection_id", drop=1),
    Column("Created", "created_at", age, drop=2),
    Column("Changed", "updated_at", age, drop=3),
]
AUTHORIZATION = [Column("URL", "auth_url")]
SAVED = [Column("Status", "status"), Column("Message", "message")]


@group.command("list", operations.LIST_CONNECTIONS)
def list_connections(run: RunContext) -> None:
    """List connected platforms.

    Sorted by provider. A connection works while its status is ACTIVE.

    Examples:
      synq integrations list
      synq integrations list --fields provider,status -o csv
    """
    run.output.rows(run.api.integrations.list(), COLUMNS, empty="This tenant has no connections.")


@group.command("connect", operations.CREATE_AUTH_URL)
def connect_platform(run: RunContext) -> None:
    """Get the URL that connects a platform.

    Open the URL and grant access there; on a terminal synq offers to open the browser. Nothing is stored yet. If the
    connection does not appear in `synq integrations list`, copy the connection_id from the URL of the page you end up
    on and pass it to `synq integrations save`.

    Examples:
      synq integrations connect
      synq integrations connect --json
    """
    answer = run.api.integrations.authorization()
    address = answer["auth_url"]
    if run.output.format == "table":
        run.output.value(address)  # unwrapped, so that it can be copied
    else:
        run.output.record(answer, AUTHORIZATION)
    run.output.note("Grant access there, then run: synq integrations save CONNECTION_ID")
    if offer(run, "Open the URL in the browser?") and not run.system.browse(address):
        run.output.warn("Could not open a browser: open the URL yourself.")


@group.command("save", operations.SAVE_CONNECTION)
def save_connection(
    run: RunContext,
    connection_id: Annotated[str, argument("CONNECTION_ID", "Id that the authorization returned.")],
    category: Annotated[Category, option("--category", "CATEGORY", "Category of the platform.")] = "commerce",
    provider: Annotated[
        str | None, option("--provider", "NAME", "Provider, such as shopify, if Synq can't look it up.")
    ] = None,
) -> None:
    """Save a connection after granting access.

    The last step after `synq integrations connect`. Saving a connection again only activates it again and adds
    another entry to the audit log.

    Examples:
      synq integrations save 66f3c2a8e19d4b7051d8a0f2
      synq integrations save 66f3c2a8e19d4b7051d8a0f2 --category accounting --provider xero
    """
    run.output.record(run.api.integrations.save(connection_id, category=category, provider=provider), SAVED)


@group.command("push", operations.PUSH_PRODUCT, operations.GET_PRODUCT, requests=(1, 2))
def push_product(
    run: RunContext, product_id: ProductArgument, action: ActionOption = "upsert", yes: YesOption = False
) -> None:
    """Push a product to the connected platforms.

    The same as `synq products push`: it queues the product for every active connection. With --action delete, synq
    shows the product and asks for confirmation; in a script, use --yes.

    Examples:
      synq integrations push f1f1e283-6659-47ee-a41b-6b6ad352dac2
      synq integrations push f1f1e283-6659-47ee-a41b-6b6ad352dac2 --action delete --yes
    """
    products.push_product(run, product_id, action, yes)


@group.command("disconnect", operations.DELETE_CONNECTION, operations.LIST_CONNECTIONS)
def disconnect_platform(
    run: RunContext,
    connection: Annotated[str, argument("CONNECTION", "Connection id, its first characters, or the platform's id.")],
    yes: YesOption = False,
) -> None:
    """Disconnect a platform.

    Orders that were imported stay. synq shows the connection and asks for confirmation; in a script, use --yes.

    Examples:
      synq integrations disconnect 94df315d
      synq integrations disconnect 7c633e3c-fe1f-48c4-bb91-2f8462d99287 --yes
    """
    found = run.api.integrations.to_disconnect(connection)
    name = f"{found.get('provider') or 'the platform'} ({found['id']})"
    confirm(run, f"Disconnect {name}? Orders that were imported stay.", yes=yes)
    run.api.integrations.disconnect(found)
    run.output.note(f"Disconnected {name}.")
