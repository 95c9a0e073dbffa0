"""The token of a request, and the tenant and organization that it is for."""

import base64
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from synq_cli.errors import AuthError, RefusedError
from synq_cli.session.network.base_url import host_of
from synq_cli.session.settings import SANDBOX, Settings
from synq_cli.state.cache import Cache
from synq_cli.uuids import parse_uuid

# What to check if a renewal gives a malformed token.
_SOURCES = {
    "token_command": "Check that the token_command prints the token and nothing else.",
    "refresh_token": "Check the token_url: its response contains this access_token.",
}

_YEAR_10000 = 253_402_300_800.0


class Credentials(NamedTuple):
    """A token, where it came from, and the ids that go with it: the settings', else the claims'."""

    token: str
    source: str
    tenant_id: str | None
    org_id: str | None
    claims: Mapping[str, Any]

    def __repr__(self) -> str:
        return f"Credentials(source={self.source!r})"  # a traceback may show it

    @property
    def expires_at(self) -> float | None:
        """When the token expires, in epoch seconds, if it says so."""
        expires_at: float | None = self.claims.get("expires_at")
        return expires_at

    @property
    def headers(self) -> dict[str, str]:
        """The headers of a request with this token, with the ids that are known."""
        ids = {"X-Tenant-ID": self.tenant_id, "X-Org-ID": self.org_id}
        # A claim can be any text, and the API rejects requests whose headers hold anything but a UUID.
        known = {name: text for name, text in ids.items() if text and parse_uuid(text, bare=False)}
        return {"Authorization": f"Bearer {self.token}", **known}


def bare_token(text: str) -> str:
    """The token in what a file, a pipe or a variable holds: without a byte order mark, and without blanks around it."""
    return text.removeprefix("\ufeff").strip()


def read_claims(token: str) -> dict[str, Any]:
    """The `tenant_id`, `org_id`, `role` and `expires_at` (epoch seconds) of a JWT, unverified; empty for other text."""
    payload = _payload(token)
    if payload is None:
        return {}

    def text(*names: str) -> str | None:
        values = (payload.get(name) for name in names)
        return next((value for value in values if isinstance(value, str) and value), None)

    try:
        expires_at = None if isinstance(payload["exp"], bool) else float(payload["exp"])
    except (KeyError, TypeError, ValueError, OverflowError):
        expires_at = None
    if expires_at is not None and not 0 <= expires_at < _YEAR_10000:
        expires_at = None
    tenant = text("tenantid", "tenant_id")
    return {"tenant_id": tenant, "org_id": text("org_id"), "role": text("role"), "expires_at": expires_at}


def read_subject(token: str) -> str | None:
    """The email address or the subject in a JWT, unverified."""
    payload = _payload(token) or {}
    named = (payload.get(name) for name in ("email", "sub"))
    return next((value for value in named if isinstance(value, str) and value), None)


def _payload(token: str) -> dict[str, Any] | None:
    """The claims of a JWT as they are; None for other text."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        payload = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, RecursionError):
        return None
    return payload if isinstance(payload, dict) else None


def check_token(token: str, source: str, settings: Settings) -> Credentials:
    """Credentials from a token. AuthError if it is malformed, RefusedError if it belongs to another tenant."""
    if not token or any(not 32 < ord(character) < 127 for character in token):
        raise AuthError(
            f"Invalid token from {source}: it is empty, or contains blanks, line breaks or non-ASCII characters.",
            hint=_SOURCES.get(source, "Copy it again from the dashboard: Settings, Organization, API Credentials."),
        )
    claims = read_claims(token)
    claimed = claims.get("tenant_id")
    if claimed and settings.tenant_id and (parse_uuid(claimed) or claimed) != settings.tenant_id:
        raise RefusedError(
            f"The token from {source} belongs to tenant {claimed}, but {settings.sources['tenant_id']} "
            f"says {settings.tenant_id}. Nothing was sent.",
            hint="Choose the profile of that tenant with --profile, or log in again: "
            f"synq auth login --profile {settings.profile}",
        )
    return Credentials(token, source, settings.tenant_id or claimed, settings.org_id or claims.get("org_id"), claims)


def scope_of(host: str, tenant_id: str | None, profile: str) -> str:
    """The scope of local state: host and tenant, or host and profile if the tenant is unknown."""
    return f"{host}/{tenant_id or profile}"


def likely_scope(settings: Settings, environ: Mapping[str, str], cache: Cache) -> str:
    """The scope that a session with these settings would have, found without the keyring.

    The sandbox's tenant is named in its file alone: its scope is "sandbox/", the prefix of all its tenants'.
    """
    if settings.profile == SANDBOX:
        return f"{SANDBOX}/"
    tenant = settings.tenant_id
    if not tenant and (token := environ.get("SYNQ_TOKEN")):
        tenant = read_claims(bare_token(token)).get("tenant_id")
    elif not tenant:
        claimed = cache.get("logins", settings.profile)
        tenant = claimed.get("tenant_id") if isinstance(claimed, dict) else None
    return scope_of(host_of(settings.base_url), tenant, settings.profile)
