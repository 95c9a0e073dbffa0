"""What can go wrong with one request, and how a command that meets it must end."""

import gzip
import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, NoReturn

import httpx

from synq_cli.http.client import CLOSED
from synq_cli.http.operation import Operation

Forward = Callable[[], httpx.Response]
Replying = Callable[[Forward], httpx.Response]
# What the client can know: nothing was sent; nothing of the outcome; a status that is an error; a success that can't be
# read; a success of another shape than the contract's; a success.
Kind = Literal["unsent", "lost", "status", "unreadable", "shape", "fine"]
HUGE = 50_000_000  # bytes; a reply may have 64 MB


@dataclass(frozen=True)
class Fault:
    """One fault; `reply` is given a function that lets the request through.

    What is `passing` is worth another try. Afterwards this machine's clock is set by `skew` seconds.
    """

    name: str
    kind: Kind
    reply: Replying
    status: int = 0
    passing: bool = False
    skew: float = 0.0

    @property
    def is_unclear(self) -> bool:
        """Whether the request may have been carried out."""
        return self.kind not in {"unsent", "status"} or self.status == 408 or self.status // 100 in {3, 5}


def as_it_is(forward: Forward) -> httpx.Response:
    """The tenant's reply; what goes wrong with it is elsewhere."""
    return forward()


def expected(fault: Fault, operation: Operation) -> set[int]:
    """The exit statuses of a run whose requests of this operation all meet the fault."""
    reads, unsafe = operation.effect == "read", operation.retry == "unsafe"
    match fault.kind:
        case "unsent":
            return {7}
        case "lost":
            return {7 if operation.retry == "safe" else 10}
        case "unreadable":
            return {0} if operation.gives != "json" else {12 if reads else 10}
        case "shape":  # such as an empty list, in which a command finds nothing
            return {0, 5, 12} if reads else {0, 10}
        case "fine":
            return {0}
    known = {401: 4, 403: 4, 404: 5, 409: 8, 412: 8, 429: 6}
    if fault.status == 405 and operation.evidence == "presumed":
        return {5}
    return {known.get(fault.status, 10 if fault.is_unclear and unsafe else 12 if fault.is_unclear else 3)}


def expected_once(fault: Fault, operation: Operation) -> int:
    """The exit status if only the first request meets a passing fault."""
    return 0 if fault.kind in {"unsent", "fine"} or fault.status == 429 or operation.retry != "unsafe" else 10


def _raising(make: Callable[[], Exception], *, acts: bool = False) -> Replying:
    def reply(forward: Forward) -> NoReturn:
        if acts:
            forward()
        raise make()

    return reply


def _not_connected(cause: Exception) -> Replying:
    def reply(_forward: Forward) -> NoReturn:
        raise httpx.ConnectError("no connection") from cause

    return reply


def _expired_certificate() -> Exception:
    cause = ssl.SSLCertVerificationError(1, "certificate verify failed")
    cause.verify_code, cause.verify_message = 10, "certificate has expired"
    return cause


class _Broken(httpx.SyncByteStream):
    """A body that breaks off."""

    def __init__(self, start: bytes, error: Exception) -> None:
        self._start, self._error = start, error

    def __iter__(self) -> Iterator[bytes]:
        yield self._start
        raise self._error


def _half(make: Callable[[], Exception]) -> Replying:
    def reply(forward: Forward) -> httpx.Response:
        body = forward().content
        return httpx.Response(200, stream=_Broken(body[: len(body) // 2], make()))

    return reply


def _with(status: int, body: bytes | str = b"", *, acts: bool = False, **headers: str) -> Replying:
    content = body.encode() if isinstance(body, str) else body
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    def reply(forward: Forward) -> httpx.Response:
        if acts:
            forward()
        return httpx.Response(status, content=content, headers=named)

    return reply


def _altered(change: Callable[[bytes], bytes] = bytes, **headers: str) -> Replying:
    """The tenant's reply with another body, if it has one, and other headers; an empty one is left out."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    def reply(forward: Forward) -> httpx.Response:
        real = forward()
        kept = {name: value.encode() for name, value in real.headers.items() if name not in {"content-length", *named}}
        kept |= {name: value.encode() for name, value in named.items() if value}
        return httpx.Response(real.status_code, content=change(real.content) if real.content else b"", headers=kept)

    return reply


def _limits(limit: str, remaining: str) -> Replying:
    return _altered(x_ratelimit_limit=limit, x_ratelimit_remaining=remaining)


NO = '{"error": "Not today"}'
HTML = "<!doctype html><html><head><title>Sign in</title></head><body>Welcome to the airport</body></html>"
BOM = b"\xef\xbb\xbf"
JSON = {"content_type": "application/json"}
_IN_30_S, _LONG_AGO = "Tue, 24 Nov 2026 12:01:30 GMT", "Tue, 24 Nov 2020 12:00:00 GMT"
_NEVER = ("1e9", "9" * 20, "Fri, 31 Dec 9999 23:59:59 GMT")
_UNSENT = {
    "refused": _not_connected(ConnectionRefusedError(111, "refused")),
    "no such host": _not_connected(socket.gaierror(socket.EAI_NONAME, "unknown")),
    "connecting takes too long": _raising(lambda: httpx.ConnectTimeout("late")),
}
_LOST = {
    "slow first byte": _raising(lambda: httpx.ReadTimeout("late")),
    "slow first byte, carried out": _raising(lambda: httpx.ReadTimeout("late"), acts=True),
    "slow body": _half(lambda: httpx.ReadTimeout("late")),
    "cut before": _raising(lambda: httpx.RemoteProtocolError(CLOSED)),
    "cut after": _raising(lambda: httpx.RemoteProtocolError(CLOSED), acts=True),
    "reset while sending": _raising(lambda: httpx.WriteError("reset")),
    "half a body": _half(lambda: httpx.RemoteProtocolError("peer closed connection without sending complete message")),
    "not gzip": _with(200, b"no gzip", content_encoding="gzip"),
}
_UNREADABLE = {
    "HTML": _with(200, HTML, content_type="text/html"),
    "HTML, carried out": _with(200, HTML, acts=True, content_type="text/html"),
    "empty": _with(200),
    "blank": _with(200, " \n"),
    "broken JSON": _with(200, '{"id": ', **JSON),
    "trailing text": _with(200, "{} {}", **JSON),
    "NaN": _with(200, "[NaN]", **JSON),
    "not UTF-8": _with(200, b'{"id": "\xff"}', **JSON),
    "UTF-16": _altered(lambda body: body.decode().encode("utf-16")),
    "deeply nested": _with(200, "[" * 100_000 + "]" * 100_000),
    "an endless number": _with(200, f"[{'9' * 5_000}]"),
    "a huge exponent": _with(200, "[1e999999999999999999999]"),
    "half of gzip": _with(200, gzip.compress(b'{"id": 1}' * 1_000)[:40], content_encoding="gzip"),
    **{f"JSON {text}": _with(200, text) for text in ("true", "5", '"text"', "[[]]", "[5]", NO)},
}
_SHAPES = (
    "null", "[]", "{}", "[{}]", '{"items": 5}', '{"id": null}', '{"data": {"id": "x"}}',
    '{"workflow_id": "w", "run_id": "r"}',
)  # fmt: skip
_FINE = {
    "a byte order mark": _altered(lambda body: BOM + body),
    "as plain text": _altered(content_type="text/plain; charset=latin-1"),
    "no rate limit": _limits("", ""),
    **{
        f"rate limit {remaining}/{limit}": _limits(limit, remaining)
        for limit, remaining in (
            ("0", "0"), ("-1", "-1"), ("100", "-5"), ("100", "1e3"), ("nan", "inf"), ("9" * 30, "9" * 30),
            ("100", "999999999"), ("10001", "3"), ("five", ""), ("100, 100", "5, 4"),
            ("\u0661\u0660\u0660", "\u0669\u0669"),
        )
    },
    "a clock a year ahead": _altered(date="Thu, 25 Nov 2027 12:00:00 GMT"),
    "an invalid date": _altered(date="yesterday"),
    "50 MB": _altered(lambda body: b" " * HUGE + body),
}  # fmt: skip


def _statuses() -> Iterator[Fault]:
    passing = {408, 500, 502, 503, 504}

    def fault(name: str, status: int, body: bytes | str = NO, *, again: bool = True, **more: str | bool) -> Fault:
        acts = bool(more.pop("acts", False))
        headers = {key: str(value) for key, value in more.items()}
        reply = _with(status, body, acts=acts, **headers)
        return Fault(name, "status", reply, status, passing=again and (status in passing or status == 429))

    for status in (400, 401, 403, 404, 405, 408, 409, 412, 413, 418, 422, 500, 501, 502, 503, 504, 520):
        yield fault(str(status), status)
    for status in (500, 504):
        yield fault(f"{status}, carried out", status, acts=True)
    for status in (302, 307):
        yield fault(f"redirect {status}", status, location="https://login.example/")
    yield fault("redirect without a target", 302, "")
    yield fault("not modified", 304, "")
    yield fault("429", 429)
    for value in ("2", "0", "-5", "soon", "nan", _IN_30_S, _LONG_AGO, "Tue, 24 Nov 2026 12:01:30 +2599", *_NEVER):
        yield fault(f"429, Retry-After {value}", 429, retry_after=value, again=value not in _NEVER)
    for value in ("2", "soon", _IN_30_S, "1e9"):
        yield fault(f"503, Retry-After {value}", 503, retry_after=value, again=value != "1e9")
    for status in (403, 404, 502):
        yield fault(f"{status} as HTML", status, HTML, content_type="text/html")
    for name, status, body in (
        ("400 empty", 400, ""),
        ("404 empty", 404, ""),
        ("404 of a router", 404, "404 page not found\n"),
        ("400 with a byte order mark", 400, BOM + NO.encode()),
        ("400 with an object", 400, '{"error": {"code": 7, "message": "Not today"}}'),
        ("400 with a list", 400, '{"errors": ["Not today"]}'),
        ("400 in Latin-1", 400, "Dérangé".encode("latin-1")),
        ("400 of 50 MB", 400, b"x" * HUGE),
        ("500 with control characters", 500, "\x1b]0;owned\x07\x1b[2J\x9b31m"),
    ):
        yield fault(name, status, body)


FAULTS = (
    *(Fault(name, "unsent", reply, passing=True) for name, reply in _UNSENT.items()),
    Fault("expired certificate", "unsent", _not_connected(_expired_certificate())),
    *(Fault(name, "lost", reply, passing=True) for name, reply in _LOST.items()),
    Fault("an encoding that was not asked for", "lost", _with(200, b"x", content_encoding="br")),
    Fault("70 MB", "lost", _with(200, b" " * 70_000_000)),
    *_statuses(),
    *(Fault(name, "unreadable", reply) for name, reply in _UNREADABLE.items()),
    *(Fault(f"JSON {text}", "shape", _with(200, text)) for text in _SHAPES),
    *(Fault(name, "fine", reply) for name, reply in _FINE.items()),
)
SKEWS = [Fault(f"a clock set by {hours} h", "fine", as_it_is, skew=3_600 * hours) for hours in (-1, -10_000, 2, 10_000)]
