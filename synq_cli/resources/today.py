"""The numbers at the start of a shift: what waits, in orders, stock and bulk jobs."""

from collections.abc import Sequence
from typing import Any

from synq_cli.errors import SynqError
from synq_cli.http import operations
from synq_cli.resources.orders.headers import remember_orders
from synq_cli.resources.orders.states import STATUS_GROUPS, status_of
from synq_cli.resources.products.bulk_jobs import JOB_TYPES, has_failed
from synq_cli.resources.shared.pagination import PAGE, Row
from synq_cli.resources.shared.resource import Resource, rows_of
from synq_cli.resources.shared.together import Read, read_together
from synq_cli.times import epoch

_DAY = 86_400.0
# Orders count as unpaid after so many seconds, and failed jobs for so many.
_UNPAID = 2 * _DAY
_RECENT = 7 * _DAY
# Further pages of orders, so that there are at most eight requests.
_MORE_PAGES = 3
_STOCK = (
    ("skus_low_in_stock", "lowStockVariants", "synq inventory levels --low"),
    ("skus_out_of_stock", "outOfStockVariants", "synq inventory levels --threshold 0"),
)


class Today(Resource):
    """The numbers at the start of a shift."""

    def rows(self) -> list[Row]:
        """A row for each number: `item`, `count`, `at_least`, `oldest_at`, `note` and `command`.

        `count` is null where the server does not give it, `at_least` is true where orders were left unread, `note`
        says why. `oldest_at` is a time in RFC 3339, `command` the one that shows more.
        Reads a page of orders, the counters and the bulk jobs together, then up to three more pages of orders.
        """
        orders, stats, *jobs = read_together(
            self._api,
            _orders_page(0),
            Read(operations.GET_STATS),
            *(Read(operations.LIST_BULK_JOBS, query={"type": name}) for name in JOB_TYPES.values()),
        )
        return [*self._orders(orders), *_stock(stats), self._failed_jobs(jobs)]

    def _orders(self, answer: Any) -> list[Row]:
        pages = _lists([answer], "orders")
        if pages and len(pages[0]) >= PAGE:
            more = read_together(self._api, *(_orders_page(number * PAGE) for number in range(1, _MORE_PAGES + 1)))
            pages += _lists(more, "orders")
        orders = {str(row.get("id")): row for page in pages for row in page}
        remember_orders(self._api, orders.values())
        at_least = bool(pages) and len(pages[-1]) >= PAGE
        note = f"among the first {len(orders)} orders" if at_least else _why([answer])

        def item(name: str, statuses: frozenset[str], command: str, until: float | None = None) -> Row:
            rows = [
                row for row in orders.values()
                if status_of(row) in statuses and (until is None or 0.0 < _created(row) < until)
            ]  # fmt: skip
            return _item(name, rows if pages else None, f"synq orders list --status {command}", note, at_least=at_least)

        return [
            item("orders_to_ship", STATUS_GROUPS["to-ship"], "to-ship"),
            item("orders_unpaid_for_2_days", STATUS_GROUPS["unpaid"], "unpaid", self._api.now() - _UNPAID),
            item("returns_to_finish", STATUS_GROUPS["returning"], "returning"),
        ]

    def _failed_jobs(self, answers: Sequence[Any]) -> Row:
        since = self._api.now() - _RECENT
        lists = _lists(answers, "jobs")
        failed = [job for jobs in lists for job in jobs if has_failed(job) and _created(job) >= since]
        return _item("jobs_failed_in_7_days", failed if lists else None, "synq products jobs list", _why(answers))


def _orders_page(offset: int) -> Read:
    return Read(operations.LIST_ORDERS, query={"limit": PAGE, "offset": offset or None})


def _stock(answer: Any) -> list[Row]:
    counts = answer if isinstance(answer, dict) else {}
    return [_item(name, None, command, _why([answer])) | {"count": counts.get(key)} for name, key, command in _STOCK]


def _lists(answers: Sequence[Any], key: str) -> list[list[Row]]:
    """The rows of each answer that is not an error."""
    operation = operations.LIST_ORDERS if key == "orders" else operations.LIST_BULK_JOBS
    return [rows_of(answer, operation, key) for answer in answers if not isinstance(answer, SynqError)]


def _why(answers: Sequence[Any]) -> str | None:
    """The message of the first error among the answers."""
    return next((answer.message for answer in answers if isinstance(answer, SynqError)), None)


def _item(name: str, rows: Sequence[Row] | None, command: str, note: str | None, *, at_least: bool = False) -> Row:
    oldest = min(filter(_created, rows or ()), key=_created, default={})
    return {
        "item": name,
        "count": None if rows is None else len(rows),
        "at_least": at_least,
        "oldest_at": oldest.get("created_at"),
        "note": note,
        "command": command,
    }


def _created(row: Row) -> float:
    """The epoch second at which it was created, 0 if unknown."""
    return epoch(row.get("created_at")) or 0.0
