"""Which events match, and a tail that shows each once and leaves requests to other commands."""

from collections.abc import Iterator
from itertools import chain, islice
from typing import Any

import httpx
import pytest
from desk import Desk, NewDesk
from table import cases

from synq_cli.errors import AuthError, NetworkError
from synq_cli.resources.audit import event_filter

ENTITY = "86b4e1a9-c27d-4f50-9e38-f1a6d07c5b42"
PLACED = {
    "id": "1",
    "action": "ORDER_PLACED",
    "actor_email": "ailsa@fellandfjord.example",
    "entity_type": "ORDER",
    "entity_id": ENTITY,
    "created_at": "2026-11-24T12:00:00Z",
}
AT = 1_795_521_600.0
ANY = event_filter()
FULL = {"X-RateLimit-Limit": "100", "X-RateLimit-Remaining": "99"}


def page(*numbers: int) -> httpx.Response:
    """A reply with the events of these numbers, the highest first."""
    rows = [
        {"id": str(number), "action": "ORDER_PLACED", "created_at": f"2026-11-24T12:0{number // 60}:{number % 60:02}Z"}
        for number in sorted(numbers, reverse=True)
    ]
    return httpx.Response(200, json=rows, headers=FULL)


def tail(
    desk: NewDesk, *replies: httpx.Response | Exception, since: float | None = None
) -> tuple[Iterator[str], list[str], Desk]:
    """The ids that a tail gives, what it tells, and the client; after the replies the API is silent for ever."""
    queue = list(replies)

    def answer(_request: httpx.Request) -> httpx.Response:
        reply = queue.pop(0) if queue else KeyboardInterrupt()
        if isinstance(reply, BaseException):
            raise reply
        return reply

    told: list[str] = []
    made = desk(answer)
    polls = made.api.audit.tail(event_filter(since=since), told.append, since)
    return (row["id"] for rows in polls for row in rows), told, made


@cases(
    ("options", "expected"),
    [
        ({}, True),
        ({"action": "ORDER_PLACED"}, True),
        ({"action": "user_invited, order_placed"}, True),
        ({"action": "ORDER"}, False),
        ({"actor": "ailsa@FELLANDFJORD.example"}, True),
        ({"actor": "Ailsa"}, True),
        ({"actor": "fellandfjord.example"}, False),
        ({"entity": "order"}, True),
        ({"entity": "ord"}, False),
        ({"entity": "86b4e1a9…"}, True),
        ({"entity": "86b4"}, True),
        ({"entity": "86b"}, False),
        ({"since": AT}, True),
        ({"since": AT + 1}, False),
        ({"action": "ORDER_PLACED", "actor": "rory"}, False),
    ],
)
def test_an_event_matches_if_all_fits(options: dict[str, Any], expected: bool) -> None:
    assert event_filter(**options)(PLACED) is expected


def test_event_without_fields_matches_no_filter() -> None:
    empty = {"id": "1", "actor_email": None, "entity_id": "", "created_at": "soon"}
    assert event_filter()(empty)
    for choice in (
        event_filter(actor="ailsa"),
        event_filter(entity="order"),
        event_filter(since=0.0),
        event_filter(action="x"),
    ):
        assert not choice(empty)


def test_the_tail_begins_with_the_last_ten_and_shows_each_event_once(desk: NewDesk) -> None:
    ids, told, _ = tail(desk, page(*range(1, 16)), page(*range(3, 18)), page(*range(3, 18)), page(5, 17, 16, 18))
    assert list(islice(ids, 13)) == [*map(str, range(6, 16)), "16", "17", "18"]
    assert told == []


def test_with_a_time_it_begins_there(desk: NewDesk) -> None:
    ids, told, _ = tail(desk, page(*range(1, 16)), page(16), since=AT + 3)
    assert list(islice(ids, 13)) == [*map(str, range(3, 16))]
    assert told == []


def test_it_says_so_where_the_time_is_out_of_reach(desk: NewDesk) -> None:
    ids, told, _ = tail(desk, page(*range(10, 60)), since=AT)
    assert len(list(islice(ids, 50))) == 50
    assert told == ["The API returns the 50 newest events only: earlier ones may be missing here."]


@cases(
    ("before", "after", "missed"),
    [
        (range(1, 51), range(51, 101), True),
        (range(1, 51), range(50, 100), False),
        ([], range(1, 51), True),
        ([], range(1, 50), False),
        (range(1, 4), range(4, 6), True),
        (range(1, 4), [], False),
    ],
)
def test_it_says_so_when_events_may_have_been_missed(desk: NewDesk, before: Any, after: Any, missed: bool) -> None:
    ids, told, _ = tail(desk, page(*before), page(*after))
    with pytest.raises(KeyboardInterrupt):
        list(ids)
    warning = f"The {len(after)} newest events are all new: earlier ones may be missing here."
    assert told == ([warning] if missed else [])


def test_events_without_an_id_are_told_apart_by_what_they_say(desk: NewDesk) -> None:
    rows = [{"action": "B"}, {"action": "A"}]
    replies = [httpx.Response(200, json=rows), httpx.Response(200, json=[{"action": "C"}, *rows])]
    made = desk(lambda _request: replies.pop(0))
    events = chain.from_iterable(made.api.audit.tail(ANY, lambda _sentence: None))
    assert [row["action"] for row in islice(events, 3)] == ["A", "B", "C"]


@pytest.mark.parametrize(
    ("remaining", "slept"),
    [(99, [5.0]), (33, [5.0]), (30, [6.0]), (24, [15.0]), (21, [60.0]), (20, [60.0, 5.0, 5.0]), (0, [60.0, 5.0, 5.0])],
)
def test_the_fewer_requests_are_left_the_longer_it_waits(desk: NewDesk, remaining: int, slept: list[float]) -> None:
    first = httpx.Response(200, json=[], headers=FULL | {"X-RateLimit-Remaining": str(remaining)})
    ids, _, made = tail(desk, first, page(1))
    assert next(ids) == "1"
    assert made.clock.slept == slept
    reason = "the last 20 requests are left to other commands"
    assert [why for _, why in made.ear.waits] == ([reason] if len(slept) > 1 else [])


def test_other_processes_requests_count_too(desk: NewDesk) -> None:
    ids, _, made = tail(desk, httpx.Response(200, json=[]), page(1))
    for _ in range(75):
        made.budget.record(made.budget.acquire(timeout=1, max_wait=1))
    assert next(ids) == "1"
    assert made.clock.slept == [15.0]  # 24 are left, 4 of them to spare


def test_transient_failure_is_reported_once_and_the_tail_continues(desk: NewDesk) -> None:
    down = [httpx.Response(503, text="down")] * 8
    ids, told, made = tail(desk, page(1), *down, page(1, 2), *down[:4], page(3, 2))
    assert list(islice(ids, 3)) == ["1", "2", "3"]
    assert told == ["The API failed on the audit log: Down. Trying again."] * 2
    assert len(made.ear.lines) == 15


@pytest.mark.parametrize(
    ("replies", "kind"),
    [
        ([httpx.Response(401, text="expired")], AuthError),
        ([page(1), httpx.Response(401, text="expired")], AuthError),
        ([httpx.ConnectError("refused")] * 4, NetworkError),
    ],
)
def test_a_token_that_has_ended_ends_it_and_so_does_a_beginning_that_fails(
    desk: NewDesk, replies: Any, kind: type[Exception]
) -> None:
    ids, told, _ = tail(desk, *replies)
    with pytest.raises(kind):
        list(ids)
    assert told == []


def test_the_catalogues_events_are_brought_in_order(desk: NewDesk) -> None:
    rows = [
        {"id": "a", "created_at": "2026-11-24T12:00:00Z"},
        {"id": "c", "created_at": None},
        {"id": "b", "created_at": "2026-11-24T14:00:00+01:00"},
    ]
    made = desk(lambda _request: httpx.Response(200, json=rows))
    assert [row["id"] for row in made.api.audit.catalogue_events()] == ["b", "a", "c"]
    assert [line.split()[1] for line in made.ear.lines] == ["https://api.synq.io/api/v1/pim/audit"]
