"""How a run ended: its summary, and the error that says where it stands and what goes on with it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from synq_cli.bulk.runs.runs import overview
from synq_cli.errors import PartialError, SynqError, UnknownOutcomeError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from synq_cli.bulk.runs.journal import Entry, Journal
    from synq_cli.bulk.verbs.verb import Action

_MOST_LINES = 20


@dataclass(frozen=True)
class Outcome:
    """A run that has ended or was stopped: its summary, its rows, why it stopped, and the command that goes on."""

    row: dict[str, Any]
    entries: "Sequence[Entry]"
    reason: SynqError | None
    command: str
    action: "Action"

    def check(self) -> None:
        """The error that the run ended with: why it stopped, else unknown rows, else failed ones; nothing if none."""
        where = f"Run {self.row['id']}: {self.stands()}."
        if self.reason is not None:
            error = type(self.reason)(
                f"{self.reason.message} {where}{self._listed()}",
                hint=f"{self.reason.hint.rstrip('.')}. Then: {self.command}"
                if self.reason.hint
                else f"Go on with: {self.command}",
                status=self.reason.status,
                request_id=self.reason.request_id,
            )
            error.retryable = self.reason.retryable
            raise error
        if self.row["unknown"]:
            raise UnknownOutcomeError(f"{where}{self._listed()}", hint=self._way_on())
        if self.row["failed"]:
            file = self.row["failed_file"]
            raise PartialError(
                where,
                hint=f"The failed rows are in {file}; mend it and run it like the first file."
                if file
                else f"`synq runs show {self.row['id']} --rows failed` lists them.",
            )

    def stands(self) -> str:
        """Where it stands, in words."""
        counts = ", ".join(
            f"{self.row[state]:,} {state}" for state in ("failed", "unknown", "pending") if self.row[state]
        )
        return f"{self.row['done']:,} of {self.row['rows']:,} {self.action.unit}s done{counts and ', '}{counts}"

    def _way_on(self) -> str:
        """What to do about unknown rows."""
        if self.action.resends:
            return f"`{self.command}` sends them again, under the same keys, so that none can be carried out twice."
        lines = ",".join(map(str, self.row["unknown_lines"][:_MOST_LINES]))
        return (
            f"`{self.command}` asks the API for them once more. A {self.action.unit} that was surely not carried out "
            f"goes again with: {self.command} --resend-unknown {lines}"
        )

    def _listed(self) -> str:
        lines = self.row["unknown_lines"]
        if not lines:
            return ""
        more = f" and {len(lines) - _MOST_LINES:,} more" if len(lines) > _MOST_LINES else ""
        return f" Unknown: line{'s' * (len(lines) != 1)} {', '.join(map(str, lines[:_MOST_LINES]))}{more}."


def outcome(
    journal: "Journal",
    command: str,
    reason: SynqError | None,
    *,
    action: "Action",
    seconds: float,
    failed_file: str | None,
) -> Outcome:
    """What the journal says at the end of a go."""
    entries = journal.entries()
    row = overview(journal) | {
        "unknown_lines": [entry.line for entry in entries if entry.state in {"unknown", "sent"}],
        "seconds": round(seconds, 1),
        "failed_file": failed_file,
    }
    return Outcome(row, entries, reason, command, action)
