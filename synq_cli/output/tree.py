"""Rows that nest, in the order of a tree."""

from collections.abc import Iterable, Sequence

from synq_cli.output.columns import Row, lookup
from synq_cli.output.formats import plain

# In front of a row that has others after it and of what is below that row; then the same for the last one.
_LINES = ("├── ", "│   ", "└── ", "    ")
_ASCII_LINES = ("|-- ", "|   ", "`-- ", "    ")


def branches(rows: Sequence[Row], key: str, *, parent: str, unicode: bool) -> list[Row]:
    """The rows, each below the one whose id stands under `parent`, with lines in front of what stands under `key`.

    A row whose parent is not among them is at the top; where parents go round in a ring, the first of it is.
    """
    between, beside, last, beyond = _LINES if unicode else _ASCII_LINES
    ids = [plain(row.get("id")) for row in rows]
    known = set(ids) - {""}
    below: dict[str, list[int]] = {}
    for place, row in enumerate(rows):
        above = plain(row.get(parent))
        below.setdefault(above if above in known and above != ids[place] else "", []).append(place)
    placed: dict[int, str] = {}

    def grow(places: Iterable[int]) -> None:
        waiting = [(place, "", "") for place in places][::-1]
        while waiting:
            place, before, inner = waiting.pop()
            if place not in placed:
                placed[place] = before
                children = below.get(ids[place], [])[::-1] if ids[place] else []
                waiting += [
                    (child, inner + (between if at else last), inner + (beside if at else beyond))
                    for at, child in enumerate(children)
                ]

    grow(below.get("", []))
    grow(range(len(rows)))
    return [{**rows[place], key: before + plain(lookup(rows[place], key))} for place, before in placed.items()]
