"""What to buy: the stock ledger's sales against today's stock, or without a ledger the variants with the lowest."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from synq_cli import exact_json
from synq_cli.errors import NotFoundError
from synq_cli.http import operations
from synq_cli.resources.inventory.demand import DAY, Period, Supply, demand_of, needed, rate_of, urgency
from synq_cli.resources.inventory.ledger import Ledger, posted
from synq_cli.resources.inventory.locations import Locations
from synq_cli.resources.inventory.stock import Inventory
from synq_cli.resources.inventory.suppliers import SupplierFile
from synq_cli.resources.products.catalogue import Catalogue
from synq_cli.resources.products.variants import Variants
from synq_cli.resources.shared.pagination import Row
from synq_cli.resources.shared.resource import Resource
from synq_cli.resources.shared.validation import LARGEST
from synq_cli.state.ledger_cache import CachedEntries, Entry, LedgerCache
from synq_cli.times import ago
from synq_cli.uuids import parse_uuid

_ROUTES = (operations.LIST_INVENTORY_LEDGER, operations.LIST_INVENTORY_LEVELS)
# New entries are read back to so many seconds before the newest cached one: some may have been posted out of order.
_OVERLAP = 3600
_MOST_LISTED = 5
# Fewer pages are read before anybody wonders.
_QUICK = 4


@dataclass(frozen=True)
class ReorderPlan:
    """A row for each variant, the most urgent first or, with suppliers, by supplier; and remarks on them.

    Without `rates` there is no ledger, and the rows are those that the statistics list as low.
    """

    rows: list[Row]
    remarks: list[str] = field(default_factory=list)
    rates: bool = True


@dataclass(frozen=True)
class Stock:
    """A variant's stock now."""

    sku: str | None
    on_hand: dict[str, int] = field(default_factory=dict)
    available: dict[str, int] = field(default_factory=dict)


class Reorder(Resource):
    """What to buy."""

    def plan(
        self,
        period: Period,
        *,
        cover: int,
        location: str | None,
        suppliers: SupplierFile | None,
        cache: LedgerCache,
        fresh: bool,
        tell: Callable[[str], None],
        watch: Callable[[int, int], None],
    ) -> ReorderPlan:
        """What to buy so that stock lasts `cover` days beyond a delivery, at one location or, with None, at all.

        `tell` is called with the cost before anything is sent, `watch` with the days of the ledger that were read.
        Reads the ledger and the levels, or the counters of a server that lacks a route of these.
        """
        try:
            for route in _ROUTES:
                self._api.check(route)
            cached = None if fresh else cache.read(period.since)
            tell(_cost(period, cached, self._api.now()))
            location_id = Locations(self._api).id_of(location)
            entries = self._entries(period, cached, cache, watch)
            stock = self._stock(location_id)
        except NotFoundError:
            if not any(self._api.index.is_missing(route.id) for route in _ROUTES):
                raise
            return self._low_stock(suppliers)
        entries = [entry for entry in entries if location_id in {None, entry.location_id}]
        supplies = self._supplies(suppliers, {identifier: found.sku for identifier, found in stock.items()})
        rows = _rows(stock, entries, period, cover, supplies)
        return ReorderPlan(rows, [*_counted_types(entries, period), *_without_rate(rows, period.days)])

    def _entries(
        self, period: Period, cached: CachedEntries | None, cache: LedgerCache, watch: Callable[[int, int], None]
    ) -> list[Entry]:
        """All entries in the period, of which only those are read that are not cached."""
        if cached:
            newest = max((entry.posted for entry in cached.entries), default=period.since)
            since = max(newest - _OVERLAP, period.since)
            found = set(self._read(since, period, watch))
            # Else the ledger is another one, such as that of a sandbox that was reset.
            if {entry for entry in cached.entries if entry.posted >= since} <= found:
                cache.add(found, period.since, anew=False)
                return [*found.union(cached.entries)]
        entries = list(self._read(period.since, period, watch))
        cache.add(entries, period.since, anew=True)
        return entries

    def _read(self, since: int, period: Period, watch: Callable[[int, int], None]) -> Iterator[Entry]:
        pages = Ledger(self._api).entries(since=since).first(None).pages
        skipped = 0
        for number, page in enumerate(pages):
            found = [entry for row in page if (entry := _entry(row))]
            skipped += len(page) - len(found)
            yield from found
            if number >= _QUICK:
                watch(period.age(int(posted(page[-1]))) // DAY, period.days)
        if skipped:
            self._api.observer.warn(f"Ignored ledger entries without a variant, a location or a quantity: {skipped}.")

    def _stock(self, location_id: str | None) -> dict[str, Stock]:
        """The stock of each variant by location."""
        found: dict[str, Stock] = {}
        for row in Inventory(self._api).levels(location=location_id).first(None):
            variant, place = (parse_uuid(row.get(key)) for key in ("variant_id", "location_id"))
            if not variant or not place:
                continue
            sku = row.get("sku")
            its = found.setdefault(variant, Stock(sku if isinstance(sku, str) else None))
            its.on_hand[place] = _units(row.get("on_hand")) or 0
            available = _units(row.get("available"))
            its.available[place] = its.on_hand[place] - (_units(row.get("reserved")) or 0)
            if available is not None:
                its.available[place] = available
        return found

    def _supplies(self, file: SupplierFile | None, skus: Mapping[str, str | None]) -> dict[str, Supply] | None:
        """The supplies of these variants by id; codes that none of them has are looked up, as they may be barcodes."""
        if file is None:
            return None
        ids: dict[str, set[str]] = {}
        for identifier, sku in skus.items():
            ids.setdefault(sku or identifier, set()).add(identifier)
        if unknown := file.unknown(ids):
            ids |= Variants(self._api).ids_of(unknown)
        return file.by_variant(ids, skus)

    def _low_stock(self, file: SupplierFile | None) -> ReorderPlan:
        lowest = Catalogue(self._api).stats().get("topLowStock")
        rows = [row for row in lowest if isinstance(row, dict)] if isinstance(lowest, list) else []
        skus = {str(row.get("variant_id")).lower(): row.get("sku") for row in rows}
        supplies = self._supplies(file, {key: sku if isinstance(sku, str) else None for key, sku in skus.items()})
        if supplies is not None:
            rows = [row | vars(supplies.get(str(row.get("variant_id")).lower(), Supply())) for row in rows]
            rows = _by_supplier(rows)
        remark = (
            "This server does not list its stock ledger and levels, so it is not known how fast anything sells. These "
            "are the variants that its statistics list as closest to running out, over all locations."
        )
        return ReorderPlan(rows, [remark], rates=False)


def _cost(period: Period, cached: CachedEntries | None, now: float) -> str:
    """What is read, and for how many requests as far as that is known."""
    if cached is None:
        return f"Reads the stock levels and {period.days} days of the ledger, 1 request for each 100 rows."
    return (
        f"Reads the stock levels and what is new in the ledger, 1 request for each 100 rows. {len(cached.entries):,} "
        f"entries were read {ago(now - cached.read_at)}; --fresh reads them again."
    )


def _entry(row: Row) -> Entry | None:
    """A row of the ledger as an entry; None if it lacks what the demand is worked out from."""
    variant, place, delta = (
        parse_uuid(row.get("variant_id")),
        parse_uuid(row.get("location_id")),
        row.get("quantity_delta"),
    )
    units = _units(delta)
    if not variant or not place or units is None:
        return None
    identifier, kind = (
        str(text).encode(errors="replace").decode()  # JSON allows lone surrogates, and a database does not
        for text in (row.get("id") or exact_json.dumps(row), row.get("transaction_type") or "")
    )
    return Entry(identifier, variant, place, units, kind, int(posted(row)))


def _units(value: object) -> int | None:
    is_whole = isinstance(value, int) and not isinstance(value, bool) and abs(value) <= LARGEST
    return value if is_whole else None  # type: ignore[return-value]  # which mypy can't follow


def _rows(
    stock: Mapping[str, Stock],
    entries: list[Entry],
    period: Period,
    cover: int,
    supplies: Mapping[str, Supply] | None,
) -> list[Row]:
    """A row for each variant, the most urgent first; those that don't sell come last."""
    its_entries: dict[str, list[Entry]] = {}
    for entry in entries:
        its_entries.setdefault(entry.variant_id, []).append(entry)
    ranked = []
    for identifier, its in stock.items():
        rate = rate_of(its.on_hand, its_entries.get(identifier, ()), period)
        supply, available = (supplies or {}).get(identifier, Supply()), sum(its.available.values())
        row = {"sku": its.sku, "variant_id": identifier, **needed(available, rate, supply, cover)}
        left = urgency(available, rate, supply)
        rank = (left is None, left or 0, its.sku or "", identifier)
        ranked.append((rank, row if supplies is None else row | vars(supply)))
    rows = [row for _, row in sorted(ranked, key=lambda pair: pair[0])]
    return rows if supplies is None else _by_supplier(rows)


def _by_supplier(rows: list[Row]) -> list[Row]:
    """The rows of each supplier together, in the order of their first rows; those without a supplier last."""
    first = {name: at for at, name in enumerate(dict.fromkeys(row["supplier"] for row in rows))}
    return sorted(rows, key=lambda row: (not row["supplier"], first[row["supplier"]]))


def _counted_types(entries: list[Entry], period: Period) -> Iterator[str]:
    """A sentence on the types of entries that were counted as demand, and those that were not."""
    counted, others = Counter[str](), Counter[str]()
    for entry in entries:
        (counted if demand_of(entry, period.types) else others)[entry.kind or "(none)"] += 1
    if entries:
        rest = f" Not counted: {', '.join(sorted(others))}." if others else ""
        yield f"Counted as demand: {', '.join(sorted(counted)) or 'nothing'}.{rest}"


def _without_rate(rows: list[Row], days: int) -> Iterator[str]:
    """A sentence on the variants that had no stock all the time."""
    names = [row["sku"] or row["variant_id"] for row in rows if row["per_day"] is None]
    if names:
        more = f" and {len(names) - _MOST_LISTED} more" if len(names) > _MOST_LISTED else ""
        listed = f"{', '.join(names[:_MOST_LISTED])}{more}"
        yield f"Never in stock in these {days} days, so how fast they sell is unknown: {listed}."
