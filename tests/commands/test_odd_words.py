"""Words that are easily mistyped: each gets a sentence before anything is sent, and numbers stay what they are."""

import json
from typing import Any

import httpx
import pytest
from table import cases

VARIANT = "a1f46e83-0c9d-4b72-95e8-3d7b2c60f41e"
PLACE = "e07a2f5c-41b8-4d93-8c6e-b9f5d3a1720e"
ENVIRON = {"SYNQ_TOKEN": "a.b.c", "SYNQ_BASE_URL": "https://api.test"}


@cases(
    ("line", "said"),
    [
        (("--wxyz", "orders", "list"), 'Unknown option "--wxyz".\n  See `synq --help`.'),
        (("orders", "list", "--wxyz"), 'Unknown option "--wxyz".\n  See `synq orders list --help`.'),
        (
            ("orders", "list", "--statu", "open"),
            'Unknown option "--statu".\n  Did you mean --status? See `synq orders list --help`.',
        ),
        (
            ("orders", "lst"),
            (
                'Unknown command "synq orders lst".\n'
                "  Did you mean `synq orders list`? Run `synq orders --help` for the list of commands."
            ),
        ),
        (
            ("orders", "list", "extra"),
            'Unexpected argument "extra".\n  See `synq orders list --help`.',
        ),
        (("orders", "get"), "Missing argument ID.\n  See `synq orders get --help`."),
        (
            ("inventory", "adjust", VARIANT, "0"),
            'Invalid quantity "0".\n  Use -5 to remove five, +5 or 5 to add five.',
        ),
        *(
            (
                ("inventory", "adjust", VARIANT, quantity),
                f'Invalid quantity "{quantity}".\n  Use a whole number such as -5, +5 or 5.',
            )
            for quantity in ("5.5", "-5.5", "+5.5", "-5x", "-1e3", "-5-", "five")
        ),
        (("inventory", "adjust", "", "-5"), "The SKU can't be blank."),
        (("inventory", "skus", "add", " ", VARIANT), "A SKU can't be blank."),
        (
            ("inventory", "skus", "add", "A", "a1f46e83"),
            'Invalid variant id "a1f46e83": use a UUID.\n  `synq products variants list` shows the ids.',
        ),
        (
            ("sandbox", "token", "--role", "king"),
            'Invalid value "king" for --role: use ADMIN, EDITOR or VIEWER.\n  See `synq sandbox token --help`.',
        ),
        (
            ("orders", "list", "--channel", "\udcff"),
            "Invalid text '\\udcff': use the encoding of this terminal.",
        ),
        (("--sandbox", "-p", "acme", "limits"), "--sandbox and --profile acme are two tenants: use one of them."),
        (
            ("--sandbox", "--base-url", "https://x.test", "limits"),
            "The embedded sandbox has no base URL.\n  Omit --base-url, or --sandbox.",
        ),
        (
            ("-p", "a b", "limits"),
            (
                'Invalid profile name "a b" from option --profile.\n'
                "  Use 1 to 64 letters, digits, dots, dashes and underscores."
            ),
        ),
        (
            ("orders", "list", "--fields", "id,"),
            (
                'Invalid --fields "id,": a name is empty.\n'
                "  Separate the names with single commas, such as --fields id,status,total."
            ),
        ),
    ],
)
def test_invalid_argument_is_an_error_without_a_request(
    synq: Any, answering: Any, line: tuple[str, ...], said: str
) -> None:
    http, seen = answering()
    result = synq(*line, environ=ENVIRON, http=http)
    assert (result.status, result.out, seen) == (2, "", [])
    assert result.err == f"synq: {said}\n"
    told = json.loads(synq("--json", *line, environ=ENVIRON, http=http).err)["error"]
    sentence, _, hint = said.partition("\n  ")
    assert (told["code"], told["message"], told["hint"]) == ("usage", sentence, hint or None)


def test_two_formats_are_one_too_many(synq: Any) -> None:
    told = json.loads(synq("--json", "-o", "csv", "limits").err)["error"]
    assert told["message"] == "--json conflicts with --output csv: give one of them."


@pytest.mark.parametrize("sku", ["-5", "+5", "5", "-5x"])
def test_a_sku_that_looks_like_a_number_is_kept_as_it_is(synq: Any, sku: str) -> None:
    assert synq("inventory", "skus", "add", sku, VARIANT, environ=ENVIRON).err == f"{sku} is variant {VARIANT}.\n"
    assert json.loads(synq("inventory", "skus", "list", "--json", environ=ENVIRON).out)[0]["sku"] == sku
    assert synq("inventory", "skus", "forget", sku, environ=ENVIRON).err == "Removed 1 SKU.\n"


@pytest.mark.parametrize("line", [("HMC", "-5"), ("--", "HMC", "-5"), ("HMC", "--", "-5"), ("HMC", "\x1d-5 ")])
def test_a_quantity_after_two_dashes_or_blanks_is_the_same(synq: Any, answering: Any, line: tuple[str, ...]) -> None:
    synq("inventory", "skus", "add", "HMC", VARIANT, environ=ENVIRON)
    http, seen = answering(httpx.Response(200, json={"id": "entry"}))
    result = synq("inventory", "adjust", "--location", PLACE, *line, environ=ENVIRON, http=http)
    assert (result.status, json.loads(seen[0].content)["quantity_delta"]) == (0, -5)


@pytest.mark.parametrize(("name", "value"), [("profile", "default"), ("debug", "false"), ("location", "")])
def test_get_takes_every_name_that_list_shows(synq: Any, name: str, value: str) -> None:
    shown = json.loads(synq("config", "list", "--json").out)
    assert name in {row["setting"] for row in shown}
    assert synq("config", "get", name).out == f"{value}\n"


@pytest.mark.parametrize("name", ["profile", "debug"])
def test_set_takes_only_what_a_profile_holds(synq: Any, name: str) -> None:
    assert synq("config", "set", name, "x").err.startswith(f'synq: Unknown setting "{name}".\n')
    assert synq("config", "unset", name).status == 2


def test_bytes_on_standard_input_that_are_no_text(synq: Any) -> None:
    content = b"sku,variant_id\n\xff," + VARIANT.encode() + b"\n"
    result = synq("inventory", "skus", "import", "-", environ=ENVIRON, stdin=content)
    assert (result.status, result.out) == (2, "")
    assert result.err == "synq: standard input can't be read: it is not UTF-8 text.\n  Save it as UTF-8.\n"


def test_an_error_that_quotes_the_token_is_masked(synq: Any) -> None:
    def quote(request: httpx.Request) -> httpx.Response:
        raise ValueError(f"bad header {request.headers['Authorization']}")

    environ = ENVIRON | {"SYNQ_TOKEN": "eyJ.canary.5d1f"}
    for line in (("channels", "list"), ("--debug", "channels", "list"), ("--json", "channels", "list")):
        result = synq(*line, environ=environ, http=httpx.MockTransport(quote))
        assert result.status == 1
        assert "bad header Bearer [token]" in result.err
        assert "canary" not in result.err
        assert ("Traceback" in result.err) == ("--debug" in line)
