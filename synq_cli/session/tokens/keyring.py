"""The operating system's keyring: its backend cached, long secrets split into parts."""

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from typing import Protocol

from synq_cli.errors import AuthError
from synq_cli.state.cache import Cache

SERVICE = "synq"
# Windows takes 1,280 characters an entry.
_PART = 1_200
_SPLIT = "synq:divided"


class SecretStore(Protocol):
    """What synq uses of the keyring library."""

    def get_password(self, service: str, username: str, /) -> str | None: ...
    def set_password(self, service: str, username: str, password: str, /) -> None: ...
    def delete_password(self, service: str, username: str, /) -> None: ...


def system_keyring(cache: Cache) -> SecretStore:
    """The backend that the user configured, else the one that answered last time, else the best there is."""
    from keyring import core

    store: SecretStore | None = core.load_env() or core.load_config()
    if store is None and (cached := cache.get("keyring", "backend")):
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


def read(store: SecretStore, entry: str) -> str | None:
    """The entry's secret, or None if there is none."""
    kept = store.get_password(SERVICE, entry)
    parts = _parts(entry, kept)
    if not parts:
        return kept
    secret = "".join(store.get_password(SERVICE, part) or "" for part in parts)
    if _header(secret) != kept:
        raise AuthError("The keyring stores the secret in several entries, and one is missing.")
    return secret


def write(store: SecretStore, entry: str, secret: str) -> None:
    """Store the secret, and read it back to be sure.

    It is in one entry if the keyring takes it, else in parts; the parts of the secret before are deleted last.
    """
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
    if read(store, entry) != secret:
        raise AuthError("The keyring accepted the secret but did not store it.")


def delete(store: SecretStore, entry: str) -> bool:
    """Delete the entry; whether it was there."""
    kept = store.get_password(SERVICE, entry)
    _delete_parts(store, _parts(entry, kept))
    if kept is not None:
        store.delete_password(SERVICE, entry)
    return kept is not None


def replace(store: SecretStore, secrets: Mapping[str, str | None]) -> dict[str, str | None]:
    """Write these entries, and delete those that are None: all or none; gives what they were before."""
    before: dict[str, str | None] = dict.fromkeys(secrets)
    for entry in secrets:
        with suppress(AuthError):  # what is incomplete is lost
            before[entry] = read(store, entry)
    try:
        _put(store, secrets)
    except Exception:
        _put(store, before)
        raise
    return before


def _put(store: SecretStore, secrets: Mapping[str, str | None]) -> None:
    for entry, secret in secrets.items():
        if secret is None:
            delete(store, entry)
        else:
            write(store, entry, secret)


def _delete_parts(store: SecretStore, parts: list[str]) -> None:
    for part in parts:
        if store.get_password(SERVICE, part) is not None:  # one may have been lost
            store.delete_password(SERVICE, part)


def _header(secret: str) -> str:
    """The content of a split secret's own entry: the number of parts, and a checksum that names them."""
    count = -(-len(secret) // _PART)
    return f"{_SPLIT}:{count}:{hashlib.sha256(secret.encode()).hexdigest()[:16]}"


def _parts(entry: str, kept: str | None) -> list[str]:
    """The entries of a split secret's parts; none for a secret in one entry."""
    if not kept or not kept.startswith(f"{_SPLIT}:"):
        return []
    count, name = kept.removeprefix(f"{_SPLIT}:").split(":")
    return [f"{entry}#{name}.{number}" for number in range(int(count))]
