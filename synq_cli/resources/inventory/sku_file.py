"""SKUs and their variants from a CSV file, checked row by row."""

from synq_cli.errors import UsageError
from synq_cli.resources.shared.validation import file_problems
from synq_cli.uuids import parse_uuid


def variant_id(text: str) -> str:
    """A variant's id; UsageError if it is no UUID."""
    identifier = parse_uuid(text.strip())
    if identifier is None:
        raise UsageError(f"'{text}' is no variant id.", hint="It is a UUID; `synq products variants list` shows them.")
    return identifier


def read_skus(text: str, name: str) -> list[tuple[str, str]]:
    """(SKU, variant id) pairs from CSV with the columns sku and variant_id; UsageError lists every wrong line."""
    import csv

    name = "standard input" if name == "-" else name
    rows = csv.DictReader(text.removeprefix("\ufeff").splitlines(), strict=True)
    pairs: dict[str, str] = {}
    wrong = []
    try:
        if missing := [column for column in ("sku", "variant_id") if column not in (rows.fieldnames or [])]:
            raise UsageError(f"{name} has no column {missing[0]}.", hint="Its first line must be: sku,variant_id")
        for row in rows:
            sku, identifier = (row["sku"] or "").strip(), parse_uuid((row["variant_id"] or "").strip())
            if not sku:
                wrong.append(f"line {rows.line_num}: no SKU")
            elif identifier is None:
                wrong.append(f"line {rows.line_num}: '{row['variant_id']}' is no UUID")
            elif pairs.setdefault(sku, identifier) != identifier:
                wrong.append(f"line {rows.line_num}: {sku} was another variant before")
    except csv.Error as error:
        wrong.append(f"line {rows.line_num}: {error}")
    if wrong:
        raise file_problems(name, wrong, "Nothing was kept. Mend the file and import it again.")
    return list(pairs.items())
