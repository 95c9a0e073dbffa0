"""What comes of an HTTP exchange: a reply, or the reason why there is none; and the events that observers get."""

from collections.abc import Mapping
from typing import NamedTuple, Protocol


class Tls(NamedTuple):
    """The encrypted connection of a reply: protocol version, end of the certificate's validity in epoch seconds."""

    version: str
    certificate_ends: float | None


class Reply(NamedTuple):
    """A reply read to its end; header names in lower case. `tls` is None for a connection without encryption."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    tls: Tls | None = None

    @property
    def request_id(self) -> str | None:
        """The server's id of the request, if it gave one."""
        return self.headers.get("x-request-id")

    @property
    def limit(self) -> int | None:
        """How many requests the window holds, if it says so."""
        return self._number("x-ratelimit-limit")

    @property
    def remaining(self) -> int | None:
        """How many of them are left, if it says so."""
        return self._number("x-ratelimit-remaining")

    def _number(self, header: str) -> int | None:
        text = self.headers.get(header, "").strip()
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None

    @property
    def text(self) -> str:
        """The body as text, whatever bytes it holds."""
        return self.body.decode("utf-8", "replace").strip()

    @property
    def is_html(self) -> bool:
        """Whether the body is a page for a browser, whatever its header says."""
        return "html" in self.headers.get("content-type", "").lower() or self.text[:15].lower().startswith(
            ("<!doctype", "<html")
        )


class NoResponseError(Exception):
    """No usable reply came; `sentence` says why, without a period.

    Unless `sent`, no byte of the request has left this machine, so that it may be sent again whatever it does. Another
    try may succeed only if `retryable`. `hint` says what to do, where the reason tells.
    """

    def __init__(self, sentence: str, *, sent: bool, retryable: bool = True, hint: str | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.sent = sent
        self.retryable = retryable
        self.hint = hint


class Trace(NamedTuple):
    """One request that was sent, for the debug line; `status` is None if no answer came."""

    method: str
    url: str
    status: int | None
    ms: float
    remaining: int | None
    limit: int | None
    request_id: str | None
    error: str | None

    def __str__(self) -> str:
        budget = None if self.remaining is None else f"{self.remaining}/{'?' if self.limit is None else self.limit}"
        parts = (self.method, self.url, self.status, f"{self.ms:.0f} ms", budget, self.request_id, self.error)
        return " ".join(str(part) for part in parts if part is not None)


class Listener(Protocol):
    """Who hears what happens on the way."""

    def waiting(self, seconds: float, reason: str) -> None: ...
    def sent(self, event: Trace) -> None: ...
    def warn(self, text: str) -> None: ...
