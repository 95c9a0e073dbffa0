"""A plan document beside what the API has now."""

from collections.abc import Iterator
from typing import Any, Literal

from synq_cli import exact_json
from synq_cli.bulk.engine import Engine
from synq_cli.bulk.plans.applying import plan_verb, stock
from synq_cli.bulk.plans.document import Document, rows_of

State = Literal["unchanged", "changed", "as planned", "not compared"]


def differences(engine: Engine, document: Document) -> Iterator[dict[str, Any]]:
    """What each row replaces or moves: before, as planned, and now; the rest is `not compared`, such as creations."""
    verb = plan_verb(engine, document)
    seen = set()
    for each in stock(engine, document):
        seen.add(each["line"])
        yield each | {"state": "unchanged" if exact_json.equals(each["now"], each["before"]) else "changed"}
    named = {row["line"]: row for row in document.rows}
    for row in rows_of(document, compares=verb.compares):
        if row.line in seen:
            continue
        what = verb.shown(row.content)[0]
        wanted = verb.replaces(row.content)
        if wanted is None:
            nothing = dict.fromkeys(("field", "before", "planned", "now"))
            yield {"line": row.line, "what": what, **nothing, "state": "not compared"}
            continue
        now = wanted.read(engine.api.transport.send)
        for name, before in (named[row.line]["before"] or {}).items():
            after = wanted.after.get(name)
            is_before, is_after = exact_json.equals(now[name], before), exact_json.equals(now[name], after)
            if is_before and is_after:
                continue  # it is sent along, unchanged
            state: State = "unchanged" if is_before else "as planned" if is_after else "changed"
            yield {
                "line": row.line, "what": what, "field": name, "before": before, "planned": after, "now": now[name],
                "state": state,
            }  # fmt: skip
