"""The base class of the kinds of bulk run."""

# ruff: noqa: ARG002 the defaults ignore what subclasses need

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from synq_cli import exact_json
from synq_cli.bulk.journal import Content, Receipt, Row
from synq_cli.errors import RejectedError, UnknownOutcomeError
from synq_cli.http.guard import Write
from synq_cli.http.operation import Operation
from synq_cli.resources.client import SynqClient
from synq_cli.resources.shared.present import Replacement
from synq_cli.times import epoch

if TYPE_CHECKING:
    from synq_cli.bulk.shards import Shard

# Gives the receipts that runs of all kinds with this operation have claimed, and the unclear rows of other runs.
Claims = Callable[[], tuple[set[str], Sequence[Row]]]
# What a row is about, and what it sends, by field, for people to read.
Shown = tuple[str, Iterable[tuple[str, Any]]]
# Requests in flight together: they hide the latency, and are what a crash leaves unknown at most.
WORKERS = 6


class Verb:
    """One kind of bulk run: the request for each of its rows, and what to do when an answer is lost.

    A row whose outcome is unknown is sent again if the operation's retry class says that this is harmless. Otherwise
    `reconcile` looks for it, and it is sent again only if the user says so.

    `name` is the command's, `noun` what one request makes, `unit` what the rows of the journal are called,
    `ids` the fields of an answer that may identify it, `requests` how many a row takes at most, `level` the units that
    its movements count. A verb that `compares` can read what each row changes, for a request each.
    """

    name: ClassVar[str]
    noun: ClassVar[str]
    unit: ClassVar[str] = "row"
    operation: ClassVar[Operation]
    ids: ClassVar[tuple[str, ...]] = ("id",)
    requests: ClassVar[int] = 1
    workers: ClassVar[int] = WORKERS
    level: ClassVar[Literal["on_hand", "available"]] = "on_hand"
    compares: ClassVar[bool] = False
    undo_hint: ClassVar[str | None] = None

    def __init__(self, api: SynqClient) -> None:
        self._api = api
        # The part of a file that is read; all of it by default.
        self.shard: Shard | None = None

    def subject(self, content: Content) -> str:
        """What a row changes. Rows of the same subject are sent in order, and are in the same shard of a file."""
        return exact_json.dumps(content)

    def is_own(self, content: Content) -> bool:
        """Whether a row is in the shard that is read."""
        return self.shard is None or self.shard.has(self.subject(content))

    def path(self, content: Content) -> Mapping[str, str]:
        """The ids in the path of the request, by placeholder."""
        return {}

    def body(self, content: Content) -> object:
        """The request's body, as JSON values or as bytes, or None; UsageError if it can't be made any more."""
        return content

    def write(self, row: Row) -> Write:
        """The request of a row, for the guard."""
        content, operation = row.content, self.operation_of(row.content)
        path = operation.path_with(self.path(content))
        return Write(operation, path, lambda: self.body(content), row.line, self.item_count(content), command=self.name)

    def receipt(self, content: Content, answer: Any) -> Receipt:
        """The receipt in the answer to a row; UnknownOutcomeError if there is none."""
        if isinstance(answer, dict):
            for name in self.ids:
                if isinstance(answer.get(name), str):
                    return Receipt(answer[name], epoch(answer.get("created_at")))
        raise UnknownOutcomeError(f"The API accepted the {self.noun}, but its response does not name it.")

    def retry_after_rejection(self, error: RejectedError) -> bool:
        """Whether a rejected row is sent again, because its body is a different one now."""
        return False

    def reconcile(self, unclear: Sequence[Row], *, done: Sequence[Row], claims: Claims) -> dict[int, Receipt]:
        """Receipts, by line, of rows whose answers were lost; `done` are rows of this run.

        `claims` must be read after the API: then each row of another run that the API lists is in them, because runs
        journal a row before they send it. Kinds of run that send the same operation claim the same records: their
        rows must have what this compares, such as the `variant_id`, `location_id` and `delta` of an adjustment.
        """
        return {}

    def following(self, content: Content, receipt: Receipt) -> Content | None:
        """The second half of a row whose first half has this receipt; None for a row that is done now.

        Its content has the FIRST_RECEIPT. The row is pending again in the same write that keeps the receipt.
        """
        return None

    def whereabouts(self, row: Row) -> str | None:
        """A sentence on the units of a row of two halves that is not done; None if none of them has moved."""
        return None

    def reverse(self, row: Row) -> Content | None:
        """What undoes a row that is done, for `undo_verb`; None if nothing does, and `undo_hint` is shown instead."""
        return None

    @property
    def undo_verb(self) -> "Verb":
        """The kind of run that undoes this one."""
        return self

    def reverse_half(self, content: Content) -> Content | None:
        """The row that undoes the first half of a row whose second half was not carried out."""
        return None

    def remarks(self, rows: Sequence[Row]) -> Sequence[str]:
        """Sentences on the rows for the plan."""
        return ()

    def movement(self, content: Content) -> Mapping[str, Any] | None:
        """The stock that a row moves, if it does: `sku`, `location` and `delta`."""
        return None

    def movements(self, content: Content) -> Sequence[Mapping[str, Any]]:
        """All that a row moves: of a row with two halves, what each of them does that is not done."""
        return [move] if (move := self.movement(content)) else []

    def levels(self, rows: Sequence[Row]) -> dict[tuple[int, str], int]:
        """The stock before each row, by line and by the name of the location."""
        return {}

    def values(self, row: Row) -> list[dict[str, Any]]:
        """The values that a row changes, as the API has them now: `field`, `before` and `after`. NotFoundError."""
        return []

    def shown(self, content: Content) -> Shown:
        """What a row is about, and what it sends beside its `movements`, for people who approve it."""
        return self.subject(content), fields_of(self.body(content))

    def closing_note(self) -> str | None:
        """A sentence on what the answers of this run have shown beside their receipts."""
        return None

    def item_count(self, content: Content) -> int:
        """How many rows of the user's file are in one row of the journal."""
        return 1

    def on_finished(self, entries: Sequence[Row]) -> None:
        """Clean up once a run needs nothing more of its rows."""

    def operation_of(self, _content: Content) -> Operation:
        """The operation that a row sends."""
        return self.operation

    def resends(self, content: Content) -> bool:
        """Whether a row whose outcome is unknown may be sent again, since it can't count twice."""
        return self.operation_of(content).retry != "unsafe"

    def replaces(self, content: Content) -> Replacement | None:
        """The values that a row of a plan replaces, which are read again before it is sent; None if they are not."""
        return None

    def counted(self, rows: int) -> str:
        """A number of requests in words, such as `2 orders`."""
        return f"{rows:,} {self.noun}{'s' * (rows != 1)}"


def fields_of(value: object, path: str = "") -> Iterator[tuple[str, Any]]:
    """The values in a body by their paths, such as `items.1.sku`, without the key that keeps an order from doubling."""
    if isinstance(value, Mapping) and value:
        nested = [(str(name), each) for name, each in value.items() if name != "idempotency_key"]
    elif isinstance(value, list) and any(isinstance(each, list | Mapping) for each in value):
        nested = [(str(number), each) for number, each in enumerate(value, 1)]
    else:
        if path or value is not None:
            yield path or "body", value
        return
    for name, each in nested:
        yield from fields_of(each, f"{path}.{name}" if path else name)


def item_line(item: Mapping[str, Any]) -> str:
    """An item of an order, a parcel or a return in words: quantity, names, price and whatever else it has."""
    names = [str(item[name]) for name in ("product_title", "variant_title", "sku") if item.get(name)]
    left = {name: value for name, value in item.items() if name not in _IN_WORDS}
    if "sku" in item:
        left.pop("variant_id", None)
    price = [f"at {as_text(item['unit_price'])}"] if "unit_price" in item else []
    others = [f"{name} {as_text(value)}" for name, value in (fields_of(left) if left else ())]
    words = " ".join([f"{as_text(item['quantity'])} x", ", ".join(names), *price])
    return "; ".join([words, *others])


def as_text(value: object) -> str:
    """A value of a body as text, numbers with the digits that are sent."""
    return value if isinstance(value, str) else exact_json.dumps(value)


_IN_WORDS = {"quantity", "product_title", "variant_title", "sku", "unit_price"}
