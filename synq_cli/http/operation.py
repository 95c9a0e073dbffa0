"""An operation of the API, as the contract describes it."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

from synq_cli.errors import UsageError

Effect = Literal["read", "create", "replace", "relative", "delete", "trigger"]
RetryClass = Literal["safe", "keyed", "unsafe"]


class Operation(NamedTuple):
    """An operation; the fields are those of openapi.yaml, where `what` is x-synq-name.

    `role` is the least role, if the contract states one. A `public` operation takes no token. `gives` is the kind of
    body of a success; `needs_body`: a request without a body is invalid.
    """

    id: str
    method: str
    path: str
    what: str
    effect: Effect = "read"
    retry: RetryClass = "safe"
    evidence: Literal["documented", "observed", "presumed"] = "documented"
    role: Literal["ADMIN", "EDITOR", "VIEWER"] | None = None
    public: bool = False
    gives: Literal["json", "text", "nothing"] = "json"
    needs_body: bool = False

    def path_with(self, values: Mapping[str, str] | None) -> str:
        """The path with these values for its placeholders, escaped. UsageError for one that no path can hold."""
        from urllib.parse import quote

        quoted = {name: quote(value, safe="") for name, value in (values or {}).items()}
        for value in quoted.values():
            # Servers and proxies resolve them, and %2E%2E as well: it would be a request to another route.
            if value in {"", ".", ".."}:
                raise UsageError(f'The id "{value}" can\'t be sent in a URL.', hint="Use the dashboard for this.")
        return self.path.format_map(quoted)
