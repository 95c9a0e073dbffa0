"""What a run takes from outside: streams, environment, clock, network, keyring and the working folder."""

import io
import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TextIO

from synq_cli.session.keyring import SecretStore

if TYPE_CHECKING:
    import httpx


def _any_fraction() -> float:
    import random

    return random.random()  # noqa: S311 it spreads waits, and guards nothing


def _open_in_browser(address: str) -> bool:
    import webbrowser

    return webbrowser.open(address)


class System(NamedTuple):
    """The outside world of a run; tests hand in their own."""

    stdin: TextIO
    stdout: TextIO
    stderr: TextIO
    environ: Mapping[str, str]
    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = _any_fraction
    http: "httpx.BaseTransport | None" = None
    keyring: SecretStore | None = None
    browse: Callable[[str], bool] = _open_in_browser
    folder: Callable[[], Path] = Path.cwd

    @classmethod
    def real(cls) -> "System":
        """The process's own streams, environment, clock and network."""
        # Python has None for a stream that was closed on the command line (`>&-`).
        stdin, stdout, stderr = (stream or io.StringIO() for stream in (sys.stdin, sys.stdout, sys.stderr))
        return cls(stdin, stdout, stderr, os.environ)

    def flush(self) -> None:
        """Write what is left, here and not at the interpreter's end, where nobody could answer for it."""
        for stream, real in ((self.stdout, sys.stdout), (self.stderr, sys.stderr)):
            try:
                stream.flush()
            except (OSError, ValueError):
                if stream is real:
                    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
