"""`synq sandbox`: a complete Synq tenant in a file on this machine."""

from typing import Annotated, Literal

from synq_cli.cli.confirmation import confirm_local
from synq_cli.cli.context import RunContext
from synq_cli.cli.groups import CommandGroup
from synq_cli.cli.options import YesOption, option
from synq_cli.errors import UsageError
from synq_cli.output.columns import Column
from synq_cli.output.formats import quantity, timestamp

group = CommandGroup(groups={"fault": ("synq_cli.commands.sandbox.faults", "Make requests to the sandbox fail.")})

RECORD = [
    Column("File", "path"),
    Column("Bytes", "size_bytes", quantity),
    Column("Seed", "seed"),
    Column("Created", "created_at", timestamp),
    Column("Tenant", "tenant_id"),
    Column("Organization", "org_id"),
    Column("Webhook secret", "webhook_secret"),
    Column("Products", "products", quantity),
    Column("Variants", "variants", quantity),
    Column("Locations", "locations", quantity),
    Column("Orders", "orders", quantity),
    Column("Channels", "channels", quantity),
    Column("Ledger entries", "ledger_entries", quantity),
]

SeedOption = Annotated[
    int | None, option("--seed", "N", "Seed of the random data; the same seed gives the same shop.", min=0)
]


@group.command("init")
def create_sandbox(run: RunContext, seed: SeedOption = None) -> None:
    """Create the sandbox.

    A realistic shop with products, stock and 60 days of orders, in one file. `--sandbox` creates it on first use, so
    you need this command only to choose a seed.

    Examples:
      synq sandbox init
      synq sandbox init --seed 7
    """
    if not run.sandbox.create(seed):
        raise UsageError(
            f"The sandbox already exists in {run.sandbox.file}.", hint="Run `synq sandbox reset` to create it again."
        )
    run.output.record(run.sandbox.info(), RECORD)


@group.command("info")
def show_sandbox(run: RunContext) -> None:
    """Show where the sandbox is and what it holds.

    Examples:
      synq sandbox info
      synq sandbox info --jq .webhook_secret
    """
    run.output.record(run.sandbox.info(), RECORD)


@group.command("serve")
def serve_sandbox(
    run: RunContext,
    port: Annotated[
        int, option("--port", "PORT", "Port on 127.0.0.1, or 0 for any free port.", min=0, max=65535)
    ] = 8787,
) -> None:
    """Serve the sandbox over HTTP on this machine.

    For curl, tests and other tools: it serves the file that `--sandbox` uses, on 127.0.0.1 only. Press Ctrl-C to
    stop.

    Examples:
      synq sandbox serve --port 8787
      synq sandbox serve --port 0
    """
    run.sandbox.serve(port)


@group.command("reset")
def reset_sandbox(run: RunContext, seed: SeedOption = None, yes: YesOption = False) -> None:
    """Reset the sandbox to its initial data.

    All changes made in it are lost; the dates of its orders start from now again.

    Examples:
      synq sandbox reset --yes
      synq sandbox reset --seed 7 --yes
    """
    confirm_local(run, f"Reset the sandbox in {run.sandbox.file}? All changes made in it are lost.", yes=yes)
    run.sandbox.reset(seed)
    run.output.record(run.sandbox.info(), RECORD)


@group.command("token")
def print_sandbox_token(
    run: RunContext,
    role: Annotated[Literal["ADMIN", "EDITOR", "VIEWER"], option("--role", "ROLE", "Role of the token.")] = "ADMIN",
    expires_in: Annotated[int, option("--expires-in", "SECONDS", "Lifetime in seconds.")] = 3600,
) -> None:
    """Print a token for the served sandbox.

    The sandbox signs it itself; it is not valid anywhere else.

    Examples:
      synq sandbox token --role VIEWER
      curl -H "Authorization: Bearer $(synq sandbox token)" http://127.0.0.1:8787/api/v1/channels
    """
    run.output.value(run.sandbox.token(role, expires_in))
