"""Files of products: an export can be imported, parts are read again as they were checked, and memory is bounded."""

import json
import tracemalloc
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from synq_cli.bulk.exports import WHOLE, Kind, catalogue, import_rows
from synq_cli.bulk.journal import Row
from synq_cli.bulk.verbs.import_products import ImportProducts
from synq_cli.resources.products.bulk_jobs import COLUMNS
from synq_cli.rows import RowReader, guarded, unguarded

# Mostly what is special in CSV, in spreadsheets and at line ends.
ODD = st.text(st.sampled_from("=+-@'\t\r\n\",; a\x00\x85\u2028\ufeffé")) | st.text()
VALUES = ODD | st.none()
PRODUCTS = st.lists(st.fixed_dictionaries({"title": VALUES}, optional=dict.fromkeys(WHOLE[1:], VALUES)), min_size=1)


def parts_of(file: Path, largest: int) -> list[Row]:
    return list(ImportProducts(cast("Any", None)).read(file, file.name, largest=largest).rows)


@pytest.mark.parametrize("kind", ["csv", "ndjson"])
@given(products=PRODUCTS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_export_is_imported_as_the_same_rows(tmp_path: Path, kind: Kind, products: list[dict[str, Any]]) -> None:
    rows = import_rows(products, WHOLE)
    file = tmp_path / f"catalog.{kind}"
    file.write_bytes(str(catalogue(rows, kind, WHOLE)).encode())
    if not rows:
        return
    reader = RowReader(COLUMNS, file.name)
    with file.open("rb") as opened:
        found = list(reader.records(opened, reader.layout(opened)))
    assert [record.problem for record in found] == [""] * len(found)
    assert [stripped(record.fields) for record in found] == [stripped(row) for row in rows]


def stripped(row: dict[str, str]) -> dict[str, str]:
    return {key: text for key, value in row.items() if (text := value.strip())}


@given(cell=ODD)
def test_guarded_cell_is_not_a_formula_and_can_be_unguarded(cell: str) -> None:
    assert guarded(cell)[:1] not in set("=+-@\t\r")
    assert unguarded(guarded(cell)) == cell


@pytest.mark.parametrize(("ends", "delimiter"), [("\n", ","), ("\r\n", ";"), ("\n\n", "\t")])
def test_each_part_is_read_again_as_it_was_checked(tmp_path: Path, ends: str, delimiter: str) -> None:
    file = tmp_path / "catalog.csv"
    lines = [delimiter.join(["title", "sku", "description"])]
    lines += [delimiter.join([f'"Nr. {n}{ends}two"', f"S{n}", "é" * (n % 7)]) for n in range(50)]
    file.write_bytes(("\ufeff" + ends.join(lines) + ends * 2).encode())
    parts = parts_of(file, 300)
    payloads = [ImportProducts(cast("Any", None)).payload(part.content) for part in parts]
    assert len(parts) > 5
    assert max(map(len, payloads)) <= 300
    rows = [row for payload in payloads for row in json.loads(payload)]
    assert [row["title"] for row in rows] == [f"Nr. {n}{ends}two" for n in range(50)]
    assert sum(part.content["products"] for part in parts) == 50


@pytest.mark.parametrize(("sku", "most"), [("", 20), ("S{}", 100)])
def test_memory_grows_only_by_the_hash_of_each_sku(tmp_path: Path, sku: str, most: int) -> None:
    def peak(count: int) -> int:
        file = tmp_path / f"{count}.csv"
        row = f"Harbour Merino Crewneck,{sku},A long description of a jumper that is knitted from wool,89.50\n"
        file.write_text("title,sku,description,price\n" + "".join(map(row.format, range(count))), encoding="utf-8")
        tracemalloc.start()
        assert sum(part.content["products"] for part in parts_of(file, 100_000)) == count
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    assert peak(2_500) - peak(500) < 2_000 * most
