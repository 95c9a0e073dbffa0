"""The Typer app: its root turns every error into a message and an exit status."""

import sys
from collections.abc import Sequence
from contextlib import suppress
from errno import ENOSPC
from shutil import get_terminal_size
from typing import Any

import typer
import typer.main

from synq_cli.cli.context import RunContext
from synq_cli.cli.groups import LazyGroup
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
from synq_cli.session.settings import OUTPUT_FORMATS

# name: (module, one-line help, panel)
GROUPS = {
    "orders": ("synq_cli.commands.orders", "List, create, track, ship and cancel orders.", "Commerce"),
    "inventory": ("synq_cli.commands.inventory", "Show, adjust and reserve stock.", "Commerce"),
    "products": ("synq_cli.commands.products", "Show and change the catalogue.", "Commerce"),
    "channels": ("synq_cli.commands.channels", "List and change sales channels.", "Commerce"),
    "integrations": ("synq_cli.commands.integrations", "Connect the tenant to other platforms.", "Commerce"),
    "today": ("synq_cli.commands.today", "Show what waits at the start of a shift.", "Commerce"),
    "find": ("synq_cli.commands.find", "Find what a text names.", "Commerce"),
    "organization": ("synq_cli.commands.organization", "Show the organization and manage its members.", "Tenant"),
    "settings": ("synq_cli.commands.settings", "Show and change the tenant's settings.", "Tenant"),
    "audit": ("synq_cli.commands.audit", "Read the audit log.", "Tenant"),
    "webhooks": ("synq_cli.commands.webhooks", "Sign, verify and send webhooks.", "Tenant"),
    "export": ("synq_cli.commands.plans.export", "Write the tenant to files for Git.", "Tenant"),
    "api": ("synq_cli.commands.api", "Send any request to the API.", "Tenant"),
    "plan": ("synq_cli.commands.plans", "Show, compare and make plans.", "Plans"),
    "apply": ("synq_cli.commands.plans.apply", "Apply a plan, once.", "Plans"),
    "approve": ("synq_cli.commands.plans.approve", "Approve a plan for `synq apply --approved`.", "Plans"),
    "auth": ("synq_cli.commands.machine.auth", "Log in, switch tenants, log out.", "This machine"),
    "config": ("synq_cli.commands.machine.config", "Show and change the settings of profiles.", "This machine"),
    "runs": ("synq_cli.commands.machine.runs", "List, resume and undo bulk runs.", "This machine"),
    "cache": ("synq_cli.commands.machine.cache", "Show and clear what this machine keeps.", "This machine"),
    "limits": ("synq_cli.commands.machine.limits", "Show the rate limit and its use.", "This machine"),
    "team": ("synq_cli.commands.machine.team", "Share the rate limit and runs among machines.", "This machine"),
    "sandbox": ("synq_cli.commands.sandbox", "Try synq on an embedded sandbox tenant.", "This machine"),
    "doctor": ("synq_cli.commands.machine.doctor", "Check the setup and suggest fixes.", "This machine"),
    "mcp": ("synq_cli.commands.machine.mcp", "Let an agent use synq, through MCP.", "This machine"),
    "completion": ("synq_cli.commands.machine.completion", "Set up shell completion.", "This machine"),
    "schema": ("synq_cli.commands.machine.help:schema", "Print the command tree as JSON, or in brief.", "This machine"),
    "help": ("synq_cli.commands.machine.help", "Show help on a topic or a command.", "This machine"),
}

# Words of other tools: the command to suggest.
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
    """The root of the command tree, where every run starts and ends."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(groups=GROUPS, synonyms=SYNONYMS, **settings)

    def main(
        self,
        args: Sequence[str] | None = None,
        *_: Any,
        standalone_mode: bool = True,
        obj: System | None = None,
        **__: Any,
    ) -> int:
        """Run synq with these arguments and this System, by default the process's.

        Exits with the run's status, or returns it if `standalone_mode` is false. This replaces Typer's main(), which
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

    Manage orders, stock, products, channels and settings: as tables for people, as JSON for scripts. Every command
    that calls the API shows what is left of the rate limit. No account yet? Try `synq --sandbox orders list`, which
    runs on an embedded tenant.
    """


def root_command() -> Any:
    """The command tree. The module of a group is imported when the group is named."""
    return typer.main.get_command(app)


def _status(root: RootGroup, arguments: list[str], system: System) -> int:
    """Run a command line and flush the streams; returns the exit status."""
    if arguments[:1] == ["__complete"]:
        from synq_cli.completion.known import answer

        answer(arguments[1:], system.environ, system.folder)
        return 0
    run, status = RunContext(system, arguments), 0
    try:
        try:
            status = _run(root, run)
        finally:
            run.close()
            system.flush()
    except KeyboardInterrupt:  # a second one, during the report of the first or the cleanup
        _last_words(system, "Interrupted.")
        return 130
    except Exception as error:  # noqa: BLE001 while an error was reported, or during the cleanup
        failed = error if isinstance(error, SynqError) else _unexpected(run, error)
        _last_words(system, failed.message)
        return status or failed.exit_status
    return status


def _last_words(system: System, sentence: str) -> None:
    with suppress(OSError, ValueError):  # stderr is full or closed
        system.stderr.write(f"synq: {sentence}\n")


def _run(root: RootGroup, run: RunContext) -> int:
    """Run the command with every error turned into a message and an exit status."""
    try:
        try:
            _dispatch(root, run)
            if run.plan_file is not None:
                from synq_cli.cli.planning import end_without_plan

                end_without_plan(run)
        except Planned as plan:
            if run.plan_file is None:
                run.output.plan(plan.request, before=plan.before, after=plan.after)
            else:
                from synq_cli.cli.planning import write_planned

                write_planned(run, plan)
    except typer.Exit as done:
        return done.exit_code
    except SynqError as error:
        return _report(run, error)
    except typer.TyperException as error:
        from synq_cli.cli.tree.lines import usage_error

        return _report(run, usage_error(error))
    except BrokenPipeError:
        pass  # such as `synq … | head`
    except KeyboardInterrupt:
        return _report(run, InterruptError("Interrupted."))
    except Exception as error:  # noqa: BLE001 the one place that hides tracebacks
        return _report(run, _unexpected(run, error))
    return 0


def _dispatch(root: RootGroup, run: RunContext) -> None:
    for word in run.arguments:
        try:
            word.encode()
        except UnicodeEncodeError:  # no file or request can hold it
            raise UsageError(f"Invalid text {word!r}: use the encoding of this terminal.") from None
    columns = get_terminal_size().columns
    # Typer's own choice, except below 50 columns. Explicit, because CliRunner makes Typer choose another width.
    width = columns if columns < 50 else max(min(columns, 80) - 2, 50)
    with root.make_context("synq", list(run.arguments), None, obj=run, terminal_width=width) as context:
        root.invoke(context)


def _unexpected(run: RunContext, error: Exception) -> SynqError:
    if isinstance(error, OSError) and error.errno == ENOSPC:
        # From a help page; an error of writing data has its own message.
        return UsageError(f"The output can't be written: {error.strerror}.")
    if isinstance(error, RuntimeError) and str(error).startswith("can't start new thread"):
        return UsageError("The system allows no more threads.", hint="Raise the limit of processes: ulimit -u")

    def masked(text: str) -> str:
        for secret in run.session.secrets if "session" in vars(run) else ():
            text = text.replace(secret, "[token]")
        for secret in run.secrets:
            text = text.replace(secret, "[secret]")
        return text

    if "--debug" in run.arguments or run.system.environ.get("SYNQ_DEBUG"):
        from traceback import format_exception

        run.system.stderr.write(masked("".join(format_exception(error))))
    return SynqError(
        masked(f"This is a bug in synq: {type(error).__name__}: {error}"),
        hint="Run it again with --debug and report it with that output.",
    )


def _report(run: RunContext, error: SynqError) -> int:
    """Print an error in the requested format, even if the arguments could not be parsed."""
    if not run.options.keys() & {"output", "json", "jq"}:
        run.options |= _asked_format(run.arguments)
    try:
        output = run.output
    except SynqError:
        output = run.plain_output()
    if run.changed and not isinstance(error, (UnknownOutcomeError, PartialError, RunningError)):
        error.hint = " ".join(filter(None, ("The change was made; do not send it again.", error.hint)))
    output.messages.error(error)
    return error.exit_status


def _asked_format(arguments: list[str]) -> dict[str, object]:
    """The format that invalid arguments ask for."""
    from itertools import pairwise

    for word, following in pairwise([*arguments, ""]):
        if word in {"--json", "--jq"} or word.startswith("--jq="):
            return {"json": True}
        named = following if word in {"-o", "--output"} else word.removeprefix("--output=")
        if named != word and named in OUTPUT_FORMATS:
            return {"output": named}
    return {}
