"""Many rows as JSON, CSV and TSV: synq's own output beside the standard library's."""

import csv
import io
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench_rounds import Times, measure, table, verdict
from bench_stub import order

ROUNDS = 7
ROWS = 100_000
_MOST = 2.0  # times as long as the standard library
FORMATS = ("json", "ndjson", "csv", "tsv")


def by_synq(format_: str, rows: list[Any], path: Path) -> None:
    """The rows as `synq orders list` prints them."""
    from synq_cli.commands.orders.listing import COLUMNS
    from synq_cli.output.display import Output

    with path.open("w", encoding="utf-8") as file:
        Output(file, io.StringIO(), environ={}, now=time.time, format=format_).rows(rows, COLUMNS)


def by_the_library(format_: str, rows: list[Any], path: Path) -> None:
    """The same rows and columns, nested values as JSON, by json and csv; numbers are floats, for it has no others."""
    from synq_cli.commands.orders.listing import COLUMNS

    keys = [column.key for column in COLUMNS]
    with path.open("w", encoding="utf-8", newline="") as file:
        if format_ == "json":
            file.write(json.dumps(rows, indent=2, ensure_ascii=False))
        elif format_ == "ndjson":
            for row in rows:
                file.write(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n")
        else:
            dialect = "excel" if format_ == "csv" else "excel-tab"
            writer = csv.writer(file, dialect, lineterminator="\n")
            writer.writerow(keys)
            for row in rows:
                values = (row.get(key) for key in keys)
                writer.writerow(
                    [json.dumps(value, ensure_ascii=False) if isinstance(value, list) else value for value in values]
                )


def section() -> str:
    """The table of writing, as Markdown."""
    from synq_cli import exact_json

    texts = [json.dumps(order(number), ensure_ascii=False) for number in range(ROWS)]
    exact, plain = [exact_json.loads(text) for text in texts], [json.loads(text) for text in texts]
    runs: dict[str, Callable[[], None]] = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows"
        for format_ in FORMATS:
            runs[f"{format_} synq"] = lambda format_=format_: by_synq(format_, exact, path)
            runs[f"{format_} library"] = lambda format_=format_: by_the_library(format_, plain, path)
        times = measure(runs, ROUNDS)
    return (
        f"{ROWS:,} orders in memory, written to a file in {ROUNDS} interleaved rounds. synq keeps every digit of a "
        "number; the library writes floats.\n\n" + table(*_rows(times))
    )


def _rows(times: Times) -> list[tuple[str, ...]]:
    rows = [("format", "synq, s", "json and csv, s", "ratio", f"at most {_MOST:g} ×")]
    for format_ in FORMATS:
        ours, library = times.median(f"{format_} synq"), times.median(f"{format_} library")
        rows.append((format_, f"{ours:.2f}", f"{library:.2f}", f"{ours / library:.2f} ×", verdict(ours / library, _MOST)))
    return rows


if __name__ == "__main__":
    print(section())
