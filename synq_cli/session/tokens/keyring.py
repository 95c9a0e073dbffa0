"""The operating system's keyring: with a time limit, its backend cached, long secrets split into parts."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from synq_cli.deadline import DeadlineError, call_within
from synq_cli.errors import AuthError
from synq_cli.state.cache import Cache

SERVICE = "synq"
_Answer = TypeVar("_Answer")
# Windows takes 1,280 characters an entry.
_PART = 1_200
_SPLIT = "synq:divided"
_SENTENCES = {
    "NoKeyringError": "This machine has no keyring that synq can use.",
    "KeyringLocked": "The keyring is locked. Unlock it and try again.",
}


class SecretStore(Protocol):
    """What synq uses of the keyring library."""

    def get_password(self, service: str, username: str, /) -> str | None: ...
    def set_password(self, service: str, username: str, password: str, /) -> None: ...
    def delete_password(self, service: str, username: str, /) -> None: ...


@dataclass
class Keyring:
    """Secrets by entry, in the `store` or, without one, in the system's keyring. AuthError with the hint if it fails.

    `limit` is for each call, in seconds.
    """

    store: SecretStore | None
    cache: Cache
    limit: float
    hint: str

    def read(self, entry: str) -> str | None:
        """The entry's secret, or None if there is none."""
        return self._call("read", lambda store: _read(store, entry))

    def write(self, entry: str, secret: str) -> None:
        """Store the secret, and read it back to be sure."""

        def write(store: SecretStore) -> None:
            _write(store, entry, secret)
            if _read(store, entry) != secret:
                raise AuthError("The keyring accepted the secret but did not store it.")

        self._call("write to", write)

    def delete(self, *entries: str) -> list[bool]:
        """Delete these entries; for each, whether it was there."""
        return self._call("delete from", lambda store: [_delete(store, entry) for entry in entries])

    def name(self) -> str:
        """The name of the backend, once it has answered."""

        def read(store: SecretStore) -> str:
            store.get_password(SERVICE, "default")
            return str(getattr(store, "name", type(store).__name__))

        return self._call("read", read)

    def _call(self, verb: str, call: Callable[[SecretStore], _Answer]) -> _Answer:
        """Call the keyring within the limit: a half-configured one never answers."""

        def ask() -> _Answer:
            store = self._system_store() if self.store is None else self.store
            if type(store).__module__ == "keyring.backends.null":
                raise AuthError("The keyring is disabled (null backend); it would store nothing.")
            answer = call(store)
            if self.store is None:
                self.cache.set("keyring", "backend", f"{type(store).__module__}.{type(store).__qualname__}")
                self.store = store
            return answer

        try:
            return call_within(self.limit, ask)
        except AuthError as error:
            message = error.message
        except DeadlineError:
            message = f"The keyring did not respond within {self.limit:g} seconds; it may be locked."
        except Exception as error:  # noqa: BLE001 each backend has errors of its own
            # The backend's own words could contain the secret, so only the kind of error is shown.
            kind = type(error).__name__
            message = _SENTENCES.get(kind, f"Could not {verb} the keyring ({kind}).")
        raise AuthError(message, hint=self.hint)

    def _system_store(self) -> SecretStore:
        """The backend that the user configured, else the one that answered last time, else the best there is."""
        from keyring import core

        store: SecretStore | None = core.load_env() or core.load_config()
        if store is None and (cached := self.cache.get("keyring", "backend")):
            try:
                store = core.load_keyring(str(cached))
            except Exception:  # noqa: BLE001 it was removed; the search below finds another
                store = None
        if store is None:
            # Loads every backend of every installed package: slow, so the one that answers is cached.
            found = core.get_keyring()
            # A chain of several would search again each time; it writes to its first one.
            store = next(iter(getattr(found, "backends", [])), found)
        return store


def _read(store: SecretStore, entry: str) -> str | None:
    kept = store.get_password(SERVICE, entry)
    parts = _parts(entry, kept)
    if not parts:
        return kept
    secret = "".join(store.get_password(SERVICE, part) or "" for part in parts)
    if _header(secret) != kept:
        raise AuthError("The keyring stores the secret in several entries, and one is missing.")
    return secret


def _write(store: SecretStore, entry: str, secret: str) -> None:
    """In one entry if the keyring takes it, else in parts; the parts of the secret before are deleted last."""
    old_parts = _parts(entry, store.get_password(SERVICE, entry))
    try:
        store.set_password(SERVICE, entry, secret)
        parts = []
    except Exception:  # each backend has an error of its own for what is too long
        if len(secret) <= _PART:
            raise
        header = _header(secret)
        parts = _parts(entry, header)
        for number, part in enumerate(parts):
            store.set_password(SERVICE, part, secret[number * _PART : (number + 1) * _PART])
        store.set_password(SERVICE, entry, header)
    _delete_parts(store, [part for part in old_parts if part not in parts])


def _delete(store: SecretStore, entry: str) -> bool:
    kept = store.get_password(SERVICE, entry)
    _delete_parts(store, _parts(entry, kept))
    if kept is not None:
        store.delete_password(SERVICE, entry)
    return kept is not None


def _delete_parts(store: SecretStore, parts: list[str]) -> None:
    for part in parts:
        if store.get_password(SERVICE, part) is not None:  # one may have been lost
            store.delete_password(SERVICE, part)


def _header(secret: str) -> str:
    """The content of a split secret's own entry: the number of parts, and a checksum that names them."""
    import hashlib

    count = -(-len(secret) // _PART)
    return f"{_SPLIT}:{count}:{hashlib.sha256(secret.encode()).hexdigest()[:16]}"


def _parts(entry: str, kept: str | None) -> list[str]:
    """The entries of a split secret's parts; none for a secret in one entry."""
    if not kept or not kept.startswith(f"{_SPLIT}:"):
        return []
    count, name = kept.removeprefix(f"{_SPLIT}:").split(":")
    return [f"{entry}#{name}.{number}" for number in range(int(count))]
