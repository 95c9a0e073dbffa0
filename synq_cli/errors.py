"""Every way a run can end badly: a code, an exit status and what to do next.

SynqError                1    internal      a bug in synq
├── UsageError           2    usage         bad option, argument or local file
├── RejectedError        3    rejected      the API refused the request: 400, 413, 422
├── AuthError            4    auth          no token, an expired one, 401, 403
├── NotFoundError        5    not_found     404, unknown SKU or location
├── RateLimitedError     6    rate_limited  the wait would pass --max-wait
├── NetworkError         7    network       the API could not be reached
├── ConflictError        8    conflict      409, 412
├── PartialError         9    partial       a bulk run ended with failed rows
├── UnknownOutcomeError  10   unknown       a write was sent and no answer came
├── RefusedError         11   refused       read-only, not confirmed, wrong tenant
├── ServerError          12   server        5xx after the retries, or a reply that makes no sense
├── RunningError         75   running       --wait ran out, the work goes on
└── InterruptError       130  interrupted   Ctrl-C
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar


class SynqError(Exception):
    """A run that failed: `message` says what happened, `hint` what to do next, `said` is the API's own word on it.

    An empty message is for what goes without saying; `details` are what is wrong in particular, a line each.
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
        return {
            "error": {
                "code": self.code,
                "message": self.message,
                "status": self.status,
                "hint": self.hint,
                "retryable": self.retryable,
                "request_id": self.request_id,
                **({"details": list(self.details)} if self.details else {}),
            }
        }


class UsageError(SynqError):
    exit_status = 2
    code = "usage"


class RejectedError(SynqError):
    exit_status = 3
    code = "rejected"


class AuthError(SynqError):
    exit_status = 4
    code = "auth"


class NotFoundError(SynqError):
    exit_status = 5
    code = "not_found"


class RateLimitedError(SynqError):
    exit_status = 6
    code = "rate_limited"
    retryable = True


class NetworkError(SynqError):
    exit_status = 7
    code = "network"
    retryable = True


class ConflictError(SynqError):
    exit_status = 8
    code = "conflict"


class PartialError(SynqError):
    exit_status = 9
    code = "partial"


class UnknownOutcomeError(SynqError):
    exit_status = 10
    code = "unknown"


class RefusedError(SynqError):
    exit_status = 11
    code = "refused"


class ServerError(SynqError):
    exit_status = 12
    code = "server"
    retryable = True


class RunningError(SynqError):
    exit_status = 75
    code = "running"
    retryable = True


class InterruptError(SynqError):
    exit_status = 130
    code = "interrupted"


class Planned(Exception):  # noqa: N818 no failure: a dry run has come to its first write
    """The write that a dry run stops at: `request` has method, path and body; `before` and `after` share keys."""

    def __init__(
        self, request: dict[str, Any], before: Mapping[str, Any] | None = None, after: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(request)
        self.request = request
        self.before = before
        self.after = after
