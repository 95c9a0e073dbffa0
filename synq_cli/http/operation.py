"""An operation of the API, as the contract describes it."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

Effect = Literal["read", "create", "replace", "relative", "delete", "trigger"]
RetryClass = Literal["safe", "keyed", "unsafe"]


class Operation(NamedTuple):
    """An operation; the fields are those of openapi.yaml, where `what` is x-synq-name.

    `role` is the least role, if the contract states one. A `public` operation takes no token. `gives` is the kind of
    body of a success.
    """

    id: str
    method: str
    path: str
    what: str
    effect: Effect = "read"
    retry: RetryClass = "safe"
    evidence: Literal["documented", "observed", "presumed"] = "documented"
    role: Literal["VIEWER", "EDITOR", "ADMIN"] | None = None
    public: bool = False
    gives: Literal["json", "text", "nothing"] = "json"

    def path_with(self, values: Mapping[str, str] | None) -> str:
        """The path with these values for its placeholders, escaped."""
        from urllib.parse import quote

        quoted = {name: quote(value, safe="") for name, value in (values or {}).items()}
        # A segment of dots would lead to another route.
        dots = {name: value.replace(".", "%2E") for name, value in quoted.items() if not value.strip(".")}
        return self.path.format_map(quoted | dots)
