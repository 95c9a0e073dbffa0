"""A text stream and what can be shown on it: colour, width, the characters its encoding carries."""

import os
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import TextIO

from synq_cli.errors import UsageError
from synq_cli.output.formats import visible

_CODES = {"bold": 1, "dim": 2, "red": 31, "green": 32, "yellow": 33}
_STAND_INS = {
    ord("·"): "-", ord("→"): "->", ord("…"): "...", ord("●"): "*", ord("◉"): "@", ord("○"): "o",
}  # fmt: skip
# Windows consoles that set one of these understand colour codes; others print them as rubbish.
_WINDOWS_COLOR = ("WT_SESSION", "TERM", "ANSICON", "ConEmuANSI")


def wants_color(environ: Mapping[str, str], *, terminal: bool, no_color: bool, windows: bool = os.name == "nt") -> bool:
    """Whether a stream gets colour: `--no-color`, NO_COLOR, TERM=dumb, CLICOLOR_FORCE, then the terminal."""
    if no_color or environ.get("NO_COLOR") or environ.get("TERM") == "dumb":
        return False
    if environ.get("CLICOLOR_FORCE", "0") not in {"", "0"}:
        return True
    return terminal and not (windows and not any(environ.get(name) for name in _WINDOWS_COLOR))


class Stream:
    """One of stdout and stderr; `talk` may get lost, data may not."""

    def __init__(self, file: TextIO, environ: Mapping[str, str], *, no_color: bool = False, talk: bool = False) -> None:
        self.file = file
        self._environ = environ
        self._talk = talk
        self.terminal = file.isatty()
        self.color = wants_color(environ, terminal=self.terminal, no_color=no_color)
        self.encoding = file.encoding or "utf-8"
        self.unicode = self.encoding.lower().startswith("utf")
        self.ellipsis = self.fit("…")
        reconfigure = getattr(file, "reconfigure", None)
        if reconfigure:
            # A letter that the encoding lacks must not end the run; CSV and TSV lines end in \n everywhere.
            with suppress(OSError):  # it flushes, which a full disk does not take; who writes next will say so
                reconfigure(errors="backslashreplace", newline="\n")

    def fit(self, text: str) -> str:
        """The text as the stream's encoding can carry it."""
        try:
            text.encode(self.encoding)
        except UnicodeEncodeError:
            return text.translate(_STAND_INS).encode(self.encoding, "backslashreplace").decode(self.encoding)
        return text

    def fit_json(self, text: str) -> str:
        """JSON text as the stream's encoding can carry it, still the same JSON."""
        return text if self.unicode else re.sub(r"[^\x00-\x7f]+", _json_escaped, text)

    def paint(self, text: str, style: str | None) -> str:
        """The text in a style, where the stream shows colour."""
        return f"\x1b[{_CODES[style]}m{text}\x1b[0m" if style and self.color else text

    def write(self, text: str) -> None:
        """Data as it is, at once: a reader down the pipe may have gone, and a page may be long in coming.

        BrokenPipeError if the reader has gone, UsageError if the text can't be written otherwise.
        """
        try:
            self.file.write(text)
            self.file.flush()
        except BrokenPipeError:
            if not self._talk:
                raise
        except OSError as error:
            if not self._talk:
                raise UsageError(f"The output can't be written: {error.strerror}.") from None

    def say(self, text: str, style: str | None = None) -> None:
        """One line for a person, at once; on a terminal wrapped between words."""
        if self.terminal:
            from textwrap import fill

            text = fill(visible(text), self.width(), break_long_words=False, break_on_hyphens=False)
            self.write("".join(self.paint(self.fit(line), style) + "\n" for line in text.split("\n")))
            return
        self.write(self.paint(self.fit(visible(text)), style) + "\n")

    def width(self) -> int:
        """Columns of the terminal; 80 where it does not tell."""
        told = self._environ.get("COLUMNS", "")
        if told.isdecimal() and int(told) > 0:
            return int(told)
        try:
            return os.get_terminal_size(self.file.fileno()).columns or 80
        except (OSError, ValueError):
            return 80


def _json_escaped(match: re.Match[str]) -> str:
    units = match[0].encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[i : i + 4]}" for i in range(0, len(units), 4))
