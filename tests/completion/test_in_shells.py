"""Completion in real shells: press keys on a terminal, then read the command line."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from runner import Runner
from shells import Shell, shell

SCRIPTS = Path(__file__).parents[2] / "completions"
SETUP = {
    # A careful person's options must not break it.
    "bash": f"set -u; . '{SCRIPTS}/synq.bash'; alias s=synq; complete -F _synq s\n",
    "zsh": f"fpath=('{SCRIPTS}' $fpath); autoload -Uz compinit; compinit -D -u; alias s=synq\n",
    "fish": f"source '{SCRIPTS}/synq.fish'; alias s=synq\n",
}
# Whatever a SKU holds, no shell may take it for its own.
ODD = 'ODD·"1"·$HOME·`ls`·\\y·&·it\'s:9'
# What is typed up to TAB, and the words that it becomes. {3} is one of a list.
LINES = [
    ("synq inv", "synq inventory"),
    ("synq or", "synq or"),  # orders or organization
    ("synq orders li", "synq orders list"),
    ("synq products var", "synq products variants"),
    ("synq orders list --sta", "synq orders list --status"),
    ("synq orders list --status to-", "synq orders list --status to-ship"),
    ("synq orders list --status open,to-", "synq orders list --status open,to-ship"),
    ("synq orders list --status=clo", "synq orders list --status=closed"),
    ("synq orders list --status=open,to-", "synq orders list --status=open,to-ship"),
    ("synq orders list -o js", "synq orders list -o json"),
    ("synq --debug -o json orders li", "synq --debug -o json orders list"),
    ("synq orders -q list --json --lim", "synq orders -q list --json --limit"),
    ("synq orders list --since ", "synq orders list --since"),  # anything at all; no file
    (
        "synq organization members set-role ann@example.com ed",
        "synq organization members set-role ann@example.com EDITOR",
    ),
    ("synq settings set costing_method=f", "synq settings set costing_method=FIFO"),
    ("synq audit list --action ORDER_PLACED,order_c", "synq audit list --action ORDER_PLACED,ORDER_CANCELLED"),
    ("synq schema orders --json li", "synq schema orders --json list"),
    ("synq help rat", "synq help rate-limit"),
    ("synq help orders li", "synq help orders list"),
    ("synq --sandbox inventory adjust HMC-NVY-X", "synq --sandbox inventory adjust HMC-NVY-XL"),
    ("synq inventory adjust --sandbox hmc-nvy-x", "synq inventory adjust --sandbox HMC-NVY-XL"),
    ("synq -p acme inventory adjust HMC-NVY-X", "synq -p acme inventory adjust HMC-NVY-X"),  # another tenant's
    ("synq --sandbox inventory levels --location lei", "synq --sandbox inventory levels --location Leith·warehouse"),
    (
        "synq --sandbox inventory levels --location Leith\\ w",
        "synq --sandbox inventory levels --location Leith·warehouse",
    ),
    ("synq --sandbox inventory levels --location 'Tr", "synq --sandbox inventory levels --location Tromsø·lager"),
    ('synq --sandbox inventory levels --location "Tr', "synq --sandbox inventory levels --location Tromsø·lager"),
    ("synq --sandbox inventory levels --location=Tr", "synq --sandbox inventory levels --location=Tromsø·lager"),
    ("synq --sandbox orders create --item HMC-NVY-X", "synq --sandbox orders create --item HMC-NVY-XL="),
    ("synq inventory adjust --file cou", "synq inventory adjust --file counts·of·may.csv"),
    ("synq inventory adjust --file=cou", "synq inventory adjust --file=counts·of·may.csv"),
    ("synq --sandbox inventory reserve odd", f"synq --sandbox inventory reserve {ODD}"),
    ("synq --sandbox inventory reserve 'odd", f"synq --sandbox inventory reserve {ODD}"),
    ('synq --sandbox inventory reserve "odd', f"synq --sandbox inventory reserve {ODD}"),
    ("synq auth switch ac", "synq auth switch acme"),
    ("s orders li", "s orders list"),
]


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of somebody who has a profile, and has looked at the sandbox."""
    folder = tmp_path_factory.mktemp("machine")
    synq = Runner(folder)
    assert synq("config", "set", "base_url", "https://api.acme.test", "--profile", "acme").status == 0
    assert synq("--sandbox", "products", "variants", "list", "--all").status == 0
    assert synq("--sandbox", "inventory", "locations").status == 0
    odd = ODD.replace("·", " ")
    assert synq("--sandbox", "inventory", "skus", "add", odd, "a1f46e83-0c9d-4b72-95e8-3d7b2c60f41e").status == 0
    (folder / "counts of may.csv").touch()
    return {
        "HOME": str(folder),
        "SYNQ_CONFIG_DIR": str(folder / "config"),
        "SYNQ_STATE_DIR": str(folder / "state"),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "TERM": "xterm",
        "LANG": "C.UTF-8",
    }


@pytest.fixture(scope="module", params=["bash", "zsh", "fish"])
def at(request: pytest.FixtureRequest, machine: dict[str, str]) -> Iterator[Shell]:
    """A terminal with each shell."""
    with shell(request.param, Path(machine["HOME"]), machine, SETUP[request.param]) as started:
        yield started


def test_partial_words_are_completed(at: Shell) -> None:
    found = {typed: at.words(f"{typed}\t") for typed, _ in LINES}
    assert found == {typed: [word.replace("·", " ") for word in line.split(" ")] for typed, line in LINES}


@pytest.mark.parametrize(
    ("typed", "last", "names", "about"),
    [
        ("synq or", "organization", ["orders", "organization"], "List, create, track, ship and cancel orders"),
        ("synq orders list --s", "--status", ["--sandbox", "--since", "--status"], "Only rows since this age"),
        ("synq --sandbox inventory levels --location ", "Troms. lager", ["High Street shop", "Leith warehouse"], ""),
    ],
)
def test_ambiguous_words_are_listed(at: Shell, typed: str, last: str, names: list[str], about: str) -> None:
    shown = at.listed(f"{typed}\t\t", last)
    assert [name for name in names if name not in shown] == []
    assert at.name == "bash" or about in shown  # bash shows names alone
