"""The proxy that the environment sets for a host."""

from collections.abc import Mapping
from ipaddress import ip_address, ip_network
from typing import NamedTuple
from urllib.parse import urlsplit

from synq_cli.errors import UsageError

_SCHEMES = ("http", "https", "socks5", "socks5h")
_VARIABLES = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")


class Proxy(NamedTuple):
    """The variable that names a proxy, and its URL, which may hold a password."""

    variable: str
    url: str


def find_proxy(url: str, environ: Mapping[str, str]) -> Proxy | None:
    """The proxy for a URL, if any; UsageError, without its password, for one that can't be used.

    Plain http goes to this machine alone, never through a proxy, which would see the token.
    """
    parts = urlsplit(url)
    if parts.scheme != "https":
        return None
    host, port = (parts.hostname or "").lower().rstrip("."), parts.port or 443
    bypasses = (environ.get("no_proxy") or environ.get("NO_PROXY") or "").split(",")
    if any(_matches(entry.strip().lower(), host, port) for entry in bypasses):
        return None
    variable = next((name for name in _VARIABLES if environ.get(name, "").strip()), None)
    return None if variable is None else Proxy(variable, _checked(variable, environ[variable].strip()))


def names_proxies(environ: Mapping[str, str]) -> bool:
    """Whether the environment says anything about proxies."""
    return any(name.lower().endswith("_proxy") for name in environ)


def _checked(variable: str, text: str) -> str:
    """The proxy's URL with its scheme; UsageError if it has no host or a scheme that is not supported."""
    url = text if "://" in text else f"http://{text}"
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise unusable_proxy(variable, "it is not a URL") from None
    if parts.scheme not in _SCHEMES:
        raise unusable_proxy(
            variable, f'the scheme "{parts.scheme}" is not {", ".join(_SCHEMES[:-1])} or {_SCHEMES[-1]}'
        )
    if not url.isprintable() or " " in url:
        raise unusable_proxy(variable, "it contains blanks or control characters")
    if not host:
        raise unusable_proxy(variable, "it has no host")
    try:
        host.encode("idna")  # as the resolver does
    except UnicodeError:
        raise unusable_proxy(variable, "its host name is not valid") from None
    return url


def unusable_proxy(variable: str, why: str) -> UsageError:
    """The error for a variable whose proxy can't be used; the URL, which may hold a password, is not repeated."""
    return UsageError(
        f"Invalid proxy in {variable}: {why}.",
        hint=f"Set {variable} to a URL such as http://proxy.example:3128, or unset it.",
    )


def _matches(entry: str, host: str, port: int) -> bool:
    """Whether an entry of NO_PROXY is this host: a name, parent domain, address or network, perhaps with a port.

    Ours, since httpx matches neither ports nor networks and fails on IPv6 addresses.
    """
    if entry in {"", "*"}:
        return entry == "*"
    name, wanted_port = entry, ""
    if entry.startswith("["):
        name, _, tail = entry[1:].partition("]")
        wanted_port = tail.removeprefix(":")
    elif entry.count(":") == 1:
        name, _, wanted_port = entry.partition(":")
    if wanted_port and wanted_port != str(port):
        return False
    try:
        return ip_address(host) in ip_network(name, strict=False)
    except ValueError:  # one of them is a name
        domain = name.removeprefix("*").strip(".")
        return host == domain or host.endswith(f".{domain}")
