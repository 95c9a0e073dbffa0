"""-o xlsx: what is typed, what stays text, and what a workbook can't hold."""

import io
import sys
from datetime import datetime
from typing import Any
from zipfile import ZipFile

import pytest

from synq_cli import exact_json
from synq_cli.errors import UsageError
from synq_cli.excel.reading import read_sheet
from synq_cli.excel.writing import workbook, workbook_of
from synq_cli.output import formats
from synq_cli.output.columns import Column
from synq_cli.output.display import Output

COLUMNS = [
    Column("SKU", "sku"), Column("Total", "total", formats.money("currency")), Column("Stock", "on_hand"),
    Column("Made", "made", formats.age), Column("Active", "active"), Column("Tags", "tags"),
]  # fmt: skip
NOON = datetime(2026, 11, 29, 12, 5)  # noqa: DTZ001 a sheet's times have no zone
ROWS = exact_json.loads(
    """[
    {"sku": "=1+1", "total": 19.90, "on_hand": -3, "made": "2026-11-29T13:05:00+01:00", "active": true, "tags": ["a"]},
    {"sku": 5012350000000, "total": "19.90", "on_hand": 12345678901234567890, "made": "soon", "tags": null},
    {"sku": "0050", "total": "free", "on_hand": 1.0000000000000001, "made": "1066-10-14T09:00:00Z", "active": false},
    {"sku": -5, "total": 1e-999, "on_hand": 1e999, "made": "9999-12-31T23:59:59-01:00"}
    ]"""
)


def written(rows: Any, columns: Any = COLUMNS, **settings: Any) -> bytes:
    file = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    output = Output(file, io.StringIO(), environ={}, now=lambda: 0.0, format="xlsx", **settings)
    output.rows(rows, columns)
    return file.buffer.getvalue()  # type: ignore[attr-defined,no-any-return]


def cells(data: bytes) -> list[list[Any]]:
    import python_calamine

    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
    return book.get_sheet_by_index(0).to_python()  # type: ignore[no-any-return]


def test_only_what_loses_nothing_is_typed() -> None:
    assert cells(written(ROWS)) == [
        ["sku", "total", "on_hand", "made", "active", "tags"],
        ["=1+1", 19.9, -3, NOON, True, '["a"]'],
        ["5012350000000", 19.9, "12345678901234567890", "soon", "", ""],
        ["0050", "free", "1.0000000000000001", "1066-10-14T09:00:00Z", False, ""],
        ["-5", "1e-999", "1e999", "9999-12-31T23:59:59-01:00", "", ""],
    ]
    assert cells(written([{"sku": 0.5, "on_hand": 47.5}]))[1] == ["0.5", "", 47.5, "", "", ""]
    row = {"id": 7, "created_at": "2026-11-29T12:05:00Z"}
    assert cells(written([row], fields="id,created_at"))[1] == ["7", NOON]


def test_header_is_frozen_widths_fit_and_formulas_and_links_are_none() -> None:
    data = written([{"sku": "=HYPERLINK(1)", "tags": "https://a.example/" + "x" * 200}, *ROWS])
    with ZipFile(io.BytesIO(data)) as file:
        sheet = file.read("xl/worksheets/sheet1.xml").decode()
        styles = file.read("xl/styles.xml").decode()
    assert '<pane ySplit="1"' in sheet
    assert [sheet.count(word) for word in ("<f>", "<hyperlink")] == [0, 0]
    assert [sheet.count(word) for word in ('width="15.7109375"', 'width="62.7109375"')] == [1, 1]
    for format_ in ("yyyy-mm-dd hh:mm:ss", "#,##0.00"):
        assert f'formatCode="{format_}"' in styles


def test_names_of_sheets_are_the_nearest_that_a_sheet_may_have() -> None:
    import python_calamine

    names = ["A/S Mill", "a-s mill", "", "History", "\x07[Wool]:*?", "'quoted'", "x" * 40, "x" * 32]
    data = workbook_of([(name, [["sku"], [name]]) for name in names])
    assert python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data)).sheet_names == [
        "A-S Mill", "a-s mill 2", "-", "History 2", "--Wool----", "quoted", "x" * 31, "x" * 29 + " 2",
    ]  # fmt: skip


def test_one_object_and_an_empty_list_are_workbooks() -> None:
    assert cells(written([])) == [[column.key for column in COLUMNS]]
    file = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    Output(file, io.StringIO(), environ={}, now=lambda: 0.0, format="xlsx").record(ROWS[0], COLUMNS[:2])
    assert cells(file.buffer.getvalue()) == [["sku", "total"], ["=1+1", 19.9]]  # type: ignore[attr-defined]


def test_list_that_fails_halfway_writes_nothing() -> None:
    def rows() -> Any:
        yield ROWS[0]
        raise UsageError("No.")

    file = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    output = Output(file, io.StringIO(), environ={}, now=lambda: 0.0, format="xlsx")
    with pytest.raises(UsageError, match="No"):
        output.rows(rows(), COLUMNS)
    assert file.buffer.getvalue() == b""  # type: ignore[attr-defined]


def test_text_that_a_cell_can_not_hold_is_refused() -> None:
    with pytest.raises(UsageError) as refused:
        written([{"sku": "\U0001f600" * 16_384}])
    assert refused.value.message == (
        "Row 2 has a text of 32,768 characters, but a cell of a workbook holds at most 32,767."
    )
    assert list(read_sheet(workbook([["x" * 32_767, "half \ud83d"]]), "f", None)) == [["x" * 32_767, "half \\ud83d"]]


def test_refused_on_a_terminal_and_for_a_list_without_an_end(screen: Any) -> None:
    with pytest.raises(UsageError) as refused:
        screen(tty=True, format="xlsx")
    assert refused.value.message == "An Excel workbook can't be shown on a terminal."
    assert refused.value.hint.startswith("Redirect it: put `> FILE.xlsx` after the command.")
    with pytest.raises(UsageError, match="without an end"):
        screen(format="xlsx").output.follow(ROWS, COLUMNS)


def test_missing_extra_is_named_before_anything_is_sent(synq: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    for line in (("orders", "list", "-o", "xlsx"), ("products", "export", "--to", "catalog.xlsx")):
        result = synq("--sandbox", *line)
        assert (result.status, result.out) == (2, "")
        assert "synq: Excel workbooks need the optional extra 'excel', which is not installed.\n" in result.err
        assert "requests left" not in result.err
