"""The audit log: the events it holds, which of them are wanted, and those to come."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from synq_cli import exact_json
from synq_cli.errors import SynqError
from synq_cli.http import operations
from synq_cli.resources.shared.reader import FEWEST_LETTERS
from synq_cli.times import epoch

if TYPE_CHECKING:
    from synq_cli.http.exchange import Listener
    from synq_cli.http.rate_limit import Budget
    from synq_cli.resources.shared.pagination import Row
    from synq_cli.resources.shared.reader import Reader


ACTIONS = (
    "PRODUCT_CREATED", "PRODUCT_UPDATED", "PRODUCT_DELETED", "PRODUCT_PRICE_CHANGED", "ORDER_PLACED",
    "ORDER_FULFILLED", "ORDER_CANCELLED", "ORDER_REFUNDED", "USER_INVITED", "INTEGRATION_CONNECTED",
    "TENANT_SETTINGS_UPDATED",
)  # fmt: skip
# The API gives no more, however many there are.
NEWEST = 50

# Places in the window that a tail leaves to the person at the desk.
_RESERVE = 20
_SHORTEST, _LONGEST = 5.0, 60.0
_SHOWN_AT_FIRST = 10
_REMEMBERED = 10_000


@dataclass(frozen=True)
class Wanted:
    """Which events are wanted; None means any. Letters count in either case."""

    actions: frozenset[str] | None = None
    actor: str | None = None
    entity: str | None = None
    since: float | None = None

    def __call__(self, event: "Row") -> bool:
        """Whether an event is one of them."""
        at = epoch(event.get("created_at"))
        return (
            (self.actions is None or _word(event, "action") in self.actions)
            and (self.actor is None or self.actor in {actor := _word(event, "actor_email"), actor.partition("@")[0]})
            and (self.entity is None or self._is_entity(event, self.entity))
            and (self.since is None or (at is not None and at >= self.since))
        )

    def _is_entity(self, event: "Row", entity: str) -> bool:
        begins = len(entity) >= FEWEST_LETTERS and _word(event, "entity_id").startswith(entity)
        return begins or _word(event, "entity_type") == entity


def wanted(*, action: str | None, actor: str | None, entity: str | None, since: float | None) -> Wanted:
    """Events of an action or several with commas, by an actor, about an entity by type or id, since a time."""
    actions = None if action is None else frozenset(name.strip().lower() for name in action.split(","))
    short = None if entity is None else entity.strip().rstrip("…").lower()
    return Wanted(actions, None if actor is None else actor.strip().lower(), short, since)


class Audit:
    """The operations on the audit log."""

    def __init__(
        self,
        reader: "Reader",
        budget: "Budget",
        listener: "Listener",
        sleep: Callable[[float], None],
    ) -> None:
        self._reader = reader
        self._budget = budget
        self._listener = listener
        self._sleep = sleep

    def events(self) -> "list[Row]":
        """The 50 newest events, newest first. GET /api/v1/audit"""
        return self._reader.all(operations.LIST_AUDIT_EVENTS, "events")

    def catalogue_events(self) -> "list[Row]":
        """The catalogue's own events, newest first whatever order they come in. GET /api/v1/pim/audit"""
        rows = self._reader.all(operations.LIST_PIM_AUDIT_EVENTS, "events")
        return sorted(rows, key=lambda row: epoch(row.get("created_at")) or 0.0, reverse=True)

    def tail(self, choice: Wanted, tell: Callable[[str], None]) -> "Iterator[Row]":
        """The last wanted events and then those to come, oldest first, each once and without end.

        It begins with the last 10, or with those since the time that is wanted. `tell` is told of events that
        may have been missed and of failures that may pass; others are raised, and so is the very first.
        """
        rows = self.events()
        oldest = epoch(rows[-1].get("created_at")) if len(rows) >= NEWEST else None
        if choice.since is not None and oldest is not None and oldest > choice.since:
            tell(f"The API gives the {NEWEST} newest events alone: some before them may be missing here.")
        first = [row for row in reversed(rows) if choice(row)]
        yield from first if choice.since is not None else first[-_SHOWN_AT_FIRST:]
        seen = dict.fromkeys(map(_identity, rows))
        failing = False
        while True:
            self._pause()
            try:
                rows = self.events()
            except SynqError as error:
                if not error.retryable:
                    raise
                if not failing:
                    tell(f"{error.message} Going on.")
                failing = True
                continue
            failing = False
            fresh = [row for row in reversed(rows) if _identity(row) not in seen]
            if len(fresh) == len(rows) and (len(rows) >= NEWEST or (seen and rows)):
                tell(f"The {len(rows)} newest events are all new: some before them may be missing here.")
            seen |= dict.fromkeys(map(_identity, fresh))
            for identity in list(seen)[: max(len(seen) - _REMEMBERED, 0)]:
                del seen[identity]
            yield from filter(choice, fresh)

    def _pause(self) -> None:
        """Wait as the window asks: with many places free briefly, with the reserve alone until more are."""
        waiting = False
        while True:
            window = self._budget.snapshot()
            reserve = min(_RESERVE, window.limit // 5)
            spare = window.remaining - reserve
            if spare > 0 and window.blocked_for <= 0:
                self._sleep(min(max(_SHORTEST, _LONGEST / spare), _LONGEST))
                return
            pause = min(max(window.frees_in, window.blocked_for, _SHORTEST), _LONGEST)
            if not waiting:
                self._listener.waiting(pause, f"the last {reserve} requests are left to other commands")
            waiting = True
            self._sleep(pause)


def _word(event: "Row", key: str) -> str:
    return str(event.get(key) or "").lower()


def _identity(event: "Row") -> str:
    return str(event.get("id") or exact_json.dumps(event))
