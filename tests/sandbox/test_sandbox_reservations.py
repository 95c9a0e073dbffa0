import pytest

RESERVATIONS = "/api/v1/inventory/reservations"
STRANGER = "00000000-0000-4000-8000-000000000000"


def told(result):
    return result.status_code, result.json["error"]


def reserve(trade, quantity, **fields):
    return trade.client.simulate_post(RESERVATIONS, json={**trade.place, "quantity": quantity, **fields})


def test_units_are_held_until_they_are_released(trade):
    held = reserve(trade, 2, reference="photo-shoot")
    assert held.status_code == 201
    assert held.json == {
        "id": held.json["id"],
        **trade.place,
        "quantity": 2,
        "reference": "photo-shoot",
        "status": "ACTIVE",
        "created_at": "2025-11-20T12:00:00Z",
    }
    assert (trade.stock(), trade.client.simulate_get(RESERVATIONS).json["reservations"][0]) == ((42, 5, 37), held.json)
    path = f"{RESERVATIONS}/{held.json['id'].upper()}"
    released = trade.client.simulate_delete(path)
    assert (released.status_code, released.text) == (204, "")
    assert trade.stock() == (42, 3, 39)
    newest = trade.client.simulate_get(RESERVATIONS).json["reservations"][0]
    assert newest == {**held.json, "status": "RELEASED"}
    assert told(trade.client.simulate_delete(path)) == (404, "Reservation not found")
    events = trade.client.simulate_get("/api/v1/audit").json[:2]
    assert [(event["action"], event["entity_type"], event["entity_id"]) for event in events] == [
        ("INVENTORY_RELEASED", "RESERVATION", held.json["id"]),
        ("INVENTORY_RESERVED", "RESERVATION", held.json["id"]),
    ]
    assert {event["details"]["quantity"] for event in events} == {2}


def test_the_newest_reservation_comes_first(trade):
    rows = trade.client.simulate_get(RESERVATIONS).json["reservations"]
    times = [row["created_at"] for row in rows]
    assert times == sorted(times, reverse=True)
    assert {row["status"] for row in rows} == {"ACTIVE"}
    made = [reserve(trade, 1).json["id"] for _ in range(3)]
    assert [row["id"] for row in trade.client.simulate_get(RESERVATIONS).json["reservations"][:3]] == made[::-1]


def test_no_more_is_held_than_there_is(trade):
    assert told(reserve(trade, 40)) == (400, "Not enough stock: 39 available")
    assert reserve(trade, 39).status_code == 201
    assert told(reserve(trade, 1)) == (400, "Not enough stock: 0 available")
    assert trade.stock() == (42, 42, 0)


@pytest.mark.parametrize(
    "change",
    [
        {"quantity": 0},
        {"quantity": "1"},
        {"quantity": True},
        {"variant_id": "HMC-NVY-M"},
        {"location_id": None},
        {"reference": 7},
        {"until": "tomorrow"},
    ],
)
def test_a_reservation_that_makes_no_sense(trade, change):
    body = {**trade.place, "quantity": 1, **change}
    assert told(trade.client.simulate_post(RESERVATIONS, json=body)) == (400, "Invalid request payload")


def test_a_reservation_of_the_unknown(trade):
    assert told(reserve(trade, 1, variant_id=STRANGER)) == (404, "Variant not found")
    assert told(reserve(trade, 1, location_id=STRANGER)) == (404, "Location not found")
    assert told(trade.client.simulate_delete(f"{RESERVATIONS}/trunk-show")) == (400, "Invalid reservation ID")
    assert told(trade.client.simulate_delete(f"{RESERVATIONS}/{STRANGER}")) == (404, "Reservation not found")


def test_an_adjustment_is_in_the_audit_log(trade):
    assert (
        trade.client.simulate_post("/api/v1/inventory/adjust", json={**trade.place, "quantity_delta": -5}).status_code
        == 200
    )
    event = trade.client.simulate_get("/api/v1/audit").json[0]
    assert (event["action"], event["entity_id"], event["details"]) == (
        "INVENTORY_ADJUSTED",
        trade.place["variant_id"],
        {"location_id": trade.place["location_id"], "quantity_delta": -5},
    )
