"""The context of a run: it opens the settings, session, API and output on first use."""

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synq_cli.cli.command import ANY, LOCAL, CommandSpec
from synq_cli.cli.system import System
from synq_cli.errors import SynqError, UsageError
from synq_cli.output.display import Output
from synq_cli.session import profiles, settings
from synq_cli.session.session import Session
from synq_cli.session.settings import Settings
from synq_cli.session.tokens.stores import LOGIN_HINT, TokenStore
from synq_cli.state.cache import Cache
from synq_cli.state.folders import another_users, config_dir, private_folder, state_dir

if TYPE_CHECKING:
    from synq_cli.bulk.engine import Engine
    from synq_cli.bulk.local.runs import LocalRuns
    from synq_cli.bulk.runs import Runs
    from synq_cli.bulk.team.runs import TeamRuns
    from synq_cli.cli.embedded import EmbeddedSandbox
    from synq_cli.http.client import HttpClient
    from synq_cli.http.guard import Guard
    from synq_cli.http.rate_limit import Budget, Snapshot
    from synq_cli.http.rate_limit.team_pool import TeamPool
    from synq_cli.http.single_attempt import SingleAttemptTransport
    from synq_cli.resources.client import SynqClient
    from synq_cli.resources.shared.resource import Api
    from synq_cli.session.policy import Policy
    from synq_cli.state.id_cache import LocalIndex
    from synq_cli.state.ledger_cache import LedgerCache
    from synq_cli.state.order_keys import OrderKeys
    from synq_cli.state.plans import Plans
    from synq_cli.state.shared_lists import SharedLists
    from synq_cli.state.team.store import TeamStore
    from synq_cli.state.watches import Watches

# Print what anybody may read, without the profile.
_TEXTS = ("help", "schema", "completion")
# Groups that prepare this machine: their few requests read, and no wildcard of a policy refuses them.
_SETUP = ("auth", "doctor")
# Commands that send the rows of plans; the rows themselves are checked.
_OF_PLANS = ("apply", "runs resume", "runs join")


class RunContext:
    """The objects that one run of synq shares. Each is opened on first use."""

    def __init__(self, system: System, arguments: list[str]) -> None:
        self.system = system
        self.arguments = arguments
        self.options: dict[str, Any] = {}  # those of the command line that do not go to the command's function
        self.command = ""
        self.root: Any = None  # Typer's context of `synq` itself, once a command runs
        self._workers: list[SingleAttemptTransport] = []  # the transports of a bulk run
        self._is_closing = False
        self.has_plan = False  # whether this run has written one
        self.secrets: list[str] = []  # those entered in this run, besides the session's

    @cached_property
    def config(self) -> profiles.Config:
        """The profiles of this machine's user."""
        return profiles.load(config_dir(self.system.environ) / "config.yaml", self.cache)

    @cached_property
    def settings(self) -> Settings:
        """The settings of this run: option > environment > profile > default."""
        given = dict(self.options)
        if given.pop("json", False) and given.setdefault("output", "json") != "json":
            raise UsageError(f"--json conflicts with --output {given['output']}: give one of them.")
        here = self.system.folder
        found = settings.resolve(
            given, self.system.environ, self.config, lambda: profiles.find_project(here, self.cache)
        )
        if given.get("jq") is not None and "output" not in given and found.output != "ndjson":
            # --jq goes before the usual format.
            return found._replace(output="json", sources={**found.sources, "output": "option --jq"})
        return found

    @cached_property
    def output(self) -> Output:
        """Data to stdout, messages to stderr."""
        output = self._new_output(
            format=self.settings.output,
            format_asked=self.settings.sources["output"] == "option --output",
            fields=self.options.get("fields"),
            columns=self.options.get("columns"),
            jq=self.options.get("jq"),
            quiet=self.options.get("quiet", False),
            no_color=self.options.get("no_color", False),
            debug=self.settings.debug,
            before_filter=self._report_requests if self.settings.footer == "json" else None,
        )
        chosen = self.settings.profile
        for sentence in settings.ignored(self.config, [chosen], self.system.environ):
            output.warn(sentence)
        if another_users(folder := config_dir(self.system.environ)):
            output.warn(
                f"synq runs as root on {folder}, which is another user's, who can't use files that root makes there. "
                "Run it as that user, or with `sudo -H`."
            )
        if not self.options.get("quiet"):
            profiles.announce_project(chosen, self.settings.sources["profile"], self.cache, output.note)
        return output

    @cached_property
    def policy(self) -> "Policy | None":
        """The policy of the profile, if it has one; a misspelled or misplaced one can't be read."""
        profile, path = self.settings.profile, self.config.path
        stored = self.config.profiles.get(profile, {})
        unknown = [dict(self.config.unknown), settings.unknown_settings(self.config, profile)]
        if "policy" not in stored and not any(unknown):
            return None
        from synq_cli.session.policy import Policy, misplaced_policy, read_policy

        if name := misplaced_policy(unknown):
            return Policy(profile, path, problem=f'"{name}" has no effect: name it policy, directly below the profile')
        return read_policy(stored["policy"], profile, path) if "policy" in stored else None

    def check_policy(self, spec: CommandSpec) -> None:
        """RefusedError if the policy does not permit the command of this run."""
        group = self.command.partition(" ")[0]
        if group in _TEXTS:
            return
        try:
            policy = self.policy
        except SynqError:
            return  # invalid settings, which the command reports if it needs them
        if policy is None:
            return
        is_local = spec.effect == LOCAL or group in _SETUP
        policy.check_command(self.command, is_local=is_local)
        if policy.sentence and not spec.writes and self.command != "doctor":  # they say it themselves
            self.output.warn(f"{policy.sentence} Every write is refused.")
        if spec.writes and spec.effect != ANY:
            policy.check_readable()
            if not self.dry_run and self.command not in _OF_PLANS:
                policy.check_plan_only()

    def _guard(self, api: "Api") -> "Guard | None":
        """The guard that holds writes against the policy."""
        if self.policy is None:
            return None
        from synq_cli.cli import tree
        from synq_cli.resources.policy_guard import PolicyGuard

        def commands_for(operation: str) -> list[str]:
            return tree.commands_for(self.root.command, operation)

        return PolicyGuard(api, self.policy, self.command, commands_for, sends_nothing=self.dry_run)

    @cached_property
    def cache(self) -> Cache:
        """The best-effort cache of this machine."""
        return Cache(lambda: state_dir(self.system.environ))

    @cached_property
    def tokens(self) -> TokenStore:
        """The store of tokens: the OS keyring, or a file."""
        return self.open_tokens()

    def open_tokens(self, hint: str = LOGIN_HINT) -> TokenStore:
        """The store of secrets whose errors have this hint."""
        return TokenStore(
            config_dir(self.system.environ),
            self.system.keyring,
            cache=self.cache,
            lock_folder=lambda: self.state,
            note=lambda text: self.output.note(text),  # noqa: PLW0108 opens the output only if needed
            hint=hint,
        )

    @cached_property
    def session(self) -> Session:
        """The login of this run: profile, host and token."""
        return self.session_for(self.settings, self.system.environ)

    def session_for(self, chosen: Settings, environ: Mapping[str, str]) -> Session:
        """The login under other settings."""
        return Session(
            chosen,
            environ,
            self.tokens,
            self.config,
            sandbox_token=lambda: self.sandbox.token(),  # noqa: PLW0108 creates the sandbox only if needed
            cache=self.cache,
            now=self.system.now,
            lock_folder=lambda: self.state,
            warn=lambda text: self.output.warn(text),  # noqa: PLW0108 opens the output only if needed
            post_form=lambda url, form: self.network.post_form(url, form),  # noqa: PLW0108 opens the client only if needed
            terminal=self.system.stderr.isatty(),
        )

    @cached_property
    def network(self) -> "HttpClient":
        """The HTTP client for everything outside this process."""
        from synq_cli.http.client import HttpClient

        return HttpClient(self.settings.timeout, self.system.environ, self.system.http)

    @cached_property
    def _api_http(self) -> "HttpClient":
        """The HTTP client for the API: the same, or one that calls the embedded sandbox in this process."""
        if self.system.http or self.settings.profile != settings.SANDBOX:
            return self.network
        from synq_cli.http.client import HttpClient, in_process

        return HttpClient(self.settings.timeout, self.system.environ, in_process(self.sandbox.app()))

    @cached_property
    def state(self) -> Path:
        """The folder of the rate limit, the caches, the runs and the sandbox."""
        return private_folder(state_dir(self.system.environ))

    @property
    def budget_file(self) -> Path:
        """The file of the rate limit."""
        return self.state / "budget.sqlite3"

    @cached_property
    def budget(self) -> "Budget":
        """The rate limit, shared by every synq process on this machine."""
        return self.open_budget(self.output.warn)

    def open_budget(
        self, warn: Callable[[str], None], sleep: Callable[[float], None] | None = None, *, local: bool = False
    ) -> "Budget":
        """Another connection to the rate limit, with its own functions to warn and to sleep.

        It is the team's, if the profile has a team store and `local` is false.
        """
        from synq_cli.http.rate_limit import Budget, SharedFile

        host, now = self.session.host, self.system.now
        pool = None if local else self._team_pool
        return Budget(
            pool or SharedFile(self.budget_file, host, now=now, warn=warn),
            host,
            command=self.command,
            profile=self.session.profile,
            now=now,
            sleep=sleep or self.system.sleep,
            jitter=self.system.jitter,
        )

    @cached_property
    def _team_pool(self) -> "TeamPool | None":
        """The rate limit that the machines of the team share, for all threads of this run."""
        if self.team is None:
            return None
        from synq_cli.http.rate_limit import SharedFile
        from synq_cli.http.rate_limit.team_pool import TeamPool

        host, now = self.session.host, self.system.now

        def warn(text: str) -> None:
            if not self._is_closing:  # then only the footer is left, and the command has reported what failed
                self.output.warn(text)

        return TeamPool(
            self.team,
            self.settings.budget_pool,
            host,
            local=SharedFile(self.budget_file, host, now=now, warn=warn),
            cache=self.cache,
            now=now,
            sleep=self.system.sleep,
            warn=warn,
        )

    @cached_property
    def team(self) -> "TeamStore | None":
        """The team store, None if the profile has none."""
        return self.open_team() if self.settings.team_store else None

    def open_team(self, *, checked: bool = True) -> "TeamStore":
        """A connection to the team store; UsageError if the profile has none. See TeamStore for `checked`."""
        self.refuse_sandbox("The embedded sandbox has no team store.")
        from synq_cli.session.team_store import connection_string
        from synq_cli.state.team.store import TeamStore

        where, secrets = self.settings.team_store, self.secrets
        if where is None:
            raise UsageError(
                f"Profile {self.settings.profile} has no team store.",
                hint="You don't need one on a single machine. To set one: "
                "synq config set team_store '$SYNQ_TEAM_STORE'",
            )
        terminal = self.system.stderr.isatty()
        return TeamStore(
            lambda: connection_string(where, self.system.environ, terminal=terminal, secrets=secrets),
            timeout=self.settings.timeout,
            secrets=secrets,
            machine=self.system.machine(),
            checked=checked,
        )

    @cached_property
    def index(self) -> "LocalIndex":
        """The local cache of ids and names."""
        from synq_cli.state.id_cache import LocalIndex

        return LocalIndex(self.state / "index.sqlite3", lambda: self.session.scope, self.system.now, self.output.warn)

    @cached_property
    def ledger_cache(self) -> "LedgerCache":
        """The local cache of the stock ledger."""
        from synq_cli.state.ledger_cache import LedgerCache

        path = self.state / "ledger.sqlite3"
        return LedgerCache(path, lambda: self.session.scope, self.system.now, self.output.warn)

    @cached_property
    def order_keys(self) -> "OrderKeys":
        """The idempotency keys of orders whose outcome is unknown."""
        from synq_cli.state.order_keys import OrderKeys

        path = self.state / "order_keys.sqlite3"
        return OrderKeys(path, lambda: self.session.scope, self.system.now, self.output.warn)

    @cached_property
    def watches(self) -> "Watches":
        """What the watches of this machine have reported."""
        from synq_cli.state.watches import Watches

        return Watches(self.state / "watches.sqlite3", lambda: self.session.scope, self.system.now)

    @cached_property
    def shared_lists(self) -> "SharedLists":
        """Lists that the watches of this machine share."""
        from synq_cli.state.shared_lists import SharedLists

        path = self.state / "lists.sqlite3"
        return SharedLists(path, lambda: self.session.scope, self.system.now, kept=self.settings.cache)

    @cached_property
    def sandbox(self) -> "EmbeddedSandbox":
        """The embedded sandbox of this machine."""
        from synq_cli.cli.embedded import EmbeddedSandbox

        return EmbeddedSandbox(self.state / "sandbox.sqlite3", self.system.now, self.system.sleep, self.output.note)

    @cached_property
    def api(self) -> "SynqClient":
        """The API client of the session's tenant."""
        from synq_cli.resources.client import SynqClient
        from synq_cli.resources.shared.resource import Api

        api = Api(
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
        api.guard = self._guard(api)
        return SynqClient(api)

    @cached_property
    def runs(self) -> "Runs":
        """The bulk runs: the team's, if the profile has a team store, otherwise this machine's."""
        return self.team_runs or self.local_runs

    @cached_property
    def team_runs(self) -> "TeamRuns | None":
        """The runs in the team store; None if the profile has none. An embedded sandbox is always local."""
        if self.settings.profile == settings.SANDBOX or self.team is None:
            return None
        from synq_cli.bulk.team.journal import Access
        from synq_cli.bulk.team.outbox import Outbox
        from synq_cli.bulk.team.runs import TeamRuns
        from synq_cli.bulk.team.workers import Machine

        def machine() -> Machine:
            named = self.session.subject or ""
            person = named if named and named.isprintable() else None  # a claim can be any text
            return Machine(self.system.machine(), os.getpid(), self.session.profile, person)

        outbox = Outbox(private_folder(self.state / "runs") / "outbox.db")
        return TeamRuns(Access(self.team, outbox, self.system.now, self.system.sleep), machine)

    @cached_property
    def local_runs(self) -> "LocalRuns":
        """The runs that are stored on this machine."""
        from synq_cli.bulk.local.runs import LocalRuns

        return LocalRuns(private_folder(self.state / "runs"))

    @cached_property
    def bulk(self) -> "Engine":
        """The engine of bulk runs."""
        return self.engine(self.runs)

    def engine(self, runs: "Runs") -> "Engine":
        """An engine that works on these runs."""
        from synq_cli.bulk.engine import Engine

        known = (runs, self.api, self.session, self.budget, self.open_transport, self.output.messages)
        return Engine(*known, now=self.system.now, sleep=self.system.sleep)

    @property
    def dry_run(self) -> bool:
        """Whether this run only shows or plans what it would change."""
        return bool(self.options.get("dry_run")) or self.plan_file is not None

    @property
    def plan_file(self) -> str | None:
        """The file for the plan of what this run would change, - for standard output; None if it plans nothing."""
        return self.options.get("plan")

    def check_plan_file(self) -> None:
        """UsageError, before anything is read, if the plan of this run can't be written."""
        if self.plan_file is None:
            return
        if self.options.get("dry_run"):
            raise UsageError("--plan conflicts with --dry-run: give one of them.")
        from synq_cli.bulk.plans.document import check_target

        check_target(self.plan_file, now=self.system.now(), is_used=lambda plan: self.plans.used_at(plan) is not None)

    @cached_property
    def plans(self) -> "Plans":
        """The proposals and approvals of this machine, and which plans were applied."""
        from synq_cli.state.plans import Plans

        return Plans(self.state / "plans.sqlite3", self.system.now)

    def refuse_sandbox(self, why: str) -> None:
        """UsageError if this run uses the embedded sandbox."""
        if self.settings.profile == settings.SANDBOX:
            raise UsageError(why, hint="Choose another profile with --profile.")

    def plain_output(self) -> Output:
        """Output without the options that may be invalid, to report errors about them."""
        machine = (
            self.options.get("json")
            or self.options.get("jq")
            or self.options.get("output") not in {None, "table", "xlsx"}
        )
        return self._new_output(format="json" if machine else None, no_color=True)

    def _new_output(self, **options: Any) -> Output:
        streams = (self.system.stdout, self.system.stderr)
        return Output(*streams, environ=self.system.environ, now=self.system.now, **options)

    @property
    def changed(self) -> bool:
        """Whether this run has changed data at the API."""
        return "api" in self.__dict__ and self.api.transport.changed

    def close(self) -> None:
        """Close what is open; print the rate limit's footer if the API was called."""
        try:
            self._close_api()
        finally:
            if team := vars(self).get("team"):
                team.close()

    def _close_api(self) -> None:
        for client in ("network", "_api_http"):
            if client in self.__dict__:
                self.__dict__[client].close()
        if "api" not in self.__dict__:
            return
        self._is_closing = True
        with suppress(UsageError):  # of the settings of the team store, as the command has reported
            self._close_budget()

    def _close_budget(self) -> None:
        if self.api.transport.requests or "bulk" in self.__dict__:
            left = self.budget.snapshot()  # before requests are abandoned, whose replies would have told more
            self.api.transport.abandon_prefetches()
            if self.settings.footer == "json":
                self._report_requests(left)
            else:
                whose: dict[str, Any] = {"profile": self.session.profile, "environment": self.settings.environment}
                self.output.messages.footer(left.remaining, left.limit, exact=left.exact, **whose)
        self.budget.close()

    def _report_requests(self, left: "Snapshot | None" = None) -> None:
        """Print the footer for programs, if the API was called."""
        if "api" in self.__dict__:
            left = left or self.budget.snapshot()
            sent = self.api.transport.requests + sum(worker.requests for worker in self._workers)
            self.output.messages.budget(sent, left.remaining, left.limit, exact=left.exact)

    def open_transport(self, sleep: Callable[[float], None]) -> "SingleAttemptTransport":
        """A transport for one thread of a bulk run, with its own connection to the rate limit."""
        from synq_cli.http.single_attempt import SingleAttemptTransport

        budget = self.open_budget(self.output.warn, sleep)
        known = (self.session, budget, self.index, self.output.messages)
        worker = SingleAttemptTransport(
            *known, http=self._api_http, now=self.system.now, sleep=sleep, jitter=self.system.jitter
        )
        self._workers.append(worker)
        return worker
