"""What a run leaves behind as files: the failed rows, ready to be fed in again, and the full result."""

import csv
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import Any

from synq_cli import exact_json
from synq_cli.bulk.files.rows import REPORTED, Dialect
from synq_cli.bulk.runs.journal import Entry
from synq_cli.bulk.runs.runs import told
from synq_cli.errors import UsageError
from synq_cli.state.folders import replace_file


def failed_file(path: str | None, run: str, dialect: Dialect) -> Path:
    """Where the failed rows go: beside the file; those of standard input into this folder."""
    source = Path(path or f"run-{run}.{'csv' if dialect.header else 'ndjson'}")
    return source.with_name(f"{source.stem}.failed{source.suffix}")


def failed_text(rows: Sequence[Entry], dialect: Dialect) -> str:
    """These rows as their file had them, with `error_code` and `error` added."""
    if not dialect.header:
        return "".join(_json_line(row) + dialect.newline for row in rows)
    header = [cell for cell in dialect.header if cell.strip().lower() not in REPORTED]
    kept = [at for at, cell in enumerate(dialect.header) if cell in header]
    text = StringIO(newline="")
    writer = csv.writer(text, delimiter=dialect.delimiter, lineterminator=dialect.newline)
    writer.writerow([*header, *REPORTED])
    for row in rows:
        cells = exact_json.loads(row.source)
        writer.writerow([*(cells[at] for at in kept), row.code, _harmless(row.error)])
    return ("\ufeff" if dialect.bom else "") + text.getvalue()


def check_report(path: str | None) -> None:
    """UsageError if a report can't be of this kind; asked before anything is sent."""
    if path and Path(path).suffix.lower() not in {".csv", ".json"}:
        raise UsageError(f"The report {path} can be neither CSV nor JSON.", hint="Give it a name in .csv or .json.")


def write_report(rows: Sequence[Entry], path: str | None) -> None:
    """The full result, where one was asked for; UsageError if it can't be written."""
    if path:
        replace_file(Path(path), report_text(rows, path), mode=None, hint=None)


def report_text(rows: Sequence[Entry], path: str) -> str:
    """Every row with its status and its receipt, as CSV or JSON, by the file's name."""
    result = [told(row) for row in rows]
    if path.lower().endswith(".json"):
        return exact_json.dumps(result, indented=True) + "\n"
    text = StringIO(newline="")
    columns = list(dict.fromkeys(key for row in result for key in row))
    writer = csv.DictWriter(text, columns, lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows(row | {"error": _harmless(row["error"])} for row in result)
    return text.getvalue()


def _json_line(row: Entry) -> str:
    fields: dict[str, Any] = exact_json.loads(row.source)
    return exact_json.dumps(fields | dict(zip(REPORTED, (row.code, row.error), strict=True)))


def _harmless(words: str | None) -> str | None:
    """What the API said, such that no spreadsheet takes it for a formula."""
    return f"'{words}" if words and words[0] in "=+-@\t\r" else words
