"""One request and its reply, within a deadline, or the reason why there is none: over the network or what stands in."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from synq_cli import __version__
from synq_cli.api.replies import Reply
from synq_cli.api.retry import Failure

if TYPE_CHECKING:
    import httpx

    from synq_cli.api.network import Network
    from synq_cli.api.stand_in import StandIn

LARGEST_REPLY = 64_000_000
_OWN_HEADERS = {"Accept": "application/json", "User-Agent": f"synq/{__version__}"}


class Silence(Exception):  # noqa: N818 it is an outcome as well as an exception
    """The request was not sent, or no usable answer came; `sentence` says why."""

    def __init__(self, failure: Failure, sentence: str) -> None:
        super().__init__(sentence)
        self.failure = failure
        self.sentence = sentence


class Wire:
    """The connections to one base URL, one for each request in flight; `http` stands in for the network."""

    def __init__(self, base_url: str, host: str, timeout: float, http: "httpx.BaseTransport | None") -> None:
        self._base_url = base_url
        self._host = host
        self._timeout = timeout
        self._http = http
        self._idle: list[Network | StandIn] = []

    def exchange(
        self,
        method: str,
        url: str,
        query: Mapping[str, object] | None,
        content: bytes | None,
        headers: Mapping[str, str],
    ) -> Reply:
        """One request, sent once, and its whole reply, within the deadline; Silence if there is none.

        UsageError for a setting that keeps it from being sent.
        """
        known = {name: str(value) for name, value in (query or {}).items() if value is not None}
        try:
            end = self._idle.pop()
        except IndexError:
            end = self._open()
        try:
            return end.exchange(method, url, known, content, {**_OWN_HEADERS, **headers})
        finally:
            self._idle.append(end)

    def close(self) -> None:
        """Let go of the connections."""
        while self._idle:
            self._idle.pop().close()

    # Loading httpx takes 45 ms, http.client 22: a third of a start and a sixth.
    def _open(self) -> "Network | StandIn":
        if self._http is None:
            from synq_cli.api.network import Network

            return Network(self._base_url, self._host, self._timeout)
        from synq_cli.api.stand_in import StandIn

        return StandIn(self._http, self._host, self._timeout)


def reason(error: Exception) -> str:
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
