"""Staging to production by files: export, plan from, apply, until nothing is left but what the API can't change."""

import json
from contextlib import closing
from pathlib import Path
from sqlite3 import connect
from typing import Any

import pytest
import yaml
from runner import NOW, Result, Runner

from synq_cli.sandbox.store.store import create

# Of a production whose ids, tags, costs and dates are other than those of staging.
OTHER_SEED = 7
CREWNECK = "f1f1e283-6659-47ee-a41b-6b6ad352dac2"


class Tenants:
    """Two sandboxes, each with its own folders, and a folder of files."""

    def __init__(self, folder: Path) -> None:
        self.files = folder / "shop"
        self.staging, self.production = Runner(folder / "staging"), Runner(folder / "production")
        for runner in (self.staging, self.production):
            (runner.folder / "state").mkdir(mode=0o700, parents=True)
        self.staging.seed_sandbox()
        create(self.production.folder / "state" / "sandbox.sqlite3", OTHER_SEED, NOW)
        for runner in (self.staging, self.production):
            with closing(connect(runner.folder / "state" / "sandbox.sqlite3", isolation_level=None)) as database:
                # A few products are enough, and each takes a request each time.
                database.execute("UPDATE products SET deleted_at = updated_at WHERE title > 'Lerwick' OR title < 'D'")

    def on_staging(self, *lines: str) -> list[Any]:
        """The replies to some commands."""
        return [json.loads(call(self.staging, *line.split("|"), "--json").out) for line in lines]

    def differences(self, *words: str) -> list[dict[str, Any]]:
        """The rows of `plan from` on production."""
        result = call(self.production, "plan", "from", str(self.files), *words, "-o", "json")
        found: list[dict[str, Any]] = json.loads(result.out)
        return found

    def apply(self) -> list[dict[str, Any]]:
        """Plan and apply; returns the rows of `plan from`."""
        plan = self.production.folder / "plan.json"
        found = self.differences("--plan", str(plan))
        planned = {row["object"] for row in found if row["action"] in {"create", "update"}}
        assert {row["label"] for row in json.loads(plan.read_text(encoding="utf-8"))["rows"]} == planned
        call(self.production, "apply", str(plan), "--yes")
        return found


def call(runner: Runner, *words: str) -> Result:
    result = runner("--sandbox", "-q", *words)
    assert result.status == 0, result.err
    runner.clock += 61
    return result


def contents(folder: Path) -> dict[str, dict[str, Any]]:
    """The objects of each file of an export, by what plans call them."""
    found: dict[str, dict[str, Any]] = {}
    for path in [*folder.glob("*.yaml"), folder / "products.ndjson"]:
        text = path.read_text(encoding="utf-8")
        rows = [json.loads(line) for line in text.splitlines()] if path.suffix == ".ndjson" else yaml.safe_load(text)
        found[path.stem] = {
            str(row.get("title") or row.get("slug") or row.get("name") or row.get("email") or row.get("provider")): row
            for row in (rows if isinstance(rows, list) else [rows])
        }
    del found["synq-tenant"]
    return found


@pytest.fixture
def tenants(tmp_path: Path) -> Tenants:
    return Tenants(tmp_path)


def test_production_becomes_as_staging_is_but_for_what_the_plan_says(tenants: Tenants) -> None:
    *_, brand, _, kilts, _, _, _, kilt = tenants.on_staging(
        "settings|set|default_low_stock_threshold=8",
        "channels|create|click-collect|--currency|GBP",
        "channels|update|Nørrebro pop-up|--active",
        "organization|members|invite|una@fellandfjord.example|--role|EDITOR",
        "organization|members|set-role|rory@fellandfjord.example|viewer",
        "products|brands|create|Havn Studio|--description|From the harbour.",
        "products|categories|create|Kilts|--parent|clothing",
        "products|categories|create|Short kilts|--parent|Kilts",
        "products|attributes|create|Pleats|--type|number",
        "products|attribute-groups|create|Tartan",
        "products|templates|create|Kilt",
        "products|create|Walking Kilt|--description|Eight yards.|--category|Kilts",
    )
    assert kilts["parent_id"]
    tenants.on_staging(
        f"products|variants|create|{kilt['id']}|--sku|KLT-GRN-32|--price|149.00|--currency|GBP",
        f"products|update|{CREWNECK}|--title|Harbour Merino Jumper|--brand-id|{brand['id']}",
    )
    call(tenants.staging, "export", str(tenants.files))

    first = tenants.apply()
    assert [(row["action"], row["object"], row["field"]) for row in first if row["action"] in {"create", "update"}] == [
        ("create", "attribute group Tartan", None),
        ("create", "attribute Pleats", None),
        ("create", "brand Havn Studio", None),
        ("create", "category Kilts (clothing)", None),
        ("create", "product template Kilt", None),
        ("create", "product Walking Kilt", None),
        ("update", "product Harbour Merino Jumper", "title"),
        ("update", "settings", "default_low_stock_threshold"),
        ("create", "channel click-collect", None),
        ("update", "channel Nørrebro pop-up", "active"),
        ("update", "member rory@fellandfjord.example", "role"),
        ("create", "member una@fellandfjord.example", None),
    ]
    assert [row["object"] for row in first if row["action"] == "later"] == [
        "category Short kilts (Kilts)", "product Walking Kilt", "product Harbour Merino Jumper",
    ]  # fmt: skip
    second = tenants.apply()
    assert [(row["action"], row["object"]) for row in second if row["action"] != "impossible"] == [
        ("create", "category Short kilts (Kilts)"),
        ("update", "product Harbour Merino Jumper"),
        ("create", "variant KLT-GRN-32 of product Walking Kilt"),
    ]
    file = tenants.production.folder / "empty.json"
    again = tenants.production("--sandbox", "plan", "from", str(tenants.files), "--plan", str(file), "--json")
    last = json.loads(again.out)
    assert {row["action"] for row in last} == {"impossible"}
    assert again.status == 0
    assert (
        f"Nothing to change.\n{len(last)} impossible: the API can't change this.\nThere is nothing to change: the plan "
        in again.err
    )
    assert json.loads(file.read_text(encoding="utf-8"))["rows"] == []

    result = tenants.production.folder / "shop"
    call(tenants.production, "export", str(result))
    staging, production = contents(tenants.files), contents(result)
    told = {(row["object"], word.strip(",")) for row in last for word in row["reason"].split()}
    for part, rows in staging.items():
        assert rows.keys() == production[part].keys(), part
        for name, row in rows.items():
            other = production[part][name]
            for field in {*row, *other} - {"variants"}:
                assert row.get(field) == other.get(field) or (f"product {name}", field) in told, (name, field)
            variants = {each["sku"]: each for each in other.get("variants", ())}
            for variant in row.get("variants", ()):
                for field in {*variant, *variants[variant["sku"]]}:
                    same = variant.get(field) == variants[variant["sku"]].get(field)
                    assert same or (f"variant {variant['sku']} of product {name}", field) in told


def test_what_was_changed_meanwhile_is_refused_row_by_row(tenants: Tenants) -> None:
    call(tenants.production, "export", str(tenants.files))
    channels = tenants.files / "channels.yaml"
    channels.write_text(channels.read_text(encoding="utf-8").replace("GBP", "USD"), encoding="utf-8")
    plan = tenants.production.folder / "plan.json"
    tenants.differences("--only", "channels", "--plan", str(plan))
    call(tenants.production, "channels", "update", "high-street", "--inactive")
    result = tenants.production("--sandbox", "apply", str(plan), "--yes")
    assert result.status == 9 or result.status == 8
    rows = json.loads(call(tenants.production, "channels", "list", "--json").out)
    assert {row["name"]: (row["currency"], row["active"]) for row in rows} == {
        "high-street": ("GBP", False), "nordic-web": ("EUR", True), "Nørrebro pop-up": ("EUR", False),
        "web-storefront": ("USD", True),
    }  # fmt: skip


def test_missing_files_are_not_compared_and_all_problems_are_listed_at_once(tenants: Tenants) -> None:
    call(tenants.production, "export", str(tenants.files), "--only", "channels,brands")
    result = tenants.production("--sandbox", "plan", "from", str(tenants.files), "--only", "channels,members")
    assert (result.status, result.out) == (0, "action\tobject\tfield\tbefore\tafter\treason\n")
    assert result.err.splitlines()[:2] == [
        "members.yaml is missing, so members are not compared.", "The tenant matches the files: nothing to change.",
    ]  # fmt: skip
    (tenants.files / "channel.yaml").write_text("[]", encoding="utf-8")
    (tenants.files / "brands.yaml").write_text("- nam: Fell\n", encoding="utf-8")
    result = tenants.production("--sandbox", "plan", "from", str(tenants.files))
    assert (result.status, result.out) == (2, "")
    assert result.err == (
        f"synq: {tenants.files} has 2 problems; nothing was planned.\n"
        '  brands.yaml line 1: unknown field "nam". Did you mean name? Fields: name, description, logo_url\n'
        "  brands.yaml line 1: name is missing\n"
        "  Fix the files and run the command again.\n"
        "97/100 requests left this minute · sandbox\n"
    )
    # Those that only a comparison finds too, by file and line; offline, those of the files.
    (tenants.files / "channels.yaml").write_text("- name: web\n- name: shop\n  active: 7\n", encoding="utf-8")
    (tenants.files / "members.yaml").write_text("- {email: una@fell.example, role: BOSS}\n", encoding="utf-8")
    result = tenants.production("--sandbox", "plan", "from", str(tenants.files))
    assert result.err.splitlines()[:-2] == [
        f"synq: {tenants.files} has 5 problems; nothing was planned.",
        '  brands.yaml line 1: unknown field "nam". Did you mean name? Fields: name, description, logo_url',
        "  brands.yaml line 1: name is missing",
        "  channels.yaml line 1: currency is missing: a new channel needs one",
        "  channels.yaml line 3: active must be true or false, not 7",
        '  members.yaml line 1: Invalid role "BOSS": use ADMIN, EDITOR or VIEWER.',
    ]
    offline = tenants.production("plan", "from", str(tenants.files), environ={})
    assert (offline.status, offline.err.splitlines()[0]) == (
        2, f"synq: {tenants.files} has 3 problems; nothing was planned.",
    )  # fmt: skip


def test_a_table_shows_the_plan_and_counts_what_is_not_part_of_it(tenants: Tenants) -> None:
    call(tenants.production, "export", str(tenants.files), "--only", "channels,templates")
    (tenants.files / "channels.yaml").write_text(
        "- {name: click-collect, currency: GBP}\n- {name: web-storefront, active: false}\n", encoding="utf-8"
    )
    (tenants.files / "templates.yaml").write_text("[]\n", encoding="utf-8")
    words = ("--sandbox", "plan", "from", str(tenants.files), "-o", "table", "--only", "channels,templates")
    result = tenants.production(*words)
    table = [
        "Action  Object                  Details",
        "create  channel click-collect   name: click-collect, currency: GBP, active: true",
        "update  channel web-storefront  active: true → false",
    ]
    assert result.out.splitlines() == table
    assert result.err.splitlines()[:-1] == [
        "2 changes to plan.", "6 extra: only in the tenant; a plan deletes nothing.",
        "To list these differences, add --all.",
    ]  # fmt: skip
    result = tenants.production(*words, "--all")
    assert [line.split() for line in result.out.splitlines()[:3]] == [line.split() for line in table]
    assert len(result.out.splitlines()) == 9
    assert "--all" not in result.err
    result = tenants.production("--sandbox", "plan", "from", str(tenants.files), "-o", "csv", "--only", "templates")
    assert [row.split(",")[0] for row in result.out.splitlines()] == ["action", "extra", "extra", "extra"]
