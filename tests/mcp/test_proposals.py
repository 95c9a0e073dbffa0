"""Changes that an agent proposes, a person approves, and the agent applies once, in process."""

import json
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from table import cases

from synq_cli.bulk.plans.document import hash_of
from synq_cli.cli.context import RunContext
from synq_cli.cli.system import System
from synq_cli.errors import SynqError
from synq_cli.mcp import verdicts
from synq_cli.mcp.children import Finished
from synq_cli.mcp.rules import check_write, read_line
from synq_cli.mcp.session import open_session

SKU = "HMC-NVY-M"
ADJUST = f"inventory adjust {SKU} -2 --location 'Leith warehouse'"
ROWS = f"sku,delta,location\n{SKU},3,Leith warehouse\nHMC-NVY-L,-1,Leith warehouse\n"


def on_hand(agent: Any) -> int:
    level = agent.read(f"inventory levels {SKU} --location 'Leith warehouse' --fields on_hand")["data"][0]
    return int(level["on_hand"])


def test_a_change_is_proposed_approved_and_applied_once(agent: Any) -> None:
    before = on_hand(agent)
    proposed = agent.propose(ADJUST)
    proposal = proposed["proposal"]
    plan = proposal["id"]
    assert (proposed["outcome"], proposed["retry"], proposed["error"]) == ("not_applied", "safe", None)
    assert proposed["next"] == (
        "Nothing has changed. Ask a person to review it and to run, in a terminal: "
        f"synq approve {plan} --profile sandbox. Then call apply_approved with this id."
    )
    assert (proposal["command"], proposal["rows"], proposal["requests"]) == ("inventory adjust", 1, 2)
    assert proposal["created_by"] == "agent via MCP for ailsa@fellandfjord.example"
    listed = agent.children.synq("--sandbox", "plan", "list", "--jq", ".[].created_by", "--quiet")
    assert listed.out.strip() == proposal["created_by"]
    (row,) = proposal["preview"]
    assert (row["before"], row["after"]) == ({"Leith warehouse": before}, {"Leith warehouse": before - 2})
    assert on_hand(agent) == before

    early = agent.apply(plan)
    assert (early["outcome"], early["retry"], early["error"]["code"]) == ("not_applied", "safe", "refused")
    assert early["next"] == f"Ask a person to run, in a terminal: synq approve {plan} --profile sandbox"

    agent.person_approves(plan)
    applied = agent.apply(plan)
    assert (applied["outcome"], applied["retry"], applied["error"], applied["next"]) == ("applied", "never", None, None)
    assert (applied["run"]["done"], applied["requests"] > 0) == (1, True)
    assert on_hand(agent) == before - 2

    again = agent.apply(plan)
    assert (again["outcome"], again["retry"], again["error"], again["next"]) == ("applied", "never", None, None)
    assert (again["run"]["id"], again["run"]["done"], again["requests"]) == (applied["run"]["id"], 1, 0)
    assert again["notes"] == [
        f"The proposal {plan} was applied before by run {applied['run']['id']}. Nothing was sent now."
    ]
    assert on_hand(agent) == before - 2


def test_rows_come_as_input(agent: Any) -> None:
    before = on_hand(agent)
    proposed = agent.propose("inventory adjust --file -", ROWS)
    assert (proposed["proposal"]["rows"], proposed["proposal"]["summary"]["net"][0]["units"]) == (2, 2)
    agent.person_approves(proposed["proposal"]["id"])
    assert agent.apply(proposed["proposal"]["id"])["run"]["done"] == 2
    assert on_hand(agent) == before + 3


def test_a_file_below_the_folder_may_be_named(agent: Any) -> None:
    agent.children.synq.folder.joinpath("rows.csv").write_text(ROWS, encoding="utf-8")
    path = agent.children.synq.folder / "rows.csv"
    assert agent.propose(f"inventory adjust --file {path}")["proposal"]["rows"] == 2


def test_no_file_may_be_named_where_the_server_has_no_folder_of_its_own(agent: Any) -> None:
    line = read_line(agent.session.root, "inventory adjust --file rows.csv")
    with pytest.raises(SynqError, match="the server was not started in a folder of its own"):
        check_write(line, None, has_input=False)
    check_write(read_line(agent.session.root, "inventory adjust --file -"), None, has_input=True)


@cases(
    ("home", "working", "may_name_files"),
    [
        ("home", "home/shop", True), ("home", "home", False), ("users/home/", "users", False), ("home", "/", False),
        (None, "home", True), (None, "/", False),
    ],
)  # fmt: skip
def test_the_folder_of_files(synq: Any, home: str | None, working: str, may_name_files: bool) -> None:
    environ = {"HOME": str(synq.folder / home)} if home else {}
    folder = synq.folder / working
    system = System({"SYNQ_STATE_DIR": str(synq.folder / "state"), **environ}, folder=lambda: folder)
    run = RunContext(system, [])
    run.root = SimpleNamespace(command=None)
    assert open_session(run, per_minute=1, in_all=1).folder == (folder if may_name_files else None)


@cases(
    ("profile", "passed"),
    [
        ({}, set()), ({"team_store": "$DB"}, {"DB"}), ({"team_store": "print-address"}, {"DB", "CLOUD_KEY"}),
        ({"token_command": "print-token"}, {"DB", "CLOUD_KEY"}),
    ],
)  # fmt: skip
def test_a_program_of_the_person_gets_all_variables(synq: Any, profile: dict[str, str], passed: set[str]) -> None:
    config = synq.folder / "config" / "config.yaml"
    config.parent.mkdir(exist_ok=True)
    config.write_text(json.dumps({"profiles": {"default": profile}}), encoding="utf-8")
    folders = {"SYNQ_STATE_DIR": str(synq.folder / "state"), "SYNQ_CONFIG_DIR": str(config.parent)}
    run = RunContext(System({**folders, "DB": "x", "CLOUD_KEY": "x"}, folder=lambda: synq.folder), [])
    run.root = SimpleNamespace(command=None)
    children = open_session(run, per_minute=1, in_all=1).children
    assert vars(children)["_environ"].keys() == passed | folders.keys()


def test_what_would_change_nothing_or_fails_is_no_proposal(agent: Any) -> None:
    unknown = agent.propose("inventory adjust NOPE-1 -2")
    assert (unknown["outcome"], unknown["error"]["code"], unknown["proposal"]) == ("not_applied", "not_found", None)
    read = agent.propose("api GET /api/v1/oms/orders")
    assert (read["error"]["message"], read["next"]) == ("`synq api GET` changes nothing at the API.", "Use run_read.")
    assert agent.session.plans.waiting("x") == []


@cases(
    ("command", "said"),
    [
        ("orders list", "`synq orders list` changes nothing at the API."), ("approve 26", "`synq approve` is not"),
        ("apply 26 --approved", "`synq apply` can't be proposed."), ("runs resume 26", "`synq runs resume` can't be"),
        ("webhooks send https://x.test --event a", "`synq webhooks send` can't be proposed."),
        ("config set output json", "`synq config set` is not"), ("auth token", "`synq auth token` is not available"),
        (f"{ADJUST} --yes", "--yes is not available to agents: a person approves the proposal instead."),
        (f"{ADJUST} -y", "--yes is not"), (f"{ADJUST} --confirm acme", "--confirm is not"),
        (f"{ADJUST} --plan x", "--plan is not available to agents: the server stores the proposal."),
        (f"{ADJUST} --plan=/etc/x", "--plan is not"), (f"--profile x {ADJUST}", "--profile is set by the server."),
        (f"{ADJUST} --dry-run", "--dry-run is not"), (f"{ADJUST} --again", "--again is not"),
        (f"{ADJUST} --report x.csv", "--report is not"), (f"{ADJUST} --jq .", "A proposal is kept as a whole, without"),
        (f"{ADJUST} --fields id", "A proposal is kept as a whole, without --fields."),
        ("orders create --idempotency-key k --item a=1", "--idempotency-key is not available to agents: synq chooses"),
        ("inventory transfer A 1 --from a --to b --force", "--force is not available"),
        ("inventory adjust --file /etc/passwd", '--file "/etc/passwd" is not a file in '),
        ("inventory adjust --file=../x.csv", '--file "../x.csv" is not a file in '),
        ("inventory adjust --file link.csv", '--file "link.csv" is not a file in '),
        ("inventory adjust --file folder", '--file "folder" is not a file in '),
        ("inventory adjust --file loop.csv", '--file "loop.csv" is not a file in '),
        ("inventory adjust --file rows.csv --file /etc/passwd", '--file "/etc/passwd" is not a file in '),
        ("inventory adjust --file -", "--file - reads `input`, which is missing."),
        ("api POST /x --input /etc/passwd", "--input can't name a file."),
        ("api POST /x --input rows.csv", "--input can't name a file."), ("api /x", "`synq api GET` changes nothing"),
        ("api HEAD /x -f a=1", "`synq api HEAD` changes nothing"),
        ("products jobs create --type update --file rows.csv", "--file can't name a file."),
        ("products export --to rows.csv", "--to writes a file."), ("products export --to -", "--to writes a file."),
        ("inventory adjust --file notes.txt", '--file "notes.txt" is not a file of rows, such as rows.csv, or it is'),
        ("inventory adjust --file .env.csv", '--file ".env.csv" is not a file of rows'),
        ("inventory adjust --file .aws/keys.csv", '--file ".aws/keys.csv" is not a file of rows'),
        ("inventory adjust --file folder/../.aws/keys.csv", '--file "folder/../.aws/keys.csv" is not a file of rows'),
        ("inventory adjust --file notes.csv", '--file "notes.csv" is not a file of rows'),
        ("inventory adjust --file keys.csv", '--file "keys.csv" is not a file of rows'),
        ("inventory adjust --file 'a.xlsx#b.csv'", '--file "a.xlsx#b.csv" is not a file of rows'),
        ("inventory adjust --file config.yaml", '--file "config.yaml" is not a file of rows'),
        ("api POST /x -F a=@rows.csv", "-F KEY=@FILE reads a local file."), ("export x", "`synq export` is not"),
        ("settings set --help", "--help shows a help page, which can't be proposed."),
    ],
)  # fmt: skip
def test_what_an_agent_may_not_propose(agent: Any, command: str, said: str) -> None:
    folder = agent.session.folder
    if not (folder / "loop.csv").is_symlink():
        (folder / "rows.csv").write_text(ROWS, encoding="utf-8")
        for each in ("folder", ".aws"):
            (folder / each).mkdir()
        for each in ("notes.txt", ".env.csv", ".aws/keys.csv", "a.xlsx#b.csv", "config.yaml"):
            (folder / each).write_text("secret\n", encoding="utf-8")
        (folder / "notes.csv").symlink_to("notes.txt")
        (folder / "keys.csv").symlink_to(".aws/keys.csv")
        (folder / "link.csv").symlink_to("/etc/passwd")
        (folder / "loop.csv").symlink_to("loop.csv")
    with pytest.raises(SynqError) as caught:
        check_write(read_line(agent.session.root, command), folder, has_input=False)
    assert caught.value.message.startswith(said)


@cases(
    ("name", "text", "command", "said"),
    [
        ("a.csv", "KEY=s3cret\nx\n", "inventory adjust --file a.csv", "The command or its file is invalid."),
        ("a.json", '{"s3cret": 1}', "orders create --file a.json", "The command or its file is invalid."),
        ("a.json", '{"s3cret": ', "orders create --file a.json", "The command or its file is invalid: see line 1."),
        ("a.csv", f"sku,delta\n{SKU},1\n{SKU},s3cret\n", "inventory adjust --file a.csv", ": see line 3."),
        ("a.csv", "s3cret\n", "products import a.csv", "The command or its file is invalid."),
        ("a.csv", "s3cret\n", "inventory count a.csv", "The command or its file is invalid."),
    ],
)
def test_an_error_does_not_show_what_a_file_holds(agent: Any, name: str, text: str, command: str, said: str) -> None:
    path = agent.session.folder / name
    path.write_text(text, encoding="utf-8")
    answer = agent.propose(command.replace(name, str(path)))
    assert (answer["outcome"], answer["error"]["code"], answer["notes"]) == ("not_applied", "usage", [])
    assert answer["error"]["message"].endswith(said)
    assert "s3cret" not in json.dumps(answer, default=str)
    assert "`input`, with --file -" in answer["next"]


def test_input_that_nothing_reads_is_an_error(agent: Any) -> None:
    answer = agent.propose(ADJUST, ROWS)
    assert answer["error"]["message"] == "`input` is given, but the command line does not read it."


def test_the_keys_of_orders_stay_those_of_synq(agent: Any) -> None:
    order = {
        "payment_provider": "stripe",
        "currency": "GBP",
        "items": [{"product_title": "A", "quantity": 1, "unit_price": 2}],
    }
    orders = [order | {"payment_reference": f"pi_{line}", "idempotency_key": f"mine-{line}"} for line in range(2)]
    for rows in (json.dumps(orders[0]), "\n".join(map(json.dumps, orders))):
        proposed = agent.propose("orders create --file -", rows)
        kept = json.loads(agent.plans.proposal(proposed["proposal"]["id"]))["rows"]
        assert [len(row["content"]["idempotency_key"]) for row in kept] == [36] * len(kept)
        assert "idempotency_key" not in json.dumps(proposed, default=str)
    agent.person_approves(proposed["proposal"]["id"])
    assert agent.apply(proposed["proposal"]["id"])["run"]["done"] == 2
    sent = agent.propose("api POST /api/v1/oms/orders --input -", json.dumps(orders[0]))
    assert (sent["error"]["message"], sent["proposal"]) == ("synq chooses the idempotency_key of orders.", None)


def test_an_option_of_the_server_is_never_taken_for_an_argument(agent: Any) -> None:
    """After --, the plan's option would be one more setting, and the command would run."""
    proposed = agent.propose("settings set -- default_low_stock_threshold=7")
    assert proposed["proposal"]["rows"] == 1
    assert agent.children.lines[-1][-5:] == ["settings", "set", "--plan=-", "--", "default_low_stock_threshold=7"]
    assert "--read-only" in agent.children.lines[-1]


def test_an_agent_can_not_approve(agent: Any) -> None:
    plan = agent.propose(ADJUST)["proposal"]["id"]
    for answer in (agent.read(f"approve {plan}"), agent.propose(f"approve {plan}"), agent.read(f"apply {plan} --yes")):
        assert (answer["outcome"], answer["error"]["code"]) == ("not_applied", "refused")
    assert agent.apply(plan)["outcome"] == "not_applied"
    started = len(agent.children.lines)
    for invalid in ("", "--yes", "../x", f"{plan} --yes", f"{plan}\n", plan.upper(), "260101-000000-" + "a" * 40):
        assert agent.apply(invalid)["error"]["message"] == "Invalid id of a proposal."
    assert len(agent.children.lines) == started


def test_a_plan_that_was_changed_after_the_approval_is_refused(agent: Any) -> None:
    plan = agent.propose(ADJUST)["proposal"]["id"]
    agent.person_approves(plan)
    document = json.loads(agent.plans.proposal(plan))
    document["rows"][0]["content"]["delta"] = 1000
    agent.plans.propose(plan, json.dumps(document), scope="x", expires=2e9)
    before = on_hand(agent)
    answer = agent.apply(plan)
    assert (answer["outcome"], answer["retry"]) == ("not_applied", "never")
    assert "its hash does not match" in answer["error"]["message"]
    hashed = document | {"hash": hash_of(document)}
    agent.plans.propose(plan, json.dumps(hashed), scope="x", expires=2e9)
    answer = agent.apply(plan)
    assert (answer["outcome"], answer["error"]["message"]) == (
        "not_applied", f"A person has not approved the proposal {plan} yet."
    )  # fmt: skip
    assert on_hand(agent) == before
    assert agent.apply("260101-000000-abcdefgh")["error"]["code"] == "usage"


def test_a_lost_response_is_unknown_and_never_repeated(agent: Any) -> None:
    plan = agent.propose("products create 'Harbour Tote'")["proposal"]["id"]
    agent.person_approves(plan)
    sent = []

    def lose(request: httpx.Request) -> httpx.Response:
        sent.append(request.method)
        raise httpx.ReadError("reset", request=request)

    agent.children.settings["http"] = httpx.MockTransport(lose)
    answer = agent.apply(plan)
    assert (answer["outcome"], answer["retry"], answer["error"]["code"]) == ("unknown", "never", "unknown")
    assert sent.count("POST") == 1
    again = agent.apply(plan)
    assert (again["outcome"], again["retry"], again["run"]["unknown"]) == ("unknown", "never", 1)
    assert again["next"] == (
        f"The run {again['run']['id']} is open. Look at it with run_read: runs show {again['run']['id']} --rows all. "
        "A person can resume it. Do not propose the same change again."
    )
    assert sent.count("POST") == 1


def test_an_application_that_ends_without_a_word_is_unknown_once_it_has_started(agent: Any) -> None:
    plan = agent.propose(ADJUST)["proposal"]["id"]
    agent.person_approves(plan)
    kept = []

    run = agent.children.run

    def crash(words: list[str], *, keep: bool = False, **settings: Any) -> Finished:
        if "runs" in words:
            finished: Finished = run(words, **settings)
            return finished
        agent.plans.use(plan)
        kept.append(keep)
        return Finished(-9, "", "")

    agent.children.run = crash
    answer = agent.apply(plan)
    assert (answer["outcome"], answer["retry"], answer["error"]["code"]) == ("unknown", "never", "stopped")
    assert (kept, answer["run"]) == ([True], None)
    again = agent.apply(plan)
    assert (again["outcome"], again["retry"], again["run"]) == ("unknown", "never", None)
    assert again["next"].startswith("It may still run.")


def test_a_run_that_stopped_before_its_first_row_is_open(agent: Any) -> None:
    """A person can still resume it, so the change must not be proposed again."""
    plan = agent.propose(ADJUST)["proposal"]["id"]
    agent.person_approves(plan)
    expired = httpx.MockTransport(lambda _: httpx.Response(401, json={"error": "token expired"}))
    agent.children.settings["http"] = expired
    for answer in (agent.apply(plan), agent.apply(plan)):
        run = answer["run"]
        assert (answer["outcome"], answer["retry"], run["pending"]) == ("unknown", "never", 1)
        assert answer["next"].startswith(f"The run {run['id']} is open. Look at it with run_read: runs show ")


def test_the_run_of_a_proposal_may_be_in_the_team_store(agent: Any) -> None:
    plan = agent.propose(ADJUST)["proposal"]["id"]
    agent.plans.use(plan)
    found = RUN | {"plan": plan, "done": 2, "pending": 1, "state": "running"}
    agent.children.ended = [Finished(0, "[]", ""), Finished(0, json.dumps([RUN | {"id": "25"}, found]), "")]
    answer = agent.apply(plan)
    assert (answer["outcome"], answer["run"]["id"], answer["run"]["pending"]) == ("unknown", "26", 1)
    assert [words[-2:] for words in agent.children.lines[-2:]] == [["runs", "list"], ["list", "--team"]]


def test_a_run_that_the_api_refused_is_not_applied_also_later(agent: Any) -> None:
    plan = agent.propose(ADJUST)["proposal"]["id"]
    agent.person_approves(plan)
    refusal = httpx.MockTransport(
        lambda request: httpx.Response(400 if request.method == "POST" else 200, json={"error": "no", "items": []})
    )
    agent.children.settings["http"] = refusal
    for answer in (agent.apply(plan), agent.apply(plan)):
        assert (answer["outcome"], answer["retry"], answer["run"]["failed"]) == ("not_applied", "never", 1)


def test_a_network_that_is_down_before_the_first_request_leaves_the_proposal(agent: Any) -> None:
    plan = agent.propose(ADJUST)["proposal"]["id"]
    agent.person_approves(plan)
    failure = {"error": {"code": "network", "message": "down", "retryable": True, "hint": "Check the network."}}
    agent.children.ended = [Finished(7, "", json.dumps(failure))]
    answer = agent.apply(plan)
    assert (answer["outcome"], answer["retry"], answer["next"]) == ("not_applied", "safe", "Check the network.")
    assert agent.apply(plan)["outcome"] == "applied"


RUN = {"id": "26", "rows": 3, "done": 3, "failed": 0, "unknown": 0, "pending": 0, "in_transit": 0}


@cases(
    ("run", "started", "status", "retryable", "verdict"),
    [
        (RUN, True, 0, False, ("applied", "never")),
        (RUN | {"done": 2, "failed": 1}, True, 9, False, ("unknown", "never")),
        (RUN | {"done": 0, "failed": 3}, True, 9, False, ("not_applied", "never")),
        (RUN | {"done": 0, "failed": 3}, True, 8, False, ("not_applied", "never")),
        (RUN | {"done": 0, "failed": 2, "unknown": 1}, True, 10, False, ("unknown", "never")),
        (RUN | {"done": 0, "pending": 3}, True, 7, True, ("unknown", "never")),
        (RUN | {"done": 1, "pending": 2}, True, 6, True, ("unknown", "never")),
        (RUN | {"done": 0, "in_transit": 1, "pending": 2}, True, 130, False, ("unknown", "never")),
        (None, False, 11, False, ("not_applied", "never")),
        (None, False, 2, False, ("not_applied", "never")),
        (None, False, 4, False, ("not_applied", "never")),
        (None, False, 6, True, ("not_applied", "safe")),
        (None, False, 7, True, ("not_applied", "safe")),
        (None, False, 12, True, ("not_applied", "safe")),
        (None, False, -9, False, ("not_applied", "never")),
        (None, False, None, False, ("unknown", "never")),
        (None, True, -9, False, ("unknown", "never")),
        (None, True, 1, False, ("unknown", "never")),
        (None, True, 2, False, ("unknown", "never")),
        (None, True, 7, True, ("unknown", "never")),
    ],
)
def test_the_verdict_on_an_application(run: Any, started: bool, status: Any, retryable: bool, verdict: Any) -> None:
    assert verdicts.of_application(status, {"retryable": retryable}, run, started=started) == verdict


def test_the_policy_of_the_profile_holds_for_agents(agent: Any) -> None:
    config = agent.children.synq.folder / "config" / "config.yaml"
    config.parent.mkdir(exist_ok=True)
    config.write_text("profiles: {sandbox: {policy: {deny: [inventory adjust], max_rows: 1}}}\n", encoding="utf-8")
    denied = agent.propose(ADJUST)
    assert (denied["outcome"], denied["error"]["code"], denied["proposal"]) == ("not_applied", "refused", None)
    config.write_text("profiles: {sandbox: {policy: {writes: plan-only}}}\n", encoding="utf-8")
    assert agent.propose(ADJUST)["proposal"]["rows"] == 1


def test_an_agent_whose_policy_does_not_permit_apply_is_told_who_applies(agent: Any) -> None:
    agent.session = replace(agent.session, can_apply=False)
    proposed = agent.propose(ADJUST)
    assert proposed["next"] == (
        "Nothing has changed. The policy of profile sandbox does not permit it to apply plans. Ask a person to review "
        f"it and to run, in a terminal, with a profile that may: synq apply {proposed['proposal']['id']}"
    )


def test_a_write_through_api_needs_the_body_that_the_contract_demands(agent: Any) -> None:
    answer = agent.propose("api PUT /api/v1/settings/tenant")
    assert (answer["error"]["message"], answer["proposal"]) == ("PUT /api/v1/settings/tenant needs a body.", None)
    assert agent.propose("api PUT /api/v1/settings/tenant -F default_low_stock_threshold=4")["proposal"]["rows"] == 1
