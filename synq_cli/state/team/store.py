"""Transactions on the PostgreSQL database that the machines of a team share. Only this package imports psycopg."""

import math
import re
from collections.abc import Callable
from contextlib import suppress
from threading import RLock, Timer
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar
from urllib.parse import quote

from synq_cli.deadline import DeadlineError, call_within
from synq_cli.errors import NetworkError, UsageError
from synq_cli.state.team import migrations
from synq_cli.state.team.transaction import Transaction

if TYPE_CHECKING:
    import socket

    import psycopg

Result = TypeVar("Result")

# Seconds. A connection is made within this time, if --timeout is not shorter.
_CONNECT = 5.0
_AT_THE_END = 0.2
# A silent network failure is detected after about 25 seconds, even on an idle connection.
_KEEPALIVES = {"keepalives": 1, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}
_LONGEST_QUOTE = 300
# Prefixes of libpq messages that repeat what ours say.
_OPENING = re.compile(r"^[- ]*(connection failed: )?(connection to server [^,]*, port \d+ failed: )?(\w+:  )?")
# Errors while a server restarts.
_BRIEF = re.compile(r"closed the connection|[Cc]onnection refused|starting up|shutting down|reset by peer")
_HINT = (
    "Run `synq team doctor` to check the connection. `synq config get team_store` shows where its address comes from."
)


class TeamStoreError(NetworkError):
    """The team store can't be reached, or failed. Nothing was changed, unless it is a TeamOutcomeUnknownError.

    `may_be_brief` is true if the server refuses or closes connections, such as while it restarts.
    """

    may_be_brief: bool = False


class TeamOutcomeUnknownError(TeamStoreError):
    """The connection was lost during a commit: the changes may or may not be saved."""


class _Link(NamedTuple):
    """A connection, and a second handle on its socket that another thread can shut down."""

    connection: "psycopg.Connection[Any]"
    socket: "socket.socket"

    def is_usable(self) -> bool:
        """Whether the connection is open, as far as can be told without a round trip."""
        import selectors

        if self.connection.closed:
            return False
        with selectors.DefaultSelector() as selector:
            selector.register(self.socket, selectors.EVENT_READ)
            return not selector.select(0)  # an idle server only writes to close the connection

    def shut_down(self) -> None:
        """Unblock threads that wait for the server."""
        import socket

        with suppress(OSError):  # it has ended
            self.socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self.connection.close()
        self.socket.close()


class Facts(NamedTuple):
    """Facts about a connection: role, version of the server, whether it is local, encrypted, and verified."""

    role: str
    server: str
    is_local: bool
    is_encrypted: bool
    is_verified: bool


class TeamStore:
    """The store, connected on first use; threads take turns.

    `find` returns the connection string; it and its password are added to `secrets` and appear in no message. `timeout`
    limits each transaction, in seconds; connecting takes at most 5 seconds of it. Threads that wait for their
    turn while the store does not respond fail together with the one that has tried. `machine` names this machine in the
    store. Unless `checked` is false, a database whose tables have another version is refused. Raises
    TeamStoreError, TeamOutcomeUnknownError, and UsageError if the store must be set up first.
    """

    def __init__(
        self,
        find: Callable[[], str],
        *,
        timeout: float,
        secrets: list[str],
        machine: str = "unknown",
        checked: bool = True,
    ) -> None:
        self.machine = machine
        self._find = find
        self._timeout = timeout
        self._secrets = secrets
        self._checked = checked
        self._parameters: dict[str, Any] = {}
        self._link: _Link | None = None
        self._lock = RLock()
        # The error of the last transaction if the store did not respond, and how often that has happened.
        self._silence: TeamStoreError | None = None
        self._silences = 0

    def transact(
        self, work: Callable[[Transaction], Result], *, lock: str | None = None, within: float = math.inf
    ) -> Result:
        """Run `work` in a transaction and return its result; `within` shortens the time limit, in seconds.

        Transactions with the same `lock` run one after the other. If the connection is lost before the commit, `work`
        runs again on a new connection, so it must only read and write through its argument.
        """
        return self._transact(work, lock, within, changes=True)

    def read(self, work: Callable[[Transaction], Result], *, within: float = math.inf) -> Result:
        """The same for `work` that only reads."""
        return self._transact(work, None, within, changes=False)

    def close(self) -> None:
        """Close the connection; the next use opens another."""
        # A thread may be waiting for the server; the process exits without waiting for it.
        if self._lock.acquire(timeout=_AT_THE_END):
            link, self._link = self._link, None
            if link is not None:
                link.close()
            self._lock.release()

    @property
    def place(self) -> str:
        """Host, port and database, for messages."""
        given = self._connection_parameters()
        name = given.get("dbname") or given.get("user") or "the default database"
        host = given.get("host") or given.get("hostaddr") or "localhost"
        return f"{name} at {host}:{given.get('port', 5432)}"

    def facts(self) -> Facts:
        """Facts about the connection, which is opened if needed."""
        with self._lock:
            self._link = self._link or self._connect(min(self._timeout, _CONNECT))
            info = self._link.connection.info
            address = info.hostaddr or "127.0.0.1"  # none for a Unix socket
            return Facts(
                role=info.user,
                server=info.parameter_status("server_version") or "",
                is_local=address.startswith("127.") or address == "::1",
                is_encrypted=bool(self._link.connection.pgconn.ssl_in_use),
                is_verified=info.get_parameters().get("sslmode", "").startswith("verify-"),
            )

    def _transact(
        self, work: Callable[[Transaction], Result], lock: str | None, within: float, *, changes: bool
    ) -> Result:
        limit = min(self._timeout, within)
        silences = self._silences
        with self._lock:
            if self._silence and self._silences != silences:
                raise self._silence
            if self._link and self._link.is_usable():
                try:
                    return self._attempt(self._link, work, lock, limit, changes=changes)
                except _LostError:
                    pass  # certainly before the commit
            self.close()
            self._link = self._connect(min(limit, _CONNECT))

            def first(transaction: Transaction) -> Result:
                if self._checked:
                    migrations.check(transaction)
                return work(transaction)

            try:
                return self._attempt(self._link, first, lock, limit, changes=changes)
            except _LostError as lost:
                raise self._failed(f"closed the connection: {lost}") from None
            except (UsageError, TeamStoreError):
                self.close()  # the next use checks again
                raise

    def _attempt(
        self, link: _Link, work: Callable[[Transaction], Result], lock: str | None, limit: float, *, changes: bool
    ) -> Result:
        """One transaction on this connection; _LostError if the connection is lost and nothing was committed."""
        import psycopg

        late = False

        def end() -> None:
            nonlocal late
            late = True
            link.shut_down()

        committing, finished = False, False
        timer = Timer(limit, end)
        timer.daemon = True
        timer.start()
        try:
            with link.connection.pipeline():
                result = work(Transaction(link.connection, limit, lock))
                committing = True
                link.connection.execute("COMMIT")
            finished = True
            self._silence = None
        except psycopg.Error as error:
            lost = link.connection.broken or link.connection.closed or late
            silent = self._silent(limit) if late else None
            if lost and committing and changes:
                raise self._unknown(error) from None
            if silent:
                raise silent from None
            if lost:
                raise _LostError(self._sentence(error)) from None
            raise self._refused(error) from None
        finally:
            if not finished:
                self._roll_back(link)
            timer.cancel()
        return result

    def _roll_back(self, link: _Link) -> None:
        import psycopg

        try:
            link.connection.execute("ROLLBACK")
        except psycopg.Error:
            self.close()

    def _connect(self, limit: float) -> _Link:
        parameters = self._connection_parameters()
        import socket

        import psycopg

        more = {"tcp_user_timeout": math.ceil(limit * 1000), "connect_timeout": math.ceil(limit), **_KEEPALIVES}
        # A pooler may give each transaction another connection, which doesn't know statements prepared before.
        settings: dict[str, Any] = {"application_name": "synq", **more, **parameters, "prepare_threshold": None}
        try:
            connection = call_within(limit, lambda: psycopg.connect(autocommit=True, **settings))
        except DeadlineError:
            raise self._silent(limit) from None
        except psycopg.Error as error:
            raise self._failed(f"can't be reached: {self._sentence(error)}") from None
        return _Link(connection, socket.fromfd(connection.fileno(), socket.AF_INET, socket.SOCK_STREAM))

    def _connection_parameters(self) -> dict[str, Any]:
        if not self._parameters:
            import_psycopg()
            from psycopg import ProgrammingError
            from psycopg.conninfo import conninfo_to_dict

            text = self._find().strip()
            self._secrets += filter(None, [text])
            with suppress(ProgrammingError):  # its text quotes parts of the string
                self._parameters = conninfo_to_dict(text) if text else {}
            # If a password has characters that should be encoded, libpq reads parts of it as these.
            host, port, name = (str(self._parameters.get(key, "")) for key in ("host", "port", "dbname"))
            if not self._parameters or "@" in host + name or not re.fullmatch(r"[\d,]*", port):
                self._parameters = {}
                raise UsageError(
                    "team_store does not provide a valid PostgreSQL connection string.",
                    hint="Use the form postgresql://USER:PASSWORD@HOST:5432/DATABASE, and percent-encode characters "
                    "such as / and @ in the password.",
                )
            if password := str(self._parameters.get("password") or ""):
                self._secrets += {password, quote(password, safe="")}
        return self._parameters

    def _sentence(self, error: "psycopg.Error") -> str:
        """The message of the server or the library, in one line and without secrets."""
        # The server's message is followed by the line of SQL; the library's is the last line, and advice is indented.
        text = error.diag.message_primary
        if not text:
            lines = [line for line in str(error).splitlines() if line.strip() and not line.startswith("\t")]
            text = _OPENING.sub("", lines[-1])
        for secret in self._secrets:
            text = text.replace(secret, "[secret]")
        return text.strip().rstrip(".")[:_LONGEST_QUOTE]

    def _silent(self, limit: float) -> TeamStoreError:
        self._silence = self._failed(f"did not respond within {round(limit, 1):g} s")
        self._silences += 1
        return self._silence

    def _failed(self, what: str) -> TeamStoreError:
        self.close()
        failed = TeamStoreError(f"The team store ({self.place}) {what}.", hint=_HINT)
        failed.may_be_brief = _BRIEF.search(what) is not None
        return failed

    def _unknown(self, error: "psycopg.Error") -> TeamOutcomeUnknownError:
        self.close()
        return TeamOutcomeUnknownError(
            f"The connection to the team store ({self.place}) was lost during a commit, so the change may or may not "
            f"be saved: {self._sentence(error)}.",
            hint=_HINT,
        )

    def _refused(self, error: "psycopg.Error") -> Exception:
        """The error for a statement that the server refused; errors that can only be bugs are returned as they are."""
        import psycopg

        if isinstance(error, psycopg.errors.InsufficientPrivilege):
            denied = TeamStoreError(
                f"The team store ({self.place}) denies access: {self._sentence(error)}.",
                hint="Ask the owner of the tables to run `synq team init --role ROLE` with the role you connect as.",
            )
            denied.retryable = False
            return denied
        if isinstance(error, psycopg.errors.UndefinedTable | psycopg.errors.InvalidSchemaName):
            return migrations.not_ready(None)
        if isinstance(error, psycopg.errors.QueryCanceled):
            return TeamStoreError(f"The team store ({self.place}) was busy for too long.", hint=_HINT)
        if isinstance(error, psycopg.OperationalError | psycopg.InternalError):
            return TeamStoreError(f"The team store ({self.place}) failed: {self._sentence(error)}.", hint=_HINT)
        return error


class _LostError(Exception):
    """The connection is lost, and nothing was committed."""


def import_psycopg() -> None:
    """UsageError if the optional extra is not installed."""
    try:
        import psycopg  # noqa: F401  only whether it is there
    except ImportError:
        raise UsageError(
            "team_store requires the optional extra 'team', which is not installed.",
            hint="Install it: pipx inject synq-cli 'psycopg[binary]', or pip install 'synq-cli[team]'",
        ) from None
    import logging

    # Without a handler, Python prints the warnings of a library on stderr; errors are reported here.
    logging.getLogger("psycopg").setLevel(logging.CRITICAL)


def library_version() -> str:
    """The versions of psycopg and of libpq; UsageError if the optional extra is not installed."""
    import_psycopg()
    import psycopg

    number = psycopg.pq.version()
    return f"psycopg {psycopg.__version__} with libpq {number // 10_000}.{number % 10_000}."
