"""The tenant's file: creation, reset, errors, and several processes and threads on it."""

import multiprocessing
import sqlite3
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from falcon import testing
from replies import NOON, NOW

from synq_cli.errors import UsageError
from synq_cli.sandbox.server.app import create_app
from synq_cli.sandbox.server.identity import issue_token
from synq_cli.sandbox.store import store
from synq_cli.sandbox.store.store import Store


def test_info_of_a_new_tenant(tmp_path):
    path = tmp_path / "deep" / "sandbox.sqlite3"
    assert store.create(path, 7, NOON) is True
    with Store(path) as opened:
        tenant = opened.tenant()
        entries = opened.count("SELECT COUNT(*) FROM ledger")
    info = store.info(path)
    assert info == {
        "path": str(path),
        "seed": 7,
        "created_at": NOW,
        "tenant_id": tenant["id"],
        "org_id": tenant["org_id"],
        "webhook_secret": "example-webhook-secret",
        "products": 60,
        "variants": 145,
        "locations": 3,
        "orders": 240,
        "channels": 4,
        "ledger_entries": entries,
        "size_bytes": info["size_bytes"],
    }
    assert info["size_bytes"] >= path.stat().st_size > 100_000
    # The same seed does not give the same signing secret.
    store.create(tmp_path / "other", 7, NOON)
    with Store(tmp_path / "other") as opened:
        assert len(opened.tenant()["secret"]) == len(tenant["secret"]) == 64
        assert opened.tenant()["secret"] != tenant["secret"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no permission bits")
def test_the_file_is_private(database):
    with Store(database) as opened, opened.writing():
        opened.run("DELETE FROM requests")
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in database.parent.iterdir()}
    names = ["sandbox.sqlite3", "sandbox.sqlite3-wal", "sandbox.sqlite3-shm"]
    assert modes == dict.fromkeys(names, stat.S_IRUSR | stat.S_IWUSR)


def test_creating_again_changes_nothing(database):
    before = database.read_bytes()
    assert store.create(database, 99, NOON) is False
    assert database.read_bytes() == before


def refused(action, *arguments):
    with pytest.raises(UsageError) as caught:
        action(*arguments)
    return caught.value


def test_a_missing_file_is_named(tmp_path):
    path = tmp_path / "none.sqlite3"
    error = refused(Store, path)
    assert error.message == f"There is no sandbox at {path}."
    assert "synq sandbox init" in error.hint
    assert not path.exists()


@pytest.mark.parametrize("kind", ["text", "database"])
def test_a_file_that_is_not_a_sandbox_is_kept_until_reset(tmp_path, kind):
    path = tmp_path / "letter.txt"
    if kind == "text":
        path.write_bytes(b"this is a letter, not a database\n" * 99)
    else:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("CREATE TABLE cookies (name TEXT)")
            connection.commit()
    before = path.read_bytes()
    for error in (refused(Store, path), refused(store.create, path, 7, NOON), refused(store.info, path)):
        assert error.message == f"{path} is not a synq sandbox."
        assert "synq sandbox reset" in error.hint
    assert path.read_bytes() == before
    store.reset(path, 7, NOON)
    assert store.info(path)["orders"] == 240


def test_a_sandbox_of_another_version_is_kept_until_reset(database):
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA user_version = 99")
    for error in (refused(Store, database), refused(store.create, database, 7, NOON)):
        assert error.message == f"The sandbox in {database} was made by another version of synq."
        assert "synq sandbox reset" in error.hint
    store.reset(database, 7, NOON)
    assert store.info(database)["seed"] == 7


def test_a_file_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()
    path = tmp_path / "file" / "sandbox.sqlite3"
    assert refused(store.create, path, 7, NOON).message.startswith(f"The sandbox {path} can't be opened: ")
    assert refused(store.reset, tmp_path, 7, NOON).message.startswith(f"The sandbox {tmp_path} can't be opened: ")


def test_a_creation_that_was_killed_starts_again(tmp_path):
    path = tmp_path / "sandbox.sqlite3"
    path.touch()
    with closing(sqlite3.connect(path, isolation_level=None)) as killed:
        killed.execute("BEGIN IMMEDIATE")
        killed.execute("CREATE TABLE tenant (id TEXT)")
    assert store.create(path, 7, NOON) is True
    assert store.info(path)["variants"] == 145


def test_opening_waits_for_a_creation_under_way(tmp_path, database):
    path = tmp_path / "late.sqlite3"
    path.touch()
    seen = []
    reader = threading.Thread(target=lambda: seen.append(store.info(path)["orders"]))
    with closing(sqlite3.connect(path, isolation_level=None)) as creator:
        creator.execute("BEGIN IMMEDIATE")
        reader.start()
        reader.join(0.2)
        early = list(seen)
        with closing(sqlite3.connect(database)) as source:
            for line in source.iterdump():
                if line not in ("BEGIN TRANSACTION;", "COMMIT;") and "sqlite_sequence" not in line:
                    creator.execute(line)
        creator.execute(f"PRAGMA application_id = {store.APPLICATION_ID}")
        creator.execute(f"PRAGMA user_version = {store.VERSION}")
        creator.execute("COMMIT")
    reader.join(10)
    assert (early, seen) == ([], [240])


def test_a_reset_reaches_open_connections(database):
    with Store(database) as reader:
        before = reader.tenant()["id"]
        store.reset(database, 7, NOON)
        after = reader.tenant()["id"]
    assert after == store.info(database)["tenant_id"] != before


def test_an_exception_rolls_a_transaction_back(database):
    with Store(database) as opened:

        def fail_halfway():
            with opened.writing():
                opened.run("DELETE FROM orders")
                raise LookupError

        with pytest.raises(LookupError):
            fail_halfway()
        assert opened.count("SELECT COUNT(*) FROM orders") == 240
        assert opened.rows("PRAGMA journal_mode") == [{"journal_mode": "wal"}]
        assert opened.rows("PRAGMA busy_timeout") == [{"timeout": 10_000}]


def test_the_file_is_read_without_the_extra():
    probe = """
import sys, synq_cli.sandbox.seed.seed, synq_cli.sandbox.store.store
print({"falcon", "jwt", "waitress"} & set(sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


# Several at once: nothing is lost, and nothing is allowed twice.

ADJUST = "/api/v1/inventory/adjust"


def crewneck(database):
    with Store(database) as opened:
        return opened.row(
            """SELECT variant_id, location_id FROM ledger JOIN variants ON variants.id = variant_id
               WHERE sku = 'HMC-NVY-M'"""
        )


def on_hand(database):
    with Store(database) as opened:
        variant_id = crewneck(database)["variant_id"]
        return opened.count("SELECT SUM(quantity_delta) FROM ledger WHERE variant_id = ?", (variant_id,))


def post(database, path, body, times=1, address="127.0.0.1"):
    """Sends the same request so many times; the replies' statuses and bodies."""
    headers = {"Authorization": f"Bearer {issue_token(database, now=lambda: NOON)}"}
    client = testing.TestClient(create_app(database, lambda: NOON), headers=headers)
    replies = [client.simulate_post(path, json=body, remote_addr=address) for _ in range(times)]
    return [(reply.status_code, reply.json) for reply in replies]


def in_threads(database, path, body, times=1):
    """Sends the request from 8 threads with an address each."""
    with ThreadPoolExecutor(8) as pool:
        work = [pool.submit(post, database, path, body, times, f"10.0.0.{number}") for number in range(8)]
        return [reply for done in work for reply in done.result()]


def test_concurrent_threads(database):
    adjusted = in_threads(database, ADJUST, {**crewneck(database), "quantity_delta": -1}, times=5)
    assert {status for status, _ in adjusted} == {200}
    assert on_hand(database) == 42 - 40
    order = {"idempotency_key": "k", "payment_provider": "stripe", "payment_reference": "pi"}
    order["items"] = [{"product_title": "Repair", "quantity": 1}]
    placed = in_threads(database, "/api/v1/oms/orders", order)
    assert sorted(status for status, _ in placed) == [200] * 7 + [201]
    assert len({reply["id"] for _, reply in placed}) == 1


def test_concurrent_reservations_do_not_exceed_the_stock(database):
    reserved = in_threads(database, "/api/v1/inventory/reservations", {**crewneck(database), "quantity": 10})
    assert sorted(status for status, _ in reserved) == [201] * 3 + [400] * 5  # 39 are available


def create_and_adjust(path, body, start, outcomes):
    """Puts whether this process created the tenant, and the statuses of 60 adjustments."""
    start.wait(60)
    created = store.create(path, 2025, NOON)
    outcomes.put((created, [status for status, _ in post(path, ADJUST, body, times=60)]))


def test_processes_create_one_tenant_and_share_the_rate_limit(tmp_path, database):
    path = tmp_path / "new.sqlite3"
    spawn = multiprocessing.get_context("spawn")
    start, outcomes = spawn.Barrier(2), spawn.Queue()
    work = (path, {**crewneck(database), "quantity_delta": -1}, start, outcomes)
    process = spawn.Process(target=create_and_adjust, args=work)
    process.start()
    create_and_adjust(*work)
    (one, statuses), (other, more) = outcomes.get(timeout=60), outcomes.get(timeout=60)
    process.join(30)
    assert (process.exitcode, {one, other}) == (0, {True, False})
    assert ((statuses + more).count(200), (statuses + more).count(429)) == (100, 20)
    assert on_hand(path) == 42 - 100
