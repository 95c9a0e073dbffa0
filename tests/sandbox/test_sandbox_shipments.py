"""Fulfilments and returns."""

from replies import UNKNOWN, error

from synq_cli.sandbox.store.store import Store

ORDERS = "/api/v1/oms/orders"
REPAIR = {"product_title": "Repair", "quantity": 1, "unit_price": 12}


def fulfil(trade, order_id, **body):
    return trade.client.simulate_post(f"{ORDERS}/{order_id}/fulfillments", json=body)


def send_back(trade, order_id, **body):
    return trade.client.simulate_post(f"{ORDERS}/{order_id}/returns", json=body)


def seeded(database, status):
    with Store(database) as store:
        return store.rows("SELECT id FROM orders WHERE status = ?", (status,))[0]["id"]


def crewnecks(number):
    return [{"sku": "HMC-NVY-M", "quantity": number}]


def test_fulfilments_take_stock_and_use_up_reservations(trade):
    order_id = trade.confirmed(trade.line(3), REPAIR)
    trade.clock.at += 60
    first = fulfil(
        trade,
        order_id,
        items=crewnecks(1),
        carrier="Royal Mail",
        tracking_number="RM482915307GB",
        location_id=trade.place["location_id"],
    )
    assert first.status_code == 201
    assert first.json == {
        "id": first.json["id"],
        "order_id": order_id,
        "status": "shipped",
        "location_id": trade.place["location_id"],
        "carrier": "Royal Mail",
        "tracking_number": "RM482915307GB",
        "items": [{"variant_id": trade.place["variant_id"], "sku": "HMC-NVY-M", "quantity": 1}],
        "created_at": "2025-11-20T12:01:04Z",
        "updated_at": "2025-11-20T12:01:04Z",
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
    assert listed == {"fulfillments": [first.json, rest]}
    events = [event for event in trade.client.simulate_get("/api/v1/audit").json if event["entity_id"] == order_id]
    assert [(event["action"], event["details"].get("status")) for event in events[:2]] == [
        ("ORDER_FULFILLED", "fulfilled"),
        ("ORDER_FULFILLED", "partially_fulfilled"),
    ]


def test_fulfilments_of_hard_allocated_orders_take_no_stock(trade):
    trade.allocate("HARD")
    order_id = trade.confirmed(trade.line(3))
    entries = trade.ledger()
    assert fulfil(trade, order_id).status_code == 201
    assert (trade.status(order_id)[0], trade.ledger(), trade.stock()) == ("fulfilled", entries, (39, 3, 36))


def test_a_fulfilment_may_take_units_of_several_lines(trade):
    order_id = trade.confirmed(trade.line(1), trade.line(2))
    by_variant = [{"variant_id": trade.place["variant_id"].upper(), "quantity": 2}]
    parcel = fulfil(trade, order_id, items=by_variant).json
    assert [item["quantity"] for item in parcel["items"]] == [1, 1]
    assert error(fulfil(trade, order_id, items=crewnecks(2))) == (
        400,
        "quantity is too large: HMC-NVY-M has 1 unshipped",
    )
    assert fulfil(trade, order_id, items=crewnecks(1)).status_code == 201
    assert trade.status(order_id)[0] == "fulfilled"


def test_an_order_whose_reservation_was_released_can_be_shipped(trade):
    order_id = trade.confirmed(trade.line(2))
    held = trade.client.simulate_get("/api/v1/inventory/reservations").json["reservations"][0]
    assert trade.client.simulate_delete(f"/api/v1/inventory/reservations/{held['id']}").status_code == 204
    assert trade.stock() == (42, 3, 39)
    assert fulfil(trade, order_id).status_code == 201
    assert (trade.stock(), trade.held_for(order_id)) == ((40, 3, 37), [(2, "RELEASED")])


def test_invalid_fulfilments_change_nothing(trade):
    order_id = trade.confirmed(trade.line(3))
    item = {"sku": "HMC-NVY-M", "quantity": 1}
    for body, text in (
        ({"items": []}, "invalid request body"),
        ({"items": [{"quantity": 1}]}, "invalid request body"),
        ({"items": [{"sku": "HMC-NVY-M"}]}, "invalid request body"),
        ({"items": [{**item, "quantity": 0}]}, "invalid request body"),
        ({"items": [{**item, "colour": "navy"}]}, "invalid request body"),
        ({"carrier": None}, "invalid request body"),
        ({"location_id": "Leith"}, "invalid request body"),
        ({"weight": 3}, "invalid request body"),
        ({"items": crewnecks(4)}, "quantity is too large: HMC-NVY-M has 3 unshipped"),
        ({"items": crewnecks(1) + crewnecks(1)}, "line HMC-NVY-M is given twice"),
        ({"items": [{**item, "sku": "VLS-GRY-OS"}]}, "the order has no line VLS-GRY-OS"),
        ({"items": [{"variant_id": UNKNOWN, "quantity": 1}]}, f"the order has no line {UNKNOWN}"),
        ({"items": [{**item, "variant_id": UNKNOWN}]}, "the order has no line HMC-NVY-M"),
    ):
        assert error(fulfil(trade, order_id, **body)) == (400, text), body
    assert (trade.status(order_id)[0], trade.stock()) == ("confirmed", (42, 6, 36))
    assert trade.client.simulate_get(f"{ORDERS}/{order_id}/fulfillments").json == {"fulfillments": []}


def test_a_fulfilment_leaves_from_the_location_of_its_stock(trade):
    order_id = trade.confirmed(trade.line(3))
    places = trade.client.simulate_get("/api/v1/inventory/locations").json["locations"]
    elsewhere = next(place["id"] for place in places if place["id"] != trade.place["location_id"])
    assert error(fulfil(trade, order_id, location_id=elsewhere)) == (
        400,
        "the order's stock is allocated at another location",
    )
    assert error(fulfil(trade, order_id, location_id=UNKNOWN)) == (404, "Location not found")
    repair = trade.confirmed(REPAIR, key="key-2")
    assert fulfil(trade, repair, location_id=elsewhere).json["location_id"] == elsewhere
    repair = trade.confirmed(REPAIR, key="key-3")
    assert fulfil(trade, repair).json["location_id"] is None


def test_which_statuses_can_be_fulfilled_and_returned(trade, database):
    with Store(database) as store:
        orders = {row["status"]: row["id"] for row in store.rows("SELECT status, id FROM orders")}
    shipped = {status for status, order_id in orders.items() if fulfil(trade, order_id).status_code == 201}
    assert shipped == {"confirmed", "processing", "partially_fulfilled"}
    assert error(fulfil(trade, orders["delivered"])) == (400, "order is delivered, it cannot be fulfilled")
    trade.clock.at += 60
    with Store(database) as store:
        orders = {row["status"]: row["id"] for row in store.rows("SELECT status, id FROM orders")}
    taken_back = {status for status, order_id in orders.items() if send_back(trade, order_id).status_code == 201}
    assert taken_back == {"fulfilled", "delivered", "return_requested", "partially_returned"}
    assert error(send_back(trade, orders["completed"])) == (400, "order is completed, it cannot be returned")


def test_returns_never_exceed_what_was_shipped(trade):
    order_id = trade.confirmed(trade.line(3), REPAIR)
    fulfil(trade, order_id)
    stock = trade.stock()
    trade.clock.at += 1800
    first = send_back(trade, order_id, items=crewnecks(1), reason="Sleeves too long")
    assert first.status_code == 201
    assert first.json == {
        "id": first.json["id"],
        "order_id": order_id,
        "status": "requested",
        "reason": "Sleeves too long",
        "items": [
            {"variant_id": trade.place["variant_id"], "sku": "HMC-NVY-M", "quantity": 1, "disposition": "pending"}
        ],
        "created_at": "2025-11-20T12:30:04Z",
        "updated_at": "2025-11-20T12:30:04Z",
    }
    assert trade.status(order_id) == ("return_requested", "captured")
    assert error(send_back(trade, order_id, items=crewnecks(3))) == (
        400,
        "quantity is too large: HMC-NVY-M has 2 returnable",
    )
    rest = send_back(trade, order_id).json
    assert ([item["quantity"] for item in rest["items"]], rest["reason"]) == ([2, 1], None)
    assert error(send_back(trade, order_id)) == (400, "the order has nothing returnable")
    assert trade.client.simulate_get(f"{ORDERS}/{order_id}/returns").json == {"returns": [first.json, rest]}
    # Requested returns have not come back yet.
    assert trade.stock() == stock


def test_fulfilments_and_returns_of_seeded_orders(client, database):
    def of(status, kind):
        return client.simulate_get(f"{ORDERS}/{seeded(database, status)}/{kind}").json[kind]

    (parcel,) = of("partially_fulfilled", "fulfillments")
    assert (parcel["status"], [item["quantity"] for item in parcel["items"]]) == ("shipped", [1])
    assert of("confirmed", "fulfillments") == of("delivered", "returns") == []
    (returned,) = of("returned", "returns")
    assert (returned["status"], returned["items"][0]["disposition"]) == ("restocked", "sellable")
    assert of("return_requested", "returns")[0]["status"] == "requested"
