"""`synq audit`: the log of what was done."""

from typing import Annotated

import typer

from synq_cli.cli.lazy_groups import Noun
from synq_cli.cli.options import SinceOption, invocation, moment
from synq_cli.cli.values import suggestions
from synq_cli.http import operations
from synq_cli.output.columns import Column
from synq_cli.output.formats import age, clock, identifier, text
from synq_cli.resources.audit import ACTIONS, NEWEST, event_filter

group = Noun("Read the log of what was done.")

COLUMNS = [
    Column("ID", "id", identifier, table=False),
    Column("When", "created_at", age),
    Column("Actor", "actor_email"),
    Column("Action", "action"),
    Column("Entity", "entity_type", text, drop=1),
    Column("Entity ID", "entity_id", identifier, drop=2),
    Column("Details", "details", text, drop=4),
    Column("Address", "ip_address", text, drop=3),
]
TAIL = [
    Column("ID", "id", identifier, table=False),
    Column("Time", "created_at", clock, width=19),
    Column("Actor", "actor_email", text, drop=1, width=28),
    Column("Action", "action", width=23),
    Column("Entity", "entity_type", text, drop=3, width=19),
    Column("Entity ID", "entity_id", identifier, drop=2, width=9),
    Column("Details", "details", text, drop=4),
    Column("Address", "ip_address", table=False),
]


ActionOption = Annotated[
    str | None,
    typer.Option(
        "--action",
        metavar=suggestions("ACTION,...", ACTIONS),  # no Literal: it is a list, and the server may know more
        help="Only these actions, such as ORDER_PLACED.",
    ),
]
ActorOption = Annotated[
    str | None,
    typer.Option(
        "--actor", metavar="WHO", help="Only what they did: an e-mail address, what is before its @, or system."
    ),
]
EntityOption = Annotated[
    str | None,
    typer.Option("--entity", metavar="TYPE|ID", help="Only about this kind of thing, or the one with this id."),
]


@group.command("list", operations.LIST_AUDIT_EVENTS, operations.LIST_PIM_AUDIT_EVENTS, requests=(1, 1))
def list_events(
    ctx: typer.Context,
    action: ActionOption = None,
    actor: ActorOption = None,
    entity: EntityOption = None,
    since: SinceOption = None,
    catalogue: Annotated[bool, typer.Option("--catalogue", help="The catalogue's own log instead.")] = False,
) -> None:
    """List what was done, newest first.

    The API gives the 50 newest events, no earlier ones, and does not filter: the options choose among those 50.
    `synq audit tail` follows what is done from now on. The catalogue's own log says less of each event.

    Examples:
      synq audit list
      synq audit list --action ORDER_CANCELLED,ORDER_REFUNDED --since 7d
      synq audit list --actor ailsa --json
      synq audit list --catalogue --entity PRODUCT
    """
    run = invocation(ctx)
    chosen = event_filter(action=action, actor=actor, entity=entity, since=moment(since, run.system.now()))
    events = run.api.audit.catalogue_events() if catalogue else run.api.audit.events()
    run.output.rows([event for event in events if chosen(event)], COLUMNS, empty="No events match.")
    if len(events) >= NEWEST:
        run.output.note(f"Only the {len(events)} newest events were looked at; the API gives no more.")


@group.command("tail", operations.LIST_AUDIT_EVENTS, requests=(1, None))
def follow_events(
    ctx: typer.Context,
    action: ActionOption = None,
    actor: ActorOption = None,
    entity: EntityOption = None,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="WHEN", help="Begin there, not with the last 10: 30m, 12h, a date or a time."),
    ] = None,
) -> None:
    """Follow what is done, newest last.

    Shows the last 10 events and then each new one, until Ctrl-C. synq looks every 5 to 60 seconds, the less often
    the fewer requests are left in the minute, and leaves the last 20 to other commands. If more than 50 events come
    between two looks, some are out of reach; stderr says so.

    Off a terminal each event is a line of TSV, or of JSON with -o ndjson or --json, written as it comes.

    Examples:
      synq audit tail
      synq audit tail --action ORDER_PLACED --since 1h
      synq audit tail -o ndjson | tee -a audit.ndjson
    """
    run = invocation(ctx)
    chosen = event_filter(action=action, actor=actor, entity=entity, since=moment(since, run.system.now()))
    run.output.follow(run.api.audit.tail(chosen, run.output.warn), TAIL)
