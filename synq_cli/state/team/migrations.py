"""Versioned migrations of the team store's tables, applied in one transaction."""

import shlex
from typing import TYPE_CHECKING, NamedTuple

from synq_cli.errors import SynqError, UsageError

if TYPE_CHECKING:
    from synq_cli.state.team.transaction import Transaction

# The advisory lock for migrations.
LOCK = "migrations"


class Migration(NamedTuple):
    """The changes of one version. A released migration never changes."""

    what: str
    statements: tuple[str, ...]


# The version of a migration is its position here, from 1.
MIGRATIONS = (
    Migration(
        "the rate limit of each shared address",
        (
            """CREATE TABLE synq.hosts (
                pool text NOT NULL, host text NOT NULL, size integer NOT NULL, blocked_at double precision NOT NULL,
                blocked_for double precision NOT NULL, refusals integer NOT NULL, refused_at double precision NOT NULL,
                PRIMARY KEY (pool, host))""",
            # A slot in the window is taken from `at` for `lasts` seconds, by the server's clock.
            """CREATE TABLE synq.requests (
                pool text NOT NULL, host text NOT NULL, id bigint NOT NULL, kind text NOT NULL,
                at double precision NOT NULL, lasts double precision NOT NULL,
                profile text NOT NULL, command text NOT NULL, machine text NOT NULL, PRIMARY KEY (pool, host, id))""",
        ),
    ),
    Migration(
        "shared runs",
        (
            # The clock that all machines use.
            """CREATE FUNCTION synq.clock() RETURNS double precision LANGUAGE sql VOLATILE
                AS 'SELECT extract(epoch FROM clock_timestamp())::double precision'""",
            # `marks` are facts as name=JSON, for finding runs.
            """CREATE TABLE synq.runs (
                id text PRIMARY KEY, started_at double precision NOT NULL,
                facts text NOT NULL, marks text[] NOT NULL)""",
            "CREATE INDEX runs_by_mark ON synq.runs USING gin (marks)",
            """CREATE TABLE synq.workers (
                run text NOT NULL REFERENCES synq.runs ON DELETE CASCADE, number integer NOT NULL, token text NOT NULL,
                machine text NOT NULL, process integer NOT NULL, profile text NOT NULL, person text,
                started_at double precision NOT NULL, lease_until double precision NOT NULL,
                ended_at double precision, is_lost boolean NOT NULL DEFAULT false, PRIMARY KEY (run, number))""",
            # `worker` has claimed a pending row, or was the last to send it.
            """CREATE TABLE synq.entries (
                run text NOT NULL REFERENCES synq.runs ON DELETE CASCADE, line integer NOT NULL,
                subject bigint NOT NULL, state text NOT NULL, worker integer,
                content text NOT NULL, source text NOT NULL,
                sent_at double precision, answered_at double precision, posted_at double precision,
                receipt text, code text, error text, hashes bigint[] NOT NULL,
                written_at double precision NOT NULL, PRIMARY KEY (run, line))""",
            "CREATE INDEX entries_left ON synq.entries (run, subject, line) WHERE state IN ('pending', 'sent')",
            "CREATE INDEX entries_by_hash ON synq.entries USING gin (hashes)",
            # The process that is starting a run on a tenant's data.
            """CREATE TABLE synq.starts (
                scope text PRIMARY KEY, token text NOT NULL, until double precision NOT NULL)""",
        ),
    ),
)
LATEST = len(MIGRATIONS)

_TABLE = """CREATE TABLE IF NOT EXISTS synq.migrations (
    version integer PRIMARY KEY, what text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now(),
    applied_by text NOT NULL DEFAULT current_user)"""


def version(transaction: "Transaction") -> int | None:
    """The version of the tables; None if there are none yet."""
    (exists,) = transaction.query("SELECT to_regclass('synq.migrations') IS NOT NULL").all()[0]
    if not exists:
        return None
    (found,) = transaction.query("SELECT coalesce(max(version), 0) FROM synq.migrations").all()[0]
    return int(found)


def check(transaction: "Transaction") -> None:
    """UsageError unless the tables have the version that this synq uses."""
    (found,) = transaction.query("SELECT max(version) FROM synq.migrations").all()[0]
    if found != LATEST:
        raise not_ready(found)


def not_ready(found: int | None) -> SynqError:
    """The error for tables of another version; None is a database without tables."""
    if found is None:
        return UsageError(
            "The database of team_store is not set up.", hint="Run `synq team init` once, from any machine."
        )
    if found < LATEST:
        return UsageError(
            f"The tables of the team store have version {found}; this synq uses version {LATEST}.",
            hint="Update synq on every machine of the team, then run `synq team init`.",
        )
    return UsageError(
        f"The tables of the team store have version {found}; this synq knows versions up to {LATEST}.",
        hint="Update synq on this machine: pipx upgrade synq-cli",
    )


def pending(found: int | None) -> list[str]:
    """What `migrate` would add to tables of this version."""
    return [migration.what for migration in MIGRATIONS[found or 0 :]]


def migrate(transaction: "Transaction") -> list[str]:
    """Update the tables to the latest version, under LOCK; returns what was added. UsageError if they are newer."""
    found = version(transaction)
    if found is not None and found > LATEST:
        raise not_ready(found)
    if found is None:
        # IF NOT EXISTS would need the right to create schemas even where an administrator has created this one.
        (exists,) = transaction.query("SELECT to_regnamespace('synq') IS NOT NULL").all()[0]
        if not exists:
            transaction.execute("CREATE SCHEMA synq")
        transaction.execute(_TABLE)
    for number, migration in enumerate(MIGRATIONS[found or 0 :], (found or 0) + 1):
        for statement in migration.statements:
            transaction.execute(statement)
        transaction.execute("INSERT INTO synq.migrations (version, what) VALUES (%s, %s)", number, migration.what)
    return pending(found)


def check_role(transaction: "Transaction", role: str) -> None:
    """UsageError if the database server has no such role."""
    if not transaction.query("SELECT 1 FROM pg_roles WHERE rolname = %s", role).one():
        raise UsageError(f'Unknown role "{role}".', hint="Create it first, with CREATE ROLE, or check its spelling.")


def grant(transaction: "Transaction", role: str) -> None:
    """Grant a role access to the data of all tables, including those of later versions.

    UsageError unless this connection's role owns the tables: for any other, PostgreSQL only warns and grants nothing.
    """
    ((owner, user, is_owner),) = transaction.query(
        "SELECT pg_get_userbyid(relowner), current_user, pg_has_role(relowner, 'USAGE') FROM pg_class "
        "WHERE oid = 'synq.migrations'::regclass"
    ).all()
    if not is_owner:
        raise UsageError(
            f"The role {user} can't grant access to the tables: only their owner can.",
            hint=f"Connect as {owner}, then run: synq team init --role {shlex.quote(role)}",
        )
    (name,) = transaction.query("SELECT quote_ident(%s)", role).all()[0]
    transaction.execute(f"GRANT USAGE ON SCHEMA synq TO {name}")
    for what in ("GRANT", "ALTER DEFAULT PRIVILEGES IN SCHEMA synq GRANT"):
        tables = "ALL TABLES IN SCHEMA synq" if what == "GRANT" else "TABLES"
        transaction.execute(f"{what} SELECT, INSERT, UPDATE, DELETE ON {tables} TO {name}")
    transaction.execute(f"REVOKE INSERT, UPDATE, DELETE ON synq.migrations FROM {name}")


def denied(transaction: "Transaction") -> list[str]:
    """The tables that the role of this connection can't read and write."""
    rows = transaction.query(
        "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname = 'synq' AND c.relkind = 'r' AND c.relname <> 'migrations' AND NOT ("
        "has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'INSERT') "
        "AND has_table_privilege(c.oid, 'UPDATE') AND has_table_privilege(c.oid, 'DELETE')) ORDER BY c.relname"
    )
    return [name for (name,) in rows.all()]
