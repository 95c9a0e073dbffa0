"""Many stock adjustments: the bulk verb of `synq inventory adjust --file`."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from synq_cli.bulk.reconcile import clock_offset, match, span
from synq_cli.bulk.runs.journal import Content, Entry, Receipt, Row
from synq_cli.bulk.verbs.verb import Fields, Move, Problem, Verb
from synq_cli.errors import NotFoundError, UnknownOutcomeError, UsageError
from synq_cli.http import operations
from synq_cli.resources.inventory.ledger import posted
from synq_cli.resources.inventory.stock import parse_quantity
from synq_cli.uuids import parse_uuid

if TYPE_CHECKING:
    from synq_cli.resources.client import SynqClient

# So many single look-ups are cheaper than reading pages of everything.
_FEW = 3


def _check(fields: Fields) -> Content:
    sku, variant = fields.get("sku", ""), fields.get("variant_id", "")
    if not sku and not variant:
        raise UsageError("It has neither a SKU nor a variant id.")
    if variant and parse_uuid(variant) is None:
        raise UsageError(f"'{variant}' is no variant id.")
    if not fields.get("delta"):
        raise UsageError("It has no delta.")
    content: Content = {"sku": sku or variant, "delta": parse_quantity(fields["delta"])}
    content["variant_id"] = parse_uuid(variant) or parse_uuid(sku)
    content["location"] = fields.get("location", "")
    return content


def _places(api: "SynqClient", named: set[str]) -> dict[str, tuple[str, str]]:
    """Id and name of each location by what it was called; one that is not there, or not alone, is left out."""
    found = {}
    if "" in named:
        found[""] = api.locations.chosen(None)
    ids = {name: identifier for name in named if (identifier := parse_uuid(name))}
    found |= {name: (identifier, identifier) for name, identifier in ids.items()}
    if called := named - found.keys():
        by_id = api.locations.names()
        if not called <= {name.lower() for name in by_id.values()}:
            by_id = {row["id"]: row["name"] for row in api.locations.list()}
        for name in called:
            matching = [each for each in by_id.items() if each[1].lower() == name]
            if len(matching) == 1:
                found[name] = matching[0]
    return found


def _resolve(api: "SynqClient", rows: Sequence[Row], place: str | None) -> tuple[list[Row], list[Problem]]:
    def named(row: Row) -> str:
        return str(row.content["location"] or place or "").lower()

    places = _places(api, {named(row) for row in rows})
    ids = api.variants.ids_of(row.content["sku"] for row in rows if row.content["variant_id"] is None)
    settled, problems = [], []
    for row in rows:
        sku, variant = row.content["sku"], row.content["variant_id"]
        carriers = {variant} if variant else ids.get(sku, set())
        where = places.get(named(row))
        if where is None:
            problems.append(Problem(row.line, f"no stock location, or more than one, is called '{named(row)}'"))
        if len(carriers) > 1:
            problems.append(Problem(row.line, f"two variants carry the SKU {sku}; give the variant_id instead"))
        if not carriers:
            problems.append(Problem(row.line, f"there is no SKU {sku}. {api.variants.near(sku)}".rstrip()))
        if where and len(carriers) == 1:
            ids_of_row = {"variant_id": min(carriers).lower(), "location_id": where[0].lower(), "location": where[1]}
            settled.append(Row(row.line, row.content | ids_of_row, row.source))
    return settled, problems


def _identity(content: Content) -> str:
    return f"{content['variant_id']} {content['location_id']}"


def _what(content: Content) -> str:
    return f"{_identity(content)} {content['delta']}"


def _body(content: Content) -> dict[str, object]:
    return {
        "variant_id": content["variant_id"],
        "location_id": content["location_id"],
        "quantity_delta": content["delta"],
    }


def _receipt(answer: Any) -> Receipt:
    if not isinstance(answer, dict) or not isinstance(answer.get("id"), str):
        raise UnknownOutcomeError("The API took the adjustment but did not answer with a ledger entry.")
    return Receipt(answer["id"], posted(answer) or None)


def _reverse(content: Content) -> Content:
    return content | {"delta": -content["delta"]}


def _move(content: Content) -> Move:
    return Move(content["sku"], content["location"], content["delta"])


def _levels(api: "SynqClient", rows: Sequence[Row]) -> dict[int, int]:
    """The stock before each row, by line; 0 where it was never stocked, nothing where levels can't be read."""
    wanted = {_identity(row.content): row.line for row in rows}
    here = {row.content["location_id"] for row in rows}
    location = here.pop() if len(here) == 1 else None
    few = {row.content["variant_id"] for row in rows}
    found: dict[int, int] = {}
    try:
        for level in api.inventory.levels(few if len(few) <= _FEW else (), location=location).first(None):
            line = wanted.get(f"{str(level.get('variant_id')).lower()} {str(level.get('location_id')).lower()}")
            if line is not None and isinstance(level.get("on_hand"), int):
                found[line] = level["on_hand"]
            if len(found) == len(wanted):
                return found
    except NotFoundError:
        return {}
    return dict.fromkeys(wanted.values(), 0) | found


def _settle(
    api: "SynqClient",
    unclear: Sequence[Entry],
    *,
    done: Sequence[Entry],
    taken: set[str],
    rivals: Sequence[Entry],
) -> dict[int, Receipt]:
    offset = clock_offset(done)
    since = min(span(row, offset)[0] for row in unclear)
    answered = sum((row.sent_at or 0) >= (unclear[0].sent_at or 0) for row in done)
    if len(unclear) <= max(_FEW, answered // 100):
        entries = [entry for row in unclear for entry in _posted_since(api, since, row.content)]
    else:
        entries = list(_posted_since(api, since, None))
    free = [(what, receipt) for what, receipt in entries if receipt.id not in taken]
    return match(unclear, free, rivals, offset, _what)


def _posted_since(api: "SynqClient", since: float, content: Content | None) -> Iterator[tuple[str, Receipt]]:
    """The ledger's adjustments since then, by what they move: all, or of one row's place."""
    named = (content["variant_id"], content["location_id"]) if content else (None, None)
    for entry in api.ledger.entries(sku=named[0], location=named[1], kind="adjustment", since=since).first(None):
        place = [str(entry.get(key)).lower() for key in ("variant_id", "location_id")]
        yield f"{' '.join(place)} {entry.get('quantity_delta')}", Receipt(str(entry.get("id")), posted(entry) or None)


ADJUSTMENTS = Verb(
    name="inventory adjust",
    noun="adjustment",
    operation=operations.ADJUST_INVENTORY,
    needs=(("sku", "variant_id"), ("delta",)),
    optional=("location",),
    check=_check,
    resolve=_resolve,
    identity=_identity,
    body=_body,
    receipt=_receipt,
    settle=_settle,
    reverse=_reverse,
    move=_move,
    levels=_levels,
)
