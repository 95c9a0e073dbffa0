"""What may import what: the rules of docs/architecture.md, read from the source."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "synq_cli"
BOTTOM = {"deadline", "errors", "exact_json", "exact_yaml", "nearest", "times", "uuids", "__init__"}
ALLOWED = {
    "http": {"http", "session"},
    "api": {"api", "http", "session", "state"},
    "state": {"state"},
    "session": {"session"},
    "output": {"output"},
    "sandbox": {"sandbox"},
    "bulk": {"api", "bulk", "session", "state"},
    "documents": set(),
    "declaration": {"api"},
    "embedded": {"sandbox"},
    "system": {"session"},
    "invocation": {"api", "bulk", "documents", "embedded", "http", "session", "output", "system"},
    "diagnosis": {"api", "completion", "invocation", "output", "session"},
    "login": {"invocation", "output", "session"},
    "webhook_secret": {"invocation", "output", "session"},
    "options": {"declaration", "invocation", "session", "values"},
    "lazy_group": {"api", "declaration", "options"},
    "values": set(),
    "tree": {"api", "declaration", "options", "values"},
    "topics": {"session", "tree"},
    "completion": {"api", "bulk", "completion", "session", "tree", "values"},
    "commands": {
        "commands",
        "declaration",
        "diagnosis",
        "documents",
        "lazy_group",
        "login",
        "options",
        "output",
        "session",
        "api",
        "bulk",
        "topics",
        "completion",
        "tree",
        "values",
        "webhook_secret",
    },
    "app": {"completion", "invocation", "lazy_group", "session", "system"},
    "__main__": {"app", "completion"},
}
# Each library and the only places that may import it.
LIBRARIES = {
    "truststore": {"session/trust"},
    "httpx": {"http"},
    "http.client": set(),
    "urllib.request": set(),
    "rich": {"output"},
    "keyring": {"session/keyring"},
    "yaml": {"exact_yaml"},
    "filelock": {"session", "bulk/journal"},
    "platformdirs": {"session/folders"},
    "jq": {"output"},
    "sqlite3": {"state", "sandbox/store"},
    "falcon": {"sandbox"},
    "waitress": {"sandbox"},
    "jwt": {"sandbox"},
    "typer": {"app", "lazy_group", "options", "commands"},
}
MODULES = sorted(PACKAGE.rglob("*.py"))


class NoTyping(ast.NodeTransformer):
    """Drops what stands under TYPE_CHECKING."""

    def visit_If(self, node: ast.If) -> ast.AST | None:
        return None if isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING" else node


def imports(path: Path, *, typing_too: bool) -> Iterator[str]:
    """Dotted names that a module imports, wherever in it."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree if typing_too else NoTyping().visit(tree)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module == "synq_cli":
            yield from (f"synq_cli.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module


def place(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").as_posix()


@pytest.mark.parametrize("path", MODULES, ids=place)
def test_a_module_imports_only_what_lies_below_it(path: Path) -> None:
    here = place(path)
    room = here.split("/")[0]
    ours = {name.split(".")[1] for name in imports(path, typing_too=True) if name.startswith("synq_cli.")}
    ours -= {"__version__"} | BOTTOM
    allowed = ALLOWED.get(room, set())
    assert ours <= allowed, f"{here} reaches into {sorted(ours - allowed)}"


@pytest.mark.parametrize("path", MODULES, ids=place)
def test_a_library_is_imported_only_in_its_room(path: Path) -> None:
    here = place(path)
    for name in imports(path, typing_too=False):
        rooms = LIBRARIES.get(name, LIBRARIES.get(name.split(".")[0]))
        assert rooms is None or any(
            here == room or here.startswith(room + "/") or room in here.split("/")[:1] for room in rooms
        ), f"{here} imports {name}"


@pytest.mark.parametrize("path", MODULES, ids=place)
def test_a_module_says_in_one_sentence_what_it_is(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    docstring = ast.get_docstring(ast.parse(source))
    assert docstring, f"{place(path)} has no docstring"
    if path.name != "errors.py":  # its tree is drawn there
        assert "\n" not in docstring.strip(), f"{place(path)}: one sentence, please"
