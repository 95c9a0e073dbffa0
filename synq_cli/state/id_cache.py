"""What this machine remembers of each tenant: SKUs, ids it has shown, routes the server lacks."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from synq_cli.errors import UsageError
from synq_cli.times import timestamp

if TYPE_CHECKING:
    from synq_cli.state.database import Connection

Kind = Literal[
    "sku", "location", "order", "product", "channel", "connection", "reservation", "job", "job type", "category",
    "brand",
]  # fmt: skip
_DAY = 86_400.0
_VERSION = 1
_SCHEMA = (
    """CREATE TABLE known (
        scope TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, id TEXT NOT NULL, seen_at REAL NOT NULL,
        PRIMARY KEY (scope, kind, name)) WITHOUT ROWID""",
    """CREATE TABLE missing (
        scope TEXT NOT NULL, operation TEXT NOT NULL, since REAL NOT NULL, PRIMARY KEY (scope, operation)
        ) WITHOUT ROWID""",
)


def _can_be_kept(pair: tuple[str, str]) -> bool:
    """False for lone surrogates, which JSON may hold and a database may not."""
    try:
        "".join(pair).encode()
    except UnicodeEncodeError:
        return False
    return True


def begun_with(path: Path, scope: str, kind: str, letters: str) -> list[tuple[str, str, float]]:
    """Name, id and the second it was seen, of all of a kind whose name begins with these letters, in either case.

    For TAB: nothing is made, locked or waited for. A scope that ends in / is the last used one of those that begin
    so. sqlite3.Error if the file can't be read.
    """
    from contextlib import closing

    from synq_cli.state.database import read_only

    if not path.exists():
        return []
    pattern = "".join(f"\\{letter}" if letter in "\\%_" else letter for letter in letters) + "%"
    with closing(read_only(path)) as database:
        if scope.endswith("/"):
            latest = "SELECT scope FROM known WHERE substr(scope, 1, ?) = ? ORDER BY seen_at DESC LIMIT 1"
            scope = (database.execute(latest, (len(scope), scope)).fetchone() or ("",))[0]
        return database.execute(
            "SELECT name, id, seen_at FROM known WHERE scope = ? AND kind = ? AND name LIKE ? ESCAPE '\\' "
            "ORDER BY name",
            (scope, kind, pattern),
        ).fetchall()


class LocalIndex:
    """Names and ids by kind, for one tenant; UsageError if its file is damaged."""

    def __init__(
        self, path: Path, scope: Callable[[], str], now: Callable[[], float], tell: Callable[[str], None]
    ) -> None:
        self._path = path
        self._scope = scope
        self._now = now
        self._tell = tell

    def remember(self, kind: Kind, pairs: Iterable[tuple[str, str]]) -> None:
        """Keep (name, id) pairs; a name seen again points to its latest id. Trouble is told, not raised.

        A name that these pairs give to two ids is forgotten: it must be asked for again, not guessed.
        """
        scope, now = self._scope(), self._now()
        ids: dict[str, set[str]] = {}
        for name, identifier in filter(_can_be_kept, pairs):
            ids.setdefault(name, set()).add(identifier)
        rows = [(scope, kind, name, *found, now) for name, found in ids.items() if len(found) == 1]
        shared = [(scope, kind, name) for name, found in ids.items() if len(found) > 1]
        try:
            with self._open() as database:
                database.executemany("INSERT OR REPLACE INTO known VALUES (?, ?, ?, ?, ?)", rows)
                database.executemany("DELETE FROM known WHERE scope = ? AND kind = ? AND name = ?", shared)
        except UsageError as error:
            # What was asked for has arrived by now; it must not be lost for a shortcut.
            self._tell(f"{error.message} {error.hint}")

    def remember_ids(self, kind: Kind, rows: "Iterable[Mapping[str, Any]]", key: str = "id") -> None:
        """Keep the id of each row that has one, so that its first letters are enough from now on."""
        ids = [row[key].lower() for row in rows if isinstance(row.get(key), str)]
        self.remember(kind, zip(ids, ids, strict=True))

    def find(self, kind: Kind, name: str) -> str | None:
        """The id that goes with a name, or None."""
        with self._open() as database:
            row = database.execute(
                "SELECT id FROM known WHERE scope = ? AND kind = ? AND name = ?", (self._scope(), kind, name)
            ).fetchone()
        return str(row[0]) if row else None

    def starting_with(self, kind: Kind, letters: str) -> list[str]:
        """The ids of a kind that begin with these letters."""
        with self._open() as database:
            rows = database.execute(
                "SELECT id FROM known WHERE scope = ? AND kind = ? AND substr(id, 1, ?) = ? ORDER BY id",
                (self._scope(), kind, len(letters), letters.lower()),
            ).fetchall()
        return [row[0] for row in rows]

    def names(self, kind: Kind) -> dict[str, str]:
        """Every name of a kind by its id."""
        with self._open() as database:
            rows = database.execute(
                "SELECT id, name FROM known WHERE scope = ? AND kind = ?", (self._scope(), kind)
            ).fetchall()
        return dict(rows)

    def skus(self) -> list[dict[str, str]]:
        """Every SKU, by name: `sku`, `variant_id`, and `seen_at` in RFC 3339."""
        with self._open() as database:
            rows = database.execute(
                "SELECT name, id, seen_at FROM known WHERE scope = ? AND kind = 'sku' ORDER BY name", (self._scope(),)
            ).fetchall()
        return [{"sku": sku, "variant_id": variant, "seen_at": timestamp(seen_at)} for sku, variant, seen_at in rows]

    def forget(self, kind: Kind, names: Iterable[str] | None) -> int:
        """Forget these names, or with None all of the kind; gives how many were known."""
        where, values = "scope = ? AND kind = ?", (self._scope(), kind)
        with self._open() as database:
            if names is None:
                return database.execute(f"DELETE FROM known WHERE {where}", values).rowcount  # noqa: S608 no outside text
            return sum(
                database.execute(f"DELETE FROM known WHERE {where} AND name = ?", (*values, name)).rowcount  # noqa: S608 no outside text
                for name in names
            )

    def remember_missing(self, operation: str) -> None:
        """The server lacks this route; believed for a day."""
        with self._open() as database:
            database.execute("INSERT OR REPLACE INTO missing VALUES (?, ?, ?)", (self._scope(), operation, self._now()))

    def is_missing(self, operation: str) -> bool:
        """Whether the server was seen to lack this route within a day."""
        with self._open() as database:
            row = database.execute(
                "SELECT since FROM missing WHERE scope = ? AND operation = ?", (self._scope(), operation)
            ).fetchone()
        return row is not None and abs(self._now() - row[0]) < _DAY

    def forget_missing(self) -> None:
        """Ask again for every route that the server was seen to lack."""
        with self._open() as database:
            database.execute("DELETE FROM missing WHERE scope = ?", (self._scope(),))

    def missing(self) -> list[str]:
        """Every route that the server was seen to lack within a day."""
        with self._open() as database:
            rows = database.execute(
                "SELECT operation FROM missing WHERE scope = ? AND abs(? - since) < ? ORDER BY operation",
                (self._scope(), self._now(), _DAY),
            ).fetchall()
        return [row[0] for row in rows]

    @contextmanager
    def _open(self) -> "Iterator[Connection]":
        from synq_cli.state.database import Error, opened

        try:
            # It can be read from the API again: no reason to pay for a flush to disk.
            with opened(self._path, _SCHEMA, _VERSION, durable=False) as database:
                yield database
        except (OSError, Error) as error:
            raise UsageError(
                f"The index of SKUs and ids in {self._path} can't be used: {error}.",
                hint="Move the file away; synq reads what it needs from the API again.",
            ) from None
