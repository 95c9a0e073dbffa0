"""Stock levels and adjustments."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from synq_cli.errors import AuthError, NotFoundError, ServerError, UnknownOutcomeError, UsageError
from synq_cli.http import operations
from synq_cli.resources.inventory.ledger import Adjustment, Ledger, SkuLocation
from synq_cli.resources.inventory.locations import Locations
from synq_cli.resources.products.variants import Variants
from synq_cli.resources.shared import validation
from synq_cli.resources.shared.pagination import Listing, Listings, Row
from synq_cli.resources.shared.resource import Resource, has_values
from synq_cli.uuids import parse_uuid

# The ids of a variant and of a location.
Place = tuple[str, str]
# So many single lookups are cheaper than reading pages of everything.
_FEW = 3


def parse_quantity(text: str) -> int:
    """A signed whole number of units, never 0; UsageError otherwise."""
    text = text.strip()  # which removes more than int() ignores
    if not re.fullmatch(r"[-+]?[0-9]{1,100}", text):
        raise UsageError(f'Invalid quantity "{text}".', hint="Use a whole number such as -5, +5 or 5.")
    quantity = int(text)
    if quantity == 0:
        raise UsageError('Invalid quantity "0".', hint="Use -5 to remove five, +5 or 5 to add five.")
    if abs(quantity) > validation.LARGEST:
        raise UsageError(f"Invalid quantity {quantity}: the API accepts at most {validation.LARGEST:,}.")
    return quantity


def place_of(row: Mapping[str, Any]) -> Place:
    """The variant and the location of a row, a level or a ledger entry, by their ids in lower case."""
    return str(row.get("variant_id")).lower(), str(row.get("location_id")).lower()


class Inventory(Resource):
    """Stock levels and adjustments."""

    def prepare(self, sku: str, quantity: str, location: str | None, *, with_level: bool) -> Adjustment:
        """Check an adjustment and resolve its SKU and location; read the stock before it if asked to.

        A cached SKU and a location given by id take no request. UsageError, NotFoundError, RefusedError.
        """
        delta = parse_quantity(quantity)
        self._api.check(operations.ADJUST_INVENTORY)
        place = self.resolve(sku, location)
        return Adjustment(**vars(place), delta=delta, on_hand=self.units(place, "on_hand") if with_level else None)

    def resolve(self, sku: str, location: str | None) -> SkuLocation:
        """A SKU, or that of a barcode, at a location, or at the only one there is. UsageError, NotFoundError."""
        variants = Variants(self._api)
        variant_id = variants.id_of(sku)
        return SkuLocation(variants.sku_of(sku), variant_id, *Locations(self._api).resolve(location))

    def units(self, place: SkuLocation, key: str) -> int | None:
        """The units `on_hand` or `available`, 0 if it was never stocked; None if they can't be read."""
        try:
            rows = self._api.read_list(operations.LIST_INVENTORY_LEVELS, "levels", place.ids)
        except (NotFoundError, AuthError, ServerError):
            return None
        found = [row for row in rows if has_values(row, place.ids)]
        units = found[0].get(key) if found else 0
        return units if isinstance(units, int) else None

    def adjust(self, adjustment: Adjustment) -> Row:
        """Post an adjustment, once; returns the ledger entry.

        UnknownOutcomeError if no answer came, with what the ledger shows as its hint. POST /api/v1/inventory/adjust
        """
        sent = self._api.now()
        body = {**adjustment.ids, "quantity_delta": adjustment.delta}
        before, after = {"on_hand": adjustment.on_hand}, {"on_hand": adjustment.after}
        try:
            return self._api.write(operations.ADJUST_INVENTORY, body=body, before=before, after=after)
        except NotFoundError as error:
            error.hint = (
                f"If {adjustment.sku} now belongs to another variant, run: synq inventory skus forget {adjustment.sku}"
            )
            raise
        except UnknownOutcomeError as error:
            error.hint = Ledger(self._api).evidence_of(adjustment, sent)
            raise

    def on_hand_at(self, location_id: str) -> Iterator[dict[str, int]]:
        """The units on hand of each variant that a location has stocked, by its id; yields a page at a time."""
        for page in self.levels(location=location_id).first(None).pages:
            yield {row["variant_id"]: row["on_hand"] for row in page if isinstance(row.get("on_hand"), int)}

    def levels(self, skus: Iterable[str] = (), *, location: str | None, most: int | None = None) -> Listings:
        """Stock by variant and location, with at most `most` units on hand; None matches any.

        `skus` are SKUs, barcodes or UUIDs of variants, each read as a list of its own; empty for all stock. UsageError
        if one is blank, NotFoundError if two variants share a barcode. GET /api/v1/inventory/levels
        """
        names = dict.fromkeys(Variants(self._api).checked(sku) for sku in skus)
        ids = {name: identifier for name in names if (identifier := parse_uuid(name))}
        ids |= Variants(self._api).ids_of_barcodes(names)
        location_id = Locations(self._api).id_of(location)

        def matches(row: Row) -> bool:
            on_hand = row.get("on_hand")
            return most is None or (isinstance(on_hand, int) and on_hand <= most)

        def listing(sku: str | None) -> Listing:
            variant_id = ids.get(sku or "")
            return self._api.pages(
                operations.LIST_INVENTORY_LEVELS,
                "levels",
                filters={"sku": None if variant_id else sku, "variant_id": variant_id, "location_id": location_id},
                matches=matches,
                identity=("variant_id", "location_id"),
                on_page=lambda rows: self._api.remember_skus(rows, "variant_id"),
            )

        return Listings({name: listing(name) for name in names or [None]})

    @staticmethod
    def requests_for(variants: Collection[str], locations: Collection[str]) -> int:
        """How many requests `levels_at` takes at least for these variants at these locations."""
        return len(variants) if len(variants) <= _FEW else len(locations)

    def levels_at(self, places: Collection[Place]) -> dict[Place, Row]:
        """The levels at many places, by place, without those where nothing was ever stocked.

        Takes a request for each variant if there are few, else one per 100 levels of each location. NotFoundError where
        levels can't be read.
        """
        variants, locations = ({place[at] for place in places} for at in (0, 1))
        few = len(variants) <= _FEW
        found: dict[Place, Row] = {}
        for location in [None] if few and len(locations) > 1 else sorted(locations):
            left = {place for place in places if location in {None, place[1]}}
            for level in self.levels(sorted(variants) if few else (), location=location).first(None):
                place = place_of(level)
                if place in left and isinstance(level.get("on_hand"), int):
                    found[place] = level
                    left.discard(place)
                if not left:
                    break
        return found
