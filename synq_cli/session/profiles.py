"""Profiles in config.yaml: read, and changed by one writer at a time."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from synq_cli.errors import UsageError
from synq_cli.session.folders import replace_file, sole_writer

_HEADER = "# Written by `synq config` and `synq auth`; comments are not kept.\n"
_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")


@dataclass(frozen=True)
class Config:
    """config.yaml: the profile that `auth switch` chose, and each profile's settings."""

    path: Path
    current: str | None = None
    profiles: Mapping[str, Mapping[str, object]] = field(default_factory=dict)


def load(path: Path) -> Config:
    """Read the file; a missing one is empty, a damaged one a UsageError that names it."""
    document = _read(path)
    return Config(path, document.get("current_profile"), document.get("profiles") or {})


def change(path: Path, edit: Callable[[dict[str, Any]], None]) -> Config:
    """Let `edit` change the document in place, while no other synq writes it; replaces the file at once."""
    import yaml

    with sole_writer(path):
        document = _read(path)
        document.setdefault("profiles", {})
        edit(document)
        text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True)
        if any(line_break in text for line_break in "\x85\u2028\u2029"):
            text = yaml.safe_dump(document, sort_keys=False)  # PyYAML reads these back as blanks unless escaped
        replace_file(path, _HEADER + text)
    return load(path)


def check_name(name: str, origin: str = "The profile") -> str:
    """The name, or UsageError, naming its origin, if no profile can be called that."""
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{origin} is {name!r}, which can't be a profile's name.",
            hint="Use up to 64 letters, digits, dots, dashes and underscores.",
        )
    return name


def existing(config: Config, name: str) -> str:
    """The name if there is such a profile (the sandbox always is); UsageError names the ones there are."""
    from difflib import get_close_matches

    known = list(dict.fromkeys([*config.profiles, "sandbox"]))
    if name in known:
        return name
    near = get_close_matches(name, known, n=1)
    raise UsageError(
        f"There is no profile {name!r}.",
        hint=(f"Did you mean {near[0]}? " if near else "")
        + f"Profiles: {', '.join(known)}. `synq auth login --profile NAME` makes one.",
    )


def token_store(config: Config, name: str) -> str:
    """Where the profile's token is kept: "keyring" or "file"."""
    where = config.profiles.get(name, {}).get("token_store", "keyring")
    if where not in ("keyring", "file"):  # a tuple, since the file may hold a list here
        raise _damaged(config.path, f"token_store of profile {name} must be keyring or file")
    return str(where)


def _read(path: Path) -> dict[str, Any]:
    """What the file says, its shape checked; empty if there is none."""
    document = _parsed(path)
    if document is None:
        return {}
    profiles = document.get("profiles") if isinstance(document, dict) else None
    if not isinstance(document, dict) or not isinstance(profiles, dict | None):
        raise _damaged(path, "it must map `profiles` to names and their settings")
    for name, settings in (profiles or {}).items():
        if not isinstance(name, str):
            raise _damaged(path, f"profile {name} must have a name in quotes")
        if not isinstance(settings, dict | None):
            raise _damaged(path, f"profile {name} must be a mapping of settings")
    if not isinstance(document.get("current_profile"), str | None):
        raise _damaged(path, "current_profile must be a name")
    document["profiles"] = {name: settings or {} for name, settings in (profiles or {}).items()}
    return document


def _parsed(path: Path) -> Any:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _damaged(path, f"it can't be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise _damaged(path, "it is not UTF-8 text") from None
    if not text.strip():
        return None
    import yaml

    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" in line {mark.line + 1}" if mark else ""
        raise _damaged(path, f"{getattr(error, 'problem', None) or 'it is no YAML'}{line}") from None
    except ValueError as error:  # a date or a number that there can't be
        raise _damaged(path, str(error)) from None
    except RecursionError:
        raise _damaged(path, "it is nested too deeply") from None


def _damaged(path: Path, what: str) -> UsageError:
    return UsageError(
        f"{path} is damaged: {what}.",
        hint="Mend it in an editor, or move it away; synq does not overwrite it.",
    )
