"""Confirmation before data is lost. RefusedError for a no, and without a terminal, naming the option to use."""

from synq_cli.cli.context import RunContext
from synq_cli.errors import RefusedError
from synq_cli.output import prompts
from synq_cli.session.settings import PRODUCTION


def confirm(run: RunContext, question: str, *, yes: bool) -> None:
    """Ask before data of the tenant is lost. In production the profile's name confirms, and `yes` does not.

    A dry run does not ask: it loses nothing.
    """
    named, system = run.options.get("confirm"), run.system
    if run.dry_run or (named is None and run.settings.environment != PRODUCTION):
        confirm_local(run, question, yes=yes)
    else:
        prompts.confirm_name(question, run.settings.profile, named, stdin=system.stdin, stderr=system.stderr)


def confirm_number(run: RunContext, question: str, number: int, given: int | None, *, option: str) -> None:
    """Ask what --yes does not answer; `given`, the value of the option, answers it if it is this number.

    A dry run does not ask.
    """
    if given is not None and given != number:
        raise RefusedError(
            f"Not confirmed: {option} is {given}, but it would be {number}. Nothing was changed.",
            hint="Look at the dry run, and give its number if it is right.",
        )
    stdin, stderr, yes = run.system.stdin, run.system.stderr, run.dry_run or given is not None
    if not prompts.confirm(question, option=f"{option} {number}", stdin=stdin, stderr=stderr, yes=yes):
        raise RefusedError("Not confirmed; nothing was changed.")


def confirm_local(run: RunContext, question: str, *, yes: bool) -> None:
    """Ask before something on this machine is lost."""
    if not _ask(run, question, yes=yes or run.dry_run):
        raise RefusedError("Not confirmed; nothing was changed.")


def asks(run: RunContext, *, yes: bool) -> bool:
    """Whether `confirm` would ask on this terminal."""
    is_answered = run.dry_run or run.options.get("confirm") is not None
    if is_answered or (yes and run.settings.environment != PRODUCTION):
        return False
    return can_ask(run)


def can_ask(run: RunContext) -> bool:
    """Whether there is a terminal to ask on."""
    return run.system.stdin.isatty() and run.system.stderr.isatty()


def offer(run: RunContext, question: str, *, only_words: bool = False) -> bool:
    """Ask whether to do something extra; False without asking if --quiet, not on a terminal, or not as a table.

    `only_words` is as for prompts.confirm.
    """
    streams = (run.system.stdin, run.system.stdout, run.system.stderr)
    if run.options.get("quiet") or run.output.format != "table" or not all(stream.isatty() for stream in streams):
        return False
    return _ask(run, question, yes=run.dry_run, only_words=only_words)


def _ask(run: RunContext, question: str, *, yes: bool, only_words: bool = False) -> bool:
    streams = {"stdin": run.system.stdin, "stderr": run.system.stderr}
    return prompts.confirm(question, option="--yes", yes=yes, only_words=only_words, **streams)
