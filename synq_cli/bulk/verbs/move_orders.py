"""Many orders moved on: `synq orders fulfill`, `return` and `cancel` with --file."""

# ruff: noqa: ARG002 a verb ignores what others need

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from synq_cli.bulk.journal import Content, Receipt, Row
from synq_cli.bulk.plan import Plan, Problem, prepare
from synq_cli.bulk.reconcile import clock_offset, match
from synq_cli.bulk.verbs.variants import VARIANT, check_variant
from synq_cli.bulk.verbs.verb import Claims, Shown, Verb, fields_of, item_line
from synq_cli.errors import NotFoundError, UsageError
from synq_cli.http import operations
from synq_cli.resources.orders.states import status_of
from synq_cli.resources.shared.validation import count, given
from synq_cli.rows import Columns
from synq_cli.rows.column_names import folded
from synq_cli.times import epoch

_UNITS = (*VARIANT, "quantity")
# What the content of a row has beside its body.
_OWN = {"order_id", "order", "lines"}
_REMOVE, _ADD_UP = "remove one", "add the two up, or remove one"
_MOST_LISTED = 10


class OrderStep(Verb):
    """A step of an order for each row."""

    def subject(self, content: Content) -> str:
        return str(content["order_id"])

    def path(self, content: Content) -> Mapping[str, str]:
        return {"orderID": content["order_id"]}

    def shown(self, content: Content) -> Shown:
        order = [("order", content["order"])] if content.get("order") else []
        return content["order_id"], [*order, *self._fields(content)]

    def _fields(self, content: Content) -> Iterable[tuple[str, Any]]:
        body = self.body(content)
        return fields_of(body) if body else ()

    def _order_id(self, fields: Mapping[str, str]) -> str:
        """The id of a row's order; the prefix of one is looked up in the local cache."""
        if not fields.get("order_id"):
            raise UsageError("No order_id.")
        return self._api.orders.id_of(fields["order_id"])


class CancelOrders(OrderStep):
    """POST /api/v1/oms/orders/{orderID}/cancel for each row; the order's status shows the outcome."""

    name = "orders cancel"
    noun = "cancellation"
    operation = operations.CANCEL_ORDER
    undo_hint = "Place the orders again: synq orders create. `synq runs show RUN --rows all` lists the cancelled ones."
    columns = Columns((("order_id",),), ("reason",), guess=True)

    def read(self, text: str, name: str, reason: str | None) -> Plan:
        """The rows of a file, with a reason for those that give none; UsageError lists every problem."""
        usual = given(reason=reason).get("reason")

        def check(fields: Mapping[str, str]) -> Content:
            return {"order_id": self._order_id(fields), **given(reason=fields.get("reason") or usual)}

        return prepare(
            self, text, name, self.columns, check=check, resolve=lambda rows: (list(rows), []),
            identity=lambda content: str(content["order_id"]), duplicate=_REMOVE,
        )  # fmt: skip

    def body(self, content: Content) -> object:
        return given(reason=content.get("reason"))

    def receipt(self, content: Content, answer: Any) -> Receipt:
        receipt = super().receipt(content, answer)
        return Receipt(receipt.id, epoch(answer.get("updated_at")))

    def remarks(self, rows: Sequence[Row]) -> list[str]:
        return ["Cancelling releases the stock of an order and can't be undone."]

    def reconcile(self, unclear: Sequence[Row], *, done: Sequence[Row], claims: Claims) -> dict[int, Receipt]:
        """An order that is cancelled needs nothing more, whoever cancelled it. One request for each order."""
        orders = {row.line: self._api.orders.get(row.content["order_id"]) for row in unclear}
        return {line: Receipt(str(order["id"])) for line, order in orders.items() if status_of(order) == "cancelled"}


class UnitsStep(OrderStep, ABC):
    """A parcel or a return for the rows of an order that have the same value in the column `key`.

    Without SKUs it is `of` all units that can be. Those of one order are sent one after the other. A lost answer is
    looked for in the order's list, one request for each order.
    """

    key: ClassVar[str]
    of: ClassVar[str]
    workers = 1

    def remarks(self, rows: Sequence[Row]) -> list[str]:
        whole = sum("items" not in row.content for row in rows)
        return [f"{self.counted(whole)} without SKUs: {self.of}."] if whole else []

    def body(self, content: Content) -> object:
        return {name: value for name, value in content.items() if name not in _OWN}

    def _fields(self, content: Content) -> Iterator[tuple[str, Any]]:
        named = {name: value for name, value in content.items() if name not in _OWN | {"items"}}
        yield from fields_of(named) if named else ()
        if "items" not in content:
            yield "items", self.of
        for number, item in enumerate(content.get("items", ()), 1):
            yield f"item {number}", item_line(item)

    def item_count(self, content: Content) -> int:
        return len(content.get("lines", "1"))

    def reconcile(self, unclear: Sequence[Row], *, done: Sequence[Row], claims: Claims) -> dict[int, Receipt]:
        """Parcels or returns of an order with the same number or reason, and the same units."""
        listed = {order: self._list(order) for order in dict.fromkeys(row.content["order_id"] for row in unclear)}
        taken, rivals = claims()
        free = [
            (self._identity(row.content), Receipt(str(record.get("id")), epoch(record.get("created_at"))))
            for row in unclear
            for record in listed[row.content["order_id"]]
            if record.get("id") not in taken and self._is_alike(row.content, record)
        ]
        return match(unclear, free, rivals, clock_offset(done), self._identity)

    @abstractmethod
    def _list(self, order_id: str) -> list[dict[str, Any]]:
        """The parcels or returns of an order."""

    def _prepare(self, text: str, name: str, columns: Columns, check: Callable[[Mapping[str, str]], Content]) -> Plan:
        return prepare(
            self, text, name, columns,
            check=lambda fields: {"order_id": self._order_id(fields), **check(fields), **_units(fields)},
            resolve=self._resolve, identity=self._identity, duplicate=_REMOVE,
        )  # fmt: skip

    def _identity(self, content: Content) -> str:
        """The order, the number or reason, and the units of a row, as one key."""
        units = sorted(f"{_name(item)} {item['quantity']}" for item in content.get("items", ()))
        return "\n".join([content["order_id"], folded(content.get(self.key, "")), *units])

    def _is_alike(self, content: Content, record: Mapping[str, Any]) -> bool:
        """Whether a parcel or return of the row's order is one that the row can have made."""
        if folded(str(record.get(self.key) or "")) != folded(content.get(self.key, "")):
            return False
        items, listed = content.get("items"), record.get("items")
        if items is None or not isinstance(listed, list):
            return True  # of whatever was left, or unknown
        found = [sum(_quantity(each) for each in listed if _is_of(each, item)) for item in items]
        wanted = [item["quantity"] for item in items]
        return found == wanted and sum(wanted) == sum(map(_quantity, listed))

    def _resolve(self, rows: Sequence[Row]) -> tuple[list[Row], list[Problem]]:
        """The rows with the ids of their barcodes, those of one parcel or return as one."""
        rows, problems = self._with_variants(rows)
        groups: dict[tuple[str, str], list[Row]] = {}
        for row in rows:
            groups.setdefault((row.content["order_id"], folded(row.content.get(self.key, ""))), []).append(row)
        several: dict[str, Row] = {}
        for (order, _), group in groups.items():
            problems += self._problems_within(group)
            first = several.setdefault(order, group[0])
            if first is not group[0] and not ("items" in first.content and "items" in group[0].content):
                what = f"another {self.noun} of line {first.line}'s order"
                problems.append(Problem(group[0].line, f"{what}: give the sku and quantity of each, or remove one"))
        return [_merged(group) for group in groups.values()], problems

    def _with_variants(self, rows: Sequence[Row]) -> tuple[list[Row], list[Problem]]:
        """The rows with the SKU of each barcode, or the id of its variant. Other SKUs are left to the API."""
        index, variants = self._api.transport.index, self._api.variants
        items = [row.content["items"][0] for row in rows if "items" in row.content]
        labels = {item["barcode"] for item in items if item["barcode"]}
        known = variants.with_barcodes(labels) if labels else {}
        ids = variants.ids_of_barcodes(
            {item["sku"] for item in items if not item["barcode"] and not item["variant_id"]}
        )
        found, problems = [], []
        for row in rows:
            if "items" not in row.content:
                found.append(row)
                continue
            (item,) = row.content["items"]
            variant = known.get(item["barcode"])
            if isinstance(variant, NotFoundError):
                problems.append(Problem.of(row.line, variant))
                continue
            identifier = item["variant_id"] or (variant.variant_id if variant else ids.get(item["sku"]))
            sku = index.sku_of(identifier) if identifier and not item["variant_id"] else item["sku"]
            name = {"variant_id": identifier} if item["variant_id"] or not sku else {"sku": sku}
            found.append(replace(row, content=row.content | {"items": [name | {"quantity": item["quantity"]}]}))
        return found, problems

    def _problems_within(self, group: Sequence[Row]) -> Iterator[Problem]:
        """What keeps rows from being one parcel or return."""
        first = group[0]
        seen: dict[str, int] = {}
        for row in group[1:]:
            if ("items" in row.content) != ("items" in first.content):
                yield Problem(row.line, f"same {self.noun} as line {first.line}: give the sku and quantity of each")
            if row.content.get("carrier") != first.content.get("carrier"):
                yield Problem(row.line, f"same {self.noun} as line {first.line}, but another carrier")
        for row in group:
            name = _name(row.content["items"][0]) if "items" in row.content else ""
            if (before := seen.setdefault(name, row.line)) != row.line:
                yield Problem(row.line, f"{name or self.noun} is on line {before}, too: {_ADD_UP if name else _REMOVE}")


class FulfillOrders(UnitsStep):
    """POST /api/v1/oms/orders/{orderID}/fulfillments for each parcel; it is found again by its tracking number."""

    name = "orders fulfill"
    noun = unit = "parcel"
    operation = operations.CREATE_FULFILLMENT
    key = "tracking_number"
    of = "all units of the order that are not shipped yet"
    undo_hint = (
        "If parcels come back, open returns: synq orders return. `synq runs show RUN --rows all` lists the orders."
    )
    columns = Columns((("order_id",), ("tracking_number",)), ("carrier", *_UNITS), guess=True)

    def read(self, text: str, name: str, carrier: str | None, location: str | None) -> Plan:
        """The parcels of a file, with a carrier for those that name none; UsageError lists every problem.

        Parcels leave from `location`, if given.
        """
        usual = given(carrier=carrier, location=location)
        place = self._api.locations.id_of(usual["location"]) if usual.get("location") else None

        def check(fields: Mapping[str, str]) -> Content:
            number = fields.get("tracking_number", "")
            if not folded(number):
                raise UsageError(f'Invalid tracking_number "{number}".' if number else "No tracking_number.")
            return given(
                tracking_number=number, carrier=fields.get("carrier") or usual.get("carrier"), location_id=place
            )

        plan = self._prepare(text, name, self.columns, check)
        plan.warnings = [*plan.warnings, *_shared_numbers(plan.rows)]
        return plan

    def _list(self, order_id: str) -> list[dict[str, Any]]:
        return self._api.fulfillments.of(order_id)


class ReturnOrders(UnitsStep):
    """POST /api/v1/oms/orders/{orderID}/returns for each return; it is found again by its reason and its units."""

    name = "orders return"
    noun = unit = "return"
    operation = operations.CREATE_RETURN
    key = "reason"
    of = "all units of the order that were shipped"
    undo_hint = "Close the returns in the dashboard. `synq runs show RUN --rows all` lists their ids."
    columns = Columns((("order_id",),), (*_UNITS, "reason"), guess=True)

    def read(self, text: str, name: str, reason: str | None) -> Plan:
        """The returns of a file, with a reason for those that give none; UsageError lists every problem."""
        usual = given(reason=reason).get("reason")
        return self._prepare(text, name, self.columns, lambda fields: given(reason=fields.get("reason") or usual))

    def _list(self, order_id: str) -> list[dict[str, Any]]:
        return self._api.returns.of(order_id)


def _units(fields: Mapping[str, str]) -> Content:
    """The units that a row names, as `items`; nothing if it names none."""
    if not any(fields.get(name) for name in VARIANT):
        if fields.get("quantity"):
            raise UsageError("A quantity without a SKU: give the SKU, or remove the quantity.")
        return {}
    variant = check_variant(fields)
    if not fields.get("quantity"):
        raise UsageError(f"No quantity of {variant['sku']}.")
    return {"items": [{**variant, "quantity": count(fields["quantity"])}]}


def _merged(group: Sequence[Row]) -> Row:
    """One row for those of a parcel or a return, with the units of all of them."""
    first, *more = group
    if not more:
        return first
    items = [item for row in group for item in row.content.get("items", ())]
    content = first.content | {"items": items, "lines": [row.line for row in group]}
    return Row(first.line, content, "\n".join(row.source for row in group))


def _shared_numbers(rows: Sequence[Row]) -> list[str]:
    """A warning if parcels of several orders have the same tracking number, with a few of them."""
    lines: dict[str, list[str]] = {}
    for row in rows:
        lines.setdefault(row.content["tracking_number"], []).append(str(row.line))
    several = [f"{number} (lines {', '.join(each)})" for number, each in lines.items() if len(each) > 1]
    if not several:
        return []
    more = f", and {len(several) - _MOST_LISTED:,} more" if len(several) > _MOST_LISTED else ""
    return [f"Several orders have the same tracking number: {', '.join(several[:_MOST_LISTED])}{more}."]


def _name(item: Mapping[str, Any]) -> str:
    """What an item is called: its SKU, or the id of its variant."""
    return str(item.get("sku") or item["variant_id"])


def _is_of(listed: Any, item: Mapping[str, Any]) -> bool:
    """Whether an item that the API lists is of the SKU or variant of this one."""
    return isinstance(listed, dict) and all(
        str(listed.get(name)).lower() == item[name].lower() for name in ("sku", "variant_id") if name in item
    )


def _quantity(listed: Any) -> int:
    """The units of an item that the API lists."""
    quantity = listed.get("quantity") if isinstance(listed, dict) else None
    return quantity if isinstance(quantity, int) else 0
