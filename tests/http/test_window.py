"""The rules of the rate limit's window, on states in memory."""

from collections.abc import Iterable
from itertools import count
from typing import Any

import pytest
from table import cases

from synq_cli.http.rate_limit.window import FULL, REFUSED, Changes, Entry, HostLimit, Taken, WindowState

START = 1_795_521_600.0
SENDER = {"profile": "acme", "command": "orders list"}
NUMBERS = count(1)


def places(kind: str, number: int, at: float = START, **sender: str) -> list[Entry]:
    return [Entry(next(NUMBERS), kind, at, 60.0, **sender) for _ in range(number)]


def settled(number: int, at: float = START) -> list[Entry]:
    return places("settled", number, at, **SENDER)


def take(state: WindowState, at: float = START, **options: Any) -> Taken:
    state.expire(at)
    return state.take(at, **{"timeout": 30, "reserve": 0, "jitter": 0.5, **SENDER, **options})


def free(entries: Iterable[Entry], at: float = START, **options: Any) -> int:
    """How many places are given at once."""
    return len(take(WindowState(HostLimit(), entries), at, count=100, **options).tickets)


def test_state_that_is_only_read_has_no_changes() -> None:
    state = WindowState(HostLimit(), settled(1))
    state.expire(START + 1)
    state.snapshot(START + 1, "api.test", None)
    assert state.changes == Changes(None, [], [])


def test_changes_are_what_differs_from_the_loaded_state() -> None:
    (old,), (kept,), (ahead,) = settled(1, START - 60), settled(1), settled(1, START + 3600)
    state = WindowState(HostLimit(), [old, kept, ahead])
    (ticket,) = take(state).tickets
    state.record(START + 1, ticket, head_start=0, limit=20, remaining=16, **SENDER)
    (stranger,) = (entry for entry in state.entries.values() if entry.kind == "stranger")
    answered = Entry(ticket.id, "settled", START + 1.05, 60.0, **SENDER)
    assert state.changes == Changes(HostLimit(size=20), [ahead._replace(at=START), answered, stranger], [old.id])


def test_new_host_is_a_change() -> None:
    assert WindowState().changes.limit == HostLimit()


@pytest.mark.parametrize(("used", "refusals", "given"), [(1, 0, 5), (87, 0, 3), (90, 0, 0), (87, 1, 1)])
def test_batch_takes_what_is_free_beyond_the_reserve_and_a_probe_alone(used: int, refusals: int, given: int) -> None:
    state = WindowState(HostLimit(refusals=refusals), settled(used))
    taken = take(state, reserve=10, count=5)
    assert (len(taken.tickets), len(state.entries), taken.wait > 0) == (given, used + given, not given)


@cases(
    "entries, expected",
    [
        (settled(60), 30),
        # Most requests are ours: a larger reserve.
        (settled(60) + places("stranger", 1), 24),
        (settled(60) + places("stranger", 3), 17),
        (settled(60) + places("stranger", 25), 5),
        # Others may have as many requests in flight, in proportion.
        (settled(20) + places("stranger", 40) + places("sending", 5, **SENDER), 15),
        # Our own leave soon.
        (settled(45, START - 56) + places("stranger", 40), 12),
        (settled(60) + places("waiting", 2), 28),
        # The first reply shows what others have used.
        (places("sending", 1, **SENDER), 0),
    ],
)
def test_bulk_work_leaves_more_beside_others(entries: list[Entry], expected: int) -> None:
    assert free(entries, reserve=10) == expected


def test_command_that_waits_gets_the_next_place_and_the_probe() -> None:
    state = WindowState(HostLimit(), settled(100, START - 59))
    assert take(state, waiting=7).tickets == []
    assert [entry.kind for entry in state.entries.values()].count("waiting") == 1
    # A place is free: bulk work that leaves no reserve would take it, but somebody waits.
    state.entries.pop(next(iter(state.entries)))
    state.limit = HostLimit(refusals=1)
    assert take(state, reserve=10) == Taken([], 0.5, REFUSED)
    assert len(take(state, waiting=7).tickets) == 1
    assert [entry.kind for entry in state.entries.values()].count("waiting") == 0


def test_command_that_has_sent_little_asks_once_others_may_have_left() -> None:
    others = places("stranger", 100)
    lookup = {"profile": "acme", "command": "inventory levels"}
    assert take(WindowState(HostLimit(), others), START + 0.3, **lookup) == Taken([], pytest.approx(0.25), FULL)
    assert len(take(WindowState(HostLimit(), others), START + 0.6, **lookup).tickets) == 1
    # One that has sent much waits until they must have left.
    waits = take(WindowState(HostLimit(), settled(10) + others[:90]), START + 0.6)
    assert waits == Taken([], pytest.approx(59.4), FULL)


def test_second_refusal_holds_back_bulk_work_for_a_window_and_a_command_as_the_api_asks() -> None:
    state = WindowState(HostLimit(), settled(20))
    for at in (START, START + 4):
        (ticket,) = take(state, at, **{**SENDER, "command": "inventory levels"}).tickets
        state.refuse(at, ticket, 3)
    later = START + 4 + 3.1
    assert take(state, later, reserve=10) == Taken([], pytest.approx(57, abs=0.1), REFUSED)
    assert take(state, later).reason == REFUSED  # it has sent as much as a bulk run
    assert len(take(state, later, profile="acme", command="inventory levels").tickets) == 1


def test_bulk_work_probes_the_reserve_the_later_the_more_of_it_is_used() -> None:
    def probes_after(others: int, jitter: float) -> float:
        return take(WindowState(HostLimit(), settled(30) + places("stranger", others)), reserve=10, jitter=jitter).wait

    assert [round(probes_after(60 + used, 0.5)) for used in range(5)] == [2, 4, 8, 16, 32]
    assert probes_after(65, 0.5) > 59
    assert probes_after(60, 0.0) < probes_after(60, 1.0)
