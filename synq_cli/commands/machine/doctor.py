"""`synq doctor`: what is set up, and the mend of what is not."""

from typing import Annotated

import typer

from synq_cli.cli.lazy_groups import Commands
from synq_cli.cli.options import invocation
from synq_cli.commands.machine.diagnosis import Diagnosis
from synq_cli.http import operations
from synq_cli.output.columns import Column
from synq_cli.output.formats import state

group = Commands()

COLUMNS = [
    Column("Check", "check"),
    Column("State", "state", state),
    Column("Found", "found"),
    Column("Mend", "mend"),
]


@group.command("doctor", operations.GET_HEALTH, requests=(0, 1))
def examine(
    ctx: typer.Context,
    network: Annotated[
        bool, typer.Option("--network", help="Also look up the API's host, its TLS, its health and its clock.")
    ] = False,
) -> None:
    """Look at everything synq rests on, and name the mends.

    Configuration, settings, keyring, token, the count of the rate limit, the index of SKUs, routes that the server
    was found to lack, TAB completion; with --network also DNS, TLS, the API and the clock, for one request. A line
    each: ok, warn or fail, what was found, and below it what to do. It works where nothing else does, and ends with
    exit 0 whatever it finds.

    Examples:
      synq doctor
      synq doctor --network
      synq doctor --json
    """
    diagnosis = Diagnosis(invocation(ctx))
    diagnosis.output.checklist(diagnosis.findings(network=network), COLUMNS)
