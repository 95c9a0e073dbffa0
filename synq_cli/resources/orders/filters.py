"""Filters of orders that the API does not have."""

from collections.abc import Callable
from decimal import Decimal

from synq_cli.resources.shared import validation
from synq_cli.resources.shared.pagination import Row
from synq_cli.resources.shared.selection import equals
from synq_cli.times import epoch


def order_filter(
    *,
    until: float | None,
    tag: str | None,
    payment_status: str | None,
    reference: str | None,
    min_total: str | None,
    max_total: str | None,
) -> Callable[[Row], bool]:
    """A test for orders placed before an epoch second, with these values; None matches any. UsageError for an amount.

    An order without a total, or without a time, matches no limit of it.
    """
    least = None if min_total is None else validation.amount(min_total, "total")
    most = None if max_total is None else validation.amount(max_total, "total")
    has_payment_status, has_reference = equals("payment_status", payment_status), equals("payment_reference", reference)

    def matches(row: Row) -> bool:
        total, placed = row.get("total"), epoch(row.get("created_at"))
        amount = Decimal(total) if isinstance(total, int | Decimal) else None
        tags = row["tags"] if isinstance(row.get("tags"), list) else []
        return (
            (until is None or (placed is not None and placed < until))
            and (tag is None or tag.casefold() in (str(each).casefold() for each in tags))
            and has_payment_status(row)
            and has_reference(row)
            and (least is None or (amount is not None and amount >= least))
            and (most is None or (amount is not None and amount <= most))
        )

    return matches
