"""Rows from limit/offset pages, each once, even if they move between pages while the list is read."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from typing import Any, Self

from synq_cli.errors import ServerError

PAGE = 100
MOST_IN_FLIGHT = 4
_MOST_REREADS = 20
_MOST_PASSES = 5
# Pages in a row that did not begin where the one before ended: rows are added faster than they are read.
_MOST_MOVED = 300
# How often a row may be read on average in one pass.
_MOST_REPEATED = 3

Row = dict[str, Any]
# The rows of a page, and the limit that the server used.
Page = tuple[list[Row], int]
# One page by limit and offset.
Fetch = Callable[[int, int], Page]
# Sends the request for a page; returns a function that waits for the page, which is None if the request failed.
# Without a place to spare in the rate limit nothing is sent, and there is None instead of the function.
PrefetchPage = Callable[[int, int], Callable[[], Page | None] | None]


class Listing:
    """The matching rows of a list, read page by page as they are taken, up to a row that `ends` it.

    `prefetch` requests pages before their turn, see `_PrefetchedPages`. `on_unstable` is called if rows kept moving, so
    that some may be missing. `taken` is the number of rows so far; `more` says whether rows were left, `complete`
    whether the page with the latest row was the last.
    """

    taken = 0
    more = False
    complete = False

    def __init__(
        self,
        fetch: Fetch,
        *,
        key: Callable[[Row], str],
        matches: Callable[[Row], bool],
        ends: Callable[[Row], bool] = lambda _row: False,
        prefetch: PrefetchPage = lambda _limit, _offset: None,
        on_unstable: Callable[[], None] = lambda: None,
    ) -> None:
        self._pages_read = 0
        self._limit: int | None = None
        self._batches = _batches(_PrefetchedPages(fetch, prefetch, self._pages_needed), key, on_unstable)
        self._matches = matches
        self._ends = ends

    def first(self, limit: int | None) -> Self:
        """Itself as the iterator of the first `limit` matching rows; None for all. `pages` has them as they arrive."""
        self.pages = self._read(limit)
        self._rows = chain.from_iterable(self.pages)
        return self

    def __iter__(self) -> Iterator[Row]:
        return self._rows

    def __next__(self) -> Row:
        return next(self._rows)

    def _read(self, limit: int | None) -> Iterator[list[Row]]:
        """The non-empty pages of these rows."""
        self._limit = limit
        for rows, last in self._batches:
            self._pages_read += 1
            self.complete = last
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

    def _pages_needed(self) -> int:
        """An estimate of the pages still needed, from the share of rows that matched so far."""
        if self._limit is None or not self.taken:
            return MOST_IN_FLIGHT
        return -(-(self._limit - self.taken) * self._pages_read // self.taken)

    def left_out(self, nouns: str) -> str | None:
        """A sentence on the rows that were not read; None if there are none."""
        if not self.more:
            return None
        return f"{self.taken} shown; more may match. Use --all to read them all (1 request per {PAGE} {nouns})."


class Listings(Listing):
    """Several named listings, read one after the other."""

    def __init__(self, parts: Mapping[str | None, Listing]) -> None:
        self._parts = parts

    def _read(self, limit: int | None) -> Iterator[list[Row]]:
        for part in self._parts.values():
            if limit is not None and self.taken >= limit:
                self.more = True
                return
            for page in part.first(None if limit is None else limit - self.taken).pages:
                self.taken += len(page)
                yield page
            self.more = part.more
        self.complete = all(part.complete for part in self._parts.values())

    def without_rows(self) -> list[str]:
        """The names of listings that were read completely and had no matching row."""
        return [] if self.more else [name for name, part in self._parts.items() if name and not part.taken]

    def left_out(self, nouns: str) -> str | None:
        """A sentence on the rows that were not read; None if there are none."""
        if len(self._parts) == 1:
            return next(iter(self._parts.values())).left_out(nouns)
        if not self.more:
            return None
        return f"{self.taken} shown; more may match. Use --all to read them all (at least 1 request per SKU)."


class _PrefetchedPages:
    """Pages by offset, with prefetching.

    The number of requests in flight doubles with each page, from 1 to `MOST_IN_FLIGHT`, and never exceeds
    `pages_needed()`. Unneeded pages: none if the list ends on page 1, at most 1 if on page 2, then at most
    `MOST_IN_FLIGHT` - 1.
    """

    def __init__(self, fetch: Fetch, prefetch: PrefetchPage, pages_needed: Callable[[], int]) -> None:
        self._fetch = fetch
        self._fetch_ahead = prefetch
        self._pages_needed = pages_needed
        self._requested: deque[tuple[int, Callable[[], Page | None]]] = deque()
        self._in_flight = 0

    def restart(self) -> None:
        """Drop the prefetched pages and continue with one request at a time."""
        self._requested.clear()
        self._in_flight = 0

    def page(self, offset: int, stride: int) -> Page:
        """The page at this offset; later pages are expected every `stride` rows, 0 if unknown."""
        if self._requested and self._requested[0][0] != offset:
            self.restart()
        self._in_flight = min(max(1, self._in_flight * 2), MOST_IN_FLIGHT) if stride else 1
        self._request_from(offset, stride)
        if self._requested:
            if page := self._requested.popleft()[1]():
                return page
            self._in_flight = 1
        # Retries, waits for the rate limit and errors all happen here, in order.
        return self._fetch(PAGE, offset)

    def _request_from(self, offset: int, stride: int) -> None:
        most = min(self._in_flight, self._pages_needed())
        if most == 1:
            return
        # This page is the first of them, so that it takes the open connection.
        following = self._requested[-1][0] + stride if self._requested else offset
        while len(self._requested) < most:
            requested = self._fetch_ahead(PAGE, following)
            if requested is None:
                break
            self._requested.append((following, requested))
            following += stride


def _batches(
    pages: _PrefetchedPages, key: Callable[[Row], str], on_unstable: Callable[[], None]
) -> Iterator[tuple[list[Row], bool]]:
    """The new rows of each page, and whether they were the last.

    Pages overlap by one row. If a page does not start with a row seen before, rows have moved up, and the gap is read
    again. Further passes look for rows that moved to the top, until a page has nothing new; that finds all of them if
    fewer rows than a page are added meanwhile. They read the whole list while fewer rows were seen than it has, which
    is how an API shows that sorts equal rows differently for each page. Reading stops after `_MOST_PASSES` passes, in a
    pass that reads most of its rows again, and after `_MOST_MOVED` pages in a row that moved, since rows are then added
    as fast as they are read.
    """
    seen: set[int] = set()  # of hashes, which take a third of the memory of the keys
    length = 0  # of the list when its end was last read, without rows that a page has twice
    rereads = moves = 0
    for number in range(_MOST_PASSES):
        pages.restart()
        moved, offset, stride, previous, read, doubled, gap = False, 0, 0, None, 0, 0, 0
        while read <= _MOST_REPEATED * len(seen) + _MOST_REREADS * PAGE:
            rows, used = pages.page(offset, stride)
            read += len(rows)
            first = key(rows[0]) if rows else None
            moves = moves + 1 if offset > 0 and first != previous else 0
            if moves:
                moved = True
                pages.restart()
            if offset > gap and (first is None or hash(first) not in seen):
                offset, gap, rereads = max(offset - PAGE, 0), offset, rereads + 1
            else:
                marked = {hash(key(row)): row for row in rows}
                fresh = [row for mark, row in marked.items() if mark not in seen]
                seen.update(marked)
                doubled += len(rows) - len(marked)
                rereads = 0 if fresh or offset < length else rereads + 1
                at_end = len(rows) < min(used, PAGE)
                if at_end:
                    length = offset + len(rows) - doubled
                complete = len(seen) >= length
                ended = at_end or (number > 0 and complete and not fresh)
                yield fresh, ended and complete and not moved
                if ended:
                    break
                stride = len(rows) - 1
                offset, previous = offset + stride, key(rows[-1])
            if moves > _MOST_MOVED:
                on_unstable()
                return
            if rereads > _MOST_REREADS:
                raise ServerError(
                    "The API repeats the same rows, so the list can't be read completely.",
                    hint="Stop earlier with --limit.",
                )
        else:
            break
        if complete and not moved:
            return
    on_unstable()
