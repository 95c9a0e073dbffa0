"""The health of the service."""

from dataclasses import dataclass

from synq_cli.http import operations
from synq_cli.http.exchange import Tls
from synq_cli.resources.shared.resource import Resource
from synq_cli.times import http_date


@dataclass(frozen=True)
class HealthStatus:
    """The service's answer (OK if it is up), its clock in epoch seconds if it sent one, and the TLS connection."""

    text: str
    time: float | None
    tls: Tls | None


class Health(Resource):
    """The health of the service."""

    def get(self) -> HealthStatus:
        """Check that the service is up. GET /health"""
        reply = self._api.transport.exchange(operations.GET_HEALTH, headers={})
        assert reply is not None  # only a deletion goes without one
        return HealthStatus(reply.text, http_date(reply.headers.get("date", "")), reply.tls)
