"""Webhook signatures: signing and verifying."""

import hmac
import re


def sign(body: bytes, secret: str) -> str:
    """Lower-case hex HMAC-SHA256 over the exact bytes of the body."""
    return hmac.digest(secret.encode(), body, "sha256").hex()


def mismatch(body: bytes, secret: str, signature: str) -> str | None:
    """None if the signature matches the body, else a hint on what to check."""
    if hmac.compare_digest(sign(body, secret).encode(), signature.encode()):
        return None
    digits = signature.strip().lower().removeprefix("sha256=")
    if not re.fullmatch(r"[0-9a-f]{64}", digits):
        return "Copy the whole header: an HMAC-SHA256 in hex has 64 characters from 0-9 and a-f."
    if hmac.compare_digest(sign(body, secret), digits):
        return "The digits match: write the signature as bare lower-case hex, as Synq does."
    if hmac.compare_digest(sign(body.rstrip(b"\r\n"), secret), digits):
        return "It matches the body without the line end after it."
    return (
        "Re-serialized JSON, another encoding or an added line end changes the bytes: check the body exactly as it was "
        "received, with this webhook's secret."
    )
