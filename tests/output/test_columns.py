import subprocess
import sys

from synq_cli.output.columns import lookup


def test_lookup_follows_dots() -> None:
    row = {"id": "1", "customer": {"name": "Ann", "address": {"city": "Leith"}}, "a.b": "literal", "tags": ["x"]}
    assert lookup(row, "id") == "1"
    assert lookup(row, "customer.address.city") == "Leith"
    assert lookup(row, "a.b") == "literal"
    assert lookup(row, "customer.phone") is None
    assert lookup(row, "id.x") is None
    assert lookup(row, "tags.0") is None


def test_columns_and_formats_import_nothing_heavy() -> None:
    # A TAB imports every command module and with it these two.
    code = (
        "import sys; before = set(sys.modules); import synq_cli.output.columns, synq_cli.output.display;"
        "print(sorted({'rich', 'yaml', 'jq', 'json', 'csv', 'decimal', 'datetime'} & (set(sys.modules) - before)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
