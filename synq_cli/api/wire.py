"""One request and its reply through httpx, within a deadline, or the reason why there is none."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any

from synq_cli import __version__
from synq_cli.api.replies import Reply
from synq_cli.api.retry import Failure
from synq_cli.session.trust import tls_context

if TYPE_CHECKING:
    import socket

    import httpx

_LONGEST_CONNECT = 10.0
_LARGEST_REPLY = 64_000_000


class Silence(Exception):  # noqa: N818 it is an outcome as well as an exception
    """The request was not sent, or no usable answer came; `sentence` says why."""

    def __init__(self, failure: Failure, sentence: str) -> None:
        super().__init__(sentence)
        self.failure = failure
        self.sentence = sentence


def in_process(app: Callable[..., Any]) -> "httpx.BaseTransport":
    """A transport that calls a WSGI app, with no network between."""
    from io import StringIO

    import httpx

    class InProcess(httpx.WSGITransport):
        """The app, which may break off as a connection may."""

        def handle_request(self, request: httpx.Request) -> httpx.Response:
            try:
                return super().handle_request(request)
            except ConnectionError as error:
                raise httpx.RemoteProtocolError("it was closed without an answer", request=request) from error

    # The app answers its own bugs with a 500; its traceback is not for the person at the prompt.
    return InProcess(app=app, wsgi_errors=StringIO())


class Wire:
    """The connection to one base URL; `http` stands in for the network."""

    def __init__(self, base_url: str, host: str, timeout: float, http: "httpx.BaseTransport | None") -> None:
        self._base_url = base_url
        self._host = host
        self._timeout = timeout
        self._http = http
        self._socket: socket.socket | None = None

    def exchange(
        self,
        method: str,
        url: str,
        query: Mapping[str, object] | None,
        content: bytes | None,
        headers: Mapping[str, str],
    ) -> Reply:
        """One request and its whole reply, within the deadline; Silence if there is none."""
        import httpx

        host = self._host
        deadline = time.monotonic() + self._timeout
        late = f"{host} did not answer within {self._timeout:g} s"
        try:
            with (
                self._cut_after(self._timeout),
                self._client.stream(
                    method,
                    url,
                    params=_query(query),
                    content=content,
                    headers=dict(headers),
                    extensions={"trace": self._see},
                ) as response,
            ):
                chunks, size = [], 0
                for chunk in response.iter_bytes():
                    chunks.append(chunk)
                    size += len(chunk)
                    if time.monotonic() > deadline:
                        raise Silence("no_answer", late)
                    if size > _LARGEST_REPLY:
                        raise Silence("no_answer", f"{host} sent more than {_LARGEST_REPLY:,} bytes")
                return Reply(response.status_code, dict(response.headers), b"".join(chunks))
        except httpx.ConnectTimeout:
            raise Silence("not_sent", f"{host} could not be reached in time") from None
        except (httpx.ConnectError, httpx.PoolTimeout, httpx.ProxyError) as error:
            raise Silence("not_sent", f"{host} could not be reached: {_reason(error)}") from None
        except httpx.TimeoutException:
            raise Silence("no_answer", late) from None
        except httpx.UnsupportedProtocol as error:
            raise Silence("not_sent", f"{host} can't be asked: {_reason(error)}") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            broke = f"the connection to {host} broke: {_reason(error)}"
            raise Silence("no_answer", late if time.monotonic() > deadline else broke) from None

    def close(self) -> None:
        """Let go of the connections."""
        if "_client" in self.__dict__:
            self._client.close()

    @contextmanager
    def _cut_after(self, seconds: float) -> Iterator[None]:
        """Shut the connection down when time is up: httpx limits each read alone, and a server may drip for ever."""
        from threading import Timer

        timer = Timer(seconds, self._cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _cut(self) -> None:
        import socket

        if self._socket is not None:
            with suppress(OSError):
                # Not the TLS socket's own method, which would wait for the other side.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def _see(self, event: str, info: Mapping[str, Any]) -> None:
        """Keep the socket that httpx has opened; it may serve several requests."""
        if event.endswith((".connect_tcp.complete", ".start_tls.complete")):
            self._socket = info["return_value"].get_extra_info("socket")

    @cached_property
    def _client(self) -> "httpx.Client":
        import httpx

        secure = self._base_url.startswith("https:")
        return httpx.Client(
            transport=self._http,
            headers={"Accept": "application/json", "User-Agent": f"synq/{__version__}"},
            timeout=httpx.Timeout(self._timeout, connect=min(self._timeout, _LONGEST_CONNECT)),
            follow_redirects=False,
            # On the way to this very machine there is no TLS to check, and no proxy may see the token.
            verify=tls_context() if secure and not self._http else False,
            trust_env=secure,
        )


def _query(query: Mapping[str, object] | None) -> dict[str, str] | None:
    given = {name: str(value) for name, value in (query or {}).items() if value is not None}
    return given or None


def _reason(error: Exception) -> str:
    """Why the connection failed, in a few words; a request's headers are never among them."""
    from socket import gaierror

    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, gaierror):
            return "there is no such host"
        if isinstance(cause, ConnectionRefusedError):
            return "the connection was refused"
        if "CERTIFICATE_VERIFY_FAILED" in str(cause):
            return "its TLS certificate can't be trusted"
        cause = cause.__cause__ or cause.__context__
    return str(error).partition("\n")[0][:200].rstrip(".") or type(error).__name__
