"""`synq orders fulfill/return/cancel`: the order is read, an impossible step is refused, a possible one sent once."""

import json
from typing import Any

import httpx
import pytest
from table import cases

ENVIRON = {"SYNQ_TOKEN": "a.b.c", "SYNQ_BASE_URL": "https://api.test"}
ORDER = "d2f70c5b-8a3e-4619-b7d0-5e9c1f84a26b"
VARIANT = "a1f46e83-0c9d-4b72-95e8-3d7b2c60f41e"
PLACE = "e07a2f5c-41b8-4d93-8c6e-b9f5d3a1720e"
PARCEL = {
    "id": "b15d8f06-2ce9-4a74-9d3b-f4e7a0c6d812", "order_id": ORDER, "status": "shipped", "location_id": PLACE,
    "carrier": "Royal Mail", "tracking_number": "RM482915307GB",
    "items": [{"variant_id": VARIANT, "sku": "HMC-NVY-M", "quantity": 2}, {"variant_id": None, "quantity": 1}],
    "created_at": "2026-11-24T11:30:00Z", "updated_at": None,
}  # fmt: skip
RETURN = {
    "id": "7ad0c3e5-94f8-4b21-a6c7-d8e1b5f30297", "order_id": ORDER, "status": "requested",
    "reason": "Sleeves too long",
    "items": [{"variant_id": VARIANT, "sku": "HMC-NVY-M", "quantity": 1, "disposition": "pending"}],
    "created_at": "2026-11-24T11:30:00Z", "updated_at": "2026-11-24T11:30:00Z",
}  # fmt: skip
STEPS = {
    "fulfill": ("confirmed", "POST /fulfillments"),
    "return": ("delivered", "POST /returns"),
    "cancel": ("confirmed", "POST /cancel"),
}


def order(status: object, **fields: Any) -> dict[str, Any]:
    return {"id": ORDER, "status": status, "total": 203.0, "currency": "GBP", **fields}


def api(*replies: Any) -> tuple[httpx.MockTransport, list[tuple[str, Any]]]:
    """Replies one after the other; method and path below the order, and the body, of each request."""
    queue, seen = list(replies), []

    def handle(request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix(f"/api/v1/oms/orders/{ORDER}").removeprefix("/api/v1")
        seen.append((f"{request.method} {path}".strip(), json.loads(request.content or "null")))
        reply = queue.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply if isinstance(reply, httpx.Response) else httpx.Response(200, json=reply)

    return httpx.MockTransport(handle), seen


# cancel


def test_cancelling_shows_the_order_asks_and_shows_what_changed(synq: Any) -> None:
    http, seen = api(order("confirmed", payment_status="authorized"), order("cancelled", payment_status="voided"))
    line = ("orders", "cancel", ORDER, "--reason", "Customer changed their mind", "-q")
    result = synq(*line, environ=ENVIRON, http=http, terminal=True, stdin="y\n")
    assert result.err == f"Cancel order {ORDER} (confirmed, 203.00 GBP)? This can't be undone. [y/N] "
    assert result.out == (
        f"Order {ORDER}: status confirmed → cancelled\n"
        f"Order {ORDER}: payment authorized → voided\n"
        f"ID        {ORDER}\nStatus    cancelled\nTotal     203.00 GBP\nCurrency  GBP\nPayment   voided\n"
    )
    assert seen == [("GET", None), ("POST /cancel", {"reason": "Customer changed their mind"})]


def test_cancelling_needs_a_yes(synq: Any) -> None:
    http, seen = api(*[order("confirmed")] * 3, order("cancelled"))
    off = synq("orders", "cancel", ORDER, "-q", environ=ENVIRON, http=http)
    assert (off.status, off.out) == (11, "")
    assert "Add --yes" in off.err
    no = synq("orders", "cancel", ORDER, "-q", environ=ENVIRON, http=http, terminal=True, stdin="n\n")
    assert (no.status, no.out, len(seen)) == (11, "", 2)
    assert no.err.endswith("synq: Not confirmed; nothing was changed.\n")
    yes = synq("orders", "cancel", ORDER, "--yes", "--json", environ=ENVIRON, http=http)
    assert json.loads(yes.out) == order("cancelled")
    assert seen[-1] == ("POST /cancel", {})


def test_an_order_in_processing_can_be_cancelled_until_a_unit_has_left(synq: Any) -> None:
    http, seen = api(order("processing"), {"fulfillments": [{**PARCEL, "status": "packed"}]}, order("cancelled"))
    assert synq("orders", "cancel", ORDER, "-y", environ=ENVIRON, http=http).status == 0
    assert [request for request, _ in seen] == ["GET", "GET /fulfillments", "POST /cancel"]
    http, seen = api(order("processing"), {"fulfillments": [PARCEL]})
    late = synq("orders", "cancel", ORDER, "-y", "-q", environ=ENVIRON, http=http)
    assert (late.status, late.out, len(seen)) == (8, "", 2)
    assert late.err == (
        f"synq: Order {ORDER} is processing and partly shipped; it can't be cancelled.\n"
        "  Possible next statuses: fulfilled, partially_fulfilled. "
        f"You can run `synq orders fulfill {ORDER}`.\n"
    )
    # A server that lists no parcels decides for itself.
    http, seen = api(order("processing"), httpx.Response(404, text="404 page not found"), order("cancelled"))
    assert synq("orders", "cancel", ORDER, "-y", environ=ENVIRON, http=http).status == 0


# fulfil


def test_a_parcel_with_everything_outstanding(synq: Any) -> None:
    http, seen = api(order("confirmed"), PARCEL)
    result = synq("orders", "fulfill", ORDER, "--json", environ=ENVIRON, http=http)
    assert (result.status, json.loads(result.out)) == (0, PARCEL)
    assert seen == [("GET", None), ("POST /fulfillments", {})]


def test_a_parcel_with_some_units_and_the_status_before_and_after(synq: Any) -> None:
    places = {"locations": [{"id": PLACE, "name": "Leith warehouse"}]}
    http, seen = api(order("confirmed"), places, PARCEL, order("partially_fulfilled"))
    line = (
        "--item",
        "HMC-NVY-M=2",
        "--item",
        f"{VARIANT}=1",
        "--carrier",
        " Royal Mail ",
        "--tracking-number",
        "RM482915307GB",
    )
    location = ("--location", "Leith warehouse")
    result = synq("orders", "fulfill", ORDER, *line, *location, "-q", environ=ENVIRON, http=http, terminal=True)
    assert result.out == (
        "Fulfilment       b15d8f06-2ce9-4a74-9d3b-f4e7a0c6d812\n"
        f"Order            {ORDER}\n"
        "Status           shipped\n"
        "Items            2 HMC-NVY-M, 1\n"
        "Carrier          Royal Mail\n"
        "Tracking number  RM482915307GB\n"
        f"Location         {PLACE}\n"
        "Sent             2026-11-24 11:30:00 UTC (30 min ago)\n"
        f"Order {ORDER}: status confirmed → partially_fulfilled\n"
    )
    assert [request for request, _ in seen] == ["GET", "GET /inventory/locations", "POST /fulfillments", "GET"]
    assert seen[2][1] == {
        "items": [{"sku": "HMC-NVY-M", "quantity": 2}, {"variant_id": VARIANT, "quantity": 1}],
        "carrier": "Royal Mail",
        "tracking_number": "RM482915307GB",
        "location_id": PLACE,
    }


def test_the_skus_of_parcels_and_returns_are_remembered(synq: Any) -> None:
    for line, status, reply in (("fulfill", "confirmed", PARCEL), ("return", "delivered", RETURN)):
        http, _ = api(order(status), reply)
        assert synq("orders", line, ORDER, environ=ENVIRON, http=http).status == 0
        known = json.loads(synq("inventory", "skus", "list", "--json", environ=ENVIRON).out)
        assert [(row["sku"], row["variant_id"]) for row in known] == [("HMC-NVY-M", VARIANT)]
        assert synq("inventory", "skus", "forget", "--all", environ=ENVIRON).status == 0


SHOWN = {
    200: "Items            12 HARBOUR-MERINO-CREWNECK-NAVY-M, 3 SKERRY-LAMBSWOOL-BEANIE-OAT\n",
    60: "Items            12 HARBOUR-MERINO-CREWNECK-NAVY-M, 3\n                 SKERRY-LAMBSWOOL-BEANIE-OAT\n",
}


@pytest.mark.parametrize("width", SHOWN)
def test_a_parcel_on_a_wide_and_on_a_narrow_terminal(synq: Any, width: int) -> None:
    skus = {"HARBOUR-MERINO-CREWNECK-NAVY-M": 12, "SKERRY-LAMBSWOOL-BEANIE-OAT": 3}
    items = [{"sku": sku, "quantity": quantity} for sku, quantity in skus.items()]
    http, _ = api(order("confirmed"), {**PARCEL, "items": items}, order("fulfilled"))
    environ = ENVIRON | {"COLUMNS": str(width)}
    out = synq("orders", "fulfill", ORDER, environ=environ, http=http, terminal=True).out
    assert SHOWN[width] in out
    assert max(map(len, out.splitlines())) <= width


# return


def test_a_return(synq: Any) -> None:
    http, seen = api(order("delivered"), RETURN, order("return_requested"))
    line = ("orders", "return", ORDER, "--item", "HMC-NVY-M=1", "--reason", "Sleeves too long", "-q")
    result = synq(*line, environ=ENVIRON, http=http, terminal=True)
    assert result.out == (
        "Return   7ad0c3e5-94f8-4b21-a6c7-d8e1b5f30297\n"
        f"Order    {ORDER}\n"
        "Status   requested\n"
        "Items    1 HMC-NVY-M\n"
        "Reason   Sleeves too long\n"
        "Opened   2026-11-24 11:30:00 UTC (30 min ago)\n"
        "Changed  2026-11-24 11:30:00 UTC (30 min ago)\n"
        f"Order {ORDER}: status delivered → return_requested\n"
    )
    assert seen[1] == (
        "POST /returns", {"items": [{"sku": "HMC-NVY-M", "quantity": 1}], "reason": "Sleeves too long"},
    )  # fmt: skip


# all three


@pytest.mark.parametrize(
    ("line", "status", "after"),
    [
        ("cancel", "payment_authorized", "cancelled"),
        ("fulfill", "confirmed", "fulfilled"),
        ("fulfill --item A=1", "confirmed", "partially_fulfilled or fulfilled"),
        ("return", "fulfilled", "return_requested"),
        ("return", "partially_returned", "partially_returned"),
    ],
)
def test_a_dry_run_reads_the_order_and_shows_before_and_after(synq: Any, line: str, status: str, after: str) -> None:
    http, seen = api(order(status))
    verb, *rest = line.split()
    plan = json.loads(synq("orders", verb, ORDER, *rest, "--dry-run", "--json", environ=ENVIRON, http=http).out)
    assert (plan["before"], plan["after"]) == ({"status": status}, {"status": after})
    assert plan["path"].startswith(f"/api/v1/oms/orders/{ORDER}/")
    assert seen == [("GET", None)]


@pytest.mark.parametrize("verb", STEPS)
def test_an_impossible_step_is_refused_here(synq: Any, verb: str) -> None:
    http, seen = api(order("completed"))
    result = synq("orders", verb, ORDER, "-q", "--json", environ=ENVIRON, http=http)
    error = json.loads(result.err)["error"]
    assert (result.status, result.out, error["code"]) == (8, "", "conflict")
    assert error["message"].startswith(f"Order {ORDER} is completed; it can't be ")
    assert error["hint"] == f"completed is a final status. `synq orders track {ORDER}` shows its history."
    assert seen == [("GET", None)]


@pytest.mark.parametrize("verb", STEPS)
def test_a_status_that_is_not_known_here_is_the_apis_to_judge(synq: Any, verb: str) -> None:
    refusal = httpx.Response(400, json={"error": "order is on_hold"})
    http, seen = api(order("on_hold"), refusal)
    yes = ["--yes"] if verb == "cancel" else []
    result = synq("orders", verb, ORDER, *yes, "-q", environ=ENVIRON, http=http)
    assert (result.status, len(seen)) == (3, 2)
    assert "Order is on_hold." in result.err


@pytest.mark.parametrize("verb", STEPS)
def test_a_lost_answer_says_where_to_look_and_is_not_sent_again(synq: Any, verb: str) -> None:
    status, sent = STEPS[verb]
    yes = ["--yes"] if verb == "cancel" else []
    for reply in (httpx.ReadTimeout("late"), httpx.Response(502), [1]):
        http, seen = api(order(status), reply)
        result = synq("orders", verb, ORDER, *yes, "-q", environ=ENVIRON, http=http)
        assert (result.status, result.out, [request for request, _ in seen]) == (10, "", ["GET", sent])
        look = f"Look at `synq orders track {ORDER}` before you send it again."
        assert result.err.splitlines()[1] == f"  {look}"


@cases(
    ("line", "said"),
    [
        ("fulfill ORDER --item A", 'Invalid item "A".'),
        ("fulfill ORDER --item A=0", 'Invalid quantity "0".'),
        ("fulfill ORDER --item A=1 --item A=2", "A is given twice."),
        ("fulfill ORDER --carrier BLANK", "The carrier can't be blank."),
        ("fulfill ORDER --tracking-number BLANK", "The tracking number can't be blank."),
        ("fulfill ORDER --location BLANK", "The location can't be blank."),
        ("return ORDER --reason BLANK", "The reason can't be blank."),
        ("return ORDER --item A=1@2", 'Invalid quantity "1@2".'),
        ("cancel ORDER --reason BLANK", "The reason can't be blank."),
        ("cancel 86b4", 'Invalid order id "86b4".'),
        ("return x", 'Invalid order id "x".'),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_sent(synq: Any, line: str, said: str) -> None:
    http, seen = api()
    words = [{"ORDER": ORDER, "BLANK": " "}.get(word, word) for word in line.split()]
    result = synq("orders", *words, "-q", environ=ENVIRON, http=http)
    assert (result.status, result.out, seen) == (2, "", [])
    assert result.err.startswith(f"synq: {said}\n")


@pytest.mark.parametrize("verb", STEPS)
def test_a_server_without_the_route_is_asked_once_a_day(synq: Any, verb: str) -> None:
    status, _ = STEPS[verb]
    yes = ["--yes"] if verb == "cancel" else []
    http, seen = api(order(status), httpx.Response(404, text="404 page not found"))
    first = synq("orders", verb, ORDER, *yes, "-q", environ=ENVIRON, http=http)
    second = synq("orders", verb, ORDER, *yes, "-q", environ=ENVIRON, http=http)
    assert (first.status, second.status, len(seen)) == (5, 5, 2)
    assert first.err == second.err
    assert "This server does not offer the " in first.err


@pytest.mark.parametrize("verb", STEPS)
def test_read_only_is_refused_before_the_order_is_read(synq: Any, verb: str) -> None:
    http, seen = api()
    assert synq("--read-only", "orders", verb, ORDER, environ=ENVIRON, http=http).status == 11
    assert seen == []
