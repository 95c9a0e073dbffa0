"""The network's end of the wire, on real connections to this machine."""

import errno
import gzip
import os
import socket
import ssl
import sys
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synq_cli import __version__
from synq_cli.api import network
from synq_cli.api.network import target
from synq_cli.api.replies import Reply
from synq_cli.api.wire import Silence, Wire
from synq_cli.errors import UsageError

TOKEN = "opaque-token-0123456789"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
Answer = bytes | Callable[[socket.socket, threading.Event], None]


@dataclass
class Server:
    """What a server on this machine was asked, and how many connections it has closed."""

    port: int = 0
    requests: list[bytes] = field(default_factory=list)
    closed: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"


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
    *connections: Sequence[Answer],
    trust: ssl.SSLContext | None = None,
    proxy: bytes | None = None,
    address: str = "127.0.0.1",
) -> Iterator[Server]:
    """Answers the requests of each connection in turn and closes it; as a `proxy` it says that to a CONNECT before."""
    server, over = Server(), threading.Event()

    def talk(connection: socket.socket, answers: Sequence[Answer]) -> None:
        if proxy is not None:
            server.requests.append(receive(connection))
            connection.sendall(proxy)
        with trust.wrap_socket(connection, server_side=True) if trust else connection as spoken:
            for answer in answers:
                if request := receive(spoken):
                    server.requests.append(request)
                if callable(answer):
                    answer(spoken, over)
                else:
                    spoken.sendall(answer)

    def serve() -> None:
        for answers in connections:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection, suppress(OSError):
                talk(connection, answers)
            server.closed.release()

    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.create_server((address, 0), family=family) as listening:
        server.port = listening.getsockname()[1]
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield server
        finally:
            over.set()
            with suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)
            thread.join()


@contextmanager
def wired(base_url: str, timeout: float = 5) -> Iterator[Wire]:
    wire = Wire(base_url, base_url.partition("://")[2], timeout, None)
    try:
        yield wire
    finally:
        wire.close()


def ask(wire: Wire, url: str, content: bytes | None = None, method: str = "", **headers: str) -> Reply:
    return wire.exchange(
        method or ("GET" if content is None else "POST"),
        url,
        {"q": "a b"},
        content,
        {"Authorization": f"Bearer {TOKEN}", **headers},
    )


def asked(url: str, content: bytes | None = None, *, timeout: float = 5, method: str = "", **headers: str) -> Reply:
    with wired(url, timeout) as wire:
        return ask(wire, f"{url}/api", content, method, **headers)


def silent(url: str, content: bytes | None = None, *, timeout: float = 5, **headers: str) -> tuple[str, str]:
    with pytest.raises(Silence) as caught:
        asked(url, content, timeout=timeout, **headers)
    assert TOKEN not in caught.value.sentence
    return caught.value.failure, caught.value.sentence


def answered(answer: Answer, method: str = "GET") -> Reply:
    with serving([answer]) as server:
        return asked(server.url, method=method)


def unanswered(answer: Answer, timeout: float = 5) -> str:
    """The sentence about a request that was sent, with the host left out."""
    with serving([answer]) as server:
        failure, sentence = silent(server.url, b"{}", timeout=timeout)
        assert failure == "no_answer"
        return sentence.replace(server.host, "HOST")


# What is sent


def test_a_request_is_sent_whole() -> None:
    with serving([OK], [OK]) as server:
        assert asked(server.url) == Reply(200, {"content-length": "2"}, b"{}")
        asked(server.url, b'{"a": 1}')
    common = (
        f"Host: 127.0.0.1:{server.port}\r\nAccept-Encoding: gzip\r\nAccept: application/json\r\n"
        f"User-Agent: synq/{__version__}\r\nAuthorization: Bearer {TOKEN}\r\n"
    )
    assert [request.decode() for request in server.requests] == [
        f"GET /api?q=a+b HTTP/1.1\r\n{common}\r\n",
        f'POST /api?q=a+b HTTP/1.1\r\n{common}\r\n{{"a": 1}}'.replace("\r\nHost", "\r\nContent-Length: 8\r\nHost"),
    ]


def test_a_write_without_a_body_has_no_length_left_open() -> None:
    with serving([OK]) as server:
        asked(server.url, method="POST")
    assert b"\r\nContent-Length: 0\r\n" in server.requests[0]


def test_an_address_of_version_6_stands_in_brackets() -> None:
    try:
        with serving([OK], address="::1") as server:
            assert asked(f"http://[::1]:{server.port}").status == 200
    except OSError:
        pytest.skip("this machine has no IPv6")
    assert f"\r\nHost: [::1]:{server.port}\r\n".encode() in server.requests[0]


WRITTEN = st.text(st.characters(exclude_categories=["C", "Zl", "Zp"], exclude_characters="#?"), max_size=20)


@given(st.lists(WRITTEN | st.sampled_from([".", "..", ""]), max_size=5), st.none() | WRITTEN)
def test_path_and_query_are_written_as_httpx_writes_them(parts: list[str], query: str | None) -> None:
    url = "/".join(["https://api.synq.io", *parts]) + ("" if query is None else f"?{query}")
    assert target(url, {}) == httpx.URL(url).raw_path.decode()


@given(st.dictionaries(WRITTEN | st.just("a?#&="), WRITTEN, min_size=1, max_size=3))
def test_a_query_is_written_as_httpx_writes_it(query: dict[str, str]) -> None:
    url = "https://api.synq.io/api/v1"
    assert target(url, query) == httpx.URL(url, params=query).raw_path.decode()


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\n b", "a\r b", "t\u00fcr", "a\x00"])
def test_a_value_that_no_header_can_hold_is_not_sent(value: str) -> None:
    with serving() as server:
        assert silent(server.url, Odd=f"{TOKEN}{value}") == (
            "not_sent",
            f"{server.host} can't be asked: the header Odd can't hold its value",
        )


def test_nothing_is_printed_whatever_the_library_is_told_elsewhere(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(HTTPConnection, "debuglevel", 1)
    answered(OK)
    assert capsys.readouterr() == ("", "")


# What comes back


def packed(body: bytes, cut: int = 0) -> bytes:
    content = gzip.compress(body)
    return (
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % (len(content) - cut)
        + content[: len(content) - cut]
    )


BODIES = {
    "with a length": (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody", b"body"),
    "to the end": (b"HTTP/1.1 200 OK\r\n\r\nbody", b"body"),
    "old": (b"HTTP/1.0 200 OK\r\n\r\nbody", b"body"),
    "in chunks": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nbo\r\n2\r\ndy\r\n0\r\nX: y\r\n\r\n",
        b"body",
    ),
    "packed": (packed(b"body" * 50_000), b"body" * 50_000),
    "packed nothing": (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 0\r\n\r\n", b""),
    "behind hints": (
        (
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
            b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody"
        ),
        b"body",
    ),
    "none": (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
    "not changed": (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\n", b""),
}


@pytest.mark.parametrize("case", BODIES)
def test_a_body_is_read_whole(case: str) -> None:
    answer, body = BODIES[case]
    assert answered(answer).body == body


def test_the_answer_to_head_has_no_body() -> None:
    reply = answered(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n", method="HEAD")
    assert (reply.headers, reply.body) == ({"content-length": "4"}, b"")


def test_headers_by_their_names_in_lower_case() -> None:
    answer = (
        b"HTTP/1.1 200 OK\r\nX-Request-ID:  r1 \r\nvary: a\r\nVary: b\r\nX-Fold: one\r\n two\r\n"
        b"X-Where: L\xc3\xb8r\r\nX-Latin: L\xf8r\r\nContent-Length: 0\r\n\r\n"
    )
    assert answered(answer).headers == {
        "x-request-id": "r1",
        "vary": "a, b",
        "x-fold": "one two",
        "x-where": "L\u00f8r",
        "x-latin": "L\u00f8r",
        "content-length": "0",
    }


@pytest.mark.parametrize("status", [301, 307])
def test_no_redirect_is_followed(status: int) -> None:
    with serving([b"HTTP/1.1 %d Moved\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n" % status]) as server:
        assert asked(server.url).headers["location"] == "/there"
    assert len(server.requests) == 1


@pytest.mark.parametrize("packing", [True, False])
def test_a_reply_without_end_is_refused_before_it_fills_memory(monkeypatch: pytest.MonkeyPatch, packing: bool) -> None:
    monkeypatch.setattr(network, "LARGEST_REPLY", 100_000)
    body = b" " * 5_000_000 if packing else b" " * 100_001
    answer = packed(body) if packing else b"HTTP/1.1 200 OK\r\nContent-Length: 100001\r\n\r\n" + body
    assert unanswered(answer) == "HOST sent more than 100,000 bytes"


def test_what_comes_behind_packed_data_counts_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "LARGEST_REPLY", 100_000)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n"
    assert unanswered(head + gzip.compress(b"{}") + b" " * 100_001) == "HOST sent more than 100,000 bytes"


# No answer


def reset(connection: socket.socket, _over: threading.Event) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


SHORT = "the connection to HOST broke: the answer was cut short"
GARBAGE = "the connection to HOST broke: what came is not HTTP"
UNCLEAR = "the connection to HOST broke: where its answer ends is not clear"
BROKEN = {
    "closed": (b"", "the connection to HOST broke: it was closed without an answer"),
    "reset": (reset, f"the connection to HOST broke: [Errno {errno.ECONNRESET}] {os.strerror(errno.ECONNRESET)}"),
    "short": (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nbody", SHORT),
    "short chunk": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nbody", SHORT),
    "no last chunk": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n", SHORT),
    "no chunks": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nbody", SHORT),
    "half packed": (packed(b"body" * 100, cut=10), SHORT),
    "not packed": (
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nbody",
        "the connection to HOST broke: Error -3 while decompressing data: incorrect header check",
    ),
    "garbage": (b"SSH-2.0-OpenSSH_9.2\r\n", GARBAGE),
    "no status": (b"HTTP/1.1 abc\r\n\r\n", GARBAGE),
    "another version": (b"HTTP/3 200 OK\r\n\r\n", GARBAGE),
    "another protocol": (
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
        "the connection to HOST broke: it changed to another protocol",
    ),
    "a long line": (
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000 + b"\r\n\r\n",
        "the connection to HOST broke: got more than 65536 bytes when reading header line",
    ),
    "many headers": (
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        "the connection to HOST broke: got more than 100 headers",
    ),
    "two lengths": (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}", UNCLEAR),
    "an odd length": (b"HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\n{}", UNCLEAR),
    "an odd coding": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n{}", UNCLEAR),
    "a header of no name": (b"HTTP/1.1 200 OK\r\nnonsense\r\nContent-Length: 2\r\n\r\n{}", UNCLEAR),
}


@pytest.mark.parametrize("case", BROKEN)
def test_an_answer_that_is_none(case: str) -> None:
    answer, sentence = BROKEN[case]
    assert unanswered(answer) == sentence


@contextmanager
def hasty(answer: bytes) -> Iterator[str]:
    """A server that reads a few bytes of one request, says that and closes."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            connection.recv(10)
            connection.sendall(answer)
            connection.close()

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"127.0.0.1:{listening.getsockname()[1]}"
        thread.join()


def test_a_body_that_nobody_takes() -> None:
    with hasty(b"") as host:
        failure, sentence = silent(f"http://{host}", b" " * 10_000_000)
    assert (failure, sentence.partition(": ")[0]) == ("no_answer", f"the connection to {host} broke")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a reset takes with it what came before")
def test_who_refuses_a_body_before_its_end_is_heard() -> None:
    with hasty(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n") as host:
        assert asked(f"http://{host}", b" " * 10_000_000).status == 413


def drip(first: bytes, drop: bytes) -> Answer:
    def run(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(first)
        while not over.wait(0.02):
            connection.sendall(drop)

    return run


ENDLESS = {
    "nothing": drip(b"", b""),
    "head": drip(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"a"),
    "hints": drip(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
    "body": drip(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b" "),
    "body to the end": drip(b"HTTP/1.1 200 OK\r\n\r\n", b" "),
    "chunks": drip(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
}


@pytest.mark.parametrize("case", ENDLESS)
def test_an_answer_without_end_is_cut(case: str) -> None:
    assert unanswered(ENDLESS[case], timeout=0.1) == "HOST did not answer within 0.1 s"


# One connection for many requests


def test_a_connection_serves_one_request_after_the_other() -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
    empty = b"HTTP/1.1 204 No Content\r\n\r\n"
    with serving([OK, chunked, packed(b"{}"), empty, OK]) as server, wired(server.url) as wire:
        statuses = [ask(wire, server.url).status for _ in range(5)]
    assert (statuses, len(server.requests)) == ([200, 200, 200, 204, 200], 5)


def test_a_connection_that_was_closed_meanwhile_is_opened_anew_before_anything_is_sent() -> None:
    with serving([OK], [OK]) as server, wired(server.url) as wire:
        ask(wire, server.url, b"1")
        assert server.closed.acquire(timeout=5)
        ask(wire, server.url, b"2")
    assert [request[-1:] for request in server.requests] == [b"1", b"2"]


def test_what_comes_unasked_is_no_answer_to_the_next_request() -> None:
    said = threading.Event()

    def twice(connection: socket.socket, _over: threading.Event) -> None:
        connection.sendall(OK)
        assert said.wait(5)
        connection.sendall(b"HTTP/1.1 500 Late\r\nContent-Length: 0\r\n\r\n")
        server.closed.release()
        assert connection.recv(1) == b""

    with serving([twice], [OK]) as server, wired(server.url) as wire:
        ask(wire, server.url)
        said.set()
        assert server.closed.acquire(timeout=5)
        assert ask(wire, server.url).status == 200


def test_a_connection_that_has_rested_for_long_is_not_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "_LONGEST_IDLE", 0.0)
    with serving([OK], [OK]) as server, wired(server.url) as wire:
        ask(wire, server.url)
        ask(wire, server.url)
    assert len(server.requests) == 2


def test_a_server_that_is_going_to_close_is_left() -> None:
    last = OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    with serving([last, b"HTTP/1.1 500 Again\r\n\r\n"], [OK]) as server, wired(server.url) as wire:
        ask(wire, server.url)
        assert ask(wire, server.url).status == 200


def test_a_request_that_broke_off_is_not_sent_again_by_itself() -> None:
    with serving([OK, b""], [OK]) as server, wired(server.url) as wire:
        ask(wire, server.url)
        with pytest.raises(Silence, match="it was closed without an answer"):
            ask(wire, server.url, b"once")
        assert len(server.requests) == 2
        assert ask(wire, server.url).status == 200


# Nothing sent


def test_a_host_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(*_words: object, **_settings: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nobody)
    assert silent("https://api.test") == ("not_sent", "api.test could not be reached: there is no such host")


def test_a_port_where_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        host = f"127.0.0.1:{listening.getsockname()[1]}"
    assert silent(f"http://{host}") == ("not_sent", f"{host} could not be reached: the connection was refused")


@pytest.mark.parametrize(("timeout", "limit"), [(30, 10), (3, 3)])
def test_connecting_has_a_limit(monkeypatch: pytest.MonkeyPatch, timeout: float, limit: float) -> None:
    limits = []

    def late(_address: object, seconds: float, *_words: object) -> None:
        limits.append(seconds)
        raise TimeoutError("timed out")

    monkeypatch.setattr(socket, "create_connection", late)
    assert silent("http://127.0.0.1", timeout=timeout) == ("not_sent", "127.0.0.1 could not be reached in time")
    assert limits == [limit]


# TLS


@pytest.fixture
def trust(certificate: Path) -> ssl.SSLContext:
    """The server's side."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.set_alpn_protocols(["http/1.1"])
    return context


@pytest.fixture
def trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The certificate of localhost is trusted."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))


@pytest.mark.usefixtures("trusted")
def test_https_speaks_http_1_1_on_one_connection(trust: ssl.SSLContext) -> None:
    chosen = []

    def first(connection: socket.socket, _over: threading.Event) -> None:
        assert isinstance(connection, ssl.SSLSocket)
        chosen.append(connection.selected_alpn_protocol())
        connection.sendall(OK)

    with serving([first, OK], trust=trust) as server:
        url = f"https://localhost:{server.port}"
        with wired(url) as wire:
            assert [ask(wire, url).status for _ in range(2)] == [200, 200]
    assert chosen == ["http/1.1"]


def test_a_certificate_of_nobodys(trust: ssl.SSLContext) -> None:
    with serving([OK], trust=trust) as server:
        assert silent(f"https://localhost:{server.port}") == (
            "not_sent",
            f"localhost:{server.port} could not be reached: its TLS certificate can't be trusted",
        )
    assert server.requests == []


@pytest.mark.usefixtures("trusted")
def test_a_certificate_of_another_host(trust: ssl.SSLContext) -> None:
    with serving([OK], trust=trust, address="127.0.0.2") as server:
        assert silent(f"https://127.0.0.2:{server.port}") == (
            "not_sent",
            f"127.0.0.2:{server.port} could not be reached: its TLS certificate can't be trusted",
        )
    assert server.requests == []


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("case", ["nothing", "body", "body to the end"])
def test_an_answer_without_end_is_cut_under_tls(trust: ssl.SSLContext, case: str) -> None:
    with serving([ENDLESS[case]], trust=trust) as server:
        host = f"localhost:{server.port}"
        assert silent(f"https://{host}", timeout=0.1) == ("no_answer", f"{host} did not answer within 0.1 s")


@pytest.mark.parametrize("drop", [b"", b"\x16"])
def test_a_handshake_without_end_is_cut(drop: bytes) -> None:
    with serving([drip(b"\x16\x03\x03\x40\x00" if drop else b"", drop)]) as server:
        host = f"127.0.0.1:{server.port}"
        assert silent(f"https://{host}", timeout=0.1) == ("not_sent", f"{host} could not be reached in time")


def test_who_does_not_speak_tls_gets_nothing() -> None:
    with hasty(b"HTTP/1.1 400 Bad Request\r\n\r\n") as host:
        failure, sentence = silent(f"https://{host}")
    assert failure == "not_sent"
    assert sentence.startswith(f"{host} could not be reached: [SSL")


# Proxies


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)


TUNNEL = b"HTTP/1.1 200 Connection established\r\n\r\n"


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_https_goes_through_a_proxy_which_does_not_see_the_token(
    trust: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    with serving([OK, OK], trust=trust, proxy=TUNNEL) as server:
        monkeypatch.setenv(variable, f"http://anna:p%40ss@127.0.0.1:{server.port}")
        url = "https://localhost:8443"
        with wired(url) as wire:
            assert [ask(wire, url).status for _ in range(2)] == [200, 200]
    connect, request, _ = server.requests
    assert connect.startswith(b"CONNECT localhost:8443 HTTP/1.")
    assert b"\r\nHost: localhost:8443\r\n" in connect
    assert b"\r\nProxy-Authorization: Basic " + b64encode(b"anna:p@ss") + b"\r\n" in connect
    assert TOKEN.encode() not in connect
    assert b"\r\nHost: localhost:8443\r\n" in request
    assert b"Proxy" not in request


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (b"HTTP/1.1 407 Proxy p@ss Required\r\n\r\n", "it answered with status 407"),
        (b"HTTP/1.1 502 Bad Gateway\r\n\r\n", "it answered with status 502"),
        (b"nonsense\r\n", "what came is not HTTP"),
        (b"", "it was closed without an answer"),
    ],
)
def test_a_proxy_that_refuses(monkeypatch: pytest.MonkeyPatch, said: bytes, why: str) -> None:
    with serving([], proxy=said) as server:
        monkeypatch.setenv("HTTPS_PROXY", f"anna:p%40ss@127.0.0.1:{server.port}")
        assert silent("https://api.test") == (
            "not_sent",
            f"api.test could not be reached through the proxy in HTTPS_PROXY: {why}",
        )
    assert len(server.requests) == 1


def test_a_proxy_that_is_not_there_or_never_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    assert silent("https://api.test") == (
        "not_sent",
        "api.test could not be reached through the proxy in HTTPS_PROXY: the connection was refused",
    )
    with serving([drip(b"HTTP/1.1 200 ", b"a")]) as server:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{server.port}")
        assert silent("https://api.test", timeout=0.1) == (
            "not_sent",
            "api.test could not be reached in time through the proxy in HTTPS_PROXY",
        )


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("socks5://anna:secret@127.0.0.1:1080", "is of the kind socks5; synq knows http:// proxies alone"),
        ("https://anna:secret@127.0.0.1", "is of the kind https; synq knows http:// proxies alone"),
        ("http://anna:secret@127.0.0.1:port", "is not a URL"),
        ("http://anna:secret@", "names no host"),
    ],
)
def test_a_proxy_that_can_not_be_used_is_not_gone_round(
    monkeypatch: pytest.MonkeyPatch, address: str, why: str
) -> None:
    monkeypatch.setenv("ALL_PROXY", address)
    with serving() as server:
        host = f"127.0.0.1:{server.port}"
        with pytest.raises(UsageError) as caught:
            asked(f"https://{host}")
    assert caught.value.message == f"{host} can't be asked: the proxy in ALL_PROXY {why}."
    assert caught.value.hint == "Mend that setting, or unset it."


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("exempt", ["localhost", "*", "other.test, localhost", "localhost:{port}"])
def test_hosts_without_a_proxy(trust: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch, exempt: str) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    with serving([OK], trust=trust) as server:
        monkeypatch.setenv("NO_PROXY", exempt.format(port=server.port))
        assert asked(f"https://localhost:{server.port}").status == 200


@pytest.mark.parametrize("exempt", ["synq.io", "api.test:8443", "pi.test"])
def test_hosts_with_one(monkeypatch: pytest.MonkeyPatch, exempt: str) -> None:
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", exempt)
    assert "through the proxy in https_proxy" in silent("https://api.test")[1]


def test_http_on_this_machine_goes_through_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(variable, "http://127.0.0.1:1")
    assert answered(OK).status == 200
