"""Variants: what is sold, by SKU."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from synq_cli.errors import NotFoundError, UsageError
from synq_cli.http import operations
from synq_cli.nearest import did_you_mean
from synq_cli.resources.shared import validation
from synq_cli.resources.shared.pagination import PAGE, Listing, Row
from synq_cli.resources.shared.writer import look_for
from synq_cli.uuids import parse_uuid

if TYPE_CHECKING:
    from synq_cli.resources.shared.reader import Reader
    from synq_cli.resources.shared.writer import Writer
    from synq_cli.state.id_cache import LocalIndex


# So many SKUs are cheaper to look up one by one than in pages of everything.
_FEW = 2


class Variants:
    """The operations on variants."""

    def __init__(self, reader: "Reader", writer: "Writer", index: "LocalIndex") -> None:
        self._reader = reader
        self._writer = writer
        self._index = index

    def matching(self, *, sku: str | None, product: str | None) -> Listing:
        """Variants with this SKU or of this product; None means any. GET /api/v1/pim/variants"""
        product_id = None if product is None else self._reader.whole_id("product", product)
        filters = {"sku": sku, "product_id": product_id}
        return self._reader.listing(
            operations.LIST_VARIANTS,
            "variants",
            filters=filters,
            matches=lambda row: not row.get("deleted_at"),
            remember=self._remember,
        )

    def create(
        self, product: str, *, sku: str | None, barcode: str | None, price: str | None, currency: str | None
    ) -> Row:
        """Add a variant to a product; gives it. POST /api/v1/pim/products/{productID}/variants"""
        product_id = self._reader.whole_id("product", product)
        body = validation.given(
            sku=None if sku is None else validation.filled(sku, "SKU"),
            barcode=barcode,
            price=None if price is None else validation.amount(price),
            currency=None if currency is None else validation.currency(currency),
        )
        if not body:
            raise UsageError("A variant needs a SKU, a barcode or a price.", hint="Add --sku SKU.")
        known = self._index.find("sku", body["sku"]) if "sku" in body else None
        if known:
            raise UsageError(
                f"The SKU {body['sku']} is taken by the variant {known}.",
                hint=f"If that one is gone: synq inventory skus forget {body['sku']}",
            )
        unknown = look_for(body.get("sku", "it"), f"synq products variants list --product {product_id}")
        created = self._writer.write(operations.CREATE_VARIANT, body, path={"productID": product_id}, unknown=unknown)
        self._remember([created])
        return created

    def id_of(self, sku: str) -> str:
        """The id of the variant with this SKU (or the UUID as it is): from the index, else from the API.

        NotFoundError if the API knows no such SKU, UsageError if it is blank.
        """
        if not sku.strip():
            raise UsageError("A SKU can't be blank.")
        return parse_uuid(sku) or self._index.find("sku", sku) or str(self.the_one(sku)["id"])

    def product_of(self, sku: str) -> str:
        """The id of the product with a variant of this SKU, from the API; NotFoundError if there is none, or two."""
        rows = self.matching(sku=sku, product=None).first(2)
        found = {row["product_id"] for row in rows if isinstance(row.get("product_id"), str)}
        if len(found) == 1:
            return str(found.pop())
        if found:
            raise NotFoundError(
                f"Two products have a variant with the SKU {sku}.",
                hint=f"Use the product's id; `synq products variants list --sku {sku} --json` shows both.",
            )
        raise NotFoundError(
            f'No product has the id or SKU "{sku}".',
            hint=f"{self.near(sku)}`synq products list` shows the ids, `synq products variants list` the SKUs.",
        )

    def the_one(self, sku: str) -> Row:
        """The variant with this SKU, from the API; NotFoundError if it knows none, or two."""
        rows = self.matching(sku=sku, product=None).first(2)
        found = {row["id"]: row for row in rows if isinstance(row.get("id"), str)}
        if len(found) == 1:
            return found.popitem()[1]
        if found:
            self._index.forget("sku", [sku])
            raise NotFoundError(f"Two variants carry the SKU {sku}.", hint="Give the variant's UUID instead.")
        raise NotFoundError(f"There is no SKU {sku}.", hint=f"{self.near(sku)}See `synq products variants list`.")

    def ids_of(self, skus: Iterable[str]) -> dict[str, set[str]]:
        """The ids of many SKUs, in few requests: of each the variants that carry it.

        Those the index does not know are looked for in pages of all variants, until the pages have cost as much as
        asking for each alone would; then each is asked for alone.
        """
        wanted = set(skus)
        found = {row["sku"]: {row["variant_id"]} for row in self._index.skus() if row["sku"] in wanted}
        missing = wanted - found.keys()
        everything = self.matching(sku=None, product=None)
        if len(missing) > _FEW:
            for row in everything.first(PAGE * len(missing)):
                if row.get("sku") in missing and isinstance(row.get("id"), str):
                    found.setdefault(row["sku"], set()).add(row["id"])
                if wanted == found.keys():
                    break
        if len(missing) <= _FEW or everything.more:
            for sku in wanted - found.keys():
                rows = self.matching(sku=sku, product=None).first(2)
                found[sku] = {row["id"] for row in rows if isinstance(row.get("id"), str)}
        return found

    def near(self, sku: str) -> str:
        """A question that names a known SKU nearly like this one; empty if there is none, or this one is known."""
        known = [row["sku"] for row in self._index.skus()]
        return "" if sku in known else did_you_mean(sku, known)

    def _remember(self, rows: list[Row]) -> None:
        remember_skus(self._index, rows, "id")


def remember_skus(index: "LocalIndex", rows: list[Row], id_key: str) -> None:
    """Keep the SKU of each row that has one, with the variant's id under `id_key`."""
    pairs = ((row.get("sku"), row.get(id_key)) for row in rows)
    index.remember(
        "sku", ((sku, name) for sku, name in pairs if isinstance(sku, str) and sku and isinstance(name, str))
    )
