"""The life of an object for people: the line of its states, drawn with Rich, its lists below."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from synq_cli.output.columns import Column, Row
from synq_cli.output.drawing.table import build_record, build_table, record_fields
from synq_cli.output.formats import age, state, timestamp

if TYPE_CHECKING:
    from rich.console import Group, RenderableType
    from rich.table import Table

    from synq_cli.output.streams import Stream

Parts = Mapping[str, tuple[str, Sequence[Column]]]

# What stands in `states`, for CSV and TSV.
STATES = [Column("Status", "status", state), Column("At", "at", age), Column("Phase", "phase")]
_MARKS = {"passed": "●", "current": "◉", "ahead": "○"}
# With less than this, the age of a state stands without its time.
_ROOMY = 70
_UNLISTED = "This server does not list them."


class RenderedTimeline(NamedTuple):
    """A drawing for Rich, its width in cells, and the titles of shortened and of left out columns."""

    drawing: "Group"
    width: int
    shortened: list[str]
    dropped: list[str]


def build_timeline(
    stream: "Stream", row: Row, head: Sequence[Column], parts: Parts, *, now: float, width: int | None
) -> RenderedTimeline:
    """The head's fields, the `states`, and a table for each list of the row.

    A list that is null is one that the server lacks.
    """
    from rich.console import Group
    from rich.text import Text

    shortened: dict[str, None] = {}
    dropped: dict[str, None] = {}

    fields = record_fields(row, head, now=now, keep_empty=False, leftovers=False)
    record = build_record(stream, fields, width=width)
    widest = record.width
    blocks: list[RenderableType] = [record.table, Text(""), _line(stream, row["states"], now, width)]
    for key, (heading, columns) in parts.items():
        rows = row[key]
        if rows is None or rows:
            blocks += [Text(""), Text(stream.fit(heading), "bold")]
        if rows is None:
            blocks.append(Text(_UNLISTED, "dim"))
        elif rows:
            built = build_table(stream, rows, columns, now=now, width=width, keep_empty=False)
            blocks.append(built.table)
            widest = max(widest, built.width)
            shortened |= dict.fromkeys(built.shortened)
            dropped |= dict.fromkeys(built.dropped)
    natural = max(widest, _ROOMY) if width is None else width
    return RenderedTimeline(Group(*blocks), natural, list(shortened), list(dropped))


def draw_live(stream: "Stream", rows: Iterable[Row], build: Callable[[Row], RenderedTimeline]) -> None:
    """Draw each row over the one before it; a terminal that can't is given a new drawing when something changed."""
    if not stream.live:
        for row in changes(rows):
            timeline = build(row)
            stream.draw(timeline.drawing, timeline.width)
        return
    from rich.live import Live

    from synq_cli.output.streams import Trimmed

    with Live(console=stream.console(), auto_refresh=False, redirect_stdout=False, redirect_stderr=False) as live:
        for row in rows:
            timeline = build(row)
            with stream.writing():
                stream.console(timeline.width)
                live.update(Trimmed(timeline.drawing), refresh=True)


def changes(rows: Iterable[Row]) -> Iterator[Row]:
    """The rows that are not like the one before them."""
    last: Row | None = None
    for row in rows:
        if row != last:
            last = row
            yield row


def _line(stream: "Stream", states: Sequence[Row], now: float, width: int | None) -> "Table":
    from rich.table import Table
    from rich.text import Text

    form = timestamp if width is None or width >= _ROOMY else age
    line = Table.grid(padding=(0, 2, 0, 0))
    line.add_column(no_wrap=True, overflow="crop")
    line.add_column(overflow="fold", justify="default")
    line.add_column(overflow="fold")
    for step in states:
        shown = state.show(step["status"], step, now)
        style = {"passed": None, "current": shown.style, "ahead": "dim"}[step["phase"]] or ""
        emphasis = f"bold {style}" if step["phase"] == "current" else style
        when = form.show(step["at"], step, now).text
        line.add_row(
            Text(stream.fit(_MARKS[step["phase"]]), emphasis),
            Text(stream.fit(shown.text), emphasis),
            Text(stream.fit(when), style),
        )
    return line
