"""A time limit for calls that can hang without end: an HTTP exchange, a name lookup, the keyring."""

import math
import time
from collections.abc import Callable
from threading import Thread
from typing import TypeVar

_Result = TypeVar("_Result")
# On Windows Ctrl-C is noticed only between two waits.
_LONGEST_WAIT = 0.2


class DeadlineError(Exception):
    """The call did not return in time. Its thread continues, and its result is dropped."""


def call_within(
    seconds: float, call: Callable[[], _Result], *, slow_after: float = math.inf, on_slow: Callable[[], object] = bool
) -> _Result:
    """The result of the call, or the exception it raises; DeadlineError if it takes longer than `seconds`.

    `on_slow` is called once, if it takes longer than `slow_after` seconds. The call runs on a daemon thread, which does
    not hold up the end of the process.
    """
    results: list[_Result] = []
    errors: list[BaseException] = []

    def work() -> None:
        try:
            results.append(call())
        except BaseException as error:  # noqa: BLE001 raised again in the thread that waits
            errors.append(error)

    thread = Thread(target=work, daemon=True)
    thread.start()
    started = time.monotonic()
    while thread.is_alive() and (left := started + seconds - time.monotonic()) > 0:
        thread.join(min(left, slow_after, _LONGEST_WAIT))
        if thread.is_alive() and time.monotonic() - started >= slow_after:
            slow_after = math.inf
            on_slow()
    if errors:
        raise errors.pop()  # left in the list, it and its traceback would refer to each other
    if not results:
        raise DeadlineError
    return results[0]
