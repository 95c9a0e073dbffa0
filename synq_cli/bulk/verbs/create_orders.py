"""Many orders: `synq orders create --file` with several orders in the file."""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from synq_cli.bulk.journal import Content, Receipt, Row
from synq_cli.bulk.plan import Plan, Problem, prepare
from synq_cli.bulk.verbs.verb import Shown, Verb, as_text, fields_of, item_line
from synq_cli.errors import NotFoundError, UsageError
from synq_cli.http import operations
from synq_cli.resources.orders.checks import check_placed, order_problems
from synq_cli.resources.orders.placing import labels_of, merge_order, resolve_channel, with_location, with_variants
from synq_cli.resources.shared.validation import amount, count, one_of
from synq_cli.rows import Columns, is_table
from synq_cli.state.order_keys import order_fingerprint

# In a table each item has a row, with the fields of its order.
_ORDER = (
    "payment_provider", "payment_reference", "currency", "channel", "customer_id", "source_platform", "idempotency_key",
)  # fmt: skip
_ITEM = (
    "product_title", "quantity", "unit_price", "sku", "barcode", "variant_id", "location_id", "variant_title",
    "requires_shipping",
)  # fmt: skip
_REQUIRED = ("payment_reference", "product_title", "quantity", "unit_price")
COLUMNS = Columns(
    tuple((name,) for name in _REQUIRED), tuple(name for name in _ORDER + _ITEM if name not in _REQUIRED), guess=True
)


class CreateOrders(Verb):
    """POST /api/v1/orders for each row, under an idempotency key that the journal keeps before the order is sent."""

    name = "orders create"
    noun = "order"
    operation = operations.CREATE_ORDER
    ids = ("id", "workflow_id")
    undo_hint = "Cancel the orders one by one: synq orders cancel ID. `synq runs show RUN --rows all` lists their ids."

    def read(self, text: str, name: str, location: str | None, fields: Mapping[str, str | None] | None = None) -> Plan:
        """The orders of a file; `fields` replace those of each order, and all stock comes from `location`, if given."""
        columns = COLUMNS if is_table(text, name) else None

        def check(document: Any) -> Content:
            document = _order_of(document) if columns else document
            order: Content = merge_order({} if document is None else document, fields or {})
            if problems := list(order_problems(order, located=location is not None)):
                raise UsageError("; ".join(problems))
            return order

        return prepare(
            self, text, name, columns, check=check,
            resolve=lambda rows: self._resolve(*(_by_reference(rows) if columns else (rows, [])), location),
            identity=lambda order: order_fingerprint({**self.body(order), "idempotency_key": None}),
            duplicate="remove one",
        )  # fmt: skip

    def subject(self, content: Content) -> str:
        return str(content["payment_reference"])

    def body(self, content: Content) -> Content:
        return {name: value for name, value in content.items() if name != "lines"}

    def shown(self, content: Content) -> Shown:
        order = self.body(content)
        return self.subject(content), _fields(order)

    def item_count(self, content: Content) -> int:
        return len(content.get("lines", "1"))

    def receipt(self, content: Content, answer: Any) -> Receipt:
        receipt = super().receipt(content, answer)
        check_placed(content, answer, content["idempotency_key"])
        return receipt

    def _resolve(
        self, rows: Sequence[Row], problems: list[Problem], location: str | None
    ) -> tuple[list[Row], list[Problem]]:
        location_id = None if location is None else self._api.locations.resolve(location)[0]
        channels = self._api.channels.list() if any("channel" in row.content for row in rows) else []
        known = self._api.variants.with_barcodes({label for row in rows for label in labels_of(row.content)})
        lines: dict[str, int] = {}
        resolved = []
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


def _fields(order: Content) -> Iterator[tuple[str, Any]]:
    """The fields of an order, a line for each item, and what the items cost."""
    yield from fields_of({name: value for name, value in order.items() if name != "items"})
    items = order["items"]
    for number, item in enumerate(items, 1):
        yield f"item {number}", item_line(item)
    total = sum(Decimal(as_text(item["quantity"])) * Decimal(as_text(item["unit_price"])) for item in items)
    yield "total", f"{total:f} {order.get('currency', '')}".strip()


def _order_of(fields: Mapping[str, str]) -> Content:
    """The order of a row of a table, with its one item."""
    item: Content = {name: fields[name] for name in _ITEM if fields.get(name)}
    if "quantity" in item:
        item["quantity"] = count(item["quantity"])
    if "unit_price" in item:
        item["unit_price"] = amount(item["unit_price"], "unit_price")
    if "requires_shipping" in item:
        item["requires_shipping"] = one_of(item["requires_shipping"], ("true", "false"), "requires_shipping") == "true"
    return {name: fields[name] for name in _ORDER if fields.get(name)} | {"items": [item]}


def _by_reference(rows: Sequence[Row]) -> tuple[list[Row], list[Problem]]:
    """One row for the rows of a table that have the same payment reference, with the items of all of them."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.content["payment_reference"], []).append(row)
    problems = []
    for first, *more in groups.values():
        seen = {first.source: first.line}
        for row in more:
            differing = [name for name in _ORDER if row.content.get(name) != first.content.get(name)]
            if differing:
                what = f"another {differing[0]} than line {first.line}, which has the same payment_reference"
                problems.append(Problem(row.line, what))
            if (before := seen.setdefault(row.source, row.line)) != row.line:
                problems.append(Problem(row.line, f"same as line {before}: add the two up, or remove one"))
    return [_merged(group) for group in groups.values()], problems


def _merged(group: Sequence[Row]) -> Row:
    first, *more = group
    if not more:
        return first
    items = [item for row in group for item in row.content["items"]]
    content = first.content | {"items": items, "lines": [row.line for row in group]}
    return Row(first.line, content, "\n".join(row.source for row in group))
