"""Bulk runs of a profile with a team store, on two machines and a real PostgreSQL."""

import base64
import json
import os
import re
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from postgresql import ROLE, Postgresql, Proxy
from runner import Result, Runner
from table import cases

TOKEN = "canary-token-9f31c2d8a7"
PLACE = "e07a2f5c-41b8-4d93-8c6e-b9f5d3a1720e"
SHOP = "b1f5d3a1-41b8-4d93-8c6e-b9f5d3a1720e"
SKUS = ["AAA", "BBB", "CCC"]
IDS = {sku: f"{number:08}-1111-4111-8111-111111111111" for number, sku in enumerate(SKUS)}


class Tenant:
    """Keeps what is posted; `answer` is that to a write, if it is not accepted."""

    def __init__(self) -> None:
        self.posted: list[dict[str, Any]] = []
        self.answer: Callable[[], httpx.Response | None] = lambda: None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        route = request.url.path.rpartition("/")[2]
        if request.method == "POST":
            if answer := self.answer():
                return answer
            entry = {"id": f"entry-{len(self.posted)}", **json.loads(request.content), "transaction_type": "adjustment"}
            self.posted.append(entry | {"created_at": "2026-11-24T12:00:00Z"})
            return httpx.Response(200, json=self.posted[-1])
        levels = [{"variant_id": name, "location_id": PLACE, "on_hand": 9, "available": 9} for name in IDS.values()]
        bodies: dict[str, Any] = {
            "variants": [{"id": name, "sku": sku} for sku, name in IDS.items()],
            "locations": [{"id": PLACE, "name": "Shed", "active": True}, {"id": SHOP, "name": "Shop", "active": True}],
            "levels": {"levels": levels},
            "ledger": {"entries": self.posted[::-1]},
        }
        return httpx.Response(200, json=bodies[route])


@pytest.fixture
def tenant() -> Tenant:
    return Tenant()


@pytest.fixture
def machine(tmp_path: Path, postgresql: Postgresql, tenant: Tenant) -> Callable[[str], Callable[..., Result]]:
    """A machine of the team by its name, each with folders of its own."""
    environ = {"SYNQ_TOKEN": TOKEN, "SYNQ_BASE_URL": "http://127.0.0.1", "STORE": postgresql.database()}

    def make(name: str) -> Callable[..., Result]:
        (tmp_path / name).mkdir()
        synq = Runner(tmp_path / name)

        def run(*line: str, token: str = TOKEN) -> Result:
            return synq(*line, environ={**environ, "SYNQ_TOKEN": token}, http=httpx.MockTransport(tenant))

        assert run("config", "set", "team_store", "$STORE").status == 0
        return run

    return make


@pytest.fixture
def counts(tmp_path: Path) -> str:
    file = tmp_path / "counts.csv"
    file.write_text("sku,delta,location\n" + "".join(f"{sku},1,Shed\n" for sku in SKUS), encoding="utf-8")
    return str(file)


def only_run(run: Callable[..., Result]) -> str:
    (row,) = json.loads(run("runs", "list", "--team", "--json").out)
    return str(row["id"])


def test_a_file_is_posted_by_one_machine_of_the_team(machine: Any, tenant: Tenant, counts: str) -> None:
    leith, oslo = machine("leith"), machine("oslo")
    done = leith("inventory", "adjust", "--file", counts, "--yes", "--json")
    assert (done.status, json.loads(done.out)["done"]) == (0, 3)
    name = only_run(oslo)
    assert json.loads(done.out)["id"] == name
    refused = oslo("inventory", "adjust", "--file", counts, "--yes")
    assert refused.status == 11
    assert "These 3 rows were posted on Tuesday 24 November" not in refused.err  # by the store's clock
    assert f"by run {name}. Nothing was sent." in refused.err
    assert len(tenant.posted) == 3
    own = oslo("runs", "list", "--json")
    assert (own.out, own.status) == ("[]\n", 0)
    assert "Runs of this profile are in the team store: synq runs list --team" in own.err
    shown = json.loads(oslo("runs", "show", name, "--json").out)
    (worker,) = shown["workers"]
    assert (shown["state"], worker["state"], worker["rows"], worker["profile"]) == ("finished", "ended", 3, "default")
    assert "default): ended, 3 rows" in oslo("runs", "show", name, "-o", "table").out
    rows = json.loads(oslo("runs", "show", name, "--rows", "all", "--json").out)
    assert sorted(row["receipt"] for row in rows) == ["entry-0", "entry-1", "entry-2"]
    undone = oslo("runs", "undo", name, "--yes", "--json")
    assert (undone.status, json.loads(undone.out)["done"]) == (0, 3)
    assert sum(row["quantity_delta"] for row in tenant.posted) == 0
    assert "was undone by the run" in leith("runs", "resume", name).err


def test_undo_of_a_run_that_another_machine_works_on_does_not_suggest_to_join(
    machine: Any, counts: str, postgresql: Postgresql
) -> None:
    leith = machine("leith")
    assert leith("inventory", "adjust", "--file", counts, "--yes").status == 0
    name = only_run(leith)
    database = [row[0] for row in postgresql.execute("SELECT datname FROM pg_database ORDER BY oid")][-1]
    postgresql.execute("UPDATE synq.workers SET ended_at = NULL, lease_until = synq.clock() + 60", database=database)
    refused = leith("runs", "undo", name, "--yes")
    assert (refused.status, f"working on run {name}" in refused.err) == (11, True)
    assert f"`synq runs show {name}` shows its progress, and whether it is undone." in refused.err
    assert "join" not in refused.err


@pytest.mark.parametrize("command", ["resume", "join"])
def test_another_machine_finishes_a_run_that_has_stopped(
    machine: Any, tenant: Tenant, counts: str, command: str
) -> None:
    leith, oslo = machine("leith"), machine("oslo")
    accepted = iter([True])  # only the first row
    tenant.answer = lambda: None if next(accepted, False) else httpx.Response(401, json={"error": "No"})
    stopped = leith("inventory", "adjust", "--file", counts, "--yes")
    name = only_run(leith)
    assert (stopped.status, f"synq runs resume {name}" in stopped.err) == (4, True)
    assert len(tenant.posted) == 1
    tenant.answer = lambda: None
    done = oslo("runs", command, name, "--json")
    assert (done.status, json.loads(done.out)["done"], len(tenant.posted)) == (0, 3, 3)
    assert "This machine sent 2 of 3 rows." in done.err


@pytest.mark.parametrize(
    ("claims", "person"),
    [
        ({"email": "ann@example.com", "sub": "7"}, "ann@example.com"),
        ({"sub": "user-7"}, "user-7"),
        ({"sub": "a\0"}, None),
    ],
)
def test_a_run_shows_who_worked_on_it(machine: Any, counts: str, claims: dict[str, str], person: str | None) -> None:
    leith = machine("leith")
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    assert leith("inventory", "adjust", "--file", counts, "--yes", token=f"e30.{payload}.c2ln").status == 0
    name = only_run(leith)
    (worker,) = json.loads(leith("runs", "show", name, "--json").out)["workers"]
    assert worker["person"] == person
    assert f"default{f', {person}' if person else ''}): ended, 3 rows" in leith("runs", "show", name, "-o", "table").out


def test_a_single_transfer_is_shared_too(machine: Any, tenant: Tenant) -> None:
    leith, oslo = machine("leith"), machine("oslo")
    assert leith("inventory", "transfer", "AAA", "2", "--from", "Shed", "--to", "Shop").status == 0
    assert [row["quantity_delta"] for row in tenant.posted] == [-2, 2]
    assert oslo("runs", "undo", only_run(oslo), "--yes").status == 0
    assert [row["quantity_delta"] for row in tenant.posted] == [-2, 2, -2, 2]


def test_without_its_store_a_run_is_refused_and_nothing_sent(
    machine: Any, tenant: Tenant, counts: str, postgresql: Postgresql
) -> None:
    leith = machine("leith")
    with postgresql.stopped():
        refused = leith("inventory", "adjust", "--file", counts, "--yes")
        listed = leith("runs", "list", "--team")
    assert (refused.status, listed.status, tenant.posted) == (7, 7, [])
    assert any(line.startswith("synq: The team store (team_") for line in refused.err.splitlines())
    assert leith("inventory", "adjust", "--file", counts, "--yes").status == 0


def test_interrupted_while_the_store_is_silent_a_run_ends_and_keeps_the_responses(
    tmp_path: Path, tenant: Tenant, counts: str, postgresql: Postgresql
) -> None:
    with Proxy(postgresql.port) as network:
        environ = {"SYNQ_TOKEN": TOKEN, "SYNQ_BASE_URL": "http://127.0.0.1", "SYNQ_TIMEOUT": "1"}
        environ["STORE"] = postgresql.database(port=network.port)
        synq = Runner(tmp_path)

        def run(*line: str) -> Result:
            return synq(*line, environ=environ, http=httpx.MockTransport(tenant))

        def silence() -> None:
            network.silent = True
            os.kill(os.getpid(), signal.SIGTERM)

        assert run("config", "set", "team_store", "$STORE").status == 0
        tenant.answer = silence
        stopped = run("inventory", "adjust", "--file", counts, "--yes")
        assert stopped.status == 7
        assert "Stopping; waiting for the" in stopped.err
        kept = int(re.search(r"The outcomes? of (\d) rows? (is|are) kept on this machine", stopped.err)[1])  # type: ignore[index]
        posted = len(tenant.posted)
        assert kept >= posted > 0  # also that a row was not sent
        assert sum(synq.slept) < 10
        network.heal()
        tenant.answer = lambda: None
        (row,) = json.loads(run("runs", "list", "--team", "--json").out)
        assert (row["state"] in {"stopped", "finished"}, row["done"]) == (True, posted)
        assert run("runs", "resume", row["id"]).status in {0, 2}
        assert len(tenant.posted) == 3


@cases(
    ("fault", "sentence"),
    [
        ("", "The variable STORE, which team_store names, is not set."),
        ("no address", "team_store does not provide a valid PostgreSQL connection string."),
        ("UPDATE synq.migrations SET version = version - 1", "The tables of the team store have version"),
        ("DROP SCHEMA synq CASCADE", "The database of team_store is not set up."),
        (f"REVOKE ALL ON synq.runs FROM {ROLE}; ALTER TABLE synq.runs OWNER TO postgres", "denies access"),
        (f"REVOKE ALL ON ALL TABLES IN SCHEMA synq FROM {ROLE}", "denies access"),
    ],
)
def test_a_store_that_can_not_be_used_is_reported_once(
    tmp_path: Path, tenant: Tenant, counts: str, postgresql: Postgresql, fault: str, sentence: str
) -> None:
    address = fault
    if " " in fault and fault != "no address":
        address = postgresql.database()
        postgresql.execute(*fault.split("; "), database=address.rpartition("/")[2])
    synq = Runner(tmp_path)
    environ = {"SYNQ_TOKEN": TOKEN, "SYNQ_BASE_URL": "http://127.0.0.1", "STORE": address}
    assert synq("config", "set", "team_store", "$STORE").status == 0
    for _ in range(2):
        refused = synq(
            "inventory", "adjust", "--file", counts, "--yes", environ=environ, http=httpx.MockTransport(tenant)
        )
        assert (refused.status in {2, 7}, tenant.posted) == (True, [])
        assert refused.err.count(sentence) == 1, refused.err
        assert "could not be reached" not in refused.err


def test_team_needs_a_team_store(synq: Any, tenant: Tenant) -> None:
    environ = {"SYNQ_TOKEN": TOKEN, "SYNQ_BASE_URL": "http://127.0.0.1"}
    for line in (("runs", "list", "--team"), ("runs", "show", "26", "--team"), ("runs", "join", "26")):
        done = synq(*line, environ=environ, http=httpx.MockTransport(tenant))
        assert (done.status, done.err.splitlines()[0]) == (2, "synq: Profile default has no team store.")
    assert "The embedded sandbox has no team store" in synq("runs", "join", "26", "--sandbox").err


def test_no_token_reaches_the_store(machine: Any, tenant: Tenant, counts: str, postgresql: Postgresql) -> None:
    leith = machine("leith")
    tenant.answer = lambda: httpx.Response(401, json={"error": f"Bad token {TOKEN}"})
    assert leith("inventory", "adjust", "--file", counts, "--yes").status == 4
    tenant.answer = lambda: httpx.Response(400, json={"error": f"Bad token {TOKEN}"})
    assert leith("runs", "resume", only_run(leith)).status == 9
    database = [row[0] for row in postgresql.execute("SELECT datname FROM pg_database ORDER BY oid")][-1]
    tables = postgresql.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'synq'", database=database)
    text = ""
    for (table,) in tables:
        text += repr(postgresql.execute(f"SELECT t::text FROM synq.{table} t", database=database))
    assert "counts.csv" in text
    assert TOKEN not in text
