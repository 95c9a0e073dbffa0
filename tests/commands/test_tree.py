"""Rules of the house over the whole command tree: help, options, columns."""

import ast
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Any

import pytest
from table import cases
from typer.testing import CliRunner

import synq_cli.commands
from synq_cli.app import GROUPS, app, root_command
from synq_cli.cli import tree
from synq_cli.cli.groups import CommandGroup
from synq_cli.cli.options import global_options
from synq_cli.cli.system import System
from synq_cli.http import operations

COMMANDS_FOLDER = Path(__file__).parents[2] / "synq_cli" / "commands"


TREE = {node.words: node.command for node in tree.commands(root_command())}
LINES = [" ".join(path) for path in TREE]
# Each shared option with a value that it takes.
SHARED = [
    word
    for option in global_options()
    if not {"--version", "--sandbox"} & set(option.opts)
    for word in (option.opts[-1], *(() if option.is_flag else (getattr(option.type, "choices", ["7"])[0],)))
]


def help_page(*line: str) -> str:
    result = CliRunner().invoke(app, [*line, "--help"], obj=System({}))
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout


def test_every_operation_of_the_contract_has_a_command() -> None:
    described = {operation.id for operation in operations.ALL}
    nodes = tree.commands(root_command())
    assert {call.id for node in nodes for call in node.spec.operations} == described
    # An order's parcels and returns are part of its life (`track`), the catalogue's log is an option of `audit list`.
    told = {node.spec.operations[0].id for node in tree.commands(root_command()) if node.spec.operations}
    assert described - told == {"list_fulfillments", "list_returns", "list_pim_audit_events"}


# The interface: each group and its commands.
INTERFACE = """
    api
    apply
    approve
    audit             list tail
    auth              login logout refresh status switch token
    channels          create list update
    completion        bash fish install powershell uninstall zsh
    config            get list path set unset
    cache             clear show
    doctor
    export
    find
    help
    integrations      connect disconnect list push save
    inventory         adjust count ledger levels locations release reorder report reservations reserve
    inventory         scan transfer watch
    inventory skus    add forget import list
    limits
    mcp               config serve
    orders            brief cancel create fulfill get list report return track watch
    organization      show update
    organization members  invite list remove set-role
    plan              diff from list reject schema show
    products          create delete export get import issues list push stats update
    products attribute-groups  create list
    products attributes        create list
    products brands            create list
    products categories        create list
    products jobs              create get list watch
    products media             add list
    products templates         create list
    products variants          create list
    runs              join list resume show undo
    sandbox           info init reset serve token
    sandbox fault     add clear limit list
    schema
    settings          set show
    team              doctor init status
    today
    webhooks          send sign verify
"""


def interface() -> Iterator[str]:
    for line in INTERFACE.strip().splitlines():
        group, _, verbs = line.strip().partition("  ")
        yield from (f"{group} {verb}" for verb in verbs.split()) if verbs else [group]


def test_the_commands_of_the_interface_are_there() -> None:
    assert sorted(LINES) == sorted(interface())


@cases("line", LINES)
def test_help_begins_with_a_short_sentence_and_ends_with_examples(line: str) -> None:
    text = TREE[tuple(line.split())].help
    first = text.splitlines()[0]
    assert first[0].isupper()
    assert first.endswith(".")
    assert len(first) <= 60
    examples = text.partition("\nExamples:\n")[2].strip().splitlines()
    assert len(examples) >= 2
    assert all(f"synq {line}" in example or "$(synq " in example for example in examples)
    page = help_page(*line.split())
    assert page.startswith(f"Usage: synq {line} ")
    assert all(example.strip() in page for example in examples)
    assert "{" not in page.splitlines()[0]
    # Every shared option is taken before and after the verb: --help answers only if all before it could be read.
    group, *verb = line.split()
    for given in ([*SHARED, group, *verb], [group, *SHARED, *verb], [group, *verb, *SHARED]):
        assert help_page(*given) == page


def test_no_help_page_loses_a_letter_on_a_narrow_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    for node in tree.walk(tree.root_node(root_command())):
        monkeypatch.setenv("COLUMNS", "400")
        letters = "".join(help_page(*node.words).split())
        for columns in (40, 80):
            monkeypatch.setenv("COLUMNS", str(columns))
            page = help_page(*node.words)
            assert "".join(page.split()) == letters
            # What stands out is there to be copied, or has no place to break at.
            wide = [row for row in page.splitlines() if len(row.rstrip()) > columns]
            assert all("synq" in row for row in wide), wide


def test_the_line_about_a_group_is_the_groups_own() -> None:
    for group in [root_command(), *(root_command().get_command(None, name) for name in GROUPS)]:
        for below, (_, line, _) in getattr(group, "groups", {}).items():
            assert line == group.get_command(None, below).help.splitlines()[0]


def test_the_option_nearest_to_the_verb_wins(synq: Any) -> None:
    line = ("--timeout", "1", "config", "--timeout", "2", "get", "timeout", "--timeout", "3")
    assert [synq(*line[:size]).out for size in (6, 7, 9)][-1] == "3\n"
    assert synq(*line[:7]).out == "2\n"
    assert synq("--timeout", "1", "config", "get", "timeout").out == "1\n"


def test_no_list_of_columns_has_a_title_twice() -> None:
    for path in sorted(COMMANDS_FOLDER.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.List):
                titles = [column.args[0].value for column in node.value.elts if isinstance(column, ast.Call)]
                assert len(set(titles)) == len(titles), path


@pytest.mark.parametrize("line", [[], ["orders"], ["inventory", "skus"]])
def test_a_group_named_alone_says_what_it_can_do(synq: Any, line: list[str]) -> None:
    assert synq(*line).out == synq(*line, "--help").out
    assert synq(*line).status == 0


@pytest.mark.parametrize("line", ["--version", "-V", "orders list --version", "orders list -V", "--json -V"])
def test_the_version(synq: Any, line: str) -> None:
    assert synq(*line.split()).out == "synq 0.1.0\n"


def test_no_command_that_a_module_holds_is_missing_from_the_tree() -> None:
    held = [
        info.name
        for module in walk_packages(synq_cli.commands.__path__, "synq_cli.commands.")
        for group in vars(import_module(module.name)).values()
        if isinstance(group, CommandGroup)
        for info in group.registered_commands
    ]
    assert sorted(held) == sorted(node.words[-1] for node in tree.commands(root_command()))
