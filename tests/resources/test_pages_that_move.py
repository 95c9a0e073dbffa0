"""A list that is read while its rows move: nothing twice, nothing missed, few requests in vain."""

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from table import cases

from synq_cli.errors import ServerError
from synq_cli.resources.shared.pagination import MOST_IN_FLIGHT, Listing, Page

Row = dict[str, Any]


class Server:
    """Rows in an order of their own; `moves` change them, one before each page after the first."""

    def __init__(self, count: int, moves: list[tuple[str, int]], most: int = 100) -> None:
        self.rows = [{"id": number} for number in range(count)]
        self.moves = list(moves)
        self.most = most
        self.asked: list[int] = []
        self.ever_gone: set[int] = set()
        self.added = 0

    def page(self, limit: int, offset: int) -> Page:
        if self.asked and self.moves:
            self.move(*self.moves.pop(0))
        self.asked.append(offset)
        used = min(limit, self.most)
        return self.rows[offset : offset + used], used

    def move(self, kind: str, amount: int) -> None:
        if kind == "insert":
            for _ in range(amount):
                self.added += 1
                self.rows.insert(0, {"id": 10_000 + self.added})
        elif kind == "remove":
            for row in self.rows[:amount]:
                self.ever_gone.add(row["id"])
            del self.rows[:amount]
        elif self.rows:
            self.rows.insert(0, self.rows.pop(amount % len(self.rows)))


class Link:
    """Requests on their way to a server, which answers those in flight in any order; no threads are needed for that.

    The next `full` requests ahead find no place to spare, and of the others every one whose number is in `lost` fails.
    """

    def __init__(
        self, server: Server, *, shuffle: Random | None = None, full: int = 0, lost: frozenset[int] = frozenset()
    ) -> None:
        self.server = server
        self.shuffle = shuffle
        self.full = full
        self.lost = lost
        self.prefetched = 0
        self.most_in_flight = 1
        self.waiting: list[tuple[int, int, int]] = []
        self.answers: dict[int, Page | None] = {}

    def fetch(self, limit: int, offset: int) -> Page:
        self.most_in_flight = max(self.most_in_flight, len(self.waiting) + 1)
        if self.shuffle and self.shuffle.random() < 0.5:
            self.answer_all()
        page = self.server.page(limit, offset)
        self.answer_all()
        return page

    def prefetch(self, limit: int, offset: int) -> Callable[[], Page | None] | None:
        if self.full > 0:
            self.full -= 1
            return None
        self.prefetched += 1
        number = self.prefetched
        self.waiting.append((number, limit, offset))
        self.most_in_flight = max(self.most_in_flight, len(self.waiting))

        def result() -> Page | None:
            if number not in self.answers:
                self.answer_all()
            return self.answers.pop(number)

        return result

    def answer_all(self) -> None:
        if self.shuffle:
            self.shuffle.shuffle(self.waiting)
        for number, limit, offset in self.waiting:
            page = self.server.page(limit, offset)
            self.answers[number] = None if number in self.lost else page
        self.waiting.clear()


class TiedServer(Server):
    """Rows in groups that the server sorts as equal: in another order for each page, or for each offset."""

    def __init__(self, count: int, group: int, seed: int, *, by_offset: bool = False) -> None:
        super().__init__(count, [])
        self.group = group
        self.seed = seed
        self.by_offset = by_offset

    def page(self, limit: int, offset: int) -> Page:
        place = offset if self.by_offset else len(self.asked)
        self.rows.sort(key=lambda row: (row["id"] // self.group, Random(f"{self.seed} {place} {row['id']}").random()))
        return super().page(limit, offset)


def listing(
    server: Server,
    matches: Callable[[Row], bool] = lambda _row: True,
    link: Link | None = None,
    ends: Callable[[Row], bool] = lambda _row: False,
) -> Listing:
    if link is None:
        return Listing(server.page, key=lambda row: str(row["id"]), matches=matches, ends=ends)
    return Listing(link.fetch, key=lambda row: str(row["id"]), matches=matches, ends=ends, prefetch=link.prefetch)


# Fewer rows than a page are added meanwhile: a tenant with 100 new orders a second is beyond what paging can promise.
INSERT = st.tuples(st.just("insert"), st.integers(0, 15))
REMOVE = st.tuples(st.just("remove"), st.integers(0, 120))
FRONT = st.tuples(st.just("front"), st.integers(0, 520))
MOVES = st.lists(INSERT | REMOVE | FRONT, max_size=6)
# Two moves between neighbouring pages may cancel out, so that neither shows, if one removes a row and one adds one.
MOVES_ONE_WAY = st.lists(INSERT | FRONT, max_size=6) | st.lists(REMOVE, max_size=6)


@settings(max_examples=4 * settings.default.max_examples)
@given(count=st.integers(0, 520), moves=MOVES, most=st.sampled_from([100, 100, 37]))
def test_every_row_that_stays_is_given_once(count: int, moves: list[tuple[str, int]], most: int) -> None:
    server = Server(count, moves, most)
    ids = [row["id"] for row in listing(server).first(None)]
    assert len(set(ids)) == len(ids)
    assert set(range(count)) - server.ever_gone - set(ids) == set()


@settings(max_examples=4 * settings.default.max_examples)
@given(
    count=st.integers(0, 1200),
    moves=MOVES_ONE_WAY,
    most=st.sampled_from([100, 100, 37]),
    seed=st.integers(0, 1 << 32),
    full=st.integers(0, 4),
    lost=st.frozensets(st.integers(1, 12)),
)
def test_every_row_that_stays_is_given_once_by_requests_answered_in_any_order(
    count: int, moves: list[tuple[str, int]], most: int, seed: int, full: int, lost: frozenset[int]
) -> None:
    server = Server(count, moves, most)
    link = Link(server, shuffle=Random(seed), full=full, lost=lost)
    ids = [row["id"] for row in listing(server, link=link).first(None)]
    assert len(set(ids)) == len(ids)
    assert set(range(count)) - server.ever_gone - set(ids) == set()
    assert link.most_in_flight <= MOST_IN_FLIGHT
    if not moves:
        assert ids == list(range(count))


def read_all(server: Server) -> tuple[list[int], bool]:
    """The ids of all rows that are found, and whether it was said that some may be missing."""
    warnings: list[bool] = []
    rows = Listing(
        server.page,
        key=lambda row: str(row["id"]),
        matches=lambda _row: True,
        on_unstable=lambda: warnings.append(True),
    )
    return [row["id"] for row in rows.first(None)], bool(warnings)


@given(count=st.integers(0, 520), group=st.integers(1, 60), seed=st.integers(0, 1 << 32))
def test_equal_rows_that_each_page_sorts_differently_are_all_found(count: int, group: int, seed: int) -> None:
    server = TiedServer(count, group, seed)
    ids, _warned = read_all(server)
    assert sorted(ids) == list(range(count))
    assert len(server.asked) <= 6 * needed(count)


def test_equal_rows_that_cannot_be_found_are_warned_of() -> None:
    server = TiedServer(400, 50, 1, by_offset=True)
    ids, warned = read_all(server)
    assert (len(set(ids)), len(ids) < 400, warned) == (len(ids), True, True)
    assert len(server.asked) <= 8 * needed(400)


@pytest.mark.parametrize(("added", "most"), [(95, 200), (120, 400)])
def test_rows_that_are_added_as_fast_as_they_are_read_end_with_a_warning(added: int, most: int) -> None:
    server = Server(400, [("insert", added)] * 1000)
    ids, warned = read_all(server)
    assert (len(set(ids)), warned) == (len(ids), True)
    assert len(server.asked) < most


def test_a_row_that_the_server_lists_twice_is_not_missing() -> None:
    server = Server(250, [])
    server.rows.insert(30, server.rows[30])
    assert read_all(server) == (list(range(250)), False)
    assert len(server.asked) == 3


def needed(count: int) -> int:
    """How many pages of 100 that overlap by one row a list of so many rows has, up to its first short one."""
    return 1 + max(count - 1, 0) // 99


@given(count=st.integers(0, 3000))
def test_few_pages_are_requested_in_vain(count: int) -> None:
    server = Server(count, [])
    link = Link(server)
    assert [row["id"] for row in listing(server, link=link).first(None)] == list(range(count))
    in_vain = len(server.asked) + len(link.waiting) - needed(count)
    assert 0 <= in_vain <= {1: 0, 2: 1}.get(needed(count), MOST_IN_FLIGHT - 1)
    assert sorted(server.asked)[: needed(count)] == [99 * number for number in range(needed(count))]


def test_requests_in_flight_double_with_each_page_up_to_four() -> None:
    server = Server(3000, [])
    link = Link(server)
    pages = listing(server, link=link).first(None).pages
    seen = []
    for _ in range(7):
        next(pages)
        seen.append(link.prefetched)
    assert seen == [0, 2, 5, 6, 7, 8, 9]


@cases(("limit", "pages"), [(1, 1), (99, 1), (100, 1), (150, 2), (199, 2), (200, 3), (500, 6)])
def test_limit_without_a_filter_requests_no_extra_page(limit: int, pages: int) -> None:
    server = Server(3000, [])
    link = Link(server)
    assert len(list(listing(server, link=link).first(limit))) == limit
    assert len(server.asked) + len(link.waiting) == pages


def test_rows_that_rarely_match_are_looked_for_with_four_requests_in_flight() -> None:
    server = Server(3000, [])
    link = Link(server)
    assert len(list(listing(server, lambda row: row["id"] % 400 == 3, link).first(5))) == 5
    assert link.most_in_flight == MOST_IN_FLIGHT
    assert len(server.asked) + len(link.waiting) <= 17 + MOST_IN_FLIGHT - 1


def test_a_row_that_ends_the_list_costs_no_more_than_what_is_in_flight() -> None:
    server = Server(3000, [])
    link = Link(server)
    assert len(list(listing(server, link=link, ends=lambda row: row["id"] == 650).first(None))) == 650
    assert len(server.asked) + len(link.waiting) <= 7 + MOST_IN_FLIGHT - 1


def test_without_a_place_to_spare_pages_are_read_one_at_a_time() -> None:
    server = Server(1000, [])
    link = Link(server, full=1000)
    assert len(list(listing(server, link=link).first(None))) == 1000
    assert (server.asked, link.most_in_flight) == ([99 * number for number in range(11)], 1)


@pytest.mark.parametrize(
    ("move", "again"), [(("remove", 5), [197, 296, 395, 494]), (("insert", 5), [396, 495, 594])], ids=["up", "down"]
)
def test_a_page_that_moved_drops_those_requested_ahead(move: tuple[str, int], again: list[int]) -> None:
    server = Server(900, [("insert", 0), ("insert", 0), move])
    ids = [row["id"] for row in listing(server, link=Link(server)).first(None)]
    assert [number for number in ids if number < 10_000] == list(range(900))
    # The page at 297 moved: those behind it are dropped, and reading starts again one page at a time.
    assert server.asked[: 7 + len(again)] == [0, 99, 198, 297, 396, 495, 594, *again]


@cases(("count", "asked"), [(0, [0]), (99, [0]), (100, [0, 99]), (199, [0, 99, 198])])
def test_a_short_page_is_the_last(count: int, asked: list[int]) -> None:
    server = Server(count, [])
    assert len(list(listing(server).first(None))) == count
    assert server.asked == asked


def test_nothing_is_read_that_is_not_needed() -> None:
    server = Server(1000, [])
    rows = listing(server, lambda row: row["id"] % 2 == 0)
    assert [row["id"] for row in rows.first(50)] == list(range(0, 100, 2))
    assert (server.asked, rows.more) == ([0], True)


def test_more_is_claimed_only_where_there_may_be_more() -> None:
    exact = listing(Server(50, []))
    assert len(list(exact.first(50))) == 50
    assert exact.left_out("orders") is None
    beyond = listing(Server(51, []))
    assert len(list(beyond.first(50))) == 50
    assert (
        beyond.left_out("orders") == "50 shown; more may match. Use --all to read them all (1 request per 100 orders)."
    )


def test_a_server_that_ignores_the_offset_is_found_out() -> None:
    asked = []

    def page(limit: int, offset: int) -> Page:
        asked.append(offset)
        return [{"id": number} for number in range(limit)], limit

    def ahead(limit: int, offset: int) -> Callable[[], Page | None]:
        answer = page(limit, offset)
        return lambda: answer

    with pytest.raises(ServerError, match="repeats the same rows"):
        list(Listing(page, key=lambda row: str(row["id"]), matches=lambda _row: True, prefetch=ahead).first(None))
    assert len(asked) < 30
