"""The outside world of a run: streams, files, environment, clock, network, keyring and working folder."""

import io
import os
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from errno import EBADF
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TextIO

if TYPE_CHECKING:
    import httpx

    from synq_cli.session.tokens.keyring import SecretStore


def _random() -> float:
    import random

    return random.random()  # noqa: S311 it only spreads waits


def _machine() -> str:
    import platform

    return platform.node() or "unknown"


def _open_in_browser(address: str) -> bool:
    import webbrowser

    return webbrowser.open(address)


class _Closed(io.StringIO):
    """A closed standard output: data can't be written to it."""

    def write(self, _text: str, /) -> int:
        raise OSError(EBADF, "standard output is closed")


class System(NamedTuple):
    """The outside world of a run, by default the process's; tests pass their own.

    The streams are always those of the process, which `typer.testing.CliRunner` replaces for a test.
    """

    environ: Mapping[str, str] = os.environ
    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = _random
    http: "httpx.BaseTransport | None" = None
    keyring: "SecretStore | None" = None
    browse: Callable[[str], bool] = _open_in_browser
    folder: Callable[[], Path] = Path.cwd
    machine: Callable[[], str] = _machine

    # Python has None for a stream that was closed on the command line (`>&-`). Messages may be lost, data may not.

    @property
    def stdin(self) -> TextIO:
        """Standard input."""
        return sys.stdin or io.StringIO()

    @property
    def stdout(self) -> TextIO:
        """Standard output."""
        return sys.stdout or _Closed()

    @property
    def stderr(self) -> TextIO:
        """Standard error."""
        return sys.stderr or io.StringIO()

    def read_text(self, path: str) -> str:
        """The text of a file, or of standard input for `-`; UsageError if it can't be read."""
        from synq_cli.documents import read_text

        return read_text(path, self.stdin)

    def read_rows(self, path: str) -> str:
        """The text of a file of rows, or of standard input for `-`, as RowReader takes it; UsageError likewise."""
        from synq_cli.rows import read_rows

        return read_rows(path, self.stdin)

    def read_bytes(self, path: str) -> bytes:
        """The bytes of a file, or of standard input for `-`; UsageError if it can't be read."""
        from synq_cli.documents import read_bytes

        return read_bytes(path, self.stdin)

    def flush(self) -> None:
        """Flush both streams. An error here was reported before, when the data was written."""
        for stream in (self.stdout, self.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
