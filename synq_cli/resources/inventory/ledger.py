"""The stock ledger: every change of stock, never rewritten."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from synq_cli.errors import SynqError
from synq_cli.http import operations
from synq_cli.resources.shared.pagination import Listing, Row
from synq_cli.resources.shared.reader import has_values, rows_in
from synq_cli.times import epoch

if TYPE_CHECKING:
    from synq_cli.http.sender import Transport
    from synq_cli.resources.inventory.locations import Locations
    from synq_cli.resources.products.variants import Variants
    from synq_cli.resources.shared.reader import Reader


# The ledger's clock is not ours: an entry from this many seconds before we sent may be this one or an earlier one.
_SKEW = 120.0
_ROUNDING = 1.0


@dataclass(frozen=True)
class Place:
    """One SKU at one location, settled down to their ids."""

    sku: str
    variant_id: str
    location_id: str
    location: str

    @property
    def ids(self) -> dict[str, str]:
        """Variant and location, as requests and rows name them."""
        return {"variant_id": self.variant_id, "location_id": self.location_id}


@dataclass(frozen=True)
class Movement(Place):
    """One adjustment there; `on_hand` is the stock before it, where that was asked for."""

    delta: int
    on_hand: int | None

    @property
    def after(self) -> int | None:
        """The stock after it, where that before it is known."""
        return None if self.on_hand is None else self.on_hand + self.delta


class Ledger:
    """The operations on the stock ledger."""

    def __init__(self, transport: "Transport", reader: "Reader", variants: "Variants", locations: "Locations") -> None:
        self._transport = transport
        self._reader = reader
        self._variants = variants
        self._locations = locations

    def entries(
        self,
        *,
        sku: str | None = None,
        location: str | None = None,
        kind: str | None = None,
        since: float | None = None,
    ) -> Listing:
        """Entries of this type posted since an epoch second; None means any.

        They come newest first, so nothing is read beyond the first one that is too old. GET /api/v1/inventory/ledger
        """
        filters = {
            "variant_id": self._variants.id_of(sku) if sku else None,
            "location_id": self._locations.id_of(location),
        }

        def matches(row: Row) -> bool:
            return (kind is None or str(row.get("transaction_type")).lower() == kind.lower()) and (
                since is None or posted(row) >= since
            )

        return self._reader.listing(
            operations.LIST_INVENTORY_LEDGER,
            "entries",
            filters=filters,
            matches=matches,
            ends=lambda row: since is not None and 0 < posted(row) < since,
        )

    def what_it_shows(self, movement: "Movement", started: float) -> str:
        """A sentence on whether it holds an entry such as this movement, sent at an epoch second."""
        look = f"Before sending it again look at `synq inventory levels --sku {movement.sku}`."
        try:
            answer = self._transport.send(operations.LIST_INVENTORY_LEDGER, query={**movement.ids, "limit": 20})
            entries = rows_in(answer, operations.LIST_INVENTORY_LEDGER, "entries")
        except SynqError as error:
            return f"The ledger could not be read either ({error.message.rstrip('.')}). {look}"
        except KeyboardInterrupt:
            # That the outcome is unknown must not be lost with the reading.
            return f"Reading the ledger was interrupted. {look}"
        for entry in entries:
            if not _is_entry_of(movement, entry) or posted(entry) < started - _SKEW:
                continue
            when = f"{entry.get('created_at')} ({entry.get('id')})"
            seen = f"The ledger shows an entry of {movement.delta:+d} posted at {when}"
            if posted(entry) >= started - _ROUNDING:
                return f"{seen}: it was most likely applied. Do not send it again."
            return f"{seen}, {started - posted(entry):.0f} s before this one was sent: it may be an earlier one. {look}"
        return f"The ledger shows no such entry yet. {look}"


def _is_entry_of(movement: "Movement", entry: Row) -> bool:
    """Whether an entry could be this movement; a server may ignore the filters, and entries may lack an id."""
    named = {key: value for key, value in movement.ids.items() if entry.get(key)}
    return entry.get("quantity_delta") == movement.delta and has_values(entry, named)


def posted(entry: Row) -> float:
    """The epoch second at which an entry was posted; 0 if it does not say so."""
    return epoch(entry.get("created_at")) or 0.0
