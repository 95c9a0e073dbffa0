"""Where tokens are stored: the operating system's keyring or, if asked for, a file of the user's own."""

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from synq_cli.errors import UsageError
from synq_cli.session.tokens.keyring import Keyring, SecretStore
from synq_cli.state.cache import Cache
from synq_cli.state.folders import replace_file, sole_writer

STORES = ("keyring", "file")
_HINT = "Set SYNQ_TOKEN for this shell, or store the token in a file: synq auth login --insecure-storage"


def entry_of(profile: str, secret: Literal["webhook", "refresh", "refresh-next"]) -> str:
    """The entry of a profile's secret: for webhooks, its refresh token, or the one that is to replace that."""
    return f"{profile}#{secret}"  # no profile can have this name


@dataclass
class TokenStore:
    """Secrets by entry, a profile's token under its name; `where` is "keyring" or "file".

    AuthError with the hint if the keyring fails, or does not answer within `limit` seconds.
    """

    config_dir: Path
    store: SecretStore | None = None
    _: KW_ONLY
    cache: Cache
    limit: float = 3.0
    hint: str = _HINT

    def read(self, entry: str, where: str) -> str | None:
        """The entry's secret, or None if there is none."""
        return self._read_file().get(entry) if where == "file" else self._keyring.read(entry)

    def write(self, entry: str, secret: str, where: str) -> None:
        """Store the secret."""
        if where == "file":
            self._change_file(lambda secrets: secrets.__setitem__(entry, secret))
        else:
            self._keyring.write(entry, secret)

    def delete_profile(self, profile: str, where: str) -> bool:
        """Delete all secrets of the profile; False if there was no token."""
        others = (entry_of(profile, "refresh"), entry_of(profile, "refresh-next"), entry_of(profile, "webhook"))
        return self.delete(profile, *others, where=where)[0]

    def delete(self, *entries: str, where: str) -> list[bool]:
        """Delete these entries; for each, whether it was there."""
        if where != "file":
            return self._keyring.delete(*entries)
        kept = self._read_file()
        if kept.keys() & set(entries):
            self._change_file(lambda secrets: [secrets.pop(entry, None) for entry in entries])
        return [entry in kept for entry in entries]

    def backend(self) -> str:
        """The name of the keyring's backend, once it has answered."""
        return self._keyring.name()

    @property
    def _file(self) -> Path:
        return self.config_dir / "credentials.json"

    @cached_property
    def _keyring(self) -> Keyring:
        return Keyring(self.store, self.cache, limit=self.limit, hint=self.hint)

    def _read_file(self) -> dict[str, str]:
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
                f"{self._file} can't be used: it must map profiles to tokens in JSON.",
                hint="Move it away and log in again: synq auth login --insecure-storage",
            )
        return tokens

    def _change_file(self, edit: Callable[[dict[str, str]], object]) -> None:
        import json

        with sole_writer(self._file):
            tokens = self._read_file()
            edit(tokens)
            replace_file(self._file, json.dumps(tokens))
