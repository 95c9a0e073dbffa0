"""A list that is read while its rows move: nothing twice, nothing missed."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synq_cli.api.pagination import Listing
from synq_cli.errors import ServerError

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

    def page(self, limit: int, offset: int) -> tuple[list[Row], int]:
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


def listing(server: Server, matches: Callable[[Row], bool] = lambda _row: True) -> Listing:
    return Listing(server.page, key=lambda row: str(row["id"]), matches=matches)


# Fewer rows than a page are added meanwhile: a tenant with 100 new orders a second is beyond what paging can promise.
MOVE = (
    st.tuples(st.just("insert"), st.integers(0, 15))
    | st.tuples(st.just("remove"), st.integers(0, 120))
    | st.tuples(st.just("front"), st.integers(0, 520))
)
MOVES = st.lists(MOVE, max_size=6)


@settings(max_examples=300, deadline=None)
@given(count=st.integers(0, 520), moves=MOVES, most=st.sampled_from([100, 100, 37]))
def test_every_row_that_stays_is_given_once(count: int, moves: list[tuple[str, int]], most: int) -> None:
    server = Server(count, moves, most)
    ids = [row["id"] for row in listing(server).first(None)]
    assert len(set(ids)) == len(ids)
    assert set(range(count)) - server.ever_gone - set(ids) == set()


def test_without_movement_each_page_costs_one_request() -> None:
    server = Server(250, [])
    assert [row["id"] for row in listing(server).first(None)] == list(range(250))
    assert server.asked == [0, 99, 198]


@pytest.mark.parametrize(("count", "asked"), [(0, [0]), (99, [0]), (100, [0, 99]), (199, [0, 99, 198])])
def test_a_short_page_is_the_last(count: int, asked: list[int]) -> None:
    server = Server(count, [])
    assert len(list(listing(server).first(None))) == count
    assert server.asked == asked


def test_nothing_is_read_that_is_not_needed() -> None:
    server = Server(1000, [])
    rows = listing(server, lambda row: row["id"] % 2 == 0)
    assert [row["id"] for row in rows.first(50)] == list(range(0, 100, 2))
    assert (server.asked, rows.more) == ([0], True)


def test_a_page_comes_whole_and_the_next_only_when_it_is_wanted() -> None:
    server = Server(250, [])
    pages = listing(server, lambda row: row["id"] % 2 == 0).first(60).pages
    assert (len(next(pages)), server.asked) == (50, [0])
    assert (len(next(pages)), server.asked) == (10, [0, 99])
    assert list(pages) == []


def test_more_is_claimed_only_where_there_may_be_more() -> None:
    exact = listing(Server(50, []))
    assert len(list(exact.first(50))) == 50
    assert exact.left_out("order") is None
    beyond = listing(Server(51, []))
    assert len(list(beyond.first(50))) == 50
    assert beyond.left_out("order") == "50 shown, more may match; --all reads on, 1 request for each 100 orders."


def test_a_server_that_ignores_the_offset_is_found_out() -> None:
    asked = []

    def page(limit: int, offset: int) -> tuple[list[Row], int]:
        asked.append(offset)
        return [{"id": number} for number in range(limit)], limit

    with pytest.raises(ServerError, match="the same rows again and again"):
        list(Listing(page, key=lambda row: str(row["id"]), matches=lambda _row: True).first(None))
    assert len(asked) < 30
