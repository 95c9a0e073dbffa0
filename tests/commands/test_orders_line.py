"""`synq orders` from the line to the screen."""

import gc
import io
import json
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from threading import Lock
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

ENVIRON = {"SYNQ_TOKEN": "a.b.c", "SYNQ_BASE_URL": "https://api.test"}
ORDERS = [
    {"id": "86b4e1a9-c27d-4f50-9e38-f1a6d07c5b42", "status": "confirmed", "currency": "GBP", "total": 19.5,
     "channel": "web", "created_at": "2026-11-24T09:00:00Z", "tags": ["gift"], "new_field": {"deep": 1}},
    {"id": "d2f70c5b-8a3e-4619-b7d0-5e9c1f84a26b", "status": "completed", "currency": "GBP", "total": 203,
     "channel": "shop", "created_at": "2026-11-20T12:00:00Z", "tags": None},
    {"id": "17d8b4c9-6e0f-4253-8a7c-d5f23e91b06a", "status": "draft", "currency": "EUR", "total": 1203.05,
     "channel": "web", "created_at": "", "tags": None},
]  # fmt: skip
FOOTER = "87/100 requests left this minute · default\n"


def serving(rows: list[dict[str, Any]]) -> tuple[httpx.MockTransport, list[dict[str, list[str]]]]:
    """The order list with pages, and the query of each request."""
    queries: list[dict[str, list[str]]] = []

    def handle(request: httpx.Request) -> httpx.Response:
        query = parse_qs(request.url.query.decode())
        queries.append(query)
        limit, offset = int(query["limit"][0]), int(query.get("offset", ["0"])[0])
        headers = {"X-RateLimit-Limit": "100", "X-RateLimit-Remaining": "87"}
        return httpx.Response(200, json={"orders": rows[offset : offset + limit], "limit": limit}, headers=headers)

    return httpx.MockTransport(handle), queries


def many(count: int) -> list[dict[str, Any]]:
    return [{"id": f"id-{number:04}", "status": "draft" if number % 5 else "failed"} for number in range(count)]


def test_the_table_of_a_terminal(synq: Any) -> None:
    http, _ = serving(ORDERS)
    result = synq("orders", "list", environ=ENVIRON, http=http, terminal=True)
    assert result.out == (
        "ID                                    Status            Total  Channel  Placed   Tags\n"
        "86b4e1a9-c27d-4f50-9e38-f1a6d07c5b42  confirmed     19.50 GBP  web      3 h ago  gift\n"
        "d2f70c5b-8a3e-4619-b7d0-5e9c1f84a26b  completed    203.00 GBP  shop     4 d ago\n"
        "17d8b4c9-6e0f-4253-8a7c-d5f23e91b06a  draft      1,203.05 EUR  web\n"
    )
    assert result.err == FOOTER


WIDE = """\
ID                                    Status            Total  Channel  Placed   Tags
86b4e1a9-c27d-4f50-9e38-f1a6d07c5b42  confirmed     19.50 GBP  web      3 h ago  gift
d2f70c5b-8a3e-4619-b7d0-5e9c1f84a26b  completed    203.00 GBP  shop     4 d ago
17d8b4c9-6e0f-4253-8a7c-d5f23e91b06a  draft      1,203.05 EUR  web
"""
NARROW = """\
ID         Status            Total  Channel  Placed   Tags
86b4e1a9…  confirmed     19.50 GBP  web      3 h ago  gift
d2f70c5b…  completed    203.00 GBP  shop     4 d ago
17d8b4c9…  draft      1,203.05 EUR  web
"""
SNAPSHOTS = {"200": (WIDE, ""), "60": (NARROW, "Shortened: ID. -o tsv or --json shows all.\n")}


@pytest.mark.parametrize("width", SNAPSHOTS)
def test_the_list_on_a_wide_and_on_a_narrow_terminal(synq: Any, width: str) -> None:
    http, _ = serving(ORDERS)
    shown = synq("orders", "list", environ=ENVIRON | {"COLUMNS": width}, http=http, terminal=True)
    assert (shown.out, shown.err.removesuffix(FOOTER)) == SNAPSHOTS[width]


FORMATS = {
    "tsv": "id\tstatus\ttotal\n86b4e1a9-c27d-4f50-9e38-f1a6d07c5b42\tconfirmed\t19.5\n",
    "csv": "id,status,total\n86b4e1a9-c27d-4f50-9e38-f1a6d07c5b42,confirmed,19.5\n",
    "ndjson": '{"id":"86b4e1a9-c27d-4f50-9e38-f1a6d07c5b42","status":"confirmed","total":19.5}\n',
    "json": '[\n  {\n    "id": "86b4e1a9-c27d-4f50-9e38-f1a6d07c5b42",\n'
    '    "status": "confirmed",\n    "total": 19.5\n  }\n]\n',
    "yaml": "- id: 86b4e1a9-c27d-4f50-9e38-f1a6d07c5b42\n  status: confirmed\n  total: 19.5\n",
    "table": "id                                    status         total\n"
    "86b4e1a9-c27d-4f50-9e38-f1a6d07c5b42  confirmed  19.50 GBP\n",
}


@pytest.mark.parametrize("name", FORMATS)
def test_all_six_formats_take_fields(synq: Any, name: str) -> None:
    http, _ = serving(ORDERS[:1])
    result = synq("orders", "list", "--fields", "id,status,total", "-o", name, environ=ENVIRON, http=http)
    assert (result.status, result.out, result.err) == (0, FORMATS[name], FOOTER)


def test_json_is_what_the_api_gave(synq: Any) -> None:
    text = '{"orders":[{"id":"x","total":19.90,"huge":12345678901234567890,"e":1E5,"new":{"a":null}}]}'
    http = httpx.MockTransport(lambda _request: httpx.Response(200, text=text))
    result = synq("orders", "list", "-o", "ndjson", environ=ENVIRON, http=http)
    assert result.out == '{"id":"x","total":19.90,"huge":12345678901234567890,"e":1E5,"new":{"a":null}}\n'


def test_off_a_terminal_it_is_tsv_with_full_values(synq: Any) -> None:
    http, _ = serving(ORDERS[:1])
    assert synq("orders", "list", "-q", environ=ENVIRON, http=http).out == (
        "id\tstatus\ttotal\tcurrency\tchannel\tpayment_status\tcreated_at\tupdated_at\ttags\n"
        '86b4e1a9-c27d-4f50-9e38-f1a6d07c5b42\tconfirmed\t19.5\tGBP\tweb\t\t2026-11-24T09:00:00Z\t\t["gift"]\n'
    )


def test_no_orders_is_no_failure(synq: Any) -> None:
    http, _ = serving([])
    shown = synq("orders", "list", environ=ENVIRON, http=http, terminal=True)
    assert (shown.status, shown.out, shown.err) == (0, "", f"No orders match.\n{FOOTER}")
    assert synq("orders", "list", "--json", "-q", environ=ENVIRON, http=http).out == "[]\n"


@pytest.mark.parametrize(
    ("line", "ids"),
    [
        (["--status", "open"], ["86b4e1a9", "17d8b4c9"]),
        (["--status", "closed,draft"], ["d2f70c5b", "17d8b4c9"]),
        (["--status", "CONFIRMED"], ["86b4e1a9"]),
        (["--channel", "web"], ["86b4e1a9", "17d8b4c9"]),
        (["--channel", "web", "--status", "unpaid"], ["17d8b4c9"]),
        (["--since", "1d"], ["86b4e1a9"]),
        (["--since", "2026-11-20"], ["86b4e1a9", "d2f70c5b"]),
        (["--status", "failed"], []),
    ],
)
def test_what_the_api_does_not_filter_synq_does(synq: Any, line: list[str], ids: list[str]) -> None:
    http, queries = serving(ORDERS)
    shown = json.loads(synq("orders", "list", *line, "--json", environ=ENVIRON, http=http).out)
    assert [order["id"][:8] for order in shown] == ids
    assert queries == [{"limit": ["100"]}]


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    def use(name: str) -> None:
        monkeypatch.setenv("TZ", name)
        time.tzset()

    yield use
    monkeypatch.undo()
    time.tzset()


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="the time zone of the process can't be changed")
@pytest.mark.parametrize(
    ("name", "since", "shown"),
    [
        ("JST-9", "2026-11-24", "2026-11-24 00:00+09:00"),
        ("EST+5", "2026-11-24T08:30", "2026-11-24 08:30-05:00"),
        ("JST-9", "2026-11-24T00:00Z", "2026-11-24 09:00+09:00"),
    ],
)
def test_a_date_is_local_and_its_zone_is_shown_if_nothing_matches(
    synq: Any, zone: Callable[[str], None], name: str, since: str, shown: str
) -> None:
    zone(name)
    at = datetime.fromisoformat(shown)
    before, after = ({"id": f"id {n}", "created_at": (at + timedelta(seconds=n)).isoformat()} for n in (-1, 0))
    line = ("orders", "list", "--since", since)
    http, _ = serving([before])
    result = synq(*line, environ=ENVIRON, http=http, terminal=True)
    assert (result.out, result.err) == ("", f"No orders match since {shown}.\n{FOOTER}")
    http, _ = serving([after, before])
    assert json.loads(synq(*line, "--json", environ=ENVIRON, http=http).out) == [after]


@pytest.mark.parametrize("line", [["orders", "list"], ["products", "variants", "list"], ["inventory", "levels"],
                                  ["inventory", "ledger"]], ids=" ".join)  # fmt: skip
@pytest.mark.parametrize("both", [["--all", "--limit", "2"], ["--limit", "50", "--all"]], ids=" ".join)
def test_all_and_a_limit_contradict_each_other(synq: Any, line: list[str], both: list[str]) -> None:
    result = synq(*line, *both, environ=ENVIRON)
    assert (result.status, result.err) == (2, "synq: --limit conflicts with --all: give one of them.\n")


def pages_of(count: int, look: Callable[[], int]) -> tuple[httpx.MockTransport, list[int]]:
    """The order list in pages that no object of this process holds, and what `look` saw when each was asked for."""
    seen: list[int] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(look())
        begin = int(parse_qs(request.url.query.decode()).get("offset", ["0"])[0])
        rows = (f'{{"id":"id-{number:04}","tags":["kept?"]}}' for number in range(begin, min(begin + 100, count)))
        return httpx.Response(200, text=f"[{','.join(rows)}]")

    return httpx.MockTransport(handle), seen


@pytest.mark.parametrize("format_", ["ndjson", "json", "yaml", "csv", "tsv"])
def test_a_page_is_printed_before_the_next_is_asked_for(synq: Any, format_: str) -> None:
    out = io.StringIO()
    http, printed = pages_of(250, lambda: out.getvalue().count("id-"))
    result = synq("orders", "list", "--all", "-o", format_, environ=ENVIRON, http=http, stdout=out)
    assert (result.status, result.out.count("id-")) == (0, 250)
    assert sorted(printed)[:3] in ([0, 100, 100], [0, 100, 199])  # pages 2 and 3 are requested together


def test_a_page_that_was_printed_is_not_kept(synq: Any) -> None:
    one_at_a_time = Lock()  # the list of all objects keeps them alive, and another look would count them

    def orders() -> int:
        with one_at_a_time:
            return sum(type(each) is dict and each.get("tags") == ["kept?"] for each in gc.get_objects())

    http, alive = pages_of(2000, orders)
    gc.freeze()  # what was there before is not looked through
    try:
        result = synq("orders", "list", "--all", "-o", "ndjson", environ=ENVIRON, http=http)
    finally:
        gc.unfreeze()
    assert result.out.count("\n") == 2000
    assert len(alive) >= 21
    assert 0 < max(alive) <= 600  # the page that is printed, the one before it, and four requested ahead


def test_pages_are_read_only_until_the_limit_is_met(synq: Any) -> None:
    http, queries = serving(many(450))
    result = synq("orders", "list", "--limit", "30", "--status", "failed", "-o", "tsv", environ=ENVIRON, http=http)
    assert result.out.count("\n") == 31
    assert queries == [{"limit": ["100"]}, {"limit": ["100"], "offset": ["99"]}]
    assert result.err == f"30 shown; more may match. Use --all to read them all (1 request per 100 orders).\n{FOOTER}"


def test_nothing_is_said_where_nothing_was_left_out(synq: Any) -> None:
    http, queries = serving(many(50))
    assert synq("orders", "list", "--limit", "50", environ=ENVIRON, http=http).err == FOOTER
    assert len(queries) == 1


def test_all_reads_to_the_end_with_overlapping_pages(synq: Any) -> None:
    http, queries = serving(many(250))
    result = synq("orders", "list", "--all", "-o", "tsv", "--fields", "id", environ=ENVIRON, http=http)
    assert result.out.split("\n")[1:-1] == [f"id-{number:04}" for number in range(250)]
    assert {query.get("offset", ["0"])[0] for query in queries} - {"297", "396", "495"} == {"0", "99", "198"}
    assert result.err.endswith("/100 requests left this minute · default\n")


def test_ndjson_is_written_while_pages_arrive(synq: Any) -> None:
    rows = many(250)

    def handle(request: httpx.Request) -> httpx.Response:
        offset = int(parse_qs(request.url.query.decode()).get("offset", ["0"])[0])
        if offset:
            raise KeyboardInterrupt
        return httpx.Response(200, json={"orders": rows[:100], "limit": 100})

    result = synq("orders", "list", "--all", "-o", "ndjson", environ=ENVIRON, http=httpx.MockTransport(handle))
    assert (result.status, result.out.count("\n")) == (130, 100)


def test_get_takes_the_first_letters_of_an_order_seen(synq: Any) -> None:
    http, _ = serving(ORDERS)
    synq("orders", "list", environ=ENVIRON, http=http)
    paths = []

    def handle(request: httpx.Request) -> httpx.Response:
        paths.append(request.url.path)
        return httpx.Response(200, json=ORDERS[0])

    result = synq("orders", "get", "86b4e1a9…", environ=ENVIRON, http=httpx.MockTransport(handle), terminal=True)
    assert paths == ["/api/v1/oms/orders/86b4e1a9-c27d-4f50-9e38-f1a6d07c5b42"]
    assert result.out == (
        "ID         86b4e1a9-c27d-4f50-9e38-f1a6d07c5b42\n"
        "Status     confirmed\n"
        "Total      19.50 GBP\n"
        "Currency   GBP\n"
        "Channel    web\n"
        "Tags       gift\n"
        "Placed     2026-11-24 09:00:00 UTC (3 h ago)\n"
        "new_field  deep: 1\n"
    )


def test_hostile_text_stays_text(synq: Any) -> None:
    http, _ = serving([{"id": "1", "status": "\x1b[31m[bold]x", "channel": "a\tb\u202ec"}])
    shown = synq("orders", "list", environ=ENVIRON, http=http, terminal=True)
    assert "\x1b" not in shown.out
    assert "\u202e" not in shown.out
    assert r"\x1b[31m[bold]x" in shown.out


def test_both_headers_go_along_when_known(synq: Any) -> None:
    headers = []

    def handle(request: httpx.Request) -> httpx.Response:
        headers.append({name: request.headers.get(name) for name in ("Authorization", "X-Tenant-ID", "X-Org-ID")})
        return httpx.Response(200, json=[])

    tenant, org = "6f1d2c84-3b7a-4e59-9c10-2a8e5d4b7f31", "b3e8a6d2-91c4-4f0e-8d57-70c1e6f9a245"
    environ = ENVIRON | {"SYNQ_TENANT_ID": tenant, "SYNQ_ORG_ID": org}
    synq("channels", "list", environ=environ, http=httpx.MockTransport(handle))
    synq("channels", "list", environ=ENVIRON, http=httpx.MockTransport(handle))
    assert headers == [
        {"Authorization": "Bearer a.b.c", "X-Tenant-ID": tenant, "X-Org-ID": org},
        {"Authorization": "Bearer a.b.c", "X-Tenant-ID": None, "X-Org-ID": None},
    ]
