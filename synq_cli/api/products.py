"""Products."""

from typing import TYPE_CHECKING

from synq_cli.api.operation import Operation

if TYPE_CHECKING:
    from synq_cli.api.index import LocalIndex
    from synq_cli.api.pagination import Row
    from synq_cli.api.reader import Reader
    from synq_cli.api.transport import Transport

LIST = Operation("list_products", "GET", "/api/v1/pim/products", "the list of products")
GET = Operation("get_product", "GET", "/api/v1/pim/products/{productID}", "the product")
DELETE = Operation(
    "delete_product", "DELETE", "/api/v1/pim/products/{productID}", "the product", effect="delete", gives="nothing"
)


class Products:
    """The operations on products."""

    def __init__(self, transport: "Transport", reader: "Reader", index: "LocalIndex") -> None:
        self._transport = transport
        self._reader = reader
        self._index = index

    def list(self) -> "list[Row]":
        """At most 100 products: id, title, category, status, updated_at. GET /api/v1/pim/products"""
        rows = self._reader.all(LIST, "products")
        self._index.remember_ids("product", rows)
        return rows

    def get(self, product_id: str) -> "Row":
        """One product, by its id or by the first letters of one seen. GET /api/v1/pim/products/{productID}"""
        return self._reader.one(GET, {"productID": self._reader.whole_id("product", product_id)})

    def delete(self, product: "Row") -> None:
        """Delete a product for good. DELETE /api/v1/pim/products/{productID}"""
        before = {"title": product.get("title")}
        self._transport.send(DELETE, {"productID": product["id"]}, before=before, after={"title": None})
