"""Whatever fails and whenever: the tenant has each row at most once, and each row that is not done is reported."""

import json
import os
import random
import sqlite3
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import NoReturn

import httpx
import pytest

from synq_cli.bulk.engine import Engine
from synq_cli.bulk.outcome import Outcome
from synq_cli.bulk.runs.journal import Entry, Journal
from synq_cli.bulk.verbs.adjustments import ADJUSTMENTS
from synq_cli.bulk.verbs.imports import imports, parts_of
from synq_cli.bulk.verbs.placements import PLACEMENTS
from synq_cli.cli.context import RunContext
from synq_cli.cli.system import System
from synq_cli.errors import SynqError
from synq_cli.http.client import in_process
from synq_cli.sandbox.seed.seed import DEFAULT_SEED
from synq_cli.sandbox.server.app import create_app
from synq_cli.sandbox.server.identity import issue_token
from synq_cli.sandbox.store.store import create

SCHEDULES = int(os.environ.get("SYNQ_SCHEDULES", "300"))
NOW = 1_795_521_600.0
URL = "http://127.0.0.1"  # no TLS to set up for each process
FAULTS = [
    "lost before", "lost after", "500 before", "500 after", "429", "400", "not sent", "401", "kill before",
    "kill after", "nonsense",
]  # fmt: skip
REFUSALS = {"429": 429, "400": 400, "401": 401, "500 before": 500}
# Those that reading the ledger meets as well.
READING = {"lost before", "500 before", "429", "kill before"}


class Killed(BaseException):
    """The process ends here: nothing of ours runs after it."""


class World:
    """A tenant, a clock, and the schedule of what goes wrong."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.at = NOW
        self.file = folder / "sandbox.sqlite3"
        create(self.file, DEFAULT_SEED, NOW)
        self.app = in_process(create_app(self.file, lambda: self.at))
        self.token = issue_token(self.file, role="ADMIN", expires_in=1e9, now=lambda: self.at)
        with closing(sqlite3.connect(self.file)) as database:
            self.skus = [row[0] for row in database.execute("SELECT sku FROM live_variants ORDER BY sku LIMIT 40")]
        self.faults: list[str] = []
        self.ticks_left: int | None = None
        self.killed = False
        self.runs: set[str] = set()

    def now(self) -> float:
        if self.ticks_left is not None:
            self.ticks_left -= 1
            if self.ticks_left < 0:
                self.kill()
        self.live()
        return self.at

    def sleep(self, seconds: float) -> None:
        self.live()
        self.at += seconds

    def kill(self) -> NoReturn:
        """End the process, with all its workers: none of them gets at the clock or the network again."""
        self.ticks_left, self.killed = None, True
        raise Killed

    def live(self) -> None:
        if self.killed:
            raise Killed

    def last_entry(self) -> int:
        with closing(sqlite3.connect(self.file)) as database:
            return int(database.execute("SELECT IFNULL(MAX(sequence), 0) FROM ledger").fetchone()[0])

    def entries_since(self, mark: int) -> list[tuple[str, str, str, int]]:
        with closing(sqlite3.connect(self.file)) as database:
            return database.execute(
                "SELECT id, variant_id, location_id, quantity_delta FROM ledger WHERE sequence > ?", (mark,)
            ).fetchall()

    def orders(self) -> dict[str, list[str]]:
        """The ids of all orders by their payment's reference."""
        found: dict[str, list[str]] = {}
        with closing(sqlite3.connect(self.file)) as database:
            for identifier, reference in database.execute("SELECT id, payment_reference FROM orders"):
                found.setdefault(reference, []).append(identifier)
        return found

    def imports(self) -> dict[str, list[str]]:
        """The ids of all imports by the title of their first row."""
        found: dict[str, list[str]] = {}
        with closing(sqlite3.connect(self.file)) as database:
            for identifier, rows in database.execute("SELECT id, payload_json FROM bulk_jobs"):
                found.setdefault(str(json.loads(rows)[0].get("title")), []).append(identifier)
        return found

    def forget_old_runs(self) -> None:
        """Each go looks through all journals; some of the latest are enough to be mistaken for."""
        for path in sorted((self.folder / "runs").glob("*.sqlite3"))[:-4]:
            path.unlink()

    def engine(self, workers: int) -> tuple[RunContext, Engine]:
        """A new process on the same folders."""
        environ = {"SYNQ_CONFIG_DIR": str(self.folder), "SYNQ_STATE_DIR": str(self.folder)}
        environ |= {"SYNQ_BASE_URL": URL, "SYNQ_TOKEN": self.token, "SYNQ_MAX_WAIT": "3600"}
        system = System(environ, now=self.now, sleep=self.sleep, jitter=lambda: 0.5, http=Faulty(self))
        run = RunContext(system, [])
        return run, Engine(
            run.runs, run.api, run.session, run.budget, run._lane, run.output, now=self.now, sleep=self.sleep,
            workers=workers,
        )  # fmt: skip


class Faulty(httpx.BaseTransport):
    """The way to the tenant, on which the schedule's faults happen to what writes, one after the other."""

    def __init__(self, world: World) -> None:
        self.world = world

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        world = self.world
        world.live()
        due = world.faults and (request.method == "POST" or world.faults[0] in READING)
        fault = world.faults.pop(0) if due else ""
        world.at += 0.05
        self.fail(fault, before=True)
        if fault in REFUSALS:
            return httpx.Response(REFUSALS[fault], json={"error": "No"}, headers={"Retry-After": "2"})
        answer = world.app.handle_request(request)
        answer.read()
        world.at += 0.05
        self.fail(fault, before=False)
        if fault == "500 after":
            return httpx.Response(500, json={"error": "Failed to adjust inventory"})
        return httpx.Response(200, text="<html>") if fault == "nonsense" else answer

    def fail(self, fault: str, *, before: bool) -> None:
        """End the process, or lose the request or its answer."""
        if fault == ("kill before" if before else "kill after"):
            self.world.kill()
        if before and fault == "not sent":
            raise httpx.ConnectError("unreachable")
        if fault == ("lost before" if before else "lost after"):
            raise httpx.ReadTimeout("late")


def go(world: World, workers: int, work: Callable[[Engine], Outcome]) -> Outcome | None:
    """What one process leaves behind: how its go ended; None if it was killed."""
    run, engine = world.engine(workers)
    outcome, others = None, set(threading.enumerate())
    with suppress(Killed):
        outcome = work(engine)
    deadline = time.monotonic() + 60
    while late := set(threading.enumerate()) - others:
        assert time.monotonic() < deadline, f"still running: {late}"
        for worker in late:
            with suppress(RuntimeError):  # it is just being started
                worker.join(1)  # what it writes last is there before anybody looks
    world.ticks_left, world.killed = None, False
    run.close()
    return outcome


def arm(world: World, draw: random.Random, chance: float) -> None:
    """Draw what goes wrong next."""
    world.faults = [draw.choice(FAULTS) if draw.random() < chance else "" for _ in range(12)]
    world.ticks_left = draw.randint(0, 80) if draw.random() < chance / 2 else None


def new_run(world: World) -> str | None:
    """The run that the last process began; None if it was killed before there was a journal."""
    runs = {path.stem for path in (world.folder / "runs").glob("*.sqlite3")} - world.runs
    world.runs |= runs
    return runs.pop() if runs else None


def play(world: World, seed: int) -> Counter[str]:
    """One schedule from the file to the last resume; how many rows ended in which state."""
    draw = random.Random(seed)
    workers = draw.choice([1, 1, 1, 3])
    rows = [
        f"{sku},{draw.choice([-2, -1, 1, 2])},Leith warehouse\n" for sku in draw.sample(world.skus, draw.randint(1, 6))
    ]
    mark = world.last_entry()

    def start(engine: Engine) -> Outcome:
        text = "sku,delta,location\n" + "".join(rows)
        plan = engine.plan(ADJUSTMENTS, text, str(world.folder / "counts.csv"), place=None, with_levels=False)
        arm(world, draw, 0.5)
        return engine.start(plan)

    outcome = go(world, workers, start)
    name = new_run(world)
    if name is None:
        assert world.entries_since(mark) == []  # killed before there was a journal
        return Counter()
    judge(world, name, mark, outcome)
    for chance in [0.4] * draw.randint(0, 3) + [0.0]:
        arm(world, draw, chance)
        outcome = go(world, workers, lambda engine: engine.resume(name, ()))
        states = judge(world, name, mark, outcome)
    assert states["pending"] == states["sent"] == 0
    assert sum(states.values()) == len(rows)
    return states


def judge(world: World, name: str, mark: int, outcome: Outcome | None) -> Counter[str]:
    """Hold the journal against the tenant's own ledger; the rows by state."""
    posted: dict[tuple[str, str, int], list[str]] = {}
    for identifier, *what in world.entries_since(mark):
        posted.setdefault(tuple(what), []).append(identifier)
    with Journal(world.folder / "runs" / f"{name}.sqlite3") as journal:
        rows = journal.entries()
    for row in rows:
        what = (row.content["variant_id"], row.content["location_id"], row.content["delta"])
        found = posted.pop(what, [])
        assert len(found) <= 1, f"{row} is there twice"
        if row.state == "done":
            assert found == [row.receipt]
        elif row.state in {"failed", "pending"}:
            assert found == []
    assert posted == {}
    hold_to_account(rows, outcome)
    return Counter(row.state for row in rows)


def hold_to_account(rows: list[Entry], outcome: Outcome | None) -> None:
    """What a go said at its end, if it came to that, is what the journal says; what is not done is an error."""
    if outcome is not None:
        told = {state: outcome.row[state] for state in ("done", "failed", "unknown", "pending")}
        assert sum(told.values()) == outcome.row["rows"] == len(rows)
        assert outcome.row["unknown_lines"] == [row.line for row in rows if row.state == "unknown"]
        if told["done"] < len(rows):
            with pytest.raises(SynqError):
                outcome.check()


def test_no_row_is_lost_and_none_counts_twice(memory: Path) -> None:
    world = World(memory)
    ended: Counter[str] = Counter()
    for seed in range(SCHEDULES):
        try:
            ended += play(world, seed)
        except AssertionError as error:
            error.add_note(f"in the schedule {seed}")
            raise
        world.forget_old_runs()
    sys.stdout.write(f"{SCHEDULES} schedules, rows by state: {dict(ended)}\n")
    # A schedule without faults would prove nothing, and neither would one in which all is lost.
    assert ended["done"] > ended["unknown"] > 0
    assert ended["failed"] > 0


def play_orders(world: World, seed: int) -> Counter[str]:
    """The same for orders, which go again under their keys."""
    draw = random.Random(seed)
    workers = draw.choice([1, 1, 1, 3])
    wanted = [f"{seed}-{n}" for n in range(draw.randint(1, 6))]
    text = "".join(json.dumps(order(reference)) + "\n" for reference in wanted)

    def start(engine: Engine) -> Outcome:
        plan = engine.plan(PLACEMENTS, text, str(world.folder / "orders.ndjson"), place=None, with_levels=False)
        arm(world, draw, 0.7)
        return engine.start(plan)

    outcome = go(world, workers, start)
    name = new_run(world)
    if name is None:
        assert not world.orders().keys() & set(wanted)
        return Counter()
    seen = judge_orders(world, name, wanted, outcome)
    for chance in [0.9] * draw.randint(0, 3) + [0.0]:
        arm(world, draw, chance)
        outcome = go(world, workers, lambda engine: engine.resume(name, ()))
        states = judge_orders(world, name, wanted, outcome)
        seen["unknown"] += states["unknown"]
    # Sent again until there is an answer, nothing stays unknown.
    assert states["done"] + states["failed"] == len(wanted)
    return states + Counter(seen_unknown=seen["unknown"])


def order(reference: str) -> dict[str, object]:
    item = {"product_title": "Made-to-measure repair", "quantity": 1, "unit_price": 89.5}
    return {"payment_provider": "stripe", "payment_reference": reference, "currency": "GBP", "items": [item]}


def judge_orders(world: World, name: str, wanted: list[str], outcome: Outcome | None) -> Counter[str]:
    """Hold the journal against the tenant's own orders; the rows by state."""
    placed = world.orders()
    with Journal(world.folder / "runs" / f"{name}.sqlite3") as journal:
        rows = journal.entries()
    assert [row.content["payment_reference"] for row in rows] == wanted
    for row in rows:
        found = placed.get(row.content["payment_reference"], [])
        assert len(found) <= 1, f"{row} is there twice"
        if row.state == "done":
            assert found == [row.receipt]
        elif row.state == "failed" or (row.state == "pending" and not row.is_doubtful):
            assert found == []
    hold_to_account(rows, outcome)
    return Counter(row.state for row in rows)


def test_no_order_is_lost_and_none_is_placed_twice(memory: Path) -> None:
    world = World(memory)
    ended: Counter[str] = Counter()
    for seed in range(SCHEDULES // 6):
        try:
            ended += play_orders(world, seed)
        except AssertionError as error:
            error.add_note(f"in the schedule {seed}")
            raise
        world.forget_old_runs()
    sys.stdout.write(f"{SCHEDULES // 6} schedules of orders, rows by state: {dict(ended)}\n")
    assert ended["done"] > ended["failed"] > 0
    assert ended["seen_unknown"] > 0


def play_imports(world: World, seed: int) -> Counter[str]:
    """The same for the jobs of an import, which are looked for by what they hold."""
    draw = random.Random(seed)
    titles = [f"{seed}-{n}" for n in range(draw.randint(1, 5))]
    file = world.folder / f"{seed}.csv"
    file.write_text("title\n" + "\n".join(titles), encoding="utf-8")

    def start(engine: Engine) -> Outcome:
        cut = lambda: parts_of(file, "catalog.csv", largest=25)  # noqa: E731 a row a job
        plan = engine.plan_parts(imports(engine._api.bulk_jobs), cut, "catalog.csv", file)
        arm(world, draw, 0.5)
        return engine.start(plan)

    outcome = go(world, 1, start)
    name = new_run(world)
    if name is None:
        assert not world.imports().keys() & set(titles)
        return Counter()
    states = judge_imports(world, name, titles, outcome)
    for chance in [0.4] * draw.randint(0, 2) + [0.0]:
        arm(world, draw, chance)
        outcome = go(world, 1, lambda engine: engine.resume(name, ()))
        states = judge_imports(world, name, titles, outcome)
    assert states["pending"] == states["sent"] == 0
    return states


def judge_imports(world: World, name: str, titles: list[str], outcome: Outcome | None) -> Counter[str]:
    """Hold the journal against the tenant's own jobs; the parts by state."""
    made = world.imports()
    with Journal(world.folder / "runs" / f"{name}.sqlite3") as journal:
        rows = journal.entries()
    for title, row in zip(titles, rows, strict=True):
        found = made.get(title, [])
        assert len(found) <= 1, f"{row} is there twice"
        if row.state == "done":
            assert found == [row.receipt]
        elif row.state in {"failed", "pending"}:
            assert found == []
    hold_to_account(rows, outcome)
    return Counter(row.state for row in rows)


def test_no_part_of_an_import_is_lost_and_none_is_there_twice(memory: Path) -> None:
    world = World(memory)
    ended: Counter[str] = Counter()
    for seed in range(SCHEDULES // 6):
        try:
            ended += play_imports(world, seed)
        except AssertionError as error:
            error.add_note(f"in the schedule {seed}")
            raise
        world.forget_old_runs()
    sys.stdout.write(f"{SCHEDULES // 6} schedules of imports, jobs by state: {dict(ended)}\n")
    assert ended["done"] > ended["unknown"] > 0
    assert ended["failed"] > 0
