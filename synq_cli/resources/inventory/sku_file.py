"""SKUs, barcodes and their variants from a file of rows."""

from collections.abc import Mapping

from synq_cli import barcodes
from synq_cli.documents import shown_name
from synq_cli.errors import UsageError
from synq_cli.resources.shared.validation import file_problems
from synq_cli.rows import Columns, RowReader
from synq_cli.uuids import parse_uuid

_COLUMNS = Columns((("sku", "barcode"), ("variant_id",)))


def variant_id(text: str) -> str:
    """A variant's id; UsageError if it is not a UUID."""
    identifier = parse_uuid(text.strip())
    if identifier is None:
        raise UsageError(
            f'Invalid variant id "{text}": use a UUID.', hint="`synq products variants list` shows the ids."
        )
    return identifier


def read_skus(text: str, name: str) -> tuple[list[tuple[str, str]], list[tuple[str, str]], str]:
    """Pairs of a SKU and a variant id, of a variant id and a barcode, and a remark on columns that are ignored.

    The rows have the columns sku or barcode, or both, and variant_id. UsageError lists every problem.
    """
    name = shown_name(name)
    reader = RowReader(_COLUMNS, name)
    skus: dict[str, str] = {}
    labels: dict[str, str] = {}
    problems = []
    for record in reader.read(text):
        fields = record.fields or {}
        problem = record.problem or _problem(fields)
        if not problem:
            sku, barcode, identifier = (fields.get(key, "") for key in ("sku", "barcode", "variant_id"))
            identifier = variant_id(identifier)
            if sku and skus.setdefault(sku, identifier) != identifier:
                problem = f"{sku} has another variant id in a row above"
            elif barcode and labels.setdefault(identifier, barcode) != barcode:
                problem = f"{identifier} has another barcode in a row above"
        if problem:
            problems.append(f"{reader.unit} {record.line}: {problem}")
    if problems:
        raise file_problems(name, problems, "Nothing was added. Fix the file and import it again.")
    return list(skus.items()), list(labels.items()), reader.remark


def _problem(fields: Mapping[str, str]) -> str:
    """What is wrong with a row by itself; empty if nothing is."""
    sku, barcode, variant = (fields.get(key, "") for key in ("sku", "barcode", "variant_id"))
    if not sku and not barcode:
        return "no SKU or barcode" if "barcode" in fields else "no SKU"
    if parse_uuid(variant) is None:
        return f'invalid variant id "{variant}": use a UUID'
    wrong = barcodes.problem(barcode)
    return f'invalid barcode "{barcode}": {wrong}' if wrong else ""
