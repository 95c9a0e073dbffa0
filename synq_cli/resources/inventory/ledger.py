"""The stock ledger: an append-only list of all stock changes."""

from dataclasses import dataclass

from synq_cli.errors import SynqError
from synq_cli.http import operations, replies
from synq_cli.resources.inventory.locations import Locations
from synq_cli.resources.products.variants import Variants
from synq_cli.resources.shared.pagination import Listing, Row
from synq_cli.resources.shared.resource import Resource, has_values
from synq_cli.times import epoch

# The server's clock may differ from ours by this many seconds: an older entry can't be the adjustment just sent.
CLOCK_TOLERANCE = 120.0
# Times are compared as precisely as servers write them.
_ROUNDING = 1.0


@dataclass(frozen=True)
class SkuLocation:
    """A SKU at a location, resolved to ids."""

    sku: str
    variant_id: str
    location_id: str
    location: str

    @property
    def ids(self) -> dict[str, str]:
        """Variant and location as requests and rows name them."""
        return {"variant_id": self.variant_id, "location_id": self.location_id}


@dataclass(frozen=True)
class Adjustment(SkuLocation):
    """A signed change of stock; `on_hand` is the stock before it, None if it was not read."""

    delta: int
    on_hand: int | None

    @property
    def after(self) -> int | None:
        """The stock after it, None if the stock before is not known."""
        return None if self.on_hand is None else self.on_hand + self.delta


# The ids of a variant and a location, in lower case.
Place = tuple[str, str]


@dataclass(frozen=True)
class Move:
    """A ledger entry: its signed units, and when it was posted, in epoch seconds by the API's clock."""

    id: str
    place: Place
    delta: int
    at: float
    kind: str


class Ledger(Resource):
    """The stock ledger."""

    def entries(
        self,
        *,
        sku: str | None = None,
        location: str | None = None,
        kind: str | None = None,
        since: float | None = None,
    ) -> Listing:
        """Entries, newest first, of this type and posted since an epoch second; None matches any.

        Nothing is read beyond the first entry that is too old. GET /api/v1/inventory/ledger
        """
        filters = {
            "variant_id": Variants(self._api).id_of(sku) if sku else None,
            "location_id": Locations(self._api).id_of(location),
        }

        def matches(row: Row) -> bool:
            return (kind is None or str(row.get("transaction_type")).lower() == kind.lower()) and (
                since is None or posted(row) >= since
            )

        return self._api.pages(
            operations.LIST_INVENTORY_LEDGER,
            "entries",
            filters=filters,
            matches=matches,
            ends=lambda row: since is not None and 0 < posted(row) < since,
        )

    def moves(self, since: float, *, variant_id: str | None = None, location_id: str | None = None) -> list[Move]:
        """All entries posted since an epoch second by the API's clock, newest first; None matches any.

        ServerError if one lacks what a calculation needs.
        """
        listing = self._api.pages(
            operations.LIST_INVENTORY_LEDGER,
            "entries",
            filters={"variant_id": variant_id, "location_id": location_id},
            matches=lambda row: not 0 < posted(row) < since,
            ends=lambda row: 0 < posted(row) < since,
        )
        return [_move(row) for row in listing.first(None)]

    def evidence_of(self, adjustment: Adjustment, sent: float) -> str:
        """A hint on whether the ledger shows an adjustment that was sent at this epoch second without an answer."""
        look = f"Before you send it again, check `synq inventory levels --sku {adjustment.sku}`."
        try:
            query = {**adjustment.ids, "limit": 20}
            entries = self._api.read_list(operations.LIST_INVENTORY_LEDGER, "entries", query)
        except SynqError as error:
            return f"The ledger could not be read either ({error.message.rstrip('.')}). {look}"
        except KeyboardInterrupt:
            # The command must still report the unknown outcome.
            return f"Reading the ledger was interrupted. {look}"
        for entry in entries:
            age = sent - posted(entry)
            # A server may ignore the filters, and entries may lack an id.
            named = {key: value for key, value in adjustment.ids.items() if entry.get(key)}
            is_alike = entry.get("quantity_delta") == adjustment.delta and has_values(entry, named)
            if not is_alike or age > CLOCK_TOLERANCE:
                continue
            shown = f"The ledger shows an entry of {adjustment.delta:+d} posted at {entry.get('created_at')}"
            shown = f"{shown} ({entry.get('id')})"
            if age <= _ROUNDING:
                return f"{shown}: it was most likely applied. Do not send it again."
            return f"{shown}, {age:.0f} s before this one was sent: it may be an earlier one. {look}"
        return f"The ledger shows no such entry yet. {look}"


def posted(entry: Row) -> float:
    """The epoch second at which an entry was posted, 0 if unknown."""
    return epoch(entry.get("created_at")) or 0.0


def _move(row: Row) -> Move:
    ids = [row.get(key) for key in ("id", "variant_id", "location_id")]
    delta, at = row.get("quantity_delta"), posted(row)
    if not all(isinstance(each, str) for each in ids) or not isinstance(delta, int) or not at:
        raise replies.invalid_reply(operations.LIST_INVENTORY_LEDGER, "an entry lacks its id, place, quantity or time")
    entry, variant, location = map(str, ids)
    return Move(entry, (variant.lower(), location.lower()), delta, at, str(row.get("transaction_type")).lower())
