"""The listing of docs/architecture.md is the tree: names, two spaces, what they are; indented below their folder."""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs/architecture.md"
# A folder's line speaks for its __init__.py.
UNSAID = {"__init__.py"}


def listed() -> Iterator[str]:
    """The path of each file and folder that the listing names, folders with a slash at the end."""
    block = re.search(r"\n\n((?:    .*\n)+)\n## What may import what", PAGE.read_text(encoding="utf-8"))
    assert block
    folders: list[tuple[int, str]] = []
    for line in block[1].splitlines():
        indent = len(line) - len(line.lstrip())
        names = re.split(r"\s{2,}", line.strip())[0].split()
        folders = [(depth, folder) for depth, folder in folders if depth < indent]
        above = folders[-1][1] if folders else ""
        yield from (above + name for name in names)
        if names[0].endswith("/"):
            folders.append((indent, above + names[0]))


def there(folder: Path) -> Iterator[str]:
    """The same of a folder of the tree."""
    for path in folder.iterdir():
        if path.name != "__pycache__" and not (path.name in UNSAID and folder.name != "synq_cli"):
            yield path.relative_to(ROOT).as_posix() + ("/" if path.is_dir() else "")
            if path.is_dir():
                yield from there(path)


def test_the_listing_names_everything_in_the_package_once() -> None:
    named = [path for path in listed() if path.startswith("synq_cli/")]
    assert sorted(named) == sorted(["synq_cli/", *there(ROOT / "synq_cli")])


def test_all_else_it_names_is_there() -> None:
    missing = [path for path in listed() if not (ROOT / path).exists() or path.endswith("/") != (ROOT / path).is_dir()]
    assert missing == []


def test_it_names_every_script_and_every_page_of_the_root() -> None:
    written = {path.relative_to(ROOT).as_posix() for pattern in ("scripts/*.*", "*.md") for path in ROOT.glob(pattern)}
    assert written <= set(listed())
