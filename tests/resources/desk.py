"""A client of a tenant, with all that it was given; conftest.py makes it."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field

from synq_cli.http.rate_limit import Budget
from synq_cli.resources.client import SynqClient
from synq_cli.state.id_cache import LocalIndex

NOW = 1_795_521_600.0  # 2026-11-24T12:00:00Z
TENANT = "6f1d2c84-3b7a-4e59-9c10-2a8e5d4b7f31"
ORG = "0b9e7d52-4a6c-4f13-8e20-7c5d1f3a9b64"


def jwt(**claims: object) -> str:
    """A token that says these claims and is signed by nobody."""
    parts = [{"alg": "HS256"}, claims]
    head, body = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
    return f"{head}.{body}.c2lnbmF0dXJl"


TOKEN = jwt(tenantid=TENANT, org_id=ORG, role="EDITOR", exp=NOW + 1800)


@dataclass
class Clock:
    """Time passes only by sleeping, at once: after what `settle` waits for."""

    at: float = NOW
    slept: list[float] = field(default_factory=list)
    settle: Callable[[], None] = lambda: None

    def now(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.settle()
        self.slept.append(seconds)
        self.at += seconds


@dataclass
class Ear:
    """Hears what the transport tells."""

    waits: list[tuple[float, str]] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    notes: list[str | None] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def note(self, text: str | None) -> None:
        self.notes.append(text)

    def waiting(self, seconds: float, reason: str) -> None:
        self.waits.append((seconds, reason))

    def sent(self, line: str) -> None:
        self.lines.append(line)

    def warn(self, text: str) -> None:
        self.warnings.append(text)


@dataclass
class Desk:
    """One client with all that it was given."""

    api: SynqClient
    index: LocalIndex
    budget: Budget
    clock: Clock
    ear: Ear
    told: list[str]


NewDesk = Callable[..., Desk]
