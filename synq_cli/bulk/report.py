"""What a run leaves: its outcome, the file of failed rows, ready to be sent again, and the report of all rows."""

import csv
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from errno import EISDIR
from io import StringIO
from pathlib import Path
from stat import S_IMODE
from tempfile import TemporaryFile
from typing import Any

from synq_cli import exact_json
from synq_cli.bulk.journal import Facts, Journal, Row
from synq_cli.bulk.runs import entry_row
from synq_cli.bulk.shards import Shard
from synq_cli.bulk.verbs.verb import Verb
from synq_cli.documents import YAML_SUFFIXES
from synq_cli.errors import (
    ConflictError,
    NotFoundError,
    PartialError,
    RejectedError,
    SynqError,
    UnknownOutcomeError,
    UsageError,
)
from synq_cli.rows import REPORTED, SHEET, guarded, split_sheet
from synq_cli.state.folders import replace_file

_MOST_LINES = 20
_PLAN_AGAIN = "A plan is applied once: make a new one with the values as they are now."
# The words in the names of files beside that of a run.
_WORDS = ("failed", "recount", "unknown")
_REFUSALS = (RejectedError, NotFoundError, ConflictError)


@dataclass(frozen=True)
class Outcome:
    """A run that has finished or stopped: its summary, its rows, and why it stopped."""

    row: dict[str, Any]
    entries: Sequence[Row]
    reason: SynqError | None
    facts: Facts
    verb: Verb

    def check(self) -> None:
        """Raise why the run stopped, else UnknownOutcomeError or PartialError for its unknown or failed rows.

        The `details` say where units are that have left one place and are not known to have arrived at another.
        """
        try:
            self._check()
        except SynqError as error:
            error.details = self._whereabouts()
            raise

    def _check(self) -> None:
        command = self.facts.resume_command
        single = not self.facts.file
        where = f"Run {self.row['id']}: {self.progress()}."
        if self.reason is not None:
            error = type(self.reason)(
                f"{self.reason.message} {where}{self._listed()}",
                hint=f"{self.reason.hint.rstrip('.')}. Then: {command}"
                if self.reason.hint
                else f"Resume it with: {command}",
                status=self.reason.status,
                request_id=self.reason.request_id,
            )
            error.retryable = self.reason.retryable
            raise error
        if self.row["unknown"]:
            if single:
                where = f"The outcome of the {self.verb.noun} is unknown: run {self.row['id']}."
            raise UnknownOutcomeError(f"{where}{'' if single else self._listed()}", hint=self._unknown_hint())
        if self.row["in_transit"]:
            if single:
                where = f"The {self.verb.noun} is not complete: run {self.row['id']}."
            raise PartialError(where, hint=f"{self._transit_hint()} {self._failed_hint()}".strip())
        if self.row["failed"] and single:
            (entry,) = self.entries
            kind = next(each for each in (*_REFUSALS, PartialError) if each.code in {entry.code, PartialError.code})
            refused = "" if entry.sent_at is None else f"The API refused the {self.verb.noun}: "
            again = _PLAN_AGAIN if self.facts.plan and kind is ConflictError else None
            raise kind(f"{refused}{(entry.error or '').rstrip('.')}.", hint=again)
        failed = [row for row in self.entries if row.state == "failed"] if self.facts.plan else []
        if conflicts := sum(row.code == ConflictError.code for row in failed):
            where += f" Conflicts: {conflicts:,}, of values that have changed since the plan was made."
            refusal = ConflictError if conflicts == len(failed) else PartialError
            raise refusal(where, hint=f"{self._failed_hint()} {_PLAN_AGAIN}")
        if self.row["failed"]:
            raise PartialError(where, hint=self._failed_hint())

    def single(self) -> dict[str, Any]:
        """The only row of a run, as one JSON object."""
        (entry,) = self.entries
        row = entry_row(entry)
        return {"run": self.facts.id} | {name: row[name] for name in row if name not in {"line", *REPORTED}}

    def progress(self) -> str:
        """How far it is, in words."""
        counts = ", ".join(
            f"{self.row[state]:,} {state.replace('_', ' ')}"
            for state in ("failed", "unknown", "pending", "in_transit")
            if self.row[state]
        )
        return f"{self.row['done']:,} of {self.row['rows']:,} {self.verb.unit}s done{counts and ', '}{counts}"

    def _failed_hint(self) -> str:
        if not self.row["failed"]:
            return ""
        file = self.row["failed_file"]
        if file:
            return f"The failed rows are in {file}: fix them and run the command again on that file."
        return f"`synq runs show {self.row['id']} --rows failed` lists them."

    def _transit_hint(self) -> str:
        only = " --in-transit" if self.row["done"] else ""
        complete, undo = self.facts.resume_command, self.facts.undo_command
        return f"`{complete}` sends the units on; `{undo}{only}` puts them back."

    def _whereabouts(self) -> list[str]:
        found = [(row.line, text) for row in self.entries if (text := self.verb.whereabouts(row))]
        more = [f"and {len(found) - _MOST_LINES:,} more"] if len(found) > _MOST_LINES else []
        return [f"line {line}: {text}" if self.facts.file else text for line, text in found[:_MOST_LINES]] + more

    def _unknown_hint(self) -> str:
        command = self.facts.resume_command
        unclear = [row for row in self.entries if row.line in self.row["unknown_lines"]]
        if all(self.verb.operation_of(row.content).retry == "safe" for row in unclear):
            return f"`{command}` sends them again, which changes nothing twice."
        if all(self.verb.resends(row.content) for row in unclear):
            return f"`{command}` sends them again under the same keys, so none can be placed twice."
        them, what = ("them", f"a {self.verb.unit}") if self.facts.file else ("it", "it")
        lines = ",".join(map(str, self.row["unknown_lines"][:_MOST_LINES]))
        return (
            f"`{command}` looks for {them} once more. If you are sure that {what} was not applied, "
            f"send it again with: {command} --resend-unknown {lines}"
        )

    def _listed(self) -> str:
        lines = self.row["unknown_lines"]
        if not lines:
            return ""
        more = f" and {len(lines) - _MOST_LINES:,} more" if len(lines) > _MOST_LINES else ""
        return f" Unknown: line{'s' * (len(lines) != 1)} {', '.join(map(str, lines[:_MOST_LINES]))}{more}."


def write_failed(journal: Journal) -> str | None:
    """Write the failed rows as in their file, with `error_code` and `error` added; gives the path if there are some.

    The file is beside that of the run, with its permissions; for standard input it is in the working folder, for its
    owner only. UsageError if it can't be written.
    """
    # A row in transit would be sent whole again.
    facts, failed = journal.facts, [row for row in journal.entries("failed") if not row.is_in_transit]
    if not failed or not facts.dialect:
        return None
    kind = "xlsx" if facts.dialect["delimiter"] == SHEET else "csv" if facts.dialect["header"] else "ndjson"
    source = Path(split_sheet(facts.path)[0] if facts.path else f"run-{facts.id}.{kind}")
    errors = [
        (source, {"error_code": row.code, "error": row.error}) for row in failed for source in row.source.split("\n")
    ]
    return write_rows(source, "failed", errors, facts.dialect, Shard.parse(facts.shard))


def write_rows(
    source: Path,
    word: str,
    rows: Sequence[tuple[str, Mapping[str, Any]]],
    dialect: Mapping[str, Any],
    shard: Shard | None = None,
) -> str:
    """Write rows of a file to another one beside it, with its permissions; gives the path.

    UsageError if it can't be written.
    """
    path = path_beside(source, word, shard)
    mode = S_IMODE(source.stat().st_mode) | 0o600 if source.exists() else 0o600
    replace_file(path, rows_file(rows, **dialect), mode=mode, hint=None)
    return str(path)


def path_beside(source: Path, word: str, shard: Shard | None = None) -> Path:
    """The path of a file of some rows of this one, such as counts.failed.csv or counts.2-of-4.failed.csv."""
    # One JSON object a line is not YAML.
    suffix = ".ndjson" if source.suffix.lower() in YAML_SUFFIXES else source.suffix
    part = f".{shard.number}-of-{shard.of}" if shard else ""
    return source.with_name(f"{source.stem}{part}.{word}{suffix}")


def rows_file(
    rows: Sequence[tuple[str, Mapping[str, Any]]], delimiter: str, newline: str, *, bom: bool, header: list[str]
) -> str | bytes:
    """The content of a file of rows, as they are written in their own file, each with the same columns added."""
    if not header:
        return "".join(exact_json.dumps(exact_json.loads(source) | more) + newline for source, more in rows)
    kept = [at for at, cell in enumerate(header) if cell.strip().lower() not in REPORTED]
    titles = [*(header[at] for at in kept), *(rows[0][1] if rows else ())]
    found = [
        ([exact_json.loads(source)[at] for at in kept], [value or "" for value in more.values()])
        for source, more in rows
    ]
    if delimiter == SHEET:
        from synq_cli.excel.writing import workbook

        return workbook([titles, *([*cells, *more] for cells, more in found)])
    text = StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator=newline)
    writer.writerow(titles)
    writer.writerows([*cells, *map(guarded, more)] for cells, more in found)
    return ("\ufeff" if bom else "") + text.getvalue()


def check_report(path: str | None, source: str | None, shard: Shard | None) -> None:
    """UsageError if a report can't be written, or if it would replace the run's file, `source`, or one beside it.

    Called before anything is sent.
    """
    if not path:
        return
    report = Path(path).resolve()
    if report.suffix.lower() not in {".csv", ".json", ".xlsx"}:
        raise UsageError(f'Invalid report "{path}": use a name that ends in .csv, .json or .xlsx.')
    if report.suffix.lower() == ".xlsx":
        from synq_cli.excel.writing import check_available

        check_available()
    file = Path(split_sheet(source)[0]) if source else None
    used = [file, *(path_beside(file, word, shard) for word in _WORDS)] if file else []
    if report in {path.resolve() for path in used}:
        raise UsageError(f'Invalid report "{path}": the run uses a file of that name. Choose another name.')
    try:
        if report.is_dir():
            raise IsADirectoryError(EISDIR, os.strerror(EISDIR))
        TemporaryFile(dir=report.parent).close()
    except OSError as error:
        raise UsageError(f"{path} can't be written: {error.strerror}; nothing was sent.") from None


def write_report(rows: Sequence[Row], path: str | None) -> None:
    """Write every row with its status and its receipt, if a report was asked for; UsageError if it can't be written."""
    if not path:
        return
    result = [entry_row(row) for row in rows]
    columns = list(dict.fromkeys(key for row in result for key in row))
    content: str | bytes
    suffix = Path(path).suffix.lower()
    if suffix == ".json":
        content = exact_json.dumps(result, indented=True) + "\n"
    elif suffix == ".xlsx":
        from synq_cli.excel.writing import workbook

        content = workbook([columns, *([row.get(key) for key in columns] for row in result)])
    else:
        text = StringIO(newline="")
        writer = csv.DictWriter(text, columns, lineterminator="\n", restval="")
        writer.writeheader()
        writer.writerows(row | {"error": guarded(row["error"] or "")} for row in result)
        content = text.getvalue()
    replace_file(Path(path), content, mode=None, hint=None)
