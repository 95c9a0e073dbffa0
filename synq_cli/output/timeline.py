"""The life of an object for people: the line of its states, drawn with Rich, its lists below."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from synq_cli.output.columns import Column, Row
from synq_cli.output.formats import age, state, timestamp
from synq_cli.output.table import draw, made_record, made_table, record_lines, styled

if TYPE_CHECKING:
    from rich.console import RenderableType

    from synq_cli.output.streams import Stream

Parts = Mapping[str, tuple[str, Sequence[Column]]]

# What stands in `states`, for CSV and TSV.
STATES = [Column("Status", "status", state), Column("At", "at", age), Column("Phase", "phase")]
_MARKS = {"passed": "●", "current": "◉", "ahead": "○"}
# With less than this, the age of a state stands without its time.
_ROOMY = 70
_UNLISTED = "This server does not list them."


class Drawn(NamedTuple):
    """How many lines were drawn, and the titles of the columns that were shortened and left out."""

    lines: int
    shortened: list[str]
    dropped: list[str]


def draw_timeline(
    stream: "Stream", row: Row, head: Sequence[Column], parts: Parts, *, now: float, width: int | None
) -> Drawn:
    """Draw the head's fields, the `states`, and a table for each list of the row.

    A list that is null is one that the server lacks.
    """
    from rich.console import Group

    shortened: dict[str, None] = {}
    dropped: dict[str, None] = {}

    lines = record_lines(row, head, now=now, keep_empty=False, leftovers=False)
    record = made_record(stream, lines, width=width)
    widest = record.width
    blocks: list[RenderableType] = [record.drawing(), styled(""), _line(stream, row["states"], now, width)]
    for key, (heading, columns) in parts.items():
        rows = row[key]
        if rows is None or rows:
            blocks += [styled(""), styled(stream.fit(heading), "bold")]
        if rows is None:
            blocks.append(styled(_UNLISTED, "dim"))
        elif rows:
            made = made_table(stream, rows, columns, now=now, width=width, keep_empty=False)
            blocks.append(made.drawing())
            widest = max(widest, made.width)
            shortened |= dict.fromkeys(made.shortened)
            dropped |= dict.fromkeys(made.dropped)
    lines_drawn = draw(stream, Group(*blocks), max(widest, _ROOMY) if width is None else width)
    return Drawn(lines_drawn, list(shortened), list(dropped))


def draw_again(stream: "Stream", rows: Iterable[Row], drawn: Callable[[Row], Drawn]) -> None:
    """Draw each row over the one before it; a terminal that can't is given a new drawing when something changed."""
    live = stream.terminal and stream.color
    lines = 0
    for row in rows if live else changes(rows):
        if live and lines:
            stream.write(f"\x1b[{lines}A\x1b[J")
        lines = drawn(row).lines


def changes(rows: Iterable[Row]) -> Iterator[Row]:
    """The rows that are not like the one before them."""
    last: Row | None = None
    for row in rows:
        if row != last:
            last = row
            yield row


def _line(stream: "Stream", states: Sequence[Row], now: float, width: int | None) -> "RenderableType":
    from rich.table import Table

    form = timestamp if width is None or width >= _ROOMY else age
    line = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    line.add_column(no_wrap=True)
    line.add_column(no_wrap=True)
    line.add_column(overflow="fold")
    for step in states:
        shown = state.show(step["status"], step, now)
        style = {"passed": None, "current": shown.style, "ahead": "dim"}[step["phase"]]
        bold = f"bold {style or ''}".strip() if step["phase"] == "current" else style
        when = form.show(step["at"], step, now).text
        line.add_row(
            styled(stream.fit(_MARKS[step["phase"]]), bold),
            styled(stream.fit(shown.text), bold),
            styled(stream.fit(when), style if when else None),
        )
    return line
