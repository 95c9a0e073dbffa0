"""The journal of a run: durable, private, written by one process at a time, and what other runs may not claim."""

import os
import sqlite3
import stat
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from synq_cli.bulk.journal import FIRST_RECEIPT, Facts, Receipt, Row
from synq_cli.bulk.local.journal import LocalJournal
from synq_cli.bulk.local.runs import LocalRuns
from synq_cli.errors import RefusedError, UsageError

NOW = 1_795_521_600.0
ROWS = [Row(line, {"sku": f"S{line}", "delta": 1}, f'["S{line}","1"]') for line in (2, 3, 4, 5, 6)]


def new_run(folder: Path, at: float = NOW) -> LocalJournal:
    return LocalRuns(folder).create(
        ROWS, at, verb="inventory adjust", file="counts.csv", scope="host/tenant", profile="acme"
    )


def test_each_row_keeps_its_outcome(memory: Path) -> None:
    with new_run(memory) as journal:
        for line in (2, 3, 4, 5):
            journal.sent(line, NOW + line)
        journal.done(2, NOW + 10, Receipt("entry", NOW + 9))
        journal.failed(3, NOW + 11, "rejected", "No.")
        journal.unknown(4, NOW + 12, "Nobody answered.")
    with LocalJournal(journal.path) as again:
        assert again.counts() == {"pending": 1, "sent": 1, "done": 1, "failed": 1, "unknown": 1}
        done, failed, unknown, sent, pending = again.entries()
        assert (done.receipt, done.posted_at, done.sent_at, done.answered_at) == ("entry", NOW + 9, NOW + 2, NOW + 10)
        assert (failed.code, failed.error, failed.source) == ("rejected", "No.", '["S3","1"]')
        assert (unknown.state, unknown.error, sent.state, pending.sent_at) == (
            "unknown", "Nobody answered.", "sent", None,
        )  # fmt: skip
        again.pending(4)
        assert [row.line for row in again.entries("pending")] == [4, 6]


def test_each_row_is_on_the_disk_before_it_is_sent(tmp_path: Path) -> None:
    with new_run(tmp_path) as journal:
        pragmas = {
            name: journal._database.execute(f"PRAGMA {name}").fetchone()[0] for name in ("synchronous", "journal_mode")
        }
        assert pragmas == {"synchronous": 2, "journal_mode": "truncate"}
        journal.sent(2, NOW)
        with sqlite3.connect(journal.path) as other:
            assert other.execute("SELECT state FROM entries WHERE line = 2").fetchone() == ("sent",)
        other.close()
    assert stat.S_IMODE(journal.path.stat().st_mode) == 0o600


def test_one_process_works_on_a_run_and_others_may_read_it(memory: Path) -> None:
    with new_run(memory) as journal:
        journal.lock()
        with LocalJournal(journal.path) as other:
            assert other.is_running
            assert LocalRuns(memory).overview(journal.facts.id)["state"] == "running"
            with pytest.raises(RefusedError, match="Another synq process is working"):
                other.lock()
    with LocalJournal(journal.path) as other:
        assert not other.is_running
        other.lock()


def test_run_is_not_said_to_be_running_because_others_look_at_it(memory: Path) -> None:
    name = new_run(memory).facts.id
    with ThreadPoolExecutor(4) as pool:
        states = Counter(pool.map(lambda _: LocalRuns(memory).overview(name)["state"], range(100)))
    assert states == {"stopped": 100}


def test_ids_sort_by_time_and_a_prefix_is_enough(memory: Path) -> None:
    for at in (NOW + 90_000, NOW, NOW):
        new_run(memory, at).close()
    runs = LocalRuns(memory)
    names = [row["id"] for row in runs.rows()]
    assert names == sorted(names, reverse=True)
    assert [name[:13] for name in names] == ["261125-130000", "261124-120000", "261124-120000"]
    assert runs.overview("261125")["id"] == names[0]
    with pytest.raises(UsageError, match='Ambiguous run "261124"'):
        runs.overview("261124")


@pytest.mark.parametrize("content", [b"noise" * 2000, b""])
def test_file_that_is_not_a_journal_is_named(memory: Path, content: bytes) -> None:
    (memory / "261124-120000-aa.sqlite3").write_bytes(content)
    with pytest.raises(UsageError, match=r"261124-120000-aa\.sqlite3"):
        LocalRuns(memory).overview("26")
    assert LocalRuns(memory).rows()[0]["state"] == "damaged"


def test_a_folder_that_can_not_be_read_is_not_an_empty_one(tmp_path: Path) -> None:
    (tmp_path / "runs").touch()
    with pytest.raises(UsageError, match="can't be read: Not a directory"):
        LocalRuns(tmp_path / "runs").rows()


def test_a_run_leaves_one_file_and_its_lock(memory: Path) -> None:
    with new_run(memory) as journal:
        journal.lock()
        journal.sent(2, NOW)
    assert sorted(path.suffix for path in memory.iterdir()) == [".lock", ".sqlite3"]


def test_what_killed_processes_left_is_deleted_after_a_day(memory: Path) -> None:
    with LocalRuns(memory).create(ROWS, NOW, verb="v", file="-", path=str(memory / "b.input"), scope="s", profile="p"):
        pass
    left = ["a.input", "b.input", "260101-120000-aa.new", "260101-120000-aa.new-journal"]
    for age, kept in ((86_000, left), (87_000, ["b.input"])):  # a run needs this one
        for name in left:
            (memory / name).write_text("rows")
            os.utime(memory / name, (NOW - age, NOW - age))
        new_run(memory, NOW).close()
        assert sorted(path.name for path in memory.iterdir() if path.suffix != ".sqlite3") == sorted(kept)


def finished(folder: Path, at: float, receipt: str, **facts: str) -> Facts:
    """A run whose first row is done, its second unknown and its third in flight."""
    more = {"verb": "inventory adjust", "scope": "host/tenant"} | facts
    with LocalRuns(folder).create(ROWS, at, file="counts.csv", profile="acme", **more) as journal:
        for line in (2, 3, 4):
            journal.sent(line, at)
        journal.done(2, at, Receipt(receipt))
        journal.unknown(3, at, "No answer.")
        return journal.facts


def test_run_must_not_claim_receipts_and_unclear_rows_of_other_runs(memory: Path) -> None:
    own = finished(memory, NOW, "own entry")
    finished(memory, NOW + 60, "other entry")
    finished(memory, NOW + 60, "entry of another tenant", scope="host/other")
    finished(memory, NOW + 60, "order", verb="orders create")
    finished(memory, NOW + 60, "entry of another kind of run", verb="inventory count")
    receipts, unclear = LocalRuns(memory).claims(own, {"inventory adjust"}, {3, 4})
    assert receipts == {"own entry", "other entry"}
    assert [(row.line, row.state) for row in unclear] == [(3, "unknown"), (4, "sent")]
    receipts, unclear = LocalRuns(memory).claims(own, {"inventory adjust", "inventory count"}, {3, 4})
    assert receipts == {"own entry", "other entry", "entry of another kind of run"}
    assert [row.line for row in unclear] == [3, 4, 3, 4]
    _, unclear = LocalRuns(memory).claims(own, {"inventory adjust"}, {3})
    assert [row.line for row in unclear] == [4, 3, 4]  # one of its own rows, which another machine may be sending


def test_first_half_of_a_row_is_kept_and_claimed_in_whatever_state_its_second_half_is(memory: Path) -> None:
    states = ["pending", "sent", "done", "failed", "unknown"]
    with new_run(memory) as journal:
        for line, state in zip((2, 3, 4, 5, 6), states, strict=True):
            journal.sent(line, NOW)
            journal.unknown(line, NOW, "No answer.")
            journal.half_done(line, {"sku": '"first_receipt":', FIRST_RECEIPT: f"first {line}"})
            (half,) = (row for row in journal.entries("pending") if row.line == line)
            assert (half.sent_at, half.code, half.error) == (None, None, None)
            if state != "pending":
                journal.sent(line, NOW)
        journal.done(4, NOW, Receipt("second 4"))
        journal.failed(5, NOW, "rejected", "No.")
        journal.unknown(6, NOW, "No answer.")
        assert journal.in_transit() == {"pending": 1, "failed": 1}
        assert [row.line for row in journal.entries() if row.is_in_transit] == [2, 5]
        assert [may_be_sent for _, _, may_be_sent, _ in journal.hashes()] == [True] * 5
    receipts, _ = LocalRuns(memory).claims(journal.facts, {"inventory adjust"}, set())
    assert receipts == {"second 4", *(f"first {line}" for line in (2, 3, 4, 5, 6))}
    with LocalRuns(memory).create(
        [Row(2, {"sku": '"first_receipt":'})], NOW, verb="v", file="f", scope="s", profile="p"
    ) as other:
        assert other.in_transit() == {}


def test_claims_ignore_only_runs_that_ended_well_before(memory: Path) -> None:
    own, early = finished(memory, NOW, "own entry"), finished(memory, NOW - 9000, "early entry")
    path = memory / f"{early.id}.sqlite3"
    for ago, receipts in ((601, {"own entry"}), (599, {"own entry", "early entry"})):
        os.utime(path, (NOW - ago, NOW - ago))
        assert LocalRuns(memory).claims(own, {"inventory adjust"}, set())[0] == receipts
