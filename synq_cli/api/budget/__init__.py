"""The rate limit's window, kept in a file that every synq process of this machine shares."""

from synq_cli.api.budget.window import FULL, WINDOW, Budget, Snapshot, Ticket, usable

__all__ = ["FULL", "WINDOW", "Budget", "Snapshot", "Ticket", "usable"]
