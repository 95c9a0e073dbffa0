"""The outside world of a run: streams, environment, clock, network, keyring, browser."""

import io
import os
import random
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

from synq_cli.session.tokens import SecretStore

if TYPE_CHECKING:
    import httpx


def _open_in_browser(address: str) -> bool:
    import webbrowser

    return webbrowser.open(address)


@dataclass(frozen=True)
class System:
    """What a run takes from outside; tests hand in their own."""

    stdin: TextIO
    stdout: TextIO
    stderr: TextIO
    environ: Mapping[str, str]
    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = random.random
    http: "httpx.BaseTransport | None" = None
    keyring: SecretStore | None = None
    browse: Callable[[str], bool] = _open_in_browser

    @classmethod
    def real(cls) -> "System":
        """The process's own streams, environment, clock and network."""
        # Python has None for a stream that was closed on the command line (`>&-`).
        stdin, stdout, stderr = (stream or io.StringIO() for stream in (sys.stdin, sys.stdout, sys.stderr))
        return cls(stdin, stdout, stderr, os.environ)
