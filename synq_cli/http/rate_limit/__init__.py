"""The rate limit, in a file that all synq processes on this machine share."""

from synq_cli.http.rate_limit.window import FULL, RESERVE, WINDOW, Budget, Snapshot, Ticket, usable

__all__ = ["FULL", "RESERVE", "WINDOW", "Budget", "Snapshot", "Ticket", "usable"]
