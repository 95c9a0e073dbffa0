"""Signatures: the contract's own example, and what is said of one that does not match."""

import hmac
import json

from hypothesis import given
from hypothesis import strategies as st
from table import cases

from synq_cli.resources.webhooks import mismatch, sign

SECRET = "example-webhook-secret"
BODY = (
    b'{"connection_id":"66f3c2a8e19d4b7051d8a0f2","event":"accounting.order.created",'
    b'"data":{"id":"ext-5093317","currency":"GBP","total_amount":89.5}}'
)
SIGNATURE = "d518b514cd5e1bc8c2add15e5eb908b552618265e5ca115d0f11a7fc028f8333"
BARE = "The digits match: write the signature as bare lower-case hex, as Synq does."
NO_HEX = "Copy the whole header: an HMAC-SHA256 in hex has 64 characters from 0-9 and a-f."
CHANGED = (
    "Parsing and printing JSON changes its bytes (PHP writes \\/ for /, JavaScript 1 for 1.0, Go \\u003c for <), as "
    "does another encoding or an added line end: check the body exactly as it was received, with this webhook's secret."
)
LINE_END = "It matches the body without the line end after it."


def test_the_contracts_example() -> None:
    assert sign(BODY, SECRET) == SIGNATURE
    assert mismatch(BODY, SECRET, SIGNATURE) is None


@cases(
    ("signature", "why"),
    [
        (SIGNATURE.upper(), BARE),
        (f"sha256={SIGNATURE}", BARE),
        (f" {SIGNATURE}\n", BARE),
        (SIGNATURE[:-1], NO_HEX),
        ("", NO_HEX),
        (SIGNATURE[:-1] + "g", NO_HEX),
        (SIGNATURE[:-1] + "é", NO_HEX),
        (SIGNATURE[:-1] + "4", CHANGED),
        (sign(BODY, "other"), CHANGED),
    ],
)
def test_a_wrong_signature_says_why(signature: str, why: str) -> None:
    assert mismatch(BODY, SECRET, signature) == why


@cases(
    ("checked", "why"),
    [
        (BODY + b"\n", LINE_END),
        (BODY + b"\r\n", LINE_END),
        (json.dumps(json.loads(BODY)).encode(), CHANGED),
        (b"\xef\xbb\xbf" + BODY, CHANGED),
        (b"[" * 100_000, CHANGED),
        (b"\xff", CHANGED),
    ],
)
def test_a_changed_body_is_named(checked: bytes, why: str) -> None:
    assert mismatch(checked, SECRET, SIGNATURE) == why


@given(st.binary(), st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_any_bytes_are_signed_as_they_are(body: bytes, secret: str) -> None:
    assert sign(body, secret) == hmac.new(secret.encode(), body, "sha256").hexdigest()
    assert mismatch(body, secret, sign(body, secret)) is None
    assert mismatch(body + b"!", secret, sign(body, secret)) is not None
