"""The session of a run: API host, profile, tenant, organization and token."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any

from synq_cli.errors import AuthError, NetworkError, RateLimitedError, RefusedError, ServerError, SynqError
from synq_cli.nearest import did_you_mean
from synq_cli.session import profiles
from synq_cli.session.network.base_url import host_of
from synq_cli.session.settings import RENEWAL_SETTINGS, SANDBOX, Settings, stored_base_url
from synq_cli.session.tokens.credentials import Credentials, bare_token, check_token, read_subject, scope_of
from synq_cli.session.tokens.stores import STORES, MissingKeyringError, TokenStore, entry_of
from synq_cli.state.cache import Cache
from synq_cli.times import timestamp
from synq_cli.uuids import parse_uuid

if TYPE_CHECKING:
    from synq_cli.session.tokens.renewal import PostForm, Renewal

# A token is renewed this many seconds before it expires; after a failure, not again for a while.
_MARGIN, _PAUSE = 300.0, 60.0
# How a renewal fails whose token URL is at fault.
TOKEN_URL_ERRORS = (NetworkError, RateLimitedError, ServerError)
# What the environment can set instead of a profile.
OVERRIDES = ("SYNQ_TOKEN", "SYNQ_BASE_URL", "SYNQ_TENANT_ID", "SYNQ_ORG_ID")


class Session:
    """Who a run talks to the API as; the token is read when it is first needed, and renewed before it expires.

    `secrets` are all that came up in this run; `terminal` says whether stderr is one. Threads share a session.
    """

    def __init__(
        self,
        settings: Settings,
        environ: Mapping[str, str],
        tokens: TokenStore,
        config: profiles.Config,
        *,
        sandbox_token: Callable[[], str],
        cache: Cache,
        now: Callable[[], float],
        lock_folder: Callable[[], Path],
        warn: Callable[[str], None],
        post_form: "PostForm",
        terminal: bool = False,
    ) -> None:
        self.settings = settings
        self.environ = environ
        self.tokens = tokens
        self.config = config
        self.sandbox_token = sandbox_token
        self.cache = cache
        self.now = now
        self.lock_folder = lock_folder
        self.warn = warn
        self.post_form = post_form
        self.terminal = terminal
        self.profile = settings.profile
        self.base_url = settings.base_url
        self.host = SANDBOX if self.profile == SANDBOX else host_of(self.base_url)
        self.secrets: list[str] = []
        self._stored = config.profiles.get(self.profile, {})
        self._entered: tuple[str, str] | None = None
        self._current: Credentials | None = None
        self._lock = RLock()
        self._next_attempt = 0.0

    def use(self, token: str, source: str) -> None:
        """Use this token, not the stored one."""
        self._entered = bare_token(token), source

    @property
    def credentials(self) -> Credentials:
        """The token and its ids. AuthError if there is none, RefusedError if it is another tenant's."""
        with self._lock:
            return self._current or self._set_token(*self._find_token())

    @property
    def renews(self) -> str | None:
        """How the stored login renews itself: "token_command", "refresh_token", or None if it does not."""
        if self.profile == SANDBOX:
            return None
        return "token_command" if self.settings.token_command else "refresh_token" if self.settings.token_url else None

    @property
    def can_renew(self) -> bool:
        """Whether the token is the stored login's, and that renews itself."""
        return self.credentials.source in STORES and self.renews is not None

    def keep_fresh(self, until: float = 0.0) -> None:
        """Renew a token that expires within five minutes, or before `until` in epoch seconds, if the profile can.

        What `Renewal` raises if it has expired and there is no other; before that, a failure is a warning.
        """
        with self._lock:
            expires_at, now = self.credentials.expires_at, self.now()
            if expires_at is None or expires_at > max(now + _MARGIN, until):
                return
            if self.credentials.source == SANDBOX:
                self._set_token(self.sandbox_token(), SANDBOX)
            if not self.can_renew:
                return
            if now < min(expires_at, self._next_attempt):
                return
            self._next_attempt = now + _PAUSE
            try:
                self.renew()
            except (AuthError, *TOKEN_URL_ERRORS) as error:
                if expires_at <= now:
                    raise
                self.warn(f"{error.message} The current one is valid for {(expires_at - now) / 60:.0f} minutes.")

    def renew(self, refused: str | None = None) -> bool:
        """Replace the refused token, by default the current one; False if the profile can't renew it."""
        with self._lock:
            if not self.can_renew:
                return False
            if refused is None or refused == self.credentials.token:
                fresh = self.renewal(self.settings, self._where).renew(self.credentials.token, self._check_new)
                self._set_token(fresh, self._where)
            return True

    def renew_now(self) -> None:
        """Renew the token; AuthError, with what to do about it, if the profile can't. Raises what `Renewal` raises."""
        if not self.renew():
            source = self.credentials.source
            raise AuthError(
                f"The token from {source} can't be renewed.",
                hint="Unset SYNQ_TOKEN to use the profile's own login."
                if source == "SYNQ_TOKEN"
                else f"Set up renewal: synq auth login --profile {self.profile}",
            )

    def renewal(self, settings: Settings, where: str) -> "Renewal":
        """The renewal that these settings describe, of a login in this store."""
        from synq_cli.session.tokens.renewal import Renewal

        return Renewal(
            settings,
            self.tokens,
            where,
            environ=self.environ,
            folder=self.lock_folder,
            secrets=self.secrets,
            warn=self.warn,
            post_form=self.post_form,
            is_current=self._is_current,
            terminal=self.terminal,
        )

    def describe(self, *, in_use: bool = True) -> dict[str, object]:
        """The login as a row, found without asking the keyring; null for what is unknown."""
        source, claims = self._known_login()
        settings, expires_at = self.settings, claims.get("expires_at")
        return {
            "profile": self.profile,
            "in_use": in_use,
            "environment": settings.environment,
            "base_url": settings.base_url,
            "tenant_id": settings.tenant_id or claims.get("tenant_id"),
            "org_id": settings.org_id or claims.get("org_id"),
            "role": claims.get("role"),
            "token_source": source,
            "expires_at": None if expires_at is None else timestamp(expires_at),
            "renews": self.renews,
            "overridden_by": self._overrides(),
        }

    def check_login(self) -> None:
        """AuthError if there is no login, as far as is known without asking the keyring."""
        if self._known_login()[0] is None and not self.renews:
            raise self._not_logged_in()

    def check_expiry(self) -> None:
        """AuthError for a token that has expired and does not renew itself, found without asking the keyring."""
        source, claims = self._known_login()
        expires_at = claims.get("expires_at")
        renews = source in STORES and self.renews
        if expires_at is not None and expires_at <= self.now() and not renews:
            when = timestamp(expires_at)
            raise AuthError(f"The token from {source} expired at {when}.", hint=self._new_token(source))

    def save_login(self, where: str, renewal: Mapping[str, str], refresh: str | None) -> None:
        """Store the token that was entered, and what renews it, as the profile's login.

        `where` is "keyring" or "file", `renewal` the settings of the renewal, `refresh` the refresh token if any. If
        it can't be stored, the login before stays; else that is deleted, also from the other store.
        """
        named: dict[str, Any] = dict.fromkeys(RENEWAL_SETTINGS) | dict(renewal)
        settings = self.settings._replace(**named)
        credentials = self.credentials
        secrets = {
            entry_of(self.profile, "refresh"): refresh,
            entry_of(self.profile, "refresh-next"): None,
            self.profile: credentials.token,
        }
        ids = {"tenant_id": credentials.tenant_id, "org_id": credentials.org_id}
        # A claim can be any text; in the profile, one that is no UUID would stop every later run.
        found = {name: value for name, value in ids.items() if parse_uuid(value, bare=False)}

        def edit(config: dict[str, Any]) -> None:
            self._drop_renewal(config)
            config["profiles"].setdefault(self.profile, {}).update(
                {**found, "base_url": self.base_url, "token_store": where, **renewal}
            )
            config["current_profile"] = config.get("current_profile") or self.profile

        with self._no_renewal():
            before = self.tokens.replace(secrets, where)
            try:
                profiles.change(self.config.path, edit)
            except BaseException:  # no profile would name the token
                self.tokens.replace(before, where)
                raise
            other = "file" if where == "keyring" else "keyring"
            if other == "file" or self._stored.get("token_store") == other:  # a keyring that was not used may hang
                self._clear_other_store(other, where)
        self.settings, self._entered = settings, None
        self._set_token(credentials.token, where)

    def forget_login(self) -> bool:
        """Delete the profile's login with all its secrets, from both stores; False if there was none.

        An error of the store that the profile does not use is a warning.
        """
        had, own = False, self._where if self._stored else None
        with self._no_renewal():
            for where in ("file", "keyring"):
                try:
                    had |= self.tokens.delete_profile(self.profile, where)
                except SynqError as error:
                    if where == own:
                        raise
                    if not isinstance(error, MissingKeyringError):
                        self._warn_of_leftovers(where, error)
            self.cache.set("logins", self.profile, None)
            if self._stored.keys() & RENEWAL_SETTINGS:
                profiles.change(self.config.path, self._drop_renewal)
        return had

    def keep(self, name: str, value: object) -> None:
        """Save a setting in the profile, if its host is this session's; UsageError if it can't be saved."""
        if self.profile != SANDBOX and host_of(stored_base_url(self.config, self.profile)) == self.host:
            profiles.save_setting(self.config.path, self.profile, name, value)

    @property
    def identity(self) -> dict[str, str | None]:
        """Tenant and organization, null if there is no login that tells."""
        known = {"tenant_id": self.settings.tenant_id, "org_id": self.settings.org_id}
        if not all(known.values()):
            with suppress(AuthError, *TOKEN_URL_ERRORS):
                known = {"tenant_id": self.credentials.tenant_id, "org_id": self.credentials.org_id}
        return known

    @property
    def address(self) -> tuple[str, int]:
        """Host and port of the API."""
        from urllib.parse import urlsplit

        parts = urlsplit(self.base_url)
        return parts.hostname or "", parts.port or {"https": 443, "http": 80}[parts.scheme]

    @property
    def scope(self) -> str:
        """The scope of local state: host and tenant."""
        return scope_of(self.host, self.credentials.tenant_id, self.profile)

    @property
    def subject(self) -> str | None:
        """Whom the token names, unverified: an email address or another subject."""
        return read_subject(self.credentials.token)

    def login_hint(self, now: float) -> str:
        """What to do about a token that the API refuses."""
        expires_at = self.credentials.expires_at
        expired = ""
        if expires_at is not None and expires_at < now:
            minutes = round((now - expires_at) / 60)
            expired = f"The token expired {minutes} minutes ago. " if minutes > 1 else "The token has just expired. "
        if self.profile == SANDBOX:
            return f"{expired}Run the command again: the sandbox issues a new token each time."
        return f"{expired}{self._new_token(self.credentials.source)}"

    def _new_token(self, source: str | None) -> str:
        if source == "SYNQ_TOKEN":
            return "Set SYNQ_TOKEN to a new token."
        return f"Log in again: synq auth login --profile {self.profile}"

    @property
    def _where(self) -> str:
        return profiles.token_store(self.config, self.profile)

    def _known_login(self) -> tuple[str | None, Mapping[str, Any]]:
        """Where the token comes from, None if there is none, and its claims."""
        stored = self.profile != SANDBOX and not self._entered and not self.environ.get("SYNQ_TOKEN")
        if stored and self._current is None and self._where == "keyring":
            claims = self.cache.get("logins", self.profile, {}) if self._stored else None
            return (None, {}) if claims is None else ("keyring", claims)
        if stored and self._where == "file" and not self.tokens.read(self.profile, "file"):
            return None, {}
        return self.credentials.source, self.credentials.claims

    def _overrides(self) -> list[str]:
        """What sets another profile, host, tenant, organization or token than the profile's own."""
        if self.profile == SANDBOX:
            return []
        sources = [self.settings.sources[name] for name in ("profile", "base_url", "tenant_id", "org_id")]
        own = {f"profile {self.profile}", "default", "auth switch", "option --profile"}
        token = ["SYNQ_TOKEN"] if self.environ.get("SYNQ_TOKEN") else []
        return token + [source for source in sources if source not in own]

    def _find_token(self) -> tuple[str, str]:
        """The token of this run, and where it comes from."""
        if self._entered:
            return self._entered
        if self.profile == SANDBOX:
            return self.sandbox_token(), SANDBOX
        if token := self.environ.get("SYNQ_TOKEN"):
            return bare_token(token), "SYNQ_TOKEN"
        # A profile that was never logged in has nothing in the keyring, which may be slow to answer.
        stored = self.tokens.read(self.profile, self._where) if self._stored else None
        if not stored and not self.renews:
            raise self._not_logged_in()
        home = host_of(stored_base_url(self.config, self.profile))
        if home != self.host:
            raise RefusedError(
                f"The token of profile {self.profile} is for {home}. Nothing was sent to {self.host}.",
                hint=f"Log in there as another profile: synq auth login --profile NAME --base-url {self.base_url}",
            )
        return stored or self.renewal(self.settings, self._where).renew(None, self._check_new), self._where

    def _set_token(self, token: str, source: str) -> Credentials:
        """Use this token from now on, once it is known whose it is."""
        self.secrets.append(token)
        self._current = check_token(token, source, self.settings)
        if source in STORES:
            self.cache.set("logins", self.profile, dict(self._current.claims))
        return self._current

    def _check_new(self, token: str) -> None:
        """AuthError for a token that has expired already, and what `check_token` raises."""
        expires_at = check_token(token, self.renews or "", self.settings).expires_at
        if expires_at is not None and expires_at <= self.now():
            raise AuthError(
                f"The new token of profile {self.profile} expired {(self.now() - expires_at) / 60:.0f} minutes ago. "
                "The stored login was not changed.",
                hint="Check the clock of this machine: `synq doctor --network` compares it with the API's.",
            )

    def _no_renewal(self) -> AbstractContextManager[None]:
        """Keep other processes from renewing the login meanwhile, which would store it again."""
        return self.renewal(self.settings, self._where).lock() if self.renews else nullcontext()

    def _is_current(self) -> bool:
        """Whether no other process has changed the profile's login since this run read it."""
        stored = profiles.load(self.config.path, self.cache).profiles.get(self.profile, {})
        return all(stored.get(name) == self._stored.get(name) for name in ("token_store", *RENEWAL_SETTINGS))

    def _clear_other_store(self, other: str, used: str) -> None:
        """Delete the profile's secrets from the other store; a webhook secret that was in use moves to the used one."""
        webhook = entry_of(self.profile, "webhook")
        try:
            if other == self._where and (kept := self.tokens.read(webhook, other)) is not None:
                self.tokens.write(webhook, kept, used)
            self.tokens.delete_profile(self.profile, other)
        except SynqError as error:
            self._warn_of_leftovers(other, error)

    def _warn_of_leftovers(self, where: str, error: SynqError) -> None:
        self.warn(f"The {where} may still hold secrets of profile {self.profile}: {error.message}")

    def _drop_renewal(self, config: dict[str, Any]) -> None:
        for name in RENEWAL_SETTINGS:
            config["profiles"].get(self.profile, {}).pop(name, None)

    def _not_logged_in(self) -> AuthError:
        near = "" if self._stored else did_you_mean(self.profile, self.config.profiles)
        return AuthError(
            f"Not logged in: profile {self.profile} has no token.",
            hint=f"{near}Run `synq auth login --profile {self.profile}`, set SYNQ_TOKEN, or try --sandbox.",
        )
