"""Whose certificates are trusted: the system's store where it is quick to open, else the bundle of certifi."""

import os
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from synq_cli.errors import UsageError

if TYPE_CHECKING:
    import ssl


def tls_context(environ: Mapping[str, str] = os.environ, folder: str | None = None) -> "ssl.SSLContext":
    """A context for one connection or many; SSL_CERT_FILE and SSL_CERT_DIR name other certificates.

    UsageError if those can't be read. `folder` stands in for the system's. A folder of certificates named by their
    hashes is read one certificate at a time, when a server shows one; a bundle is read whole, which takes 16 ms.
    """
    import ssl

    if named := environ.get("SSL_CERT_FILE"):
        try:
            return ssl.create_default_context(cafile=named)
        except OSError as error:
            why = error.strerror or type(error).__name__
            raise UsageError(
                f"The certificates in SSL_CERT_FILE ({named}) can't be read: {why}.", hint="Mend it, or unset it."
            ) from None
    if named := environ.get("SSL_CERT_DIR"):
        return ssl.create_default_context(capath=named)
    system = folder or ssl.get_default_verify_paths().openssl_capath
    if _is_hashed(system):
        return ssl.create_default_context(capath=system)
    import certifi

    return ssl.create_default_context(cafile=certifi.where())


def _is_hashed(folder: str) -> bool:
    with suppress(OSError), os.scandir(folder) as entries:
        return any(re.fullmatch(r"[0-9a-f]{8}\.\d+", entry.name) for entry in entries)
    return False
