"""`synq schema`, and the command tree that it prints."""

import json
from typing import Any

import pytest
import yaml

from synq_cli import errors
from synq_cli.app import GROUPS, root_command
from synq_cli.cli import tree
from synq_cli.errors import SynqError
from synq_cli.session.settings import SETTINGS


def schema(synq: Any, *words: str) -> Any:
    result = synq("schema", *words)
    assert (result.status, result.err) == (0, "")
    return json.loads(result.out)


def test_the_root_has_every_group_and_what_every_command_takes(synq: Any) -> None:
    told = schema(synq)
    assert (told["name"], told["path"], told["version"]) == ("synq", "synq", "0.1.0")
    assert [group["name"] for group in told["commands"]] == list(GROUPS)
    shared = {option["name"]: option for option in told["shared_options"]}
    without_option = {"SYNQ_TENANT_ID", "SYNQ_ORG_ID", "SYNQ_RESERVE", "SYNQ_MAX_REQUESTS", "SYNQ_FOOTER"}
    variables = {setting.env for setting in SETTINGS} - {None, *without_option}
    assert variables < {name for option in shared.values() for name in option["env"]}
    assert shared["output"]["names"] == ["-o", "--output"]
    assert shared["output"]["choices"] == ["table", "json", "ndjson", "yaml", "csv", "tsv", "xlsx"]
    assert shared["help"]["names"] == ["-h", "--help"]
    assert shared["version"]["names"] == ["-V", "--version"]


def test_schema_lists_parameters_operations_and_exit_statuses(synq: Any) -> None:
    told = schema(synq, "inventory", "adjust")
    assert (told["path"], told["summary"]) == (
        "synq inventory adjust",
        "Adjust the stock of one SKU, or of many from a file.",
    )
    assert told["help"].startswith("Adds an entry to the stock ledger and prints it. Entries can't be changed")
    assert [(each["name"], each["metavar"], each["required"]) for each in told["arguments"]] == [
        ("sku", "[SKU]", False),
        ("change", "[QUANTITY]", False),
    ]
    names = [each["names"] for each in told["options"]]
    own = [["--location"], ["--file"], ["--report"], ["--shard"], ["--again"], ["-y", "--yes"]]
    assert names == [*own, ["--dry-run"], ["--plan"], ["--confirm"]]
    assert (told["effect"], told["role"], told["evidence"]) == ("relative", None, "documented")
    assert told["operations"][0] == {"id": "adjust_inventory", "method": "POST", "path": "/api/v1/inventory/adjust"}
    assert told["requests"] == {"least": 1, "most": None}
    assert list(told["exits"]) == ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "130"]
    assert told["examples"][0] == "synq inventory adjust HMC-NVY-M -5"


def test_an_exit_that_only_one_command_has_is_there_too(synq: Any) -> None:
    assert schema(synq, "webhooks", "verify")["exits"]["3"].startswith("rejected: ")
    assert "3" not in schema(synq, "webhooks", "sign")["exits"]


def test_an_option_says_its_type_its_default_and_what_completes_it(synq: Any) -> None:
    options = {option["name"]: option for option in schema(synq, "orders", "list")["options"]}
    assert options["limit"] == {
        "name": "limit",
        "names": ["--limit"],
        "metavar": "N",
        "type": "integer",
        "required": False,
        "default": 50,
        "repeatable": False,
        "choices": [],
        "min": 1,
        "help": "Maximum number of rows.",
        "env": [],
    }
    assert options["status"]["choices"][:3] == ["open", "closed", "unpaid"]
    assert (options["read_all"]["names"], options["read_all"]["type"]) == (["--all"], "boolean")
    assert schema(synq, "orders", "list")["requests"] == {"least": 1, "most": None}
    assert schema(synq, "inventory", "skus", "forget")["arguments"][0]["repeatable"] is True


def test_a_group_has_its_commands_alone(synq: Any) -> None:
    told = schema(synq, "inventory", "skus")
    assert list(told) == ["name", "path", "summary", "help", "commands"]
    assert [command["path"] for command in told["commands"]] == [
        f"synq inventory skus {verb}" for verb in ("list", "add", "import", "forget")
    ]


def test_it_is_json_on_a_terminal_too_and_yaml_if_asked_for(synq: Any) -> None:
    shown = synq("schema", "orders", "get", terminal=True)
    assert json.loads(shown.out) == schema(synq, "orders", "get")
    assert yaml.safe_load(synq("schema", "orders", "get", "-o", "yaml").out) == schema(synq, "orders", "get")
    assert synq("schema", "orders", "get", "--jq", ".effect").out == "read\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["orders", "lst"],
            (
                'Unknown command "synq orders lst".\n'
                "  Did you mean `synq orders list`? Run `synq orders --help` for the list of commands.\n"
            ),
        ),
        (["limits", "more"], '`synq limits` has no subcommand "more".\n'),
    ],
)
def test_what_is_not_there_gets_a_sentence(synq: Any, words: list[str], said: str) -> None:
    result = synq("schema", *words)
    assert (result.status, result.out, result.err) == (2, "", f"synq: {said}")


def test_every_way_to_end_has_a_meaning() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, SynqError)]
    assert {kind.exit_status: kind.code for kind in kinds}.items() <= {
        status: meaning.partition(":")[0] for status, meaning in tree.EXITS.items()
    }.items()
    assert {status for node in tree.commands(root_command()) for status in node.spec.exits} <= set(tree.EXITS)


def test_the_tree_knows_which_command_an_operation_is_for() -> None:
    root = root_command()
    assert tree.command_for(root, "list_orders") == "synq orders list"
    assert tree.command_for(root, "list_channels") == "synq channels list"
    assert tree.command_for(root, "nothing") is None


@pytest.mark.parametrize("usual", ["tsv", "table", "yaml", "json", "ndjson"])
def test_a_filter_goes_before_the_format_that_is_usual(synq: Any, usual: str) -> None:
    line = ("schema", "orders", "get", "--jq", ".effect")
    assert synq(*line, environ={"SYNQ_OUTPUT": usual}).out == "read\n"
    assert synq(*line, "-o", "tsv", environ={"SYNQ_OUTPUT": usual}).status == 2
    synq("config", "set", "output", usual)
    assert synq(*line).out == "read\n"


@pytest.mark.parametrize("where", ["variable", "profile"])
def test_with_ndjson_as_the_usual_format_each_row_is_filtered(synq: Any, where: str) -> None:
    synq.seed_sandbox()
    environ = {"SYNQ_OUTPUT": "ndjson"} if where == "variable" else {}
    if where == "profile":
        synq("config", "set", "output", "ndjson", "--sandbox")
    line = ("--sandbox", "channels", "list", "-q", "--jq", ".currency")
    assert synq(*line, environ=environ).out == "GBP\nEUR\nEUR\nGBP\n"
    assert synq(*line[:-1], ".[0].currency", "-o", "json", environ=environ).out == "GBP\n"
