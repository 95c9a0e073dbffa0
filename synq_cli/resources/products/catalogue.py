"""The catalogue as a whole: counters, data-quality issues, export; and its media."""

from synq_cli.http import operations
from synq_cli.resources.products.variants import Variants
from synq_cli.resources.shared import validation
from synq_cli.resources.shared.pagination import Row
from synq_cli.resources.shared.resource import Resource, look_for, sorted_rows


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


class Media(Resource):
    """URLs of images and videos of products and variants."""

    def list(self, *, product: str | None, variant: str | None) -> list[Row]:
        """Media of a product and a variant, None matching any, in display order. GET /api/v1/pim/media"""
        rows = self._api.read_list(operations.LIST_MEDIA, "media", self._owners(product, variant))
        self._api.index.remember_ids("product", rows, "product_id")
        return sorted_rows(rows, "product_id", "variant_id", "sort_order", "url")

    def add(
        self, url: str, *, product: str | None, variant: str | None, alt_text: str | None, sort_order: int | None
    ) -> Row:
        """Register the URL of a file that is hosted elsewhere; returns the entry. POST /api/v1/pim/media"""
        address = validation.web_address(url)
        fields = validation.given(alt_text=alt_text, sort_order=sort_order)
        body = {"url": address, **self._owners(product, variant), **fields}
        unknown = look_for(address, "synq products media list")
        return self._api.write(operations.CREATE_MEDIA, body=body, if_unknown=unknown)

    def _owners(self, product: str | None, variant: str | None) -> dict[str, str]:
        """The ids of the given product and variant."""
        return validation.given(
            product_id=None if product is None else self._api.resolve_id("product", product),
            variant_id=None if variant is None else Variants(self._api).id_of(variant),
        )
