"""Groups of commands: modules are imported, and commands built, when they are named."""

import inspect
from collections.abc import Callable, Mapping
from functools import cache, partial, update_wrapper
from importlib import import_module
from types import MappingProxyType
from typing import Any

import typer
import typer.main
from typer.core import TyperGroup

from synq_cli.cli.command import LOCAL, CommandSpec, GlobalOptionsMixin, SynqCommand, write_parameters
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
def _load(place: str, *, help_line: str | None = None, name: str | None = None) -> Any:
    """The group at `module` or `module:variable`, with this help line, or one command of it."""
    module, _, variable = place.partition(":")
    group: CommandGroup = getattr(import_module(module), variable or "group")
    return group.build_group(help_line) if name is None else group.build_command(name)


class LazyGroup(GlobalOptionsMixin, TyperGroup):
    """A group whose subgroups and commands are loaded by name.

    `groups` maps a name to its module, help line and panel, `commands` to a function that builds the command,
    `synonyms` an unknown word to the path of the command to suggest.
    """

    def __init__(
        self,
        *,
        groups: Mapping[str, tuple[str, str, str]] = _NONE,
        builders: Mapping[str, Callable[[], Any]] = _NONE,
        synonyms: Mapping[str, str] = _NONE,
        **settings: Any,
    ) -> None:
        super().__init__(**{"rich_markup_mode": None, **settings})
        self.groups = groups
        self.synonyms = synonyms
        self.builders: dict[str, Callable[[], Any]] = {
            **builders,
            **{name: partial(_load, place, help_line=line) for name, (place, line, _) in groups.items()},
        }

    def list_commands(self, _ctx: Any) -> list[str]:
        return list(self.builders)

    def get_command(self, _ctx: Any, cmd_name: str) -> Any:
        if cmd_name in self.builders and cmd_name not in self.commands:
            self.commands[cmd_name] = self.builders[cmd_name]()
        return self.commands.get(cmd_name)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args[0] not in self.builders and not ctx.resilient_parsing:
            path = " ".join(self.suggested(ctx, args))
            question = f"Did you mean `{ctx.command_path} {path}`? " if path else ""
            raise UsageError(
                f'Unknown command "{ctx.command_path} {args[0]}".',
                hint=f"{question}Run `{ctx.command_path} --help` for the list of commands.",
            )
        return super().resolve_command(ctx, args)

    def suggested(self, ctx: Any, words: list[str]) -> list[str]:
        """The path of the command that the first of these words most likely mean; empty if unknown.

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
        # A group without a command shows its help.
        return super().parse_args(ctx, args if args or ctx.resilient_parsing else ["--help"])

    def format_options(self, ctx: Any, formatter: Any) -> None:
        panels: dict[str, list[tuple[str, str]]] = {}
        for name in self.builders:
            if name in self.groups:
                _, help_line, panel = self.groups[name]
            else:
                help_line, panel = self.get_command(ctx, name).get_short_help_str(limit=70), "Commands"
            panels.setdefault(panel, []).append((name, help_line))
        for title, rows in panels.items():
            with formatter.section(title):
                formatter.write_dl(rows)
        write_parameters(self, ctx, formatter)


class CommandGroup(typer.Typer):
    """The commands that a module defines, each with its spec.

    `groups` (name to module and help line) and `commands` (name to module) add what other modules define. As in
    Typer, a group of a single command is that command.
    """

    def __init__(self, *, groups: Mapping[str, tuple[str, str]] = _NONE, commands: Mapping[str, str] = _NONE) -> None:
        super().__init__(rich_markup_mode=None, add_completion=False)
        self._groups = groups
        self._commands = commands

    def command(  # type: ignore[override]  # the spec takes the place of Typer's settings
        self,
        name: str,
        *operations: Operation,
        requests: tuple[int, int | None] | None = None,
        effect: str | None = None,
        waits: bool = False,
        bulk: bool = False,
        exits: tuple[int, ...] = (),
        planned: bool | None = None,
    ) -> Callable[[Any], Any]:
        """Register a command; see CommandSpec. Without `requests` it sends each operation once."""
        cost = (len(operations), len(operations)) if requests is None else requests
        effect = effect or (operations[0].effect if operations else LOCAL)
        spec = CommandSpec(operations, cost, effect, waits, bulk, exits, planned)
        register = super().command(name, cls=partial(SynqCommand, spec=spec))  # type: ignore[arg-type]  # Typer only calls it

        def decorate(function: Any) -> Any:
            register(_pass_run(function))
            return function

        return decorate

    def build_group(self, help_line: str | None) -> Any:
        """The group; the command if it is the only one."""
        own = [str(info.name) for info in self.registered_commands]
        if len(own) == 1 and not self._commands:
            return self.build_command(own[0])
        return LazyGroup(
            help=help_line,
            groups={name: (place, line, "Groups") for name, (place, line) in self._groups.items()},
            builders={
                **{name: partial(self.build_command, name) for name in own},
                **{name: partial(_load, module, name=name) for name, module in self._commands.items()},
            },
        )

    def build_command(self, name: str) -> Any:
        """The command of this name."""
        single = typer.Typer(rich_markup_mode=None, add_completion=False)
        single.registered_commands = [info for info in self.registered_commands if info.name == name]
        return typer.main.get_command(single)


def _pass_run(function: Any) -> Any:
    """The function for Typer: it passes the context, whose object is the `run` that the function takes."""

    def command(run: typer.Context, **values: Any) -> Any:
        return function(run.obj, **values)

    signature = inspect.signature(function)
    context = signature.parameters["run"].replace(annotation=typer.Context)
    update_wrapper(command, function)
    command.__annotations__ = {**function.__annotations__, "run": typer.Context}
    command.__signature__ = signature.replace(parameters=[context, *list(signature.parameters.values())[1:]])  # type: ignore[attr-defined]
    return command
