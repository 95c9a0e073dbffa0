"""Many changes of products: `synq products update --file`."""

from collections.abc import Mapping, Sequence
from typing import Any

from synq_cli import barcodes, exact_json
from synq_cli.bulk.journal import Content, Receipt, Row
from synq_cli.bulk.plan import Plan, Problem, prepare
from synq_cli.bulk.verbs.verb import Shown, Verb, fields_of
from synq_cli.errors import UsageError
from synq_cli.http import operations
from synq_cli.resources.client import SynqClient
from synq_cli.resources.products.products import not_taken
from synq_cli.resources.shared.present import Replacement
from synq_cli.rows import Columns

FIELDS = ("title", "description", "category", "category_id", "brand_id")
COLUMNS = Columns((("id", "product_id", "sku", "barcode"),), FIELDS, guess=True)
_MOST_LISTED = 10


class UpdateProducts(Verb):
    """PUT /api/v1/pim/products/{productID} for each row, sent again if an answer is lost: it sets the same values."""

    name = "products update"
    noun = "product update"
    operation = operations.UPDATE_PRODUCT
    compares = True
    undo_hint = (
        "The values before are not kept: to restore them, run `synq products update` on a file of them. "
        "Next time, `synq products update --file FILE --dry-run --json` shows them first."
    )

    def __init__(self, api: SynqClient) -> None:
        super().__init__(api)
        self._ignored: list[str] = []

    def read(self, text: str, name: str, *_settings: object) -> Plan:
        """The products of a file with their new values; rows without any are left out."""
        return prepare(
            self, text, name, COLUMNS, check=self._check, resolve=self._resolve,
            identity=lambda content: f"{content['product_id']} {exact_json.dumps(sorted(content['changes'].items()))}",
            duplicate="remove one",
        )  # fmt: skip

    def remarks(self, _rows: Sequence[Row]) -> Sequence[str]:
        return ["Empty cells are left as they are."]

    def subject(self, content: Content) -> str:
        return str(content["product_id"])

    def path(self, content: Content) -> Mapping[str, str]:
        return {"productID": content["product_id"]}

    def body(self, content: Content) -> object:
        return content["changes"]

    def shown(self, content: Content) -> Shown:
        return content.get("title") or content["product"], fields_of(content["changes"])

    def receipt(self, content: Content, answer: Any) -> Receipt:
        """The product's id. Notes an answer that shows other values: a server may ignore some fields."""
        changes = {key: value for key, value in content["changes"].items() if not key.endswith("_id")}
        if isinstance(answer, dict) and changes.keys() <= answer.keys() and not_taken(changes, answer, answer):
            self._ignored.append(content["product"])
        return Receipt(content["product_id"])

    def closing_note(self) -> str | None:
        if not self._ignored:
            return None
        more = f" and {len(self._ignored) - _MOST_LISTED:,} more" if len(self._ignored) > _MOST_LISTED else ""
        return f"The server does not show all new values of {', '.join(self._ignored[:_MOST_LISTED])}{more}."

    def replaces(self, content: Content) -> Replacement | None:
        before = content.get("before")
        if not before:
            return None
        after = {name: content["changes"][name] for name in before}
        return Replacement(self.operation, self.path(content), before, after)

    def values(self, row: Row) -> list[dict[str, Any]]:
        present = self._api.products.get(row.content["product_id"])
        return [
            {
                "line": row.line,
                "product": present.get("title"),
                "field": key,
                "before": present.get(key),
                "after": value,
            }
            for key, value in row.content["changes"].items()
            if present.get(key) != value
        ]

    def _check(self, fields: Mapping[str, str]) -> Content:
        identifier = fields.get("id") or fields.get("product_id")
        sku, barcode = fields.get("sku", ""), fields.get("barcode", "")
        if not (identifier or sku or barcode):
            raise UsageError("No id, SKU or barcode.")
        given = {name: fields.get(name) or None for name in FIELDS}
        return {
            "product": identifier or sku or barcode,
            "product_id": self._api.transport.resolve_id("product", identifier) if identifier else None,
            "code": sku,
            "label": "" if sku else barcode,
            "changes": self._api.products.changes(**given) if any(given.values()) else {},
        }

    def _resolve(self, rows: Sequence[Row]) -> tuple[list[Row], list[Problem]]:
        unresolved = [row.content for row in rows if row.content["product_id"] is None]
        codes, labels = self._api.products.ids_of_variants(
            {content["code"] for content in unresolved} - {""}, {content["label"] for content in unresolved} - {""}
        )
        first: dict[str, int] = {}
        resolved, problems = [], []
        for row in rows:
            content, product = row.content, row.content["product"]
            known = content["product_id"]
            found = {known} if known else codes.get(content["code"]) or labels.get(content["label"]) or set()
            if len(found) != 1:
                problems.append(self._problem(row, found))
                continue
            product_id = min(found)
            if (before := first.setdefault(product_id, row.line)) != row.line:
                problems.append(Problem(row.line, f"{product} is the product of line {before}: give one row for each"))
            elif not content["changes"]:
                problems.append(Problem(row.line, f"{product} has no new value", is_left_out=True))
            else:
                kept = {"product": product, "product_id": product_id, "changes": content["changes"]}
                resolved.append(Row(row.line, kept, row.source))
        return resolved, problems

    def _problem(self, row: Row, found: set[str]) -> Problem:
        """Why the variant that a row names has not one product."""
        code, label = row.content["code"], row.content["label"]
        if found:
            kind = "SKU" if code else "barcode"
            return Problem(row.line, f'the {kind} "{code or label}" belongs to {len(found)} products: use the id')
        if code:
            return Problem(row.line, f'unknown SKU "{code}". {self._api.variants.suggestion(code)}'.rstrip(". "))
        wrong = barcodes.problem(label)
        return Problem(row.line, f'invalid barcode "{label}": {wrong}' if wrong else f'unknown barcode "{label}"')
