"""`synq sandbox`: a complete Synq tenant in a file on this machine."""

from typing import Annotated, Literal

from synq_cli.cli.confirmation import confirm_local
from synq_cli.cli.context import RunContext
from synq_cli.cli.groups import CommandGroup
from synq_cli.cli.options import YesOption, argument, option
from synq_cli.errors import UsageError
from synq_cli.output.columns import Column
from synq_cli.output.formats import quantity, timestamp
from synq_cli.session.settings import SANDBOX

group = CommandGroup(groups={"fault": ("synq_cli.commands.sandbox:faults", "Make requests to the sandbox fail.")})
faults = CommandGroup()

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
FAULT = [
    Column("ID", "id", quantity),
    Column("Fault", "kind"),
    Column("Requests", "target"),
    Column("Times left", "times", quantity),
    Column("Rate", "rate", quantity),
    Column("Seed", "seed", quantity, drop=2),
    Column("Seconds", "seconds", quantity),
    Column("Matched", "met", quantity, drop=1),
    Column("Injected", "struck", quantity),
]

DEFAULTS = {"count_as": "log", "strangers": 0}
COUNTING = [Column("Count as", "count_as"), Column("Other requests a minute", "strangers", quantity)]

Kind = Literal["429", "500", "502", "503", "expired", "missing", "garbage", "lost-before", "lost", "500-after", "slow"]
Way = Literal["log", "counter", "log-strict"]
MOST = 999_999

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
    with run.sandbox.server():
        from synq_cli.sandbox.server.serve import serve

    def announce(base_url: str) -> None:
        run.output.note(f"Serving {run.sandbox.file} on {base_url}. Press Ctrl-C to stop.")
        run.output.note(f'  export SYNQ_BASE_URL={base_url} SYNQ_TOKEN="$(synq sandbox token)"')

    serve(run.sandbox.file, port, announce, run.system.now)


@group.command("reset")
def reset_sandbox(run: RunContext, seed: SeedOption = None, yes: YesOption = False) -> None:
    """Reset the sandbox to its initial data.

    All changes in it are lost, and so are its bulk runs. Order dates are computed from the current time again.

    Examples:
      synq sandbox reset --yes
      synq sandbox reset --seed 7 --yes
    """
    confirm_local(run, f"Reset the sandbox in {run.sandbox.file}? All changes made in it are lost.", yes=yes)
    run.sandbox.reset(seed)
    # The new tenant has the same ids: runs of the old one could be undone in it.
    if deleted := run.local_runs.delete_of(f"{SANDBOX}/"):
        run.output.note(f"Deleted {deleted} run{'s' * (deleted != 1)} of the old sandbox.")
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


@faults.command("add")
def add_fault(
    run: RunContext,
    kind: Annotated[Kind, argument("KIND", "Kind of fault, as explained above.")],
    on: Annotated[
        str,
        option(
            "--on", "REQUESTS", "Method, path or both; * matches any text. [default: all requests]", show_default=False
        ),
    ] = "*",
    times: Annotated[
        int | None, option("--times", "N", "Number of requests to affect. [default: 1]", min=1, max=MOST)
    ] = None,
    rate: Annotated[
        float | None, option("--rate", "P", "Probability of affecting each request, such as 0.2, until cleared.")
    ] = None,
    seed: Annotated[
        int | None, option("--seed", "N", "Seed of the random numbers for --rate. [default: 0]", min=0, max=MOST)
    ] = None,
    seconds: Annotated[
        float | None, option("--seconds", "N", "Delay, or Retry-After of a 429, in seconds. [default: 5]")
    ] = None,
) -> None:
    """Make requests to the sandbox fail.

    See what synq, or a program of yours, does when the API misbehaves. Faults affect requests with `--sandbox` and
    over HTTP, at most one fault per request, until they are used up or cleared.

    These respond without doing the work: 429, 500, 502, 503, expired (401, as for an expired token), missing (404, as
    for a route the server lacks), garbage (an HTML page), lost-before (the connection closes).

    These do the work first: lost (the connection closes without a response), 500-after (the response is a 500),
    slow (the response is delayed).

    Examples:
      synq sandbox fault add lost --on "POST /api/v1/inventory/adjust"
      synq sandbox fault add 503 --on "GET /api/v1/oms/orders/{order_id}" --times 3
      synq sandbox fault add slow --on GET --rate 0.2 --seed 7 --seconds 40
    """
    if times and rate is not None:
        raise UsageError("--times conflicts with --rate: give one of them.")
    if seed is not None and rate is None:
        raise UsageError("--seed requires --rate.")
    with run.sandbox.server():
        from synq_cli.sandbox.server.faults import add
    fault = add(run.sandbox.file, kind, on=on, times=times or 1, rate=rate, seed=seed or 0, seconds=seconds)
    run.output.record(fault, FAULT)


@faults.command("list")
def list_faults(run: RunContext) -> None:
    """List the faults that can still occur.

    If several match a request, the first one affects it.

    Examples:
      synq sandbox fault list
      synq sandbox fault list --json
    """
    with run.sandbox.server():
        from synq_cli.sandbox.server.faults import active
        from synq_cli.sandbox.server.rate_limit import configure
    run.output.rows(active(run.sandbox.file), FAULT, empty="There are no faults.")
    if (counting := configure(run.sandbox.file)) != DEFAULTS:
        way, others = counting["count_as"], counting["strangers"]
        run.output.note(f"The rate limit counts as {way}, with {others} requests a minute of other clients.")


@faults.command("clear")
def clear_faults(run: RunContext) -> None:
    """Remove all faults.

    This also resets how the sandbox counts requests, and synq tries the sandbox's routes again that were missing.

    Examples:
      synq sandbox fault clear
      synq sandbox fault clear --quiet
    """
    with run.sandbox.server():
        from synq_cli.sandbox.server.faults import clear
    count = clear(run.sandbox.file)
    run.index.forget_missing_of(str(run.sandbox.info()["tenant_id"]))
    run.output.note(f"Removed {count} fault{'s' * (count != 1)} and reset how requests are counted.")


@faults.command("limit")
def change_limit(
    run: RunContext,
    count_as: Annotated[Way | None, option("--count-as", "WAY", "Algorithm that counts requests.")] = None,
    strangers: Annotated[
        int | None, option("--strangers", "N", "Requests a minute of other clients.", min=0, max=99)
    ] = None,
) -> None:
    """Show or change how the sandbox counts requests.

    The limit is 100 requests a minute. log counts each request for a minute, as Synq documents it. log-strict also
    counts refused requests. counter keeps one number per minute and weights the previous one, as many servers do.
    --strangers simulates evenly spread requests of other clients behind your address.

    Examples:
      synq sandbox fault limit
      synq sandbox fault limit --count-as counter --strangers 20
    """
    with run.sandbox.server():
        from synq_cli.sandbox.server.rate_limit import configure
    run.output.record(configure(run.sandbox.file, count_as, strangers), COUNTING)
