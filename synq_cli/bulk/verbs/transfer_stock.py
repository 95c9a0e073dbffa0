"""Stock transfers: `synq inventory transfer`. A row has two halves: units leave a location, then arrive at another."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from synq_cli.bulk.journal import FIRST_RECEIPT, Content, Receipt, Row, hash_of
from synq_cli.bulk.plan import Plan, Problem, prepare
from synq_cli.bulk.verbs.adjust_stock import AdjustStock
from synq_cli.bulk.verbs.variants import VARIANT, check_variant
from synq_cli.errors import AuthError, NotFoundError, RefusedError, ServerError, UsageError
from synq_cli.resources.client import SynqClient
from synq_cli.resources.inventory.stock import Place, place_of
from synq_cli.resources.shared import validation
from synq_cli.resources.shared.pagination import Row as Level
from synq_cli.rows import Columns

COLUMNS = Columns((VARIANT, ("quantity",)), ("from", "to"), guess=True)
_UNCHECKED = "The stock levels can't be read, so it was not checked whether enough units are available."


class TransferStock(AdjustStock):
    """POST /api/v1/inventory/adjust twice for each row; the units leave before they arrive.

    So nothing is ever on hand twice. The second half is sent once the first has its receipt, from the API's answer or
    from the ledger. The content of a row is what its next half posts, with the `next_id` of the location of the second.
    With `force` more units may leave a location than are available there.
    """

    name = "inventory transfer"
    noun = "transfer"
    requests = 2

    def __init__(self, api: SynqClient, *, force: bool = False) -> None:
        super().__init__(api)
        self._force = force
        self._stock: dict[Place, Level] | None = {}
        self._read_places: set[Place] = set()

    def read(self, text: str, name: str, source: str | None, target: str | None = None) -> Plan:
        """The rows of a file, from `source` to `target` unless they say otherwise; UsageError lists every problem."""
        plan = prepare(
            self, text, name, COLUMNS, check=lambda fields: _check_row(fields, source, target),
            resolve=self._resolve_both, identity=_identity, duplicate="add the two up, or remove one", as_written=True,
        )  # fmt: skip
        if self._stock is None:
            plan.warnings = [*plan.warnings, _UNCHECKED]
        return plan

    def single(self, sku: str, quantity: str, source: str, target: str) -> Plan:
        """The transfer of one SKU. UsageError, NotFoundError; RefusedError if too few units are available."""
        units = validation.count(quantity)
        left = self._api.inventory.resolve(sku, source)
        arrived = self._api.locations.resolve(target)
        moved, departed = {"sku": left.sku, "quantity": units}, (left.location_id, left.location)
        content = _content(moved, left.variant_id, departed, arrived)
        if problem := _same_place(content):
            raise UsageError(_sentence(problem))
        row = Row(1, content, hashes=hash_of(_identity(content)))
        self._read({*_places(content)})  # both in one request
        short = [_sentence(problem.what) for problem in self._shortages([row])]
        if short and not self._force:
            raise RefusedError(f"{short[0]} Nothing was sent.", hint="To transfer them all the same, add --force.")
        return Plan(self, [row], [_UNCHECKED] if self._stock is None else short, single=True)

    def subject(self, content: Content) -> str:
        # Not the location as well: units may arrive with one row and leave again with the next.
        return str(content["variant_id"])

    def following(self, content: Content, receipt: Receipt) -> Content | None:
        if "next_id" not in content:
            return None
        second = {name: value for name, value in content.items() if name != "next_id"}
        first = {"first_id": content["location_id"], FIRST_RECEIPT: receipt.id}
        return second | first | {"location_id": content["next_id"], "delta": -content["delta"]}

    def whereabouts(self, row: Row) -> str | None:
        content = row.content
        units, source, target = f"{content['quantity']:,} of {content['sku']}", content["from"], content["to"]
        is_unclear = row.state in {"unknown", "sent"}
        if FIRST_RECEIPT in content and is_unclear:
            return f"{units} left {source}, and may have arrived at {target}."
        if row.is_in_transit:
            why = f", which refused them: {row.error}" if row.state == "failed" else "."
            return f"{units} left {source} and are in transit to {target}{why}"
        if "next_id" in content and is_unclear:
            return f"{units} may have left {source}; none were added at {target}."
        return None

    def reverse(self, row: Row) -> Content:
        content = row.content
        back = {name: content[name] for name in ("sku", "quantity", "variant_id")}
        back |= {"from": content["to"], "to": content["from"]}
        back |= {"location_id": content["location_id"], "delta": -content["delta"]}
        return back | ({"next_id": content["first_id"]} if "first_id" in content else {})

    def reverse_half(self, content: Content) -> Content:
        back = {name: content[name] for name in ("sku", "quantity", "variant_id")}
        return back | {
            "from": None,
            "to": content["from"],
            "location_id": content["first_id"],
            "delta": content["delta"],
        }

    def movement(self, content: Content) -> Mapping[str, Any]:
        place = content["from" if content["delta"] < 0 else "to"]
        return {"sku": content["sku"], "location": place, "delta": content["delta"]}

    def movements(self, content: Content) -> Sequence[Mapping[str, Any]]:
        first = self.movement(content)
        if "next_id" not in content:
            return [first]
        return [first, {"sku": content["sku"], "location": content["to"], "delta": -content["delta"]}]

    def levels(self, rows: Sequence[Row]) -> dict[tuple[int, str], int]:
        stock = self._read({place for row in rows for place in _places(row.content)})
        if stock is None:
            return {}
        on_hand: Counter[Place] = Counter({place: level["on_hand"] for place, level in stock.items()})
        levels: dict[tuple[int, str], int] = {}
        for row in rows:
            for place, move in zip(_places(row.content), self.movements(row.content), strict=True):
                levels[row.line, move["location"]] = on_hand[place]
                on_hand[place] += move["delta"]
        return levels

    def _resolve_both(self, rows: Sequence[Row]) -> tuple[list[Row], list[Problem]]:
        """The rows with their ids, and what is wrong with them: one that takes more than there is, too."""
        leaving = [replace(row, content=row.content | {"location": row.content["from"]}) for row in rows]
        found, problems = self._resolve(leaving, None)
        targets = self._locations({row.content["to"] for row in rows})
        for row in rows:
            if isinstance(target := targets[row.content["to"]], NotFoundError):
                problems.append(Problem.of(row.line, target))
        resolved = []
        for row in found:
            content, target = row.content, targets[row.content["to"]]
            if isinstance(target, tuple):
                source = content["location_id"], content["location"]
                whole = replace(row, content=_content(content, content["variant_id"], source, target))
                resolved.append(whole)
                if problem := _same_place(whole.content):
                    problems.append(Problem(row.line, problem))
        own = [row for row in resolved if self.is_own(row.content)]  # other shards may have sent theirs already
        return resolved, problems or self._shortages(own)

    def _shortages(self, rows: Sequence[Row]) -> list[Problem]:
        """The rows with which more units leave a location than are available there."""
        stock, leaving, problems = self._read({place_of(row.content) for row in rows}), Counter[Place](), []
        for row in rows if stock is not None else ():
            content, place = row.content, place_of(row.content)
            leaving[place] += content["quantity"]
            level = (stock or {}).get(place, {"on_hand": 0})
            available = level["available"] if isinstance(level.get("available"), int) else level["on_hand"]
            if leaving[place] > available:
                what = f"only {available:,} of {content['sku']} are available at {content['from']}"
                what += f", and {leaving[place]:,} are to leave"
                problems.append(Problem(row.line, what, is_warning=self._force))
        return problems

    def _read(self, places: set[Place]) -> Mapping[Place, Level] | None:
        """The levels at these places and at those read before; None where they can't be read."""
        if self._stock is not None and (new := places - self._read_places):
            try:
                self._stock |= self._api.inventory.levels_at(new)
            except (NotFoundError, AuthError, ServerError):
                self._stock = None
            self._read_places |= new
        return self._stock


def _check_row(fields: Mapping[str, str], source: str | None, target: str | None) -> Content:
    """The content of a row that its own fields give; UsageError says what is wrong with them."""
    variant = check_variant(fields)
    if not fields.get("quantity"):
        raise UsageError("No quantity.")
    places = {"from": fields.get("from") or source, "to": fields.get("to") or target}
    for name, place in places.items():
        if not place:
            raise UsageError(f"No location in the column {name}, and no --{name}.")
    return {**variant, "quantity": validation.count(fields["quantity"]), **places}


def _content(named: Mapping[str, Any], variant: str, source: tuple[str, str], target: tuple[str, str]) -> Content:
    """A row whose first half is next, with the ids and the names of both locations."""
    content = {"sku": named["sku"], "quantity": named["quantity"], "from": source[1], "to": target[1]}
    ids = {"variant_id": variant.lower(), "location_id": source[0].lower(), "next_id": target[0].lower()}
    return content | ids | {"delta": -named["quantity"]}


def _places(content: Content) -> list[Place]:
    """The variant and the location of each half that is not done."""
    places = [place_of(content)]
    return [*places, (places[0][0], content["next_id"])] if "next_id" in content else places


def _same_place(content: Content) -> str:
    """The problem with a transfer from a location to itself."""
    is_same = content["location_id"] == content["next_id"]
    return f'"from" and "to" are the same location, {content["from"]}' if is_same else ""


def _identity(content: Content) -> str:
    """What a row posts, as one key."""
    return f"{content['variant_id']} {content['location_id']} {content['next_id']} {content['quantity']}"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
