"""The error tree: each way a run can fail has a code, an exit status and a hint."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar


class SynqError(Exception):
    """A run that failed, of itself a bug in synq.

    `message` says what is wrong, `hint` what to do, `details` what is wrong in particular, a line each. `status`,
    `request_id` and `said`, the API's own message, are those of a reply. An error without a message is not printed.
    """

    exit_status: ClassVar[int] = 1
    code: ClassVar[str] = "internal"
    retryable: bool = False
    details: Sequence[str] = ()

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        status: int | None = None,
        request_id: str | None = None,
        said: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.status = status
        self.request_id = request_id
        self.said = said

    def as_json(self) -> dict[str, object]:
        """The object that machine formats print on stderr."""
        names = ("code", "message", "status", "hint", "retryable", "request_id")
        details = {"details": list(self.details)} if self.details else {}
        return {"error": {name: getattr(self, name) for name in names} | details}


class UsageError(SynqError):
    """An invalid option, argument or local file."""

    exit_status, code = 2, "usage"


class RejectedError(SynqError):
    """The API rejected the request: 400, 413, 422."""

    exit_status, code = 3, "rejected"


class AuthError(SynqError):
    """No token, an expired one, or one that the API refuses: 401, 403."""

    exit_status, code = 4, "auth"


class NotFoundError(SynqError):
    """An unknown object, SKU or location: 404."""

    exit_status, code = 5, "not_found"


class RateLimitedError(SynqError):
    """The rate limit would take longer to wait for than --max-wait."""

    exit_status, code, retryable = 6, "rate_limited", True


class NetworkError(SynqError):
    """The API could not be reached."""

    exit_status, code, retryable = 7, "network", True


class ConflictError(SynqError):
    """The object has changed meanwhile, or is in use: 409, 412."""

    exit_status, code = 8, "conflict"


class PartialError(SynqError):
    """A bulk run finished with failed rows."""

    exit_status, code = 9, "partial"


class UnknownOutcomeError(SynqError):
    """A write was sent, and no reply came."""

    exit_status, code = 10, "unknown"


class RefusedError(SynqError):
    """synq sent nothing: read-only, not confirmed, or another tenant."""

    exit_status, code = 11, "refused"


class ServerError(SynqError):
    """The API failed, 5xx after all retries, or its reply is invalid."""

    exit_status, code, retryable = 12, "server", True


class RunningError(SynqError):
    """--wait has run out; the operation continues."""

    exit_status, code, retryable = 75, "running", True


class InterruptError(SynqError):
    """Ctrl-C."""

    exit_status, code = 130, "interrupted"


class Planned(Exception):  # noqa: N818 no failure: a dry run has come to its first write
    """The write at which a dry run stops: `request` has method, path and body; `before` and `after` share keys."""

    def __init__(
        self, request: dict[str, Any], before: Mapping[str, Any] | None = None, after: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(request)
        self.request = request
        self.before = before
        self.after = after
