"""A slip on the line: what was likely meant is named with its real name, wherever synq knows the names."""

import shlex
from typing import Any

import httpx
import pytest
from runner import Runner
from table import cases

from synq_cli.nearest import did_you_mean

SLIPS = [
    ("ordrs", 2, "Did you mean `synq orders`?"),
    ("orders lst", 2, "Did you mean `synq orders list`?"),
    ("inventory skuss list", 2, "Did you mean `synq inventory skus list`?"),
    ("orders list --statsu open", 2, "Did you mean --status?"),
    ("--profle acme orders list", 2, "Did you mean --profile?"),
    ("-p acm orders list", 4, "Did you mean acme?"),
    ("auth switch acm", 2, "Did you mean acme?"),
    ("config get timeot", 2, "Did you mean timeout?"),
    ("orders list --status opne", 2, "Did you mean open?"),
    ("orders list --status to_shp", 2, "Did you mean to-ship?"),
    ("inventory adjust HMC-NVY-N -5 --location Leith", 5, "Did you mean HMC-NVY-M?"),
    ("inventory adjust HMC-NVY-M -5 --location Lieth", 5, "Did you mean Leith warehouse?"),
    ("inventory levels --location 'Leith warehous'", 5, "Did you mean Leith warehouse?"),
    ("inventory levels --sku HMC-NVY-N", 0, "Did you mean HMC-NVY-M?"),
    ("inventory levels HMC-NVY-M HMC-NVY-N", 0, "No stock levels match HMC-NVY-N. Did you mean HMC-NVY-M?"),
    ("products get HMC-NVY-N", 5, "Did you mean HMC-NVY-M?"),
    ("orders list --channel webstorefront", 0, "Did you mean web-storefront?"),
    ("orders list --channel Nordic-Wbe", 0, "Did you mean nordic-web?"),
    ("channels update high-stret --name x", 5, "Did you mean high-street?"),
    ("organization members set-role rory@fellandfjord.exmple VIEWER", 5, "Did you mean rory@fellandfjord.example?"),
    ("organization members set-role rory@fellandfjord.example VEIWER", 2, "Did you mean VIEWER?"),
    ("settings set costing_metod=FIFO", 2, "Did you mean costing_method?"),
]

# Words of other tools, and the command to suggest; "" for none.
SYNONYMS = [
    *((f"orders {word}", "synq orders get") for word in ("show", "view", "describe", "retrieve", "info", "VIEW")),
    *((f"products {word} x", "synq products delete") for word in ("rm", "remove", "del")),
    *((f"channels {word}", "synq channels create") for word in ("add", "new")),
    *((f"channels {word}", "synq channels update") for word in ("edit", "set")),
    ("orders ls", "synq orders list"),
    ("runs view", "synq runs show"),
    ("organization get", "synq organization show"),
    ("organization members add", "synq organization members invite"),
    ("organization members edit", "synq organization members set-role"),
    ("inventory skus rm", "synq inventory skus forget"),
    ("inventory ls", "synq inventory levels"),
    ("integrations delete", "synq integrations disconnect"),
    ("settings edit", "synq settings set"),
    ("settings ls", "synq settings show"),
    ("config rm", "synq config unset"),
    ("sandbox show", "synq sandbox info"),
    ("products media new", "synq products media add"),
    ("orders rm", ""),
    ("channels rm", ""),
    ("audit edit", ""),
    ("order", "synq orders"),
    ("order ls --status open", "synq orders list"),
    ("order --status open ls", "synq orders"),
    ("product rm --yes", "synq products delete"),
    ("product variant new", "synq products variants create"),
    ("products category ls", "synq products categories list"),
    ("channel list", "synq channels list"),
    ("integration", "synq integrations"),
    ("setting get", "synq settings show"),
    ("webhook", "synq webhooks"),
    ("run", "synq runs"),
    ("stock", "synq inventory"),
    ("stock ls", "synq inventory levels"),
    ("org view", "synq organization show"),
    ("variants ls", "synq products variants list"),
    ("member add", "synq organization members invite"),
    ("login", "synq auth login"),
    ("logout", "synq auth logout"),
    ("whoami", "synq auth status"),
    ("status", "synq auth status"),
    ("token", "synq auth token"),
    ("version", "synq --version"),
    ("-- --foo", ""),
]


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("machine")
    synq = Runner(folder)
    synq.seed_sandbox()
    (folder / "config").mkdir()
    (folder / "config" / "config.yaml").write_text("profiles: {acme: {}}\n", encoding="utf-8")
    assert synq("--sandbox", "products", "variants", "list", "--sku", "HMC-NVY-M").status == 0
    return synq


@cases(("line", "status", "said"), SLIPS)
def test_typo_gets_a_suggestion(machine: Any, line: str, status: int, said: str) -> None:
    words = shlex.split(line)
    environ = {} if {"-p", "auth"} & set(words) else {"SYNQ_PROFILE": "sandbox"}
    machine.clock += 60
    shown = machine(*words, environ=environ)
    assert (shown.status, said in shown.err) == (status, True), shown.err


@cases(("line", "command"), SYNONYMS)
def test_command_name_from_another_tool_gets_a_suggestion(synq: Any, line: str, command: str) -> None:
    http = httpx.MockTransport(lambda request: pytest.fail(f"sent {request.url}"))
    shown = synq("--sandbox", *line.split(), http=http)
    question = shown.err.partition("Did you mean ")[2].partition("? ")[0]
    assert (shown.status, shown.out, question) == (2, "", f"`{command}`" if command else ""), shown.err
    assert "Unknown command" in shown.err


@cases("command", sorted({command for _, command in SYNONYMS if command}))
def test_a_suggested_command_exists(synq: Any, command: str) -> None:
    assert synq(*command.split()[1:], *([] if "--version" in command else ["--help"])).status == 0


def test_near_is_near_in_whatever_case_and_by_a_word_of_the_name() -> None:
    names = ["Leith warehouse", "High Street shop", "X"]
    assert did_you_mean("leith  WAREHOUS", names) == "Did you mean Leith warehouse? "
    assert did_you_mean("stret", names) == "Did you mean High Street shop? "
    assert did_you_mean("Perth", names) == did_you_mean("", names) == did_you_mean("a", []) == ""
