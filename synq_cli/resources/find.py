"""Finds what a text names: an order, a SKU, a product, a member."""

from collections.abc import Iterator
from typing import Any

from synq_cli import exact_json
from synq_cli.errors import SynqError
from synq_cli.http import operations
from synq_cli.resources.orders.headers import cached_orders, remember_orders
from synq_cli.resources.products.titles import cached_titles, remember_products, remember_variants
from synq_cli.resources.shared.pagination import PAGE, Row
from synq_cli.resources.shared.resource import SHORTEST_PREFIX, Resource, rows_of
from synq_cli.resources.shared.selection import search
from synq_cli.resources.shared.together import Read, read_together
from synq_cli.times import timestamp
from synq_cli.uuids import parse_uuid

_MOST_SKUS = 20


class Finder(Resource):
    """Finds what a text names. A find has its `kind`, `name`, `detail`, `seen_at` (RFC 3339 or null) and `command`."""

    def cached(self, text: str) -> list[Row]:
        """What the local cache knows by this text, without a request: orders, SKUs and barcodes, products."""
        index, word = self._api.index, text.strip()
        orders = [
            _order(each.order, each.seen_at) for each in cached_orders(self._api) if _names_order(word, each.order)
        ]
        title_of, skus = cached_titles(self._api), index.ids("sku")
        variants = {sku: variant for sku, variant in skus.items() if word.casefold() in (sku.casefold(), variant)}
        variants |= {sku: owner for owner in index.owners(word) if (sku := index.sku_of(owner))}
        if not variants and len(word) >= SHORTEST_PREFIX:
            alike = [sku for sku in skus if sku.casefold().startswith(word.casefold())]
            variants = {sku: skus[sku] for sku in sorted(alike)[:_MOST_SKUS]}
        skus_seen, titles_seen = index.seen_at("sku"), index.seen_at("title")
        products = [{"id": product, "title": title} for product, title in index.ids("title").items()]
        return [
            *orders,
            *(_sku(sku, title_of(variant), skus_seen.get(sku)) for sku, variant in variants.items()),
            *(_product(row, titles_seen.get(str(row["id"]))) for row in _named(products, word)),
        ]

    def asked(self, text: str, pages: int) -> list[Row]:
        """What the API knows by this text, in at most so many pages of orders and three other requests.

        An email is looked for among the members, a UUID as that of an order and of a product. Other text is looked for
        among SKUs, the titles of products, and the ids, payment references and idempotency keys of orders.
        """
        word = text.strip()
        if "@" in word:
            members = self._read("members", Read(operations.LIST_MEMBERS))
            return [
                _found("member", row["email"], _text(row.get("role")), "synq organization members list")
                for row in members
                if str(row.get("email")).casefold() == word.casefold()
            ]
        if identifier := parse_uuid(word):
            order, product = read_together(
                self._api,
                Read(operations.GET_ORDER, {"orderID": identifier}),
                Read(operations.GET_PRODUCT, {"productID": identifier}),
            )
            remember_orders(self._api, [order] if isinstance(order, dict) else [])
            found = ((order, _order), (product, _product))
            return [describe(row) for row, describe in found if isinstance(row, dict)]
        return [*self._variants_and_products(word), *self._orders(word, pages)]

    def _variants_and_products(self, word: str) -> Iterator[Row]:
        variants, products = read_together(
            self._api,
            Read(operations.LIST_VARIANTS, query={"sku": word, "limit": PAGE}),
            Read(operations.LIST_PRODUCTS),
        )
        found = [] if isinstance(variants, SynqError) else rows_of(variants, operations.LIST_VARIANTS, "variants")
        self._api.remember_skus(found, "id")
        remember_variants(self._api, found)
        listed = [] if isinstance(products, SynqError) else rows_of(products, operations.LIST_PRODUCTS, "products")
        remember_products(self._api, listed)
        title_of = cached_titles(self._api)
        for row in found:
            if row.get("sku") == word:  # a server may ignore the filter
                yield _sku(word, title_of(str(row.get("id"))))
        yield from map(_product, _named(listed, word))

    def _orders(self, word: str, pages: int) -> Iterator[Row]:
        for number in range(pages):
            query = {"limit": PAGE, "offset": number * PAGE or None}
            rows = self._read("orders", Read(operations.LIST_ORDERS, query=query))
            remember_orders(self._api, rows)
            found = [row for row in rows if _names_order(word, row)]
            yield from map(_order, found)
            if found or len(rows) < PAGE:
                return

    def _read(self, key: str, read: Read) -> list[Row]:
        return rows_of(self._api.send(read.operation, query=read.query), read.operation, key)


def _names_order(word: str, order: Row) -> bool:
    """Whether a text is an order's payment reference, idempotency key, or the start of its id."""
    exact = {str(order.get(key)) for key in ("payment_reference", "idempotency_key") if order.get(key)}
    prefix = word.lower().rstrip("…")
    return word in exact or (len(prefix) >= SHORTEST_PREFIX and str(order.get("id")).lower().startswith(prefix))


def _named(products: list[Row], word: str) -> list[Row]:
    """The products with every word of the text in their title; none for a text that is too short to mean one."""
    return search(products, word, "title") if len(word) >= SHORTEST_PREFIX else []


def _order(row: Row, seen_at: float | None = None) -> Row:
    parts = [row.get("status"), f"{_text(row.get('total'))} {_text(row.get('currency'))}".strip(), row.get("channel")]
    detail = ", ".join(_text(part) for part in parts if part)
    return _found("order", str(row.get("id")), detail, f"synq orders brief {row.get('id')}", seen_at)


def _sku(sku: str, title: str, seen_at: float | None = None) -> Row:
    return _found("SKU", sku, title, f"synq inventory levels {sku}", seen_at)


def _product(row: Row, seen_at: float | None = None) -> Row:
    identifier = str(row.get("id"))
    return _found("product", identifier, _text(row.get("title")), f"synq products get {identifier}", seen_at)


def _text(value: object) -> str:
    return "" if value is None else value if isinstance(value, str) else exact_json.dumps(value)


def _found(kind: str, name: str, detail: str, command: str, seen_at: float | None = None) -> dict[str, Any]:
    seen = None if seen_at is None else timestamp(seen_at)
    return {"kind": kind, "name": name, "detail": detail or None, "seen_at": seen, "command": command}
