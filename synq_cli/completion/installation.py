"""Where each shell finds its completion script, how that is put there, and how it is taken back."""

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

_BEGIN = "# >>> synq completion; `synq completion uninstall {shell}` takes these lines back >>>\n"
_END = "# <<< synq completion <<<\n"
# Where packages of an operating system put the scripts.
_SYSTEM = {
    "bash": ("/usr/share/bash-completion/completions/synq", "/etc/bash_completion.d/synq"),
    "zsh": ("/usr/local/share/zsh/site-functions/_synq", "/usr/share/zsh/site-functions/_synq"),
    "fish": ("/usr/share/fish/vendor_completions.d/synq.fish",),
    "powershell": (),
}


@dataclass(frozen=True)
class Edit:
    """A file as it is to be; None if it is to go."""

    path: Path
    text: str | None


@dataclass(frozen=True)
class Installation:
    """One user's completion in one shell: the script, the file that the shell reads first, and the lines in there.

    No `lines` where the shell finds the script by its place; `start` is how an open shell gets it.
    """

    shell: str
    home: Path
    script: Path
    start_file: Path
    lines: str
    start: str

    def install(self, text: str) -> list[Edit]:
        """What is to be changed for this script to be used; nothing if it is already."""
        before = _read(self.start_file)
        edits = [Edit(self.script, text), Edit(self.start_file, self._with_lines(before))]
        return [edit for edit in edits if edit.text != _read(edit.path)]

    def uninstall(self) -> list[Edit]:
        """What is to be changed for all of it to be gone; nothing if it is."""
        edits = [Edit(self.script, None)] if _read(self.script) is not None else []
        before = _read(self.start_file)
        after = self._without_lines(before)
        return edits if after == before else [*edits, Edit(self.start_file, after)]

    def place(self) -> tuple[Path | None, str | None]:
        """Where the shell gets its script from, None if from nowhere, and what is wrong with that, None if nothing is.

        It may also come with the system, or be printed by synq at each start.
        """
        before = _read(self.start_file)
        if f"synq completion {self.shell}" in (before or ""):
            return self.start_file, None
        for path in (self.script, *map(Path, _SYSTEM[self.shell])):
            if (text := _read(path)) is None:
                continue
            if f" synq {__version__} " not in text.partition("\n\n")[0]:
                return path, f"{path} is of another version of synq."
            loaded = path != self.script or self._with_lines(before) == before
            return path, None if loaded else f"{self.start_file} does not load {path}."
        return None, f"Not installed for {self.shell}."

    def carry_out(self, edits: list[Edit]) -> None:
        """Make these changes; UsageError names the file that can't be changed."""
        for edit in edits:
            try:
                if edit.text is None:
                    edit.path.unlink(missing_ok=True)
                    self._remove_empty(edit.path.parent)
                    continue
                edit.path.parent.mkdir(parents=True, exist_ok=True)
                mode = stat.S_IMODE(edit.path.stat().st_mode) if edit.path.exists() else 0o644
            except OSError as error:
                raise UsageError(f"{error.filename or edit.path} can't be changed: {error.strerror}.") from None
            replace_file(edit.path, edit.text, mode=mode, hint="`synq completion SHELL` prints the script.")

    def _remove_empty(self, folder: Path) -> None:
        """The folder, and those above it within the home, as far as nothing else is in them."""
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
        # With a line break before them, whatever the file ended with, they can be taken out again without a trace.
        return self._block if rest is None else f"{rest}\n{self._block}"

    def _without_lines(self, text: str | None) -> str | None:
        """The text without the lines, also those of an older synq; None if there is nothing but them."""
        head, begin, rest = (text or "").partition(_BEGIN.format(shell=self.shell))
        _, end, tail = rest.partition(_END)
        if not (begin and end):
            return text
        return head.removesuffix("\n") + tail if head else tail or None


def installation(shell: str | None, environ: Mapping[str, str], platform: str = sys.platform) -> Installation:
    """The user's completion in this shell, or in the one that $SHELL names; UsageError if synq has none for it."""
    shell = shell or Path(environ.get("SHELL", "")).name or ("powershell" if platform == "win32" else "")
    shell = "powershell" if shell == "pwsh" else shell
    if shell not in SCRIPTS:
        raise UsageError(
            f"synq has no completion for {shell}." if shell else "SHELL does not say which shell is yours.",
            hint=f"Name one: {', '.join(SCRIPTS)}.",
        )
    home = environ.get("HOME") or environ.get("USERPROFILE")
    if not home:
        raise UsageError("HOME is not set, so there is no place for the script.")
    data = Path(environ.get("XDG_DATA_HOME") or Path(home, ".local", "share"))
    config = Path(environ.get("XDG_CONFIG_HOME") or Path(home, ".config"))
    if shell == "bash":
        script = data / "bash-completion" / "completions" / "synq"
        # bash-completion would load it by its place when it is first needed. Whether that is there and in use can't be
        # told from outside, and reading the script takes half a millisecond; so it is always read at the start.
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
    """The file that bash reads first in a new window: macOS starts a login shell there, others do not."""
    if platform != "darwin":
        return home / ".bashrc"
    names = (".bash_profile", ".bash_login", ".profile")
    return next((home / name for name in names if (home / name).exists()), home / names[0])


def _quoted(path: Path) -> str:
    return shlex.quote(str(path))


def _read(path: Path) -> str | None:
    """The file's text with every byte and line break as it is; None if there is none."""
    try:
        return path.read_bytes().decode("utf-8", "surrogateescape")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UsageError(f"{path} can't be read: {error.strerror}.") from None
