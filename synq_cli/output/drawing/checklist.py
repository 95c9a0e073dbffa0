"""A checklist for people: what was checked, its state, what was found and how to fix it."""

from collections.abc import Iterable

from synq_cli.output.columns import Row
from synq_cli.output.drawing.table import GAP, Canvas, total_width
from synq_cli.output.formats import state, visible

# With less room than this beside the names of the checks, the texts are below them.
_LEAST = 20
_KEYS = ("state", "check", "found", "mend")


def draw_checklist(canvas: Canvas, rows: Iterable[Row]) -> None:
    """The state, check, found and mend of each row, wrapped between words."""
    from rich.cells import cell_len
    from rich.table import Table
    from rich.text import Text

    stream, now, width = canvas
    shown = [[stream.fit(visible(str(row[key] or ""))) for key in _KEYS] for row in rows]
    states, checks, *texts = ([max(map(cell_len, cells)) for cells in zip(*shown, strict=True)]) or [0] * len(_KEYS)
    natural = total_width((states, checks, max(texts)))
    beside = width is None or width - total_width((states, checks)) - GAP >= _LEAST
    checklist = Table.grid(padding=(0, GAP, 0, 0))
    checklist.add_column(width=states, no_wrap=True, overflow="crop", justify="default")
    if beside:
        checklist.add_column(width=checks, no_wrap=True, overflow="crop", justify="default")
    checklist.add_column(overflow="fold")
    for word, check, *lines in shown:
        text = "\n".join(filter(None, lines))
        cells = (Text(check), Text(text)) if beside else (Text(f"{check}\n{text}"),)
        checklist.add_row(Text(word, state.show(word, {}, now).style or ""), *cells)
    stream.draw(checklist, natural if width is None else width)
