"""Real servers, proxies and name servers that stall or drip, and the installed program run against each of them."""

import base64
import json
import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from threading import Event, Thread

SYNQ = str(Path(sys.executable).with_name("synq"))
READ = ("orders", "list", "--limit", "1")
# With both ids given, an adjustment is one POST; only after an unknown outcome the ledger is read too.
WRITE = ("inventory", "adjust", "eb5bd2b9-e9a4-430b-9999-36b0cfa6ef1d", "-1")
WRITE += ("--location", "3c1f7a52-9d04-4b86-8e2f-6a7b0c5d9e13")
DRIP = 0.2  # seconds between two bytes: shorter than any read timeout, so only a deadline ends the exchange
_EMPTY_LIST = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n[]"
_NAMESPACE = """
import socket, subprocess, sys
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
subprocess.run(["mount", "--bind", sys.argv[1], "/etc/resolv.conf"], check=True)
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
    server.bind(("127.0.0.1", 53))
    print("ready", flush=True)
    sys.stdin.read()
"""


class UnavailableError(Exception):
    """This case can't be set up on this machine; the message says why."""


@dataclass
class Target:
    """Where one run is sent: its environment and the words before its command; `requests` is what arrived there."""

    environ: dict[str, str]
    prefix: tuple[str, ...] = ()
    requests: list[bytes] = field(default_factory=list)


@dataclass(frozen=True)
class Outcome:
    """One run; `status` is None if it had to be killed, `arrived` counts the requests that reached the server."""

    seconds: float
    status: int | None
    code: str
    message: str
    arrived: int


@dataclass(frozen=True)
class Case:
    """One way to stall, the command that meets it, and how that command must end; `open` takes an empty folder."""

    name: str
    command: tuple[str, ...]
    open: Callable[[Path], AbstractContextManager[Target]]
    status: int
    code: str
    arrives: int

    def run(self, folder: Path, *, timeout: float, limit: float) -> Outcome:
        """Run the command once with this --timeout, killed after `limit` seconds; UnavailableError."""
        with self.open(folder) as target:
            environ = {
                "PATH": os.environ["PATH"],
                "HOME": str(folder),
                "SYNQ_CONFIG_DIR": str(folder / "config"),
                "SYNQ_STATE_DIR": str(folder / "state"),
                "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
                **target.environ,
            }
            # Without time to wait there is no retry: the run is one exchange.
            options = ("--timeout", f"{timeout:g}", "--max-wait", "0", "--json", "--quiet")
            line = [*target.prefix, SYNQ, *self.command, *options]
            started = time.monotonic()
            try:
                done = subprocess.run(line, env=environ, capture_output=True, text=True, timeout=limit, check=False)
            except subprocess.TimeoutExpired:
                return Outcome(time.monotonic() - started, None, "", "", len(target.requests))
            seconds = time.monotonic() - started
        try:
            error = json.loads(done.stderr)["error"]
        except (ValueError, KeyError, TypeError):
            error = {"code": "", "message": done.stderr.strip()}
        return Outcome(seconds, done.returncode, error["code"], error["message"], len(target.requests))


# What one connection is answered with; `stop` is set when the run has ended.
Talk = Callable[[socket.socket, Event, list[bytes]], None]


@contextmanager
def _serving(talk: Talk, requests: list[bytes]) -> Iterator[int]:
    """A server on loopback that treats every connection so; gives its port."""
    stop = Event()

    def handle(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            talk(connection, stop, requests)

    def accept() -> None:
        while not stop.is_set():
            with suppress(OSError):
                connection, _ = listening.accept()
                Thread(target=handle, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        accepting = Thread(target=accept, daemon=True)
        accepting.start()
        try:
            yield listening.getsockname()[1]
        finally:
            stop.set()
            with suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)
            accepting.join()


def _receive(connection: socket.socket) -> bytes:
    """A request up to the end of its head, or the first bytes of something else."""
    received = connection.recv(65_536)
    while received[:1].isalpha() and b"\r\n\r\n" not in received and (more := connection.recv(65_536)):
        received += more
    return received


def _stall(first: bytes = b"", drop: bytes = b"") -> Talk:
    """Read what comes first, send `first`, then `drop` again and again without end, or nothing at all."""

    def talk(connection: socket.socket, stop: Event, requests: list[bytes]) -> None:
        received = _receive(connection)
        if received.startswith(b"GET /api/v1/inventory/ledger"):
            connection.sendall(_EMPTY_LIST)
            return
        if received.startswith((b"GET /", b"POST /")):
            requests.append(received)
        connection.sendall(first)
        while not stop.wait(DRIP):
            connection.sendall(drop)

    return talk


def _stall_after_socks_greeting(connection: socket.socket, stop: Event, _requests: list[bytes]) -> None:
    connection.recv(65_536)
    connection.sendall(b"\x05\x00")  # no password needed
    stop.wait()


@contextmanager
def _server(talk: Talk, _folder: Path, *, scheme: str = "http") -> Iterator[Target]:
    target = Target({"SYNQ_TOKEN": "a.b.c"})
    with _serving(talk, target.requests) as port:
        target.environ["SYNQ_BASE_URL"] = f"{scheme}://127.0.0.1:{port}"
        yield target


@contextmanager
def _proxy(talk: Talk, _folder: Path, *, variable: str = "HTTPS_PROXY", scheme: str = "http") -> Iterator[Target]:
    target = Target({"SYNQ_TOKEN": "a.b.c", "SYNQ_BASE_URL": "https://api.test"})
    with _serving(talk, target.requests) as port:
        target.environ[variable] = f"{scheme}://127.0.0.1:{port}"
        yield target


@contextmanager
def _refused(_folder: Path) -> Iterator[Target]:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    yield Target({"SYNQ_TOKEN": "a.b.c", "SYNQ_BASE_URL": f"http://127.0.0.1:{port}"})


@contextmanager
def _dropped_packets(_folder: Path) -> Iterator[Target]:
    """A port whose queue of connections is full, so that the kernel drops every further SYN."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        waiting: list[socket.socket] = []
        try:
            for _ in range(8):
                waiting.append(socket.socket())
                waiting[-1].setblocking(False)
                waiting[-1].connect_ex(listening.getsockname())
                if not select.select([], waiting[-1:], [], 0.2)[1]:
                    break
            else:
                raise UnavailableError("a full queue of connections drops no packets on this system")
            url = f"http://127.0.0.1:{listening.getsockname()[1]}"
            yield Target({"SYNQ_TOKEN": "a.b.c", "SYNQ_BASE_URL": url})
        finally:
            for each in waiting:
                each.close()


@contextmanager
def _silent_name_server(folder: Path) -> Iterator[Target]:
    """A network namespace of its own, whose only name server takes queries and never answers."""
    resolv = folder / "resolv.conf"
    # The resolver itself would wait for minutes.
    resolv.write_text("nameserver 127.0.0.1\noptions timeout:30 attempts:5\n", encoding="utf-8")
    mapped = getattr(os, "geteuid", int)() != 0  # who is not root becomes root of an own user namespace
    unshare = ["unshare", *(["--map-root-user"] if mapped else []), "--mount", "--net"]
    try:
        server = subprocess.Popen(
            [*unshare, sys.executable, "-c", _NAMESPACE, str(resolv)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
    except OSError:
        raise UnavailableError("no network namespaces on this system (unshare)") from None
    with server:
        assert server.stdin is not None
        assert server.stdout is not None
        assert server.stderr is not None
        try:
            if server.stdout.readline() != "ready\n":
                why = server.stderr.read().strip().rpartition("\n")[2]
                raise UnavailableError(f"no network namespace with a name server of its own: {why}")
            enter = ["nsenter", "--target", str(server.pid), *(["--user", "--preserve-credentials"] if mapped else [])]
            environ = {"SYNQ_TOKEN": "a.b.c", "SYNQ_BASE_URL": "https://api.test"}
            yield Target(environ, (*enter, "--mount", "--net", "--"))
        finally:
            server.stdin.close()  # ends it


@contextmanager
def _token_endpoint(talk: Talk, folder: Path) -> Iterator[Target]:
    """A profile whose token has expired and is renewed at an endpoint that treats every connection so."""
    claims = base64.urlsafe_b64encode(json.dumps({"exp": time.time() - 60}).encode()).decode().rstrip("=")
    target = Target({})
    with _serving(talk, target.requests) as port:
        config = folder / "config"
        config.mkdir(mode=0o700)
        # The API is never reached: what arrives is the renewal.
        profile = {"base_url": "http://127.0.0.1:1", "token_store": "file", "token_url": f"http://127.0.0.1:{port}/"}
        secrets = {"default": f"e30.{claims}.c2ln", "default#refresh": "refresh-token"}
        for name, content in (("config.yaml", {"profiles": {"default": profile}}), ("credentials.json", secrets)):
            (config / name).write_text(json.dumps(content), encoding="utf-8")
            (config / name).chmod(0o600)
        yield target


# Nothing stalls: how long the program itself takes.
REFUSED = Case("connection refused", WRITE, _refused, 7, "network", 0)
_REPLY = b"HTTP/1.1 200 OK\r\n"
_NOT_SENT: dict[str, Callable[[Path], AbstractContextManager[Target]]] = {
    "name server never answers": _silent_name_server,
    "host drops packets": _dropped_packets,
    "proxy drips its CONNECT reply": partial(_proxy, _stall(b"HTTP/1.1 200 ", b"a")),
    "proxy says nothing": partial(_proxy, _stall()),
    "SOCKS proxy says nothing": partial(_proxy, _stall(), scheme="socks5h"),
    "SOCKS proxy stalls after its greeting": partial(
        _proxy, _stall_after_socks_greeting, variable="ALL_PROXY", scheme="socks5h"
    ),
    "TLS handshake stalls": partial(_server, _stall(), scheme="https"),
    # The head of a record of 16 KB, which then never gets complete.
    "TLS handshake drips": partial(_server, _stall(b"\x16\x03\x03\x40\x00", b"\0"), scheme="https"),
}
_SENT: dict[str, Talk] = {
    "no reply": _stall(),
    "interim replies without end": _stall(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
    "headers drip": _stall(_REPLY + b"X-Slow: ", b"a"),
    "body with a length drips": _stall(_REPLY + b"Content-Length: 100000\r\n\r\n", b" "),
    "body in chunks drips": _stall(_REPLY + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    "body until close drips": _stall(_REPLY + b"\r\n", b" "),
}
CASES = (
    # A write that was not sent is as safe to send again as a read.
    *(Case(name, WRITE, opened, 7, "network", 0) for name, opened in _NOT_SENT.items()),
    *(Case(f"{name}, read", READ, partial(_server, talk), 7, "network", 1) for name, talk in _SENT.items()),
    *(Case(f"{name}, write", WRITE, partial(_server, talk), 10, "unknown", 1) for name, talk in _SENT.items()),
    Case(
        "token endpoint drips its headers",
        READ,
        partial(_token_endpoint, _stall(_REPLY + b"X-Slow: ", b"a")),
        7,
        "network",
        1,
    ),
)
