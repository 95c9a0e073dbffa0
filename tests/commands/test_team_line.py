"""`synq team` and the settings of the team store from the line to the screen, on a real PostgreSQL."""

import json
import re
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from documented import ROOT, typed
from postgresql import ENCODED, PASSWORD, ROLE, Postgresql, name_of
from runner import NOW, Result, Runner
from table import cases
from tenant import ENVIRON, Tenant

from synq_cli.commands.machine.team import encryption
from synq_cli.state.team import migrations
from synq_cli.state.team.store import Facts

TABLES = "; ".join(f"create tables for {migration.what}" for migration in migrations.MIGRATIONS)
FORM = (
    "Use the form postgresql://USER:PASSWORD@HOST:5432/DATABASE, and percent-encode characters such as / and @ in the "
    "password."
)
STORE = "store"  # a file of the user's own
QUESTION = "Set up the team store? [y/N] "
Team = Callable[..., Result]


@pytest.fixture
def frozen() -> Iterator[ExitStack]:
    """Holds the clocks of databases until the test has ended."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def team(synq: Runner) -> Team:
    """Runs synq with a team store at this address; its password must never show."""
    synq("config", "set", "team_store", "$SYNQ_TEAM_STORE")

    def run(address: str, *line: str, **settings: Any) -> Result:
        result = synq(*line, environ={**ENVIRON, "SYNQ_TEAM_STORE": address}, **settings)
        texts = [result.out, result.err]
        texts += [file.read_text("latin-1") for file in synq.folder.rglob("*") if file.is_file() and file.name != STORE]
        assert not [text for text in texts for secret in (PASSWORD, ENCODED) if secret in text], line
        return result

    return run


def test_init_shows_what_it_would_do_and_asks(postgresql: Postgresql, team: Team) -> None:
    address = postgresql.database(prepared=False)
    place = f"{name_of(address)} at 127.0.0.1:{postgresql.port}"
    plan = f"In {place}, schema synq: {TABLES}.\n"
    refused = team(address, "team", "init")
    assert (refused.status, refused.out) == (11, "")
    assert refused.err.startswith(plan)
    assert "--yes" in refused.err
    no = team(address, "team", "init", terminal=True, stdin="n\n")
    assert (no.status, no.err.splitlines()[-1]) == (11, f"{QUESTION}synq: Not confirmed; nothing was changed.")
    done = team(address, "team", "init", "--yes")
    ready = f"The team store is ready (version {migrations.LATEST}).\n"
    assert (done.status, done.out, done.err) == (0, "", plan + ready)
    again = team(address, "team", "init")
    assert (again.status, again.err) == (0, f"The tables in {place} are up to date (version {migrations.LATEST}).\n")


def test_init_with_a_role_lets_it_use_the_tables(postgresql: Postgresql, team: Team) -> None:
    address = postgresql.database(prepared=False)
    worker = f"worker_of_{name_of(address)}"
    postgresql.execute(f"CREATE ROLE {worker} LOGIN PASSWORD 'w'")
    assert team(address, "team", "init", "--role", worker, "--yes").status == 0
    assert team(address, "team", "init", "--role", worker, "--yes").status == 0
    theirs = address.replace(f"{ROLE}:{ENCODED}", f"{worker}:w")
    findings = {row["check"]: row["state"] for row in json.loads(team(theirs, "team", "doctor", "--json").out)}
    assert findings["privileges"] == "ok"
    assert team(theirs, "team", "status").status == 0


def test_the_guide_sets_up_a_store_word_for_word(postgresql: Postgresql, synq: Runner) -> None:
    environ = {**ENVIRON, "SYNQ_TEAM_STORE": postgresql.database(prepared=False)}
    guide = (ROOT / "docs" / "fleet.md").read_text(encoding="utf-8").partition("## Runs of the team")[0]
    lines = [line.text for line in typed(guide) if line.text.startswith("synq ") and "pass show" not in line.text]
    assert lines == [
        "synq config set team_store '$SYNQ_TEAM_STORE'", "synq team init", "synq team doctor",
        "synq config set budget_pool leith",
    ]  # fmt: skip
    for line in lines:
        done = synq(*shlex.split(line)[1:], terminal=True, stdin="y\n", environ=environ)
        assert (done.status, "fail" in done.out) == (0, False), line
    assert json.loads(synq("limits", "--json", environ=environ).out)["pool"] == "leith"


def test_init_grants_nothing_that_it_cannot(postgresql: Postgresql, team: Team) -> None:
    address = postgresql.database()
    unknown = team(address, "team", "init", "--role", "nosuchrole", "--yes")
    assert (unknown.status, unknown.err) == (
        2,
        'synq: Unknown role "nosuchrole".\n  Create it first, with CREATE ROLE, or check its spelling.\n',
    )
    names = [f"{kind}_of_{name_of(address)}" for kind in ("worker", "other")]
    postgresql.execute(*(f"CREATE ROLE {name} LOGIN PASSWORD 'w'" for name in names))
    theirs, others = (address.replace(f"{ROLE}:{ENCODED}", f"{name}:w") for name in names)
    denied = team(theirs, "team", "status")
    place = f"{name_of(address)} at 127.0.0.1:{postgresql.port}"
    assert denied.status == 7
    assert denied.err.startswith(f"synq: The team store ({place}) denies access: permission denied for schema synq.\n")
    assert team(address, "team", "init", "--role", names[0], "--yes").status == 0
    refused = team(theirs, "team", "init", "--role", names[1], "--yes")
    assert (refused.status, refused.err.splitlines()[1:]) == (
        2,
        [
            f"synq: The role {names[0]} can't grant access to the tables: only their owner can.",
            f"  Connect as {ROLE}, then run: synq team init --role {names[1]}",
        ],
    )
    assert team(others, "team", "status").status == 7


def test_status_shows_the_pools_and_who_uses_them(
    postgresql: Postgresql, team: Team, synq: Runner, frozen: ExitStack
) -> None:
    address = postgresql.database()
    frozen.enter_context(postgresql.clock(address, NOW))
    empty = team(address, "team", "status", "--json")
    assert (empty.status, empty.err) == (0, "")
    assert json.loads(empty.out) == {
        "database": f"{name_of(address)} at 127.0.0.1:{postgresql.port}",
        "version": migrations.LATEST,
        "time": "2026-11-24T12:00:00Z",
        "pools": [],
        "requests": [],
        "runs": [],
    }
    postgresql.execute(
        f"INSERT INTO synq.hosts VALUES ('office', 'api.test', 100, {NOW}, 12, 1, {NOW})",
        "INSERT INTO synq.requests VALUES "
        f"('office', 'api.test', 1, 'settled', {NOW - 3}, 60, 'acme', 'orders list', 'till'),"
        f"('office', 'api.test', 2, 'sending', {NOW - 2}, 90, 'acme', 'inventory adjust', 'desk'),"
        f"('office', 'api.test', 3, 'settled', {NOW - 1}, 60, 'acme', 'inventory adjust', 'desk'),"
        f"('office', 'api.test', 4, 'stranger', {NOW}, 60, '', '', 'desk'),"
        f"('office', 'api.test', 5, 'settled', {NOW - 61}, 60, 'acme', 'orders list', 'gone')",
        *(
            f"INSERT INTO synq.runs VALUES ('{run}', {NOW}, "
            f"'{json.dumps({'id': run, 'verb': 'inventory adjust'})}', '{{}}')"
            for run in ("261124-done", "261124-held", "261124-left")
        ),
        "INSERT INTO synq.workers VALUES "
        f"('261124-done', 1, 'a', 'till', 7, 'acme', NULL, {NOW}, {NOW + 60}, {NOW}, false),"
        f"('261124-held', 1, 'b', 'dock', 8, 'acme', NULL, {NOW}, {NOW - 1}, {NOW}, true),"
        f"('261124-held', 2, 'c', 'desk', 9, 'acme', NULL, {NOW}, {NOW + 42}, NULL, false)",
        *(
            f"INSERT INTO synq.entries VALUES ('261124-{run}', {line}, 0, '{state}', NULL, '{{}}', '', NULL, NULL, "
            f"NULL, NULL, NULL, NULL, '{{}}', {NOW})"
            for run, line, state in (
                ("done", 2, "done"),
                ("held", 2, "done"),
                ("held", 3, "sent"),
                ("held", 4, "pending"),
                ("left", 2, "pending"),
            )
        ),
        database=name_of(address),
    )
    told = json.loads(team(address, "team", "status", "--json").out)
    assert told["pools"] == [
        {"pool": "office", "host": "api.test", "limit": 100, "remaining": 96, "blocked_for": 12.0, "other_clients": 1}
    ]
    assert [tuple(place.values()) for place in told["requests"]] == [
        ("office", "api.test", "acme", "inventory adjust", "desk", 2, 1),
        ("office", "api.test", "acme", "orders list", "till", 1, 0),
    ]
    assert [tuple(run.values()) for run in told["runs"]] == [
        ("261124-left", "inventory adjust", None, None, None, None, 1, 1),
        ("261124-held", "inventory adjust", "desk", 9, "acme", 42.0, 3, 2),
    ]
    shown = team(address, "team", "status", terminal=True).out
    assert re.search(r"261124-held +inventory adjust +desk +9 +acme +in 42 s +3 +2", shown)
    assert re.search(r"office +api.test +96 +100 +in 12 s +1", shown)
    assert re.search(r"desk +acme +inventory adjust +2 +1", shown)
    for columns in ("40", "80"):
        narrow = synq("team", "status", terminal=True, environ={"SYNQ_TEAM_STORE": address, "COLUMNS": columns})
        assert not re.search("Shortened|Hidden|…", narrow.out + narrow.err)
        for words in ("in 42 s", "inventory adjust", "261124-held", "In flight", "Lease ends", "Left in run"):
            assert words in narrow.out


def test_doctor_checks_everything(postgresql: Postgresql, team: Team, synq: Runner, frozen: ExitStack) -> None:
    address = postgresql.database()
    frozen.enter_context(postgresql.clock(address, NOW))
    rows = json.loads(team(address, "team", "doctor", "--json").out)
    assert [(row["check"], row["state"]) for row in rows] == [
        ("setting", "ok"), ("library", "ok"), ("connection", "ok"), ("TLS", "ok"), ("server", "ok"), ("tables", "ok"),
        ("privileges", "ok"), ("clock", "ok"), ("network", "ok"),
    ]  # fmt: skip
    found = {row["check"]: row["found"] for row in rows}
    assert found["setting"] == "$SYNQ_TEAM_STORE (profile default), pool default."
    assert found["connection"].startswith(f"{name_of(address)} at 127.0.0.1:{postgresql.port} as {ROLE}, connected in ")
    assert found["tables"] == f"Version {migrations.LATEST}."
    for skew, words in ((300, "300 s ahead of"), (-300, "300 s behind")):
        synq.clock = NOW + skew
        rows = json.loads(team(address, "team", "doctor", "--json").out)
        (clock,) = (row for row in rows if row["check"] == "clock")
        assert (clock["state"], clock["found"]) == ("warn", f"{words} the store's clock, which the team uses.")


def test_doctor_names_the_first_thing_to_fix(
    postgresql: Postgresql, team: Team, synq: Runner, frozen: ExitStack
) -> None:
    def failed(address: str) -> tuple[str, str, str]:
        rows = json.loads(team(address, "team", "doctor", "--json").out)
        (row,) = (row for row in rows if row["state"] == "fail")
        assert all("Skipped" in other["found"] for other in rows if other["state"] == "warn")
        return row["check"], row["found"], row["mend"]

    good, empty = postgresql.database(), postgresql.database(prepared=False)
    for address in (good, empty):
        frozen.enter_context(postgresql.clock(address, NOW))
    place = f"{name_of(good)} at 127.0.0.1:{postgresql.port}"
    assert failed("canary") == (
        "connection",
        "team_store does not provide a valid PostgreSQL connection string.",
        FORM,
    )
    assert failed(good.replace(ENCODED, "wrong"))[:2] == (
        "connection",
        f'The team store ({place}) can\'t be reached: password authentication failed for user "{ROLE}".',
    )
    assert failed(empty) == (
        "tables", "The database of team_store is not set up.", "Run `synq team init` once, from any machine."
    )  # fmt: skip
    postgresql.execute(f"REVOKE DELETE ON synq.requests FROM {ROLE}", database=name_of(good))
    assert failed(good) == (
        "privileges", f"The role {ROLE} can't use these tables: requests.",
        f"Ask the owner of the tables to run: synq team init --role {ROLE}",
    )  # fmt: skip
    synq("config", "unset", "team_store")
    (row,) = json.loads(synq("team", "doctor", "--json").out)
    assert (row["check"], row["state"], row["mend"]) == (
        "setting", "warn", "synq config set team_store '$SYNQ_TEAM_STORE'"
    )  # fmt: skip


def test_a_profile_without_a_team_store_is_told_how_to_name_one(synq: Runner) -> None:
    for line in ("init", "status"):
        result = synq("team", line)
        assert (result.status, result.out) == (2, "")
        assert result.err.startswith("synq: Profile default has no team store.\n")
        sandbox = synq("team", line, "--sandbox")
        assert (sandbox.status, sandbox.err) == (
            2,
            "synq: The embedded sandbox has no team store.\n  Choose another profile with --profile.\n",
        )
    (row,) = json.loads(synq("team", "doctor", "--sandbox", "--json").out)
    assert (row["state"], row["found"]) == ("warn", "The embedded sandbox has no team store.")


def test_without_the_extra_it_is_named(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    for line in ("team status", "channels list"):
        result = team("postgresql://db.test/x", *line.split())
        assert (result.status, result.out) == (2, "")
        assert result.err == (
            "synq: team_store requires the optional extra 'team', which is not installed.\n"
            "  Install it: pipx inject synq-cli 'psycopg[binary]', or pip install 'synq-cli[team]'\n"
        )
    rows = json.loads(team("postgresql://db.test/x", "team", "doctor", "--json").out)
    assert [row["state"] for row in rows if "Skipped" not in row["found"]] == ["ok", "fail"]


def test_a_variable_that_is_not_set_is_named(team: Team) -> None:
    result = team("", "team", "status")
    assert result.status == 2
    assert result.err == (
        "synq: The variable SYNQ_TEAM_STORE, which team_store names, is not set.\n"
        "  `synq config get team_store` shows the setting.\n"
    )


def test_a_command_can_print_the_connection_string(postgresql: Postgresql, team: Team, synq: Runner) -> None:
    address = postgresql.database()
    file = synq.folder / STORE
    file.write_text(address + "\n", encoding="utf-8")
    synq("config", "set", "team_store", f"cat '{file}'")
    assert team("", "team", "status").status == 0
    file.unlink()
    failed = team("", "team", "status")
    assert failed.status == 2
    assert failed.err.startswith("synq: The team store has no connection string: the team_store (cat) failed with")


@pytest.mark.usefixtures("team")
def test_every_command_shares_the_rate_limit_of_the_team(
    postgresql: Postgresql, synq: Runner, frozen: ExitStack
) -> None:
    address = postgresql.database()
    frozen.enter_context(postgresql.clock(address, NOW))
    synq("config", "set", "budget_pool", "office")
    other = Runner(synq.folder / "other", clock=NOW + 300)
    environ = {**ENVIRON, "SYNQ_TEAM_STORE": address, "SYNQ_CONFIG_DIR": str(synq.folder / "config")}
    http = Tenant({"GET /api/v1/channels": {"channels": []}})
    for machine, left in ((synq, 99), (other, 98)):
        listed = machine("channels", "list", environ=environ, http=http)
        assert (listed.status, listed.err.splitlines()[-1]) == (
            0, f"~{left}/100 requests left this minute · default"
        )  # fmt: skip
    shown = json.loads(synq("limits", "--json", environ=environ).out)
    assert (shown["pool"], shown["host"], shown["remaining"]) == ("office", "api.test", 98)
    assert shown["spenders"] == [{"profile": "default", "command": "channels list", "requests": 2}]
    rows = json.loads(synq("doctor", "--json", environ=environ).out)
    (found,) = (row["found"] for row in rows if row["check"] == "budget")
    assert found == (
        "Counted in the team store, which `synq team doctor` checks; without it in "
        f"{synq.folder / 'state' / 'budget.sqlite3'}."
    )
    table = synq("limits", terminal=True, environ=environ).out
    assert re.search(r"^Pool +office$", table, re.MULTILINE)
    # An embedded sandbox is a tenant of its own on each machine.
    sandboxed = synq("--sandbox", "channels", "list", environ=environ)
    assert sandboxed.err == "99/100 requests left this minute · sandbox\n"


def test_a_store_that_is_down_or_not_set_up(postgresql: Postgresql, team: Team, synq: Runner) -> None:
    address = postgresql.database(prepared=False)
    http = Tenant({"GET /api/v1/channels": {"channels": []}})
    refused = team(address, "channels", "list", http=http)
    assert (refused.status, http.asked) == (2, [])
    assert refused.err == (
        "synq: The database of team_store is not set up.\n  Run `synq team init` once, from any machine.\n"
    )
    down = re.sub(r":\d+/", ":1/", address)
    listed = team(down, "channels", "list", http=http)
    assert (listed.status, http.asked) == (0, ["GET /api/v1/channels"])
    place = f"{name_of(address)} at 127.0.0.1:1"
    assert listed.err.splitlines()[0] == (
        f"Warning: The team store ({place}) can't be reached: Connection refused. Until it responds again, the rate "
        "limit is shared on this machine only, and corrected by the responses of the API."
    )
    status = team(down, "team", "status")
    assert status.status == 7
    assert status.err.startswith(f"synq: The team store ({place}) can't be reached: Connection refused.\n")


@cases(
    "address",
    [
        "postgresql://{0}:{1}@127.0.0.1:1/db",
        "host=127.0.0.1 port=1 user={0} password={2}",
        "{1}",
        "x={1} {2}",
        "postgresql://{0}:{2}@db/x",
        "postgresql://{0}:{1}@127.0.0.1:{1}/x",
        "postgresql://{0}:{1}@/x?{1}={1}",
    ],
)
def test_the_password_shows_nowhere(team: Team, synq: Runner, address: str) -> None:
    text = address.format(ROLE, ENCODED, PASSWORD)
    http = Tenant({"GET /api/v1/channels": {"channels": []}})
    for line in ("channels list", "limits", "config list", "doctor", "team doctor", "team status", "team init --yes"):
        result = team(text, *line.split(), "--debug", http=http)
        assert "Traceback" not in result.err


def test_the_password_does_not_show_in_a_traceback(postgresql: Postgresql, team: Team) -> None:
    address = postgresql.database()
    postgresql.execute("ALTER TABLE synq.hosts DROP COLUMN size", database=name_of(address))
    result = team(address, "team", "status", "--debug")
    assert result.status == 1
    assert 'UndefinedColumn: column "size" does not exist' in result.err


@cases("text", ["postgresql://{0}:{1}@db.test/x", "host=db.test password={2}", "echo 'password={2}'"])
def test_a_connection_string_as_the_setting_is_refused_and_not_stored(
    team: Team, synq: Runner, tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    secret = text.format(ROLE, ENCODED, PASSWORD)
    refused = team("", "config", "set", "team_store", secret)
    assert refused.status == 2
    assert "a variable that holds the connection string" in refused.err
    # A config.yaml that was edited by hand: its text is the user's, what is printed is ours.
    elsewhere = tmp_path_factory.mktemp("by-hand")
    hand = f"profiles: {{default: {{team_store: {json.dumps(secret)}}}}}\n"
    (elsewhere / "config.yaml").write_text(hand, encoding="utf-8")
    result = synq("limits", environ={**ENVIRON, "SYNQ_CONFIG_DIR": str(elsewhere), "SYNQ_STATE_DIR": str(elsewhere)})
    assert result.status == 2
    assert PASSWORD not in result.err
    assert ENCODED not in result.err


@cases(
    ("is_local", "is_encrypted", "is_verified", "state", "word"),
    [
        (True, False, False, "ok", "Not needed"),
        (False, False, False, "warn", "is not encrypted"),
        (False, True, False, "warn", "is not verified"),
        (False, True, True, "ok", "is verified"),
    ],
)
def test_doctor_warns_of_a_connection_that_others_could_read(
    is_local: bool, is_encrypted: bool, is_verified: bool, state: str, word: str
) -> None:
    found = encryption(Facts("synq", "15.1", is_local, is_encrypted, is_verified))
    assert (found.state, word in found.found, found.mend is None) == (state, True, state == "ok")
