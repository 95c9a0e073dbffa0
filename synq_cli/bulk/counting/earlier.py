"""The counts that runs on this machine have posted, or may still post."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from math import inf

from synq_cli.bulk.journal import Row
from synq_cli.bulk.plan import Problem
from synq_cli.bulk.reconcile import LATE
from synq_cli.bulk.runs import Runs
from synq_cli.errors import RefusedError
from synq_cli.resources.inventory.count_file import Count
from synq_cli.resources.inventory.ledger import Place
from synq_cli.times import epoch, local_time

NAME = "inventory count"
_SECONDS = 30 * 86_400.0


@dataclass(frozen=True)
class EarlierCounts:
    """What the count runs of a tenant have done in the last 30 days.

    `runs` has the places that each has counted. `corrections` are the ids of the ledger entries that they have posted.
    `unfinished` has the run whose row of a place may still be posted, or may have been, and the last moment at which
    that can be; `latest` the time of the last count of a place that was posted, and its run. Times are by our clock.
    """

    runs: Mapping[str, Collection[Place]]
    corrections: Collection[str]
    unfinished: Mapping[Place, tuple[float, str]]
    latest: Mapping[Place, tuple[float, str]]

    @classmethod
    def read(cls, journals: Runs, scope: str, now: float) -> "EarlierCounts":
        """Those in the journals; UsageError if one can't be read, since it may have posted the same count."""
        found = list(journals.written_since(now - _SECONDS, scope, {NAME}))
        undone = {facts.undoes for facts, _ in found}
        corrections: set[str] = set()
        unfinished: dict[Place, tuple[float, str]] = {}
        latest: dict[Place, tuple[float, str]] = {}
        for facts, rows in found:
            corrections |= {row.receipt for row in rows if row.receipt}
            if facts.id in undone:
                continue  # it can't be resumed, and what it had counted does not hold any more
            for row in rows:
                place = _place(row)
                at = epoch(row.content["counted_at"]) or 0.0
                if row.state in {"pending", "sent", "unknown"}:
                    until = inf if row.sent_at is None else row.sent_at + LATE
                    unfinished[place] = max(unfinished.get(place, (0.0, "")), (until, facts.id))
                elif row.state == "done" and not facts.undoes and at > latest.get(place, (0.0, ""))[0]:
                    latest[place] = at, facts.id
        runs = {facts.id: {_place(row) for row in rows} for facts, rows in found}
        return cls(runs, corrections, unfinished, latest)

    def problems(self, counts: Iterable[Count]) -> list[Problem]:
        """What keeps these counts from being posted: their variance may be posted twice, or is out of date."""
        found = []
        for count in counts:
            until, run = self.unfinished.get(count.place, (0.0, ""))
            if until > count.first:
                what = f"run {run} has posted its count, or may still: run `synq runs resume {run}` first"
                found.append(Problem(count.line, f"{count.sku}: {what}, or add --again"))
            at, run = self.latest.get(count.place, (0.0, ""))
            if at > count.last:
                what = f"run {run} has posted a later count, of {local_time(at)}: remove the row"
                found.append(Problem(count.line, f"{count.sku}: {what}, or add --again"))
        return found

    def check_still(self, later: "EarlierCounts", places: Collection[Place]) -> None:
        """RefusedError if a run that has started since counts one of these places."""
        for run in sorted(later.runs.keys() - self.runs.keys()):
            if set(later.runs[run]) & set(places):
                raise RefusedError(
                    f"Run {run} has counted some of these SKUs meanwhile. Nothing was sent.",
                    hint="Run the command again: it reads the books anew.",
                )


def _place(row: Row) -> Place:
    return row.content["variant_id"], row.content["location_id"]
