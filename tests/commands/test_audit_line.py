"""`synq audit` from the line to the screen."""

import io
import json
import os
from typing import Any

import httpx
import pytest
from runner import Result, Runner

ENVIRON = {"SYNQ_TOKEN": "a.b.c", "SYNQ_BASE_URL": "https://api.test"}
EVENTS = [
    {
        "id": "c60e9f4b-1d75-4b38-a2e9-f7d083b5c416",
        "actor_email": "ailsa@fellandfjord.example",
        "action": "TENANT_SETTINGS_UPDATED",
        "entity_type": "TENANT_SETTINGS",
        "entity_id": "e8d4c2b6-07af-4391-95de-3c1b8f60a7d2",
        "details": {"inventory_allocation_model": "SOFT", "auto_po_enabled": True, "default_low_stock_threshold": 5},
        "ip_address": "203.0.113.24",
        "created_at": "2026-11-24T08:00:00Z",
    },
    {
        "id": "3a97e1d8-f0c2-4654-9b8d-05e6c4f1b7a2",
        "actor_email": "system",
        "action": "ORDER_PLACED",
        "entity_type": "ORDER",
        "entity_id": "",
        "details": None,
        "created_at": "2026-11-20T13:37:20Z",
    },
]
WIDE = """\
When     Actor                       Action                   Entity           Entity ID  \
Details                                                                                  Address
4 h ago  ailsa@fellandfjord.example  TENANT_SETTINGS_UPDATED  TENANT_SETTINGS  e8d4c2b6…  \
inventory_allocation_model: SOFT, auto_po_enabled: true, default_low_stock_threshold: 5  203.0.113.24
3 d ago  system                      ORDER_PLACED             ORDER
"""
NARROW = """\
When     Actor                       Action
4 h ago  ailsa@fellandfjord.example  TENANT_SETTINGS_UPDATED
3 d ago  system                      ORDER_PLACED
"""


def listed(synq: Runner, *line: str, rows: Any = EVENTS, **settings: Any) -> Result:
    http = httpx.MockTransport(lambda request: httpx.Response(200, json=rows[request.url.path]))
    rows = {"/api/v1/audit": rows, "/api/v1/pim/audit": EVENTS[1:]} if isinstance(rows, list) else rows
    return synq("audit", "list", *line, environ=ENVIRON | settings.pop("environ", {}), http=http, **settings)


@pytest.mark.parametrize(("columns", "table"), [("200", WIDE), ("60", NARROW)])
def test_the_table(synq: Any, columns: str, table: str) -> None:
    result = listed(synq, environ={"COLUMNS": columns}, terminal=True)
    assert (result.status, result.out) == (0, table)


def test_programs_get_what_the_api_gave(synq: Any) -> None:
    result = listed(synq, "--json", "-q")
    assert (result.status, json.loads(result.out), result.err) == (0, EVENTS, "")


@pytest.mark.parametrize(
    ("options", "ids"),
    [
        (["--action", "order_placed"], ["3a97e1d8-f0c2-4654-9b8d-05e6c4f1b7a2"]),
        (["--actor", "ailsa"], ["c60e9f4b-1d75-4b38-a2e9-f7d083b5c416"]),
        (["--entity", "e8d4c2b6"], ["c60e9f4b-1d75-4b38-a2e9-f7d083b5c416"]),
        (["--since", "2d"], ["c60e9f4b-1d75-4b38-a2e9-f7d083b5c416"]),
        (["--catalogue"], ["3a97e1d8-f0c2-4654-9b8d-05e6c4f1b7a2"]),
        (["--catalogue", "--actor", "ailsa"], []),
    ],
)
def test_the_options_choose(synq: Any, options: list[str], ids: list[str]) -> None:
    assert [row["id"] for row in json.loads(listed(synq, *options, "--json").out)] == ids


def test_it_says_what_was_looked_at(synq: Any) -> None:
    assert listed(synq, "--actor", "rory", terminal=True).err.splitlines()[0] == "No events match."
    full = listed(synq, "--actor", "rory", rows=EVENTS * 25)
    assert full.err.startswith("Searched only the 50 newest events: the API returns no more.\n")
    assert "50 newest" not in listed(synq).err


def then_interrupted(*pages: Any) -> httpx.MockTransport:
    """Replies with these events one after the other, then Ctrl-C."""
    queue = list(pages)

    def answer(_request: httpx.Request) -> httpx.Response:
        if not queue:
            raise KeyboardInterrupt
        return httpx.Response(200, json=queue.pop(0))

    return httpx.MockTransport(answer)


def followed(synq: Runner, *line: str, pages: Any, **settings: Any) -> Result:
    environ = ENVIRON | settings.pop("environ", {})
    return synq("audit", "tail", *line, environ=environ, http=then_interrupted(*pages), **settings)


def test_a_tail_is_lines_on_a_terminal_and_ctrl_c_ends_it_quietly(synq: Any) -> None:
    result = followed(synq, pages=[EVENTS[1:], EVENTS], terminal=True, environ={"COLUMNS": "160"})
    assert result.status == 130
    assert result.out == (
        "Time                  Actor                         Action                   Entity               "
        "Entity ID  Details\n"
        "2026-11-20 13:37:20Z  system                        ORDER_PLACED             ORDER\n"
        "2026-11-24 08:00:00Z  ailsa@fellandfjord.example    TENANT_SETTINGS_UPDATED  TENANT_SETTINGS      "
        "e8d4c2b6…  inventory_allocation_model: SOFT, auto_po_enabled:…\n"
    )
    assert result.err == "~97/100 requests left this minute · default\n"
    assert synq.slept == [5.0, 5.0]


def test_a_narrow_terminal_gets_fewer_columns(synq: Any) -> None:
    result = followed(synq, pages=[EVENTS], terminal=True, environ={"COLUMNS": "60"})
    assert result.out == (
        "Time                  Action\n"
        "2026-11-20 13:37:20Z  ORDER_PLACED\n"
        "2026-11-24 08:00:00Z  TENANT_SETTINGS_UPDATED\n"
    )  # fmt: skip


@pytest.mark.parametrize("line", [["-o", "ndjson"], ["--json"]])
def test_off_a_terminal_each_event_is_a_line(synq: Any, line: list[str]) -> None:
    result = followed(synq, *line, "-q", pages=[EVENTS[1:], EVENTS])
    assert (result.status, result.err) == (130, "")
    assert [json.loads(row) for row in result.out.splitlines()] == EVENTS[::-1]


def test_tsv_and_jq_follow_too(synq: Any) -> None:
    pytest.importorskip("jq")
    lines = followed(synq, "--fields", "action,actor_email", pages=[EVENTS[1:], EVENTS]).out
    assert lines == "action\tactor_email\nORDER_PLACED\tsystem\nTENANT_SETTINGS_UPDATED\tailsa@fellandfjord.example\n"
    assert followed(synq, "--jq", ".action", pages=[EVENTS]).out == "ORDER_PLACED\nTENANT_SETTINGS_UPDATED\n"


def test_what_it_has_to_say_stands_on_stderr(synq: Any) -> None:
    later = [{**EVENTS[0], "id": "new"}]
    result = followed(synq, "--action", "order_placed", "-o", "ndjson", pages=[EVENTS, later])
    assert [json.loads(row)["id"] for row in result.out.splitlines()] == [EVENTS[1]["id"]]
    assert result.err.splitlines()[0] == ("Warning: The 1 newest events are all new: earlier ones may be missing here.")


def test_a_tail_ends_with_the_reader_of_its_pipe(synq: Any) -> None:
    reading, writing = os.pipe()

    class Pipe(io.StringIO):
        def fileno(self) -> int:
            return writing

    asked = []

    def answer(_request: httpx.Request) -> httpx.Response:
        asked.append(1)
        if len(asked) == 2:
            os.close(reading)
        return httpx.Response(200, json=EVENTS)

    result = synq("audit", "tail", "-o", "ndjson", environ=ENVIRON, http=httpx.MockTransport(answer), stdout=Pipe())
    os.close(writing)
    assert (result.status, result.out.count("\n"), len(asked)) == (0, 2, 2)


def test_each_event_is_written_before_the_next_is_asked_for(synq: Any) -> None:
    class Reader(io.StringIO):
        """Goes away after the first event, as `head -1` does."""

        def write(self, text: str) -> int:
            if self.getvalue():
                raise BrokenPipeError
            return super().write(text)

    out, http = Reader(), then_interrupted(EVENTS, EVENTS)
    assert synq("audit", "tail", "-o", "ndjson", environ=ENVIRON, http=http, stdout=out).status == 0
    assert json.loads(out.getvalue())["id"] == EVENTS[1]["id"]
    assert synq.slept == []
