"""Order statuses: groups, allowed transitions, and the commands that fit a status."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from synq_cli.errors import ConflictError, UsageError
from synq_cli.http.operation import Operation
from synq_cli.nearest import did_you_mean
from synq_cli.resources.shared.pagination import Row
from synq_cli.resources.shared.resource import Api

# The statuses that may follow each status, the usual one first.
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
    "refunded": (),
    "partially_refunded": ("refunded", "completed"),
    "cancelled": (),
    "failed": (),
}
ORDER_STATUSES = tuple(NEXT)
_CLOSED = {"completed", "cancelled", "refunded", "returned", "failed"}
STATUS_GROUPS = {
    "open": frozenset(ORDER_STATUSES) - _CLOSED,
    "closed": frozenset(_CLOSED),
    "unpaid": frozenset({"draft", "pending_payment"}),
    "to-ship": frozenset({"confirmed", "processing", "partially_fulfilled"}),
    "shipped": frozenset({"fulfilled", "delivered"}),
    "returning": frozenset({"return_requested", "partially_returned", "returned"}),
    "refunded": frozenset({"partially_refunded", "refunded"}),
    "fully-refunded": frozenset({"refunded"}),  # the status alone, whose name is that of a group
    "dead": frozenset({"cancelled", "failed"}),
    "cancellable": frozenset({"draft", "pending_payment", "payment_authorized", "confirmed", "processing"}),
}

ENDS = frozenset(status for status, following in NEXT.items() if not following)
# Before these an order that was placed may still fail.
CONFIRMED = frozenset(NEXT) - {"draft", "pending_payment", "payment_authorized"}

Verb = Literal["cancel", "fulfill", "return"]
# The statuses in which each command is possible.
STEPS: dict[Verb, frozenset[str]] = {
    "cancel": STATUS_GROUPS["cancellable"],
    "fulfill": STATUS_GROUPS["to-ship"],
    "return": frozenset({"fulfilled", "delivered", "return_requested", "partially_returned"}),
}
_DONE: dict[Verb, str] = {"cancel": "cancelled", "fulfill": "fulfilled", "return": "returned"}


def parse_statuses(text: str | None) -> frozenset[str] | None:
    """Parse a comma list of statuses and groups; None for all. UsageError for an unknown one."""
    names = [name.strip() for name in ("all" if text is None else text).lower().split(",")]
    if "all" in names:
        return None
    known = {**{status: frozenset({status}) for status in ORDER_STATUSES}, **STATUS_GROUPS}
    for name in names:
        if name not in known:
            near = did_you_mean(name.replace(" ", "_"), known)
            raise UsageError(
                f'Unknown order status "{name}".',
                hint=f"{near}`synq orders list --help` explains the groups."
                if near
                else f"Groups: all, {', '.join(STATUS_GROUPS)}. Statuses: {', '.join(ORDER_STATUSES)}.",
            )
    return frozenset().union(*(known[name] for name in names))


def status_of(row: Mapping[str, Any]) -> str:
    """The status of an order, a parcel or a return."""
    return str(row.get("status"))


def check_step(order: Mapping[str, Any], verb: Verb) -> None:
    """ConflictError if an order's status does not allow the step; an unknown status is left to the API."""
    status = status_of(order)
    if status in NEXT and status not in STEPS[verb]:
        raise step_error(order, verb)


def step_error(order: Mapping[str, Any], verb: Verb, why: str = "") -> ConflictError:
    """The error for a step that an order can't take; its hint names the possible ones."""
    status, name = status_of(order), order.get("id")
    following = [other for other in NEXT[status] if not (why and other == _DONE[verb])]
    onward = f"Possible next statuses: {', '.join(following)}." if following else f"{status} is a final status."
    possible = [
        f"`synq orders {step} {name}`" for step, statuses in STEPS.items() if status in statuses and step != verb
    ]
    advice = f"You can run {' or '.join(possible)}." if possible else f"`synq orders track {name}` shows its history."
    message = f"Order {name} is {status}{why}; it can't be {_DONE[verb]}."
    if status == _DONE[verb]:
        message = f"Order {name} is already {status}."
    return ConflictError(message, hint=f"{onward} {advice}")


def path_to(status: str, passed: Iterable[str] = ()) -> list[str]:
    """The shortest path of statuses from the first to this one, through those known to be `passed`."""
    path = ["draft" if status == "draft" else "pending_payment"]
    for stop in passed:
        if _shortest(stop, status):
            path += _shortest(path[-1], stop) or []
    onward = _shortest(path[-1], status)
    return [status] if onward is None else path + onward  # an unknown status has no path


def path_from(status: str) -> list[str]:
    """The statuses that usually follow."""
    path: list[str] = []
    while following := NEXT.get(path[-1] if path else status):
        path.append(following[0])
    return path


def _shortest(start: str, end: str) -> list[str] | None:
    """The statuses after `start` up to `end`; None if there is no path."""
    paths: list[list[str]] = [[start]]
    for path in paths:  # breadth first: the list grows while it is read
        if path[-1] == end:
            return path[1:]
        paths += [[*path, following] for following in NEXT.get(path[-1], ())]
    return None


def take_step(api: Api, operation: Operation, order: Mapping[str, Any], body: Mapping[str, object], after: str) -> Row:
    """Cancel, fulfil or return an order, once; returns the answer. A dry run shows `after` as the new status."""
    return api.write(
        operation,
        {"orderID": order["id"]},
        body=body,
        before={"status": order.get("status")},
        after={"status": after},
        if_unknown=f"Look at `synq orders track {order['id']}` before you send it again.",
    )
