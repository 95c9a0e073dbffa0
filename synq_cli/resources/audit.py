"""The audit log: listing, filtering and following its events."""

from collections.abc import Callable, Iterator

from synq_cli import exact_json
from synq_cli.http import operations
from synq_cli.resources.shared.pagination import Row
from synq_cli.resources.shared.polling import poll_without_end
from synq_cli.resources.shared.resource import SHORTEST_PREFIX, Resource
from synq_cli.times import epoch

ACTIONS = (
    "PRODUCT_CREATED", "PRODUCT_UPDATED", "PRODUCT_DELETED", "PRODUCT_PRICE_CHANGED", "ORDER_PLACED",
    "ORDER_FULFILLED", "ORDER_CANCELLED", "ORDER_REFUNDED", "USER_INVITED", "INTEGRATION_CONNECTED",
    "TENANT_SETTINGS_UPDATED",
)  # fmt: skip
# The API returns the newest events only.
NEWEST = 50

_PAUSES = (5.0, 60.0)
_SHOWN_AT_FIRST = 10
_REMEMBERED = 10_000


def event_filter(
    action: str | None = None, actor: str | None = None, entity: str | None = None, since: float | None = None
) -> Callable[[Row], bool]:
    """Whether an event has one of the actions (a comma list), an actor, an entity type or id, and is not too old.

    `since` is in epoch seconds. Case is ignored; None matches any.
    """
    actions = None if action is None else {name.strip().lower() for name in action.split(",")}
    actor = None if actor is None else actor.strip().lower()
    entity = None if entity is None else entity.strip().rstrip("…").lower()

    def matches(event: Row) -> bool:
        at, email = epoch(event.get("created_at")), _lower(event, "actor_email")
        # The entity's type, or its id up to the length of the given prefix.
        names = {_lower(event, "entity_type"), _lower(event, "entity_id")[: max(len(entity or ""), SHORTEST_PREFIX)]}
        return (
            (actions is None or _lower(event, "action") in actions)
            and (actor is None or actor in {email, email.partition("@")[0]})
            and (entity is None or entity in names)
            and (since is None or (at is not None and at >= since))
        )

    return matches


class Audit(Resource):
    """The audit log."""

    def events(self) -> list[Row]:
        """The 50 newest events, newest first. GET /api/v1/audit"""
        return self._api.read_list(operations.LIST_AUDIT_EVENTS, "events")

    def catalogue_events(self) -> list[Row]:
        """The catalogue's own events, newest first. GET /api/v1/pim/audit"""
        rows = self._api.read_list(operations.LIST_PIM_AUDIT_EVENTS, "events")
        return sorted(rows, key=lambda row: epoch(row.get("created_at")) or 0.0, reverse=True)

    def tail(
        self, matches: Callable[[Row], bool], warn: Callable[[str], None], since: float | None = None
    ) -> Iterator[list[Row]]:
        """The matching events of each poll, oldest first, without end.

        The first poll gives the last 10, or all since the epoch second.

        `warn` is called for events that may have been missed and for failures that can be retried; other failures are
        raised, and so is one of the first request.
        """
        rows = self.events()
        oldest = epoch(rows[-1].get("created_at")) if len(rows) >= NEWEST else None
        if since is not None and oldest is not None and oldest > since:
            warn(f"The API returns the {NEWEST} newest events only: earlier ones may be missing here.")
        first = [row for row in reversed(rows) if matches(row)]
        yield first if since is not None else first[-_SHOWN_AT_FIRST:]
        seen = dict.fromkeys(map(event_key, rows))
        for polled in poll_without_end(self._api, self.events, warn=warn, pauses=_PAUSES):
            if polled is None:
                yield []
                continue
            rows = polled
            new = [row for row in reversed(rows) if event_key(row) not in seen]
            if len(new) == len(rows) and (len(rows) >= NEWEST or (seen and rows)):
                warn(f"The {len(rows)} newest events are all new: earlier ones may be missing here.")
            seen |= dict.fromkeys(map(event_key, new))
            for identity in list(seen)[: max(len(seen) - _REMEMBERED, 0)]:
                del seen[identity]
            yield list(filter(matches, new))


def _lower(event: Row, key: str) -> str:
    return str(event.get(key) or "").lower()


def event_key(event: Row) -> str:
    """What distinguishes an event: its id, or all of it."""
    return str(event.get("id") or exact_json.dumps(event))
