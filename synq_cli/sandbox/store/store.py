"""The tenant's file: its tables, who may write when, and how it is made and reset."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any
from zlib import crc32

from synq_cli.errors import UsageError
from synq_cli.sandbox.store.schema import SCHEMA, Row

# Both stand in the file's header: the first says whose file it is ("SYNQ"), the second which tables it has. It is
# worked out from them, in the 31 bits that SQLite keeps: a number raised by hand is one day forgotten.
APPLICATION_ID = 0x53594E51
VERSION = crc32(SCHEMA.encode()) & 0x7FFFFFFF

SECONDS_TO_WAIT = 10.0

Parameters = Sequence[object] | Mapping[str, object]


class Store:
    """One connection to a tenant's file, for one request.

    Raises UsageError if the file is missing, is no sandbox, or is one of another version.
    """

    def __init__(self, database: Path) -> None:
        if not database.is_file():
            raise UsageError(f"There is no sandbox at {database}.", hint="Create it with `synq sandbox init`.")
        with _named(database):
            self._connection = _connect(database)
        try:
            with _named(database):
                if _identity(self._connection) == (0, 0):
                    # Another process may be in the middle of making it; its lock is held until it is whole.
                    with self.writing():
                        pass
                _check(database, self._connection)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "Store":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """One write transaction: all of it happens, or nothing; other writers wait."""
        with _transaction(self._connection):
            yield

    def rows(self, sql: str, parameters: Parameters = ()) -> list[Row]:
        return self._connection.execute(sql, parameters).fetchall()

    def row(self, sql: str, parameters: Parameters = ()) -> Row | None:
        """The first row, None if there is none."""
        row: Row | None = self._connection.execute(sql, parameters).fetchone()
        return row

    def count(self, sql: str, parameters: Parameters = ()) -> int:
        """The number that a SELECT COUNT answers."""
        return int(next(iter(self.rows(sql, parameters)[0].values())))

    def run(self, sql: str, parameters: Parameters = ()) -> None:
        self._connection.execute(sql, parameters)

    def insert(self, table: str, row: Row) -> None:
        """Add a row; `table` and the keys are names of this schema, never text from a request."""
        _insert(self._connection, table, [row])


def create(database: Path, seed: int, now: float) -> bool:
    """Make the tenant unless the file holds one; True if this call made it. `now` in epoch seconds.

    Two processes may call it at once. Raises UsageError if the file holds something else.
    """
    with _named(database):
        if database.is_file():
            with closing(_connect(database)) as connection:
                if _identity(connection) == (APPLICATION_ID, VERSION):
                    return False
        database.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # SQLite gives its side files the mode of the file itself, and that one holds the signing secret.
        database.touch(mode=0o600)
        with closing(_connect(database)) as connection:
            with _transaction(connection):
                made = _identity(connection) == (0, 0) and not _tables(connection)
                if made:
                    _fill(connection, seed, now)
                else:
                    _check(database, connection)
            _turn_on_wal(connection)
    return made


def reset(database: Path, seed: int, now: float) -> None:
    """Make the tenant anew, whatever the file holds.

    A sandbox is refilled in place, in one transaction, so a server that has it open goes on with the new
    tenant. Raises UsageError if the file cannot be written.
    """
    if not database.is_file():
        create(database, seed, now)
        return
    try:
        with closing(_connect(database)) as connection:
            with _transaction(connection):
                for table in _tables(connection):
                    connection.execute(f'DROP {table["type"]} "{table["name"]}"')
                _fill(connection, seed, now)
            _turn_on_wal(connection)
    except sqlite3.OperationalError as error:
        raise _failure(database, error) from error
    except sqlite3.DatabaseError:
        _remove(database)
        create(database, seed, now)


def info(database: Path) -> dict[str, object]:
    """What the tenant holds: path, seed, created_at, tenant_id, org_id, webhook_secret, counts by name, size_bytes."""
    with Store(database) as store:
        tenant = store.rows("SELECT * FROM tenant")[0]
        return {
            "path": str(database),
            "seed": int(tenant["seed"]),
            "created_at": tenant["created_at"],
            "tenant_id": tenant["id"],
            "org_id": tenant["org_id"],
            "webhook_secret": tenant["webhook_secret"],
            "products": store.count("SELECT COUNT(*) FROM products WHERE deleted_at IS NULL"),
            "variants": store.count("SELECT COUNT(*) FROM live_variants"),
            "locations": store.count("SELECT COUNT(*) FROM locations"),
            "orders": store.count("SELECT COUNT(*) FROM orders"),
            "channels": store.count("SELECT COUNT(*) FROM channels"),
            "ledger_entries": store.count("SELECT COUNT(*) FROM ledger"),
            "size_bytes": sum(file.stat().st_size for file in _files(database) if file.exists()),
        }


def _connect(database: Path) -> sqlite3.Connection:
    # mode=rw: a file that went away between two requests is an error, not a new empty tenant.
    address = f"{database.absolute().as_uri()}?mode=rw"
    connection = sqlite3.connect(address, uri=True, isolation_level=None, timeout=SECONDS_TO_WAIT)
    connection.row_factory = _as_dict
    try:
        connection.execute("PRAGMA synchronous = NORMAL")
    except BaseException:
        connection.close()
        raise
    return connection


def _as_dict(cursor: sqlite3.Cursor, values: tuple[Any, ...]) -> Row:
    return {column[0]: value for column, value in zip(cursor.description, values, strict=True)}


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    # IMMEDIATE: a transaction that reads first and writes later would fail at once when another writes.
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _identity(connection: sqlite3.Connection) -> tuple[int, int]:
    application = connection.execute("PRAGMA application_id").fetchone()["application_id"]
    return application, connection.execute("PRAGMA user_version").fetchone()["user_version"]


def _tables(connection: sqlite3.Connection) -> list[Row]:
    return connection.execute(
        "SELECT type, name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite%'"
    ).fetchall()


def _check(database: Path, connection: sqlite3.Connection) -> None:
    application, version = _identity(connection)
    if application != APPLICATION_ID:
        raise _no_sandbox(database)
    if version != VERSION:
        raise UsageError(
            f"The sandbox in {database} was made by another version of synq.",
            hint="`synq sandbox reset` makes it anew; what was changed in it is lost.",
        )


def _fill(connection: sqlite3.Connection, seed: int, now: float) -> None:
    import secrets

    from synq_cli.sandbox.seed.seed import draw

    for statement in SCHEMA.split(";"):
        connection.execute(statement)
    for table, rows in draw(seed, now).items():
        _insert(connection, table, rows)
    # Not from the seed: whoever knows it must not be able to sign tokens.
    connection.execute("UPDATE tenant SET secret = ?", (secrets.token_hex(32),))
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {VERSION}")


def _insert(connection: sqlite3.Connection, table: str, rows: list[Row]) -> None:
    names = list(rows[0])
    marks = ", ".join("?" * len(names))
    statement = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})"  # noqa: S608 (names from the code)
    connection.executemany(statement, [[row[name] for name in names] for row in rows])


def _turn_on_wal(connection: sqlite3.Connection) -> None:
    # It needs the file for a moment alone. Where that fails, all works without, only slower.
    with suppress(sqlite3.OperationalError):
        connection.execute("PRAGMA journal_mode = WAL")


def _files(database: Path) -> list[Path]:
    return [database.with_name(database.name + ending) for ending in ("", "-wal", "-shm", "-journal")]


def _remove(database: Path) -> None:
    with _named(database):
        for file in _files(database):
            file.unlink(missing_ok=True)


@contextmanager
def _named(database: Path) -> Iterator[None]:
    """Turn what the disk or SQLite raises into a sentence that names the file."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        raise _failure(database, error) from error


def _failure(database: Path, error: Exception) -> UsageError:
    if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError):
        return _no_sandbox(database)
    return UsageError(f"The sandbox {database} can't be opened: {error}.")


def _no_sandbox(database: Path) -> UsageError:
    return UsageError(f"{database} is not a synq sandbox.", hint="`synq sandbox reset` replaces it with a new one.")
