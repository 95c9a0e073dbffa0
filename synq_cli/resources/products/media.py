"""Media: addresses of pictures and films of products and variants."""

from typing import TYPE_CHECKING

from synq_cli.http import operations
from synq_cli.resources.shared import validation
from synq_cli.resources.shared.reader import in_order
from synq_cli.resources.shared.writer import look_for

if TYPE_CHECKING:
    from synq_cli.resources.products.variants import Variants
    from synq_cli.resources.shared.pagination import Row
    from synq_cli.resources.shared.reader import Reader
    from synq_cli.resources.shared.writer import Writer
    from synq_cli.state.id_cache import LocalIndex


class Media:
    """The operations on media."""

    def __init__(self, reader: "Reader", writer: "Writer", index: "LocalIndex", variants: "Variants") -> None:
        self._reader = reader
        self._writer = writer
        self._index = index
        self._variants = variants

    def list(self, *, product: str | None, variant: str | None) -> "list[Row]":
        """Media of a product and of a variant, None meaning any, in the order to show. GET /api/v1/pim/media"""
        rows = self._reader.all(operations.LIST_MEDIA, "media", self._owners(product, variant))
        self._index.remember_ids("product", rows, "product_id")
        return in_order(rows, "product_id", "variant_id", "sort_order", "url")

    def add(
        self, url: str, *, product: str | None, variant: str | None, alt_text: str | None, sort_order: int | None
    ) -> "Row":
        """Register the address of a file that lies elsewhere; gives the entry. POST /api/v1/pim/media"""
        address = validation.web_address(url)
        fields = validation.given(alt_text=alt_text, sort_order=sort_order)
        body = {"url": address, **self._owners(product, variant), **fields}
        return self._writer.write(operations.CREATE_MEDIA, body, unknown=look_for(address, "synq products media list"))

    def _owners(self, product: str | None, variant: str | None) -> dict[str, str]:
        """The ids of the product and of the variant that were named."""
        product_id = None if product is None else self._reader.whole_id("product", product)
        variant_id = None if variant is None else self._variants.id_of(variant)
        return validation.given(product_id=product_id, variant_id=variant_id)
