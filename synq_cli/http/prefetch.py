"""Prefetching: a read request sent before its result is needed."""

from collections.abc import Callable
from contextlib import suppress
from threading import Thread
from typing import Any

_JOIN_STEP = 0.2  # seconds: on Windows a join can't be interrupted


class Prefetch(Thread):
    """One attempt at a request, on a daemon thread, so that it never keeps the process alive."""

    def __init__(self, attempt: Callable[[], Any]) -> None:
        super().__init__(daemon=True)
        self._attempt = attempt
        self._answer: Any = None

    def run(self) -> None:
        # The caller sends the request again if there is no answer, and gets the error then.
        with suppress(BaseException):
            self._answer = self._attempt()

    def result(self) -> Any:
        """Wait for the answer; None if there is no usable one."""
        while self.is_alive():
            self.join(_JOIN_STEP)
        return self._answer
