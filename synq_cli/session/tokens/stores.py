"""Where tokens are kept: the operating system's keyring, or, if asked for, a file of the user's own."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from synq_cli.errors import UsageError
from synq_cli.session.tokens.keyring import Keyring, SecretStore
from synq_cli.state.folders import replace_file, sole_writer
from synq_cli.state.memory import Memory

STORES = ("keyring", "file")
_INSTEAD = "Set SYNQ_TOKEN for this shell, or keep the token in a file: synq auth login --insecure-storage"


def webhook_entry(profile: str) -> str:
    """The name that the profile's webhook secret is kept under; no profile can be called that."""
    return f"{profile}#webhook"


def refresh_entry(profile: str) -> str:
    """The name that the profile's refresh token is kept under."""
    return f"{profile}#refresh"


def next_refresh_entry(profile: str) -> str:
    """The name that the next refresh token is kept under until it has taken the place of the one before."""
    return f"{profile}#refresh-next"


class TokenStore:
    """Secrets by entry, a profile's token under its name; `where` is "keyring" or "file". AuthError if that fails."""

    def __init__(
        self,
        config_dir: Path,
        store: SecretStore | None = None,
        *,
        memory: Memory,
        limit: float = 3.0,
        instead: str = _INSTEAD,
    ) -> None:
        self._file = config_dir / "credentials.json"
        self._keyring = Keyring(store, memory, limit=limit, instead=instead)

    def read(self, entry: str, where: str) -> str | None:
        """The entry's secret, or None if there is none."""
        return self._in_file().get(entry) if where == "file" else self._keyring.read(entry)

    def write(self, entry: str, secret: str, where: str) -> None:
        """Keep the secret, and read it back before claiming so."""
        if where == "file":
            self._change_file(lambda secrets: secrets.__setitem__(entry, secret))
        else:
            self._keyring.write(entry, secret)

    def delete(self, profile: str, where: str) -> bool:
        """Forget all that is kept for the profile; False if there was no token."""
        more = (refresh_entry(profile), next_refresh_entry(profile), webhook_entry(profile))
        return self.drop(profile, *more, where=where)[0]

    def drop(self, *entries: str, where: str) -> list[bool]:
        """Forget these entries; which of them there were."""
        if where != "file":
            return self._keyring.delete(*entries)
        kept = self._in_file()
        if kept.keys() & set(entries):
            self._change_file(lambda secrets: [secrets.pop(entry, None) for entry in entries])
        return [entry in kept for entry in entries]

    def backend(self) -> str:
        """What the keyring calls itself, once it has answered."""
        return self._keyring.name()

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
