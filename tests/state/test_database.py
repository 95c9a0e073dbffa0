"""The opener of SQLite files, on a real disk."""

import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from synq_cli.errors import UsageError
from synq_cli.state.database import VersionError, connect, is_damage, opened, private_file, read_only, usage_errors

SCHEMA = ("CREATE TABLE facts (name TEXT NOT NULL)",)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a ?#%41 file.sqlite3"  # what means something else in the URI that SQLite is given


def names(path: Path) -> list[str]:
    with closing(read_only(path)) as database:
        return [row[0] for row in database.execute("SELECT name FROM facts ORDER BY name")]


def test_new_file_is_private_and_has_the_schema(path: Path) -> None:
    with opened(path, SCHEMA, 3, durable=False) as database:
        database.execute("INSERT INTO facts VALUES ('kept')")
    assert names(path) == ["kept"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with closing(read_only(path)) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (3,)


def test_error_inside_the_transaction_undoes_all_of_it(path: Path) -> None:
    with opened(path, SCHEMA, 1, durable=False) as database:
        database.execute("INSERT INTO facts VALUES ('kept')")
    statements = ("INSERT INTO facts VALUES ('lost')", "INSERT INTO nowhere VALUES (1)")
    with pytest.raises(sqlite3.OperationalError), opened(path, SCHEMA, 1, durable=False) as database:
        list(map(database.execute, statements))
    assert names(path) == ["kept"]


def test_file_of_another_version_is_refused_and_left_as_it_is(path: Path) -> None:
    with opened(path, SCHEMA, 2, durable=False):
        pass
    before = path.read_bytes()
    with pytest.raises(VersionError, match="another version of synq"), opened(path, SCHEMA, 1, durable=False):
        raise AssertionError("opened")
    assert path.read_bytes() == before


@pytest.mark.parametrize(("durable", "level"), [(True, 2), (False, 0)])
def test_durable_file_is_flushed_at_each_commit(path: Path, durable: bool, level: int) -> None:
    private_file(path)
    with closing(connect(path, durable=durable)) as database:
        assert database.execute("PRAGMA synchronous").fetchone() == (level,)
        assert database.execute("PRAGMA journal_mode").fetchone() == ("truncate",)
        assert database.execute("PRAGMA busy_timeout").fetchone() == (10_000,)


def test_missing_file_is_not_created_to_be_read(path: Path) -> None:
    with pytest.raises(sqlite3.OperationalError):
        read_only(path)
    assert not path.exists()


def test_new_private_file_must_not_exist(path: Path) -> None:
    inode = private_file(path, new=True)
    assert private_file(path) == inode == path.stat().st_ino
    with pytest.raises(FileExistsError):
        private_file(path, new=True)


def test_errors_of_a_file_have_a_hint_that_fits() -> None:
    found = []
    for error in (PermissionError(13, "Permission denied", "path"), sqlite3.DatabaseError("file is not a database")):
        with pytest.raises(UsageError) as caught, usage_errors("The cache", "Delete the file."):
            raise error
        found.append((caught.value.message, caught.value.hint))
    assert found == [
        (
            "The cache can't be used: Permission denied.",
            "To use other folders, set SYNQ_CONFIG_DIR and SYNQ_STATE_DIR.",
        ),
        ("The cache can't be used: file is not a database.", "Delete the file."),
    ]


def test_damage_is_distinguished_from_other_errors(path: Path) -> None:
    path.write_bytes(b"noise" * 1000)
    with pytest.raises(sqlite3.Error) as noise, opened(path, SCHEMA, 1, durable=False):
        raise AssertionError("opened")
    with pytest.raises(sqlite3.Error) as folder:
        connect(path.parent, durable=False)
    assert (is_damage(noise.value), is_damage(folder.value), is_damage(OSError())) == (True, False, False)
