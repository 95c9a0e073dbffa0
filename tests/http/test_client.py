"""The HTTP client on real connections to this machine."""

import base64
import gc
import gzip
import json
import socket
import ssl
import struct
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from synq_cli import __version__
from synq_cli.errors import NetworkError, UsageError
from synq_cli.http.client import HttpClient
from synq_cli.http.exchange import NoResponseError, Reply

TOKEN = "opaque-token-0123456789"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
# Longer than any busy machine takes: only a hang reaches it.
LIMIT = 60.0
New = Callable[..., HttpClient]
Answer = bytes | Callable[[socket.socket, threading.Event], None]


@dataclass
class Server:
    """A server on this machine: the requests it got, and how many of its connections have ended."""

    port: int = 0
    requests: list[bytes] = field(default_factory=list)
    ended: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def receive(connection: socket.socket) -> bytes:
    """One request: its head, and as much body as that promises."""
    got = b""
    while b"\r\n\r\n" not in got and (more := connection.recv(65_536)):
        got += more
    head, _, body = got.partition(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
    while len(body) < length and (more := connection.recv(65_536)):
        body += more
    return head + b"\r\n\r\n" + body if got else b""


@contextmanager
def serving(
    *connections: Sequence[Answer], trust: ssl.SSLContext | None = None, address: str = "127.0.0.1"
) -> Iterator[Server]:
    """Answers the requests of each connection in turn, then closes it."""
    server, over = Server(), threading.Event()

    def answer_all(connection: socket.socket, answers: Sequence[Answer]) -> None:
        with trust.wrap_socket(connection, server_side=True) if trust else connection as stream:
            for answer in answers:
                if request := receive(stream):
                    server.requests.append(request)
                if callable(answer):
                    answer(stream, over)
                else:
                    stream.sendall(answer)

    def serve() -> None:
        for answers in connections:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            connection.settimeout(LIMIT)
            with connection, suppress(OSError):
                answer_all(connection, answers)
            server.ended.release()

    with socket.create_server((address, 0)) as listening:
        server.port = listening.getsockname()[1]
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield server
        finally:
            over.set()
            with suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)
            thread.join(LIMIT)
            assert not thread.is_alive()


@pytest.fixture
def new_client() -> Iterator[Callable[..., HttpClient]]:
    made: list[HttpClient] = []

    def make(
        timeout: float = LIMIT,
        transport: httpx.BaseTransport | None = None,
        largest: int = 64_000_000,
        **environ: str,
    ) -> HttpClient:
        made.append(HttpClient(timeout, environ, transport, largest=largest))
        return made[-1]

    yield make
    for client in made:
        client.close()


def ask(client: HttpClient, url: str, content: bytes | None = None, **headers: str) -> Reply:
    method = "GET" if content is None else "POST"
    headers = {"Authorization": f"Bearer {TOKEN}", **headers}
    return client.exchange(method, url, host="HOST", query={"q": "a b", "none": None}, content=content, headers=headers)


def no_response(client: HttpClient, url: str, content: bytes | None = None) -> tuple[bool, str]:
    """Whether it was sent, and why there is no response."""
    with pytest.raises(NoResponseError) as caught:
        ask(client, url, content)
    assert TOKEN not in caught.value.sentence
    return caught.value.sent, caught.value.sentence


# Requests


def test_a_request_has_its_query_its_headers_and_the_programs_name(new_client: New) -> None:
    with serving([OK]) as server:
        reply = ask(new_client(), f"{server.url}/api/v1/orders", X="y")
    assert (reply.status, reply.headers, reply.body, reply.tls) == (200, {"content-length": "2"}, b"{}", None)
    line, *headers = server.requests[0].decode().strip().split("\r\n")
    assert line == "GET /api/v1/orders?q=a+b HTTP/1.1"
    assert {
        f"Host: 127.0.0.1:{server.port}",
        "Accept: application/json, */*;q=0.5",
        f"User-Agent: synq/{__version__}",
        f"Authorization: Bearer {TOKEN}",
        "X: y",
    } <= set(headers)


def test_form_is_sent_once_whatever_the_status_of_the_response(new_client: New) -> None:
    refused = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 3\r\n\r\nbad"
    with serving([refused]) as server:
        assert new_client().post_form(f"{server.url}/token", {"a": "b c"}) == (400, b"bad")
    assert server.requests[0].endswith(b"\r\n\r\na=b+c")
    with pytest.raises(NetworkError, match=r"^127.0.0.1:\d+ could not be reached: connection refused$"):
        new_client().post_form(f"{server.url}/token", {})


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "t\u00fcr", "a\x00"])
def test_a_header_value_that_http_does_not_allow_is_refused_and_not_repeated(new_client: New, value: str) -> None:
    with serving() as server, pytest.raises(UsageError) as caught:
        ask(new_client(), server.url, Odd=value)
    assert caught.value.message == "Invalid value of the header Odd: use printable ASCII characters only."


def test_a_redirect_is_not_followed_and_no_cookie_comes_back(new_client: New) -> None:
    moved = b"HTTP/1.1 307 Moved\r\nLocation: /there\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n"
    with serving([moved, OK]) as server:
        client = new_client()
        assert ask(client, server.url).headers["location"] == "/there"
        ask(client, server.url)
    assert b"ookie" not in server.requests[1]


# Replies


def compressed(body: bytes) -> bytes:
    content = gzip.compress(body)
    return b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(content) + content


def test_a_compressed_body_is_expanded(new_client: New) -> None:
    with serving([compressed(b"body" * 50_000)]) as server:
        assert ask(new_client(), server.url).body == b"body" * 50_000


@pytest.mark.parametrize("packed", [True, False])
def test_a_reply_that_is_too_large_is_given_up(new_client: New, packed: bool) -> None:
    body = b" " * 5_000_000
    answer = compressed(body) if packed else b"HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\n\r\n" + body
    with serving([answer]) as server:
        client = new_client(largest=100_000)
        assert no_response(client, server.url) == (True, "HOST sent more than 100,000 bytes")


OK_HEAD = b"HTTP/1.1 200 OK\r\n"
BROKEN = {
    "closed": (b"", "closed before a response arrived"),
    "reset": (None, "Connection reset by peer"),
    "short": (OK_HEAD + b"Content-Length: 5\r\n\r\nbody", "the response was cut short"),
    "short chunk": (OK_HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nbody", "the response was cut short"),
    "not HTTP": (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "the response is not HTTP"),
    "two lengths": (OK_HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n{}", "the response is not HTTP"),
    "not compressed": (
        OK_HEAD + b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\nbody", "the response can't be decompressed",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_broken_response_leaves_the_outcome_unknown(new_client: New, case: str) -> None:
    answer, reason = BROKEN[case]

    def reset(connection: socket.socket, _over: threading.Event) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    with serving([reset if answer is None else answer]) as server:
        assert no_response(new_client(), server.url, b"{}") == (True, f"the connection to HOST was lost: {reason}")


def test_a_server_that_refuses_a_body_before_its_end_is_heard(new_client: New) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(10)
                connection.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        assert ask(new_client(), url, b" " * 10_000_000).status == 413
        thread.join(LIMIT)


def test_an_encoding_that_could_expand_without_bounds_is_not_decoded(new_client: New) -> None:
    twice = gzip.compress(gzip.compress(b"{}"))
    answer = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip\r\nContent-Length: %d\r\n\r\n" % len(twice) + twice
    with serving([answer]) as server:
        assert no_response(new_client(), server.url) == (True, "HOST sent an encoding that was not asked for")


# Connections


def test_one_connection_serves_several_requests_and_threads_share_the_client(new_client: New) -> None:
    client, statuses = new_client(), list[int]()
    with serving([OK, compressed(b"{}"), b"HTTP/1.1 204 No Content\r\n\r\n", OK]) as server:
        for _ in range(4):
            thread = threading.Thread(target=lambda: statuses.append(ask(client, server.url).status))
            thread.start()
            thread.join(LIMIT)
    assert statuses == [200, 200, 204, 200]


def test_a_connection_that_the_server_has_closed_is_replaced_before_anything_is_sent(new_client: New) -> None:
    client = new_client()
    with serving([OK], [OK]) as server:
        ask(client, server.url, b"1")
        assert server.ended.acquire(timeout=LIMIT)
        ask(client, server.url, b"2")
    assert [request[-1:] for request in server.requests] == [b"1", b"2"]


def test_a_request_that_broke_off_is_not_sent_again(new_client: New) -> None:
    client = new_client()
    with serving([OK, b""], [OK]) as server:
        ask(client, server.url)
        assert no_response(client, server.url, b"once")[0] is True
        assert len(server.requests) == 2
        assert ask(client, server.url).status == 200


# Deadlines: the whole exchange, whatever stalls. That nothing else ends it is what the server's patience is for.


def drip(first: bytes, drop: bytes) -> Answer:
    def run(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(first)
        if not drop:
            connection.recv(1)  # returns when the other side has closed
        while drop and not over.wait(0.02):
            connection.sendall(drop)

    return run


ENDLESS = {
    "nothing": drip(b"", b""),
    "headers": drip(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"a"),
    "hints": drip(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
    "body": drip(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b" "),
    "body until the connection closes": drip(b"HTTP/1.1 200 OK\r\n\r\n", b" "),
    "chunks": drip(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
}


@pytest.mark.parametrize("case", ENDLESS)
def test_an_answer_without_end_is_given_up_and_its_connection_closed(new_client: New, case: str) -> None:
    with serving([ENDLESS[case]]) as server:
        assert no_response(new_client(0.2), server.url, b"{}") == (True, "HOST did not respond within 0.2 s")
        assert server.ended.acquire(timeout=LIMIT)


def test_a_name_lookup_that_hangs(new_client: New, monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_words, **_options: over.wait(LIMIT) and [])
    late = (False, "HOST could not be reached within 0.2 s")
    assert no_response(new_client(0.2), "https://api.test", b"{}") == late
    over.set()


@pytest.mark.parametrize("first", [b"", b"\x16\x03\x03"])
def test_a_tls_handshake_that_stalls(new_client: New, first: bytes) -> None:
    with serving([drip(first, b"\x00" if first else b"")]) as server:
        url = server.url.replace("http:", "https:")
        assert no_response(new_client(0.2), url, b"{}") == (False, "HOST could not be reached within 0.2 s")
        assert server.ended.acquire(timeout=LIMIT)


@pytest.mark.parametrize("scheme", ["http", "https", "socks5h"])
@pytest.mark.parametrize("first", [b"", b"HTTP/1.1 200 "])
def test_a_proxy_that_stalls(new_client: New, scheme: str, first: bytes) -> None:
    if scheme == "socks5h":
        first = b"\x05" if first else first
    with serving([drip(first, b"a" if first and scheme == "http" else b"")]) as server:
        client = new_client(0.2, HTTPS_PROXY=server.url.replace("http", scheme))
        sent, sentence = no_response(client, "https://api.test", b"{}")
        assert sent is False
        assert sentence in {
            "HOST could not be reached within 0.2 s through the proxy in HTTPS_PROXY",
            "HOST could not be reached through the proxy in HTTPS_PROXY: Malformed reply",
        }


def test_nothing_leaves_after_the_deadline(new_client: New) -> None:
    def agree_late(connection: socket.socket, _over: threading.Event) -> None:
        assert connection.recv(1) == b""  # the client has given up
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")

    with serving([agree_late]) as server:
        client = new_client(0.2, HTTPS_PROXY=server.url)
        assert no_response(client, "https://api.test", b"{}")[0] is False
    assert len(server.requests) == 1
    assert server.requests[0].startswith(b"CONNECT ")


def test_a_transport_that_does_not_answer_was_given_the_request(new_client: New) -> None:
    over = threading.Event()

    def handle(_request: httpx.Request) -> httpx.Response:
        over.wait(LIMIT)
        return httpx.Response(200)

    client = new_client(0.05, httpx.MockTransport(handle))
    assert no_response(client, "https://api.test", b"{}") == (True, "HOST did not respond within 0.05 s")
    over.set()


def test_an_exchange_leaves_nothing_to_the_garbage_collector(new_client: New) -> None:
    # It runs seldom, and a long run sends thousands of requests with their bodies.
    made: list[weakref.ref[Any]] = []

    def handle(_request: httpx.Request) -> httpx.Response:
        response, error = httpx.Response(200, json={}), httpx.ReadError("reset")
        made.extend(weakref.ref(one) for one in (response, error))
        try:
            if len(made) == 2:
                return response
            raise error
        finally:
            del error  # its traceback refers to this frame

    client = new_client(transport=httpx.MockTransport(handle))
    gc.disable()
    try:
        assert ask(client, "https://api.test").status == 200
        with suppress(NoResponseError):
            ask(client, "https://api.test")
        assert [kept() for kept in made] == [None] * 4
    finally:
        gc.enable()


# Nothing sent


def test_a_host_that_does_not_exist(new_client: New, monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(*_words: object, **_options: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nobody)
    reason = "HOST could not be reached: no such host"
    assert no_response(new_client(), "https://api.test") == (False, reason)


def test_a_port_where_nobody_listens(new_client: New) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    assert no_response(new_client(), url) == (False, "HOST could not be reached: connection refused")


def test_an_address_that_is_no_url(new_client: New) -> None:
    url = "http://127.0.0.1/" + "x" * 70_000
    with pytest.raises(UsageError, match=r'^Invalid URL "http://127.0.0.1/x+": URL too long'):
        ask(new_client(), url)


# TLS


@pytest.fixture
def server_side(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def test_a_certificate_in_ssl_cert_file_is_trusted_and_described(
    new_client: New, server_side: ssl.SSLContext, certificate: Path
) -> None:
    client = new_client(SSL_CERT_FILE=str(certificate))
    with serving([OK, OK], trust=server_side) as server:
        url = f"https://localhost:{server.port}"
        replies = [ask(client, url) for _ in range(2)]
    assert [reply.tls for reply in replies] == [("TLSv1.3", 4_733_510_400.0)] * 2


def test_a_folder_of_certificates_is_trusted(
    new_client: New, server_side: ssl.SSLContext, certificate: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "certificates"
    folder.mkdir()
    # The name is what `openssl x509 -hash` says of the certificate.
    (folder / "ce275665.0").write_bytes(certificate.read_bytes())
    with serving([OK], trust=server_side) as server:
        assert ask(new_client(SSL_CERT_DIR=str(folder)), f"https://localhost:{server.port}").status == 200


@pytest.mark.parametrize(
    ("host", "trusted", "why"),
    [("127.0.0.1", False, "it is self-signed"), ("127.0.0.2", True, "it was issued for another host")],
)
def test_a_certificate_that_is_not_trusted_says_why_and_is_not_tried_again(
    new_client: New, server_side: ssl.SSLContext, certificate: Path, host: str, trusted: bool,
    why: str,
) -> None:  # fmt: skip
    client = new_client(**({"SSL_CERT_FILE": str(certificate)} if trusted else {}))
    with serving([OK], trust=server_side, address=host) as server, pytest.raises(NoResponseError) as caught:
        ask(client, f"https://{host}:{server.port}")
    assert caught.value.sentence == f"the certificate of HOST is not trusted: {why}"
    assert (caught.value.sent, caught.value.retryable) == (False, False)
    assert ("SSL_CERT_FILE" in str(caught.value.hint)) is not trusted
    assert server.requests == []


@pytest.mark.parametrize(
    ("variable", "text", "why"),
    [
        ("SSL_CERT_FILE", None, "No such file or directory"),
        ("SSL_CERT_FILE", "not a certificate", "it is not a PEM file with certificates"),
        ("SSL_CERT_DIR", None, "it is not a folder"),
    ],
)
def test_certificates_that_can_not_be_read_are_an_error_of_the_settings(
    new_client: New, tmp_path: Path, variable: str, text: str | None, why: str
) -> None:
    path = tmp_path / "bundle.pem"
    if text is not None:
        path.write_text(text, encoding="ascii")
    with pytest.raises(UsageError) as caught:
        new_client(**{variable: str(path)}).check("https://api.test")
    assert caught.value.message == f'Invalid {variable} "{path}": {why}.'
    new_client(**{variable: str(path)}).check("http://127.0.0.1")  # plain http needs none


# Proxies


@contextmanager
def relaying(target: int, *, socks: bool = False) -> Iterator[Server]:
    """A proxy that lets one connection through, to a port of this machine, whatever host was asked for."""
    server = Server()

    def greet(connection: socket.socket) -> None:
        if not socks:
            server.requests.append(receive(connection))
            connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            return
        server.requests.append(connection.recv(100))
        connection.sendall(b"\x05\x02")
        server.requests.append(connection.recv(100))
        connection.sendall(b"\x01\x00")
        server.requests.append(connection.recv(300))
        connection.sendall(b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x50")

    def copy(source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)

    def serve() -> None:
        with suppress(OSError):
            connection, _ = listening.accept()
            connection.settimeout(LIMIT)
            with connection, socket.create_connection(("127.0.0.1", target), timeout=LIMIT) as onward:
                greet(connection)
                back = threading.Thread(target=copy, args=(onward, connection), daemon=True)
                back.start()
                copy(connection, onward)
                back.join(LIMIT)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        server.port = listening.getsockname()[1]
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server
        listening.close()
        thread.join(LIMIT)


@pytest.mark.parametrize("scheme", ["http", "socks5h"])
def test_requests_go_through_a_proxy_that_sees_its_password_and_no_token(
    new_client: New, server_side: ssl.SSLContext, certificate: Path, scheme: str
) -> None:
    with serving([OK], trust=server_side) as server, relaying(server.port, socks=scheme == "socks5h") as proxy:
        url = f"{scheme}://ann:s%40cret@127.0.0.1:{proxy.port}"
        client = new_client(ALL_PROXY=url, SSL_CERT_FILE=str(certificate))
        assert ask(client, "https://localhost/api").status == 200
        client.close()
    seen = b"".join(proxy.requests)
    assert TOKEN.encode() not in seen
    if scheme == "http":
        assert seen.startswith(b"CONNECT localhost:443 HTTP/1.1\r\n")
        assert b"Proxy-Authorization: Basic " + base64.b64encode(b"ann:s@cret") in seen
    else:
        assert (b"\x03ann\x06s@cret" in seen, b"\x09localhost\x01\xbb" in seen) == (True, True)
    assert server.requests[0].startswith(b"GET /api?q=a+b HTTP/1.1\r\n")
    assert TOKEN.encode() in server.requests[0]


REFUSALS: list[tuple[str, bytes, str, bool]] = [
    ("http", b"HTTP/1.1 407 no, s3cret\r\nContent-Length: 0\r\n\r\n", "it responded with status 407", False),
    ("http", b"HTTP/1.1 502 s3cret\r\nContent-Length: 0\r\n\r\n", "it responded with status 502", True),
    ("http", b"", "closed before a response arrived", True),
    ("socks5", b"HTTP/1.1 400 s3cret\r\n\r\n", "Malformed reply", True),
    ("socks5", b"", "Malformed reply", True),
]


@pytest.mark.parametrize(("scheme", "answer", "why", "retryable"), REFUSALS)
def test_a_proxy_that_refuses(new_client: New, scheme: str, answer: bytes, why: str, retryable: bool) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        client = new_client(https_proxy=f"{scheme}://ann:s3cret@127.0.0.1:{listening.getsockname()[1]}")
        with pytest.raises(NoResponseError) as caught:
            ask(client, "https://api.test", b"{}")
        thread.join(LIMIT)
    assert caught.value.sentence == f"HOST could not be reached through the proxy in https_proxy: {why}"
    assert (caught.value.sent, caught.value.retryable) == (False, retryable)


def test_certificate_errors_distinguish_proxy_and_host(new_client: New, server_side: ssl.SSLContext) -> None:
    with serving([OK], trust=server_side) as server, pytest.raises(NoResponseError) as caught:
        ask(new_client(HTTPS_PROXY=f"https://localhost:{server.port}"), "https://api.test", b"{}")
    assert caught.value.sentence == "the certificate of the proxy in HTTPS_PROXY is not trusted: it is self-signed"
    assert (caught.value.sent, caught.value.retryable) == (False, False)


def test_a_system_without_threads_to_spare_has_sent_nothing(new_client: New, monkeypatch: pytest.MonkeyPatch) -> None:
    def start(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    client = new_client()
    monkeypatch.setattr(threading.Thread, "start", start)
    reason = "HOST could not be reached: can't start new thread"
    assert no_response(client, "http://127.0.0.1:1", b"{}") == (False, reason)


def test_a_run_with_settings_that_can_not_work_sends_and_counts_nothing(synq: Any) -> None:
    environ = {"SYNQ_TOKEN": "a.b.c", "SYNQ_BASE_URL": "https://api.test", "HTTPS_PROXY": "ftp://u:s3cret@x"}
    shown = synq("orders", "list", environ=environ)
    assert (shown.status, shown.out) == (2, "")
    assert shown.err == (
        'synq: Invalid proxy in HTTPS_PROXY: the scheme "ftp" is not http, https, socks5 or socks5h.\n'
        "  Set HTTPS_PROXY to a URL such as http://proxy.example:3128, or unset it.\n"
    )
    assert json.loads(synq("limits", "--json", environ=environ).out)["remaining"] == 100
