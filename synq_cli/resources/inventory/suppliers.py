"""Suppliers of SKUs from a file of rows."""

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from synq_cli.documents import shown_name
from synq_cli.errors import UsageError
from synq_cli.resources.inventory.demand import Supply
from synq_cli.resources.shared.validation import count, file_problems
from synq_cli.rows import Columns, RowReader
from synq_cli.uuids import parse_uuid

_CODES = ("variant_id", "sku", "barcode")
_COLUMNS = Columns((("sku", "barcode", "variant_id"),), ("supplier", "lead_days", "pack_size"), guess=True)
# The least that a column holds.
_NUMBERS = {"lead_days": 0, "pack_size": 1}
_MOST_LISTED = 5


class SupplierFile:
    """The rows of a file: a code for a variant, its supplier, lead time and pack size. UsageError lists every problem.

    `remarks` are sentences on columns and rows that were not used.
    """

    def __init__(self, text: str, name: str) -> None:
        self._name = shown_name(name)
        reader = RowReader(_COLUMNS, self._name)
        self._rows: list[_SupplierRow] = []
        problems = []
        for record in reader.read(text):
            fields, at = record.fields or {}, f"{reader.unit} {record.line}"
            code = next((fields[key] for key in _CODES if fields.get(key)), "")
            if problem := record.problem or ("" if code else "no SKU"):
                problems.append(f"{at}: {problem}")
                continue
            try:
                numbers = {key: count(fields[key], key, least) for key, least in _NUMBERS.items() if fields.get(key)}
            except UsageError as error:
                problems.append(f"{at}: {error.message[:1].lower()}{error.message[1:]} {error.hint}")
                continue
            self._rows.append(_SupplierRow(at, code, Supply(fields.get("supplier", ""), **numbers)))
        self._check(problems)
        self.remarks = [f'Column "{name}" is read as {column}.' for name, column in reader.guessed.items()]
        self.remarks += [reader.remark] if reader.remark else []

    def unknown(self, known: Iterable[str]) -> list[str]:
        """The codes that are neither known ones nor ids of variants."""
        seen = set(known)
        return list(dict.fromkeys(row.code for row in self._rows if row.code not in seen and not parse_uuid(row.code)))

    def by_variant(self, ids: Mapping[str, set[str]], stocked: Collection[str]) -> dict[str, Supply]:
        """The supplies by id of variant, with the ids of each code. UsageError if a code or a variant is ambiguous.

        A remark names the codes of variants that are not `stocked`.
        """
        found: dict[str, tuple[str, Supply]] = {}
        problems, unmatched = [], []
        for at, code, supply in self._rows:
            identifier = parse_uuid(code)
            variants = {identifier} if identifier else ids.get(code, set())
            if len(variants) > 1:
                problems.append(f"{at}: {len(variants)} variants have the code {code}")
            if not any(variant in stocked for variant in variants):
                unmatched.append(code)
            for variant in variants:
                other, _ = found.setdefault(variant, (at, supply))
                if other != at:
                    problems.append(f"{at}: {code} is given in {other} already")
        self._check(problems)
        if unmatched:
            more = f" and {len(unmatched) - _MOST_LISTED:,} more" if len(unmatched) > _MOST_LISTED else ""
            listed = f"{', '.join(unmatched[:_MOST_LISTED])}{more}"
            self.remarks.append(f"No stock is listed for {len(unmatched):,} of {self._name}: {listed}.")
        return {variant: supply for variant, (_, supply) in found.items()}

    def _check(self, problems: list[str]) -> None:
        if problems:
            raise file_problems(self._name, problems, "Fix the file and run the command again.")


class _SupplierRow(NamedTuple):
    """A row, and where it is in the file."""

    at: str
    code: str
    supply: Supply
