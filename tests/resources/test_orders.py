"""Which orders are meant, and how they are found among all of them."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from desk import NOW, Desk, NewDesk
from hypothesis import given
from hypothesis import strategies as st
from table import cases

from synq_cli.errors import NotFoundError, SynqError, UsageError
from synq_cli.resources.orders.states import ORDER_STATUSES, STATUS_GROUPS, parse_statuses

CHANNEL = "5a1c9e37-4d8b-4f62-a0e5-7b3d1f9c2846"
ORDER = "86b4e1a9-c27d-4f50-9e38-f1a6d07c5b42"


def rows(*orders: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"id": f"{number:08x}-0000-4000-8000-000000000000"} | order for number, order in enumerate(orders)]


def matched(desk: Desk, **wanted: Any) -> list[Any]:
    wanted = {"statuses": None, "channel": None, "since": None} | wanted
    listing = desk.api.orders.matching(wanted["statuses"], channel=wanted["channel"], since=wanted["since"])
    return [row.get("mark") for row in listing.first(None)]


def serving(*orders: dict[str, Any]) -> Callable[[httpx.Request], httpx.Response]:
    return lambda _request: httpx.Response(200, json={"orders": rows(*orders), "limit": 100, "offset": 0})


@cases("name", STATUS_GROUPS)
def test_a_group_is_the_statuses_in_it(name: str) -> None:
    assert parse_statuses(name) == STATUS_GROUPS[name]


@cases("text", [None, "all", "ALL", "open,all", " all , dead"])
def test_all_is_any(text: str | None) -> None:
    assert parse_statuses(text) is None


@given(
    st.lists(st.sampled_from([name for name in (*ORDER_STATUSES, *STATUS_GROUPS) if name != "refunded"]), min_size=1)
)
def test_commas_blanks_and_case_do_not_matter(names: list[str]) -> None:
    wanted = set().union(*(STATUS_GROUPS.get(name, {name}) for name in names))
    assert parse_statuses(" , ".join(names).upper()) == wanted


@cases(
    ("text", "message", "hint"),
    [
        ("shiped", 'Unknown order status "shiped".', "Did you mean shipped? "),
        ("To Ship", 'Unknown order status "to ship".', "Did you mean to-ship? "),
        ("open,,dead", 'Unknown order status "".', "Groups: all, open, closed, "),
        ("", 'Unknown order status "".', "Groups: all, open, closed, "),
        ("xyzzy", 'Unknown order status "xyzzy".', "Groups: all, open, closed, "),
    ],
)
def test_wrong_status_is_an_error_with_a_hint(text: str, message: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_statuses(text)
    assert caught.value.message == message
    assert str(caught.value.hint).startswith(hint)


@given(st.text())
def test_any_text_is_statuses_or_a_usage_error(text: str) -> None:
    try:
        found = parse_statuses(text)
    except UsageError:
        return
    assert found is None or found <= set(ORDER_STATUSES)


def test_the_status_and_the_channel_must_both_match(desk: NewDesk) -> None:
    made = desk(
        serving(
            {"mark": 1, "status": "confirmed", "channel": "Web"},
            {"mark": 2, "status": "confirmed", "channel": "POS"},
            {"mark": 3, "status": "failed", "channel": "Web"},
            {"mark": 4, "status": "brand_new", "channel": "Web"},
            {"mark": 5},
        )
    )
    assert matched(made) == [1, 2, 3, 4, 5]
    assert matched(made, statuses=frozenset({"confirmed"})) == [1, 2]
    assert matched(made, channel="Web") == [1, 3, 4]
    assert matched(made, statuses=frozenset({"confirmed"}), channel="Web") == [1]


def test_since_counts_the_second_itself_and_reads_any_offset(desk: NewDesk) -> None:
    made = desk(
        serving(
            {"mark": "later", "created_at": "2026-11-24T12:00:01Z"},
            {"mark": "at", "created_at": "2026-11-24T12:00:00Z"},
            {"mark": "offset", "created_at": "2026-11-24T13:00:00+01:00"},
            {"mark": "naive", "created_at": "2026-11-24T12:00:00"},
            {"mark": "before", "created_at": "2026-11-24T11:59:59.999999Z"},
            {"mark": "unknown", "created_at": ""},
            {"mark": "null", "created_at": None},
            {"mark": "none"},
        )
    )
    assert matched(made, since=NOW) == ["later", "at", "offset", "naive"]


@pytest.mark.parametrize(
    "answer", [{"orders": None, "limit": 100}, {"orders": []}, [], None], ids=["null", "wrapped", "bare", "nothing"]
)
def test_no_orders_in_any_dress(desk: NewDesk, answer: object) -> None:
    body = b"null" if answer is None else httpx.Response(200, json=answer).content
    assert matched(desk(lambda _request: httpx.Response(200, content=body))) == []


def test_a_server_that_lowers_the_limit_is_read_to_its_end(desk: NewDesk) -> None:
    every = rows(*({"mark": number} for number in range(25)))
    asked = []

    def serve(request: httpx.Request) -> httpx.Response:
        offset = int(request.url.params.get("offset", 0))
        asked.append((request.url.params["limit"], offset))
        return httpx.Response(200, json={"orders": every[offset : offset + 10], "limit": 10, "offset": offset})

    assert matched(desk(serve)) == list(range(25))
    assert sorted(asked)[:3] == [("100", 0), ("100", 9), ("100", 18)]


@pytest.mark.parametrize(("count", "most", "offsets"), [(70, 50, {0, 49}), (149, 100, {0, 99})])
def test_pages_of_fifty_end_a_list_only_if_longer_ones_came_before(
    desk: NewDesk, count: int, most: int, offsets: set[int]
) -> None:
    every, asked = rows(*({"mark": number} for number in range(count))), set()

    def serve(request: httpx.Request) -> httpx.Response:
        offset = int(request.url.params.get("offset", 0))
        asked.add(offset)
        return httpx.Response(200, json=every[offset : offset + most])

    assert matched(desk(serve)) == list(range(count))
    assert asked - {98, 198} == offsets  # one page may be requested ahead


def test_orders_that_were_shown_are_found_by_their_first_letters(desk: NewDesk) -> None:
    paths = []

    def serve(request: httpx.Request) -> httpx.Response:
        paths.append(request.url.path)
        return httpx.Response(200, json={"id": ORDER} if ORDER in request.url.path else {"orders": [{"id": ORDER}]})

    made = desk(serve)
    with pytest.raises(UsageError, match='Invalid order id "86b4e1a9"'):
        made.api.orders.get("86b4e1a9")
    assert paths == []
    matched(made)
    for text in ("86b4e1a9", "86B4E", "86b4e1a9…", ORDER.upper(), ORDER.replace("-", "")):
        assert made.api.orders.get(text) == {"id": ORDER}
    assert paths[1:] == [f"/api/v1/oms/orders/{ORDER}"] * 5
    with pytest.raises(UsageError):
        made.api.orders.get("86b")


def channels(_request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json={"channels": [{"id": CHANNEL, "name": "Web shop"}]})


@pytest.mark.parametrize("name", [None, "Web shop", "web"])
def test_a_channel_by_its_name_costs_no_request(desk: NewDesk, name: str | None) -> None:
    made = desk(channels)
    assert (made.api.channels.name_of(name), made.api.transport.requests) == (name, 0)


def test_a_channel_by_its_id_is_looked_up(desk: NewDesk) -> None:
    made = desk(channels)
    assert made.api.channels.name_of(CHANNEL) == "Web shop"
    assert made.api.channels.name_of(CHANNEL.upper()) == "Web shop"


def test_an_unknown_channel_id_is_not_found(desk: NewDesk) -> None:
    with pytest.raises(NotFoundError) as caught:
        desk(channels).api.channels.name_of(ORDER)
    assert (caught.value.message, caught.value.hint) == (f'Unknown channel "{ORDER}".', "See `synq channels list`.")
    assert isinstance(caught.value, SynqError)
