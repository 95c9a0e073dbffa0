"""The rate limit's window, kept in a file that every synq process of this machine shares."""

from synq_cli.http.rate_limit.window import FULL, RESERVE, WINDOW, Budget, Snapshot, Ticket, usable

__all__ = ["FULL", "RESERVE", "WINDOW", "Budget", "Snapshot", "Ticket", "usable"]
