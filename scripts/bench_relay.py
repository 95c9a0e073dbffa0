"""A TCP relay on loopback that delays every byte and counts connections and round trips."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Thread

_PIECE = 65_536
_TICK = 1e-6  # keeps what arrives at the same moment in order


@dataclass
class Count:
    """TCP connections and round trips of one run, including those for connecting."""

    connections: int = 0
    round_trips: int = 0


class Relay:
    """Forwards connections to a local port and delays each byte by `one_way` seconds; bandwidth is unlimited.

    It also works as a proxy that leads to that port whatever the host, without a delay of its own. `count` belongs to
    the current run; replace it before the next one.
    """

    def __init__(self, target: int, one_way: float) -> None:
        self.port = 0
        self.count = Count()
        self._target = target
        self._one_way = one_way

    async def listen(self) -> asyncio.Server:
        """Start accepting connections."""
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        return server

    async def _connected(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        link = _Link(self._one_way, self.count)
        server, to_server = await asyncio.open_connection("127.0.0.1", self._target)
        try:
            first = await _read(client)
            if first.startswith(b"CONNECT "):
                to_client.write(b"HTTP/1.1 200 OK\r\n\r\n")
                first = await _read(client)
            await asyncio.gather(
                _carry(first, client, to_server, link.to_server), _carry(b"", server, to_client, link.to_client)
            )
        finally:
            to_server.close()
            to_client.close()


class _Link:
    """One connection through the relay."""

    def __init__(self, one_way: float, count: Count) -> None:
        self._one_way = one_way
        self._count = count
        self._answered = self._waiting = False
        count.connections += 1
        count.round_trips += 1

    def to_server(self) -> float:
        """Seconds until bytes from the client arrive; the next bytes from the server are their answer.

        On loopback the client connects at once; over a slow link it would have waited a round trip before its first
        bytes.
        """
        self._waiting = True
        return self._one_way * (1 if self._answered else 3)

    def to_client(self) -> float:
        """Seconds until bytes from the server arrive."""
        self._answered = True
        self._count.round_trips += self._waiting
        self._waiting = False
        return self._one_way


async def _carry(
    piece: bytes, source: asyncio.StreamReader, sink: asyncio.StreamWriter, delay: Callable[[], float]
) -> None:
    """Deliver `piece` and everything from `source`, delayed and in order, then the end of the stream."""
    loop, due = asyncio.get_running_loop(), 0.0
    while piece := piece or await _read(source):
        due = max(due + _TICK, loop.time() + delay())
        loop.call_at(due, _deliver, sink, piece)
        piece = b""
    await asyncio.sleep(max(due - loop.time(), 0) + _TICK)
    if not sink.is_closing():
        try:
            sink.write_eof()
        except OSError:  # the other side has closed it
            sink.close()


async def _read(source: asyncio.StreamReader) -> bytes:
    """The bytes that have arrived; none at the end of the stream or after a reset."""
    try:
        return await source.read(_PIECE)
    except ConnectionError:
        return b""


def _deliver(sink: asyncio.StreamWriter, piece: bytes) -> None:
    if not sink.is_closing():
        sink.write(piece)


@contextmanager
def relay(target: int, one_way: float) -> Iterator[Relay]:
    """A relay to this port, in a thread of its own."""
    running, loop = Relay(target, one_way), asyncio.new_event_loop()
    server = loop.run_until_complete(running.listen())
    thread = Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield running
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        server.close()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()
