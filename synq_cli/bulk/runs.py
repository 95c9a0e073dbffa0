"""The runs on this machine: their journals in one folder, found by the prefix of an id."""

import secrets
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO, TypeVar

from synq_cli.bulk import SUFFIX
from synq_cli.bulk.journal import FIRST_RECEIPT, Facts, Journal, Row, State
from synq_cli.bulk.shards import Shard
from synq_cli.documents import binary, read_errors, shown_name
from synq_cli.errors import UsageError
from synq_cli.rows import PEEKED, can_be_read_in_place, copy_as_utf8, split_sheet
from synq_cli.state.database import private_file
from synq_cli.state.folders import OTHER_FOLDERS, sole_writer
from synq_cli.times import timestamp

_T = TypeVar("_T")
# No characters that look alike.
LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"
# Journals that were last written to so many seconds before a run started can't have claimed its ledger entries.
_CLAIM_SECONDS = 600.0
_DAY = 86_400.0
IN_TRANSIT = "in transit"
# The fields of a row that reports have, as far as it has them.
_REPORTED = (
    "sku", "location", "counted_at", "counted", "book", "delta", "quantity", "reference", "product", "email", "role",
    "payment_reference", "idempotency_key", "last_line", "products", "order_id", "tracking_number", "reason", "lines",
    "label", "method", "path",
)  # fmt: skip
# Those of a row of two halves.
_TRANSFERRED = ("sku", "quantity", "from", "to", FIRST_RECEIPT)
_DAMAGED: dict[str, Any] = {"state": "damaged"} | dict.fromkeys(
    (
        "command",
        "file",
        "started_at",
        "rows",
        "done",
        "failed",
        "unknown",
        "pending",
        "in_transit",
        "profile",
        "undoes",
        "shard",
    )
)


class Runs:
    """The journals in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()

    def create(self, rows: Sequence[Row], now: float, **facts: Any) -> Journal:
        """A new journal; its id starts with the time, so that ids sort, and ends in two random characters."""
        self._delete_left_over(now - _DAY)
        start = f"{datetime.fromtimestamp(now, UTC):%y%m%d-%H%M%S}"
        while True:
            name = f"{start}-{secrets.choice(LETTERS)}{secrets.choice(LETTERS)}"
            try:
                return Journal.create(self._path(name), Facts(id=name, started_at=now, **facts), rows)
            except FileExistsError:
                continue  # another process has drawn the same id

    def starting(self) -> AbstractContextManager[None]:
        """Keep other processes from starting a run meanwhile; UsageError if one does so for ten seconds."""
        return sole_writer(self._folder / "start")

    def open(self, prefix: str) -> Journal:
        """The journal of the run whose id has this prefix; UsageError if there is none or several."""
        names = [name for name in self._names() if name.startswith(prefix.strip().lower())]
        if len(names) == 1:
            return Journal(self._path(names[0]))
        if names:
            several = ", ".join(names[-3:])
            raise UsageError(f'Ambiguous run "{prefix}": use more characters.', hint=f"Matches: {several}")
        raise UsageError(f'Unknown run "{prefix}".', hint="See `synq runs list`.")

    def rows(self) -> list[dict[str, Any]]:
        """Every run as a row, the latest first."""
        found = []
        for name in self._names():
            try:
                with Journal(self._path(name)) as journal:
                    found.append(overview(journal))
            except UsageError:
                found.append({"id": name, **_DAMAGED})
        undone = {row["undoes"]: row["id"] for row in found}
        return [_with_undo(row, undone.get(row["id"])) for row in reversed(found)]

    def overview(self, prefix: str) -> dict[str, Any]:
        """One run as a row."""
        with self.open(prefix) as journal:
            return _with_undo(overview(journal), self.undone_by(journal.facts.id))

    def rows_of(self, prefix: str, which: str) -> list[dict[str, Any]]:
        """The `failed`, `unknown` or `all` rows of a run."""
        states: dict[str, tuple[State, ...]] = {"failed": ("failed",), "unknown": ("unknown", "sent"), "all": ()}
        with self.open(prefix) as journal:
            return [entry_row(entry) for entry in journal.entries(*states[which])]

    def undone_by(self, run: str) -> str | None:
        """The run that undoes this one, if there is one."""
        undoing = self.each(lambda journal: journal.facts)
        return next((facts.id for facts in undoing if facts.undoes == run), None)

    @contextmanager
    def readable(self, name: str, stdin: TextIO) -> Iterator[Path]:
        """A file as RowReader takes it: where it is, or as a UTF-8 copy beside the journals.

        Standard input (-), pipes, UTF-16 and workbooks are copied; the copy stays if a run needs it. UsageError if it
        can't be read.
        """
        copy = self._folder / f"{secrets.token_hex(8)}.input"
        try:
            yield copy if self._copied(name, stdin, copy) else Path(name)
        finally:
            if str(copy) not in self.each(lambda journal: journal.facts.path):
                copy.unlink(missing_ok=True)

    def _copied(self, name: str, stdin: TextIO, copy: Path) -> bool:
        """Copy a file, unless it can be read in place."""
        file, sheet = split_sheet(name)
        try:
            with read_errors(file), nullcontext(binary(stdin)) if name == "-" else Path(file).open("rb") as source:
                if name != "-" and sheet is None and source.seekable():
                    start = source.read(PEEKED)
                    source.seek(0)
                    if can_be_read_in_place(start):
                        return False
                private_file(copy, new=True)
                with copy.open("wb") as target:
                    copy_as_utf8(source, target, name)
        except UnicodeDecodeError:
            raise UsageError(f"{shown_name(name)} can't be read: it is not UTF-16 text.") from None
        return True

    def unfinished(self, verb: str, path: str, shard: Shard | None, scope: str) -> list[dict[str, Any]]:
        """The runs of this verb on this file of this tenant that have rows left, with the commands that resume them.

        Without those of other shards of the file.
        """

        def read(journal: Journal) -> dict[str, Any] | None:
            facts = journal.facts
            if (facts.verb, facts.path, facts.scope) != (verb, path, scope):
                return None
            if shard and shard.is_apart_from(Shard.parse(facts.shard)):
                return None
            return overview(journal) | {"resume_command": facts.resume_command}

        return [row for row in self.each(read) if row and row["state"] != "finished"]

    def claims(self, facts: Facts, verbs: Collection[str]) -> tuple[set[str], list[Row]]:
        """What a run must not claim: the receipts of all runs since shortly before it, and others' unclear rows.

        `verbs` are the kinds of run that send the same operation. UsageError if the journal of one can't be read: what
        it claims is unknown.
        """
        receipts: set[str] = set()
        unclear: list[Row] = []
        for other, rows in self.written_since(facts.started_at - _CLAIM_SECONDS, facts.scope, verbs):
            receipts |= {receipt for row in rows for receipt in row.receipts}
            unclear += [row for row in rows if row.state in {"unknown", "sent"}] if other.id != facts.id else []
        return receipts, unclear

    def written_since(self, since: float, scope: str, verbs: Collection[str]) -> Iterator[tuple[Facts, list[Row]]]:
        """The runs of these kinds on a tenant's data whose journals were written to since an epoch second.

        UsageError if one of these journals can't be read.
        """
        for path in map(self._path, self._names()):
            if path.stat().st_mtime < since:
                continue
            try:
                with Journal(path) as journal:
                    if journal.facts.scope == scope and journal.facts.verb in verbs:
                        yield journal.facts, journal.entries()
            except UsageError as error:
                raise UsageError(f"{error.message} Its run may have posted them: move that file elsewhere.") from None

    def delete_of(self, prefix: str) -> int:
        """Delete the runs whose scope has this prefix, except those that a process works on; gives how many."""
        deleted = 0
        for name in self._names():
            with suppress(UsageError, FileNotFoundError), Journal(self._path(name)) as journal:
                if journal.facts.scope.startswith(prefix) and not journal.is_running:
                    self._path(name).unlink()
                    deleted += 1
        return deleted

    def each(self, read: Callable[[Journal], _T]) -> Iterator[_T]:
        """What `read` gives for each run, the latest first, without those whose journals are damaged."""
        for name in reversed(self._names()):
            try:
                with Journal(self._path(name)) as journal:
                    found = read(journal)
            except UsageError:
                continue
            yield found

    def _delete_left_over(self, before: float) -> None:
        """Delete copies and unfinished journals that processes left which were killed before this epoch second."""
        found = (path for pattern in ("*.input", "*.new*") for path in self._folder.glob(pattern))
        with suppress(FileNotFoundError):  # another process has deleted one meanwhile; the rest can wait
            if old := [path for path in found if path.stat().st_mtime < before]:
                needed = set(self.each(lambda journal: journal.facts.path))
                for path in old:
                    if str(path) not in needed:
                        path.unlink()

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}{SUFFIX}"

    def _names(self) -> list[str]:
        try:
            files = list(self._folder.iterdir())  # a glob would be empty for a folder that can't be read
        except OSError as error:
            raise UsageError(
                f"The folder {self._folder} can't be read: {error.strerror}.", hint=OTHER_FOLDERS
            ) from None
        return sorted(file.stem for file in files if file.name.endswith(SUFFIX))


def overview(journal: Journal) -> dict[str, Any]:
    """A run as a row: its facts, its counts, and its state."""
    facts, counts, transit = journal.facts, journal.counts(), journal.in_transit()
    open_rows = counts["pending"] + counts["sent"]
    running = open_rows > 0 and journal.is_running
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
    return next((facts for facts in runs.each(lambda journal: journal.facts) if facts.plan == plan), None)


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
