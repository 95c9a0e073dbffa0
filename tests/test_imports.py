"""What may import what: the rules of docs/architecture.md, from one pass over the source."""

import ast
from collections import Counter
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "synq_cli"
# Each package may import those after it; whatever lies directly in synq_cli and is not named here is free to all.
ORDER = (
    "__main__", "app", "commands", "mcp", "completion", "help_topics", "cli", "bulk", "resources", "http", "session",
    "state",
)  # fmt: skip
# What is outside that order, and what they may import.
APART = {"output": {"output"}, "sandbox": {"sandbox"}}
SANDBOX_STARTS_IN = {"cli/embedded", "commands/sandbox"}
# A library, or part of the standard one, and where it may be imported.
LIBRARIES = {
    "anyio": ("mcp/server",),
    "email_validator": ("addresses",),
    "falcon": ("sandbox",),
    "filelock": ("session", "state", "bulk/local/journal"),
    "http.client": (),
    "httpx": ("http", "cli/system"),  # which names a type of it
    "jq": ("output",),
    "jwt": ("sandbox",),
    "keyring": ("session/tokens/keyring",),
    "mcp": ("mcp/server",),
    "mcp_types": ("mcp/server",),
    "platformdirs": ("state/folders",),
    "psycopg": ("state/team",),
    "python_calamine": ("excel",),
    "rfc3986_validator": ("addresses",),
    "rich": ("output",),
    "sqlite3": ("state", "sandbox/store"),
    "truststore": ("session/network/trust",),
    "typer": ("app", "cli"),
    "urllib.request": (),
    "waitress": ("sandbox",),
    "xlsxwriter": ("excel",),
    "yaml": ("exact_yaml",),
}
MODULES_IN_A_FOLDER = 12


def name_of(path: Path) -> str:
    """`cli/options` for synq_cli/cli/options.py, `cli` for its __init__.py."""
    return path.relative_to(PACKAGE).with_suffix("").as_posix().removesuffix("/__init__")


PATHS = {name_of(path): path for path in PACKAGE.rglob("*.py")}


def imported(path: Path) -> set[str]:
    """Dotted names that a module imports anywhere, in functions and for typing too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def module(dotted: str) -> str | None:
    """The module of synq that a dotted name is in, by its name here."""
    place = dotted.removeprefix("synq_cli.").replace(".", "/")
    return next((name for name in (place, place.rpartition("/")[0]) if name in PATHS), None)


@cache
def names_imported() -> dict[str, set[str]]:
    """What each module imports, by dotted names."""
    return {name: imported(path) for name, path in PATHS.items()}


@cache
def modules_imported() -> dict[str, set[str]]:
    """Which modules of synq each module imports."""
    return {
        name: {found for dotted in names if dotted.startswith("synq_cli.") and (found := module(dotted))} - {name}
        for name, names in names_imported().items()
    }


def may_import(name: str, other: str) -> bool:
    here, there = name.split("/", maxsplit=1)[0], other.split("/", maxsplit=1)[0]
    if here in APART:
        return there in APART[here] or there not in {*ORDER, *APART}
    if there in ORDER:
        return here in ORDER and ORDER.index(here) <= ORDER.index(there)
    if there == "output":
        return here in {"app", "cli", "commands", "help_topics"}
    return there != "sandbox" or name in SANDBOX_STARTS_IN


def test_imports_go_down_only() -> None:
    found = [(name, other) for name, others in modules_imported().items() for other in others]
    assert [f"{name} -> {other}" for name, other in found if not may_import(name, other)] == []


def test_no_import_circle() -> None:
    try:
        TopologicalSorter(modules_imported()).prepare()
    except CycleError as error:
        raise AssertionError(" -> ".join(error.args[1])) from None


def test_each_library_has_one_home() -> None:
    astray = []
    for name, names in names_imported().items():
        for dotted in names:
            for library, homes in LIBRARIES.items():
                if f"{dotted}.".startswith(f"{library}.") and not f"{name}/".startswith(
                    tuple(f"{home}/" for home in homes)
                ):
                    astray.append(f"{name} imports {dotted}")
    assert astray == []


def test_only_the_context_reads_the_process() -> None:
    """The environment and the arguments come from the context of a run."""
    process = ("os.environ", "os.getenv", "sys.argv")
    readers = {
        name for name, path in PATHS.items() if any(word in path.read_text(encoding="utf-8") for word in process)
    }
    assert readers == {"__main__", "app", "cli/system"}


def test_a_folder_has_at_most_twelve_modules() -> None:
    modules = Counter(path.parent for path in PATHS.values() if path.name != "__init__.py")
    assert {str(folder): count for folder, count in modules.items() if count > MODULES_IN_A_FOLDER} == {}
