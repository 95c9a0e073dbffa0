"""A server on loopback whose replies go wrong on the wire, in front of a tenant in this process."""

import re
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Event, Thread

import httpx

_PAUSE = 0.05  # seconds between two bytes of a slow body


class Exchange:
    """One request: `forward` lets the tenant carry it out and gives its reply, `stop` is set when the run has ended."""

    def __init__(self, connection: socket.socket, forward: Callable[[], httpx.Response], stop: Event) -> None:
        self.connection = connection
        self.forward = forward
        self.stop = stop

    def reply(self, *, length: Callable[[int], int] = int, send: Callable[[bytes], bytes] = bytes) -> None:
        """The tenant's reply, with another length and another body than it has."""
        reply = self.forward()
        headers = {name: value for name, value in reply.headers.items() if name != "content-length"}
        headers |= {"Content-Length": str(length(len(reply.content))), "Connection": "close"}
        lines = [f"HTTP/1.1 {reply.status_code} X", *(f"{name}: {value}" for name, value in headers.items())]
        self.connection.sendall("\r\n".join([*lines, "", ""]).encode() + send(reply.content))


def _slow_first_byte(exchange: Exchange) -> None:
    exchange.stop.wait()


def _slow_body(exchange: Exchange) -> None:
    exchange.reply(length=lambda size: size + 10_000)
    while not exchange.stop.wait(_PAUSE):
        exchange.connection.sendall(b" ")


def _cut_after(exchange: Exchange) -> None:
    exchange.forward()


def _reset(exchange: Exchange) -> None:
    exchange.forward()
    exchange.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _unfinished_chunks(exchange: Exchange) -> None:
    exchange.forward()
    exchange.connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n")


# Of each the client can't know whether the request was carried out.
LOST: dict[str, Callable[[Exchange], None]] = {
    "slow first byte": _slow_first_byte,
    "slow body": _slow_body,
    "cut before": lambda _exchange: None,
    "cut after": _cut_after,
    "reset": _reset,
    "half a body": lambda exchange: exchange.reply(send=lambda body: body[: len(body) // 2]),
    "a length that is too large": lambda exchange: exchange.reply(length=lambda size: size + 10),
    "chunks without an end": _unfinished_chunks,
    "not HTTP": lambda exchange: exchange.connection.sendall(b"\x00\x01\x02\r\n\r\n"),
}
# What arrives is a success with a body that is not JSON.
UNREADABLE: dict[str, Callable[[Exchange], None]] = {
    "a length that is too small": lambda exchange: exchange.reply(length=lambda size: size // 2),
}


@dataclass
class Server:
    """Where it listens, and which requests, if any, are to go wrong; `sent` is what arrived."""

    url: str
    applies: Callable[[str, str], bool] = lambda _method, _path: False
    fault: Callable[[Exchange], None] = Exchange.reply
    sent: list[httpx.Request] = field(default_factory=list)
    stop: Event = field(default_factory=Event)


@contextmanager
def misbehaving(tenant: httpx.BaseTransport) -> Iterator[Server]:
    """Serve the tenant; each connection takes one request."""

    def serve(connection: socket.socket) -> None:
        with connection, suppress(OSError, httpx.RemoteProtocolError):
            request = _received(connection, server.url)
            server.sent.append(request)

            def forward() -> httpx.Response:
                reply = tenant.handle_request(request)
                reply.read()
                return reply

            exchange = Exchange(connection, forward, server.stop)
            applies = server.applies(request.method, request.url.path)
            (server.fault if applies else Exchange.reply)(exchange)

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listening.accept()
                Thread(target=serve, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = Server(f"http://127.0.0.1:{listening.getsockname()[1]}")
        accepting = Thread(target=accept, daemon=True)
        accepting.start()
        try:
            yield server
        finally:
            server.stop.set()
            with suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)
            accepting.join()


def _received(connection: socket.socket, url: str) -> httpx.Request:
    """One whole request; ConnectionError if it is not one."""
    received = b""
    while b"\r\n\r\n" not in received:
        if not (more := connection.recv(65_536)) or not (received + more)[:1].isalpha():
            raise ConnectionError
        received += more
    head, _, body = received.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    found = re.fullmatch(r"(\w+) (\S+) HTTP/1\.1", first)
    if found is None:
        raise ConnectionError
    headers = dict(line.split(": ", 1) for line in lines)
    while len(body) < int(headers.get("Content-Length", "0")) and (more := connection.recv(65_536)):
        body += more
    return httpx.Request(found[1], url + found[2], headers=headers, content=body)
