"""A list that is watched while its rows change: each change once, also after a restart, and few requests."""

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from desk import NOW, Ear
from hypothesis import given
from hypothesis import strategies as st
from table import cases

from synq_cli.errors import AuthError, NetworkError
from synq_cli.resources.shared.pagination import Listing, Page
from synq_cli.resources.watching.source import Source
from synq_cli.resources.watching.watch import Watch
from synq_cli.state.shared_lists import SharedLists
from synq_cli.state.watches import Watches
from synq_cli.times import timestamp

Row = dict[str, Any]
PAGE = 5


class Shop:
    """Orders in pages of five, newest first, and an audit log; a move before each request changes them."""

    def __init__(self, count: int, moves: list[tuple[str, int]] = ()) -> None:  # type: ignore[assignment]
        self.at = NOW
        self.moves = list(moves)
        self.rows: list[Row] = []
        self.audit: list[Row] = []
        self.asked: list[str] = []
        self.fails: list[Exception] = []
        self.remaining = 100
        self.ear = Ear()
        self.reserve = 0
        for _ in range(count):
            self.move("place", 0)

    def move(self, kind: str, number: int) -> None:
        """What others do; `pay` and `drop` happen in the background, which the audit log does not tell."""
        row = self.rows[number % len(self.rows)] if self.rows else {}
        if kind == "place":
            row = {"id": f"o{len(self.audit)}-{len(self.rows)}", "status": "new", "total": number}
            self.rows.insert(0, row)
        elif kind == "drop" and row:
            self.rows.remove(row)
        elif row:
            self.rows[self.rows.index(row)] = row | {"status": "paid" if row["status"] == "new" else "new"}
        if kind in {"place", "audited"} and row:
            self.audit.insert(0, {"id": str(len(self.audit)), "order": row["id"]})

    def ask(self, what: str) -> None:
        self.asked.append(what)
        self.at += 0.1
        if self.fails:
            raise self.fails.pop(0)
        if self.moves:
            self.move(*self.moves.pop(0))

    # What a watch uses of the API.

    def now(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += seconds

    @property
    def budget(self) -> Any:
        window = SimpleNamespace(limit=100, remaining=self.remaining, blocked_for=0.0, frees_in=30.0)
        return SimpleNamespace(snapshot=lambda: window)

    @property
    def observer(self) -> Ear:
        return self.ear

    def send(self, _operation: object) -> list[Row]:
        self.ask("audit")
        return self.audit[:50]

    def page(self, _limit: int, offset: int) -> Page:
        self.ask(f"page {offset}")
        return self.rows[offset : offset + PAGE], PAGE

    def get(self, key: str) -> list[Row]:
        self.ask(key)
        return [row for row in self.rows if row["id"] == key]


def source(shop: Shop, **settings: Any) -> Source:
    given: dict[str, Any] = {
        "noun": "order",
        "kind": "order",
        "what": "orders",
        "read": lambda: Listing(shop.page, key=lambda row: str(row["id"]), matches=lambda _row: True),
        "requests": lambda rows: 1 + max(rows - 1, 0) // (PAGE - 1),
        "key": lambda row: row["id"],
        "part_of": lambda row: row["id"],
        "part_named": lambda event: event["order"],
        "read_part": shop.get,
        "matches": lambda _row: True,
        "ids": {"order_id": "id"},
    }
    return Source(**given | settings)


def watch(shop: Shop, folder: Path, name: str = "all", **settings: Any) -> Watch:
    watches = Watches(folder / "watches.sqlite3", lambda: "acme", shop.now)
    lists = SharedLists(folder / "lists.sqlite3", lambda: "acme", shop.now)
    api: Any = shop
    return Watch(api, source(shop, **settings), name, watches=watches, lists=lists, warn=shop.ear.warn)


@pytest.fixture
def watching(tmp_path: Path) -> Callable[..., Iterator[list[Row]]]:
    """Starts a watch of a shop; all of them record in one file."""

    def start(shop: Shop, *, resume: bool = False, name: str = "all", **settings: Any) -> Iterator[list[Row]]:
        return watch(shop, tmp_path, name, **settings).events(resume=resume)

    return start


def looks(events: Iterator[list[Row]], number: int) -> list[Row]:
    """The events up to the end of so many looks."""
    found: list[Row] = []
    while number:
        event = next(events)
        found += event
        number -= not event
    return found


def short(events: list[Row]) -> list[tuple[str, Any, Any]]:
    return [(each["event"], *((each[side] or {}).get("status") for side in ("before", "after"))) for each in events]


MOVE = st.tuples(st.sampled_from(["place", "audited", "pay", "drop", "none"]), st.integers(0, 40))


@given(
    count=st.integers(0, 14),
    moves=st.lists(MOVE, max_size=60),
    stops=st.lists(st.integers(1, 6), max_size=3),
    paid_only=st.booleans(),
)
def test_the_events_lead_from_what_was_there_to_what_is_there(
    tmp_path_factory: pytest.TempPathFactory,
    count: int,
    moves: list[tuple[str, int]],
    stops: list[int],
    paid_only: bool,
) -> None:
    shop = Shop(count, moves)
    wanted = (lambda row: row["status"] == "paid") if paid_only else lambda _row: True
    folder = tmp_path_factory.mktemp("watch")
    ids: set[str] = set()
    known: dict[str, Row] = {}
    for number, stop in enumerate([*stops, 0]):
        events = watch(shop, folder, matches=wanted).events(resume=number > 0)
        if not number:
            assert looks(events, 1) == []
            stopped = Watches(folder / "watches.sqlite3", lambda: "acme", shop.now).stopped("all")
            known = stopped.rows if stopped else {}
        found = looks(events, stop or 1)
        while shop.moves and not stop:
            found += looks(events, 1)
        for event in found + (looks(events, 12) if not stop else []):
            key, before, after = event["order_id"], event["before"], event["after"]
            assert event["event_id"] not in ids
            ids.add(event["event_id"])
            assert (event["event"] == "added") == (key not in known)
            assert key not in known or known.pop(key) == before
            if event["event"] != "gone":
                known[key] = after
    assert known == {row["id"]: row for row in shop.rows if wanted(row)}
    assert shop.ear.warnings == []


def test_what_the_audit_log_names_is_read_at_once_and_the_rest_with_all_pages(watching: Any) -> None:
    shop = Shop(9)
    events = watching(shop)
    assert looks(events, 1) == []
    assert shop.ear.notes == [
        "Reading all orders: 1 request for each 100.",
        "Watching 9 orders. Looks every 20 s: 1 request; reads all orders (3 requests) every 1 min.",
    ]
    shop.asked.clear()
    shop.move("audited", 8)
    shop.move("pay", 3)
    assert short(looks(events, 1)) == [("changed", "new", "paid")]
    assert shop.asked == ["audit", "o0-0"]
    assert short(looks(events, 2)) == [("changed", "new", "paid")]
    assert shop.asked[2:] == ["audit", "audit", "page 0", "page 4", "page 8"]


def test_several_changes_between_two_looks_are_one_event_and_a_look_that_finds_none_is_silent(watching: Any) -> None:
    shop = Shop(3)
    events = watching(shop)
    looks(events, 1)
    shop.move("place", 1)
    shop.move("audited", 0)
    [event] = looks(events, 3)
    assert {name: event[name] for name in ("event", "type", "order_id", "changes", "before")} == {
        "event": "added", "type": "order", "order_id": "o3-3", "changes": [], "before": None,
    }  # fmt: skip
    shop.move("audited", 0)
    shop.move("audited", 0)
    shop.rows[0] = shop.rows[0] | {"updated_at": "2026-11-24T12:00:00Z"}
    assert looks(events, 3) == []


@cases(
    ("crossings", "units", "expected"),
    [
        (True, [4, 3, 9, 9, 5], [("added", 7, 4), ("gone", 3, 9), ("added", 9, 5)]),
        (False, [4, 3, 3], [("added", 7, 4), ("changed", 4, 3)]),
    ],
)
def test_a_threshold_is_an_event_when_it_is_crossed(
    watching: Any, crossings: bool, units: list[int], expected: list[Any]
) -> None:
    shop = Shop(1)
    shop.rows[0]["total"] = 7
    low = watching(shop, name=str(crossings), crossings=crossings, matches=lambda row: row["total"] <= 5)
    looks(low, 1)
    found = []
    for total in units:
        shop.rows[0] = shop.rows[0] | {"total": total}
        found += looks(low, 1)
    assert [(each["event"], each["before"]["total"], each["after"]["total"]) for each in found] == expected


def test_only_an_event_that_may_not_have_been_printed_is_named_and_never_repeated(watching: Any) -> None:
    shop = Shop(2)
    events = watching(shop)
    looks(events, 1)
    shop.move("pay", 0)
    shop.move("pay", 1)
    [lost] = next(events)  # recorded, and then the process is killed
    resumed = watching(shop, resume=True)
    assert [each["order_id"] for each in looks(resumed, 1)] == [{"o0-0": "o1-1"}.get(lost["order_id"], "o0-0")]
    named = f"order {lost['order_id']} changed (event {lost['event_id']}, {lost['at']})"
    assert shop.ear.warnings == [f"The last run may not have printed its last event: {named}."]
    assert looks(watching(shop, resume=True), 2) == []
    assert len(shop.ear.warnings) == 1


def test_without_an_earlier_watch_there_is_nothing_to_resume(watching: Any) -> None:
    shop = Shop(2)
    assert looks(watching(shop, resume=True), 1) == []
    assert "Nothing to resume: no earlier watch had these options." in shop.ear.notes
    assert looks(watching(shop, name="other", resume=True, matches=lambda _row: False), 1) == []


def test_the_same_watch_in_two_processes_is_recorded_by_the_later_one(watching: Any) -> None:
    shop = Shop(2)
    first, second = watching(shop), watching(shop)
    looks(first, 1)
    looks(second, 1)
    shop.move("pay", 0)
    assert len(looks(first, 1)) == len(looks(second, 1)) == 1
    assert shop.ear.warnings == ["Another synq process watches the same; --resume will resume that one."]


def test_two_watches_share_what_they_read(watching: Any) -> None:
    shop = Shop(9)
    paid = watching(shop, name="paid", matches=lambda row: row["status"] == "paid")
    every = watching(shop)
    looks(every, 1)
    looks(paid, 1)
    assert shop.asked == ["audit", "page 0", "page 4", "page 8"]
    found = []
    for turn in range(6):
        if turn == 1:
            shop.move("pay", 4)
        found += looks(every, 1) + looks(paid, 1)  # each 20 seconds after the other
    assert short(found) == [("changed", "new", "paid"), ("added", "new", "paid")]
    assert (shop.asked.count("audit"), shop.asked.count("page 0")) == (1 + 6, 1 + 2)


def test_without_the_audit_log_the_whole_list_is_read_at_the_slower_pace(watching: Any) -> None:
    shop = Shop(9)
    shop.fails = [AuthError("Forbidden.", status=403)]
    events = watching(shop)
    looks(events, 1)
    assert shop.ear.notes[1] == "Watching 9 orders. Reads all orders every 1 min: 3 requests."
    shop.asked.clear()
    shop.move("audited", 3)
    assert [len(looks(events, 1)) for _ in range(3)] == [0, 0, 1]
    assert shop.asked == ["page 0", "page 4", "page 8"]


def test_a_failure_is_waited_out_and_loses_nothing(watching: Any) -> None:
    shop = Shop(9)
    events = watching(shop)
    looks(events, 1)
    shop.move("audited", 2)
    shop.move("audited", 5)
    shop.fails = [NetworkError("api.test can't be reached.")]
    assert looks(events, 1) == []
    shop.move("audited", 7)
    assert len(looks(events, 1)) == 3
    assert shop.ear.warnings == ["api.test can't be reached. Trying again."]


def test_a_copy_of_the_database_that_lags_behind_changes_nothing(watching: Any) -> None:
    shop = Shop(1)
    events = watching(shop, dated=True)
    old = shop.rows[0] | {"updated_at": timestamp(NOW)}
    shop.rows[0] = old
    looks(events, 1)
    shop.rows[0] = new = old | {"status": "paid", "updated_at": timestamp(NOW + 9)}
    assert short(looks(events, 1)) == [("changed", "new", "paid")]
    shop.rows[0] = old
    assert looks(events, 1) == []
    shop.rows[0] = new
    assert looks(events, 1) == []


def test_fields_that_only_one_of_two_rows_has_are_no_change(watching: Any) -> None:
    shop = Shop(1)
    shop.rows[0] |= {"tags": None, "total": 1}
    events = watching(shop)
    looks(events, 1)
    shop.rows[0] = {"id": shop.rows[0]["id"], "status": "new", "tags": [], "note": "in one route only"}
    assert looks(events, 1) == []
    shop.rows[0] = shop.rows[0] | {"total": 2}
    assert [each["changes"] for each in looks(events, 1)] == [["total"]]


def test_the_fewer_requests_are_left_the_slower_it_looks(watching: Any) -> None:
    shop = Shop(1)
    events = watching(shop)
    looks(events, 1)
    pauses = []
    for remaining in (100, 24, 21):
        shop.remaining = remaining
        began = shop.at
        looks(events, 1)
        pauses.append(round(shop.at - began))
    assert (pauses, shop.reserve) == ([20, 30, 120], 20)
