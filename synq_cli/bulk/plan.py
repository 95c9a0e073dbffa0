"""What a run is going to do, said before it starts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING, Any

from synq_cli.errors import UsageError
from synq_cli.http.rate_limit import RESERVE, WINDOW, usable

if TYPE_CHECKING:
    from synq_cli.bulk.files.rows import Dialect
    from synq_cli.bulk.runs.journal import Row
    from synq_cli.bulk.verbs.verb import Action
    from synq_cli.http.rate_limit import Snapshot

_LARGEST = 5
_MANY_UNITS = 1000
_MEDIANS = 10
_MOST_TOLD = 10


@dataclass(frozen=True)
class Plan:
    """Rows that are ready to be sent: of the file that was named so and is at `path`, which standard input is not.

    `levels` is the stock before each, by line, where that was asked for.
    """

    verb: "Action"
    file: str
    rows: "Sequence[Row]"
    seconds: float
    path: str | None = None
    dialect: "Dialect | None" = None
    ignored: Sequence[str] = ()
    undoes: str | None = None
    levels: Mapping[int, int] = field(default_factory=dict)

    def as_row(self) -> dict[str, Any]:
        """The plan as JSON has it."""
        return {
            "dry_run": True,
            "command": self.verb.name,
            "file": self.file,
            "rows": self._things(),
            "requests": len(self.rows),
            "minutes": round(self.seconds / 60, 1),
            "net": self.net(),
            "largest": [self._told(row) for row in self._by_size()[:_LARGEST]],
            "suspicious": [self._told(row) for row in self.suspicious()],
            "changes": self.changes(),
            "ignored_columns": list(self.ignored),
        }

    def lines(self) -> list[str]:
        """The plan in words."""
        rows, file = _counted(self._things(), "row"), "standard input" if self.file == "-" else self.file
        head = f"{rows} take back the run {self.undoes}" if self.undoes else f"{rows} of {file}"
        cost = f"{_counted(len(self.rows), 'request')}, {_duration(self.seconds)} at the present budget"
        inside = f" in {self.verb.counted(len(self.rows))}" if self.verb.things else ""
        said = [f"{head}{inside}: {cost}."]
        if net := self.net():
            told = ", ".join(f"{each['location']} {each['units']:+,} ({_counted(each['rows'], 'row')})" for each in net)
            said.append(f"Net: {told}.")
            said.append(f"Largest: {self._listed(self._by_size()[:_LARGEST])}.")
        if odd := self.suspicious():
            more = f", and {len(odd) - _MOST_TOLD:,} more" if len(odd) > _MOST_TOLD else ""
            said.append(f"Suspicious, for their size: {self._listed(odd[:_MOST_TOLD])}{more}.")
        if self.ignored:
            said.append(f"Columns that mean nothing here: {', '.join(self.ignored)}.")
        return said

    def net(self) -> list[dict[str, Any]]:
        """What moves in sum at each location."""
        sums: dict[str, list[int]] = {}
        for row in self.rows:
            if self.verb.move:
                move = self.verb.move(row.content)
                sums.setdefault(move.where, []).append(move.units)
        return [{"location": where, "units": sum(units), "rows": len(units)} for where, units in sorted(sums.items())]

    def suspicious(self) -> "list[Row]":
        """Rows that move over 1,000 units, or over ten times what is usual in the file; the largest first."""
        sizes = [self._size(row) for row in self.rows]
        usual = median(sizes) if sizes else 0
        return [row for row in self._by_size() if self._size(row) > min(_MANY_UNITS, _MEDIANS * usual)]

    def changes(self) -> list[dict[str, Any]]:
        """Before and after of each row whose level is known."""
        return [
            self._told(row) | {"before": before, "after": before + self._units(row)}
            for row in self.rows
            if (before := self.levels.get(row.line)) is not None
        ]

    def _things(self) -> int:
        """How many rows of the input these are."""
        count = self.verb.things
        return sum(count(row.content) for row in self.rows) if count else len(self.rows)

    def _units(self, row: "Row") -> int:
        return self.verb.move(row.content).units if self.verb.move else 0

    def _size(self, row: "Row") -> int:
        return abs(self._units(row))

    def _by_size(self) -> "list[Row]":
        return sorted(self.rows, key=self._size, reverse=True) if self.verb.move else []

    def _told(self, row: "Row") -> dict[str, Any]:
        if self.verb.move is None:
            return {"line": row.line}
        move = self.verb.move(row.content)
        return {"line": row.line, "sku": move.what, "location": move.where, "delta": move.units}

    def _listed(self, rows: "Sequence[Row]") -> str:
        told = [self._told(row) for row in rows]
        return ", ".join(f"{each['sku']} {each['delta']:+,} (line {each['line']})" for each in told)


def parse_lines(text: str | None) -> set[int]:
    """The lines that `7,9` names; UsageError if it names none."""
    words = [] if text is None else text.split(",")
    if not all(word.strip().isascii() and word.strip().isdigit() and len(word) < 10 for word in words):
        raise UsageError(f"'{text}' names no lines.", hint="Give line numbers with commas between, such as 7,9.")
    return {int(word) for word in words}


def seconds_for(requests: int, window: "Snapshot") -> float:
    """How long so many requests take in a window as it is now, answers left aside."""
    places = usable(window.limit, RESERVE)
    taken = window.limit - window.remaining
    later = requests - max(0, places - taken)
    if later <= 0:
        return window.blocked_for
    # The places taken now are free again first, then those that this run takes at once, a window from now.
    windows, rest = divmod(later - 1, places)
    first = window.full_in if rest < taken else WINDOW
    return max(window.blocked_for, windows * WINDOW + first)


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'s' * (number != 1)}"


def _duration(seconds: float) -> str:
    return "under a minute" if seconds < 50 else f"about {_counted(round(seconds / 60), 'minute')}"
