"""How far a long piece of work has come: a bar on a terminal, a line now and then off it, nothing when quiet."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

from synq_cli.output.drawing.table import cut
from synq_cli.output.formats import visible

if TYPE_CHECKING:
    from rich.progress import Progress as ProgressBar
    from rich.progress import ProgressColumn, TaskID

    from synq_cli.output.streams import Stream

_BAR = 24
_GAP = "  "
_PAUSE = 30.0
_LEAST_DONE = 0.02


class Progress:
    """One line about a piece of work, drawn anew at each `update` on a terminal."""

    def __init__(self, stream: "Stream", label: str, now: Callable[[], float], *, quiet: bool) -> None:
        self._stream = stream
        self._label = label
        self._now = now
        self._quiet = quiet
        self._started = now()
        self._told: float | None = None
        self._last: list[str] = []

    def update(
        self, done: int | None = None, total: int | None = None, note: str = "", *, left: float | None = None
    ) -> None:
        """`done` of `total` units, where they are known, and a word on what happens.

        `left` is how many seconds it will take yet; without it that is reckoned from the pace so far.
        """
        if self._quiet:
            return
        counts = [] if done is None or not total else [f"{done}/{total}", self._left(done / total, left)]
        texts = [self._stream.fit(visible(text)) for text in (self._label, *counts, note) if text]
        if texts == self._last:
            return
        if self._stream.live:
            with self._stream.writing():
                self._draw(texts, done, total if counts else None)
        elif self._told is None or self._now() - self._told >= _PAUSE:
            self._told = self._now()
            self._stream.write(_GAP.join(texts) + "\n")
        self._last = texts

    def close(self) -> None:
        """Take the line away again; what is left is said by whoever did the work."""
        if self._stream.live and self._last:
            with self._stream.writing():
                self._bar[0].stop()

    def _draw(self, texts: list[str], done: int | None, total: int | None) -> None:
        from rich.cells import cell_len

        width = self._stream.console().width
        label, *rest = texts
        columns = self._columns
        if total and cell_len(f"{label} {_GAP.join(rest)} ") + _BAR <= width:
            line, text = label, _GAP.join(rest)
        else:
            # Half a number would be a wrong one, so what does not fit whole is left out, and the bar before it.
            while len(texts) > 1 and cell_len(_GAP.join(texts)) > width:
                texts = texts[:-1]
            line, text = cut(_GAP.join(texts), width, self._stream.ellipsis), ""
            columns = columns[:1]
        progress, task = self._bar
        progress.columns = columns
        progress.update(task, description=line, completed=done, total=total, text=text)
        if progress.live.is_started:
            progress.refresh()
        else:
            progress.start()

    @cached_property
    def _columns(self) -> "tuple[ProgressColumn, ...]":
        from rich.progress import BarColumn, TextColumn

        return (
            TextColumn("{task.description}", markup=False),
            BarColumn(_BAR, style="dim", complete_style="green", finished_style="green"),
            TextColumn("{task.fields[text]}", markup=False),
        )

    @cached_property
    def _bar(self) -> "tuple[ProgressBar, TaskID]":
        from rich.progress import Progress as ProgressBar

        progress = ProgressBar(
            console=self._stream.console(),
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        return progress, progress.add_task("", text="")

    def _left(self, share: float, seconds: float | None) -> str:
        """When it will be done, if need be at this pace; nothing as long as that is a guess."""
        if seconds is not None:
            return _duration(seconds)
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
