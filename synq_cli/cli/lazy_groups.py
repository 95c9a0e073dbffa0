"""Groups whose modules are imported, and commands that are built, when they are named."""

from collections.abc import Callable, Mapping
from functools import cache, partial
from importlib import import_module
from types import MappingProxyType
from typing import Any

import typer
import typer.main
from typer.core import TyperGroup

from synq_cli.cli.options import SynqCommand, TakesSharedOptions, write_sections
from synq_cli.cli.spec import LOCAL, Declaration, declare
from synq_cli.errors import UsageError
from synq_cli.http.operation import Operation
from synq_cli.nearest import nearest

_NONE: Mapping[str, Any] = MappingProxyType({})
# Verbs of other tools, and the names that commands with that meaning have here, best first.
_VERBS = {
    ("get", "show", "view", "describe", "retrieve", "info"): ("get", "show", "info", "levels"),
    ("list", "ls"): ("list", "levels", "show"),
    ("delete", "remove", "rm", "del"): ("delete", "remove", "forget", "disconnect", "unset"),
    ("create", "add", "new"): ("create", "add", "invite", "connect"),
    ("update", "edit", "set"): ("update", "set", "set-role"),
}


@cache
def _built(module: str) -> Any:
    """The group or the only command of a module; what a run says hangs off its context."""
    return import_module(module).group.built()


def _part(module: str, name: str) -> Any:
    """One command of a module that holds a part of a noun's."""
    return import_module(module).group.built(name)


class LazyGroup(TakesSharedOptions, TyperGroup):
    """A group; `lazy` maps a subgroup's name to module, one-line help and panel, `makers` a command's to its maker.

    `synonyms` maps words that are no commands to the path of the command to suggest.
    """

    def __init__(
        self,
        *,
        lazy: Mapping[str, tuple[str, str, str]] = _NONE,
        makers: Mapping[str, Callable[[], Any]] = _NONE,
        synonyms: Mapping[str, str] = _NONE,
        **settings: Any,
    ) -> None:
        super().__init__(**{"rich_markup_mode": None, **settings})
        self.lazy = lazy
        self.synonyms = synonyms
        self.makers: dict[str, Callable[[], Any]] = {**makers}
        self.makers |= {name: partial(_built, module) for name, (module, _, _) in lazy.items()}

    def list_commands(self, _ctx: Any) -> list[str]:
        return list(self.makers)

    def get_command(self, _ctx: Any, cmd_name: str) -> Any:
        if cmd_name in self.makers and cmd_name not in self.commands:
            self.commands[cmd_name] = self.makers[cmd_name]()
        return self.commands.get(cmd_name)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args[0] not in self.list_commands(ctx) and not ctx.resilient_parsing:
            path = " ".join(self.suggested(ctx, args))
            question = f"Did you mean `{ctx.command_path} {path}`? " if path else ""
            raise UsageError(
                f"There is no command `{ctx.command_path} {args[0]}`.",
                hint=f"{question}`{ctx.command_path} --help` lists the commands.",
            )
        return super().resolve_command(ctx, args)

    def suggested(self, ctx: Any, words: list[str]) -> list[str]:
        """The path of the command that the first of these words were likely meant for; empty if unknown.

        Only names of commands: without the options before them, the arguments could mean another tenant's data.
        """
        word, *rest = words
        if path := self.synonyms.get(word.lower(), "").split():
            return self.suggested(ctx, [*path, *rest]) or path
        known = self.list_commands(ctx)
        verbs = [name for typed, names in _VERBS.items() if word.lower() in typed for name in names if name in known]
        found = [word] if word in known else verbs or nearest(word, known)
        if not found:
            return []
        command = self.get_command(ctx, found[0])
        if rest and not rest[0].startswith("-") and isinstance(command, LazyGroup):
            return [found[0], *command.suggested(ctx, rest)]
        return found[:1]

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        # A group named alone asks what it can do.
        return super().parse_args(ctx, args if args or ctx.resilient_parsing else ["--help"])

    def format_options(self, ctx: Any, formatter: Any) -> None:
        panels: dict[str, list[tuple[str, str]]] = {}
        for name in self.list_commands(ctx):
            if name in self.lazy:
                _, help_line, panel = self.lazy[name]
            else:
                help_line, panel = self.get_command(ctx, name).get_short_help_str(limit=70), "Commands"
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

    def built(self, name: str | None = None) -> Any:
        """The command of this name, or the only one."""
        single = typer.Typer(rich_markup_mode=None, add_completion=False)
        single.registered_commands = [info for info in self.registered_commands if name in {None, info.name}]
        return typer.main.get_command(single)


class Noun(Commands):
    """A group of commands about one resource; those that other modules hold are built when they are named.

    `elsewhere` maps their names to modules, `subgroups` names of groups to modules and their one-line help.
    """

    def __init__(
        self,
        help_line: str,
        subgroups: Mapping[str, tuple[str, str]] = _NONE,
        *,
        elsewhere: Mapping[str, str] = _NONE,
    ) -> None:
        super().__init__()
        self._help_line = help_line
        self._subgroups = subgroups
        self._elsewhere = elsewhere

    def built(self, name: str | None = None) -> Any:
        """The group, or its command of this name."""
        if name is not None:
            return super().built(name)
        own = [info.name for info in self.registered_commands if info.name]
        return LazyGroup(
            help=self._help_line,
            lazy={name: (module, line, "Groups") for name, (module, line) in self._subgroups.items()},
            makers={
                **{name: partial(self.built, name) for name in own},
                **{name: partial(_part, module, name) for name, module in self._elsewhere.items()},
            },
        )
