"""The idempotency keys of orders whose outcome is not known, kept before anything is sent."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synq_cli import exact_json
from synq_cli.errors import UsageError

if TYPE_CHECKING:
    from synq_cli.state.database import Connection

_VERSION = 1
_SCHEMA = (
    """CREATE TABLE attempts (
        scope TEXT NOT NULL, fingerprint TEXT NOT NULL, key TEXT NOT NULL, since REAL NOT NULL,
        PRIMARY KEY (scope, fingerprint)) WITHOUT ROWID""",
)
# More digits than a price can have here, so that nothing is rounded.
_DIGITS = 60


@dataclass(frozen=True)
class Attempt:
    """One order about to be sent: its key, and when an attempt with it began whose outcome is unknown.

    `own` is a key that was given, which the person keeps.
    """

    key: str
    now: float
    since: float | None
    own: bool
    fingerprint: str = field(repr=False)
    keys: "OrderKeys" = field(repr=False)

    @property
    def sentence(self) -> str:
        """Which key it is, for the person who may have to send the order again."""
        if self.since is None:
            return f"Idempotency key {self.key}"
        return (
            f"Idempotency key {self.key}: that of the attempt {_ago(self.now - self.since)}, which is under way or "
            "whose outcome is unknown. No second order can come of it."
        )

    def end(self, *, known: bool) -> None:
        """Forget the key once the outcome is known; as long as it is not, the same order goes under this key."""
        if known:
            self.keys.forget(self.key)
        elif not self.own:
            self.keys.keep(self)


class OrderKeys:
    """A key for each order under way, shared by all processes; trouble at the end is told, not raised.

    It is no part of the index, which may be lost: a key that is lost may cost a second order.
    """

    def __init__(
        self, path: Path, scope: Callable[[], str], now: Callable[[], float], tell: Callable[[str], None]
    ) -> None:
        self._path = path
        self._scope = scope
        self._now = now
        self._tell = tell

    def attempt(self, order: Mapping[str, Any], own: str | None, *, keep: bool) -> Attempt:
        """What the order is to be sent under: `own`, else the key of an unclear attempt at the same, else a new one.

        Where it is to be kept, it is on the disk when this returns; UsageError if it can't be.
        """
        import uuid

        now, fingerprint = self._now(), order_fingerprint(order)
        if own is not None:
            return Attempt(own, now, None, own=True, fingerprint=fingerprint, keys=self)
        place = (self._scope(), fingerprint)
        with self._open() as database:
            kept = database.execute(
                "SELECT key, since FROM attempts WHERE scope = ? AND fingerprint = ?", place
            ).fetchone()
            key, since = kept or (str(uuid.uuid4()), None)
            if keep and not kept:
                database.execute("INSERT INTO attempts VALUES (?, ?, ?, ?)", (*place, key, now))
        return Attempt(key, now, since, own=False, fingerprint=fingerprint, keys=self)

    def keep(self, attempt: Attempt) -> None:
        """Keep the key still, even if another process, which sent the same order, has had its answer."""
        row = (self._scope(), attempt.fingerprint, attempt.key, attempt.since or attempt.now)
        self._at_the_end("INSERT OR IGNORE INTO attempts VALUES (?, ?, ?, ?)", row)

    def forget(self, key: str) -> None:
        """What became of the order with this key is known: the same order is a new one from now on."""
        self._at_the_end("DELETE FROM attempts WHERE scope = ? AND key = ?", (self._scope(), key))

    def _at_the_end(self, statement: str, values: tuple[object, ...]) -> None:
        try:
            with self._open() as database:
                database.execute(statement, values)
        except UsageError as error:
            # The answer has arrived by now, and must not be lost for this.
            self._tell(f"{error.message} {error.hint}")

    @contextmanager
    def _open(self) -> "Iterator[Connection]":
        """The file in one transaction, which is on the disk at its end."""
        from synq_cli.state.database import Error, opened

        try:
            # A power cut right after the request went out must find the key.
            with opened(self._path, _SCHEMA, _VERSION, durable=True) as database:
                yield database
        except (OSError, Error) as error:
            raise UsageError(
                f"The file of order keys, {self._path}, can't be used: {error}.",
                hint="Nothing should be sent without one kept: mend or move the file, or name your own key with "
                "--idempotency-key.",
            ) from None


def order_fingerprint(order: Mapping[str, Any]) -> str:
    """The same for the same order, however its numbers are written and its fields are arranged."""
    from hashlib import sha256

    return sha256(exact_json.dumps(_arranged(order)).encode()).hexdigest()


def _arranged(value: Any) -> Any:
    from decimal import Context, Decimal

    if isinstance(value, Mapping):
        return {name: _arranged(value[name]) for name in sorted(value)}
    if isinstance(value, list):
        return [_arranged(item) for item in value]
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return str(Decimal(value).normalize(Context(prec=_DIGITS)))
    return value


def _ago(seconds: float) -> str:
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size:.0f} {unit} ago"
    return f"{max(seconds, 0):.0f} s ago"
