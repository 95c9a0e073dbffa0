"""What a run leaves: its outcome, the file of failed rows, ready to be sent again, and the report of all rows."""

import csv
import os
from collections.abc import Sequence
from dataclasses import dataclass
from errno import EISDIR
from io import StringIO
from pathlib import Path
from stat import S_IMODE
from tempfile import TemporaryFile
from typing import Any

from synq_cli import exact_json
from synq_cli.bulk.journal import Journal, Row
from synq_cli.bulk.runs import entry_row
from synq_cli.bulk.verbs.verb import Verb
from synq_cli.documents import YAML_SUFFIXES
from synq_cli.errors import PartialError, SynqError, UnknownOutcomeError, UsageError
from synq_cli.rows import REPORTED, SHEET, guarded, split_sheet
from synq_cli.state.folders import replace_file

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
        if self.verb.operation.retry == "safe":
            return f"`{self.command}` sends them again, which changes nothing twice."
        if self.verb.resends:
            return f"`{self.command}` sends them again under the same keys, so none can be placed twice."
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


def write_failed(journal: Journal) -> str | None:
    """Write the failed rows as in their file, with `error_code` and `error` added; gives the path if there are some.

    The file is beside that of the run, with its permissions; for standard input it is in the working folder, for its
    owner only. UsageError if it can't be written.
    """
    facts, failed = journal.facts, journal.entries("failed")
    if not failed or not facts.dialect:
        return None
    kind = "xlsx" if facts.dialect["delimiter"] == SHEET else "csv" if facts.dialect["header"] else "ndjson"
    source = Path(split_sheet(facts.path)[0] if facts.path else f"run-{facts.id}.{kind}")
    path = _failed_path(source)
    mode = S_IMODE(source.stat().st_mode) | 0o600 if source.exists() else 0o600
    replace_file(path, _failed_file(failed, **facts.dialect), mode=mode, hint=None)
    return str(path)


def _failed_path(source: Path) -> Path:
    # One JSON object a line is not YAML.
    suffix = ".ndjson" if source.suffix.lower() in YAML_SUFFIXES else source.suffix
    return source.with_name(f"{source.stem}.failed{suffix}")


def _failed_file(rows: Sequence[Row], delimiter: str, newline: str, *, bom: bool, header: list[str]) -> str | bytes:
    if not header:
        lines = [value | {"error_code": row.code, "error": row.error} for row in rows for value in _written(row)]
        return "".join(exact_json.dumps(line) + newline for line in lines)
    kept = [at for at, cell in enumerate(header) if cell.strip().lower() not in REPORTED]
    titles = [*(header[at] for at in kept), *REPORTED]
    found = [(cells, row.code, row.error or "") for row in rows for cells in _written(row)]
    if delimiter == SHEET:
        from synq_cli.excel.writing import workbook

        return workbook([titles, *([*(cells[at] for at in kept), code, error] for cells, code, error in found)])
    text = StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator=newline)
    writer.writerow(titles)
    writer.writerows([*(cells[at] for at in kept), code, guarded(error)] for cells, code, error in found)
    return ("\ufeff" if bom else "") + text.getvalue()


def _written(row: Row) -> list[Any]:
    """The rows of the user's file that are in this one, as they are written."""
    return [exact_json.loads(line) for line in row.source.split("\n")]


def check_report(path: str | None, source: str | None) -> None:
    """UsageError if a report can't be written, or if it would replace the run's file, `source`, or its failed rows.

    Called before anything is sent.
    """
    if not path:
        return
    report = Path(path).resolve()
    if report.suffix.lower() not in {".csv", ".json"}:
        raise UsageError(f'Invalid report "{path}": use a name that ends in .csv or .json.')
    if source and report in {Path(source).resolve(), _failed_path(Path(source)).resolve()}:
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
    text = StringIO(newline="")
    if path.lower().endswith(".json"):
        text.write(exact_json.dumps(result, indented=True) + "\n")
    else:
        columns = list(dict.fromkeys(key for row in result for key in row))
        writer = csv.DictWriter(text, columns, lineterminator="\n", restval="")
        writer.writeheader()
        writer.writerows(row | {"error": guarded(row["error"] or "")} for row in result)
    replace_file(Path(path), text.getvalue(), mode=None, hint=None)
