"""Files of products: what goes out comes back, whatever is in it; and no file is too large for the memory."""

import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from synq_cli.bulk.files.catalogue_file import guarded, layout_of, records, unguarded
from synq_cli.bulk.files.exports import WHOLE, Kind, catalogue_text, import_rows
from synq_cli.bulk.verbs.imports import _payload, parts_of

# What is odd in CSV, in spreadsheets and at line ends, more often than chance would have it.
ODD = st.text(st.sampled_from("=+-@'\t\r\n\",; a\x00\x85\u2028\ufeffé")) | st.text()
VALUES = ODD | st.none()
PRODUCTS = st.lists(st.fixed_dictionaries({"title": VALUES}, optional=dict.fromkeys(WHOLE[1:], VALUES)), min_size=1)


def rows_of(path: Path) -> list[Any]:
    found = list(records(path, layout_of(path, path.name)))
    assert [record.wrong for record in found] == [""] * len(found)
    return [json.loads(record.text) for record in found]


@pytest.mark.parametrize("kind", ["csv", "ndjson"])
@given(products=PRODUCTS)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_an_export_is_imported_as_the_same_rows(tmp_path: Path, kind: Kind, products: list[dict[str, Any]]) -> None:
    wanted = import_rows(products, WHOLE)
    file = tmp_path / f"catalog.{kind}"
    file.write_bytes(catalogue_text(wanted, kind, WHOLE).encode())
    if wanted or kind == "csv":
        assert rows_of(file) == wanted


@given(cell=ODD)
def test_a_guarded_cell_is_no_formula_and_is_unguarded_as_it_was(cell: str) -> None:
    assert guarded(cell)[:1] not in set("=+-@\t\r")
    assert unguarded(guarded(cell)) == cell


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_each_part_is_read_again_as_it_was_checked(tmp_path: Path, ends: str, delimiter: str) -> None:
    file = tmp_path / "catalog.csv"
    lines = [delimiter.join(["title", "sku", "description"])]
    lines += [delimiter.join([f'"Nr. {n}{ends}two"', f"S{n}", "é" * (n % 7)]) for n in range(50)]
    file.write_bytes(("\ufeff" + ends.join(lines) + ends * 2).encode())
    parts = parts_of(file, "catalog.csv", largest=300)
    payloads = [_payload(part.content) for part in parts]
    assert len(parts) > 5
    assert max(map(len, payloads)) <= 300
    rows = [row for payload in payloads for row in json.loads(payload)]
    assert [row["title"] for row in rows] == [f"Nr. {n}{ends}two" for n in range(50)]
    assert sum(part.content["products"] for part in parts) == 50
    assert [part.line for part in parts[1:]] == [part.content["last_line"] + 2 for part in parts[:-1]]


@pytest.mark.parametrize(("sku", "most"), [("", 20), ("S{}", 100)])
def test_memory_grows_by_the_hash_of_each_sku_and_nothing_else(tmp_path: Path, sku: str, most: int) -> None:
    def peak(count: int) -> int:
        file = tmp_path / f"{count}.csv"
        row = f"Harbour Merino Crewneck,{sku},A long description of a jumper that is knitted from wool,89.50\n"
        file.write_text("title,sku,description,price\n" + "".join(map(row.format, range(count))), encoding="utf-8")
        tracemalloc.start()
        assert sum(part.content["products"] for part in parts_of(file, "c", largest=100_000)) == count
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    assert peak(12_000) - peak(2_000) < 10_000 * most
