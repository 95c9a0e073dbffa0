"""Orders, from creation to cancellation, on a clock that the tests move."""

import re

import pytest
from replies import NOW, UNKNOWN, error

from synq_cli.sandbox.resources.orders.states import NEXT
from synq_cli.sandbox.store.store import Store

ORDERS = "/api/v1/oms/orders"


def cancel(trade, order_id, **options):
    return trade.client.simulate_post(f"{ORDERS}/{order_id}/cancel", **options)


def event(trade, action):
    return next(event for event in trade.client.simulate_get("/api/v1/audit").json if event["action"] == action)


def test_the_transition_table_has_every_status_and_no_cycle(contract):
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
        "created_at": NOW,
        "updated_at": NOW,
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
    # Dated when it was due, not when somebody looked.
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


def test_seeded_orders_do_not_move_on(trade):
    def statuses():
        pages = [trade.client.simulate_get(ORDERS, params={"limit": 100, "offset": at}) for at in (0, 100, 200)]
        return [(order["id"], order["status"]) for page in pages for order in page.json["orders"]]

    before = statuses()
    trade.clock.at += 3000
    assert statuses() == before


def test_orders_come_newest_first_in_pages(client):
    pages = [client.simulate_get(ORDERS, params={"limit": 100, "offset": at}).json for at in (0, 100, 200)]
    assert [(len(page["orders"]), page["limit"], page["offset"]) for page in pages] == [
        (100, 100, 0),
        (100, 100, 100),
        (40, 100, 200),
    ]
    orders = [order for page in pages for order in page["orders"]]
    times = [order["created_at"] for order in orders]
    assert times == sorted(times, reverse=True)
    assert len({order["id"] for order in orders}) == 240
    assert len({order["status"] for order in orders}) == 16


def test_limit_and_offset_that_were_used_are_in_the_reply(client):
    for query, used in (
        ("", (50, 0)),
        ("limit=100", (100, 0)),
        ("limit=101&offset=3", (100, 3)),
        (f"limit={10**30}", (100, 0)),
    ):
        page = client.simulate_get(ORDERS, query_string=query).json
        assert (page["limit"], page["offset"], len(page["orders"])) == (*used, used[0])
    assert client.simulate_get(ORDERS, query_string=f"offset={10**40}").json["orders"] == []


def test_an_order_is_shown_as_in_the_list_and_money_is_exact(client, database):
    listed = client.simulate_get(ORDERS, params={"limit": 100})
    for number in re.findall(r'"(?:sub)?total": ([^,]+)', listed.text):
        assert re.fullmatch(r"\d+\.\d{1,2}", number), number
    order = listed.json["orders"][7]
    assert client.simulate_get(f"{ORDERS}/{order['id'].upper()}").json == order
    with Store(database) as store:
        stored = store.row("SELECT * FROM orders WHERE id = ?", (order["id"],))
    assert f"{order['total']:.2f}" == stored["total"]


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


def test_a_line_without_a_variant_needs_no_stock(trade):
    order_id = trade.confirmed({"product_title": "Made-to-measure repair", "quantity": 99, "unit_price": 89.5})
    assert (trade.held_for(order_id), trade.stock()) == ([], (42, 3, 39))


@pytest.mark.parametrize("model", ["SOFT", "HARD"])
@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ([{"quantity": 40}], "Not enough stock: 39 of 40 available"),
        ([{"quantity": 20}, {"quantity": 20}], "Not enough stock: 39 of 40 available"),
        ([{"quantity": 1}, {"quantity": 1, "variant_id": UNKNOWN}], "Variant not found"),
        ([{"quantity": 1}, {"quantity": 1, "location_id": UNKNOWN}], "Location not found"),
    ],
)
def test_an_order_fails_if_any_of_its_stock_is_not_available(trade, model, lines, reason):
    trade.allocate(model)
    order_id = trade.order(*(trade.line(**line) for line in lines)).json["id"]
    trade.clock.at += 10
    assert (trade.status(order_id), trade.stock()) == (("failed", None), (42, 3, 39))
    assert event(trade, "ORDER_FAILED")["details"] == {"reason": reason}
    assert error(cancel(trade, order_id)) == (400, "order is failed, it cannot become cancelled")


def test_the_last_unit_goes_to_the_first_order(trade):
    first = trade.order(trade.line(39), key="first").json["id"]
    second = trade.order(trade.line(1), key="second").json["id"]
    trade.clock.at += 10
    assert (trade.status(first)[0], trade.status(second)[0]) == ("confirmed", "failed")


def test_soft_allocation_reserves_and_cancelling_releases(trade):
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


def test_hard_allocation_takes_stock_and_cancelling_gives_it_back(trade):
    trade.allocate("HARD")
    order_id = trade.confirmed(trade.line(2))
    assert (trade.stock(), trade.held_for(order_id), trade.ledger()[0]) == ((40, 3, 37), [], (-2, "sale"))
    trade.allocate("SOFT")  # the order keeps its own allocation
    assert cancel(trade, order_id).status_code == 200
    assert trade.stock() == (42, 3, 39)
    assert trade.ledger()[:2] == [(2, "cancellation"), (-2, "sale")]


def test_an_order_cancelled_early_does_not_move_on(trade):
    order_id = trade.order(trade.line(2)).json["id"]
    trade.clock.at += 1
    cancelled = cancel(trade, order_id).json
    assert (cancelled["status"], cancelled["payment_status"]) == ("cancelled", None)
    trade.clock.at += 60
    assert (trade.status(order_id), trade.stock()) == (("cancelled", None), (42, 3, 39))
    assert error(cancel(trade, order_id)) == (400, "order is cancelled, it cannot become cancelled")


def test_which_statuses_can_be_cancelled(trade, database):
    with Store(database) as store:
        orders = {row["status"]: row["id"] for row in store.rows("SELECT status, id FROM orders")}
    answers = {status: cancel(trade, order_id).status_code for status, order_id in orders.items()}
    assert answers == {status: 200 if "cancelled" in then else 400 for status, then in NEXT.items()}
