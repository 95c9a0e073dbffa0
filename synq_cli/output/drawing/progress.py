"""Progress of a long operation: a bar on a terminal, a line every 30 seconds elsewhere, nothing when quiet."""

import math
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from synq_cli.output.drawing.table import cut
from synq_cli.output.formats import visible

if TYPE_CHECKING:
    from rich.live import Live

    from synq_cli.output.streams import Stream

_BAR = 24
_GAP = "  "
_PAUSE = 30.0
# With less done than this, the time left would be a guess.
_LEAST_DONE = 0.02


class Progress:
    """One line about a long operation, redrawn at each `update` on a terminal, and removed at the end."""

    def __init__(self, stream: "Stream", label: str, now: Callable[[], float], *, quiet: bool) -> None:
        self._stream, self._label, self._now, self._quiet = stream, label, now, quiet
        self._started = now()
        self._next_line = 0.0
        self._last: list[str] = []

    def update(
        self, done: int | None = None, total: int | None = None, note: str = "", *, left: float | None = None
    ) -> None:
        """`done` of `total` units, if known, and a word on the current step.

        `left` are the seconds that remain; by default they are estimated from the pace so far.
        """
        # The numbers may be the API's, where any integer is possible; a share beyond 0 to 1 would be drawn as such.
        share = min(max(done, 0), total) / total if total and total > 0 and done is not None else None
        counts = [] if share is None else [f"{done}/{total}", self._time_left(share, left)]
        texts = [self._stream.fit(visible(text)) for text in (self._label, *counts, note) if text]
        if self._quiet or texts == self._last:
            return
        self._last = texts
        if self._stream.live:
            with self._stream.writing():
                self._draw(texts, share)
        elif self._now() >= self._next_line:
            self._next_line = self._now() + _PAUSE
            self._stream.write(_GAP.join(texts) + "\n")

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Remove the line."""
        if self._stream.live and self._last:
            with self._stream.writing():
                self._live.stop()

    def _draw(self, texts: list[str], share: float | None) -> None:
        from rich.cells import cell_len
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        width = self._stream.console().width
        label, rest = texts[0], _GAP.join(texts[1:])
        line = Table.grid(padding=(0, 1, 0, 0))
        if share is not None and cell_len(f"{label} {rest} ") + _BAR <= width:
            bar = ProgressBar(1, share, _BAR, style="dim", complete_style="green", finished_style="green")
            line.add_row(Text(label), bar, Text(rest))
        else:
            # Half a number would be a wrong one, so a text that does not fit is left out, and the bar before it.
            while len(texts) > 1 and cell_len(_GAP.join(texts)) > width:
                texts = texts[:-1]
            line.add_row(Text(cut(_GAP.join(texts), width, self._stream.ellipsis)))
        self._live.update(line, refresh=True)

    @cached_property
    def _live(self) -> "Live":
        from rich.live import Live

        live = Live(
            console=self._stream.console(),
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        live.start()
        return live

    def _time_left(self, share: float, seconds: float | None) -> str:
        if seconds is None:
            spent = self._now() - self._started
            if not _LEAST_DONE < share < 1 or spent <= 0:
                return ""
            seconds = spent / share * (1 - share)
        minutes, rest = divmod(math.ceil(seconds), 60)
        return f"{minutes} min {rest} s left" if minutes else f"{rest} s left"
