"""Webhook signatures: made, compared, and what may have gone wrong with one that does not match."""

import hmac
import re

from synq_cli import exact_json


def sign(body: bytes, secret: str) -> str:
    """Lower-case hex HMAC-SHA256 over the exact bytes of the body."""
    return hmac.digest(secret.encode(), body, "sha256").hex()


def mismatch(body: bytes, secret: str, signature: str) -> str | None:
    """A sentence on why the signature does not match the body; None if it does."""
    if _same(sign(body, secret), signature):
        return None
    bare = signature.strip().lower().removeprefix("sha256=")
    if not re.fullmatch(r"[0-9a-f]{64}", bare):
        return "Copy the whole header: an HMAC-SHA256 in hex has 64 characters from 0-9 and a-f."
    if _same(sign(body, secret), bare):
        return "It would match as bare lower-case hex, which is how Synq writes it."
    if _same(sign(body.rstrip(b"\r\n"), secret), bare):
        return "It matches the body without the trailing line end."
    if _same(sign(_compact(body), secret), bare):
        return "It matches the same JSON without whitespace."
    return (
        "Re-serialized JSON, another encoding or an added line end changes the bytes: check the body exactly as it was "
        "received, with this webhook's secret."
    )


def _same(ours: str, theirs: str) -> bool:
    """Whether they are equal, compared in constant time."""
    return hmac.compare_digest(ours.encode(), theirs.encode())


def _compact(body: bytes) -> bytes:
    """JSON without whitespace; anything else as it is."""
    try:
        return exact_json.dumps(exact_json.loads(body.decode())).encode()
    except (ValueError, RecursionError):
        return body
