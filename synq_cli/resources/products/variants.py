"""Variants: what is sold, each with a SKU."""

from collections.abc import Iterable

from synq_cli.errors import NotFoundError, UsageError
from synq_cli.http import operations
from synq_cli.nearest import did_you_mean
from synq_cli.resources.products.titles import remember_variants
from synq_cli.resources.shared import validation
from synq_cli.resources.shared.pagination import PAGE, Listing, Row
from synq_cli.resources.shared.resource import Resource, look_for
from synq_cli.uuids import parse_uuid

# Up to this many SKUs are cheaper to look up one by one than in pages of all variants.
_FEW = 2


class Variants(Resource):
    """Variants."""

    def matching(self, *, sku: str | None, product: str | None) -> Listing:
        """Variants with this SKU or of this product; None matches any. GET /api/v1/pim/variants"""
        product_id = None if product is None else self._api.resolve_id("product", product)
        return self._api.pages(
            operations.LIST_VARIANTS,
            "variants",
            filters={"sku": sku, "product_id": product_id},
            matches=lambda row: not row.get("deleted_at"),
            on_page=self._remember,
        )

    def create(
        self, product: str, *, sku: str | None, barcode: str | None, price: str | None, currency: str | None
    ) -> Row:
        """Add a variant to a product and return it. POST /api/v1/pim/products/{productID}/variants"""
        product_id = self._api.resolve_id("product", product)
        body = validation.given(
            sku=None if sku is None else validation.filled(sku, "SKU"),
            barcode=barcode,
            price=None if price is None else validation.amount(price),
            currency=None if currency is None else validation.currency(currency),
        )
        if not body:
            raise UsageError("A variant needs a SKU, a barcode or a price.", hint="Add --sku SKU.")
        known = self._api.index.find("sku", body["sku"]) if "sku" in body else None
        if known:
            raise UsageError(
                f"The SKU {body['sku']} is taken by the variant {known}.",
                hint=f"If that variant no longer exists, run: synq inventory skus forget {body['sku']}",
            )
        unknown = look_for(body.get("sku", "it"), f"synq products variants list --product {product_id}")
        path = {"productID": product_id}
        created = self._api.write(operations.CREATE_VARIANT, path, body=body, if_unknown=unknown)
        self._remember([created])
        return created

    def id_of(self, sku: str) -> str:
        """The id of the variant with this SKU, cached or else read; a UUID as it is. NotFoundError, UsageError."""
        if not sku.strip():
            raise UsageError("The SKU can't be blank.")
        return parse_uuid(sku) or self._api.index.find("sku", sku) or str(self.get_by_sku(sku)["id"])

    def product_of(self, sku: str) -> str:
        """The id of the product that has a variant with this SKU. NotFoundError if there is none, or two."""
        rows = self.matching(sku=sku, product=None).first(2)
        found = {row["product_id"] for row in rows if isinstance(row.get("product_id"), str)}
        if len(found) == 1:
            return str(found.pop())
        if found:
            raise NotFoundError(
                f'Ambiguous SKU "{sku}": two products have it.',
                hint=f"Use the product's id; `synq products variants list --sku {sku} --json` shows both.",
            )
        raise NotFoundError(
            f'No product has the id or SKU "{sku}".',
            hint=f"{self.suggestion(sku)}`synq products list` shows the ids, `synq products variants list` the SKUs.",
        )

    def get_by_sku(self, sku: str) -> Row:
        """The variant with this SKU, from the API. NotFoundError if there is none, or two."""
        rows = self.matching(sku=sku, product=None).first(2)
        found = {row["id"]: row for row in rows if isinstance(row.get("id"), str)}
        if len(found) == 1:
            return found.popitem()[1]
        if found:
            self._api.index.forget("sku", [sku])
            raise NotFoundError(f'Ambiguous SKU "{sku}": two variants have it.', hint="Use the variant's UUID.")
        raise NotFoundError(f'Unknown SKU "{sku}".', hint=f"{self.suggestion(sku)}See `synq products variants list`.")

    def ids_of(self, skus: Iterable[str]) -> dict[str, set[str]]:
        """The ids of the variants with each of many SKUs, in few requests.

        SKUs that are not cached are looked for in the pages of all variants, for at most as many requests as looking
        up each of them would take; those still missing are looked up one by one.
        """
        wanted = set(skus)
        found = {row["sku"]: {row["variant_id"]} for row in self._api.index.skus() if row["sku"] in wanted}
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

    def suggestion(self, sku: str) -> str:
        """A question that names a similar cached SKU; empty if there is none, or if this one is cached."""
        known = [row["sku"] for row in self._api.index.skus()]
        return "" if sku in known else did_you_mean(sku, known)

    def _remember(self, rows: list[Row]) -> None:
        """Cache the SKUs of variants, and what their titles are made of."""
        self._api.remember_skus(rows, "id")
        remember_variants(self._api, rows)
