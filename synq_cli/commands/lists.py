"""Shared by the commands that list: rows that are sorted, cut or only counted, and lists that are watched."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from synq_cli.cli.context import RunContext
from synq_cli.cli.metavars import FILE
from synq_cli.cli.options import option, switch
from synq_cli.output.columns import Column
from synq_cli.output.formats import Cell, Format, state, time_of_day
from synq_cli.resources.shared.pagination import Listing, Row
from synq_cli.resources.shared.selection import sort
from synq_cli.state.folders import replace_file

if TYPE_CHECKING:
    from synq_cli.cli.event_command import EventCommand
    from synq_cli.resources.watching.watch import Watch
    from synq_cli.resources.watching.watching import Known

PictureOption = Annotated[str | None, option("--svg", FILE, "Write the table as a picture (SVG) too.")]
ExecOption = Annotated[
    str | None, option("--exec", "CMD", "Run this command for each event, with the event as JSON on its stdin.")
]
ResumeOption = Annotated[bool, switch("--resume", "Begin with what happened since the last run with these options.")]
# The first columns of a watch.
EVENT = [
    Column("Event ID", "event_id", table=False),
    Column("Time", "at", time_of_day, width=9),
    Column("Event", "event", state, width=7),
    Column("Changes", "changes", table=False),
]


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

    What takes all rows reads all pages. `nouns` are what a note calls the rows that were left unread, if it has one.
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


def transition(title: str, key: str, shown: Format, *, drop: int = 0, width: int = 0) -> list[Column]:
    """The columns of a field of an event's row: for people before and after in one, as `4 → 3`, else one for each."""

    def render(_value: object, event: Mapping[str, object], now: float) -> Cell:
        rows = [row for name in ("before", "after") if isinstance(row := event.get(name), dict)]
        cells = [shown.show(row.get(key), row, now) for row in rows]
        texts = dict.fromkeys(cell.text for cell in cells)
        return Cell(" → ".join(filter(None, texts)), cells[-1].style if cells else None)

    drawn = Column(title, f"after.{key}", Format(render, narrow=shown.narrow), drop=drop, width=width)
    return [Column(f"{title} before", f"before.{key}", table=False), drawn]


def known_watches(run: RunContext) -> "Known":
    """What a watch needs of the run."""
    return {"watches": run.watches, "lists": run.shared_lists, "warn": run.output.warn}


def watch(run: RunContext, watched: "Watch", columns: Sequence[Column], command: str | None, *, resume: bool) -> None:
    """Print the events of a watch as they happen, each before its command runs; NDJSON off a terminal."""
    hook = None if command is None else _event_command(run, command)

    def looks() -> Iterator[list[Row]]:
        for events in watched.events(resume=resume):
            yield events
            if hook:
                for event in events:
                    hook.run(event)

    run.output.follow(looks(), columns, default="ndjson", status=watched.status)


def _event_command(run: RunContext, line: str) -> "EventCommand":
    from synq_cli.cli.event_command import EventCommand

    return EventCommand(line, run.system.environ, run.output.warn)
