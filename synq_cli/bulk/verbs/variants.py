"""The variants that the rows of a file name, by SKU, barcode or id."""

from collections.abc import Mapping, Sequence

from synq_cli.barcodes import is_gtin
from synq_cli.bulk.journal import Content, Row
from synq_cli.bulk.plan import Problem
from synq_cli.errors import NotFoundError, UsageError
from synq_cli.resources.client import SynqClient
from synq_cli.uuids import parse_uuid

# The columns of which a row fills at least one; of several the id counts, then the SKU.
VARIANT = ("sku", "barcode", "variant_id")


def check_variant(fields: Mapping[str, str]) -> Content:
    """How a row names its variant: `sku`, `barcode` if it has nothing else, and `variant_id` if known.

    `also` is a barcode beside these. UsageError.
    """
    sku, barcode, variant = (fields.get(name, "") for name in VARIANT)
    if not sku and not barcode and not variant:
        raise UsageError("No SKU, barcode or variant_id.")
    if variant and parse_uuid(variant) is None:
        raise UsageError(f'Invalid variant_id "{variant}": use a UUID.')
    named = {"sku": sku or variant or barcode, "variant_id": parse_uuid(variant) or parse_uuid(sku)}
    return named | ({"barcode": "", "also": barcode} if sku or variant else {"barcode": barcode, "also": ""})


def find_variants(api: SynqClient, rows: Sequence[Row]) -> tuple[dict[int, Content], list[Problem]]:
    """`sku` and `variant_id` of each row that check_variant has read, by line, and the problems with the others.

    A row that names its variant by a barcode gets its SKU, if it has one. A barcode beside a SKU or an id must not be
    that of another variant, as far as the cache knows.
    """
    codes = [row.content["sku"] for row in rows if not row.content["variant_id"] and not row.content["barcode"]]
    by_code, by_label = api.variants.find(codes, [row.content["barcode"] for row in rows if row.content["barcode"]])
    skus, names = api.transport.index.ids("sku"), api.transport.index.names("sku")
    found: dict[int, Content] = {}
    problems = []
    for row in rows:
        code, label, variant = (row.content[name] for name in VARIANT)
        ids = {variant} if variant else (by_label.get(label) if label else by_code.get(code)) or set()
        if not ids and not label:
            near = api.variants.suggestion(code)
            what = "SKU or barcode" if is_gtin(code) else "SKU"
            problems.append(Problem(row.line, f'unknown {what} "{code}". {near}'.rstrip(". ")))
            continue
        try:
            identifier = api.variants.only(code, ids)
        except NotFoundError as error:
            problems.append(Problem.of(row.line, error))
            continue
        owners = api.transport.index.owners(row.content.get("also", ""))
        if owners and identifier not in owners:
            other = ", ".join(names.get(owner, owner) for owner in owners)
            problems.append(Problem(row.line, f"the barcode {row.content['also']} is that of {other}, not of {code}"))
            continue
        sku = code if variant or (code in skus and not label) else names.get(identifier, code)
        found[row.line] = {"sku": sku, "variant_id": identifier.lower()}
    return found, problems
