"""The tenant's own tokens: signed with a secret in its file, checked against the clock it is given."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt

from synq_cli.sandbox.store.store import Store

ALGORITHM = "HS256"


def issue_token(
    database: Path,
    *,
    role: str = "ADMIN",
    expires_in: float = 3600,
    now: Callable[[], float] = time.time,
    tenant_id: str | None = None,
) -> str:
    """A bearer token for the member with that role, valid for `expires_in` seconds.

    `tenant_id` names another tenant than the file's, to see what a stranger sees. Raises UsageError if the
    file is no sandbox.
    """
    with Store(database) as store:
        tenant = store.rows("SELECT * FROM tenant")[0]
        members = store.rows("SELECT * FROM members ORDER BY role <> ?, rowid", (role.upper(),))
    issued = now()
    claims = {
        "tenantid": tenant_id or tenant["id"],
        "org_id": tenant["org_id"],
        "role": role,
        "iat": int(issued),
        "exp": int(issued + expires_in),
        "db_uid": members[0]["id"],
        "email": members[0]["email"],
    }
    return jwt.encode(claims, tenant["secret"], algorithm=ALGORITHM)


def read_token(token: str, secret: str, at: float) -> dict[str, Any] | None:
    """The claims; None if the token was not signed with `secret` or is over `at` that time, epoch seconds."""
    try:
        claims = jwt.decode(
            token,
            secret,
            algorithms=[ALGORITHM],
            # PyJWT knows the wall clock only; the times are checked below.
            options={"verify_exp": False, "verify_iat": False, "verify_nbf": False, "verify_aud": False},
        )
    except jwt.InvalidTokenError:
        return None
    expiry = claims.get("exp")
    valid = isinstance(expiry, int | float) and at < expiry
    return claims if valid else None
