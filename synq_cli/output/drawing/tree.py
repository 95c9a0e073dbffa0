"""Rows that nest, in the order of a tree."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from synq_cli.output.columns import Row, lookup
from synq_cli.output.formats import plain, visible

if TYPE_CHECKING:
    from synq_cli.output.streams import Stream

_ANY_WIDTH = 1_000_000  # the table cuts what is too wide


def branches(stream: "Stream", rows: Sequence[Row], key: str, *, parent: str) -> list[Row]:
    """The rows, each below the one whose id it has under `parent`, with Rich's guides before the text at `key`.

    A row whose parent is not among them is at the top; of parents in a ring, the first is. The guides are text, so
    that a table can show the other columns beside them.
    """
    from rich.segment import Segment
    from rich.text import Text
    from rich.tree import Tree

    ids = [plain(row.get("id")) for row in rows]
    known = set(ids) - {""}
    below: dict[str, list[int]] = {}
    for place, row in enumerate(rows):
        above = plain(row.get(parent))
        below.setdefault(above if above in known and above != ids[place] else "", []).append(place)
    root = Tree("", hide_root=True)
    placed: dict[int, None] = {}
    for top in (*below.get("", []), *range(len(rows))):  # of a ring, nothing is below "" and the first comes up here
        stack = [(top, root)]
        while stack:
            place, trunk = stack.pop()
            if place not in placed:
                placed[place] = None
                text = visible(plain(lookup(rows[place], key)))
                branch = trunk.add(Text(stream.fit(text), no_wrap=True, overflow="ignore"))
                children = below.get(ids[place], []) if ids[place] else []
                stack += [(child, branch) for child in reversed(children)]
    console = stream.console()
    lines = Segment.split_lines(console.render(root, console.options.update(width=_ANY_WIDTH)))
    labels = ("".join(segment.text for segment in line) for line in lines)
    return [{**rows[place], key: label} for place, label in zip(placed, labels, strict=True)]
