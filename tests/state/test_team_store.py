"""The team store on a real PostgreSQL: transactions, deadlines, lost connections and versions of the tables."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from postgresql import ENCODED, PASSWORD, Postgresql, Proxy
from table import cases

from synq_cli.errors import UsageError
from synq_cli.state.team import migrations
from synq_cli.state.team.store import TeamOutcomeUnknownError, TeamStore, TeamStoreError
from synq_cli.state.team.transaction import Transaction

Open = Callable[..., TeamStore]


@pytest.fixture
def open_store(postgresql: Postgresql) -> Iterator[Open]:
    """Opens stores, by default of a new database, that end with the test."""
    with ExitStack() as stack:

        def make(address: str | None = None, *, timeout: float = 10.0, checked: bool = True) -> TeamStore:
            text = address or postgresql.database()
            store = TeamStore(lambda: text, timeout=timeout, secrets=[], checked=checked)
            stack.callback(store.close)
            return store

        yield make


def add_host(transaction: Transaction, name: str = "api.test") -> None:
    transaction.execute("INSERT INTO synq.hosts VALUES ('office', %s, 100, 0, 0, 0, 0)", name)


def hosts(transaction: Transaction) -> list[str]:
    return [host for (host,) in transaction.query("SELECT host FROM synq.hosts ORDER BY host").all()]


def test_a_transaction_is_all_or_nothing(open_store: Open) -> None:
    store = open_store()
    store.transact(add_host)

    def fail(transaction: Transaction) -> None:
        add_host(transaction, "other.test")
        assert hosts(transaction) == ["api.test", "other.test"]
        raise KeyError

    with pytest.raises(KeyError):
        store.transact(fail)
    assert store.read(hosts) == ["api.test"]


def test_a_transaction_has_the_clock_of_the_server(open_store: Open) -> None:
    before = time.time()
    assert before <= open_store().read(lambda transaction: transaction.now) <= time.time()


def test_transactions_with_a_lock_run_one_after_the_other(postgresql: Postgresql, open_store: Open) -> None:
    address = postgresql.database()
    stores = [open_store(address) for _ in range(3)]
    stores[0].transact(add_host)

    def count(transaction: Transaction) -> None:
        (size,) = transaction.query("SELECT size FROM synq.hosts").all()[0]
        transaction.execute("UPDATE synq.hosts SET size = %s", size + 1)

    def work(store: TeamStore) -> None:
        for _ in range(20):
            store.transact(count, lock="count")

    threads = [threading.Thread(target=work, args=(store,)) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert stores[0].read(lambda transaction: transaction.query("SELECT size FROM synq.hosts").all()) == [(160,)]


def test_a_transaction_takes_two_round_trips(postgresql: Postgresql, open_store: Open) -> None:
    with Proxy(postgresql.port) as network:
        store = open_store(postgresql.database(port=network.port))

        def work(transaction: Transaction) -> None:
            assert transaction.now > 0
            assert hosts(transaction) == []
            add_host(transaction)
            add_host(transaction, "other.test")

        store.read(hosts)
        before = network.turns
        store.transact(work, lock="work")
        # The clock and the hosts are read one after the other; the changes go with the commit.
        assert network.turns - before <= 3


def test_a_lost_connection_is_made_again(postgresql: Postgresql, open_store: Open) -> None:
    store = open_store()
    store.transact(add_host)
    postgresql.restart()
    store.transact(lambda transaction: add_host(transaction, "other.test"))
    assert store.read(hosts) == ["api.test", "other.test"]


def test_a_connection_lost_within_a_transaction_is_made_again_once(postgresql: Postgresql, open_store: Open) -> None:
    with Proxy(postgresql.port) as network:
        store = open_store(postgresql.database(port=network.port))
        store.read(hosts)
        runs = []

        def work(transaction: Transaction) -> None:
            runs.append(transaction.now)
            if len(runs) <= cuts:
                network.cut()
            add_host(transaction, f"{len(runs)}.test")
            hosts(transaction)

        cuts = 1
        store.transact(work)
        assert store.read(hosts) == ["2.test"]
        cuts = 9
        runs.clear()
        with pytest.raises(TeamStoreError, match="closed the connection"):
            store.transact(work)
        assert len(runs) == 2
        assert store.read(hosts) == ["2.test"]


@cases("arrives", [False, True])
def test_a_commit_without_an_answer_is_reported_as_unknown(
    postgresql: Postgresql, open_store: Open, arrives: bool
) -> None:
    with Proxy(postgresql.port) as network:
        store = open_store(postgresql.database(port=network.port), timeout=10)
        runs = []

        def work(transaction: Transaction) -> None:
            runs.append(transaction.now)
            add_host(transaction)
            if arrives:
                network.mute()
            else:
                network.cut()

        with pytest.raises(TeamOutcomeUnknownError, match="the change may or may not be saved"):
            store.transact(work, within=0.5)
        assert len(runs) == 1
        network.heal()
        assert store.read(hosts) == (["api.test"] if arrives else [])


def test_a_network_that_fails_silently_ends_at_the_deadline(postgresql: Postgresql, open_store: Open) -> None:
    with Proxy(postgresql.port) as network:
        address = postgresql.database(port=network.port)
        connected, new = open_store(address, timeout=0.3), open_store(address, timeout=0.3)
        connected.read(hosts)
        network.silent = True
        started = time.monotonic()
        for store in (connected, new):
            with pytest.raises(TeamStoreError, match=r"did not respond within 0\.3 s"):
                store.read(hosts)
        assert time.monotonic() - started < 5


def test_threads_that_wait_for_a_silent_store_fail_together(postgresql: Postgresql, open_store: Open) -> None:
    with Proxy(postgresql.port) as network:
        store = open_store(postgresql.database(port=network.port), timeout=0.5)
        store.read(hosts)
        connections, failed, ready = len(network._open), [], threading.Barrier(4)

        def fail() -> None:
            ready.wait(10)
            try:
                store.transact(add_host)
            except TeamStoreError as error:
                failed.append(error.message)

        threads = [threading.Thread(target=fail) for _ in range(3)]
        for thread in threads:
            thread.start()

        def work(_transaction: Transaction) -> None:
            network.silent = True
            ready.wait(10)

        with pytest.raises(TeamStoreError, match="did not respond"):
            store.read(lambda transaction: (work(transaction), hosts(transaction)))
        for thread in threads:
            thread.join(10)
        assert (len(network._open), len(set(failed)), len(failed)) == (connections, 1, 3)
        network.heal()
        assert store.read(hosts) == []


def test_a_lock_that_another_machine_holds_is_waited_for_until_the_deadline(
    postgresql: Postgresql, open_store: Open
) -> None:
    address = postgresql.database()
    holder, waiting = open_store(address), open_store(address, timeout=0.3)
    waiting.read(hosts)

    def hold(transaction: Transaction) -> None:
        assert transaction.now
        with pytest.raises(TeamStoreError, match="busy for too long"):
            waiting.transact(add_host, lock="one")

    holder.transact(hold, lock="one")
    waiting.transact(add_host, lock="one")
    assert holder.read(hosts) == ["api.test"]


def test_a_machine_that_freezes_within_a_transaction_does_not_keep_its_lock(
    postgresql: Postgresql, open_store: Open
) -> None:
    import psycopg

    address = postgresql.database()
    other = open_store(address)
    with closing(psycopg.connect(address, autocommit=True)) as frozen:
        assert Transaction(frozen, 0.5, "one").now
        other.transact(add_host, lock="one")
    assert other.read(hosts) == ["api.test"]


def test_what_can_not_be_reached_is_named_without_the_password(postgresql: Postgresql, open_store: Open) -> None:
    address = postgresql.database()
    with Proxy(postgresql.port) as closed:
        pass
    reachable, port = f"127.0.0.1:{postgresql.port}", closed.port
    for text, said in {
        address.replace(reachable, f"127.0.0.1:{port}"): "Connection refused",
        address.replace("127.0.0.1", "nowhere.invalid"): "failed to resolve host|not known",
        address.replace(ENCODED, "wrong"): "password authentication failed",
        address.replace("/team_", "/no_team_"): "does not exist",
        f"{address}?sslmode=require": "server does not support SSL",
    }.items():
        with pytest.raises(TeamStoreError, match=said) as caught:
            open_store(text).read(hosts)
        assert caught.value.exit_status == 7
        assert not {PASSWORD, ENCODED, text} & set(str(caught.value).split())


@cases(
    "text",
    [
        "",
        "canary",
        "postgresql://synq:canary/x@y@host:5432/db",
        "postgresql://synq:1/canary@db/x",
        "host=db pass word=canary",
        "mysql://canary",
    ],
)
def test_an_invalid_connection_string_is_not_repeated(open_store: Open, text: str) -> None:
    with pytest.raises(UsageError) as caught:
        open_store(text or " ").read(hosts)
    assert caught.value.message == "team_store does not provide a valid PostgreSQL connection string."
    assert caught.value.__context__ is None or caught.value.__suppress_context__


def test_a_server_that_stops_is_reported_and_used_again(postgresql: Postgresql, open_store: Open) -> None:
    store = open_store()
    store.read(hosts)
    with postgresql.stopped(), pytest.raises(TeamStoreError, match="can't be reached"):
        store.transact(add_host)
    store.transact(add_host)
    assert store.read(hosts) == ["api.test"]


def test_only_a_database_with_the_current_tables_is_used(postgresql: Postgresql, open_store: Open) -> None:
    empty = postgresql.database(prepared=False)
    with pytest.raises(UsageError, match="not set up"):
        open_store(empty).read(hosts)
    assert open_store(empty, checked=False).transact(migrations.migrate, lock=migrations.LOCK) == [
        migration.what for migration in migrations.MIGRATIONS
    ]
    store = open_store(empty)
    assert store.read(hosts) == []
    assert open_store(empty, checked=False).transact(migrations.migrate, lock=migrations.LOCK) == []

    def pretend(version: int) -> None:
        def work(transaction: Transaction) -> None:
            transaction.execute("DELETE FROM synq.migrations")
            transaction.execute("INSERT INTO synq.migrations (version, what) VALUES (%s, '')", version)

        store.transact(work)

    for version, said in {migrations.LATEST + 1: "this synq knows versions up to", 0: "this synq uses version"}.items():
        pretend(version)
        with pytest.raises(UsageError, match=said):
            open_store(empty).read(hosts)
    pretend(99)
    with pytest.raises(UsageError, match="version 99"):
        open_store(empty, checked=False).transact(migrations.migrate, lock=migrations.LOCK)


def test_two_machines_that_set_up_the_store_at_once_do_it_once(postgresql: Postgresql, open_store: Open) -> None:
    empty = postgresql.database(prepared=False)
    stores = [open_store(empty, checked=False) for _ in range(4)]
    applied = []
    threads = [
        threading.Thread(
            target=lambda store=store: applied.append(store.transact(migrations.migrate, lock=migrations.LOCK))
        )
        for store in stores
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(map(len, applied)) == [0, 0, 0, migrations.LATEST]


def test_a_role_that_was_granted_the_tables_can_use_but_not_change_them(
    postgresql: Postgresql, open_store: Open
) -> None:
    address = postgresql.database()
    name = address.rpartition("/")[2]
    postgresql.execute(f"CREATE ROLE \"worker of {name}\" LOGIN PASSWORD 'w'")
    worker = open_store(f"postgresql://worker%20of%20{name}:w@127.0.0.1:{postgresql.port}/{name}")
    with pytest.raises(TeamStoreError, match="denies access"):
        worker.read(hosts)
    open_store(address).transact(lambda transaction: migrations.grant(transaction, f"worker of {name}"))
    worker.transact(add_host)
    assert worker.read(hosts) == ["api.test"]
    with pytest.raises(TeamStoreError, match="denies access"):
        worker.transact(lambda transaction: transaction.execute("DROP TABLE synq.hosts"))


def test_what_is_known_of_an_encrypted_connection(postgresql: Postgresql, open_store: Open, certificate: Path) -> None:
    address = postgresql.database()
    assert open_store(address).facts()[2:] == (True, False, False)
    checked = f"{address}?sslmode=verify-full&sslrootcert={certificate}".replace("127.0.0.1", "localhost")
    with postgresql.encrypted(certificate.read_text(encoding="ascii")):
        assert open_store(address).facts()[2:] == (True, True, False)
        assert open_store(checked).facts()[2:] == (True, True, True)
        with pytest.raises(TeamStoreError, match="certificate verify failed"):
            open_store(checked.replace(f"&sslrootcert={certificate}", "&sslrootcert=system")).read(hosts)
