"""A search for the variants of many codes, in the local cache and in rows as they are read."""

from collections.abc import Iterable, Mapping

from synq_cli import barcodes
from synq_cli.resources.shared.pagination import Row
from synq_cli.uuids import parse_uuid


class CodeSearch:
    """The ids found so far: of `codes`, which are SKUs, barcodes or UUIDs, and of `labels`, which are barcodes only."""

    def __init__(self, codes: Iterable[str], labels: Iterable[str]) -> None:
        self._codes = set(codes)
        self._labels = set(labels)
        self._forms = {form for text in self._codes | self._labels for form in barcodes.forms(text)}
        self._by_sku: dict[str, set[str]] = {}
        self._by_form: dict[str, set[str]] = {}

    def know(self, skus: Mapping[str, str], forms: Mapping[str, str]) -> None:
        """Take ids from the cache: one by SKU, one or several by canonical barcode."""
        self._by_sku |= {sku: {skus[sku]} for sku in self._codes & skus.keys()}
        self._by_form |= {form: set(forms[form].split()) for form in self._forms & forms.keys()}
        self._open = {text for text in self._codes if not self._owners(text)}
        self._open_labels = {text for text in self._labels if not self._with_barcode(text)}

    def take(self, rows: Iterable[Row]) -> None:
        """Take ids from rows of variants."""
        for row in rows:
            variant, sku, barcode = row.get("id"), row.get("sku"), row.get("barcode")
            if not isinstance(variant, str):
                continue
            if isinstance(sku, str) and sku in self._codes:
                self._by_sku.setdefault(sku, set()).add(variant)
            for form in barcodes.forms(barcode) if isinstance(barcode, str) else ():
                if form in self._forms:
                    self._by_form.setdefault(form, set()).add(variant)

    def missing(self) -> list[str]:
        """The codes of which no variant is known."""
        return sorted(text for text in self._open if not self._owners(text))

    def hopeful(self) -> tuple[list[str], list[str]]:
        """The missing codes, and the missing labels, that may be the barcode of a variant."""
        labels = (text for text in self._open_labels if not self._with_barcode(text) and not barcodes.problem(text))
        return [code for code in self.missing() if barcodes.is_gtin(code)], sorted(labels)

    def settled(self) -> bool:
        """Whether further rows can change nothing: a SKU has one variant, but a barcode may have another one."""
        return not self._open_labels and self._open <= self._by_sku.keys()

    def only_skus(self) -> bool:
        """Whether every code that was found is a SKU, and none can only be a barcode."""
        return not self._open_labels and all(text in self._by_sku for text in self._open if self._owners(text))

    def found(self) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
        """The ids of the codes, and those of the labels; without those of which none is known."""
        codes = {text: ids for text in self._codes if (ids := self._owners(text))}
        return codes, {text: ids for text in self._labels if (ids := self._with_barcode(text))}

    def _owners(self, text: str) -> set[str]:
        """The variant with this UUID, else those with this SKU or this barcode."""
        identifier = parse_uuid(text)
        return {identifier} if identifier else self._by_sku.get(text, set()) | self._with_barcode(text)

    def _with_barcode(self, text: str) -> set[str]:
        return {variant for form in barcodes.forms(text) for variant in self._by_form.get(form, ())}
