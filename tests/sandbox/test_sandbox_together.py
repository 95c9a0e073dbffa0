"""Several at once on one file: nothing is lost, nothing is let through twice."""

import multiprocessing
from concurrent.futures import ThreadPoolExecutor

from falcon import testing

from synq_cli.sandbox.server.app import create_app
from synq_cli.sandbox.server.identity import issue_token
from synq_cli.sandbox.store.store import Store

ADJUST = "/api/v1/inventory/adjust"
NOW = 1_763_640_000.0


def place(database):
    with Store(database) as store:
        entry = store.rows(
            """SELECT ledger.* FROM ledger JOIN variants ON variants.id = variant_id
               WHERE sku = 'HMC-NVY-M' LIMIT 1"""
        )[0]
    return {"variant_id": entry["variant_id"], "location_id": entry["location_id"]}


def on_hand(database, stock):
    with Store(database) as store:
        return store.count(
            """SELECT SUM(quantity_delta) FROM ledger
               WHERE variant_id = :variant_id AND location_id = :location_id""",
            stock,
        )


def adjust(database, address, times):
    """Take one unit so many times; the statuses of the replies."""
    client = testing.TestClient(
        create_app(database, lambda: NOW),
        headers={"Authorization": f"Bearer {issue_token(database, now=lambda: NOW)}"},
    )
    body = {**place(database), "quantity_delta": -1}
    return [client.simulate_post(ADJUST, json=body, remote_addr=address).status_code for _ in range(times)]


def test_threads_lose_no_adjustment(database):
    with ThreadPoolExecutor(4) as pool:
        work = [pool.submit(adjust, database, f"10.0.0.{number}", 20) for number in range(4)]
        statuses = [status for done in work for status in done.result()]
    assert statuses == [200] * 80
    assert on_hand(database, place(database)) == 42 - 80


def test_processes_lose_no_adjustment_and_share_the_rate_limit(database):
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        replies = pool.starmap(adjust, [(database, "127.0.0.1", 40)] * 3)
        pool.close()
        pool.join()
    statuses = [status for reply in replies for status in reply]
    assert (statuses.count(200), statuses.count(429)) == (100, 20)
    assert on_hand(database, place(database)) == 42 - 100


def post(database, path, body, number):
    client = testing.TestClient(
        create_app(database, lambda: NOW),
        headers={"Authorization": f"Bearer {issue_token(database, now=lambda: NOW)}"},
    )
    return client.simulate_post(path, json=body, remote_addr=f"10.0.0.{number}")


def test_threads_with_one_key_make_one_order(database):
    body = {"idempotency_key": "k", "payment_provider": "stripe", "payment_reference": "pi"}
    body["items"] = [{"product_title": "Repair", "quantity": 1}]
    with ThreadPoolExecutor(4) as pool:
        replies = list(pool.map(lambda number: post(database, "/api/v1/oms/orders", body, number), range(8)))
    assert sorted(reply.status_code for reply in replies) == [200] * 7 + [201]
    assert len({reply.json["id"] for reply in replies}) == 1


def test_threads_reserve_no_unit_twice(database):
    body = {**place(database), "quantity": 10}
    path = "/api/v1/inventory/reservations"
    with ThreadPoolExecutor(4) as pool:
        replies = list(pool.map(lambda number: post(database, path, body, number), range(8)))
    assert sorted(reply.status_code for reply in replies) == [201] * 3 + [400] * 5  # 39 are available
