"""The local cache of each tenant's stock ledger: its entries never change, so that only newer ones need be read."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple, TypeVar

from synq_cli.errors import UsageError
from synq_cli.state.database import Connection, opened, usage_errors

# Older entries, in seconds, are kept only as far as the last run asked for them.
_KEPT = 90 * 86_400
_VERSION = 1
_SCHEMA = (
    """CREATE TABLE entries (
        scope TEXT NOT NULL, id TEXT NOT NULL, variant_id TEXT NOT NULL, location_id TEXT NOT NULL,
        delta INTEGER NOT NULL, kind TEXT NOT NULL, posted INTEGER NOT NULL, PRIMARY KEY (scope, id)) WITHOUT ROWID""",
    # All entries posted at or after `since` are there, as of `read_at`.
    "CREATE TABLE extents (scope TEXT PRIMARY KEY, since INTEGER NOT NULL, read_at REAL NOT NULL) WITHOUT ROWID",
)
Result = TypeVar("Result")


class Entry(NamedTuple):
    """An entry of the stock ledger: ids in lower case, `posted` in epoch seconds."""

    id: str
    variant_id: str
    location_id: str
    delta: int
    kind: str
    posted: int


class CachedEntries(NamedTuple):
    """Entries of the cache, and the epoch second at which the newest ones were read."""

    entries: list[Entry]
    read_at: float


class LedgerCache:
    """The cached ledger of one tenant, at most `most` entries.

    Errors of its file are warnings, since everything can be read from the API again.
    """

    def __init__(
        self,
        path: Path,
        scope: Callable[[], str],
        now: Callable[[], float],
        warn: Callable[[str], None],
        *,
        most: int = 200_000,  # some 40 MB
    ) -> None:
        self.path = path
        self.scope = scope
        self.now = now
        self.warn = warn
        self._most = most

    def read(self, since: int) -> CachedEntries | None:
        """All entries posted since an epoch second, as far as they were read; None if older ones are missing."""

        def read(database: Connection) -> CachedEntries | None:
            place = (self.scope(), since)
            extent = database.execute("SELECT read_at FROM extents WHERE scope = ? AND since <= ?", place).fetchone()
            if extent is None:
                return None
            sql = "SELECT id, variant_id, location_id, delta, kind, posted FROM entries"
            rows = database.execute(f"{sql} WHERE scope = ? AND posted >= ?", place)
            return CachedEntries([Entry(*row) for row in rows], extent[0])

        return self._with_file(read)

    def add(self, entries: Iterable[Entry], since: int, *, anew: bool) -> None:
        """Keep the entries that are newer than the cached ones or, if `anew`, all entries posted since that second."""

        def add(database: Connection) -> None:
            scope, now = self.scope(), self.now()
            if anew:
                database.execute("DELETE FROM entries WHERE scope = ?", (scope,))
                database.execute("INSERT OR REPLACE INTO extents VALUES (?, ?, 0)", (scope, since))
            sql = "INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?, ?, ?, ?)"
            database.executemany(sql, [(scope, *entry) for entry in entries])
            database.execute("UPDATE extents SET read_at = ? WHERE scope = ?", (now, scope))
            self._limit(database, scope, min(since, int(now) - _KEPT))
            # Tenants that were not read for long.
            database.execute("DELETE FROM extents WHERE read_at < ?", (now - _KEPT,))
            database.execute("DELETE FROM entries WHERE scope NOT IN (SELECT scope FROM extents)")

        self._with_file(add)

    def _limit(self, database: Connection, scope: str, oldest: int) -> None:
        """Drop entries posted before `oldest`, and the oldest ones if there are too many."""
        newest_first = "SELECT posted FROM entries WHERE scope = ? ORDER BY posted DESC LIMIT 1 OFFSET ?"
        beyond = database.execute(newest_first, (scope, self._most)).fetchone()
        # All of its second go, so that no second is there by half.
        oldest = max(oldest, beyond[0] + 1) if beyond else oldest
        database.execute("UPDATE extents SET since = max(since, ?) WHERE scope = ?", (oldest, scope))
        database.execute("DELETE FROM entries WHERE scope = ? AND posted < ?", (scope, oldest))

    def _with_file(self, work: Callable[[Connection], Result]) -> Result | None:
        """What the work gives in one transaction; None if the file can't be used."""
        hint = "Delete the file; synq reads the ledger from the API again."
        try:
            with (
                usage_errors(f"The cache of the ledger {self.path}", hint),
                opened(self.path, _SCHEMA, _VERSION, durable=False) as database,
            ):
                return work(database)
        except UsageError as error:
            self.warn(f"{error.message} {error.hint}")
            return None
