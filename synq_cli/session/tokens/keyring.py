"""The operating system's keyring: never waited for without end, its backend remembered, long secrets divided."""

from collections.abc import Callable
from typing import Protocol, TypeVar

from synq_cli.deadline import DeadlineError, call_within
from synq_cli.errors import AuthError
from synq_cli.state.memory import Memory

SERVICE = "synq"
_Answer = TypeVar("_Answer")
# Windows keeps 1,280 characters an entry.
_PART = 1_200
_DIVIDED = "synq:divided"
_SENTENCES = {
    "NoKeyringError": "This machine has no keyring that synq can use.",
    "KeyringLocked": "The keyring is locked. Unlock it and try again.",
}


class SecretStore(Protocol):
    """What synq uses of the keyring library."""

    def get_password(self, service: str, username: str, /) -> str | None: ...
    def set_password(self, service: str, username: str, password: str, /) -> None: ...
    def delete_password(self, service: str, username: str, /) -> None: ...


class Keyring:
    """Secrets by entry; `store` stands in for the system's. AuthError, saying what `instead`, whenever it fails."""

    def __init__(self, store: SecretStore | None, memory: Memory, *, limit: float, instead: str) -> None:
        self._store = store
        self._memory = memory
        self._limit = limit
        self._instead = instead

    def read(self, entry: str) -> str | None:
        """The entry's secret, or None if there is none."""
        return self._ask("read", lambda store: _read(store, entry))

    def write(self, entry: str, secret: str) -> None:
        """Keep the secret, and read it back before claiming so."""

        def keep(store: SecretStore) -> str | None:
            _write(store, entry, secret)
            return _read(store, entry)

        if self._ask("write to", keep) != secret:
            raise AuthError("The keyring took the secret but did not keep it.", hint=self._instead)

    def delete(self, *entries: str) -> list[bool]:
        """Forget these entries; which of them there were."""
        return self._ask("delete from", lambda store: [_delete(store, entry) for entry in entries])

    def name(self) -> str:
        """What the keyring calls itself, once it has answered."""

        def ask(store: SecretStore) -> str:
            store.get_password(SERVICE, "default")
            return str(getattr(store, "name", type(store).__name__))

        return self._ask("read", ask)

    def _ask(self, verb: str, call: Callable[[SecretStore], _Answer]) -> _Answer:
        """Call the keyring, but wait no longer than the limit: a half-configured one never answers."""

        def ask() -> _Answer:
            store = self._system_store() if self._store is None else self._store
            _refuse_null(store)
            answer = call(store)
            self._remember(store)
            return answer

        try:
            return call_within(self._limit, ask)
        except DeadlineError:
            raise AuthError(
                f"The keyring did not answer within {self._limit:g} seconds; it may be locked.",
                hint=self._instead,
            ) from None
        except Exception as error:  # noqa: BLE001 backends raise what they like
            raise AuthError(_sentence(verb, error), hint=self._instead) from None

    def _system_store(self) -> SecretStore:
        """The backend that the person configured, else the one that answered last time, else the best there is."""
        from keyring import core

        store: SecretStore | None = core.load_env() or core.load_config()
        if store is None and (known := self._memory.recall("keyring", "backend")):
            try:
                store = core.load_keyring(str(known))
            except Exception:  # noqa: BLE001 it went away; the search below finds another
                store = None
        if store is None:
            # Loads every backend that any installed package offers: slow, so the one that answers is remembered.
            found = core.get_keyring()
            # A chain of several would search again each time; it writes to its first one.
            store = next(iter(getattr(found, "backends", [])), found)
        return store

    def _remember(self, store: SecretStore) -> None:
        if self._store is None:
            self._memory.remember("keyring", "backend", f"{type(store).__module__}.{type(store).__qualname__}")
            self._store = store


class _SwitchedOffError(Exception):
    """The null backend accepts everything and keeps nothing."""


class _IncompleteError(Exception):
    """Parts of a divided secret are missing."""


def _refuse_null(store: SecretStore) -> None:
    if type(store).__module__ == "keyring.backends.null":
        raise _SwitchedOffError


def _read(store: SecretStore, entry: str) -> str | None:
    kept = store.get_password(SERVICE, entry)
    parts = _parts(entry, kept)
    if not parts:
        return kept
    secret = "".join(store.get_password(SERVICE, part) or "" for part in parts)
    if _mark(secret) != kept:
        raise _IncompleteError
    return secret


def _write(store: SecretStore, entry: str, secret: str) -> None:
    """Whole where the keyring takes it whole, else divided; the secret of before goes only once this one is there."""
    before = _parts(entry, store.get_password(SERVICE, entry))
    try:
        store.set_password(SERVICE, entry, secret)
        parts = []
    except Exception:  # each backend has an error of its own for what is too long
        if len(secret) <= _PART:
            raise
        mark = _mark(secret)
        parts = _parts(entry, mark)
        for number, part in enumerate(parts):
            store.set_password(SERVICE, part, secret[number * _PART : (number + 1) * _PART])
        store.set_password(SERVICE, entry, mark)
    for part in before:
        if part not in parts:
            store.delete_password(SERVICE, part)


def _delete(store: SecretStore, entry: str) -> bool:
    kept = store.get_password(SERVICE, entry)
    if kept is None:
        return False
    for part in _parts(entry, kept):
        if store.get_password(SERVICE, part) is not None:
            store.delete_password(SERVICE, part)
    store.delete_password(SERVICE, entry)
    return True


def _mark(secret: str) -> str:
    """What stands in a divided secret's own entry: how many parts there are, and by which name."""
    import hashlib

    count = -(-len(secret) // _PART)
    return f"{_DIVIDED}:{count}:{hashlib.sha256(secret.encode()).hexdigest()[:16]}"


def _parts(entry: str, kept: str | None) -> list[str]:
    """The entries that the parts of a divided secret lie in; none for a whole one."""
    if not kept or not kept.startswith(f"{_DIVIDED}:"):
        return []
    count, name = kept.removeprefix(f"{_DIVIDED}:").split(":")
    return [f"{entry}#{name}.{number}" for number in range(int(count))]


def _sentence(verb: str, error: Exception) -> str:
    """The backend's own words could hold the secret, so only the kind of error is told."""
    if isinstance(error, _SwitchedOffError):
        return "The keyring is switched off here (the null backend): it would keep nothing."
    if isinstance(error, _IncompleteError):
        return "The keyring has lost a part of the secret, which it holds in several."
    kind = type(error).__name__
    return _SENTENCES.get(kind, f"Could not {verb} the keyring ({kind}).")
