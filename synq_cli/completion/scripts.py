"""The completion script of each shell: a template in this folder, filled with the tables of the command tree."""

from collections.abc import Callable
from importlib import resources
from typing import Any, Literal

from synq_cli import __version__

# The file name of each shell's script, here and in completions/.
Shell = Literal["bash", "zsh", "fish", "powershell", "pwsh"]
SCRIPTS = {"bash": "synq.bash", "zsh": "_synq", "fish": "synq.fish", "powershell": "synq.ps1"}

Named = list[tuple[str, str]]


def script(shell: str, root: Any) -> str:
    """The completion script of this shell for this command tree."""
    from synq_cli.completion.grammar import grammar

    known = grammar(root)
    names, shared, values = _WRITERS[shell]
    tables = {
        "BELOW": "\n".join(names(path, rows) for path, rows in known.below),
        "OPTIONS": "\n".join(names(path, rows) for path, rows in known.options),
        "SHARED": shared(known.shared),
        "VALUES": "\n".join(values(patterns, value) for patterns, value in known.values),
        "VERSION": __version__,
    }
    text = (resources.files("synq_cli.completion") / SCRIPTS[shell]).read_text(encoding="utf-8")
    for name, table in tables.items():
        text = text.replace(f"@{name}@", table)
    return text


def _bash_names(path: str, rows: Named) -> str:
    return f"    {_quoted(path)}) REPLY='{_names(rows)}' ;;"


def _names(rows: Named) -> str:
    return " ".join(name for name, _ in rows)


def _bash_value(patterns: list[str], value: str) -> str:
    return f"    {'|'.join(map(_glob, patterns))}) REPLY='{value}' ;;"


def _zsh_names(path: str, rows: Named) -> str:
    return f"    {_quoted(path)})\n        reply=(\n{_zsh_rows(rows)}\n        )\n        ;;"


def _zsh_rows(rows: Named) -> str:
    return "\n".join("            " + _quoted(f"{name}:{about}") for name, about in rows)


def _fish_names(path: str, rows: Named) -> str:
    return f"        case {_quoted(path)}\n{_fish_rows(rows, ' ' * 12)}"


def _fish_rows(rows: Named, indent: str = "    ") -> str:
    lines = " \\\n".join(f"{indent}    {_quoted(name)} {_quoted(about)}" for name, about in rows)
    return f"{indent}printf '%s\\t%s\\n' \\\n{lines}"


def _fish_value(patterns: list[str], value: str) -> str:
    return f"        case {' '.join(map(_quoted, patterns))}\n            echo '{value}'"


def _powershell_names(path: str, rows: Named) -> str:
    return f"        {_doubled(path)} {{\n{_powershell_rows(rows, ' ' * 12)}\n        }}"


def _powershell_rows(rows: Named, indent: str = "    ") -> str:
    tab = "`t"
    return "\n".join(f'{indent}"{name}{tab}{_escaped(about)}"' for name, about in rows)


def _powershell_value(patterns: list[str], value: str) -> str:
    return "\n".join(f"        {_doubled(pattern)} {{ return '{value}' }}" for pattern in patterns)


def _quoted(text: str) -> str:
    """Quoted for a POSIX shell or fish."""
    return "'" + text.replace("'", "'\\''") + "'"


def _glob(pattern: str) -> str:
    """The pattern, quoted except for its star."""
    return "*".join(_quoted(part) if part else "" for part in pattern.split("*"))


def _doubled(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _escaped(text: str) -> str:
    """Escaped for PowerShell's double quotes."""
    for character in '`"$':
        text = text.replace(character, f"`{character}")
    return text


# How each shell writes a row of names, the global options, and a row of values.
_WRITERS: dict[str, tuple[Callable[[str, Named], str], Callable[[Named], str], Callable[[list[str], str], str]]] = {
    "bash": (_bash_names, _names, _bash_value),
    "zsh": (_zsh_names, _zsh_rows, _bash_value),
    "fish": (_fish_names, _fish_rows, _fish_value),
    "powershell": (_powershell_names, _powershell_rows, _powershell_value),
}
