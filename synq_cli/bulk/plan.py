"""What a run is going to do: a file of rows, all of them checked and given their ids, shown before it starts."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from statistics import median
from typing import Any

from synq_cli.bulk.journal import Content, Row, hash_of
from synq_cli.bulk.repeats import Repeat
from synq_cli.bulk.shards import Shard
from synq_cli.bulk.verbs.verb import Verb
from synq_cli.errors import SynqError, UsageError
from synq_cli.http.rate_limit import RESERVE, WINDOW, Snapshot, usable
from synq_cli.resources.shared.validation import file_problems
from synq_cli.rows import Columns, RowReader

_LARGEST = 5
_MANY_UNITS = 1000
_MEDIANS = 10
_MOST_LISTED = 10
FIX = "Fix the file and run the command again."


@dataclass(frozen=True)
class Problem:
    """What is wrong with a line, or with `is_warning` only odd, or with `is_left_out` why it would change nothing."""

    line: int
    what: str
    is_warning: bool = False
    is_left_out: bool = False

    @classmethod
    def of(cls, line: int, error: SynqError) -> "Problem":
        """The message of an error as the rest of a sentence."""
        start = error.message[:1] if error.message[1:2].isupper() else error.message[:1].lower()
        problem = start + error.message[1:]
        return cls(line, f"{problem} {error.hint or ''}".rstrip(". "))


@dataclass
class Plan:
    """Rows that are ready to be sent, what is odd about them, how their file is written, and its ignored columns.

    `guessed` are columns under another name, with the ones that they are read as. `file` is its name as typed, `path`
    where it is, or None for standard input. `levels` is the stock before each row, by line and location, where that was
    asked for. `repeat` is an earlier run of the same rows, which is not looked for if they are to be sent `again`. A
    `single` row is that of a command for one: nothing is announced or asked, and only an unfinished run of it counts as
    a repeat. One that `undoes` a run may reverse only its rows `in_transit`. `unchanged` are the lines that are not
    sent, since they would change nothing; `values` are those that the rows change, with their lines, if they were read.
    One that was read from a plan document has its `id`.
    The rows may be those of a `shard` of the file; `whole` is the number of rows of the file.
    """

    verb: Verb
    rows: Sequence[Row]
    warnings: Sequence[str] = ()
    dialect: Mapping[str, Any] | None = None
    ignored: Sequence[str] = ()
    guessed: Mapping[str, str] = field(default_factory=dict)
    file: str = "-"
    path: str | None = None
    undoes: str | None = None
    seconds: float = 0.0
    levels: Mapping[tuple[int, str], int] = field(default_factory=dict)
    again: bool = False
    repeat: Repeat | None = None
    unchanged: Sequence[Problem] = ()
    values: list[dict[str, Any]] = field(default_factory=list)
    # Raises RefusedError, while no other run can start, if what the plan rests on has changed since.
    check: Callable[[], None] = lambda: None
    single: bool = False
    in_transit: bool = False
    id: str | None = None
    shard: Shard | None = None
    whole: int = 0

    @property
    def requests(self) -> int:
        """How many requests the rows take."""
        return sum(
            max(1, len(self.verb.movements(row.content))) + (self.verb.replaces(row.content) is not None)
            for row in self.rows
        )

    def as_row(self) -> dict[str, Any]:
        """The plan as one JSON object."""
        return {
            "dry_run": True,
            "command": self.verb.name,
            "file": self.file,
            **self.shard_row(),
            "rows": self._items(),
            "requests": self.requests,
            "minutes": round(self.seconds / 60, 1),
            "net": self.net(),
            "largest": self.moves[:_LARGEST],
            "suspicious": self.suspicious(),
            "changes": self.changes(),
            "values": self.values,
            "left_out": [{"line": each.line, "reason": each.what} for each in self.unchanged],
            "remarks": list(self.verb.remarks(self.rows)),
            "guessed_columns": self.guessed_rows(),
            "ignored_columns": list(self.ignored),
        }

    def lines(self) -> list[str]:
        """The plan in words."""
        rows, file = numbered(self._items(), "row"), "standard input" if self.file == "-" else self.file
        head = f"{rows} to undo run {self.undoes}" if self.undoes else f"{rows} of {file}"
        cost = f"{request_cost(self.requests, self.seconds)} at the current rate limit"
        inside = f" in {self.verb.counted(len(self.rows))}" if self.verb.unit != "row" else ""
        lines = [f"{head}{inside}: {cost}.", *self.shard_lines()]
        lines += self.guessed_lines()
        lines += self.verb.remarks(self.rows)
        if net := self.net():
            sums = ", ".join(f"{each['location']} {each['units']:+,} ({numbered(each['rows'], 'row')})" for each in net)
            lines.append(f"Net{'' if self.verb.level == 'on_hand' else ' available'}: {sums}.")
            lines.append(f"Largest: {_listed(self.moves[:_LARGEST])}.")
        if odd := self.suspicious():
            more = f", and {len(odd) - _MOST_LISTED:,} more" if len(odd) > _MOST_LISTED else ""
            lines.append(f"Unusually large: {_listed(odd[:_MOST_LISTED])}{more}.")
        if self.unchanged:
            more = f"; and {len(self.unchanged) - _MOST_LISTED:,} more" if len(self.unchanged) > _MOST_LISTED else ""
            reasons = "; ".join(f"line {each.line}, {each.what}" for each in self.unchanged[:_MOST_LISTED])
            lines.append(f"Left out: {reasons}{more}.")
        if self.ignored:
            lines.append(f"Ignored columns: {', '.join(self.ignored)}.")
        return lines

    def shard_row(self) -> dict[str, Any]:
        """The shard, if the rows are those of one, and how many rows the file has."""
        return {"shard": str(self.shard), "rows_of_file": self.whole} if self.shard else {}

    def shard_lines(self) -> list[str]:
        """The same in words."""
        if not self.shard:
            return []
        words = self.shard.words
        return [f"{words[:1].upper()}{words[1:]}: {self._items():,} of {numbered(self.whole, 'row')}."]

    def summary(self) -> dict[str, Any]:
        """The summary of a run without rows, with the fields of `overview`."""
        counts = dict.fromkeys(("rows", "done", "failed", "unknown", "pending"), 0)
        return {"id": None, "command": self.verb.name, "file": self.file, "state": "finished", **counts}

    def guessed_rows(self) -> list[dict[str, str]]:
        """Columns under another name."""
        return [{"column": name, "read_as": column} for name, column in self.guessed.items()]

    def guessed_lines(self) -> list[str]:
        """The same in words."""
        return [f'Column "{name}" is read as {column}.' for name, column in self.guessed.items()]

    @cached_property
    def moves(self) -> list[dict[str, Any]]:
        """What each row moves, with its line; the largest first."""
        moves = [{"line": row.line, **move} for row in self.rows if (move := self.verb.movement(row.content))]
        return sorted(moves, key=lambda move: abs(move["delta"]), reverse=True)

    def net(self) -> list[dict[str, Any]]:
        """The sum of units at each location."""
        units: dict[str, list[int]] = {}
        for move in self._movements():
            units.setdefault(move["location"], []).append(move["delta"])
        return [{"location": name, "units": sum(each), "rows": len(each)} for name, each in sorted(units.items())]

    def suspicious(self) -> list[dict[str, Any]]:
        """Rows that move over 1,000 units, or over ten times the median of the file; the largest first."""
        usual = median(abs(move["delta"]) for move in self.moves) if self.moves else 0
        most = min(_MANY_UNITS, _MEDIANS * usual)
        return [move for move in self.moves if abs(move["delta"]) > most]

    def changes(self) -> list[dict[str, Any]]:
        """Before and after of each row whose level is known."""
        return [
            move | {"before": before, "after": before + move["delta"]}
            for move in self._movements()
            if (before := self.levels.get((move["line"], move["location"]))) is not None
        ]

    def _movements(self) -> list[dict[str, Any]]:
        """All that the rows move, with their lines, which are in order."""
        return [{"line": row.line, **move} for row in self.rows for move in self.verb.movements(row.content)]

    def _items(self) -> int:
        """How many rows of the user's file these are."""
        return sum(self.verb.item_count(row.content) for row in self.rows)


def prepare(
    verb: Verb,
    text: str,
    name: str,
    columns: Columns | None,
    *,
    check: Callable[[Any], Content],
    resolve: Callable[[Sequence[Row]], tuple[list[Row], list[Problem]]],
    identity: Callable[[Content], str],
    duplicate: str,
    as_written: bool = False,
) -> Plan:
    """The rows of a file; UsageError lists everything that is wrong with it, by line.

    `check` reads the fields of one row, without a request; `resolve` then gives all rows their ids, in as few requests
    as it can. `identity` is what a row posts. Of two rows that post the same the second is a problem, with `as_written`
    only if both are written alike, since a count entered twice must not count twice; `duplicate` says what to do.
    """
    reader = RowReader(columns, name)
    records = reader.read(text)
    rows: list[Row] = []
    problems = [Problem(record.line, record.problem) for record in records if record.problem]
    for record in records:
        if not record.problem:
            try:
                rows.append(Row(record.line, check(record.fields), record.source))
            except UsageError as error:
                problems.append(Problem.of(record.line, error))
    refuse(name, problems, reader.unit)
    resolved, problems = resolve(rows)
    first: dict[str, int] = {}
    hashed = []
    for row in resolved:
        posted = identity(row.content)
        hashed.append(replace(row, hashes=hash_of(posted) * verb.item_count(row.content)))
        key = posted + row.source if as_written else posted
        if (before := first.setdefault(key, row.line)) != row.line:
            problems.append(Problem(row.line, f"same as {reader.unit} {before}: {duplicate}"))
    refuse(name, [problem for problem in problems if not (problem.is_warning or problem.is_left_out)], reader.unit)
    unchanged = sorted((problem for problem in problems if problem.is_left_out), key=lambda each: each.line)
    if unchanged and not hashed and not verb.shard:
        idle = UsageError(f"{name} has no row that would change anything; nothing was sent.")
        idle.details = [f"{reader.unit} {each.line}: {each.what}" for each in unchanged]
        raise idle
    warnings = [f"{reader.unit.capitalize()} {each.line}: {each.what}" for each in problems if each.is_warning]
    return Plan(
        verb,
        [row for row in hashed if verb.is_own(row.content)],
        warnings,
        reader.dialect,
        list(reader.others),
        reader.guessed,
        unchanged=unchanged,
        shard=verb.shard,
        whole=sum(verb.item_count(row.content) for row in hashed),
    )


def refuse(name: str, problems: Sequence[Problem], unit: str = "line", *, more: int = 0, hint: str = FIX) -> None:
    """UsageError that lists every problem by its line, and says how many `more` there are; nothing if there is none."""
    if problems:
        listed = [f"{unit} {each.line}: {each.what}" for each in sorted(problems, key=lambda each: each.line)]
        raise file_problems(name, listed, hint, more=more)


def _listed(rows: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(f"{row['sku']} {row['delta']:+,} (line {row['line']})" for row in rows)


def listed(names: Iterable[str]) -> str:
    """The first names, and how many more there are."""
    every = list(names)
    more = f", and {len(every) - _MOST_LISTED:,} more" if len(every) > _MOST_LISTED else ""
    return f"{', '.join(every[:_MOST_LISTED])}{more}"


def parse_lines(text: str | None) -> set[int]:
    """The line numbers in a text such as `7,9`; UsageError if it is not one."""
    words = [] if text is None else [word.strip() for word in text.split(",")]
    if not all(word.isascii() and word.isdigit() and len(word) < 10 for word in words):
        raise UsageError(f'Invalid lines "{text}": use line numbers separated by commas, such as 7,9.')
    return {int(word) for word in words}


def seconds_for(requests: int, window: Snapshot) -> float:
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


def request_cost(requests: int, seconds: float) -> str:
    """A number of requests and the time that they take, in words."""
    return f"{numbered(requests, 'request')}, {duration(seconds)}"


def numbered(number: int, noun: str) -> str:
    """A number of things in words, such as `2 rows`."""
    return f"{number:,} {noun}{'s' * (number != 1)}"


def duration(seconds: float) -> str:
    """A number of seconds in words, such as `about 11 minutes`."""
    return "under a minute" if seconds < 50 else f"about {numbered(round(seconds / 60), 'minute')}"
