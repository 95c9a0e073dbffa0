"""A time limit for calls that can hang without end: an HTTP exchange, a name lookup, the keyring."""

import time
from collections.abc import Callable
from queue import Empty, SimpleQueue
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
    results: SimpleQueue[tuple[_Result | None, BaseException | None]] = SimpleQueue()

    def work() -> None:
        try:
            results.put((call(), None))
        except BaseException as error:  # noqa: BLE001 raised again in the thread that waits
            results.put((None, error))

    Thread(target=work, daemon=True).start()
    deadline = time.monotonic() + seconds
    while True:
        left = deadline - time.monotonic()
        try:
            result, error = results.get(timeout=min(max(left, 0), _LONGEST_WAIT))
        except Empty:
            if left <= 0:
                raise DeadlineError from None
            continue
        if error is not None:
            raise error
        return result  # type: ignore[return-value]  # no error, so it is the result of the call
