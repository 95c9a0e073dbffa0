"""The root command and main(), the only place that catches."""

import sys

TYPE_CHECKING = False  # `typing` would cost more than all that `--version` does
if TYPE_CHECKING:
    import typer

    from synq_cli.errors import SynqError
    from synq_cli.invocation import Invocation
    from synq_cli.lazy_group import LazyGroup
    from synq_cli.system import System

SUMMARY = """Run your Synq tenant from the command line.

Orders, stock, products, channels and settings: as tables for people, as JSON for scripts. Every call says what
is left of the rate limit. No account yet? `synq --sandbox orders list` runs on an embedded tenant.
"""

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
    "api": ("synq_cli.commands.request", "Send any request to the API.", "Tenant"),
    "auth": ("synq_cli.commands.auth", "Log in, switch tenants, log out.", "This machine"),
    "config": ("synq_cli.commands.config", "Read and change profiles.", "This machine"),
    "runs": ("synq_cli.commands.runs", "Look at bulk runs, resume them, undo them.", "This machine"),
    "limits": ("synq_cli.commands.limits", "Show the rate limit and who spent it.", "This machine"),
    "sandbox": ("synq_cli.commands.sandbox", "Try synq on an embedded tenant.", "This machine"),
    "doctor": ("synq_cli.commands.doctor", "Look at everything synq rests on, and name the mends.", "This machine"),
    "completion": (
        "synq_cli.commands.completion",
        "Complete commands, options and values with TAB.",
        "This machine",
    ),
    "schema": ("synq_cli.commands.schema", "Print the commands as JSON, for programs.", "This machine"),
    "help": ("synq_cli.commands.help", "Explain a topic, or a command.", "This machine"),
}


def main(argv: list[str] | None = None, system: "System | None" = None) -> int:
    """Run synq with these arguments; gives the exit status."""
    arguments = sys.argv[1:] if argv is None else argv
    if arguments == ["--version"]:
        # Answered before anything is imported: scripts and prompts ask this often.
        from synq_cli import __version__

        try:
            print(f"synq {__version__}", file=system.stdout if system else sys.stdout, flush=True)
        except OSError:
            pass  # the long way has words for it
        else:
            return 0
    try:
        if arguments[:1] == ["__complete"]:
            return _complete(arguments[1:], system)
        return _main(arguments, system)
    except KeyboardInterrupt:  # synq was still being loaded, or already putting its things away
        print("synq: Interrupted.", file=system.stderr if system else sys.stderr)
        return 130


def _complete(words: list[str], system: "System | None") -> int:
    """Answer a TAB: KIND BEGUN -- LINE... What can't be known is not offered; nobody reads a message there."""
    import os
    from contextlib import suppress
    from pathlib import Path

    with suppress(Exception):
        from synq_cli.completion.known import candidates

        # PowerShell before 7.3 drops an argument that is empty.
        cut = words.index("--")
        (kind, begun), line = [*words[:cut], ""][:2], words[cut + 1 :]
        environ, folder = (system.environ, system.folder) if system else (os.environ, Path.cwd)
        for value, about in candidates(kind, begun, line, environ, folder):
            print(f"{value}\t{about}", file=system.stdout if system else sys.stdout)
        (system or sys).stdout.flush()
    return 0


def _main(arguments: list[str], system: "System | None") -> int:
    from synq_cli.invocation import Invocation
    from synq_cli.system import System

    run = Invocation(system or System.real(), arguments)
    try:
        status = _run(run)
    finally:
        run.close()
        run.system.flush()
    return status


def root_command() -> "LazyGroup":
    """The command tree; nouns load when they are named."""
    from synq_cli.lazy_group import LazyGroup

    return LazyGroup(
        name="synq",
        lazy=GROUPS,
        help=SUMMARY,
        context_settings={"help_option_names": ["-h", "--help"]},
    )


def _run(run: "Invocation") -> int:
    """One run, with every failure turned into a message and an exit status."""
    import typer

    from synq_cli.errors import InterruptError, Planned, SynqError

    try:
        try:
            _dispatch(run)
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


def _dispatch(run: "Invocation") -> None:
    from contextlib import redirect_stdout
    from shutil import get_terminal_size

    root = root_command()
    with redirect_stdout(run.system.stdout):
        _refuse_broken_text(run.arguments)
        columns = get_terminal_size().columns
        width = columns if columns < 50 else None  # Typer takes 50 for the least; None leaves it to it
        with root.make_context("synq", list(run.arguments), None, obj=run, terminal_width=width) as context:
            root.invoke(context)


def _refuse_broken_text(arguments: list[str]) -> None:
    """UsageError for a word that no file and no request can hold: its bytes are not in the locale's encoding."""
    from synq_cli.errors import UsageError

    for word in arguments:
        try:
            word.encode()
        except UnicodeEncodeError:
            raise UsageError(f"{word!r} is not text.", hint="Type it in the encoding of this terminal.") from None


def _usage(error: "typer.TyperException") -> "SynqError":
    """The parser's complaint in synq's own form, with the help page that explains the command."""
    from synq_cli.errors import UsageError
    from synq_cli.nearest import did_you_mean

    context = getattr(error, "ctx", None)
    path = context.command_path if context else "synq"
    possible = getattr(error, "possibilities", None)
    # The parser itself is content with less likeness.
    near = did_you_mean(getattr(error, "option_name", ""), possible or [], strict=True)
    sentence = getattr(error, "message", "") if possible else error.format_message()
    return UsageError(sentence.rstrip(".") + ".", hint=f"{near}See `{path} --help`.")


def _full(error: Exception) -> "SynqError | None":
    """The error for a help page that a full disk does not take; data has its own way to say so."""
    from errno import ENOSPC

    from synq_cli.errors import UsageError

    if isinstance(error, OSError) and error.errno == ENOSPC:
        return UsageError(f"The output can't be written: {error.strerror}.")
    return None


def _bug(run: "Invocation", error: Exception) -> "SynqError":
    from synq_cli.errors import SynqError

    if "--debug" in run.arguments or run.system.environ.get("SYNQ_DEBUG"):
        from traceback import format_exception

        run.system.stderr.write(run.masked("".join(format_exception(error))))
    return SynqError(
        run.masked(f"This is a bug in synq: {type(error).__name__}: {error}"),
        hint="Run it again with --debug to see where, and report it with those lines.",
    )


def _report(run: "Invocation", error: "SynqError") -> int:
    """Say what went wrong in the form that was asked for, even where the line itself could not be read."""
    from synq_cli.errors import PartialError, RunningError, SynqError, UnknownOutcomeError

    if not run.given.keys() & {"output", "json", "jq"}:
        run.given |= _asked_format(run.arguments)
    try:
        output = run.output
    except SynqError:
        output = run.plain_output()
    if run.changed and not isinstance(error, (UnknownOutcomeError, PartialError, RunningError)):
        error.hint = " ".join(filter(None, ("The change itself was made; do not send it again.", error.hint)))
    output.error(error)
    return error.exit_status


def _asked_format(arguments: list[str]) -> dict[str, object]:
    """The format that a line asks for which the parser gave up on."""
    from itertools import pairwise

    for word, following in pairwise([*arguments, ""]):
        if word in {"--json", "--jq"} or word.startswith("--jq="):
            return {"json": True}
        if word in {"-o", "--output"}:
            return {"output": following}
        if word.startswith("--output="):
            return {"output": word.partition("=")[2]}
    return {}
