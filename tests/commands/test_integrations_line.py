"""`synq integrations` from the line to the screen."""

import json
from typing import Any

import httpx
import pytest
from table import cases
from tenant import ENVIRON, Tenant

PLACE = "/api/v1/integrations"
LIST, AUTHORIZE, SAVE = f"GET {PLACE}/connections", f"POST {PLACE}/auth-url", f"POST {PLACE}/callback"
SHOPIFY, XERO = "8f02d6c5-b94e-4a17-83fd-e6b1c0a7d529", "7c633e3c-fe1f-48c4-bb91-2f8462d99287"
CONNECTIONS = {
    "connections": [
        {"id": XERO, "unified_connection_id": "5d3e053c296c1302c619c858", "provider": None, "status": "ACTIVE"},
        {"id": SHOPIFY, "unified_connection_id": "66f3c2a8e19d4b7051d8a0f2", "provider": "shopify", "status": "ACTIVE"},
    ]
}
ADDRESS = "https://api.unified.to/integration/auth?category=commerce&state=6f1d2c84-3b7a-4e59-9c10-2a8e5d4b7f31"
ANSWER = {"auth_url": ADDRESS, "expires_in": 600}
NOTE = "Grant access there, then run: synq integrations save CONNECTION_ID\n"
QUESTION = "Open the URL in the browser? [y/N] "
CONNECT = ("integrations", "connect")


@pytest.mark.parametrize(("typed", "opened"), [("y\n", [ADDRESS]), ("\n", []), ("n\n", [])])
def test_on_a_terminal_the_browser_is_offered(synq: Any, typed: str, opened: list[str]) -> None:
    environ = {**ENVIRON, "COLUMNS": "40"}
    tenant = Tenant({AUTHORIZE: ANSWER})
    result = synq(*CONNECT, environ=environ, http=tenant, terminal=True, stdin=typed)
    assert (result.status, result.out) == (0, f"{ADDRESS}\n")  # in one piece, however narrow the terminal
    assert " ".join(result.err.splitlines()).startswith((NOTE + QUESTION).replace("\n", " "))
    assert (synq.opened, tenant.asked) == (opened, [AUTHORIZE])


def test_browser_that_does_not_open_is_not_an_error(synq: Any) -> None:
    synq.has_browser = False
    result = synq(*CONNECT, environ=ENVIRON, http=Tenant({AUTHORIZE: ANSWER}), terminal=True, stdin="y\n")
    assert (result.status, synq.opened) == (0, [ADDRESS])
    assert "Warning: Could not open a browser: open the URL yourself.\n" in result.err


@pytest.mark.parametrize(
    ("options", "terminal", "out", "err"),
    [
        (["-q"], True, f"{ADDRESS}\n", ""),
        (["-q", "--json"], True, json.dumps(ANSWER, indent=2) + "\n", ""),
        (["--json"], True, json.dumps(ANSWER, indent=2) + "\n", NOTE),
        ([], False, f"auth_url\n{ADDRESS}\n", NOTE),
        (["-o", "table"], False, f"{ADDRESS}\n", NOTE),
    ],
)
def test_nobody_is_asked_in_quiet_off_a_terminal_or_for_a_program(
    synq: Any, options: list[str], terminal: bool, out: str, err: str
) -> None:
    http = Tenant({AUTHORIZE: ANSWER})
    result = synq(*CONNECT, *options, environ=ENVIRON, http=http, terminal=terminal, stdin="y\n")
    assert (result.status, result.out, synq.opened) == (0, out, [])
    assert result.err.partition("~")[0] == err


@pytest.mark.parametrize("address", ["file:///etc/passwd", "javascript:alert(1)", "-x", "", None, 5])
def test_what_is_no_web_address_is_neither_shown_nor_opened(synq: Any, address: Any) -> None:
    http = Tenant({AUTHORIZE: {"auth_url": address}})
    result = synq(*CONNECT, environ=ENVIRON, http=http, terminal=True, stdin="y\n")
    assert (result.status, result.out, synq.opened) == (10, "", [])
    assert "it holds no URL" in result.err


def test_connection_is_saved_with_the_given_category_and_provider(synq: Any) -> None:
    tenant = Tenant({SAVE: httpx.Response(201, json={"status": "success", "message": "Integration secured"})})
    result = synq("integrations", "save", " 66f3c2a8 ", "-q", environ=ENVIRON, http=tenant, terminal=True)
    assert tenant.asked == [f'{SAVE} {{"connection_id":"66f3c2a8","category":"commerce"}}']
    assert (result.status, result.out, result.err) == (0, "Status   success\nMessage  Integration secured\n", "")
    more = ("--category", "ACCOUNTING", "--provider", "Xero", "--json", "-q")
    shown = synq("integrations", "save", "66f3c2a8", *more, environ=ENVIRON, http=tenant)
    assert json.loads(shown.out) == {"status": "success", "message": "Integration secured"}
    assert tenant.asked[1] == f'{SAVE} {{"connection_id":"66f3c2a8","category":"accounting","provider":"xero"}}'


def test_a_connection_that_can_not_be_verified_gets_a_sentence(synq: Any) -> None:
    tenant = Tenant({SAVE: httpx.Response(502, text="unable to verify Unified connection provider\n")})
    result = synq("integrations", "save", "66f3c2a8", "-q", environ=ENVIRON, http=tenant)
    assert (result.status, result.out, len(tenant.asked)) == (10, "", 1)
    assert result.err == (
        "synq: The API responded to the connection with an error (Unable to verify Unified connection provider); "
        "it may have been applied.\n"
        "  Synq could not check 66f3c2a8 with its platform. Check the id. `synq integrations list` shows whether "
        "it is there. Saving it again is safe, but adds another entry to the audit log.\n"
    )


@cases(
    ("line", "said"),
    [
        (("save", " "), "The connection id can't be blank."),
        (
            ("save", "x", "--category", "comerce"),
            (
                'Invalid value "comerce" for --category: use commerce or accounting.\n'
                "  Did you mean commerce? See `synq integrations save --help`."
            ),
        ),
        (("save", "x", "--provider", ""), "The provider can't be blank."),
        (("disconnect", ""), "The connection can't be blank."),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_sent(synq: Any, line: tuple[str, ...], said: str) -> None:
    result = synq("integrations", *line, environ=ENVIRON, http=Tenant({}))
    assert (result.status, result.out, result.err) == (2, "", f"synq: {said}\n")


@pytest.mark.parametrize(
    ("word", "found", "name"),
    [
        ("8f02d6c5", SHOPIFY, f"shopify ({SHOPIFY})"),
        (SHOPIFY.upper(), SHOPIFY, f"shopify ({SHOPIFY})"),
        ("5d3e053c296c1302c619c858", XERO, f"the platform ({XERO})"),
    ],
)
def test_what_is_disconnected_is_shown_first(synq: Any, word: str, found: str, name: str) -> None:
    tenant = Tenant({LIST: CONNECTIONS, f"DELETE {PLACE}/connections/{found}": httpx.Response(204)})
    line = ("integrations", "disconnect", word)
    result = synq(*line, environ=ENVIRON, http=tenant, terminal=True, stdin="y\n")
    assert (result.status, result.out) == (0, "")
    assert result.err.startswith(f"Disconnect {name}? Orders that were imported stay. [y/N] Disconnected {name}.\n")
    assert tenant.asked == [LIST, f"DELETE {PLACE}/connections/{found}"]


def test_the_first_letters_of_the_platforms_own_id_are_not_enough(synq: Any) -> None:
    tenant = Tenant({LIST: CONNECTIONS})
    result = synq("integrations", "disconnect", "5d3e", "--yes", "-q", environ=ENVIRON, http=tenant)
    assert (result.status, tenant.asked) == (5, [LIST])
    assert result.err == 'synq: Unknown connection "5d3e".\n  See `synq integrations list`.\n'


PRODUCT = "f1f1e283-6659-47ee-a41b-6b6ad352dac2"
PUSH = "POST /unified/sync/push/product"


@pytest.mark.parametrize("group", ["integrations", "products"])
def test_a_product_is_pushed_from_either_noun(synq: Any, group: str) -> None:
    queued = Tenant({PUSH: httpx.Response(202, json={"status": "queued"})})
    result = synq(group, "push", PRODUCT, "--json", "-q", environ=ENVIRON, http=queued)
    assert (result.status, json.loads(result.out)) == (0, {"status": "queued"})
    assert queued.asked == [f'{PUSH} {{"productId":"{PRODUCT}","action":"UPSERT"}}']
    shown = Tenant({f"GET /api/v1/pim/products/{PRODUCT}": {"id": PRODUCT, "title": "Cap"}})
    asked = synq(group, "push", PRODUCT, "--action", "Delete", "-q", environ=ENVIRON, http=shown)
    assert (asked.status, asked.out, len(shown.asked)) == (11, "", 1)
    assert "Delete Cap" in asked.err
