"""Which certificates are trusted, and what that costs."""

import json
import ssl
from pathlib import Path
from typing import Any

import certifi
import pytest

from synq_cli.errors import UsageError
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


@pytest.mark.parametrize("text", ["no certificate", None])
def test_certificates_that_can_not_be_read_are_named(tmp_path: Path, text: str | None) -> None:
    named = tmp_path / "bundle.pem"
    if text:
        named.write_text(text, encoding="ascii")
    with pytest.raises(UsageError) as caught:
        tls_context({"SSL_CERT_FILE": str(named)})
    assert caught.value.message.startswith(f"The certificates in SSL_CERT_FILE ({named}) can't be read: ")


def test_a_run_that_can_not_trust_anybody_sends_and_counts_nothing(
    synq: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "nowhere.pem"))
    shown = synq("orders", "list", environ={"SYNQ_TOKEN": "a.b.c", "SYNQ_BASE_URL": "https://api.test"})
    assert (shown.status, shown.out) == (2, "")
    named = f"SSL_CERT_FILE ({tmp_path / 'nowhere.pem'})"
    assert shown.err == (
        f"synq: The certificates in {named} can't be read: No such file or directory.\n  Mend it, or unset it.\n"
    )
    limits = synq("limits", "--json", environ={"SYNQ_BASE_URL": "https://api.test"})
    assert json.loads(limits.out)["remaining"] == 100
