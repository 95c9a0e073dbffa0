"""A real PostgreSQL for the tests: a temporary server for each worker, which takes 0.7 s; conftest.py hands it out."""

import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).parents[1] / "scripts" / "postgresql.sh"
_TELL = 'echo "$SYNQ_TEST_POSTGRESQL_HOME $PGPORT $PGPASSWORD"; exec cat'
# A password as people generate them: in a URL some of its characters must be percent-encoded.
ROLE, PASSWORD, ENCODED = "synq_team", "canary+store/5e1f=9", "canary%2Bstore%2F5e1f%3D9"
_TEMPLATE = "prepared"


@dataclass
class Postgresql:
    """A running server. Each database is a test's own; the server is the worker's, so what stops it starts it again."""

    home: str
    port: int
    password: str
    _numbers: Iterator[int] = field(default_factory=count)

    def database(self, *, prepared: bool = True, port: int | None = None) -> str:
        """The connection string of a new database, whose owner is ROLE; by default as `synq team init` leaves it."""
        name = f"team_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE if prepared else 'template0'} OWNER {ROLE}")
        return self.address(name, port=port)

    def address(self, name: str, *, port: int | None = None) -> str:
        """The connection string of a database, through this port."""
        return f"postgresql://{ROLE}:{ENCODED}@127.0.0.1:{port or self.port}/{name}"

    def execute(self, *statements: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        """The rows of the last of these statements, by the superuser; each is a transaction of its own."""
        with self._connect(database) as connection:
            for statement in statements:
                cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    @contextmanager
    def clock(self, address: str, at: float) -> Iterator["StoreClock"]:
        """The clock of a database, which stands at this time in epoch seconds unless it is moved."""
        self.execute(
            "CREATE TABLE public.clock (at timestamptz)",
            "GRANT SELECT ON public.clock TO PUBLIC",
            "CREATE FUNCTION public.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS "
            "'SELECT at FROM public.clock'",
            "INSERT INTO public.clock VALUES (now())",
            # Before pg_catalog, the functions of PostgreSQL itself.
            f"ALTER DATABASE {name_of(address)} SET search_path = public, pg_catalog",
            database=name_of(address),
        )
        clock = StoreClock(lambda: self._connect(name_of(address)))
        clock.set(at)
        yield clock
        clock.close()

    @contextmanager
    def encrypted(self, certificate: str) -> Iterator[None]:
        """With TLS and this certificate, with its key; without it afterwards."""
        place = f"{self.home}/data/both.pem"
        lines = ", ".join(f"'{line}'" for line in certificate.splitlines())
        # The server refuses a key that others could read.
        save = f"COPY (SELECT unnest(ARRAY[{lines}])) TO PROGRAM 'umask 077; cat > {place}'"
        files = [f"ALTER SYSTEM SET ssl_{kind}_file = '{place}'" for kind in ("cert", "key")]
        self.execute(save, *files, "ALTER SYSTEM SET ssl = on")
        self.restart()
        try:
            yield
        finally:
            self.execute("ALTER SYSTEM RESET ssl")
            self.restart()

    def start(self) -> None:
        """Start the server that `stop` stopped."""
        self._ctl("start")

    def stop(self) -> None:
        """Stop the server at once, as a crash would."""
        self._ctl("stop", "--mode", "immediate")

    def restart(self) -> None:
        """Stop it and start it again: all its connections end."""
        self._ctl("restart", "--mode", "fast")

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Without the server, which runs again afterwards."""
        self.stop()
        try:
            yield
        finally:
            self.start()

    def prepare(self) -> None:
        """Make the role, and the database from which prepared ones are copied."""
        from synq_cli.state.team import migrations
        from synq_cli.state.team.store import TeamStore

        self.execute(f"CREATE ROLE {ROLE} LOGIN PASSWORD '{PASSWORD}'", f"CREATE DATABASE {_TEMPLATE} OWNER {ROLE}")
        store = TeamStore(lambda: self.address(_TEMPLATE), timeout=30, secrets=[], checked=False)
        store.transact(migrations.migrate, lock=migrations.LOCK)
        store.close()

    def _connect(self, database: str) -> Any:
        import psycopg  # inside, because the tests of a package without extras load this module, too

        at: dict[str, Any] = {"host": "127.0.0.1", "port": self.port, "dbname": database}
        return psycopg.connect(**at, user="postgres", password=self.password, autocommit=True)

    def _ctl(self, *arguments: str) -> None:
        subprocess.run(["sh", SCRIPT, "ctl", self.home, *arguments], check=True, timeout=60)


class StoreClock:
    """The clock of a database, moved by the tests; `at` in epoch seconds. It survives a restart of the server."""

    def __init__(self, connect: Callable[[], Any]) -> None:
        self._connect = connect
        self._connection: Any = None
        self.at = 0.0

    def set(self, at: float) -> None:
        """Move it to this time."""
        import psycopg

        self.at = at
        try:
            self._update()
        except psycopg.OperationalError:  # the server was restarted
            self.close()
            self._update()

    def sleep(self, seconds: float) -> None:
        """Move it ahead."""
        self.set(self.at + seconds)

    def close(self) -> None:
        """End its connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _update(self) -> None:
        self._connection = self._connection or self._connect()
        self._connection.execute("UPDATE public.clock SET at = to_timestamp(%s)", (self.at,))


def name_of(address: str) -> str:
    """The database of a connection string."""
    return address.rpartition("/")[2]


@contextmanager
def server() -> Iterator[Postgresql]:
    """The server; skips where it can't be installed, unless SYNQ_TEST_POSTGRESQL demands it."""
    if not (shutil.which("initdb") or list(Path("/usr/lib/postgresql").glob("*/bin/initdb"))):
        reason = "PostgreSQL is missing: sh scripts/postgresql.sh install"
        if os.environ.get("SYNQ_TEST_POSTGRESQL") == "required":
            pytest.fail(reason)
        pytest.skip(reason)
    line = ["sh", str(SCRIPT), "run", "sh", "-c", _TELL]
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as session:
        assert session.stdin is not None
        assert session.stdout is not None
        try:
            home, port, password = session.stdout.readline().split()
            running = Postgresql(home, int(port), password)
            running.prepare()
            yield running
        finally:
            session.stdin.close()  # ends it


class Proxy:
    """A network between synq and the server: with a delay in each direction, silent, or cut."""

    def __init__(self, port: int, delay: float = 0.0) -> None:
        self.target = port
        self.delay = delay
        self.silent = False
        self._muted = False
        # How often the client sent something after the server did: each is a round trip.
        self.turns = 0
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> "Proxy":
        return self

    def __exit__(self, *_: object) -> None:
        # close() alone would leave the thread in accept().
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self.cut()

    def cut(self) -> None:
        """End every connection."""
        while self._open:
            one = self._open.pop()
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def mute(self) -> None:
        """From now on nothing comes back from the server, which still gets what the client sends."""
        self._muted = True

    def heal(self) -> None:
        """The network works again, for new connections."""
        self.silent = self._muted = False

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:  # it is being closed
                return
            try:
                server = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                client.close()
                continue
            for one in (client, server):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._open += [client, server]
            turn = [server, client]  # who sent last, and the client
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=self._pump, args=(source, sink, turn), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, turn: list[socket.socket]) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                if self.silent or (self._muted and source is not turn[-1]):
                    continue
                if turn[0] is not source:
                    self.turns += source is turn[-1]
                    turn[0] = source
                if self.delay:
                    time.sleep(self.delay)
                sink.sendall(data)
        for one in (source, sink):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
