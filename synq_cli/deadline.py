"""A time limit for calls that can hang without end: an HTTP exchange, a name lookup, the keyring."""

import time
from collections.abc import Callable
from threading import Thread
from typing import TypeVar

_Result = TypeVar("_Result")
# On Windows Ctrl-C is noticed only between two waits.
_LONGEST_WAIT = 0.2


class DeadlineError(Exception):
    """The call did not return in time. Its thread continues, and its result is dropped."""


def call_within(seconds: float, call: Callable[[], _Result]) -> _Result:
    """The result of the call, or the exception it raises; DeadlineError if it takes longer than `seconds`.

    The call runs on a daemon thread, which does not hold up the end of the process.
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
    deadline = time.monotonic() + seconds
    while thread.is_alive() and (left := deadline - time.monotonic()) > 0:
        thread.join(min(left, _LONGEST_WAIT))
    if errors:
        raise errors.pop()  # left in the list, it and its traceback would refer to each other
    if not results:
        raise DeadlineError
    return results[0]
