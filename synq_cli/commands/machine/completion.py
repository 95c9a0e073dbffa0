"""`synq completion`: TAB for each shell, printed, installed and taken back."""

from typing import Annotated

import typer

from synq_cli.cli.lazy_groups import Noun
from synq_cli.cli.options import YesOption, invocation
from synq_cli.completion.installation import Edit, installation
from synq_cli.completion.scripts import Shell, script

group = Noun("Complete commands, options and values with TAB.")

ShellArgument = Annotated[
    Shell | None,
    typer.Argument(metavar="[SHELL]", help="Default: what $SHELL says."),
]


@group.command("bash")
def print_bash(ctx: typer.Context) -> None:
    """Print the completion script for bash.

    For bash 3.2 or newer, with the package bash-completion or without it. `synq completion install` puts it where bash
    finds it.

    Examples:
      synq completion bash
      synq completion bash > synq.bash
    """
    _print(ctx, "bash")


@group.command("zsh")
def print_zsh(ctx: typer.Context) -> None:
    """Print the completion script for zsh.

    As a file called _synq it belongs into a folder on fpath. `synq completion install` sees to that.

    Examples:
      synq completion zsh
      synq completion zsh > _synq
    """
    _print(ctx, "zsh")


@group.command("fish")
def print_fish(ctx: typer.Context) -> None:
    """Print the completion script for fish.

    fish finds it as ~/.config/fish/completions/synq.fish. `synq completion install` puts it there.

    Examples:
      synq completion fish
      synq completion fish > synq.fish
    """
    _print(ctx, "fish")


@group.command("powershell")
def print_powershell(ctx: typer.Context) -> None:
    """Print the completion script for PowerShell.

    For PowerShell 7 on every platform. `synq completion install` has the profile load it.

    Examples:
      synq completion powershell
      synq completion powershell > synq.ps1
    """
    _print(ctx, "powershell")


@group.command("install")
def install(ctx: typer.Context, shell: ShellArgument = None, yes: YesOption = False) -> None:
    """Have the shell complete synq's commands with TAB.

    Puts the script where the shell looks for it and, where it would not be found there, a few marked lines into the
    shell's start-up file. Says which files before it changes them. To be run again after an update of synq; what is
    up to date stays as it is.

    Commands, options and fixed values then complete without starting synq. Profiles, SKUs, stock locations, orders
    and runs complete as far as this machine has seen them; TAB never asks the API.

    Examples:
      synq completion install
      synq completion install zsh --yes
    """
    run = invocation(ctx)
    place = installation(shell, run.system.environ)
    edits = place.install(script(place.shell, ctx.find_root().command))
    if not edits:
        run.output.done(f"TAB in {place.shell} is up to date: {place.script}")
        return
    run.confirmed_here(f"{_told(edits)}?", yes=yes)
    place.carry_out(edits)
    run.output.done(f"TAB works in every new {place.shell}. To have it in this one:")
    run.output.done(place.start)  # on a line of its own, to be copied whole


@group.command("uninstall")
def uninstall(ctx: typer.Context, shell: ShellArgument = None, yes: YesOption = False) -> None:
    """Take back what `synq completion install` did.

    Removes the script and the marked lines, and nothing else.

    Examples:
      synq completion uninstall
      synq completion uninstall fish --yes
    """
    run = invocation(ctx)
    place = installation(shell, run.system.environ)
    edits = place.uninstall()
    if not edits:
        run.output.done(f"There is nothing to take back for {place.shell}.")
        return
    run.confirmed_here(f"{_told(edits)}?", yes=yes)
    place.carry_out(edits)
    run.output.done(f"TAB no longer completes synq in a new {place.shell}.")


def _print(ctx: typer.Context, shell: str) -> None:
    invocation(ctx).output.text(script(shell, ctx.find_root().command))


def _told(edits: list[Edit]) -> str:
    """What is about to be done, as a sentence without its end."""
    deeds = [
        (f"{'Remove' if edit.text is None else 'Change' if edit.path.exists() else 'Write'} {edit.path}")
        for edit in edits
    ]
    return " and ".join([deeds[0], *(deed[0].lower() + deed[1:] for deed in deeds[1:])])
