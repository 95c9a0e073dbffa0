"""The comparison of products and their variants: pure functions over entries of the files and of the tenant."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from synq_cli.http import operations
from synq_cli.resources.shared import validation
from synq_cli.resources.shared.pagination import Row
from synq_cli.resources.tenant_files import parts
from synq_cli.resources.tenant_files.changes import Comparison, Matches
from synq_cli.resources.tenant_files.compare_parts import AGAIN, NO_DELETION
from synq_cli.resources.tenant_files.parts import Entry

_TEXTS = ("title", "description", "category")


def compare_products(
    files: Sequence[Entry], tenant: Sequence[Entry], brands: Mapping[str, list[str]], found: Comparison
) -> None:
    """Add the differences of products that are not equal on both sides.

    A product of the files is the one of the tenant that has one of its SKUs, otherwise the only one with its title.
    `brands` are the ids of the tenant's brands by their names; the list is empty for one that the plan creates.
    """
    matches = _match(files, tenant, found)
    for entry in sorted(matches.new, key=_label):
        _create(entry, found)
    for ours, theirs in sorted(matches.pairs, key=lambda pair: _label(pair[0])):
        _compare(ours, theirs, brands, found)
    for entry in matches.extra:
        reason = f"only in the tenant; to delete it, run `synq products delete {entry.id}`"
        found.remains("extra", _label(entry), reason)


def _match(files: Sequence[Entry], tenant: Sequence[Entry], found: Comparison) -> Matches:
    owners: dict[str, list[Entry]] = {}
    for entry in tenant:
        for sku in _skus(entry):
            owners.setdefault(sku, []).append(entry)
    claims = [(entry, {id(each): each for sku in _skus(entry) for each in owners.get(sku, ())}) for entry in files]
    claimed = Counter(each for _, owning in claims for each in owning)
    pairs, unclaimed = [], [entry for entry, owning in claims if not owning]
    for entry, owning in claims:
        if len(owning) == 1 and claimed[min(owning)] == 1:
            pairs.append((entry, owning[min(owning)]))
        elif owning:
            titles = " and ".join(sorted({str(owner.fields.get("title")) for owner in owning.values()}))
            found.remains("impossible", _label(entry), f"the tenant groups its SKUs differently, in {titles}")
    more, new, extra = _match_titles(unclaimed, [entry for entry in tenant if id(entry) not in claimed], found, str)
    # Then those whose title was changed in case only.
    rest, new, extra = _match_titles(new, extra, found, str.casefold)
    return Matches([*pairs, *more, *rest], new, extra)


def _match_titles(
    files: Sequence[Entry], tenant: Sequence[Entry], found: Comparison, form: Callable[[str], str]
) -> Matches:
    ours = Counter(form(entry.fields["title"]) for entry in files)
    theirs: dict[str, list[Entry]] = {}
    for entry in tenant:
        theirs.setdefault(form(str(entry.fields.get("title") or "")), []).append(entry)
    pairs, new = [], []
    for entry in files:
        title = form(entry.fields["title"])
        if title not in theirs:
            new.append(entry)
        elif ours[title] == len(theirs[title]) == 1:
            pairs.append((entry, theirs[title][0]))
        else:
            found.remains("impossible", _label(entry), "several products have this title, and none has its SKUs")
    return Matches(pairs, new, [entry for entry in tenant if form(str(entry.fields.get("title") or "")) not in ours])


def _create(entry: Entry, found: Comparison) -> None:
    fields, label = entry.fields, _label(entry)
    found.create(
        entry, operations.CREATE_PRODUCT, label,
        lambda: validation.given(**{name: fields[name] for name in _TEXTS if name in fields}),
    )  # fmt: skip
    count = len(fields.get("variants", ()))
    rest = [f"{count} variant{'s' * (count != 1)}"] if count else []
    rest += ["brand"] if "brand" in fields else []
    rest += ["other fields"] if fields.keys() & set(parts.PRODUCT_DETAILS) else []
    if rest:
        found.remains("later", label, f"{', '.join(rest)}: {AGAIN}")


def _compare(ours: Entry, theirs: Entry, brands: Mapping[str, list[str]], found: Comparison) -> None:
    label, wanted, present = _label(ours), ours.fields, theirs.fields
    changed = [name for name in _TEXTS if name in wanted and wanted[name] != present.get(name)]
    body: Row = {name: wanted[name] for name in changed}
    impossible = [name for name in (*parts.PRODUCT_DETAILS, *parts.PRODUCT_TEXTS) if _is_stuck(name, wanted, present)]
    brand = wanted.get("brand")
    if brand is not None and brand != present.get("brand"):
        ids = brands.get(brand)
        if ids and len(ids) == 1:
            body["brand_id"] = ids[0]
        elif ids == []:
            found.remains("later", label, f"its brand {brand} does not exist yet: {AGAIN}")
        else:
            found.remains("impossible", label, f"the tenant has {'several brands' if ids else 'no brand'} {brand}")
    if body:
        after = {name: wanted[name] for name in (*changed, *(["brand"] if "brand_id" in body else []))}
        found.replace(operations.UPDATE_PRODUCT, label, theirs.sent, body, after, productID=theirs.id)
    if impossible:
        what = "differs" if len(impossible) == 1 else "differ"
        found.remains("impossible", label, f"{', '.join(impossible)} {what}; the API can't set this")
    if "variants" in wanted and "variants" in present:
        _compare_variants(ours, theirs, found)


def _is_stuck(name: str, wanted: Row, present: Row) -> bool:
    """Whether a field differs and no request changes it: a field that is only compared, or a text to clear."""
    if name in parts.PRODUCT_DETAILS:
        return bool(wanted.get(name) != present.get(name))
    return name not in wanted and name in present


def _compare_variants(ours: Entry, theirs: Entry, found: Comparison) -> None:
    """New variants are added; the API changes and deletes none."""
    left = list(theirs.fields["variants"])
    rest = []
    for variant in ours.fields["variants"]:
        if (same := next((other for other in left if _is_same(variant, other)), None)) is not None:
            left.remove(same)
        else:
            rest.append(variant)
    for variant in rest:
        name = variant.get("sku") or variant.get("barcode")
        label = f"variant {name} of {_label(ours)}"
        key = "sku" if "sku" in variant else "barcode"
        known = [other for other in left if name is not None and other.get(key) == name]
        if name is None:
            found.remains("impossible", label, "a variant without SKU and barcode can't be matched")
        elif known:
            left.remove(known[0])
            different = [field for field in parts.VARIANT_FIELDS if not _is_equal(field, variant, known[0])]
            verb = "differs" if len(different) == 1 else "differ"
            reason = f"{', '.join(different)} {verb}; the API can't change a variant"
            found.remains("impossible", label, reason)
        else:
            found.create(ours, operations.CREATE_VARIANT, label, partial(_variant, variant), productID=theirs.id)
            unset = [field for field in ("option_values", "cost_price") if field in variant]
            if unset:
                found.remains("impossible", label, f"{' and '.join(unset)}: the API can't set this")
    for variant in left:
        label = f"variant {variant.get('sku') or variant.get('barcode')} of {_label(theirs)}"
        found.remains("extra", label, NO_DELETION)


def _variant(variant: Row) -> Row:
    body = {name: variant[name] for name in parts.VARIANT_TEXTS if name in variant}
    if "price" in body:
        body["price"] = validation.amount(body["price"])
    if "currency" in body:
        body["currency"] = validation.currency(body["currency"])
    return body


def _is_same(variant: Row, other: Row) -> bool:
    return all(_is_equal(field, variant, other) for field in parts.VARIANT_FIELDS)


def _is_equal(field: str, variant: Row, other: Row) -> bool:
    mine, theirs = variant.get(field), other.get(field)
    if field == "price" and mine is not None and theirs is not None:
        return parts.is_same_amount(mine, theirs)
    return bool(mine == theirs)


def _skus(entry: Entry) -> list[str]:
    return [variant["sku"] for variant in entry.fields.get("variants", ()) if variant.get("sku")]


def _label(entry: Entry) -> str:
    return f"product {entry.fields.get('title')}"
