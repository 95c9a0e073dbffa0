"""The catalogue as a whole: counters, data-quality issues, export."""

from synq_cli.http import operations
from synq_cli.resources.shared.pagination import Row
from synq_cli.resources.shared.resource import Resource, sorted_rows


class Catalogue(Resource):
    """The catalogue as a whole."""

    def stats(self) -> Row:
        """Counters, and the variants closest to running out under topLowStock. GET /api/v1/pim/stats"""
        stats = self._api.read(operations.GET_STATS)
        lowest = stats.get("topLowStock")
        rows = [row for row in lowest if isinstance(row, dict)] if isinstance(lowest, list) else []
        self._api.remember_skus(rows, "variant_id")
        return stats

    def issues(self) -> list[Row]:
        """Open data-quality issues, by product. GET /api/v1/pim/validation"""
        rows = sorted_rows(self._api.read_list(operations.LIST_VALIDATION_ISSUES, "issues"), "product_id", "field")
        self._api.index.remember_ids("product", rows, "product_id")
        return rows

    def export(self) -> Row:
        """Queue an export; returns the receipt, which has no job id. POST /api/v1/pim/export"""
        unknown = "The API does not list exports: wait for the notification before you request another."
        return self._api.write(operations.EXPORT_CATALOG, if_unknown=unknown)
