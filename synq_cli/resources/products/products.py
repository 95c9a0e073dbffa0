"""Products."""

from typing import TYPE_CHECKING, Literal

from synq_cli.errors import UsageError
from synq_cli.http import operations
from synq_cli.resources.shared import validation
from synq_cli.resources.shared.reader import in_order
from synq_cli.resources.shared.writer import look_for

if TYPE_CHECKING:
    from synq_cli.http.sender import Transport
    from synq_cli.resources.products.variants import Variants
    from synq_cli.resources.shared.pagination import Row
    from synq_cli.resources.shared.reader import Reader
    from synq_cli.resources.shared.writer import Writer
    from synq_cli.state.id_cache import LocalIndex

_MOST_LISTED = 100
_MORE = (
    "The API lists at most 100 products; there may be more. `synq products variants list --all` reads every variant."
)
PushAction = Literal["upsert", "delete"]


class Products:
    """The operations on products."""

    def __init__(
        self,
        transport: "Transport",
        reader: "Reader",
        writer: "Writer",
        index: "LocalIndex",
        variants: "Variants",
    ) -> None:
        self._transport = transport
        self._reader = reader
        self._writer = writer
        self._index = index
        self._variants = variants

    def list(self) -> "list[Row]":
        """At most 100 products by title: id, title, category, status, updated_at. GET /api/v1/pim/products"""
        rows = in_order(self._reader.all(operations.LIST_PRODUCTS, "products"), "title")
        self._index.remember_ids("product", rows)
        return rows

    def create(self, title: str, *, description: str | None, category: str | None) -> "Row":
        """Create a product; gives it. POST /api/v1/pim/products"""
        body = validation.given(title=title, description=description, category=category)
        unknown = look_for(f"'{body['title']}'", "synq products list")
        created = self._writer.write(operations.CREATE_PRODUCT, body, unknown=unknown)
        self._index.remember_ids("product", [created])
        return created

    def get(self, product_id: str) -> "Row":
        """One product, by its id or by the first letters of one seen. GET /api/v1/pim/products/{productID}"""
        return self._reader.one(operations.GET_PRODUCT, {"productID": self._reader.whole_id("product", product_id)})

    def with_id_or_sku(self, text: str) -> "Row":
        """One product, by its id, by the first letters of one seen, or by the SKU of a variant.

        A SKU in the local index is taken for that SKU, even if the id of a product begins with it.
        """
        name = validation.filled(text, "product")
        if self._index.find("sku", name) or not self._reader.ids_like("product", name):
            return self.get(self._variants.product_of(name))
        return self.get(name)

    def changes(
        self,
        *,
        title: str | None,
        description: str | None,
        category: str | None,
        category_id: str | None,
        brand_id: str | None,
    ) -> dict[str, str]:
        """The fields to change, checked; UsageError if there is none. Only the title may not be emptied."""
        named = {
            **validation.given(title=title),
            "description": description,
            "category": category,
            "category_id": None if category_id is None else self._reader.whole_id("category", category_id),
            "brand_id": None if brand_id is None else self._reader.whole_id("brand", brand_id),
        }
        changes = {key: value for key, value in named.items() if value is not None}
        if not changes:
            raise UsageError("Nothing to change was named.", hint="Name a field, such as --title or --category.")
        return changes

    def update(self, product: "Row", changes: dict[str, str]) -> "Row":
        """Change these fields of a product; gives it as it is then. PUT /api/v1/pim/products/{productID}"""
        path = {"productID": product["id"]}
        before = {key: product.get(key) for key in changes}
        answer = self._transport.send(operations.UPDATE_PRODUCT, path, body=changes, before=before, after=changes)
        shown = isinstance(answer, dict) and answer.get("id") == product["id"] and changes.keys() <= answer.keys()
        return answer if shown else self.get(product["id"])

    def delete(self, product: "Row") -> None:
        """Delete a product for good. DELETE /api/v1/pim/products/{productID}"""
        before = {"title": product.get("title")}
        self._transport.send(
            operations.DELETE_PRODUCT, {"productID": product["id"]}, before=before, after={"title": None}
        )

    def push(self, product_id: str, action: PushAction) -> "Row":
        """Queue a product for every connected platform; gives the receipt. POST /unified/sync/push/product"""
        body = {"productId": self._reader.whole_id("product", product_id), "action": action.upper()}
        return self._writer.write(
            operations.PUSH_PRODUCT, body, unknown="Look at the connected platforms before sending it again."
        )


def perhaps_more(rows: "list[Row]") -> str | None:
    """A sentence on the products that the list may lack; None if it has all."""
    return _MORE if len(rows) >= _MOST_LISTED else None


def not_taken(changes: dict[str, str], before: "Row", after: "Row") -> str | None:
    """A sentence on the changes that a product does not show once it was changed; None if it shows them all."""
    missing = [key for key in changes if not _shows(key, changes[key], before, after)]
    if not missing:
        return None
    why = " An empty text most likely counts as left out." if "" in map(changes.get, missing) else ""
    return f"The server does not show the new {' and '.join(missing).replace('_', ' ')}.{why}"


def _shows(key: str, value: str, before: "Row", after: "Row") -> bool:
    # A category or brand that was named by its id may show by its name.
    label = key.removesuffix("_id")
    named = label != key and after.get(label) != before.get(label)
    return named or str(after.get(key) or "").lower() == value.lower()
