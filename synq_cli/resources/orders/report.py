"""Orders counted and summed by group."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Literal

from synq_cli.exact_json import Number
from synq_cli.resources.orders.orders import Orders
from synq_cli.resources.orders.states import STATUS_GROUPS
from synq_cli.resources.shared.pagination import Row
from synq_cli.resources.shared.resource import Resource
from synq_cli.times import parse_time

Group = Literal["day", "week", "channel", "status", "currency"]
_CENT = Decimal("0.01")
_NO_CENTS = Decimal("0.00")  # added to an amount, it shows at least two decimals
_UNKNOWN = "unknown"
# No order is for so much: it is a mistake.
_TOO_LARGE = Decimal(10) ** 20
# Times outside of these years are mistakes, and would fill the report with empty days.
_FIRST_YEAR, _LAST_YEAR = 2000, 2100


class OrderReports(Resource):
    """Reports of orders."""

    def rows(
        self, by: Group, *, statuses: frozenset[str] | None, channel: str | None, since: float | None
    ) -> list[Row]:
        """A row for each group and currency: `group`, `currency`, `orders`, `total` and `average`.

        Without statuses, cancelled and failed orders are left out. All orders are read, since the API does not filter.
        """
        orders: Iterable[Row] = Orders(self._api).matching(statuses, channel=channel, since=since).first(None)
        if statuses is None:
            orders = (order for order in orders if order.get("status") not in STATUS_GROUPS["dead"])
        return summed(orders, by)


def summed(orders: Iterable[Row], by: Group) -> list[Row]:
    """The rows of a report, sorted by currency, then by day or week, else the largest total first.

    Days are local, and those without orders between the first and the last of a currency are there too.
    """
    sums: dict[tuple[str, str], tuple[int, Decimal]] = {}
    for order in orders:
        currency = str(order.get("currency") or "")
        key = currency, _group_of(order, by)
        count, total = sums.get(key, (0, Decimal()))
        sums[key] = count + 1, total + _amount(order.get("total"))
    if by in {"day", "week"}:
        step = timedelta(days=1 if by == "day" else 7)
        for currency in {currency for currency, _ in sums}:
            days = [_first_day(group) for found, group in sums if found == currency and group != _UNKNOWN]
            for day in _days(days, step):
                sums.setdefault((currency, _name_of(day, by)), (0, Decimal()))
        ranked = sorted(sums)
    else:
        ranked = sorted(sums, key=lambda key: (key[0], -sums[key][1], key[1]))
    return [
        {
            "group": group,
            "currency": currency,
            "orders": sums[currency, group][0],
            "total": Number(f"{sums[currency, group][1]:f}"),
            "average": _average(*sums[currency, group]),
        }
        for currency, group in ranked
    ]


def totals(rows: Iterable[Row]) -> list[str]:
    """What was ordered in each currency, in words such as `12 orders for 1234.50 GBP`."""
    sums: dict[str, tuple[int, Decimal]] = {}
    for row in rows:
        count, total = sums.get(row["currency"], (0, Decimal()))
        sums[row["currency"]] = count + row["orders"], total + row["total"]
    return [
        f"{count:,} order{'s' * (count != 1)} for {total + _NO_CENTS:,} {currency}".rstrip()
        for currency, (count, total) in sorted(sums.items())
    ]


def _group_of(order: Row, by: Group) -> str:
    if by in {"day", "week"}:
        moment = parse_time(order.get("created_at"))
        if moment is None or not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
            return _UNKNOWN
        return _name_of(moment.astimezone().date(), by)
    return str(order.get(by) or _UNKNOWN)


def _name_of(day: date, by: Group) -> str:
    return f"{day:%G-W%V}" if by == "week" else day.isoformat()


def _first_day(group: str) -> date:
    form = "%G-W%V-%u" if "W" in group else "%Y-%m-%d"
    return datetime.strptime(group + "-1" * ("W" in group), form).date()  # noqa: DTZ007 a day, not a time


def _days(days: list[date], step: timedelta) -> Iterator[date]:
    day = min(days, default=date.max)
    while day <= max(days, default=date.min):
        yield day
        day += step


def _amount(value: object) -> Decimal:
    if not isinstance(value, int | Decimal) or isinstance(value, bool):
        return Decimal()
    amount = Decimal(value)
    return amount if -_TOO_LARGE < amount < _TOO_LARGE else Decimal()


def _average(count: int, total: Decimal) -> Number | None:
    average = total / count if count else None
    if average is None or average >= _TOO_LARGE:
        return None
    return Number(f"{average.quantize(_CENT):f}")
