import time

import jwt
import pytest
from replies import UNKNOWN

from synq_cli.errors import UsageError
from synq_cli.sandbox.server.identity import issue_token
from synq_cli.sandbox.store.store import Store


def claims_in(token):
    return jwt.decode(token, options={"verify_signature": False})


def test_claims(database, clock):
    with Store(database) as store:
        tenant = store.tenant()
        editor = store.row("SELECT * FROM members WHERE role = 'EDITOR'")
    assert claims_in(issue_token(database, role="EDITOR", expires_in=90, now=clock)) == {
        "tenantid": tenant["id"],
        "org_id": tenant["org_id"],
        "role": "EDITOR",
        "iat": int(clock()),
        "exp": int(clock()) + 90,
        "db_uid": editor["id"],
        "email": "rory@fellandfjord.example",
    }
    assert claims_in(issue_token(database, tenant_id=UNKNOWN))["tenantid"] == UNKNOWN


def test_defaults(database):
    claims = claims_in(issue_token(database))
    assert (claims["role"], claims["exp"] - claims["iat"]) == ("ADMIN", 3600)
    assert abs(claims["iat"] - time.time()) < 60


def test_no_token_without_a_sandbox(tmp_path):
    with pytest.raises(UsageError, match="There is no sandbox at"):
        issue_token(tmp_path / "none")
