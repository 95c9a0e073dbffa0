"""Idempotency keys of orders whose outcome is unknown, stored before anything is sent."""

import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Context, Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

from synq_cli import exact_json
from synq_cli.errors import UsageError
from synq_cli.state.database import Connection, opened, usage_errors
from synq_cli.times import ago

_VERSION = 1
_SCHEMA = (
    """CREATE TABLE attempts (
        scope TEXT NOT NULL, fingerprint TEXT NOT NULL, key TEXT NOT NULL, since REAL NOT NULL,
        PRIMARY KEY (scope, fingerprint)) WITHOUT ROWID""",
)
# More digits than a valid price can have, so that nothing is rounded.
_DIGITS = 60


@dataclass(frozen=True)
class Attempt:
    """An order about to be sent under a key; `since` is when an attempt with it started whose outcome is unknown.

    An `own` key was given by the user, and is not stored.
    """

    key: str
    now: float
    since: float | None
    own: bool
    fingerprint: str = field(repr=False)
    keys: "OrderKeys" = field(repr=False)

    @property
    def sentence(self) -> str:
        """The key, for a user who may have to send the order again."""
        if self.since is None:
            return f"Idempotency key {self.key}"
        return (
            f"Idempotency key {self.key}: from the attempt {ago(self.now - self.since)}, which is in progress or "
            "whose outcome is unknown. The order can't be placed twice."
        )

    def end(self, *, known: bool) -> None:
        """Drop the key once the outcome is known; until then the same order is sent under it again."""
        scope = self.keys.scope()
        if known:
            self.keys.execute("DELETE FROM attempts WHERE scope = ? AND key = ?", scope, self.key)
        elif not self.own:
            # Another process may have dropped it after an answer to the same order.
            row = (scope, self.fingerprint, self.key, self.since or self.now)
            self.keys.execute("INSERT OR IGNORE INTO attempts VALUES (?, ?, ?, ?)", *row)


@dataclass(eq=False, repr=False)
class OrderKeys:
    """The keys of orders under way, shared by all processes. Errors after the answer has come are warnings.

    They are not part of the id cache, which may be lost: a lost key may cost a second order.
    """

    path: Path
    scope: Callable[[], str]
    now: Callable[[], float]
    warn: Callable[[str], None]

    def attempt(self, order: Mapping[str, Any], own: str | None, *, keep: bool) -> Attempt:
        """The key for an order: `own`, else that of an earlier attempt with an unknown outcome, else a new one.

        With `keep` it is on disk when this returns; UsageError if it can't be stored.
        """
        now, fingerprint = self.now(), order_fingerprint(order)
        if own is not None:
            return Attempt(own, now, None, own=True, fingerprint=fingerprint, keys=self)
        place = (self.scope(), fingerprint)
        with self._open() as database:
            kept = database.execute(
                "SELECT key, since FROM attempts WHERE scope = ? AND fingerprint = ?", place
            ).fetchone()
            key, since = kept or (str(uuid.uuid4()), None)
            if keep and not kept:
                database.execute("INSERT INTO attempts VALUES (?, ?, ?, ?)", (*place, key, now))
        return Attempt(key, now, since, own=False, fingerprint=fingerprint, keys=self)

    def execute(self, statement: str, *values: object) -> None:
        """Change the file once an answer has come; an error is a warning."""
        try:
            with self._open() as database:
                database.execute(statement, values)
        except UsageError as error:
            # The answer has come by now, and must not be lost to this error.
            self.warn(f"{error.message} {error.hint}")

    @contextmanager
    def _open(self) -> Iterator[Connection]:
        hint = "Fix or move the file, or use a key of your own: --idempotency-key."
        with (
            usage_errors(f"The file of order keys, {self.path},", hint),
            # The key must survive a power cut right after the request was sent.
            opened(self.path, _SCHEMA, _VERSION, durable=True) as database,
        ):
            yield database


def order_fingerprint(order: Mapping[str, Any]) -> str:
    """A hash of an order that does not depend on the order of its fields or the notation of its numbers."""
    return sha256(exact_json.dumps(_normalized(order)).encode()).hexdigest()


def _normalized(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _normalized(value[name]) for name in sorted(value)}
    if isinstance(value, list):
        return [_normalized(item) for item in value]
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return str(Decimal(value).normalize(Context(prec=_DIGITS)))
    return value
