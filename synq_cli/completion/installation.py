"""Install and uninstall the completion script of each shell."""

import shlex
import stat
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from synq_cli import __version__
from synq_cli.completion.scripts import SCRIPTS
from synq_cli.errors import UsageError
from synq_cli.state.folders import documents_dir, replace_file

# The markers are part of the file format: uninstall finds the lines of older versions by them.
_BEGIN = "# >>> synq completion; `synq completion uninstall {shell}` takes these lines back >>>\n"
_END = "# <<< synq completion <<<\n"
# Where packages of the operating system install the scripts.
_SYSTEM = {
    "bash": ("/usr/share/bash-completion/completions/synq", "/etc/bash_completion.d/synq"),
    "zsh": ("/usr/local/share/zsh/site-functions/_synq", "/usr/share/zsh/site-functions/_synq"),
    "fish": ("/usr/share/fish/vendor_completions.d/synq.fish",),
    "powershell": (),
}


@dataclass(frozen=True)
class Installation:
    """A user's completion in one shell: the path of the script, the start-up file of the shell, and the lines in it.

    `lines` is empty if the shell finds the script by its path; `start` is the command that loads it in an open shell.
    """

    shell: str
    home: Path
    script: Path
    start_file: Path
    lines: str
    start: str

    def edits(self, script: str | None) -> dict[Path, str | None]:
        """The files to change and their new text to install this script, or to remove everything if it is None.

        A new text of None deletes the file.
        """
        before = _read(self.start_file)
        lines = self._without_lines(before) if script is None else self._with_lines(before)
        return {path: text for path, text in ((self.script, script), (self.start_file, lines)) if text != _read(path)}

    def place(self) -> tuple[Path | None, str | None]:
        """The file that the shell loads completion from, and the problem with it; None for no file, or no problem.

        The operating system may provide it, or the start-up file may call `synq completion`.
        """
        before = _read(self.start_file)
        if f"synq completion {self.shell}" in (before or ""):
            return self.start_file, None
        for path in (self.script, *map(Path, _SYSTEM[self.shell])):
            if (text := _read(path)) is None:
                continue
            if f" synq {__version__} " not in text.partition("\n\n")[0]:
                return path, f"{path} is for another version of synq."
            loaded = path != self.script or self._with_lines(before) == before
            return path, None if loaded else f"{self.start_file} does not load {path}."
        return None, f"Not installed for {self.shell}."

    def carry_out(self, edits: dict[Path, str | None]) -> None:
        """Carry out these edits; UsageError names the file that can't be changed."""
        for path, text in edits.items():
            try:
                if text is None:
                    path.unlink(missing_ok=True)
                    self._remove_empty(path.parent)
                    continue
                path.parent.mkdir(parents=True, exist_ok=True)
                mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else 0o644
            except OSError as error:
                raise UsageError(f"{error.filename or path} can't be changed: {error.strerror}.") from None
            replace_file(path, text, mode=mode, hint="Run `synq completion SHELL` to print the script.")

    def _remove_empty(self, folder: Path) -> None:
        """Remove the folder and those above it within the home, as long as they are empty."""
        while self.home in folder.parents and not any(folder.iterdir()):
            folder.rmdir()
            folder = folder.parent

    @property
    def _block(self) -> str:
        return _BEGIN.format(shell=self.shell) + self.lines + _END

    def _with_lines(self, text: str | None) -> str | None:
        if not self.lines or (text and self._block in text):
            return text
        rest = self._without_lines(text)
        # With a newline before them, whatever the file ended with, they can be removed without a trace.
        return self._block if rest is None else f"{rest}\n{self._block}"

    def _without_lines(self, text: str | None) -> str | None:
        """The text without the lines, also those of older versions; None if nothing else is left."""
        head, begin, rest = (text or "").partition(_BEGIN.format(shell=self.shell))
        _, end, tail = rest.partition(_END)
        if not (begin and end):
            return text
        return head.removesuffix("\n") + tail if head else tail or None


def installation(shell: str | None, environ: Mapping[str, str], platform: str = sys.platform) -> Installation:
    """The user's completion in this shell, by default that of $SHELL; UsageError if synq does not support it."""
    shell = shell or Path(environ.get("SHELL", "")).name or ("powershell" if platform == "win32" else "")
    shell = "powershell" if shell == "pwsh" else shell
    if shell not in SCRIPTS:
        raise UsageError(
            f"synq does not support completion in {shell}." if shell else "The variable SHELL is not set.",
            hint=f"Use one of {', '.join(SCRIPTS)}.",
        )
    home = environ.get("HOME") or environ.get("USERPROFILE")
    if not home:
        raise UsageError("The variable HOME is not set.")
    data = Path(environ.get("XDG_DATA_HOME") or Path(home, ".local", "share"))
    config = Path(environ.get("XDG_CONFIG_HOME") or Path(home, ".config"))
    if shell == "bash":
        script = data / "bash-completion" / "completions" / "synq"
        # bash-completion, if it is in use, would load the script by its path. synq can't find that out, and loading
        # the script takes half a millisecond, so bash always loads it at its start.
        lines = f'[ -z "${{BASH_VERSION-}}" ] || [ ! -r {_quoted(script)} ] || . {_quoted(script)}\n'
        file = _start_file_of_bash(Path(home), platform)
        return Installation(shell, Path(home), script, file, lines, f"source {_quoted(script)}")
    if shell == "zsh":
        script = data / "zsh" / "site-functions" / "_synq"
        file = Path(environ.get("ZDOTDIR") or home, ".zshrc")
        lines = (
            f"fpath=({_quoted(script.parent)} $fpath)\n"
            "(( ${+functions[compdef]} )) || { autoload -Uz compinit && compinit; }\n"
            "autoload -Uz _synq && compdef _synq synq\n"
        )
        return Installation(shell, Path(home), script, file, lines, f"source {_quoted(file)}")
    if shell == "fish":
        script = config / "fish" / "completions" / "synq.fish"
        return Installation(shell, Path(home), script, config / "fish" / "config.fish", "", f"source {_quoted(script)}")
    folder = documents_dir() / "PowerShell" if platform == "win32" else config / "powershell"
    script = folder / "synq.ps1"
    dot = ". '" + str(script).replace("'", "''") + "'"
    return Installation(shell, Path(home), script, folder / "Microsoft.PowerShell_profile.ps1", f"{dot}\n", dot)


def _start_file_of_bash(home: Path, platform: str) -> Path:
    """The start-up file of bash in a new window: macOS starts a login shell there, others do not."""
    if platform != "darwin":
        return home / ".bashrc"
    names = (".bash_profile", ".bash_login", ".profile")
    return next((home / name for name in names if (home / name).exists()), home / names[0])


def _quoted(path: Path) -> str:
    return shlex.quote(str(path))


def _read(path: Path) -> str | None:
    """The file's text with every byte unchanged; None if it does not exist."""
    try:
        return path.read_bytes().decode("utf-8", "surrogateescape")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UsageError(f"{path} can't be read: {error.strerror}.") from None
