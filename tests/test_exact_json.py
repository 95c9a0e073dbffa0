import json
import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from table import cases

from synq_cli.exact_json import Number, dumps, loads

NUMBERS = st.from_regex(r"-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,30})?([eE][-+]?[0-9]{1,3})?", fullmatch=True)
PRINTABLE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text('aé東\\"\n'),
    lambda inner: st.lists(inner) | st.dictionaries(st.text("aé"), inner),
    max_leaves=20,
)
STRINGS = st.text(st.characters(exclude_categories=[]))
ATOMS = st.none() | st.booleans() | st.integers() | STRINGS | NUMBERS.map(loads)
VALUES = st.recursive(ATOMS, lambda inner: st.lists(inner) | st.dictionaries(STRINGS, inner), max_leaves=20)


def written(value: Any) -> Any:
    """The value with each Number as its text, since 19.9 == 19.90 otherwise."""
    if isinstance(value, Number):
        return ("number", value.text)
    if isinstance(value, list):
        return [written(item) for item in value]
    if isinstance(value, dict):
        return {key: written(item) for key, item in value.items()}
    return (type(value), value)


@given(NUMBERS)
def test_a_number_keeps_its_digits(text: str) -> None:
    assert dumps(loads(text)) == text
    assert dumps(loads(f'{{"a":[{text}]}}')) == f'{{"a":[{text}]}}'


@given(VALUES)
def test_written_json_reads_back_here_and_elsewhere(value: Any) -> None:
    text = dumps(value)
    assert written(loads(text)) == written(loads(dumps(value, indented=True))) == written(value)
    assert json.loads(text, parse_float=Decimal) == value
    assert not re.search("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]", text)
    assert text.encode("utf-8").decode("utf-8") == text


def test_a_number_computes_as_a_decimal() -> None:
    total = loads("19.90")
    assert isinstance(total, Number)
    assert (total * 3, total.text) == (Decimal("59.70"), "19.90")


@pytest.mark.parametrize("digits", [4_000, 4_301, 100_000])
def test_a_whole_number_may_have_more_digits_than_python_converts(digits: int) -> None:
    text = "9" * digits
    assert dumps(loads(f"[{text}]")) == f"[{text}]"


def test_whole_numbers_are_ints_of_any_size() -> None:
    assert loads("[1, -5, 123456789012345678901234567890]") == [1, -5, 123456789012345678901234567890]
    assert [type(number) for number in loads("[1, -0]")] == [int, Number]


@cases(
    ("text", "said"),
    [
        ("", "Expecting value"),
        ("{", "Expecting property name"),
        ("NaN", "NaN is not JSON"),
        ("[Infinity]", "Infinity is not JSON"),
        ("[-Infinity]", "-Infinity is not JSON"),
        ("01", "Extra data"),
        ("1.", "Extra data"),
        ("{'a': 1}", "Expecting property name"),
        ("[1] 2", "Extra data"),
        ("\ufeff1", "BOM"),
    ],
)
def test_invalid_json_is_a_value_error(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        loads(text)


def test_characters_are_not_escaped_and_indent_is_two() -> None:
    assert dumps({"a": ["é", "東", Number("1.0")]}) == '{"a":["é","東",1.0]}'
    assert dumps({"a": [Number("1.0")]}, indented=True) == '{\n  "a": [\n    1.0\n  ]\n}'


@given(PRINTABLE)
def test_the_layout_is_the_standard_encoder_s(value: Any) -> None:
    assert dumps(value, indented=True) == json.dumps(value, ensure_ascii=False, indent=2)


def test_control_characters_are_escaped() -> None:
    assert dumps("\x1b\x9b\u202e\ud800\x7f") == r'"\u001b\u009b\u202e\ud800\u007f"'


def test_anything_else_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="set is not JSON"):
        dumps({1, 2})
    with pytest.raises(TypeError, match="Decimal is not JSON"):
        dumps(Decimal("1.5"))
