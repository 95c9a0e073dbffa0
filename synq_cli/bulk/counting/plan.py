"""The plan of a stock count: the variances, what is left out to be counted again, and the totals."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from synq_cli.bulk.counting.count_file import Count
from synq_cli.bulk.journal import Content
from synq_cli.bulk.plan import Plan, duration, numbered
from synq_cli.bulk.report import path_beside, write_rows
from synq_cli.documents import shown_name
from synq_cli.errors import UsageError
from synq_cli.rows import split_sheet
from synq_cli.times import local_time, precise_timestamp

_LARGEST = 5


@dataclass(frozen=True)
class Limit:
    """The most units, or the most percent of the books, by which a count may differ."""

    number: int
    is_percent: bool

    @classmethod
    def parse(cls, text: str) -> "Limit":
        """The limit in a text such as `5` or `10%`; UsageError if it is none."""
        found = re.fullmatch(r"([0-9]{1,9})(\s?%)?", text.strip(), re.ASCII)
        if not found:
            raise UsageError(
                f'Invalid --recount-over "{text}": use a number of units such as 5, or a share such as 10%.'
            )
        return cls(int(found[1]), found[2] is not None)

    def is_passed(self, variance: "Variance") -> bool:
        """Whether a variance is larger."""
        if self.is_percent:
            return abs(variance.delta) * 100 > self.number * abs(variance.book)
        return abs(variance.delta) > self.number


@dataclass(frozen=True)
class Variance:
    """What was counted beside the books at that time; `on_hand` is now, None if it was not read.

    It `is_uncertain` if stock that was not found moved during the count: it may have been there, or have gone.
    """

    count: Count
    book: int
    on_hand: int | None
    is_uncertain: bool = False

    @property
    def delta(self) -> int:
        """Units to post: counted - books."""
        return self.count.units - self.book

    def content(self) -> Content:
        """The row of the journal."""
        variant, location = self.count.place
        return {
            "sku": self.count.sku,
            "delta": self.delta,
            "variant_id": variant,
            "location_id": location,
            "location": self.count.location,
            "counted": self.count.units,
            "book": self.book,
            "counted_at": precise_timestamp(self.count.last),
        }

    def as_row(self) -> dict[str, Any]:
        """The variance as one JSON object."""
        after = None if self.on_hand is None else self.on_hand + self.delta
        row = {"line": self.count.line, **self.content(), "before": self.on_hand, "after": after}
        return {key: row[key] for key in _KEYS if key in row} | {"missing": self.count.is_missing}


_KEYS = ("line", "sku", "location", "counted_at", "book", "counted", "delta", "before", "after")


@dataclass
class CountPlan(Plan):
    """The plan of a count: all variances, of which those of 0 are not sent, and those left out to be counted again.

    `read` is how many rows the file has. `beside` are rows for files beside it, by the word in their names, and how
    they are written: `recount` those left out, and `unknown` those with unknown codes.
    """

    read: int = 0
    variances: Sequence[Variance] = ()
    left_out: Sequence[Variance] = ()
    beside: Mapping[str, Sequence[str]] = field(default_factory=dict)
    beside_dialect: Mapping[str, Any] = field(default_factory=dict)

    def _items(self) -> int:
        return self.read

    @property
    def source(self) -> Path:
        """The file, or for standard input one of that kind in the working folder."""
        if self.file != "-":
            return Path(split_sheet(self.file)[0])
        kind = "csv" if self.beside_dialect["header"] else "ndjson"
        return Path(f"count.{kind}")

    def files(self) -> dict[str, str]:
        """The paths of the files beside it, by the word in their names."""
        return {word: str(path_beside(self.source, word, self.shard)) for word, rows in self.beside.items() if rows}

    def write_files(self) -> None:
        """Write the files beside it; UsageError if one can't be written."""
        for word in self.files():
            write_rows(self.source, word, [(row, {}) for row in self.beside[word]], self.beside_dialect, self.shard)

    @property
    def sent(self) -> list[Variance]:
        """The variances that are posted, the largest first."""
        return _largest_first(each for each in self.variances if each.delta)

    @property
    def missing(self) -> list[Variance]:
        """Those that set what was not found to zero."""
        return [each for each in self.sent if each.count.is_missing]

    def as_row(self) -> dict[str, Any]:
        return {
            "dry_run": True,
            "command": self.verb.name,
            "file": self.file,
            **self.shard_row(),
            "rows": self.read,
            "skus": len(self.variances) + len(self.left_out),
            "requests": len(self.rows),
            "minutes": round(self.seconds / 60, 1),
            "set_to_zero": len(self.missing),
            "files": self.files(),
            "totals": self.totals(),
            "variance": [each.as_row() for each in self.sent],
            "recount": [each.as_row() for each in _largest_first(self.left_out)],
            "guessed_columns": self.guessed_rows(),
            "ignored_columns": list(self.ignored),
        }

    def totals(self) -> list[dict[str, Any]]:
        """For each location how many SKUs are right, short and over, and by how many units."""
        places: dict[str, list[int]] = {}
        for each in self.variances:
            places.setdefault(each.count.location, []).append(each.delta)
        return [
            {
                "location": name,
                "right": deltas.count(0),
                "short": sum(delta < 0 for delta in deltas),
                "over": sum(delta > 0 for delta in deltas),
                "short_units": sum(delta for delta in deltas if delta < 0),
                "over_units": sum(delta for delta in deltas if delta > 0),
                "units": sum(deltas),
            }
            for name, deltas in sorted(places.items())
        ]

    def lines(self) -> list[str]:
        lines = []
        counted = [each.count for each in (*self.variances, *self.left_out) if not each.count.is_missing]
        if counted:
            first, last = (
                local_time(at) for at in (min(each.first for each in counted), max(each.last for each in counted))
            )
            when = f"at {last}" if first == last else f"from {first} to {last}"
            rows = f"{numbered(self._items(), 'row')} of {shown_name(self.file)}"
            lines.append(f"{rows}: {numbered(len(counted), 'SKU')}, counted {when}.")
        lines += self.shard_lines()
        lines += self.guessed_lines()
        for each in self.totals():
            off = f"{each['short']:,} short ({each['short_units']:+,}), {each['over']:,} over ({each['over_units']:+,})"
            lines.append(f"{each['location']}: {each['right']:,} right, {off}; net {each['units']:+,} units.")
        if missing := self.missing:
            units = sum(each.delta for each in missing)
            lines.append(f"Not found, to be set to zero: {numbered(len(missing), 'SKU')} ({units:+,} units).")
        if self.ignored:
            lines.append(f"Ignored columns: {', '.join(self.ignored)}.")
        if self.rows:
            cost = f"{numbered(len(self.rows), 'request')}, {duration(self.seconds)} at the current rate limit"
            lines.append(f"{self.verb.counted(len(self.rows)).capitalize()} to post: {cost}.")
        else:
            lines.append("There is no variance to post: nothing was sent.")
        return lines

    def largest(self) -> str:
        """The largest variances, in words."""
        shown = [f"{each.count.sku} {each.book:,} → {each.count.units:,}" for each in self.sent[:_LARGEST]]
        return f"Largest: {', '.join(shown)}."


def _largest_first(variances: Iterable[Variance]) -> list[Variance]:
    return sorted(variances, key=lambda each: (-abs(each.delta), each.count.line))
