"""A plan is applied once, for its tenant, while it is valid, and only where what it replaces is still there."""

import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from runner import NOW, Result
from shop import Recording, Shop
from table import cases
from tenant import ENVIRON, VARIANT, Tenant

from synq_cli.bulk.plans.document import Document, hash_of, json_schema, make, read, rows_of
from synq_cli.bulk.verbs.apply_changes import ApplyChanges, Change
from synq_cli.errors import SynqError
from synq_cli.http import operations
from synq_cli.state.plans import Plans
from synq_cli.times import timestamp

KNIT = "f1f1e283-6659-47ee-a41b-6b6ad352dac2"
CHANNELS = "/api/v1/channels"
DAY = 86_400
VALIDATOR = Draft202012Validator(json_schema())


@pytest.fixture(scope="module")
def shop(machine: Path, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return Shop(machine, tmp_path_factory.mktemp("shop"))


@pytest.fixture(autouse=True)
def working_folder(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.restore()
    monkeypatch.chdir(shop.folder)


def run(shop: Shop, *words: str, http: httpx.BaseTransport | None = None) -> tuple[Result, list[tuple[str, str]]]:
    recording = Recording(http or shop.server)
    return shop.call([*words], recording), [asked for asked in recording.seen if asked[0] != "GET"]


def planned(shop: Shop, *words: str) -> Any:
    Path("plan.json").unlink(missing_ok=True)
    result, writes = run(shop, *words, "--plan", "plan.json")
    assert (result.status, writes) == (0, []), result.err
    return json.loads(Path("plan.json").read_text(encoding="utf-8"))


def rewritten(plan: Any, **values: Any) -> None:
    """Change a plan and its hash, as somebody may who can write the file."""
    plan = plan | values
    Path("plan.json").write_text(json.dumps(plan | {"hash": hash_of(plan)}), encoding="utf-8")


def made_at(now: float) -> dict[str, str]:
    """What a plan has of the time at which it was made."""
    return {
        "id": f"{datetime.fromtimestamp(now, UTC):%y%m%d-%H%M%S}-abcdefgh", "created_at": timestamp(now),
        "expires_at": timestamp(now + DAY),
    }  # fmt: skip


def test_a_plan_is_applied_once(shop: Shop) -> None:
    plan = planned(shop, "inventory", "adjust", "--file", "corrections.csv")
    assert [(row["before"], row["after"]) for row in plan["rows"]] == [
        ({"Leith warehouse": 41}, {"Leith warehouse": 36}),
        ({"Leith warehouse": 0}, {"Leith warehouse": 3}),
    ]
    result, writes = run(shop, "apply", "plan.json", "--yes", "--json")
    assert (result.status, len(writes)) == (0, 2)
    told = json.loads(result.out)
    assert (told["command"], told["done"], told["plan"]) == ("inventory adjust", 2, plan["id"])
    result, writes = run(shop, "apply", "plan.json", "--yes")
    assert (result.status, writes) == (11, [])
    assert f"The plan {plan['id']} was applied by run {told['id']}. Nothing was sent." in result.err
    assert f"runs resume {told['id']}" in result.err
    assert f"applied by run {told['id']}" in run(shop, "plan", "show", "plan.json")[0].out
    # The id is known even if the journal of the run is gone.
    for journal in (shop.folder / "state" / "runs").iterdir():
        journal.unlink()
    result, writes = run(shop, "apply", "plan.json", "--yes")
    assert (result.status, writes) == (11, [])
    assert "was applied on 2026-11-24" in result.err


def test_what_was_applied_can_be_undone_also_by_a_plan(shop: Shop) -> None:
    planned(shop, "inventory", "adjust", "HMC-NVY-M", "-5")
    told = json.loads(run(shop, "apply", "plan.json", "--yes", "--json")[0].out)
    plan = planned(shop, "runs", "undo", told["id"])
    assert (plan["verb"], plan["source"]["undoes"]) == ("inventory adjust", told["id"])
    result, writes = run(shop, "apply", "plan.json", "--yes")
    assert (result.status, len(writes)) == (0, 1), result.err
    assert run(shop, "runs", "undo", told["id"], "--yes")[0].status == 11


REFUSED = {
    "edited": (lambda plan: json.dumps(plan | {"requests": 0}), 11, "its hash does not match"),
    "expired": (lambda plan: json.dumps(plan | {"expires_at": "2026-11-24T11:00:00Z"}), 11, "its hash does not match"),
    "cut": (lambda plan: json.dumps(plan)[:-20], 2, "plan.json is not a synq plan: "),
    "another document": (lambda _plan: '{"format": "other"}', 2, "plan.json is not a synq plan."),
    "a later version": (lambda plan: json.dumps(plan | {"version": 2}), 2, "format version 2"),
    "no rows": (lambda plan: json.dumps({key: plan[key] for key in plan if key != "rows"}), 2, 'it has no "rows"'),
    "a key twice": (lambda plan: '{"format": "synq-plan",' + json.dumps(plan)[1:], 2, '"format" is given twice'),
}


FORGED: list[tuple[dict[str, str], int, str]] = [
    ({"id": "261124-120000-x\x1b[2Jy/../.."}, 2, 'not a valid plan: "id" is not the time of "created_at" and eight'),
    ({"id": "261124-130000-abcdefgh"}, 2, '"id" is not the time of "created_at" and eight'),
    ({"id": "261124-120000-ABCDEFGH"}, 2, '"id" is not the time of "created_at" and eight'),
    ({"expires_at": "2099-01-01T00:00:00Z"}, 2, "not a valid plan: it is valid for more than 24 hours."),
    (made_at(NOW + 3600), 11, "The plan 261124-130000-abcdefgh was made in the future, on 2026-11-24 "),
]


@cases("values, status, said", FORGED)
def test_a_plan_with_another_id_or_lifetime_is_refused(
    shop: Shop, values: dict[str, str], status: int, said: str
) -> None:
    rewritten(planned(shop, "settings", "set", "default_low_stock_threshold=8"), **values)
    result, writes = run(shop, "apply", "plan.json", "--yes")
    assert (result.status, writes) == (status, [])
    assert said in " ".join(result.err.split())
    Path("plan.json").unlink()


@cases("name", REFUSED)
def test_a_plan_that_was_changed_is_refused(shop: Shop, name: str) -> None:
    change, status, said = REFUSED[name]
    plan = planned(shop, "settings", "set", "default_low_stock_threshold=8")
    Path("plan.json").write_text(change(plan), encoding="utf-8")
    result, writes = run(shop, "apply", "plan.json", "--yes")
    assert (result.status, writes) == (status, [])
    assert said in result.err
    Path("plan.json").unlink()


def test_a_plan_expires_after_a_day(shop: Shop) -> None:
    plan = planned(shop, "settings", "set", "default_low_stock_threshold=8")
    shop.synq.clock += DAY
    result, writes = run(shop, "apply", "plan.json", "--yes")
    assert (result.status, writes) == (11, [])
    assert f"The plan {plan['id']} expired on 2026-11-25" in result.err
    assert "expired" in run(shop, "plan", "show", "plan.json")[0].out


def test_a_plan_of_another_tenant_is_refused(shop: Shop, synq: Any) -> None:
    plan = planned(shop, "settings", "set", "default_low_stock_threshold=8")
    tenant = Tenant({})
    for words in (["apply", "plan.json", "--yes"], ["plan", "diff", "plan.json"]):
        result = synq(*words, environ=ENVIRON, http=tenant)
        assert (result.status, tenant.asked) == (11, [])
        assert f"The plan {plan['id']} is for sandbox/" in result.err
    assert "for another tenant" in synq("plan", "show", "plan.json", "-o", "csv", environ=ENVIRON).out
    assert "unknown: not logged in" in synq("plan", "show", "plan.json", "-o", "csv").out


def test_of_two_processes_one_applies_it(shop: Shop) -> None:
    planned(shop, "inventory", "adjust", "HMC-NVY-M", "-5")
    environ = {**os.environ, "SYNQ_CONFIG_DIR": "config", "SYNQ_STATE_DIR": "state"}
    rewritten(json.loads(Path("plan.json").read_text(encoding="utf-8")), **made_at(time.time()))
    line = [sys.executable, "-m", "synq_cli", "--sandbox", "apply", "plan.json", "--yes", "-q"]
    started = [subprocess.Popen(line, env=environ, stdout=-3, stderr=-3) for _ in range(2)]
    assert sorted(process.wait(60) for process in started) == [0, 11]


def test_rows_whose_values_have_changed_are_not_sent(shop: Shop) -> None:
    products = json.loads(run(shop, "products", "list", "--json")[0].out)[:3]
    rows = [f"{product['id']},Title {number}" for number, product in enumerate(products)]
    Path("three.csv").write_text("\n".join(["id,title", *rows]), encoding="utf-8")
    plan = planned(shop, "products", "update", "--file", "three.csv")
    assert [row["before"] for row in plan["rows"]] == [{"title": product["title"]} for product in products]
    assert run(shop, "plan", "diff", "plan.json")[0].status == 0
    run(shop, "products", "update", products[0]["id"], "--title", "Somebody else's")
    run(shop, "products", "update", products[1]["id"], "--title", "Title 1")
    result, _ = run(shop, "plan", "diff", "plan.json", "--json")
    assert (result.status, [row["state"] for row in json.loads(result.out)]) == (
        8,
        ["changed", "as planned", "unchanged"],
    )
    result, writes = run(shop, "apply", "plan.json", "--yes", "--json")
    told = json.loads(result.out)
    assert (result.status, told["done"], told["failed"], len(writes)) == (8, 2, 1, 1)
    assert "1 row had the planned values already: not sent." in result.err
    failed = json.loads(run(shop, "runs", "show", told["id"], "--rows", "failed", "--json")[0].out)
    assert [(row["line"], row["error_code"]) for row in failed] == [(2, "conflict")]
    assert failed[0]["error"] == (
        f"Conflict: changed since the plan was made: title {products[0]['title']} → Somebody else's."
    )


def test_a_plan_is_not_read_from_a_pipe_or_a_device(shop: Shop) -> None:
    os.mkfifo("plan.pipe")
    for words in (("plan", "show"), ("plan", "diff"), ("apply",), ("approve",)):
        for name, what in (("plan.pipe", "pipe"), ("/dev/zero", "device or socket")):
            result, _ = run(shop, *words, name)
            assert result.status == 2
            assert f"{name} can't be read: it is a {what}, not a file." in result.err


TYPES: list[tuple[str, object, object, str]] = [
    ("auto_po_enabled", False, 0, "auto_po_enabled false → 0."),
    ("default_low_stock_threshold", 1, True, "default_low_stock_threshold 1 → true."),
    ("costing_method", "5", 5, 'costing_method "5" → 5.'),
]


@cases("name, before, now, said", TYPES)
def test_a_value_of_another_type_is_a_conflict(synq: Any, name: str, before: object, now: object, said: str) -> None:
    present = {"costing_method": "FIFO", "default_low_stock_threshold": 0, "auto_po_enabled": True, name: before}
    settings = "/api/v1/settings/tenant"
    words = ["settings", "set", "inventory_allocation_model=HARD", "--plan", "plan.json"]
    Path("plan.json").unlink(missing_ok=True)
    synq.clock += 60
    made = synq(*words, environ=ENVIRON, http=Tenant({f"GET {settings}": present}))
    assert made.status == 0, made.err
    tenant = Tenant({f"GET {settings}": present | {name: now}})
    assert synq("plan", "diff", "plan.json", environ=ENVIRON, http=tenant).status == 8
    assert synq("apply", "plan.json", "--yes", environ=ENVIRON, http=tenant).status == 8
    run_id = json.loads(synq("runs", "list", "--json").out)[0]["id"]
    (row,) = json.loads(synq("runs", "show", run_id, "--rows", "failed", "--json").out)
    assert row["error"].endswith(f": {said}")


def test_a_change_of_the_type_only_is_shown(synq: Any) -> None:
    settings = "/api/v1/settings/tenant"
    present = {"costing_method": "FIFO", "default_low_stock_threshold": 3, "auto_po_enabled": 0}
    words = ["inventory_allocation_model=HARD", "auto_po_enabled=false", "--plan", "plan.json"]
    Path("plan.json").unlink(missing_ok=True)
    made = synq("settings", "set", *words, environ=ENVIRON, http=Tenant({f"GET {settings}": present}))
    assert made.status == 0, made.err
    shown = synq("plan", "show", "plan.json", "-o", "csv", environ=ENVIRON).out
    assert '""field"":""auto_po_enabled"",""before"":0,""after"":false' in shown
    files = synq.folder / "shop"
    files.mkdir()
    (files / "synq-tenant.yaml").write_text("format: 1\n", encoding="utf-8")
    wanted = "auto_po_enabled: false\ninventory_allocation_model: HARD\n"
    (files / "settings.yaml").write_text(wanted, encoding="utf-8")
    found = synq("plan", "from", str(files), "--json", environ=ENVIRON, http=Tenant({f"GET {settings}": present}))
    assert "auto_po_enabled" in [row["field"] for row in json.loads(found.out)]


CHANGES = {
    "settings": ("settings set default_low_stock_threshold=8", "settings set default_low_stock_threshold=9"),
    "channel": ("channels update high-street --inactive", "channels update high-street --currency EUR"),
    "role": (
        "organization members set-role rory@fellandfjord.example VIEWER",
        "organization members set-role rory@fellandfjord.example ADMIN",
    ),
    "deletion": (f"products delete {KNIT}", f"products update {KNIT} --title Other"),
    "any request": (
        f"api PUT /api/v1/pim/products/{KNIT} -f title=New",
        f"products update {KNIT} --title Other",
    ),
}


@cases("name", CHANGES)
def test_a_change_of_what_has_changed_is_a_conflict(shop: Shop, name: str) -> None:
    change, other = CHANGES[name]
    shop.restore()
    planned(shop, *change.split())
    assert run(shop, *other.split(), "--yes" if name == "role" else "-q")[0].status == 0
    result, writes = run(shop, "apply", "plan.json", "--yes")
    assert (result.status, writes) == (8, [])
    assert "onflict: changed since the plan was made: " in result.err
    assert "A plan is applied once: make a new one" in result.err


def test_a_deletion_that_somebody_else_has_made_is_done(shop: Shop) -> None:
    planned(shop, "products", "delete", KNIT)
    run(shop, "products", "delete", KNIT, "--yes")
    result, writes = run(shop, "apply", "plan.json", "--yes")
    assert (result.status, writes) == (0, [])


def test_stock_that_has_moved_is_a_warning(shop: Shop) -> None:
    planned(shop, "inventory", "adjust", "--file", "corrections.csv")
    run(shop, "inventory", "adjust", "HMC-NVY-M", "-2")
    assert run(shop, "plan", "diff", "plan.json")[0].status == 8
    result, writes = run(shop, "apply", "plan.json", "--yes")
    assert (result.status, len(writes)) == (0, 2)
    assert "Stock has moved since the plan was made, in 1 row: HMC-NVY-M 41 → 39 (line 2)." in result.err


def test_a_plan_that_was_interrupted_is_resumed_not_applied_again(shop: Shop) -> None:
    class Killed(BaseException):
        """The process ends."""

    class Killing(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            answer = shop.server.handle_request(request)
            if request.method == "PUT":
                raise Killed
            return answer

    rows = [row["id"] for row in json.loads(run(shop, "products", "list", "--json")[0].out)[:3]]
    Path("three.csv").write_text("\n".join(["id,title", *(f"{row},New" for row in rows)]), encoding="utf-8")
    planned(shop, "products", "update", "--file", "three.csv")
    with pytest.raises(Killed):
        run(shop, "apply", "plan.json", "--yes", http=Killing())
    result, writes = run(shop, "apply", "plan.json", "--yes")
    assert (result.status, writes) == (11, [])
    name = json.loads(run(shop, "runs", "list", "--json")[0].out)[0]["id"]
    result, writes = run(shop, "runs", "resume", name, "--json")
    assert (result.status, json.loads(result.out)["done"]) == (0, 3), result.err
    titles = {row["title"] for row in json.loads(run(shop, "products", "list", "--json")[0].out) if row["id"] in rows}
    assert titles == {"New"}


def test_a_creation_without_a_response_is_never_sent_twice(synq: Any) -> None:
    made = synq(
        "channels", "create", "web", "--currency", "EUR", "--plan", "plan.json", environ=ENVIRON, http=Tenant({})
    )
    assert made.status == 0, made.err
    tenant = Tenant({f"POST {CHANNELS}": httpx.ReadTimeout("")})
    result = synq("apply", "plan.json", "--yes", environ=ENVIRON, http=tenant)
    assert (result.status, len(tenant.asked)) == (10, 1)
    name = json.loads(synq("runs", "list", "--json").out)[0]["id"]
    assert synq("runs", "resume", name, environ=ENVIRON, http=tenant).status == 10
    assert synq("apply", "plan.json", "--yes", environ=ENVIRON, http=tenant).status == 11
    assert len(tenant.asked) == 1


def test_a_row_whose_values_cannot_be_read_is_not_sent(synq: Any) -> None:
    channel = {"id": VARIANT, "name": "web", "currency": "EUR", "active": True}
    tenant = Tenant({f"GET {CHANNELS}": [channel]})
    change = ("channels", "update", "web", "--inactive", "--plan", "plan.json")
    assert synq(*change, environ=ENVIRON, http=tenant).status == 0
    tenant = Tenant({f"GET {CHANNELS}": httpx.Response(503)})
    result = synq("apply", "plan.json", "--yes", environ=ENVIRON, http=tenant)
    assert (result.status, {asked.split()[0] for asked in tenant.asked}) == (7, {"GET"})
    assert "The list of channels can't be read: no response arrived." in result.err
    name = json.loads(synq("runs", "list", "--json").out)[0]["id"]
    replies = {f"GET {CHANNELS}": [channel], f"PUT {CHANNELS}/{VARIANT}": channel}
    assert synq("runs", "resume", name, environ=ENVIRON, http=Tenant(replies)).status == 0


INVALID = {
    ("--plan", "plan.json", "--dry-run"): "--plan conflicts with --dry-run: give one of them.",
    ("--plan", ""): "--plan is blank.",
    ("--plan", "corrections.csv"): "corrections.csv exists and is not a synq plan.",
    ("--plan", os.devnull): f"{os.devnull} can't be read: it is a device or socket, not a file.",
    ("--plan", "pipe"): "pipe can't be read: it is a pipe, not a file.",
    ("--plan", "link"): "link can't be read: it is a link to a file that doesn't exist.",
    ("--plan", "."): ". can't be written: it is a folder",
    ("--plan", "no/plan.json"): "no/plan.json can't be written",
}


@cases("words", INVALID)
def test_a_plan_replaces_no_other_file(shop: Shop, words: tuple[str, ...]) -> None:
    if not Path("pipe").exists():
        os.mkfifo("pipe")
        Path("link").symlink_to("nowhere")
    result, writes = run(shop, "settings", "set", "default_low_stock_threshold=8", *words)
    assert (result.status, writes) == (2, [])
    assert INVALID[words] in result.err


def test_a_plan_replaces_no_plan_that_may_still_be_applied(shop: Shop) -> None:
    change = ("settings", "set", "default_low_stock_threshold=8", "--plan", "plan.json")
    first = planned(shop, *change[:3])
    result, _ = run(shop, *change)
    assert result.status == 2
    assert f"plan.json is the plan {first['id']} of `synq settings set`, which was not applied." in result.err
    shop.synq.clock += DAY
    assert run(shop, *change)[0].status == 0
    assert run(shop, "apply", "plan.json", "--yes")[0].status == 0
    assert run(shop, "settings", "set", "default_low_stock_threshold=9", "--plan", "plan.json")[0].status == 0


def test_without_a_change_the_plan_has_no_rows_and_can_be_applied(shop: Shop) -> None:
    plan = planned(shop, "settings", "set", "default_low_stock_threshold=5")
    assert (plan["rows"], plan["requests"], [*VALIDATOR.iter_errors(plan)]) == ([], 0, [])
    for words in (("plan", "show"), ("plan", "diff"), ("apply", "--yes"), ("apply", "--json")):
        result, writes = run(shop, *words, "plan.json")
        assert (result.status, writes) == (0, []), result.err
    assert json.loads(result.out)["rows"] == 0
    result, _ = run(shop, "settings", "set", "default_low_stock_threshold=5", "--plan", "-")
    assert (result.status, "There is nothing to change, so there is no plan." in result.err) == (0, True)


def test_the_schema_of_plans_is_printed(synq: Any) -> None:
    shown = synq("plan", "schema")
    assert (shown.status, json.loads(shown.out)) == (0, json_schema())


def test_what_is_asked_is_shown_whole_also_with_quiet_and_in_a_pipe(shop: Shop) -> None:
    planned(shop, "settings", "set", "default_low_stock_threshold=8")
    for words in (("approve", "plan.json", "-q"), ("apply", "plan.json", "-q", "-o", "json")):
        result = shop.call([*words], shop.server, environ={"COLUMNS": "40"})
        assert result.status == 0, result.err
        before, asked, _ = result.err.partition("[y/N]")
        assert asked
        for line in ("Field    default_low_stock_threshold", "Before   5", "After    8"):
            assert line in before


def test_an_approval_is_withdrawn_by_a_no_and_by_reject(shop: Shop) -> None:
    document = Document(planned(shop, "settings", "set", "default_low_stock_threshold=8"))
    assert run(shop, "approve", "plan.json")[0].status == 0
    assert "by ailsa@fellandfjord.example on 2026-11-24" in run(shop, "plan", "show", "plan.json")[0].out
    refused = shop.synq("--sandbox", "approve", "plan.json", environ=shop.environ, terminal=True, stdin="n\n")
    assert (refused.status, "the earlier approval is withdrawn" in refused.err) == (11, True)
    result, writes = run(shop, "apply", "plan.json", "--approved")
    assert (result.status, writes) == (11, [])
    assert "To approve it, run `synq approve plan.json --profile sandbox` in a terminal." in result.err
    store = Plans(shop.folder / "state" / "plans.sqlite3", lambda: shop.synq.clock)
    store.propose(document.id, document.text, scope=document.scope, expires=document.expires)
    assert run(shop, "approve", document.id)[0].status == 0
    assert "its approval is withdrawn and it is not proposed" in run(shop, "plan", "reject", document.id[:6])[0].err
    assert run(shop, "apply", "plan.json", "--approved")[0].status == 11
    assert run(shop, "plan", "list", "--json")[0].out == "[]\n"


def test_diff_refuses_a_plan_that_was_edited_or_applied(shop: Shop) -> None:
    plan = planned(shop, "settings", "set", "default_low_stock_threshold=8")
    Path("edited.json").write_text(json.dumps(plan | {"requests": 0}), encoding="utf-8")
    assert "This plan can't be applied: changed since it was made" in run(shop, "plan", "show", "edited.json")[0].err
    assert run(shop, "plan", "diff", "edited.json")[0].status == 11
    run(shop, "settings", "set", "default_low_stock_threshold=8")
    result, _ = run(shop, "plan", "diff", "plan.json")
    assert (result.status, "As planned already: 1 row." in result.err) == (0, True)
    run(shop, "apply", "plan.json", "--yes")
    result, _ = run(shop, "plan", "diff", "plan.json")
    assert (result.status, "was applied by run" in result.err) == (11, True)


def test_a_plan_on_standard_output_is_the_document(shop: Shop) -> None:
    result, _ = run(shop, "settings", "set", "default_low_stock_threshold=8", "--plan", "-", "-q")
    document = read(result.out, "-")
    assert document.is_intact


def test_a_person_approves_a_proposal_that_is_then_applied_without_a_question(shop: Shop) -> None:
    document = Document(planned(shop, "settings", "set", "default_low_stock_threshold=8"))
    store = Plans(shop.folder / "state" / "plans.sqlite3", lambda: shop.synq.clock)
    store.propose(document.id, document.text, scope=document.scope, expires=document.expires)
    (waiting,) = json.loads(run(shop, "plan", "list", "--json")[0].out)
    assert (waiting["id"], waiting["approved_by"]) == (document.id, None)
    result, writes = run(shop, "apply", document.id, "--approved")
    assert (result.status, writes) == (11, [])
    assert f"The plan {document.id} is not approved on this machine." in result.err
    alone = shop.synq("--sandbox", "approve", document.id, environ=shop.environ, stdin="y\n")
    assert (alone.status, "Approval needs a terminal." in alone.err) == (11, True)
    result, _ = run(shop, "approve", document.id[:15])
    assert result.status == 0, result.err
    (waiting,) = json.loads(run(shop, "plan", "list", "--json")[0].out)
    assert waiting["approved_by"] == "ailsa@fellandfjord.example"
    # The approval is of this content alone.
    rewritten(dict(document.values), profile="sandbox", rows=[document.rows[0] | {"label": "other"}])
    assert run(shop, "apply", "plan.json", "--approved")[0].status == 11
    result, writes = run(shop, "apply", document.id, "--approved")
    assert (result.status, len(writes)) == (0, 1), result.err
    assert run(shop, "plan", "list", "--json")[0].out == "[]\n"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(data=st.data())
def test_a_forged_document_is_refused_or_sent_but_never_a_bug(shop: Shop, data: st.DataObject) -> None:
    line = data.draw(st.sampled_from(("inventory adjust HMC-NVY-M -5", "channels update high-street --inactive")))
    values = json.loads(run(shop, *line.split(), "--plan", "-", "-q")[0].out)
    place: Any = values
    while True:
        key = data.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
        if not isinstance(place[key], dict | list) or not place[key] or data.draw(st.booleans()):
            break
        place = place[key]
    place[key] = data.draw(JSON)
    Path("forged.json").write_text(json.dumps(values | {"hash": hash_of(values)}), encoding="utf-8")
    for words in (
        ("plan", "show", "forged.json"),
        ("plan", "diff", "forged.json"),
        ("apply", "forged.json", "--dry-run"),
    ):
        assert run(shop, *words)[0].status != 1, (words, key, place[key])


@given(
    bodies=st.lists(st.dictionaries(st.text(max_size=4), JSON, max_size=3), min_size=1, max_size=3),
    before=st.none() | st.dictionaries(st.text(max_size=4), JSON, min_size=1, max_size=2),
    label=st.text(max_size=4),
)
def test_a_document_is_read_as_it_was_made(bodies: list[Any], before: Any, label: str) -> None:
    api: Any = SimpleNamespace()
    session: Any = SimpleNamespace(host="api.test", profile="p", credentials=SimpleNamespace(tenant_id=None))
    changes = [
        Change(operations.UPDATE_CHANNEL, {"channelID": f"{number} ü/"}, body, before, before, label)
        for number, body in enumerate(bodies)
    ]
    plan = ApplyChanges(api).plan(changes)
    made = make(plan, session, command="plan from", created_by=label, now=1e9)
    found = read(made.text, "plan.json")
    assert (found, found.is_intact, rows_of(found, compares=False)) == (made, True, plan.rows)
    assert [problem.message for problem in VALIDATOR.iter_errors(json.loads(made.text))] == []
    assert ApplyChanges(api).path(plan.rows[0].content) == {"channelID": "0 ü/"}


@given(value=JSON)
def test_the_hash_is_of_the_whole_content_in_any_order(value: Any) -> None:
    first = {"a": value, "b": [1, {"x": 1, "y": 2}], "hash": "old"}
    again = {"b": [1, {"y": 2, "x": 1}], "a": json.loads(json.dumps(value)), "hash": "new"}
    assert hash_of(first) == hash_of(again)
    assert hash_of(first) != hash_of(first | {"a": [value]})


def test_of_two_threads_one_uses_an_id(tmp_path: Path) -> None:
    store = Plans(tmp_path / "plans.sqlite3", lambda: 0.0)
    store.use("a")
    with pytest.raises(SynqError):
        store.use("a")
    assert (store.used_at("a"), store.used_at("b")) == (0.0, None)


POLICIES = {
    "deny: [settings]": ("threshold.json", 'deny includes "settings"'),
    "deny: [inventory adjust]": ("restock.json", 'deny includes "inventory adjust"'),
    "allow: [apply, inventory]": ("threshold.json", "allow does not include `synq settings set`"),
    "max_rows: 1": ("restock.json", "max_rows is 1, but there are 2 rows"),
    "max_units: 4": ("restock.json", "max_units.row is 4"),
    "never_sku: [HMC-*]": ("restock.json", 'never_sku includes "HMC-*"'),
}


@cases("policy", POLICIES)
def test_the_policy_holds_for_the_rows_of_a_plan(shop: Shop, policy: str) -> None:
    file, said = POLICIES[policy]
    config = f"profiles: {{sandbox: {{location: Leith warehouse, policy: {{{policy}}}}}}}\n"
    (shop.folder / "config" / "config.yaml").write_text(config, encoding="utf-8")
    result, writes = run(shop, "apply", file, "--yes")
    assert (result.status, writes) == (11, []), policy
    assert said in result.err


def test_with_plan_only_a_plan_is_the_way_to_write(shop: Shop) -> None:
    config = "profiles: {sandbox: {location: Leith warehouse, policy: {writes: plan-only}}}\n"
    (shop.folder / "config" / "config.yaml").write_text(config, encoding="utf-8")
    change = ("settings", "set", "default_low_stock_threshold=8")
    result, writes = run(shop, *change)
    assert (result.status, writes) == (11, [])
    planned(shop, *change)
    result, writes = run(shop, "apply", "plan.json", "--yes")
    assert (result.status, len(writes)) == (0, 1), result.err


def test_in_production_the_name_of_the_profile_approves(shop: Shop) -> None:
    plan = planned(shop, "settings", "set", "default_low_stock_threshold=8")
    config = "profiles: {sandbox: {location: Leith warehouse, environment: production}}\n"
    (shop.folder / "config" / "config.yaml").write_text(config, encoding="utf-8")
    assert run(shop, "approve", "plan.json")[0].status == 11  # where the answer is y
    line = ("--sandbox", "approve", "plan.json")
    done = shop.synq(*line, environ=shop.environ, terminal=True, stdin="sandbox\n")
    assert done.status == 0, done.err
    # --yes does not confirm in production, an approval does.
    alone = ("--sandbox", "apply", "plan.json")
    assert shop.synq(*alone, "--yes", environ=shop.environ, http=shop.server).status == 11
    done = shop.synq(*alone, "--approved", "--json", environ=shop.environ, http=shop.server)
    assert (done.status, json.loads(done.out)["plan"]) == (0, plan["id"]), done.err


COSTS = (
    "settings set default_low_stock_threshold=8",
    f"products update {KNIT} --title New",
    "inventory adjust --file corrections.csv",
    "inventory transfer --file moves.csv --from 8fcf46e5-48ae-4e71-8649-237bb70a41b0",
)


@cases("change", COSTS)
def test_a_plan_says_how_many_requests_apply_sends(shop: Shop, change: str) -> None:
    shop.restore()
    plan = planned(shop, *change.split())
    recording = Recording(shop.server)
    assert shop.call(["apply", "plan.json", "--yes"], recording).status == 0
    assert len(recording.seen) == plan["requests"]


def test_an_import_is_shown_from_its_file_unless_that_has_changed(shop: Shop) -> None:
    planned(shop, "products", "import", "catalog.csv")
    shown = run(shop, "plan", "show", "plan.json")[0].out
    assert "2 products of catalog.csv  Fisherman Smock  sku FSM-NVY-M, price 89.50" in shown
    Path("catalog.csv").write_text("title,sku,price\nFisherman Smock,FSM-NVY-M,0.50\nVoe Scarf,,\n", encoding="utf-8")
    for words in (("plan", "show"), ("approve",), ("apply",)):
        result, writes = run(shop, *words, "plan.json")
        assert (result.status, writes, "has changed since it was checked" in result.err) == (2, [], True), words


def test_what_a_bulk_run_asks_about_is_shown_also_with_quiet(shop: Shop) -> None:
    asked = shop.call(["inventory", "adjust", "--file", "corrections.csv", "-q"], shop.server).err
    assert asked.index("Net: Leith warehouse -2 (2 rows).") < asked.index("[y/N]")


def test_a_profile_that_is_for_another_tenant_now_is_named(shop: Shop) -> None:
    plan = planned(shop, "settings", "set", "default_low_stock_threshold=8")
    rewritten(plan, tenant=plan["tenant"] | {"tenant_id": VARIANT})
    result, _ = run(shop, "apply", "plan.json", "--yes")
    assert (result.status, "The profile sandbox is for another tenant now." in result.err) == (11, True)
    rewritten(plan, tenant=plan["tenant"] | {"tenant_id": VARIANT}, profile="acme")
    assert "Use --profile acme, with which it was made." in run(shop, "apply", "plan.json", "--yes")[0].err
