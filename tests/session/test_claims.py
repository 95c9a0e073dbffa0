"""Claims of a token."""

import base64
import json
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st
from table import cases

from synq_cli.session.tokens.credentials import read_claims


def named(tenant: str | None, org: str | None, role: str | None, expires_at: float | None) -> dict[str, Any]:
    return {"tenant_id": tenant, "org_id": org, "role": role, "expires_at": expires_at}


NOTHING = named(None, None, None, None)


def jwt(payload: object) -> str:
    return with_payload(json.dumps(payload).encode())


def with_payload(payload: bytes) -> str:
    return f"e30.{base64.urlsafe_b64encode(payload).decode().rstrip('=')}.c2ln"


@cases(
    ("payload", "claims"),
    [
        ({}, NOTHING), ({"tenantid": "t", "org_id": "o", "role": "admin", "exp": 7}, named("t", "o", "admin", 7.0)),
        ({"tenant_id": "t"}, named("t", None, None, None)),
        ({"tenantid": "first", "tenant_id": "second"}, named("first", None, None, None)),
        ({"tenantid": "", "tenant_id": "second"}, named("second", None, None, None)),
        ({"tenantid": 7, "tenant_id": "second"}, named("second", None, None, None)),
        ({"tenantid": None, "tenant_id": ["t"], "org_id": {}, "role": 1}, NOTHING),
        ({"exp": 1_795_521_600}, named(None, None, None, 1_795_521_600.0)),
        ({"exp": 1_795_521_600.5}, named(None, None, None, 1_795_521_600.5)),
        ({"exp": "1795521600"}, named(None, None, None, 1_795_521_600.0)),
        ({"exp": 0}, named(None, None, None, 0.0)),
        ({"exp": 253_402_300_799}, named(None, None, None, 253_402_300_799.0)), ({"exp": 253_402_300_800}, NOTHING),
        ({"exp": 10**400}, NOTHING), ({"exp": 1e308}, NOTHING), ({"exp": -1}, NOTHING),
        ({"exp": float("nan")}, NOTHING), ({"exp": float("inf")}, NOTHING), ({"exp": "nan"}, NOTHING),
        ({"exp": "soon"}, NOTHING), ({"exp": None}, NOTHING), ({"exp": True}, NOTHING), ({"exp": []}, NOTHING),
    ],
)  # fmt: skip
def test_claims(payload: dict[str, Any], claims: dict[str, Any]) -> None:
    assert read_claims(jwt(payload)) == claims


@cases(
    "token",
    [
        "",
        "opaque",
        "a.b",
        "a.b.c",
        "..",
        "a.b.c.d",
        "e30.é.x",
        "e30.!!!.x",
        jwt([]),
        jwt("text"),
        jwt(None),
        with_payload(b"\xff\xfe"),
        with_payload(b"{"),
        with_payload(b"[" * 100_000),
        with_payload(b'{"exp": ' + b"9" * 5_000 + b"}"),
    ],
)
def test_malformed_jwt_has_no_claims(token: str) -> None:
    assert read_claims(token) == {}


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
ANY_CLAIMS = st.dictionaries(st.sampled_from(["exp", "tenantid", "tenant_id", "org_id", "role"]), ANY_JSON)


@given(
    st.text()
    | st.lists(st.text(max_size=8), min_size=3, max_size=3).map(".".join)
    | st.binary().map(with_payload)
    | (ANY_JSON | ANY_CLAIMS).map(jwt)
)
@example("\ud800.\ud800.\ud800")
def test_any_token_has_claims_of_the_right_types_or_none(token: str) -> None:
    claims = read_claims(token)
    if claims:
        assert all(isinstance(claims[name], str | None) for name in ("tenant_id", "org_id", "role"))
        assert claims["expires_at"] is None or 0 <= claims["expires_at"] < 253_402_300_800
