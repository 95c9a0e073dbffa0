"""What a run is going to do, shown before it starts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING, Any

from synq_cli.errors import UsageError
from synq_cli.http.rate_limit import RESERVE, WINDOW, usable

if TYPE_CHECKING:
    from synq_cli.bulk.runs.journal import Row
    from synq_cli.bulk.verbs.verb import Adjustment, Verb
    from synq_cli.http.rate_limit import Snapshot
    from synq_cli.rows import Dialect

_LARGEST = 5
_MANY_UNITS = 1000
_MEDIANS = 10
_MOST_TOLD = 10


@dataclass(frozen=True)
class Plan:
    """Rows that are ready to be sent. `file` is its name as typed, `path` where it is, or None for standard input.

    `levels` is the stock before each row, by line, where that was asked for.
    """

    verb: "Verb"
    file: str
    rows: "Sequence[Row]"
    seconds: float
    path: str | None = None
    dialect: "Dialect | None" = None
    ignored: Sequence[str] = ()
    undoes: str | None = None
    levels: Mapping[int, int] = field(default_factory=dict)

    def as_row(self) -> dict[str, Any]:
        """The plan as one JSON object."""
        return {
            "dry_run": True,
            "command": self.verb.name,
            "file": self.file,
            "rows": self._items(),
            "requests": len(self.rows),
            "minutes": round(self.seconds / 60, 1),
            "net": self.net(),
            "largest": [self._row(row) for row in self._by_size()[:_LARGEST]],
            "suspicious": [self._row(row) for row in self.suspicious()],
            "changes": self.changes(),
            "ignored_columns": list(self.ignored),
        }

    def lines(self) -> list[str]:
        """The plan in words."""
        rows, file = _counted(self._items(), "row"), "standard input" if self.file == "-" else self.file
        head = f"{rows} undo the run {self.undoes}" if self.undoes else f"{rows} of {file}"
        cost = f"{_counted(len(self.rows), 'request')}, {_duration(self.seconds)} at the current rate limit"
        inside = f" in {self.verb.counted(len(self.rows))}" if self.verb.unit != "row" else ""
        said = [f"{head}{inside}: {cost}."]
        if net := self.net():
            told = ", ".join(f"{each['location']} {each['units']:+,} ({_counted(each['rows'], 'row')})" for each in net)
            said.append(f"Net: {told}.")
            said.append(f"Largest: {self._listed(self._by_size()[:_LARGEST])}.")
        if odd := self.suspicious():
            more = f", and {len(odd) - _MOST_TOLD:,} more" if len(odd) > _MOST_TOLD else ""
            said.append(f"Unusually large: {self._listed(odd[:_MOST_TOLD])}{more}.")
        if self.ignored:
            said.append(f"Ignored columns: {', '.join(self.ignored)}.")
        return said

    def net(self) -> list[dict[str, Any]]:
        """The sum of units at each location."""
        sums: dict[str, list[int]] = {}
        for row in self.rows:
            if move := self.verb.movement(row.content):
                sums.setdefault(move.location, []).append(move.units)
        return [{"location": where, "units": sum(units), "rows": len(units)} for where, units in sorted(sums.items())]

    def suspicious(self) -> "list[Row]":
        """Rows that move over 1,000 units, or over ten times the median of the file; the largest first."""
        sizes = [self._size(row) for row in self.rows]
        usual = median(sizes) if sizes else 0
        return [row for row in self._by_size() if self._size(row) > min(_MANY_UNITS, _MEDIANS * usual)]

    def changes(self) -> list[dict[str, Any]]:
        """Before and after of each row whose level is known."""
        return [
            self._row(row) | {"before": before, "after": before + self._units(row)}
            for row in self.rows
            if (before := self.levels.get(row.line)) is not None
        ]

    def _items(self) -> int:
        """How many rows of the user's file these are."""
        return sum(self.verb.item_count(row.content) for row in self.rows)

    def _units(self, row: "Row") -> int:
        move = self.verb.movement(row.content)
        return move.units if move else 0

    def _size(self, row: "Row") -> int:
        return abs(self._units(row))

    def _by_size(self) -> "list[Row]":
        """The rows that move stock, the largest first."""
        return sorted((row for row in self.rows if self._units(row)), key=self._size, reverse=True)

    def _row(self, row: "Row") -> dict[str, Any]:
        move: Adjustment | None = self.verb.movement(row.content)
        stock = {"sku": move.sku, "location": move.location, "delta": move.units} if move else {}
        return {"line": row.line, **stock}

    def _listed(self, rows: "Sequence[Row]") -> str:
        told = [self._row(row) for row in rows]
        return ", ".join(f"{each['sku']} {each['delta']:+,} (line {each['line']})" for each in told)


def parse_lines(text: str | None) -> set[int]:
    """The line numbers in a text such as `7,9`; UsageError if it is not one."""
    words = [] if text is None else text.split(",")
    if not all(word.strip().isascii() and word.strip().isdigit() and len(word) < 10 for word in words):
        raise UsageError(f'Invalid lines "{text}": use line numbers separated by commas, such as 7,9.')
    return {int(word) for word in words}


def seconds_for(requests: int, window: "Snapshot") -> float:
    """How long so many requests take in the rate limit's window as it is now, without latency."""
    places = usable(window.limit, RESERVE)
    taken = window.limit - window.remaining
    later = requests - max(0, places - taken)
    if later <= 0:
        return window.blocked_for
    # The slots taken now are free again first, then those that this run takes at once, a window from now.
    windows, rest = divmod(later - 1, places)
    first = window.full_in if rest < taken else WINDOW
    return max(window.blocked_for, windows * WINDOW + first)


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'s' * (number != 1)}"


def _duration(seconds: float) -> str:
    return "under a minute" if seconds < 50 else f"about {_counted(round(seconds / 60), 'minute')}"
