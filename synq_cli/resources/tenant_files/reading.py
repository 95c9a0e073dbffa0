"""The current state of a tenant, as entries of its files."""

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Protocol

from synq_cli import exact_json
from synq_cli.errors import AuthError, NotFoundError, ServerError, SynqError
from synq_cli.http import operations, replies
from synq_cli.resources.products.variants import Variants
from synq_cli.resources.shared.pagination import MOST_IN_FLIGHT, Row
from synq_cli.resources.shared.resource import Api, rows_of
from synq_cli.resources.shared.together import Read, read_together
from synq_cli.resources.tenant_files import parts
from synq_cli.resources.tenant_files.parts import Entry, Part, kept
from synq_cli.resources.tenant_files.sorted_lines import SortedLines

_MOST_LISTED = 100
_SOME_MISSING = "The API lists at most 100 products and this tenant may have more: those without variants are missing."


class Progress(Protocol):
    """Observer of the requests for products."""

    def announce(self, requests: int) -> None:
        """Called before the requests for single products."""

    def update(self, done: int, total: int) -> None:
        """Called after each of them."""


class TenantReader:
    """Reads parts of a tenant, each part once."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._answers: dict[str, list[Row] | SynqError] = {}

    def ask(self, wanted: Sequence[Part]) -> None:
        """Read these parts, with their requests sent together."""
        missing = [part for part in wanted if part.name not in self._answers]
        for part, answer in zip(
            missing, read_together(self._api, *(Read(part.reads) for part in missing)), strict=True
        ):
            self._answers[part.name] = _rows(part, answer)

    def rows(self, part: Part) -> list[Row]:
        """The objects of a part as the API sent them. SynqError if the server lacks it or refuses it."""
        self.ask([part])
        answer = self._answers[part.name]
        if isinstance(answer, SynqError):
            raise answer
        return answer

    def entries(self, part: Part) -> list[Entry]:
        """The objects of a part as its file shows them, sorted by their natural key."""
        names = self._references() if part is parts.CATEGORIES else {}
        found = []
        for row in self.rows(part):
            referring = row if part is not parts.CATEGORIES else {**row, "parent": names.get(row.get("parent_id"))}
            fields = kept(referring, part.fields)
            if set(part.required) <= fields.keys():
                found.append(Entry(fields, str(row.get("uid" if part is parts.MEMBERS else "id") or "")))
        return sorted(
            found, key=lambda entry: (part.key(entry.fields).casefold(), parts.canonical(entry.fields), entry.id)
        )

    def products(self, progress: Progress, warn: Callable[[str], None]) -> Iterator[Entry]:
        """The products with their variants, by id: one request for each, and one for each 100 variants."""
        listed = rows_of(self._api.send(operations.LIST_PRODUCTS), operations.LIST_PRODUCTS, "products")
        ids = {str(row["id"]).lower() for row in listed if row.get("id") and not row.get("deleted_at")}
        with SortedLines() as lines:
            has_variants = self._collect_variants(lines, warn)
            ids.update(product for product, _ in groupby(map(itemgetter(0), lines)))
            if len(listed) >= _MOST_LISTED:
                warn(_SOME_MISSING)
            progress.announce(len(ids))
            variants = groupby(lines, key=itemgetter(0))
            owner, owned = next(variants, (None, iter(())))
            for product in self._complete(sorted(ids), progress):
                while owner is not None and owner < product["id"]:
                    owner, owned = next(variants, (None, iter(())))
                own = [exact_json.loads(line) for _, line in owned] if owner == product["id"] else []
                yield self._product(product, own if has_variants else None)

    def _collect_variants(self, lines: SortedLines, warn: Callable[[str], None]) -> bool:
        """Collect all variants by the id of their product; False if the server does not list them."""
        try:
            for row in Variants(self._api).matching(sku=None, product=None).first(None):
                lines.add(str(row.get("product_id")).lower(), exact_json.dumps(row))
        except NotFoundError as error:
            warn(f"Products have no variants in the files: {error.message}")
            return False
        return True

    def _complete(self, ids: Sequence[str], progress: Progress) -> Iterator[Row]:
        """The complete products with these ids, without those deleted in the meantime."""
        for start in range(0, len(ids), MOST_IN_FLIGHT):
            batch = ids[start : start + MOST_IN_FLIGHT]
            reads = [Read(operations.GET_PRODUCT, {"productID": product}) for product in batch]
            for product_id, answer in zip(batch, read_together(self._api, *reads), strict=True):
                if isinstance(answer, NotFoundError):
                    continue
                if isinstance(answer, SynqError):
                    raise answer
                if not isinstance(answer, dict) or str(answer.get("id")).lower() != product_id:
                    raise replies.invalid_reply(operations.GET_PRODUCT, "it is not the object that was asked for")
                if not answer.get("deleted_at"):
                    yield {**answer, "id": product_id}
            progress.update(start + len(batch), len(ids))

    def _product(self, product: Row, variants: list[Row] | None) -> Entry:
        """A product as its file shows it; without the key `variants` if they are unknown."""
        template = self._template(product.get("product_type_id"))
        fields = kept({**product, "template": template}, (*parts.PRODUCT_TEXTS, *parts.PRODUCT_DETAILS))
        if variants is not None:
            own = [kept(variant, parts.VARIANT_FIELDS) for variant in variants]
            fields["variants"] = sorted(own, key=parts.variant_rank)
        return Entry(fields, product["id"], sent={name: product.get(name) for name in parts.PRODUCT_TEXTS})

    def _template(self, template_id: object) -> str | None:
        """The name of a product template; its id if the name is unknown."""
        if not template_id:
            return None
        try:
            rows = self.rows(parts.TEMPLATES)
        except (NotFoundError, AuthError, ServerError):
            rows = []
        return next(
            (str(row["name"]) for row in rows if row.get("id") == template_id and row.get("name")), str(template_id)
        )

    def _references(self) -> dict[object, str]:
        """The references to categories as parents, by id."""
        rows = self.rows(parts.CATEGORIES)
        return {row["id"]: str(row.get("slug") or row.get("name")) for row in rows if row.get("id")}


def _rows(part: Part, answer: object) -> list[Row] | SynqError:
    """The rows in the answer to the request for a part, or its error."""
    if part is not parts.SETTINGS:
        key = part.name.replace("-", "_")
        return answer if isinstance(answer, SynqError) else rows_of(answer, part.reads, key)
    if isinstance(answer, NotFoundError):
        return []  # the tenant has never saved any
    if isinstance(answer, SynqError | dict):
        return answer if isinstance(answer, SynqError) else [answer]
    raise replies.invalid_reply(part.reads, "it is not an object")
