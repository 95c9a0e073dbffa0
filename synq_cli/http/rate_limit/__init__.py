"""The rate limit: rules without I/O, the budget that waits for places, and the file that all synq processes share."""

from synq_cli.http.rate_limit.budget import Budget
from synq_cli.http.rate_limit.shared_file import SharedFile
from synq_cli.http.rate_limit.window import FULL, RESERVE, WINDOW, Snapshot, Ticket, usable

__all__ = ["FULL", "RESERVE", "WINDOW", "Budget", "SharedFile", "Snapshot", "Ticket", "usable"]
