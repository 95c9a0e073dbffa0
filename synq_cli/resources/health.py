"""The service itself: whether it answers, and what time it has."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from synq_cli.http import operations
from synq_cli.http.exchange import Tls
from synq_cli.times import http_date

if TYPE_CHECKING:
    from synq_cli.http.sender import Transport


@dataclass(frozen=True)
class HealthStatus:
    """The answer of the service, OK if all is well, its clock in epoch seconds, if it told that, and its connection."""

    text: str
    time: float | None
    tls: Tls | None


class Health:
    """The operation on the service itself."""

    def __init__(self, transport: "Transport") -> None:
        self._transport = transport

    def get(self) -> HealthStatus:
        """Its short answer, its clock and its connection. GET /health"""
        reply = self._transport.exchange(operations.GET_HEALTH, headers={})
        assert reply is not None  # only a deletion goes without one
        return HealthStatus(reply.text, http_date(reply.headers.get("date", "")), reply.tls)
