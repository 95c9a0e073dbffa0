import sys

import pytest
from table import cases

from synq_cli import exact_json
from synq_cli.errors import UsageError
from synq_cli.output.filter import Filter


def lines(expression: str, text: str) -> list[str]:
    return list(Filter(expression).lines(exact_json.loads(text)))


@cases(
    ("expression", "text", "printed"),
    [
        (".[].a", '[{"a":"x y"},{"a":null},{"a":true},{"a":[1,{"b":2}]}]', ["x y", "null", "true", '[1,{"b":2}]']),
        (".", '{"é":"🎁"}', ['{"é":"🎁"}']), (".a", '{"a":19.5}', ["19.5"]),
        (".a", '{"a":9007199254740991}', ["9007199254740991"]), ("empty", "1", []),
        (".[0:1] | length", "[1,2]", ["1"]), (".a # first", '{"a":"x"}', ["x"]),
        (".[].id", '[{"id":12345678901234567321},{"id":-12345678901234567322}]',
         ["12345678901234567321", "-12345678901234567322"]),
        (".", '{"a":19.90,"b":[9007199254740993]}', ['{"a":19.90,"b":[9007199254740993]}']),
        ("unique", "[12345678901234567321,12345678901234567322]", ["[12345678901234567321,12345678901234567322]"]),
        ('"\\(.)"', "12345678901234567321", ["12345678901234567321"]),
        ("12345678901234567321", "1", ["12345678901234567321"]), (". + .", '"12345678"', ["1234567812345678"]),
        (". + 1", "9007199254740991", ["9007199254740992"]), (". + 0.2", "0.1", ["0.30000000000000004"]),
    ],
)  # fmt: skip
def test_strings_raw_and_the_rest_compact(expression: str, text: str, printed: list[str]) -> None:
    assert lines(expression, text) == printed


@pytest.mark.parametrize(("expression", "said"), [(".[", "syntax error"), ("nope", "nope/0 is not defined")])
def test_invalid_expression(expression: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        Filter(expression)
    assert caught.value.message.startswith(f'Invalid --jq filter "{expression}": ')
    assert said in caught.value.message
    assert "\n" not in caught.value.message


@pytest.mark.parametrize("expression", [". + 0", "[{a: (. - 1)}]", "floor"])
def test_a_number_that_jq_cannot_compute_exactly_is_an_error(expression: str) -> None:
    with pytest.raises(UsageError) as caught:
        lines(expression, "12345678901234567321")
    assert caught.value.message.endswith(", and whole numbers beyond 2^53 are not exact in jq.")


@pytest.mark.parametrize(
    ("expression", "data", "computed"),
    [
        (".a - .b[0]", '{"a":9007199254740993321,"b":[9007199254740993322]}', "0"),
        ("[.[].n] | add / 2", '[{"n":1,"id":9007199254740993321},{"n":4}]', "2.5"),
    ],
)
def test_a_small_number_that_jq_computed_beside_large_ones_is_an_error(
    expression: str, data: str, computed: str
) -> None:
    with pytest.raises(UsageError) as caught:
        lines(expression, data)
    assert caught.value.message.startswith(f"The --jq filter computed {computed}, ")


@pytest.mark.parametrize(
    ("expression", "data", "shown"),
    [
        (".[-1].n", '[{"n":3,"id":9007199254740993321}]', ["3"]),
        ("length", '[{"n":3,"id":9007199254740993321}]', ["1"]),
        (".n - 1", '{"n":3,"id":"9007199254740993321"}', ["2"]),
        ('.s + "-1"', '{"s":"a","id":9007199254740993321}', ["a-1"]),
    ],
)
def test_what_large_numbers_beside_it_do_not_touch(expression: str, data: str, shown: list[str]) -> None:
    assert lines(expression, data) == shown


def test_filter_that_fails_on_the_data() -> None:
    with pytest.raises(UsageError) as caught:
        lines(".a", "[1]")
    assert caught.value.message.startswith("The --jq filter failed on this data: Cannot index array")
    assert caught.value.hint is not None
    assert "--json" in caught.value.hint


def test_missing_extra_names_the_install_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jq", None)
    with pytest.raises(UsageError) as caught:
        Filter(".")
    assert caught.value.message == "--jq needs the optional extra 'jq', which is not installed."
    assert caught.value.hint == "Install it: pipx inject synq-cli jq, or pip install 'synq-cli[jq]'"
