"""SKUs and their variants from a file of rows."""

from synq_cli.documents import shown_name
from synq_cli.errors import UsageError
from synq_cli.resources.shared.validation import file_problems
from synq_cli.rows import Columns, RowReader
from synq_cli.uuids import parse_uuid

_COLUMNS = Columns((("sku",), ("variant_id",)))


def variant_id(text: str) -> str:
    """A variant's id; UsageError if it is not a UUID."""
    identifier = parse_uuid(text.strip())
    if identifier is None:
        raise UsageError(
            f'Invalid variant id "{text}": use a UUID.', hint="`synq products variants list` shows the ids."
        )
    return identifier


def read_skus(text: str, name: str) -> tuple[list[tuple[str, str]], str]:
    """(SKU, variant id) pairs from rows with these columns, and a remark on others; UsageError lists every problem."""
    name = shown_name(name)
    reader = RowReader(_COLUMNS, name)
    pairs: dict[str, str] = {}
    problems = []
    for record in reader.read(text):
        fields, problem = record.fields or {}, record.problem
        sku, variant = fields.get("sku", ""), fields.get("variant_id", "")
        identifier = parse_uuid(variant)
        if not problem and not sku:
            problem = "no SKU"
        elif not problem and identifier is None:
            problem = f'invalid variant id "{variant}": use a UUID'
        elif identifier and pairs.setdefault(sku, identifier) != identifier:
            problem = f"{sku} has another variant id in a row above"
        if problem:
            problems.append(f"{reader.unit} {record.line}: {problem}")
    if problems:
        raise file_problems(name, problems, "Nothing was added. Fix the file and import it again.")
    return list(pairs.items()), reader.remark
