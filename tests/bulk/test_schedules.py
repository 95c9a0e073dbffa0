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
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any, NoReturn

import httpx
import pytest

from synq_cli.bulk.counting.earlier import EarlierCounts
from synq_cli.bulk.engine import Engine
from synq_cli.bulk.journal import FIRST_RECEIPT, Content, Row
from synq_cli.bulk.local.journal import LocalJournal
from synq_cli.bulk.plan import Plan
from synq_cli.bulk.report import Outcome
from synq_cli.bulk.verbs.adjust_stock import AdjustStock
from synq_cli.bulk.verbs.count_stock import CountOptions, CountStock
from synq_cli.bulk.verbs.create_orders import CreateOrders
from synq_cli.bulk.verbs.import_products import ImportProducts
from synq_cli.bulk.verbs.move_orders import FulfillOrders
from synq_cli.bulk.verbs.transfer_stock import TransferStock
from synq_cli.cli.context import RunContext
from synq_cli.cli.system import System
from synq_cli.errors import RefusedError, SynqError, UsageError
from synq_cli.http.client import in_process
from synq_cli.resources.client import SynqClient
from synq_cli.sandbox.seed.seed import DEFAULT_SEED
from synq_cli.sandbox.server.app import create_app
from synq_cli.sandbox.server.identity import issue_token
from synq_cli.sandbox.store.store import create
from synq_cli.times import timestamp

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
        self.sales: list[tuple[str, str, int]] = []  # one for each request, by variant, location and units

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

    def sell(self, variant: str, location: str, units: int) -> None:
        """Add an entry to the ledger, as an order does."""
        values = (f"{self.at}-{variant}", variant, location, -units, timestamp(self.at))
        columns = "id, org_id, tenant_id, variant_id, location_id, quantity_delta, transaction_type, created_at"
        with closing(sqlite3.connect(self.file)) as database, database:
            database.execute(
                f"INSERT INTO ledger ({columns}) SELECT ?, org_id, id, ?, ?, ?, 'sale', ? FROM tenant", values
            )

    def on_hand(self, variant: str, location: str) -> int:
        sql = "SELECT IFNULL(SUM(quantity_delta), 0) FROM ledger WHERE variant_id = ? AND location_id = ?"
        ((units,),) = self.query(sql, variant, location)
        return int(units)

    def copy(self, table: str, condition: str, **values: object) -> None:
        """Add a copy of a row with other values."""
        with closing(sqlite3.connect(self.file)) as database, database:
            database.row_factory = sqlite3.Row
            row = dict(database.execute(f"SELECT * FROM {table} WHERE {condition} LIMIT 1").fetchone()) | values
            marks = ", ".join("?" * len(row))
            database.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", list(row.values()))

    def forget_old_runs(self) -> None:
        """Every process reads all journals; the latest few are enough to be mistaken for."""
        for path in sorted((self.folder / "runs").glob("*.sqlite3"))[:-10]:
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
        if world.sales:
            world.sell(*world.sales.pop())
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

    `has` lists the records of the tenant as (key, id), `parts` are those that a row in the journal makes, each with its
    key and its state. With `undoes` the run is undone half of the times, before all of it is done. `check` is called
    after each process, `settled` with the rows of a run that is over.
    """

    size: int
    plan: Callable[[SynqClient, Engine], Plan]
    has: Callable[[], list[tuple[object, str]]]
    parts: Callable[[Row], list[tuple[object, Row]]]
    likely: tuple[float, float]
    undoes: bool = False
    check: Callable[[], None] = lambda: None
    settled: Callable[[list[Row], int], None] = lambda _rows, _workers: None


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
        lambda row: [(movement(row.content), row)],
        (0.5, 0.4),
    )


def counts(world: World, rng: random.Random, _seed: int) -> Case:
    """What is counted while goods are sold, before and while the run is planned and sent."""
    chosen = world.query("SELECT sku, id FROM live_variants ORDER BY sku LIMIT 40")
    ((leith,),) = world.query("SELECT id FROM locations WHERE name = 'Leith warehouse'")
    skus = rng.sample(chosen, rng.randint(1, 6))
    world.at = float(int(world.at) + 200)  # what was lost before has arrived
    counted = {variant: world.on_hand(variant, leith) + rng.choice([-2, -1, 1, 2]) for _, variant in skus}
    counted = {variant: abs(units) + (units < 0) * 3 for variant, units in counted.items()}
    text = "sku,counted,counted_at\n" + "".join(f"{sku},{counted[name]},{timestamp(world.at)}\n" for sku, name in skus)
    sold: Counter[str] = Counter()
    world.sales.clear()  # a schedule that was killed early has left some
    world.at += 5
    for _, variant in rng.choices(skus, k=rng.randint(0, 9)):
        sold[variant] += 1
        world.sales.append((variant, leith, 1))
    for _ in range(rng.randint(0, len(world.sales))):
        world.sell(*world.sales.pop())
        world.at += 1
    file = world.folder / "friday.csv"
    ((mark,),) = world.query("SELECT IFNULL(MAX(sequence), 0) FROM ledger")
    sql = "SELECT variant_id || location_id || quantity_delta, id FROM ledger "
    sql += "WHERE sequence > ? AND transaction_type = 'adjustment'"

    def plan(api: SynqClient, engine: Engine) -> Plan:
        def earlier() -> EarlierCounts:
            return EarlierCounts.read(engine.runs, engine.session.scope, world.at)

        verb, options = CountStock(api), CountOptions("Leith warehouse", world.at, earlier, lambda _text: None)
        return engine.plan(verb, lambda: verb.read_count(text, "f", options), "f", file)

    def settled(rows: list[Row], workers: int) -> None:
        """Each count that is posted holds, and the same file again has nothing more to post of it."""
        left = [row for row in rows if row.state != "done"]
        for row in rows:
            variant = row.content["variant_id"]
            if row.state == "done":
                unsold = Counter(sale[0] for sale in world.sales)[variant]
                assert world.on_hand(variant, leith) == counted[variant] - sold[variant] + unsold
        world.sales.clear()
        run, engine = world.engine(workers)
        try:
            assert {row.content["sku"] for row in plan(run.api, engine).rows} == {row.content["sku"] for row in left}
        except RefusedError:
            assert any(row.state == "unknown" for row in left)
        run.close()

    return Case(
        len(skus),
        plan,
        lambda: world.query(sql, mark),
        lambda row: [(movement(row.content), row)],
        (0.5, 0.4),
        settled=settled,
    )


def movement(content: Content, where: str = "location_id", sign: int = 1) -> str:
    return f"{content['variant_id']}{content[where]}{sign * content['delta']}"


def halves(row: Row) -> list[tuple[object, Row]]:
    """What leaves and what arrives; an undone half-done transfer has no second half."""
    content = row.content
    if "first_id" in content:
        left = replace(row, state="done", receipt=content[FIRST_RECEIPT])
        return [(movement(content, "first_id", -1), left), (movement(content), row)]
    left = (movement(content), row)
    return [left, (movement(content, "next_id", -1), replace(row, state="failed"))] if "next_id" in content else [left]


def transfers(world: World, rng: random.Random, _seed: int) -> Case:
    """Rows that may look alike in the ledger: few SKUs and units, three places."""
    skus, places = rng.sample(world.skus, 3), ["Leith warehouse", "High Street shop", "Tromsø lager"]
    rows = {(rng.choice(skus), rng.randint(1, 2), *rng.sample(places, 2)) for _ in range(rng.randint(1, 6))}
    text = "sku,quantity,from,to\n" + "".join(f"{','.join(map(str, row))}\n" for row in sorted(rows))
    file = world.folder / "moves.csv"
    ((mark,),) = world.query("SELECT IFNULL(MAX(sequence), 0) FROM ledger")
    sql = "SELECT variant_id || location_id || quantity_delta, id FROM ledger WHERE sequence > ?"

    def plan(api: SynqClient, engine: Engine) -> Plan:
        verb = TransferStock(api, force=True)
        return engine.plan(verb, lambda: verb.read(text, "f", None), "f", file)

    def check() -> None:
        """At no moment are there more units than before."""
        more = Counter[str]()
        for variant, delta in world.query(
            "SELECT variant_id, quantity_delta FROM ledger WHERE sequence > ? ORDER BY sequence", mark
        ):
            more[variant] += delta
            assert more[variant] <= 0, f"{variant} can be sold twice"

    return Case(len(rows), plan, lambda: world.query(sql, mark), halves, (0.5, 0.4), undoes=True, check=check)


def orders(world: World, rng: random.Random, seed: int) -> Case:
    item = {"product_title": "Made-to-measure repair", "quantity": 1, "unit_price": 89.5}
    order = {"payment_provider": "stripe", "currency": "GBP", "items": [item]}
    file, size = world.folder / "orders.ndjson", rng.randint(1, 6)
    text = "".join(json.dumps(order | {"payment_reference": f"{seed}-{n}"}) + "\n" for n in range(size))
    return Case(
        size,
        lambda api, engine: engine.plan(verb := CreateOrders(api), lambda: verb.read(text, "f", None), "f", file),
        lambda: world.query("SELECT payment_reference, id FROM orders WHERE payment_reference LIKE ?", f"{seed}-%"),
        lambda row: [(row.content["payment_reference"], row)],
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
    return Case(size, plan, has, lambda row: [(lines[row.line], row)], (0.5, 0.4))


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
        lambda row: [(row.content["tracking_number"], row)],
        (0.5, 0.4),
    )


def play(world: World, case: Case, rng: random.Random, workers: int) -> Counter[str]:
    """One schedule, from the file to the last resume; its rows by their last state, and all unknown ones seen."""

    def start(api: SynqClient, engine: Engine) -> Outcome:
        plan = case.plan(api, engine)
        arm(world, rng, case.likely[0])
        return engine.start(plan)

    def undo(_api: SynqClient, engine: Engine) -> Outcome:
        plan = engine.plan_undo(names[0], with_levels=False)
        arm(world, rng, case.likely[0])
        return engine.start(plan)

    undone = case.undoes and rng.random() < 0.5
    names: list[str] = []
    states = proceed(world, case, names, start, rng, workers, until_done=not undone)
    if undone and names:
        reverses = Counter[str]()
        with suppress(UsageError):  # there is nothing to undo
            reverses = proceed(world, case, names, undo, rng, workers, until_done=True)
        totals = Counter[object]()
        for key, _ in case.has():
            totals[str(key)[:72]] += int(str(key)[72:])  # the ids of the variant and of the location
        unclear = states["unknown"] + states["sent"]
        if 0 < reverses["done"] == reverses.total() - reverses["seen_unknown"] and not unclear:
            assert not any(totals.values()), "not undone"
        states += reverses
    return states


def proceed(
    world: World, case: Case, names: list[str], start: Callable[[SynqClient, Engine], Outcome], rng: random.Random,
    workers: int, *, until_done: bool,
) -> Counter[str]:  # fmt: skip
    """Start a run, whose name is added to those of this schedule, and resume it a few times."""
    outcome = go(world, workers, start)
    if (name := new_run(world)) is None:
        if not names:
            assert case.has() == []  # killed before there was a journal
        return Counter()
    names.append(name)
    states = judge(world, case, names, outcome)
    seen = states["unknown"]
    for chance in [case.likely[1]] * rng.randint(0, 3) + ([0.0] if until_done else []):
        arm(world, rng, chance)
        outcome = go(world, workers, lambda _api, engine: engine.resume(name, ()))
        states = judge(world, case, names, outcome)
        seen += states["unknown"]
    assert not until_done or states["pending"] == states["sent"] == 0
    if until_done:
        with LocalJournal(world.folder / "runs" / f"{name}.sqlite3") as journal:
            rows = journal.entries()
        case.settled(rows, workers)
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


def judge(world: World, case: Case, names: list[str], outcome: Outcome | None) -> Counter[str]:
    """Compare the journals with the tenant's records, and the last with what the process said; its rows by state."""
    runs = []
    for name in names:
        with LocalJournal(world.folder / "runs" / f"{name}.sqlite3") as journal:
            runs.append(journal.entries())
    rows = runs[-1]
    assert len(names) > 1 or len(rows) == case.size
    compare(case, runs)
    states = Counter[str](row.state for row in rows)
    if outcome is not None:
        told = {state: outcome.row[state] or 0 for state in ("done", "failed", "unknown", "pending", "in_transit")}
        assert sum(told.values()) == outcome.row["rows"] == len(rows)
        assert outcome.row["unknown_lines"] == [row.line for row in rows if row.state == "unknown"]
        if told["done"] < len(rows):
            with pytest.raises(SynqError):
                outcome.check()
    return states


def compare(case: Case, runs: list[list[Row]]) -> None:
    """Compare the rows of runs with the tenant's records; rows that look alike share those they can have made."""
    records: dict[object, list[str]] = {}
    for key, identifier in case.has():
        records.setdefault(key, []).append(identifier)
    parts: dict[object, list[Row]] = {}
    for row in chain.from_iterable(runs):
        for key, part in case.parts(row):
            parts.setdefault(key, []).append(part)
    for key, alike in parts.items():
        found = records.pop(key, [])
        certain = [row.receipt for row in alike if row.state == "done"]
        none = [row for row in alike if row.state == "failed" or (row.state == "pending" and row.code != "unknown")]
        assert len(found) <= len(alike) - len(none), f"{alike} arrived twice, or what is not said to have arrived did"
        assert len(set(certain)) == len(certain), f"{alike} claim one record"
        assert set(certain) <= set(found), f"{alike} did not arrive"
    assert records == {}
    case.check()


@pytest.mark.parametrize("kind", [adjustments, counts, transfers, orders, imports, parcels])
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
