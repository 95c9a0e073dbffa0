"""`synq schema`: the command tree for programs."""

from typing import Annotated

import typer

from synq_cli.cli import tree
from synq_cli.cli.lazy_groups import Commands
from synq_cli.cli.options import invocation
from synq_cli.cli.values import COMMAND

group = Commands()


@group.command("schema")
def show_schema(
    ctx: typer.Context,
    command: Annotated[
        list[str] | None,
        typer.Argument(metavar=COMMAND, help="A group or command, such as orders list. Default: all of them."),
    ] = None,
) -> None:
    """Print the commands as JSON, for programs.

    For each command its arguments and options, what it does at the API (its effect, the operations and how many
    requests they are), the role it needs, how it may end, and examples. Options that every command takes stand
    once, at the top. `requests.most` is null where the data decides. Nothing is sent.

    Examples:
      synq schema
      synq schema orders list
      synq schema inventory -o yaml
    """
    invocation(ctx).output.document(tree.describe(tree.find(ctx.find_root().command, command or [])))
