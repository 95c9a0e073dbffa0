"""A plan document as a plan that the engine runs, once it is clear that it may be applied."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from synq_cli.bulk.counting.earlier import NAME as COUNT
from synq_cli.bulk.counting.earlier import EarlierCounts
from synq_cli.bulk.engine import Engine
from synq_cli.bulk.journal import Content
from synq_cli.bulk.plan import Plan, listed, numbered
from synq_cli.bulk.plans.document import Document, rows_of
from synq_cli.bulk.runs import Runs, run_of_plan
from synq_cli.bulk.shards import Shard
from synq_cli.bulk.verbs.verb import Verb
from synq_cli.errors import RefusedError, SynqError, UsageError
from synq_cli.times import utc_time
from synq_cli.uuids import parse_uuid

# By which the clock of the machine that made a plan may be ahead.
_CLOCK_ERROR = 600.0
_AGAIN = "Run its command again with --plan for a new one."
_EDITED = "changed since it was made: its hash does not match"


def state_of(document: Document, runs: Runs, scope: str, now: float, used_at: float | None) -> str:
    """Whether a plan can be applied, in words; `used_at` is when it was on this machine."""
    if not document.is_intact:
        return _EDITED
    if facts := run_of_plan(runs, document.id):
        done = next((f": {row['done']:,} of {row['rows']:,} done" for row in runs.rows() if row["id"] == facts.id), "")
        return f"applied by run {facts.id}{done}"
    if used_at is not None:
        return f"applied on {utc_time(used_at)}"
    if document.scope != scope:
        return f"for another tenant: {document.scope}"
    return _out_of_time(document, now) or "not applied"


def why_never(document: Document, now: float) -> str | None:
    """Why a plan can't be applied anywhere, as its file shows; None if it can."""
    if not document.is_intact:
        return _EDITED
    problem = _out_of_time(document, now)
    return problem and f"it {problem}"


def check(document: Document, runs: Runs, scope: str, now: float, used_at: float | None, *, profile: str) -> None:
    """RefusedError for a plan that must not be applied: changed, of another tenant, expired, or applied before."""
    check_pending(document, runs, scope, used_at, profile=profile)
    if problem := _out_of_time(document, now):
        raise RefusedError(f"The plan {document.id} {problem}. Nothing was sent.", hint=_AGAIN)


def _out_of_time(document: Document, now: float) -> str | None:
    """Why a plan is not valid at this time, as the rest of a sentence."""
    if document.expires <= now:
        return f"expired on {utc_time(document.expires)}"
    if document.created > now + _CLOCK_ERROR:
        return f"was made in the future, on {utc_time(document.created)}"
    return None


def check_pending(document: Document, runs: Runs, scope: str, used_at: float | None, *, profile: str) -> None:
    """The same for any plan but one that has expired; `profile` is the one in use."""
    name, facts = document.id, run_of_plan(runs, document.id)
    if not document.is_intact:
        raise RefusedError(
            f"The plan {name} was changed after it was made: its hash does not match. Nothing was sent.", hint=_AGAIN
        )
    if facts:
        raise RefusedError(
            f"The plan {name} was applied by run {facts.id}. Nothing was sent.",
            hint=f"See `synq runs show {facts.id}`; if it was interrupted, run `{facts.resume_command}`.",
        )
    if used_at is not None:
        raise RefusedError(
            f"The plan {name} was applied on {utc_time(used_at)}. Nothing was sent.",
            hint=f"A plan is applied once. {_AGAIN}",
        )
    if document.scope != scope:
        raise RefusedError(
            f"The plan {name} is for {document.scope}, but this is {scope}. Nothing was sent.",
            hint=f"The profile {profile} is for another tenant now. {_AGAIN}"
            if document.values["profile"] == profile
            else f"Use --profile {document.values['profile']}, with which it was made.",
        )


def plan_of(engine: Engine, document: Document, use: Callable[[str], None]) -> Plan:
    """The plan of a document that `check` has passed; `use` records its id before the first request.

    RefusedError, NotFoundError or UsageError if its rows can't be sent.
    """
    verb, source = plan_verb(engine, document), document.values["source"]
    plan = Plan(
        verb,
        rows_of(document, compares=verb.compares),
        document.values["summary"].get("warnings", ()),
        source["dialect"],
        file=source["file"],
        undoes=source["undoes"],
        again=source["again"],
        single=source["single"],
        in_transit=source["in_transit"],
        shard=Shard.parse(source["shard"]),
        id=document.id,
    )
    _try_rows(document, plan)

    def check_again() -> None:
        if verb.name == COUNT and not plan.undoes:
            _refuse_later_counts(engine, plan)
        use(document.id)

    plan.check = check_again
    return engine.plan_document(plan)


def moved(engine: Engine, document: Document) -> Iterator[dict[str, Any]]:
    """The stock that each row was to change, as it was and is now, where that differs."""
    for each in stock(engine, document):
        if each["now"] != each["before"]:
            yield each


def stock(engine: Engine, document: Document) -> Iterator[dict[str, Any]]:
    """Before and now of the stock at each place that the plan has read."""
    verb = plan_verb(engine, document)
    rows = rows_of(document, compares=verb.compares)
    before = {row["line"]: row["before"] or {} for row in document.rows}
    known = [row for row in rows if verb.movements(row.content) and before[row.line]]
    if not known:
        return
    # Each row was planned on top of those before it, for the same place; so are the levels that are read now.
    levels = verb.levels(known)
    for row in known:
        for move in verb.movements(row.content):
            place, now = move["location"], levels.get((row.line, move["location"]))
            units = before[row.line].get(place)
            if now is not None and isinstance(units, int):
                yield {
                    "line": row.line, "what": move["sku"], "field": f"{verb.level} at {place}",
                    "before": units, "planned": units + move["delta"], "now": now,
                }  # fmt: skip


def warn_of_moved(engine: Engine, document: Document) -> None:
    """Warn of rows whose stock has moved since the plan was made; they are sent, since they are relative."""
    try:
        found = list(moved(engine, document))
    except SynqError as error:
        engine.observer.note(f"Whether stock has moved since the plan was made can't be told: {error.message}")
        return
    if found:
        names = listed(f"{each['what']} {each['before']:,} → {each['now']:,} (line {each['line']})" for each in found)
        engine.observer.warn(f"Stock has moved since the plan was made, in {numbered(len(found), 'row')}: {names}.")


def plan_verb(engine: Engine, document: Document) -> Verb:
    """The kind of run that applies a document."""
    name = document.values["verb"]
    try:
        return engine.kind(name)
    except StopIteration:
        raise UsageError(
            f'The plan {document.id} is of "{name}", which this version of synq can\'t apply.', hint="Update synq."
        ) from None


def _try_rows(document: Document, plan: Plan) -> None:
    """UsageError for a row that its verb can't send: somebody has written it, and its hash."""
    for row in plan.rows:
        try:
            is_right = _can_be_sent(plan.verb, row.content)
        except (KeyError, TypeError, ValueError, AttributeError):
            is_right = False
        if not is_right:
            raise UsageError(
                f"The plan {document.id} can't be sent: line {row.line} is not a row of `{plan.verb.name}`."
            )


def _can_be_sent(verb: Verb, content: Content) -> bool:
    """Whether a row has what its verb needs; KeyError, TypeError, ValueError or AttributeError if not."""
    operation, moves = verb.operation_of(content), verb.movements(content)
    operation.path_with(verb.path(content))
    verb.replaces(content)
    if "digest" not in content:  # of a part of a file, which is read when it is sent
        verb.body(content)
    places = {content[name] for name in ("variant_id", "location_id") if name in content}
    is_movement = all(isinstance(each["location"], str) and isinstance(each["delta"], int) for each in moves)
    return operation.effect != "read" and is_movement and all(map(parse_uuid, places))


def _refuse_later_counts(engine: Engine, plan: Plan) -> None:
    """RefusedError if a count that has started since the plan was made has counted one of its places."""
    later = EarlierCounts.read(engine.runs, engine.session.scope, engine.now())
    # The ids of runs and plans start with the same time.
    known = {run: places for run, places in later.runs.items() if run < str(plan.id)}
    places = {(row.content["variant_id"], row.content["location_id"]) for row in plan.rows}
    replace(later, runs=known).check_still(later, places)
