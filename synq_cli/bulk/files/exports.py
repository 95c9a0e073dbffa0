"""Products as a file that `synq products import` takes back."""

import csv
from collections.abc import Iterable, Mapping
from io import StringIO
from pathlib import Path
from typing import Any, Literal

from synq_cli import exact_json
from synq_cli.bulk.files.catalogue_file import guarded
from synq_cli.errors import UsageError

Kind = Literal["csv", "ndjson"]
# What a product's list and its whole record have of an import's columns.
LISTED = ("title", "category")
WHOLE = ("title", "description", "category", "brand")


def kind_of(name: str) -> Kind:
    """What a file of this name holds; UsageError if it can't hold products."""
    match Path(name).suffix.lower():
        case ".csv":
            return "csv"
        case ".ndjson" | ".jsonl":
            return "ndjson"
    raise UsageError(f"The name {name} does not say how to write it.", hint="End it in .csv or .ndjson.")


def import_rows(products: Iterable[Mapping[str, Any]], keys: Iterable[str]) -> list[dict[str, str]]:
    """What an import takes of these products, which is nothing of one without a title."""
    rows = [
        {key: value for key in keys if isinstance(value := product.get(key), str) and value} for product in products
    ]
    return [row for row in rows if row.get("title", "").strip()]


def catalogue_text(rows: Iterable[Mapping[str, str]], kind: Kind, keys: Iterable[str]) -> str:
    """The rows as a file of this kind; in CSV such that no spreadsheet takes a cell for a formula."""
    if kind == "ndjson":
        return "".join(exact_json.dumps(dict(row)) + "\n" for row in rows)
    text = StringIO(newline="")
    # Of what ends lines, only what stands in the line's end is sure to be quoted.
    writer = csv.DictWriter(text, list(keys), restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows({key: guarded(value) for key, value in row.items()} for row in rows)
    return text.getvalue().encode(errors="replace").decode()  # JSON may hold half a character, CSV can't
