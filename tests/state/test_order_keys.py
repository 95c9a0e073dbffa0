"""One key for one intended order: kept before it is sent, used again while nobody knows, gone once somebody does."""

import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from table import cases

from synq_cli.errors import UsageError
from synq_cli.exact_json import loads
from synq_cli.state.order_keys import OrderKeys, order_fingerprint

Opener = Callable[..., OrderKeys]
ORDER: dict[str, Any] = {"currency": "GBP", "items": [{"sku": "A", "quantity": 2, "unit_price": loads("19.90")}]}
OTHER: dict[str, Any] = {**ORDER, "currency": "EUR"}


@pytest.fixture
def opened(tmp_path: Path, clock: Any, told: list[str]) -> Opener:
    """The keys as a run for one scope opens them."""

    def make(scope: str = "api.synq.io/acme") -> OrderKeys:
        return OrderKeys(tmp_path / "keys.sqlite3", lambda: scope, clock.now, told.append)

    return make


def test_a_new_order_gets_a_new_uuid(opened: Opener) -> None:
    first = opened().attempt(ORDER, None, keep=True)
    assert str(UUID(first.key)) == first.key
    assert opened().attempt(OTHER, None, keep=True).key != first.key
    assert opened("api.synq.io/umbrella").attempt(ORDER, None, keep=True).key != first.key
    assert first.sentence == f"Idempotency key {first.key}"


@pytest.mark.parametrize(
    ("seconds", "age"), [(0, "0 s ago"), (59, "59 s ago"), (200, "3 min ago"), (7300, "2 h ago"), (200_000, "2 d ago")]
)
def test_an_attempt_that_was_never_answered_lends_its_key(opened: Opener, clock: Any, seconds: int, age: str) -> None:
    first = opened().attempt(ORDER, None, keep=True)
    clock.at += seconds
    second = opened().attempt(ORDER, None, keep=True)
    assert (second.key, second.since) == (first.key, first.now)
    assert second.sentence == (
        f"Idempotency key {first.key}: from the attempt {age}, which is in progress or whose outcome is "
        "unknown. The order can't be placed twice."
    )


def test_once_the_outcome_is_known_the_same_order_is_a_new_one(opened: Opener) -> None:
    first = opened().attempt(ORDER, None, keep=True)
    first.end(known=False)
    assert opened().attempt(ORDER, None, keep=True).key == first.key
    first.end(known=True)
    assert opened().attempt(ORDER, None, keep=True).key != first.key


def test_a_rehearsal_shows_the_key_and_keeps_none(opened: Opener) -> None:
    shown = opened().attempt(ORDER, None, keep=False)
    first = opened().attempt(ORDER, None, keep=True)
    assert first.key != shown.key
    assert opened().attempt(ORDER, None, keep=False).key == first.key


def test_a_key_of_ones_own_is_used_and_not_kept(opened: Opener) -> None:
    own = opened().attempt(ORDER, "mine", keep=True)
    assert (own.key, own.since, own.sentence) == ("mine", None, "Idempotency key mine")
    own.end(known=False)
    assert opened().attempt(ORDER, None, keep=True).key != "mine"


def test_a_kept_key_that_is_given_again_is_forgotten_with_its_answer(opened: Opener) -> None:
    first = opened().attempt(ORDER, None, keep=True)
    opened().attempt(ORDER, first.key, keep=True).end(known=True)
    assert opened().attempt(ORDER, None, keep=True).key != first.key


def test_two_at_once_share_a_key_and_the_answer_of_one_does_not_take_it_from_the_other(opened: Opener) -> None:
    one, two = opened().attempt(ORDER, None, keep=True), opened().attempt(ORDER, None, keep=True)
    one.end(known=True)
    two.end(known=False)
    third = opened().attempt(ORDER, None, keep=True)
    assert one.key == two.key == third.key
    # And where a key was made meanwhile, that one stays.
    third.end(known=True)
    fourth = opened().attempt(ORDER, None, keep=True)
    two.end(known=False)
    assert opened().attempt(ORDER, None, keep=True).key == fourth.key != one.key


def test_many_threads_agree_on_one_key(opened: Opener) -> None:
    with ThreadPoolExecutor(8) as pool:
        attempts = list(pool.map(lambda _: opened().attempt(ORDER, None, keep=True), range(8)))
    assert len({attempt.key for attempt in attempts}) == 1
    assert sum(attempt.since is None for attempt in attempts) == 1


PROCESS = """
import sys, time
from pathlib import Path
from synq_cli.state.order_keys import OrderKeys
keys = OrderKeys(Path(sys.argv[1]), lambda: "api.synq.io/acme", time.time, print)
print(keys.attempt({"currency": "GBP"}, None, keep=True).key, flush=True)
sys.stdin.read()
"""


def test_processes_agree_on_one_key_and_killing_them_loses_it_not(tmp_path: Path) -> None:
    path = str(tmp_path / "keys.sqlite3")
    line = [sys.executable, "-c", PROCESS, path]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(line, **pipes) as one, subprocess.Popen(line, **pipes) as two:
        assert one.stdout is not None
        assert two.stdout is not None
        keys = {one.stdout.readline(), two.stdout.readline()}
        one.kill()
        two.kill()
    assert len(keys) == 1
    kept = sqlite3.connect(path)
    assert kept.execute("SELECT key FROM attempts").fetchall() == [(keys.pop().strip(),)]
    kept.close()


def test_the_file_is_its_owners_alone(opened: Opener, tmp_path: Path) -> None:
    opened().attempt(ORDER, None, keep=True)
    assert stat.S_IMODE((tmp_path / "keys.sqlite3").stat().st_mode) == 0o600


def test_it_is_flushed_to_the_disk_at_each_commit(opened: Opener) -> None:
    with opened()._open() as database:
        assert database.execute("PRAGMA synchronous").fetchone() == (2,)
        assert database.execute("PRAGMA journal_mode").fetchone() == ("truncate",)


def test_without_its_file_nothing_may_be_sent(opened: Opener, tmp_path: Path, told: list[str]) -> None:
    attempt = opened().attempt(ORDER, None, keep=True)
    (tmp_path / "keys.sqlite3").write_bytes(b"no database" * 100)
    with pytest.raises(UsageError) as caught:
        opened().attempt(ORDER, None, keep=True)
    assert str(tmp_path / "keys.sqlite3") in caught.value.message
    assert "--idempotency-key" in str(caught.value.hint)
    # An answer that has arrived is not lost for it.
    attempt.end(known=True)
    assert len(told) == 1
    assert opened().attempt(ORDER, "mine", keep=True).key == "mine"


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.decimals(allow_nan=False, allow_infinity=False, places=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(st.dictionaries(st.text(), VALUES, max_size=4))
def test_the_order_of_fields_makes_no_other_order(order: dict[str, Any]) -> None:
    assert order_fingerprint(order) == order_fingerprint(dict(reversed(order.items())))


@cases(
    ("left", "right", "same"),
    [
        ("19.90", "19.9", True),
        ("20", "20.00", True),
        ("2e1", "20", True),
        ("19.90", "19.91", False),
        ("123456789012345678.123456789012345678", "123456789012345678.123456789012345679", False),
        ('"20"', "20.5", False),
        ("[1, 2]", "[2, 1]", False),
        ("true", "1", False),
    ],
)
def test_the_same_number_is_the_same_however_it_is_written(left: str, right: str, same: bool) -> None:
    assert (order_fingerprint({"a": loads(left)}) == order_fingerprint({"a": loads(right)})) is same
