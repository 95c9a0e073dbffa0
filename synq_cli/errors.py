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
    # What to do about an error of this kind that has no hint.
    usual_next: ClassVar[str] = "Run the command again with --debug, and report it with that output."
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

    @property
    def next(self) -> str:
        """What to do now: the hint, or what is usual for an error of this kind."""
        return self.hint or self.usual_next

    def as_json(self) -> dict[str, object]:
        """The object that machine formats print on stderr."""
        names = ("code", "message", "status", "hint", "next", "retryable", "request_id")
        details = {"details": list(self.details)} if self.details else {}
        return {"error": {name: getattr(self, name) for name in names} | details}


class UsageError(SynqError):
    """An invalid option, argument or local file."""

    exit_status, code = 2, "usage"
    usual_next = "Correct what the message names, then run the command again."


class RejectedError(SynqError):
    """The API rejected the request: 400, 413, 422."""

    exit_status, code = 3, "rejected"
    usual_next = "Correct what the message names, then send it again; as it is, it will be rejected again."


class AuthError(SynqError):
    """No token, an expired one, or one that the API refuses: 401, 403."""

    exit_status, code = 4, "auth"
    usual_next = "Log in again with `synq auth login`, or set SYNQ_TOKEN to a new token."


class NotFoundError(SynqError):
    """An unknown object, SKU or location: 404."""

    exit_status, code = 5, "not_found"
    usual_next = "Check the name or id in the message, then run the command again."


class RateLimitedError(SynqError):
    """The rate limit would take longer to wait for than --max-wait."""

    exit_status, code, retryable = 6, "rate_limited", True
    usual_next = "Wait a minute, then run the command again."


class NetworkError(SynqError):
    """The API could not be reached."""

    exit_status, code, retryable = 7, "network", True
    usual_next = "Run `synq doctor --network` to check the connection, then run the command again."


class ConflictError(SynqError):
    """The object has changed meanwhile, or is in use: 409, 412."""

    exit_status, code = 8, "conflict"
    usual_next = "Read the object again, then decide whether the change still applies."


class PartialError(SynqError):
    """A bulk run finished with failed rows."""

    exit_status, code = 9, "partial"
    usual_next = "Correct the rows that failed, then send only those again."


class UnknownOutcomeError(SynqError):
    """A write was sent, and no reply came."""

    exit_status, code = 10, "unknown"
    usual_next = "Check whether it was applied before you send it again."


class RefusedError(SynqError):
    """synq sent nothing: read-only, not confirmed, or another tenant."""

    exit_status, code = 11, "refused"
    usual_next = "Ask a person whether this is permitted; nothing was sent."


class ServerError(SynqError):
    """The API failed, 5xx after all retries, or its reply is invalid."""

    exit_status, code, retryable = 12, "server", True
    usual_next = "Try again later; `synq doctor --network` checks the connection."


class RunningError(SynqError):
    """--wait has run out; the operation continues."""

    exit_status, code, retryable = 75, "running", True
    usual_next = "Look again later; do not start it a second time."


class InterruptError(SynqError):
    """Ctrl-C."""

    exit_status, code = 130, "interrupted"
    usual_next = "If it was a change, check whether it was applied before you run the command again."


class Planned(Exception):  # noqa: N818 no failure: a dry run has come to its first write
    """The write at which a dry run stops: `request` has method, path and body; `before` and `after` share keys."""

    def __init__(
        self, request: dict[str, Any], before: Mapping[str, Any] | None = None, after: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(request)
        self.request = request
        self.before = before
        self.after = after
