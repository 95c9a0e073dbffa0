"""The plan of one write: a row of the bulk command that sends the same request, or a change of its own."""

from collections.abc import Callable, Mapping
from typing import Any

from synq_cli.bulk.journal import Content, Row
from synq_cli.bulk.plan import Plan
from synq_cli.bulk.verbs.adjust_stock import AdjustStock
from synq_cli.bulk.verbs.apply_changes import ApplyChanges, Change
from synq_cli.bulk.verbs.create_orders import CreateOrders
from synq_cli.bulk.verbs.invite_members import InviteMembers
from synq_cli.bulk.verbs.move_orders import CancelOrders, FulfillOrders, ReturnOrders
from synq_cli.bulk.verbs.reservations import ReleaseReservations, ReserveStock
from synq_cli.bulk.verbs.update_products import UpdateProducts
from synq_cli.bulk.verbs.verb import Verb, as_text, item_line
from synq_cli.errors import Planned
from synq_cli.resources.client import SynqClient
from synq_cli.resources.request import unknown_operation
from synq_cli.resources.shared.present import can_be_read, operation_at, read_present, values_of

_Ids = Mapping[str, str]
# The fields that may name what a change is of.
_NAMES = ("email", "name", "title", "sku", "provider")


def plan_write(api: SynqClient, planned: Planned, *, command: str) -> Plan:
    """The plan of the write at which a dry run of a command has stopped.

    The values before are read if a route shows them and the command has not.
    """
    method, (path, _, query) = planned.request["method"], planned.request["path"].partition("?")
    body = planned.request.get("body")
    found = operation_at(method, path)
    operation, ids = found or (unknown_operation(method, path), {})
    for kind, content_of in () if command == "api" else _VERBS:
        if operation == kind.operation:
            content = content_of(api, ids, body)
            plan = Plan(kind(api), [Row(1, content)], single=True, file="")
            _note_values(plan, content, planned)
            return plan
    from urllib.parse import parse_qsl

    before, after = planned.before, planned.after
    present: Mapping[str, Any] = {}
    if operation.effect in {"replace", "delete"} and can_be_read(operation):
        present = read_present(operation, ids, api.transport.send) or {}
        if not before:
            before, after = values_of(operation, present, body)
    label = _label(present or before, body, ids) or operation.what.removeprefix("the change of ")
    change = Change(operation, ids, body, before, after, label, dict(parse_qsl(query, keep_blank_values=True)))
    plan = ApplyChanges(api).plan([change])
    plan.single, plan.file = True, ""
    return plan


def _note_values(plan: Plan, content: Content, planned: Planned) -> None:
    """Add what the command has read of the values before: units of stock, else fields."""
    before, after = planned.before or {}, planned.after or {}
    moves = plan.verb.movements(content)
    if moves and plan.verb.level in before:
        if before[plan.verb.level] is not None:
            plan.levels = {(1, moves[0]["location"]): before[plan.verb.level]}
        return
    name = next((content[key] for key in ("product", "order_id", "reservation_id") if key in content), None)
    plan.values = [
        {"line": 1, "product": name, "field": field, "before": before[field], "after": after.get(field)}
        for field in before
    ]


def _adjustment(api: SynqClient, _ids: _Ids, body: Any) -> Content:
    return {**_named(api, body), "delta": body["quantity_delta"]}


def _reservation(api: SynqClient, _ids: _Ids, body: Any) -> Content:
    return {**_named(api, body), "quantity": body["quantity"], "reference": body.get("reference")}


def _release(api: SynqClient, ids: _Ids, _body: Any) -> Content:
    """The reservation with what it is made of, so that it can be made again; one request."""
    return ReleaseReservations(api).content_of(api.reservations.to_release(ids["reservationID"]))


def _order_step(_api: SynqClient, ids: _Ids, body: Any) -> Content:
    return {"order_id": ids["orderID"], **(body or {})}


def _cancellation(api: SynqClient, ids: _Ids, body: Any) -> Content:
    """The order with what it is about, since an id alone says nothing to the person who approves; one request."""
    order = api.orders.get(ids["orderID"])
    items = order.get("items")
    parts = [
        " ".join(as_text(order[name]) for name in ("total", "currency") if order.get(name) is not None),
        str(order.get("channel") or ""),
        *([item_line(item) for item in items if "quantity" in item] if isinstance(items, list) else []),
    ]
    return _order_step(api, ids, body) | {"order": "; ".join(filter(None, parts))}


def _product(api: SynqClient, ids: _Ids, body: Any) -> Content:
    """The product with its title; one request."""
    name = ids["productID"]
    return {"product": name, "product_id": name, "changes": body, "title": api.products.get(name).get("title")}


def _as_sent(_api: SynqClient, _ids: _Ids, body: Any) -> Content:
    content: Content = body
    return content


def _named(api: SynqClient, body: Any) -> Content:
    """A variant and a location by their ids and, as far as the cache knows them, their names."""
    variant, location = body["variant_id"], body["location_id"]
    index = api.transport.index
    return {
        "sku": index.names("sku").get(variant, variant),
        "variant_id": variant,
        "location_id": location,
        "location": index.names("location").get(location, location),
    }


_VERBS: tuple[tuple[type[Verb], Callable[[SynqClient, _Ids, Any], Content]], ...] = (
    (AdjustStock, _adjustment),
    (CancelOrders, _cancellation),
    (CreateOrders, _as_sent),
    (FulfillOrders, _order_step),
    (InviteMembers, _as_sent),
    (ReleaseReservations, _release),
    (ReserveStock, _reservation),
    (ReturnOrders, _order_step),
    (UpdateProducts, _product),
)


def _label(before: Mapping[str, Any] | None, body: Any, ids: _Ids) -> str:
    """What a change is of: a name in the values before or in the body, else the id in the path."""
    sources = [before or {}, body if isinstance(body, dict) else {}]
    named = [source[name] for source in sources for name in _NAMES if source.get(name)]
    return str(named[0]) if named else " ".join(ids.values())
