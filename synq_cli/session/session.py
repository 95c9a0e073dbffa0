"""Who is asking, and where: base URL, tenant, organization and token of one run."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from threading import RLock
from types import MappingProxyType
from typing import Any

from synq_cli.errors import AuthError, RefusedError
from synq_cli.session.network.base_url import host_of
from synq_cli.session.profiles import Config, keep, near_profile, token_store
from synq_cli.session.settings import RENEWAL_SETTINGS, SANDBOX, Settings, can_hold, kept_base_url
from synq_cli.session.status import described, facts_of, overrides_of
from synq_cli.session.tokens.credentials import Credentials, check_token, scope_of
from synq_cli.session.tokens.renewal import PostForm, Renewal
from synq_cli.session.tokens.stores import STORES, TokenStore
from synq_cli.state.memory import Memory

# A token is renewed so many seconds before it ends; if that fails, not again for a while.
_MARGIN, _PAUSE = 300.0, 60.0


class Session:
    """The tenant that a run talks to; the token is read when it is first needed, and renewed before it ends.

    `secrets` are all that this run has come to know.
    """

    def __init__(
        self,
        settings: Settings,
        environ: Mapping[str, str],
        tokens: TokenStore,
        config: Config,
        *,
        sandbox_token: Callable[[], str],
        memory: Memory,
        now: Callable[[], float],
        lock_folder: Callable[[], Path],
        tell: Callable[[str], None],
        post_form: PostForm,
    ) -> None:
        self.settings = settings
        self.profile = settings.profile
        self.base_url = settings.base_url
        self.host = SANDBOX if settings.profile == SANDBOX else host_of(settings.base_url)
        self.secrets: list[str] = []
        self._environ = environ
        self._tokens = tokens
        self._stored = config.profiles.get(settings.profile, {})
        self._config = config
        self._sandbox_token = sandbox_token
        self._memory = memory
        self._now = now
        self._tell = tell
        self._lock_folder = lock_folder
        self._post_form = post_form
        self._entered: tuple[str, str] | None = None
        self._current: Credentials | None = None
        self._one_at_a_time = RLock()
        self._quiet_until = 0.0

    def use(self, token: str, source: str) -> None:
        """Ask with this token, not the stored one."""
        self._entered = token.strip(), source

    @property
    def credentials(self) -> Credentials:
        """The token and its ids. AuthError if there is none, RefusedError if it is another tenant's."""
        with self._one_at_a_time:
            if self._current is None:
                self._take(*self._token())
            assert self._current is not None
            return self._current

    @property
    def renews(self) -> str | None:
        """How the stored login renews itself, if it does: token_command or refresh_token."""
        return None if self.profile == SANDBOX else self.renewal.way

    @property
    def can_renew(self) -> bool:
        """Whether the token is the stored login's, and that renews itself."""
        return self.credentials.source in STORES and self.renews is not None

    def keep_fresh(self, until: float = 0.0) -> None:
        """Renew a token that ends within five minutes, or before `until`, where the profile says how.

        AuthError if it has ended and there is no other; while it holds, a failure is told and no more.
        """
        with self._one_at_a_time:
            ends, now = self.credentials.expires_at, self._now()
            if ends is None or ends > max(now + _MARGIN, until) or not self.can_renew:
                return
            if ends > now and now < self._quiet_until:
                return
            self._quiet_until = now + _PAUSE
            try:
                self.renew()
            except AuthError as error:
                if ends <= now:
                    raise
                self._tell(f"{error.message} It holds for another {(ends - now) / 60:.0f} minutes.")

    def renew(self, refused: str | None = None) -> bool:
        """Get another token than the refused one, or than the present one; False if the profile does not say how."""
        with self._one_at_a_time:
            if not self.can_renew:
                return False
            if refused is None or refused == self.credentials.token:
                fresh = self.renewal.renew(self.credentials.token, self._check_fresh)
                self._take(fresh, self._where)
            return True

    def renew_now(self) -> None:
        """Renew the token; AuthError, saying what would be needed, if that can't be."""
        if not self.renew():
            source = self.credentials.source
            raise AuthError(
                f"The token from {source} can't be renewed by synq.",
                hint="Unset SYNQ_TOKEN to use the profile's own login."
                if source == "SYNQ_TOKEN"
                else f"Say how: synq auth login --profile {self.profile}",
            )

    @cached_property
    def renewal(self) -> Renewal:
        """How the profile gets its tokens, as far as it says so."""
        return self.renewal_by(self.settings, self._where)

    def renewal_by(self, settings: Settings, where: str) -> Renewal:
        """How it would, by these settings."""
        return Renewal(
            settings,
            self._tokens,
            where,
            environ=self._environ,
            folder=self._lock_folder,
            secrets=self.secrets,
            tell=self._tell,
            post_form=self._post_form,
        )

    def describe(self, *, in_use: bool = True) -> dict[str, object]:
        """Who is asking, as far as it is known without waking the keyring; without a login, of the profile alone."""
        source, facts = self._known()
        return described(
            self.settings,
            facts,
            source=source,
            renews=self.renews,
            in_use=in_use,
            overrides=overrides_of(self.settings, self._environ),
        )

    def check_login(self) -> None:
        """AuthError if there is none, as far as it is known without waking the keyring."""
        if self._known()[0] is None and not self.renews:
            raise self._not_logged_in()

    def _known(self) -> tuple[str | None, dict[str, Any]]:
        """Where the token comes from, None if there is none, and what is known of it."""
        kept_here = self.profile != SANDBOX and not self._entered and not self._environ.get("SYNQ_TOKEN")
        if kept_here and self._current is None and self._where == "keyring":
            facts = self._memory.recall("logins", self.profile, {}) if self._stored else None
            return (None, {}) if facts is None else ("keyring", facts)
        if kept_here and self._where == "file" and not self._tokens.read(self.profile, "file"):
            return None, {}
        return self.credentials.source, facts_of(self.credentials.claims)

    def kept(self, where: str, renewal: Mapping[str, str]) -> None:
        """The token that was entered is in this store from now on, and is renewed this way."""
        self._current, self._entered = self.credentials._replace(source=where), None
        named: dict[str, Any] = dict.fromkeys(RENEWAL_SETTINGS) | dict(renewal)
        self.settings = self.settings._replace(**named)
        self.renewal = self.renewal_by(self.settings, where)
        self._memory.remember("logins", self.profile, facts_of(self._current.claims))

    def forget(self) -> bool:
        """Forget the login and all that goes with it; False if there was none."""
        had = self._tokens.delete(self.profile, self._where)
        self._memory.remember("logins", self.profile, None)
        return had

    def keep_login(
        self, where: str, renewal: Mapping[str, str] = MappingProxyType({})
    ) -> Callable[[dict[str, Any]], None]:
        """The change to config.yaml once the token is kept: the host and tenant it is for, its place and renewal."""
        credentials = self.credentials
        ids = {"tenant_id": credentials.tenant_id, "org_id": credentials.org_id}
        # A claim may be any text; in the profile, one that is no UUID would stop every later run.
        found = {name: value for name, value in ids.items() if value and can_hold(name, value)}
        found |= {"base_url": self.base_url, "token_store": where, **renewal}

        def edit(config: dict[str, Any]) -> None:
            self.drop_renewal(config)
            config["profiles"].setdefault(self.profile, {}).update(found)
            config["current_profile"] = config.get("current_profile") or self.profile

        return edit

    def keep(self, name: str, value: object) -> None:
        """Keep a setting in the profile, if this is the host that the profile is for; UsageError if it can't be."""
        if self.profile != SANDBOX and host_of(kept_base_url(self._config, self.profile)) == self.host:
            keep(self._config.path, self.profile, name, value)

    def drop_renewal(self, config: dict[str, Any]) -> None:
        """The change to config.yaml after which the profile no longer says how its token is renewed."""
        for name in RENEWAL_SETTINGS:
            config["profiles"].get(self.profile, {}).pop(name, None)

    @property
    def identity(self) -> dict[str, str | None]:
        """Tenant and organization, as far as they are known without a login."""
        known = {"tenant_id": self.settings.tenant_id, "org_id": self.settings.org_id}
        if not all(known.values()):
            with suppress(AuthError):
                known = {"tenant_id": self.credentials.tenant_id, "org_id": self.credentials.org_id}
        return known

    @property
    def address(self) -> tuple[str, int]:
        """Host and port of the API."""
        from urllib.parse import urlsplit

        parts = urlsplit(self.base_url)
        return parts.hostname or "", parts.port or {"https": 443, "http": 80}[parts.scheme]

    def login_hint(self, now: float) -> str:
        """What to do about a token that the API refuses."""
        expires_at = self.credentials.expires_at
        ended = ""
        if expires_at is not None and expires_at < now:
            ended = f"The token ended {(now - expires_at) / 60:.0f} minutes ago. "
        if self.credentials.source == "SYNQ_TOKEN":
            return f"{ended}Put a fresh token into SYNQ_TOKEN."
        return f"{ended}Log in again: synq auth login --profile {self.profile}"

    @property
    def scope(self) -> str:
        """Whose data this is, for what the machine remembers: host and tenant."""
        return scope_of(self.host, self.credentials.tenant_id, self.profile)

    @property
    def _where(self) -> str:
        return token_store(self._config, self.profile)

    def _take(self, token: str, source: str) -> None:
        """Ask with this token from now on, once it is known whose it is."""
        self.secrets.append(token)
        self._current = check_token(token, source, self.settings)
        if source in STORES:
            self._memory.remember("logins", self.profile, facts_of(self._current.claims))

    def _check_fresh(self, token: str) -> None:
        """AuthError for a token that has ended already, and what `check_token` raises."""
        ends = check_token(token, self.renews or "", self.settings).expires_at
        if ends is not None and ends <= self._now():
            raise AuthError(
                f"The fresh token of profile {self.profile} has ended already, {(self._now() - ends) / 60:.0f} "
                "minutes ago. The stored login stays as it was.",
                hint="Is this machine's clock right? `synq doctor --network` compares it with the API's.",
            )

    def _token(self) -> tuple[str, str]:
        if self._entered:
            return self._entered
        if self.profile == SANDBOX:
            return self._sandbox_token(), SANDBOX
        if named := self._environ.get("SYNQ_TOKEN"):
            return named.strip(), "SYNQ_TOKEN"
        # A profile that was never logged in has nothing in the keyring: no need to wake it.
        if self._stored and (kept := self._tokens.read(self.profile, self._where)):
            self._refuse_another_host()
            return kept, self._where
        if self.renews:
            self._refuse_another_host()
            return self.renewal.renew(None, self._check_fresh), self._where
        raise self._not_logged_in()

    def _not_logged_in(self) -> AuthError:
        return AuthError(
            f"Not logged in: profile {self.profile} has no token.",
            hint=f"Run `synq auth login --profile {self.profile}`, set SYNQ_TOKEN, or try --sandbox."
            + near_profile(self._config, self.profile),
        )

    def _refuse_another_host(self) -> None:
        home = host_of(kept_base_url(self._config, self.profile))
        if home != self.host:
            raise RefusedError(
                f"The token of profile {self.profile} is for {home}. Nothing was sent to {self.host}.",
                hint=f"Log in there under another name: synq auth login --profile NAME --base-url {self.base_url}",
            )
