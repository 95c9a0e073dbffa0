"""Many orders: the bulk verb of `synq orders create --file` with one order a line."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from synq_cli.bulk.runs.journal import Content, Receipt, Row
from synq_cli.bulk.verbs.verb import Problem, Verb
from synq_cli.errors import NotFoundError, UnknownOutcomeError, UsageError
from synq_cli.http import operations
from synq_cli.resources.orders.checks import wrong_in
from synq_cli.resources.orders.keys import order_fingerprint
from synq_cli.resources.orders.placing import overlaid, placed_at, settled_channel

if TYPE_CHECKING:
    from synq_cli.resources.client import SynqClient


def _check(document: Any, fields: Mapping[str, str | None], *, located: bool) -> Content:
    order = overlaid({} if document is None else document, fields)
    if wrong := list(wrong_in(order, located=located)):
        raise UsageError("; ".join(wrong))
    content: Content = order
    return content


def _resolve(api: "SynqClient", rows: Sequence[Row], place: str | None) -> tuple[list[Row], list[Problem]]:
    location_id = None if place is None else api.locations.chosen(place)[0]
    channels = api.channels.list() if any("channel" in row.content for row in rows) else []
    lines: dict[str, int] = {}
    settled, problems = [], []
    for row in rows:
        order = dict(row.content)
        key = order.setdefault("idempotency_key", str(uuid.uuid4()))  # kept in the journal before the order leaves
        if (before := lines.setdefault(key, row.line)) != row.line:
            problems.append(Problem(row.line, f"it has the idempotency_key of line {before}, so one would be lost"))
        try:
            if "channel" in order:
                found, doubts = settled_channel(order, channels)
                order |= found
                problems += [Problem(row.line, doubt, is_doubt=True) for doubt in doubts]
        except (NotFoundError, UsageError) as error:
            problems.append(Problem.of(row.line, error))
            continue
        if location_id is not None:
            order["items"] = placed_at(location_id, order["items"])
        settled.append(Row(row.line, order, row.source))
    return settled, problems


def _identity(content: Content) -> str:
    return order_fingerprint({name: value for name, value in content.items() if name != "idempotency_key"})


def _receipt(answer: Any) -> Receipt:
    for name in ("id", "workflow_id"):
        if isinstance(answer, dict) and isinstance(answer.get(name), str):
            return Receipt(answer[name])
    raise UnknownOutcomeError("The API took the order, but its answer names neither an order nor a workflow.")


PLACEMENTS = Verb(
    name="orders create",
    noun="order",
    operation=operations.CREATE_ORDER,
    nested=True,
    check=lambda document: _check(document, {}, located=False),
    resolve=_resolve,
    identity=_identity,
    body=lambda content: content,
    receipt=_receipt,
    instead="Cancel the orders one by one: synq orders cancel ID. `synq runs show RUN --rows all` lists their ids.",
)


def placements(fields: Mapping[str, str | None], *, located: bool) -> Verb:
    """The same with fields that go before those of each order; if `located`, its stock is taken from one place."""
    return replace(PLACEMENTS, check=lambda document: _check(document, fields, located=located))
