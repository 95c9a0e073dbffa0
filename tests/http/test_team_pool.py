"""The rate limit of machines that share a team store: a real PostgreSQL, whose clock the tests move."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from statistics import median

import pytest
from postgresql import Postgresql, Proxy, StoreClock

from synq_cli.errors import RateLimitedError
from synq_cli.http.rate_limit import RESERVE, Budget, SharedFile, Ticket
from synq_cli.http.rate_limit.team_pool import TeamPool, overview
from synq_cli.state.cache import Cache
from synq_cli.state.team.store import TeamStore

START = 1_795_521_600.0


class Fleet:
    """Machines with state folders and clocks of their own, which share a database."""

    def __init__(self, folder: Path, address: str, clock: StoreClock) -> None:
        self.folder = folder
        self.address = address
        self.clock = clock
        self.told: list[str] = []
        self.naps: list[float] = []
        self.nap: Callable[[float], None] = self.naps.append
        self._stack = ExitStack()

    def machine(
        self, name: str = "till", *, skew: float = 0.0, pool: str = "office", host: str = "api.test",
        address: str | None = None, command: str = "orders list",
    ) -> Budget:  # fmt: skip
        """The rate limit as a new process on this machine opens it; its clock is `skew` seconds ahead."""
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        team = TeamStore(lambda: address or self.address, timeout=30, secrets=[])
        team.machine = name
        self._stack.callback(team.close)

        def now() -> float:
            return self.clock.at + skew

        local = SharedFile(folder / "budget.sqlite3", host, now=now, warn=self.told.append)
        cache = Cache(lambda: folder)
        store = TeamPool(team, pool, host, local=local, cache=cache, now=now, sleep=self.nap, warn=self.told.append)
        self._stack.callback(store.close)
        return Budget(store, host, command=command, profile="acme", now=now, sleep=self.clock.sleep, jitter=lambda: 0.5)

    def limit(self, size: int, *, pool: str = "office", host: str = "api.test") -> None:
        """Let the pool know a smaller limit of the host."""
        self.machine(pool=pool, host=host).record(Ticket(1, self.clock.at - 60), limit=size)
        self.clock.sleep(60.1)

    def close(self) -> None:
        self._stack.close()


@pytest.fixture
def fleet(tmp_path: Path, postgresql: Postgresql) -> Iterator[Fleet]:
    address = postgresql.database()
    with postgresql.clock(address, START) as clock:
        fleet = Fleet(tmp_path, address, clock)
        yield fleet
        fleet.close()
    assert not [text for text in fleet.told if "damaged" in text]


def send(budget: Budget, times: int, *, reserve: int = 0) -> int:
    """How many of these requests find a place at once and get a reply."""
    for number in range(times):
        if (ticket := budget.try_acquire(timeout=30, reserve=reserve)) is None:
            return number
        budget.record(ticket)
    return times


def test_machines_with_clocks_that_differ_share_one_window(fleet: Fleet) -> None:
    fleet.limit(20)
    ahead, behind = fleet.machine("till", skew=300), fleet.machine("desk", skew=-300)
    assert (send(ahead, 12), send(behind, 12)) == (12, 8)
    fleet.clock.sleep(3)
    assert [each.snapshot().remaining for each in (ahead, behind)] == [0, 0]
    with pytest.raises(RateLimitedError, match="The next slot frees up in 57 s"):
        behind.acquire(timeout=30, max_wait=10)
    fleet.clock.sleep(57.1)
    assert (send(behind, 19), send(ahead, 5)) == (19, 1)
    assert fleet.told == []


def test_the_server_never_counts_more_than_its_limit(fleet: Fleet) -> None:
    machines = [fleet.machine(str(skew), skew=skew) for skew in (-300, 0, 7, 300)]
    log: deque[float] = deque()
    for number in range(130):
        machine = machines[number * number % 4]
        ticket = machine.acquire(timeout=30, max_wait=120)
        while log and log[0] <= fleet.clock.at - 60:
            log.popleft()
        log.append(fleet.clock.at)
        assert len(log) <= 100
        if number % 7 == 0:
            fleet.clock.sleep(0.3)
        machine.record(ticket, 100, 100 - len(log))
    assert 60 < fleet.clock.at - START < 70  # no slower than the limit demands


def test_machines_that_ask_at_the_same_moment_get_no_place_twice(fleet: Fleet) -> None:
    fleet.limit(30)
    machines = [fleet.machine(name) for name in "abcd"]
    found: list[int] = []
    threads = [threading.Thread(target=lambda each=each: found.append(send(each, 30))) for each in machines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sum(found) == 30


def test_the_places_of_a_sender_that_was_killed_expire(fleet: Fleet) -> None:
    fleet.limit(10)
    killed, other = fleet.machine("till"), fleet.machine("desk")
    for _ in range(10):
        assert killed.try_acquire(timeout=30, reserve=0)
    fleet.clock.sleep(89.9)
    assert other.snapshot().remaining == 0
    fleet.clock.sleep(0.2)
    assert send(other, 3) == 3


def test_bulk_work_leaves_one_reserve_in_the_whole_pool(fleet: Fleet) -> None:
    fleet.limit(30)
    bulk = [fleet.machine(name, command="inventory adjust") for name in ("till", "desk", "dock")]
    person = fleet.machine("phone")
    assert [send(each, 15, reserve=RESERVE) for each in bulk] == [15, 5, 0]
    assert send(person, 11) == 10


def test_a_person_who_waits_goes_before_the_bulk_work_of_other_machines(fleet: Fleet) -> None:
    fleet.limit(12)
    phone, dock = fleet.machine("phone"), fleet.machine("dock", command="inventory adjust")
    assert send(phone, 12) == 12
    fleet.clock.sleep(59)
    found = []

    def meanwhile(seconds: float) -> None:
        fleet.clock.sleep(seconds)
        found.append(send(dock, 6, reserve=RESERVE))

    phone.sleep = meanwhile
    phone.record(phone.acquire(timeout=30, max_wait=10))
    assert found == [5]  # of the six that bulk work may take, one was left


def test_pools_and_hosts_do_not_see_each_other(fleet: Fleet) -> None:
    places = [("office", "api.test"), ("warehouse", "api.test"), ("office", "staging.test")]
    for pool, host in places:
        fleet.limit(5, pool=pool, host=host)
    assert [send(fleet.machine(pool=pool, host=host), 4) for pool, host in places] == [4, 4, 4]
    assert send(fleet.machine(), 4) == 1


def test_a_refusal_of_one_machine_holds_all_back(fleet: Fleet) -> None:
    refused, other = fleet.machine("till", skew=-300), fleet.machine("desk", skew=300)
    ticket = refused.acquire(timeout=30, max_wait=0)
    refused.record_refusal(ticket, 12)
    assert other.snapshot().blocked_for == pytest.approx(12, abs=0.1)
    assert send(other, 1) == 0
    fleet.clock.sleep(12.1)
    assert send(other, 2) == 2


def test_who_holds_places_is_known_by_machine(fleet: Fleet) -> None:
    send(fleet.machine("till"), 2)
    desk = fleet.machine("desk", command="inventory adjust")
    send(desk, 3)
    desk.try_acquire(timeout=30, reserve=0)
    watching = TeamStore(lambda: fleet.address, timeout=30, secrets=[])
    pools, places = overview(watching)
    watching.close()
    assert [(pool["pool"], pool["host"], pool["remaining"]) for pool in pools] == [("office", "api.test", 94)]
    assert [(place.machine, place.command, place.requests, place.under_way) for place in places] == [
        ("desk", "inventory adjust", 4, 1),
        ("till", "orders list", 2, 0),
    ]


def test_without_the_store_the_machine_counts_alone_from_what_it_saw(fleet: Fleet, postgresql: Postgresql) -> None:
    fleet.limit(20)
    till, desk = fleet.machine("till", skew=300), fleet.machine("desk")
    send(desk, 10)
    send(till, 5)
    ticket = till.acquire(timeout=30, max_wait=0)
    with postgresql.stopped():
        till.record(ticket)
        assert till.snapshot().remaining == 4
        assert send(till, 20) == 4
    assert fleet.naps == [0.25, 0.5, 1.0, 1.5]  # in case it is only being restarted
    (warning,) = fleet.told
    assert "can't be reached" in warning or "closed the connection" in warning
    assert warning.endswith("the rate limit is shared on this machine only, and corrected by the responses of the API.")


def test_a_restart_of_the_store_is_waited_for(fleet: Fleet, postgresql: Postgresql) -> None:
    send(fleet.machine("till"), 4)
    desk = fleet.machine("desk")
    fleet.nap = lambda _seconds: postgresql.start()
    other = fleet.machine("other")
    postgresql.stop()
    assert other.snapshot().remaining == 96
    assert desk.snapshot().remaining == 96
    assert fleet.told == []


def test_the_store_is_tried_again_by_a_thread_and_not_by_each_process(fleet: Fleet, postgresql: Postgresql) -> None:
    till = fleet.machine("till")
    with postgresql.stopped():
        send(till, 1)
        send(till, 1)
    assert len(fleet.told) == 1
    later = fleet.machine("till")
    send(later, 3)
    assert len(fleet.told) == 1
    assert fleet.machine("desk").snapshot().remaining == 100
    fleet.clock.set(fleet.clock.at + 61)
    for each in (till, later):
        assert each.snapshot().remaining == 100  # of the local window, while a thread asks
        until(lambda each=each: not each._store._failed_at)
    send(fleet.machine("desk"), 7)
    assert till.snapshot().remaining == 93
    assert fleet.machine("till").snapshot().remaining == 93
    assert len(fleet.told) == 1


def test_a_machine_warns_once_of_each_outage(fleet: Fleet, postgresql: Postgresql) -> None:
    for outage in (1, 2):
        with postgresql.stopped():
            for _ in range(3):
                send(fleet.machine("till"), 1)
                fleet.clock.at += 61  # the next command tries the store again
            assert len(fleet.told) == outage
        send(fleet.machine("till"), 1)
    assert len(fleet.told) == 2


def until(holds: Callable[[], bool]) -> None:
    """Wait until another thread has made this true."""
    started = time.monotonic()
    while not holds():
        assert time.monotonic() - started < 20
        threading.Event().wait(0.01)


def test_threads_that_ask_at_once_share_a_transaction(fleet: Fleet, postgresql: Postgresql) -> None:
    fleet.limit(12)
    with Proxy(postgresql.port, delay=0.05) as network:
        address = fleet.address.replace(f":{postgresql.port}/", f":{network.port}/")
        machine = fleet.machine(address=address)
        send(machine, 1)
        before, tickets = network.turns, []
        threads = [
            threading.Thread(target=lambda: tickets.append(machine.try_acquire(timeout=30, reserve=0)))
            for _ in range(16)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    # One for the first, and one, at most two, for those who came meanwhile.
    assert network.turns - before <= 6
    assert (len(tickets), len({ticket.id for ticket in tickets if ticket})) == (16, 11)


def test_a_ticket_takes_two_round_trips(fleet: Fleet, postgresql: Postgresql) -> None:
    with Proxy(postgresql.port) as network:
        address = fleet.address.replace(f":{postgresql.port}/", f":{network.port}/")
        machine = fleet.machine(address=address)
        send(machine, 1)
        turns = []
        for used in range(2, 9):
            before = network.turns
            ticket = machine.acquire(timeout=30, max_wait=0)
            taken = network.turns
            machine.record(ticket, 100, 100 - used)
            recorded = network.turns
            assert machine.snapshot().remaining == 100 - used  # as the process has just seen it
            assert network.turns == recorded
            fleet.clock.sleep(2.1)
            assert machine.snapshot().remaining == 100 - used
            turns.append((taken - before, recorded - taken, network.turns - recorded))
    # On a busy machine the system may divide what was sent together, or join what was not.
    assert [median(each) for each in zip(*turns, strict=True)] == [2, 2, 2]
