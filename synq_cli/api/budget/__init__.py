"""The rate limit's window, kept in a file that every synq process of this machine shares."""

from synq_cli.api.budget.window import Budget, Snapshot, Ticket

__all__ = ["Budget", "Snapshot", "Ticket"]
