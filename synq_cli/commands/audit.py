"""`synq audit`: the audit log."""

from typing import Annotated

from synq_cli.cli.context import RunContext
from synq_cli.cli.groups import CommandGroup
from synq_cli.cli.metavars import Metavar
from synq_cli.cli.options import SinceOption, option, parse_since, since_words, switch
from synq_cli.http import operations
from synq_cli.output.columns import Column
from synq_cli.output.formats import age, clock, identifier, text
from synq_cli.resources.audit import ACTIONS, NEWEST, event_filter

group = CommandGroup()

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
    Column("Time", "created_at", clock, width=20),
    Column("Actor", "actor_email", text, drop=1, width=28),
    Column("Action", "action", width=23),
    Column("Entity", "entity_type", text, drop=3, width=19),
    Column("Entity ID", "entity_id", identifier, drop=2, width=9),
    Column("Details", "details", text, drop=4),
    Column("Address", "ip_address", table=False),
]


ActionOption = Annotated[
    str | None,
    option(
        "--action",
        Metavar("ACTION,...", "list", ACTIONS),  # no Literal: it is a list, and the server may know more
        "Only these actions, such as ORDER_PLACED.",
    ),
]
ActorOption = Annotated[
    str | None,
    option("--actor", "WHO", "Only actions of this actor: an email address, the part before its @, or system."),
]
EntityOption = Annotated[
    str | None, option("--entity", "TYPE|ID", "Only actions on this type of entity, or on the entity with this id.")
]


@group.command("list", operations.LIST_AUDIT_EVENTS, operations.LIST_PIM_AUDIT_EVENTS, requests=(1, 1))
def list_events(
    run: RunContext,
    action: ActionOption = None,
    actor: ActorOption = None,
    entity: EntityOption = None,
    since: SinceOption = None,
    catalogue: Annotated[bool, switch("--catalogue", "Read the catalogue's log instead.")] = False,
) -> None:
    """List recent events, newest first.

    The API returns only the 50 newest events and does not filter, so the options select from those 50. To follow new
    events, use `synq audit tail`. The catalogue's log has fewer details.

    Examples:
      synq audit list
      synq audit list --action ORDER_CANCELLED,ORDER_REFUNDED --since 7d
      synq audit list --actor ailsa --json
      synq audit list --catalogue --entity PRODUCT
    """
    begin = parse_since(since, run.system.now())
    matches = event_filter(action, actor, entity, begin)
    events = run.api.audit.catalogue_events() if catalogue else run.api.audit.events()
    run.output.rows(
        [event for event in events if matches(event)], COLUMNS, empty=f"No events match{since_words(begin)}."
    )
    if len(events) >= NEWEST:
        run.output.note(f"Searched only the {len(events)} newest events: the API returns no more.")


@group.command("tail", operations.LIST_AUDIT_EVENTS, requests=(1, None))
def follow_events(
    run: RunContext,
    action: ActionOption = None,
    actor: ActorOption = None,
    entity: EntityOption = None,
    since: Annotated[
        str | None,
        option("--since", "WHEN", "Start at this age (30m, 12h), local date or time. [default: the last 10 events]"),
    ] = None,
) -> None:
    """Follow new events, newest last.

    Prints the last 10 events and then each new one, until you press Ctrl-C. synq polls every 5 to 60 seconds: more
    slowly as the rate limit is used up, leaving the last 20 requests a minute to other commands. If more than 50
    events happen between two polls, some are missed, and synq warns on stderr.

    When stdout is not a terminal, each event is written immediately as a line of TSV, or of JSON with -o ndjson or
    --json.

    Examples:
      synq audit tail
      synq audit tail --action ORDER_PLACED --since 1h
      synq audit tail -o ndjson | tee -a audit.ndjson
    """
    begin = parse_since(since, run.system.now())
    matches = event_filter(action, actor, entity, begin)
    run.output.follow(run.api.audit.tail(matches, run.output.warn, begin), TAIL)
