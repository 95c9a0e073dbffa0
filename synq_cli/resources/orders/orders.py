"""Orders: listing, placing, polling until confirmed, cancelling."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

from synq_cli.errors import (
    AuthError,
    ConflictError,
    InterruptError,
    NetworkError,
    NotFoundError,
    RateLimitedError,
    RefusedError,
    RejectedError,
    RunningError,
    SynqError,
    UsageError,
)
from synq_cli.http import operations, replies
from synq_cli.resources.orders.checks import check_placed
from synq_cli.resources.orders.headers import remember_orders
from synq_cli.resources.orders.states import (
    CONFIRMED,
    ORDER_STATUSES,
    STATUS_GROUPS,
    Verb,
    check_step,
    status_of,
    step_error,
    take_step,
)
from synq_cli.resources.shared import validation
from synq_cli.resources.shared.pagination import PAGE, Listing, Row
from synq_cli.resources.shared.polling import poll
from synq_cli.resources.shared.resource import Resource
from synq_cli.times import epoch

if TYPE_CHECKING:
    from synq_cli.state.order_keys import Attempt


# Errors after which the request that they answer has placed no order.
_REFUSALS = (
    UsageError, RefusedError, RejectedError, AuthError, NotFoundError, ConflictError, RateLimitedError, NetworkError,
)  # fmt: skip
# An order is confirmed within seconds, or waits for somebody.
_PAUSES = (1.0, 15.0)
# Seconds in which an order that is created in the background must appear in the list.
_LONGEST_CREATION = 600.0
# The server's clock may be behind ours by this many seconds, so that an order seems older than it is.
_CLOCK_TOLERANCE = 600.0


class Orders(Resource):
    """Orders."""

    def matching(
        self,
        statuses: frozenset[str] | None,
        *,
        channel: str | None = None,
        since: float | None = None,
        key: str | None = None,
        where: Callable[[Row], bool] = lambda _row: True,
        ends: Callable[[Row], bool] = lambda _row: False,
    ) -> Listing:
        """Orders with these statuses, channel and idempotency key, placed since an epoch second; None matches any.

        The API does not filter: pages are read as rows are taken, up to a row that `ends` the list.
        `where` is a further test.
        GET /api/v1/oms/orders
        """
        return self._api.pages(
            operations.LIST_ORDERS,
            "orders",
            matches=order_test(statuses, channel=channel, since=since, key=key, where=where),
            ends=ends,
            on_page=lambda rows: remember_orders(self._api, rows),
        )

    def id_of(self, text: str) -> str:
        """The id of an order: a UUID as it is, or the cached one with this prefix. UsageError."""
        return self._api.resolve_id("order", text)

    def get(self, order_id: str) -> Row:
        """One order, by its id or the prefix of a cached id. GET /api/v1/oms/orders/{orderID}"""
        return self._api.read(operations.GET_ORDER, {"orderID": self.id_of(order_id)})

    def create(self, order: Mapping[str, Any], attempt: "Attempt") -> Row:
        """Place an order; returns its id and status, or the workflow that creates it.

        The hint of an error says what happens if the order is sent again. ConflictError if the key belongs to another
        order. POST /api/v1/oms/orders
        """
        unclear = self._api.unclear
        try:
            answer = self._api.send(operations.CREATE_ORDER, body={"idempotency_key": attempt.key, **order})
            names = [answer.get(key) for key in ("id", "workflow_id")] if isinstance(answer, dict) else []
            if not any(isinstance(name, str) for name in names):
                raise replies.invalid_reply(operations.CREATE_ORDER, "it names neither an order nor a workflow")
        except KeyboardInterrupt:
            raise InterruptError("Interrupted before a response arrived.", hint=_resend_hint(attempt)) from None
        except SynqError as error:
            # A refusal is about its own request; an earlier one may have placed the order.
            is_only_attempt = attempt.since is None and self._api.unclear == unclear
            known = is_only_attempt and isinstance(error, _REFUSALS)
            attempt.end(known=known)
            key = f"The order's idempotency key was {attempt.key}." if known else _resend_hint(attempt)
            error.hint = " ".join(filter(None, (error.hint, key)))
            raise
        attempt.end(known=True)
        remember_orders(self._api, [answer])
        self._check_placed(order, answer, attempt)
        return cast("Row", answer)

    def _check_placed(self, order: Mapping[str, Any], placed: Row, attempt: "Attempt") -> None:
        """ConflictError if the order that was placed under the key is another one."""
        if attempt.own and "payment_reference" not in placed and isinstance(placed.get("id"), str):
            # Some servers answer with id and status only. The order was accepted, so an error of reading it is none.
            with suppress(SynqError):
                placed = self.get(placed["id"])
        try:
            check_placed(order, placed, attempt.key)
        except ConflictError:
            self._api.changed = False  # the order was there before
            raise

    def watch(self, sent: Mapping[str, Any], placed: Row, attempt: "Attempt", limit: float | None) -> Iterator[Row]:
        """Poll a placed order until it is confirmed; RejectedError if it fails or is cancelled.

        An order that is created in the background has no id at first and is found by its key; RunningError if it has
        not appeared after ten minutes.
        """
        order, until = placed, self._api.now() + _LONGEST_CREATION

        def read() -> Row:
            nonlocal order
            known = order.get("id")
            if isinstance(known, str):
                order = self._api.read(operations.GET_ORDER, {"orderID": known.lower()})
            else:
                order = self._with_key(attempt) or order
                if order is not placed:
                    self._check_placed(sent, order, attempt)
                if order is placed and self._api.now() > until:
                    raise RunningError(f"The order with the key {attempt.key} has not appeared within 10 minutes.")
            return order

        name = placed.get("id")
        yield from poll(
            self._api,
            read,
            lambda state: status_of(state) in CONFIRMED,
            what=f"Order {name}" if name else f"The order with the key {attempt.key}",
            resume=f"synq orders track {name} --watch" if name else f"synq orders list --key {attempt.key}",
            limit=limit,
            pauses=_PAUSES,
        )
        if status_of(order) in STATUS_GROUPS["dead"]:
            self._api.changed = False  # the order came to nothing
            raise RejectedError(
                f"Order {order.get('id')} was not confirmed; it is {status_of(order)}.",
                hint="Check payment and stock (`synq inventory levels`). The same order, sent again, is a new one.",
            )

    def ready(self, order_id: str, verb: Verb) -> Row:
        """Read an order that can be cancelled, fulfilled or returned; ConflictError if it can't."""
        order = self.get(order_id)
        check_step(order, verb)
        if verb == "cancel" and status_of(order) == "processing":
            from synq_cli.resources.orders.fulfillments import Fulfillments

            if Fulfillments(self._api).any_shipped(order["id"]):
                raise step_error(order, verb, " and partly shipped")
        return order

    def prepare_cancellation(self, reason: str | None) -> dict[str, str]:
        """The body of a cancellation. UsageError, RefusedError, NotFoundError."""
        body = validation.given(reason=reason)
        self._api.check(operations.CANCEL_ORDER)
        return body

    def cancel(self, order: Row, body: Mapping[str, str]) -> Row:
        """Cancel an order and release its stock; returns it. POST /api/v1/oms/orders/{orderID}/cancel"""
        return take_step(self._api, operations.CANCEL_ORDER, order, body, after="cancelled")

    def _with_key(self, attempt: "Attempt") -> Row | None:
        """The order with this key. If the list is newest first, pages that are too old are not read."""
        oldest = (attempt.since or attempt.now) - _CLOCK_TOLERANCE
        times: list[float] = []
        newest_first = True

        def is_too_old(row: Row) -> bool:
            nonlocal newest_first
            times.append(_placed(row))
            newest_first &= times[-1] <= times[-2:][0]
            # The contract does not state the order of the list; a whole page shows it.
            return len(times) >= PAGE and newest_first and times[-1] < min(times[0], oldest)

        return next(self.matching(None, key=attempt.key, ends=is_too_old).first(1), None)


def _resend_hint(attempt: "Attempt") -> str:
    """What happens if an order whose outcome is unknown is sent again, and how to look."""
    option = f" with --idempotency-key {attempt.key}" if attempt.own else ""
    new = "" if attempt.since is None else " To place a second order, use another --idempotency-key."
    return (
        f"Sending the same order again{option} uses the same key, {attempt.key}, so it can't be placed twice. "
        f"`synq orders list --key {attempt.key}` shows whether it was placed.{new}"
    )


def order_test(
    statuses: frozenset[str] | None,
    *,
    channel: str | None = None,
    since: float | None = None,
    key: str | None = None,
    where: Callable[[Row], bool] = lambda _row: True,
) -> Callable[[Row], bool]:
    """A test for orders as `Orders.matching` gives them."""
    return lambda row: (
        (statuses is None or _has_status(row, statuses))
        and (channel is None or row.get("channel") == channel)
        and (since is None or _placed(row) >= since)
        and (key is None or row.get("idempotency_key") == key)
        and where(row)
    )


def _has_status(row: Row, statuses: frozenset[str]) -> bool:
    status = status_of(row)
    # A status that synq does not know counts as open.
    return status in statuses or (status not in ORDER_STATUSES and statuses >= STATUS_GROUPS["open"])


def _placed(row: Row) -> float:
    """The epoch second at which it was placed, minus infinity if unknown."""
    placed = epoch(row.get("created_at"))
    return float("-inf") if placed is None else placed
