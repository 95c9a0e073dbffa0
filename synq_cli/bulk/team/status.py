"""The unfinished runs of a team, and the processes that work on them."""

from typing import TYPE_CHECKING, Any

from synq_cli import exact_json

if TYPE_CHECKING:
    from synq_cli.state.team.store import TeamStore

_UNFINISHED = """
    WITH open AS (SELECT run, count(*) AS rows FROM synq.entries WHERE state IN ('pending', 'sent') GROUP BY run)
    SELECT r.facts, w.machine, w.process, w.profile, w.lease_until - synq.clock(), o.rows,
        (SELECT count(*) FROM synq.entries e WHERE e.run = r.id)
    FROM open o JOIN synq.runs r ON r.id = o.run LEFT JOIN synq.workers w ON w.run = r.id AND w.ended_at IS NULL
    ORDER BY r.id DESC, w.number"""


def unfinished(store: "TeamStore") -> list[dict[str, Any]]:
    """A row for each process that works on an unfinished run, the latest run first; a run without one has null.

    `lease_ends_in` is in seconds, 0 for a lease that has expired.
    """
    found = store.read(lambda transaction: transaction.query(_UNFINISHED).all())
    return [
        {
            "run": (facts := exact_json.loads(text))["id"],
            "command": facts["verb"],
            "machine": machine,
            "process": process,
            "profile": profile,
            "lease_ends_in": None if left is None else round(max(left, 0.0), 1),
            "rows": total,
            "left": open_rows,
        }
        for text, machine, process, profile, left, open_rows, total in found
    ]
