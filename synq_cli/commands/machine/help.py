"""`synq help`: topics, and the help page of any command."""

from typing import Annotated, Any

import typer

from synq_cli.cli import tree
from synq_cli.cli.context import RunContext
from synq_cli.cli.groups import CommandGroup
from synq_cli.cli.metavars import Metavar
from synq_cli.errors import UsageError
from synq_cli.help_topics import pages
from synq_cli.nearest import did_you_mean

group = CommandGroup()


@group.command("help")
def show_help(
    ctx: typer.Context,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar=Metavar("[TOPIC|COMMAND]...", "command", pages.TOPICS),
            help=f"Topic ({', '.join(pages.TOPICS)}) or command. [default: list the topics]",
        ),
    ] = None,
) -> None:
    """Show help on a topic or a command.

    Topics explain what all commands have in common. For a command, such as `orders list`, this is the page of --help.

    Examples:
      synq help
      synq help exit-codes
      synq help orders list
    """
    run: RunContext = ctx.obj
    run.plain_output().text(_page(ctx, words or []))


def _page(ctx: Any, words: list[str]) -> str:
    """The page of a topic or command; UsageError, with the nearest name, if there is none."""
    root = ctx.find_root().command
    formatter = ctx.make_formatter()
    if not words:
        pages.write_list(formatter)
    elif words[0] in pages.TOPICS and len(words) == 1:
        pages.write_page(words[0], formatter)
    elif words[0] in root.list_commands(ctx):
        node = tree.find(root, words, terminal_width=ctx.terminal_width)
        return f"{node.command.get_help(node.context)}\n"
    else:
        near = did_you_mean(words[0], [*pages.TOPICS, *root.list_commands(ctx)])
        raise UsageError(
            f'Unknown topic or command "{" ".join(words)}".',
            hint=f"{near}Run `synq help` for the topics, `synq --help` for the commands.",
        )
    return str(formatter.getvalue())
