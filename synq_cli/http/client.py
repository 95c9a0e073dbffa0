"""The HTTP client: API calls, token renewals, health checks and webhooks all go through it, on httpx."""

import socket
import ssl
import sys
from collections.abc import Mapping
from contextlib import suppress
from functools import cached_property
from http.cookiejar import CookieJar, DefaultCookiePolicy
from io import StringIO
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import httpx

from synq_cli import __version__
from synq_cli.deadline import DeadlineError, call_within
from synq_cli.errors import NetworkError, UsageError
from synq_cli.http.exchange import NoResponseError, Reply, Tls
from synq_cli.http.failures import CLOSED, no_response, unreachable
from synq_cli.session.network.base_url import host_of
from synq_cli.session.network.proxies import Proxy, find_proxy, names_proxies, unusable_proxy

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

_LONGEST_CONNECT = 10.0
_OWN_HEADERS = {
    "Accept": "application/json, */*;q=0.5",  # /health and some errors are plain text
    "Accept-Encoding": "gzip",
    "User-Agent": f"synq/{__version__}",
}
# Any other encoding, or several at once, could expand a chunk without bounds before its size is known.
_ENCODINGS = {"", "identity", "gzip", "x-gzip", "deflate"}


class HttpClient:
    """Sends each request once, within `timeout` seconds in all. Thread-safe; threads share connections.

    `transport` replaces the network, for the in-process sandbox and for tests. `environ` has proxies and certificates.
    A reply of more than `largest` bytes is an error.
    """

    def __init__(
        self,
        timeout: float,
        environ: Mapping[str, str],
        transport: httpx.BaseTransport | None = None,
        *,
        largest: int = 64_000_000,
    ) -> None:
        self.timeout = timeout
        self.environ = environ
        self.transport = transport
        self.largest = largest
        self._clients: dict[str, httpx.Client] = {}
        self._lock = Lock()

    def check(self, url: str) -> None:
        """UsageError for a proxy or certificates, given by a variable, that a request to this URL can't use."""
        self._client_for(self._proxy_for(url), secure=url.startswith("https:"))

    def exchange(
        self,
        method: str,
        url: str,
        *,
        host: str,
        query: Mapping[str, object] | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str],
    ) -> Reply:
        """Send a request and read the whole reply. `host` is the server's name in messages.

        Raises NoResponseError if no reply comes in time, UsageError for an invalid request or setting.
        """
        proxy = self._proxy_for(url)
        client = self._client_for(proxy, secure=url.startswith("https:"))
        known = {name: str(value) for name, value in (query or {}).items() if value is not None}
        try:
            request = client.build_request(
                method, url, params=known or None, content=content, headers=_checked({**_OWN_HEADERS, **headers})
            )
        except httpx.InvalidURL as error:
            raise UsageError(f'Invalid URL "{url}": {error}.') from None
        attempt = _Attempt(handed_over=self.transport is not None)
        request.extensions["trace"] = attempt.trace
        way = f" through the proxy in {proxy.variable}" if proxy else ""
        try:
            return call_within(self.timeout, lambda: self._receive(client, request, attempt, host))
        except (DeadlineError, httpx.TimeoutException) as error:
            sent = attempt.abandon() and not isinstance(error, httpx.ConnectTimeout)
            limit = min(self.timeout, _LONGEST_CONNECT) if isinstance(error, httpx.ConnectTimeout) else self.timeout
            late = "did not respond" if sent else "could not be reached"
            raise NoResponseError(f"{host} {late} within {limit:g} s{'' if sent else way}", sent=sent) from None
        except httpx.HTTPError as error:
            own = proxy and proxy.url.startswith("https:") and not attempt.tunneled
            peer = f"the proxy in {proxy.variable}" if proxy and own else host
            raise no_response(error, host, way, peer=peer, sent=attempt.sent) from None
        except KeyboardInterrupt:
            attempt.abandon()
            raise
        except Exception as error:
            if attempt.sent:
                raise
            # httpx does not wrap errors of its SOCKS library, of the resolver and of the system.
            raise unreachable(error, host, way) from error

    def post_form(self, url: str, form: Mapping[str, str]) -> tuple[int, bytes]:
        """Send a form; returns status and body, whatever the status. NetworkError if no reply comes."""
        content = urlencode(form).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        try:
            reply = self.exchange("POST", url, host=host_of(url), content=content, headers=headers)
        except NoResponseError as failed:
            error = NetworkError(failed.sentence, hint=failed.hint)
            error.retryable = failed.retryable
            raise error from None
        return reply.status, reply.body

    def close(self) -> None:
        """Close the connections."""
        with self._lock:
            clients, self._clients = list(self._clients.values()), {}
        for client in clients:
            client.close()

    def proxy_variable(self, url: str) -> str | None:
        """The variable with the proxy for a URL, if any; UsageError if the proxy can't be used."""
        proxy = self._proxy_for(url)
        return proxy.variable if proxy else None

    def _proxy_for(self, url: str) -> Proxy | None:
        return None if self.transport else find_proxy(url, self.environ)

    def _client_for(self, proxy: Proxy | None, *, secure: bool) -> httpx.Client:
        """The httpx client for a proxy, or for direct connections; UsageError as for `check`."""
        trust = self._trust if secure and self.transport is None else None
        key = f"{proxy.url if proxy else ''} {trust is not None}"
        with self._lock:
            if key not in self._clients:
                self._clients[key] = self._new_client(proxy, trust)
            return self._clients[key]

    def _new_client(self, proxy: Proxy | None, trust: ssl.SSLContext | None) -> httpx.Client:
        # Without a proxy in a variable, httpx reads the system settings of macOS and Windows.
        ask_system = self.transport is None and trust is not None and sys.platform in {"darwin", "win32"}
        return httpx.Client(
            transport=self.transport,
            verify=trust or False,  # without TLS there is nothing to verify
            proxy=_proxy_of(proxy, trust),
            trust_env=ask_system and not names_proxies(self.environ),
            # A connection that an abandoned exchange still uses must not block others.
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=20, keepalive_expiry=5.0),
            timeout=httpx.Timeout(self.timeout, connect=min(self.timeout, _LONGEST_CONNECT), pool=None),
            follow_redirects=False,  # the token is sent to no other host
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
        )

    @cached_property
    def _trust(self) -> ssl.SSLContext:
        from synq_cli.session.network.trust import tls_context

        return tls_context(self.environ)

    def _receive(self, client: httpx.Client, request: httpx.Request, attempt: "_Attempt", host: str) -> Reply:
        try:
            response = client.send(request, stream=True)
        except BaseException:
            attempt.close()
            raise
        try:
            if response.headers.get("content-encoding", "").strip().lower() not in _ENCODINGS:
                raise NoResponseError(f"{host} sent an encoding that was not asked for", sent=True, retryable=False)
            tls = _tls_of(response)  # before reading, after which the connection may be closed
            chunks, size = [], 0
            for chunk in response.iter_bytes():
                chunks.append(chunk)
                size += len(chunk)
                if attempt.abandoned:
                    raise DeadlineError
                if max(size, response.num_bytes_downloaded) > self.largest:
                    raise NoResponseError(f"{host} sent more than {self.largest:,} bytes", sent=True, retryable=False)
            return Reply(response.status_code, dict(response.headers), b"".join(chunks), tls)
        finally:
            attempt.close()
            response.close()
            # It refers back to the response: a cycle that would keep both until the garbage collector runs.
            response.stream = httpx.ByteStream(b"")


class _Attempt:
    """The progress of one exchange, from httpx's trace extension; it can be abandoned from another thread."""

    def __init__(self, *, handed_over: bool) -> None:
        # A transport other than the network reports no progress, so the request may have been sent.
        self.sent = handed_over
        self.tunneled = False  # whether a proxy was asked for a connection to the host
        self.abandoned = False
        self._stream: Any = None
        self._socket: socket.socket | None = None
        self._lock = Lock()

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Called by httpx at each step. Once the exchange is abandoned, no more of the request is sent."""
        if event.endswith((".connect_tcp.complete", ".start_tls.complete")):
            self._stream = info["return_value"]
        if event.endswith(".connect_tcp.complete"):
            with self._lock:
                # A duplicate, since TLS takes over the socket.
                self._socket = self._stream.get_extra_info("socket").dup()
        elif event.endswith(".setup_socks5_connection.failed"):
            self._stream.close()  # httpcore leaves it open
        elif event.endswith(".send_request_headers.started") and info["request"].method == b"CONNECT":
            self.tunneled = True
        elif event.endswith(".send_request_headers.started"):
            with self._lock:
                self.sent = not self.abandoned
        if self.abandoned and event.endswith((".started", ".complete")) and "_closed." not in event:
            if self._stream is not None:
                self._stream.close()  # until a request is sent on it, httpcore would leave it open
            raise DeadlineError

    def abandon(self) -> bool:
        """Abandon the exchange; returns whether bytes of the request may have been sent."""
        with self._lock:
            self.abandoned = True
            if self._socket is not None:
                with suppress(OSError):  # it may have been closed already
                    self._socket.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits on it
            return self.sent

    def close(self) -> None:
        """Close the duplicate socket; the connection stays open for the next request."""
        with self._lock:
            if self._socket is not None:
                self._socket.close()
                self._socket = None


def in_process(app: "WSGIApplication") -> httpx.BaseTransport:
    """An in-process transport for a WSGI app; a ConnectionError of the app breaks the connection."""

    class InProcess(httpx.WSGITransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            try:
                return super().handle_request(request)
            except ConnectionError as error:
                raise httpx.RemoteProtocolError(CLOSED, request=request) from error

    # The app answers its own bugs with a 500; the traceback would only confuse the user.
    return InProcess(app=app, wsgi_errors=StringIO())


def look_up(host: str, port: int, limit: float) -> list[str]:
    """The addresses of a host; NetworkError if it has none, or if the resolver takes longer than `limit` seconds."""
    hint = "Check the network and the base URL: synq config get base_url"
    try:
        found = call_within(limit, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
    except DeadlineError:
        raise NetworkError(f"{host} could not be looked up within {limit:g} s.", hint=hint) from None
    except OSError as error:
        raise NetworkError(f"{host} could not be looked up: {error.strerror or error}.", hint=hint) from None
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _proxy_of(proxy: Proxy | None, trust: ssl.SSLContext | None) -> httpx.Proxy | None:
    if proxy is None:
        return None
    try:
        return httpx.Proxy(proxy.url, ssl_context=trust if proxy.url.startswith("https:") else None)
    except httpx.InvalidURL:
        raise unusable_proxy(proxy.variable, "its host name is not valid") from None


def _checked(headers: Mapping[str, str]) -> Mapping[str, str]:
    for name, value in headers.items():
        if not (value.isascii() and value.isprintable()):
            # The value may be a secret, so it is not shown.
            raise UsageError(f"Invalid value of the header {name}: use printable ASCII characters only.")
    return headers


def _tls_of(response: httpx.Response) -> Tls | None:
    stream = response.extensions.get("network_stream")
    connection = stream.get_extra_info("ssl_object") if stream else None
    if connection is None:
        return None
    ends = (connection.getpeercert() or {}).get("notAfter")
    return Tls(connection.version() or "TLS", ssl.cert_time_to_seconds(ends) if ends else None)
