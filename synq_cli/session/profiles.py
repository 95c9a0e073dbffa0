"""Profiles in config.yaml: read, and changed by one process at a time."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from synq_cli import exact_json
from synq_cli.errors import UsageError
from synq_cli.nearest import did_you_mean
from synq_cli.state.cache import Cache
from synq_cli.state.folders import replace_file, sole_writer

_HEADER = "# Written by `synq config` and `synq auth`; comments are not kept.\n"
# Names the profile to use in its folder and below, and nothing else.
_PROJECT_FILE = ".synq.yaml"
_UNREADABLE = "Check whose file it is: synq under sudo may have made it. Or set SYNQ_CONFIG_DIR to another folder."
_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")


class Config(NamedTuple):
    """config.yaml: the profile that `auth switch` chose, and each profile's settings; `unknown` is what else it has."""

    path: Path
    current: str | None = None
    profiles: Mapping[str, Mapping[str, object]] = MappingProxyType({})
    unknown: Mapping[str, object] = MappingProxyType({})


def load(path: Path, cache: Cache | None = None) -> Config:
    """Read the file; a missing one is empty, a damaged one a UsageError that names it."""
    document = _read(path, cache)
    unknown = {name: value for name, value in document.items() if name not in {"current_profile", "profiles"}}
    return Config(path, document.get("current_profile"), document["profiles"], unknown)


def change(path: Path, edit: Callable[[dict[str, Any]], None]) -> Config:
    """Let `edit` change the document in place, while no other synq writes it; replaces the file at once."""
    from synq_cli import exact_yaml

    with sole_writer(path):
        document = _read(path)
        edit(document)
        replace_file(path, _HEADER + exact_yaml.dumps(document))
    return load(path)


def save_setting(path: Path, profile: str, name: str, value: object) -> None:
    """Set one setting of a profile."""
    change(path, lambda config: config["profiles"].setdefault(profile, {}).update({name: value}))


def check_name(name: str, origin: str = "") -> str:
    """The name; UsageError, naming its origin, if it is not valid for a profile."""
    if not _NAME.fullmatch(name):
        shown = name if len(name) <= 80 else f"{name[:80]}..."  # a token by mistake is not repeated whole
        raise UsageError(
            f'Invalid profile name "{shown}"{origin and f" from {origin}"}.',
            hint="Use 1 to 64 letters, digits, dots, dashes and underscores.",
        )
    return name


def existing(config: Config, name: str) -> str:
    """The name if there is such a profile (the sandbox always is); UsageError names the nearest ones."""
    known = list(dict.fromkeys([*config.profiles, "sandbox"]))
    if name in known:
        return name
    raise UsageError(
        f'Unknown profile "{name}".',
        hint=f"{did_you_mean(name, known)}Profiles: {', '.join(known)}. Create one: synq auth login --profile NAME",
    )


def token_store(config: Config, name: str) -> str:
    """Where the profile's token is stored: "keyring" or "file"."""
    where = config.profiles.get(name, {}).get("token_store", "keyring")
    if where not in ("keyring", "file"):  # a tuple, since the file may have a list here
        raise damaged(config.path, f"token_store of profile {name} must be keyring or file")
    return str(where)


def read_yaml(path: Path, cache: Cache | None = None) -> dict[str, Any]:
    """The mapping in a YAML file, empty if it is missing or empty; UsageError if it is damaged, or a broken link.

    It is cached as JSON beside the file's text, which rarely changes: PyYAML takes 20 ms (5 ms with libyaml).
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        # What it would say is unknown, such as the policy of a profile.
        for place in (path, *path.parents):
            if place.is_symlink() and not place.exists():
                raise UsageError(
                    f"{path} can't be used: {place} is a symbolic link to a place that doesn't exist.",
                    hint="Restore that place, or remove the link.",
                ) from None
        return {}
    except OSError as error:
        raise UsageError(f"{path} can't be used: it can't be read ({error.strerror}).", hint=_UNREADABLE) from None
    except UnicodeDecodeError:
        raise damaged(path, "it is not UTF-8 text") from None
    if not text.strip():
        return {}
    try:
        cached = cache.get("yaml", str(path)) if cache else {}
        document = exact_json.loads(cached["json"]) if cached["text"] == text else _parsed(path, text, cache)
    except (KeyError, TypeError, ValueError):  # not cached, or the cache is damaged
        document = _parsed(path, text, cache)
    if document is not None and not isinstance(document, dict):
        raise damaged(path, "it must be a mapping")
    return document or {}


def _parsed(path: Path, text: str, cache: Cache | None) -> Any:
    from synq_cli import exact_yaml

    try:
        document = exact_yaml.loads(text)
    except exact_yaml.InvalidYamlError as error:
        raise damaged(path, str(error)) from None
    if cache and "*" not in text:  # with aliases, a short text can stand for an endless document
        cache.set("yaml", str(path), {"text": text, "json": exact_json.dumps(document)})
    return document


def damaged(path: Path, problem: str) -> UsageError:
    """The error for a configuration file with invalid content."""
    return UsageError(
        f"{path} can't be used: {problem}.", hint="Fix it in an editor, or move it away; synq does not overwrite it."
    )


def _read(path: Path, cache: Cache | None = None) -> dict[str, Any]:
    """What the file says, its shape checked, with `profiles` a mapping of mappings."""
    document = read_yaml(path, cache)
    profiles = {} if (named := document.get("profiles")) is None else named
    if not isinstance(document.get("current_profile"), str | None):
        raise damaged(path, "current_profile must be a name; put it in quotes")
    if not isinstance(profiles, dict):
        raise damaged(path, "profiles must map names to settings")
    for name, settings in profiles.items():
        if not isinstance(settings, dict | None):
            raise damaged(path, f"profile {name} must be a mapping of settings")
    return {**document, "profiles": {name: settings or {} for name, settings in profiles.items()}}


def find_project(working_folder: Callable[[], Path], cache: Cache) -> tuple[str, str] | None:
    """The profile that the nearest .synq.yaml names, in the folder or above, and that file; None if there is none.

    UsageError if it has other content: a downloaded folder must not decide where tokens are sent or what is run.
    UsageError, too, for a .synq.yml, so that nobody takes its profile for the one in use.
    """
    try:
        folder = working_folder()
    except OSError:  # it was deleted meanwhile
        return None
    for place in (folder, *folder.parents):
        path = place / _PROJECT_FILE
        if _is_file(path):
            document = read_yaml(path, cache)
            if others := [name for name in document if name != "profile"]:
                raise damaged(path, f"it may set the profile and nothing else, not {others[0]}")
            named = document.get("profile")
            if not isinstance(named, str | None):
                raise damaged(path, "profile must be a name; put it in quotes")
            return None if named is None else (check_name(named, str(path)), str(path))
        if _is_file(misnamed := path.with_suffix(".yml")):
            raise UsageError(f"{misnamed} is not used.", hint=f"Rename it to {_PROJECT_FILE}, or remove it.")
    return None


def announce_project(profile: str, file: str, cache: Cache, note: Callable[[str], None]) -> None:
    """Note once which profile a .synq.yaml has chosen, if the source of the profile is one."""
    if file.endswith(_PROJECT_FILE) and cache.get("projects", file) != profile:
        note(f"{file} selects profile {profile} for its folder and subfolders.")
        cache.set("projects", file, profile)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file() or path.is_symlink()
    except OSError:  # a folder above it is not readable
        return False
