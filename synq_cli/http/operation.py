"""What the contract says of one operation."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

Effect = Literal["read", "create", "replace", "relative", "delete", "trigger"]
RetryClass = Literal["safe", "keyed", "unsafe"]
Evidence = Literal["documented", "observed", "presumed"]
Role = Literal["VIEWER", "EDITOR", "ADMIN"]


class Operation(NamedTuple):
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

    def path_with(self, values: Mapping[str, str] | None) -> str:
        """Its path with these values in it, whatever characters they hold."""
        from urllib.parse import quote

        quoted = {name: quote(value, safe="") for name, value in (values or {}).items()}
        # A part of dots alone would lead to another route.
        dots = {name: value.replace(".", "%2E") for name, value in quoted.items() if not value.strip(".")}
        return self.path.format_map(quoted | dots)
