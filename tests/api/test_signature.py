"""Signatures: the contract's own example, and what is said of one that does not match."""

import hmac
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synq_cli.api.signature import mismatch, sign

SECRET = "example-webhook-secret"
BODY = (
    b'{"connection_id":"66f3c2a8e19d4b7051d8a0f2","event":"accounting.order.created",'
    b'"data":{"id":"ext-5093317","currency":"GBP","total_amount":89.5}}'
)
SIGNATURE = "d518b514cd5e1bc8c2add15e5eb908b552618265e5ca115d0f11a7fc028f8333"
OVER = "it was made over {}, not over these very bytes".format


def test_the_contracts_example() -> None:
    assert sign(BODY, SECRET) == SIGNATURE
    assert mismatch(BODY, SECRET, SIGNATURE) is None


@pytest.mark.parametrize(
    ("signature", "why"),
    [
        (SIGNATURE.upper(), "it would match as bare lower-case hex, which is how Synq writes it"),
        (f"sha256={SIGNATURE}", "it would match as bare lower-case hex, which is how Synq writes it"),
        (f" {SIGNATURE}\n", "it would match as bare lower-case hex, which is how Synq writes it"),
        (SIGNATURE[:-1], "it has 63 characters, but an HMAC-SHA256 in hex has 64"),
        ("", "it has 0 characters, but an HMAC-SHA256 in hex has 64"),
        (SIGNATURE[:-1] + "g", "it is not hex"),
        (SIGNATURE[:-1] + "é", "it is not hex"),
        (SIGNATURE[:-1] + "4", "it was made with another secret, or over another body"),
        (sign(BODY, "other"), "it was made with another secret, or over another body"),
    ],
)
def test_a_wrong_signature_says_why(signature: str, why: str) -> None:
    assert mismatch(BODY, SECRET, signature) == why


@pytest.mark.parametrize(
    ("checked", "why"),
    [
        (BODY + b"\n", OVER("the body without the line end behind it")),
        (BODY + b"\r\n", OVER("the body without the line end behind it")),
        (BODY + b" \n", OVER("the body without the blanks around it")),
        (b"\xef\xbb\xbf" + BODY, OVER("the body without its byte order mark")),
        (json.dumps(json.loads(BODY)).encode(), OVER("the body written anew as compact JSON")),
        (json.dumps(json.loads(BODY), indent=2).encode(), OVER("the body written anew as compact JSON")),
    ],
)
def test_a_body_that_has_changed_on_the_way_is_recognised(checked: bytes, why: str) -> None:
    assert mismatch(checked, SECRET, SIGNATURE) == why


@pytest.mark.parametrize(
    ("signed", "checked", "why"),
    [
        (BODY + b"\n", BODY, OVER("the body with a line end behind it")),
        (BODY + b"\r\n", BODY, OVER("the body with a Windows line end behind it")),
        (b"{\n}", b"{\r\n}", OVER("the body with Unix line ends")),
        (b"{\r\n}", b"{\n}", OVER("the body with Windows line ends")),
        (b'{"b": 1, "a": 2}', b'{"b":1,"a":2}', OVER("the body written anew as spaced JSON")),
        (b'{"a":2,"b":1}', b'{"b":1,"a":2}', OVER("the body written anew as compact JSON")),
        (b'{\n  "b": 1\n}', b'{"b":1}', OVER("the body written anew as indented JSON")),
        (b'{"a":"\\u00f8"}', '{"a":"ø"}'.encode(), OVER("the body written anew as compact JSON")),
    ],
)
def test_so_is_one_that_was_signed_in_another_form(signed: bytes, checked: bytes, why: str) -> None:
    assert mismatch(checked, SECRET, sign(signed, SECRET)) == why


@given(st.binary(), st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_any_bytes_are_signed_as_they_are(body: bytes, secret: str) -> None:
    assert sign(body, secret) == hmac.new(secret.encode(), body, "sha256").hexdigest()
    assert mismatch(body, secret, sign(body, secret)) is None
    assert mismatch(body + b"!", secret, sign(body, secret)) is not None
