"""Files that a run writes: the failed rows, ready to be sent again, and the report of all rows."""

import csv
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import Any

from synq_cli import exact_json
from synq_cli.bulk.journal import Entry
from synq_cli.bulk.runs import entry_row
from synq_cli.errors import UsageError
from synq_cli.rows import REPORTED, Dialect, guarded
from synq_cli.state.folders import replace_file


def failed_file(path: str | None, run: str, dialect: Dialect) -> Path:
    """The path for failed rows: beside the file, for standard input in the working folder."""
    source = Path(path or f"run-{run}.{'csv' if dialect.header else 'ndjson'}")
    return source.with_name(f"{source.stem}.failed{source.suffix}")


def failed_text(rows: Sequence[Entry], dialect: Dialect) -> str:
    """These rows as in their file, with `error_code` and `error` added."""
    if not dialect.header:
        return "".join(_json_line(row) + dialect.newline for row in rows)
    header = [cell for cell in dialect.header if cell.strip().lower() not in REPORTED]
    kept = [at for at, cell in enumerate(dialect.header) if cell in header]
    text = StringIO(newline="")
    writer = csv.writer(text, delimiter=dialect.delimiter, lineterminator=dialect.newline)
    writer.writerow([*header, *REPORTED])
    for row in rows:
        cells = exact_json.loads(row.source)
        writer.writerow([*(cells[at] for at in kept), row.code, guarded(row.error or "")])
    return ("\ufeff" if dialect.bom else "") + text.getvalue()


def check_report(path: str | None) -> None:
    """UsageError if the name of a report is neither .csv nor .json; called before anything is sent."""
    if path and Path(path).suffix.lower() not in {".csv", ".json"}:
        raise UsageError(f'Invalid report "{path}": use a name that ends in .csv or .json.')


def write_report(rows: Sequence[Entry], path: str | None) -> None:
    """Write the report, if one was asked for; UsageError if it can't be written."""
    if path:
        replace_file(Path(path), report_text(rows, path), mode=None, hint=None)


def report_text(rows: Sequence[Entry], path: str) -> str:
    """Every row with its status and its receipt, as CSV or JSON, by the file's name."""
    result = [entry_row(row) for row in rows]
    if path.lower().endswith(".json"):
        return exact_json.dumps(result, indented=True) + "\n"
    text = StringIO(newline="")
    columns = list(dict.fromkeys(key for row in result for key in row))
    writer = csv.DictWriter(text, columns, lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows(row | {"error": guarded(row["error"] or "")} for row in result)
    return text.getvalue()


def _json_line(row: Entry) -> str:
    fields: dict[str, Any] = exact_json.loads(row.source)
    return exact_json.dumps(fields | dict(zip(REPORTED, (row.code, row.error), strict=True)))
