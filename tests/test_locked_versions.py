"""constraints.txt has a version of everything that pyproject.toml names."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_every_dependency_is_locked() -> None:
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    project, groups = pyproject["project"], pyproject["dependency-groups"]
    lists = [pyproject["build-system"]["requires"], project["dependencies"], *groups.values()]
    lists += project["optional-dependencies"].values()
    named = {re.split(r"[\[<>=]", each)[0] for one in lists for each in one if isinstance(each, str)}
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()[1:]
    pinned = {re.fullmatch(r"([\w.-]+)==[\w.]+", line)[1].lower().replace("_", "-") for line in lines}
    assert {name.lower() for name in named} - pinned == set()
