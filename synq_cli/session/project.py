"""The .synq.yaml of a folder: it may name the profile that is used there and below, and nothing else."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from synq_cli.session.profiles import check_name, damaged, entries, read_yaml
from synq_cli.session.settings import Settings
from synq_cli.state.memory import Memory

if TYPE_CHECKING:
    from synq_cli.exact_yaml import Node

_FILE = ".synq.yaml"


def find_project(working_folder: Callable[[], Path], memory: Memory) -> tuple[str, str] | None:
    """The profile that the nearest .synq.yaml names, in the folder or above, and that file; None if there is none.

    UsageError if it says anything else: a folder that was downloaded must not say where tokens go or what is run.
    """
    try:
        folder = working_folder()
    except OSError:  # it was deleted meanwhile
        return None
    for place in (folder, *folder.parents):
        path = place / _FILE
        if _is_file(path):
            named = (read_yaml(path, _check_shape, memory) or {}).get("profile")
            return None if named is None else (check_name(named, f"profile in {path}"), str(path))
    return None


def announce_project(settings: Settings, memory: Memory, note: Callable[[str], None]) -> None:
    """Say once which profile a .synq.yaml has chosen, if one has."""
    profile, file = settings.profile, settings.sources["profile"]
    if file.endswith(_FILE) and memory.recall("projects", file) != profile:
        note(f"{file} chooses profile {profile} in its folder and below.")
        memory.remember("projects", file, profile)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a folder above that is closed to us
        return False


def _check_shape(path: Path, root: "Node") -> None:
    for key, value in entries(path, root, "it must say `profile: NAME`"):
        if key.value != "profile":
            raise damaged(path, f"it may name the profile and nothing else, not {key.value}", key.start_mark.line)
        if value.tag != "tag:yaml.org,2002:str":
            raise damaged(path, "profile must be a name; put it in quotes", value.start_mark.line)
