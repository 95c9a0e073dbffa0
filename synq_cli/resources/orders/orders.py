"""Orders: found, placed, followed until they are settled, cancelled."""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypedDict, cast

from synq_cli.errors import (
    AuthError,
    ConflictError,
    InterruptError,
    NetworkError,
    NotFoundError,
    RateLimitedError,
    RefusedError,
    RejectedError,
    SynqError,
    UsageError,
)
from synq_cli.http import operations, replies
from synq_cli.resources.orders.states import (
    ORDER_STATUSES,
    SETTLED,
    STATUS_GROUPS,
    Verb,
    impossible,
    refuse_impossible,
    status_of,
    take_step,
)
from synq_cli.resources.shared import validation
from synq_cli.resources.shared.pagination import PAGE, Listing, Row
from synq_cli.times import epoch

if TYPE_CHECKING:
    from synq_cli.http.sender import Transport
    from synq_cli.resources.orders.keys import Attempt
    from synq_cli.resources.shared.polling import Follower
    from synq_cli.resources.shared.reader import Reader
    from synq_cli.state.id_cache import LocalIndex


# Answers after which nothing can have been placed by the one request that they answer.
_REFUSALS = (
    UsageError, RefusedError, RejectedError, AuthError, NotFoundError, ConflictError, RateLimitedError, NetworkError,
)  # fmt: skip
# An order is settled within seconds, or waits for somebody.
_PAUSES = (1.0, 15.0)
# The API's clock is not ours: an order may seem to be this many seconds older than it is.
_SKEW = 600.0


class Order(TypedDict, total=False):
    """An order's header; its lines are not part of it."""

    id: str
    status: str
    channel: str | None
    created_at: str


class Orders:
    """The operations on orders."""

    def __init__(
        self,
        transport: "Transport",
        reader: "Reader",
        index: "LocalIndex",
        any_shipped: Callable[[str], bool],
        follower: "Follower",
    ) -> None:
        self._transport = transport
        self._reader = reader
        self._index = index
        self._any_shipped = any_shipped
        self._follower = follower

    def matching(
        self,
        statuses: frozenset[str] | None,
        *,
        channel: str | None = None,
        since: float | None = None,
        key: str | None = None,
        ends: Callable[[Row], bool] = lambda _row: False,
    ) -> Listing:
        """Orders of these statuses and this channel, placed since an epoch second, with this key; None means any.

        The API does not filter: pages are read only as rows are taken, and not beyond a row that `ends` them.
        GET /api/v1/oms/orders
        """

        def matches(row: Row) -> bool:
            return (
                (statuses is None or _has_status(row, statuses))
                and (channel is None or row.get("channel") == channel)
                and (since is None or _placed(row) >= since)
                and (key is None or row.get("idempotency_key") == key)
            )

        def remember(rows: list[Row]) -> None:
            self._index.remember_ids("order", rows)

        return self._reader.listing(operations.LIST_ORDERS, "orders", matches=matches, ends=ends, remember=remember)

    def get(self, order_id: str) -> Order:
        """One order, by its id or by the first letters of one seen before. GET /api/v1/oms/orders/{orderID}"""
        whole = self._reader.whole_id("order", order_id)
        return cast("Order", self._reader.one(operations.GET_ORDER, {"orderID": whole}))

    def create(self, order: Mapping[str, Any], attempt: "Attempt") -> Row:
        """Place an order; gives its id and status, or the workflow that makes it.

        Whatever goes wrong, the error says what becomes of the key. POST /api/v1/oms/orders
        """
        unclear = self._transport.unclear
        try:
            answer = self._transport.send(operations.CREATE_ORDER, body={"idempotency_key": attempt.key, **order})
            if not isinstance(answer, dict) or not any(
                isinstance(answer.get(id_), str) for id_ in ("id", "workflow_id")
            ):
                raise replies.nonsense(operations.CREATE_ORDER, "it names neither an order nor a workflow")
        except KeyboardInterrupt:
            raise InterruptError("Interrupted before an answer came.", hint=_sent_again(attempt)) from None
        except SynqError as error:
            # A refusal speaks for its own request alone, and an earlier one may have placed the order.
            alone = attempt.since is None and self._transport.unclear == unclear
            known = alone and isinstance(error, _REFUSALS)
            attempt.end(known=known)
            key = f"The order's idempotency key was {attempt.key}." if known else _sent_again(attempt)
            error.hint = " ".join(filter(None, (error.hint, key)))
            raise
        attempt.end(known=True)
        self._index.remember_ids("order", [answer])
        return answer

    def settling(self, placed: Row, attempt: "Attempt", limit: float | None) -> Iterator[Row]:
        """The order as it moves, up to confirmed or beyond; RejectedError if it fails or is cancelled.

        An order that is made in the background has no id at first: it is looked for by its key.
        """
        order = placed

        def read() -> Row:
            nonlocal order
            known = order.get("id")
            if isinstance(known, str):
                order = self._reader.one(operations.GET_ORDER, {"orderID": known.lower()})
            else:
                order = self._with_key(attempt) or order
            return order

        name = placed.get("id")
        look = f"synq orders track {name} --watch" if name else f"synq orders list --key {attempt.key}"
        yield from self._follower.states(
            read,
            lambda state: status_of(state) in SETTLED,
            what=f"Order {name}" if name else f"The order with the key {attempt.key}",
            look=look,
            limit=limit,
            pauses=_PAUSES,
        )
        if status_of(order) in STATUS_GROUPS["dead"]:
            self._transport.changed = False  # it was placed, but for nothing
            raise RejectedError(
                f"Order {order.get('id')} was not confirmed; it is {status_of(order)}.",
                hint="Payment or stock is the usual reason: see `synq inventory levels`. The same order, sent again, "
                "is a new one.",
            )

    def ready(self, order_id: str, verb: Verb) -> Order:
        """An order, read, that can be cancelled, fulfilled or returned; ConflictError says what it can be instead."""
        order = self.get(order_id)
        refuse_impossible(order, verb)
        if verb == "cancel" and status_of(order) == "processing" and self._any_shipped(order["id"]):
            raise impossible(order, verb, " and partly shipped")
        return order

    def cancellation(self, reason: str | None) -> dict[str, str | None]:
        """What a cancellation says, checked; UsageError, or RefusedError and NotFoundError for what would stop it."""
        given = {"reason": None if reason is None else validation.filled(reason, "reason")}
        self._transport.check(operations.CANCEL_ORDER)
        return given

    def cancel(self, order: Order, given: Mapping[str, str | None]) -> Row:
        """Give the order up and let its stock go; gives it. POST /api/v1/oms/orders/{orderID}/cancel"""
        return take_step(self._transport, operations.CANCEL_ORDER, order, given, after="cancelled")

    def _with_key(self, attempt: "Attempt") -> Row | None:
        """The order with this key. Where the newest come first, older pages than it can be on are not read."""
        oldest = (attempt.since or attempt.now) - _SKEW
        times: list[float] = []
        newest_first = True

        def is_beyond(row: Row) -> bool:
            nonlocal newest_first
            times.append(_placed(row))
            newest_first &= times[-1] <= times[-2:][0]
            # A page shows which way the list goes, which is nowhere stated.
            return len(times) >= PAGE and newest_first and times[-1] < min(times[0], oldest)

        return next(self.matching(None, key=attempt.key, ends=is_beyond).first(1), None)


def _sent_again(attempt: "Attempt") -> str:
    """What becomes of an order whose outcome is unknown if it is sent again, and how to look."""
    option = f" with --idempotency-key {attempt.key}" if attempt.own else ""
    anew = "" if attempt.since is None else " A second one needs a key of its own: --idempotency-key."
    return (
        f"Sent again{option}, the same order goes under the same key, {attempt.key}, so no second one can come of it. "
        f"`synq orders list --key {attempt.key}` shows whether it is there.{anew}"
    )


def _has_status(row: Row, statuses: frozenset[str]) -> bool:
    status = status_of(row)
    # Open is all that is not closed, and so is a status that the API has learned since.
    return status in statuses or (status not in ORDER_STATUSES and statuses >= STATUS_GROUPS["open"])


def _placed(row: Row) -> float:
    """When it was placed, in epoch seconds; long ago where that is not known."""
    placed = epoch(row.get("created_at"))
    return float("-inf") if placed is None else placed
