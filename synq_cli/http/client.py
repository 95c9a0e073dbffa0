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

LARGEST_REPLY = 64_000_000
_LONGEST_CONNECT = 10.0
_OWN_HEADERS = {"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": f"synq/{__version__}"}
# Any other, or several at once, could expand a piece of the reply without bounds before its size is known.
_ENCODINGS = {"", "identity", "gzip", "x-gzip", "deflate"}


class HttpClient:
    """Sends requests, each once and within `timeout` seconds in all. Safe for several threads, which share connections.

    `transport` replaces the network: the in-process sandbox, or a test's own. `environ` names proxies and certificates.
    """

    def __init__(
        self, timeout: float, environ: Mapping[str, str], transport: "httpx.BaseTransport | None" = None
    ) -> None:
        self._timeout = timeout
        self._connect_timeout = min(timeout, _LONGEST_CONNECT)
        self._environ = environ
        self._transport = transport
        self._clients: dict[str, httpx.Client] = {}
        self._lock = Lock()

    def check(self, url: str) -> None:
        """UsageError, naming the variable, for a proxy or certificates that no request to this URL could use."""
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
        """Send one request and read its reply to the end. `host` is what messages call the server.

        Raises NoResponseError if no reply came in time, UsageError for a request or a setting that can't work.
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
        attempt = _Attempt(handed_over=self._transport is not None)
        request.extensions["trace"] = attempt.trace
        way = f" through the proxy in {proxy.variable}" if proxy else ""
        try:
            return call_within(self._timeout, lambda: self._receive(client, request, attempt, host))
        except (DeadlineError, httpx.TimeoutException) as error:
            sent = attempt.abandon() and not isinstance(error, httpx.ConnectTimeout)
            limit = self._connect_timeout if isinstance(error, httpx.ConnectTimeout) else self._timeout
            late = "did not answer" if sent else "could not be reached"
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
            # httpx lets errors of its SOCKS library, of the resolver and of the system pass as they are.
            raise unreachable(error, host, way) from error

    def post_form(self, url: str, form: Mapping[str, str]) -> tuple[int, bytes]:
        """Send a form; status and body of the answer, whatever the status. NetworkError if there is none."""
        content = urlencode(form).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        try:
            reply = self.exchange("POST", url, host=host_of(url), content=content, headers=headers)
        except NoResponseError as failed:
            raise NetworkError(failed.sentence, hint=failed.hint) from None
        return reply.status, reply.body

    def close(self) -> None:
        """Close the connections."""
        with self._lock:
            clients, self._clients = list(self._clients.values()), {}
        for client in clients:
            client.close()

    def proxy_variable(self, url: str) -> str | None:
        """The variable that names the proxy on the way to a URL; UsageError if it can't be used."""
        proxy = self._proxy_for(url)
        return proxy.variable if proxy else None

    def _proxy_for(self, url: str) -> Proxy | None:
        return None if self._transport else find_proxy(url, self._environ)

    def _client_for(self, proxy: Proxy | None, *, secure: bool) -> httpx.Client:
        """One httpx client for each proxy, and one for direct connections; UsageError as for `check`."""
        trust = self._trust if secure and self._transport is None else None
        key = f"{proxy.url if proxy else ''} {trust is not None}"
        with self._lock:
            if key not in self._clients:
                self._clients[key] = self._new_client(proxy, trust)
            return self._clients[key]

    def _new_client(self, proxy: Proxy | None, trust: ssl.SSLContext | None) -> httpx.Client:
        # Where no variable names a proxy, macOS and Windows have settings of the system, which httpx reads.
        ask_system = self._transport is None and trust is not None and sys.platform in {"darwin", "win32"}
        return httpx.Client(
            transport=self._transport,
            verify=trust or False,  # without TLS there is nothing to verify
            proxy=_proxy_of(proxy, trust),
            trust_env=ask_system and not names_proxies(self._environ),
            # A connection on which an abandoned exchange still hangs must not keep others from connecting.
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=20, keepalive_expiry=5.0),
            timeout=httpx.Timeout(self._timeout, connect=self._connect_timeout, pool=None),
            follow_redirects=False,  # a token never goes where a reply says
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
        )

    @cached_property
    def _trust(self) -> ssl.SSLContext:
        from synq_cli.session.network.trust import tls_context

        return tls_context(self._environ)

    def _receive(self, client: httpx.Client, request: httpx.Request, attempt: "_Attempt", host: str) -> Reply:
        try:
            response = client.send(request, stream=True)
        except BaseException:
            attempt.close()
            raise
        try:
            if response.headers.get("content-encoding", "").strip().lower() not in _ENCODINGS:
                raise NoResponseError(f"{host} sent an encoding that was not asked for", sent=True, retryable=False)
            tls = _tls_of(response)  # now: once it is read, the connection may be closed
            chunks, size = [], 0
            for chunk in response.iter_bytes():
                chunks.append(chunk)
                size += len(chunk)
                if attempt.abandoned:
                    raise DeadlineError
                if max(size, response.num_bytes_downloaded) > LARGEST_REPLY:
                    raise NoResponseError(f"{host} sent more than {LARGEST_REPLY:,} bytes", sent=True, retryable=False)
            return Reply(response.status_code, dict(response.headers), b"".join(chunks), tls)
        finally:
            attempt.close()
            response.close()


class _Attempt:
    """How far one exchange has come, as httpx's trace extension tells; it can be abandoned from another thread."""

    def __init__(self, *, handed_over: bool) -> None:
        # A transport that is not the network tells nothing: what it was given may have been acted on.
        self.sent = handed_over
        self.tunneled = False  # whether a proxy was asked for a connection to the host
        self.abandoned = False
        self._stream: Any = None
        self._socket: socket.socket | None = None
        self._lock = Lock()

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Called by httpx at each step. Once the exchange is abandoned, nothing of the request leaves any more."""
        if event.endswith(".connect_tcp.complete"):
            self._stream = info["return_value"]
            with self._lock:
                # A handle of our own, since TLS takes the socket over.
                self._socket = self._stream.get_extra_info("socket").dup()
            if self.abandoned:
                self._stream.close()
        elif event.endswith(".setup_socks5_connection.failed"):
            self._stream.close()  # httpcore leaves it open
        elif event.endswith(".send_request_headers.started") and info["request"].method == b"CONNECT":
            self.tunneled = True
        elif event.endswith(".send_request_headers.started"):
            with self._lock:
                self.sent = not self.abandoned
        if self.abandoned and event.endswith((".started", ".complete")) and "_closed." not in event:
            raise DeadlineError

    def abandon(self) -> bool:
        """Give up on it; whether bytes of the request may have left."""
        with self._lock:
            self.abandoned = True
            if self._socket is not None:
                with suppress(OSError):  # it may have been closed already
                    self._socket.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits on it
            return self.sent

    def close(self) -> None:
        """Close our handle of the connection, which stays open for the next request."""
        with self._lock:
            if self._socket is not None:
                self._socket.close()
                self._socket = None


def in_process(app: "WSGIApplication") -> httpx.BaseTransport:
    """A transport that calls a WSGI app in this process; a ConnectionError of the app breaks the connection."""

    class InProcess(httpx.WSGITransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            try:
                return super().handle_request(request)
            except ConnectionError as error:
                raise httpx.RemoteProtocolError(CLOSED, request=request) from error

    # The app answers its own bugs with a 500; its traceback is not for the person at the prompt.
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
            # The value is not repeated: it may be a secret.
            raise UsageError(f"Invalid value of the header {name}: use printable ASCII characters only.")
    return headers


def _tls_of(response: httpx.Response) -> Tls | None:
    stream = response.extensions.get("network_stream")
    connection = stream.get_extra_info("ssl_object") if stream else None
    if connection is None:
        return None
    ends = (connection.getpeercert() or {}).get("notAfter")
    return Tls(connection.version() or "TLS", ssl.cert_time_to_seconds(ends) if ends else None)
