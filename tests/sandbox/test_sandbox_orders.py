"""An order's life, from its placing to its cancelling, on a clock moved by hand."""

import json

import pytest

from synq_cli.sandbox.resources.orders.states import NEXT
from synq_cli.sandbox.store.store import Store

ORDERS = "/api/v1/oms/orders"
STRANGER = "00000000-0000-4000-8000-000000000000"


def told(result):
    return result.status_code, result.json["error"]


def cancel(trade, order_id, **options):
    return trade.client.simulate_post(f"{ORDERS}/{order_id}/cancel", **options)


def event(trade, action):
    return next(event for event in trade.client.simulate_get("/api/v1/audit").json if event["action"] == action)


def test_the_table_knows_every_status_and_nothing_goes_back(contract):
    assert set(NEXT) == set(contract["components"]["schemas"]["OrderStatus"]["enum"])

    def later(status, seen=()):
        assert status not in seen
        return {after for step in NEXT[status] for after in (step, *later(step, (*seen, status)))}

    assert later("draft") == set(NEXT) - {"draft"}
    assert {status for status, then in NEXT.items() if "cancelled" in then} == {
        "draft",
        "pending_payment",
        "payment_authorized",
        "confirmed",
        "processing",
    }


def test_an_order_is_confirmed_four_seconds_after_it_was_placed(trade):
    placed = trade.order(trade.line(2), channel="web-storefront", currency="gbp", source_platform="shopify")
    order = placed.json
    assert placed.status_code == 201
    assert order == {
        "id": order["id"],
        "status": "pending_payment",
        "currency": "GBP",
        "subtotal": 179.0,
        "discount_total": 0.0,
        "shipping_total": 0.0,
        "tax_total": 0.0,
        "total": 179.0,
        "payment_status": None,
        "payment_provider": "stripe",
        "payment_reference": "pi_1",
        "channel": "web-storefront",
        "source_platform": "shopify",
        "idempotency_key": "key-1",
        "created_at": "2025-11-20T12:00:00Z",
        "updated_at": "2025-11-20T12:00:00Z",
        "tags": None,
    }
    trade.clock.at += 1.9
    assert (trade.status(order["id"]), trade.stock()) == (("pending_payment", None), (42, 3, 39))
    trade.clock.at += 0.1
    assert (trade.status(order["id"]), trade.stock()) == (("payment_authorized", "authorized"), (42, 5, 37))
    trade.clock.at += 1.9
    assert trade.status(order["id"]) == ("payment_authorized", "authorized")
    trade.clock.at += 1800
    newest = trade.client.simulate_get(ORDERS, params={"limit": 1}).json["orders"][0]
    # It happened when it was due, not when somebody looked.
    assert newest == {
        **order,
        "status": "confirmed",
        "payment_status": "authorized",
        "updated_at": "2025-11-20T12:00:04Z",
    }
    assert trade.held_for(order["id"]) == [(2, "ACTIVE")]
    assert event(trade, "ORDER_PLACED")["details"] == {"channel": "web-storefront", "total": "179.00"}
    confirmed = event(trade, "ORDER_CONFIRMED")
    assert (confirmed["actor_email"], confirmed["created_at"]) == ("system", "2025-11-20T12:00:04Z")


def test_seeded_orders_stay_as_they_are(trade):
    def statuses():
        pages = [trade.client.simulate_get(ORDERS, params={"limit": 100, "offset": at}) for at in (0, 100, 200)]
        return [(order["id"], order["status"]) for page in pages for order in page.json["orders"]]

    before = statuses()
    trade.clock.at += 3000
    assert statuses() == before


def test_a_key_makes_one_order(trade):
    first = trade.order(trade.line(1))
    trade.clock.at += 60
    again = trade.order(trade.line(5), trade.line(7))
    assert (again.status_code, again.json["id"], again.json["status"]) == (200, first.json["id"], "confirmed")
    assert trade.order(trade.line(1), key="key-2").status_code == 201
    assert trade.stock()[1] == 4


def test_totals_are_exact_and_have_defaults(trade):
    line = {"product_title": "Repair", "quantity": 3}
    assert trade.order({**line, "unit_price": 0.1}, {**line, "unit_price": 0.2}).json["total"] == 0.9
    order = trade.order(line, key="key-2").json
    assert (order["total"], order["currency"], order["channel"]) == (0.0, "USD", None)
    assert trade.order({**line, "unit_price": 12345678901.01}, key="key-3").json["total"] == 37037036703.03
    assert trade.order({**line, "unit_price": 1.7e308}, key="key-4").json["total"] == 51 * 10**307


def test_a_line_without_stock_needs_none(trade):
    order_id = trade.confirmed({"product_title": "Made-to-measure repair", "quantity": 99, "unit_price": 89.5})
    assert (trade.held_for(order_id), trade.stock()) == ([], (42, 3, 39))


@pytest.mark.parametrize("model", ["SOFT", "HARD"])
@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ([{"quantity": 40}], "Not enough stock: 39 of 40 available"),
        ([{"quantity": 20}, {"quantity": 20}], "Not enough stock: 39 of 40 available"),
        ([{"quantity": 1}, {"quantity": 1, "variant_id": STRANGER}], "Variant not found"),
        ([{"quantity": 1}, {"quantity": 1, "location_id": STRANGER}], "Location not found"),
    ],
)
def test_an_order_whose_stock_is_not_to_be_had_fails_whole(trade, model, lines, reason):
    trade.allocate(model)
    order_id = trade.order(*(trade.line(**line) for line in lines)).json["id"]
    trade.clock.at += 10
    assert (trade.status(order_id), trade.stock()) == (("failed", None), (42, 3, 39))
    assert event(trade, "ORDER_FAILED")["details"] == {"reason": reason}
    assert told(cancel(trade, order_id)) == (400, "order is failed, it cannot become cancelled")


def test_the_last_unit_goes_to_the_first_order(trade):
    first = trade.order(trade.line(39), key="first").json["id"]
    second = trade.order(trade.line(1), key="second").json["id"]
    trade.clock.at += 10
    assert (trade.status(first)[0], trade.status(second)[0]) == ("confirmed", "failed")


def test_soft_allocation_holds_and_a_cancelled_order_lets_go(trade):
    order_id = trade.confirmed(trade.line(2), trade.line(3))
    before = trade.ledger()
    assert (trade.stock(), trade.held_for(order_id)) == ((42, 8, 34), [(5, "ACTIVE")])
    cancelled = cancel(trade, order_id, json={"reason": "changed their mind"})
    assert (cancelled.status_code, cancelled.json["status"], cancelled.json["payment_status"]) == (
        200,
        "cancelled",
        "voided",
    )
    assert (trade.stock(), trade.held_for(order_id)) == ((42, 3, 39), [(5, "RELEASED")])
    assert trade.ledger() == before
    assert event(trade, "ORDER_CANCELLED")["details"] == {"reason": "changed their mind"}


def test_hard_allocation_takes_and_a_cancelled_order_gives_back(trade):
    trade.allocate("HARD")
    order_id = trade.confirmed(trade.line(2))
    assert (trade.stock(), trade.held_for(order_id), trade.ledger()[0]) == ((40, 3, 37), [], (-2, "sale"))
    trade.allocate("SOFT")  # the order keeps what it was allocated by
    assert cancel(trade, order_id).status_code == 200
    assert trade.stock() == (42, 3, 39)
    assert trade.ledger()[:2] == [(2, "cancellation"), (-2, "sale")]


def test_an_order_cancelled_before_its_time_never_moves_again(trade):
    order_id = trade.order(trade.line(2)).json["id"]
    trade.clock.at += 1
    cancelled = cancel(trade, order_id).json
    assert (cancelled["status"], cancelled["payment_status"]) == ("cancelled", None)
    trade.clock.at += 60
    assert (trade.status(order_id), trade.stock()) == (("cancelled", None), (42, 3, 39))
    assert told(cancel(trade, order_id)) == (400, "order is cancelled, it cannot become cancelled")


def test_every_status_that_can_be_cancelled_is_and_no_other(trade, database):
    with Store(database) as store:
        orders = {row["status"]: row["id"] for row in store.rows("SELECT status, id FROM orders")}
    answers = {status: cancel(trade, order_id).status_code for status, order_id in orders.items()}
    assert answers == {status: 200 if "cancelled" in then else 400 for status, then in NEXT.items()}


GOOD = {
    "idempotency_key": "key-1",
    "payment_provider": "stripe",
    "payment_reference": "pi_1",
    "items": [{"product_title": "Repair", "quantity": 1}],
}
LINE = GOOD["items"][0]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("", "invalid request body"),
        ("[]", "invalid request body"),
        ("{", "invalid request body"),
        ({**GOOD, "tenant_id": STRANGER}, "invalid request body"),
        ({**GOOD, "items": []}, "invalid request body"),
        ({**GOOD, "items": None}, "invalid request body"),
        ({**GOOD, "items": [{"quantity": 1}]}, "invalid request body"),
        ({**GOOD, "items": [{**LINE, "product_title": ""}]}, "invalid request body"),
        ({**GOOD, "items": [{**LINE, "quantity": 0}]}, "invalid request body"),
        ({**GOOD, "items": [{**LINE, "quantity": 1.5}]}, "invalid request body"),
        ({**GOOD, "items": [{**LINE, "quantity": 2**31}]}, "invalid request body"),
        ({**GOOD, "items": [{**LINE, "unit_price": -0.01}]}, "invalid request body"),
        ({**GOOD, "items": [{**LINE, "unit_price": "1"}]}, "invalid request body"),
        ({**GOOD, "items": [{**LINE, "unit_price": float("nan")}]}, "invalid request body"),
        ({**GOOD, "items": [{**LINE, "variant_id": "HMC-NVY-M"}]}, "invalid request body"),
        ({**GOOD, "items": [{**LINE, "colour": "navy"}]}, "invalid request body"),
        ({**GOOD, "items": ["Repair"]}, "invalid request body"),
        ({**GOOD, "currency": "pounds"}, "invalid request body"),
        ({**GOOD, "customer_id": "ailsa"}, "invalid request body"),
        ({**GOOD, "channel": "\ud800"}, "invalid request body"),
        ({**GOOD, "idempotency_key": 7}, "invalid request body"),
        ({**GOOD, "idempotency_key": ""}, "missing idempotency_key"),
        ({name: GOOD[name] for name in GOOD if name != "idempotency_key"}, "missing idempotency_key"),
        ({**GOOD, "payment_provider": ""}, "payment_provider and payment_reference are required"),
        (
            {name: GOOD[name] for name in GOOD if name != "payment_reference"},
            "payment_provider and payment_reference are required",
        ),
        (
            {**GOOD, "items": [LINE, {**LINE, "variant_id": STRANGER}]},
            "location_id is required for inventory-backed items",
        ),
    ],
)
def test_an_order_that_makes_no_sense(client, body, text):
    sent = body if isinstance(body, str) else json.dumps(body)
    assert told(client.simulate_post(ORDERS, body=sent)) == (400, text)
    assert client.simulate_get(ORDERS, params={"limit": 1}).json["orders"][0]["idempotency_key"] != "key-1"


def test_a_price_beyond_all_numbers(client):
    body = json.dumps(GOOD).replace('"quantity": 1', '"quantity": 1, "unit_price": 1e999999999')
    assert told(client.simulate_post(ORDERS, body=body)) == (400, "invalid request body")


@pytest.mark.parametrize("action", ["cancel", "fulfillments", "returns"])
def test_what_is_done_to_an_order_that_is_none(client, action):
    assert told(client.simulate_post(f"{ORDERS}/12/{action}")) == (400, "invalid order id")
    assert told(client.simulate_post(f"{ORDERS}/{STRANGER}/{action}")) == (404, "order not found")
    assert told(client.simulate_post(f"{ORDERS}/{STRANGER}/{action}", body="{")) == (400, "invalid request body")
    assert told(client.simulate_post(f"{ORDERS}/{STRANGER}/{action}", json=["reason"])) == (
        400,
        "invalid request body",
    )
