"""The reader of rows: one table of files as people and programs write them, and each command that takes a file."""

import io
import re
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from table import cases

from synq_cli.errors import UsageError
from synq_cli.exact_json import dumps, loads
from synq_cli.excel.reading import read_sheet
from synq_cli.excel.writing import workbook
from synq_cli.rows import Columns, Record, RowReader, copy_as_utf8, read_rows
from synq_cli.rows.column_names import OTHER_NAMES, folded

STOCK = Columns((("sku", "variant_id"), ("delta",)), ("location",))
PARCELS = Columns((("order_id",), ("tracking_number",)), ("carrier", "sku", "quantity"), guess=True)
PRODUCTS = Columns((("title",),), ("sku", "price"), keep_others=True)
CSV = "sku,delta,location\nA-1,-5,Leith\nB 2,+7,\n"
ROWS = [{"sku": "A-1", "delta": "-5", "location": "Leith"}, {"sku": "B 2", "delta": "+7", "location": ""}]
A = {"sku": "A", "delta": "1"}


def read(text: str, columns: Columns | None = STOCK, name: str = "f") -> list[Record]:
    return RowReader(columns, name).read(text)


GOOD = {
    "plain": (CSV, ROWS),
    "byte order mark": ("\ufeff" + CSV, ROWS),
    "CRLF": (CSV.replace("\n", "\r\n"), ROWS),
    "CR": (CSV.replace("\n", "\r"), ROWS),
    "semicolons": (CSV.replace(",", ";"), ROWS),
    "tabs": (CSV.replace(",", "\t"), ROWS),
    "no last line end": (CSV.rstrip("\n"), ROWS),
    "quotes": ('"sku","delta","location"\n"A-1","-5","Leith"\n"B 2","+7",""\n', ROWS),
    "quotes after blanks": ('"sku", "delta", "location"\n"A-1", "-5", "Leith"\n"B 2", "+7", ""\n', ROWS),
    "case and blanks": ("SKU, Delta ,LOCATION\n A-1 , -5 , Leith \nB 2 ,+7,\n", ROWS),
    "blanks for underscores": ("Variant ID,delta\nv,1\n", [{"variant_id": "v", "delta": "1"}]),
    "empty lines and cells": ("sku,delta,,\n\nA,1,,\n,,,\n \nA,1,,,,\n", [A, A]),
    "empty first line and first column": ("\t\t\n\tsku\tdelta\n\tA\t1\n", [A]),
    "quoted line end": ('sku,delta,note\nA,1,"two\nlines"\n', [A]),
    "other columns": ("bin,sku,delta,error_code,error\nB1,A,1,rejected,No\n", [A]),
    "long field": (f"sku,delta,note\nA,1,{'x' * 200_000}\n", [A]),
    "guarded cell": ("sku,delta\nA,'-1\n", [A | {"delta": "-1"}]),
    "NDJSON": ('{"sku":"A-1","delta":-5,"location":"Leith"}\r\n\n{"SKU":"B 2 ","delta":"+7","location":null}\n', ROWS),
    "one line of NDJSON": ('{"sku":"A","delta":1}', [A]),
    "JSON array": ('[{"sku":"A","delta":1},\n {"sku":"A","Delta":"1"}]', [A, A]),
    "YAML array": ("- sku: A\n  delta: 1\n", [A]),
    "line separators inside JSON": ('{"sku":"A\u2028B\x85","delta":1}', [{"sku": "A\u2028B", "delta": "1"}]),
}


@cases("name", GOOD)
def test_file_is_read_however_it_is_written(name: str) -> None:
    text, rows = GOOD[name]
    assert [(record.fields, record.problem) for record in read(text)] == [(row, "") for row in rows]


BAD_FILES = {
    "nothing": (" \n", "f is empty."),
    "header alone": ("sku,delta\n\n,\n", "f has no rows."),
    "empty array": ("[]", "f has no rows."),
    "no header": ("A-1,-5\nA-2,3\n", 'f has no column "sku" or "variant_id".'),
    "missing column": ("sku,amount\nA,1\n", 'f has no column "delta".'),
    "doubled column": ("sku,delta,note,DELTA \nA,1,,2\n", 'f has the column "delta" twice.'),
    "near miss": ("sku,delta,locaton\nA,1,L\n", 'f: unknown column "locaton": did you mean "location"?'),
    "broken header": ('"sku"x,delta\nA,1\n', "The first line of f is not valid CSV"),
    "broken array": ('[{"sku":', "f is not valid JSON"),
    "doubled key in an array": ('[{"sku":"A","sku":"B"}]', 'f is not valid JSON: "sku" is given twice.'),
    "one YAML document": ("---\nsku: A\n", "f is not a list."),
    "doubled key in YAML": ("- sku: A\n  sku: B\n", "f can't be read: sku is given twice in line 2."),
}


@cases("name", BAD_FILES)
def test_file_that_can_not_be_of_the_kind_is_refused(name: str) -> None:
    text, message = BAD_FILES[name]
    with pytest.raises(UsageError) as refused:
        read(text)
    assert refused.value.message.startswith(message)


def test_hint_names_no_column_that_can_not_be_printed() -> None:
    with pytest.raises(UsageError) as refused:
        read("s\0k\0u\0,d\0e\0l\0t\0a\0\n\0")
    assert refused.value.hint == STOCK.hint


BAD_ROWS = {
    "too few fields": ("sku,delta,location\nA,1\n", 2, "expected 3 fields as in the first line, but found 2"),
    "too many fields": ("sku,delta\n\nA,1,,x\n", 3, "expected 2 fields as in the first line, but found 4"),
    "nameless column": ("sku,,delta\nA,x,1\n", 2, "column 2 has a value, but no name in the first line"),
    "broken quotes": ('sku,delta,note\n"A"x,1,\n', 2, "not valid CSV: ',' expected after '\"'"),
    "open quotes": ('sku,delta,note\nA,1,"x\n', 2, "not valid CSV: unexpected end of data"),
    "field beyond reason": (f'sku,delta\n"{"x" * 10_000_001}",1\n', 2, "not valid CSV: field larger than"),
    "no JSON": ('{"sku":"A","delta":1}\n{"sku"\n', 2, "not valid JSON: Expecting ':' delimiter"),
    "not a number": ('{"sku":"A","delta":NaN}\n', 1, "not valid JSON: NaN is not JSON"),
    "no object": ('{"sku":"A","delta":1}\n["A",1]\n', 2, "not a JSON object"),
    "doubled key": ('{"sku":"A","delta":1,"delta":-1}\n', 1, 'not valid JSON: "delta" is given twice'),
    "doubled key in another case": ('{"sku":"A","delta":1,"Delta":-1}\n', 1, '"delta" is given twice'),
    "nested value": ('{"sku":{"a":1},"delta":1}\n', 1, '"sku" must be text or a number'),
    "true as a number": ('{"sku":"A","delta":true}\n', 1, '"delta" must be text or a number'),
    "near miss": ('{"sku":"A","delta":1,"locaton":"L"}\n', 1, 'unknown column "locaton": did you mean "location"?'),
    "half a character": ('{"sku":"\\ud83d","delta":1}\n', 1, '"sku" ends in the middle of a character'),
    "rounded code": ("sku,delta\nA,1\n5.01235E+12,1\n", 3, '"sku" is 5.01235E+12, which a spreadsheet has rounded'),
    "rounded code with a comma": ('sku,delta\n"5,01E+12",1\n', 2, '"sku" is 5,01E+12, which a spreadsheet has rounded'),
    "rounded code in JSON": ('{"sku":"5.01235e+12","delta":1}\n', 1, '"sku" is 5.01235e+12, which a spreadsheet has'),
    "error of a formula": ("sku,delta,location\nA,1,#N/A\n", 2, '"location" is #N/A, an error in the spreadsheet'),
    "deep nesting": ('{"sku":' + "[" * 100_000 + "\n", 1, "nested too deeply"),
    "second item of an array": ('[{"sku":"A","delta":1},7]', 2, "not a JSON object"),
}


@cases("name", BAD_ROWS)
def test_bad_row_is_named_by_its_line(name: str) -> None:
    text, line, problem = BAD_ROWS[name]
    (bad,) = [record for record in read(text) if record.problem]
    assert (bad.line, bad.problem[: len(problem)]) == (line, problem)


def test_ignored_columns_are_named_and_reported_ones_are_not() -> None:
    reader = RowReader(STOCK, "f")
    reader.read("Bin,sku,delta,error_code,error,counted by\nB1,A,3,rejected,No,Ann\n")
    assert reader.remark == "Ignored columns: Bin, counted by."
    for text in ('{"sku":"A","delta":1,"bin":[1]}', '[{"sku":"A","delta":1,"bin":[1]}]'):
        reader = RowReader(STOCK, "f")
        reader.read(text)
        assert list(reader.others) == ["bin"]


@pytest.mark.parametrize(
    ("header", "guessed"),
    [
        ("Order ID,Tracking Number,Carrier", {}),
        ("Order no.;Tracking no.;Courier", {"Order no.": "order_id", "Tracking no.": "tracking_number"}),
        ("ORDER #\tTracking #\tQty", {"ORDER #": "order_id", "Tracking #": "tracking_number", "Qty": "quantity"}),
        ("order-id,tracking-number,carrier-name", {"order-id": "order_id", "tracking-number": "tracking_number"}),
        ("Line: SKU,Name,Customer reference,AWB №", {"Line: SKU": "sku", "AWB №": "tracking_number"}),
    ],
)
def test_other_names_of_columns_are_guessed_where_the_command_allows_it(header: str, guessed: dict[str, str]) -> None:
    reader = RowReader(PARCELS, "f")
    ((row),) = reader.read(header + "\n" + re.sub(r"[^,;\t]+", "1", header) + "\n")
    assert (reader.guessed.items() >= guessed.items(), row.fields["order_id"], row.problem) == (True, "1", "")
    as_json = RowReader(PARCELS, "f")
    assert as_json.read(dumps(dict.fromkeys(re.split("[,;\t]", header), "1")))[0].fields == row.fields
    assert as_json.guessed == reader.guessed
    with pytest.raises(UsageError, match='f has no column "sku"'):
        read("Item SKU,delta\nA,1\n")


def test_of_two_names_for_one_column_none_is_guessed() -> None:
    with pytest.raises(UsageError, match=r'^f: "Tracking no\." and "AWB" may both be the column tracking_number\.$'):
        read("Order,Tracking no.,AWB\n1,2,3\n", PARCELS)
    (bad,) = read('{"Order":"1","Reference":"2","AWB":"3"}', PARCELS)
    assert bad.problem == '"Order" and "Reference" may both be the column order_id'
    reader = RowReader(PARCELS, "f")
    (row,) = reader.read("order_id,Order no.,AWB\n1,2,3\n")
    assert (row.fields, reader.remark) == ({"order_id": "1", "tracking_number": "3"}, "Ignored columns: Order no..")


def test_no_name_is_that_of_two_columns() -> None:
    names = [name for column, others in OTHER_NAMES.items() for name in (folded(column), *others)]
    assert (len(names), [folded(name) for name in names]) == (len(set(names)), names)


def test_rows_that_keep_other_columns_keep_types_and_drop_empty_cells() -> None:
    reader = RowReader(PRODUCTS, "f")
    (row,) = reader.read("Title,SKU,prise,Season\n'=Cap , ,19.90,\n")
    assert row.fields == {"title": "=Cap", "prise": "19.90"}
    assert reader.remark == 'Unknown columns, sent as they are: "prise" (did you mean "price"?).'
    (row,) = read('{"Title":"A ","price":19.90,"tags":["x"]}', PRODUCTS)
    assert dumps(row.fields) == '{"title":"A","price":19.90,"tags":["x"]}'


def test_rows_without_columns_are_any_values() -> None:
    assert [record.fields for record in read('"b"\n{"a":{"b":1},"error":"No"}\n', None)] == [
        "b",
        {"a": {"b": 1}},
    ]
    assert [record.fields for record in read("[1]\n[2]\n", None, "ids.NDJSON")] == [[1], [2]]


@pytest.mark.parametrize(
    "data",
    [
        "title\nČap \u010a\n".encode("utf-16"),
        "\ufefftitle\r\nČap \u010a".encode("utf-16-be"),
        "title\rČap \u010a\r".encode(),
    ],
)
def test_copy_is_utf8_with_line_feeds(data: bytes) -> None:
    copy, reader = io.BytesIO(), RowReader(PRODUCTS, "f")
    copy_as_utf8(io.BytesIO(data), copy)
    copy.seek(0)
    assert [row.fields for row in reader.records(copy, reader.layout(copy))] == [{"title": "Čap \u010a"}]


def archive(*names: str) -> bytes:
    packed = io.BytesIO()
    with ZipFile(packed, "w") as file:
        for name in names:
            file.writestr(name, "sku,delta\r\n")
    return packed.getvalue()


HEADER = ("sku", "delta", "location")
SHEETS: dict[str, tuple[list[tuple[object, ...]], list[dict[str, str]]]] = {
    "text": ([HEADER, ("A-1", "-5", "Leith"), ("B 2", "+7", None)], ROWS),
    "numbers": ([("SKU ", "Delta"), (5012350000000, Decimal(3)), ("0050", -3)],
                [{"sku": "5012350000000", "delta": "3"}, {"sku": "0050", "delta": "-3"}]),
    "all digits of a number": ([HEADER, (999_999_999_999_999, Decimal("19.90"), Decimal("0.1") * 3)],
                               [{"sku": "999999999999999", "delta": "19.9", "location": "0.3"}]),
    "what would be formulas in CSV": ([HEADER, ("=1+1", "-5", "@L"), ("'=1", "+7", "'L")],
                                      [{"sku": "=1+1", "delta": "-5", "location": "@L"},
                                       {"sku": "'=1", "delta": "+7", "location": "'L"}]),
    "empty first rows and column": ([(), (), (None, "sku", "delta"), (), (None, "A", 1)], [A]),
    "a line end, quotes and a delimiter": ([HEADER, ("A", 1, 'two\n"lines"\x1f')], [A | {"location": 'two\n"lines"'}]),
    "one column": ([("sku",), ("A",)], [{"sku": "A"}]),
}  # fmt: skip


@cases("name", SHEETS)
def test_sheet_is_read_as_text(name: str, tmp_path: Path) -> None:
    cells, rows = SHEETS[name]
    columns = Columns((("sku",),), ("delta", "location"))
    file = tmp_path / "counts"
    file.write_bytes(workbook(cells))
    reader = RowReader(columns, "f")
    records = reader.read(read_rows(str(file), io.StringIO()))
    found = [{key: cell.rstrip("\x1f") for key, cell in record.fields.items()} for record in records]
    assert ([record.problem for record in records], found) == ([""] * len(rows), rows)
    assert (records[-1].line, reader.unit) == (len(cells), "row")


def test_dates_and_booleans_of_a_sheet_are_text_in_iso_8601() -> None:
    day = datetime(2026, 11, 29, 7, 5)  # noqa: DTZ001 a sheet's times have no zone
    data = workbook([["a", "b", "c"], [True, day.date(), day]], ["General", "yyyy-mm-dd", "d/m/yy h:mm"])
    assert list(read_sheet(data, "f", None))[1:] == [["true", "2026-11-29", "2026-11-29 07:05:00"]]


CELLS = st.text(st.characters(exclude_characters="\ufffe\uffff", exclude_categories=["Cs"])) | st.sampled_from(
    ["_x0041_", "=1", "a\r\nb", "\x00", " x ", "#N/A", "1E+5", "http://a/", "{=1}"]
)


@given(st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=4))
@settings(max_examples=50)
@example([["=1+1", "'", "\ufeff"]])
def test_text_comes_back_from_a_workbook(rows: list[list[str]]) -> None:
    found = list(read_sheet(workbook(rows), "f", None))
    assert [cells + [""] * (3 - len(cells)) for cells in found] + [[""] * 3] * (len(rows) - len(found)) == rows


@given(st.decimals(-(10**15) + 1, 10**15 - 1, places=3) | st.integers(-(10**15) + 1, 10**15 - 1))
@settings(max_examples=50)
def test_number_of_fifteen_digits_comes_back_from_a_workbook(number: Decimal | int) -> None:
    number = Decimal(f"{number:.15g}") if isinstance(number, Decimal) else number
    ((text,),) = read_sheet(workbook([[number]]), "f", None)
    assert Decimal(text) == number
    assert "E" not in text


def several_sheets() -> bytes:
    import xlsxwriter

    made = io.BytesIO()
    with xlsxwriter.Workbook(made) as book:
        book.add_worksheet("Notes").hide()
        book.add_worksheet("Leith").write_column("A1", ["sku", "L"])
        book.add_chartsheet()
        monday = book.add_worksheet("Mon & Tue #2")
        monday.activate()
        monday.write_row("A1", HEADER)
        monday.write_row("A3", [12345678901234567])
        monday.write_formula("B3", "=1+1", value=2)
        monday.write_formula("C3", '=VLOOKUP("x",A1:B2,\n2)', value="#N/A")
        monday.write_row("A4", ["A"])
        monday.write_formula("B4", "=4-2", value=2)
        monday.write_formula("C4", "=1/0", value="#DIV/0!")
    return made.getvalue()


def test_sheet_is_chosen_by_its_name_and_formulas_by_their_values(tmp_path: Path) -> None:
    file = tmp_path / "counts.xlsx"
    file.write_bytes(several_sheets())
    (row,) = read(read_rows(str(file), io.StringIO()), Columns((("sku",),)))
    assert row.fields == {"sku": "L"}
    first, second = read(read_rows(f"{file}#Mon & Tue #2", io.StringIO()), Columns((("sku",),), ("delta", "location")))
    assert (first.line, first.problem[:34]) == (3, '"sku" is 1.23456789012346E+16, whi')
    assert second.problem == '"location" is #DIV/0!, an error in the spreadsheet: fix its formula'
    with pytest.raises(UsageError) as refused:
        read_rows(f"{file}#Lieth", io.StringIO())
    assert refused.value.message == f'{file} has no sheet "Lieth".'
    assert refused.value.hint == "Did you mean Leith? Sheets: Notes, Leith, Mon & Tue #2."


def test_cell_far_away_is_refused_before_the_sheet_is_read() -> None:
    import xlsxwriter

    made = io.BytesIO()
    with xlsxwriter.Workbook(made) as book:
        sheet = book.add_worksheet()
        sheet.write("A1", "sku")
        sheet.write("XFD1048576", "x")
    with pytest.raises(UsageError, match="too large: its sheet has 1,048,576 rows and 16,384 columns"):
        list(read_sheet(made.getvalue(), "f", None))


DAMAGED: dict[str, Callable[[], bytes]] = {
    "no archive": lambda: b"PK\x03\x04 xl/",
    "no sheets": lambda: archive("xl/workbook.xml"),
    "cut off": lambda: several_sheets()[:-100],
    "date out of range": lambda: workbook([["sku"], [Decimal("-1e30")]], ["yyyy-mm-dd"]),
}


@cases("name", DAMAGED)
def test_damaged_workbook_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="it is damaged"):
        list(read_sheet(DAMAGED[name](), "f", None))


@given(st.lists(st.tuples(st.integers(0, 5_000), st.integers(0, 255)), min_size=1, max_size=4))
@settings(max_examples=50)
def test_any_damage_to_a_workbook_is_refused_or_does_no_harm(changes: list[tuple[int, int]]) -> None:
    data = bytearray(several_sheets())
    for place, byte in changes:
        data[place % len(data)] = byte
    with suppress(UsageError):
        list(read_sheet(bytes(data), "f", "Mon & Tue #2"))


def test_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "python_calamine", None)
    with pytest.raises(UsageError) as refused:
        list(read_sheet(workbook([["sku"]]), "f", None))
    assert refused.value.message == "Excel workbooks need the optional extra 'excel', which is not installed."
    assert "pip install 'synq-cli[excel]'" in refused.value.hint


LINES = {
    ("inventory", "adjust", "--yes", "--file"): "sku,delta,delta\nA,1,2\n",
    ("orders", "create", "--yes", "--file"): '{"channel":"a","channel":"b"}\n{}\n',
    ("products", "import", "--yes"): "title,sku,sku\nA,1,2\n",
    ("products", "jobs", "create", "--type", "import", "--file"): "title,sku,sku\nA,1,2\n",
    ("inventory", "skus", "import"): "sku,variant_id,name,variant_id\nA,1,n,2\n",
}


@cases("line", LINES)
@cases("encoding", ["utf-8-sig", "utf-16"])
def test_each_command_with_a_file_of_rows_uses_it(
    synq: Any, tmp_path: Path, line: tuple[str, ...], encoding: str
) -> None:
    file = tmp_path / "rows.txt"
    file.write_text(LINES[line], encoding=encoding)
    result = synq("--sandbox", *line, str(file))
    assert result.status == 2
    assert " twice" in result.err


@cases("line", LINES)
@cases("way", ["file", "standard input"])
@cases(
    ("content", "kind"),
    [
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\r",
            "an Excel workbook in an old format or with a password.\n  Save it as .xlsx without a password.\n",
        ),
        (archive("counts.csv"), "a ZIP archive, not text.\n  Unpack it, and use the file in it.\n"),
    ],
)
def test_archive_is_recognized_by_its_content(
    synq: Any, tmp_path: Path, line: tuple[str, ...], way: str, content: bytes, kind: str
) -> None:
    file = tmp_path / "rows.csv"
    file.write_bytes(content)
    name, stdin = (str(file), b"") if way == "file" else ("-", content)
    result = synq("--sandbox", *line, name, stdin=stdin)
    shown = name if way == "file" else "standard input"
    assert (result.status, result.out) == (2, "")
    assert f"synq: {shown} is {kind}" in result.err


@cases("line", [line for line in LINES if "orders" not in line])
def test_each_command_with_a_file_of_rows_takes_a_workbook(synq: Any, tmp_path: Path, line: tuple[str, ...]) -> None:
    content = workbook([text.split(",") for text in LINES[line].splitlines()])
    file = tmp_path / "rows.xlsx"
    file.write_bytes(content)
    for name, stdin in ((str(file), b""), (f"{file}#Sheet1", b""), ("-", content)):
        result = synq("--sandbox", *line, name, stdin=stdin)
        assert (result.status, result.out) == (2, "")
        assert " twice" in result.err
    assert list(tmp_path.glob("state/runs/*.input")) == []


def test_a_delete_takes_the_ids_of_a_sheet(synq: Any) -> None:
    rows = [["title", "ID"], ["Smock", "f1f1e283665947eea41b6b6ad352dac2"], ["Scarf", None]]
    line = ("--sandbox", "products", "jobs", "create", "--type", "delete", "--dry-run", "--json", "--file", "-")
    assert "row 2: invalid product id" in synq(*line, stdin=workbook(rows)).err
    planned = loads(synq(*line, stdin=workbook(rows[:2])).out)
    assert planned["body"]["payload"] == ["f1f1e283-6659-47ee-a41b-6b6ad352dac2"]


def test_a_document_can_not_be_a_sheet(synq: Any) -> None:
    line = ("webhooks", "send", "https://a.example/", "--event", "order.created", "--data", "-")
    result = synq("--sandbox", *line, stdin=workbook([["id"], ["web"]]), environ={"SYNQ_WEBHOOK_SECRET": "s"})
    assert (result.status, result.out) == (2, "")
    assert "synq: standard input is an Excel workbook, which can't be used here.\n  Use JSON or YAML.\n" in result.err


def test_file_with_the_mark_of_utf16_that_is_not_leaves_no_copy(synq: Any, tmp_path: Path) -> None:
    file = tmp_path / "catalog.csv"
    file.write_bytes(b"\xff\xfet\x00\x00\xd8x\x00")
    result = synq("--sandbox", "products", "import", str(file))
    assert (result.status, "it is not UTF-16 text" in result.err) == (2, True)
    assert list((tmp_path / "state" / "runs").iterdir()) == []
