"""A group of commands whose modules are imported on first use."""

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from types import MappingProxyType
from typing import Any

import typer
import typer.main
from typer.core import TyperGroup

from synq_cli.api.operation import Operation
from synq_cli.declaration import LOCAL, Declaration, declare
from synq_cli.errors import UsageError
from synq_cli.options import SynqCommand, TakesSharedOptions, write_sections


@cache
def _built(module: str) -> Any:
    """The commands of a module, read from their signatures once a process; what a run says hangs off its context."""
    return typer.main.get_command(import_module(module).group)


class LazyGroup(TakesSharedOptions, TyperGroup):
    """A group; `lazy` maps a subcommand's name to its module, its one-line help and its panel."""

    lazy: Mapping[str, tuple[str, str, str]] = MappingProxyType({})

    def __init__(self, *, lazy: Mapping[str, tuple[str, str, str]] | None = None, **settings: Any) -> None:
        super().__init__(**settings)
        self.lazy = lazy or self.lazy

    def list_commands(self, _ctx: Any) -> list[str]:
        return [*(name for name in self.commands if name not in self.lazy), *self.lazy]

    def get_command(self, _ctx: Any, cmd_name: str) -> Any:
        if cmd_name in self.lazy and cmd_name not in self.commands:
            self.commands[cmd_name] = _built(self.lazy[cmd_name][0])
        return self.commands.get(cmd_name)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        known = self.list_commands(ctx)
        if args[0] not in known and not ctx.resilient_parsing:
            near = get_close_matches(args[0], known, n=1)
            mend = f"Did you mean `{ctx.command_path} {near[0]}`? " if near else ""
            raise UsageError(
                f"There is no command `{ctx.command_path} {args[0]}`.",
                hint=f"{mend}`{ctx.command_path} --help` lists the commands.",
            )
        return super().resolve_command(ctx, args)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        # A group named alone asks what it can do.
        return super().parse_args(ctx, args if args or ctx.resilient_parsing else ["--help"])

    def format_options(self, ctx: Any, formatter: Any) -> None:
        panels: dict[str, list[tuple[str, str]]] = {}
        for name in self.list_commands(ctx):
            if name in self.lazy:
                _, help_line, panel = self.lazy[name]
            else:
                help_line, panel = self.commands[name].get_short_help_str(limit=70), "Commands"
            panels.setdefault(panel, []).append((name, help_line))
        for title, rows in panels.items():
            with formatter.section(title):
                formatter.write_dl(rows)
        write_sections(self, ctx, formatter)


class Commands(typer.Typer):
    """Commands that declare what they do."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(rich_markup_mode=None, add_completion=False, **settings)

    def command(  # type: ignore[override]  # what a command does stands where it is named
        self,
        name: str,
        *calls: Operation,
        requests: tuple[int, int | None] | None = None,
        effect: str | None = None,
        waits: bool = False,
        bulk: bool = False,
        exits: tuple[int, ...] = (),
    ) -> Callable[[Any], Any]:
        """A command for the first of these operations; see Declaration. Without `requests` it sends each call once.

        `exits` are those that do not follow from what it sends.
        """
        cost = (len(calls), len(calls)) if requests is None else requests
        declaration = Declaration(calls, cost, effect or (calls[0].effect if calls else LOCAL), waits, bulk, exits)
        register = super().command(name, cls=SynqCommand)

        def mark(function: Any) -> Any:
            declare(function, declaration)
            return register(function)

        return mark


class Noun(Commands):
    """A group of commands about one resource; `subgroups` maps names to modules and their one-line help."""

    def __init__(self, help_line: str, subgroups: Mapping[str, tuple[str, str]] = MappingProxyType({})) -> None:
        lazy = {name: (module, line, "Groups") for name, (module, line) in subgroups.items()}
        # Typer makes the group of this class, and takes no more than its own settings for it.
        super().__init__(cls=type("LazyGroup", (LazyGroup,), {"lazy": lazy}), help=help_line)
        # A callback makes it a group even with a single command.
        self.callback()(lambda: None)
