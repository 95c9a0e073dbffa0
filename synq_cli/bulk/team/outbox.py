"""Outcomes of rows that could not be written to the team store: kept on this machine until it can be reached."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synq_cli import exact_json
from synq_cli.state.database import opened, usage_errors

_SCHEMA = (
    "CREATE TABLE outcomes (run TEXT NOT NULL, line INTEGER NOT NULL, worker INTEGER, changes TEXT NOT NULL) STRICT",
)
_VERSION = 1
_HINT = "Check whether the disk is full or the file is damaged."


@dataclass(frozen=True)
class Outcome:
    """The outcome of a row that a worker has sent: the new values of the columns of its entry."""

    run: str
    line: int
    worker: int | None
    changes: Mapping[str, Any]

    @property
    def is_end(self) -> bool:
        """Whether it says instead that the worker has ended: it has no changes."""
        return not self.changes


class Outbox:
    """A durable SQLite file, made when there is first something to deliver. UsageError if it can't be used."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def keep(self, outcome: Outcome) -> None:
        """Add an outcome."""
        with self._errors(), opened(self._path, _SCHEMA, _VERSION, durable=True) as database:
            database.execute(
                "INSERT INTO outcomes VALUES (?, ?, ?, ?)",
                (outcome.run, outcome.line, outcome.worker, exact_json.dumps(dict(outcome.changes))),
            )

    def kept(self) -> list[tuple[int, Outcome]]:
        """Every outcome with its number, the oldest first."""
        if not self._path.exists():
            return []
        with self._errors(), opened(self._path, _SCHEMA, _VERSION, durable=True) as database:
            found = database.execute("SELECT rowid, run, line, worker, changes FROM outcomes ORDER BY rowid").fetchall()
        return [
            (number, Outcome(run, line, worker, exact_json.loads(changes)))
            for number, run, line, worker, changes in found
        ]

    def remove(self, numbers: list[int]) -> None:
        """Delete outcomes that were delivered."""
        with self._errors(), opened(self._path, _SCHEMA, _VERSION, durable=True) as database:
            database.executemany("DELETE FROM outcomes WHERE rowid = ?", [(number,) for number in numbers])

    def _errors(self) -> Any:
        return usage_errors(f"The file of undelivered outcomes {self._path}", _HINT)
