"""Profiles in config.yaml: read, and changed by one writer at a time."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from synq_cli import __version__
from synq_cli.errors import UsageError
from synq_cli.nearest import did_you_mean, nearest
from synq_cli.state.folders import replace_file, sole_writer

if TYPE_CHECKING:
    from synq_cli.exact_yaml import Node
    from synq_cli.state.memory import Memory

_HEADER = "# Written by `synq config` and `synq auth`; comments are not kept.\n"
_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
_TOPIC = "read"  # in the memory: what files say
_MAP, _TEXT, _NULL = (f"tag:yaml.org,2002:{kind}" for kind in ("map", "str", "null"))


class Config(NamedTuple):
    """config.yaml: the profile that `auth switch` chose, and each profile's settings."""

    path: Path
    current: str | None = None
    profiles: Mapping[str, Mapping[str, object]] = MappingProxyType({})


def load(path: Path, memory: "Memory | None" = None) -> Config:
    """Read the file; a missing one is empty, a damaged one a UsageError that names it."""
    document = _read(path, memory)
    return Config(path, document.get("current_profile"), document["profiles"])


def change(path: Path, edit: Callable[[dict[str, Any]], None]) -> Config:
    """Let `edit` change the document in place, while no other synq writes it; replaces the file at once."""
    from synq_cli import exact_yaml

    with sole_writer(path):
        document = _read(path)
        edit(document)
        replace_file(path, _HEADER + exact_yaml.dump_settings(document))
    return load(path)


def keep(path: Path, profile: str, name: str, value: object) -> None:
    """Keep one setting of a profile."""
    change(path, lambda config: config["profiles"].setdefault(profile, {}).update({name: value}))


def check_name(name: str, origin: str = "The profile") -> str:
    """The name, or UsageError, naming its origin, if no profile can be called that."""
    if not _NAME.fullmatch(name):
        shown = name if len(name) <= 80 else f"{name[:80]}..."  # a token by mistake is not repeated whole
        raise UsageError(
            f"{origin} is {shown!r}, which can't be a profile's name.",
            hint="Use up to 64 letters, digits, dots, dashes and underscores.",
        )
    return name


def existing(config: Config, name: str) -> str:
    """The name if there is such a profile (the sandbox always is); UsageError names the ones there are."""
    known = list(dict.fromkeys([*config.profiles, "sandbox"]))
    if name in known:
        return name
    raise UsageError(
        f"There is no profile {name!r}.",
        hint=f"{did_you_mean(name, known)}Profiles: {', '.join(known)}. `synq auth login --profile NAME` makes one.",
    )


def near_profile(config: Config, name: str) -> str:
    """A question that names the profile which may be meant, if there is none of this name."""
    near = [] if name in config.profiles else nearest(name, config.profiles)
    return f" Did you mean the profile {near[0]}?" if near else ""


def token_store(config: Config, name: str) -> str:
    """Where the profile's token is kept: "keyring" or "file"."""
    where = config.profiles.get(name, {}).get("token_store", "keyring")
    if where not in ("keyring", "file"):  # a tuple, since the file may hold a list here
        raise damaged(config.path, f"token_store of profile {name} must be keyring or file")
    return str(where)


def _read(path: Path, memory: "Memory | None" = None) -> dict[str, Any]:
    """What the file says, its shape checked, with `profiles` a mapping of mappings; empty if there is none."""
    document = read_yaml(path, _check_shape, memory) or {}
    profiles = document.get("profiles") or {}
    document["profiles"] = {name: settings or {} for name, settings in profiles.items()}
    return document


def read_yaml(
    path: Path, check: "Callable[[Path, Node], None]", memory: "Memory | None" = None
) -> dict[str, Any] | None:
    """The mapping that a file holds, once its shape was checked; None if it is not there or empty.

    What a text says is kept in the memory beside that text: PyYAML takes 25 ms to load, and the text rarely changes.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise damaged(path, f"it can't be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise damaged(path, "it is not UTF-8 text") from None
    if not text.strip():
        return None
    known = memory.recall(_TOPIC, str(path)) if memory else None
    # Another synq may have looked at it less closely.
    here = {"by": __version__, "text": text}
    if isinstance(known, dict) and known.items() >= here.items() and isinstance(known.get("says"), dict):
        return dict(known["says"])
    document = _parsed(path, text, check)
    if memory and document is not None and _survives_json(document):
        memory.remember(_TOPIC, str(path), here | {"says": document})
    return document


def _survives_json(document: dict[str, Any]) -> bool:
    """Whether JSON gives it back as it is: it has no dates, and no keys but text."""
    import json

    try:
        return bool(json.loads(json.dumps(document)) == document)
    except (TypeError, ValueError, RecursionError):
        return False


def _parsed(path: Path, text: str, check: "Callable[[Path, Node], None]") -> dict[str, Any] | None:
    from synq_cli import exact_yaml

    try:
        document: dict[str, Any] | None = exact_yaml.load_settings(text, lambda root: check(path, root))
    except exact_yaml.InvalidYamlError as error:
        raise damaged(path, error.problem, error.line) from None
    return document


def _check_shape(path: Path, root: "Node") -> None:
    """UsageError for what PyYAML lets pass: shapes that synq does not write, and keys that stand there twice."""
    wanted = "it must map `profiles` to names and their settings"
    for key, value in entries(path, root, wanted):
        if key.tag != _TEXT:
            raise damaged(path, "a key must be a word", key.start_mark.line)
        if key.value == "current_profile" and value.tag not in {_TEXT, _NULL}:
            raise damaged(path, "current_profile must be a name", value.start_mark.line)
        if key.value != "profiles" or value.tag == _NULL:
            continue
        for name, settings in entries(path, value, wanted):
            if name.tag != _TEXT:
                raise damaged(path, f"profile {name.value} must have a name in quotes", name.start_mark.line)
            if settings.tag != _NULL:
                entries(path, settings, f"profile {name.value} must be a mapping of settings")


def entries(path: Path, node: "Node", otherwise: str) -> list[tuple["Node", "Node"]]:
    """Keys and values of a mapping; UsageError says `otherwise` if it is none, and names a key that is there twice."""
    if node.tag != _MAP or not isinstance(node.value, list):
        raise damaged(path, otherwise, node.start_mark.line)
    seen: set[str] = set()
    for key, _ in node.value:
        if str(key.value) in seen:
            raise damaged(path, f"{key.value} stands there twice", key.start_mark.line)
        seen.add(str(key.value))
    return node.value


def damaged(path: Path, what: str, line: int | None = None) -> UsageError:
    """The error for a file that can't be read as it must be; lines are counted from 0."""
    return UsageError(
        f"{path} is damaged: {what}" + ("." if line is None else f" in line {line + 1}."),
        hint="Mend it in an editor, or move it away; synq does not overwrite it.",
    )
