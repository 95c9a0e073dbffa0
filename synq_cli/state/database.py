"""The one opener of SQLite files: file mode, waiting, journal mode, flushing and schema version."""

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from sqlite3 import Connection, Error

from synq_cli.errors import UsageError
from synq_cli.state.folders import OTHER_FOLDERS, give_to_owner

__all__ = ["Connection", "Error", "VersionError", "connect", "is_damage", "private_file", "read_only", "transaction"]

_BUSY_SECONDS = 10.0


class VersionError(Error):
    """The file was made by another version of synq."""


def private_file(path: Path, *, new: bool = False) -> int:
    """Create the file for its owner alone unless it exists; its inode. FileExistsError if it had to be `new`."""
    # SQLite would make it readable for everybody that the umask lets in.
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        give_to_owner(descriptor, path.parent)
    except FileExistsError:
        if new:
            raise
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        return os.fstat(descriptor).st_ino
    finally:
        os.close(descriptor)


def connect(path: Path | None, *, durable: bool) -> Connection:
    """Open a database file, made before by `private_file`, or with None one in memory; transactions are the caller's.

    A `durable` file is flushed to the disk at each commit; any other may lose its latest commits in a power cut.
    Threads may share the connection if they lock around it. sqlite3.Error if the file can't be opened.
    """
    name = path or ":memory:"
    database = sqlite3.connect(name, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        # No WAL: the state folder may be in a home folder on a network, where it does not work, and the transactions
        # here are few and small. FULL also flushes the truncated rollback journal, where a deleted one could come back
        # after a power cut and undo the commit.
        database.execute("PRAGMA journal_mode = TRUNCATE")
        database.execute(f"PRAGMA synchronous = {'FULL' if durable else 'OFF'}")
        if durable:
            database.execute("PRAGMA fullfsync = ON")  # else macOS flushes only to the drive's cache
    except BaseException:
        database.close()
        raise
    return database


@contextmanager
def transaction(database: Connection) -> Iterator[Connection]:
    """One write transaction, all or nothing; other writers wait for its end."""
    # IMMEDIATE: a transaction that reads first and writes later would fail at once when another writes.
    database.execute("BEGIN IMMEDIATE")
    try:
        yield database
        database.commit()
    except BaseException:
        database.rollback()
        raise


def ensure_schema(database: Connection, statements: Iterable[str], version: int) -> None:
    """Create the tables in a new file, within the caller's transaction; VersionError for another version's file."""
    found = database.execute("PRAGMA user_version").fetchone()[0]
    if found == version:
        return
    if found:
        raise VersionError("it was made by another version of synq")
    for statement in statements:
        database.execute(statement)
    database.execute(f"PRAGMA user_version = {version}")


@contextmanager
def opened(path: Path, statements: Iterable[str], version: int, *, durable: bool) -> Iterator[Connection]:
    """The file, created if it is missing, for one write transaction; OSError or sqlite3.Error if it can't be used."""
    private_file(path)
    database = connect(path, durable=durable)
    try:
        with transaction(database):
            ensure_schema(database, statements, version)
            yield database
    finally:
        database.close()


@contextmanager
def usage_errors(what: str, hint: str) -> Iterator[None]:
    """Errors of a file as UsageErrors: `what` can't be used; the hint is for a file that could be opened."""
    try:
        yield
    except (FileExistsError, TimeoutError):
        raise  # another process has the name or the lock
    except OSError as error:
        raise UsageError(f"{what} can't be used: {error.strerror}.", hint=OTHER_FOLDERS) from None
    except Error as error:
        raise UsageError(f"{what} can't be used: {error}.", hint=hint) from None


def read_only(path: Path) -> Connection:
    """Open a file to read what it holds, without waiting for a writer; nothing is created, locked or changed."""
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=0.1)


def is_damage(error: Exception) -> bool:
    """Whether SQLite reports that the file is damaged, or is not a database."""
    return (getattr(error, "sqlite_errorcode", 0) & 0xFF) in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
