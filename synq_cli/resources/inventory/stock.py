"""Stock: levels, and the adjustments that the ledger appends."""

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from synq_cli.errors import AuthError, NotFoundError, ServerError, UnknownOutcomeError, UsageError
from synq_cli.http import operations
from synq_cli.resources.inventory.ledger import Ledger, Movement, Place
from synq_cli.resources.products.variants import remember_skus
from synq_cli.resources.shared import validation
from synq_cli.resources.shared.pagination import Listing, Listings, Row
from synq_cli.resources.shared.reader import has_values, rows_in
from synq_cli.uuids import parse_uuid

if TYPE_CHECKING:
    from synq_cli.http.sender import Transport
    from synq_cli.resources.inventory.locations import Locations
    from synq_cli.resources.products.variants import Variants
    from synq_cli.resources.shared.reader import Reader
    from synq_cli.state.id_cache import LocalIndex


def parse_quantity(text: str) -> int:
    """A signed whole number of units, never 0; UsageError otherwise."""
    if not re.fullmatch(r"[-+]?[0-9]{1,100}", text.strip()):
        raise UsageError(f"'{text.strip()}' is no quantity.", hint="Give a whole number such as -5, +5 or 5.")
    quantity = int(text)
    if quantity == 0:
        raise UsageError("A quantity of 0 changes nothing.", hint="-5 takes five away, +5 or 5 adds five.")
    if abs(quantity) > validation.LARGEST:
        raise UsageError(f"{quantity} is more than the API takes ({validation.LARGEST:,}).")
    return quantity


class Inventory:
    """The operations on stock."""

    def __init__(
        self,
        transport: "Transport",
        reader: "Reader",
        index: "LocalIndex",
        variants: "Variants",
        locations: "Locations",
        ledger: "Ledger",
        now: Callable[[], float],
    ) -> None:
        self._transport = transport
        self._reader = reader
        self._index = index
        self._variants = variants
        self._locations = locations
        self._ledger = ledger
        self._now = now

    def movement(self, sku: str, quantity: str, location: str | None, *, with_level: bool) -> Movement:
        """Settle an adjustment: the variant of a SKU, the id of a location, and if asked for the stock before.

        A known SKU and a location given by its id need no request. UsageError or NotFoundError say what is
        wrong before anything is sent that writes.
        """
        delta = parse_quantity(quantity)
        self._transport.check(operations.ADJUST_INVENTORY)  # before lookups are spent on what would be refused
        place = self.place(sku, location)
        return Movement(**vars(place), delta=delta, on_hand=self.units(place, "on_hand") if with_level else None)

    def place(self, sku: str, location: str | None) -> Place:
        """The variant of a SKU at a location, or at the only one there is. UsageError, NotFoundError."""
        variant_id = self._variants.id_of(sku)
        return Place(sku, variant_id, *self._locations.chosen(location))

    def units(self, place: Place, what: str) -> int | None:
        """How many are `on_hand` or `available` at a place, 0 if it was never stocked; None where it can't be read."""
        try:
            rows = rows_in(
                self._transport.send(operations.LIST_INVENTORY_LEVELS, query=place.ids),
                operations.LIST_INVENTORY_LEVELS,
                "levels",
            )
        except (NotFoundError, AuthError, ServerError):  # it is shown where it can be read
            return None
        here = [row for row in rows if has_values(row, place.ids)]
        units = here[0].get(what) if here else 0
        return units if isinstance(units, int) else None

    def adjust(self, movement: Movement) -> Row:
        """Append the movement to the ledger, once; gives the entry.

        UnknownOutcomeError if no answer came: it says what the ledger shows, and nothing is sent again.
        POST /api/v1/inventory/adjust
        """
        started = self._now()
        try:
            answer = self._transport.send(
                operations.ADJUST_INVENTORY,
                body={**movement.ids, "quantity_delta": movement.delta},
                before={"on_hand": movement.on_hand},
                after={"on_hand": movement.after},
            )
        except NotFoundError as error:
            error.hint = f"If {movement.sku} is another variant by now: synq inventory skus forget {movement.sku}"
            raise
        except UnknownOutcomeError as error:
            error.hint = self._ledger.what_it_shows(movement, started)
            raise
        if not isinstance(answer, dict):
            raise UnknownOutcomeError(
                "The API took the adjustment but did not answer with a ledger entry.",
                hint=self._ledger.what_it_shows(movement, started),
            )
        return answer

    def levels(self, skus: Iterable[str] = (), *, location: str | None, most: int | None = None) -> Listings:
        """Stock by variant and location, with at most `most` units on hand; None means any.

        `skus` are SKUs or variants' UUIDs, each a list of its own since the API takes one; none means all stock.
        UsageError if one is blank. GET /api/v1/inventory/levels
        """
        names = dict.fromkeys(validation.filled(sku, "SKU") for sku in skus)
        location_id = self._locations.id_of(location)

        def matches(row: Row) -> bool:
            on_hand = row.get("on_hand")
            return most is None or (isinstance(on_hand, int) and on_hand <= most)

        def listing(sku: str | None) -> Listing:
            variant_id = parse_uuid(sku or "")
            return self._reader.listing(
                operations.LIST_INVENTORY_LEVELS,
                "levels",
                filters={
                    "sku": None if variant_id else sku,
                    "variant_id": variant_id,
                    "location_id": location_id,
                },
                matches=matches,
                identity=("variant_id", "location_id"),
                remember=lambda rows: remember_skus(self._index, rows, "variant_id"),
            )

        return Listings({name: listing(name) for name in names or [None]})
