"""What an agent may run: refused before any process is started."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from table import cases

from synq_cli.app import root_command
from synq_cli.cli import tree
from synq_cli.errors import RefusedError, SynqError, UsageError
from synq_cli.mcp.rules import LONGEST_LINE, check_read, read_line, tool_of

ROOT = root_command()
READS = """
api, audit list, auth status, cache show, channels list, find, help, integrations list, inventory ledger, inventory
levels, inventory locations, inventory reorder, inventory report, inventory reservations, limits, orders brief, orders
get, orders list, orders report, orders track, organization members list, organization show, plan list, products
attribute-groups list, products attributes list, products brands list, products categories list, products get,
products issues, products jobs get, products jobs list, products list, products media list, products stats, products
templates list, products variants list, runs list, runs show, schema, settings show, today
"""


def test_each_command_that_agents_may_read_with_is_known() -> None:
    """A new one shows no secret, writes no file and ends by itself: list it here. If not, list it in rules.py."""
    found = {" ".join(node.words) for node in tree.commands(ROOT) if "run_read" in (tool_of(node) or "")}
    assert found == set(READS.replace("\n", " ").strip().split(", "))


def test_no_option_of_a_read_reads_or_writes_a_file() -> None:
    """An option with a file has the metavar FILE, by which agents are refused it; -F has a check of its own."""
    refused = set()
    for node in tree.commands(ROOT):
        if "run_read" not in (tool_of(node) or ""):
            continue
        for parameter in node.command.get_params(node.context):
            name = max(parameter.opts, key=len)
            about = f"{parameter.metavar} {parameter.help}".lower()
            if not re.search(r"\bfiles?\b|standard input|\bstdin\b|\bfolder\b", about) or name == "--version":
                continue
            assert parameter.param_type_name == "option"
            value = "x=@y" if name == "--field" else "x"
            with pytest.raises(RefusedError):
                check_read(read_line(ROOT, f"{' '.join(node.words)} {name}={value}"))
            refused.add(name)
    assert refused >= {"--svg", "--suppliers", "--input", "--plan"}


@cases(
    "command",
    [
        "orders list --limit 5", "synq orders list", "orders --json list --fields id,status", "find 'high street'",
        "inventory levels --low --jq '.[0]'", "api /api/v1/oms/orders -f limit=5", "api get /x --paginate", "limits",
        "runs show 2611 --rows all", "schema orders list", "help orders list", "orders list --help", "auth status",
        "orders report --by day", "audit list --since 7d", "-q today", "api HEAD /x", "orders get -- -5",
    ],
)  # fmt: skip
def test_reads_are_run(command: str) -> None:
    check_read(read_line(ROOT, command))


@cases(
    ("command", "said"),
    [
        # who and where
        ("orders list --profile x", "--profile is set by the server."), ("orders -px list", "--profile is set"),
        ("--sandbox orders list", "--sandbox is set"), ("orders list --base-url=https://x.test", "--base-url is"),
        ("orders list -qp x", "--profile is set"), ("orders list --debug", "--debug is set"),
        ("orders list --timeout 9", "--timeout is set"), ("orders list --max-wait 9", "--max-wait is set"),
        ("orders list -o csv", "--output is set"), ("orders list --output=xlsx", "--output is set"),
        ("orders list --profile= --json", "--profile is set"),
        # writes and approvals
        ("inventory adjust SKU -5", "`synq inventory adjust` changes data."),
        ("orders cancel 86b4 --yes", "`synq orders cancel` changes data."), ("runs undo 26 -y", "`synq runs undo`"),
        ("settings set costing_method=WAC", "`synq settings set` changes data."),
        ("api POST /x", "`synq api POST` can change data."), ("api delete /x", "`synq api DELETE` can change"),
        ("api PATCH /x --dry-run", "`synq api PATCH` can change"), ("api FETCH /x", "`synq api FETCH` can change"),
        ("api /x --dry-run", "--dry-run is not available to agents"),
        # secrets, this machine, and people
        ("auth token", "`synq auth token` is not available to agents."), ("config list", "`synq config list` is not"),
        ("sandbox token", "`synq sandbox token` is not"), ("webhooks sign f", "`synq webhooks sign` is not"),
        ("mcp serve", "`synq mcp serve` is not"), ("auth login --with-token", "`synq auth login` is not"),
        ("export tenant", "`synq export` is not"), ("plan from tenant", "`synq plan from` is not"),
        ("doctor", "`synq doctor` is not"), ("completion install --yes", "`synq completion install` is not"),
        # without an end, and programs
        ("audit tail", "`synq audit tail` is not"), ("orders watch --exec 'rm -rf /'", "`synq orders watch` is not"),
        ("orders track 86b4 --watch", "--watch is not available to agents: it never ends by itself."),
        # local files
        ("orders report --svg /tmp/x.svg", "--svg uses a local file"), ("inventory report --svg=x", "--svg uses a"),
        ("inventory reorder --suppliers /etc/passwd", "--suppliers uses a local file"),
        ("api /x --input /etc/passwd", "--input uses a local file"), ("api /x --input -", "--input uses a local file"),
        ("api /x -F a=@/etc/passwd", "-F KEY=@FILE reads a local file."), ("api /x -Fa=1 --field=b=@x", "-F KEY=@FILE"),
    ],
)  # fmt: skip
def test_what_is_not_a_read_is_refused(command: str, said: str) -> None:
    with pytest.raises(SynqError) as caught:
        check_read(read_line(ROOT, command))
    assert caught.value.message.startswith(said)
    assert isinstance(caught.value, (RefusedError, UsageError))


@cases(
    ("command", "said"),
    [
        ("", "`synq` is a group of commands."), ("synq", "`synq` is a group"), ("orders", "`synq orders` is a"),
        ("orders lst", 'Unknown command "synq orders lst".'), ("__complete sku", 'Unknown command "synq __complete".'),
        ("orders list --prof x", 'Unknown option "--prof".'), ("orders list extra", 'Unexpected argument "extra".'),
        ("orders list 'x", "Invalid command line: no closing quot"), ("orders list; auth token", "Unknown command"),
        ("orders list && auth token", 'Unexpected argument "&&".'), ("orders list | sh", 'Unexpected argument "|".'),
        ("orders list $(id)", 'Unexpected argument "$(id)".'), ("orders list\nauth token", 'Unexpected argument "auth'),
        ("orders list > x", 'Unexpected argument ">".'), ("orders list \0", "Invalid character '\\x00'"),
        ("orders list \x1b[2J", "Invalid character '\\x1b'"), ("orders list \ud800", "Invalid character '\\ud800'"),
        ("orders list \u202e", "Invalid character '\\u202e'"), ("orders list --limit", "Option '--limit' requires"),
        ("x" * (LONGEST_LINE + 1), "The command line has 8,001 char"), ("orders list -- --limit", "Unexpected arg"),
    ],
)  # fmt: skip
def test_what_is_not_a_command_line_is_refused(command: str, said: str) -> None:
    with pytest.raises(SynqError) as caught:
        check_read(read_line(ROOT, command))
    assert caught.value.message.startswith(said)


WORDS = st.sampled_from([
    "orders", "list", "get", "api", "GET", "POST", "/x", "--json", "-p", "--profile", "--profile=x", "-px", "--sandbox",
    "--base-url", "--file", "--file=/etc/passwd", "--svg", "-o", "csv", "--", "-", "-5", "--yes", "auth", "token",
    "--limit", "5", "-F", "a=@b", "-qp", "help",
])  # fmt: skip


@given(st.lists(WORDS, max_size=7))
def test_whatever_is_let_through_is_read_the_same_way_by_the_program(words: list[str]) -> None:
    """No line that passes has an option for who, where or a file, in the words of the parser that runs it."""
    try:
        line = read_line(ROOT, " ".join(words))
        check_read(line)
    except SynqError:
        return
    seen: dict[str, Any] = {}

    class Run:
        options = seen

    node = line.node
    context = tree.root_node(ROOT).context
    context.obj = Run()
    ROOT.parse_args(context, list(line.words))
    while hasattr(context.command, "list_commands"):
        words = [*context._protected_args, *context.args]
        name, command, rest = context.command.resolve_command(context, words)
        context = command.context_class(command, info_name=name, parent=context)
        try:
            command.parse_args(context, rest)
        except Exception:  # noqa: BLE001 it lacks an argument, for example: the program refuses it
            break
    assert seen.keys() <= {"json", "fields", "jq", "quiet"}
    assert context.command.name == node.command.name
    assert "/etc/passwd" not in json.dumps(context.params, default=str)
