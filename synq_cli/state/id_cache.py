"""The local cache of each tenant: ids of SKUs, barcodes and of what was shown, and routes that the server lacks."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

from synq_cli import barcodes
from synq_cli.errors import UsageError
from synq_cli.state.database import Connection, opened, read_only, usage_errors
from synq_cli.times import timestamp

# A name of the kind "barcode" is the canonical form of one, and its id those of all variants that have it, separated by
# blanks; a name of the kind "variant" is the id of one, and its id the barcode as the catalogue has it. The names of
# "title" and "options" are ids of products and of variants, and their ids what these are called. The name of a "header"
# is the id of an order, and its id what was shown of it, in JSON.
Kind = Literal[
    "sku", "barcode", "variant", "location", "order", "product", "channel", "connection", "reservation", "job",
    "job type", "category", "brand", "title", "options", "header",
]  # fmt: skip
_DAY = 86_400.0
# Of each tenant; the oldest are dropped.
_MOST_HEADERS = 5_000
_VERSION = 1
_SCHEMA = (
    """CREATE TABLE known (
        scope TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, id TEXT NOT NULL, seen_at REAL NOT NULL,
        PRIMARY KEY (scope, kind, name)) WITHOUT ROWID""",
    """CREATE TABLE missing (
        scope TEXT NOT NULL, operation TEXT NOT NULL, since REAL NOT NULL, PRIMARY KEY (scope, operation)
        ) WITHOUT ROWID""",
)


def known_names(path: Path, scope: str, kind: str, prefix: str) -> list[tuple[str, str, float]]:
    """Name, id and time of last use of each name of a kind with this prefix, in either case.

    For TAB: nothing is created, locked or waited for. A scope that ends in / is the last used one of those with this
    prefix. sqlite3.Error if the file can't be read.
    """
    if not path.exists():
        return []
    pattern = "".join(f"\\{letter}" if letter in "\\%_" else letter for letter in prefix) + "%"
    with closing(read_only(path)) as database:
        if scope.endswith("/"):
            latest = "SELECT scope FROM known WHERE substr(scope, 1, ?) = ? ORDER BY seen_at DESC LIMIT 1"
            scope = (database.execute(latest, (len(scope), scope)).fetchone() or ("",))[0]
        return database.execute(
            "SELECT name, id, seen_at FROM known WHERE scope = ? AND kind = ? AND name LIKE ? ESCAPE '\\' "
            "ORDER BY name",
            (scope, kind, pattern),
        ).fetchall()


def _is_storable(text: str) -> bool:
    """Whether a database takes this text: JSON may hold one half of a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


class LocalIndex:
    """The local cache of ids by kind and name, for one tenant; UsageError if its file is damaged."""

    def __init__(
        self, path: Path, scope: Callable[[], str], now: Callable[[], float], warn: Callable[[str], None]
    ) -> None:
        self.path = path
        self.scope = scope
        self.now = now
        self.warn = warn

    def remember(self, kind: Kind, pairs: Iterable[tuple[str, str]]) -> None:
        """Keep (name, id) pairs, of each name the latest; errors are only warned of.

        A name that these pairs give to two ids is forgotten, so that it is looked up instead of guessed.
        """
        scope, now = self.scope(), self.now()
        ids: dict[str, set[str]] = {}
        for name, identifier in pairs:
            if _is_storable(name + identifier):
                ids.setdefault(name, set()).add(identifier)
        rows = [(scope, kind, name, *found, now) for name, found in ids.items() if len(found) == 1]
        ambiguous = [(scope, kind, name) for name, found in ids.items() if len(found) > 1]
        try:
            with self._open() as database:
                database.executemany("INSERT OR REPLACE INTO known VALUES (?, ?, ?, ?, ?)", rows)
                database.executemany("DELETE FROM known WHERE scope = ? AND kind = ? AND name = ?", ambiguous)
        except UsageError as error:
            # The command has its answer by now, and must not fail for a cache.
            self.warn(f"{error.message} {error.hint}")

    def remember_barcodes(self, found: Iterable[tuple[str, str | None]]) -> None:
        """Keep the barcode of each variant, by its id, instead of an earlier one; None if it has none any more.

        A barcode that several variants have is kept with all of their ids. Errors are only warned of.
        """
        scope, now = self.scope(), self.now()
        find = "SELECT id FROM known WHERE scope = ? AND kind = ? AND name = ?"
        replace = "INSERT OR REPLACE INTO known VALUES (?, ?, ?, ?, ?)"
        delete = "DELETE FROM known WHERE scope = ? AND kind = ? AND name = ?"
        try:
            with self._open() as database:

                def put(kind: Kind, name: str, text: str) -> None:
                    database.execute(replace if text else delete, (scope, kind, name, *([text, now] if text else [])))

                def get(kind: Kind, name: str) -> str:
                    return (database.execute(find, (scope, kind, name)).fetchone() or ("",))[0]

                for variant, barcode in found:
                    if not _is_storable(variant) or not variant.isprintable() or " " in variant:
                        continue
                    text = barcode if barcode and barcode.strip() and _is_storable(barcode) else ""
                    earlier = get("variant", variant)
                    if text == earlier:
                        continue
                    put("variant", variant, text)
                    for form in barcodes.forms(earlier):
                        put("barcode", form, " ".join(each for each in get("barcode", form).split() if each != variant))
                    for form in barcodes.forms(text):
                        put("barcode", form, " ".join(sorted({*get("barcode", form).split(), variant})))
        except UsageError as error:
            self.warn(f"{error.message} {error.hint}")

    def remember_all_read(self) -> None:
        """Keep that all variants have been read now."""
        self.remember("variant", [("", "all")])

    def all_read_at(self) -> float | None:
        """The epoch second at which all variants were read the last time; None if they were not."""
        rows = self._rows("SELECT seen_at FROM known WHERE scope = ? AND kind = 'variant' AND name = ''")
        return float(rows[0][0]) if rows else None

    def remember_ids(self, kind: Kind, rows: Iterable[Mapping[str, Any]], key: str = "id") -> None:
        """Keep the id of each row that has one, so that a prefix of it is enough from now on."""
        ids = [row[key].lower() for row in rows if isinstance(row.get(key), str)]
        self.remember(kind, zip(ids, ids, strict=True))

    def remember_headers(self, headers: Iterable[tuple[str, str]]) -> None:
        """Keep what was shown of orders, by their ids; of each tenant the latest few thousand."""
        self.remember("header", headers)
        with suppress(UsageError):  # warned of already
            self._rows(
                "DELETE FROM known WHERE scope = ?1 AND kind = 'header' AND name IN (SELECT name FROM known "
                "WHERE scope = ?1 AND kind = 'header' ORDER BY seen_at DESC LIMIT -1 OFFSET ?2)",
                _MOST_HEADERS,
            )

    def headers(self) -> list[tuple[str, str, float]]:
        """Id, JSON text and time of each order that is kept, the latest first."""
        sql = "SELECT name, id, seen_at FROM known WHERE scope = ? AND kind = 'header' ORDER BY seen_at DESC"
        return self._rows(sql)

    def contents(self) -> list[dict[str, Any]]:
        """What is kept of this tenant: `kind`, `entries`, and when the oldest and the newest was seen, in RFC 3339."""
        sql = "SELECT kind, COUNT(*), MIN(seen_at), MAX(seen_at) FROM known WHERE scope = ? GROUP BY kind ORDER BY kind"
        return [
            {"kind": kind, "entries": count, "oldest_at": timestamp(oldest), "newest_at": timestamp(newest)}
            for kind, count, oldest, newest in self._rows(sql)
        ]

    def clear(self) -> int:
        """Forget all that is kept of this tenant; gives how many entries there were."""
        with self._open() as database:
            return database.execute("DELETE FROM known WHERE scope = ?", (self.scope(),)).rowcount

    def find(self, kind: Kind, name: str) -> str | None:
        """The id that goes with a name, or None."""
        rows = self._rows("SELECT id FROM known WHERE scope = ? AND kind = ? AND name = ?", kind, name)
        return str(rows[0][0]) if rows else None

    def owners(self, barcode: str) -> list[str]:
        """The ids of the variants with this barcode, however many zeros it starts with."""
        found = {owner for form in barcodes.forms(barcode) for owner in (self.find("barcode", form) or "").split()}
        return sorted(found)

    def sku_of(self, variant: str) -> str | None:
        """The SKU of the variant with this id, or None."""
        rows = self._rows("SELECT name FROM known WHERE scope = ? AND kind = 'sku' AND id = ? LIMIT 1", variant)
        return str(rows[0][0]) if rows else None

    def starting_with(self, kind: Kind, prefix: str) -> list[str]:
        """The ids of a kind that have this prefix."""
        sql = "SELECT id FROM known WHERE scope = ? AND kind = ? AND substr(id, 1, ?) = ? ORDER BY id"
        return [row[0] for row in self._rows(sql, kind, len(prefix), prefix.lower())]

    def names(self, kind: Kind) -> dict[str, str]:
        """Every name of a kind by its id."""
        return dict(self._rows("SELECT id, name FROM known WHERE scope = ? AND kind = ?", kind))

    def ids(self, kind: Kind) -> dict[str, str]:
        """Every id of a kind by its name."""
        return dict(self._rows("SELECT name, id FROM known WHERE scope = ? AND kind = ?", kind))

    def seen_at(self, kind: Kind) -> dict[str, float]:
        """The epoch second at which each name of a kind was seen last."""
        return dict(self._rows("SELECT name, seen_at FROM known WHERE scope = ? AND kind = ?", kind))

    def skus(self) -> list[dict[str, str | None]]:
        """Every SKU, by name: `sku`, `variant_id`, `barcode` if known, and `seen_at` in RFC 3339."""
        rows = self._rows("SELECT name, id, seen_at FROM known WHERE scope = ? AND kind = 'sku' ORDER BY name")
        known = self.ids("variant")
        return [
            {"sku": sku, "variant_id": variant, "barcode": known.get(variant), "seen_at": timestamp(seen_at)}
            for sku, variant, seen_at in rows
        ]

    def forget(self, kind: Kind, names: Iterable[str] | None) -> int:
        """Forget these names, or with None all of the kind; gives how many were known."""
        sql, row = "DELETE FROM known WHERE scope = ? AND kind = ?", (self.scope(), kind)
        with self._open() as database:
            if names is None:
                return database.execute(sql, row).rowcount
            return database.executemany(f"{sql} AND name = ?", [(*row, name) for name in names]).rowcount

    def forget_codes(self, codes: Iterable[str] | None) -> tuple[int, int]:
        """Forget these SKUs, each with its barcode, and these barcodes; None for all. Gives how many were known."""
        if codes is None:
            self.forget("variant", None)
            return self.forget("sku", None), self.forget("barcode", None)
        skus = forgotten = 0
        for code in codes:
            if variant := self.find("sku", code):
                skus += self.forget("sku", [code])
                self.remember_barcodes([(variant, None)])
            elif owners := self.owners(code):
                forgotten += 1
                self.remember_barcodes([(owner, None) for owner in owners])
        return skus, forgotten

    def remember_missing(self, operation: str) -> None:
        """Keep for a day that the server lacks this route."""
        self._rows("INSERT OR REPLACE INTO missing VALUES (?, ?, ?)", operation, self.now())

    def is_missing(self, operation: str) -> bool:
        """Whether the server was seen to lack this route within a day."""
        return operation in self.missing()

    def forget_missing(self) -> None:
        """Forget every route that the server was seen to lack."""
        self._rows("DELETE FROM missing WHERE scope = ?")

    def forget_missing_of(self, tenant: str) -> None:
        """The same for a tenant at any host."""
        end = f"/{tenant}"
        with self._open() as database:
            database.execute("DELETE FROM missing WHERE substr(scope, ?) = ?", (-len(end), end))

    def missing(self) -> list[str]:
        """Every route that the server was seen to lack within a day."""
        sql = "SELECT operation FROM missing WHERE scope = ? AND abs(? - since) < ? ORDER BY operation"
        return [row[0] for row in self._rows(sql, self.now(), _DAY)]

    def _rows(self, sql: str, *values: object) -> list[Any]:
        """Run a statement whose first parameter is the scope."""
        with self._open() as database:
            return database.execute(sql, (self.scope(), *values)).fetchall()

    @contextmanager
    def _open(self) -> Iterator[Connection]:
        hint = "Delete the file; synq reads what it needs from the API again."
        with (
            usage_errors(f"The cache of SKUs and ids {self.path}", hint),
            # It can be read from the API again, so it need not be flushed to the disk.
            opened(self.path, _SCHEMA, _VERSION, durable=False) as database,
        ):
            yield database
