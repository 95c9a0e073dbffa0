"""`synq sandbox`: a whole Synq tenant in a file on this machine."""

from typing import Annotated, Literal

import typer

from synq_cli.cli.lazy_groups import Commands
from synq_cli.cli.options import YesOption, invocation
from synq_cli.errors import UsageError
from synq_cli.output.columns import Column
from synq_cli.output.formats import quantity, timestamp

group = Commands()

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
    int | None, typer.Option("--seed", min=0, metavar="N", help="The same seed makes the same shop.")
]


@group.command("init")
def create_sandbox(ctx: typer.Context, seed: SeedOption = None) -> None:
    """Create the sandbox.

    A believable shop with products, stock and 60 days of orders, in one file. `--sandbox` creates it by itself
    when it is first used, so this is only needed to choose a seed.

    Examples:
      synq sandbox init
      synq sandbox init --seed 7
    """
    run = invocation(ctx)
    if not run.sandbox.make(seed):
        raise UsageError(f"There is a sandbox in {run.sandbox.file}.", hint="`synq sandbox reset` makes it anew.")
    run.output.record(run.sandbox.info(), RECORD)


@group.command("info")
def show_sandbox(ctx: typer.Context) -> None:
    """Show where the sandbox is and what it holds.

    Examples:
      synq sandbox info
      synq sandbox info --jq .webhook_secret
    """
    run = invocation(ctx)
    run.output.record(run.sandbox.info(), RECORD)


@group.command("serve")
def serve_sandbox(
    ctx: typer.Context,
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, metavar="PORT", help="On 127.0.0.1; 0 takes a free one.")
    ] = 8787,
) -> None:
    """Serve the sandbox over HTTP on this machine.

    For curl, tests and other tools: the same file that `--sandbox` uses, on loopback only. Ctrl-C ends it.

    Examples:
      synq sandbox serve --port 8787
      synq sandbox serve --port 0
    """
    invocation(ctx).sandbox.serve(port)


@group.command("reset")
def reset_sandbox(ctx: typer.Context, seed: SeedOption = None, yes: YesOption = False) -> None:
    """Make the sandbox anew.

    Everything done in it is lost; orders are dated from now again.

    Examples:
      synq sandbox reset --yes
      synq sandbox reset --seed 7 --yes
    """
    run = invocation(ctx)
    if run.confirmed_here(f"Make {run.sandbox.file} anew? Everything done in it is lost.", yes=yes):
        run.sandbox.make(seed, anew=True)
        run.output.record(run.sandbox.info(), RECORD)


@group.command("token")
def print_sandbox_token(
    ctx: typer.Context,
    role: Annotated[
        Literal["ADMIN", "EDITOR", "VIEWER"],
        typer.Option("--role", metavar="ROLE", case_sensitive=False, help="Role that the token gives."),
    ] = "ADMIN",
    expires_in: Annotated[
        int, typer.Option("--expires-in", metavar="SECONDS", help="How long it lives; 3600 by default.")
    ] = 3600,
) -> None:
    """Print a token for the served sandbox.

    Signed by the sandbox itself and worth nothing elsewhere.

    Examples:
      synq sandbox token --role VIEWER
      curl -H "Authorization: Bearer $(synq sandbox token)" http://127.0.0.1:8787/api/v1/channels
    """
    run = invocation(ctx)
    run.output.value(run.sandbox.token(role, expires_in))
