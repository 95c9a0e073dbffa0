"""Trusted certificates: the operating system's store, and those that the environment adds."""

import os
import ssl
from collections.abc import Mapping
from pathlib import Path

import truststore

from synq_cli.errors import UsageError


def tls_context(environ: Mapping[str, str]) -> ssl.SSLContext:
    """A context for all connections of a client; UsageError if SSL_CERT_FILE or SSL_CERT_DIR can't be used."""
    context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if file := environ.get("SSL_CERT_FILE"):
        try:
            context.load_verify_locations(cafile=file)
        except ssl.SSLError:
            raise _unusable("SSL_CERT_FILE", file, "it is not a PEM file with certificates") from None
        except OSError as error:
            raise _unusable("SSL_CERT_FILE", file, error.strerror or type(error).__name__) from None
    if folder := environ.get("SSL_CERT_DIR"):
        if not all(Path(each).is_dir() for each in folder.split(os.pathsep)):
            raise _unusable("SSL_CERT_DIR", folder, "it is not a folder")
        context.load_verify_locations(capath=folder)
    return context


def _unusable(variable: str, value: str, why: str) -> UsageError:
    return UsageError(f'Invalid {variable} "{value}": {why}.', hint=f"Fix {variable}, or unset it.")
