"""How far a long piece of work has come: a bar on a terminal, a line now and then off it, nothing when quiet."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from synq_cli.output.formats import visible

if TYPE_CHECKING:
    from synq_cli.output.streams import Stream

_BAR = 24
_PAUSE = 30.0
_LEAST_DONE = 0.02


class Progress:
    """One line about a piece of work, drawn anew at each `update` on a terminal."""

    def __init__(self, stream: "Stream", label: str, now: Callable[[], float], *, quiet: bool) -> None:
        self._stream = stream
        self._label = label
        self._now = now
        self._quiet = quiet
        self._live = stream.terminal and stream.color
        self._started = now()
        self._told: float | None = None
        self._last = ""

    def update(
        self, done: int | None = None, total: int | None = None, note: str = "", *, left: float | None = None
    ) -> None:
        """`done` of `total` units, where they are known, and a word on what happens.

        `left` is how many seconds it will take yet; without it that is reckoned from the pace so far.
        """
        if self._quiet:
            return
        line = self._line(done, total, note, left)
        if self._live:
            room = self._stream.width() - 1
            shown = self._stream.fit(visible(line))
            if len(shown) > room:
                shown = self._stream.fit(visible(self._line(done, total, note, left, bar=False)))
            if len(shown) > room:
                # Half a number would be a wrong one, so what does not fit whole is left out.
                shown = shown[: room + 1].rpartition("  ")[0] or shown[:room]
            self._stream.write("\r\x1b[K" + shown)
        elif line != self._last and (self._told is None or self._now() - self._told >= _PAUSE):
            self._told = self._now()
            self._stream.write(self._stream.fit(visible(line)) + "\n")
        self._last = line

    def close(self) -> None:
        """Take the line away again; what is left is said by whoever did the work."""
        if self._live and self._last:
            self._stream.write("\r\x1b[K")

    def _line(self, done: int | None, total: int | None, note: str, seconds: float | None, *, bar: bool = True) -> str:
        parts = [self._label]
        if done is not None and total:
            share = min(done / total, 1.0)
            filled = int(share * _BAR)
            parts += [f"[{'#' * filled}{'.' * (_BAR - filled)}]"] if bar else []
            parts += [f"{done}/{total}"]
            left = self._left(share) if seconds is None else _duration(seconds)
            parts += [left] if left else []
        return "  ".join([*parts, *([note] if note else [])])

    def _left(self, share: float) -> str:
        """When it will be done at this pace; nothing as long as that is a guess."""
        spent = self._now() - self._started
        if not _LEAST_DONE < share < 1 or spent <= 0:
            return ""
        return _duration(spent / share * (1 - share))


def _duration(left: float) -> str:
    seconds = math.ceil(left)
    return f"{seconds // 60} min {seconds % 60} s left" if seconds >= 60 else f"{seconds} s left"


@contextmanager
def shown_progress(stream: "Stream", label: str, *, now: Callable[[], float], quiet: bool) -> Iterator[Progress]:
    """A progress that is taken away when the work ends, however it ends."""
    progress = Progress(stream, label, now, quiet=quiet)
    try:
        yield progress
    finally:
        progress.close()
