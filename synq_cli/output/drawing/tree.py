"""Rows that nest, in the order of a tree."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from synq_cli.output.columns import Row, lookup
from synq_cli.output.formats import plain, visible

if TYPE_CHECKING:
    from rich.tree import Tree

    from synq_cli.output.streams import Stream


_ANY_WIDTH = 1_000_000


def branches(stream: "Stream", rows: Sequence[Row], key: str, *, parent: str) -> list[Row]:
    """The rows, each below the one whose id stands under `parent`, with Rich's guides in front of the text at `key`.

    A row whose parent is not among them is at the top; where parents go round in a ring, the first of it is. The
    guides are text, so that the rest of a row can stand beside them in a table.
    """
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

    def grow(places: Iterable[int]) -> None:
        waiting: list[tuple[int, Tree]] = [(place, root) for place in places][::-1]
        while waiting:
            place, trunk = waiting.pop()
            if place not in placed:
                placed[place] = None
                text = visible(plain(lookup(rows[place], key)))
                branch = trunk.add(Text(stream.fit(text), no_wrap=True, overflow="ignore"))
                children = below.get(ids[place], [])[::-1] if ids[place] else []
                waiting += [(child, branch) for child in children]

    grow(below.get("", []))
    grow(range(len(rows)))
    labels = _lines(stream, root)
    return [{**rows[place], key: label} for place, label in zip(placed, labels, strict=True)]


def _lines(stream: "Stream", tree: "Tree") -> list[str]:
    from rich.segment import Segment

    console = stream.console()
    # Whatever is too wide is cut by the table.
    segments = console.render(tree, console.options.update(width=_ANY_WIDTH))
    return ["".join(segment.text for segment in line) for line in Segment.split_lines(segments)]
