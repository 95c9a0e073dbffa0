"""The service itself: whether it answers, and what time it has."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from synq_cli.api.operation import Operation

if TYPE_CHECKING:
    from synq_cli.api.transport import Transport

GET = Operation(
    "get_health", "GET", "/health", "the state of the service", evidence="observed", public=True, gives="text"
)


@dataclass(frozen=True)
class Pulse:
    """What the service answered, OK if all is well, and its clock in epoch seconds, if it told that."""

    text: str
    time: float | None


class Health:
    """The operation on the service itself."""

    def __init__(self, transport: "Transport") -> None:
        self._transport = transport

    def get(self) -> Pulse:
        """Its short answer and its clock. GET /health"""
        reply = self._transport.exchange(GET, headers={})
        return Pulse(reply.text, _epoch(reply.headers.get("date", ""))) if reply else Pulse("", None)


def _epoch(date: str) -> float | None:
    from email.utils import parsedate_to_datetime

    try:
        return parsedate_to_datetime(date).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
