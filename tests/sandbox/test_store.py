import multiprocessing
import sqlite3
import stat
import subprocess
import sys
import threading
from contextlib import closing

import pytest

from synq_cli.errors import UsageError
from synq_cli.sandbox.store import store
from synq_cli.sandbox.store.store import Store

NOW = 1_763_640_000.0


def test_info_of_a_new_tenant(tmp_path):
    path = tmp_path / "deep" / "sandbox.sqlite3"
    assert store.create(path, 7, NOW) is True
    told = store.info(path)
    with Store(path) as opened:
        tenant = opened.rows("SELECT * FROM tenant")[0]
        entries = opened.count("SELECT COUNT(*) FROM ledger")
    assert told == {
        "path": str(path),
        "seed": 7,
        "created_at": "2025-11-20T12:00:00Z",
        "tenant_id": tenant["id"],
        "org_id": tenant["org_id"],
        "webhook_secret": "example-webhook-secret",
        "products": 60,
        "variants": 145,
        "locations": 3,
        "orders": 240,
        "channels": 4,
        "ledger_entries": entries,
        "size_bytes": told["size_bytes"],
    }
    assert told["size_bytes"] >= path.stat().st_size > 100_000


@pytest.mark.skipif(sys.platform == "win32", reason="no permission bits there")
def test_the_file_is_private(database):
    with Store(database) as opened, opened.writing():
        opened.run("DELETE FROM requests")
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in database.parent.iterdir()}
    assert modes == dict.fromkeys(
        ["sandbox.sqlite3", "sandbox.sqlite3-wal", "sandbox.sqlite3-shm"], stat.S_IRUSR | stat.S_IWUSR
    )


def test_creating_again_changes_nothing(database):
    before = database.read_bytes()
    assert store.create(database, 99, NOW) is False
    assert database.read_bytes() == before


def test_signing_secrets_differ_for_the_same_seed(tmp_path):
    secrets = set()
    for name in ("one", "two"):
        store.create(tmp_path / name, 7, NOW)
        with Store(tmp_path / name) as opened:
            secrets.add(opened.rows("SELECT secret FROM tenant")[0]["secret"])
    assert {len(secret) for secret in secrets} == {64}
    assert len(secrets) == 2


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UsageError) as caught:
        Store(tmp_path / "none.sqlite3")
    assert caught.value.message == f"There is no sandbox at {tmp_path / 'none.sqlite3'}."
    assert "synq sandbox init" in caught.value.hint
    assert not (tmp_path / "none.sqlite3").exists()


def foreign_database(path):
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE cookies (name TEXT)")
        connection.commit()


@pytest.mark.parametrize(
    "spoil",
    [lambda path: path.write_bytes(b"this is a letter, not a database\n" * 99), foreign_database],
    ids=["no database", "another program's"],
)
def test_a_file_that_is_no_sandbox_is_named_and_kept(tmp_path, spoil):
    path = tmp_path / "letter.txt"
    spoil(path)
    before = path.read_bytes()
    for attempt in (lambda: Store(path), lambda: store.create(path, 7, NOW), lambda: store.info(path)):
        with pytest.raises(UsageError) as caught:
            attempt()
        assert caught.value.message == f"{path} is not a synq sandbox."
        assert "synq sandbox reset" in caught.value.hint
    assert path.read_bytes() == before
    store.reset(path, 7, NOW)
    assert store.info(path)["orders"] == 240


def test_a_sandbox_of_another_version_is_named_and_kept(database):
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA user_version = 99")
    for attempt in (lambda: Store(database), lambda: store.create(database, 7, NOW)):
        with pytest.raises(UsageError) as caught:
            attempt()
        assert caught.value.message == (f"The sandbox in {database} was made by another version of synq.")
        assert "synq sandbox reset" in caught.value.hint
    store.reset(database, 7, NOW)
    assert store.info(database)["seed"] == 7


def test_a_file_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="cannot be opened"):
        store.create(tmp_path / "file" / "sandbox.sqlite3", 7, NOW)
    with pytest.raises(UsageError, match="cannot be opened"):
        store.reset(tmp_path, 7, NOW)


def test_a_creation_that_was_killed_is_begun_anew(tmp_path):
    path = tmp_path / "sandbox.sqlite3"
    path.touch()
    with closing(sqlite3.connect(path, isolation_level=None)) as killed:
        killed.execute("BEGIN IMMEDIATE")
        killed.execute("CREATE TABLE tenant (id TEXT)")
    assert store.create(path, 7, NOW) is True
    assert store.info(path)["variants"] == 145


def test_opening_waits_for_a_creation_under_way(tmp_path, database):
    path = tmp_path / "late.sqlite3"
    path.touch()
    seen = []
    reader = threading.Thread(target=lambda: seen.append(store.info(path)["orders"]))
    with closing(sqlite3.connect(path, isolation_level=None)) as maker:
        maker.execute("BEGIN IMMEDIATE")
        reader.start()
        # Nothing may be said before the maker is done.
        reader.join(0.2)
        early = list(seen)
        with closing(sqlite3.connect(database)) as made:
            for line in made.iterdump():
                if line not in ("BEGIN TRANSACTION;", "COMMIT;") and "sqlite_sequence" not in line:
                    maker.execute(line)
        maker.execute(f"PRAGMA application_id = {store.APPLICATION_ID}")
        maker.execute(f"PRAGMA user_version = {store.VERSION}")
        maker.execute("COMMIT")
    reader.join(10)
    assert (early, seen) == ([], [240])


def create_one(path, seed, outcome):
    outcome.put(store.create(path, seed, NOW))


def test_processes_that_create_at_once_end_with_one_tenant(tmp_path):
    path = tmp_path / "sandbox.sqlite3"
    fresh = multiprocessing.get_context("spawn")
    outcome = fresh.Queue()
    processes = [fresh.Process(target=create_one, args=(path, seed, outcome)) for seed in (1, 2, 3)]
    for process in processes:
        process.start()
    outcomes = [outcome.get(timeout=30) for _ in processes]
    for process in processes:
        process.join(30)
    assert [process.exitcode for process in processes] == [0, 0, 0]
    assert sorted(outcomes) == [False, False, True]
    assert store.info(path)["orders"] == 240


def test_a_reset_reaches_those_who_have_the_file_open(database):
    with Store(database) as reader:
        before = reader.rows("SELECT id FROM tenant")[0]["id"]
        store.reset(database, 7, NOW)
        after = reader.rows("SELECT id FROM tenant")[0]["id"]
    assert after == store.info(database)["tenant_id"] != before


def test_a_write_that_fails_leaves_nothing(database):
    with Store(database) as opened:

        def fail_half_way():
            with opened.writing():
                opened.run("DELETE FROM orders")
                raise LookupError

        with pytest.raises(LookupError):
            fail_half_way()
        assert opened.count("SELECT COUNT(*) FROM orders") == 240


def test_the_file_is_read_without_the_extra():
    probe = """
import sys, synq_cli.sandbox.seed.seed, synq_cli.sandbox.store.store
print({"falcon", "jwt", "waitress"} & set(sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_two_processes_may_use_it_at_once(database):
    with Store(database) as opened:
        assert opened.rows("PRAGMA journal_mode") == [{"journal_mode": "wal"}]
        assert opened.rows("PRAGMA busy_timeout") == [{"timeout": 10_000}]
