"""The outcome of a run: its summary, and the error that says where it stands and how to resume it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from synq_cli.bulk.journal import Row
from synq_cli.bulk.verbs.verb import Verb
from synq_cli.errors import PartialError, SynqError, UnknownOutcomeError

_MOST_LINES = 20


@dataclass(frozen=True)
class Outcome:
    """A run that has finished or stopped: its summary, its rows, why it stopped, and the command that resumes it."""

    row: dict[str, Any]
    entries: Sequence[Row]
    reason: SynqError | None
    command: str
    verb: Verb

    def check(self) -> None:
        """Raise why the run stopped, else UnknownOutcomeError or PartialError for its unknown or failed rows."""
        where = f"Run {self.row['id']}: {self.progress()}."
        if self.reason is not None:
            error = type(self.reason)(
                f"{self.reason.message} {where}{self._listed()}",
                hint=f"{self.reason.hint.rstrip('.')}. Then: {self.command}"
                if self.reason.hint
                else f"Resume it with: {self.command}",
                status=self.reason.status,
                request_id=self.reason.request_id,
            )
            error.retryable = self.reason.retryable
            raise error
        if self.row["unknown"]:
            raise UnknownOutcomeError(f"{where}{self._listed()}", hint=self._unknown_hint())
        if self.row["failed"]:
            file = self.row["failed_file"]
            raise PartialError(
                where,
                hint=f"The failed rows are in {file}: fix them and run the command again on that file."
                if file
                else f"`synq runs show {self.row['id']} --rows failed` lists them.",
            )

    def progress(self) -> str:
        """How far it is, in words."""
        counts = ", ".join(
            f"{self.row[state]:,} {state}" for state in ("failed", "unknown", "pending") if self.row[state]
        )
        return f"{self.row['done']:,} of {self.row['rows']:,} {self.verb.unit}s done{counts and ', '}{counts}"

    def _unknown_hint(self) -> str:
        if self.verb.resends:
            return f"`{self.command}` sends them again under the same keys, so that none can count twice."
        lines = ",".join(map(str, self.row["unknown_lines"][:_MOST_LINES]))
        return (
            f"`{self.command}` looks for them once more. If you are sure that a {self.verb.unit} was not applied, "
            f"send it again with: {self.command} --resend-unknown {lines}"
        )

    def _listed(self) -> str:
        lines = self.row["unknown_lines"]
        if not lines:
            return ""
        more = f" and {len(lines) - _MOST_LINES:,} more" if len(lines) > _MOST_LINES else ""
        return f" Unknown: line{'s' * (len(lines) != 1)} {', '.join(map(str, lines[:_MOST_LINES]))}{more}."
