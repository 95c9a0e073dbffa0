"""The engine with a verb of another kind: one small class is all that it needs."""

import json
import ssl
from collections.abc import Callable, Iterable
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest

from synq_cli.bulk.engine import Engine
from synq_cli.bulk.journal import Content, Receipt, Row, hash_of
from synq_cli.bulk.plan import Plan
from synq_cli.bulk.verbs.adjust_stock import AdjustStock
from synq_cli.bulk.verbs.transfer_stock import TransferStock
from synq_cli.bulk.verbs.verb import Verb
from synq_cli.cli.context import RunContext
from synq_cli.cli.system import System
from synq_cli.errors import NetworkError, RefusedError, UsageError
from synq_cli.http.guard import Write
from synq_cli.http.operation import Operation

NOW = 1_795_521_600.0


class SendGreetings(Verb):
    name = "greetings send"
    noun = "greeting"
    operation = Operation("greet", "POST", "/greet", "the greeting", effect="create", retry="keyed")
    undo_hint = "Say goodbye."

    def body(self, content: Content) -> object:
        return {"idempotency_key": content["key"]}

    def receipt(self, _content: Content, answer: Any) -> Receipt:
        return Receipt(answer["id"])


class Host(httpx.BaseTransport):
    """Greets each key once, and loses its first answers; `unreachable` is raised instead of taking a request.

    `meanwhile` is called while it has a request.
    """

    meanwhile: Callable[[], None] | None = None

    def __init__(self, lose: int, unreachable: Exception | None = None) -> None:
        self.lose = lose
        self.unreachable = unreachable
        self.keys: list[str] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self.unreachable:
            raise self.unreachable
        key = json.loads(request.read())["idempotency_key"]
        self.keys.append(key)
        if self.meanwhile:
            self.meanwhile()
        if len(self.keys) <= self.lose:
            raise httpx.ReadError("reset")
        return httpx.Response(200, json={"id": f"id of {key}"})


def engine(
    folder: Path, host: httpx.BaseTransport | None, *, at: float = NOW, set_back: float = 0.0, **variables: str
) -> tuple[RunContext, Engine]:
    """A run and its engine; its clock is set back during the first sleep."""
    clock, steps = [at], iter([set_back])

    def sleep(seconds: float) -> None:
        clock[0] += seconds - next(steps, 0.0)

    environ = {"SYNQ_CONFIG_DIR": str(folder), "SYNQ_STATE_DIR": str(folder)}
    environ |= {"SYNQ_BASE_URL": "http://127.0.0.1", "SYNQ_TOKEN": "opaque-token-0123456789", **variables}
    system = System(environ, now=lambda: clock[0], sleep=sleep, http=host)
    run = RunContext(system, [])
    return run, Engine(
        run.runs, run.api, run.session, run.budget, run.open_transport, run.output, now=lambda: clock[0], sleep=sleep,
        workers=1, verbs=[SendGreetings(run.api)],
    )  # fmt: skip


def planned(run: RunContext, greetings: Engine, *names: str) -> Plan:
    rows = [Row(line, {"key": f"key of {name}"}, hashes=hash_of(name)) for line, name in enumerate(names, 2)]
    verb = SendGreetings(run.api)
    return greetings.plan(verb, lambda: Plan(verb, rows), "names.csv", None, with_levels=True)


def test_keyed_row_whose_answer_was_lost_is_sent_again_with_its_key(memory: Path) -> None:
    host = Host(lose=2)
    run, greetings = engine(memory, host)
    plan = planned(run, greetings, "Ann", "Bob")
    assert plan.lines() == ["2 rows of names.csv: 2 requests, under a minute at the current rate limit."]
    assert (plan.as_row()["net"], plan.as_row()["largest"]) == ([], [])
    outcome = greetings.start(plan)
    outcome.check()
    assert host.keys == ["key of Ann"] * 3 + ["key of Bob"]
    assert [row.receipt for row in outcome.entries] == ["id of key of Ann", "id of key of Bob"]


def test_rows_are_held_against_the_guard_when_they_are_planned_and_before_they_are_sent(memory: Path) -> None:
    class Once:
        """Permits the rows of the first check."""

        def __init__(self) -> None:
            self.lines: list[list[int | None]] = []

        def check(self, writes: Iterable[Write]) -> None:
            self.lines.append([write.line for write in writes])
            if len(self.lines) > 1:
                raise RefusedError("Refused.")

    host, guard = Host(lose=0), Once()
    run, runs = engine(memory, host)
    run.api.transport.guard = guard
    plan = planned(run, runs, "Ann", "Bob")
    with pytest.raises(RefusedError):
        runs.start(plan)
    assert (guard.lines, host.keys) == ([[2, 3], [2, 3]], [])


def test_a_clock_that_is_set_back_holds_up_no_row(memory: Path) -> None:
    run, greetings = engine(memory, Host(lose=3), set_back=7200)
    greetings.start(planned(run, greetings, "Ann", "Bob")).check()
    assert run.system.now() - NOW + 7200 < 10  # the backoff after three lost answers


def test_a_run_makes_do_with_the_threads_that_the_system_allows(memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    start, workers = Thread.start, []

    def start_one_worker(thread: Any) -> None:
        if thread._target.__name__ == "_work":
            workers.append(thread)
            if len(workers) > 1:
                raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(Thread, "start", start_one_worker)
    host = Host(lose=0)
    run, greetings = engine(memory, host)
    greetings.workers = 3
    greetings.start(planned(run, greetings, "Ann", "Bob", "Cid")).check()
    assert (sorted(host.keys), len(workers)) == (["key of Ann", "key of Bob", "key of Cid"], 2)


def test_resume_sends_an_unknown_keyed_row_again(memory: Path) -> None:
    host = Host(lose=10**6)
    run, greetings = engine(memory, host)
    outcome = greetings.start(planned(run, greetings, "Ann"))
    assert outcome.row["unknown_lines"] == [2]
    host.lose = 0
    _, later = engine(memory, host)
    later.resume(outcome.row["id"], ()).check()
    assert set(host.keys) == {"key of Ann"}


def test_verb_without_a_reverse_can_not_be_undone(memory: Path) -> None:
    run, greetings = engine(memory, Host(lose=0))
    name = greetings.start(planned(run, greetings, "Ann")).row["id"]
    with pytest.raises(RefusedError, match="can't be undone"):
        greetings.plan_undo(name, with_levels=False)


def untrusted() -> Exception:
    """What httpx raises for a certificate that is not trusted."""
    error, cause = httpx.ConnectError("certificate verify failed"), ssl.SSLCertVerificationError()
    cause.verify_code, cause.verify_message = 10, "certificate has expired"
    error.__cause__ = cause
    return error


def test_untrusted_certificate_stops_the_run_and_leaves_its_rows_pending(memory: Path) -> None:
    host = Host(lose=0, unreachable=untrusted())
    run, greetings = engine(memory, host)
    outcome = greetings.start(planned(run, greetings, "Ann", "Bob"))
    with pytest.raises(NetworkError, match=r"^The certificate of 127.0.0.1 is not trusted: it has expired\.") as caught:
        outcome.check()
    assert caught.value.retryable is False
    assert [entry.state for entry in outcome.entries] == ["pending", "pending"]
    host.unreachable = None
    engine(memory, host)[1].resume(outcome.row["id"], ()).check()
    assert host.keys == ["key of Ann", "key of Bob"]


@pytest.mark.parametrize(
    "variables",
    [
        {"HTTPS_PROXY": "socks4://127.0.0.1"},
        {"HTTPS_PROXY": "http://256.256.256.256:1"},
        {"HTTPS_PROXY": "http://a..b:1"},
        {"SSL_CERT_FILE": "/nonexistent"},
    ],
)
def test_unusable_proxy_or_certificates_are_found_before_a_run_is_journaled(
    memory: Path, variables: dict[str, str]
) -> None:
    run, greetings = engine(memory, None, SYNQ_BASE_URL="https://api.test", **variables)
    with pytest.raises(UsageError, match=f"^Invalid .*{next(iter(variables))}"):
        planned(run, greetings, "Ann")
    assert run.runs.rows() == []


def test_proxy_that_became_unusable_leaves_rows_pending(memory: Path) -> None:
    url = {"SYNQ_BASE_URL": "https://api.test"}
    plan = planned(*engine(memory, Host(lose=0), **url), "Ann")
    outcome = engine(memory, None, **url, HTTPS_PROXY="socks4://127.0.0.1")[1].start(plan)
    with pytest.raises(UsageError):
        outcome.check()
    assert [entry.state for entry in outcome.entries] == ["pending"]
    host = Host(lose=0)
    engine(memory, host, **url)[1].resume(outcome.row["id"], ()).check()
    assert host.keys == ["key of Ann"]


def test_of_two_processes_with_the_same_rows_the_second_sends_nothing(memory: Path) -> None:
    host = Host(lose=0)
    (run, first), (other, second) = engine(memory, host), engine(memory, host)
    plan, late = planned(run, first, "Ann", "Bob"), planned(other, second, "Bob", "Ann")
    assert (plan.repeat, late.repeat) == (None, None)
    refusals: list[str] = []

    def start_second() -> None:
        with pytest.raises(RefusedError) as caught:
            second.start(late)
        refusals.append(f"{caught.value.message} {caught.value.hint}")

    host.meanwhile = start_second
    name = first.start(plan).row["id"]
    start_second()
    running = f"These 2 rows are part of run {name}, which is running. Nothing was sent. "
    running += f"`synq runs show {name}` shows its progress. To post them again, add --again."
    assert refusals[:2] == [running, running]
    assert refusals[2].endswith(f" by run {name}. Nothing was sent. To post them again, add --again.")
    assert host.keys == ["key of Ann", "key of Bob"]
    assert len(run.runs.rows()) == 1


def test_confirmed_repeat_is_sent_unless_a_third_process_has_sent_it_meanwhile(memory: Path) -> None:
    host = Host(lose=0)
    run, greetings = engine(memory, host)
    greetings.start(planned(run, greetings, "Ann"))
    confirmed, late = (planned(*engine(memory, host), "Ann") for _ in range(2))
    assert confirmed.repeat == late.repeat is not None
    engine(memory, host, at=NOW + 0.5)[1].start(confirmed)
    with pytest.raises(RefusedError, match="This row was posted"):
        engine(memory, host, at=NOW + 1)[1].start(late)
    assert len(host.keys) == 2


class CountStock(AdjustStock):
    name = "greetings count"


@pytest.mark.parametrize("kinds", [(CountStock, AdjustStock), (AdjustStock, CountStock)])
def test_row_claims_no_entry_that_a_run_of_another_kind_may_have_posted(
    memory: Path, kinds: tuple[type[AdjustStock], type[AdjustStock]]
) -> None:
    move = {
        "variant_id": f"{'a' * 8}-1111-4111-8111-111111111111",
        "location_id": f"{'b' * 8}-1111-4111-8111-111111111111",
    }
    entry = {"id": "entry", **move, "quantity_delta": 5, "transaction_type": "adjustment"}
    entry["created_at"] = "2026-11-24T12:00:00Z"

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            raise httpx.ReadError("reset")
        return httpx.Response(200, json={"entries": [entry]}) if ledger_answers else httpx.Response(400)

    run, stock = engine(memory, httpx.MockTransport(answer))
    stock.verbs = [CountStock(run.api)]
    names, ledger_answers = [], False
    for kind in kinds:
        plan = Plan(kind(run.api), [Row(2, {"sku": "A", "location": "B", "delta": 5, **move})])
        names.append(stock.start(plan).row["id"])
    ledger_answers = True
    assert [stock.resume(name, ()).row["unknown"] for name in names] == [1, 1]
    with run.runs.open(names[1]) as other:
        other.path.unlink()
    outcome = stock.resume(names[0], ())
    assert (outcome.row["done"], outcome.entries[0].receipt) == (1, "entry")


def test_transfer_that_was_resumed_since_its_undo_was_planned_is_not_undone(memory: Path) -> None:
    """The units would be in both places."""
    posted: list[int] = []
    is_refused = True

    def answer(request: httpx.Request) -> httpx.Response:
        posted.append(json.loads(request.content)["quantity_delta"])
        return httpx.Response(400 if is_refused and posted[-1] > 0 else 200, json={"id": f"entry {len(posted)}"})

    run, stock = engine(memory, httpx.MockTransport(answer))
    content = {"sku": "A", "quantity": 5, "from": "B", "to": "C", "variant_id": "a", "location_id": "b", "next_id": "c"}
    name = stock.start(Plan(TransferStock(run.api), [Row(2, content | {"delta": -5})])).row["id"]
    plan = stock.plan_undo(name, with_levels=False)
    is_refused = False
    assert stock.resume(name, ()).row["done"] == 1
    with pytest.raises(RefusedError, match="was resumed meanwhile"):
        stock.start(plan)
    stock.start(stock.plan_undo(name, with_levels=False))
    assert posted == [-5, 5, 5, -5, 5]


def test_run_whose_rows_a_later_run_has_posted_is_not_resumed(memory: Path) -> None:
    host = Host(lose=0, unreachable=untrusted())
    run, greetings = engine(memory, host)
    name = greetings.start(planned(run, greetings, "Ann", "Bob")).row["id"]
    host.unreachable = None
    run, later = engine(memory, host, at=NOW + 60)
    other = later.start(planned(run, later, "Bob", "Ann")).row["id"]
    for attempt in (later.plan_resume, later.resume):
        with pytest.raises(
            RefusedError, match=f"^Run {name} can't be resumed: a later run has the same rows. These 2 rows .* {other}"
        ):
            attempt(name, ())
    assert len(host.keys) == 2
