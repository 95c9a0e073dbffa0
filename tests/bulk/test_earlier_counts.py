"""What earlier runs have to say about a count: a variance must not be posted twice."""

from dataclasses import replace
from pathlib import Path

import pytest

from synq_cli.bulk.counting.count_file import Count
from synq_cli.bulk.counting.earlier import NAME, EarlierCounts
from synq_cli.bulk.journal import Row
from synq_cli.bulk.local.runs import LocalRuns
from synq_cli.errors import RefusedError

NOW = 1_795_521_600.0
PLACE, OTHER = ("a", "shed"), ("b", "shed")
COUNT = Count(2, PLACE, "A", "Shed", 5, NOW, NOW, "")


def start(runs: LocalRuns, *, sent_at: float | None, scope: str = "host/tenant") -> None:
    content = {"variant_id": PLACE[0], "location_id": PLACE[1], "counted_at": "2026-11-24T12:00:00Z"}
    facts = {"verb": NAME, "file": "friday.csv", "scope": scope, "profile": "acme"}
    with runs.create([Row(2, content)], NOW, **facts) as journal:
        if sent_at is not None:
            journal.sent(2, sent_at)


def read(runs: LocalRuns) -> EarlierCounts:
    return EarlierCounts.read(runs, "host/tenant", NOW)


def test_run_that_has_started_since_the_plan_is_noticed(memory: Path) -> None:
    runs = LocalRuns(memory)
    before = read(runs)
    start(runs, sent_at=None, scope="host/other")
    before.check_still(read(runs), {PLACE})
    start(runs, sent_at=None)
    before.check_still(read(runs), {OTHER})
    with pytest.raises(RefusedError, match="has counted some of these SKUs meanwhile"):
        before.check_still(read(runs), {PLACE})


@pytest.mark.parametrize(("sent_at", "is_settled"), [(None, False), (NOW - 5, False), (NOW - 60, True)])
def test_row_that_was_lost_long_before_a_count_is_in_its_books(
    memory: Path, sent_at: float | None, is_settled: bool
) -> None:
    runs = LocalRuns(memory)
    start(runs, sent_at=sent_at)
    earlier = read(runs)
    earlier.check([replace(COUNT, place=OTHER)])
    if is_settled:
        earlier.check([COUNT])
    else:
        with pytest.raises(RefusedError, match="it may have posted the variance of A, or may still"):
            earlier.check([COUNT])
