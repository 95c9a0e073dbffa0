"""Which addresses a token may be sent to."""

from ipaddress import ip_address


def is_loopback(host: str) -> bool:
    """Whether the host is this machine."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def check_base_url(text: str) -> str:
    """The URL without its trailing slash; ValueError unless it is https, or http to this machine."""
    from urllib.parse import urlsplit

    example = "such as https://api.synq.io"
    if any(character.isspace() or not character.isprintable() for character in text):
        raise ValueError(f"must be a URL {example}, without blanks or control characters")
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ValueError(f"must be a URL {example}") from None
    if parts.scheme not in {"https", "http"} or not host or port == 0:
        raise ValueError(f"must be a URL {example}")
    if parts.scheme == "http" and not is_loopback(host):
        raise ValueError("must be https; plain http would show the token on the way, except on this machine")
    if parts.username is not None or parts.password is not None:
        raise ValueError("must not hold a user name or password; the token is kept elsewhere")
    if parts.query or parts.fragment or text.endswith(("?", "#")):
        raise ValueError("must not have a query or a fragment")
    return text.rstrip("/")


def host_of(base_url: str) -> str:
    """Host and, where one is named, port."""
    return base_url.partition("://")[2].partition("/")[0].lower()
