"""A checklist for people: what was looked at, how it stands, and below it the mend."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from synq_cli.output.columns import Row
from synq_cli.output.formats import state, visible

if TYPE_CHECKING:
    from synq_cli.output.streams import Stream

_LEAST = 20


def draw_checklist(stream: "Stream", rows: Iterable[Row], *, width: int | None) -> None:
    """The state, check, found and mend of each row, wrapped between words if there is a width."""
    rows = list(rows)
    states, checks = (max((len(str(row[key])) for row in rows), default=0) for key in ("state", "check"))
    for row in rows:
        head = f"{row['state']:<{states}}  {row['check']:<{checks}}  "
        found, *more = (line for key in ("found", "mend") for line in _wrapped(stream, row[key], len(head), width))
        style = state.show(row["state"], row, 0.0).style
        stream.write(stream.paint(str(row["state"]), style) + head[len(str(row["state"])) :] + found + "\n")
        for line in more:
            stream.write(" " * len(head) + line + "\n")


def _wrapped(stream: "Stream", text: Any, indent: int, width: int | None) -> list[str]:
    from textwrap import wrap

    if not text:
        return []
    shown = stream.fit(visible(str(text)))
    if width is None:
        return [shown]
    return wrap(shown, max(width - indent, _LEAST), break_long_words=False, break_on_hyphens=False)
