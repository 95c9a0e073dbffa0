"""A transaction on the team store."""

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import psycopg

_SHARE = 0.8


class Rows:
    """The result of a query; the first read waits for it."""

    def __init__(self, cursor: "psycopg.Cursor[Any]") -> None:
        self._cursor = cursor

    def all(self) -> list[tuple[Any, ...]]:
        """Every row."""
        return self._cursor.fetchall()

    def one(self) -> tuple[Any, ...] | None:
        """The first row, None if there is none."""
        row: tuple[Any, ...] | None = self._cursor.fetchone()
        return row


class Transaction:
    """An open transaction. Statements are sent together when a result is read, which is one round trip."""

    def __init__(self, connection: "psycopg.Connection[Any]", limit: float, lock: str | None) -> None:
        self._connection = connection
        # Sooner than the limit of the caller, so that the error arrives, which says that nothing was changed.
        milliseconds = math.ceil(limit * 1000 * _SHARE)
        connection.execute("BEGIN")
        # If this machine crashes or loses its network, the server ends the transaction, which frees its locks.
        for setting in ("statement_timeout", "idle_in_transaction_session_timeout"):
            connection.execute(f"SET LOCAL {setting} = {milliseconds}".encode())
        if lock is not None:
            connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"synq/{lock}",))
        self._clock = self.query("SELECT extract(epoch FROM clock_timestamp())::float8")
        self._now: float | None = None

    @property
    def now(self) -> float:
        """The server's time when the transaction had its lock, in epoch seconds."""
        if self._now is None:
            (row,) = self._clock.all()
            self._now = row[0]
        return self._now

    def query(self, statement: str, *values: object) -> Rows:
        """Run a statement with a `%s` for each value; INSERT, UPDATE and DELETE return rows with RETURNING."""
        return Rows(self._connection.execute(statement.encode(), values or None))

    def execute(self, statement: str, *values: object) -> None:
        """Run a statement without a result; its error is raised with the next result, or at the commit."""
        self._connection.execute(statement.encode(), values or None)

    def execute_many(self, statement: str, rows: Iterable[tuple[object, ...]]) -> None:
        """The same for each of these rows of values."""
        self._connection.cursor().executemany(statement.encode(), rows)
