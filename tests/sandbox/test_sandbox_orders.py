"""Orders, from creation to cancellation or return, on a clock that the tests move."""

import re

import pytest
from replies import NOW, UNKNOWN, created, error

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
    cancellable = {"draft", "pending_payment", "payment_authorized", "confirmed", "processing"}
    assert {status for status, then in NEXT.items() if "cancelled" in then} == cancellable


def test_an_order_is_confirmed_four_seconds_after_it_was_placed(trade):
    fields = {"channel": "web-storefront", "source_platform": "shopify", "currency": "GBP"}
    order = created(trade.order(trade.line(2), **{**fields, "currency": "gbp"}))
    assert order == {
        "id": order["id"],
        "status": "pending_payment",
        **dict.fromkeys(("subtotal", "total"), 179.0),
        **dict.fromkeys(("discount_total", "shipping_total", "tax_total"), 0.0),
        "payment_status": None,
        "payment_provider": "stripe",
        "payment_reference": "pi_1",
        **fields,
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
    confirmed = {"status": "confirmed", "payment_status": "authorized", "updated_at": "2025-11-20T12:00:04Z"}
    assert newest == {**order, **confirmed}
    assert trade.held_for(order["id"]) == [(2, "ACTIVE")]
    assert event(trade, "ORDER_PLACED")["details"] == {"channel": "web-storefront", "total": "179.00"}
    confirmed = event(trade, "ORDER_CONFIRMED")
    assert (confirmed["actor_email"], confirmed["created_at"]) == ("system", "2025-11-20T12:00:04Z")


def test_seeded_orders_come_newest_first_in_pages_and_do_not_move_on(client, clock):
    def ask():
        return [client.simulate_get(ORDERS, params={"limit": 100, "offset": at}).json for at in (0, 100, 200)]

    pages = ask()
    used = [(len(page["orders"]), page["limit"], page["offset"]) for page in pages]
    assert used == [(100, 100, 0), (100, 100, 100), (40, 100, 200)]
    clock.at += 3000
    assert ask() == pages
    orders = [order for page in pages for order in page["orders"]]
    times = [order["created_at"] for order in orders]
    assert times == sorted(times, reverse=True)
    assert len({order["id"] for order in orders}) == 240
    assert len({order["status"] for order in orders}) == 16


def test_limit_and_offset_that_were_used_are_in_the_reply(client):
    largest = (100, 0)
    queries = {"": (50, 0), "limit=100": largest, "limit=101&offset=3": (100, 3), f"limit={10**30}": largest}
    for query, used in queries.items():
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


def test_the_last_unit_goes_to_the_first_order(trade):
    first, second = (trade.order(trade.line(units), key=f"{units}").json["id"] for units in (39, 1))
    trade.clock.at += 10
    assert (trade.status(first)[0], trade.status(second)[0]) == ("confirmed", "failed")


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


def test_soft_allocation_reserves_and_cancelling_releases(trade):
    order_id = trade.confirmed(trade.line(2), trade.line(3))
    before = trade.ledger()
    assert (trade.stock(), trade.held_for(order_id)) == ((42, 8, 34), [(5, "ACTIVE")])
    cancelled = cancel(trade, order_id, json={"reason": "changed their mind"}).json
    assert (cancelled["status"], cancelled["payment_status"]) == ("cancelled", "voided")
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
    orders = by_status(database)
    answers = {status: cancel(trade, order_id).status_code for status, order_id in orders.items()}
    assert answers == {status: 200 if "cancelled" in then else 400 for status, then in NEXT.items()}


# Fulfilments and returns

REPAIR = {"product_title": "Repair", "quantity": 1, "unit_price": 12}


def fulfil(trade, order_id, **body):
    return trade.client.simulate_post(f"{ORDERS}/{order_id}/fulfillments", json=body)


def send_back(trade, order_id, **body):
    return trade.client.simulate_post(f"{ORDERS}/{order_id}/returns", json=body)


def by_status(database):
    """The id of an order in each status."""
    with Store(database) as store:
        return {row["status"]: row["id"] for row in store.rows("SELECT status, id FROM orders")}


def crewnecks(number):
    return [{"sku": "HMC-NVY-M", "quantity": number}]


def test_fulfillments_take_stock_and_use_up_reservations(trade):
    order_id = trade.confirmed(trade.line(3), REPAIR)
    trade.clock.at += 60
    fields = {"carrier": "Royal Mail", "tracking_number": "RM482915307GB", "location_id": trade.place["location_id"]}
    first = created(fulfil(trade, order_id, items=crewnecks(1), **fields))
    assert first == {
        "id": first["id"],
        "order_id": order_id,
        "status": "shipped",
        **fields,
        "items": [{"variant_id": trade.place["variant_id"], "sku": "HMC-NVY-M", "quantity": 1}],
        **dict.fromkeys(("created_at", "updated_at"), "2025-11-20T12:01:04Z"),
    }
    assert trade.status(order_id) == ("partially_fulfilled", "captured")
    assert (trade.stock(), trade.ledger()[0]) == ((41, 5, 36), (-1, "sale"))
    assert trade.held_for(order_id) == [(1, "CONSUMED"), (2, "ACTIVE")]

    rest = trade.client.simulate_post(f"{ORDERS}/{order_id}/fulfillments").json
    assert (rest["carrier"], rest["location_id"]) == (None, trade.place["location_id"])
    assert [item["quantity"] for item in rest["items"]] == [2, 1]
    assert trade.status(order_id) == ("fulfilled", "captured")
    assert (trade.stock(), trade.ledger()[0]) == ((39, 3, 36), (-2, "sale"))
    assert trade.held_for(order_id) == [(1, "CONSUMED"), (2, "CONSUMED")]

    listed = trade.client.simulate_get(f"{ORDERS}/{order_id}/fulfillments").json
    assert listed == {"fulfillments": [first, rest]}
    events = [event for event in trade.client.simulate_get("/api/v1/audit").json if event["entity_id"] == order_id]
    assert [(event["action"], event["details"].get("status")) for event in events[:2]] == [
        ("ORDER_FULFILLED", "fulfilled"),
        ("ORDER_FULFILLED", "partially_fulfilled"),
    ]


def test_fulfillments_of_hard_allocated_orders_take_no_stock(trade):
    trade.allocate("HARD")
    order_id = trade.confirmed(trade.line(3))
    entries = trade.ledger()
    assert fulfil(trade, order_id).status_code == 201
    assert (trade.status(order_id)[0], trade.ledger(), trade.stock()) == ("fulfilled", entries, (39, 3, 36))


def test_a_fulfillment_may_take_units_of_several_lines(trade):
    order_id = trade.confirmed(trade.line(1), trade.line(2))
    by_variant = [{"variant_id": trade.place["variant_id"].upper(), "quantity": 2}]
    parcel = fulfil(trade, order_id, items=by_variant).json
    assert [item["quantity"] for item in parcel["items"]] == [1, 1]
    too_large = (400, "quantity is too large: HMC-NVY-M has 1 unshipped")
    assert error(fulfil(trade, order_id, items=crewnecks(2))) == too_large
    assert fulfil(trade, order_id, items=crewnecks(1)).status_code == 201
    assert trade.status(order_id)[0] == "fulfilled"


def test_an_order_whose_reservation_was_released_can_be_shipped(trade):
    order_id = trade.confirmed(trade.line(2))
    held = trade.client.simulate_get("/api/v1/inventory/reservations").json["reservations"][0]
    assert trade.client.simulate_delete(f"/api/v1/inventory/reservations/{held['id']}").status_code == 204
    assert trade.stock() == (42, 3, 39)
    assert fulfil(trade, order_id).status_code == 201
    assert (trade.stock(), trade.held_for(order_id)) == ((40, 3, 37), [(2, "RELEASED")])


def test_invalid_fulfillments_change_nothing(trade):
    order_id = trade.confirmed(trade.line(3))
    item = {"sku": "HMC-NVY-M", "quantity": 1}
    items = ([], [{"quantity": 1}], [{"sku": "HMC-NVY-M"}], [{**item, "quantity": 0}], [{**item, "colour": "navy"}])
    fields = ({"carrier": None}, {"location_id": "Leith"}, {"weight": 3}, *({"items": given} for given in items))
    for body, text in (
        *((body, "invalid request body") for body in fields),
        ({"items": crewnecks(4)}, "quantity is too large: HMC-NVY-M has 3 unshipped"),
        ({"items": crewnecks(1) + crewnecks(1)}, "line HMC-NVY-M is given twice"),
        ({"items": [{**item, "sku": "VLS-GRY-OS"}]}, "the order has no line VLS-GRY-OS"),
        ({"items": [{"variant_id": UNKNOWN, "quantity": 1}]}, f"the order has no line {UNKNOWN}"),
        ({"items": [{**item, "variant_id": UNKNOWN}]}, "the order has no line HMC-NVY-M"),
    ):
        assert error(fulfil(trade, order_id, **body)) == (400, text), body
    assert (trade.status(order_id)[0], trade.stock()) == ("confirmed", (42, 6, 36))
    assert trade.client.simulate_get(f"{ORDERS}/{order_id}/fulfillments").json == {"fulfillments": []}


def test_a_fulfillment_leaves_from_the_location_of_its_stock(trade):
    order_id = trade.confirmed(trade.line(3))
    places = trade.client.simulate_get("/api/v1/inventory/locations").json["locations"]
    elsewhere = next(place["id"] for place in places if place["id"] != trade.place["location_id"])
    refused = (400, "the order's stock is allocated at another location")
    assert error(fulfil(trade, order_id, location_id=elsewhere)) == refused
    assert error(fulfil(trade, order_id, location_id=UNKNOWN)) == (404, "Location not found")
    repair = trade.confirmed(REPAIR, key="key-2")
    assert fulfil(trade, repair, location_id=elsewhere).json["location_id"] == elsewhere
    repair = trade.confirmed(REPAIR, key="key-3")
    assert fulfil(trade, repair).json["location_id"] is None


def test_which_statuses_can_be_fulfilled_and_returned(trade, database):
    orders = by_status(database)
    shipped = {status for status, order_id in orders.items() if fulfil(trade, order_id).status_code == 201}
    assert shipped == {"confirmed", "processing", "partially_fulfilled"}
    assert error(fulfil(trade, orders["delivered"])) == (400, "order is delivered, it cannot be fulfilled")
    trade.clock.at += 60
    orders = by_status(database)
    taken_back = {status for status, order_id in orders.items() if send_back(trade, order_id).status_code == 201}
    assert taken_back == {"fulfilled", "delivered", "return_requested", "partially_returned"}
    assert error(send_back(trade, orders["completed"])) == (400, "order is completed, it cannot be returned")


def test_returns_never_exceed_what_was_shipped(trade):
    order_id = trade.confirmed(trade.line(3), REPAIR)
    fulfil(trade, order_id)
    stock = trade.stock()
    trade.clock.at += 1800
    first = created(send_back(trade, order_id, items=crewnecks(1), reason="Sleeves too long"))
    item = {"variant_id": trade.place["variant_id"], "sku": "HMC-NVY-M", "quantity": 1, "disposition": "pending"}
    assert first == {
        "id": first["id"],
        "order_id": order_id,
        "status": "requested",
        "reason": "Sleeves too long",
        "items": [item],
        **dict.fromkeys(("created_at", "updated_at"), "2025-11-20T12:30:04Z"),
    }
    assert trade.status(order_id) == ("return_requested", "captured")
    too_large = (400, "quantity is too large: HMC-NVY-M has 2 returnable")
    assert error(send_back(trade, order_id, items=crewnecks(3))) == too_large
    rest = send_back(trade, order_id).json
    assert ([item["quantity"] for item in rest["items"]], rest["reason"]) == ([2, 1], None)
    assert error(send_back(trade, order_id)) == (400, "the order has nothing returnable")
    assert trade.client.simulate_get(f"{ORDERS}/{order_id}/returns").json == {"returns": [first, rest]}
    # Requested returns have not come back yet.
    assert trade.stock() == stock


def test_fulfillments_and_returns_of_seeded_orders(client, database):
    def of(status, kind):
        return client.simulate_get(f"{ORDERS}/{by_status(database)[status]}/{kind}").json[kind]

    (parcel,) = of("partially_fulfilled", "fulfillments")
    assert (parcel["status"], [item["quantity"] for item in parcel["items"]]) == ("shipped", [1])
    assert of("confirmed", "fulfillments") == of("delivered", "returns") == []
    (returned,) = of("returned", "returns")
    assert (returned["status"], returned["items"][0]["disposition"]) == ("restocked", "sellable")
    assert of("return_requested", "returns")[0]["status"] == "requested"
