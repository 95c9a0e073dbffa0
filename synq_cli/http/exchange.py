"""The outcome of an HTTP exchange, a reply or the reason why there is none, and the observer of exchanges."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import NamedTuple, Protocol


class Tls(NamedTuple):
    """The TLS connection of a reply: protocol version, end of the certificate's validity in epoch seconds."""

    version: str
    certificate_ends: float | None


class Reply(NamedTuple):
    """A complete reply; header names are in lower case, `tls` is None without encryption."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    tls: Tls | None = None

    @property
    def status_line(self) -> str:
        """The status with its phrase, such as 404 Not Found."""
        try:
            return f"{self.status} {HTTPStatus(self.status).phrase}"
        except ValueError:
            return str(self.status)

    @property
    def request_id(self) -> str | None:
        """The server's id of the request, if any."""
        return self.headers.get("x-request-id")

    @property
    def limit(self) -> int | None:
        """The size of the rate limit's window, if given."""
        return self._number("x-ratelimit-limit")

    @property
    def remaining(self) -> int | None:
        """The requests left in the window, if given."""
        return self._number("x-ratelimit-remaining")

    def _number(self, header: str) -> int | None:
        text = self.headers.get(header, "").strip()
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None

    @property
    def text(self) -> str:
        """The body as text, without a byte order mark; undecodable bytes are replaced."""
        return self.body.decode("utf-8-sig", "replace").strip()

    @property
    def is_html(self) -> bool:
        """Whether the body is an HTML page, by its header or its first characters."""
        starts = self.text[:15].lower().startswith(("<!doctype", "<html"))
        return starts or "html" in self.headers.get("content-type", "").lower()


class NoResponseError(Exception):
    """No usable reply came; `sentence` says why, without a period.

    Unless `sent`, no byte of the request has left this machine, so it can be sent again whatever it does. Another try
    may succeed only if `retryable`. `hint` says what to do, if known.
    """

    def __init__(self, sentence: str, *, sent: bool, retryable: bool = True, hint: str | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.sent = sent
        self.retryable = retryable
        self.hint = hint


def request_line(method: str, url: str, seconds: float, reply: Reply | None, error: str | None) -> str:
    """A line for the debug log about a request, with its reply or the reason why none came."""
    parts: list[object] = [method, url, reply and reply.status, f"{seconds * 1000:.0f} ms"]
    if reply and reply.remaining is not None:
        parts.append(f"{reply.remaining}/{'?' if reply.limit is None else reply.limit}")
    return " ".join(str(part) for part in (*parts, reply and reply.request_id, error) if part is not None)


class Observer(Protocol):
    """Is notified of waits, requests, remarks and warnings."""

    def note(self, text: str | None) -> None: ...
    def waiting(self, seconds: float, reason: str) -> None: ...
    def sent(self, line: str) -> None: ...
    def warn(self, text: str) -> None: ...
