import sys

import pytest
from runner import Runner
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


@cases(
    ("expression", "refused"),
    [
        ("$ENV", "$ENV"), ("$ENV.PATH|@base64", "$ENV"), ('"\\("\\($ENV.PATH)")"', "$ENV"), ("{$ENV}", "$ENV"),
        ("def f: $ENV; f", "$ENV"), ("env", "env"), ("[.[]? | env.PATH]", "env"), ('@sh "\\(env)"', "env"),
        ("def f(g): g; f(env)", "env"), (". as $synq::outside::env | env", "env"), ("try input catch .", "input"),
        ("[inputs]", "inputs"),
        ("input_filename", "input_filename"), ("input_line_number", "input_line_number"),
        ('"secrets" | modulemeta', "modulemeta"), ("get_search_list", "get_search_list"),
        ("get_jq_origin", "get_jq_origin"), ("get_prog_origin", "get_prog_origin"),
        ('import "secrets" as $a; $a', "import"), ('import "secrets" as $a {search: "/"}; $a', "import"),
        (' # text\n include "secrets"; .', "include"), ('module {}; import "secrets" as $a; $a', "module"),
    ],
)  # fmt: skip
def test_a_filter_reaches_nothing_but_its_data(expression: str, refused: str) -> None:
    with pytest.raises(UsageError) as caught:
        Filter(expression)
    assert caught.value.message == (
        f'Invalid --jq filter "{expression}": {refused} reaches outside of the data, and --jq sees nothing else.'
    )


def test_a_filter_that_reaches_outside_is_refused_before_anything_is_sent(synq: Runner) -> None:
    done = synq("--sandbox", "--debug", "orders", "list", "--jq", "$ENV.SYNQ_TOKEN")
    assert (done.status, done.out) == (2, "")
    assert '"Invalid --jq filter \\"$ENV.SYNQ_TOKEN\\": $ENV reaches outside' in done.err
    assert "GET" not in done.err


@cases(
    "expression",
    [
        "$__prog_args", "$ARGS", '. | import "secrets" as $a; $a', '1; import "secrets" as $a; $a',
        ') import "secrets" as $a; $a', '"a\\")" import "secrets" as $a; $a', "1) | env | (1",
        "# \\\n$ENV", "", " # no filter",
    ],
)  # fmt: skip
def test_jq_itself_finds_these_invalid(expression: str) -> None:
    with pytest.raises(UsageError) as caught:
        Filter(expression)
    assert caught.value.message.startswith(f'Invalid --jq filter "{expression}": ')


@cases(
    ("expression", "text", "printed"),
    [
        (".import, .env, .input", '{"import":1,"env":2,"input":3}', ["1", "2", "3"]),
        ("{env, import: .env}", '{"env":2}', ['{"env":2,"import":2}']), (".modules | length", '{"modules":[]}', ["0"]),
        ('"import $ENV \\(.a) env"', '{"a":"("}', ["import $ENV ( env"]), ("def env: .a; env", '{"a":1}', ["1"]),
        (". # $ENV import", "1", ["1"]), (". # more \\", "1", ["1"]), ("def tojson: 1; .", "[2]", ["[2]"]),
        (".include as $env | $env", '{"include":1}', ["1"]),
    ],
)  # fmt: skip
def test_names_like_those_it_may_not_use(expression: str, text: str, printed: list[str]) -> None:
    assert lines(expression, text) == printed


def test_missing_extra_names_the_install_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jq", None)
    with pytest.raises(UsageError) as caught:
        Filter(".")
    assert caught.value.message == "--jq needs the optional extra 'jq', which is not installed."
    assert caught.value.hint == "Install it: pipx inject synq-cli jq, or pip install 'synq-cli[jq]'"
