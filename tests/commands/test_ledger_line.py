"""`synq inventory ledger` and `synq inventory levels --low`: filters on the line, pages on the wire."""

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from tenant import ENVIRON, INVENTORY, LEITH, LOCATIONS, OTHER, SHOP, VARIANT, Tenant

HOUR = 3600
NOW = 1_795_521_600


def entry(number: int, **fields: Any) -> dict[str, Any]:
    """One of a ledger with an entry an hour, newest first."""
    return {
        "id": f"{number:08}-c7b0-4e52-9b4f-0e3d5a82c7f1",
        "variant_id": VARIANT,
        "location_id": LEITH,
        "quantity_delta": number - 2,
        "transaction_type": "adjustment",
        "created_at": datetime.fromtimestamp(NOW - number * HOUR, UTC).isoformat(),
    } | fields


class Paged(httpx.MockTransport):
    """Serves rows in pages and ignores every other filter, as a server may."""

    def __init__(self, key: str, rows: list[dict[str, Any]], **others: Any) -> None:
        super().__init__(self._answer)
        self._key, self._rows, self._others = key, rows, others
        self.asked: list[str] = []

    def _answer(self, request: httpx.Request) -> httpx.Response:
        noun = request.url.path.rpartition("/")[2]
        self.asked.append(f"{noun}?{request.url.params}" if request.url.params else noun)
        if noun in self._others:
            return httpx.Response(200, json=self._others[noun])
        query = parse_qs(urlsplit(str(request.url)).query)
        limit, offset = int(query["limit"][0]), int(query.get("offset", ["0"])[0])
        return httpx.Response(200, json={self._key: self._rows[offset : offset + limit], "limit": limit})


def ledger(synq: Any, server: Paged, *line: str) -> list[int]:
    result = synq("inventory", "ledger", *line, "--json", environ=ENVIRON, http=server)
    assert result.status == 0
    return [int(row["id"][:8]) for row in json.loads(result.out)]


def test_a_ledger_that_goes_on_for_ever_is_read_only_back_to_since(synq: Any) -> None:
    server = Paged("entries", [entry(number) for number in range(1000)])
    assert ledger(synq, server, "--since", "5h", "--all") == [0, 1, 2, 3, 4, 5]
    assert server.asked == ["ledger?limit=100"]


def test_an_entry_without_a_time_is_not_since_and_ends_nothing(synq: Any) -> None:
    rows = [entry(0), entry(1, created_at=""), entry(2, created_at=None), entry(3), entry(9), entry(4)]
    assert ledger(synq, Paged("entries", rows), "--since", "4h") == [0, 3]


def test_filters_are_sent_and_held_against_what_comes(synq: Any) -> None:
    synq("inventory", "skus", "add", "HMC-NVY-M", VARIANT, environ=ENVIRON)
    rows = [
        entry(0),
        entry(1, variant_id=OTHER),
        entry(2, location_id=SHOP),
        entry(3, transaction_type="sale"),
        entry(4, variant_id=VARIANT.upper(), transaction_type="ADJUSTMENT"),
    ]
    server = Paged("entries", rows, locations=LOCATIONS)
    line = ("--sku", "HMC-NVY-M", "--location", "leith warehouse", "--type", "Adjustment")
    assert ledger(synq, server, *line) == [0, 4]
    assert server.asked == ["locations", f"ledger?variant_id={VARIANT}&location_id={LEITH}&limit=100"]
    assert ledger(synq, server, "--sku", OTHER) == [1]


def test_note_says_how_many_requests_the_rest_takes(synq: Any) -> None:
    server = Paged("entries", [entry(number) for number in range(150)])
    result = synq("inventory", "ledger", "--limit", "2", "--fields", "quantity_delta", environ=ENVIRON, http=server)
    assert result.out == "quantity_delta\n-2\n-1\n"
    assert (
        result.err.splitlines()[0]
        == "2 shown; more may match. Use --all to read them all (1 request per 100 ledger entries)."
    )


@pytest.mark.parametrize("since", ["yesterday", "5x", "2026-13-01"])
def test_a_since_that_is_no_time_is_refused_before_anything_is_sent(synq: Any, since: str) -> None:
    result = synq("inventory", "ledger", "--since", since, environ=ENVIRON, http=Tenant({}))
    assert (result.status, result.out) == (2, "")
    assert result.err.startswith(f'synq: Invalid time "{since}": use an age')


# Low stock

LEVELS = [
    {"sku": f"SKU-{on_hand}", "variant_id": f"{number:08}-0000-4000-8000-000000000000", "location_id": LEITH,
     "on_hand": on_hand}
    for number, on_hand in enumerate([12, 5, 6, 0, -2, None, "5"])
]  # fmt: skip
SETTINGS = {"tenant": {"default_low_stock_threshold": 5}}


def low(synq: Any, server: Paged, *line: str) -> list[Any]:
    result = synq("inventory", "levels", *line, "--json", "-q", environ=ENVIRON, http=server)
    assert (result.status, result.err) == (0, "")
    return [row["on_hand"] for row in json.loads(result.out)]


def test_low_is_at_or_below_the_tenants_threshold_for_one_request_more(synq: Any) -> None:
    server = Paged("levels", LEVELS, **SETTINGS)
    assert low(synq, server, "--low") == [5, 0, -2]
    assert server.asked == ["tenant", "levels?limit=100"]
    told = synq("inventory", "levels", "--low", environ=ENVIRON, http=server).err.splitlines()
    assert told[0] == "The tenant's low-stock threshold is 5."


@pytest.mark.parametrize("line", [["--threshold", "0"], ["--low", "--threshold", "0"]])
def test_a_threshold_of_ones_own_needs_no_settings(synq: Any, line: list[str]) -> None:
    server = Paged("levels", LEVELS)
    assert low(synq, server, *line) == [0, -2]
    assert server.asked == ["levels?limit=100"]


def test_low_stock_is_looked_for_on_every_page_until_the_limit(synq: Any) -> None:
    rows = [{**LEVELS[0], "variant_id": str(number), "on_hand": number % 90} for number in range(300)]
    server = Paged("levels", rows)
    assert low(synq, server, "--threshold", "3", "--limit", "6") == [0, 1, 2, 3, 0, 1]
    assert server.asked == ["levels?limit=100"]
    server = Paged("levels", rows)
    assert len(low(synq, server, "--threshold", "3", "--all")) == 16
    assert 4 <= len(server.asked) <= 7  # 4 pages, and what was requested ahead


@pytest.mark.parametrize("word", ["-1", "few", "1.5"])
def test_a_threshold_that_is_none_is_refused_before_anything_is_sent(synq: Any, word: str) -> None:
    result = synq("inventory", "levels", "--threshold", word, environ=ENVIRON, http=Tenant({}))
    assert (result.status, result.out) == (2, "")
    assert f'Invalid value "{word}" for --threshold: use a whole number, 0 or more.' in result.err


@pytest.mark.parametrize("reply", [httpx.Response(404, text="tenant settings not found"), {"costing_method": "WAC"}])
def test_a_tenant_without_a_threshold_can_be_given_one(synq: Any, reply: Any) -> None:
    tenant = Tenant({"GET /api/v1/settings/tenant": reply})
    result = synq("inventory", "levels", "--low", "-q", environ=ENVIRON, http=tenant)
    assert (result.status, result.out) == (5, "")
    assert result.err == ("synq: The tenant's settings have no low-stock threshold.\n  Add --threshold N.\n")


def test_levels_of_several_skus_cost_one_request_each(synq: Any) -> None:
    server = Paged("levels", LEVELS)
    assert low(synq, server, "SKU-0", LEVELS[3]["variant_id"].replace("3", "1", 1), "SKU-0", "--sku", "SKU-12") == [
        0,
        5,
        12,
    ]
    assert server.asked == [
        "levels?sku=SKU-0&limit=100",
        f"levels?variant_id={LEVELS[1]['variant_id']}&limit=100",
        "levels?sku=SKU-12&limit=100",
    ]


def test_a_limit_ends_the_levels_of_several_skus(synq: Any) -> None:
    server = Paged("levels", LEVELS)
    line = ("inventory", "levels", "SKU-0", "SKU-6", "SKU-x", "--fields", "sku", "--limit")
    limited = synq(*line, "1", environ=ENVIRON, http=server)
    assert (limited.out, server.asked) == ("sku\nSKU-0\n", ["levels?sku=SKU-0&limit=100"])
    assert limited.err.splitlines()[0] == (
        "1 shown; more may match. Use --all to read them all (at least 1 request per SKU)."
    )
    whole = synq(*line, "3", environ=ENVIRON, http=server)
    assert whole.out == "sku\nSKU-0\nSKU-6\n"
    assert whole.err.splitlines()[0] == "No stock levels match SKU-x. Did you mean SKU-6?"


def test_a_sku_without_matching_levels_is_not_suggested_for_itself(synq: Any) -> None:
    server = Paged("levels", LEVELS)
    result = synq("inventory", "levels", "SKU-6", "--threshold", "5", environ=ENVIRON, http=server)
    assert (result.status, "Did you mean" in result.err) == (0, False)


@pytest.mark.parametrize("line", [("",), ("SKU-0", " "), ("SKU-0", "--sku", "")])
def test_a_blank_sku_does_not_mean_all_stock(synq: Any, line: tuple[str, ...]) -> None:
    result = synq("inventory", "levels", *line, environ=ENVIRON, http=Tenant({}))
    assert (result.status, "blank" in result.err) == (2, True)


def test_levels_of_a_variant_by_its_uuid(synq: Any) -> None:
    server = Paged("levels", LEVELS)
    assert low(synq, server, "--sku", LEVELS[3]["variant_id"]) == [0]
    assert server.asked == [f"levels?variant_id={LEVELS[3]['variant_id']}&limit=100"]


# A SKU that any command has shown


@pytest.mark.parametrize(
    ("line", "replies"),
    [
        (
            ("inventory", "levels", "--sku", "HMC-NVY-M"),
            {
                f"GET {INVENTORY}/levels": {
                    "levels": [{"sku": "HMC-NVY-M", "variant_id": VARIANT, "location_id": LEITH}]
                }
            },
        ),
        (
            ("products", "variants", "list"),
            {"GET /api/v1/pim/variants": {"variants": [{"sku": "HMC-NVY-M", "id": VARIANT}]}},
        ),
        (
            ("inventory", "adjust", "HMC-NVY-M", "1", "--location", LEITH),
            {
                "GET /api/v1/pim/variants": {"variants": [{"sku": "HMC-NVY-M", "id": VARIANT}]},
                f"POST {INVENTORY}/adjust": {"id": "entry"},
            },
        ),
    ],
    ids=["levels", "variants", "adjust"],
)
def test_a_sku_that_was_seen_once_is_adjusted_with_one_request(synq: Any, line: Any, replies: Any) -> None:
    assert synq(*line, environ=ENVIRON, http=Tenant(replies)).status == 0
    tenant = Tenant({f"POST {INVENTORY}/adjust": {"id": "entry"}})
    again = ("inventory", "adjust", "HMC-NVY-M", "-5", "--location", LEITH)
    assert synq(*again, environ=ENVIRON, http=tenant).status == 0
    body = f'{{"variant_id":"{VARIANT}","location_id":"{LEITH}","quantity_delta":-5}}'
    assert tenant.asked == [f"POST {INVENTORY}/adjust {body}"]
