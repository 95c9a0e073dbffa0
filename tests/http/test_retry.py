"""What may be sent again, and after how long."""

from hypothesis import given
from hypothesis import strategies as st
from table import cases

from synq_cli.http import retry
from synq_cli.http.exchange import NoResponseError, Reply

NOW = 1_795_521_600.0  # 2026-11-24T12:00:00Z
PASSING = [408, 500, 502, 503, 504]
FINAL = [200, 301, 400, 401, 403, 404, 405, 409, 412, 413, 418, 422, 501, 505]


def outcome(failure: str | int) -> Reply | NoResponseError:
    if isinstance(failure, int):
        return Reply(failure, {}, b"")
    return NoResponseError("timed out", sent=failure == "no_answer")


@cases(
    ("kind", "failure"),
    [
        *((kind, failure) for kind in ("safe", "keyed") for failure in ("not_sent", "no_answer", *PASSING)),
        ("unsafe", "not_sent"),
    ],
)
def test_what_acts_once_however_often_it_is_sent_goes_again_three_times(kind: str, failure: str | int) -> None:
    assert [retry.may_repeat(kind, outcome(failure), tries) for tries in range(5)] == [
        True,
        True,
        True,
        False,
        False,
    ]


@cases("failure", ["no_answer", *PASSING])
def test_what_may_have_acted_is_never_sent_again(failure: str | int) -> None:
    assert not retry.may_repeat("unsafe", outcome(failure), 0)


@cases("kind", ["safe", "keyed", "unsafe"])
@cases("status", FINAL)
def test_a_final_answer_is_final(kind: str, status: int) -> None:
    assert not retry.may_repeat(kind, outcome(status), 0)


def test_failure_that_would_recur_is_not_retried() -> None:
    assert not retry.may_repeat("safe", NoResponseError("not trusted", sent=False, retryable=False), 0)


def test_pauses_double_up_to_eight_seconds() -> None:
    pauses = [retry.pause(repeats, lambda: 1.0, {}, NOW) for repeats in range(7)]
    assert pauses == [0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0]
    assert [retry.pause(2, lambda drawn=drawn: drawn, {}, NOW) for drawn in (0.0, 0.25, 1.0)] == [0.0, 0.5, 2.0]
    assert retry.pause(2, lambda: 0.0, {"retry-after": "17"}, NOW) == 17.0
    assert retry.retry_after({}, NOW) is None


def test_pauses_after_a_refusal_double_up_to_a_minute() -> None:
    pauses = [retry.refusal_pause(refusals, lambda: 1.0) for refusals in range(8)]
    assert pauses == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0]
    assert retry.refusal_pause(3, lambda: 0.0) == 4.0


@cases(
    ("text", "seconds"),
    [
        ("0", 0.0),
        ("7", 7.0),
        (" 1.5 ", 1.5),
        ("-3", 0.0),
        ("Tue, 24 Nov 2026 12:01:00 GMT", 60.0),
        ("Tue, 24 Nov 2026 13:01:00 +0100", 60.0),
        ("Tue, 24 Nov 2026 11:59:00 GMT", 0.0),
        ("", None),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        ("-inf", None),
        ("1e999", None),
        ("Tue, 99 Nov 2026 12:01:00 GMT", None),
        ("7, 8", None),
    ],
)
def test_what_retry_after_asks_for(text: str, seconds: float | None) -> None:
    assert retry.retry_after({"retry-after": text}, NOW) == seconds


@given(st.text())
def test_no_header_breaks_it(text: str) -> None:
    asked = retry.retry_after({"retry-after": text}, NOW)
    assert asked is None or asked >= 0


@given(st.integers(0, 10_000), st.floats(0, 1))
def test_no_pause_is_longer_than_the_longest(times: int, drawn: float) -> None:
    assert 0 <= retry.pause(times, lambda: drawn, {}, NOW) <= 8
    assert 0.5 <= retry.refusal_pause(times, lambda: drawn) <= 60
