"""Where tokens are stored: the operating system's keyring or, if asked for, a file of the user's own."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar

from synq_cli.deadline import DeadlineError, call_within, terminal_kept
from synq_cli.errors import AuthError, UsageError
from synq_cli.session.tokens import keyring
from synq_cli.session.tokens.keyring import SecretStore
from synq_cli.state.cache import Cache
from synq_cli.state.folders import one_at_a_time, replace_file, sole_writer

STORES = ("keyring", "file")
LOGIN_HINT = "Set SYNQ_TOKEN for this shell, or store the token in a file: synq auth login --insecure-storage"
_SENTENCES = {
    "NoKeyringError": "This machine has no keyring that synq can use.",
    "KeyringLocked": "The keyring is locked. Unlock it and try again.",
}
_Answer = TypeVar("_Answer")


class MissingKeyringError(AuthError):
    """There is no keyring, or one that stores nothing."""


def entry_of(profile: str, secret: Literal["webhook", "refresh", "refresh-next"]) -> str:
    """The entry of a profile's secret: for webhooks, its refresh token, or the one that is to replace that."""
    return f"{profile}#{secret}"  # no profile can have this name


class TokenStore:
    """Secrets by entry, a profile's token under its name; `where` is "keyring" or "file".

    Without a `store` the keyring is the system's. Processes use it one after the other, by a file in `lock_folder`, so
    that a locked one asks for its password once. `note` is called if that takes over `slow_after` seconds. AuthError,
    with the hint, if the keyring fails or takes over `limit` seconds.
    """

    def __init__(
        self,
        config_dir: Path,
        store: SecretStore | None = None,
        *,
        cache: Cache,
        lock_folder: Callable[[], Path],
        note: Callable[[str], None],
        slow_after: float = 2.0,
        limit: float = 60.0,
        hint: str = LOGIN_HINT,
    ) -> None:
        self.store = store
        self.cache = cache
        self.lock_folder = lock_folder
        self.note = note
        self.slow_after = slow_after
        self.limit = limit
        self.hint = hint
        self._file = config_dir / "credentials.json"

    def read(self, entry: str, where: str) -> str | None:
        """The entry's secret, or None if there is none."""
        if where == "file":
            return self._read_file().get(entry)
        return self._call("read", lambda store: keyring.read(store, entry))

    def write(self, entry: str, secret: str, where: str) -> None:
        """Store the secret."""
        if where == "file":
            self._change_file(lambda secrets: secrets.__setitem__(entry, secret))
        else:
            self._call("write to", lambda store: keyring.write(store, entry, secret))

    def replace(self, secrets: Mapping[str, str | None], where: str) -> dict[str, str | None]:
        """Store these secrets, and delete those that are None: all or none; gives what they were before."""
        if where != "file":
            return self._call("write to", lambda store: keyring.replace(store, secrets))
        before = {}

        def edit(kept: dict[str, str]) -> None:
            for entry, secret in secrets.items():
                before[entry] = kept.pop(entry, None)
                if secret is not None:
                    kept[entry] = secret

        self._change_file(edit)
        return before

    def delete_profile(self, profile: str, where: str) -> bool:
        """Delete all secrets of the profile; False if there was no token."""
        others = (entry_of(profile, "refresh"), entry_of(profile, "refresh-next"), entry_of(profile, "webhook"))
        return self.delete(profile, *others, where=where)[0]

    def delete(self, *entries: str, where: str) -> list[bool]:
        """Delete these entries; for each, whether it was there."""
        if where != "file":
            return self._call("delete from", lambda store: [keyring.delete(store, entry) for entry in entries])
        kept = self._read_file()
        if kept.keys() & set(entries):
            self._change_file(lambda secrets: [secrets.pop(entry, None) for entry in entries])
        return [entry in kept for entry in entries]

    def backend(self) -> str:
        """The name of the keyring's backend, once it has answered."""

        def read(store: SecretStore) -> str:
            store.get_password(keyring.SERVICE, "default")
            return str(getattr(store, "name", type(store).__name__))

        return self._call("read", read)

    def _call(self, verb: str, call: Callable[[SecretStore], _Answer]) -> _Answer:
        """Call the keyring within the limit: a half-configured one never answers."""

        def ask() -> _Answer:
            # Half of the time, since the other process may have been stopped.
            with one_at_a_time(self.lock_folder, "keyring.lock", self.limit / 2):
                store = keyring.system_keyring(self.cache) if self.store is None else self.store
                if type(store).__module__ == "keyring.backends.null":
                    raise MissingKeyringError("The keyring is disabled (null backend); it would store nothing.")
                answer = call(store)
                if self.store is None:
                    self.cache.set("keyring", "backend", f"{type(store).__module__}.{type(store).__qualname__}")
                    self.store = store
                return answer

        waiting = f"Waiting for the keyring, up to {self.limit:g} s. If it asks for its password, enter it there."
        failure = AuthError
        try:
            with terminal_kept():  # some keyrings ask there for their password
                return call_within(self.limit, ask, slow_after=self.slow_after, on_slow=lambda: self.note(waiting))
        except AuthError as error:
            failure, message = type(error), error.message
        except DeadlineError:
            message = f"The keyring did not respond within {self.limit:g} seconds; it may be locked."
        except Exception as error:  # noqa: BLE001 each backend has errors of its own
            # The backend's own words could contain the secret, so only the kind of error is shown.
            kind = type(error).__name__
            failure = MissingKeyringError if kind == "NoKeyringError" else AuthError
            message = _SENTENCES.get(kind, f"Could not {verb} the keyring ({kind}).")
        raise failure(message, hint=self.hint)

    def _read_file(self) -> dict[str, str]:
        try:
            tokens: Any = json.loads(self._file.read_text(encoding="utf-8-sig"))
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise UsageError(f"{self._file} can't be read: {error.strerror}.") from None
        except (ValueError, RecursionError):
            tokens = None
        if not isinstance(tokens, dict) or not all(isinstance(token, str) for token in tokens.values()):
            raise UsageError(
                f"{self._file} can't be used: it must map profiles to tokens in JSON.",
                hint="Move it away and log in again: synq auth login --insecure-storage",
            )
        return tokens

    def _change_file(self, edit: Callable[[dict[str, str]], object]) -> None:
        with sole_writer(self._file):
            tokens = self._read_file()
            edit(tokens)
            replace_file(self._file, json.dumps(tokens))
