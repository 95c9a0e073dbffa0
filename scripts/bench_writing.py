"""Many rows as JSON, CSV and TSV: synq's output and that of the standard library."""

import csv
import io
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench_rounds import BARE, Noise, Times, bare_python, measure, table, verdict
from bench_stub import order

_MOST = 2.0  # highest ratio to the standard library
FORMATS = ("json", "ndjson", "csv", "tsv")


def by_synq(format_: str, rows: list[Any], path: Path) -> None:
    """Write the rows as `synq orders list` does."""
    from synq_cli.commands.orders.listing import COLUMNS
    from synq_cli.output.display import Output

    with path.open("w", encoding="utf-8") as file:
        Output(file, io.StringIO(), environ={}, now=time.time, format=format_).rows(rows, COLUMNS)


def by_the_library(format_: str, rows: list[Any], path: Path) -> None:
    """Write the same rows and columns with json and csv; numbers are floats, the only kind they have."""
    from synq_cli.commands.orders.listing import COLUMNS

    keys = [column.key for column in COLUMNS]
    compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    with path.open("w", encoding="utf-8", newline="") as file:
        if format_ == "json":
            file.write(json.dumps(rows, indent=2, ensure_ascii=False))
        elif format_ == "ndjson":
            for row in rows:
                file.write(compact(row) + "\n")
        else:
            dialect = "excel" if format_ == "csv" else "excel-tab"
            writer = csv.writer(file, dialect, lineterminator="\n")
            writer.writerow(keys)
            for row in rows:
                values = (row.get(key) for key in keys)
                writer.writerow([compact(value) if isinstance(value, list) else value for value in values])


def section(*, large: bool = False) -> str:
    """The table of writing, as Markdown; `large` takes minutes."""
    from synq_cli import exact_json

    count, rounds = (100_000, 7) if large else (10_000, 15)
    noise = Noise()
    texts = [json.dumps(order(number), ensure_ascii=False) for number in range(count)]
    exact, plain = [exact_json.loads(text) for text in texts], [json.loads(text) for text in texts]
    runs = {BARE: bare_python(os.environ).run}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows"
        for format_ in FORMATS:
            runs[f"{format_} synq"] = lambda format_=format_: by_synq(format_, exact, path)
            runs[f"{format_} library"] = lambda format_=format_: by_the_library(format_, plain, path)
        times = measure(runs, rounds)
    return (
        f"{count:,} orders in memory, written to a file. synq keeps every digit of a number; the library writes "
        f"floats. {noise.sentence(times)}\n\n" + table(*_rows(times))
    )


def _rows(times: Times) -> list[tuple[str, ...]]:
    rows = [("format", "synq, s", "json and csv, s", "ratio", f"at most {_MOST:g} x")]
    for format_ in FORMATS:
        ours, library = times.median(f"{format_} synq"), times.median(f"{format_} library")
        ratio = ours / library
        rows.append((format_, f"{ours:.2f}", f"{library:.2f}", f"{ratio:.2f} x", verdict(ratio, _MOST)))
    return rows


if __name__ == "__main__":
    print(section(large="--large" in sys.argv))
