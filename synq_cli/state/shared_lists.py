"""Lists of a tenant that were read a moment ago, shared by the watches of this machine."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synq_cli import exact_json
from synq_cli.state.database import Error, opened

Row = dict[str, Any]

# Seconds until a list that nobody reads again is dropped.
_KEPT = 3600
# Rows of a list that is shared: some 5 MB.
_MOST = 5_000
_VERSION = 1
_SCHEMA = (
    # `started` is before the first request of the list.
    """CREATE TABLE lists (
        scope TEXT NOT NULL, what TEXT NOT NULL, started REAL NOT NULL, rows TEXT NOT NULL,
        PRIMARY KEY (scope, what))""",
)


@dataclass(eq=False, repr=False)
class SharedLists:
    """The lists by name, in a file that may be lost: if it can't be used, each watch reads for itself.

    So does each if lists are not `kept`.
    """

    path: Path
    scope: Callable[[], str]
    now: Callable[[], float]
    kept: bool = True

    def get(self, what: str, since: float) -> list[Row] | None:
        """A list of the tenant's that was read since an epoch second."""
        place = (self.scope(), what, since, self.now())  # one from the future is of a clock that was set back
        sql = "SELECT rows FROM lists WHERE scope = ? AND what = ? AND started BETWEEN ? AND ?"
        found: tuple[str] | None = None
        with suppress(OSError, Error), opened(self.path, _SCHEMA, _VERSION, durable=False) as database:
            found = database.execute(sql, place).fetchone()
        return None if found is None else exact_json.loads(found[0])

    def put(self, what: str, started: float, rows: list[Row]) -> None:
        """Keep a list that has been read since an epoch second, unless it is very long."""
        if len(rows) > _MOST or not self.kept:
            return
        place = (self.scope(), what, started, exact_json.dumps(rows))
        with suppress(OSError, Error), opened(self.path, _SCHEMA, _VERSION, durable=False) as database:
            database.execute("DELETE FROM lists WHERE started < ?", (self.now() - _KEPT,))
            database.execute("INSERT OR REPLACE INTO lists VALUES (?, ?, ?, ?)", place)

    def clear(self) -> None:
        """Delete the lists of the tenant."""
        with suppress(OSError, Error), opened(self.path, _SCHEMA, _VERSION, durable=False) as database:
            database.execute("DELETE FROM lists WHERE scope = ?", (self.scope(),))
