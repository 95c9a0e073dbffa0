"""A line that is kept below everything that a stream draws."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from synq_cli.output.drawing.table import cut
from synq_cli.output.formats import visible

if TYPE_CHECKING:
    from synq_cli.output.streams import Stream


@contextmanager
def status_line(stream: "Stream") -> Iterator[Callable[[str], None]]:
    """A function that replaces the line, which is removed at the end. The stream is one whose cursor can be moved."""
    from rich.live import Live
    from rich.text import Text

    with Live(
        console=stream.console(), auto_refresh=False, transient=True, redirect_stdout=False, redirect_stderr=False
    ) as live:

        def show(text: str) -> None:
            with stream.writing():
                width = stream.console().width
                # It is drawn again below rows, on a console that is only as wide as they are.
                line = cut(stream.fit(visible(text)), width, stream.ellipsis)
                live.update(Text(line, "dim", no_wrap=True, overflow="crop"), refresh=True)

        yield show
