"""`synq sandbox fault`: what the sandbox does wrong on order."""

from typing import Annotated, Literal

import typer

from synq_cli.cli.lazy_groups import Noun
from synq_cli.cli.options import invocation
from synq_cli.errors import UsageError
from synq_cli.output.columns import Column
from synq_cli.output.formats import quantity

group = Noun("Make the sandbox misbehave on order.")

COLUMNS = [
    Column("ID", "id", quantity),
    Column("Fault", "kind"),
    Column("Requests", "target"),
    Column("Times left", "times", quantity),
    Column("Rate", "rate", quantity),
    Column("Seed", "seed", quantity, drop=2),
    Column("Seconds", "seconds", quantity),
    Column("Met", "met", quantity, drop=1),
    Column("Struck", "struck", quantity),
]

USUAL = {"count_as": "log", "strangers": 0}
COUNTING = [Column("Count as", "count_as"), Column("Strangers a minute", "strangers", quantity)]

Kind = Literal["429", "500", "502", "503", "expired", "missing", "garbage", "lost-before", "lost", "500-after", "slow"]
Way = Literal["log", "counter", "log-strict"]
MOST = 999_999


@group.command("add")
def add_fault(
    ctx: typer.Context,
    kind: Annotated[Kind, typer.Argument(metavar="KIND", help="Fault, as explained above.")],
    on: Annotated[
        str,
        typer.Option(
            "--on",
            metavar="REQUESTS",
            show_default=False,
            help="A method, a path or both; * is any text. Default: all.",
        ),
    ] = "*",
    times: Annotated[
        int | None, typer.Option("--times", min=1, max=MOST, metavar="N", help="The next N of them; 1 by default.")
    ] = None,
    rate: Annotated[
        float | None, typer.Option("--rate", metavar="P", help="Each of them with this chance, such as 0.2.")
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option("--seed", min=0, max=MOST, metavar="N", help="Of --rate; the same one strikes alike. Default: 0."),
    ] = None,
    seconds: Annotated[
        float | None, typer.Option("--seconds", metavar="N", help="Of slow and 429; 5 by default.")
    ] = None,
) -> None:
    """Order a fault for requests to the sandbox.

    See what synq, or a program of yours, does when the API misbehaves. A fault strikes with `--sandbox` and over
    HTTP, one a request, until it is used up or cleared.

    Nothing has happened: 429, 500, 502, 503, expired (401, as for an old token), missing (404, as for a route the
    server lacks), garbage (a page of HTML), lost-before (the connection closes).

    All has happened: lost (the connection closes without an answer), 500-after (the answer is a 500), slow (the
    answer is late).

    Examples:
      synq sandbox fault add lost --on "POST /api/v1/inventory/adjust"
      synq sandbox fault add 503 --on "GET /api/v1/oms/orders/{order_id}" --times 3
      synq sandbox fault add slow --on GET --rate 0.2 --seed 7 --seconds 40
    """
    run = invocation(ctx)
    if times and rate is not None:
        raise UsageError("--times and --rate both say when it strikes; give one of them.")
    if seed is not None and rate is None:
        raise UsageError("--seed is for --rate, which is not given.")
    order = {"on": on, "times": times or 1, "rate": rate, "seed": seed or 0, "seconds": seconds}
    run.output.record(run.sandbox.add_fault(kind, **order), COLUMNS)


@group.command("list")
def list_faults(ctx: typer.Context) -> None:
    """List the faults that may still strike.

    A request is struck by one at most, the first that fits.

    Examples:
      synq sandbox fault list
      synq sandbox fault list --json
    """
    run = invocation(ctx)
    run.output.rows(run.sandbox.faults(), COLUMNS, empty="No faults ordered.")
    if (counting := run.sandbox.count()) != USUAL:
        way, others = counting["count_as"], counting["strangers"]
        run.output.note(f"The rate limit counts as {way}, with {others} strangers' requests a minute.")


@group.command("clear")
def clear_faults(ctx: typer.Context) -> None:
    """Take back all faults.

    The rate limit, too, counts as Synq's does again.

    Examples:
      synq sandbox fault clear
      synq sandbox fault clear --quiet
    """
    run = invocation(ctx)
    count = run.sandbox.clear_faults()
    run.output.done(f"Took back {count} fault{'s' * (count != 1)}; the rate limit counts as Synq's does.")


@group.command("limit")
def change_limit(
    ctx: typer.Context,
    count_as: Annotated[Way | None, typer.Option("--count-as", metavar="WAY", help="How requests are counted.")] = None,
    strangers: Annotated[
        int | None,
        typer.Option("--strangers", min=0, max=99, metavar="N", help="Requests a minute that are not yours."),
    ] = None,
) -> None:
    """Show or change how the sandbox counts requests.

    Of the 100 a minute, log counts each for a minute, as Synq says it does. log-strict counts refused ones too.
    counter keeps one number a minute and weighs in the minute before, as many servers do. Strangers are requests
    that come from the same address, evenly spread.

    Examples:
      synq sandbox fault limit
      synq sandbox fault limit --count-as counter --strangers 20
    """
    run = invocation(ctx)
    run.output.record(run.sandbox.count(count_as, strangers), COUNTING)
