"""Shared runs on a real PostgreSQL: leases, fencing, rows that several machines send, and a store that is cut off."""

import json
import math
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from itertools import cycle
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest
from cut_store import CutStore
from postgresql import Postgresql, Proxy
from table import cases

from synq_cli.bulk.journal import FIRST_RECEIPT, Receipt, Row, hash_of
from synq_cli.bulk.repeats import find_repeat
from synq_cli.bulk.team.journal import Access, TeamJournal
from synq_cli.bulk.team.outbox import Outbox
from synq_cli.bulk.team.runs import TeamRuns
from synq_cli.bulk.team.workers import Machine, TakenOverError
from synq_cli.errors import NetworkError, RefusedError, UsageError
from synq_cli.state.team.store import TeamStore, TeamStoreError

FACTS: dict[str, Any] = {"verb": "inventory adjust", "file": "counts.csv", "scope": "host/tenant", "profile": "acme"}


def row(line: int, sku: str = "", delta: int = 1) -> Row:
    sku = sku or f"S{line}"
    return Row(line, {"sku": sku, "delta": delta}, f'["{sku}","{delta}"]', hashes=hash_of(f"{sku} {delta} {line}"))


ROWS = [row(line) for line in range(2, 12)]


def subject(content: dict[str, Any]) -> str:
    return str(content["sku"])


def again(_content: dict[str, Any]) -> bool:
    return True


def never(_content: dict[str, Any]) -> bool:
    return False


@dataclass
class Team:
    """Machines with their own state folders that share a database."""

    server: Postgresql
    folder: Path
    stack: ExitStack
    address: str = ""
    slept: list[float] = field(default_factory=list)
    now: float = 1_795_521_600.0

    def __post_init__(self) -> None:
        self.address = self.server.database()

    def machine(self, name: str, port: int | None = None) -> TeamRuns:
        address = self.server.address(self.address.rpartition("/")[2], port=port)
        store = TeamStore(lambda: address, timeout=5, secrets=[])
        self.stack.callback(store.close)
        access = Access(store, Outbox(self.folder / f"{name}.db"), lambda: self.now, self.sleep)
        return TeamRuns(access, lambda: Machine(name, 7, "acme"), heartbeat=3600)

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.slept.append(seconds)

    def execute(self, sql: str) -> list[tuple[Any, ...]]:
        return self.server.execute(sql, database=self.address.rpartition("/")[2])

    def end_leases(self) -> None:
        """Let a minute pass in which no machine is heard of."""
        self.execute("UPDATE synq.workers SET lease_until = 0")


@pytest.fixture
def team(postgresql: Postgresql, tmp_path: Path) -> Iterator[Team]:
    with ExitStack() as stack:
        yield Team(postgresql, tmp_path, stack)


def new_run(runs: TeamRuns, rows: list[Row] = ROWS, **facts: Any) -> TeamJournal:
    return runs.create(rows, 0.0, subject=subject, **FACTS | facts)


def states(journal: TeamJournal) -> dict[int, str]:
    return {each.line: each.state for each in journal.entries()}


def claimed(journal: TeamJournal) -> list[int]:
    return [each.line for each in next(journal.batches(never), [])]


def test_each_row_keeps_its_outcome(team: Team) -> None:
    runs = team.machine("leith")
    with new_run(runs) as journal:
        assert claimed(journal) == [2, 3, 4, 5, 6, 7]
        for line in (2, 3, 4, 5):
            journal.sent(line, 0)
        journal.done(2, 1, Receipt("entry", 9.5))
        journal.failed(3, 1, "rejected", "No\0 \ud800.")
        journal.unknown(4, 1, "Nobody answered.")
        name = journal.facts.id
    with team.machine("other").open(name[:8]) as journal:
        assert journal.counts() == {"pending": 6, "sent": 1, "done": 1, "failed": 1, "unknown": 1}
        done, failed, unknown, sent = journal.entries()[:4]
        assert (done.receipt, done.posted_at, done.content) == ("entry", 9.5, ROWS[0].content)
        assert (done.sent_at or 0) <= (done.answered_at or 0)
        assert (failed.code, failed.error, failed.source) == ("rejected", "No\\0 \\ud800.", '["S3","1"]')
        assert (unknown.error, unknown.answered_at is None, sent.state) == ("Nobody answered.", False, "sent")
        assert journal.entries("pending")[0].sent_at is None


def test_ids_begin_with_the_servers_time_and_a_prefix_is_enough(team: Team) -> None:
    runs = team.machine("leith")
    for _ in range(2):
        new_run(runs).close()
    names = [each["id"] for each in runs.rows()]
    assert names == sorted(names, reverse=True)
    assert [each["state"] for each in runs.rows()] == ["stopped", "stopped"]
    assert runs.overview(names[0])["rows"] == 10
    with pytest.raises(UsageError, match="Ambiguous run"):
        runs.open(names[0][:6])
    with pytest.raises(UsageError, match='Unknown run "7"'):
        runs.open("7")


def test_one_machine_works_on_a_run_until_its_lease_ends(team: Team) -> None:
    leith, oslo = team.machine("leith"), team.machine("oslo")
    journal = new_run(leith)
    other = oslo.open(journal.facts.id)
    assert other.is_running
    with pytest.raises(
        RefusedError, match=r"^leith \(process 7, profile acme\) is working on run .*\. If it stops, the run can "
    ):
        other.lock()
    assert oslo.overview(journal.facts.id)["state"] == "running"
    for others in ("1 other process", "2 other processes"):
        oslo.open(journal.facts.id).join()
        with pytest.raises(RefusedError, match=rf"^leith \(.*\) and {others} are working on run .*\. If they stop, "):
            other.lock()
    team.execute("DELETE FROM synq.workers WHERE number > 1")
    assert claimed(journal)
    journal.sent(2, 0)
    team.end_leases()
    other.lock()
    assert states(other) == {2: "unknown"} | dict.fromkeys(range(3, 12), "pending")
    assert [(each["machine"], each["state"], each["rows"]) for each in other.workers()] == [
        ("leith", "lost", 1), ("oslo", "working", 0),
    ]  # fmt: skip
    other.close()
    assert not oslo.open(journal.facts.id).is_running


def test_a_slow_machine_sends_no_row_after_another_has_taken_over(team: Team) -> None:
    slow, oslo = new_run(team.machine("leith")), team.machine("oslo")
    assert claimed(slow)
    slow.sent(2, 0)
    slow.sent(3, 0)
    team.end_leases()
    with oslo.open(slow.facts.id) as other:
        other.lock()
        with pytest.raises(TakenOverError, match=r"^This machine has lost its lease on run .*: oslo \(process 7"):
            slow.sent(4, 0)
        assert states(other)[4] == "pending"
        # What it knows of its own rows is still true.
        slow.done(2, 1, Receipt("entry"))
        # An outcome that is unknown may be due to the suspension that has cost it the lease.
        with pytest.raises(TakenOverError, match="has lost its lease"):
            slow.unknown(3, 1, "No answer.")
        assert states(other)[3] == "unknown"
        slow.pending(3)
        assert [each.receipt for each in other.entries("done")] == ["entry"]
        assert claimed(other)[:2] == [3, 4]
        # But not once another machine has sent the row again.
        other.sent(3, 0)
        with pytest.raises(TakenOverError, match="The response to this machine, late, was not saved"):
            slow.done(3, 1, Receipt("late"))
        assert states(other)[3] == "sent"


def test_a_lease_is_renewed_with_each_row(team: Team) -> None:
    journal = new_run(team.machine("leith"))
    assert claimed(journal)
    team.end_leases()
    journal.sent(2, 0)  # nobody has taken over
    assert team.machine("oslo").open(journal.facts.id).is_running


def test_heartbeat_renews_a_lease(team: Team) -> None:
    leith = team.machine("leith")
    leith._heartbeat = 0.01
    journal = new_run(leith)
    team.end_leases()
    other = team.machine("oslo").open(journal.facts.id)
    for _ in range(1000):
        if other.is_running:
            break
    assert other.is_running
    journal.close()


def test_machines_share_a_run_and_keep_the_rows_of_a_sku_in_order(team: Team) -> None:
    rows = [row(line, sku) for line, sku in enumerate("ABABCABD", 2)]
    first, second = new_run(team.machine("leith"), rows), team.machine("oslo")
    joined = second.open(first.facts.id)
    joined.join()
    ours, theirs = first.batches(never), joined.batches(never)
    assert [each.line for each in next(ours)] == [2, 3, 6, 9]
    assert next(theirs) == []  # all others wait for these
    first.sent(2, 0)
    assert next(theirs) == []
    first.done(2, 1, Receipt("a"))
    assert [each.line for each in next(theirs)] == [4]
    for line in (3, 6, 9):
        first.sent(line, 0)
        first.done(line, 1, Receipt(f"{line}"))
    assert [each.line for each in next(ours)] == [5]
    for journal, line in ((joined, 4), (first, 5)):
        journal.sent(line, 0)
        journal.unknown(line, 1, "No answer.")
    assert [each.line for each in next(theirs)] == [7, 8]  # an unknown row holds nobody up
    for line in (7, 8):
        joined.sent(line, 0)
        joined.done(line, 1, Receipt(f"{line}"))
    assert (next(ours, None), next(theirs, None)) == (None, None)
    assert [each.line for each in first.abandoned("unknown")] == [5]
    assert [each.line for each in joined.abandoned("unknown")] == [4]
    assert (first.part(), joined.part()) == (5, 3)


def test_rows_of_a_machine_that_died_are_sent_by_the_others(team: Team) -> None:
    first = new_run(team.machine("leith"))
    joined = team.machine("oslo").open(first.facts.id)
    joined.join()
    batches = joined.batches(again)
    assert claimed(first)[:3] == [2, 3, 4]
    first.sent(2, 0)
    first.sent(3, 0)
    first.unknown(3, 0, "No answer.")
    assert [each.line for each in next(batches)] == [8, 9, 10, 11]
    for line in (8, 9, 10, 11):
        joined.sent(line, 0)
        joined.failed(line, 0, "rejected", "No.")
    assert next(batches) == []
    team.execute("UPDATE synq.workers SET lease_until = 0 WHERE number = 1")
    rows = next(batches)
    assert [(each.line, each.code) for each in rows] == [
        (2, "unknown"), (3, "unknown"), (4, None), (5, None), (6, None), (7, None),
    ]  # fmt: skip
    assert joined.abandoned("unknown", "sent") == []


def test_a_row_that_must_not_be_sent_again_stays_unknown(team: Team) -> None:
    first = new_run(team.machine("leith"), ROWS[:1])
    joined = team.machine("oslo").open(first.facts.id)
    joined.join()
    assert claimed(first) == [2]
    first.sent(2, 0)
    team.execute("UPDATE synq.workers SET lease_until = 0 WHERE number = 1")
    assert list(joined.batches(never)) == []
    assert [each.line for each in joined.abandoned("unknown")] == [2]
    joined.done(2, None, Receipt("found"))
    with pytest.raises(TakenOverError, match="The response to this machine, other"):
        first.done(2, 1, Receipt("other"))
    first.done(2, 1, Receipt("found"))  # both know the same
    assert [each.receipt for each in joined.entries()] == ["found"]


def test_many_machines_claim_each_row_once(team: Team) -> None:
    rows = [row(line, f"S{line % 40}") for line in range(2, 202)]
    journals = [new_run(team.machine("m0"), rows)]
    for number in range(1, 5):
        journals.append(team.machine(f"m{number}").open(journals[0].facts.id))
        journals[-1].join()
    sent: list[tuple[int, int]] = []
    start = Barrier(5)

    def work(number: int, journal: TeamJournal) -> None:
        start.wait(10)
        for batch in journal.batches(never):
            for each in batch:
                journal.sent(each.line, 0)
                sent.append((number, each.line))
                journal.done(each.line, 0, Receipt(str(each.line)))

    threads = [Thread(target=work, args=each) for each in enumerate(journals)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    lines = [line for _, line in sent]
    assert sorted(lines) == list(range(2, 202))
    for sku in range(40):
        own = [line for line in lines if line % 40 == sku]
        assert own == sorted(own), "rows of a SKU out of order"
    assert len({number for number, _ in sent}) == 5
    assert [each["rows"] for each in journals[0].workers()] == [Counter(n for n, _ in sent)[n] for n in range(5)]


def test_second_half_of_a_row_stays_with_its_machine_and_is_in_transit(team: Team) -> None:
    journal = new_run(team.machine("leith"), ROWS[:2])
    assert claimed(journal) == [2, 3]
    journal.sent(2, 0)
    journal.half_done(2, {"sku": "S2", "delta": -1, FIRST_RECEIPT: "first"})
    assert journal.in_transit() == {"pending": 1}
    journal.sent(2, 0)
    journal.failed(2, 1, "rejected", "No.")
    assert journal.in_transit() == {"failed": 1}
    (shown,) = team.machine("oslo").rows()
    assert (shown["state"], shown["in_transit"], shown["pending"]) == ("running", 1, 1)
    journal.close()
    assert team.machine("oslo").rows()[0]["state"] == "in transit"


def test_store_that_is_out_of_reach_for_a_moment_stops_nothing(team: Team) -> None:
    with Proxy(team.server.port) as proxy:
        journal = new_run(team.machine("leith", proxy.port))
        assert claimed(journal)
        journal.sent(2, 0)
        proxy.cut()
        journal.done(2, 1, Receipt("entry"))
        journal.sent(3, 0)
        assert team.slept == []  # a new connection was enough


def test_answers_are_kept_while_the_store_is_out_of_reach_and_delivered_later(team: Team) -> None:
    leith = team.machine("leith")
    journal = new_run(leith)
    name = journal.facts.id
    assert claimed(journal)
    for line in (2, 3, 4):
        journal.sent(line, 0)
    with team.server.stopped():
        journal.done(2, 1, Receipt("entry", 9.5))
        assert sum(team.slept) == 20
        journal.half_done(3, {"sku": "S3", FIRST_RECEIPT: "first"})
        with pytest.raises(NetworkError, match="can't be reached"):
            journal.sent(5, 0)
        with pytest.raises(
            NetworkError, match=r"has stopped\. The outcomes of 2 rows are kept on this machine until"
        ) as caught:
            journal.entries()
        assert caught.value.hint == f"When the store can be reached again, run: synq runs resume {name} --profile acme"
        assert sum(team.slept) == 20  # once is enough
        journal.close()
    team.end_leases()
    with team.machine("oslo").open(name) as other:  # another machine knows nothing of it
        other.lock()
        assert [other.counts()[state] for state in ("unknown", "pending")] == [3, 7]
    with team.machine("leith").open(name) as later:
        assert states(later) == {2: "done", 3: "pending", 4: "unknown"} | dict.fromkeys(range(5, 12), "pending")
        assert [(each.receipt, each.posted_at) for each in later.entries("done")] == [("entry", 9.5)]
        assert later.in_transit() == {"pending": 1}
    assert Outbox(team.folder / "leith.db").kept() == []


class SilentStore(TeamStore):
    """Does not respond until `heals_at`: each attempt takes its time, by the team's clock."""

    def __init__(self, team: Team) -> None:
        super().__init__(lambda: team.address, timeout=30, secrets=[])
        self.team = team
        self.heals_at = 0.0
        self.attempts = 0
        team.stack.callback(self.close)

    def transact(self, work: Callable[..., Any], *, within: float = math.inf, **options: Any) -> Any:
        self._fail(within)
        return super().transact(work, within=within, **options)

    def read(self, work: Callable[..., Any], *, within: float = math.inf) -> Any:
        self._fail(within)
        return super().read(work, within=within)

    def _fail(self, within: float) -> None:
        if self.team.now < self.heals_at:
            self.attempts += 1
            self.team.now += min(within, 30.0)
            raise TeamStoreError("It did not respond.")


def silenced(team: Team) -> tuple[TeamJournal, SilentStore]:
    """A run that has sent three rows, and its store."""
    leith, store = team.machine("leith"), SilentStore(team)
    leith._access = replace(leith._access, store=store)
    journal = new_run(leith)
    assert claimed(journal)
    for line in (2, 3, 4):
        journal.sent(line, 0)
    return journal, store


@cases("silent_for", [9, 12, 17])
def test_a_store_that_is_silent_for_a_while_does_not_stop_the_run(team: Team, silent_for: int) -> None:
    journal, store = silenced(team)
    store.heals_at = team.now + silent_for
    journal.done(2, 1, Receipt("entry"))
    journal.sent(5, 0)
    assert store.attempts > 1
    assert Outbox(team.folder / "leith.db").kept() == []
    assert states(journal)[5] == "sent"


def test_a_store_that_stays_silent_stops_the_run_once_for_all_rows(team: Team) -> None:
    journal, store = silenced(team)
    began, store.heals_at = team.now, math.inf
    assert not journal.is_stalled
    journal.done(2, 1, Receipt("entry"))
    assert 20 <= team.now - began <= 22
    assert journal.is_stalled
    attempts = store.attempts
    journal.done(3, 1, Receipt("entry"))
    with pytest.raises(NetworkError):
        journal.sent(5, 0)
    assert store.attempts == attempts
    with pytest.raises(NetworkError, match=r"The outcomes of 2 rows are kept on this machine"):
        journal.entries()
    journal.close()
    assert team.now - began <= 25


def test_an_interrupt_ends_the_wait_for_a_silent_store(team: Team) -> None:
    journal, store = silenced(team)
    began, store.heals_at = team.now, math.inf
    journal.hurry()
    for line in (2, 3, 4):
        journal.done(line, 1, Receipt(f"entry {line}"))
    with pytest.raises(NetworkError, match=r"The outcomes of 3 rows are kept on this machine"):
        journal.entries()
    journal.close()
    assert (store.attempts, team.now - began) == (1, 5)


def test_after_an_interrupt_a_store_that_has_failed_is_not_tried_again(team: Team) -> None:
    journal, store = silenced(team)
    store.heals_at = math.inf
    with pytest.raises(NetworkError):
        journal.counts()
    journal.hurry()
    with pytest.raises(NetworkError):
        journal.entries()
    journal.close()
    assert store.attempts == 1


def test_an_earlier_outage_does_not_shorten_the_patience(team: Team) -> None:
    journal, store = silenced(team)
    store.heals_at = team.now + 1
    with pytest.raises(NetworkError):
        journal.counts()
    team.now += 600
    store.heals_at = team.now + 12
    journal.done(2, 1, Receipt("entry"))
    assert states(journal)[2] == "done"


def test_lease_of_a_machine_that_stopped_without_the_store_ends_with_the_delivery(team: Team) -> None:
    journal, store = silenced(team)
    store.heals_at = math.inf
    journal.done(2, 1, Receipt("entry"))
    journal.close()
    oslo, store.heals_at = team.machine("oslo").open(journal.facts.id), 0.0
    assert oslo.is_running
    assert [each["state"] for each in team.machine("leith").rows()] == ["stopped"]
    assert not oslo.is_running
    oslo.lock()
    assert states(oslo) | {3: "", 4: ""} == {2: "done", 3: "", 4: ""} | dict.fromkeys(range(5, 12), "pending")


def test_without_a_usable_outbox_runs_are_read_but_not_worked_on(team: Team) -> None:
    leith = team.machine("leith")
    name = new_run(leith).facts.id
    (team.folder / "leith.db").mkdir()
    assert [each["id"] for each in leith.rows()] == [name]
    journal = leith.open(name)
    assert states(journal)[2] == "pending"
    for refused in (journal.join, lambda: new_run(leith)):
        with pytest.raises(UsageError, match="The file of undelivered outcomes"):
            refused()


def test_what_may_have_been_written_is_written_again_and_changes_nothing_twice(team: Team) -> None:
    leith = team.machine("leith")
    cuts = cycle(["after", ""])
    store = CutStore(team.address, lambda: next(cuts))
    team.stack.callback(store.close)
    leith._access = replace(leith._access, store=store)
    journal = new_run(leith, ROWS[:3])
    assert claimed(journal) == [2, 3, 4]
    for line in (2, 3, 4):
        journal.sent(line, 0)
    journal.done(2, 1, Receipt("entry"))
    journal.half_done(3, {"sku": "S3", FIRST_RECEIPT: "first"})
    journal.failed(4, 1, "rejected", "No.")
    assert states(journal) == {2: "done", 3: "pending", 4: "failed"}
    journal.close()
    assert len(leith.rows()) == 1


def test_row_is_not_sent_while_it_is_unknown_whether_that_was_journaled(team: Team) -> None:
    cut = [""]
    leith = team.machine("leith")
    store = CutStore(team.address, lambda: cut[0])
    team.stack.callback(store.close)
    leith._access = replace(leith._access, store=store)
    journal = new_run(leith, ROWS[:3])
    assert claimed(journal) == [2, 3, 4]
    cut[0] = "after"
    with pytest.raises(NetworkError):
        journal.sent(2, 0)
    cut[0] = ""
    assert states(team.machine("oslo").open(journal.facts.id)) == {2: "sent", 3: "pending", 4: "pending"}
    assert states(journal) == {2: "pending", 3: "pending", 4: "pending"}  # this machine delivers that it was not sent
    journal.close()


def test_machine_that_was_suspended_before_its_request_left_does_not_send_it(team: Team) -> None:
    journal = new_run(team.machine("leith"), ROWS[:3])
    assert claimed(journal) == [2, 3, 4]
    times = iter([0.0, 0.0, 61.0])
    object.__setattr__(journal._access, "now", lambda: next(times, 61.0))
    with pytest.raises(TakenOverError, match="because it was suspended"):
        journal.sent(2, 0)
    assert states(journal)[2] == "pending"


def test_unreachable_store_refuses_a_new_run(team: Team) -> None:
    leith = team.machine("leith")
    with team.server.stopped(), pytest.raises(NetworkError) as caught:
        new_run(leith)
    assert caught.value.exit_status == 7
    assert leith.rows() == []


def test_runs_start_one_after_the_other_on_a_tenants_data(team: Team) -> None:
    leith, oslo = team.machine("leith"), team.machine("oslo")
    with leith.starting("host/tenant"):
        with pytest.raises(UsageError, match="has been starting a run for 40 seconds"), oslo.starting("host/tenant"):
            pass
        with oslo.starting("host/other"):
            pass
        new_run(leith).close()
    with oslo.starting("host/tenant"):
        pass
    with leith.starting("host/tenant"):
        team.execute("UPDATE synq.starts SET until = 0")
        with oslo.starting("host/tenant"), pytest.raises(RefusedError, match="took more than 30 seconds"):
            new_run(leith)
    assert len(oslo.rows()) == 1


def test_machine_that_fell_asleep_before_its_first_row_does_not_post_what_another_has_posted_since(team: Team) -> None:
    leith, oslo = team.machine("leith"), team.machine("oslo")
    asleep = new_run(leith)
    assert claimed(asleep)
    team.end_leases()
    at = team.execute("SELECT synq.clock()")[0][0]

    def repeat() -> Any:
        return find_repeat(oslo, ROWS, verb="inventory adjust", scope="host/tenant", now=at)

    assert repeat() is None  # it has sent nothing, and the start of another run ends its lease
    with oslo.starting("host/tenant"):
        assert repeat() is None
        late = new_run(leith)
        team.end_leases()
        assert repeat().is_running  # this lease has not been ended, so it may still send its rows
        late.close()
        new_run(oslo).close()
    with pytest.raises(TakenOverError, match="for more than a minute it was suspended or could not reach"):
        asleep.sent(2, 0)


def test_repeats_are_found_whichever_machine_has_posted_them(team: Team) -> None:
    journal = new_run(team.machine("leith"), shard="1/2")
    assert claimed(journal)
    journal.sent(2, 0)
    oslo = team.machine("oslo")

    def repeat(rows: list[Row], scope: str = "host/tenant") -> Any:
        at = team.execute("SELECT synq.clock()")[0][0]
        return find_repeat(oslo, rows, verb="inventory adjust", scope=scope, now=at)

    found = repeat(ROWS)
    assert (found.run, found.is_same, found.is_running, found.sent) == (journal.facts.id, True, True, 10)
    assert repeat(ROWS, "host/other") is None
    assert repeat([row(99)]) is None
    journal.done(2, 1, Receipt("entry"))
    journal.close()
    assert (repeat(ROWS).is_running, repeat(ROWS).sent, repeat(ROWS).is_certain) == (False, 1, True)
    assert repeat(ROWS).resume_command == f"synq runs resume {journal.facts.id} --profile acme"


def test_a_run_claims_no_receipt_of_another_machines_run(team: Team) -> None:
    leith, oslo = team.machine("leith"), team.machine("oslo")
    first, second = new_run(leith), new_run(oslo, ROWS[:3])
    new_run(oslo, scope="host/other").close()
    new_run(oslo, verb="orders create").close()
    for journal in (first, second):
        assert claimed(journal)
        for line in (2, 3, 4):
            journal.sent(line, 0)
        journal.done(2, 1, Receipt(f"entry of {journal.facts.id}"))
        journal.unknown(3, 1, "No answer.")
    receipts, unclear = leith.claims(first.facts, {"inventory adjust"}, {3})
    assert receipts == {f"entry of {each.facts.id}" for each in (first, second)}
    assert sorted((each.line, each.state) for each in unclear) == [(3, "unknown"), (4, "sent"), (4, "sent")]
    assert [each.id for each, _ in leith.written_since(0, "host/other", {"inventory adjust"})] != []
    team.execute("UPDATE synq.entries SET written_at = 0")
    team.execute("UPDATE synq.runs SET started_at = 0")
    assert list(leith.written_since(1, "host/tenant", {"inventory adjust"})) == []


def test_undo_and_unfinished_runs_are_seen_by_all(team: Team) -> None:
    leith, oslo = team.machine("leith"), team.machine("oslo")
    name = new_run(leith, path="/data/counts.csv").facts.id
    (left,) = oslo.unfinished("inventory adjust", "/data/counts.csv", None, "host/tenant")
    assert (left["id"], left["resume_command"]) == (name, f"synq runs resume {name} --profile acme")
    assert oslo.unfinished("inventory adjust", "/data/other.csv", None, "host/tenant") == []
    assert oslo.undone_by(name) is None
    undoing = new_run(oslo, undoes=name).facts.id
    assert leith.undone_by(name) == undoing
    assert {each["id"]: each["undone_by"] for each in leith.rows()} == {name: undoing, undoing: None}
    assert json.loads(json.dumps(leith.overview(undoing)))["undoes"] == name
