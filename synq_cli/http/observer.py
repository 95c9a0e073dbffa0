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

    def __str__(self) -> str:
        budget = None if self.remaining is None else f"{self.remaining}/{'?' if self.limit is None else self.limit}"
        parts = (self.method, self.url, self.status, f"{self.ms:.0f} ms", budget, self.request_id, self.error)
        return " ".join(str(part) for part in parts if part is not None)


class Listener(Protocol):
    """Who hears what happens on the way."""

    def waiting(self, seconds: float, reason: str) -> None: ...
    def sent(self, event: Trace) -> None: ...
    def warn(self, text: str) -> None: ...
