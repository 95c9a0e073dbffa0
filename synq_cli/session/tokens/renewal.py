"""How a profile gets a fresh token: from a command of the user's own, or for an OAuth 2 refresh token."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from synq_cli.errors import AuthError, NetworkError, SynqError
from synq_cli.session.settings import Settings
from synq_cli.session.tokens.stores import TokenStore, next_refresh_entry, refresh_entry
from synq_cli.state.folders import private_folder

# Somebody else's renewal ends within its limit, and the keyring takes its time.
_LOCK_LIMITS = 1.5
_LONGEST_WORDS = 500
# Sends a form to a URL; gives the status and the body of the answer, NetworkError if there is none.
PostForm = Callable[[str, Mapping[str, str]], tuple[int, bytes]]


class Renewal:
    """The renewal of one profile's token, done by one process of the user at a time.

    `folder` is asked for when the lock is needed; `secrets` is told every secret that comes up, `tell` what a person
    should know. `post_form` sends the refresh token to its own address, never along a redirect.
    """

    def __init__(
        self,
        settings: Settings,
        tokens: TokenStore,
        where: str,
        *,
        environ: Mapping[str, str],
        folder: Callable[[], Path],
        secrets: list[str],
        tell: Callable[[str], None],
        post_form: PostForm,
        limit: float = 30.0,
    ) -> None:
        self._settings = settings
        self._profile = settings.profile
        self._tokens = tokens
        self._where = where
        self._environ = environ
        self._folder = folder
        self._secrets = secrets
        self._tell = tell
        self._post_form = post_form
        self._limit = limit

    @property
    def way(self) -> str | None:
        """How the profile renews its token: token_command, refresh_token or, where it does not, None."""
        if self._settings.token_command:
            return "token_command"
        return "refresh_token" if self._settings.token_url else None

    def renew(self, stale: str | None, check: Callable[[str], None]) -> str:
        """A token that is not the stale one: another process's, if it was quicker, else a fresh one, kept.

        `check` raises for a token that can't be used, before anything is kept. AuthError if there is none to be had;
        what was stored stays.
        """
        with self._lock():
            kept = self._tokens.read(self._profile, self._where)
            if kept and kept != stale:
                with suppress(SynqError):
                    check(kept)
                    return kept
            if self._settings.token_command:
                fresh = self.ask_command(self._settings.token_command)
                check(fresh)
                self._keep(fresh)
            else:
                refresh = self._refresh_token()
                fresh, rotated = self.grant(refresh)
                if rotated not in {None, refresh}:
                    self._keep_rotated(str(rotated))
                check(fresh)
                self._keep(fresh)
        return fresh

    def ask_command(self, command: str) -> str:
        """What the command prints; AuthError, with its own words, if it fails. No shell reads it."""
        import shlex
        import subprocess

        words = shlex.split(command)
        try:
            done = subprocess.run(  # noqa: S603 the user's own command, from the user's own profile
                words,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=self._limit,
                env=dict(self._environ),
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise self._failed(f"the token_command ({words[0]}) did not end within {self._limit:g} seconds") from None
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "its words can't be passed on"
            raise self._failed(f"the token_command ({words[0]}) can't be run: {reason}") from None
        if done.returncode:
            said = self._mask(done.stderr.decode("utf-8", "replace").strip())[-_LONGEST_WORDS:]
            raise self._failed(
                f"the token_command ({words[0]}) ended with status {done.returncode}{said and ': '}{said}"
            )
        token = done.stdout.decode("utf-8", "replace").strip()
        self._secrets.append(token)
        return token

    def grant(self, refresh: str) -> tuple[str, str | None]:
        """A fresh token and, where the server gives one, the refresh token that replaces this one (RFC 6749, 6)."""
        self._secrets.append(refresh)
        form = {"grant_type": "refresh_token", "refresh_token": refresh}
        if self._settings.client_id:
            form["client_id"] = self._settings.client_id
        url = str(self._settings.token_url)
        status, answer = self._post(url, form)
        fresh, rotated = answer.get("access_token"), answer.get("refresh_token")
        self._secrets += [text for text in (fresh, rotated) if isinstance(text, str) and text]
        if status >= 300:
            said = " ".join(str(answer[key]) for key in ("error", "error_description") if answer.get(key))
            words = self._mask(said)[:_LONGEST_WORDS]
            denied = "denied the renewal" if 400 <= status < 500 else "failed"
            raise self._failed(f"{_shown(url)} {denied}: {words or f'status {status}'}")
        if not isinstance(fresh, str):
            raise self._failed(f"the answer of {_shown(url)} holds no access_token")
        return fresh, rotated if isinstance(rotated, str) and rotated else None

    def _post(self, url: str, form: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
        """Status and object of the answer."""
        import json

        try:
            status, body = self._post_form(url, form)
        except NetworkError as error:
            raise self._failed(self._mask(error.message)) from None
        try:
            answer = json.loads(body)
        except (ValueError, RecursionError):
            answer = None
        return status, answer if isinstance(answer, dict) else {}

    def keep_refresh(self, refresh: str) -> None:
        """Keep the first refresh token."""
        self._tokens.write(refresh_entry(self._profile), refresh, self._where)
        self._tokens.drop(next_refresh_entry(self._profile), where=self._where)

    def _refresh_token(self) -> str:
        # One that was to replace the other when synq was killed is the newer one.
        entries = (next_refresh_entry(self._profile), refresh_entry(self._profile))
        found = next(filter(None, (self._tokens.read(entry, self._where) for entry in entries)), None)
        if found is None:
            raise self._failed(f"profile {self._profile} has no refresh token")
        return found

    def _keep_rotated(self, rotated: str) -> None:
        """Keep the new refresh token beside the old one before it takes its place."""
        try:
            self._tokens.write(next_refresh_entry(self._profile), rotated, self._where)
            self.keep_refresh(rotated)
        except SynqError as error:
            self._tell(
                f"The new refresh token could not be stored: {error.message} When this token ends, log in again: "
                f"synq auth login --profile {self._profile}"
            )

    def _keep(self, fresh: str) -> None:
        try:
            self._tokens.write(self._profile, fresh, self._where)
        except SynqError as error:
            self._tell(f"The fresh token serves this run, but could not be stored: {error.message}")

    @contextmanager
    def _lock(self) -> Iterator[None]:
        """Hold off every other process of this user that would renew the same token.

        The system takes the lock from a process that dies.
        """
        from filelock import FileLock, Timeout

        wait = self._limit * _LOCK_LIMITS
        lock = FileLock(private_folder(self._folder()) / f"{self._profile}.renewal.lock", timeout=wait, mode=0o600)
        try:
            lock.acquire()
        except Timeout:
            raise self._failed(f"another synq has been at it for {wait:g} seconds") from None
        except OSError as error:
            raise self._failed(f"{lock.lock_file} can't be locked: {error.strerror}") from None
        try:
            yield
        finally:
            lock.release()

    def _mask(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "[token]") if secret else text
        return text

    def _failed(self, reason: str) -> AuthError:
        return AuthError(
            f"The token of profile {self._profile} could not be renewed: {reason.rstrip('.')}.",
            hint="The stored login stays as it was. Mend this and try again: synq auth refresh --profile "
            f"{self._profile}, or log in anew: synq auth login --profile {self._profile}",
        )


def _shown(url: str) -> str:
    """The address without its query, which may hold a key."""
    return url.partition("?")[0]
