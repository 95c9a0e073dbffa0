"""`synq completion`: print, install and uninstall shell completion."""

from pathlib import Path
from typing import Annotated

from synq_cli.cli.confirmation import confirm_local
from synq_cli.cli.context import RunContext
from synq_cli.cli.groups import CommandGroup
from synq_cli.cli.options import YesOption, argument
from synq_cli.completion.installation import installation
from synq_cli.completion.scripts import SCRIPTS, Shell, script

group = CommandGroup()

ShellArgument = Annotated[Shell | None, argument("[SHELL]", "Shell. [default: from the variable SHELL]")]

# Each shell: its name in sentences, and what its page adds.
_SHELLS = {
    "bash": ("bash", "For bash 3.2 or newer, with or without the package bash-completion."),
    "zsh": ("zsh", "Save it as _synq in a folder on fpath."),
    "fish": ("fish", "fish loads it from ~/.config/fish/completions/synq.fish."),
    "powershell": ("PowerShell", "For PowerShell 7 on every platform."),
}


def _add_print(shell: str, title: str, note: str) -> None:
    """Add the command that prints the script of a shell."""

    def print_script(run: RunContext) -> None:
        run.output.text(script(shell, run.root.command))

    print_script.__doc__ = f"""Print the completion script for {title}.

    {note} `synq completion install {shell}` does everything for you.

    Examples:
      synq completion {shell}
      synq completion {shell} > {SCRIPTS[shell]}
    """
    group.command(shell)(print_script)


for _shell, (_title, _note) in _SHELLS.items():
    _add_print(_shell, _title, _note)


@group.command("install")
def install(run: RunContext, shell: ShellArgument = None, yes: YesOption = False) -> None:
    """Install shell completion.

    Writes the script to the folder where the shell looks for it and, if needed, adds a few marked lines to the
    shell's start-up file. Shows the files and asks for confirmation first. Run it again after you update synq.

    Commands, options and fixed values then complete without starting synq. Profiles, SKUs, locations, orders and runs
    complete from the local cache; completion never calls the API.

    Examples:
      synq completion install
      synq completion install zsh --yes
    """
    place = installation(shell, run.system.environ)
    edits = place.edits(script(place.shell, run.root.command))
    if not edits:
        run.output.note(f"Completion for {place.shell} is up to date: {place.script}")
        return
    confirm_local(run, f"{_summary(edits)}?", yes=yes)
    place.carry_out(edits)
    run.output.note(f"Installed completion for {place.shell}. It works in new shells; to load it in this one, run:")
    run.output.note(place.start)  # on a line of its own, to be copied


@group.command("uninstall")
def uninstall(run: RunContext, shell: ShellArgument = None, yes: YesOption = False) -> None:
    """Remove what `synq completion install` added.

    Removes the script and the marked lines, and nothing else.

    Examples:
      synq completion uninstall
      synq completion uninstall fish --yes
    """
    place = installation(shell, run.system.environ)
    edits = place.edits(None)
    if not edits:
        run.output.note(f"Completion for {place.shell} is not installed.")
        return
    confirm_local(run, f"{_summary(edits)}?", yes=yes)
    place.carry_out(edits)
    run.output.note(f"Removed completion for {place.shell} from new shells.")


def _summary(edits: dict[Path, str | None]) -> str:
    """The changes, as a sentence without its end."""
    sentence = " and ".join(
        f"{'remove' if text is None else 'change' if path.exists() else 'write'} {path}" for path, text in edits.items()
    )
    return sentence[0].upper() + sentence[1:]
