"""Book quantities at earlier times, worked out from stock levels and the ledger."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

from synq_cli.errors import ConflictError, NotFoundError
from synq_cli.http import operations, replies
from synq_cli.resources.inventory.ledger import CLOCK_TOLERANCE, Ledger, Move, Place
from synq_cli.resources.inventory.stock import Inventory
from synq_cli.resources.shared.pagination import PAGE
from synq_cli.resources.shared.resource import Resource

# The levels of up to so many variants are read one by one; for more, those of the whole location, in pages.
_FEW = 3
# An entry may appear in the ledger this many seconds after its time: a server gives it the time at which it started to
# write it.
_LATE = 60.0
# How often stock that moves while it is read is read again.
_MOST_ROUNDS = 10
# Servers write whole seconds.
_ROUNDING = 1.0
_HINT = (
    "Give the book quantities in a file: --books FILE, with the columns sku and on_hand. They are taken for the "
    "stock at the time of the count."
)
_RESTLESS = "The stock kept changing while it was read, so the books at the time of the count are not certain."
_LATER = "Nothing was sent. Run the command again when it is quieter; if the file has no times, add --at."


@dataclass(frozen=True)
class Books:
    """Units on hand by place, and the ledger's entries, all of which these levels include.

    Entries go back to a count. `offset` is how many seconds the API's clock is ahead of ours, at least and at most, and
    None if that is not known. `corrections` are the ids of entries that counts have posted: they move no goods, so that
    a count that is already posted has no variance any more.
    """

    on_hand: Mapping[Place, int]
    moves: Mapping[Place, Collection[Move]] = field(default_factory=dict)
    offset: tuple[float, float] | None = None
    corrections: Collection[str] = ()

    def at(self, place: Place, time: float) -> int:
        """The units on the books of a place at a time by our clock; 0 if it was never stocked."""
        return self.now(place) - sum(move.delta for move in self.after(place, time))

    def now(self, place: Place) -> int:
        """The units on hand when the levels were read."""
        return self.on_hand.get(place, 0)

    def after(self, place: Place, time: float) -> list[Move]:
        """What moved after a time by our clock."""
        ahead = ahead_by(self.offset)
        return [move for move in self._moves(place) if move.at > time + ahead]

    def during(self, place: Place, first: float, last: float) -> list[Move]:
        """What may have moved between two times, as far as the clocks can tell."""
        least, most = self.offset or (0.0, 0.0)
        return [move for move in self._moves(place) if first + least - _ROUNDING < move.at <= last + most]

    def _moves(self, place: Place) -> list[Move]:
        return [move for move in self.moves.get(place, ()) if move.id not in self.corrections]


def ahead_by(offset: tuple[float, float] | None) -> float:
    """How many seconds the API's clock is taken to be ahead: 0 where the bounds allow it, else their middle."""
    least, most = offset or (0.0, 0.0)
    return 0.0 if least <= 0 <= most else (least + most) / 2


def read_together(
    read_moves: Callable[[float], Iterable[Move]],
    read_levels: Callable[[Collection[Place] | None], Mapping[Place, int]],
    since: float,
    places: Collection[Place] | None,
) -> tuple[dict[Place, int], dict[str, Move]]:
    """Levels of these places, None for all, and the ledger's entries since a time, all of which the levels include.

    The two can't be read at one moment. So the ledger is read before and after the levels: where an entry was added
    meanwhile, the level may be with or without it, and is read again. ConflictError for stock that moves all the time.
    The second time a ledger of several pages is read as a whole, too: an API may sort entries of one second differently
    for each page, so that the first time can miss one.
    """
    moves = {move.id: move for move in read_moves(since)}
    levels = dict(read_levels(places))
    for _ in range(_MOST_ROUNDS):
        newest = max((move.at for move in moves.values()), default=since)
        again = since if len(moves) >= PAGE else max(since, newest - _LATE)
        added = [move for move in read_moves(again) if move.id not in moves]
        moves |= {move.id: move for move in added}
        moved = {move.place for move in added if places is None or move.place in places}
        if not moved:
            return levels, moves
        levels |= dict.fromkeys(moved, 0) | {
            place: units for place, units in read_levels(moved).items() if place in moved
        }
    raise ConflictError(_RESTLESS, hint=_LATER)


class BookReader(Resource):
    """Reads book quantities."""

    def read(
        self, places: Collection[Place], since: float, *, whole: str | None = None
    ) -> tuple[Books, dict[Place, str]]:
        """The books of these places back to a time by our clock, and the SKUs that the levels name.

        With `whole`, the id of a location, those of all its stock. NotFoundError if the server lacks a route;
        ConflictError. Reads the levels and the ledger.
        """
        skus: dict[Place, str] = {}
        variants = sorted({variant for variant, _ in places})
        locations = {location for _, location in places} | ({whole} if whole else set())
        location = locations.pop() if len(locations) == 1 else None

        def read_moves(start: float) -> list[Move]:
            only = variants[0] if len(variants) == 1 and not whole else None
            return Ledger(self._api).moves(start, variant_id=only, location_id=location)

        def read_levels(wanted: Collection[Place] | None) -> dict[Place, int]:
            found = self._levels(wanted, location, skus)
            return found if wanted is None else {place: found.get(place, 0) for place in wanted}

        try:
            for operation in (operations.LIST_INVENTORY_LEDGER, operations.LIST_INVENTORY_LEVELS):
                self._api.check(operation)
            while True:
                known = self._api.clock_offset
                start = since + (known[0] - _ROUNDING if known else -CLOCK_TOLERANCE)
                levels, moves = read_together(read_moves, read_levels, start, None if whole else places)
                offset = self._api.clock_offset
                if offset is None or start <= since + offset[0]:
                    break
        except NotFoundError as error:
            error.hint = _HINT
            raise
        by_place: dict[Place, list[Move]] = {}
        for move in moves.values():
            by_place.setdefault(move.place, []).append(move)
        return Books(levels, by_place, offset), skus

    def _levels(
        self, places: Collection[Place] | None, location: str | None, skus: dict[Place, str]
    ) -> dict[Place, int]:
        """The units on hand of these places, or of all at the location; the SKUs go to `skus`."""
        wanted = None if places is None else set(places)
        variants = {variant for variant, _ in wanted or ()}
        few = variants if len(variants) <= _FEW else ()
        found: dict[Place, int] = {}
        listing = Inventory(self._api).levels(few, location=location).first(None)
        for row in listing:
            place = (str(row.get("variant_id")).lower(), str(row.get("location_id")).lower())
            if not isinstance(row.get("on_hand"), int):
                raise replies.invalid_reply(operations.LIST_INVENTORY_LEVELS, "a level has no whole number on hand")
            found[place] = row["on_hand"]
            if isinstance(row.get("sku"), str):
                skus[place] = row["sku"]
            if wanted is not None and found.keys() >= wanted:
                return found
        if not listing.complete:
            # Stock that was left out would be taken for none.
            raise ConflictError(_RESTLESS, hint=_LATER)
        return found
