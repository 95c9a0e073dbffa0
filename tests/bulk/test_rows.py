"""Files as people and programs write them, and everything that may be wrong with one."""

import pytest

from synq_cli.bulk.files.rows import Table, read_table, refuse, twice
from synq_cli.bulk.runs.journal import Row
from synq_cli.bulk.verbs.adjustments import ADJUSTMENTS
from synq_cli.errors import UsageError

VARIANT = "a1f46e83-0c9d-4b72-95e8-3d7b2c60f41e"
PLAIN = "sku,delta,location\nA-1,-5,Leith\nB 2,+7,\n"


def read(text: str) -> Table:
    return read_table(text, "counts.csv", ADJUSTMENTS)


def said(table: Table) -> list[tuple[object, ...]]:
    return [(row.content["sku"], row.content["delta"], row.content["location"]) for row in table.rows]


@pytest.mark.parametrize(
    "text",
    [
        PLAIN,
        "\ufeff" + PLAIN,
        PLAIN.replace("\n", "\r\n"),
        PLAIN.replace(",", ";"),
        PLAIN.replace(",", "\t"),
        PLAIN.rstrip("\n"),
        '"sku","delta","location"\n"A-1","-5","Leith"\n"B 2","+7",""\n',
        "SKU, Delta ,Location\n A-1 , -5 , Leith \n\nB 2,7,\n,,\n",
        '{"sku": "A-1", "delta": -5, "location": "Leith"}\n{"sku": "B 2", "delta": "+7", "location": null}\n',
        '\ufeff{"SKU":"A-1","delta":-5,"location":"Leith"}\r\n\r\n{"sku":"B 2","delta":7}',
    ],
)
def test_a_file_is_read_however_it_is_written(text: str) -> None:
    table = read(text)
    assert (said(table), table.problems) == ([("A-1", -5, "Leith"), ("B 2", 7, "")], [])


def test_a_variant_id_stands_for_a_sku_and_other_columns_are_named() -> None:
    table = read(f"bin,variant_id,delta,error_code,error,counted by\nB1,{VARIANT.upper()},3,rejected,No,Ann\n")
    assert table.rows[0].content["variant_id"] == VARIANT
    assert table.ignored == ["bin", "counted by"]


def test_lines_are_those_of_the_file_also_behind_a_field_of_several_lines() -> None:
    table = read('sku,delta,note\nA,1,"two\nlines"\n\nB,x,\nC,1\n')
    assert [row.line for row in table.rows] == [2]
    assert [(problem.line, problem.what) for problem in table.problems] == [
        (5, 'invalid quantity "x"'),
        (6, "it has 2 fields, the first line names 3"),
    ]


@pytest.mark.parametrize(
    ("row", "what"),
    [
        (",5,", "it has neither a SKU nor a variant id"),
        ("A,,", "it has no delta"),
        ("A,0,", "a quantity of 0 changes nothing"),
        ("A,1.5,", 'invalid quantity "1.5"'),
        ("A,1e3,", 'invalid quantity "1e3"'),
        ("A,2147483648,", "invalid quantity 2147483648: the API takes at most 2,147,483,647"),
        ("A,٣,", 'invalid quantity "٣"'),
        ('A,"5,', "it is no CSV: unexpected end of data"),
    ],
)
def test_a_wrong_row_is_named_with_what_is_wrong(row: str, what: str) -> None:
    table = read(f"sku,delta,location\nOK,1,\n{row}\n")
    assert [(problem.line, problem.what) for problem in table.problems] == [(3, what)] or (
        "CSV" in what and [problem.what for problem in table.problems] == [what]
    )


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("{'sku': 1}", "it is no JSON"),
        ("[1]", "it is no flat JSON object"),
        ('{"sku": {"a": 1}, "delta": 1}', "it is no flat JSON object"),
        ('{"sku": "A", "delta": true}', "it is no flat JSON object"),
        ('{"sku": "A", "delta": 1.0}', 'invalid quantity "1.0"'),
        (
            '{"sku": "A", "delta": 1, "locaton": "Leith"}',
            "the column locaton means nothing here, and location is missing",
        ),
    ],
)
def test_a_wrong_line_of_ndjson_is_named(line: str, what: str) -> None:
    table = read(f'{{"sku": "OK", "delta": 1}}\n{line}\n')
    assert [(problem.line, problem.what) for problem in table.problems] == [(2, what)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (" \n", "counts.csv is empty."),
        ("sku,delta\n", "counts.csv has no rows."),
        ("sku,amount\nA,1\n", "counts.csv has no column delta."),
        ("A-1,-5\nA-2,3\n", "counts.csv has no column sku or variant_id."),
        ("sku,delta,delta\nA,1,1\n", "counts.csv has the column delta twice."),
        (
            "sku,delta,locations\nA,1,L\n",
            "counts.csv: the column locations means nothing here, and location is missing.",
        ),
    ],
)
def test_a_file_that_can_be_nothing_of_the_kind_is_refused(text: str, message: str) -> None:
    with pytest.raises(UsageError) as refused:
        read(text)
    assert refused.value.message == message


def test_the_same_place_twice_is_a_problem_of_the_second_row() -> None:
    rows = [
        Row(line, {"variant_id": variant, "location_id": place})
        for line, variant, place in [(2, "a", "x"), (3, "a", "y"), (4, "a", "x"), (5, "a", "x")]
    ]
    problems = twice(rows, ADJUSTMENTS)
    assert [problem.line for problem in problems] == [4, 5]
    assert problems[0].what == "it is the same as line 2; add the two up, or take one out"


def test_every_problem_is_listed_by_line() -> None:
    table = read("sku,delta\n" + ",1\n" * 60)
    with pytest.raises(UsageError) as refused:
        refuse("counts.csv", table.problems)
    assert refused.value.message == "counts.csv has 60 problems; nothing was sent."
    assert refused.value.details == [f"line {line}: it has neither a SKU nor a variant id" for line in range(2, 62)]
