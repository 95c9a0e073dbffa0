"""`synq channels create/update` from the line to the screen."""

import json
from typing import Any

import pytest
from table import cases
from tenant import ENVIRON, Tenant

LIST, CREATE = "GET /api/v1/channels", "POST /api/v1/channels"
WEB, SHOP, OTHER = (
    "70b3e8f4-5d1a-4c96-8e27-a2f9c6d0b148",
    "f5a19c27-e8b0-4d63-9a7e-04c8d2b6f371",
    "f5a1ffff-e8b0-4d63-9a7e-04c8d2b6f372",
)
STREET = {"id": SHOP, "name": "high-street", "currency": "GBP", "active": True}
CHANNELS = {"channels": [{"id": WEB, "name": "web-storefront", "currency": "GBP", "active": True}, STREET]}
UPDATE = f"PUT /api/v1/channels/{SHOP}"


def test_a_channel_is_created_with_its_currency_in_capitals(synq: Any) -> None:
    tenant = Tenant({CREATE: {**STREET, "plan": "basic"}})
    line = ("channels", "create", " high-street ", "--currency", "gbp", "-q")
    result = synq(*line, environ=ENVIRON, http=tenant, terminal=True)
    assert tenant.asked == [f'{CREATE} {{"name":"high-street","currency":"GBP","active":true}}']
    assert (result.status, result.err) == (0, "")
    assert result.out == (
        f"ID            {SHOP}\nName          high-street\nCurrency      GBP\nTakes orders  yes\nplan          basic\n"
    )
    inactive = Tenant({CREATE: STREET})
    assert json.loads(synq(*line, "--inactive", "--json", environ=ENVIRON, http=inactive).out) == STREET
    assert inactive.asked == [f'{CREATE} {{"name":"high-street","currency":"GBP","active":false}}']


@cases(
    ("line", "said"),
    [
        (("create", "x"), "Missing option --currency.\n  See `synq channels create --help`."),
        (("create", " ", "--currency", "GBP"), "The name can't be blank."),
        (
            ("create", "x", "--currency", "pounds"),
            'Invalid currency "pounds".\n  Use an ISO 4217 code such as EUR, GBP or USD.',
        ),
        (
            ("update", "x", "--currency", "£"),
            'Invalid currency "£".\n  Use an ISO 4217 code such as EUR, GBP or USD.',
        ),
        (("update", "x", "--name", " "), "The name can't be blank."),
        (("update", " ", "--name", "y"), "The channel can't be blank."),
        (
            ("update", "x"),
            "Nothing to change.\n  Add --name, --currency, --active or --inactive.",
        ),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_sent(synq: Any, line: tuple[str, ...], said: str) -> None:
    result = synq("channels", *line, environ=ENVIRON, http=Tenant({}))
    assert (result.status, result.out, result.err) == (2, "", f"synq: {said}\n")


@pytest.mark.parametrize("word", ["high-street", "HIGH-Street", SHOP, SHOP.upper(), SHOP.replace("-", ""), "f5a1"])
def test_an_update_keeps_what_is_not_named(synq: Any, word: str) -> None:
    tenant = Tenant({LIST: CHANNELS, UPDATE: {**STREET, "currency": "EUR"}})
    line = ("channels", "update", word, "--currency", "eur", "-q")
    result = synq(*line, environ=ENVIRON, http=tenant, terminal=True)
    assert tenant.asked == [LIST, f'{UPDATE} {{"name":"high-street","currency":"EUR","active":true}}']
    assert result.out == (
        f"high-street: currency GBP → EUR\n"
        f"ID            {SHOP}\nName          high-street\nCurrency      EUR\nTakes orders  yes\n"
    )


def test_an_update_that_changes_nothing_sends_nothing(synq: Any) -> None:
    tenant = Tenant({LIST: CHANNELS})
    line = ("channels", "update", "high-street", "--currency", "gbp", "--active", "--json")
    result = synq(*line, environ=ENVIRON, http=tenant)
    assert (result.status, json.loads(result.out), tenant.asked) == (0, STREET, [LIST])
    assert result.err.splitlines()[0] == "No changes: nothing was sent."


def test_a_dry_run_for_people_shows_only_what_changes(synq: Any) -> None:
    line = ("channels", "update", "high-street", "--name", "old-town", "--inactive", "--dry-run", "-q")
    result = synq(*line, environ=ENVIRON, http=Tenant({LIST: CHANNELS}), terminal=True)
    assert result.out.splitlines()[-2:] == ["name high-street → old-town", "active true → false"]
    assert result.out.count("→") == 2


@pytest.mark.parametrize(
    ("word", "status", "said"),
    [
        ("nowhere", 5, 'Unknown channel "nowhere".\n  See `synq channels list`.'),
        ("f5a", 5, 'Unknown channel "f5a".\n  See `synq channels list`.'),
        (WEB, 5, f'Unknown channel "{WEB}".\n  See `synq channels list`.'),
        (
            "market",
            2,
            f'Ambiguous channel "market": 2 match.\n  Use one of: {SHOP}, {OTHER}. See `synq channels list`.',
        ),
        (
            "f5a1…",
            2,
            f'Ambiguous channel "f5a1…": 2 match.\n  Use one of: {SHOP}, {OTHER}. See `synq channels list`.',
        ),
        ("lost", 5, 'The API gives no id for the channel "lost".\n  Use the dashboard for this.'),
    ],
)
def test_a_channel_that_is_not_one_is_not_changed(synq: Any, word: str, status: int, said: str) -> None:
    rows = [{**STREET, "name": "Market"}, {**STREET, "id": OTHER, "name": "MARKET"}, {"name": "lost"}]
    tenant = Tenant({LIST: {"channels": rows}})
    result = synq("channels", "update", word, "--inactive", "-q", environ=ENVIRON, http=tenant)
    assert (result.status, result.out, result.err, tenant.asked) == (status, "", f"synq: {said}\n", [LIST])


def test_a_name_in_its_own_letters_goes_before_one_in_others(synq: Any) -> None:
    rows = [{**STREET, "id": WEB, "name": "Market"}, {**STREET, "name": "market"}]
    tenant = Tenant({LIST: rows, UPDATE: {}})
    assert synq("channels", "update", "market", "--inactive", environ=ENVIRON, http=tenant).status == 0
    assert tenant.asked[1].startswith(UPDATE)


def test_what_the_list_does_not_say_must_be_named(synq: Any) -> None:
    bare = {"id": SHOP, "name": "high-street"}
    tenant = Tenant({LIST: [bare], UPDATE: STREET})
    result = synq("channels", "update", "high-street", "--name", "x", "-q", environ=ENVIRON, http=tenant)
    assert (result.status, result.out, tenant.asked) == (2, "", [LIST])
    assert result.err == (
        "synq: The API does not show the channel's currency and active, which would be lost.\n"
        "  Add --currency --active.\n"
    )
