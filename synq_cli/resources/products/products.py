"""Products."""

from collections.abc import Collection, Mapping, Sequence
from typing import Literal

from synq_cli.errors import UsageError
from synq_cli.http import operations
from synq_cli.resources.products.titles import cached_products, remember_products
from synq_cli.resources.products.variants import FEW, Variants
from synq_cli.resources.shared import validation
from synq_cli.resources.shared.pagination import PAGE, Row
from synq_cli.resources.shared.resource import Resource, look_for, sorted_rows
from synq_cli.resources.shared.selection import equals

_MOST_LISTED = 100
_MORE = (
    "The API lists at most 100 products; there may be more. `synq products variants list --all` reads every variant."
)
PushAction = Literal["upsert", "delete"]


class Products(Resource):
    """Products."""

    def list(self) -> list[Row]:
        """At most 100 products, by title: id, title, category, status, updated_at. GET /api/v1/pim/products"""
        rows = sorted_rows(self._api.read_list(operations.LIST_PRODUCTS, "products"), "title")
        self._remember(rows)
        return rows

    def of_brand(self, rows: Sequence[Row], brand: str) -> Sequence[Row]:
        """The products of this brand, of a list that has no brands: each is read."""
        has_brand = equals("brand", brand)
        return [row for row in rows if has_brand(row if row.get("brand") else self.get(str(row.get("id"))))]

    def create(self, title: str, *, description: str | None, category: str | None) -> Row:
        """Create a product and return it. POST /api/v1/pim/products"""
        body = validation.given(title=title, description=description, category=category)
        unknown = look_for(f"'{body['title']}'", "synq products list")
        created = self._api.write(operations.CREATE_PRODUCT, body=body, if_unknown=unknown)
        self._remember([created])
        return created

    def get(self, product_id: str) -> Row:
        """One product, by its id or the prefix of a cached id. GET /api/v1/pim/products/{productID}"""
        path = {"productID": self._api.resolve_id("product", product_id)}
        product = self._api.read(operations.GET_PRODUCT, path)
        self._remember([product])
        return product

    def with_id_or_sku(self, text: str) -> Row:
        """One product, by its id, a code of a variant, or the prefix of a cached id that is not a cached code."""
        name, variants = validation.filled(text, "product"), Variants(self._api)
        if variants.known(name) or not self._api.ids_like("product", name):
            return self.get(variants.product_of(name))
        return self.get(name)

    def ids_of_variants(
        self, codes: Collection[str], labels: Collection[str]
    ) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
        """The ids of the products that have a variant with each of many codes, and labels, as Variants.find names them.

        Takes the requests that `find` takes, and further ones for variants that are cached without their products.
        """
        variants = Variants(self._api)
        found = variants.find(codes, labels) if codes or labels else ({}, {})
        wanted = {variant.lower() for each in found for ids in each.values() for variant in ids}
        missing = wanted - cached_products(self._api).keys()
        if len(missing) > FEW:
            list(variants.matching(sku=None, product=None).first(PAGE * len(missing)))
            missing -= cached_products(self._api).keys()
        skus = self._api.index.names("sku")
        for variant in sorted(missing & skus.keys()):
            list(variants.matching(sku=skus[variant], product=None).first(2))
        owners = cached_products(self._api)

        def products(ids: Mapping[str, set[str]]) -> dict[str, set[str]]:
            return {text: {owners[each.lower()] for each in of if each.lower() in owners} for text, of in ids.items()}

        return products(found[0]), products(found[1])

    def changes(
        self,
        *,
        title: str | None,
        description: str | None,
        category: str | None,
        category_id: str | None,
        brand_id: str | None,
    ) -> dict[str, str]:
        """The fields to change, checked; UsageError if there are none. All but the title may be empty."""
        named = {
            **validation.given(title=title),
            "description": description,
            "category": category,
            "category_id": None if category_id is None else self._api.resolve_id("category", category_id),
            "brand_id": None if brand_id is None else self._api.resolve_id("brand", brand_id),
        }
        changes = {key: value for key, value in named.items() if value is not None}
        if not changes:
            raise UsageError("Nothing to change.", hint="Add a field, such as --title or --category.")
        return changes

    def update(self, product: Row, changes: dict[str, str]) -> Row:
        """Change fields of a product; returns it after the change. PUT /api/v1/pim/products/{productID}"""
        path = {"productID": product["id"]}
        before = {key: product.get(key) for key in changes}
        answer = self._api.send(operations.UPDATE_PRODUCT, path, body=changes, before=before, after=changes)
        complete = isinstance(answer, dict) and answer.get("id") == product["id"] and changes.keys() <= answer.keys()
        return answer if complete else self.get(product["id"])

    def delete(self, product: Row) -> None:
        """Delete a product permanently. DELETE /api/v1/pim/products/{productID}"""
        path, before = {"productID": product["id"]}, {"title": product.get("title")}
        self._api.send(operations.DELETE_PRODUCT, path, before=before, after={"title": None})

    def push(self, product_id: str, action: PushAction) -> Row:
        """Queue a product for all connected platforms; returns the receipt. POST /unified/sync/push/product"""
        body = {"productId": self._api.resolve_id("product", product_id), "action": action.upper()}
        unknown = "Look at the connected platforms before you send it again."
        return self._api.write(operations.PUSH_PRODUCT, body=body, if_unknown=unknown)

    def _remember(self, rows: Sequence[Row]) -> None:
        """Cache ids and titles."""
        self._api.index.remember_ids("product", rows)
        remember_products(self._api, rows)


def perhaps_more(rows: list[Row]) -> str | None:
    """A sentence if the list may be incomplete; None if it is complete."""
    return _MORE if len(rows) >= _MOST_LISTED else None


def not_taken(changes: dict[str, str], before: Row, after: Row) -> str | None:
    """A sentence on changes that the changed product does not show; None if it shows them all."""
    missing = [key for key in changes if not _shows(key, changes[key], before, after)]
    if not missing:
        return None
    why = " The API most likely ignores an empty text." if "" in map(changes.get, missing) else ""
    return f"The server does not show the new {' and '.join(missing).replace('_', ' ')}.{why}"


def _shows(key: str, value: str, before: Row, after: Row) -> bool:
    # A category or brand given by id may be shown by name.
    label = key.removesuffix("_id")
    named = label != key and after.get(label) != before.get(label)
    return named or str(after.get(key) or "").lower() == value.lower()
