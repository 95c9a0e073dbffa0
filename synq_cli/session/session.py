"""Who is asking, and where: base URL, tenant, organization and token of one run."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from synq_cli.errors import AuthError, RefusedError
from synq_cli.session.base_url import host_of
from synq_cli.session.claims import Claims, read_claims
from synq_cli.session.profiles import Config, change, token_store
from synq_cli.session.settings import SANDBOX, Settings, can_hold, kept_base_url
from synq_cli.session.tokens import TokenStore


@dataclass(frozen=True)
class Credentials:
    """A token, where it came from, and the ids that go with it; the setting's, else the claim's."""

    token: str = field(repr=False)
    source: str
    tenant_id: str | None
    org_id: str | None
    claims: Claims | None


class Session:
    """The tenant that a run talks to; the token is read when it is first needed."""

    def __init__(
        self,
        settings: Settings,
        environ: Mapping[str, str],
        tokens: TokenStore,
        config: Config,
        *,
        sandbox_token: Callable[[], str],
    ) -> None:
        self.settings = settings
        self.profile = settings.profile
        self.base_url = settings.base_url
        self.host = SANDBOX if settings.profile == SANDBOX else host_of(settings.base_url)
        self._environ = environ
        self._tokens = tokens
        self._stored = config.profiles.get(settings.profile, {})
        self._config = config
        self._sandbox_token = sandbox_token
        self._entered: tuple[str, str] | None = None

    def use(self, token: str, source: str) -> None:
        """Ask with this token, not the stored one."""
        self._entered = token.strip(), source

    @cached_property
    def credentials(self) -> Credentials:
        """The token and its ids. AuthError if there is none, RefusedError if it is another tenant's."""
        token, source = self._token()
        return check_token(token, source, self.settings)

    def describe(self) -> dict[str, object]:
        """Who is asking, as `auth status` shows it; `expires_at` in RFC 3339."""
        from datetime import UTC, datetime

        credentials = self.credentials
        claims = credentials.claims
        expires_at = claims.expires_at if claims else None
        return {
            "profile": self.profile,
            "base_url": self.base_url,
            "tenant_id": credentials.tenant_id,
            "org_id": credentials.org_id,
            "role": claims.role if claims else None,
            "token_source": credentials.source,
            "expires_at": None
            if expires_at is None
            else f"{datetime.fromtimestamp(expires_at, UTC):%Y-%m-%dT%H:%M:%SZ}",
        }

    def keep_login(self, where: str) -> Callable[[dict[str, Any]], None]:
        """The change to config.yaml once the token is kept: which host and tenant it is for, and where it is."""
        credentials = self.credentials
        ids = {"tenant_id": credentials.tenant_id, "org_id": credentials.org_id}
        # A claim may be any text; in the profile, one that is no UUID would stop every later run.
        found = {name: value for name, value in ids.items() if value and can_hold(name, value)}
        found |= {"base_url": self.base_url, "token_store": where}

        def edit(config: dict[str, Any]) -> None:
            config["profiles"].setdefault(self.profile, {}).update(found)
            config["current_profile"] = config.get("current_profile") or self.profile

        return edit

    def keep(self, name: str, value: object) -> None:
        """Keep a setting in the profile, if this is the host that the profile is for; UsageError if it can't be."""
        if self.profile != SANDBOX and host_of(kept_base_url(self._config, self.profile)) == self.host:
            change(
                self._config.path,
                lambda config: config["profiles"].setdefault(self.profile, {}).update({name: value}),
            )

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
        expires_at = self.credentials.claims.expires_at if self.credentials.claims else None
        ended = ""
        if expires_at is not None and expires_at < now:
            ended = f"The token ended {(now - expires_at) / 60:.0f} minutes ago. "
        if self.credentials.source == "SYNQ_TOKEN":
            return f"{ended}Put a fresh token into SYNQ_TOKEN."
        return f"{ended}Log in again: synq auth login --profile {self.profile}"

    @property
    def scope(self) -> str:
        """Whose data this is, for what the machine remembers: host and tenant."""
        return f"{self.host}/{self.credentials.tenant_id or self.profile}"

    def _token(self) -> tuple[str, str]:
        if self._entered:
            return self._entered
        if self.profile == SANDBOX:
            return self._sandbox_token(), SANDBOX
        if named := self._environ.get("SYNQ_TOKEN"):
            return named.strip(), "SYNQ_TOKEN"
        where = token_store(self._config, self.profile)
        # A profile that was never logged in has nothing in the keyring: no need to wake it.
        if self._stored and (kept := self._tokens.read(self.profile, where)):
            self._refuse_another_host()
            return kept, where
        raise AuthError(
            f"Not logged in: profile {self.profile} has no token.",
            hint=f"Run `synq auth login --profile {self.profile}`, set SYNQ_TOKEN, or try --sandbox."
            + self._near_profiles(),
        )

    def _refuse_another_host(self) -> None:
        home = host_of(kept_base_url(self._config, self.profile))
        if home != self.host:
            raise RefusedError(
                f"The token of profile {self.profile} is for {home}. Nothing was sent to {self.host}.",
                hint=f"Log in there under another name: synq auth login --profile NAME --base-url {self.base_url}",
            )

    def _near_profiles(self) -> str:
        from difflib import get_close_matches

        near = [] if self._stored else get_close_matches(self.profile, self._config.profiles, n=1)
        return f" Did you mean the profile {near[0]}?" if near else ""


def check_token(token: str, source: str, settings: Settings) -> Credentials:
    """Credentials from a token. AuthError if it can't be one, RefusedError if it names another tenant."""
    if not token or not token.isascii() or any(not 32 < ord(character) < 127 for character in token):
        raise AuthError(
            f"The token from {source} is no token: it is empty or holds blanks or line breaks.",
            hint="Copy it again: dashboard, Settings, Organization, API Credentials.",
        )
    claims = read_claims(token)
    claimed = claims.tenant_id if claims else None
    if claimed and settings.tenant_id and claimed.lower() != settings.tenant_id.lower():
        raise RefusedError(
            f"The token from {source} belongs to tenant {claimed}, but {settings.sources['tenant_id']} "
            f"says {settings.tenant_id}. Nothing was sent.",
            hint="Choose the profile of that tenant with --profile, or log in again: "
            f"synq auth login --profile {settings.profile}",
        )
    org_id = settings.org_id or (claims.org_id if claims else None)
    return Credentials(token, source, settings.tenant_id or claimed, org_id, claims)
