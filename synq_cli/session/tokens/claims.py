"""The claims of a token, unverified: only shown and compared."""

from typing import NamedTuple

_YEAR_10000 = 253_402_300_800.0


class Claims(NamedTuple):
    """Tenant, organization and role as the JWT names them; `expires_at` in epoch seconds."""

    tenant_id: str | None
    org_id: str | None
    role: str | None
    expires_at: float | None


def read_claims(token: str) -> Claims | None:
    """The claims of a JWT, unverified; None if the text is no JWT."""
    import base64
    import json

    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        payload = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, RecursionError):
        return None
    if not isinstance(payload, dict):
        return None

    def text(*names: str) -> str | None:
        values = (payload.get(name) for name in names)
        return next((value for value in values if isinstance(value, str) and value), None)

    try:
        expires_at = None if isinstance(payload["exp"], bool) else float(payload["exp"])
    except (KeyError, TypeError, ValueError, OverflowError):
        expires_at = None
    if expires_at is not None and not 0 <= expires_at < _YEAR_10000:
        expires_at = None
    return Claims(text("tenantid", "tenant_id"), text("org_id"), text("role"), expires_at)
