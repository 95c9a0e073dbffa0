"""Variants: what is sold, each with a SKU, most with a barcode."""

from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from typing import NamedTuple

from synq_cli import barcodes
from synq_cli.errors import NotFoundError, UsageError
from synq_cli.http import operations
from synq_cli.nearest import did_you_mean
from synq_cli.resources.products.codes import CodeSearch
from synq_cli.resources.products.titles import remember_variants
from synq_cli.resources.shared import validation
from synq_cli.resources.shared.pagination import PAGE, Listing, Row
from synq_cli.resources.shared.resource import Resource, look_for
from synq_cli.uuids import parse_uuid

# Up to this many SKUs are cheaper to look up one by one than in pages of all variants.
FEW = 2
# The API does not filter by barcode. So many pages are read to find one, or as many as there are codes to find.
_MOST_PAGES = 100
_MOST_LISTED = 10
# Within so many seconds of reading all variants, a barcode that was not among them is not looked for again.
_FRESH = 600


class KnownVariant(NamedTuple):
    """A variant in the local cache; its SKU is empty if it has none."""

    sku: str
    variant_id: str


class Variants(Resource):
    """Variants. A code is a SKU, the UUID of a variant, or a barcode that is not also a SKU."""

    def matching(self, *, sku: str | None, product: str | None) -> Listing:
        """Variants with this SKU or of this product; None matches any. GET /api/v1/pim/variants"""
        return self._matching(sku, product, None)

    def _matching(self, sku: str | None, product: str | None, variant_id: str | None) -> Listing:
        product_id = None if product is None else self._api.resolve_id("product", product)
        return self._api.pages(
            operations.LIST_VARIANTS,
            "variants",
            filters={"sku": sku, "product_id": product_id},
            matches=lambda row: not row.get("deleted_at") and (variant_id is None or row.get("id") == variant_id),
            on_page=self._remember,
        )

    def with_code(self, code: str | None, *, product: str | None) -> Listing:
        """As `matching`, with a SKU or a barcode. NotFoundError if several variants have the barcode."""
        ids = self.ids_of_barcodes([self.checked(code)]) if code is not None else {}
        for variant_id in ids.values():
            code = self._api.index.sku_of(variant_id)
            if code is None:
                return self._matching(None, product, variant_id)
        return self.matching(sku=code, product=product)

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
        index, label = self._api.index, body.get("barcode", "")
        if wrong := barcodes.problem(label):
            raise UsageError(f'Invalid barcode "{label}": {wrong}.')
        taken = [("SKU", body["sku"], index.find("sku", body["sku"]))] if "sku" in body else []
        taken += [("barcode", label, owner) for owner in index.owners(label)]
        for what, code, owner in taken:
            if owner is None:
                continue
            raise UsageError(
                f"The {what} {code} is taken by the variant {owner}.",
                hint=f"If that variant no longer exists, run: synq inventory skus forget {code}",
            )
        unknown = look_for(body.get("sku", "it"), f"synq products variants list --product {product_id}")
        path = {"productID": product_id}
        created = self._api.write(operations.CREATE_VARIANT, path, body=body, if_unknown=unknown)
        self._remember([created])
        return created

    def known(self, code: str) -> KnownVariant | None:
        """The variant with this SKU or barcode in the local cache, without a request; None if it is not there.

        NotFoundError if several variants have it, as SKU or barcode.
        """
        variant_id, owners = self._api.index.find("sku", code), self._api.index.owners(code)
        if len({*owners, *([variant_id] if variant_id else [])}) > 1:
            raise self.ambiguous(code, {*owners, *([variant_id] if variant_id else [])})
        if variant_id:
            return KnownVariant(code, variant_id)
        return KnownVariant(self._api.index.sku_of(owners[0]) or "", owners[0]) if owners else None

    def checked(self, code: str) -> str:
        """A code without outer spaces. UsageError if it is blank, or a number that a spreadsheet has rounded."""
        code = code.strip()
        if not code:
            raise UsageError("The SKU can't be blank.")
        if barcodes.ROUNDED.fullmatch(code) and not self._api.index.find("sku", code):
            raise UsageError(
                f'"{code}" is a number that a spreadsheet has rounded.',
                hint="Make the column text, and enter the SKU or barcode again.",
            )
        return code

    def id_of(self, code: str) -> str:
        """The id of the variant with this code, cached or else read. NotFoundError if none has it, or several."""
        code = self.checked(code)
        if identifier := parse_uuid(code):
            return identifier
        known = self.known(code)
        return known.variant_id if known else str(self.get(code)["id"])

    def sku_of(self, code: str) -> str:
        """The SKU of the variant with this barcode, if both are cached; any other code as it is."""
        known = None if parse_uuid(code) else self.known(code.strip())
        return known.sku if known and known.sku else code

    def get(self, code: str) -> Row:
        """The variant with this SKU or barcode, from the API. NotFoundError if there is none, or several."""
        found = {row["id"]: row for row in self._rows_of(code) if isinstance(row.get("id"), str)}
        if len(found) == 1:
            return found.popitem()[1]
        if found:
            self._api.index.forget("sku", [code])
            raise self.ambiguous(code, found)
        if not barcodes.is_gtin(code):
            raise NotFoundError(
                f'Unknown SKU "{code}".', hint=f"{self.suggestion(code)}See `synq products variants list`."
            )
        raise NotFoundError(f'Unknown SKU or barcode "{code}".', hint=self.suggestion(code) + self._read_again())

    def product_of(self, code: str) -> str:
        """The id of the product that has a variant with this code. NotFoundError if there is none, or two."""
        found = {row["product_id"] for row in self._rows_of(code) if isinstance(row.get("product_id"), str)}
        if len(found) == 1:
            return str(found.pop())
        if found:
            raise NotFoundError(
                f'Ambiguous SKU "{code}": two products have it.',
                hint=f"Use the product's id; `synq products variants list --sku {code} --json` shows both.",
            )
        raise NotFoundError(
            f'No product has the id or SKU "{code}".',
            hint=f"{self.suggestion(code)}`synq products list` shows the ids, `synq products variants list` the SKUs.",
        )

    def ids_of(self, codes: Iterable[str]) -> dict[str, set[str]]:
        """The ids of the variants with each of many codes, in few requests; codes of which none is known are left out.

        See `find`.
        """
        return self.find(codes, ())[0]

    def find(self, codes: Iterable[str], labels: Iterable[str]) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
        """The ids of the variants with each of many codes, and with each of many `labels`, which are barcodes only.

        SKUs that are not cached are looked for in the pages of all variants, for at most as many requests as looking
        up each of them would take; those still missing are looked up one by one. For a barcode that is not cached the
        pages are read to the end, which shows whether two variants share it, and are cached. SKUs that look like
        barcodes are looked up one by one in between, unless the pages so far show that codes are barcodes here.
        """
        index, everything = self._api.index, self.matching(sku=None, product=None)
        search = CodeSearch(codes, labels)
        search.know(index.ids("sku"), index.ids("barcode"))
        missing, is_fresh = search.missing(), self._is_fresh()
        one_by_one = len(missing) <= FEW and (is_fresh or not search.hopeful()[1])
        if one_by_one:
            self._look_up(search)
        sought = [] if is_fresh else [text for texts in search.hopeful() for text in texts]
        if sought or not one_by_one:
            pages = self._for_barcodes(everything, sought) if sought else everything.first(PAGE * len(missing)).pages
            for number, page in enumerate(pages, 1):
                search.take(page)
                if search.settled():
                    break
                if sought and not one_by_one and number == len(missing) and search.only_skus():
                    one_by_one = True
                    self._look_up(search)
                    if not any(search.hopeful()):
                        break
        if not one_by_one and (everything.more or not everything.complete):
            self._look_up(search)
        return search.found()

    def _look_up(self, search: CodeSearch) -> None:
        """Look up the missing codes one by one, as SKUs."""
        for sku in search.missing():
            search.take(self._with_sku(sku))

    def ids_of_barcodes(self, names: Iterable[str]) -> dict[str, str]:
        """The ids of the variants of those names that are barcodes. NotFoundError if several variants have one.

        For requests that take a SKU as it is: any other name may be one, known here or not, and is left out.
        """
        index = self._api.index
        others = [name for name in names if not parse_uuid(name) and not index.find("sku", name)]
        found: dict[str, Collection[str]] = {name: owners for name in others if (owners := index.owners(name))}
        unknown = [name for name in others if name not in found and barcodes.is_gtin(name)]
        if unknown:
            with suppress(NotFoundError):  # the server can't list variants
                found |= self.ids_of(unknown)
        return {name: self.only(name, ids) for name, ids in found.items()}

    def with_barcodes(self, labels: Iterable[str]) -> dict[str, KnownVariant | NotFoundError]:
        """The variant with each of many texts that can only be barcodes, or what is wrong with that text."""
        wanted = list(labels)
        ids, names = self.find((), wanted)[1], self._api.index.names("sku")
        found: dict[str, KnownVariant | NotFoundError] = {}
        for label in wanted:
            try:
                variant_id = self.only(label, ids.get(label, ()))
                found[label] = KnownVariant(names.get(variant_id, ""), variant_id)
            except NotFoundError as error:
                found[label] = error
        return found

    def only(self, label: str, ids: Collection[str]) -> str:
        """The one id of the variants with a barcode. NotFoundError if there is none, or several."""
        if len(ids) > 1:
            raise self.ambiguous(label, ids)
        for each in ids:
            return each
        wrong = barcodes.problem(label)
        raise NotFoundError(f'Invalid barcode "{label}": {wrong}.' if wrong else f'Unknown barcode "{label}".')

    def ambiguous(self, code: str, ids: Iterable[str]) -> NotFoundError:
        """The error for a code that several variants have, which lists them."""
        names, listed = self._api.index.names("sku"), sorted(ids)
        variants = ", ".join(f"{names[each]} ({each})" if each in names else each for each in listed[:_MOST_LISTED])
        more = f" and {len(listed) - _MOST_LISTED} more" if len(listed) > _MOST_LISTED else ""
        owners = self._api.index.owners(code)
        if len(owners) < 2:
            also = ", one of them as its barcode" if owners else ""
            return NotFoundError(
                f'Ambiguous SKU "{code}": {len(listed)} variants have it{also}.',
                hint=f"Use the UUID: {variants}{more}.",
            )
        return NotFoundError(
            f'Ambiguous barcode "{code}": {len(listed)} variants have it.',
            hint=f"Use the SKU or the UUID: {variants}{more}. If only one of them has it now, run: "
            f"synq inventory skus forget {code}",
        )

    def suggestion(self, code: str) -> str:
        """A question that names a similar cached SKU, and what is wrong with a check digit; empty for a cached SKU."""
        known = self._api.index.ids("sku")
        if code in known:
            return ""
        wrong = barcodes.problem(code)
        return did_you_mean(code, known) + (f"As a barcode it is wrong: {wrong}. " if wrong else "")

    def _rows_of(self, code: str) -> list[Row]:
        """The variants with this SKU, or else with this barcode, as the API has them now."""
        code = self.checked(code)
        known = None if self._api.index.find("sku", code) else self.known(code)
        if known and known.sku and (rows := _with_barcode(self._with_sku(known.sku), code)):
            return rows
        if (rows := self._with_sku(code)) or not (known or barcodes.is_gtin(code)) or self._is_fresh():
            return rows
        pages = self._for_barcodes(self.matching(sku=None, product=None), [code])
        return [row for page in pages for row in _with_barcode(page, code)]

    def _with_sku(self, sku: str) -> list[Row]:
        """The variants with this SKU, two at most."""
        return list(self.matching(sku=sku, product=None).first(2))

    def _for_barcodes(self, everything: Listing, sought: list[str]) -> Iterator[list[Row]]:
        """The pages of all variants, to the end; says so before it takes more than one request."""
        most = max(_MOST_PAGES, len(sought))
        for number, page in enumerate(everything.first(None).pages, 1):
            yield page
            if number == 1 and not everything.complete:
                what = f"the barcode {sought[0]}" if len(sought) == 1 else f"{len(sought):,} barcodes"
                self._api.observer.note(
                    f"Looking for {what} in all variants: 1 request per {PAGE} of them, at most {most:,}. "
                    "All barcodes are cached for the next time."
                )
            if number == most and not everything.complete:
                self._api.observer.warn(
                    f"Only the first {everything.taken:,} variants were read. "
                    "To read and cache all of them, run: synq products variants list --all"
                )
                return
        self._api.index.remember_all_read()

    def _is_fresh(self) -> bool:
        """Whether all variants were read a short while ago."""
        return abs(self._api.now() - (self._api.index.all_read_at() or 0)) < _FRESH

    def _read_again(self) -> str:
        """What to do about a barcode that no variant has."""
        minutes = round((self._api.now() - (self._api.index.all_read_at() or 0)) / 60)
        when = f" All variants were read {minutes} min ago." if self._is_fresh() and minutes else ""
        return f"`synq products variants list --all` reads all barcodes anew.{when}"

    def _remember(self, rows: list[Row]) -> None:
        """Cache the codes of variants, and what their titles are made of."""
        self._api.remember_skus(rows, "id")
        remember_variants(self._api, rows)


def _with_barcode(rows: list[Row], code: str) -> list[Row]:
    """The rows whose barcode is this one."""
    wanted = set(barcodes.forms(code))
    return [row for row in rows if wanted & set(barcodes.forms(str(row.get("barcode") or "")))]
