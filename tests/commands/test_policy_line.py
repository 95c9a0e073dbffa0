"""The policy of a profile against every door through which a write can go: no door leads round a rule."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from shop import Recording, Shop, examples, words_of
from table import cases

from synq_cli.cli.command import ANY

ADJUST, JOBS = "/api/v1/inventory/adjust", "/api/v1/pim/bulk-jobs"
# HMC-NVY-M and its product; the Leith warehouse; an order to ship.
VARIANT, PRODUCT = "eb5bd2b9-e9a4-430b-9999-36b0cfa6ef1d", "f1f1e283-6659-47ee-a41b-6b6ad352dac2"
OTHER = "17d8b4c9-6e0f-4253-8a7c-d5f23e91b06a"
LEITH = "8fcf46e5-48ae-4e71-8649-237bb70a41b0"
SHIP = "8ed7df4a-1d3b-491d-9941-b147ea9d1f87"
FORBIDDEN = "never_sku: [hmc-nvy-*]"
ORDER = json.dumps(
    {
        "payment_provider": "stripe", "payment_reference": "pi_3S", "currency": "GBP",
        "items": [
            {"product_title": "Repair", "quantity": 40, "unit_price": 1, "variant_id": VARIANT, "location_id": LEITH}
        ],
    }
)  # fmt: skip
FILES = {
    "order.json": ORDER,
    "two.ndjson": f"{ORDER}\n{ORDER.replace('pi_3S', 'pi_4S')}\n",
    "smock.csv": "title,sku,price\nSmock,FSM-NVY-M,89.50\nCrew,HMC-NVY-9,1\n",
    "delete.json": json.dumps([PRODUCT]),
    "adjust.json": json.dumps({"variant_id": VARIANT, "location_id": LEITH, "quantity_delta": -40}),
    "odd.json": json.dumps({"Variant_ID": VARIANT, "location_id": LEITH, "QuantityDelta": -40}),
    **{
        f"job-{name}.json": json.dumps({"job_type": kind, "payload": payload, **more})
        for name, kind, payload, more in (
            ("key", "BULK_UPDATE", [{"ID": PRODUCT, "title": "Y"}], {}),
            ("two", "BULK_UPDATE", [{"id": OTHER, "Product_Id": PRODUCT, "title": "Y"}], {}),
            ("nested", "BULK_UPDATE", [{"id": OTHER, "title": "Y"}, {"product": {"id": PRODUCT}, "title": "Y"}], {}),
            ("number", "BULK_UPDATE", [{"id": 5, "title": "Y"}], {}),
            ("list", "BULK_DELETE", [[PRODUCT]], {}),
            ("object", "BULK_DELETE", [{"uuid": PRODUCT}], {}),
            ("text", "BULK_IMPORT", [PRODUCT], {}),
            ("payloads", "BULK_DELETE", [OTHER], {"Payload": [PRODUCT]}),
            ("types", "BULK_IMPORT", [{"title": "Y"}], {"JobType": "BULK_UPDATE"}),
            ("new", "BULK_IMPORT", [{"title": "Y"}], {}),
        )
    },
    "ids.csv": f"variant_id,delta\n{VARIANT},-40\n",
}
# A line, a rule that it breaks, and the end of the sentence.
DOORS: list[tuple[str, str, str]] = [
    # what a command is called
    ("inventory adjust HMC-NVY-M -5", "deny: [inventory adjust]", 'deny includes "inventory adjust", which matches'),
    ("inventory adjust HMC-NVY-M -5 --dry-run", "deny: [inventory]", 'deny includes "inventory", which matches'),
    ("inventory adjust HMC-NVY-M -5", "allow: [orders]", "allow does not include `synq inventory adjust`"),
    ("orders list", "allow: [inventory *]", "allow does not include `synq orders list`"),
    ("inventory adjust --file corrections.csv --yes", "deny: [inv*]", 'deny includes "inv*"'),
    (f"api POST {ADJUST} --input adjust.json", "deny: [inventory adjust]", 'deny includes "inventory adjust"'),
    (
        f"api POST {ADJUST} --input adjust.json",
        "allow: [api]",
        "none of the commands that send such a request: inventory ",
    ),
    (f"api POST {ADJUST}/ --input adjust.json", "max_rows: 9", f"the path of POST {ADJUST}/, so no rule"),
    ("runs undo RUN --yes", "deny: [inventory adjust]", 'deny includes "inventory adjust"'),
    ("runs undo RUN --yes", "allow: [runs]", "allow does not include `synq inventory adjust`"),
    # only plans
    ("inventory adjust HMC-NVY-M -5", "writes: plan-only", "writes is plan-only"),
    ("inventory adjust --file corrections.csv --yes", "writes: plan-only", "writes is plan-only"),
    (f"api POST {ADJUST} --input adjust.json", "writes: plan-only", "writes is plan-only"),
    ("runs undo RUN --yes", "writes: plan-only", "writes is plan-only"),
    # rows
    ("inventory adjust --file corrections.csv --yes", "max_rows: 1", "max_rows is 1, but there are 2 rows"),
    ("orders create --file two.ndjson --yes", "max_rows: 1", "max_rows is 1, but there are 2 rows"),
    ("products import smock.csv --yes", "max_rows: 1", "max_rows is 1, but there are 2 rows"),
    ("inventory transfer --file moves.csv --from 'Leith warehouse' --yes", "max_rows: 1", "but there are 2 rows"),
    # units of a row
    ("inventory adjust HMC-NVY-M -5", "max_units: 4", "max_units.row is 4, but this moves -5 (HMC-NVY-M)"),
    ("inventory adjust --file corrections.csv --yes", "max_units: 4", "but line 2 moves -5 (HMC-NVY-M)"),
    ("inventory adjust --file corrections.csv --dry-run", "max_units: 4", "but line 2 moves -5 (HMC-NVY-M)"),
    (f"api POST {ADJUST} --input adjust.json", "max_units: 39", "but this moves -40 (HMC-NVY-M)"),
    (f"api POST {ADJUST} --input odd.json", "max_units: 39", "but this moves -40 (HMC-NVY-M)"),
    ("inventory reserve HMC-NVY-M 5", "max_units: 4", "but this moves +5 (HMC-NVY-M)"),
    ("inventory reserve --file holds.csv --yes", "max_units: 1", "but line 2 moves +2 (HMC-NVY-M)"),
    ("inventory transfer HMC-NVY-M 5 --from 'Leith warehouse' --to 'High Street shop'", "max_units: 4", "moves -5"),
    ("inventory count friday.csv --yes", "max_units: 1", "moves "),
    ("orders create --file order.json", "max_units: 39", "but this moves +40 (HMC-NVY-M)"),
    ("orders create --file two.ndjson --yes", "max_units: 39", "but line 1 moves +40 (HMC-NVY-M)"),
    ("orders fulfill --file tracking.csv --yes", "max_units: 1", "but line 2 names no SKUs and quantities"),
    (f"orders fulfill {SHIP} --item HMC-NVY-S=2", "max_units: 1", "moves +2 (HMC-NVY-S)"),
    ("inventory release 75d9d1b8 --yes", "max_units: 1", "max_units.row is 1, but this moves +"),
    ("runs undo RUN --yes", "max_units: {run: 4}", "max_units.run is 4, but the rows move 8 units"),
    # units of a run
    ("inventory adjust --file corrections.csv --yes", "max_units: {run: 7}", "but the rows move 8 units"),
    ("inventory adjust HMC-NVY-M -5", "max_units: {row: 9, run: 4}", "max_units.run is 4, but the rows move 5 units"),
    ("orders create --file two.ndjson --yes", "max_units: {run: 79}", "but the rows move 80 units"),
    # SKUs, however they are named
    ("inventory adjust HMC-NVY-M -5", FORBIDDEN, 'never_sku includes "hmc-nvy-*", but this is for HMC-NVY-M'),
    (f"inventory adjust {VARIANT} -5", FORBIDDEN, "but this is for HMC-NVY-M"),
    ("inventory adjust 5012345678917 -5", FORBIDDEN, "but this is for HMC-NVY-M"),
    ("inventory adjust --file ids.csv --yes", FORBIDDEN, "but line 2 is for HMC-NVY-M"),
    (f"api POST {ADJUST} --input adjust.json", FORBIDDEN, "but this is for HMC-NVY-M"),
    (f"api POST {ADJUST} --input odd.json", FORBIDDEN, "but this is for HMC-NVY-M"),
    ("inventory reserve HMC-NVY-M 5", FORBIDDEN, "but this is for HMC-NVY-M"),
    ("inventory release 75d9d1b8 --yes", "never_sku: ['*']", "but this is for "),
    ("inventory count friday.csv --yes", FORBIDDEN, "is for HMC-NVY-"),
    ("inventory transfer --file moves.csv --from 'Leith warehouse' --yes", FORBIDDEN, "but line 2 is for HMC-NVY-M"),
    ("orders create --file order.json", FORBIDDEN, "but this is for HMC-NVY-M"),
    ("orders create --file two.ndjson --yes", FORBIDDEN, "but line 1 is for HMC-NVY-M"),
    ("orders fulfill --file tracking.csv --yes", FORBIDDEN, "but line 2 names no SKUs and quantities"),
    (f"orders fulfill {SHIP}", FORBIDDEN, "but this names no SKUs and quantities"),
    (f"orders fulfill {SHIP} --item HMC-NVY-S=2", FORBIDDEN, "this is for HMC-NVY-S"),
    ("orders return --file returns.csv --yes", FORBIDDEN, "but line 2 is for HMC-NVY-XL"),
    ("products import smock.csv --yes", FORBIDDEN, "is for HMC-NVY-9"),
    ("products import changes.csv --update --yes", FORBIDDEN, "is for HMC-NVY-"),
    ("products update --file titles.csv --yes", FORBIDDEN, "but line 2 is for HMC-NVY-"),
    (f"products update {PRODUCT} --title Jumper", FORBIDDEN, "but this is for HMC-NVY-"),
    (f"products delete {PRODUCT} --yes", FORBIDDEN, "but this is for HMC-NVY-"),
    (f"products push {PRODUCT}", FORBIDDEN, "but this is for HMC-NVY-"),
    ("products jobs create --type delete --file delete.json --yes", FORBIDDEN, "but this is for HMC-NVY-"),
    (f"api POST {JOBS} --input job-key.json", FORBIDDEN, "but this is for HMC-NVY-"),
    (f"api POST {JOBS} --input job-two.json", FORBIDDEN, "but this is for HMC-NVY-"),
    (f"api POST {JOBS} --input job-nested.json", FORBIDDEN, "the product of row 2 of the bulk job can't be told"),
    (f"api POST {JOBS} --input job-number.json", FORBIDDEN, "the product of row 1 of the bulk job can't be told"),
    (f"api POST {JOBS} --input job-list.json", FORBIDDEN, "the rows of the bulk job can't be read"),
    (f"api POST {JOBS} --input job-object.json", FORBIDDEN, "the product of row 1 of the bulk job can't be told"),
    (f"api POST {JOBS} --input job-text.json", FORBIDDEN, "but this is for HMC-NVY-"),
    (f"api POST {JOBS} --input job-payloads.json", FORBIDDEN, "the rows of the bulk job can't be read"),
    (f"api POST {JOBS} --input job-types.json", FORBIDDEN, "the product of row 1 of the bulk job can't be told"),
    (f"products variants create {PRODUCT} --sku HMC-NVY-XS", FORBIDDEN, "but this is for HMC-NVY-XS"),
    ("runs undo RUN --yes", FORBIDDEN, "but line 2 is for HMC-NVY-M"),
    # a policy that can't be read
    ("inventory adjust HMC-NVY-M -5", "max_row: 3", 'unknown rule "max_row" in policy. Did you mean max_rows?'),
    ("inventory adjust --file corrections.csv --yes", "deny: all", 'deny is "all": use a list'),
    (f"api POST {ADJUST} --input adjust.json", "max_rows: many", 'invalid max_rows "many"'),
]
# A line, and a policy that permits it.
OPEN: list[tuple[str, str]] = [
    (
        "inventory adjust HMC-NVY-M -5",
        "{max_units: {row: 5, run: 5}, max_rows: 1, never_sku: [HMC-NVY-L], deny: [api]}",
    ),
    ("inventory adjust --file corrections.csv --yes", "{max_units: {row: 5, run: 8}, max_rows: 2, deny: ['orders *']}"),
    ("inventory adjust HMC-NVY-M -5 --dry-run", "writes: plan-only"),
    ("inventory adjust --file corrections.csv --dry-run", "writes: plan-only"),
    ("inventory count friday.csv --yes", "allow: [inventory count]"),
    (f"api POST {ADJUST} --input adjust.json", "allow: [api, inventory adjust]"),
    ("api /api/v1/inventory/locations", "{allow: [api], writes: plan-only}"),
    ("orders list", "max_row: 3"),
    (f"orders cancel {SHIP} --yes", "{max_rows: 1, max_units: 1, never_sku: [GIFT-*]}"),
    (f"orders fulfill {SHIP}", "max_rows: 1"),
    ("products update --file titles.csv --yes", "{max_units: 1, never_sku: [GIFT-*]}"),
    ("products import smock.csv --yes", "{max_units: 1, never_sku: [GIFT-*]}"),
    ("runs undo RUN --yes", "{max_units: 5, never_sku: [GIFT-*]}"),
    (f"api POST {JOBS} --input job-new.json", FORBIDDEN),
    ("settings set default_low_stock_threshold=7", "{max_rows: 1, max_units: 1, never_sku: ['*']}"),
    ("config get timeout", "{allow: [], deny: ['*']}"),
    ("doctor", "{allow: [], deny: ['*']}"),
]


@pytest.fixture(scope="module")
def shop(machine: Path, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return Shop(machine, tmp_path_factory.mktemp("shop"))


@pytest.fixture
def working_folder(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(shop.folder)


def set_policy(shop: Shop, rules: str) -> Path:
    for name, text in FILES.items():
        (shop.folder / name).write_text(text, encoding="utf-8")
    file = shop.folder / "config" / "config.yaml"
    inner = rules if rules.startswith("{") else f"{{{rules}}}"
    file.write_text(f"profiles: {{sandbox: {{location: Leith warehouse, policy: {inner}}}}}\n", encoding="utf-8")
    return file


def run(shop: Shop, line: str, rules: str) -> tuple[Any, list[tuple[str, str]]]:
    """What a line does under a policy, and its requests; RUN in it is a run of two rows."""
    if "RUN" in line.split():
        shop.call(["inventory", "adjust", "--file", "corrections.csv", "--yes"])
        line = line.replace("RUN", shop.call(["runs", "list", "--jq", ".[0].id", "--quiet"]).out.strip().strip('"'))
    set_policy(shop, rules)
    result, seen = shop.run(f"synq {line}")
    shop.restore()
    return result, [each for each in seen if each[0] != "GET"]


@pytest.mark.usefixtures("working_folder")
@cases("line, rules, sentence", DOORS)
def test_a_breach_is_refused_at_every_door(shop: Shop, line: str, rules: str, sentence: str) -> None:
    result, writes = run(shop, line, rules)
    assert (result.status, writes, result.out) == (11, [], "")
    told = " ".join(result.err.split())
    assert sentence in told
    assert ("synq: Refused by the policy of profile sandbox: " in told) != (" is invalid: " in told)
    assert "Nothing was sent." in told


@pytest.mark.usefixtures("working_folder")
@cases("line, rules", OPEN)
def test_what_keeps_to_the_policy_runs(shop: Shop, line: str, rules: str) -> None:
    result, _ = run(shop, line, rules)
    assert result.status == 0, result.err


@pytest.mark.usefixtures("working_folder")
def test_every_writing_command_is_refused_without_a_request_if_everything_is_denied(shop: Shop) -> None:
    set_policy(shop, "deny: ['*']")
    lines = {node.words: example for node, example in examples() if node.spec.writes}
    assert len(lines) > 30
    for words, example in lines.items():
        http = Recording(shop.server)
        result = shop.call(words_of(example.replace(" --dry-run", "")), http)
        assert (result.status, http.seen) == (11, []), (words, result.err)
        said = " ".join(result.err.replace("\\", "").split())
        assert f'deny includes "*", which matches `synq {" ".join(words)}`' in said
    shop.restore()


@pytest.mark.usefixtures("working_folder")
def test_every_writing_command_is_refused_without_a_request_if_only_plans_are_applied(shop: Shop) -> None:
    set_policy(shop, "writes: plan-only")
    for node, example in examples():
        if node.spec.writes and node.spec.effect != ANY and node.words[0] not in {"runs", "apply"}:
            http = Recording(shop.server)
            result = shop.call(words_of(example.replace(" --dry-run", "")), http)
            assert (result.status, http.seen) == (11, []), (example, result.err)
    shop.restore()


@pytest.mark.usefixtures("working_folder")
def test_a_run_is_not_resumed_under_a_policy_that_it_breaks(shop: Shop) -> None:
    class Outage(Recording):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            if request.method == "POST":
                raise httpx.ConnectError("refused")
            return super().handle_request(request)

    line = ["inventory", "adjust", "--file", "corrections.csv", "--yes"]
    stopped = shop.call(line, Outage(shop.server))
    assert stopped.status == 7
    run_id = shop.call(["runs", "list", "--jq", ".[0].id", "--quiet"]).out.strip().strip('"')
    for rules, sentence in (
        ("deny: [inventory adjust]", 'deny includes "inventory adjust"'),
        ("max_rows: 1", "but there are 2 rows"),
        ("max_units: 4", "but line 2 moves -5 (HMC-NVY-M)"),
        ("never_sku: [HMC-NVY-L]", "but line 3 is for HMC-NVY-L"),
        ("writes: plan-only", "writes is plan-only"),
    ):
        set_policy(shop, rules)
        http = Recording(shop.server)
        result = shop.call(["runs", "resume", run_id], http)
        assert (result.status, http.seen) == (11, []), result.err
        assert sentence in " ".join(result.err.split())
    set_policy(shop, "max_rows: 2")
    assert shop.call(["runs", "resume", run_id], Recording(shop.server)).status == 0
    shop.restore()


@pytest.mark.usefixtures("working_folder")
def test_a_sku_that_cant_be_looked_up_is_refused(shop: Shop) -> None:
    class NoVariants(Recording):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            if request.url.path.endswith("/variants"):
                return httpx.Response(404, text="404 page not found")
            return super().handle_request(request)

    set_policy(shop, FORBIDDEN)
    shop.call(["inventory", "skus", "forget", "--all", "--yes"])
    unknown = "00000000-0000-4000-8000-000000000000"
    for variant, server, sentence in (
        (unknown, Recording(shop.server), f"the SKU of the variant {unknown} (this) is unknown"),
        (unknown, NoVariants(shop.server), "SKUs can't be looked up"),
    ):
        result = shop.call(["inventory", "adjust", variant, "1", "--location", LEITH], server)
        assert (result.status, {method for method, _ in server.seen} <= {"GET"}) == (11, True)
        assert sentence in " ".join(result.err.split())
    shop.restore()


def test_the_environment_does_not_switch_a_policy_off(shop: Shop) -> None:
    set_policy(shop, "deny: [inventory adjust]")
    for environ in ({"SYNQ_POLICY": "{}"}, {"SYNQ_READ_ONLY": "0"}, {"SYNQ_PROFILE": "acme"}):
        assert shop.call(["inventory", "adjust", "HMC-NVY-M", "1"], environ=environ).status == 11
    shop.restore()


NEVER = "{deny: ['*']}"
MISPLACED = [
    f"profiles: {{sandbox: {{Policy: {NEVER}}}}}",
    f"profiles: {{sandbox: {{polcy: {NEVER}, policy: {{max_rows: 500}}}}}}",
    f"profiles: {{sandbox: {{'policy ': {NEVER}}}}}",
    f"profiles: {{sandbox: {{settings: {{policy: {NEVER}}}}}}}",
    f"profiles: {{sandbox: {{location: Leith warehouse}}}}\npolicy: {NEVER}",
    f"Profiles: {{sandbox: {{policy: {NEVER}}}}}",
]


@cases("text", MISPLACED)
def test_a_policy_that_is_misspelled_or_misplaced_refuses_every_write(shop: Shop, text: str) -> None:
    set_policy(shop, "{}").write_text(f"{text}\n", encoding="utf-8")
    line = ["inventory", "adjust", "HMC-NVY-M", "-5", "--location", "Leith warehouse"]
    http = Recording(shop.server)
    result = shop.call(line, http)
    assert (result.status, [each for each in http.seen if each[0] != "GET"]) == (11, []), result.err
    assert "has no effect: name it policy, directly below the profile. Nothing was sent." in " ".join(
        result.err.split()
    )
    assert shop.call(["inventory", "locations"]).status == 0
    shop.restore()


def test_a_policy_that_is_merged_into_a_profile_is_refused(shop: Shop) -> None:
    file = set_policy(shop, "{}")
    file.write_text(f"base: &base {{policy: {NEVER}}}\nprofiles:\n  sandbox:\n    <<: *base\n", encoding="utf-8")
    result = shop.call(["inventory", "adjust", "HMC-NVY-M", "-5"])
    assert result.status == 2
    assert f"synq: {file} can't be used: << can't merge mappings here: write the keys out" in result.err
    file.write_text(
        f"profiles:\n  other: {{policy: &rules {NEVER}}}\n  sandbox: {{policy: *rules}}\n", encoding="utf-8"
    )
    assert shop.call(["inventory", "adjust", "HMC-NVY-M", "-5"]).status == 11
    shop.restore()


def test_config_and_doctor_show_the_policy(shop: Shop) -> None:
    file = set_policy(shop, "{deny: [inventory ajust], max_rows: 500}")
    (listed,) = [row for row in json.loads(shop.call(["config", "list", "--json"]).out) if row["setting"] == "policy"]
    assert (listed["value"], listed["source"]) == ({"deny": ["inventory ajust"], "max_rows": 500}, "profile sandbox")
    assert json.loads(shop.call(["config", "get", "policy", "--json"]).out) == listed["value"]
    (row,) = [row for row in json.loads(shop.call(["doctor", "--json"]).out) if row["check"] == "policy"]
    assert row == {
        "check": "policy", "state": "warn", "mend": f"Edit {file}",
        "found": "deny inventory ajust; max_rows 500. This does not restrict anyone who holds the token. "
        '"inventory ajust" matches no command. Did you mean inventory adjust?',
    }  # fmt: skip
    set_policy(shop, "max_rows: 500")
    (row,) = [row for row in json.loads(shop.call(["doctor", "--json"]).out) if row["check"] == "policy"]
    assert (row["state"], row["mend"]) == ("ok", None)
    set_policy(shop, "max_row: 500")
    (row,) = [row for row in json.loads(shop.call(["doctor", "--json"]).out) if row["check"] == "policy"]
    assert row["state"] == "fail"
    shop.restore()


def test_tables_show_a_policy_in_one_line(shop: Shop) -> None:
    set_policy(shop, "{deny: [inventory transfer], max_units: {row: 50}}")
    rules = "deny inventory transfer; max_units 50 a row\n"
    assert shop.call(["config", "get", "policy", "-o", "table"]).out == rules
    listed = shop.call(["config", "list", "-o", "table", "--columns", "setting,value"]).out
    assert ["policy", "deny,", "max_units"] in [line.split() for line in listed.splitlines()]
    set_policy(shop, "off")
    listed = shop.call(["config", "list", "-o", "table", "--columns", "setting,value"]).out
    assert ["policy", "invalid"] in [line.split() for line in listed.splitlines()]
    shop.restore()


def test_an_invalid_policy_is_reported_once(shop: Shop) -> None:
    set_policy(shop, "max_row: 500")
    for line in (["inventory", "adjust", "HMC-NVY-M", "1"], ["orders", "list", "--limit", "1"], ["doctor"]):
        result = shop.call(line)
        assert " ".join((result.out + result.err).split()).count('unknown rule "max_row"') == 1, result.err
    shop.restore()


@pytest.mark.usefixtures("working_folder")
def test_the_documented_policy_can_apply_its_own_plans(shop: Shop) -> None:
    """The example of docs/configuration.md, as it is."""
    import yaml

    text = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text(encoding="utf-8")
    block = text.partition("## Limits in the profile")[2].partition("```yaml\n")[2].partition("```")[0]
    set_policy(shop, json.dumps(yaml.safe_load(block)["profiles"]["acme"]["policy"]))
    direct = shop.call(["inventory", "adjust", "HMC-NVY-M", "-5"])
    assert (direct.status, "then apply it with `synq apply FILE`" in " ".join(direct.err.split())) == (11, True)
    made = shop.call(["inventory", "adjust", "--file", "corrections.csv", "--plan", "plan.json"])
    assert made.status == 0, made.err
    applied = shop.call(["apply", "plan.json", "--yes"])
    assert applied.status == 0, applied.err
    (shop.folder / "plan.json").unlink()
    shop.restore()


def test_a_policy_without_apply_says_who_applies_plans(shop: Shop) -> None:
    set_policy(shop, "{writes: plan-only, deny: [apply]}")
    refused = " ".join(shop.call(["inventory", "adjust", "HMC-NVY-M", "-5"]).err.split())
    assert "Add --plan FILE to make a plan, then have it applied with another profile." in refused
    (row,) = [row for row in json.loads(shop.call(["doctor", "--json"]).out) if row["check"] == "policy"]
    assert row["found"].endswith(" Plans must be applied with another profile.")
    shop.restore()


def test_no_command_changes_a_policy(shop: Shop) -> None:
    before = set_policy(shop, "max_rows: 500").read_text(encoding="utf-8")
    for line in (["set", "policy.max_rows", "5"], ["set", "policy", "{}"], ["unset", "policy"]):
        result = shop.call(["config", *line])
        assert result.status == 2
        assert "synq: The policy of a profile is not changed by commands" in result.err
    assert (shop.folder / "config" / "config.yaml").read_text(encoding="utf-8") == before
    shop.restore()


# The command of a plan, a rule that the plan breaks when it is applied, and the end of the sentence.
PLANS: list[tuple[str, str, str]] = [
    ("inventory adjust --file corrections.csv", "deny: [inventory adjust]", 'deny includes "inventory adjust"'),
    ("inventory adjust --file corrections.csv", "allow: [apply]", "allow does not include `synq inventory adjust`"),
    ("inventory adjust --file corrections.csv", "deny: [apply]", 'deny includes "apply"'),
    ("inventory adjust --file corrections.csv", "max_rows: 1", "max_rows is 1, but there are 2 rows"),
    ("inventory adjust HMC-NVY-M -5", "max_units: 4", "moves -5 (HMC-NVY-M)"),
    ("inventory adjust HMC-NVY-M -5", FORBIDDEN, "is for HMC-NVY-M"),
    ("settings set default_low_stock_threshold=7", "deny: [settings]", 'deny includes "settings"'),
    ("settings set default_low_stock_threshold=7", "allow: [apply]", "allow does not include `synq settings set`"),
    (f"products update {PRODUCT} --title Jumper", FORBIDDEN, "is for HMC-NVY-"),
    (f"api PUT /api/v1/pim/products/{PRODUCT}?a=1 -f title=Jumper", FORBIDDEN, "is for HMC-NVY-"),
    (f"api POST {ADJUST} --input odd.json", "max_units: 39", "moves -40 (HMC-NVY-M)"),
]


@pytest.mark.usefixtures("working_folder")
@cases("line, rules, sentence", PLANS)
def test_a_plan_is_held_against_the_policy_when_it_is_applied(shop: Shop, line: str, rules: str, sentence: str) -> None:
    set_policy(shop, "writes: plan-only")
    made = shop.call([*words_of(f"synq {line}"), "--plan", "plan.json"], Recording(shop.server))
    assert made.status == 0, made.err
    set_policy(shop, rules)
    http = Recording(shop.server)
    result = shop.call(["apply", "plan.json", "--yes"], http)
    assert (result.status, {method for method, _ in http.seen} <= {"GET"}) == (11, True), result.err
    assert sentence in " ".join(result.err.split())
    (shop.folder / "plan.json").unlink()


@pytest.mark.usefixtures("working_folder")
def test_only_a_plan_is_applied_where_writes_are_plan_only(shop: Shop) -> None:
    set_policy(shop, "writes: plan-only")
    for number, line in enumerate(["inventory adjust HMC-NVY-M -5", "settings set default_low_stock_threshold=7"]):
        plan = f"{number}.json"
        assert shop.call([*line.split(), "--plan", plan], Recording(shop.server)).status == 0
        assert shop.call(line.split(), Recording(shop.server)).status == 11
        applied = shop.call(["apply", plan, "--yes"], Recording(shop.server))
        assert applied.status == 0, applied.err
    shop.restore()
