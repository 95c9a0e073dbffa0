"""One run of synq: the session, API and output that it builds when first asked."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synq_cli.cli.embedded import Embedded
from synq_cli.cli.system import System
from synq_cli.errors import RefusedError, UsageError
from synq_cli.output.display import Output
from synq_cli.session import profiles, settings
from synq_cli.session.project import announce_project, find_project
from synq_cli.session.session import Session
from synq_cli.session.settings import Settings
from synq_cli.session.tokens.stores import TokenStore
from synq_cli.state.cache import Cache
from synq_cli.state.folders import config_dir, private_folder, state_dir

if TYPE_CHECKING:
    from synq_cli.bulk.engine import Engine
    from synq_cli.bulk.runs.runs import Runs
    from synq_cli.http.client import HttpClient
    from synq_cli.http.rate_limit import Budget
    from synq_cli.http.single_attempt import SingleAttemptTransport
    from synq_cli.resources.client import SynqClient
    from synq_cli.resources.orders.keys import OrderKeys
    from synq_cli.rows import Columns
    from synq_cli.state.id_cache import LocalIndex


class Invocation:
    """Everything one run hangs off; nothing is opened before it is used."""

    def __init__(self, system: System, arguments: list[str]) -> None:
        self.system = system
        self.arguments = arguments
        self.given: dict[str, Any] = {}
        self.command = ""
        self.secrets: list[str] = []

    @cached_property
    def config(self) -> profiles.Config:
        """The profiles of this machine's user."""
        return profiles.load(config_dir(self.system.environ) / "config.yaml", self.cache)

    @cached_property
    def settings(self) -> Settings:
        """Option > environment > profile > default, resolved."""
        given = dict(self.given)
        if given.pop("json", False) and given.setdefault("output", "json") != "json":
            raise UsageError(f"--json and --output {given['output']} ask for two formats; choose one.")
        if given.get("jq") is not None and self.system.environ.get("SYNQ_OUTPUT") != "ndjson":
            given.setdefault("output", "json")  # what is usual gives way to what the line asks for
        here = self.system.folder
        return settings.resolve(given, self.system.environ, self.config, lambda: find_project(here, self.cache))

    @cached_property
    def output(self) -> Output:
        """Where data and talk go."""
        output = self._new_output(
            format=self.settings.output,
            fields=self.given.get("fields"),
            columns=self.given.get("columns"),
            jq=self.given.get("jq"),
            quiet=self.given.get("quiet", False),
            no_color=self.given.get("no_color", False),
            debug=self.settings.debug,
        )
        if not self.given.get("quiet"):
            announce_project(self.settings, self.cache, output.note)
        return output

    @cached_property
    def cache(self) -> Cache:
        """What this machine has found out for itself."""
        return Cache(lambda: state_dir(self.system.environ))

    @cached_property
    def tokens(self) -> TokenStore:
        """Where tokens are kept."""
        return TokenStore(config_dir(self.system.environ), self.system.keyring, cache=self.cache)

    @cached_property
    def session(self) -> Session:
        """Who is asking, and where."""
        return self.session_by(self.settings, self.system.environ)

    def session_by(self, chosen: Settings, environ: Mapping[str, str]) -> Session:
        """Who would be asking by these settings."""
        return Session(
            chosen,
            environ,
            self.tokens,
            self.config,
            sandbox_token=self._sandbox_token,
            cache=self.cache,
            now=self.system.now,
            lock_folder=lambda: self.state,
            warn=lambda text: self.output.warn(text),  # noqa: PLW0108 the output is made only if it is needed
            post_form=lambda url, form: self.network.post_form(url, form),  # noqa: PLW0108 made only if it is needed
        )

    @cached_property
    def network(self) -> "HttpClient":
        """The client for everything outside this process."""
        from synq_cli.http.client import HttpClient

        return HttpClient(self.settings.timeout, self.system.environ, self.system.http)

    @cached_property
    def _api_http(self) -> "HttpClient":
        """The client for the API: the same, or one that calls the embedded sandbox in this process."""
        if self.system.http or self.settings.profile != settings.SANDBOX:
            return self.network
        from synq_cli.http.client import HttpClient, in_process

        return HttpClient(self.settings.timeout, self.system.environ, in_process(self.sandbox.app()))

    @cached_property
    def state(self) -> Path:
        """The folder for the budget, the index and the sandbox."""
        return private_folder(state_dir(self.system.environ))

    @cached_property
    def budget(self) -> "Budget":
        """The rate limit's window, shared by every synq process on this machine."""
        return self.open_budget(self.output.warn)

    def open_budget(self, tell: Callable[[str], None], sleep: Callable[[float], None] | None = None) -> "Budget":
        """The same, its troubles told to whoever asks for it, and its waits slept through in their way."""
        from synq_cli.http.rate_limit import Budget

        return Budget(
            self.state / "budget.sqlite3",
            self.session.host,
            spender=self.command,
            profile=self.session.profile,
            now=self.system.now,
            sleep=sleep or self.system.sleep,
            jitter=self.system.jitter,
            tell=tell,
        )

    @cached_property
    def index(self) -> "LocalIndex":
        """What this machine remembers of the tenant."""
        from synq_cli.state.id_cache import LocalIndex

        return LocalIndex(self.state / "index.sqlite3", lambda: self.session.scope, self.system.now, self.output.warn)

    @cached_property
    def order_keys(self) -> "OrderKeys":
        """The idempotency keys of orders whose outcome is not known."""
        from synq_cli.resources.orders.keys import OrderKeys

        path = self.state / "order_keys.sqlite3"
        return OrderKeys(path, lambda: self.session.scope, self.system.now, self.output.warn)

    @cached_property
    def sandbox(self) -> Embedded:
        """The embedded tenant of this machine."""
        return Embedded(self.state / "sandbox.sqlite3", self.system.now, self.system.sleep, self.output.note)

    @cached_property
    def api(self) -> "SynqClient":
        """The API of the session's tenant."""
        from synq_cli.resources.client import SynqClient

        return SynqClient(
            self.session,
            self.budget,
            self.index,
            self.output.messages,
            http=self._api_http,
            outside=self.network,
            now=self.system.now,
            sleep=self.system.sleep,
            jitter=self.system.jitter,
            dry_run=self.dry_run,
        )

    @cached_property
    def runs(self) -> "Runs":
        """The bulk runs of this machine."""
        from synq_cli.bulk.runs.runs import Runs

        return Runs(private_folder(self.state / "runs"))

    @cached_property
    def bulk(self) -> "Engine":
        """What works on many rows."""
        from synq_cli.bulk.engine import Engine

        known = (self.runs, self.api, self.session, self.budget, self._lane, self.output.messages)
        return Engine(*known, now=self.system.now, sleep=self.system.sleep)

    @property
    def dry_run(self) -> bool:
        """Whether this run shows what it would change instead of changing it."""
        return bool(self.given.get("dry_run"))

    def read_text(self, path: str) -> str:
        """A file that was named on the line, or with - standard input, as it is; UsageError if it can't be read."""
        from synq_cli.documents import read_text

        return read_text(path, self.system.stdin)

    def read_bytes(self, path: str) -> bytes:
        """The same as the very bytes that are there."""
        from synq_cli.documents import read_bytes

        return read_bytes(path, self.system.stdin)

    def read_document(self, path: str) -> Any:
        """What such a file says in JSON or YAML; UsageError if it is neither."""
        from synq_cli.documents import read_document

        return read_document(self.read_text(path), path)

    def read_rows(self, path: str, columns: "Columns | None") -> list[Any]:
        """The rows of such a file, objects or, with no columns, any values; UsageError lists every problem."""
        from synq_cli.bulk.prepare import Problem, refuse
        from synq_cli.documents import shown_name
        from synq_cli.rows import RowReader

        table = RowReader(columns, shown_name(path)).table(self.read_text(path))
        problems = [Problem(record.line, record.problem) for record in table.records if record.problem]
        refuse(shown_name(path), problems, table.unit)
        return [record.fields for record in table.records]

    def as_file(self, path: str) -> AbstractContextManager[Path]:
        """Such a file on the disk, as UTF-8; a copy, for example of standard input, is kept for a run that needs it."""
        return self.runs.readable(path, self.system.stdin)

    def confirmed(self, question: str, *, yes: bool) -> bool:
        """Ask before something of the tenant's is lost; RefusedError for a no, and off a terminal, naming the option.

        In production the profile's name answers, and `yes` does not. A dry run loses nothing.
        """
        from synq_cli.output.prompts import confirm_name

        named, system = self.given.get("confirm"), self.system
        if self.dry_run or (named is None and self.settings.environment != settings.PRODUCTION):
            return self.confirmed_here(question, yes=yes)
        confirm_name(question, self.settings.profile, named, stdin=system.stdin, stderr=system.stderr)
        return True

    def confirmed_here(self, question: str, *, yes: bool) -> bool:
        """The same before something of this machine is lost."""
        if not self._agreed(question, yes=yes or self.dry_run):
            raise RefusedError("Not confirmed; nothing was changed.")
        return True

    def offered(self, question: str) -> bool:
        """Ask whether to do more than was asked for; nobody is asked in quiet, off a terminal or for a program."""
        streams = (self.system.stdin, self.system.stdout, self.system.stderr)
        if self.given.get("quiet") or self.output.format != "table" or not all(s.isatty() for s in streams):
            return False
        return self._agreed(question, yes=self.dry_run)

    def _agreed(self, question: str, *, yes: bool) -> bool:
        from synq_cli.output.prompts import confirm

        return confirm(question, option="--yes", stdin=self.system.stdin, stderr=self.system.stderr, yes=yes)

    def refuse_for_sandbox(self, why: str) -> None:
        """UsageError if this run is on the embedded sandbox."""
        if self.settings.profile == settings.SANDBOX:
            raise UsageError(why, hint="Name another profile with --profile.")

    def plain_output(self) -> Output:
        """Output without the options that may be wrong, for the errors that are about them."""
        machine = self.given.get("json") or self.given.get("jq") or self.given.get("output") not in {None, "table"}
        return self._new_output(format="json" if machine else None, no_color=True)

    def _new_output(self, **options: Any) -> Output:
        streams = (self.system.stdout, self.system.stderr)
        return Output(*streams, environ=self.system.environ, now=self.system.now, **options)

    def masked(self, text: str) -> str:
        """The text without this run's secrets, which an error from below may quote."""
        for secret in self.session.secrets if "session" in vars(self) else ():
            text = text.replace(secret, "[token]")
        for secret in self.secrets:
            text = text.replace(secret, "[secret]")
        return text

    @property
    def changed(self) -> bool:
        """Whether this run has changed something at the API."""
        return "api" in self.__dict__ and self.api.transport.changed

    def close(self) -> None:
        """Say what is left of the rate limit if the API was asked, and close what is open."""
        for client in ("network", "_api_http"):
            if client in self.__dict__:
                self.__dict__[client].close()
        if "api" not in self.__dict__:
            return
        if self.api.transport.requests or "bulk" in self.__dict__:
            left = self.budget.snapshot()
            whose: dict[str, Any] = {"profile": self.session.profile, "environment": self.settings.environment}
            self.output.messages.footer(left.remaining, left.limit, exact=left.exact, **whose)
        self.budget.close()

    def _lane(self, sleep: Callable[[float], None]) -> "SingleAttemptTransport":
        """A way to the API for one thread, with a connection and a view of the budget of its own."""
        from synq_cli.http.single_attempt import SingleAttemptTransport

        budget = self.open_budget(self.output.warn, sleep)
        known = (self.session, budget, self.index, self.output.messages)
        return SingleAttemptTransport(
            *known, http=self._api_http, now=self.system.now, sleep=sleep, jitter=self.system.jitter
        )

    def _sandbox_token(self) -> str:
        return self.sandbox.token()  # asked for only now: the tenant is made when it is first used
