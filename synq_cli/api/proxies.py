"""The proxy on the way to a host, as environment variables or the system's settings name it."""

import os
import sys
from typing import NamedTuple

_WITH_SETTINGS = {"darwin", "win32"}


class Proxy(NamedTuple):
    """Where it is, and the headers that only it may see; `name` is what to call it in a sentence."""

    name: str
    host: str
    port: int
    headers: dict[str, str]


def find_proxy(host: str, port: int) -> Proxy | None:
    """The proxy on the way to a host by https, if there is one; ValueError, without its password, if it can't be used.

    One that can't be used is never gone round.
    """
    from urllib.parse import unquote, urlsplit

    named = named_proxy(host, port)
    if named is None:
        return None
    name, address = named
    try:
        parts = urlsplit(address if "://" in address else f"http://{address}")
        where, behind = parts.hostname, parts.port or 80
    except ValueError:
        raise ValueError(f"{name} is not a URL") from None
    if parts.scheme != "http":
        raise ValueError(f"{name} is of the kind {parts.scheme}; synq knows http:// proxies alone")
    if not where or not where.isprintable() or " " in where:
        raise ValueError(f"{name} names no host")
    headers = {"Host": f"{f'[{host}]' if ':' in host else host}:{port}"}
    if parts.username is not None:
        from base64 import b64encode

        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        headers["Proxy-Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
    return Proxy(name, where, behind, headers)


def named_proxy(host: str, port: int) -> tuple[str, str] | None:
    """What to call that proxy, and its address as it was given."""
    if sys.platform not in _WITH_SETTINGS and not any(name.lower().endswith("_proxy") for name in os.environ):
        return None
    from urllib.request import getproxies, proxy_bypass  # 5 ms that only those behind a proxy need

    found = getproxies()
    kind = next((kind for kind in ("https", "all") if found.get(kind)), None)
    if kind is None or any(proxy_bypass(each) for each in (host, f"{host}:{port}")):
        return None
    variable = next((name for name in (f"{kind}_proxy", f"{kind.upper()}_PROXY") if os.environ.get(name)), None)
    return f"the proxy in {variable}" if variable else "the system's proxy", found[kind]
