"""The catalogue as a whole: its counters, its open issues and its export."""

from typing import TYPE_CHECKING

from synq_cli.http import operations
from synq_cli.resources.products.variants import remember_skus
from synq_cli.resources.shared.reader import in_order

if TYPE_CHECKING:
    from synq_cli.resources.shared.pagination import Row
    from synq_cli.resources.shared.reader import Reader
    from synq_cli.resources.shared.writer import Writer
    from synq_cli.state.id_cache import LocalIndex


class Catalogue:
    """The operations on the catalogue as a whole."""

    def __init__(self, reader: "Reader", writer: "Writer", index: "LocalIndex") -> None:
        self._reader = reader
        self._writer = writer
        self._index = index

    def stats(self) -> "Row":
        """Counters, and the variants closest to running out under topLowStock. GET /api/v1/pim/stats"""
        stats = self._reader.one(operations.GET_STATS)
        lowest = stats.get("topLowStock")
        rows = [row for row in lowest if isinstance(row, dict)] if isinstance(lowest, list) else []
        remember_skus(self._index, rows, "variant_id")
        return stats

    def issues(self) -> "list[Row]":
        """What is wrong with the data of products, by product. GET /api/v1/pim/validation"""
        rows = in_order(self._reader.all(operations.LIST_VALIDATION_ISSUES, "issues"), "product_id", "field")
        self._index.remember_ids("product", rows, "product_id")
        return rows

    def export(self) -> "Row":
        """Queue an export; gives the receipt, which names no job. POST /api/v1/pim/export"""
        return self._writer.write(
            operations.EXPORT_CATALOG,
            unknown="No list shows exports: wait for the file to be announced before asking for another.",
        )
