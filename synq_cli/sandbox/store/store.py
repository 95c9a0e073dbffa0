"""The tenant's SQLite file: create it, reset it, and open a connection to it."""

import json
import sqlite3
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from pathlib import Path
from typing import Any
from zlib import crc32

from synq_cli.errors import UsageError
from synq_cli.sandbox.store.schema import CONVERTERS, SCHEMA, Row

# Both are kept in the file's header: the first says that it is a sandbox ("SYNQ"), the second which tables it has. The
# version is a checksum of the schema, in SQLite's 31 bits, since nobody can forget to raise it.
APPLICATION_ID = 0x53594E51
VERSION = crc32(SCHEMA.encode()) & 0x7FFFFFFF

LOCK_TIMEOUT = 10.0  # seconds
_OTHER_FOLDER = "Check the disk and who may write there, or set SYNQ_STATE_DIR to another folder."

Parameters = Sequence[object] | Mapping[str, object]


class Store(AbstractContextManager["Store"]):
    """One connection to the tenant's file, for one request.

    Raises UsageError if the file is missing, is not a sandbox, or was made by another version of synq.
    """

    def __init__(self, database: Path) -> None:
        if not database.is_file():
            raise UsageError(f"There is no sandbox at {database}.", hint="Create it with `synq sandbox init`.")
        with _errors_named(database):
            self._connection = _connect(database, ready=True)

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        self._connection.close()

    def writing(self) -> AbstractContextManager[None]:
        """A write transaction; other writers wait, and an exception rolls it back."""
        return _transaction(self._connection)

    def rows(self, sql: str, parameters: Parameters = ()) -> list[Row]:
        return self._connection.execute(sql, parameters).fetchall()

    def row(self, sql: str, parameters: Parameters = ()) -> Row | None:
        """The first row, or None."""
        row: Row | None = self._connection.execute(sql, parameters).fetchone()
        return row

    def count(self, sql: str, parameters: Parameters = ()) -> int:
        """The number in the single column and row that `sql` selects."""
        return int(next(iter(self.rows(sql, parameters)[0].values())))

    def tenant(self) -> Row:
        """The tenant that owns this file: ids, name, seed, secrets, times."""
        return self.rows("SELECT * FROM tenant")[0]

    def run(self, sql: str, parameters: Parameters = ()) -> None:
        self._connection.execute(sql, parameters)

    # Names of tables and columns come from this package, never from a request.

    def insert(self, table: str, row: Row) -> Row:
        """Insert a row; returns it as stored, with all columns of its table."""
        rowid = _insert(self._connection, table, row)
        return self.rows(f"SELECT * FROM {table} WHERE rowid = ?", (rowid,))[0]  # noqa: S608

    def add(self, table: str, **columns: object) -> Row:
        """Insert a row with a new UUID; returns it as stored."""
        return self.insert(table, {"id": str(uuid.uuid4()), **columns})

    def update(self, table: str, row: Row, **changes: object) -> Row:
        """Change columns of the row with that id; returns the row with the changes."""
        assignments = ", ".join(f"{name} = :{name}" for name in changes)
        self.run(f"UPDATE {table} SET {assignments} WHERE id = :id", {**changes, "id": row["id"]})  # noqa: S608
        return {**row, **changes}


def create(database: Path, seed: int, now: float) -> bool:
    """Create the tenant unless the file holds one; True if this call created it. `now` in epoch seconds.

    Safe to call from two processes at once. Raises UsageError if the file holds something else.
    """
    with _errors_named(database):
        database.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # The file holds the signing secret, and SQLite gives its WAL and journal the mode of the file.
        database.touch(mode=0o600)
        with closing(_connect(database)) as connection:
            if _header(connection) == (APPLICATION_ID, VERSION):  # without waiting for the lock
                return False
            with _transaction(connection):
                empty = _header(connection) == (0, 0) and not _tables(connection)
                if empty:
                    _fill(connection, seed, now)
                else:
                    _check_header(database, connection)
            _turn_on_wal(connection)
    return empty


def reset(database: Path, seed: int, now: float) -> None:
    """Create the tenant anew, whatever the file holds.

    A sandbox is refilled in place and in one transaction, so that a server which has it open serves the new
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
        raise _usage_error(database, error) from error
    except sqlite3.DatabaseError:  # not an SQLite file
        with _errors_named(database):
            for file in _files(database):
                file.unlink(missing_ok=True)
        create(database, seed, now)


def info(database: Path) -> dict[str, object]:
    """What the tenant holds: path, seed, created_at, tenant_id, org_id, webhook_secret, counts by name, size_bytes."""
    counted = {
        "products": "live_products",
        "variants": "live_variants",
        "locations": "locations",
        "orders": "orders",
        "channels": "channels",
        "ledger_entries": "ledger",
    }
    with Store(database) as store:
        tenant = store.tenant()
        return {
            "path": str(database),
            "seed": int(tenant["seed"]),
            "created_at": tenant["created_at"],
            "tenant_id": tenant["id"],
            "org_id": tenant["org_id"],
            "webhook_secret": tenant["webhook_secret"],
            **{name: store.count(f"SELECT COUNT(*) FROM {table}") for name, table in counted.items()},  # noqa: S608
            "size_bytes": sum(file.stat().st_size for file in _files(database) if file.exists()),
        }


def _connect(database: Path, *, ready: bool = False) -> sqlite3.Connection:
    """A connection to the file, which holds a whole sandbox if it must be `ready`."""
    # mode=rw: a file deleted between two requests is an error, not a new empty tenant.
    uri = f"{database.absolute().as_uri()}?mode=rw"
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=LOCK_TIMEOUT)
    connection.row_factory = _as_dict
    try:
        connection.execute("PRAGMA synchronous = NORMAL")
        if ready and _header(connection) == (0, 0):
            # Another process may be creating it right now; it holds the lock until it has finished.
            with _transaction(connection):
                pass
        if ready:
            _check_header(database, connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _as_dict(cursor: sqlite3.Cursor, values: tuple[Any, ...]) -> Row:
    row = {column[0]: value for column, value in zip(cursor.description, values, strict=True)}
    for name in CONVERTERS.keys() & row.keys():
        if row[name] is not None:
            row[name] = CONVERTERS[name](row[name])
    return row


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    # IMMEDIATE: a transaction that reads first and writes later would fail at once while another one writes.
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _header(connection: sqlite3.Connection) -> tuple[int, int]:
    """Application id and version."""
    row = connection.execute("SELECT * FROM pragma_application_id, pragma_user_version").fetchone()
    return row["application_id"], row["user_version"]


def _check_header(database: Path, connection: sqlite3.Connection) -> None:
    application, version = _header(connection)
    if application != APPLICATION_ID:
        raise _not_a_sandbox(database)
    if version != VERSION:
        raise UsageError(
            f"The sandbox in {database} was made by another version of synq.",
            hint="Recreate it with `synq sandbox reset`; the changes made in it are lost.",
        )


def _tables(connection: sqlite3.Connection) -> list[Row]:
    return connection.execute(
        "SELECT type, name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite%'"
    ).fetchall()


def _fill(connection: sqlite3.Connection, seed: int, now: float) -> None:
    import secrets

    from synq_cli.sandbox.seed.seed import draw

    for statement in SCHEMA.split(";"):
        connection.execute(statement)
    for table, rows in draw(seed, now).items():
        for row in rows:
            _insert(connection, table, row)
    # Not from the seed, because whoever knows the seed could sign tokens.
    connection.execute("UPDATE tenant SET secret = ?", (secrets.token_hex(32),))
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {VERSION}")


def _insert(connection: sqlite3.Connection, table: str, row: Row) -> int | None:
    """Insert a row, lists and objects as JSON; returns its rowid."""
    values = [json.dumps(value) if isinstance(value, dict | list) else value for value in row.values()]
    marks = ", ".join("?" * len(row))
    statement = f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})"  # noqa: S608
    return connection.execute(statement, values).lastrowid


def _turn_on_wal(connection: sqlite3.Connection) -> None:
    # It needs exclusive access for a moment. Where that fails, everything works without it, only more slowly.
    with suppress(sqlite3.OperationalError):
        connection.execute("PRAGMA journal_mode = WAL")


def _files(database: Path) -> list[Path]:
    return [database.with_name(database.name + ending) for ending in ("", "-wal", "-shm", "-journal")]


@contextmanager
def _errors_named(database: Path) -> Iterator[None]:
    """Turn errors of the disk and of SQLite into a UsageError that names the file."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        raise _usage_error(database, error) from error


def _usage_error(database: Path, error: Exception) -> UsageError:
    if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError):
        return _not_a_sandbox(database)
    reason = getattr(error, "strerror", None) or error
    return UsageError(f"The sandbox {database} can't be opened: {reason}.", hint=_OTHER_FOLDER)


def _not_a_sandbox(database: Path) -> UsageError:
    return UsageError(f"{database} is not a synq sandbox.", hint="Replace it with a new one: `synq sandbox reset`.")
