"""The catalogue in the local cache, for work without a network."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from synq_cli.resources.products.products import Products
from synq_cli.resources.products.titles import cached_titles
from synq_cli.resources.products.variants import Variants
from synq_cli.resources.shared.resource import Resource


class Item(NamedTuple):
    """What a code stands for; the title is empty if it is not cached."""

    sku: str
    variant_id: str
    title: str


class OfflineCatalogue(Resource):
    """The catalogue in the local cache."""

    def read_all(self) -> Iterator[int]:
        """Read every variant, and the titles of products; yields after each page of variants how many were read.

        GET /api/v1/pim/variants, GET /api/v1/pim/products
        """
        everything = Variants(self._api).matching(sku=None, product=None).first(None)
        for _page in everything.pages:
            yield everything.taken
        Products(self._api).list()
        self.mark_complete(everything.taken)

    def mark_complete(self, count: int) -> None:
        """Keep that all variants, so many, are in the cache now."""
        self._api.index.remember("read", [("variants", str(count))])

    def completed(self) -> tuple[float, int] | None:
        """When all variants were last read, in epoch seconds, and how many; None if never, or if forgotten."""
        index = self._api.index
        at, count = index.seen_at("read", "variants"), int(index.find("read", "variants") or 0)
        return None if at is None or (count and not index.ids("sku")) else (at, count)

    def finder(self) -> Callable[[str], Item | None]:
        """What a code stands for, None if it is unknown; all is read from the cache at once."""
        skus, title = self._api.index.ids("sku"), cached_titles(self._api)

        def find(code: str) -> Item | None:
            return Item(code, skus[code], title(skus[code])) if code in skus else None

        return find
