"""The .synq.yaml of a folder: it may name the profile that is used there and below, and nothing else."""

from pathlib import Path
from typing import TYPE_CHECKING

from synq_cli.session.profiles import check_name, damaged, entries, read_yaml

if TYPE_CHECKING:
    from yaml import Node

PROJECT_FILE = ".synq.yaml"


def find_project(folder: Path) -> tuple[str, str] | None:
    """The profile that the nearest .synq.yaml names, in the folder or above, and that file; None if there is none.

    UsageError if it says anything else: a folder that was downloaded must not say where tokens go or what is run.
    """
    for place in (folder, *folder.parents):
        path = place / PROJECT_FILE
        if _is_file(path):
            named = (read_yaml(path, _check_shape) or {}).get("profile")
            return None if named is None else (check_name(named, f"profile in {path}"), str(path))
    return None


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
