"""The states of an object over time, drawn with Rich, and its lists below."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from synq_cli.output.columns import Column, Row
from synq_cli.output.drawing.sections import Sections, build_sections
from synq_cli.output.drawing.table import Canvas, Rendered, record_fields
from synq_cli.output.formats import age, state, timestamp

if TYPE_CHECKING:
    from rich.table import Table

    from synq_cli.output.streams import Stream

# The columns of `states` in CSV and TSV.
STATES = [Column("Status", "status", state), Column("At", "at", age), Column("Phase", "phase")]
_MARKS = {"passed": "●", "current": "◉", "ahead": "○"}
# A narrower terminal shows the age of a state without its time.
_ROOMY = 70


def build_timeline(canvas: Canvas, row: Row, head: Sequence[Column], sections: Sections) -> Rendered:
    """The fields of `head`, the row's `states`, and a table for each of its lists."""
    from rich.text import Text

    states = _states(canvas, row["states"])
    built = build_sections(canvas, record_fields(canvas, row, head), row, sections, (Text(""), states))
    return built._replace(width=max(built.width, _ROOMY) if canvas.width is None else canvas.width)


def draw_live(stream: "Stream", rows: Iterable[Row], build: Callable[[Row], Rendered]) -> None:
    """Draw each row over the one before it; below it, if it has changed, where the cursor can't be moved."""
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
    """The rows that differ from the one before them."""
    return (row for row, _ in groupby(rows))


def _states(canvas: Canvas, states: Sequence[Row]) -> "Table":
    from rich.table import Table
    from rich.text import Text

    stream, now, width = canvas
    when = timestamp if width is None or width >= _ROOMY else age
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, overflow="crop")
    table.add_column(overflow="fold", justify="default")
    table.add_column(overflow="fold")
    for step in states:
        word = state.show(step["status"], step, now)
        style = {"passed": None, "current": word.style, "ahead": "dim"}[step["phase"]] or ""
        emphasis = f"bold {style}" if step["phase"] == "current" else style
        table.add_row(
            Text(stream.fit(_MARKS[step["phase"]]), emphasis),
            Text(stream.fit(word.text), emphasis),
            Text(stream.fit(when.show(step["at"], step, now).text), style),
        )
    return table
