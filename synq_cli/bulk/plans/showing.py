"""What the rows of a plan document change, for people who are asked about it."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from synq_cli import exact_json
from synq_cli.bulk.engine import Engine
from synq_cli.bulk.plans.applying import plan_verb
from synq_cli.bulk.plans.document import Document
from synq_cli.bulk.verbs.verb import Verb
from synq_cli.errors import UsageError

_NOTHING = dict.fromkeys(("field", "before", "after", "delta"))


def changes_of(engine: Engine, document: Document) -> Iterator[dict[str, Any]]:
    """The changes of each row: one for each stock movement and field, so that nothing that is sent stays hidden.

    UsageError for a row that its verb can't send, or whose file has changed.
    """
    verb = plan_verb(engine, document)
    for row in document.rows:
        content = content_of(row)
        try:
            what = verb.shown(content)[0] or str(row.get("path", ""))
            changes = list(_changes(verb, content, row["before"] or {}, row["after"] or {}))
            query = f"?{urlencode(row['query'])}" if row.get("query") else ""
        except (KeyError, TypeError, ValueError, AttributeError):
            raise UsageError(
                f"The plan {document.id} can't be shown: line {row['line']} is not a row of `{verb.name}`."
            ) from None
        request = f"{row['method']} {row['path']}{query}" if "path" in row else None
        for change in changes or [_NOTHING]:
            yield {"line": row["line"], "what": what, "request": request, **change}


def summary_of(engine: Engine, document: Document, most: int = 2) -> str:
    """The first changes of a plan in a line, and how many more there are."""
    changes = list(changes_of(engine, document))
    words = [_words(change) for change in changes[:most]]
    more = f", and {len(changes) - most:,} more" if len(changes) > most else ""
    return f"{'; '.join(words)}{more}"


def content_of(row: dict[str, Any]) -> dict[str, Any]:
    """The content of a document's row for its verb: of a change of its own, the row itself."""
    content: dict[str, Any] = row.get("content", row)
    return content


def _changes(
    verb: Verb, content: dict[str, Any], before: dict[str, Any], after: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    moved = set()
    for move in verb.movements(content):
        place = move["location"]
        moved.add(place)
        values = {"before": before.get(place), "after": after.get(place), "delta": move["delta"]}
        yield {"field": place, **values}
    for name, value in before.items():
        if name not in moved and not exact_json.equals(value, after.get(name)):
            yield _NOTHING | {"field": name, "before": value, "after": after.get(name)}
    if verb.compares and before:
        return  # the other values are there already
    for name, value in verb.shown(content)[1]:
        if name not in before:
            yield _NOTHING | {"field": name, "after": value}


def _words(change: dict[str, Any]) -> str:
    what, field = change["what"], change["field"]
    if change["delta"] is not None:
        return f"{what} {change['delta']:+,} at {field}"
    if change["before"] is not None or field:
        old = f"{change['before']} → " if change["before"] is not None else ""
        return f"{what}: {field} {old}{change['after']}"
    return str(what)
