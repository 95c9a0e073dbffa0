"""`synq orders track`: the life of an order, on a terminal of some width, for programs, and as it goes on."""

import json
from typing import Any

import httpx
import pyte
import pytest

ENVIRON = {"SYNQ_TOKEN": "a.b.c", "SYNQ_BASE_URL": "https://api.test"}
ORDER = "d2f70c5b-8a3e-4619-b7d0-5e9c1f84a26b"
MISSING = httpx.Response(404, text="404 page not found")


def order(status: object, **fields: Any) -> dict[str, Any]:
    usual = {"total": 203.0, "currency": "GBP", "channel": "web-storefront", "payment_status": "authorized"}
    times = {"created_at": "2026-11-21T09:00:00Z", "updated_at": "2026-11-24T09:00:00Z"}
    return {"id": ORDER, "status": status, **usual, **times, **fields}


def parcel(status: str, number: str, *items: tuple[str, int], at: str) -> dict[str, Any]:
    lines = [{"sku": sku, "variant_id": None, "quantity": quantity} for sku, quantity in items]
    sent = {"carrier": "Royal Mail", "tracking_number": number, "created_at": at, "updated_at": at}
    return {"id": number, "order_id": ORDER, "status": status, "items": lines, **sent}


PARCELS = [
    parcel("delivered", "RM482915307GB", ("HMC-NVY-M", 2), ("SLB-OAT-OS", 1), at="2026-11-22T08:30:00Z"),
    parcel("delivered", "RM482915308GB", ("TCC-GRY-L", 1), at="2026-11-22T17:00:00Z"),
]
RETURNS = [
    {
        "id": "7ad0c3e5", "order_id": ORDER, "status": "requested", "reason": "Sleeves too long",
        "items": [{"sku": "HMC-NVY-M", "quantity": 1, "disposition": "pending"}], "created_at": "2026-11-24T08:00:00Z",
    }
]  # fmt: skip


def serving(*orders: Any, parcels: Any = PARCELS, returns: Any = RETURNS) -> tuple[httpx.MockTransport, list[str]]:
    """The order as it is at each look, the last one again and again; and the path of each request below it."""
    queue, seen = list(orders), []

    def handle(request: httpx.Request) -> httpx.Response:
        below = request.url.path.partition(ORDER)[2]
        seen.append(below)
        answers = {"/fulfillments": parcels, "/returns": returns}
        answer = answers[below] if below else queue.pop(0) if len(queue) > 1 else queue[0]
        if isinstance(answer, BaseException):
            raise answer
        return answer if isinstance(answer, httpx.Response) else httpx.Response(200, json=answer)

    return httpx.MockTransport(handle), seen


WIDE = f"""\
Order    {ORDER}
Total    203.00 GBP
Channel  web-storefront

●  pending_payment      2026-11-21 09:00:00 UTC (3 d ago)
●  payment_authorized
●  confirmed
●  processing
●  partially_fulfilled  2026-11-22 08:30:00 UTC (2 d ago)
●  fulfilled            2026-11-22 17:00:00 UTC (1 d ago)
●  delivered            2026-11-22 17:00:00 UTC (1 d ago)
◉  return_requested     2026-11-24 09:00:00 UTC (3 h ago)
○  returned
○  refunded

Parcels
Carrier     Tracking number  Status     Items                      Sent
Royal Mail  RM482915307GB    delivered  2 HMC-NVY-M, 1 SLB-OAT-OS  2 d ago
Royal Mail  RM482915308GB    delivered  1 TCC-GRY-L                1 d ago

Returns
Reason            Status     Items        Opened
Sleeves too long  requested  1 HMC-NVY-M  4 h ago
"""
NARROW = f"""\
Order    {ORDER}
Total    203.00 GBP
Channel  web-storefront

●  pending_payment      3 d ago
●  payment_authorized
●  confirmed
●  processing
●  partially_fulfilled  2 d ago
●  fulfilled            1 d ago
●  delivered            1 d ago
◉  return_requested     3 h ago
○  returned
○  refunded

Parcels
Carrier     Tracking number  Status     Sent
Royal Mail  RM482915307GB    delivered  2 d ago
Royal Mail  RM482915308GB    delivered  1 d ago

Returns
Reason            Status     Items        Opened
Sleeves too long  requested  1 HMC-NVY-M  4 h ago
"""


@pytest.mark.parametrize(
    ("width", "drawing", "note"),
    [("200", WIDE, ""), ("60", NARROW, "Hidden: Items. --json shows all.\n")],
)
def test_the_life_of_an_order_on_a_terminal(synq: Any, width: str, drawing: str, note: str) -> None:
    http, seen = serving(order("return_requested"))
    result = synq("orders", "track", ORDER, environ=ENVIRON | {"COLUMNS": width}, http=http, terminal=True)
    assert result.out == drawing
    assert result.err == f"{note}~97/100 requests left this minute · default\n"
    assert seen == ["", "/fulfillments", "/returns"]


@pytest.mark.parametrize("width", [30, 40, 60, 80])
def test_no_line_is_longer_than_the_terminal_is_wide(synq: Any, width: int) -> None:
    http, _ = serving(order("return_requested"))
    result = synq("orders", "track", ORDER, environ=ENVIRON | {"COLUMNS": str(width)}, http=http, terminal=True)
    assert max(map(len, result.out.splitlines())) <= width
    assert "◉  return_requested" in result.out


@pytest.mark.parametrize(
    ("status", "paths", "line"),
    [
        (
            "pending_payment",
            [""],
            ["◉  pending_payment     2026-11-21 09:00:00 UTC (3 d ago)", "○  payment_authorized"],
        ),
        ("failed", [""], ["●  pending_payment     2026-11-21 09:00:00 UTC (3 d ago)", "●  payment_authorized"]),
        ("confirmed", ["", "/fulfillments"], ["●  pending_payment     2026-11-21 09:00:00 UTC (3 d ago)"]),
        ("cancelled", ["", "/fulfillments"], ["●  pending_payment     2026-11-21 09:00:00 UTC (3 d ago)"]),
        ("completed", ["", "/fulfillments", "/returns"], ["●  pending_payment     2026-11-21 09:00:00 UTC (3 d ago)"]),
        ("on_hold", ["", "/fulfillments", "/returns"], ["◉  on_hold  2026-11-21 09:00:00 UTC (3 d ago)"]),
    ],
)
def test_only_what_an_order_can_have_is_asked_for(synq: Any, status: str, paths: list[str], line: list[str]) -> None:
    http, seen = serving(order(status), parcels=[], returns=[])
    result = synq("orders", "track", ORDER, environ=ENVIRON, http=http, terminal=True)
    assert (result.status, seen) == (0, paths)
    assert result.out.splitlines()[4 : 4 + len(line)] == line


def test_programs_get_the_order_and_its_states(synq: Any) -> None:
    http, _ = serving(
        order("fulfilled", new_field={"deep": 1}), parcels={"fulfillments": PARCELS[:1]}, returns={"returns": None}
    )
    shown = json.loads(synq("orders", "track", ORDER, "--json", environ=ENVIRON, http=http).out)
    assert shown.pop("states") == [
        {"status": "pending_payment", "at": "2026-11-21T09:00:00Z", "phase": "passed"},
        {"status": "payment_authorized", "at": None, "phase": "passed"},
        {"status": "confirmed", "at": None, "phase": "passed"},
        {"status": "processing", "at": None, "phase": "passed"},
        {"status": "fulfilled", "at": "2026-11-24T09:00:00Z", "phase": "current"},
        {"status": "delivered", "at": None, "phase": "ahead"},
        {"status": "completed", "at": None, "phase": "ahead"},
    ]
    assert shown.pop("fulfillments") == PARCELS[:1]
    assert shown.pop("returns") == []
    assert shown == order("fulfilled", new_field={"deep": 1})


def test_off_a_terminal_a_state_is_a_line(synq: Any) -> None:
    http, _ = serving(order("cancelled", payment_status="voided"), parcels=[])
    result = synq("orders", "track", ORDER, "-q", environ=ENVIRON, http=http)
    assert result.out == (
        "status\tat\tphase\n"
        "pending_payment\t2026-11-21T09:00:00Z\tpassed\n"
        "payment_authorized\t\tpassed\n"
        "cancelled\t2026-11-24T09:00:00Z\tcurrent\n"
    )
    http, _ = serving(order("cancelled"), parcels=[])
    assert synq("orders", "track", ORDER, "-q", "--fields", "status,total", environ=ENVIRON, http=http).out == (
        "status\ttotal\ncancelled\t203.0\n"
    )


def test_a_server_that_lists_no_parcels_still_tracks(synq: Any) -> None:
    http, seen = serving(order("delivered"), parcels=MISSING, returns=MISSING)
    result = synq("orders", "track", ORDER, "-q", environ=ENVIRON, http=http, terminal=True)
    assert (result.status, result.err) == (0, "")
    assert result.out.splitlines()[-4:] == [
        "Parcels", "This server does not list them.", "", "Returns", "This server does not list them.",
    ][-4:]  # fmt: skip
    assert "◉  delivered           2026-11-24 09:00:00 UTC (3 h ago)\n" in result.out
    piped = json.loads(synq("orders", "track", ORDER, "--json", environ=ENVIRON, http=http).out)
    assert (piped["fulfillments"], piped["returns"]) == (None, None)
    assert seen == ["", "/fulfillments", "/returns", ""]  # and asked once a day


@pytest.mark.parametrize("times", [{"created_at": "", "updated_at": None}, {"created_at": [], "updated_at": {}}])
def test_unknown_times_are_none(synq: Any, times: dict[str, Any]) -> None:
    http, _ = serving(order("confirmed", **times), parcels=[{"status": []}])
    shown = json.loads(synq("orders", "track", ORDER, "--json", environ=ENVIRON, http=http).out)
    assert {state["at"] for state in shown["states"]} == {None}


# as it goes on

CHANGES = [order("confirmed"), order("confirmed"), order("processing", updated_at="2026-11-24T12:00:01Z"),
    order("cancelled", updated_at="2026-11-24T12:00:05Z")]  # fmt: skip


def test_watching_off_a_terminal_prints_a_line_for_each_change(synq: Any) -> None:
    http, seen = serving(*CHANGES, parcels=[])
    result = synq("orders", "track", ORDER, "--watch", "-q", environ=ENVIRON, http=http)
    assert result.status == 0
    assert result.out == (
        "updated_at\tstatus\tid\n"
        f"2026-11-24T09:00:00Z\tconfirmed\t{ORDER}\n"
        f"2026-11-24T12:00:01Z\tprocessing\t{ORDER}\n"
        f"2026-11-24T12:00:05Z\tcancelled\t{ORDER}\n"
    )
    assert seen == ["", "/fulfillments", "", "", "/fulfillments", "", "/fulfillments"]
    assert synq.slept == [2.0, 3.0, 4.5]
    http, _ = serving(*CHANGES, parcels=[])
    lines = synq("orders", "track", ORDER, "--watch", "-o", "ndjson", environ=ENVIRON, http=http).out.splitlines()
    assert [json.loads(line)["states"][-1]["status"] for line in lines] == ["completed", "completed", "cancelled"]


@pytest.mark.parametrize("no_color", ["", "1"])
def test_watching_on_a_terminal_draws_over_the_last_drawing(synq: Any, no_color: str) -> None:
    http, _ = serving(*CHANGES, parcels=[])
    environ = ENVIRON | {"NO_COLOR": no_color, "TERM": "xterm"}
    result = synq("orders", "track", ORDER, "--watch", "-q", environ=environ, http=http, terminal=True)
    assert result.out.count("Order") >= len(CHANGES)
    assert ("\x1b[33m" in result.out) is (not no_color)
    screen = pyte.Screen(140, 40)
    screen.set_mode(pyte.modes.LNM)
    pyte.Stream(screen).feed(result.out)
    shown = [line.rstrip() for line in screen.display if line.strip()]
    assert [line.split()[0] for line in shown].count("Order") == 1
    assert shown[-1].startswith("◉  cancelled")


def test_dumb_terminal_gets_a_drawing_for_each_change(synq: Any) -> None:
    http, _ = serving(*CHANGES, parcels=[])
    environ = ENVIRON | {"TERM": "dumb"}
    result = synq("orders", "track", ORDER, "--watch", "-q", environ=environ, http=http, terminal=True)
    assert "\x1b" not in result.out
    assert result.out.count("Order    ") == 3


def test_ctrl_c_ends_the_watching_alone(synq: Any) -> None:
    http, _ = serving(order("confirmed"), KeyboardInterrupt(), parcels=[])
    result = synq("orders", "track", ORDER, "--watch", "-q", environ=ENVIRON, http=http)
    assert (result.status, result.out.count("\n")) == (130, 2)
    assert result.err == (
        f"synq: Stopped waiting; order {ORDER} is still in progress.\n  To resume: synq orders track {ORDER} --watch\n"
    )
