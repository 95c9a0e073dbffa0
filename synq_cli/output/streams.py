"""A text stream and what can be shown on it: color, cursor movement, width, the characters of its encoding."""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cached_property
from typing import TYPE_CHECKING, TextIO

from synq_cli.errors import UsageError
from synq_cli.output.formats import visible

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult

_ASCII_FALLBACKS = {
    ord("·"): "-", ord("→"): "->", ord("…"): "...", ord("●"): "*", ord("◉"): "@", ord("○"): "o", ord("█"): "#",
    **dict.fromkeys(map(ord, "▏▎▍▌▋▊▉"), "."),
}  # fmt: skip


class Stream:
    """stdout or stderr. Output that is `optional`, such as messages, is dropped if it can't be written.

    `live` says whether the cursor can be moved, to redraw in place.
    """

    def __init__(
        self, file: TextIO, environ: Mapping[str, str], *, no_color: bool = False, optional: bool = False
    ) -> None:
        self.file = file
        self._environ = environ
        self._optional = optional
        self.terminal = file.isatty()
        dumb = environ.get("TERM", "").lower() in {"dumb", "unknown"}
        self.live = self.terminal and not dumb
        # The conventions of no-color.org and bixense.com/clicolors.
        forced = environ.get("CLICOLOR_FORCE", "0") not in {"", "0"}
        wanted = forced or (self.terminal and environ.get("CLICOLOR") != "0")
        self.color = wanted and not (no_color or environ.get("NO_COLOR") or dumb)
        # A stream of the same terminal with a live drawing: messages are printed above it.
        self.above: Stream | None = None
        self.writes = 0  # how often it was written to
        self._use(file.encoding or "utf-8")

    def use_utf8(self) -> None:
        """Write UTF-8 whatever the locale, as programs expect of data."""
        self._use("utf-8")

    def _use(self, encoding: str) -> None:
        self.encoding = encoding
        self.unicode = encoding.lower().startswith("utf")
        self.ellipsis = self.fit("…")
        if reconfigure := getattr(self.file, "reconfigure", None):
            # A character that the encoding lacks must not fail the run; CSV and TSV lines end in \n everywhere.
            with suppress(OSError):  # it flushes, which fails on a full disk; the next write reports that
                reconfigure(encoding=encoding, errors="backslashreplace", newline="\n")

    def fit(self, text: str) -> str:
        """The text as the stream's encoding can carry it."""
        try:
            text.encode(self.encoding)
        except UnicodeEncodeError:
            return text.translate(_ASCII_FALLBACKS).encode(self.encoding, "backslashreplace").decode(self.encoding)
        return text

    def fit_json(self, text: str) -> str:
        """JSON text as the stream's encoding can carry it, still the same JSON."""
        if self.unicode:
            return text
        import json

        return re.sub(r"[^\x00-\x7f]+", lambda match: json.dumps(match[0])[1:-1], text)

    def write(self, text: str) -> None:
        """Write data as it is, and flush: the next page may take long, and the reader of the pipe may be gone.

        BrokenPipeError if it is, UsageError for any other failure.
        """
        with self.writing():
            self.file.write(text)
            self.file.flush()

    def check_reader(self) -> None:
        """BrokenPipeError if the reader of this pipe is gone, which else shows only when something is written."""
        import select

        try:
            number = self.file.fileno()
        except (OSError, ValueError):
            return  # in memory
        if hasattr(select, "poll"):  # Windows has none
            poller = select.poll()
            poller.register(number, 0)  # errors only
            if poller.poll(0):
                raise BrokenPipeError

    def write_bytes(self, data: bytes) -> None:
        """Write a binary file as it is; the errors are those of `write`."""
        with self.writing():
            self.file.write("")  # fails on a closed standard output, which has no buffer
            self.file.flush()
            self.file.buffer.write(data)
            self.file.buffer.flush()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Turn errors of the file into those that `write` raises."""
        self.writes += 1
        try:
            yield
        except BrokenPipeError:
            if not self._optional:
                raise
        except OSError as error:
            if not self._optional:
                raise UsageError(f"The output can't be written: {error.strerror}.") from None

    def say(self, text: str, style: str | None = None) -> None:
        """Print one line for people; on a terminal wrapped between words."""
        text = self.fit(visible(text))
        if not (self.terminal or self.color):
            self.write(text + "\n")
            return
        from rich.text import Text

        line = Text(text, style or "", no_wrap=not self.terminal, overflow="fold" if self.terminal else "ignore")
        (self.above or self).draw(line)

    def draw(self, drawing: "RenderableType", width: int | None = None) -> None:
        """Draw with Rich, `width` cells wide; None is as wide as the terminal."""
        with self.writing():
            self.console(width).print(Trimmed(drawing), crop=False)

    def console(self, width: int | None = None) -> "Console":
        """The stream's only Rich console, set to a width in cells; None is the terminal's."""
        columns, lines = self._size()
        self._console.size = (max(columns if width is None else width, 1), lines)
        return self._console

    @cached_property
    def _console(self) -> "Console":
        from rich.console import Console

        class StreamConsole(Console):
            def on_broken_pipe(self) -> None:
                raise  # noqa: PLE0704 Rich calls this while it handles the error, and would end the process itself

            def show_cursor(self, show: bool = True) -> bool:  # noqa: ARG002 Rich's signature
                # A process that is killed, or stopped by Ctrl-Z, could not show the cursor again.
                return False

        return StreamConsole(
            file=self.file,
            # "auto" asks TERM and COLORTERM, and the API of a legacy Windows console.
            color_system="auto" if self.color else None,
            force_terminal=self.terminal or self.color,
            force_interactive=self.live,
            force_jupyter=False,
            no_color=False,
            highlight=False,
            markup=False,
            emoji=False,
            _environ=self._environ,
        )

    def width(self) -> int:
        """Columns of the terminal; 80 if unknown."""
        return self._size()[0]

    def _size(self) -> tuple[int, int]:
        # Rich asks whichever of the three standard streams answers first, and takes a dumb terminal for 80 columns.
        try:
            columns, lines = os.get_terminal_size(self.file.fileno())
        except (OSError, ValueError):
            columns, lines = 0, 0
        told = self._environ.get("COLUMNS", "")
        return int(told) if told.isdecimal() and int(told) > 0 else columns or 80, lines or 25


class Trimmed:
    """A drawing without the trailing blanks of Rich."""

    def __init__(self, drawing: "RenderableType") -> None:
        self._drawing = drawing

    def __rich_console__(self, console: "Console", options: "ConsoleOptions") -> "RenderResult":
        from rich.segment import Segment

        for line in Segment.split_lines(console.render(self._drawing, options)):
            while line and not line[-1].text.rstrip(" "):
                line.pop()
            if line:
                line[-1] = line[-1]._replace(text=line[-1].text.rstrip(" "))
            yield from line
            yield Segment.line()
