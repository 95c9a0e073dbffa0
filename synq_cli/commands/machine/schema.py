"""`synq schema`: the command tree as JSON."""

from typing import Annotated

from synq_cli.cli import tree
from synq_cli.cli.context import RunContext
from synq_cli.cli.groups import CommandGroup
from synq_cli.cli.metavars import COMMAND
from synq_cli.cli.options import argument

group = CommandGroup()


@group.command("schema")
def show_schema(
    run: RunContext,
    command: Annotated[
        list[str] | None, argument(COMMAND, "Group or command, such as orders list. [default: all]")
    ] = None,
) -> None:
    """Print the command tree as JSON.

    Describes the arguments and options of each command, its effect, operations and number of requests at the API, the
    role it requires, its exit statuses and examples. Global options are listed once, at the top. `requests.most` is
    null if it depends on the data. This command sends nothing.

    Examples:
      synq schema
      synq schema orders list
      synq schema inventory -o yaml
    """
    run.output.document(tree.describe(tree.find(run.root.command, command or [])))
