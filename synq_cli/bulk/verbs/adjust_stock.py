"""Many stock adjustments: `synq inventory adjust --file`."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from synq_cli.bulk.journal import Content, Receipt, Row
from synq_cli.bulk.plan import Plan, Problem, listed, prepare
from synq_cli.bulk.reconcile import clock_offset, match, span
from synq_cli.bulk.verbs.variants import VARIANT, check_variant, find_variants
from synq_cli.bulk.verbs.verb import Claims, Shown, Verb
from synq_cli.errors import NotFoundError, UsageError
from synq_cli.http import operations
from synq_cli.resources.inventory.ledger import posted
from synq_cli.resources.inventory.stock import Place, parse_quantity, place_of
from synq_cli.rows import Columns

COLUMNS = Columns((VARIANT, ("delta",)), ("location",))
# So many single lookups are cheaper than reading pages of everything.
_FEW = 3


class AdjustStock(Verb):
    """POST /api/v1/inventory/adjust for each row; a lost answer is looked for in the stock ledger."""

    name = "inventory adjust"
    noun = "adjustment"
    operation = operations.ADJUST_INVENTORY

    def read(self, text: str, name: str, location: str | None) -> Plan:
        """The rows of a file, with a location for those that name none; UsageError lists every problem."""
        plan = prepare(
            self, text, name, COLUMNS, check=check_row, resolve=lambda rows: self._resolve(rows, location),
            identity=_movement, duplicate="add the two up, or remove one", as_written=True,
        )  # fmt: skip
        plan.warnings = [*plan.warnings, *_several(plan.rows)]
        return plan

    def subject(self, content: Content) -> str:
        return " ".join(place_of(content))

    def body(self, content: Content) -> object:
        return {
            "variant_id": content["variant_id"],
            "location_id": content["location_id"],
            "quantity_delta": content["delta"],
        }

    def reverse(self, row: Row) -> Content | None:
        return row.content | {"delta": -row.content["delta"]}

    def movement(self, content: Content) -> Mapping[str, Any]:
        return {name: content[name] for name in ("sku", "location", "delta")}

    def shown(self, content: Content) -> Shown:
        return content["sku"], ()

    def levels(self, rows: Sequence[Row]) -> dict[tuple[int, str], int]:
        """The stock before each row; 0 if it was never stocked, nothing where levels can't be read."""
        try:
            found = self._api.inventory.levels_at({place_of(row.content) for row in rows})
        except NotFoundError:
            return {}
        levels: dict[tuple[int, str], int] = {}
        for place, its_rows in _by_place(rows).items():
            units = found[place].get(self.level, 0) if place in found else 0
            for row in its_rows:
                levels[row.line, row.content["location"]] = units
                units += self.movement(row.content)["delta"]
        return levels

    def reconcile(self, unclear: Sequence[Row], *, done: Sequence[Row], claims: Claims) -> dict[int, Receipt]:
        offset = clock_offset(done)
        since = min(span(row, offset)[0] for row in unclear)
        answered = sum((row.sent_at or 0) >= (unclear[0].sent_at or 0) for row in done)
        if len(unclear) <= max(_FEW, answered // 100):
            entries = [entry for row in unclear for entry in self._posted_since(since, row.content)]
        else:
            entries = list(self._posted_since(since, {}))
        taken, rivals = claims()
        free = [(what, receipt) for what, receipt in entries if receipt.id not in taken]
        return match(unclear, free, rivals, offset, _movement)

    def _posted_since(self, since: float, content: Content) -> Iterator[tuple[str, Receipt]]:
        """The ledger's adjustments by what they move: all, or those of one variant at one location."""
        sku, location = content.get("variant_id"), content.get("location_id")
        for entry in self._api.ledger.entries(sku=sku, location=location, kind="adjustment", since=since).first(None):
            yield (
                f"{' '.join(place_of(entry))} {entry.get('quantity_delta')}",
                Receipt(str(entry.get("id")), posted(entry) or None),
            )

    def _resolve(self, rows: Sequence[Row], default: str | None) -> tuple[list[Row], list[Problem]]:
        locations = self._locations({row.content["location"] or default or "" for row in rows})
        variants, problems = find_variants(self._api, rows)
        resolved = []
        for row in rows:
            location = locations[row.content["location"] or default or ""]
            if isinstance(location, NotFoundError):
                problems.append(Problem.of(row.line, location))
            elif row.line in variants:
                place = {"location_id": location[0].lower(), "location": location[1]}
                kept = {
                    name: value for name, value in row.content.items() if name not in (*VARIANT, "also", "location")
                }
                resolved.append(Row(row.line, {**kept, **variants[row.line], **place}, row.source))
        return resolved, problems

    def _locations(self, names: set[str]) -> dict[str, tuple[str, str] | NotFoundError]:
        """Id and name of each location by what it is called in the file, or what is wrong with that."""
        found: dict[str, tuple[str, str] | NotFoundError] = {}
        for name in sorted(names):
            try:
                found[name] = self._api.locations.resolve(name or None)
            except NotFoundError as error:
                found[name] = error
        return found


def check_row(fields: Mapping[str, str]) -> Content:
    """The content of a row that its own fields give; UsageError says what is wrong with them."""
    place = check_place(fields)
    if not fields.get("delta"):
        raise UsageError("No delta.")
    return place | {"delta": parse_quantity(fields["delta"])}


def check_place(fields: Mapping[str, str]) -> Content:
    """How a row names its variant and, if it does, the location. UsageError."""
    return {**check_variant(fields), "location": fields.get("location", "")}


def _several(rows: Sequence[Row]) -> list[str]:
    """A warning if a SKU is on several lines for one location, with a few of them."""
    several = [
        f"{each[0].content['sku']} at {each[0].content['location']} (lines {listed(str(row.line) for row in each)})"
        for each in _by_place(rows).values()
        if len(each) > 1
    ]
    if not several:
        return []
    return [f"Several lines are for the same SKU and location; each line is posted: {listed(several)}."]


def _by_place(rows: Sequence[Row]) -> dict[Place, list[Row]]:
    """The rows of each variant at each location."""
    places: dict[Place, list[Row]] = {}
    for row in rows:
        places.setdefault(place_of(row.content), []).append(row)
    return places


def _movement(content: Mapping[str, Any]) -> str:
    """What a row moves, as one key."""
    return f"{' '.join(place_of(content))} {content['delta']}"
