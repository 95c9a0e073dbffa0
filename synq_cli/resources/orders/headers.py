"""What is kept of orders that were shown, so that they are found again without a request."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from synq_cli import exact_json
from synq_cli.resources.shared.pagination import Row
from synq_cli.resources.shared.resource import Api

# Of payments only the reference.
_KEPT = ("id", "status", "total", "currency", "channel", "payment_reference", "idempotency_key", "created_at")


class Header(NamedTuple):
    """What is kept of an order, and the epoch second at which it was shown."""

    order: Row
    seen_at: float


def remember_orders(api: Api, rows: Iterable[Row]) -> None:
    """Keep the ids of orders, and their headers unless the setting `cache` is off."""
    orders = [row for row in rows if isinstance(row.get("id"), str)]
    api.index.remember_ids("order", orders)
    if api.session.settings.cache:
        api.index.remember_headers(
            (row["id"].lower(), exact_json.dumps({key: row[key] for key in _KEPT if key in row})) for row in orders
        )


def cached_orders(api: Api) -> Iterator[Header]:
    """The orders that are kept, the latest first."""
    for _, text, seen_at in api.index.headers():
        yield Header(exact_json.loads(text), seen_at)
