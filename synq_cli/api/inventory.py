"""Stock: levels, locations, and the ledger that adjustments append to."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from synq_cli.api import replies
from synq_cli.api.operation import Operation
from synq_cli.api.pagination import Listing, Row
from synq_cli.api.reader import rows_in, uuid_or_none
from synq_cli.api.variants import remember_skus
from synq_cli.errors import NotFoundError, SynqError, UnknownOutcomeError, UsageError

if TYPE_CHECKING:
    from synq_cli.api.index import LocalIndex
    from synq_cli.api.reader import Reader
    from synq_cli.api.transport import Transport
    from synq_cli.api.variants import Variants

ADJUST = Operation(
    "adjust_inventory", "POST", "/api/v1/inventory/adjust", "the adjustment", effect="relative", retry="unsafe"
)
LEVELS = Operation(
    "list_inventory_levels", "GET", "/api/v1/inventory/levels", "the list of stock levels", evidence="presumed"
)
LEDGER = Operation("list_inventory_ledger", "GET", "/api/v1/inventory/ledger", "the stock ledger", evidence="presumed")
LOCATIONS = Operation(
    "list_locations", "GET", "/api/v1/inventory/locations", "the list of stock locations", evidence="presumed"
)
_LARGEST = 2**31 - 1
# The ledger's clock is not ours: an entry from this many seconds before we sent may be this one or an earlier one.
_SKEW = 120.0
_ROUNDING = 1.0


@dataclass(frozen=True)
class Movement:
    """One adjustment, settled down to its ids; `on_hand` is the stock before it, where that was asked for."""

    sku: str
    variant_id: str
    location_id: str
    location: str
    delta: int
    on_hand: int | None

    @property
    def after(self) -> int | None:
        """The stock after it, where that before it is known."""
        return None if self.on_hand is None else self.on_hand + self.delta


def parse_quantity(text: str) -> int:
    """A signed whole number of units, never 0; UsageError otherwise."""
    if not re.fullmatch(r"[-+]?[0-9]{1,100}", text.strip()):
        raise UsageError(f"'{text.strip()}' is no quantity.", hint="Give a whole number such as -5, +5 or 5.")
    quantity = int(text)
    if quantity == 0:
        raise UsageError("A quantity of 0 changes nothing.", hint="-5 takes five away, +5 or 5 adds five.")
    if abs(quantity) > _LARGEST:
        raise UsageError(f"{quantity} is more than the API takes ({_LARGEST:,}).")
    return quantity


class Inventory:
    """The operations on stock."""

    def __init__(
        self,
        transport: "Transport",
        reader: "Reader",
        index: "LocalIndex",
        variants: "Variants",
        now: Callable[[], float],
    ) -> None:
        self._transport = transport
        self._reader = reader
        self._index = index
        self._variants = variants
        self._now = now

    def movement(self, sku: str, quantity: str, location: str | None, *, with_level: bool) -> Movement:
        """Settle an adjustment: the variant of a SKU, the id of a location, and if asked for the stock before.

        A known SKU and a location given by its id need no request. UsageError or NotFoundError say what is
        wrong before anything is sent that writes.
        """
        delta = parse_quantity(quantity)
        self._transport.check(ADJUST)  # before lookups are spent on what would be refused
        variant_id = self._variants.id_of(sku)
        location_id, name = self._location(location)
        on_hand = self._on_hand(variant_id, location_id) if with_level else None
        return Movement(sku, variant_id, location_id, name, delta, on_hand)

    def adjust(self, movement: Movement) -> Row:
        """Append the movement to the ledger, once; gives the entry.

        UnknownOutcomeError if no answer came: it says what the ledger shows, and nothing is sent again.
        POST /api/v1/inventory/adjust
        """
        started = self._now()
        try:
            answer = self._transport.send(
                ADJUST,
                body={
                    "variant_id": movement.variant_id,
                    "location_id": movement.location_id,
                    "quantity_delta": movement.delta,
                },
                before={"on_hand": movement.on_hand},
                after={"on_hand": movement.after},
            )
        except NotFoundError as error:
            error.hint = f"If {movement.sku} is another variant by now: synq inventory skus forget {movement.sku}"
            raise
        except UnknownOutcomeError as error:
            error.hint = self._what_the_ledger_shows(movement, started)
            raise
        if not isinstance(answer, dict):
            raise UnknownOutcomeError(
                "The API took the adjustment but did not answer with a ledger entry.",
                hint=self._what_the_ledger_shows(movement, started),
            )
        return answer

    def levels(self, *, sku: str | None, location: str | None) -> Listing:
        """Stock by variant and location; None means any. GET /api/v1/inventory/levels"""
        location_id = self._location(location)[0] if location else None

        def matches(row: Row) -> bool:
            return (sku is None or row.get("sku") == sku) and (
                location_id is None or str(row.get("location_id")).lower() == location_id
            )

        return self._reader.listing(
            LEVELS,
            "levels",
            matches=matches,
            identity=("variant_id", "location_id"),
            remember=lambda rows: remember_skus(self._index, rows, "variant_id"),
            query={"sku": sku, "location_id": location_id},
        )

    def ledger(self, *, sku: str | None, location: str | None) -> Listing:
        """Ledger entries, newest first; None means any. GET /api/v1/inventory/ledger"""
        variant_id = self._variants.id_of(sku) if sku else None
        location_id = self._location(location)[0] if location else None

        def matches(row: Row) -> bool:
            return (variant_id is None or str(row.get("variant_id")).lower() == variant_id) and (
                location_id is None or str(row.get("location_id")).lower() == location_id
            )

        query = {"variant_id": variant_id, "location_id": location_id}
        return self._reader.listing(LEDGER, "entries", matches=matches, query=query)

    def locations(self) -> list[Row]:
        """Every stock location: id, name, active. GET /api/v1/inventory/locations"""
        rows = self._reader.all(LOCATIONS, "locations")
        if not all(isinstance(row.get(key), str) for row in rows for key in ("id", "name")):
            raise replies.nonsense(LOCATIONS, "a location without id or name")
        self._index.remember("location", ((row["name"], row["id"]) for row in rows))
        return rows

    def location_names(self) -> dict[str, str]:
        """Names of the stock locations by id, as known here, else read; empty where they can't be."""
        names = self._index.names("location")
        if not names:
            try:
                names = {row["id"]: row["name"] for row in self.locations()}
            except NotFoundError:
                return {}
        return names

    def _location(self, text: str | None) -> tuple[str, str]:
        """Id and name of the location that was named, else of the only one there is."""
        identifier = uuid_or_none(text or "")
        if identifier:
            return identifier, identifier
        if text and (known := self._index.find("location", text)):
            return known, text
        rows = self.locations()
        wanted = [row for row in rows if row.get("active") is not False]
        if text:
            wanted = [row for row in rows if row["name"].lower() == text.lower()]
        if len(wanted) == 1:
            return wanted[0]["id"], wanted[0]["name"]
        names = ", ".join(row["name"] for row in rows) or "none"
        if text:
            count = f"{len(wanted)} stock locations are" if wanted else "No stock location is"
            raise NotFoundError(f"{count} called '{text}'.", hint=f"There are: {names}.")
        raise UsageError(
            f"Which stock location? There are {len(wanted)}: {names}.",
            hint='Add --location NAME, or set a default: synq config set location "NAME"',
        )

    def _on_hand(self, variant_id: str, location_id: str) -> int | None:
        """The stock at a location, 0 if it was never stocked there; None where levels can't be read."""
        try:
            answer = self._transport.send(LEVELS, query={"variant_id": variant_id, "location_id": location_id})
            rows = rows_in(answer, LEVELS, "levels")
        except NotFoundError:
            return None
        here = [row for row in rows if _place(row) == (variant_id, location_id)]
        on_hand: Any = here[0].get("on_hand") if here else 0
        return on_hand if isinstance(on_hand, int) else None

    def _what_the_ledger_shows(self, movement: Movement, started: float) -> str:
        """A sentence on whether the ledger holds such an entry."""
        look = f"Before sending it again look at `synq inventory levels --sku {movement.sku}`."
        query = {"variant_id": movement.variant_id, "location_id": movement.location_id, "limit": 20}
        try:
            entries = rows_in(self._transport.send(LEDGER, query=query), LEDGER, "entries")
        except SynqError as error:
            return f"The ledger could not be read either ({error.message.rstrip('.')}). {look}"
        except KeyboardInterrupt:
            # That the outcome is unknown must not be lost with the reading.
            return f"Reading the ledger was interrupted. {look}"
        for entry in entries:
            if not _is_entry_of(movement, entry) or _posted(entry) < started - _SKEW:
                continue
            when = f"{entry.get('created_at')} ({entry.get('id')})"
            seen = f"The ledger shows an entry of {movement.delta:+d} posted at {when}"
            if _posted(entry) >= started - _ROUNDING:
                return f"{seen}: it was most likely applied. Do not send it again."
            return (
                f"{seen}, {started - _posted(entry):.0f} s before this one was sent: it may be an earlier one. {look}"
            )
        return f"The ledger shows no such entry yet. {look}"


def _place(row: Row) -> tuple[str, str]:
    """Variant and location, as UUIDs are usually written."""
    return str(row.get("variant_id")).lower(), str(row.get("location_id")).lower()


def _is_entry_of(movement: Movement, entry: Row) -> bool:
    """Whether an entry could be this movement; a server may ignore the filters, and entries may lack an id."""
    wanted = (("variant_id", movement.variant_id), ("location_id", movement.location_id))
    return entry.get("quantity_delta") == movement.delta and all(
        str(entry.get(key) or value).lower() == value for key, value in wanted
    )


def _posted(entry: Row) -> float:
    from datetime import UTC, datetime

    try:
        posted = datetime.fromisoformat(str(entry.get("created_at")))
    except ValueError:
        return 0.0
    return (posted if posted.tzinfo else posted.replace(tzinfo=UTC)).timestamp()
