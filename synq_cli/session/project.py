"""The .synq.yaml of a folder: it may name the profile to use there and below, and nothing else."""

from collections.abc import Callable
from pathlib import Path

from synq_cli.session.profiles import check_name, damaged, read_yaml
from synq_cli.session.settings import Settings
from synq_cli.state.cache import Cache

_FILE = ".synq.yaml"


def find_project(working_folder: Callable[[], Path], cache: Cache) -> tuple[str, str] | None:
    """The profile that the nearest .synq.yaml names, in the folder or above, and that file; None if there is none.

    UsageError if it has other content: a downloaded folder must not decide where tokens are sent or what is run.
    """
    try:
        folder = working_folder()
    except OSError:  # it was deleted meanwhile
        return None
    for place in (folder, *folder.parents):
        path = place / _FILE
        if _is_file(path):
            document = read_yaml(path, cache)
            if others := [name for name in document if name != "profile"]:
                raise damaged(path, f"it may set the profile and nothing else, not {others[0]}")
            named = document.get("profile")
            if not isinstance(named, str | None):
                raise damaged(path, "profile must be a name; put it in quotes")
            return None if named is None else (check_name(named, str(path)), str(path))
    return None


def announce_project(settings: Settings, cache: Cache, note: Callable[[str], None]) -> None:
    """Note once which profile a .synq.yaml has chosen, if one has."""
    profile, file = settings.profile, settings.sources["profile"]
    if file.endswith(_FILE) and cache.get("projects", file) != profile:
        note(f"{file} selects profile {profile} for its folder and subfolders.")
        cache.set("projects", file, profile)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a folder above it is not readable
        return False
