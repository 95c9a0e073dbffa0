"""Whose certificates are trusted: the system's store where it is quick to open, else the bundle that httpx brings."""

import os
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl


def tls_context(environ: Mapping[str, str] = os.environ, folder: str | None = None) -> "ssl.SSLContext":
    """A context for one connection or many; SSL_CERT_FILE and SSL_CERT_DIR name other certificates.

    `folder` stands in for the system's. A folder of certificates named by their hashes is read one certificate at a
    time, when a server shows one; a bundle is read whole, which takes 16 ms, whatever is asked.
    """
    import ssl

    if not environ.get("SSL_CERT_FILE") and not environ.get("SSL_CERT_DIR"):
        system = folder or ssl.get_default_verify_paths().openssl_capath
        if _is_hashed(system):
            return ssl.create_default_context(capath=system)
    import httpx

    return httpx.create_ssl_context()


def _is_hashed(folder: str) -> bool:
    with suppress(OSError), os.scandir(folder) as entries:
        return any(re.fullmatch(r"[0-9a-f]{8}\.\d+", entry.name) for entry in entries)
    return False
