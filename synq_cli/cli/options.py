"""The options every command takes, anywhere on the line, and those that several commands share."""

import re
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any

import typer
import typer.main
from typer.core import TyperCommand, TyperOption

from synq_cli import __version__
from synq_cli.cli.spec import declared
from synq_cli.cli.values import LOCATION, PROFILE, SKU, Value, fixed_choices
from synq_cli.errors import UsageError
from synq_cli.session.settings import OutputFormat
from synq_cli.times import epoch

if TYPE_CHECKING:
    from synq_cli.cli.context import Invocation

EVERYWHERE = "Options every command takes"
_NEEDS = {
    "VIEWER": "Open to every role.",
    "EDITOR": "Needs the role EDITOR or ADMIN.",
    "ADMIN": "Needs the role ADMIN.",
}
_SIGNED_NUMBER = re.compile(r"[-+]\d")


def _not_blank(ctx: typer.Context, option: typer.CallbackParam, value: str | None) -> str | None:
    # As from an unset variable: taken for no option at all, it would mean another place or everything.
    if value is not None and not value.strip() and not ctx.resilient_parsing:
        raise UsageError(f"{option.opts[0]} is blank.", hint="Name one, or leave the option out.")
    return value


LimitOption = Annotated[int, typer.Option("--limit", min=1, metavar="N", help="Stop after N rows.")]
AllOption = Annotated[bool, typer.Option("--all", help="All of them, whatever it costs in requests.")]
LocationOption = Annotated[
    str | None,
    typer.Option(
        "--location",
        metavar=LOCATION,
        help="Stock location. Default: the profile's, else the only one.",
        callback=_not_blank,
    ),
]
SkuArgument = Annotated[str, typer.Argument(metavar=SKU, help="The SKU, or the variant's UUID.")]
OnlySkuOption = Annotated[
    str | None,
    typer.Option("--sku", metavar=SKU, help="Only this SKU, or the variant with this UUID.", callback=_not_blank),
]
OnlyLocationOption = Annotated[
    str | None, typer.Option("--location", metavar=LOCATION, help="Only this stock location.", callback=_not_blank)
]
SinceOption = Annotated[
    str | None, typer.Option("--since", metavar="WHEN", help="Only since then: 30m, 12h, 7d, 2w, a date or a time.")
]
YesOption = Annotated[bool, typer.Option("-y", "--yes", help="Do it without asking.")]
NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="What it is to be called.")]
DescriptionOption = Annotated[str | None, typer.Option("--description", metavar="TEXT", help="A description.")]
SlugOption = Annotated[
    str | None, typer.Option("--slug", metavar="SLUG", help="Its name in URLs. Default: what the server makes of it.")
]
WaitOption = Annotated[bool, typer.Option("--wait", help="Follow it until it has ended.")]
ForOption = Annotated[
    int | None, typer.Option("--for", min=0, metavar="SECONDS", help="Follow it no longer, then end with exit 75.")
]


def moment(text: str | None, now: float) -> float | None:
    """The epoch second that `30m`, `12h`, `7d`, `2w`, a date or a time names; None for None."""
    if text is None:
        return None
    if match := re.fullmatch(r"(\d{1,5})([mhdw])", text.strip()):
        return now - int(match[1]) * {"m": 60, "h": 3600, "d": 86_400, "w": 604_800}[match[2]]
    if (named := epoch(text.strip())) is None:
        raise UsageError(
            f"'{text}' is no time.", hint="Give an age (30m, 12h, 7d, 2w), a date (2026-11-20) or a time with its zone."
        )
    return named


def invocation(ctx: typer.Context) -> "Invocation":
    """The run that this command belongs to."""
    run: Invocation = ctx.obj
    return run


def _remember(ctx: Any, option: Any, value: Any) -> None:
    # Each level of the line parses these options; the one nearest to the verb wins.
    if value not in {None, False} and not ctx.resilient_parsing:
        invocation(ctx).given[option.name] = value.strip() if isinstance(value, str) else value


def _print_version(ctx: Any, _option: Any, value: Any) -> None:
    if value and not ctx.resilient_parsing:
        typer.echo(f"synq {__version__}")
        raise typer.Exit


def _everywhere(*names: str, **settings: Any) -> TyperOption:
    settings.setdefault("callback", _remember)
    return TyperOption(param_decls=list(names), expose_value=False, rich_help_panel=EVERYWHERE, **settings)


def _flag(*names: str, **settings: Any) -> TyperOption:
    return _everywhere(*names, is_flag=True, type=bool, default=False, **settings)


@cache
def shared_options() -> tuple[TyperOption, ...]:
    """The options that every command takes, before or after the verb; made once, since a group has many commands.

    Not from the signature of a function: Typer would take 1 ms to read it, at every start.
    """
    return (
        _everywhere("-p", "--profile", metavar=Value("NAME", "profile"), help="Which tenant. [SYNQ_PROFILE]"),
        _flag("--json", help="JSON on stdout; short for -o json."),
        _everywhere(
            "-o",
            "--output",
            metavar="FORMAT",
            type=typer.main.get_click_type(annotation=OutputFormat, parameter_info=typer.Option()),
            help="Format. Default: a table on a terminal, else TSV. [SYNQ_OUTPUT]",
        ),
        _everywhere("--columns", metavar="A,B", help="Only these columns of a table, CSV or TSV, by title or key."),
        _everywhere("--fields", metavar="A,B.C", help="Only these fields, in this order, in every format."),
        _everywhere("--jq", metavar="EXPR", help="Filter the JSON with jq's language."),
        _flag("-q", "--quiet", help="No footer, no hints, no progress; errors still show."),
        _flag("--no-color", help="No color. [NO_COLOR, CLICOLOR_FORCE]"),
        _flag("--debug", help="A line a request on stderr; secrets masked. [SYNQ_DEBUG]"),
        _everywhere("--timeout", metavar="SECONDS", help="For a whole request; 30 by default. [SYNQ_TIMEOUT]"),
        _everywhere(
            "--max-wait",
            metavar="SECONDS",
            help="Longest wait for the rate limit, and for retries; 120 by default. [SYNQ_MAX_WAIT]",
        ),
        _everywhere("--base-url", metavar="URL", help="Another API host. [SYNQ_BASE_URL]"),
        _flag("--sandbox", help="The embedded sandbox instead of the network."),
        _flag("--read-only", help="Refuse every request that is not a read. [SYNQ_READ_ONLY]"),
        _flag("-V", "--version", is_eager=True, callback=_print_version, help="Show the version."),
    )


def dry_run_option() -> TyperOption:
    """The option that every command takes which can change something at the API."""
    return TyperOption(
        param_decls=["--dry-run"],
        is_flag=True,
        type=bool,
        default=False,
        expose_value=False,
        callback=_remember,
        help="Show what would be sent and what it would change; change nothing.",
    )


def confirm_option() -> TyperOption:
    """The option that answers for production, on every command that asks before something is lost."""
    return TyperOption(
        param_decls=["--confirm"],
        metavar=PROFILE,
        expose_value=False,
        callback=_remember,
        help="Do it without asking, if this is the profile's name; in production --yes is not enough.",
    )


def help_record(parameter: Any, ctx: Any) -> tuple[str, str] | None:
    """A parameter's name and meaning for help pages; None if it is hidden."""
    record: tuple[str, str] | None = parameter.get_help_record(ctx)
    if record is None:
        return None
    meaning = record[1].removesuffix("[required]").rstrip()
    if words := fixed_choices(parameter):
        # Typer's own place for them, the metavar, can't be wrapped on a narrow terminal.
        meaning += f"  [possible values: {', '.join(words)}]"
    return record[0], meaning


def write_sections(command: Any, ctx: Any, formatter: Any) -> None:
    """Write arguments and options by panel, the ones that every command takes last."""
    panels: dict[str, list[tuple[str, str]]] = {}
    for parameter in command.get_params(ctx):
        if record := help_record(parameter, ctx):
            kind = "Arguments" if parameter.param_type_name == "argument" else "Options"
            panels.setdefault(parameter.rich_help_panel or kind, []).append(record)
    everywhere = panels.pop(EVERYWHERE, [])
    # --help belongs with the options that every command takes.
    own = panels.pop("Options", [])
    everywhere += [row for row in own if "--help" in row[0]]
    panels["Options"] = [row for row in own if "--help" not in row[0]]
    if ctx.parent is None:
        panels[EVERYWHERE] = everywhere
    for title, rows in panels.items():
        if rows:
            with formatter.section(title):
                formatter.write_dl(rows)
    if ctx.parent is not None:
        from textwrap import wrap

        # Explained once, or they would push what is the command's own off the screen.
        names = ", ".join(name.split()[-2 if name.split()[-1].isupper() else -1] for name, _ in everywhere)
        with formatter.section(EVERYWHERE):
            # An option that is broken at its hyphen can't be read, let alone copied.
            for line in wrap(f"{names}. `synq --help` explains them.", formatter.width - 2, break_on_hyphens=False):
                formatter.write(f"  {line}\n")


def _unmarked(value: Any) -> Any:
    """The value without the blank that parse_args puts in front of a number."""
    if isinstance(value, list | tuple):
        return type(value)(map(_unmarked, value))
    return value[1:] if isinstance(value, str) and value[:1] == " " and _SIGNED_NUMBER.match(value[1:]) else value


class TakesSharedOptions:
    """What commands and groups have in common: the shared options, and signed numbers as values."""

    def __init__(self, *, params: list[Any] | None = None, **settings: Any) -> None:
        super().__init__(params=[*(params or []), *shared_options()], **settings)  # type: ignore[call-arg]  # a mixin: the next class takes them

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        # No option of synq is a digit, so `-5` is a quantity. A blank in front keeps the parser from taking it
        # for an option.
        marked = [f" {word}" if _SIGNED_NUMBER.match(word) else word for word in args]
        rest: list[str] = super().parse_args(ctx, marked)  # type: ignore[misc]  # a mixin: the next class has it
        ctx.params.update({name: _unmarked(value) for name, value in ctx.params.items()})
        return rest


class SynqCommand(TakesSharedOptions, TyperCommand):
    """A command with the shared options and synq's help layout."""

    def __init__(self, *, params: list[Any] | None = None, **settings: Any) -> None:
        self.declaration = declared(settings.get("callback"))
        own = [dry_run_option()] if self.declaration.writes else []
        if own and any(parameter.name == "yes" for parameter in params or ()):
            own.append(confirm_option())
        super().__init__(params=[*(params or []), *own], **settings)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        text, _, examples = (self.help or "").partition("\nExamples:\n")
        self.format_usage(ctx, formatter)
        formatter.write_paragraph()
        formatter.write_text(text)
        for remark in self.remarks():
            formatter.write_paragraph()
            formatter.write_text(remark)
        if examples:
            with formatter.section("Examples"):
                for line in examples.splitlines():
                    formatter.write(f"  {line.strip()}\n")
        write_sections(self, ctx, formatter)

    def remarks(self) -> list[str]:
        """What the contract says of the command beyond its help: the role it needs, a route that may be missing."""
        role = self.declaration.role
        remarks = [_NEEDS[role]] if role else []
        if self.declaration.presumed:
            remarks.append("Not every Synq server offers this: the API promises it, but publishes no route.")
        return remarks

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        return [piece.strip("{}") for piece in super().collect_usage_pieces(ctx)]

    def invoke(self, ctx: Any) -> Any:
        invocation(ctx).command = ctx.command_path.partition(" ")[2]
        return super().invoke(ctx)
