"""Which certificates are trusted, and what that costs."""

import ssl
from pathlib import Path

import certifi
import pytest

from synq_cli.session.trust import tls_context


def loaded(context: ssl.SSLContext) -> int:
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    return context.cert_store_stats()["x509"]


def test_a_folder_by_hashes_is_not_read_until_a_server_shows_a_certificate(tmp_path: Path) -> None:
    (tmp_path / "002c0b4f.0").touch()
    assert loaded(tls_context({}, str(tmp_path))) == 0


@pytest.mark.parametrize("name", [None, "ca-certificates.crt"])
def test_without_one_the_bundle_is_read(tmp_path: Path, name: str | None) -> None:
    if name:
        (tmp_path / name).touch()
    assert loaded(tls_context({}, str(tmp_path))) > 50
    assert loaded(tls_context({}, str(tmp_path / "nowhere"))) > 50


def test_the_variables_come_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "002c0b4f.0").touch()
    monkeypatch.setenv("SSL_CERT_FILE", certifi.where())
    assert loaded(tls_context(folder=str(tmp_path))) > 50
