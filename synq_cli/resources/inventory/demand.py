"""How fast stock sells and what to buy, worked out from today's stock and the entries of the ledger."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from synq_cli.exact_json import Number
from synq_cli.state.ledger_cache import Entry

DAY = 86_400
# The API doesn't publish the types of orders and returns, so that others are recognized by these words.
_NO_DEMAND = re.compile("adjust|correct|count|damage|loss|receipt|supplier|transfer|write")
_CAME_BACK = re.compile("cancel|refund|return|sale")
_CENT = Decimal("0.01")


@dataclass(frozen=True)
class Period:
    """The 24-hour days up to `now`, in epoch seconds, whose sales count; `types` are those of entries, None guesses."""

    now: int
    days: int
    types: Collection[str] | None = None

    @property
    def since(self) -> int:
        """The epoch second at which it starts."""
        return self.now - self.days * DAY

    def age(self, posted: int) -> int:
        """Seconds since a time, within the period."""
        return min(max(self.now - posted, 0), self.days * DAY)


@dataclass(frozen=True)
class Supply:
    """Where a SKU is bought, how many days it takes to arrive, and how many units are in a pack."""

    supplier: str = ""
    lead_days: int = 0
    pack_size: int = 1


@dataclass(frozen=True)
class Rate:
    """Units sold net of returns, and the days on which there was stock or a sale."""

    sold: int
    days: int


def demand_of(entry: Entry, types: Collection[str] | None) -> int:
    """The units that an entry adds to the demand: negative for a return, 0 for other entries."""
    kind = entry.kind.lower()
    if types is not None:
        return -entry.delta if kind in types else 0
    if _NO_DEMAND.search(kind) or (entry.delta > 0 and not _CAME_BACK.search(kind)):
        return 0
    return -entry.delta


def rate_of(on_hand: Mapping[str, int], entries: Iterable[Entry], period: Period) -> Rate:
    """How fast a variant sells: from its stock now by location, and its entries in the period, in any order.

    A day counts if one of the locations had stock at some time of it, going back from now entry by entry, or sold.
    """
    sold, days, levels = 0, set[int](), dict(on_hand)
    until = dict.fromkeys(levels, 0)  # the age up to which each location is known
    for entry in sorted(entries, key=lambda entry: -entry.posted):
        place, age = entry.location_id, period.age(entry.posted)
        units = demand_of(entry, period.types)
        sold += units
        if units > 0:
            days.add(max(age - 1, 0) // DAY)
        days |= _days_between(levels.setdefault(place, 0), until.get(place, 0), age)
        levels[place] -= entry.delta
        until[place] = age
    for place, units in levels.items():
        days |= _days_between(units, until.get(place, 0), period.days * DAY)
    return Rate(max(sold, 0), len(days))


def _days_between(units: int, newer: int, older: int) -> set[int]:
    """The days, 0 for the last one, that a time between two ages is in; none without stock."""
    return set(range(newer // DAY, (older - 1) // DAY + 1)) if units > 0 and newer < older else set()


def needed(available: int, rate: Rate, supply: Supply, cover: int) -> dict[str, Any]:
    """What to buy of a variant: `per_day`, `days_left` and `suggested`, each None if it can't be known.

    Units are to last until a delivery and for `cover` days after it.
    """
    sold, days = rate.sold, rate.days
    suggested = None
    if days or available < 0:
        units = (-(-sold * (cover + supply.lead_days) // days) if days else 0) - available
        suggested = -(-max(units, 0) // supply.pack_size) * supply.pack_size
    left = max(available, 0) * days // sold if sold else None
    return {
        "available": available,
        "sold": sold,
        "days_in_stock": days,
        "per_day": Number(str((Decimal(sold) / days).quantize(_CENT))) if days else None,
        "days_left": 0 if available <= 0 else left,
        "suggested": suggested,
    }


def urgency(available: int, rate: Rate, supply: Supply) -> Fraction | None:
    """The days until it is too late to buy; negative if it is already, None for what doesn't sell."""
    if rate.sold:
        return Fraction(available * rate.days, rate.sold) - supply.lead_days
    return Fraction(-supply.lead_days) if available < 0 else None
