"""Book quantities at the time of a count, worked out while stock moves."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synq_cli.errors import ConflictError
from synq_cli.resources.inventory.counting.books import Books, ahead_by, read_together
from synq_cli.resources.inventory.ledger import Move, Place

PLACES: list[Place] = [("a", "shed"), ("b", "shed"), ("c", "shop")]
TICK = 10.0
# What moves at one moment: the number of a place and units.
sales = st.lists(st.tuples(st.integers(0, 2), st.integers(-3, 3).filter(bool)), max_size=2)


class Tenant:
    """A ledger by a clock that is `ahead` of ours; `meanwhile` moves goods before each request."""

    def __init__(self, ahead: float, meanwhile: Iterator[list[tuple[int, int]]]) -> None:
        self.entries: list[Move] = []
        self.at = 1_000_000.0
        self.ahead = ahead
        self.meanwhile = meanwhile
        self.numbers = count()

    def move(self, moves: list[tuple[int, int]], kind: str = "sale") -> list[str]:
        self.at += TICK
        stamp = float(int(self.at + self.ahead))  # servers write whole seconds
        added = [Move(f"e{next(self.numbers)}", PLACES[at], delta, stamp, kind) for at, delta in moves]
        self.entries += added
        return [entry.id for entry in added]

    def moves(self, since: float) -> list[Move]:
        self.move(next(self.meanwhile, []))
        return [entry for entry in reversed(self.entries) if entry.at >= since]

    def levels(self, places: Collection[Place] | None) -> Mapping[Place, int]:
        found = {}
        for place in PLACES if places is None else places:  # a page for each
            self.move(next(self.meanwhile, []))
            found[place] = self.on_hand(place)
        return found

    def on_hand(self, place: Place) -> int:
        return sum(entry.delta for entry in self.entries if entry.place == place)

    def books(self, since: float, places: Collection[Place] | None, corrections: Collection[str] = ()) -> Books:
        levels, moves = read_together(self.moves, self.levels, since + self.ahead - 2, places)
        by_place = {place: [move for move in moves.values() if move.place == place] for place in PLACES}
        return Books(levels, by_place, (self.ahead - 0.6, self.ahead + 0.6), corrections)


@given(
    ahead=st.sampled_from([0.0, 137.3, -4_000.0]),
    before=st.lists(sales, max_size=4),
    counted=st.lists(st.integers(0, 20), min_size=3, max_size=3),
    since=st.lists(st.lists(sales, max_size=3), min_size=3, max_size=3),
    meanwhile=st.lists(sales, max_size=9),
    everything=st.booleans(),
)
def test_posted_count_and_what_moved_since_are_the_stock(
    ahead: float, before: list, counted: list, since: list, meanwhile: list, everything: bool
) -> None:
    tenant = Tenant(ahead, iter(meanwhile))
    for moves in before:
        tenant.move(moves)
    times, marks = [], []
    for moved in since:  # the places are counted one after the other, while goods move
        tenant.at += TICK
        times.append(tenant.at + TICK / 2)
        marks.append(len(tenant.entries))
        for moves in moved:
            tenant.move(moves)
    corrections: list[str] = []
    for _ in range(2):  # counting the same again changes nothing
        books = tenant.books(min(times), None if everything else PLACES, corrections)
        deltas = [units - books.at(place, at) for place, units, at in zip(PLACES, counted, times, strict=True)]
        assert not corrections or deltas == [0, 0, 0]
        tenant.move(next(tenant.meanwhile, []))
        corrections += tenant.move([(number, delta) for number, delta in enumerate(deltas) if delta], "adjustment")
    for place, units, mark in zip(PLACES, counted, marks, strict=True):
        moved_since = [entry for entry in tenant.entries[mark:] if entry.id not in corrections]
        assert tenant.on_hand(place) == units + sum(entry.delta for entry in moved_since if entry.place == place)


def test_stock_that_never_rests_is_a_conflict() -> None:
    tenant = Tenant(0.0, ([(0, -1)] for _ in count()))
    with pytest.raises(ConflictError, match="kept changing"):
        tenant.books(tenant.at, PLACES)


def test_entry_is_after_a_count_by_the_clock_of_the_api() -> None:
    move = Move("e", PLACES[0], -1, 1_000.0, "sale")
    books = Books({PLACES[0]: 5}, {PLACES[0]: [move]}, (99.4, 100.6))
    assert (books.at(PLACES[0], 899.0), books.at(PLACES[0], 901.0)) == (6, 5)
    # Between the bounds nobody can tell.
    assert [bool(books.during(PLACES[0], at, at)) for at in (897.0, 899.0, 900.0, 902.0)] == [False, False, True, False]
    assert replace(books, corrections={"e"}).at(PLACES[0], 0.0) == 5


@pytest.mark.parametrize(
    ("offset", "ahead"), [(None, 0.0), ((-0.4, 0.6), 0.0), ((99.5, 100.5), 100.0), ((-9.0, -8.0), -8.5)]
)
def test_clocks_are_taken_to_agree_where_they_may(offset: tuple[float, float] | None, ahead: float) -> None:
    assert ahead_by(offset) == ahead
