"""Base URLs: which a token may be sent to."""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ipaddress import IPv4Address, IPv6Address

_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_NETLOC = re.compile(rf"(?:\[[0-9A-Fa-f:.]+\]|(?:{_LABEL}\.)*{_LABEL}\.?)(?::[0-9]+)?")


def is_loopback(host: str) -> bool:
    """Whether the host is this machine."""
    address = _address(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def _address(host: str) -> "IPv4Address | IPv6Address | None":
    from ipaddress import ip_address

    try:
        return ip_address(host)
    except ValueError:
        return None


def check_base_url(text: str) -> str:
    """The URL, normalized; ValueError, saying what to use, unless it is https, or http to this machine.

    Scheme and host in lower case, no default port, no slash at the end: a server has one name where hosts are
    compared and requests are counted.
    """
    from urllib.parse import urlsplit

    invalid = ValueError("use a URL such as https://api.synq.io")
    if any(character.isspace() or not character.isprintable() for character in text):
        raise invalid
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise invalid from None
    if parts.scheme not in {"https", "http"} or not host or port == 0 or parts.netloc.endswith(":"):
        raise invalid
    # The resolver chokes on empty and long labels, httpx on odd characters.
    named = _NETLOC.fullmatch(parts.netloc.rpartition("@")[2]) and len(host) <= 253
    if not named or (":" in host and _address(host) is None):
        raise ValueError("use a host name of letters, digits, dots and dashes, or an IP address")
    if parts.scheme == "http" and not is_loopback(host):
        raise ValueError("use https; plain http, which would expose the token, is only for this machine")
    if parts.username is not None or parts.password is not None:
        raise ValueError("remove the user name and password; the token is stored elsewhere")
    if parts.query or parts.fragment or text.endswith(("?", "#")):
        raise ValueError("remove the query and the fragment")
    usual = {"https": 443, "http": 80}[parts.scheme]
    name = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{name}{'' if port in {None, usual} else f':{port}'}{parts.path.rstrip('/')}"


def check_token_url(text: str) -> str:
    """The URL of an OAuth 2 token endpoint, unchanged; ValueError, saying what to use, if it is not safe."""
    check_base_url(text.partition("?")[0])  # the endpoint may have a query of its own
    if "#" in text or not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("remove the fragment, and any blanks or control characters")
    return text


def host_of(base_url: str) -> str:
    """Host and, unless it is the default, port."""
    return base_url.partition("://")[2].partition("/")[0].lower()
