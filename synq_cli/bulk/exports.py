"""Products as a file that `synq products import` can read."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import Any, Literal

from synq_cli import exact_json
from synq_cli.errors import UsageError
from synq_cli.rows import guarded

Kind = Literal["csv", "ndjson", "xlsx"]
# The columns of an import that the list of products has, and those that a single product has.
LISTED = ("title", "category")
WHOLE = ("title", "description", "category", "brand")


def kind_of(name: str) -> Kind:
    """The format by the file's name; UsageError if it is none of these."""
    match Path(name).suffix.lower():
        case ".csv":
            return "csv"
        case ".ndjson" | ".jsonl":
            return "ndjson"
        case ".xlsx":
            from synq_cli.excel.writing import check_available

            check_available()
            return "xlsx"
    raise UsageError(f'Invalid file name "{name}": use one that ends in .csv, .ndjson or .xlsx.')


def import_rows(products: Iterable[Mapping[str, Any]], keys: Iterable[str]) -> list[dict[str, str]]:
    """The products as rows of an import, without those that have no title."""
    rows = [
        {key: value for key in keys if isinstance(value := product.get(key), str) and value} for product in products
    ]
    return [row for row in rows if row.get("title", "").strip()]


def guarded_rows(rows: Iterable[Mapping[str, str]]) -> list[dict[str, str]]:
    """The rows so that no spreadsheet takes a cell of their CSV for a formula."""
    return [{key: guarded(value) for key, value in row.items()} for row in rows]


def catalogue(rows: Iterable[Mapping[str, str]], kind: Kind, keys: Sequence[str]) -> str | bytes:
    """The rows as the content of a file; in CSV guarded so that no spreadsheet takes a cell for a formula."""
    if kind == "ndjson":
        return "".join(exact_json.dumps(dict(row)) + "\n" for row in rows)
    if kind == "xlsx":
        from synq_cli.excel.writing import workbook

        return workbook([keys, *([row.get(key) for key in keys] for row in rows)])
    text = StringIO(newline="")
    # csv is sure to quote only those line breaks that are in its own line end.
    writer = csv.DictWriter(text, keys, restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(guarded_rows(rows))
    return text.getvalue().encode(errors="replace").decode()  # JSON may hold lone surrogates, CSV can't
