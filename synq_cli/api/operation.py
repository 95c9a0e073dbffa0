"""What the contract says of one operation."""

from dataclasses import dataclass
from typing import Literal

Effect = Literal["read", "create", "replace", "relative", "delete", "trigger"]
RetryClass = Literal["safe", "keyed", "unsafe"]
Evidence = Literal["documented", "observed", "presumed"]
Role = Literal["VIEWER", "EDITOR", "ADMIN"]


@dataclass(frozen=True)
class Operation:
    """One operation, by the values of openapi.yaml; `what` names what it gives, for messages.

    `role` is the least role, where one is stated. A `public` operation takes no token. `gives` is the body of a
    success.
    """

    id: str
    method: str
    path: str
    what: str
    effect: Effect = "read"
    retry: RetryClass = "safe"
    evidence: Evidence = "documented"
    role: Role | None = None
    public: bool = False
    gives: Literal["json", "text", "nothing"] = "json"
