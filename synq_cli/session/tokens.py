"""Where tokens are kept: the operating system's keyring, or, if asked for, a file of the user's own."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, TypeVar

from synq_cli.errors import AuthError, UsageError
from synq_cli.session.folders import replace_file, sole_writer

_SERVICE = "synq"
_Answer = TypeVar("_Answer")
_INSTEAD = "Set SYNQ_TOKEN for this shell, or keep the token in a file: synq auth login --insecure-storage"


def webhook_entry(profile: str) -> str:
    """The name that the profile's webhook secret is kept under; no profile can be called that."""
    return f"{profile}#webhook"


class SecretStore(Protocol):
    """What synq uses of the keyring library."""

    def get_password(self, service: str, username: str, /) -> str | None: ...
    def set_password(self, service: str, username: str, password: str, /) -> None: ...
    def delete_password(self, service: str, username: str, /) -> None: ...


class TokenStore:
    """Tokens by profile; `where` is "keyring" or "file". AuthError, saying what `instead`, if the keyring fails."""

    def __init__(
        self, config_dir: Path, keyring: SecretStore | None = None, *, limit: float = 3.0, instead: str = _INSTEAD
    ) -> None:
        self._file = config_dir / "credentials.json"
        self._keyring = keyring
        self._limit = limit
        self.instead = instead

    def read(self, profile: str, where: str) -> str | None:
        """The profile's token, or None if there is none."""
        if where == "file":
            return self._in_file().get(profile)
        return self._ask("read", lambda keyring: keyring.get_password(_SERVICE, profile))

    def write(self, profile: str, token: str, where: str) -> None:
        """Keep the token, and read it back before claiming so."""
        if where == "file":
            self._change_file(lambda tokens: tokens.__setitem__(profile, token))
            return

        def keep(keyring: SecretStore) -> str | None:
            keyring.set_password(_SERVICE, profile, token)
            return keyring.get_password(_SERVICE, profile)

        if self._ask("write to", keep) != token:
            raise AuthError("The keyring took the secret but did not keep it.", hint=self.instead)

    def delete(self, profile: str, where: str) -> bool:
        """Forget the token, and a webhook secret beside it; False if there was no token."""
        entries = (profile, webhook_entry(profile))
        if where == "file":
            kept = self._in_file()
            if kept.keys() & set(entries):
                self._change_file(lambda tokens: [tokens.pop(entry, None) for entry in entries])
            return profile in kept

        def forget(keyring: SecretStore) -> bool:
            kept = [entry for entry in entries if keyring.get_password(_SERVICE, entry) is not None]
            for entry in kept:
                keyring.delete_password(_SERVICE, entry)
            return profile in kept

        return self._ask("delete from", forget)

    def backend(self) -> str:
        """What the keyring calls itself, once it has answered."""

        def name(keyring: SecretStore) -> str:
            keyring.get_password(_SERVICE, "default")
            find = getattr(keyring, "get_keyring", None)  # the library has one, a single keyring has none
            found = find() if find else keyring
            return str(getattr(found, "name", type(found).__name__))

        return self._ask("read", name)

    def _ask(self, verb: str, call: Callable[[SecretStore], _Answer]) -> _Answer:
        """Call the keyring, but wait no longer than the limit: a half-configured one never answers."""
        from queue import Empty, SimpleQueue
        from threading import Thread

        answers: SimpleQueue[tuple[_Answer | None, Exception | None]] = SimpleQueue()

        def work() -> None:
            try:
                answers.put((call(_system_keyring() if self._keyring is None else self._keyring), None))
            except Exception as error:  # noqa: BLE001 backends raise what they like
                answers.put((None, error))

        # A daemon thread does not hold up the exit, however long the call hangs.
        Thread(target=work, daemon=True).start()
        try:
            answer, error = answers.get(timeout=self._limit)
        except Empty:
            raise AuthError(
                f"The keyring did not answer within {self._limit:g} seconds; it may be locked.",
                hint=self.instead,
            ) from None
        if error is not None:
            # The backend's own words could hold the secret, so only the kind of error is told.
            raise AuthError(_sentence(verb, type(error).__name__), hint=self.instead) from None
        return answer  # type: ignore[return-value]  # no error, so it is the call's own answer

    def _in_file(self) -> dict[str, str]:
        import json

        try:
            tokens: Any = json.loads(self._file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise UsageError(f"{self._file} can't be read: {error.strerror}.") from None
        except (ValueError, RecursionError):
            tokens = None
        if not isinstance(tokens, dict) or not all(isinstance(token, str) for token in tokens.values()):
            raise UsageError(
                f"{self._file} is damaged: it must map profiles to tokens in JSON.",
                hint="Move it away and log in again: synq auth login --insecure-storage",
            )
        return tokens

    def _change_file(self, edit: Callable[[dict[str, str]], object]) -> None:
        import json

        with sole_writer(self._file):
            tokens = self._in_file()
            edit(tokens)
            replace_file(self._file, json.dumps(tokens))


def _system_keyring() -> SecretStore:
    import keyring

    store: SecretStore = keyring  # a module with these three functions
    return store


def _sentence(verb: str, kind: str) -> str:
    if kind == "NoKeyringError":
        return "This machine has no keyring that synq can use."
    if kind == "KeyringLocked":
        return "The keyring is locked. Unlock it and try again."
    return f"Could not {verb} the keyring ({kind})."
