"""The life of an order: its statuses, groups of them, which may follow which, and which command fits."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal

from synq_cli.errors import ConflictError, UsageError
from synq_cli.http.replies import if_unclear, one_object
from synq_cli.nearest import did_you_mean

if TYPE_CHECKING:
    from synq_cli.http.operation import Operation
    from synq_cli.http.sender import Transport
    from synq_cli.resources.shared.pagination import Row

ORDER_STATUSES = (
    "draft", "pending_payment", "payment_authorized", "confirmed", "processing", "partially_fulfilled", "fulfilled",
    "delivered", "completed", "return_requested", "partially_returned", "returned", "refunded", "partially_refunded",
    "cancelled", "failed",
)  # fmt: skip
_CLOSED = {"completed", "cancelled", "refunded", "returned", "failed"}
STATUS_GROUPS = {
    "open": frozenset(ORDER_STATUSES) - _CLOSED,
    "closed": frozenset(_CLOSED),
    "unpaid": frozenset({"draft", "pending_payment"}),
    "to-ship": frozenset({"confirmed", "processing", "partially_fulfilled"}),
    "shipped": frozenset({"fulfilled", "delivered"}),
    "returning": frozenset({"return_requested", "partially_returned", "returned"}),
    "refunded": frozenset({"partially_refunded", "refunded"}),
    "dead": frozenset({"cancelled", "failed"}),
    "cancellable": frozenset({"draft", "pending_payment", "payment_authorized", "confirmed", "processing"}),
}

# What may follow a status, the usual step first.
NEXT: dict[str, tuple[str, ...]] = {
    "draft": ("pending_payment", "cancelled"),
    "pending_payment": ("payment_authorized", "cancelled", "failed"),
    "payment_authorized": ("confirmed", "cancelled", "failed"),
    "confirmed": ("processing", "cancelled"),
    "processing": ("fulfilled", "partially_fulfilled", "cancelled"),
    "partially_fulfilled": ("fulfilled",),
    "fulfilled": ("delivered", "return_requested"),
    "delivered": ("completed", "return_requested"),
    "completed": (),
    "return_requested": ("returned", "partially_returned", "completed"),
    "partially_returned": ("returned", "partially_refunded", "refunded"),
    "returned": ("refunded", "partially_refunded"),
    "partially_refunded": ("refunded", "completed"),
    "refunded": (),
    "cancelled": (),
    "failed": (),
}
ENDS = frozenset(status for status, following in NEXT.items() if not following)
# Before these are left, an order that was placed may still fail.
_UNCONFIRMED = frozenset({"draft", "pending_payment", "payment_authorized"})
SETTLED = frozenset(NEXT) - _UNCONFIRMED

Verb = Literal["cancel", "fulfill", "return"]
# What a command can be done to; it goes by its verb on the line.
STEPS: dict[Verb, frozenset[str]] = {
    "cancel": STATUS_GROUPS["cancellable"],
    "fulfill": STATUS_GROUPS["to-ship"],
    "return": frozenset({"fulfilled", "delivered", "return_requested", "partially_returned"}),
}
_DONE: dict[Verb, str] = {"cancel": "cancelled", "fulfill": "fulfilled", "return": "returned"}


def parse_statuses(text: str | None) -> frozenset[str] | None:
    """The statuses that a comma list of statuses and groups names; None for all. UsageError for a wrong one."""
    names = [name.strip() for name in ("all" if text is None else text).lower().split(",")]
    if "all" in names:
        return None
    known = {**{status: frozenset({status}) for status in ORDER_STATUSES}, **STATUS_GROUPS}
    for name in names:
        if name not in known:
            raise _no_such_status(name, list(known))
    return frozenset().union(*(known[name] for name in names))


def _no_such_status(name: str, known: list[str]) -> UsageError:
    near = did_you_mean(name.replace(" ", "_"), known)
    return UsageError(
        f"There is no order status '{name}'.",
        hint=f"{near}`synq orders list --help` explains the groups."
        if near
        else f"Groups: all, {', '.join(STATUS_GROUPS)}. Statuses: {', '.join(ORDER_STATUSES)}.",
    )


def status_of(row: Mapping[str, Any]) -> str:
    """The status of an order, a parcel or a return, whatever a server may put there."""
    return str(row.get("status"))


def refuse_impossible(order: Mapping[str, Any], verb: Verb) -> None:
    """ConflictError if an order of this status can't be cancelled, fulfilled or returned.

    The API decides about a status that is not known here.
    """
    status = status_of(order)
    if status in NEXT and status not in STEPS[verb]:
        raise impossible(order, verb)


def impossible(order: Mapping[str, Any], verb: Verb, why: str = "") -> ConflictError:
    """The error for a step that an order can't take, with those that it can."""
    status, name = status_of(order), order.get("id")
    ways = [way for way in NEXT[status] if not (why and way == _DONE[verb])]
    onward = f"From {status} an order can go to: {', '.join(ways)}." if ways else f"Nothing follows {status}."
    fitting = [
        f"`synq orders {step} {name}`" for step, statuses in STEPS.items() if status in statuses and step != verb
    ]
    advice = f"What fits: {' or '.join(fitting)}." if fitting else f"`synq orders track {name}` shows its life."
    message = f"Order {name} is {status}{why}; it can't be {_DONE[verb]}."
    if status == _DONE[verb]:
        message = f"Order {name} is {status} already."
    return ConflictError(message, hint=f"{onward} {advice}")


def path_to(status: str, passed: Iterable[str] = ()) -> list[str]:
    """The statuses that lead to this one from the start, by the shortest way through those known to be `passed`."""
    path = ["draft" if status == "draft" else "pending_payment"]
    for stop in passed:
        if _shortest(stop, status):
            path += _shortest(path[-1], stop) or []
    onward = _shortest(path[-1], status)
    return [status] if onward is None else path + onward  # a status that is not known here stands alone


def path_from(status: str) -> list[str]:
    """The statuses that usually follow."""
    path: list[str] = []
    while following := NEXT.get(path[-1] if path else status):
        path.append(following[0])
    return path


def _shortest(start: str, end: str) -> list[str] | None:
    """The statuses after `start` up to `end`; None where no way leads there."""
    ways: list[list[str]] = [[start]]
    for way in ways:  # grows while it is read
        if way[-1] == end:
            return way[1:]
        ways += [[*way, following] for following in NEXT.get(way[-1], ())]
    return None


def take_step(
    transport: "Transport",
    operation: "Operation",
    order: Mapping[str, Any],
    body: Mapping[str, object],
    after: str,
) -> "Row":
    """Send a step of an order, once; gives the answer. `after` is the status that it leads to, for a dry run."""
    given = {name: value for name, value in body.items() if value is not None}
    with if_unclear(f"Before sending it again look with `synq orders track {order['id']}` whether it was done."):
        answer = transport.send(
            operation,
            {"orderID": order["id"]},
            body=given,
            before={"status": order.get("status")},
            after={"status": after},
        )
        return one_object(answer, operation)
