"""A host looked up and its TLS checked, on this machine alone."""

import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from synq_cli.api.reach import look_up, shake_hands
from synq_cli.errors import NetworkError
from synq_cli.session.trust import tls_context


def failed(work: object) -> tuple[str, str | None]:
    with pytest.raises(NetworkError) as caught:
        work()  # type: ignore[operator]
    return caught.value.message, caught.value.hint


@pytest.fixture
def secure_port(certificate: Path) -> Iterator[int]:
    """A port of this machine where TLS is spoken."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                try:
                    context.wrap_socket(connection, server_side=True).close()
                except OSError:
                    connection.close()

        threading.Thread(target=serve, daemon=True).start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)


def test_a_host_has_addresses() -> None:
    assert look_up("127.0.0.1", 443, 3) == ["127.0.0.1"]
    assert "127.0.0.1" in look_up("localhost", 443, 3)


def test_a_host_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(*_words: object, **_settings: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nobody)
    assert failed(lambda: look_up("api.test", 443, 3)) == (
        "api.test could not be looked up: Name or service not known.",
        "Check the network and the base URL: synq config get base_url",
    )


def test_a_resolver_that_hangs_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    free = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_words, **_settings: free.wait() and [])
    assert failed(lambda: look_up("api.test", 443, 0.01))[0] == "api.test could not be looked up within 0.01 s."
    free.set()


def test_a_trusted_certificate(certificate: Path, secure_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    made = shake_hands("localhost", secure_port, 3)
    assert (made.version, made.ends_at) == ("TLSv1.3", 4_733_510_400.0)


def test_a_folder_by_hashes_is_asked_for_the_certificate_a_server_shows(
    tmp_path: Path, certificate: Path, secure_port: int
) -> None:
    # Its name is what `openssl x509 -hash` says of the certificate.
    (tmp_path / "ce275665.0").write_bytes(certificate.read_bytes())
    context = tls_context({}, str(tmp_path))
    with (
        socket.create_connection(("127.0.0.1", secure_port), timeout=3) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as secure,
    ):
        assert secure.version() == "TLSv1.3"
    with (
        socket.create_connection(("127.0.0.1", secure_port), timeout=3) as plain,
        pytest.raises(ssl.SSLCertVerificationError, match="mismatch"),
    ):
        context.wrap_socket(plain, server_hostname="synq.test")


def test_a_certificate_of_nobodys(secure_port: int) -> None:
    message, _ = failed(lambda: shake_hands("localhost", secure_port, 3))
    assert message == "The certificate of localhost can't be trusted: self-signed certificate."


def test_a_port_where_nobody_listens_or_where_something_else_does() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        assert failed(lambda: shake_hands("127.0.0.1", port, 0.05))[0] == (
            f"127.0.0.1 port {port} did not answer within 0.05 s."
        )
    assert failed(lambda: shake_hands("127.0.0.1", port, 3))[0] == (
        f"No TLS connection to 127.0.0.1 port {port}: Connection refused."
    )
