"""Webhook signatures: made, compared, and what may be the matter with one that does not match."""

import hmac
import json
from collections.abc import Iterator

_DIGITS = 64
_MARK = b"\xef\xbb\xbf"


def sign(body: bytes, secret: str) -> str:
    """Lower-case hex HMAC-SHA256 over the very bytes of the body."""
    return hmac.digest(secret.encode(), body, "sha256").hex()


def mismatch(body: bytes, secret: str, signature: str) -> str | None:
    """Why the signature is not this body's, as a clause; None if it is."""
    expected = sign(body, secret)
    if _same(expected, signature):
        return None
    bare = signature.strip().lower().removeprefix("sha256=")
    if _same(expected, bare):
        return "it would match as bare lower-case hex, which is how Synq writes it"
    if len(bare) != _DIGITS:
        return f"it has {len(bare)} characters, but an HMAC-SHA256 in hex has {_DIGITS}"
    if not set(bare) <= set("0123456789abcdef"):
        return "it is not hex"
    for what, variant in _variants(body):
        if _same(sign(variant, secret), bare):
            return f"it was made over {what}, not over these very bytes"
    return "it was made with another secret, or over another body"


def _same(ours: str, theirs: str) -> bool:
    """Whether they are equal, in a time that does not tell how far."""
    return hmac.compare_digest(ours.encode(), theirs.encode())


def _variants(body: bytes) -> Iterator[tuple[str, bytes]]:
    """What becomes of a body on its way through editors, shells and frameworks."""
    yield "the body without the line end behind it", body.removesuffix(b"\n").removesuffix(b"\r")
    yield "the body with a line end behind it", body + b"\n"
    yield "the body with a Windows line end behind it", body + b"\r\n"
    yield "the body without the blanks around it", body.strip()
    yield "the body with Unix line ends", body.replace(b"\r\n", b"\n")
    yield "the body with Windows line ends", body.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    yield "the body without its byte order mark", body.removeprefix(_MARK)
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return
    for style, separators, indent in (
        ("compact", (",", ":"), None),
        ("spaced", (", ", ": "), None),
        ("indented", (",", ": "), 2),
    ):
        for escaped in (False, True):
            for in_order in (False, True):
                text = json.dumps(value, ensure_ascii=escaped, separators=separators, indent=indent, sort_keys=in_order)
                yield f"the body written anew as {style} JSON", text.encode("utf-8", "surrogatepass")
