"""Shared by the commands that list: rows that are sorted, cut or only counted."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from synq_cli.cli.context import RunContext
from synq_cli.cli.metavars import FILE
from synq_cli.cli.options import option
from synq_cli.output.columns import Column
from synq_cli.resources.shared.pagination import Listing, Row
from synq_cli.resources.shared.selection import sort
from synq_cli.state.folders import replace_file

PictureOption = Annotated[str | None, option("--svg", FILE, "Write the table as a picture (SVG) too.")]


def show(
    run: RunContext,
    rows: Listing | Sequence[Row],
    columns: Sequence[Column],
    by: str | None,
    *,
    count: bool,
    empty: str,
    most: int | None = None,
    nouns: str | None = None,
) -> None:
    """Print at most so many rows, sorted if asked to, or only their number.

    What takes all rows reads all pages. `nouns` are what a note calls the rows that were left unread; None is no note.
    """
    found = rows.first(None if count or by else most) if isinstance(rows, Listing) else rows
    if count:
        run.output.value(sum(1 for _ in found))
    else:
        run.output.rows(found if by is None else sort(found, by)[:most], columns, empty=empty)
    if isinstance(rows, Listing) and nouns:
        run.output.note(rows.left_out(nouns))


def write_picture(
    run: RunContext, file: str | None, title: str, rows: Sequence[Row], columns: Sequence[Column]
) -> None:
    """Write a table as a picture to a file, if one is named."""
    if file is not None:
        replace_file(Path(file), run.output.picture(title, rows, columns), mode=None)
        run.output.note(f"Wrote {file}.")
