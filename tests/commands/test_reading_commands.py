"""Every command that reads, in every format, on one embedded tenant: the formats agree, and stderr is as promised."""

import csv
import io
import json
from typing import Any

import pytest
import yaml
from runner import Runner

from synq_cli.http.client import in_process
from synq_cli.sandbox.server.app import create_app

LISTS = [
    "orders list --limit 7",
    "orders list --status to-ship,refunded --all",
    "inventory levels --limit 9",
    "inventory ledger --limit 8",
    "inventory locations",
    "inventory skus list",
    "products list",
    "products variants list --limit 8",
    "channels list",
    "audit list",
    "config list",
]
RECORDS = ["orders get ORDER", "products get PRODUCT", "settings show", "auth status", "sandbox info", "limits"]
LOCAL = {"inventory skus list", "config list", "auth status", "sandbox info", "limits"}


class Shop:
    """One sandbox for the whole file; its orders and products are seen once, so that ids can be named."""

    def __init__(self, runner: Runner) -> None:
        self.runner = runner
        self.http = in_process(create_app(runner.seed_sandbox(), lambda: runner.clock))
        self.ids = {
            "ORDER": self.read("orders list --limit 1")[0]["id"],
            "PRODUCT": self.read("products list")[0]["id"],
        }

    def __call__(self, line: str, *options: str, **settings: Any) -> Any:
        self.runner.clock += 61  # each line finds the whole minute's requests unspent
        words = [getattr(self, "ids", {}).get(word, word) for word in line.split()]
        return self.runner("--sandbox", *words, *options, http=self.http, **settings)

    def read(self, line: str, *options: str) -> Any:
        result = self(line, *options, "--json", "--quiet")
        assert (result.status, result.err) == (0, "")
        return json.loads(result.out)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return Shop(Runner(tmp_path_factory.mktemp("shop")))


def frozen(rows: Any) -> Any:
    """The rows without what the clock moves between two runs."""
    moving = {"remaining", "frees_in", "full_in", "spenders", "expires_at", "size_bytes", "value", "source"}
    return [{key: value for key, value in row.items() if key not in moving} for row in rows]


@pytest.mark.parametrize("line", [*LISTS, *RECORDS])
def test_every_format_holds_what_json_holds(shop: Shop, line: str) -> None:
    rows = shop.read(line)
    listed = rows if line in LISTS else [rows]
    assert listed
    keys = [json.dumps(row, sort_keys=True) for row in listed]
    assert len(set(keys)) == len(keys)  # no page shows a row of the one before

    lines = shop(line, "-o", "ndjson", "-q").out.splitlines()
    assert frozen(map(json.loads, lines)) == frozen(listed)
    found = yaml.safe_load(shop(line, "-o", "yaml", "-q").out)
    assert frozen(found if line in LISTS else [found]) == frozen(listed)

    told = list(csv.reader(io.StringIO(shop(line, "-o", "csv", "-q").out)))
    tabs = [row.split("\t") for row in shop(line, "-o", "tsv", "-q").out.splitlines()]
    assert told[0] == tabs[0]
    assert len(set(told[0])) == len(told[0])
    assert {len(row) for row in told} == {len(row) for row in tabs} == {len(told[0])}
    assert len(told) == len(tabs) == len(listed) + 1
    texts = [name for name in told[0] if isinstance(listed[0].get(name), str) and name not in {"expires_at", "value"}]
    column = told[0].index(texts[0])
    assert [row[column] for row in told[1:]] == [row[texts[0]] for row in listed]

    name = next(key for key, value in listed[0].items() if isinstance(value, str))
    chosen = [{name: row[name]} for row in listed]
    assert shop.read(line, "--fields", name) == (chosen if line in LISTS else chosen[0])
    table = shop(line, "--fields", name, "-q", terminal=True).out.splitlines()
    assert len(table) == len(listed) + (line in LISTS)
    assert table[0].split()[0] == name


@pytest.mark.parametrize("line", [*LISTS, *RECORDS])
def test_the_footer_is_there_exactly_when_the_api_was_asked(shop: Shop, line: str) -> None:
    for width in (40, None):
        shown = shop(line, terminal=width is not None, environ={"COLUMNS": str(width)} if width else {})
        assert shown.status == 0
        assert [told for told in shown.out.splitlines() if width and len(told) > width] == []
        last = " ".join(shown.err.split())
        assert last.endswith("requests left this minute · sandbox") is (line not in LOCAL)
    quiet = shop(line, "--quiet", terminal=True, environ={"COLUMNS": "80"})
    assert (quiet.status, quiet.err) == (0, "")
    assert quiet.out
    assert [told for told in quiet.out.splitlines() if len(told) > 80] == []


@pytest.mark.parametrize("line", [LISTS[0], RECORDS[0]])
def test_jq_filters_what_json_would_show(shop: Shop, line: str) -> None:
    pytest.importorskip("jq")
    result = shop(line, "--jq", "length", "-q")
    assert (result.status, result.out, result.err) == (0, f"{len(shop.read(line))}\n", "")
