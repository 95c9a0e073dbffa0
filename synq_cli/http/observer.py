"""What the transport tells of its requests, and who hears it."""

from typing import NamedTuple, Protocol


class Trace(NamedTuple):
    """One request that was sent, for the debug line; `status` is None if no answer came."""

    method: str
    url: str
    status: int | None
    ms: float
    remaining: int | None
    limit: int | None
    request_id: str | None
    error: str | None


class Listener(Protocol):
    """Who hears what happens on the way."""

    def waiting(self, seconds: float, reason: str) -> None: ...
    def sent(self, trace: Trace) -> None: ...
    def warn(self, text: str) -> None: ...
