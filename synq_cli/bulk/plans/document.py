"""The plan document, format version 1: see resources/plan.schema.json."""

import re
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any

from synq_cli import exact_json
from synq_cli.bulk.journal import Row
from synq_cli.bulk.plan import Plan
from synq_cli.bulk.runs import LETTERS
from synq_cli.bulk.verbs.apply_changes import FIELDS, ApplyChanges
from synq_cli.documents import check_regular, shown_name
from synq_cli.errors import UsageError
from synq_cli.resources.inventory.stock import Inventory
from synq_cli.session.session import Session
from synq_cli.session.tokens.credentials import scope_of
from synq_cli.times import epoch, timestamp

FORMAT, VERSION = "synq-plan", 1
_LIFETIME = 86_400.0
_RANDOM_LETTERS = 8
_ID = re.compile(rf"[0-9]{{6}}-[0-9]{{6}}-[{LETTERS}]{{{_RANDOM_LETTERS}}}")
# What a summary has of Plan.as_row(): the rest is in the rows, or is of a dry run only.
_SUMMARY = (
    "rows", "rows_of_file", "net", "largest", "suspicious", "left_out", "remarks", "guessed_columns", "ignored_columns",
    "skus", "set_to_zero", "files", "totals",
)  # fmt: skip
# The keys of a document in their order, and the types of their values.
_KEYS: Mapping[str, type | tuple[type, ...]] = {
    "format": str, "version": int, "id": str, "tenant": dict, "profile": str, "command": str, "verb": str,
    "created_by": str, "created_at": str, "expires_at": str, "source": dict, "operations": list, "requests": int,
    "minutes": (int, float, exact_json.Number), "summary": dict, "rows": list, "hash": str,
}  # fmt: skip
_SOURCE: Mapping[str, type | tuple[type, ...]] = {
    "file": str, "dialect": (dict, type(None)), "single": bool, "again": bool, "undoes": (str, type(None)),
    "in_transit": bool, "shard": (str, type(None)),
}  # fmt: skip
_OBJECT = (dict, type(None))
_ROW: Mapping[str, type | tuple[type, ...]] = {
    "line": int, "content": dict, "before": _OBJECT, "after": _OBJECT, "source": str, "hashes": str,
}  # fmt: skip
_CHANGE: Mapping[str, type | tuple[type, ...]] = {
    "line": int, "label": str, "operation": str, "method": str, "path": str, "query": dict, "before": _OBJECT,
    "after": _OBJECT,
}  # fmt: skip


@dataclass(frozen=True)
class Document:
    """A plan document: `values` is the JSON object, with every number as it is written."""

    values: Mapping[str, Any]

    @property
    def id(self) -> str:
        """The id of the plan, which starts with the time of its creation in UTC."""
        return str(self.values["id"])

    @property
    def digest(self) -> str:
        """The hash that the document states."""
        return str(self.values["hash"])

    @property
    def is_intact(self) -> bool:
        """Whether that is the hash of its content."""
        return self.digest == hash_of(self.values)

    @property
    def created(self) -> float:
        """When it was made, in epoch seconds."""
        return epoch(self.values["created_at"]) or 0.0

    @property
    def expires(self) -> float:
        """When it expires, in epoch seconds."""
        return epoch(self.values["expires_at"]) or 0.0

    @property
    def scope(self) -> str:
        """The tenant that it is for, as Session.scope has it."""
        tenant = self.values["tenant"]
        return scope_of(str(tenant["host"]), tenant["tenant_id"], self.values["profile"])

    @property
    def text(self) -> str:
        """The content of its file."""
        return exact_json.dumps(self.values, indented=True) + "\n"

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The rows, each with its `line`, `before` and `after`."""
        rows: list[dict[str, Any]] = self.values["rows"]
        return rows


def hash_of(values: Mapping[str, Any]) -> str:
    """The hash of a document: of its JSON with sorted keys, without blanks and without the hash itself."""
    content = _sorted({name: value for name, value in values.items() if name != "hash"})
    return f"sha256:{sha256(exact_json.dumps(content).encode()).hexdigest()}"


def make(
    plan: Plan,
    session: Session,
    *,
    command: str,
    created_by: str,
    now: float,
    seconds_for: Callable[[int], float] = lambda _requests: 0.0,
) -> Document:
    """The document of a plan; `seconds_for` says how long a number of requests takes."""
    letters = "".join(secrets.choice(LETTERS) for _ in range(_RANDOM_LETTERS))
    summary = {name: value for name, value in plan.as_row().items() if name in _SUMMARY}
    rows = list(_rows(plan))
    requests = _requests(plan, rows)
    values = {
        "format": FORMAT,
        "version": VERSION,
        "id": f"{_id_time(now)}-{letters}",
        "tenant": {"host": session.host, "tenant_id": session.credentials.tenant_id},
        "profile": session.profile,
        "command": command,
        "verb": plan.verb.name,
        "created_by": created_by,
        "created_at": timestamp(now),
        "expires_at": timestamp(now + _LIFETIME),
        "source": {
            "file": plan.file,
            "dialect": None if plan.dialect is None else dict(plan.dialect),
            "single": plan.single,
            "again": plan.again,
            "undoes": plan.undoes,
            "in_transit": plan.in_transit,
            "shard": str(plan.shard) if plan.shard else None,
        },
        "operations": sorted({plan.verb.operation_of(row.content).id or row.content["method"] for row in plan.rows}),
        "requests": requests,
        "minutes": round(seconds_for(requests) / 60, 1),
        "summary": {**summary, "warnings": list(plan.warnings), "lines": [] if plan.single else plan.lines()},
        "rows": rows,
    }
    # As it is read later, so that the hash is of what the file holds.
    values = exact_json.loads(exact_json.dumps(values))
    return Document({**values, "hash": hash_of(values)})


def read(text: str, name: str) -> Document:
    """The document in a text; UsageError if it is not one that this version can apply."""
    name = shown_name(name)
    try:
        values = exact_json.loads(text.removeprefix("\ufeff"), unique_keys=True)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{name} is not a synq plan: {error}.") from None
    if not isinstance(values, dict) or values.get("format") != FORMAT:
        raise UsageError(f"{name} is not a synq plan.", hint="Make one with the option --plan of a command.")
    if values.get("version") != VERSION:
        raise UsageError(
            f"{name} is a plan of format version {values.get('version')}, which this version of synq can't read.",
            hint="Update synq, or make the plan again.",
        )
    wrong = next(_problems(values), None)
    if wrong:
        raise UsageError(f"{name} is not a valid plan: {wrong}.", hint="`synq plan schema` describes plans.")
    return Document(values)


def json_schema() -> Any:
    """The JSON Schema of plan documents."""
    text = files("synq_cli.resources").joinpath("plan.schema.json").read_text(encoding="utf-8")
    return exact_json.loads(text)


def check_target(file: str, *, now: float, is_used: Callable[[str], bool]) -> None:
    """UsageError if a plan can't be written to this file, - for standard output, or would replace something else.

    It may replace a plan that has expired or `is_used`, or has no rows.
    """
    if not file.strip():
        raise UsageError("--plan is blank.", hint="Give it the name of a file.")
    if file == "-":
        return
    path = Path(file)
    if path.is_dir() or not path.absolute().parent.is_dir():
        raise UsageError(f"{file} can't be written: it is a folder, or its folder does not exist.")
    if check_regular(path) and not _is_plan(path):
        raise UsageError(f"{file} exists and is not a synq plan.", hint="Choose another name for the plan.")
    try:
        present = read(path.read_text(encoding="utf-8"), file)
    except (OSError, UsageError):
        return  # empty, or one that this version can't apply
    if present.rows and present.expires > now and not is_used(present.id):
        raise UsageError(
            f"{file} is the plan {present.id} of `synq {present.values['command']}`, which was not applied.",
            hint="Choose another name for the plan, or delete the file.",
        )


def _is_plan(path: Path) -> bool:
    """Whether a file is empty or a plan document of any version."""
    try:
        text = path.read_text(encoding="utf-8")
        values = exact_json.loads(text) if text else {"format": FORMAT}
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(values, dict) and values.get("format") == FORMAT


def rows_of(document: Document, *, compares: bool) -> list[Row]:
    """The rows of the run that applies a document; those of a verb that `compares` keep the values before."""
    return _sent(document.rows, compares=compares)


def _sent(found: Sequence[dict[str, Any]], *, compares: bool) -> list[Row]:
    rows = []
    for row in found:
        if "content" not in row:
            rows.append(Row(row["line"], {name: row[name] for name in FIELDS}))
            continue
        kept = {"before": row["before"]} if compares and row["before"] else {}
        rows.append(Row(row["line"], row["content"] | kept, row["source"], hashes=bytes.fromhex(row["hashes"])))
    return rows


def _requests(plan: Plan, rows: Sequence[dict[str, Any]]) -> int:
    """How many requests it takes to apply the rows: what is sent, and what is read again just before."""
    places = [
        (row["content"]["variant_id"], move["location"])
        for row in rows
        if row["before"] and "content" in row
        for move in plan.verb.movements(row["content"])
    ]
    variants, locations = ({place[at] for place in places} for at in (0, 1))
    sent = replace(plan, rows=_sent(rows, compares=plan.verb.compares))
    return sent.requests + Inventory.requests_for(variants, locations)


def _rows(plan: Plan) -> Iterator[dict[str, Any]]:
    """The rows of a document."""
    before: dict[int, dict[str, Any]] = {}
    after: dict[int, dict[str, Any]] = {}
    named = [(each, each["field"]) for each in plan.values]
    for each, name in [*named, *((each, each["location"]) for each in plan.changes())]:
        before.setdefault(each["line"], {})[name] = each["before"]
        after.setdefault(each["line"], {})[name] = each["after"]
    titles = {each["line"]: {"title": each["product"]} for each in plan.values if each.get("product")}
    for row in plan.rows:
        if isinstance(plan.verb, ApplyChanges):
            yield {"line": row.line, **row.content}
            continue
        title = titles.get(row.line, {}) if plan.verb.compares else {}
        yield {
            "line": row.line,
            "content": title | row.content,
            "before": before.get(row.line),
            "after": after.get(row.line),
            "source": row.source,
            "hashes": row.hashes.hex(),
        }


def _problems(values: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with the form of a document."""
    yield from _wrong_types(values, _KEYS, "")
    yield from _wrong_types(values["source"], _SOURCE, "source.")
    yield from _wrong_types(values["tenant"], {"host": str, "tenant_id": (str, type(None))}, "tenant.")
    times = {name: epoch(values[name]) for name in ("created_at", "expires_at")}
    for name, at in times.items():
        if at is None:
            yield f'"{name}" is not a time'
    created, expires = times["created_at"] or 0.0, times["expires_at"] or 0.0
    if not _ID.fullmatch(values["id"]) or not values["id"].startswith(_id_time(created)):
        yield '"id" is not the time of "created_at" and eight random characters'
    if expires - created > _LIFETIME:
        yield "it is valid for more than 24 hours"
    for name, kind in (("warnings", str), ("remarks", str), ("lines", str), ("net", dict), ("left_out", dict)):
        shown = values["summary"].get(name, [])
        if not isinstance(shown, list) or not all(isinstance(each, kind) for each in shown):
            yield f'"summary.{name}" is of another type'
    lines = set()
    for number, row in enumerate(values["rows"], 1):
        if not isinstance(row, dict):
            yield f"row {number} is not an object"
        yield from _row_problems(row, number, is_change=values["verb"] == ApplyChanges.name)
        if row["line"] in lines:
            yield f"two rows have the line {row['line']}"
        lines.add(row["line"])


def _id_time(created: float) -> str:
    """The start of the id of a plan: when it was made, in UTC."""
    return f"{datetime.fromtimestamp(created, UTC):%y%m%d-%H%M%S}"


def _row_problems(row: Mapping[str, Any], number: int, *, is_change: bool) -> Iterator[str]:
    yield from _wrong_types(row, _CHANGE if is_change else _ROW, f"rows[{number - 1}].")
    if is_change and "body" not in row:
        yield f"row {number} has no body"
    if not is_change and not re.fullmatch("([0-9a-f]{16})*", row["hashes"]):
        yield f"the hashes of row {number} are damaged"


def _wrong_types(values: Mapping[str, Any], kinds: Mapping[str, type | tuple[type, ...]], place: str) -> Iterator[str]:
    for name, kind in kinds.items():
        if name not in values:
            yield f'it has no "{place}{name}"'
        elif not isinstance(values[name], kind):
            yield f'"{place}{name}" is of another type'


def _sorted(value: Any) -> Any:
    """The value with the keys of its objects in order."""
    if isinstance(value, Mapping):
        return {name: _sorted(value[name]) for name in sorted(value)}
    return [_sorted(each) for each in value] if isinstance(value, list) else value
