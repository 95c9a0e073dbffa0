"""The rate limit: rules without I/O, the budget that waits for slots, and its shared stores."""

from synq_cli.http.rate_limit.budget import Budget
from synq_cli.http.rate_limit.shared_file import SharedFile
from synq_cli.http.rate_limit.sharing import LOOKUP_RESERVE, RESERVE, usable
from synq_cli.http.rate_limit.window import FULL, WINDOW, Snapshot, Ticket

__all__ = ["FULL", "LOOKUP_RESERVE", "RESERVE", "WINDOW", "Budget", "SharedFile", "Snapshot", "Ticket", "usable"]
