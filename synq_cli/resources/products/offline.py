"""The catalogue in the local cache, for work without a network."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from synq_cli import barcodes
from synq_cli.resources.products.products import Products
from synq_cli.resources.products.titles import cached_titles
from synq_cli.resources.products.variants import Variants
from synq_cli.resources.shared.resource import Resource


class Item(NamedTuple):
    """What a code stands for; what is not cached is empty."""

    sku: str
    variant_id: str
    title: str


class OfflineCatalogue(Resource):
    """The catalogue in the local cache."""

    def read_all(self) -> Iterator[int]:
        """Read every variant, and the titles of products; yields after each page of variants how many were read."""
        everything = Variants(self._api).matching(sku=None, product=None).first(None)
        for _page in everything.pages:
            yield everything.taken
        Products(self._api).list()
        self._api.index.remember_all_read()

    def completed(self) -> tuple[float, int] | None:
        """When all variants were last read, in epoch seconds, and how many SKUs are cached; None if never."""
        at = self._api.index.all_read_at()
        return None if at is None else (at, len(self._api.index.ids("sku")))

    def finder(self) -> Callable[[str], Item | None]:
        """What a code, a SKU or barcode, stands for; None if it is unknown. All is read from the cache at once.

        A code that several variants have is an item without SKU and id, whose title names their SKUs.
        """
        index, title = self._api.index, cached_titles(self._api)
        skus, owners = index.ids("sku"), index.ids("barcode")
        names = {variant_id: sku for sku, variant_id in skus.items()}

        def find(code: str) -> Item | None:
            of_barcode = {each for form in barcodes.forms(code) for each in owners.get(form, "").split()}
            found = sorted(of_barcode | ({skus[code]} if code in skus else set()))
            if len(found) > 1:
                what = "SKU or barcode" if code in skus else "barcode"
                return Item("", "", f"{what} of {', '.join(names.get(each, each) for each in found)}")
            if code in skus:
                return Item(code, skus[code], title(skus[code]))
            return Item(names.get(found[0], ""), found[0], title(found[0])) if found else None

        return find
