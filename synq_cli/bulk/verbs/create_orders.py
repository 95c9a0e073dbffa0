"""Many orders: `synq orders create --file` with several orders in the file."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from synq_cli.bulk.journal import Content, Receipt, Row
from synq_cli.bulk.plan import Plan, Problem, prepare
from synq_cli.bulk.verbs.verb import Verb
from synq_cli.errors import NotFoundError, UsageError
from synq_cli.http import operations
from synq_cli.resources.orders.checks import check_placed, order_problems
from synq_cli.resources.orders.placing import labels_of, merge_order, resolve_channel, with_location, with_variants
from synq_cli.state.order_keys import order_fingerprint


class CreateOrders(Verb):
    """POST /api/v1/orders for each row, under an idempotency key that the journal keeps before the order is sent."""

    name = "orders create"
    noun = "order"
    operation = operations.CREATE_ORDER
    ids = ("id", "workflow_id")
    undo_hint = "Cancel the orders one by one: synq orders cancel ID. `synq runs show RUN --rows all` lists their ids."

    def read(self, text: str, name: str, location: str | None, fields: Mapping[str, str | None] | None = None) -> Plan:
        """The orders of a file; `fields` replace those of each order, and all stock comes from `location`, if given."""

        def check(document: Any) -> Content:
            order: Content = merge_order({} if document is None else document, fields or {})
            if problems := list(order_problems(order, located=location is not None)):
                raise UsageError("; ".join(problems))
            return order

        return prepare(
            self, text, name, None, check=check, resolve=lambda rows: self._resolve(rows, location),
            identity=lambda order: order_fingerprint(order | {"idempotency_key": None}), duplicate="remove one",
        )  # fmt: skip

    def receipt(self, content: Content, answer: Any) -> Receipt:
        receipt = super().receipt(content, answer)
        check_placed(content, answer, content["idempotency_key"])
        return receipt

    def _resolve(self, rows: Sequence[Row], location: str | None) -> tuple[list[Row], list[Problem]]:
        location_id = None if location is None else self._api.locations.resolve(location)[0]
        channels = self._api.channels.list() if any("channel" in row.content for row in rows) else []
        known = self._api.variants.with_barcodes({label for row in rows for label in labels_of(row.content)})
        lines: dict[str, int] = {}
        resolved, problems = [], []
        for row in rows:
            order = dict(row.content)
            key = order.setdefault("idempotency_key", str(uuid.uuid4()))
            if (before := lines.setdefault(key, row.line)) != row.line:
                problems.append(Problem(row.line, f"idempotency_key of line {before}: use one of its own"))
            try:
                if "channel" in order:
                    found, warnings = resolve_channel(order, channels)
                    order |= found
                    problems += [Problem(row.line, warning, is_warning=True) for warning in warnings]
                order["items"] = with_variants(order["items"], known)
            except (NotFoundError, UsageError) as error:
                problems.append(Problem.of(row.line, error))
                continue
            if location_id is not None:
                order["items"] = with_location(location_id, order["items"])
            resolved.append(Row(row.line, order, row.source))
        return resolved, problems
