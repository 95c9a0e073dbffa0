"""The Typer app: its root turns every failure into a message and an exit status."""

import sys
from collections.abc import Sequence
from shutil import get_terminal_size
from typing import Any

import typer
import typer.main

from synq_cli.cli.context import Invocation
from synq_cli.cli.lazy_groups import LazyGroup
from synq_cli.cli.system import System
from synq_cli.errors import (
    InterruptError,
    PartialError,
    Planned,
    RunningError,
    SynqError,
    UnknownOutcomeError,
    UsageError,
)
from synq_cli.nearest import did_you_mean
from synq_cli.session.settings import OUTPUT_FORMATS

# name: (module, one-line help, panel)
GROUPS = {
    "orders": ("synq_cli.commands.orders", "List, place, track, ship and cancel orders.", "Commerce"),
    "inventory": ("synq_cli.commands.inventory", "Look at stock, adjust and reserve it.", "Commerce"),
    "products": ("synq_cli.commands.products", "Look at the catalogue and change it.", "Commerce"),
    "channels": ("synq_cli.commands.channels", "List and change the sales channels.", "Commerce"),
    "integrations": ("synq_cli.commands.integrations", "Connect the tenant to other platforms.", "Commerce"),
    "organization": (
        "synq_cli.commands.organization",
        "Show the organization and manage its members.",
        "Tenant",
    ),
    "settings": ("synq_cli.commands.settings", "Show and change the tenant's settings.", "Tenant"),
    "audit": ("synq_cli.commands.audit", "Read the log of what was done.", "Tenant"),
    "webhooks": ("synq_cli.commands.webhooks", "Sign webhooks, check them, send them.", "Tenant"),
    "api": ("synq_cli.commands.api", "Send any request to the API.", "Tenant"),
    "auth": ("synq_cli.commands.machine.auth", "Log in, switch tenants, log out.", "This machine"),
    "config": ("synq_cli.commands.machine.config", "Read and change profiles.", "This machine"),
    "runs": ("synq_cli.commands.machine.runs", "Look at bulk runs, resume them, undo them.", "This machine"),
    "limits": ("synq_cli.commands.machine.limits", "Show the rate limit and who spent it.", "This machine"),
    "sandbox": ("synq_cli.commands.sandbox", "Try synq on an embedded tenant.", "This machine"),
    "doctor": (
        "synq_cli.commands.machine.doctor",
        "Look at everything synq rests on, and name the mends.",
        "This machine",
    ),
    "completion": (
        "synq_cli.commands.machine.completion",
        "Complete commands, options and values with TAB.",
        "This machine",
    ),
    "schema": ("synq_cli.commands.machine.schema", "Print the commands as JSON, for programs.", "This machine"),
    "help": ("synq_cli.commands.machine.help", "Explain a topic, or a command.", "This machine"),
}

# Words that people try at the top level: the command to suggest.
SYNONYMS = {
    "login": "auth login",
    "logout": "auth logout",
    "whoami": "auth status",
    "status": "auth status",
    "token": "auth token",
    "version": "--version",
    "stock": "inventory",
    "org": "organization",
    "variant": "products variants",
    "variants": "products variants",
    "member": "organization members",
    "members": "organization members",
}


class RootGroup(LazyGroup):
    """The root of the command tree, where every run begins and ends."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(lazy=GROUPS, synonyms=SYNONYMS, **settings)

    def main(
        self,
        args: Sequence[str] | None = None,
        *_: Any,
        standalone_mode: bool = True,
        obj: System | None = None,
        **__: Any,
    ) -> int:
        """Run synq with these arguments, else the process's, in this outside world, else the process's.

        Exits with the run's status, or returns it if `standalone_mode` is false. Typer's own main() is not called: it
        prints errors in its own form.
        """
        arguments = sys.argv[1:] if args is None else [*args]
        status = _status(self, arguments, obj or System())
        if standalone_mode:
            sys.exit(status)
        return status


app = typer.Typer(
    name="synq",
    cls=RootGroup,
    add_completion=False,  # see completion/
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def synq() -> None:
    """Run your Synq tenant from the command line.

    Orders, stock, products, channels and settings: as tables for people, as JSON for scripts. Every call says what
    is left of the rate limit. No account yet? `synq --sandbox orders list` runs on an embedded tenant.
    """


def root_command() -> Any:
    """The command tree; the module of a group is imported when the group is named."""
    return typer.main.get_command(app)


def _status(root: RootGroup, arguments: list[str], system: System) -> int:
    """One run from its arguments to the last flush."""
    if arguments[:1] == ["__complete"]:
        from synq_cli.completion.known import answer

        answer(arguments[1:], system.environ, system.folder)
        return 0
    run = Invocation(system, arguments)
    try:
        try:
            return _run(root, run)
        finally:
            run.close()
            system.flush()
    except KeyboardInterrupt:  # a second one, while the first was reported or what was open was closed
        system.stderr.write("synq: Interrupted.\n")
        return 130


def _run(root: RootGroup, run: Invocation) -> int:
    """The run with every failure turned into a message and an exit status."""
    try:
        try:
            _dispatch(root, run)
        except Planned as plan:
            run.output.plan(plan.request, before=plan.before, after=plan.after)
    except typer.Exit as done:
        return done.exit_code
    except SynqError as error:
        return _report(run, error)
    except typer.TyperException as error:
        return _report(run, _usage(error))
    except BrokenPipeError:
        pass  # the reader has what it wanted
    except KeyboardInterrupt:
        return _report(run, InterruptError("Interrupted."))
    except Exception as error:  # noqa: BLE001 the one place that keeps tracebacks from people
        return _report(run, _full(error) or _bug(run, error))
    return 0


def _dispatch(root: RootGroup, run: Invocation) -> None:
    _refuse_broken_text(run.arguments)
    columns = get_terminal_size().columns
    # As Typer would choose, but for less than 50 columns; named, because CliRunner has Typer choose otherwise.
    width = columns if columns < 50 else max(min(columns, 80) - 2, 50)
    with root.make_context("synq", list(run.arguments), None, obj=run, terminal_width=width) as context:
        root.invoke(context)


def _refuse_broken_text(arguments: list[str]) -> None:
    """UsageError for a word that no file and no request can hold: its bytes are not in the locale's encoding."""
    for word in arguments:
        try:
            word.encode()
        except UnicodeEncodeError:
            raise UsageError(f"{word!r} is not text.", hint="Type it in the encoding of this terminal.") from None


def _usage(error: typer.TyperException) -> SynqError:
    """The parser's complaint in synq's own form, with the help page that explains the command."""
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "synq"
    possible = getattr(error, "possibilities", None)
    # The parser itself is content with less likeness.
    hint = did_you_mean(getattr(error, "option_name", ""), possible or [], strict=True)
    sentence = getattr(error, "message", "") if possible else error.format_message()
    if words := getattr(getattr(getattr(error, "param", None), "type", None), "choices", ()):
        sentence, hint = _fixed_choice(error, words)
    return UsageError(sentence.rstrip(".") + ".", hint=f"{hint}See `{path} --help`.")


def _fixed_choice(error: Any, words: Sequence[str]) -> tuple[str, str]:
    """The sentence, and the nearest of these words, for a value outside an Enum or a Literal, or for none."""
    parameter = error.param
    name = parameter.opts[-1] if parameter.param_type_name == "option" else parameter.metavar.strip("[]")
    allowed = f"use {', '.join(words[:-1])} or {words[-1]}"
    # Typer says: 'x' is not one of 'a', 'b'.
    value, outside, _ = error.message.partition(" is not one of ")
    if not outside:
        return f"Missing {parameter.param_type_name} '{name}': {allowed}", ""
    return f'Invalid value "{value[1:-1]}" for {name}: {allowed}', did_you_mean(value[1:-1], words)


def _full(error: Exception) -> SynqError | None:
    """The error for a help page that a full disk does not take; data has its own way to say so."""
    from errno import ENOSPC

    if isinstance(error, OSError) and error.errno == ENOSPC:
        return UsageError(f"The output can't be written: {error.strerror}.")
    return None


def _bug(run: Invocation, error: Exception) -> SynqError:
    if "--debug" in run.arguments or run.system.environ.get("SYNQ_DEBUG"):
        from traceback import format_exception

        run.system.stderr.write(run.masked("".join(format_exception(error))))
    return SynqError(
        run.masked(f"This is a bug in synq: {type(error).__name__}: {error}"),
        hint="Run it again with --debug to see where, and report it with those lines.",
    )


def _report(run: Invocation, error: SynqError) -> int:
    """Say what went wrong in the form that was asked for, even where the line itself could not be read."""
    if not run.given.keys() & {"output", "json", "jq"}:
        run.given |= _asked_format(run.arguments)
    try:
        output = run.output
    except SynqError:
        output = run.plain_output()
    if run.changed and not isinstance(error, (UnknownOutcomeError, PartialError, RunningError)):
        error.hint = " ".join(filter(None, ("The change itself was made; do not send it again.", error.hint)))
    output.messages.error(error)
    return error.exit_status


def _asked_format(arguments: list[str]) -> dict[str, object]:
    """The format that a line asks for which the parser gave up on."""
    from itertools import pairwise

    for word, following in pairwise([*arguments, ""]):
        if word in {"--json", "--jq"} or word.startswith("--jq="):
            return {"json": True}
        named = following if word in {"-o", "--output"} else word.removeprefix("--output=")
        if named != word and named in OUTPUT_FORMATS:
            return {"output": named}
    return {}
