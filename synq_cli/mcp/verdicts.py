"""What an exit status means for an agent: whether the command was carried out, and whether to try again."""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

Outcome = Literal["applied", "not_applied", "unknown"]
Retry = Literal["safe", "never"]


class Verdict(NamedTuple):
    """`outcome`: whether the command was carried out. `retry`: whether the same call may be repeated."""

    outcome: Outcome
    retry: Retry


READ = Verdict("applied", "safe")
REFUSED = Verdict("not_applied", "never")
LATER = Verdict("not_applied", "safe")
# Proposing changes nothing at the API, and a second proposal does not either.
PROPOSED = Verdict("not_applied", "safe")
UNKNOWN = Verdict("unknown", "never")
# Of a run that may have sent writes; every other status leaves the outcome open.
_APPLY = {
    0: Verdict("applied", "never"),
    2: REFUSED,  # usage
    3: REFUSED,  # rejected
    4: REFUSED,  # auth
    5: REFUSED,  # not found
    6: LATER,  # rate limited: raised before a request is sent
    7: LATER,  # network: what was sent and may have been applied ends with 10
    8: REFUSED,  # conflict
    11: REFUSED,  # refused: not approved, expired, used
}


def of_read(status: int | None, error: Mapping[str, Any] | None) -> Verdict:
    """The verdict on a command that only reads, or that only makes a proposal."""
    if status == 0:
        return READ
    return LATER if status is None or (error or {}).get("retryable") else REFUSED


def of_application(status: int | None) -> Verdict:
    """The verdict on a command that applies a proposal. None: it still runs, or was killed."""
    return _APPLY.get(status, UNKNOWN) if status is not None else UNKNOWN
