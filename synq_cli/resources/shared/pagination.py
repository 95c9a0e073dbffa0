"""Rows from limit/offset pages, each once, even while they move between pages."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from typing import Any

from synq_cli.errors import ServerError

PAGE = 100
MOST_IN_FLIGHT = 4
_MOST_REREADS = 20
_MOST_PASSES = 5

Row = dict[str, Any]
# The rows of a page, and the limit that the server says it used.
Page = tuple[list[Row], int]
# One page by limit and offset.
Fetch = Callable[[int, int], Page]
# Requests one page without waiting for it; returns a function that waits for it, which returns None if the request
# failed. None instead of that function: nothing was sent, because the rate limit has no place to spare.
PrefetchPage = Callable[[int, int], Callable[[], Page | None] | None]


class InPages:
    """Rows one by one; `pages` has those still to come together as they arrive, none of them empty."""

    def __init__(self, pages: Iterator[list[Row]]) -> None:
        self.pages = pages
        self._rows = chain.from_iterable(pages)

    def __iter__(self) -> Iterator[Row]:
        return self._rows

    def __next__(self) -> Row:
        return next(self._rows)


class Listing:
    """The rows that match, read page by page as they are taken, up to one that `ends` them.

    With `prefetch`, pages are requested before their turn, at most `MOST_IN_FLIGHT` requests at a time; see
    `_PrefetchedPages` for what that may cost. `on_unstable` is called if rows kept moving until reading stopped: then
    rows may be missing. `more` says whether some were left.
    """

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
        self.taken = 0
        self.more = False

    def first(self, limit: int | None) -> InPages:
        """The first `limit` rows that match; with None all of them."""
        return InPages(self._pages(limit))

    def _pages(self, limit: int | None) -> Iterator[list[Row]]:
        self._limit = limit
        for rows, last in self._batches:
            self._pages_read += 1
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
        """An estimate of how many more pages the limit takes, from the share of rows that matched so far."""
        if self._limit is None or not self.taken:
            return MOST_IN_FLIGHT
        return -(-(self._limit - self.taken) * self._pages_read // self.taken)

    def left_out(self, noun: str) -> str | None:
        """What was not read and what it would cost, as a sentence; None if nothing was left."""
        if not self.more:
            return None
        return f"{self.taken} shown, more may match; --all reads on, 1 request for each {PAGE} {noun}s."


class Listings:
    """Several listings read one after the other, each by the name of what it is of."""

    def __init__(self, parts: Mapping[str | None, Listing]) -> None:
        self._parts = parts
        self.more = False

    @property
    def taken(self) -> int:
        """How many rows were taken from all of them."""
        return sum(part.taken for part in self._parts.values())

    def first(self, limit: int | None) -> InPages:
        """The first `limit` rows that match; with None all of them."""
        return InPages(self._pages(limit))

    def _pages(self, limit: int | None) -> Iterator[list[Row]]:
        for part in self._parts.values():
            if limit is not None and self.taken >= limit:
                self.more = True
                return
            yield from part.first(None if limit is None else limit - self.taken).pages
            self.more = part.more

    def without_rows(self) -> list[str]:
        """The names of those that were read to their end without a row that matches."""
        return [] if self.more else [name for name, part in self._parts.items() if name and not part.taken]

    def left_out(self, noun: str) -> str | None:
        """What was not read and what it would cost, as a sentence; None if nothing was left."""
        if len(self._parts) == 1:
            return next(iter(self._parts.values())).left_out(noun)
        if not self.more:
            return None
        return f"{self.taken} shown, more may match; --all reads on, 1 request or more for each SKU."


class _PrefetchedPages:
    """Pages by offset, some of them requested before their turn.

    The number of requests in flight doubles with each round trip, from 1 to `MOST_IN_FLIGHT`, and is never more than
    `pages_needed()`: page 1; pages 2 and 3; pages 4 to 7; then one more for each page that is taken. Pages requested
    in vain: none if the list ends on page 1 or 3, at most 1 if on page 2, otherwise at most `MOST_IN_FLIGHT` - 1.
    """

    def __init__(self, fetch: Fetch, prefetch: PrefetchPage, pages_needed: Callable[[], int]) -> None:
        self._fetch = fetch
        self._fetch_ahead = prefetch
        self._pages_needed = pages_needed
        self._requested: deque[tuple[int, Callable[[], Page | None]]] = deque()
        self._in_flight = 0

    def restart(self) -> None:
        """Drop the pages requested ahead, and continue with one request at a time."""
        self._requested.clear()
        self._in_flight = 0

    def page(self, offset: int, stride: int) -> Page:
        """The page at this offset; the pages after it are expected `stride` rows apart, 0 if that is unknown."""
        if self._requested and self._requested[0][0] != offset:
            self.restart()
        wait = self._requested.popleft()[1] if self._requested else None
        if not wait:
            self._in_flight = min(max(1, self._in_flight * 2), MOST_IN_FLIGHT)
        if not wait or self._in_flight == MOST_IN_FLIGHT:
            self._request_after(offset, stride)
        page = wait() if wait else None
        if wait and not page:
            self._in_flight = 1
        # Retries, waiting for the rate limit and error messages all happen here, in order.
        return page or self._fetch(PAGE, offset)

    def _request_after(self, offset: int, stride: int) -> None:
        following = self._requested[-1][0] if self._requested else offset
        while stride and len(self._requested) + 1 < min(self._in_flight, self._pages_needed()):
            following += stride
            requested = self._fetch_ahead(PAGE, following)
            if requested is None:
                break
            self._requested.append((following, requested))


def _batches(
    pages: _PrefetchedPages, key: Callable[[Row], str], on_unstable: Callable[[], None]
) -> Iterator[tuple[list[Row], bool]]:
    """The unseen rows of each page, and whether they were the last.

    Pages overlap by one row. A page that does not begin with a row seen before has moved up, and what lies
    between is read again. Rows that jumped to the top meanwhile are found by reading from there once more, until
    a page brings nothing new; that finds them all as long as fewer than a page of rows is added meanwhile. After
    `_MOST_PASSES` passes that rows moved in, reading stops.
    """
    seen: set[int] = set()  # hashes of 64 bits: a third of the memory of the keys

    def unseen(rows: list[Row]) -> list[Row]:
        fresh = {mark: row for row in rows if (mark := hash(key(row))) not in seen}
        seen.update(fresh)
        return list(fresh.values())

    rereads = 0
    for number in range(_MOST_PASSES):
        pages.restart()
        moved, offset, stride, previous = False, 0, 0, None
        while True:
            rows, used = pages.page(offset, stride)
            first = key(rows[0]) if rows else None
            if offset > 0 and first != previous:
                moved = True
                pages.restart()
            if offset > 0 and (first is None or hash(first) not in seen):
                offset, rereads = max(offset - PAGE, 0), rereads + 1
            else:
                fresh = unseen(rows)
                rereads = 0 if fresh else rereads + 1
                ended = len(rows) < min(used, PAGE) or (number > 0 and not fresh)
                yield fresh, ended and not moved
                if ended:
                    break
                stride = len(rows) - 1
                offset, previous = offset + stride, key(rows[-1])
            if rereads > _MOST_REREADS:
                raise ServerError(
                    "The API gives the same rows again and again, so the list can't be read to its end.",
                    hint="Stop earlier with --limit.",
                )
        if not moved:
            return
    on_unstable()
