"""An object for people: its fields, and below them a table for each of its lists; in a frame if it is a panel."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from synq_cli.output.columns import Column, Row
from synq_cli.output.drawing.table import build_record, build_table, cut, record_fields
from synq_cli.output.formats import Cell, visible

if TYPE_CHECKING:
    from rich.console import RenderableType

    from synq_cli.output.streams import Stream

# By the key of a list in the row: the heading and the columns of its table.
Sections = Mapping[str, tuple[str, Sequence[Column]]]
# The border and one blank on each side.
_FRAME = 4


class RenderedSections(NamedTuple):
    """A drawing for Rich, its width in cells, and the titles of shortened and of left out columns."""

    drawing: "RenderableType"
    width: int
    shortened: list[str]
    dropped: list[str]


def build_sections(
    stream: "Stream",
    fields: Sequence[tuple[str, Cell]],
    row: Row,
    sections: Sections,
    *,
    now: float,
    width: int | None,
    between: "Sequence[RenderableType]" = (),
) -> RenderedSections:
    """The fields, the drawings `between`, and a table for each list; a list that is null is one the server lacks."""
    from rich.console import Group
    from rich.text import Text

    record = build_record(stream, fields, width=width)
    blocks: list[RenderableType] = [record.table, *between]
    tables = [record]
    for key, (heading, columns) in sections.items():
        rows = row[key]
        if rows is None or rows:
            blocks += [Text(""), Text(stream.fit(heading), "bold")]
        if rows is None:
            blocks.append(Text("This server does not list them.", "dim"))
        elif rows:
            tables.append(build_table(stream, rows, columns, now=now, width=width, keep_empty=False))
            blocks.append(tables[-1].table)
    shortened = dict.fromkeys(title for table in tables for title in table.shortened)
    dropped = dict.fromkeys(title for table in tables for title in table.dropped)
    return RenderedSections(Group(*blocks), max(table.width for table in tables), [*shortened], [*dropped])


def build_panel(
    stream: "Stream",
    title: str,
    row: Row,
    columns: Sequence[Column],
    sections: Sections,
    *,
    now: float,
    width: int | None,
) -> RenderedSections:
    """The object in a frame under the title, uncut if `width` is None; fields that no column names are shown too."""
    from rich.cells import cell_len
    from rich.panel import Panel
    from rich.text import Text

    sections = {key: section for key, section in sections.items() if _is_list_of_objects(row.get(key))}
    rest = {key: value for key, value in row.items() if key not in sections}
    fields = record_fields(rest, columns, now=now, keep_empty=False, leftovers=True)
    inner = None if width is None else max(width - _FRAME, 1)
    built = build_sections(stream, fields, row, sections, now=now, width=inner)
    heading = stream.fit(visible(title))
    # The title is in the border, between a blank and a corner on either side.
    natural = max(built.width, cell_len(heading) + 2) + _FRAME
    width = natural if width is None else min(natural, width)
    heading = cut(heading, width - _FRAME - 2, stream.ellipsis)
    panel = Panel(built.drawing, title=Text(heading, "bold"), title_align="left")
    return built._replace(drawing=panel, width=width)


def _is_list_of_objects(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, Mapping) for item in value)
