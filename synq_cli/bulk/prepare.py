"""A file of rows, all of them checked and given their ids before the first is sent."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from synq_cli.bulk.journal import Content, Row
from synq_cli.errors import SynqError, UsageError
from synq_cli.resources.shared.validation import file_problems
from synq_cli.rows import Columns, RowReader


@dataclass(frozen=True)
class Problem:
    """What is wrong with a line, or with `is_warning` only odd."""

    line: int
    what: str
    is_warning: bool = False

    @classmethod
    def of(cls, line: int, error: SynqError) -> "Problem":
        """The message of an error as the rest of a sentence."""
        start = error.message[:1] if error.message[1:2].isupper() else error.message[:1].lower()
        problem = start + error.message[1:]
        return cls(line, f"{problem} {error.hint or ''}".rstrip(". "))


@dataclass(frozen=True)
class PreparedRows:
    """Rows that are ready to be sent, the columns of their file that are ignored, and what is odd about them."""

    rows: Sequence[Row]
    dialect: Mapping[str, Any] | None = None
    ignored: Sequence[str] = ()
    warnings: Sequence[str] = ()


def prepare(
    text: str,
    name: str,
    columns: Columns | None,
    *,
    check: Callable[[Any], Content],
    resolve: Callable[[Sequence[Row]], tuple[list[Row], list[Problem]]],
    identity: Callable[[Content], str],
    duplicate: str,
) -> PreparedRows:
    """The rows of a file; UsageError lists everything that is wrong with it, by line.

    `check` reads the fields of one row, without a request; `resolve` then gives all rows their ids, in as few requests
    as it can. Of two rows with the same `identity` the second is a problem, since a count entered twice must not count
    twice; `duplicate` says what to do.
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
    for row in resolved:
        if (before := first.setdefault(identity(row.content), row.line)) != row.line:
            problems.append(Problem(row.line, f"same as {reader.unit} {before}: {duplicate}"))
    refuse(name, [problem for problem in problems if not problem.is_warning], reader.unit)
    warnings = [f"{reader.unit.capitalize()} {problem.line}: {problem.what}" for problem in problems]
    return PreparedRows(resolved, reader.dialect, list(reader.others), warnings)


def refuse(name: str, problems: Sequence[Problem], unit: str = "line", *, more: int = 0) -> None:
    """UsageError that lists every problem by its line, and says how many `more` there are; nothing if there is none."""
    if problems:
        listed = [f"{unit} {each.line}: {each.what}" for each in sorted(problems, key=lambda each: each.line)]
        raise file_problems(name, listed, "Fix the file and run the command again.", more=more)
