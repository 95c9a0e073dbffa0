"""Stock: levels, ledger, adjustments, locations, reservations."""

from collections import Counter

from replies import NOW, UNKNOWN, created, error, newest_event

from synq_cli.sandbox.store.store import Store

ADJUST = "/api/v1/inventory/adjust"
LEVELS = "/api/v1/inventory/levels"
LEDGER = "/api/v1/inventory/ledger"
LOCATIONS = "/api/v1/inventory/locations"
RESERVATIONS = "/api/v1/inventory/reservations"


def adjust(trade, delta, **fields):
    return trade.client.simulate_post(ADJUST, json={**trade.place, "quantity_delta": delta, **fields})


def reserve(trade, quantity, **fields):
    return trade.client.simulate_post(RESERVATIONS, json={**trade.place, "quantity": quantity, **fields})


def reservations(trade):
    return trade.client.simulate_get(RESERVATIONS).json["reservations"]


def test_an_adjustment_is_appended_and_changes_the_level(trade, clock, crewneck):
    def level():
        (level,) = trade.client.simulate_get(LEVELS, params={"sku": "HMC-NVY-M"}).json["levels"]
        return level

    before = level()
    clock.at += 30
    entry = adjust(trade, -5, variant_id=crewneck["id"].upper()).json
    product = trade.client.simulate_get(f"/api/v1/pim/products/{crewneck['product_id']}").json
    assert entry == {
        "id": entry["id"],
        "org_id": crewneck["org_id"],
        "tenant_id": crewneck["tenant_id"],
        **trade.place,
        "quantity_delta": -5,
        "transaction_type": "adjustment",
        "notes": "API Adjustment",
        "unit_cost": None,
        "created_by": product["created_by"],  # the administrator, whose token this is
        "created_at": "2025-11-20T12:00:30Z",
    }
    assert (trade.stock(), level()) == (
        (37, 3, 34),
        {**before, "on_hand": 37, "available": 34, "updated_at": "2025-11-20T12:00:30Z"},
    )
    newest = trade.client.simulate_get(LEDGER, params={"variant_id": crewneck["id"], "limit": 1}).json
    assert newest == {"entries": [entry], "limit": 1, "offset": 0}
    details = {"location_id": trade.place["location_id"], "quantity_delta": -5}
    assert newest_event(trade.client) == ("INVENTORY_ADJUSTED", "INVENTORY", crewneck["id"], details)


def test_adjustments_of_zero_and_below_zero(trade):
    assert adjust(trade, 0).status_code == 200
    assert adjust(trade, -(2**31)).status_code == 200
    assert trade.stock()[0] == 42 - 2**31
    assert error(adjust(trade, 1, location_id=UNKNOWN)) == (404, "Location not found")


def test_levels_are_the_sums_of_the_ledger(client):
    def everything(path, key):
        pages = [client.simulate_get(path, params={"limit": 100, "offset": at}).json for at in range(0, 1000, 100)]
        return [row for page in pages for row in page[key]]

    sums = Counter()
    entries = everything(LEDGER, "entries")
    for entry in entries:
        sums[entry["variant_id"], entry["location_id"]] += entry["quantity_delta"]
    levels = everything(LEVELS, "levels")
    assert {(row["variant_id"], row["location_id"]): row["on_hand"] for row in levels} == sums
    assert [row["sku"] for row in levels] == sorted(row["sku"] for row in levels)
    assert all(row["available"] == row["on_hand"] - row["reserved"] >= 0 for row in levels)
    assert sum(row["reserved"] for row in levels) > 20
    times = [entry["created_at"] for entry in entries]
    assert times == sorted(times, reverse=True)


def test_levels_and_entries_by_variant_and_location(trade, crewneck):
    def get(path, key, **params):
        return trade.client.simulate_get(path, params={"limit": 100, **params}).json[key]

    assert [level["sku"] for level in get(LEVELS, "levels", variant_id=crewneck["id"])] == ["HMC-NVY-M"]
    for path, key in ((LEVELS, "levels"), (LEDGER, "entries")):
        rows = get(path, key, location_id=trade.place["location_id"])
        assert {row["location_id"] for row in rows} == {trade.place["location_id"]}
        assert get(path, key, location_id=UNKNOWN) == []


def test_locations_are_alphabetical(client):
    locations = client.simulate_get(LOCATIONS).json["locations"]
    assert [place["name"] for place in locations] == ["High Street shop", "Leith warehouse", "Tromsø lager"]
    assert {place["active"] for place in locations} == {True}


def test_only_active_reservations_count(client, database):
    with Store(database) as store:
        store.run("UPDATE reservations SET status = 'RELEASED' WHERE reference = 'trunk-show'")
        store.run("UPDATE reservations SET status = 'CONSUMED' WHERE reference <> 'trunk-show'")
    levels = client.simulate_get(LEVELS, params={"limit": 100}).json["levels"]
    assert {level["reserved"] for level in levels} == {0}


def test_units_are_reserved_until_they_are_released(trade):
    reserved = created(reserve(trade, 2, reference="photo-shoot"))
    assert reserved == {
        "id": reserved["id"],
        **trade.place,
        "quantity": 2,
        "reference": "photo-shoot",
        "status": "ACTIVE",
        "created_at": NOW,
    }
    assert (trade.stock(), reservations(trade)[0]) == ((42, 5, 37), reserved)
    details = {**trade.place, "quantity": 2, "reference": "photo-shoot"}
    assert newest_event(trade.client) == ("INVENTORY_RESERVED", "RESERVATION", reserved["id"], details)
    path = f"{RESERVATIONS}/{reserved['id'].upper()}"
    released = trade.client.simulate_delete(path)
    assert (released.status_code, released.text, trade.stock()) == (204, "", (42, 3, 39))
    assert reservations(trade)[0] == {**reserved, "status": "RELEASED"}
    assert error(trade.client.simulate_delete(path)) == (404, "Reservation not found")
    assert newest_event(trade.client) == ("INVENTORY_RELEASED", "RESERVATION", reserved["id"], details)


def test_the_newest_reservation_comes_first(trade):
    rows = reservations(trade)
    times = [row["created_at"] for row in rows]
    assert times == sorted(times, reverse=True)
    assert {row["status"] for row in rows} == {"ACTIVE"}
    made = [created(reserve(trade, 1))["id"] for _ in range(3)]
    assert [row["id"] for row in reservations(trade)[:3]] == made[::-1]


def test_reservations_do_not_exceed_what_is_available(trade):
    assert error(reserve(trade, 40)) == (400, "Not enough stock: 39 available")
    assert reserve(trade, 39).status_code == 201
    assert error(reserve(trade, 1)) == (400, "Not enough stock: 0 available")
    assert trade.stock() == (42, 42, 0)
    assert error(reserve(trade, 1, location_id=UNKNOWN)) == (404, "Location not found")
