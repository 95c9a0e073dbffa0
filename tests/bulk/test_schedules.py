"""Random schedules of faults: the tenant has each row at most once, and each row that is not done is reported."""

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
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import httpx
import pytest

from synq_cli.bulk.engine import Engine
from synq_cli.bulk.journal import Journal, Row
from synq_cli.bulk.plan import Plan
from synq_cli.bulk.report import Outcome
from synq_cli.bulk.verbs.adjust_stock import AdjustStock
from synq_cli.bulk.verbs.create_orders import CreateOrders
from synq_cli.bulk.verbs.import_products import ImportProducts
from synq_cli.bulk.verbs.move_orders import FulfillOrders
from synq_cli.cli.context import RunContext
from synq_cli.cli.system import System
from synq_cli.errors import SynqError
from synq_cli.http.client import in_process
from synq_cli.resources.client import SynqClient
from synq_cli.sandbox.seed.seed import DEFAULT_SEED
from synq_cli.sandbox.server.app import create_app
from synq_cli.sandbox.server.identity import issue_token
from synq_cli.sandbox.store.store import create

# Of each kind; `make soak` plays many more.
SCHEDULES = int(os.environ.get("SYNQ_SCHEDULES", "8"))
NOW = 1_795_521_600.0
URL = "http://127.0.0.1"  # no TLS to set up for each process
FAULTS = [
    "lost before", "lost after", "500 before", "500 after", "429", "400", "not sent", "401", "kill before",
    "kill after", "nonsense",
]  # fmt: skip
REFUSALS = {"429": 429, "400": 400, "401": 401, "500 before": 500}
# Those that reading the ledger can meet as well.
READING = {"lost before", "500 before", "429", "kill before"}


class Killed(BaseException):
    """The process was killed."""


class World:
    """A tenant, a clock, and the schedule of faults."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.at = NOW
        self.file = folder / "sandbox.sqlite3"
        create(self.file, DEFAULT_SEED, NOW)
        self.app = in_process(create_app(self.file, lambda: self.at))
        self.token = issue_token(self.file, role="ADMIN", expires_in=1e9, now=lambda: self.at)
        self.skus = [row[0] for row in self.query("SELECT sku FROM live_variants ORDER BY sku LIMIT 40")]
        self.faults: list[str] = []
        self.applied = 0  # faults so far
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
        """Kill the process with all its workers: none of them reaches the clock or the network again."""
        self.ticks_left, self.killed = None, True
        raise Killed

    def live(self) -> None:
        if self.killed:
            raise Killed

    def query(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.file)) as database:
            return database.execute(sql, values).fetchall()

    def copy(self, table: str, condition: str, **values: object) -> None:
        """Add a copy of a row with other values."""
        with closing(sqlite3.connect(self.file)) as database, database:
            database.row_factory = sqlite3.Row
            row = dict(database.execute(f"SELECT * FROM {table} WHERE {condition} LIMIT 1").fetchone()) | values
            marks = ", ".join("?" * len(row))
            database.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", list(row.values()))

    def forget_old_runs(self) -> None:
        """Every process reads all journals; the latest few are enough to be mistaken for."""
        for path in sorted((self.folder / "runs").glob("*.sqlite3"))[:-4]:
            path.unlink()

    def engine(self, workers: int) -> tuple[RunContext, Engine]:
        """A new process on the same folders."""
        environ = {"SYNQ_CONFIG_DIR": str(self.folder), "SYNQ_STATE_DIR": str(self.folder)}
        environ |= {"SYNQ_BASE_URL": URL, "SYNQ_TOKEN": self.token, "SYNQ_MAX_WAIT": "3600"}
        system = System(environ, now=self.now, sleep=self.sleep, jitter=lambda: 0.5, http=Faulty(self))
        run = RunContext(system, [])
        return run, Engine(
            run.runs, run.api, run.session, run.budget, run.open_transport, run.output, now=self.now, sleep=self.sleep,
            workers=workers,
        )  # fmt: skip


class Faulty(httpx.BaseTransport):
    """A transport to the tenant that applies the schedule's faults to writes, one after the other."""

    def __init__(self, world: World) -> None:
        self.world = world

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        world = self.world
        world.live()
        due = world.faults and (request.method == "POST" or world.faults[0] in READING)
        fault = world.faults.pop(0) if due else ""
        world.applied += bool(fault)
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
        """Kill the process, or lose the request or its answer."""
        if fault == ("kill before" if before else "kill after"):
            self.world.kill()
        if before and fault == "not sent":
            raise httpx.ConnectError("unreachable")
        if fault == ("lost before" if before else "lost after"):
            raise httpx.ReadTimeout("late")


@dataclass(frozen=True)
class Case:
    """One file to send: its plan, what the tenant has of each row by a key, and how likely faults are.

    `has` lists the records of the tenant as (key, id), `key` is that of a row in the journal.
    """

    size: int
    plan: Callable[[SynqClient, Engine], Plan]
    has: Callable[[], list[tuple[object, str]]]
    key: Callable[[Row], object]
    likely: tuple[float, float]


def adjustments(world: World, rng: random.Random, _seed: int) -> Case:
    skus = rng.sample(world.skus, rng.randint(1, 6))
    text = "sku,delta,location\n" + "".join(f"{sku},{rng.choice([-2, -1, 1, 2])},Leith warehouse\n" for sku in skus)
    file = world.folder / "counts.csv"  # beside which failed rows are written
    ((mark,),) = world.query("SELECT IFNULL(MAX(sequence), 0) FROM ledger")
    sql = "SELECT variant_id || location_id || quantity_delta, id FROM ledger WHERE sequence > ?"
    return Case(
        len(skus),
        lambda api, engine: engine.plan(verb := AdjustStock(api), lambda: verb.read(text, "f", None), "f", file),
        lambda: world.query(sql, mark),
        lambda row: f"{row.content['variant_id']}{row.content['location_id']}{row.content['delta']}",
        (0.5, 0.4),
    )


def orders(world: World, rng: random.Random, seed: int) -> Case:
    item = {"product_title": "Made-to-measure repair", "quantity": 1, "unit_price": 89.5}
    order = {"payment_provider": "stripe", "currency": "GBP", "items": [item]}
    file, size = world.folder / "orders.ndjson", rng.randint(1, 6)
    text = "".join(json.dumps(order | {"payment_reference": f"{seed}-{n}"}) + "\n" for n in range(size))
    return Case(
        size,
        lambda api, engine: engine.plan(verb := CreateOrders(api), lambda: verb.read(text, "f", None), "f", file),
        lambda: world.query("SELECT payment_reference, id FROM orders WHERE payment_reference LIKE ?", f"{seed}-%"),
        lambda row: row.content["payment_reference"],
        (0.7, 0.9),
    )


def imports(world: World, rng: random.Random, seed: int) -> Case:
    file, size = world.folder / f"{seed}.csv", rng.randint(1, 5)
    file.write_text("title\n" + "".join(f"{seed}-{n}\n" for n in range(size)), encoding="utf-8")

    def has() -> list[tuple[object, str]]:
        jobs = [
            (json.loads(rows)[0]["title"], name) for name, rows in world.query("SELECT id, payload_json FROM bulk_jobs")
        ]
        return [(title, name) for title, name in jobs if title.startswith(f"{seed}-")]

    def plan(api: SynqClient, engine: Engine) -> Plan:
        verb = ImportProducts(api)
        return engine.plan(verb, lambda: verb.read(file, "f", largest=25), "f", file)  # a row a job

    lines = {n + 2: f"{seed}-{n}" for n in range(size)}
    return Case(size, plan, has, lambda row: lines[row.line], (0.5, 0.4))


def parcels(world: World, rng: random.Random, seed: int) -> Case:
    """Parcels of one order, which must be sent one after the other."""
    order, size = f"{seed:08}-8a3e-4619-b7d0-5e9c1f84a26b", rng.randint(1, 6)
    world.copy("orders", "status = 'confirmed'", id=order, idempotency_key=order)
    world.copy("order_items", "TRUE", id=order, order_id=order, variant_id=None, sku="X", quantity=size)
    text = "Order,Tracking no.,SKU,Qty\n" + "".join(f"{order},T{n},X,1\n" for n in range(size))
    file = world.folder / "parcels.csv"
    return Case(
        size,
        lambda api, engine: engine.plan(
            verb := FulfillOrders(api), lambda: verb.read(text, "f", None, None), "f", file
        ),
        lambda: world.query("SELECT tracking_number, id FROM fulfillments WHERE order_id = ?", order),
        lambda row: row.content["tracking_number"],
        (0.5, 0.4),
    )


def play(world: World, case: Case, rng: random.Random, workers: int) -> Counter[str]:
    """One schedule, from the file to the last resume; its rows by their last state, and all unknown ones seen."""

    def start(api: SynqClient, engine: Engine) -> Outcome:
        plan = case.plan(api, engine)
        arm(world, rng, case.likely[0])
        return engine.start(plan)

    outcome = go(world, workers, start)
    if (name := new_run(world)) is None:
        assert case.has() == []  # killed before there was a journal
        return Counter()
    states = judge(world, case, name, outcome)
    seen = states["unknown"]
    for chance in [case.likely[1]] * rng.randint(0, 3) + [0.0]:
        arm(world, rng, chance)
        outcome = go(world, workers, lambda _api, engine: engine.resume(name, ()))
        states = judge(world, case, name, outcome)
        seen += states["unknown"]
    assert states["pending"] == states["sent"] == 0
    return states + Counter(seen_unknown=seen)


def go(world: World, workers: int, work: Callable[[SynqClient, Engine], Outcome]) -> Outcome | None:
    """The outcome of one process; None if it was killed."""
    run, engine = world.engine(workers)
    outcome, others = None, set(threading.enumerate())
    with suppress(Killed):
        outcome = work(run.api, engine)
    deadline = time.monotonic() + 60
    while late := set(threading.enumerate()) - others:
        assert time.monotonic() < deadline, f"still running: {late}"
        for worker in late:
            with suppress(RuntimeError):  # it is just being started
                worker.join(1)  # so that its last write is there
    world.ticks_left, world.killed = None, False
    run.close()
    return outcome


def arm(world: World, rng: random.Random, chance: float) -> None:
    """Draw the next faults."""
    world.faults = [rng.choice(FAULTS) if rng.random() < chance else "" for _ in range(12)]
    world.ticks_left = rng.randint(0, 80) if rng.random() < chance / 2 else None


def new_run(world: World) -> str | None:
    """The run that the last process started; None if it was killed before there was a journal."""
    runs = {path.stem for path in (world.folder / "runs").glob("*.sqlite3")} - world.runs
    world.runs |= runs
    return runs.pop() if runs else None


def judge(world: World, case: Case, name: str, outcome: Outcome | None) -> Counter[str]:
    """Compare the journal with the records of the tenant, and with what the process said; the rows by state."""
    records: dict[object, list[str]] = {}
    for key, identifier in case.has():
        records.setdefault(key, []).append(identifier)
    with Journal(world.folder / "runs" / f"{name}.sqlite3") as journal:
        rows = journal.entries()
    assert len(rows) == case.size
    for row in rows:
        found = records.pop(case.key(row), [])
        assert len(found) <= 1, f"{row} arrived twice"
        if row.state == "done":
            assert found == [row.receipt]
        elif row.state == "failed" or (row.state == "pending" and row.code != "unknown"):
            assert found == []
    assert records == {}
    states = Counter[str](row.state for row in rows)
    if outcome is not None:
        told = {state: outcome.row[state] for state in ("done", "failed", "unknown", "pending")}
        assert sum(told.values()) == outcome.row["rows"] == len(rows)
        assert outcome.row["unknown_lines"] == [row.line for row in rows if row.state == "unknown"]
        if told["done"] < len(rows):
            with pytest.raises(SynqError):
                outcome.check()
    return states


@pytest.mark.parametrize("kind", [adjustments, orders, imports, parcels])
def test_no_row_is_lost_and_none_counts_twice(memory: Path, kind: Callable[..., Case]) -> None:
    world = World(memory)
    total: Counter[str] = Counter()
    for seed in range(SCHEDULES):
        rng = random.Random(seed)
        try:
            total += play(world, kind(world, rng, seed), rng, 1 if kind is imports else rng.choice([1, 1, 1, 3]))
        except AssertionError as error:
            error.add_note(f"in the schedule {seed} of {kind.__name__}")
            raise
        world.forget_old_runs()
    sys.stdout.write(f"{SCHEDULES} schedules of {kind.__name__}, rows by state: {dict(total)}\n")
    # A schedule without faults would prove nothing, and neither would one in which everything is lost.
    assert total["done"] > 0
    assert world.applied > 0
    assert SCHEDULES < 100 or total["failed"] + total["seen_unknown"] > 0  # few orders may all end well
    if kind is orders:  # sent again until there is an answer
        assert total["unknown"] == 0
