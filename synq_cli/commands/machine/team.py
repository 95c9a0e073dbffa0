"""`synq team`: the PostgreSQL database that the machines of a team share."""

import time
from collections.abc import Iterator
from contextlib import closing
from functools import cached_property
from statistics import median
from typing import TYPE_CHECKING, Annotated, Any

from synq_cli.cli.confirmation import confirm_local
from synq_cli.cli.context import RunContext
from synq_cli.cli.groups import CommandGroup
from synq_cli.cli.options import YesOption, option
from synq_cli.commands.machine.checks import COLUMNS, Check, Checklist, Finding, ok, warn
from synq_cli.output.columns import Column
from synq_cli.output.drawing.window import soon
from synq_cli.output.formats import quantity, whole
from synq_cli.session.settings import SANDBOX
from synq_cli.times import timestamp

if TYPE_CHECKING:
    from synq_cli.state.team.store import Facts, TeamStore
    from synq_cli.state.team.transaction import Transaction

group = CommandGroup()

STATUS = [Column("Database", "database"), Column("Version", "version", quantity), Column("Time", "time")]
POOLS = [
    Column("Pool", "pool"),
    Column("API", "host"),
    Column("Requests left", "remaining", quantity),
    Column("Limit", "limit", quantity),
    Column("Blocked for", "blocked_for", soon),
    Column("Other clients", "other_clients", quantity),
]
USAGES = [
    Column("Pool", "pool"),
    Column("API", "host"),
    Column("Machine", "machine"),
    Column("Profile", "profile"),
    Column("Command", "command"),
    Column("Requests", "requests", quantity),
    Column("In flight", "under_way", quantity),
]
RUNS = [
    Column("Run", "run", whole),
    Column("Command", "command"),
    Column("Machine", "machine"),
    Column("Process", "process"),
    Column("Profile", "profile"),
    Column("Lease ends", "lease_ends_in", soon),
    Column("Rows in run", "rows", quantity),
    Column("Left in run", "left", quantity),
]
# Seconds. A larger difference of the clocks, or a longer round trip, is a warning.
_SKEW, _SLOW = 30.0, 0.1
# The oldest version that PostgreSQL's developers still maintained when this was written.
_OLDEST = 14
_SAMPLES = 5
_NETWORK = (7,)


@group.command("init", exits=_NETWORK)
def set_up(
    run: RunContext,
    role: Annotated[
        str | None, option("--role", "ROLE", "Also grant this database role access to the data of the tables.")
    ] = None,
    yes: YesOption = False,
) -> None:
    """Create or update the tables of the team store.

    Creates the schema "synq" in the database that `team_store` names, or updates its tables to the version of this
    synq, in one transaction. Shows the changes and asks for confirmation first. Only the owner of the tables must be
    able to create them; --role grants other roles access to the data. synq refuses to use tables of another version
    and says what to do.

    Examples:
      synq team init
      synq team init --role synq_worker --yes
    """
    from synq_cli.state.team import migrations

    with closing(run.open_team(checked=False)) as store:
        missing = migrations.pending(store.read(migrations.version))
        if role:
            store.read(lambda transaction: migrations.check_role(transaction, role))
        steps = [f"create tables for {what}" for what in missing]
        steps += [f"grant the role {role} access"] if role else []
        if not steps:
            run.output.note(f"The tables in {store.place} are up to date (version {migrations.LATEST}).")
            return
        run.output.note(f"In {store.place}, schema synq: {'; '.join(steps)}.")
        confirm_local(run, "Set up the team store?", yes=yes)

        def work(transaction: "Transaction") -> None:
            migrations.migrate(transaction)
            if role:
                migrations.grant(transaction, role)

        store.transact(work, lock=migrations.LOCK)
        run.output.note(f"The team store is ready (version {migrations.LATEST}).")


@group.command("status", exits=_NETWORK)
def show_status(run: RunContext) -> None:
    """Show who uses the team store.

    Shows how many requests each pool has left, and which commands on which machines sent requests in the last minute or
    are sending them now. Then lists the unfinished runs, with the machines that work on each and the time until another
    machine can take over if the lease is not renewed. A run without a machine has stopped: resume it with
    `synq runs resume`. --json prints one object.

    Examples:
      synq team status
      synq team status --json
    """
    from synq_cli.bulk.team.status import unfinished
    from synq_cli.http.rate_limit.team_pool import overview
    from synq_cli.state.team import migrations

    store = run.team or run.open_team()
    pools, usages = overview(store)
    row = {
        "database": store.place,
        "version": migrations.LATEST,
        "time": timestamp(store.read(lambda transaction: transaction.now)),
        "pools": pools,
        "requests": [usage._asdict() for usage in usages],
        "runs": unfinished(store),
    }
    parts = {"pools": ("Rate limit", POOLS), "requests": ("Requests", USAGES), "runs": ("Runs", RUNS)}
    run.output.panel("Team store", row, STATUS, parts, whole=True)


@group.command("doctor", exits=_NETWORK)
def examine(run: RunContext) -> None:
    """Check the team store and suggest fixes.

    Checks the setting, the library, the connection and its encryption, the version of the server, the tables, the
    privileges of the role, the clocks, and the time of a round trip. Each check is ok, warn or fail, with a fix if
    there is one. The exit status is 0 whatever it finds.

    Examples:
      synq team doctor
      synq team doctor --json
    """
    run.output.checklist(TeamDoctor(run).findings(), COLUMNS)


class TeamDoctor(Checklist):
    """The checks of a team store."""

    def __init__(self, run: RunContext) -> None:
        super().__init__()
        self._run = run

    def findings(self) -> Iterator[dict[str, Any]]:
        """The finding of each check, as a row."""
        checks: list[Check] = [
            ("setting", self._setting, ""),
            ("library", self._library, "setting"),
            ("connection", self._connection, "library"),
            ("TLS", self._tls, "connection"),
            ("server", self._server, "connection"),
            ("tables", self._tables, "connection"),
            ("privileges", self._privileges, "tables"),
            ("clock", self._clock, "connection"),
            ("network", self._network, "connection"),
        ]
        if not self._run.settings.team_store:
            yield from self.examine(checks[:1])
            return
        with closing(self._store):
            yield from self.examine(checks)

    @cached_property
    def _store(self) -> "TeamStore":
        return self._run.open_team(checked=False)

    @property
    def _facts(self) -> "Facts":
        return self._store.facts()

    def _setting(self) -> Finding:
        settings = self._run.settings
        if settings.profile == SANDBOX:
            return warn("The embedded sandbox has no team store.", "Choose another profile with --profile.")
        if not settings.team_store:
            return warn(
                f"Profile {settings.profile} has no team store. You don't need one on a single machine.",
                "synq config set team_store '$SYNQ_TEAM_STORE'",
            )
        return ok(f"{settings.team_store} ({settings.sources['team_store']}), pool {settings.budget_pool}.")

    def _library(self) -> Finding:
        from synq_cli.state.team.store import library_version

        return ok(library_version())

    def _connection(self) -> Finding:
        started = time.monotonic()
        role = self._facts.role
        return ok(f"{self._store.place} as {role}, connected in {(time.monotonic() - started) * 1000:.0f} ms.")

    def _tls(self) -> Finding:
        return encryption(self._facts)

    def _server(self) -> Finding:
        version = self._facts.server
        if int(version.partition(".")[0] or 0) < _OLDEST:
            return warn(f"PostgreSQL {version} is no longer maintained.", f"Use PostgreSQL {_OLDEST} or newer.")
        return ok(f"PostgreSQL {version}.")

    def _tables(self) -> Finding:
        from synq_cli.state.team import migrations

        found = self._store.read(migrations.version)
        if found != migrations.LATEST:
            raise migrations.not_ready(found)
        return ok(f"Version {found}.")

    def _privileges(self) -> Finding:
        from synq_cli.state.team import migrations

        if denied := self._store.read(migrations.denied):
            return Finding(
                "fail",
                f"The role {self._facts.role} can't use these tables: {', '.join(denied)}.",
                f"Ask the owner of the tables to run: synq team init --role {self._facts.role}",
            )
        return ok(f"The role {self._facts.role} can use all tables.")

    def _clock(self) -> Finding:
        skew = self._run.system.now() - self._store.read(lambda transaction: transaction.now)
        if abs(skew) <= _SKEW:
            return ok("In sync with the store's clock.")
        return warn(
            f"{abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} the store's clock, which the team uses.",
            "Set this machine's clock: synq uses it to see when a token expires.",
        )

    def _network(self) -> Finding:
        def sample(transaction: "Transaction") -> float:
            started = time.monotonic()
            transaction.query("SELECT 1").all()
            return time.monotonic() - started

        trip = median(self._store.read(lambda transaction: [sample(transaction) for _ in range(_SAMPLES)]))
        found = f"A round trip takes {trip * 1000:.1f} ms; a request needs four: {trip * 4000:.1f} ms."
        return warn(found, "Use a database closer to the machines.") if trip > _SLOW else ok(found)


def encryption(facts: "Facts") -> Finding:
    """Whether the connection is encrypted, and the server's certificate verified."""
    if facts.is_local:
        return ok("Not needed: nothing leaves this machine.")
    fix = "Add sslmode=verify-full to the connection string, and sslrootcert=FILE if the provider names one."
    if not facts.is_encrypted:
        return warn("The connection is not encrypted.", fix)
    if not facts.is_verified:
        return warn("The connection is encrypted, but the server's certificate is not verified.", fix)
    return ok("The connection is encrypted, and the server's certificate is verified.")
