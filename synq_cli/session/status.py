"""How a login stands, as `auth status` shows it."""

from collections.abc import Mapping
from typing import Any

from synq_cli.session.settings import SANDBOX, Settings
from synq_cli.session.tokens.claims import Claims
from synq_cli.times import timestamp

# What the environment can put in the place of a profile's own.
OVERRIDES = ("SYNQ_TOKEN", "SYNQ_BASE_URL", "SYNQ_TENANT_ID", "SYNQ_ORG_ID")


def facts_of(claims: Claims | None) -> dict[str, Any]:
    """What may be known of a token without showing it; remembered, so that nobody wakes the keyring for it."""
    if claims is None:
        return {}
    return {
        "tenant_id": claims.tenant_id,
        "org_id": claims.org_id,
        "role": claims.role,
        "expires_at": claims.expires_at,
    }


def described(
    settings: Settings,
    facts: Mapping[str, Any],
    *,
    source: str | None,
    renews: str | None,
    in_use: bool,
    overrides: list[str],
) -> dict[str, object]:
    """The same keys for every login; those that nothing is known of are null."""
    ends = facts.get("expires_at")
    return {
        "profile": settings.profile,
        "in_use": in_use,
        "environment": settings.environment,
        "base_url": settings.base_url,
        "tenant_id": settings.tenant_id or facts.get("tenant_id"),
        "org_id": settings.org_id or facts.get("org_id"),
        "role": facts.get("role"),
        "token_source": source,
        "expires_at": None if ends is None else timestamp(ends),
        "renews": renews,
        "overridden_by": overrides,
    }


def overrides_of(settings: Settings, environ: Mapping[str, str]) -> list[str]:
    """What a run has instead of its profile's own settings, and of the profile that was switched to."""
    if settings.profile == SANDBOX:
        return []
    sources = [settings.sources[name] for name in ("profile", "base_url", "tenant_id", "org_id")]
    own = {f"profile {settings.profile}", "default", "auth switch", "option --profile"}
    found = [source for source in sources if source not in own]
    return ["SYNQ_TOKEN", *found] if environ.get("SYNQ_TOKEN") else found
