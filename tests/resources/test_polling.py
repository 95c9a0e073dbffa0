"""How work that goes on at the API is followed: how often, how long, and how it ends."""

from collections.abc import Iterator
from typing import Any

import pytest
from desk import Desk, NewDesk

from synq_cli.errors import InterruptError, NetworkError, NotFoundError, RunningError, SynqError
from synq_cli.resources.shared.polling import poll

LOOK = "synq products jobs watch 4b80e6c7"


def followed(desk: Desk, states: list[Any], limit: float | None = None) -> Iterator[Any]:
    """What the poller gives where these states are read one after the other, the last of them again and again."""

    def read() -> Any:
        state = states.pop(0) if len(states) > 1 else states[0]
        if isinstance(state, BaseException):
            raise state
        return state

    return poll(desk.api.transport, read, lambda state: state == "done", what="The job", resume=LOOK, limit=limit)


def test_each_state_is_given_and_the_final_one_ends_it(desk: NewDesk) -> None:
    made = desk()
    assert list(followed(made, ["new", "new", "half", "done"])) == ["new", "new", "half", "done"]
    assert made.clock.slept == [5.0, 7.5, 11.25]


def test_what_is_done_already_is_read_once(desk: NewDesk) -> None:
    made = desk()
    assert list(followed(made, ["done"], limit=0)) == ["done"]
    assert made.clock.slept == []


def test_the_pauses_grow_to_the_longest(desk: NewDesk) -> None:
    made = desk()
    list(followed(made, [*["new"] * 8, "done"]))
    assert made.clock.slept == [5.0, 7.5, 11.25, 16.875, 25.3125, 30.0, 30.0, 30.0]


def test_while_the_budget_is_short_only_the_longest_pauses_are_taken(desk: NewDesk) -> None:
    made = desk()
    made.budget.record(made.budget.acquire(timeout=30, max_wait=0), limit=100, remaining=19)
    list(followed(made, ["new", "done"]))
    assert made.clock.slept == [30.0]


def test_the_limit_is_kept_to_the_second_and_looks_once_more_at_its_end(desk: NewDesk) -> None:
    made = desk()
    with pytest.raises(RunningError) as caught:
        list(followed(made, ["new"], limit=20))
    assert made.clock.slept == [5.0, 7.5, 7.5]
    assert caught.value.message == "The job is still in progress after 20 s."
    assert caught.value.hint == f"To resume: {LOOK}"
    made.clock.slept.clear()
    assert list(followed(made, ["new", "new", "new", "done"], limit=20))[-1] == "done"
    assert sum(made.clock.slept) == 20


def test_ctrl_c_ends_the_watching_and_says_how_to_go_on(desk: NewDesk) -> None:
    with pytest.raises(InterruptError) as caught:
        list(followed(desk(), ["new", KeyboardInterrupt()]))
    assert caught.value.message == "Stopped waiting; the job is still in progress."
    assert caught.value.hint == f"To resume: {LOOK}"


@pytest.mark.parametrize(
    ("error", "hint"),
    [
        (NetworkError("Gone.", hint="Check the network."), f"Check the network. To resume: {LOOK}"),
        (NotFoundError("No such job.", hint="See the list."), "See the list."),
    ],
)
def test_trouble_that_passes_says_how_to_go_on(desk: NewDesk, error: SynqError, hint: str) -> None:
    with pytest.raises(type(error)) as caught:
        list(followed(desk(), ["new", error]))
    assert caught.value.hint == hint
