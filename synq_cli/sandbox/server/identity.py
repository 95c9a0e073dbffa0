"""Bearer tokens of the sandbox: JWTs signed with the secret in its file, which expire by the sandbox's clock."""

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
    """A token for the first member with that role, valid for `expires_in` seconds.

    `tenant_id` issues it for another tenant than the file's. Raises UsageError if the file is not a sandbox.
    """
    with Store(database) as store:
        tenant = store.tenant()
        member = store.rows("SELECT id, email FROM members ORDER BY role <> ?, rowid", (role.upper(),))[0]
    issued = now()
    claims = {
        "tenantid": tenant_id or tenant["id"],
        "org_id": tenant["org_id"],
        "role": role,
        "iat": int(issued),
        "exp": int(issued + expires_in),
        "db_uid": member["id"],
        "email": member["email"],
    }
    return jwt.encode(claims, tenant["secret"], algorithm=ALGORITHM)


def read_token(token: str, secret: str, at: float) -> dict[str, Any] | None:
    """The claims; None if the token was not signed with `secret` or has expired at `at`, in epoch seconds."""
    try:
        claims = jwt.decode(
            token,
            secret,
            algorithms=[ALGORITHM],
            # PyJWT only knows the wall clock; the expiry is checked below.
            options={"verify_exp": False, "verify_iat": False, "verify_nbf": False, "verify_aud": False},
        )
    except jwt.InvalidTokenError:
        return None
    expiry = claims.get("exp")
    return claims if isinstance(expiry, int | float) and at < expiry else None
