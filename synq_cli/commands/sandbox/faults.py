"""`synq sandbox fault`: faults that the sandbox injects into its responses."""

from typing import Annotated, Literal

import typer

from synq_cli.cli.context import RunContext
from synq_cli.cli.groups import CommandGroup
from synq_cli.errors import UsageError
from synq_cli.output.columns import Column
from synq_cli.output.formats import quantity

group = CommandGroup()

COLUMNS = [
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


@group.command("add")
def add_fault(
    run: RunContext,
    kind: Annotated[Kind, typer.Argument(metavar="KIND", help="Kind of fault, as explained above.")],
    on: Annotated[
        str,
        typer.Option(
            "--on",
            metavar="REQUESTS",
            show_default=False,
            help="Method, path or both; * matches any text. [default: all requests]",
        ),
    ] = "*",
    times: Annotated[
        int | None,
        typer.Option("--times", min=1, max=MOST, metavar="N", help="Number of requests to affect. [default: 1]"),
    ] = None,
    rate: Annotated[
        float | None,
        typer.Option("--rate", metavar="P", help="Probability of affecting each request, such as 0.2, until cleared."),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(
            "--seed", min=0, max=MOST, metavar="N", help="Seed of the random numbers for --rate. [default: 0]"
        ),
    ] = None,
    seconds: Annotated[
        float | None,
        typer.Option("--seconds", metavar="N", help="Delay, or Retry-After of a 429, in seconds. [default: 5]"),
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
    options = {"on": on, "times": times or 1, "rate": rate, "seed": seed or 0, "seconds": seconds}
    run.output.record(run.sandbox.add_fault(kind, **options), COLUMNS)


@group.command("list")
def list_faults(run: RunContext) -> None:
    """List the faults that can still occur.

    If several match a request, the first one affects it.

    Examples:
      synq sandbox fault list
      synq sandbox fault list --json
    """
    run.output.rows(run.sandbox.faults(), COLUMNS, empty="There are no faults.")
    if (counting := run.sandbox.count()) != DEFAULTS:
        way, others = counting["count_as"], counting["strangers"]
        run.output.note(f"The rate limit counts as {way}, with {others} requests a minute of other clients.")


@group.command("clear")
def clear_faults(run: RunContext) -> None:
    """Remove all faults.

    This also resets the rate limit to count as Synq does.

    Examples:
      synq sandbox fault clear
      synq sandbox fault clear --quiet
    """
    count = run.sandbox.clear_faults()
    run.output.note(f"Removed {count} fault{'s' * (count != 1)} and reset the rate limit.")


@group.command("limit")
def change_limit(
    run: RunContext,
    count_as: Annotated[
        Way | None, typer.Option("--count-as", metavar="WAY", help="Algorithm that counts requests.")
    ] = None,
    strangers: Annotated[
        int | None, typer.Option("--strangers", min=0, max=99, metavar="N", help="Requests a minute of other clients.")
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
    run.output.record(run.sandbox.count(count_as, strangers), COUNTING)
