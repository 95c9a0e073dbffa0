"""`synq help`: topics, and the help page of any command. `synq schema`: the command tree as JSON."""

from typing import Annotated, Any

from synq_cli.cli import tree
from synq_cli.cli.context import RunContext
from synq_cli.cli.groups import CommandGroup
from synq_cli.cli.metavars import COMMAND, Metavar
from synq_cli.cli.options import argument, switch
from synq_cli.cli.tree.brief import brief
from synq_cli.errors import UsageError
from synq_cli.help_topics import pages
from synq_cli.nearest import did_you_mean

group = CommandGroup()
schema = CommandGroup()


@group.command("help")
def show_help(
    run: RunContext,
    words: Annotated[
        list[str] | None,
        argument(
            Metavar("[TOPIC|COMMAND]...", "command", pages.TOPICS),
            f"Topic ({', '.join(pages.TOPICS)}) or command. [default: list the topics]",
        ),
    ] = None,
) -> None:
    """Show help on a topic or a command.

    Topics explain what all commands have in common. For a command, such as `orders list`, it prints the same page as
    --help.

    Examples:
      synq help
      synq help exit-codes
      synq help orders list
    """
    run.plain_output().text(_page(run.root, words or []))


@schema.command("schema")
def show_schema(
    run: RunContext,
    command: Annotated[
        list[str] | None, argument(COMMAND, "Group or command, such as orders list. [default: all]")
    ] = None,
    is_brief: Annotated[
        bool, switch("--brief", "Print a line of text for each command: all of them are at most 20 kB.")
    ] = False,
) -> None:
    """Print the command tree as JSON, or in brief.

    Describes each command: arguments, options, effect, API operations, number of requests, required role, exit
    statuses and examples. Global options are listed once, at the top. `requests.most` is null if it depends on the
    data. This command sends nothing.

    Examples:
      synq schema
      synq schema --brief
      synq schema orders list
      synq schema inventory -o yaml
    """
    node = tree.find(run.root.command, command or [])
    if is_brief:
        run.plain_output().text(brief(node))
    else:
        run.output.document(tree.describe(node))


def _page(root: Any, words: list[str]) -> str:
    """The page of a topic or command; UsageError, with the nearest name, if there is none."""
    names, formatter = root.command.list_commands(root), root.make_formatter()
    if not words:
        pages.write_list(formatter)
    elif words[0] in pages.TOPICS and len(words) == 1:
        pages.write_page(words[0], formatter)
    elif words[0] in names:
        node = tree.find(root.command, words, terminal_width=root.terminal_width)
        return f"{node.command.get_help(node.context)}\n"
    else:
        near = did_you_mean(words[0], [*pages.TOPICS, *names])
        raise UsageError(
            f'Unknown topic or command "{" ".join(words)}".',
            hint=f"{near}Run `synq help` for the topics, `synq --help` for the commands.",
        )
    return str(formatter.getvalue())
