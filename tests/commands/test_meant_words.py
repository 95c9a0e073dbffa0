"""A slip on the line: what was likely meant is named with its real name, wherever synq knows the names."""

import shlex
from typing import Any

import pytest
from runner import Runner

from synq_cli.nearest import did_you_mean
from synq_cli.sandbox.seed import DEFAULT_SEED
from synq_cli.sandbox.store import create

SLIPS = [
    ("ordrs", 2, "Did you mean `synq orders`?"),
    ("orders lst", 2, "Did you mean `synq orders list`?"),
    ("inventory skuss list", 2, "Did you mean `synq inventory skus`?"),
    ("orders list --statsu open", 2, "Did you mean --status?"),
    ("--profle acme orders list", 2, "Did you mean --profile?"),
    ("-p acm orders list", 4, "Did you mean the profile acme?"),
    ("auth switch acm", 2, "Did you mean acme?"),
    ("config get timeot", 2, "Did you mean timeout?"),
    ("orders list --status opne", 2, "Did you mean open?"),
    ("orders list --status to_shp", 2, "Did you mean to-ship?"),
    ("inventory adjust HMC-NVY-N -5 --location Leith", 5, "Did you mean HMC-NVY-M?"),
    ("inventory adjust HMC-NVY-M -5 --location Lieth", 5, "Did you mean Leith warehouse?"),
    ("inventory levels --location 'Leith warehous'", 5, "Did you mean Leith warehouse?"),
    ("inventory levels --sku HMC-NVY-N", 0, "Did you mean HMC-NVY-M?"),
    ("orders list --channel webstorefront", 0, "Did you mean web-storefront?"),
    ("orders list --channel Nordic-Wbe", 0, "Did you mean nordic-web?"),
    ("channels update high-stret --name x", 5, "Did you mean high-street?"),
    ("organization members set-role rory@fellandfjord.exmple VIEWER", 5, "Did you mean rory@fellandfjord.example?"),
    ("organization members set-role rory@fellandfjord.example VEIWER", 2, "Did you mean VIEWER?"),
    ("settings set costing_metod=FIFO", 2, "Did you mean costing_method?"),
]


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("machine")
    synq = Runner(folder)
    create(folder / "state" / "sandbox.sqlite3", DEFAULT_SEED, synq.clock)
    (folder / "config").mkdir()
    (folder / "config" / "config.yaml").write_text("profiles: {acme: {}}\n", encoding="utf-8")
    assert synq("--sandbox", "products", "variants", "list", "--sku", "HMC-NVY-M").status == 0
    return synq


@pytest.mark.parametrize(("line", "status", "said"), SLIPS, ids=[slip[0] for slip in SLIPS])
def test_a_slip_names_what_was_likely_meant(machine: Any, line: str, status: int, said: str) -> None:
    words = shlex.split(line)
    environ = {} if {"-p", "auth"} & set(words) else {"SYNQ_PROFILE": "sandbox"}
    machine.clock += 60
    shown = machine(*words, environ=environ)
    assert (shown.status, said in shown.err) == (status, True), shown.err


def test_near_is_near_in_whatever_case_and_by_a_word_of_the_name() -> None:
    names = ["Leith warehouse", "High Street shop", "X"]
    assert did_you_mean("leith  WAREHOUS", names) == "Did you mean Leith warehouse? "
    assert did_you_mean("stret", names) == "Did you mean High Street shop? "
    assert did_you_mean("Perth", names) == did_you_mean("", names) == did_you_mean("a", []) == ""
