"""`synq orders watch` and `inventory watch`: on a terminal, in a pipe, with a command for each event."""

import io
import json
import os
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pyte
import pytest
from tenant import ENVIRON, LEITH, LOCATIONS, OTHER, VARIANT

from synq_cli.cli.event_command import EventCommand

ORDER = {
    "id": "8ed7df4a-1d3b-491d-9941-b147ea9d1f87",
    "status": "confirmed",
    "total": 87.0,
    "currency": "GBP",
    "payment_status": "authorized",
    "channel": "high-street",
}
SHIPPED = {**ORDER, "status": "fulfilled"}
OTHERS = {**ORDER, "id": "24ab2b21-3608-4d36-8a5b-5ab9aead148b", "status": "pending_payment", "total": 1250}
HAT = {"sku": "HAT", "variant_id": VARIANT, "location_id": LEITH, "on_hand": 7, "reserved": 1, "available": 6}
MUG = {"sku": "MUG", "variant_id": OTHER, "location_id": LEITH, "on_hand": 2, "reserved": 0, "available": 2}
LIST = {"/api/v1/oms/orders": "orders", "/api/v1/inventory/levels": "levels"}
CANNED = {
    "/api/v1/audit": [],
    "/api/v1/inventory/locations": LOCATIONS,
    "/api/v1/settings/tenant": {"default_low_stock_threshold": 5},
}
PACE = "Looks every 20 s: 1 request."


class Shop(httpx.MockTransport):
    """A tenant whose list is another one at each look, by key or an error; then Ctrl-C is pressed."""

    def __init__(self, *lists: Any) -> None:
        super().__init__(self._answer)
        self.lists = list(lists)
        self.asked: list[str] = []

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.path)
        if request.url.path in CANNED:
            return httpx.Response(200, json=CANNED[request.url.path])
        rows = self.lists.pop(0) if self.lists else KeyboardInterrupt()
        if isinstance(rows, BaseException):
            raise rows
        if isinstance(rows, httpx.Response):
            return rows
        return httpx.Response(200, json={LIST[request.url.path]: rows})


def watched(synq: Any, *line: str, lists: Any, group: str = "orders", **settings: Any) -> Any:
    environ: Mapping[str, str] = ENVIRON | {"COLUMNS": "80"} | settings.pop("environ", {})
    return synq(group, "watch", *line, http=Shop(*lists), environ=environ, **settings)


def events(result: Any) -> list[Any]:
    return [json.loads(line) for line in result.out.splitlines()]


def test_in_a_pipe_each_event_is_a_line_of_json_and_ctrl_c_ends_it_without_a_message(synq: Any) -> None:
    result = watched(synq, lists=[[ORDER], [ORDER], [SHIPPED, OTHERS]])
    assert result.status == 130
    [added, changed] = sorted(events(result), key=lambda event: str(event["event"]))
    assert changed == {
        "event_id": changed["event_id"],
        "event": "changed",
        "at": "2026-11-24T12:00:40Z",
        "type": "order",
        "order_id": ORDER["id"],
        "changes": ["status"],
        "before": ORDER,
        "after": SHIPPED,
    }
    assert (added["event"], added["before"], added["after"]) == ("added", None, OTHERS)
    assert result.err.splitlines() == [
        "Reading all orders: 1 request for each 100.",
        f"Watching 1 order. {PACE}",
        "~95/100 requests left this minute · default",
    ]
    assert synq.slept == [20.0, 20.0, 20.0]


def test_a_terminal_shows_a_table_with_a_line_below_it(synq: Any) -> None:
    result = watched(synq, lists=[[ORDER], [SHIPPED, OTHERS], [SHIPPED, OTHERS]], terminal=True)
    terminal = pyte.HistoryScreen(80, 12)
    terminal.set_mode(pyte.modes.LNM)
    stream = pyte.Stream(terminal)
    stream.feed(result.out[: result.out.rindex("Watching")] + "Watching\n")
    lines = [line.rstrip() for line in terminal.display]
    assert lines[:6] == [
        "Reading all orders: 1 request for each 100.",
        f"Watching 1 order. {PACE}",
        "Time       Event    Order      Status                             Total",
        "12:00:20Z  changed  8ed7df4a…  confirmed → fulfilled              87.00 GBP",
        "12:00:20Z  added    24ab2b21…  pending_payment                    1,250.00 GBP",
        "Watching",
    ]
    assert "Watching 2 orders. Last look at 12:00:40Z. Press Ctrl-C to stop." in result.out


@pytest.mark.parametrize(
    ("line", "kinds"),
    [
        (["--status", "to-ship"], ["gone"]),
        (["--status", "shipped", "--channel", "high-street"], ["added"]),
        (["--min-total", "1000", "--payment-status", "authorized"], ["added"]),
        (["--tag", "gift"], []),
        (["--since", "2d"], []),
    ],
)
def test_the_filters_of_the_list_select_what_is_watched(synq: Any, line: list[str], kinds: list[str]) -> None:
    result = watched(synq, *line, lists=[[ORDER], [SHIPPED, OTHERS]])
    assert [event["event"] for event in events(result)] == kinds


def test_resume_begins_with_what_happened_since_and_other_filters_are_other_watches(synq: Any) -> None:
    watched(synq, "--status", "to-ship", lists=[[ORDER]])
    result = watched(synq, "--status", "confirmed,processing,partially_fulfilled", "--resume", lists=[[SHIPPED]])
    assert [event["event"] for event in events(result)] == ["gone"]
    assert events(watched(synq, "--status", "to-ship", "--resume", lists=[[SHIPPED], [SHIPPED]])) == []
    other = watched(synq, "--status", "shipped", "--resume", lists=[[SHIPPED]])
    assert "Nothing to resume: no earlier watch had these options." in other.err


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ([], [("changed", "HAT", 5), ("changed", "HAT", 4), ("changed", "HAT", 6)]),
        (["--low"], [("added", "HAT", 5), ("gone", "HAT", 6)]),
        (["--threshold", "4"], [("added", "HAT", 4), ("gone", "HAT", 6)]),
    ],
)
def test_low_stock_is_an_event_once_per_crossing(synq: Any, line: list[str], expected: list[Any]) -> None:
    levels = [[{**HAT, "on_hand": units}, MUG] for units in (7, 5, 4, 4, 6)]
    result = watched(synq, *line, lists=levels, group="inventory")
    assert [(each["event"], each["sku"], each["after"]["on_hand"]) for each in events(result)] == expected


def test_a_watch_of_one_sku_reads_it_alone_and_names_its_location(synq: Any) -> None:
    shop = Shop([HAT], [{**HAT, "on_hand": 3, "available": 2}])
    line = ("inventory", "watch", "--sku", VARIANT, "--location", "Leith warehouse")
    result = synq(*line, http=shop, environ=ENVIRON | {"COLUMNS": "80", "TERM": "dumb"}, terminal=True)
    assert result.out == (
        "Time       Event    SKU                   On hand      Location\n"
        "12:00:20Z  changed  HAT                   7 → 3        Leith warehouse\n"
    )
    assert shop.asked.count("/api/v1/inventory/levels") == 3


def test_an_outage_is_waited_out_with_a_note(synq: Any) -> None:
    busy, refused = httpx.Response(429, headers={"Retry-After": "30"}), httpx.ConnectError("refused")
    result = watched(synq, lists=[[ORDER], *[refused] * 4, [SHIPPED], busy, [ORDER]])
    assert [event["event"] for event in events(result)] == ["changed", "changed"]
    assert "Trying again." in result.err
    assert "Waiting 31 s: the API responded with 429 (too many requests)" in result.err


def test_it_ends_with_the_reader_of_its_pipe(synq: Any) -> None:
    reading, writing = os.pipe()

    class Pipe(io.StringIO):
        def fileno(self) -> int:
            return writing

    os.close(reading)
    shop = Shop([ORDER], [ORDER])
    result = synq("orders", "watch", environ=ENVIRON, http=shop, stdout=Pipe())
    os.close(writing)
    assert (result.status, len(shop.lists)) == (0, 1)


def test_each_event_is_given_to_a_command_after_it_is_printed(synq: Any, tmp_path: Path) -> None:
    script = tmp_path / "hook"
    script.write_text(f"cat >> {tmp_path}/given; echo noise; exit 3", encoding="utf-8")
    result = watched(synq, "--exec", f"sh {script}", lists=[[ORDER], [SHIPPED, OTHERS]], environ={"PATH": os.defpath})
    assert (tmp_path / "given").read_text(encoding="utf-8") == result.out
    warnings = [line for line in result.err.splitlines() if line.startswith("Warning")]
    assert warnings == [
        f"Warning: sh failed with status 3: noise. It had event {event['event_id']}." for event in events(result)
    ]


@pytest.mark.skipif(sys.platform == "win32", reason="it has no such pipes")
def test_a_command_that_hangs_is_killed_with_what_it_started(tmp_path: Path) -> None:
    told: list[str] = []
    os.mkfifo(tmp_path / "alive")
    reading = os.open(tmp_path / "alive", os.O_RDONLY | os.O_NONBLOCK)
    line = f"sh -c {shlex.quote(f'sleep 60 > {tmp_path}/alive & wait')}"
    EventCommand(line, {"PATH": os.defpath}, told.append, limit=0.2).run({"event_id": "7-1"})
    assert told == ["sh did not finish within 0.2 seconds. It had event 7-1."]
    os.set_blocking(reading, True)
    assert os.read(reading, 1) == b""  # the end, which comes when nobody can write any more
    os.close(reading)


@pytest.mark.parametrize(
    ("command", "problem"),
    [
        ("nothing-of-this-name --flag", 'Invalid --exec: there is no program "nothing-of-this-name".'),
        ("sh -c 'half", "Invalid --exec: no closing quotation."),
        (" ", 'Invalid --exec: there is no program " ".'),
    ],
)
def test_a_command_that_cannot_be_run_is_refused_before_anything_is_sent(synq: Any, command: str, problem: str) -> None:
    shop = Shop()
    result = synq("orders", "watch", "--exec", command, http=shop, environ=ENVIRON)
    assert (result.status, problem in result.err, shop.asked) == (2, True, [])
