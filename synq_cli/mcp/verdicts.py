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
APPLIED = Verdict("applied", "never")
UNKNOWN = Verdict("unknown", "never")


def of_read(status: int | None, error: Mapping[str, Any] | None) -> Verdict:
    """The verdict on a command that only reads."""
    if status == 0:
        return READ
    return LATER if status is None or (error or {}).get("retryable") else REFUSED


def of_application(
    status: int | None, error: Mapping[str, Any] | None, run: Mapping[str, Any] | None, *, started: bool
) -> Verdict:
    """The verdict on a command that applies a proposal.

    `run` is the summary of the bulk run that it has become, if the command printed one. `started`: this call has used
    up the proposal, so that requests may have been sent. A status of None is of a command that still runs.
    """
    if run is not None:
        return _of_run(run)
    if started or status is None:
        return UNKNOWN
    return LATER if (error or {}).get("retryable") else REFUSED


def _of_run(run: Mapping[str, Any]) -> Verdict:
    """The verdict on a bulk run: a proposal that is used up is never applied again."""
    done, rows = run.get("done"), run.get("rows")
    if done == rows:
        return APPLIED
    # A row that is pending can still be sent: a person can resume the run.
    is_clear = not (run.get("unknown") or run.get("in_transit") or run.get("pending"))
    return REFUSED if done == 0 and is_clear else UNKNOWN
