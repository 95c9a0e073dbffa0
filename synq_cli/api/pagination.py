"""Rows from limit/offset pages, each once, even while they move between pages."""

from collections.abc import Callable, Iterator
from itertools import chain
from struct import pack
from typing import Any

from synq_cli.errors import ServerError

PAGE = 100
_MOST_REREADS = 20

Row = dict[str, Any]
# One page by limit and offset: its rows, and the limit that the server says it used.
Fetch = Callable[[int, int], tuple[list[Row], int]]


class InPages:
    """Rows one by one; `pages` has those still to come together as they arrive, none of them empty."""

    def __init__(self, pages: Iterator[list[Row]]) -> None:
        self.pages = pages
        self._rows = chain.from_iterable(pages)

    def __iter__(self) -> Iterator[Row]:
        return self._rows

    def __next__(self) -> Row:
        return next(self._rows)


class _Seen:
    """Keys that were seen, each in some 20 bytes, for a list may be long."""

    def __init__(self) -> None:
        self._digests = [bytearray() for _ in range(256)]

    def _place(self, key: str) -> tuple[bytes, bytearray]:
        # 128 bits of a keyed hash: that two of a million rows share them is as likely as a fault of the machine's.
        first, second = hash(key), hash(f".{key}")
        return pack("qq", first, second), self._digests[first & 255]

    def __contains__(self, key: str) -> bool:
        digest, others = self._place(key)
        return digest in others

    def add(self, key: str) -> None:
        digest, others = self._place(key)
        others += digest


class Listing:
    """The rows that match, read page by page as they are taken, up to one that `ends` them.

    `more` says whether some were left.
    """

    def __init__(
        self,
        fetch: Fetch,
        *,
        key: Callable[[Row], str],
        matches: Callable[[Row], bool],
        ends: Callable[[Row], bool] = lambda _row: False,
    ) -> None:
        self._batches = _batches(fetch, key)
        self._matches = matches
        self._ends = ends
        self.taken = 0
        self.more = False

    def first(self, limit: int | None) -> InPages:
        """The first `limit` rows that match; with None all of them."""
        return InPages(self._pages(limit))

    def _pages(self, limit: int | None) -> Iterator[list[Row]]:
        for rows, last in self._batches:
            page, ended = [], False
            for position, row in enumerate(rows):
                ended = self._ends(row)
                if ended:
                    break
                if not self._matches(row):
                    continue
                page.append(row)
                self.taken += 1
                if self.taken == limit:
                    self.more = not last or any(self._matches(later) for later in rows[position + 1 :])
                    ended = True
                    break
            if page:
                yield page
            if ended:
                return

    def left_out(self, noun: str) -> str | None:
        """What was not read and what it would cost, as a sentence; None if nothing was left."""
        if not self.more:
            return None
        return f"{self.taken} shown, more may match; --all reads on, 1 request for each {PAGE} {noun}s."


def _batches(fetch: Fetch, key: Callable[[Row], str]) -> Iterator[tuple[list[Row], bool]]:
    """The unseen rows of each page, and whether they were the last.

    Pages overlap by one row. A page that does not begin with a row seen before has moved up, and what lies
    between is read again. Rows that jumped to the top meanwhile are found by reading from there once more, until
    a page brings nothing new; that finds them all as long as fewer than a page of rows is added meanwhile.
    """
    seen = _Seen()

    def unseen(rows: list[Row]) -> list[Row]:
        fresh = {name: row for row in rows if (name := key(row)) not in seen}
        for name in fresh:
            seen.add(name)
        return list(fresh.values())

    again, rereads = False, 0
    while True:
        moved, offset, previous = False, 0, None
        while True:
            rows, used = fetch(PAGE, offset)
            first = key(rows[0]) if rows else None
            moved |= offset > 0 and first != previous
            if offset > 0 and (first is None or first not in seen):
                offset, rereads = max(offset - PAGE, 0), rereads + 1
            else:
                fresh = unseen(rows)
                rereads = 0 if fresh else rereads + 1
                ended = len(rows) < min(used, PAGE) or (again and not fresh)
                yield fresh, ended and not moved
                if ended:
                    break
                offset, previous = offset + len(rows) - 1, key(rows[-1])
            if rereads > _MOST_REREADS:
                raise ServerError(
                    "The API gives the same rows again and again, so the list can't be read to its end.",
                    hint="Stop earlier with --limit.",
                )
        if not moved:
            return
        again = True
