"""`synq help`: topics, and the help page of any command."""

from typing import Annotated, Any

import typer

from synq_cli.cli import tree
from synq_cli.cli.lazy_groups import Commands
from synq_cli.cli.options import invocation
from synq_cli.cli.values import Value
from synq_cli.errors import UsageError
from synq_cli.help_topics import pages
from synq_cli.nearest import did_you_mean

group = Commands()


@group.command("help")
def show_help(
    ctx: typer.Context,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar=Value("[TOPIC|COMMAND]...", "command", pages.TOPICS),
            help=f"{', '.join(pages.TOPICS)}; or a command. Default: the list of topics.",
        ),
    ] = None,
) -> None:
    """Explain a topic, or a command.

    Topics are what holds for all commands. Of a command, such as `orders list`, this is the page that --help shows.

    Examples:
      synq help
      synq help exit-codes
      synq help orders list
    """
    invocation(ctx).plain_output().text(_page(ctx, words or []))


def _page(ctx: Any, words: list[str]) -> str:
    """The page that these words name; UsageError, with the nearest, if there is none."""
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
            f"There is no help on '{' '.join(words)}'.",
            hint=f"{near}`synq help` lists the topics, `synq --help` the commands.",
        )
    return str(formatter.getvalue())
