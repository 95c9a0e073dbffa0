"""What stands in for the network, through httpx, whose transports are an interface: the sandbox, and the tests' own."""

import time
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from synq_cli.api.replies import Reply
from synq_cli.api.wire import LARGEST_REPLY, Silence, reason

if TYPE_CHECKING:
    import httpx


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


class StandIn:
    """Exchanges with a transport of httpx, which fails as the network fails."""

    def __init__(self, http: "httpx.BaseTransport", host: str, timeout: float) -> None:
        self._http = http
        self._host = host
        self._timeout = timeout

    def exchange(
        self, method: str, url: str, query: Mapping[str, str], content: bytes | None, headers: Mapping[str, str]
    ) -> Reply:
        """One request and its whole reply; Silence if there is none."""
        import httpx

        host, late = self._host, f"{self._host} did not answer within {self._timeout:g} s"
        deadline = time.monotonic() + self._timeout
        try:
            with self._client.stream(
                method, url, params=query or None, content=content, headers=dict(headers)
            ) as response:
                chunks, size = [], 0
                for chunk in response.iter_bytes():
                    chunks.append(chunk)
                    size += len(chunk)
                    if time.monotonic() > deadline:
                        raise Silence("no_answer", late)
                    if size > LARGEST_REPLY:
                        raise Silence("no_answer", f"{host} sent more than {LARGEST_REPLY:,} bytes")
                return Reply(response.status_code, dict(response.headers), b"".join(chunks))
        except httpx.ConnectTimeout:
            raise Silence("not_sent", f"{host} could not be reached in time") from None
        except httpx.ConnectError as error:
            raise Silence("not_sent", f"{host} could not be reached: {reason(error)}") from None
        except httpx.TimeoutException:
            raise Silence("no_answer", late) from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            broke = f"the connection to {host} broke: {reason(error)}"
            raise Silence("no_answer", late if time.monotonic() > deadline else broke) from None

    def close(self) -> None:
        """Let go of the transport."""
        if "_client" in self.__dict__:
            self._client.close()

    @cached_property
    def _client(self) -> "httpx.Client":
        import httpx

        return httpx.Client(transport=self._http, timeout=self._timeout, follow_redirects=False, trust_env=False)
