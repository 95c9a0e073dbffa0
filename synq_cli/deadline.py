"""A time limit for calls that can hang without end: an HTTP exchange, a name lookup, the keyring.

One that is abandoned may leave the terminal without echo, so its settings are kept here, too.
"""

import math
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Thread
from typing import Any, TypeVar

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


if sys.platform != "win32":

    def set_terminal(terminal: int, settings: Any, when: int) -> bool:
        """Change the terminal's settings, unless this process is in the background: then False.

        termios.error if the terminal was closed. `when` is as for termios.tcsetattr.
        """
        import termios

        with suppress(OSError):  # it is not the terminal of this process's session
            if os.tcgetpgrp(terminal) != os.getpgrp():
                return False  # the settings are the shell's now, and a change would stop this process
        termios.tcsetattr(terminal, when, settings)
        return True


@contextmanager
def terminal_kept() -> Iterator[None]:
    """Put the terminal's settings back if the block fails, for a block that may leave a password prompt behind."""
    if sys.platform == "win32":
        yield
        return
    import termios

    try:
        terminal = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY)
    except OSError:  # there is none
        yield
        return
    try:
        before = termios.tcgetattr(terminal)
        try:
            yield
        except BaseException:
            with suppress(termios.error):
                if termios.tcgetattr(terminal) != before:
                    set_terminal(terminal, before, termios.TCSAFLUSH)
            raise
    finally:
        os.close(terminal)
