"""Renewal of a profile's token: by a command of the user's own, or with an OAuth 2 refresh token."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import Any

from synq_cli.errors import AuthError, NetworkError, RateLimitedError, ServerError, SynqError
from synq_cli.session.settings import Settings
from synq_cli.session.tokens.credentials import bare_token
from synq_cli.session.tokens.stores import TokenStore, entry_of
from synq_cli.session.user_command import LIMIT, LONGEST_QUOTE, CommandError, run_command
from synq_cli.state.folders import private_folder

# How long to wait for another process's renewal, in limits of one: the keyring takes its time, too.
_LOCK_LIMITS = 1.5
# Sends a form to a URL; gives the status and the body of the reply, NetworkError if there is none.
PostForm = Callable[[str, Mapping[str, str]], tuple[int, bytes]]


@dataclass(eq=False, repr=False)
class Renewal:
    """The renewal of one profile's token, by one process of the user at a time.

    `folder` is that of the lock file. Every secret is added to `secrets`. `post_form` sends the refresh token to the
    token URL and follows no redirect. `is_current` says whether the profile still has this login. `limit` is for the
    command, in seconds; on a terminal, where it may ask a person for something, it has ten times as long and shows its
    stderr. Raises NetworkError, RateLimitedError and ServerError if the token URL is at fault, else AuthError.
    """

    settings: Settings
    tokens: TokenStore
    where: str
    _: KW_ONLY
    environ: Mapping[str, str]
    folder: Callable[[], Path]
    secrets: list[str]
    warn: Callable[[str], None]
    post_form: PostForm
    is_current: Callable[[], bool]
    limit: float = LIMIT
    terminal: bool = False

    @property
    def profile(self) -> str:
        """The name of the profile."""
        return self.settings.profile

    def renew(self, stale: str | None, check: Callable[[str], None]) -> str:
        """A token that is not the stale one: another process's, if it was quicker, else a new one, which is stored.

        `check` raises for an unusable token before it is stored. If there is no new token, the stored login stays.
        """
        with self.lock():
            if not self.is_current():
                raise AuthError(
                    f"Another process has changed the login of profile {self.profile}, or logged out.",
                    hint=f"`synq auth status --profile {self.profile}` shows the login that it has now.",
                )
            stored = self.tokens.read(self.profile, self.where)
            if stored and stored != stale:
                with suppress(SynqError):
                    check(stored)
                    return stored
            if self.settings.token_command:
                fresh = self.run_command(self.settings.token_command)
            else:
                refresh = self._refresh_token()
                fresh, rotated = self.exchange(refresh)
                if rotated and rotated != refresh:
                    self._store_rotated(rotated)
            check(fresh)
            try:
                self.tokens.write(self.profile, fresh, self.where)
            except SynqError as error:
                self.warn(f"The new token is used but not stored: {error.message}")
        return fresh

    def run_command(self, command: str) -> str:
        """The token that the command prints."""
        try:
            printed = run_command(
                command,
                "token_command",
                environ=self.environ,
                terminal=self.terminal,
                mask=self._mask,
                limit=self.limit,
            )
        except CommandError as error:
            raise self._failed(str(error)) from None
        token = bare_token(printed)
        self.secrets.append(token)
        return token

    def exchange(self, refresh: str) -> tuple[str, str | None]:
        """A new token for the refresh token and, if the server rotates it, the next refresh token (RFC 6749, 6)."""
        self.secrets.append(refresh)
        form = {"grant_type": "refresh_token", "refresh_token": refresh}
        if self.settings.client_id:
            form["client_id"] = self.settings.client_id
        url = str(self.settings.token_url)
        shown = url.partition("?")[0]  # the query may contain a key
        try:
            status, body = self.post_form(url, form)
        except NetworkError as error:
            failed = self._failed(self._mask(error.message), NetworkError)
            failed.retryable = error.retryable
            raise failed from None
        answer: Any = None
        with suppress(ValueError, RecursionError):
            answer = json.loads(body)
        if not isinstance(answer, dict):
            answer = {}
        found = (answer.get("access_token"), answer.get("refresh_token"))
        fresh, rotated = (value if isinstance(value, str) and value else None for value in found)
        self.secrets += filter(None, (fresh, rotated))
        words = " ".join(str(answer[key]) for key in ("error", "error_description") if answer.get(key))
        said = self._mask(words)[:LONGEST_QUOTE]
        if status >= 300:
            reason = said or f"status {status}"
            kind = _kind_of(status)
            raise self._failed(f"{shown} {'denied the renewal' if kind is AuthError else 'failed'}: {reason}", kind)
        if fresh is None:
            # Some servers report a denial with status 200.
            kind = AuthError if answer.get("error") else ServerError
            raise self._failed(f"the response of {shown} has no access_token{said and ': '}{said}", kind)
        return fresh, rotated

    def store_refresh(self, refresh: str) -> None:
        """Store the refresh token; one that waited to replace it is deleted."""
        self.tokens.write(entry_of(self.profile, "refresh"), refresh, self.where)
        self.tokens.delete(entry_of(self.profile, "refresh-next"), where=self.where)

    def _refresh_token(self) -> str:
        # If synq was killed between the two, the one that was to replace the other is the newer one.
        for entry in (entry_of(self.profile, "refresh-next"), entry_of(self.profile, "refresh")):
            if found := self.tokens.read(entry, self.where):
                return found
        raise self._failed(f"profile {self.profile} has no refresh token")

    def _store_rotated(self, rotated: str) -> None:
        """Store the new refresh token beside the old one before it replaces it."""
        try:
            self.tokens.write(entry_of(self.profile, "refresh-next"), rotated, self.where)
            self.store_refresh(rotated)
        except SynqError as error:
            self.warn(
                f"The new refresh token could not be stored: {error.message} When this token expires, log in again: "
                f"synq auth login --profile {self.profile}"
            )

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Exclude every other process of this user that would renew the same token; a dead one holds no lock."""
        from filelock import FileLock, Timeout

        wait = self.limit * _LOCK_LIMITS
        path = private_folder(self.folder()) / f"{self.profile}.renewal.lock"
        try:
            lock = FileLock(path, timeout=wait, mode=0o600).acquire()
        except Timeout:
            failed = self._failed(f"another synq process has been renewing it for {wait:g} seconds")
            failed.retryable = True
            raise failed from None
        except OSError as error:
            raise self._failed(f"{path} can't be locked: {error.strerror}") from None
        with lock:
            yield

    def _mask(self, text: str) -> str:
        for secret in filter(None, self.secrets):
            text = text.replace(secret, "[token]")
        return text

    def _failed(self, reason: str, kind: type[SynqError] = AuthError) -> SynqError:
        later = "Try again later; `synq config get token_url` shows the token URL."
        fix = (
            f"Fix this and run `synq auth refresh --profile {self.profile}`, "
            f"or log in again: synq auth login --profile {self.profile}"
        )
        return kind(
            f"The token of profile {self.profile} could not be renewed: {reason.rstrip('.')}.",
            hint=f"The stored login was not changed. {fix if kind is AuthError else later}",
        )


def _kind_of(status: int) -> type[SynqError]:
    """The error for a token URL's failure: only a 4xx is about the refresh token."""
    if status == 429:
        return RateLimitedError
    return AuthError if 400 <= status < 500 and status != 408 else ServerError
