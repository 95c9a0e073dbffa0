"""The life of an order: which status follows which, which command fits, and the way that led to one."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from table import cases

from synq_cli.errors import ConflictError
from synq_cli.resources.orders.states import (
    ENDS,
    NEXT,
    ORDER_STATUSES,
    STATUS_GROUPS,
    STEPS,
    Verb,
    check_step,
    parse_statuses,
    path_from,
    path_to,
)

ORDER = "86b4e1a9-c27d-4f50-9e38-f1a6d07c5b42"
SHIPPED = ["pending_payment", "payment_authorized", "confirmed", "processing", "fulfilled"]
STATUSES = st.sampled_from(ORDER_STATUSES)


@cases("verb", STEPS)
@cases("status", ORDER_STATUSES)
def test_a_step_is_refused_where_the_status_does_not_allow_it(verb: Verb, status: str) -> None:
    order = {"id": ORDER, "status": status}
    if status in STEPS[verb]:
        check_step(order, verb)
        return
    with pytest.raises(ConflictError) as caught:
        check_step(order, verb)
    hint = str(caught.value.hint)
    done = {"cancel": "cancelled", "fulfill": "fulfilled", "return": "returned"}[verb]
    said = f"already {status}" if status == done else f"{status}; it can't be {done}"
    assert caught.value.message == f"Order {ORDER} is {said}."
    assert all(following in hint for following in NEXT[status])
    # What it advises is what would not be refused.
    advised = {name for name in STEPS if f"`synq orders {name} {ORDER}`" in hint}
    assert advised == {name for name in STEPS if status in STEPS[name]}


def test_the_refusal_says_what_the_status_allows() -> None:
    with pytest.raises(ConflictError) as caught:
        check_step({"id": "X", "status": "delivered"}, "cancel")
    assert caught.value.message == "Order X is delivered; it can't be cancelled."
    assert caught.value.hint == (
        "Possible next statuses: completed, return_requested. You can run `synq orders return X`."
    )
    with pytest.raises(ConflictError) as caught:
        check_step({"id": "X", "status": "refunded"}, "return")
    assert caught.value.hint == "refunded is a final status. `synq orders track X` shows its history."


@cases("status", ["on_hold", None, [], {}])
def test_a_status_that_is_not_known_here_is_the_apis_to_judge(status: object) -> None:
    for verb in STEPS:
        check_step({"id": ORDER, "status": status}, verb)


@given(STATUSES, st.lists(STATUSES, max_size=4))
def test_the_way_to_a_status_takes_only_steps_that_are_allowed(status: str, passed: list[str]) -> None:
    path = path_to(status, passed)
    assert path[0] == ("draft" if status == "draft" else "pending_payment")
    assert path[-1] == status
    assert all(later in NEXT[earlier] for earlier, later in pairwise(path))
    onward = [status, *path_from(status)]
    assert all(later in NEXT[earlier] for earlier, later in pairwise(onward))
    assert onward[-1] in ENDS


@cases(
    ("status", "passed", "way"),
    [
        ("cancelled", [], ["pending_payment", "cancelled"]),
        ("cancelled", ["payment_authorized"], ["pending_payment", "payment_authorized", "cancelled"]),
        ("completed", [], [*SHIPPED, "delivered", "completed"]),
        ("completed", ["return_requested"], [*SHIPPED, "return_requested", "completed"]),
        (
            "refunded",
            ["delivered", "return_requested"],
            [*SHIPPED, "delivered", "return_requested", "returned", "refunded"],
        ),
        ("fulfilled", ["delivered"], SHIPPED),
        ("on_hold", [], ["on_hold"]),
    ],
)
def test_the_way_goes_through_what_is_known_to_have_passed(status: str, passed: list[str], way: list[str]) -> None:
    assert path_to(status, passed) == way
    assert path_from("on_hold") == []


@cases("status", ORDER_STATUSES)
def test_each_status_can_be_selected_alone(status: str) -> None:
    assert frozenset({status}) in [parse_statuses(name) for name in (*STATUS_GROUPS, *ORDER_STATUSES)]
