"""A token that may be asked with, and the ids that go with it."""

from typing import NamedTuple

from synq_cli.errors import AuthError, RefusedError
from synq_cli.session.settings import Settings
from synq_cli.session.tokens.claims import Claims, read_claims


class Credentials(NamedTuple):
    """A token, where it came from, and the ids that go with it; the setting's, else the claim's."""

    token: str
    source: str
    tenant_id: str | None
    org_id: str | None
    claims: Claims | None

    def __repr__(self) -> str:
        return f"Credentials(source={self.source!r})"  # a traceback may show it

    @property
    def expires_at(self) -> float | None:
        """When the token ends, in epoch seconds, if it says so."""
        return self.claims.expires_at if self.claims else None

    @property
    def headers(self) -> dict[str, str]:
        """The headers of a request with this token: the ids too, where they are known."""
        ids = {"X-Tenant-ID": self.tenant_id, "X-Org-ID": self.org_id}
        known = {name: value for name, value in ids.items() if value and _fits_a_header(value)}
        return {"Authorization": f"Bearer {self.token}", **known}


def scope_of(host: str, tenant_id: str | None, profile: str) -> str:
    """Whose data it is, for what the machine remembers: the host and the tenant, or the profile if that is unknown."""
    return f"{host}/{tenant_id or profile}"


def _fits_a_header(text: str) -> bool:
    """Whether a header can carry it; a claim may hold any text."""
    return text.isascii() and text.isprintable() and text == text.strip()


def check_token(token: str, source: str, settings: Settings) -> Credentials:
    """Credentials from a token. AuthError if it can't be one, RefusedError if it names another tenant."""
    if not token or not token.isascii() or any(not 32 < ord(character) < 127 for character in token):
        raise AuthError(
            f"The token from {source} is no token: it is empty, or holds blanks, line breaks or letters beyond ASCII.",
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
