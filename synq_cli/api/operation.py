"""What the contract states of each request: its route, its effect and whether it may be repeated."""

from dataclasses import dataclass
from typing import Literal

RetryClass = Literal["safe", "keyed", "unsafe"]
Effect = Literal["read", "create", "replace", "relative", "delete", "trigger"]
Evidence = Literal["documented", "observed", "presumed"]


@dataclass(frozen=True)
class Operation:
    """One operation of openapi.yaml, with the contract's own values.

    A presumed route may be missing on a server: `what` it would offer, and what to do `instead`.
    """

    id: str
    method: str
    path: str
    effect: Effect
    retry: RetryClass
    evidence: Evidence = "documented"
    what: str = ""
    instead: str = ""
