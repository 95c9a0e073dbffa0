"""The rows of a CSV, TSV or NDJSON file, each checked before anything is sent."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from itertools import islice
from typing import Any

from synq_cli import exact_json
from synq_cli.bulk.runs.journal import Row
from synq_cli.bulk.verbs.verb import Problem, Verb
from synq_cli.errors import UsageError
from synq_cli.nearest import nearest
from synq_cli.resources.shared.validation import file_problems

_DELIMITERS = ",;\t"
# Columns that a report of failed rows has added; they mean nothing when it is fed in again.
REPORTED = ("error_code", "error")


@dataclass(frozen=True)
class Dialect:
    """How a file is written, so that its failed rows can be given back alike. NDJSON has no delimiter and no header."""

    delimiter: str
    newline: str
    bom: bool
    header: list[str]


@dataclass(frozen=True)
class Table:
    """A file as it was read: its rows by the verb's columns, and the columns that mean nothing to it."""

    dialect: Dialect
    rows: list[Row]
    problems: list[Problem]
    ignored: list[str]


def read_table(text: str, name: str, verb: Verb) -> Table:
    """The rows of the file; UsageError if it has none, or if its columns are not the verb's."""
    bom = text.startswith("\ufeff")
    text = text.removeprefix("\ufeff")
    if not text.strip():
        raise UsageError(f"{name} is empty.", hint=_wanted(verb))
    newline = "\r\n" if "\r\n" in text else "\n"
    if verb.nested or text.lstrip()[:1] == "{":
        table = _read_ndjson(text, Dialect("", newline, bom, []), verb)
    else:
        table = _read_delimited(text, name, (newline, bom), verb)
    if not table.rows and not table.problems:
        raise UsageError(f"{name} has no rows.", hint="Nothing was sent.")
    return table


def refuse(name: str, problems: Sequence[Problem], *, more: int = 0) -> None:
    """UsageError that lists every problem by its line, and says how many `more` there are; nothing if there is none."""
    if not problems:
        return
    told = [f"line {problem.line}: {problem.what}" for problem in sorted(problems, key=lambda each: each.line)]
    raise file_problems(name, told, "Mend the file and run it again.", more=more)


def twice(rows: Sequence[Row], verb: Verb) -> list[Problem]:
    """The rows that say again what an earlier one says: a count entered twice must not count twice."""
    first: dict[str, int] = {}
    problems = []
    for row in rows:
        before = first.setdefault(verb.identity(row.content), row.line)
        if before != row.line:
            mend = "add the two up, or take one out" if verb.move else "take one out"
            problems.append(Problem(row.line, f"it is the same as line {before}; {mend}"))
    return problems


def _read_delimited(text: str, name: str, written: tuple[str, bool], verb: Verb) -> Table:
    delimiter = delimiter_of(text, verb.columns)
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[Row] = []
    problems: list[Problem] = []
    header: list[str] = []
    ignored: list[str] = []
    keys: list[str] = []
    for line, cells in _records(reader, problems):
        if not header:
            header, keys = cells, [cell.strip().lower() for cell in cells]
            ignored = _check_columns(keys, name, verb)
        elif len(cells) != len(header):
            problems.append(Problem(line, f"it has {len(cells)} fields, the first line names {len(header)}"))
        else:
            fields = {key: cell.strip() for key, cell in zip(keys, cells, strict=True)}
            _take(rows, problems, line, fields, exact_json.dumps(cells), verb)
    return Table(Dialect(delimiter, *written, header), rows, problems, ignored)


def _records(reader: Any, problems: list[Problem]) -> Iterator[tuple[int, list[str]]]:
    """Each record with the line it begins on; blank ones left out."""
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            problems.append(Problem(reader.line_num, f"it is no CSV: {error}"))
            return
        if any(cell.strip() for cell in cells):
            yield line, cells


def _read_ndjson(text: str, dialect: Dialect, verb: Verb) -> Table:
    rows: list[Row] = []
    problems: list[Problem] = []
    seen: dict[str, None] = {}
    for line, written in enumerate(text.split("\n"), 1):
        source = written.strip()
        if not source:
            continue
        try:
            value = exact_json.loads(source)
        except (ValueError, RecursionError):
            problems.append(Problem(line, "it is no JSON"))
            continue
        if verb.nested:
            _take(rows, problems, line, _unreported(value), source, verb)
            continue
        if not isinstance(value, dict) or any(isinstance(field, dict | list | bool) for field in value.values()):
            problems.append(Problem(line, "it is no flat JSON object"))
            continue
        fields = {key.strip().lower(): _as_text(field) for key, field in value.items()}
        seen |= dict.fromkeys(fields)
        if slip := _slip(list(fields), verb):
            problems.append(Problem(line, slip))
            continue
        _take(rows, problems, line, fields, source, verb)
    return Table(dialect, rows, problems, [key for key in seen if key not in (*verb.columns, *REPORTED)])


def _unreported(value: Any) -> Any:
    """An object without what a report of failed rows has added."""
    return {key: field for key, field in value.items() if key not in REPORTED} if isinstance(value, dict) else value


def _as_text(value: object) -> str:
    if value is None:
        return ""
    return value.strip() if isinstance(value, str) else exact_json.dumps(value)


def _take(
    rows: list[Row], problems: list[Problem], line: int, fields: Mapping[str, Any], source: str, verb: Verb
) -> None:
    try:
        content = verb.check(fields)
    except UsageError as error:
        problems.append(Problem.of(line, error))
    else:
        rows.append(Row(line, content, source))


def delimiter_of(text: str, columns: Sequence[str]) -> str:
    """The one that finds most of these columns in the first line."""

    def found(delimiter: str) -> int:
        lines = (line for line in StringIO(text, newline="") if line.strip())
        first = next(csv.reader(islice(lines, 1), delimiter=delimiter), [])
        return len({cell.strip().lower() for cell in first} & set(columns))

    return max(_DELIMITERS, key=found)


def _check_columns(keys: list[str], name: str, verb: Verb) -> list[str]:
    """The columns that mean nothing to the verb; UsageError if one is missing, doubled or nearly right."""
    hint = _wanted(verb)
    for names in verb.needs:
        if not set(names) & set(keys):
            raise UsageError(f"{name} has no column {' or '.join(names)}.", hint=hint)
    known = [key for key in keys if key in verb.columns]
    if doubled := {key for key in known if known.count(key) > 1}:
        raise UsageError(f"{name} has the column {', '.join(sorted(doubled))} twice.", hint=hint)
    if slip := _slip(keys, verb):
        raise UsageError(f"{name}: {slip}.", hint="Rename the column, or take it out.")
    return [key for key in keys if key and key not in (*verb.columns, *REPORTED)]


def _slip(keys: Sequence[str], verb: Verb) -> str | None:
    """A column that is nearly an optional one; passed over, it would leave rows to the default."""
    for key in keys:
        near = nearest(key, verb.optional, strict=True)
        if near and near[0] not in keys:
            return f"the column {key} means nothing here, and {near[0]} is missing"
    return None


def _wanted(verb: Verb) -> str:
    if verb.nested:
        return f"It must hold one {verb.noun} a line, each a JSON object."
    columns = ",".join([names[0] for names in verb.needs] + list(verb.optional))
    return f"Its first line must name the columns: {columns}"
