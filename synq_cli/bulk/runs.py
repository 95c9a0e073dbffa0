"""Runs: listed, found by a prefix of their ids, and what they have claimed, independent of the storage."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

from synq_cli.bulk.journal import FIRST_RECEIPT, Content, Facts, Journal, Row, State, command_for
from synq_cli.bulk.shards import Shard
from synq_cli.errors import UsageError
from synq_cli.times import timestamp

# No characters that look alike, for ids.
LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"
# Journals that were last written to so many seconds before a run started can't have claimed its ledger entries.
_CLAIM_SECONDS = 600.0
IN_TRANSIT = "in transit"
# The fields of a row that reports have, as far as it has them.
_REPORTED = (
    "sku", "location", "counted_at", "counted", "book", "delta", "quantity", "reference", "product", "email", "role",
    "payment_reference", "idempotency_key", "last_line", "products", "order_id", "tracking_number", "reason", "lines",
    "label", "method", "path",
)  # fmt: skip
# Those of a row of two halves.
_TRANSFERRED = ("sku", "quantity", "from", "to", FIRST_RECEIPT)
# The facts of a run; line, state, whether it may have been sent, and hashes of each row; whether the run is running.
SentRows = tuple[Facts, list[tuple[int, State, bool, bytes]], bool]


class Runs(ABC):
    """The runs that this machine, or a team, has started. UsageError or NetworkError if they can't be read."""

    @abstractmethod
    def create(
        self, rows: Sequence[Row], now: float, *, subject: Callable[[Content], str] | None = None, **facts: Any
    ) -> Journal:
        """The journal of a new run; its id starts with the time, so that ids sort, and ends in random letters.

        `subject` returns what a row changes: see Verb.
        """

    @abstractmethod
    def starting(self, scope: str) -> AbstractContextManager[None]:
        """Keep other processes from starting a run meanwhile; UsageError if one does so for ten seconds."""

    @abstractmethod
    def open(self, prefix: str) -> Journal:
        """The journal of the run whose id has this prefix; UsageError if there is none or several."""

    @abstractmethod
    def facts(self, **having: object) -> Iterator[Facts]:
        """The facts of all runs that have these values, the latest first, except of those that are damaged."""

    @abstractmethod
    def overviews(self, **having: object) -> list[dict[str, Any]]:
        """The runs whose facts have these values, as rows, the latest first."""

    @abstractmethod
    def sent_since(self, since: float, scope: str, verb: str, hashes: Collection[int]) -> Iterator[SentRows]:
        """The runs of a kind on a tenant's data since an epoch second that have rows with one of these hashes.

        Includes the runs that undo a run.
        """

    @abstractmethod
    def written_since(self, since: float, scope: str, verbs: Collection[str]) -> Iterator[tuple[Facts, list[Row]]]:
        """The runs of these kinds on a tenant's data whose journals were written to since an epoch second.

        UsageError if one of these journals can't be read.
        """

    def rows(self) -> list[dict[str, Any]]:
        """Every run as a row, the latest first."""
        found = self.overviews()
        undone = {row["undoes"]: row["id"] for row in found}
        return [_with_undo(row, undone.get(row["id"])) for row in found]

    def overview(self, prefix: str) -> dict[str, Any]:
        """One run as a row."""
        with self.open(prefix) as journal:
            row = _with_undo(overview(journal), self.undone_by(journal.facts.id))
            return row | ({"workers": workers} if (workers := journal.workers()) else {})

    def rows_of(self, prefix: str, which: str) -> list[dict[str, Any]]:
        """The `failed`, `unknown` or `all` rows of a run."""
        states: dict[str, tuple[State, ...]] = {"failed": ("failed",), "unknown": ("unknown", "sent"), "all": ()}
        with self.open(prefix) as journal:
            return [entry_row(entry) for entry in journal.entries(*states[which])]

    def undone_by(self, run: str) -> str | None:
        """The run that undoes this one, if there is one."""
        return next((facts.id for facts in self.facts(undoes=run)), None)

    def unfinished(self, verb: str, path: str, shard: Shard | None, scope: str) -> list[dict[str, Any]]:
        """The runs of this verb on this file of this tenant that have rows left, without those of other shards."""
        return [
            row | {"resume_command": command_for("resume", row["id"], row["profile"])}
            for row in self.overviews(verb=verb, path=path, scope=scope)
            if row["state"] != "finished" and not (shard and shard.is_apart_from(Shard.parse(row["shard"])))
        ]

    def claims(self, facts: Facts, verbs: Collection[str], lines: Collection[int]) -> tuple[set[str], list[Row]]:
        """What a run must not claim: the receipts of all runs since shortly before it, and unclear rows of others.

        `verbs` are the kinds of run that send the same operation, `lines` the rows of the run that are looked for: its
        other rows may be in flight at another machine. UsageError if the journal of one can't be read: what it claims
        is unknown.
        """
        receipts: set[str] = set()
        unclear: list[Row] = []
        for other, rows in self.written_since(facts.started_at - _CLAIM_SECONDS, facts.scope, verbs):
            receipts |= {receipt for row in rows for receipt in row.receipts}
            unclear += [
                row
                for row in rows
                if row.state in {"unknown", "sent"} and not (other.id == facts.id and row.line in lines)
            ]
        return receipts, unclear


def ambiguous(prefix: str, ids: Sequence[str]) -> UsageError:
    """The error for the prefix of several ids."""
    return UsageError(f'Ambiguous run "{prefix}": use more characters.', hint=f"Matches: {', '.join(ids[-3:])}")


def overview(journal: Journal) -> dict[str, Any]:
    """A run as a row: its facts, its counts, and its state."""
    return overview_of(journal.facts, journal.counts(), journal.in_transit(), lambda: journal.is_running)


def overview_of(
    facts: Facts, counts: Mapping[State, int], transit: Mapping[State, int], is_running: Callable[[], bool]
) -> dict[str, Any]:
    """The same of what is known; whether it is running is asked only if it has rows left."""
    open_rows = counts["pending"] + counts["sent"]
    running = open_rows > 0 and is_running()
    # A row that was in flight when the process died may have arrived.
    unknown = counts["unknown"] + (0 if running else counts["sent"])
    state = "running" if running else "stopped" if counts["pending"] else "unclear" if unknown else "finished"
    if transit and not running:
        state = IN_TRANSIT
    return {
        "id": facts.id,
        "command": facts.verb,
        "file": facts.file,
        "started_at": timestamp(facts.started_at),
        "state": state,
        "rows": sum(counts.values()),
        "done": counts["done"],
        "failed": counts["failed"] - transit.get("failed", 0),
        "unknown": unknown,
        "pending": counts["pending"] - transit.get("pending", 0) + (counts["sent"] if running else 0),
        "in_transit": sum(transit.values()) or None,
        "profile": facts.profile,
        "undoes": facts.undoes,
        **({"plan": facts.plan} if facts.plan else {}),
        "shard": facts.shard,
    }


def run_of_plan(runs: Runs, plan: str) -> Facts | None:
    """The run that has applied the plan with this id, if there is one."""
    return next(iter(runs.facts(plan=plan)), None)


def _with_undo(row: dict[str, Any], undone_by: str | None) -> dict[str, Any]:
    """The run as a row with the run that undoes it, which has put back what was in transit."""
    undone = {"state": "undone", "in_transit": None} if undone_by and row["in_transit"] else {}
    return row | undone | {"undone_by": undone_by}


def entry_row(entry: Row) -> dict[str, Any]:
    """One row of a run, as reports and `runs show --rows` have it."""
    state = IN_TRANSIT if entry.is_in_transit else "unknown" if entry.state == "sent" else entry.state
    content = entry.content
    if "from" in content:
        shown = {key: content.get(key) for key in _TRANSFERRED}
    else:
        shown = {key: content[key] for key in _REPORTED if key in content}
    return {
        "line": entry.line,
        "status": state,
        **shown,
        "receipt": entry.receipt,
        "error_code": entry.code,
        "error": entry.error,
    }
