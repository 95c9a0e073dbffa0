"""A command: what it sends, how it may end, and its help page."""

import re
from typing import Any, NamedTuple

from typer.core import TyperCommand

from synq_cli.cli.metavars import fixed_choices
from synq_cli.cli.options import GLOBAL_OPTIONS, confirm_option, dry_run_option, global_options, plan_option
from synq_cli.http.operation import Operation

LOCAL = "local"
ANY = "any"
# Exit statuses by what a command does; tree.EXITS has their meanings.
_LOCAL_EXITS = (0, 1, 2, 4, 11, 130)
_API_EXITS = (0, 1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 130)
_PARTIAL, _UNKNOWN, _RUNNING = 9, 10, 75
_ROLES = {
    "VIEWER": "Any role can run this command.",
    "EDITOR": "Requires the role EDITOR or ADMIN.",
    "ADMIN": "Requires the role ADMIN.",
}
_SIGNED_NUMBER = re.compile(r"[-+]\d")


class CommandSpec(NamedTuple):
    """What a command does. The first of `operations` is the one it is for; it may send the others on the way.

    `requests` are the fewest and the most requests it sends, None where the data decides. `effect` is that of the
    first operation, `local` for a command that sends none, `any` where the arguments decide. It `waits` if it can
    return before the work is done, and is `bulk` if some of its rows can fail. `more_exits` are exit statuses that do
    not follow from all this. What it does can be `planned`, by default if it writes: not if that was decided before.
    """

    operations: tuple[Operation, ...] = ()
    requests: tuple[int, int | None] = (0, 0)
    effect: str = LOCAL
    waits: bool = False
    bulk: bool = False
    more_exits: tuple[int, ...] = ()
    planned: bool | None = None

    @property
    def writes(self) -> bool:
        """Whether it can change data at the API."""
        return self.effect not in {"read", LOCAL}

    @property
    def makes_plans(self) -> bool:
        """Whether it takes --plan."""
        return self.writes if self.planned is None else self.planned

    @property
    def role(self) -> str | None:
        """The role it requires, where the contract states one."""
        return self.operations[0].role if self.operations else None

    @property
    def presumed(self) -> bool:
        """Whether a server may lack its route."""
        return bool(self.operations) and self.operations[0].evidence == "presumed"

    @property
    def exits(self) -> list[int]:
        """Every exit status it may end with."""
        found = {*(_LOCAL_EXITS if self.effect == LOCAL else _API_EXITS), *self.more_exits}
        # A write that is safe to repeat is sent again if no answer comes, but not after an answer that can't be read.
        writes = [operation for operation in self.operations if operation.effect != "read"]
        if self.effect == ANY or any(write.retry != "safe" or write.gives == "json" for write in writes):
            found.add(_UNKNOWN)
        if self.waits:
            found.add(_RUNNING)
        if self.bulk:
            found.add(_PARTIAL)
        return sorted(found)


class GlobalOptionsMixin:
    """Commands and groups alike: they take the global options, and negative numbers as values."""

    def __init__(self, *, params: list[Any] | None = None, **settings: Any) -> None:
        super().__init__(params=[*(params or []), *global_options()], **settings)  # type: ignore[call-arg]  # a mixin: the next class takes them

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        rest: list[str] = super().parse_args(ctx, marked(args))  # type: ignore[misc]  # a mixin: the next class has it
        ctx.params.update({name: unmarked(value) for name, value in ctx.params.items()})
        return rest


def marked(words: list[str]) -> list[str]:
    """The words for the parser, with a space before signed numbers.

    No option of synq is a digit, so `-5` is a quantity. The space keeps the parser from reading it as an option.
    """
    return [f" {word}" if _SIGNED_NUMBER.match(word) else word for word in words]


def unmarked(value: Any) -> Any:
    """The value, or values, without the space that `marked` puts before a number."""
    if isinstance(value, list | tuple):
        return type(value)(map(unmarked, value))
    return value[1:] if isinstance(value, str) and value[:1] == " " and _SIGNED_NUMBER.match(value[1:]) else value


class SynqCommand(GlobalOptionsMixin, TyperCommand):
    """A command with its spec, the global options and synq's help layout."""

    def __init__(self, *, spec: CommandSpec, params: list[Any] | None = None, **settings: Any) -> None:
        self.spec = spec
        own = [dry_run_option()] if spec.writes else []
        own += [plan_option()] if spec.makes_plans else []
        if own and any(parameter.name == "yes" for parameter in params or ()):
            own.append(confirm_option())
        super().__init__(params=[*(params or []), *own], **settings)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        text, _, examples = (self.help or "").partition("\nExamples:\n")
        self.format_usage(ctx, formatter)
        for paragraph in (text, *self.remarks()):
            formatter.write_paragraph()
            formatter.write_text(paragraph)
        if examples:
            with formatter.section("Examples"):
                for line in examples.splitlines():
                    formatter.write(f"  {line.strip()}\n")
        write_parameters(self, ctx, formatter)

    def remarks(self) -> list[str]:
        """What the contract adds to the help: the role it requires, a route that may be missing."""
        remarks = [_ROLES[self.spec.role]] if self.spec.role else []
        if self.spec.presumed:
            remarks.append("Some Synq servers don't support this: the API docs mention it but describe no route.")
        return remarks

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        return [piece.strip("{}") for piece in super().collect_usage_pieces(ctx)]

    def invoke(self, ctx: Any) -> Any:
        run = ctx.obj
        run.command, run.root = ctx.command_path.partition(" ")[2], ctx.find_root()
        run.check_policy(self.spec)
        run.check_plan_file()
        return super().invoke(ctx)


def help_record(parameter: Any, ctx: Any) -> tuple[str, str] | None:
    """A parameter's names and help for help pages; None if it is hidden."""
    record: tuple[str, str] | None = parameter.get_help_record(ctx)
    if record is None:
        return None
    text = record[1].removesuffix("[required]").rstrip()
    if words := fixed_choices(parameter):
        # Typer puts them into the metavar, which can't be wrapped on a narrow terminal.
        text += f"  [possible values: {', '.join(words)}]"
    return record[0], text


def write_parameters(command: Any, ctx: Any, formatter: Any) -> None:
    """Write arguments and options by panel, the global options last: in full for the root, else their names."""
    panels: dict[str, list[tuple[str, str]]] = {}
    for parameter in command.get_params(ctx):
        if record := help_record(parameter, ctx):
            kind = "Arguments" if parameter.param_type_name == "argument" else "Options"
            panel = GLOBAL_OPTIONS if parameter.name == "help" else parameter.rich_help_panel or kind
            panels.setdefault(panel, []).append(record)
    shared = panels.pop(GLOBAL_OPTIONS)
    if ctx.parent is None:
        panels[GLOBAL_OPTIONS] = shared
    for title, rows in panels.items():
        with formatter.section(title):
            formatter.write_dl(rows)
    if ctx.parent is not None:
        from textwrap import wrap

        # In full they would push the command's own options off the screen.
        names = ", ".join(name.split()[-2 if name.split()[-1].isupper() else -1] for name, _ in shared)
        with formatter.section(GLOBAL_OPTIONS):
            # An option that is broken at its hyphen can't be copied.
            for line in wrap(f"{names}. See `synq --help`.", formatter.width - 2, break_on_hyphens=False):
                formatter.write(f"  {line}\n")
