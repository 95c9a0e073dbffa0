"""Rows from JSON, YAML and NDJSON, and what is said of a file that holds none."""

import pytest

from synq_cli.documents import read_document, read_rows
from synq_cli.errors import UsageError
from synq_cli.exact_json import Number, dumps


@pytest.mark.parametrize(
    ("text", "name", "rows"),
    [
        ('[{"a": 1}, "b"]', "-", [{"a": 1}, "b"]),
        ("- a: 1\n- b\n", "rows.yaml", [{"a": 1}, "b"]),
        ('{"a": 1}\n\n{"a": 2}\n', "-", [{"a": 1}, {"a": 2}]),
        ('"b"\n"c"\n', "rows.txt", ["b", "c"]),
        ("[1]\n[2]\n", "rows.ndjson", [[1], [2]]),
        ('"a\u2028b"\n"c\x85"', "-", ["a\u2028b", "c\x85"]),
        ('\ufeff{"a": 1}\r\n', "rows.jsonl", [{"a": 1}]),
        ("", "rows.ndjson", []),
    ],
)
def test_rows_are_read_whatever_form_they_have(text: str, name: str, rows: list[object]) -> None:
    assert read_rows(text, name) == rows


def test_numbers_keep_their_digits_in_each_line() -> None:
    (row,) = read_rows('{"price": 19.90}', "-")
    assert isinstance(row["price"], Number)
    assert dumps(row) == '{"price":19.90}'


@pytest.mark.parametrize(
    ("text", "name", "sentence"),
    [
        ("a: 1", "rows.yaml", "rows.yaml holds no list."),
        ("7", "-", "standard input holds no list."),
        ('{"a": 1}\n{"a"\n', "-", "standard input is not JSON in line 2: "),
        ("[1]\nx\n", "rows.ndjson", "rows.ndjson is not JSON in line 2: "),
        ("", "rows.json", "rows.json is empty."),
    ],
)
def test_what_holds_no_rows_is_told(text: str, name: str, sentence: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_rows(text, name)
    assert caught.value.message.startswith(sentence)


@pytest.mark.parametrize("text", ["? [a]\n: b", "- &x [*x]", "&x {a: *x}"])
def test_yaml_that_json_can_not_say_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        read_document(text, "rows.yaml")


@pytest.mark.parametrize(("text", "field"), [("7: a", "7"), ("1.50: a", "1.50"), ("null: a", "null"), ("on: a", "on")])
def test_the_name_of_a_field_is_its_text(text: str, field: str) -> None:
    assert read_document(text, "rows.yaml") == {field: "a"}
