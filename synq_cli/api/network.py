"""Requests over the network, through http.client."""

import re
import socket
import time
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from email.errors import MissingHeaderBodySeparatorDefect
from functools import cached_property
from http.client import (
    BadStatusLine,
    HTTPConnection,
    HTTPException,
    HTTPMessage,
    HTTPResponse,
    IncompleteRead,
    UnknownProtocol,
)
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import quote, urlencode, urlsplit

from synq_cli.api.proxies import Proxy, find_proxy
from synq_cli.api.replies import Reply
from synq_cli.api.wire import LARGEST_REPLY, Silence, reason
from synq_cli.errors import UsageError

if TYPE_CHECKING:
    import ssl

_LONGEST_CONNECT = 10.0
_LONGEST_IDLE = 5.0  # what stands between drops idle connections without a word
_PIECE = 65_536
# What may stand in a path and a query as it is, beside letters and digits: the URL standard's own sets.
_IN_PATH, _IN_QUERY = "!$%&'()*+,/:;=@[\\]^|", "!$%&'()*+,/:;=?@[\\]^`{|}"


class _Answer(HTTPResponse):
    """A reply, behind what a server may say before it."""

    def begin(self) -> None:
        super().begin()
        while self.status < 200:
            if self.status == 101:
                raise HTTPException("it changed to another protocol")
            self.headers = None  # type: ignore[assignment]  # begin() reads on
            super().begin()
        lengths = set(self.headers.get_all("content-length", []))
        if (
            len(lengths) > 1
            or not all(re.fullmatch("[0-9]+", length) for length in lengths)
            or self.headers.get("transfer-encoding", "chunked").lower() != "chunked"
            or any(isinstance(defect, MissingHeaderBodySeparatorDefect) for defect in self.headers.defects)
        ):
            raise HTTPException("where its answer ends is not clear")


class _Connection(HTTPConnection):
    """A connection that is opened by hand: http.client's own would open itself again in the middle."""

    auto_open = 0
    debuglevel = 0
    response_class = _Answer


class Network:
    """The connection to one base URL, opened when first needed and kept."""

    def __init__(self, base_url: str, host: str, timeout: float) -> None:
        parts = urlsplit(base_url)
        usual = 443 if parts.scheme == "https" else 80
        self._secure = parts.scheme == "https"
        self._name, self._port = parts.hostname or "", parts.port or usual
        self._called = f"[{self._name}]" if ":" in self._name else self._name
        self._netloc = self._called if self._port == usual else f"{self._called}:{self._port}"
        self._host = host
        self._timeout = timeout
        self._connection: _Connection | None = None
        self._socket: socket.socket | None = None  # of an answer too that has left its connection
        self._used = 0.0

    def exchange(
        self, method: str, url: str, query: Mapping[str, str], content: bytes | None, headers: Mapping[str, str]
    ) -> Reply:
        """One request, sent once, and its whole reply; Silence if there is none, UsageError for a wrong setting."""
        deadline, kept = time.monotonic() + self._timeout, False
        full = {"Host": self._netloc, "Accept-Encoding": "gzip", **headers}
        for name, value in full.items():
            if not (value.isascii() and value.isprintable()):
                raise Silence("not_sent", f"{self._host} can't be asked: the header {name} can't hold its value")
        asked = target(url, query)
        with self._cut_after(self._timeout):
            try:
                connection = self._usable() or self._open(deadline)
                reply = self._ask(connection, method, asked, content or None, full, deadline)
                kept = True
            finally:
                if not kept:
                    self.close()
        return reply

    def close(self) -> None:
        """Let go of the connection."""
        connection, self._connection, self._socket = self._connection, None, None
        if connection is not None:
            connection.close()

    def _usable(self) -> _Connection | None:
        """The connection of the request before, if nobody has closed it and nothing came unasked."""
        connection, sock = self._connection, self._socket
        if connection is None or sock is None:
            return None
        if time.monotonic() - self._used < _LONGEST_IDLE and _is_quiet(sock):
            sock.settimeout(self._timeout)  # it did not wait to look
            return connection
        self.close()
        return None

    def _open(self, deadline: float) -> _Connection:
        """A fresh connection, through a proxy where one is named; Silence if there is none, UsageError for no proxy."""
        try:
            # On the way to this very machine no proxy may see the token.
            proxy = find_proxy(self._name, self._port) if self._secure else None
        except ValueError as error:
            # No failure of the network, which another try could mend.
            raise UsageError(f"{self._host} can't be asked: {error}.", hint="Mend that setting, or unset it.") from None
        trust = self._trust if self._secure else None
        where = (proxy.host, proxy.port) if proxy else (self._name, self._port)
        self._connection = connection = _Connection(*where, timeout=min(self._timeout, _LONGEST_CONNECT))
        if proxy:
            connection.set_tunnel(self._called, self._port, proxy.headers)
        try:
            connection.connect()
            _in_time(deadline)
            if trust:
                plain, name = connection.sock, self._name
                secure = trust.wrap_socket(plain, server_hostname=name, do_handshake_on_connect=False)
                connection.sock = secure  # before the handshake, so that it can be cut
                secure.do_handshake()
                _in_time(deadline)
        except (OSError, HTTPException) as error:
            self._unreachable(error, deadline, proxy)
        self._socket = connection.sock
        self._socket.settimeout(self._timeout)
        return connection

    def _unreachable(self, error: OSError | HTTPException, deadline: float, proxy: Proxy | None) -> NoReturn:
        way = f" through {proxy.name}" if proxy else ""
        refused = re.match(r"Tunnel connection failed: ([0-9]+)", str(error))  # what follows may repeat a password
        why = f"it answered with status {refused[1]}" if refused else _words(error)
        if isinstance(error, TimeoutError) or time.monotonic() > deadline:
            raise Silence("not_sent", f"{self._host} could not be reached in time{way}") from None
        raise Silence("not_sent", f"{self._host} could not be reached{way}: {why}") from None

    def _ask(
        self,
        connection: _Connection,
        method: str,
        asked: str,
        content: bytes | None,
        headers: Mapping[str, str],
        deadline: float,
    ) -> Reply:
        late = f"{self._host} did not answer within {self._timeout:g} s"
        try:
            with suppress(ConnectionError):  # who refuses a body may have said so before closing
                connection.request(method, asked, content, headers)
            with connection.getresponse() as response:
                body = self._read(response)
        except TimeoutError:
            raise Silence("no_answer", late) from None
        except (OSError, HTTPException, zlib.error) as error:
            broke = f"the connection to {self._host} broke: {_words(error)}"
            raise Silence("no_answer", late if time.monotonic() > deadline else broke) from None
        if time.monotonic() > deadline:
            raise Silence("no_answer", late)  # a body without a length ends where it was cut
        self._used = time.monotonic()
        if response.will_close:
            self.close()
        return Reply(response.status, _joined(response.headers), body)

    def _read(self, response: HTTPResponse) -> bytes:
        """The whole body, unpacked; IncompleteRead for less than was promised."""
        packed = response.headers.get("content-encoding", "").strip().lower() in {"gzip", "x-gzip"}
        unpack = zlib.decompressobj(16 + zlib.MAX_WBITS) if packed else None
        pieces, size, received = list[bytes](), 0, 0
        while piece := response.read1(_PIECE):
            received += len(piece)
            if unpack:
                piece = unpack.decompress(piece, LARGEST_REPLY - size + 1)
            pieces.append(piece)
            size += len(piece)
            if max(size, received) > LARGEST_REPLY:
                raise Silence("no_answer", f"{self._host} sent more than {LARGEST_REPLY:,} bytes")
        if response.length or (unpack and received and not unpack.eof):
            raise IncompleteRead(b"", response.length)
        return b"".join(pieces)

    @contextmanager
    def _cut_after(self, seconds: float) -> Iterator[None]:
        """Shut the connection down when time is up: each read has a limit of its own, and a server may drip."""
        from threading import Timer

        timer = Timer(seconds, self._cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _cut(self) -> None:
        sock = self._socket
        if sock is None and self._connection is not None:
            sock = self._connection.sock
        if sock is not None:
            with suppress(OSError):
                # Not the TLS socket's own method, which would wait for the other side.
                socket.socket.shutdown(sock, socket.SHUT_RDWR)

    @cached_property
    def _trust(self) -> "ssl.SSLContext":
        from synq_cli.session.trust import tls_context

        context = tls_context()
        context.set_alpn_protocols(["http/1.1"])
        return context


def _in_time(deadline: float) -> None:
    """TimeoutError if it is over: what was cut may look as if it had ended."""
    if time.monotonic() > deadline:
        raise TimeoutError


def _is_quiet(sock: socket.socket) -> bool:
    """Whether neither an end nor anything else waits to be read."""
    sock.setblocking(False)
    try:
        socket.socket.recv(sock, 1, socket.MSG_PEEK)  # not the TLS socket's own method, which can't look ahead
    except BlockingIOError:
        return True
    except OSError:
        pass
    return False


def target(url: str, query: Mapping[str, str]) -> str:
    """Path and query as they are sent; what is quoted in the URL stays so."""
    address, mark, own = url.partition("?")
    kept = list[str]()
    for part in address.partition("://")[2].partition("/")[2].split("/"):
        if part == "..":
            del kept[-1:]
        elif part != ".":
            kept.append(part)
    tail = urlencode(query) if query else quote(own, _IN_QUERY)
    return f"/{quote('/'.join(kept), _IN_PATH)}{'?' if query or mark else ''}{tail}"


def _joined(headers: HTTPMessage) -> dict[str, str]:
    """Headers by their names in lower case, those of one name in one line."""
    found: dict[str, str] = {}
    for name, text in headers.items():
        value = text.replace("\r", "").replace("\n", "").strip()
        with suppress(UnicodeDecodeError):
            value = value.encode("iso-8859-1").decode()
        key = name.lower()
        found[key] = f"{found[key]}, {value}" if key in found else value
    return found


def _words(error: Exception) -> str:
    """Why an exchange broke off, in words for a person."""
    if isinstance(error, ConnectionError) and isinstance(error, BadStatusLine):
        return "it was closed without an answer"
    if isinstance(error, IncompleteRead):
        return "the answer was cut short"
    if isinstance(error, BadStatusLine | UnknownProtocol):
        return "what came is not HTTP"
    return reason(error)
