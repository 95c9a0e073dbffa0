"""JSON and YAML documents: read alike, with their digits, and errors that name the line."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from table import cases

from synq_cli import exact_json
from synq_cli.documents import read_document
from synq_cli.errors import UsageError
from synq_cli.output import machine
from synq_cli.output.streams import Stream

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(st.dictionaries(st.text(), PLAIN, max_size=4))
def test_json_and_yaml_are_read_back_as_they_were_written(value: dict[str, object]) -> None:
    for format_ in ("json", "yaml"):
        written = io.StringIO()
        machine.write_object(Stream(written, {}), format_, value, [])
        assert read_document(written.getvalue(), f"a.{format_}") == value


@pytest.mark.parametrize("text", ["unit_price: 19.90", '{"unit_price": 19.90}', "{unit_price: 19.90}"])
def test_numbers_keep_their_digits(text: str) -> None:
    assert exact_json.dumps(read_document(text, "a.yaml")) == '{"unit_price":19.90}'


@cases(
    ("text", "value"),
    [
        ("no", "no"), ("on", "on"), ("2026-11-25", "2026-11-25"), ("1_000", "1_000"), ("0x10", "0x10"),
        ("0012345678905", "0012345678905"), ("-012", "-012"), (".5", ".5"), ("5.", "5."), ("019.90", "019.90"),
        ("+5", "+5"), ("!!int 7", 7),
        ("1: 30", {"1": 30}), ("1:30", "1:30"), ("~", None), ("TRUE", True), ("'5'", "5"), ("- 5", [5]),
        ("a: -0.5", {"a": exact_json.Number("-0.5")}),
        ("\ufeffa: 1", {"a": 1}), ("7: a", {"7": "a"}), ("1.50: a", {"1.50": "a"}), ("null: a", {"null": "a"}),
        ("on: a", {"on": "a"}),
    ],
)  # fmt: skip
def test_yaml_has_the_types_of_json(text: str, value: object) -> None:
    assert read_document(text, "order.yaml") == value


@cases(
    ("text", "name", "said"),
    [
        ("  \n", "a.json", "a.json is empty."),
        ('{"a": 1,}', "a.json", "a.json is not valid JSON: "),
        ("[1, 2", "-", "standard input is not valid JSON: "),
        ("a: [1", "a.yaml", "a.yaml can't be read: "),
        ("a: b: c", "a.yaml", "in line 1."),
        ("a: !!python/object:os.system x", "a.yaml", "a.yaml can't be read: "),
        ("a: !!bool x", "a.yaml", "a.yaml can't be read: a value is not what its tag says."),
        ("- &a [*a]", "a.yaml", "a.yaml can't be read: found unconstructable recursive node in line 1."),
        ("a: 1\nb: 2\na: 3", "a.yaml", "a.yaml can't be read: a is given twice in line 3."),
        ('{"a": 1, "a": 2}', "a.json", 'a.json is not valid JSON: "a" is given twice.'),
        ("? [a]\n: b", "a.yaml", "a.yaml can't be read: "),
        ("&x {a: *x}", "a.yaml", "a.yaml can't be read: "),
        ("- !!float x", "a.yaml", "a.yaml can't be read: a value is not what its tag says."),
        ("- !!float .5", "a.yaml", "a.yaml can't be read: a value is not what its tag says."),
        ("[" * 100_000, "a.json", "a.json is nested too deeply."),
    ],
)
def test_error_names_the_file_and_the_line(text: str, name: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_document(text, name)
    assert said in caught.value.message
