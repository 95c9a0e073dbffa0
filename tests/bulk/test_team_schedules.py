"""Random schedules of a team: machines that share a run die, lose the API or the store, or fall asleep with a lease.

The tenant has each row at most once, and each row that is not done is reported: the sandbox's tables are the truth. The
database is restarted now and then. Machines have folders of their own, and clocks that are up to five minutes off; the
database has its own clock, too.
"""

import os
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Lock, Thread
from typing import Any

import pytest
from cut_store import CutStore
from postgresql import Postgresql
from test_schedules import FAULTS as API_FAULTS
from test_schedules import Case, Faulty, Killed, World, adjustments, compare, orders, parcels, transfers

from synq_cli.bulk.engine import Engine
from synq_cli.bulk.journal import Row
from synq_cli.bulk.report import Outcome
from synq_cli.bulk.team.journal import Access
from synq_cli.bulk.team.outbox import Outbox
from synq_cli.bulk.team.runs import TeamRuns
from synq_cli.bulk.team.workers import Machine as Identity
from synq_cli.cli.context import RunContext
from synq_cli.cli.system import System
from synq_cli.errors import SynqError

# Of each kind; `make soak` plays many more.
SCHEDULES = int(os.environ.get("SYNQ_TEAM_SCHEDULES", "2"))
SKEW = 300.0
# The database's clock is the world's, a day ahead: a setting of each transaction.
CLOCK = """CREATE OR REPLACE FUNCTION synq.clock() RETURNS double precision LANGUAGE sql VOLATILE
    AS $$ SELECT current_setting('synq.now')::double precision $$"""
AHEAD = 86_400.0


class Store(CutStore):
    """The store as a machine sees it, by the world's clock; now and then all leases end, as if nobody was heard of."""

    def __init__(self, address: str, machine: "Machine") -> None:
        super().__init__(address, lambda: "")
        self.machine = machine

    def transact(self, work: Callable[..., Any], **options: Any) -> Any:
        machine = self.machine
        machine.tick()
        self.cut = machine.next_cut
        asleep = machine.rng.random() < machine.sleepy
        if machine.rng.random() < machine.restarting:
            machine.restarting = 0.0
            machine.server.restart()

        def timed(transaction: Any) -> Any:
            transaction.execute("SELECT set_config('synq.now', %s, true)", str(machine.shared.at + AHEAD))
            if asleep:
                transaction.execute("UPDATE synq.workers SET lease_until = 0 WHERE ended_at IS NULL")
            return work(transaction)

        result = super().transact(timed, **options)
        machine.tick()
        return result

    def read(self, work: Callable[..., Any], **options: Any) -> Any:
        self.machine.tick()
        self.cut = self.machine.next_cut

        def timed(transaction: Any) -> Any:
            transaction.execute("SELECT set_config('synq.now', %s, true)", str(self.machine.shared.at + AHEAD))
            return work(transaction)

        return super().read(timed, **options)


class Machine(World):
    """A machine of the team: the tenant and the time are shared, the state folder and the clock are its own."""

    def __init__(self, shared: World, name: str, server: Postgresql, address: str, rng: random.Random) -> None:
        self.shared = shared
        self.folder = shared.folder / name
        self.folder.mkdir(exist_ok=True)
        self.name = name
        self.file, self.app, self.token, self.skus = shared.file, shared.app, shared.token, shared.skus
        self.rng = rng
        self.skew = rng.uniform(-SKEW, SKEW)
        self.sales: list[tuple[str, str, int]] = []
        self.server, self.address = server, address
        self.counting = Lock()
        self.stores: list[Store] = []
        self.calm()

    @property
    def at(self) -> float:
        return self.shared.at

    @at.setter
    def at(self, at: float) -> None:
        self.shared.at = at

    def calm(self) -> None:
        """No faults from now on; what was killed is started again."""
        self.faults: list[str] = []
        self.applied = 0
        self.ticks_left: int | None = None
        self.killed = False
        self.cutting = self.sleepy = self.restarting = 0.0

    def arm(self, chance: float) -> None:
        """Draw the next faults of the API, of the store, of the machine."""
        self.calm()
        rng = self.rng
        self.faults = [rng.choice(API_FAULTS) if rng.random() < chance else "" for _ in range(12)]
        self.ticks_left = rng.randint(0, 120) if rng.random() < chance else None
        self.cutting = rng.choice([0.0, 0.0, 0.05, 0.3])
        self.sleepy = rng.choice([0.0, 0.0, 0.02, 0.1])
        self.restarting = 0.05 if rng.random() < 0.03 else 0.0

    def tick(self) -> None:
        """A moment at which the machine may die."""
        self.live()
        with self.counting:
            if self.ticks_left is not None:
                self.ticks_left -= 1
                if self.ticks_left < 0:
                    self.kill()

    def next_cut(self) -> str:
        with self.counting:
            return self.rng.choice(["before", "after"]) if self.rng.random() < self.cutting else ""

    def now(self) -> float:
        self.tick()
        return self.shared.at + self.skew

    def run(self, workers: int) -> tuple[RunContext, Engine]:
        """A new process of this machine."""
        environ = {"SYNQ_CONFIG_DIR": str(self.folder), "SYNQ_STATE_DIR": str(self.folder)}
        environ |= {"SYNQ_BASE_URL": "http://127.0.0.1", "SYNQ_TOKEN": self.token, "SYNQ_MAX_WAIT": "3600"}
        system = System(environ, now=self.now, sleep=self.sleep, jitter=lambda: 0.5, http=Faulty(self))
        run = RunContext(system, [])
        self.stores.append(Store(self.address, self))
        access = Access(self.stores[-1], Outbox(self.folder / "outbox.db"), self.now, self.sleep)
        runs = TeamRuns(access, lambda: Identity(self.name, 1, "default"), heartbeat=1e9)
        engine = Engine(
            runs, run.api, run.session, run.budget, run.open_transport, run.output, now=self.now, sleep=self.sleep,
            workers=workers,
        )  # fmt: skip
        return run, engine

    def close(self) -> None:
        for store in self.stores:
            store.close()
        self.stores.clear()


class Team:
    """The machines of one schedule, on a database without runs."""

    def __init__(self, shared: World, server: Postgresql, address: str, rng: random.Random) -> None:
        self.rng = rng
        self.server = server
        self.address = address
        self.database = address.rpartition("/")[2]
        server.execute(CLOCK, "TRUNCATE synq.runs CASCADE", "TRUNCATE synq.starts", database=self.database)
        names = ["leith", "oslo", "gdansk"][: rng.randint(1, 3)]
        self.machines = [Machine(shared, name, server, address, random.Random(rng.random())) for name in names]
        self.ends: list[str] = []  # how machines have stopped

    def go(self, work: dict[Machine, Callable[[Engine, RunContext], Outcome | None]]) -> None:
        """Let machines work at the same time, each until it is done, killed or has failed."""
        failures: list[BaseException] = []

        def one(machine: Machine, task: Callable[[Engine, RunContext], Outcome | None]) -> None:
            try:
                run, engine = machine.run(machine.rng.choice([1, 1, 3]))
                outcome = task(engine, run)
                if outcome is not None and outcome.row["done"] < outcome.row["rows"]:
                    outcome.check()
            except (Killed, SynqError) as error:
                self.ends.append(f"{machine.name}: {error!r}")
            except BaseException as error:  # noqa: BLE001 raised again below
                failures.append(error)

        others = set(threading.enumerate())
        for machine, task in work.items():
            Thread(target=one, args=(machine, task)).start()
        deadline = time.monotonic() + 120
        while late := set(threading.enumerate()) - others:
            assert time.monotonic() < deadline, f"still running: {late}"
            for thread in late:
                with suppress(RuntimeError):  # it is just being started
                    thread.join(1)  # also the senders of a machine that was killed
        for machine in work:
            machine.close()
        if failures:
            raise failures[0]

    def end_leases(self) -> None:
        """Let no machine be heard of for a minute."""
        self.server.execute("UPDATE synq.workers SET lease_until = 0", database=self.database)

    def finish(self) -> None:
        """Without faults, let each machine deliver what it has kept, then let one finish the runs."""
        self.end_leases()
        names = [*self.rows()]
        for machine in self.machines:
            self.go({machine: look})
            assert Outbox(machine.folder / "outbox.db").kept() == []
        for name in names * 3:  # the clock runs on while machines wait, as if they had slept
            self.go({self.rng.choice(self.machines): lambda engine, _run, name=name: engine.resume(name, ())})

    def rows(self) -> dict[str, list[Row]]:
        """The rows of each run, by a process without faults."""
        for machine in self.machines:
            machine.calm()
        _, engine = self.machines[0].run(1)
        found = {}
        for facts in engine.runs.facts():
            found[facts.id] = engine.runs.open(facts.id).entries()
        self.machines[0].close()
        return found


def join(engine: Engine, _run: RunContext) -> Outcome | None:
    """Join the run as soon as there is one."""
    for _ in range(200):
        if found := next(engine.runs.facts(), None):
            return engine.resume(found.id, (), join=True)
    return None


def look(engine: Engine, _run: RunContext) -> None:
    """List the runs, which delivers what the machine has kept."""
    engine.runs.rows()


def resume(engine: Engine, _run: RunContext) -> Outcome | None:
    """Resume the run, if no other machine works on it."""
    found = next(engine.runs.facts(), None)
    return engine.resume(found.id, ()) if found else None


def play(shared: World, case: Case, server: Postgresql, address: str, rng: random.Random) -> Counter[str]:
    """One schedule, from the file to the last resume; its rows by state, and all unknown ones seen."""
    team = Team(shared, server, address, rng)
    first = team.machines[0]
    chance = case.likely[0]

    def start(engine: Engine, run: RunContext) -> Outcome | None:
        plan = case.plan(run.api, engine)
        return None if plan.repeat else engine.start(plan)  # the command refuses a repeat

    for machine in team.machines:
        machine.arm(chance)
    rivals = team.machines[1:] if rng.random() < 0.3 else []
    team.go({machine: start if machine is first or machine in rivals else join for machine in team.machines})
    seen = 0
    for _ in range(rng.randint(0, 3)):
        runs = team.rows()
        judge(case, runs)
        seen += sum(row.state in {"unknown", "sent"} for rows in runs.values() for row in rows)
        if rng.random() < 0.5:
            team.end_leases()
        chosen = rng.sample(team.machines, rng.randint(1, len(team.machines)))
        for machine in chosen:
            machine.arm(case.likely[1])
        team.go({machine: rng.choice([join, join, resume]) for machine in chosen})
    team.finish()
    states = judge(case, team.rows())
    assert states["pending"] == states["sent"] == 0, f"not finished: {states}, {team.ends}"
    return states + Counter(seen_unknown=seen)


def judge(case: Case, runs: dict[str, list[Row]]) -> Counter[str]:
    """Compare the runs with the tenant; of machines that started the same file at once only one may have sent it."""
    started = [rows for rows in runs.values() if any(row.state != "pending" or row.code for row in rows)]
    shown = {name: [(row.line, row.state, row.sent_at, row.code) for row in rows] for name, rows in runs.items()}
    assert len(started) <= 1, f"a file was posted by two machines: {shown}"
    compare(case, list(runs.values()))
    return Counter(row.state for rows in started for row in rows)


@pytest.mark.parametrize("kind", [adjustments, transfers, orders, parcels])
def test_no_row_is_lost_and_none_counts_twice(memory: Path, postgresql: Postgresql, kind: Callable[..., Case]) -> None:
    shared, address = World(memory), postgresql.database()
    total: Counter[str] = Counter()
    for seed in range(SCHEDULES):
        rng = random.Random(seed)
        try:
            total += play(shared, kind(shared, rng, seed), postgresql, address, rng)
        except AssertionError as error:
            error.add_note(f"in the schedule {seed} of {kind.__name__}")
            raise
    sys.stdout.write(f"{SCHEDULES} schedules of {kind.__name__}, rows by state: {dict(total)}\n")
    assert (
        SCHEDULES < 50 or total["done"] > total["unknown"] > 0 or kind is orders
    )  # which are sent again until they are done
