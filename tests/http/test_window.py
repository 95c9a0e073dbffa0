"""The rules of the rate limit's window, on states in memory."""

import pytest

from synq_cli.http.rate_limit.window import Changes, Entry, HostLimit, WindowState

START = 1_795_521_600.0
SENDER = {"profile": "acme", "command": "orders list"}


def settled(number: int, at: float) -> Entry:
    return Entry(number, "settled", at, 60.0, **SENDER)


def test_state_that_is_only_read_has_no_changes() -> None:
    state = WindowState(HostLimit(), [settled(1, START)])
    state.expire(START + 1)
    state.snapshot(START + 1, "api.test", None)
    assert state.changes == Changes(None, [], [])


def test_changes_are_what_differs_from_the_loaded_state() -> None:
    state = WindowState(HostLimit(), [settled(1, START - 60), settled(2, START), settled(3, START + 3600)])
    state.expire(START)
    taken = state.take(START, timeout=30, reserve=0, **SENDER)
    (ticket,) = taken.tickets
    state.record(START + 1, ticket, head_start=0, limit=20, remaining=16, **SENDER)
    (stranger,) = (entry for entry in state.entries.values() if entry.kind == "stranger")
    assert state.changes == Changes(
        HostLimit(size=20),
        [settled(3, START), settled(ticket.id, START + 1.05), stranger],
        [1],
    )


def test_new_host_is_a_change() -> None:
    assert WindowState().changes.limit == HostLimit()


@pytest.mark.parametrize(("used", "refusals", "given"), [(0, 0, 5), (87, 0, 3), (90, 0, 0), (87, 1, 1)])
def test_batch_takes_what_is_free_beyond_the_reserve_and_a_probe_alone(used: int, refusals: int, given: int) -> None:
    state = WindowState(HostLimit(refusals=refusals), [settled(number, START) for number in range(used)])
    taken = state.take(START, timeout=30, reserve=10, count=5, **SENDER)
    assert (len(taken.tickets), len(state.entries), taken.wait > 0) == (given, used + given, not given)
