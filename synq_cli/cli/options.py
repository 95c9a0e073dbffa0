"""The global options, and the options and arguments that several commands share."""

import re
from functools import cache
from typing import Annotated, Any

import typer
import typer.main
from typer.core import TyperOption

from synq_cli import __version__
from synq_cli.cli.metavars import FILE, LOCATION, PROFILE, SKU, Metavar
from synq_cli.errors import UsageError
from synq_cli.session.settings import OutputFormat
from synq_cli.times import epoch, local_time

GLOBAL_OPTIONS = "Global options"
_SECONDS = {"m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def _not_blank(ctx: typer.Context, option: typer.CallbackParam, value: str | None) -> str | None:
    # An unset shell variable makes a blank value. Taken for a missing option, it would mean another place, or all.
    if value is not None and not value.strip() and not ctx.resilient_parsing:
        raise UsageError(f"{option.opts[0]} is blank.", hint="Give it a value, or leave the option out.")
    return value


def _limit_or_all(ctx: typer.Context, _option: typer.CallbackParam, value: Any) -> Any:
    # Each option comes by here; at the second one, the sources of both are known.
    sources = [ctx.get_parameter_source(name) for name in ("limit", "read_all")]
    if all(source and source.name == "COMMANDLINE" for source in sources):
        raise UsageError("--limit conflicts with --all: give one of them.")
    return value


def argument(metavar: str, text: str) -> Any:
    """An argument with its metavar and help; choices ignore case."""
    return typer.Argument(metavar=metavar, help=text, case_sensitive=False)


def option(name: str, metavar: str, text: str, *, short: str | None = None, **settings: Any) -> Any:
    """An option that takes a value, with its metavar and help; choices ignore case. `settings` are typer.Option's."""
    return typer.Option(*filter(None, (short, name)), metavar=metavar, help=text, case_sensitive=False, **settings)


def switch(name: str, text: str, *, short: str | None = None, **settings: Any) -> Any:
    """An option without a value, with its help. `settings` are typer.Option's."""
    return typer.Option(*filter(None, (short, name)), help=text, **settings)


LimitOption = Annotated[int, option("--limit", "N", "Maximum number of rows.", min=1, callback=_limit_or_all)]
AllOption = Annotated[bool, switch("--all", "Read every page (one request per 100 rows).", callback=_limit_or_all)]
LocationOption = Annotated[
    str | None,
    option("--location", LOCATION, "Stock location. [default: the profile's, else the only one]", callback=_not_blank),
]
SkuArgument = Annotated[str, argument(SKU, "SKU, barcode, or UUID of the variant.")]
OnlySkuOption = Annotated[
    str | None, option("--sku", SKU, "Only the variant with this SKU, barcode or UUID.", callback=_not_blank)
]
OnlyLocationOption = Annotated[
    str | None, option("--location", LOCATION, "Only this stock location.", callback=_not_blank)
]
FromOption = Annotated[
    str | None, option("--from", LOCATION, "Stock location that the units leave.", callback=_not_blank)
]
ToOption = Annotated[str | None, option("--to", LOCATION, "Stock location that they go to.", callback=_not_blank)]
BooksLocationOption = Annotated[
    str | None,
    option("--location", LOCATION, "Stock location that is counted. [default: the profile's]", callback=_not_blank),
]
SinceOption = Annotated[
    str | None, option("--since", "WHEN", "Only rows since this age (30m, 12h, 7d, 2w), local date or time.")
]
UntilOption = Annotated[str | None, option("--until", "WHEN", "Only rows before this age, local date or time.")]
SearchOption = Annotated[
    str | None, option("--search", "TEXT", "Only rows with these words, in any case.", callback=_not_blank)
]
SortOption = Annotated[
    str | None, option("--sort", "FIELD[:desc]", "Sort by a field of the API, such as created_at or total:desc.")
]
CountOption = Annotated[bool, switch("--count", "Print only the number of matching rows.")]
YesOption = Annotated[bool, switch("--yes", "Skip the confirmation prompt.", short="-y")]
NameArgument = Annotated[str, argument("NAME", "Name.")]
DescriptionOption = Annotated[str | None, option("--description", "TEXT", "Description.")]
SlugOption = Annotated[str | None, option("--slug", "SLUG", "Name in URLs. [default: chosen by the server]")]
WaitOption = Annotated[bool, switch("--wait", "Wait until it has finished.")]
ForOption = Annotated[int | None, option("--for", "SECONDS", "Stop waiting after SECONDS (exit status 75).", min=0)]


def parse_since(text: str | None, now: float) -> float | None:
    """The epoch second that an age (`30m`, `12h`, `7d`, `2w`), a date or a time names; None for None.

    Dates, and times without a zone, are local.
    """
    if text is None:
        return None
    if match := re.fullmatch(r"(\d{1,5})([mhdw])", text.strip()):
        return now - int(match[1]) * _SECONDS[match[2]]
    if (moment := epoch(text.strip(), local=True)) is None:
        raise UsageError(
            f'Invalid time "{text}": use an age (30m, 12h, 7d, 2w), a date (2026-11-20) or a time (2026-11-20T14:00).'
        )
    return moment


def since_words(since: float | None) -> str:
    """The end of a sentence on rows since an epoch second; empty for None."""
    return "" if since is None else f" since {local_time(since)}"


def _store(ctx: Any, option: Any, value: Any) -> None:
    # Each level of the command line parses these options; the one nearest to the command wins.
    if value not in {None, False} and not ctx.resilient_parsing:
        ctx.obj.options[option.name] = value.strip() if isinstance(value, str) else value


def _print_version(ctx: Any, _option: Any, value: Any) -> None:
    if value and not ctx.resilient_parsing:
        typer.echo(f"synq {__version__}")
        raise typer.Exit


def _global_option(name: str, metavar: str | None, text: str, *, short: str | None = None, **settings: Any) -> Any:
    """An option that goes into the run's `options`, not to the command's function."""
    names = [*filter(None, (short, name))]
    given = {"callback": _store, **settings}
    return TyperOption(param_decls=names, metavar=metavar, help=text, expose_value=False, **given)


def _global_switch(name: str, text: str, **settings: Any) -> Any:
    return _global_option(name, None, text, is_flag=True, type=bool, default=False, **settings)


@cache
def global_options() -> tuple[TyperOption, ...]:
    """The options that every command takes, before or after its name; cached, since a group has many commands.

    Not from the signature of a function: Typer would take 1 ms to read it, at every start.
    """
    output_format = typer.main.get_click_type(annotation=OutputFormat, parameter_info=typer.Option())
    output_help = "Output format. [default: table on a terminal, else tsv] [env: SYNQ_OUTPUT]"
    wait_help = "Longest wait for the rate limit and for retries. [default: 120] [env: SYNQ_MAX_WAIT]"
    options: tuple[TyperOption, ...] = (
        _global_option("--profile", Metavar("NAME", "profile"), "Profile to use. [env: SYNQ_PROFILE]", short="-p"),
        _global_switch("--json", "Print JSON; short for -o json."),
        _global_option("--output", "FORMAT", output_help, short="-o", type=output_format),
        _global_option("--columns", "A,B", "Only these columns of a table, CSV, TSV or XLSX, by title or key."),
        _global_option("--fields", "A,B.C", "Only these fields, in this order, in any format."),
        _global_option("--jq", "EXPR", "Filter the JSON with a jq expression."),
        _global_switch("--quiet", "Hide the footer, hints and progress; errors still show.", short="-q"),
        _global_switch("--no-color", "Turn color off. [env: NO_COLOR, CLICOLOR_FORCE]"),
        _global_switch("--debug", "Log each request to stderr, with secrets masked. [env: SYNQ_DEBUG]"),
        _global_option("--timeout", "SECONDS", "Time limit for each request. [default: 30] [env: SYNQ_TIMEOUT]"),
        _global_option("--max-wait", "SECONDS", wait_help),
        _global_option("--base-url", "URL", "URL of the API. [env: SYNQ_BASE_URL]"),
        _global_switch("--sandbox", "Use the embedded sandbox instead of the network."),
        _global_switch("--read-only", "Refuse every request that is not a read. [env: SYNQ_READ_ONLY]"),
        _global_switch("--version", "Show the version and exit.", short="-V", is_eager=True, callback=_print_version),
    )
    for each in options:
        each.rich_help_panel = GLOBAL_OPTIONS
    return options


def dry_run_option() -> Any:
    """The option of every command that can change data at the API."""
    return _global_switch("--dry-run", "Show what would be sent and what would change, without changing it.")


def plan_option() -> Any:
    """The option of every command whose changes can be planned."""
    return _global_option("--plan", FILE, "Write what would be sent to FILE, for `synq apply`; - for standard output.")


def confirm_option() -> Any:
    """The option that confirms in production, of every command that asks for confirmation."""
    text = "Confirm with the profile's name; required instead of --yes in production."
    return _global_option("--confirm", PROFILE, text)
