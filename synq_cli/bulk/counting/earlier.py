"""The counts that runs on this machine have posted, or may still post."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from math import inf

from synq_cli.bulk.counting.count_file import Count
from synq_cli.bulk.journal import Facts, Row
from synq_cli.bulk.plan import listed
from synq_cli.bulk.reconcile import LATE
from synq_cli.bulk.runs import Runs
from synq_cli.errors import RefusedError
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
    unfinished: Mapping[Place, tuple[float, Facts]]
    latest: Mapping[Place, tuple[float, Facts]]

    @classmethod
    def read(cls, journals: Runs, scope: str, now: float) -> "EarlierCounts":
        """Those in the journals; UsageError if one can't be read, since it may have posted the same count."""
        found = list(journals.written_since(now - _SECONDS, scope, {NAME}))
        undone = {facts.undoes for facts, _ in found}
        corrections: set[str] = set()
        unfinished: dict[Place, tuple[float, Facts]] = {}
        latest: dict[Place, tuple[float, Facts]] = {}
        for facts, rows in found:
            corrections |= {row.receipt for row in rows if row.receipt}
            if facts.id in undone:
                continue  # it can't be resumed, and what it had counted does not hold any more
            for row in rows:
                place = _place(row)
                at = epoch(row.content["counted_at"]) or 0.0
                if row.state in {"pending", "sent", "unknown"}:
                    until = inf if row.sent_at is None else row.sent_at + LATE
                    if place not in unfinished or until > unfinished[place][0]:
                        unfinished[place] = until, facts
                elif row.state == "done" and not facts.undoes and (place not in latest or at > latest[place][0]):
                    latest[place] = at, facts
        runs = {facts.id: {_place(row) for row in rows} for facts, rows in found}
        return cls(runs, corrections, unfinished, latest)

    def check(self, counts: Iterable[Count]) -> None:
        """RefusedError for a count whose variance may be posted twice, or is out of date."""
        unfinished: dict[str, list[str]] = {}
        overtaken: dict[str, list[str]] = {}
        for count in counts:
            until, facts = self.unfinished.get(count.place, (0.0, None))
            if facts and until > count.first:
                unfinished.setdefault(facts.resume_command, []).append(count.sku)
            at, facts = self.latest.get(count.place, (0.0, None))
            if facts and at > count.last:
                overtaken.setdefault(facts.id, []).append(f"{count.sku} (of {local_time(at)})")
        for command, skus in unfinished.items():
            raise RefusedError(
                f"An earlier count is not finished: it may have posted the variance of {listed(skus)}, or may still. "
                "Nothing was sent.",
                hint=f"Run `{command}` first, or add --again.",
            )
        for run, skus in overtaken.items():
            raise RefusedError(
                f"Run {run} has posted a later count of {listed(skus)}. Nothing was sent.",
                hint="Remove these rows: the later count stands. --again posts the older one over it.",
            )

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
