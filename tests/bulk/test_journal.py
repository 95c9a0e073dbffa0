"""The journal: durable, private, of one process at a time."""

import sqlite3
import stat
from pathlib import Path

import pytest

from synq_cli.bulk.runs.journal import Journal, Receipt, Row
from synq_cli.bulk.runs.runs import Runs
from synq_cli.errors import RefusedError, UsageError

NOW = 1_795_521_600.0
ROWS = [Row(line, {"sku": f"S{line}", "delta": 1}, f'["S{line}","1"]') for line in (2, 3, 4, 5, 6)]


def new_run(folder: Path, at: float = NOW) -> Journal:
    return Runs(folder).create(
        ROWS, at, verb="inventory adjust", file="counts.csv", scope="host/tenant", profile="acme"
    )


def test_it_keeps_what_became_of_each_row(memory: Path) -> None:
    with new_run(memory) as journal:
        for line in (2, 3, 4, 5):
            journal.sent(line, NOW + line)
        journal.done(2, NOW + 10, Receipt("entry", NOW + 9))
        journal.failed(3, NOW + 11, "rejected", "No.")
        journal.unknown(4, NOW + 12, "Nobody answered.")
    with Journal(journal.path) as again:
        assert again.counts() == {"pending": 1, "sent": 1, "done": 1, "failed": 1, "unknown": 1}
        done, failed, unknown, sent, pending = again.entries()
        assert (done.receipt, done.posted_at, done.sent_at, done.answered_at) == ("entry", NOW + 9, NOW + 2, NOW + 10)
        assert (failed.code, failed.error, failed.source) == ("rejected", "No.", '["S3","1"]')
        assert (unknown.state, unknown.error, sent.state, pending.sent_at) == (
            "unknown", "Nobody answered.", "sent", None,
        )  # fmt: skip
        again.pending(4)
        assert [row.line for row in again.entries("pending")] == [4, 6]


def test_each_row_is_on_the_disk_before_it_leaves(tmp_path: Path) -> None:
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


def test_two_can_not_work_on_one_run_but_others_may_look(memory: Path) -> None:
    with new_run(memory) as journal:
        journal.hold()
        with Journal(journal.path) as other:
            assert other.is_running
            assert Runs(memory).overview(journal.facts.id)["state"] == "running"
            with pytest.raises(RefusedError, match="Another synq is at work"):
                other.hold()
    with Journal(journal.path) as other:
        assert not other.is_running
        other.hold()


def test_ids_sort_by_time_and_their_first_letters_are_enough(memory: Path) -> None:
    for at in (NOW + 90_000, NOW, NOW):
        new_run(memory, at).close()
    runs = Runs(memory)
    names = [row["id"] for row in runs.rows()]
    assert names == sorted(names, reverse=True)
    assert [name[:13] for name in names] == ["261125-130000", "261124-120000", "261124-120000"]
    assert runs.overview("261125")["id"] == names[0]
    with pytest.raises(UsageError, match="2 runs begin with '261124'"):
        runs.overview("261124")


@pytest.mark.parametrize("content", [b"noise" * 2000, b""])
def test_a_file_that_is_no_journal_is_named(memory: Path, content: bytes) -> None:
    (memory / "261124-120000-aa.sqlite3").write_bytes(content)
    with pytest.raises(UsageError, match=r"261124-120000-aa\.sqlite3"):
        Runs(memory).overview("26")
    assert Runs(memory).rows()[0]["state"] == "damaged"


def test_a_run_leaves_one_file_and_its_lock(memory: Path) -> None:
    with new_run(memory) as journal:
        journal.hold()
        journal.sent(2, NOW)
    assert sorted(path.suffix for path in memory.iterdir()) == [".lock", ".sqlite3"]
