"""The runs of this machine: their journals in one folder, found by the first letters of an id."""

import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from synq_cli.bulk.runs.journal import SUFFIX, Entry, Facts, Journal, Row, State
from synq_cli.errors import UsageError
from synq_cli.times import timestamp

# No letters that are taken for one another.
_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"
_SHORTLY = 600.0
# What is told of a row, as far as it has it.
TOLD = ("sku", "location", "delta", "payment_reference", "idempotency_key", "last_line", "products")
_UNREADABLE = ("command", "file", "started_at", "rows", "done", "failed", "unknown", "pending", "profile", "undoes")
_DAMAGED = dict.fromkeys(_UNREADABLE) | {"state": "damaged"}


class Runs:
    """The journals in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def create(self, rows: Sequence[Row], now: float, **facts: Any) -> Journal:
        """A new journal; its id begins with the time, so that ids sort, and ends in two drawn letters."""
        begun = f"{datetime.fromtimestamp(now, UTC):%y%m%d-%H%M%S}"
        while True:
            name = f"{begun}-{secrets.choice(_LETTERS)}{secrets.choice(_LETTERS)}"
            try:
                return Journal.create(self._folder / f"{name}{SUFFIX}", Facts(id=name, started_at=now, **facts), rows)
            except FileExistsError:
                continue  # another process has drawn the same

    def open(self, text: str) -> Journal:
        """The journal of the one run whose id begins so; UsageError otherwise."""
        names = [name for name in self._names() if name.startswith(text.strip().lower())]
        if len(names) == 1:
            return Journal(self._folder / f"{names[0]}{SUFFIX}")
        if names:
            raise UsageError(f"{len(names)} runs begin with '{text}'.", hint=f"Among them: {', '.join(names[-3:])}")
        raise UsageError(f"There is no run '{text}'.", hint="`synq runs list` shows them.")

    def rows(self) -> list[dict[str, Any]]:
        """Every run as a row, the latest first."""
        found = []
        for name in self._names():
            try:
                with Journal(self._folder / f"{name}{SUFFIX}") as journal:
                    found.append(overview(journal))
            except UsageError:
                found.append({"id": name, **_DAMAGED})
        undone = {row["undoes"]: row["id"] for row in found}
        return [row | {"undone_by": undone.get(row["id"])} for row in reversed(found)]

    def overview(self, text: str) -> dict[str, Any]:
        """One run as a row, by the first letters of its id."""
        with self.open(text) as journal:
            return overview(journal) | {"undone_by": self.undoing(journal.facts.id)}

    def told(self, text: str, which: str) -> list[dict[str, Any]]:
        """A run's rows that are `failed`, `unknown`, or `all`."""
        states: dict[str, tuple[State, ...]] = {"failed": ("failed",), "unknown": ("unknown", "sent"), "all": ()}
        with self.open(text) as journal:
            return [told(row) for row in journal.entries(*states[which])]

    def undoing(self, run: str) -> str | None:
        """The run that takes this one back, if there is one."""
        return next((row["id"] for row in self.rows() if row["undoes"] == run), None)

    @contextmanager
    def copied(self, stdin: TextIO) -> Iterator[Path]:
        """Standard input as a file beside the journals, which stays if a run has begun that needs it."""
        import shutil
        from tempfile import mkstemp

        handle, name = mkstemp(suffix=".input", dir=self._folder)
        try:
            with os.fdopen(handle, "wb") as copy:
                below: BinaryIO | None = getattr(stdin, "buffer", None)  # a stream in memory has none
                shutil.copyfileobj(below or BytesIO(stdin.read().encode()), copy)
            yield Path(name)
        finally:
            if not any(journal.facts.path == name for journal in self._journals()):
                Path(name).unlink(missing_ok=True)

    def begun(self, verb: str, path: str, scope: str) -> list[dict[str, Any]]:
        """The runs of this verb on this file of this tenant that have rows left."""
        found = []
        for name in self._names():
            with suppress(UsageError), Journal(self._folder / f"{name}{SUFFIX}") as journal:
                if (journal.facts.verb, journal.facts.path, journal.facts.scope) == (verb, path, scope):
                    found.append(overview(journal))
        return [row for row in found if row["state"] in {"stopped", "unclear", "running"}]

    def beside(self, facts: Facts) -> tuple[set[str], list[Entry]]:
        """The receipts of all runs that were at work about then or later, and the unclear rows of all but this one."""
        taken: set[str] = set()
        unclear: list[Entry] = []
        for journal in self._journals(facts.started_at - _SHORTLY):
            with journal:
                if journal.facts.scope == facts.scope and journal.facts.verb == facts.verb:
                    taken |= {row.receipt for row in journal.entries("done") if row.receipt}
                    unclear += journal.entries("unknown", "sent") if journal.facts.id != facts.id else []
        return taken, unclear

    def _names(self) -> list[str]:
        return sorted(path.stem for path in self._folder.glob(f"*{SUFFIX}"))

    def _journals(self, since: float = 0.0) -> Iterator[Journal]:
        """Those that were written to since then."""
        for name in self._names():
            path = self._folder / f"{name}{SUFFIX}"
            if path.stat().st_mtime >= since:
                yield Journal(path)


def overview(journal: Journal) -> dict[str, Any]:
    """A run as a row: what it is, how far it is, and whether it is at work."""
    facts, counts = journal.facts, journal.counts()
    open_rows = counts["pending"] + counts["sent"]
    running = open_rows > 0 and journal.is_running
    # What was on its way when its process died may have arrived.
    unknown = counts["unknown"] + (0 if running else counts["sent"])
    state = "running" if running else "stopped" if counts["pending"] else "unclear" if unknown else "finished"
    return {
        "id": facts.id,
        "command": facts.verb,
        "file": facts.file,
        "started_at": timestamp(facts.started_at),
        "state": state,
        "rows": sum(counts.values()),
        "done": counts["done"],
        "failed": counts["failed"],
        "unknown": unknown,
        "pending": counts["pending"] + (counts["sent"] if running else 0),
        "profile": facts.profile,
        "undoes": facts.undoes,
    }


def told(row: Entry) -> dict[str, Any]:
    """One row of a run, as reports and `runs show` have it."""
    state: State = "unknown" if row.state == "sent" else row.state
    return {
        "line": row.line,
        "status": state,
        **{key: row.content[key] for key in TOLD if key in row.content},
        "receipt": row.receipt,
        "error_code": row.code,
        "error": row.error,
    }
