"""`synq inventory reserve --file` and `release --file` against a server that keeps reservations."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from tenant import ENVIRON, LEITH, LOCATIONS, OTHER, VARIANT

from synq_cli.times import timestamp

SKUS = {"AAA": VARIANT, "BBB": OTHER}
HOLDS = "sku,quantity,location,reference\nAAA,3,Leith warehouse,\nBBB,2,Leith warehouse,order 7\n"


class House:
    """A server with reservations; the next answers to writes can be set."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.now = now
        self.held: list[dict[str, Any]] = []
        self.answers: list[Callable[[httpx.Request], httpx.Response]] = []
        self.seen: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        name = request.url.path.rpartition("/")[2]
        self.seen.append(f"{request.method} {name}")
        if request.method != "GET":
            return self.answers.pop(0)(request) if self.answers else self.carry_out(request)
        rows = [{"id": variant, "sku": sku} for sku, variant in SKUS.items()]
        levels = [{"variant_id": VARIANT, "location_id": LEITH, "available": 7, "on_hand": 9}]
        lists = {"reservations": self.held, "variants": rows, "locations": LOCATIONS, "levels": levels}
        return httpx.Response(200, json=lists[name])

    def carry_out(self, request: httpx.Request) -> httpx.Response:
        if request.method == "DELETE":
            name = request.url.path.rpartition("/")[2]
            held = [row for row in self.held if row["id"] == name and row["status"] == "ACTIVE"]
            for row in held:
                row["status"] = "RELEASED"
            return httpx.Response(204) if held else httpx.Response(404, json={"error": "Reservation not found"})
        row = {
            "id": f"{len(self.held):08d}-4f7d-4a0f-9c39-0f6a52d1e002",
            **json.loads(request.content),
            "status": "ACTIVE",
            "created_at": timestamp(self.now()),
        }
        self.held.insert(0, row)
        return httpx.Response(201, json=row)

    def made_and_lost(self, request: httpx.Request) -> httpx.Response:
        self.carry_out(request)
        raise httpx.ReadError("reset")


def lost(_request: httpx.Request) -> httpx.Response:
    raise httpx.ReadError("reset")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Failed rows of standard input go into the working folder."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def house(synq: Any) -> House:
    return House(lambda: synq.clock)


@pytest.fixture
def run(synq: Any, house: House) -> Callable[..., Any]:
    return lambda *line, **more: synq(*line, environ=ENVIRON, http=httpx.MockTransport(house), **more)


def reserve(run: Any, text: str = HOLDS, *line: str) -> Any:
    return run("inventory", "reserve", "--file", "-", "-q", "--yes", "--json", *line, stdin=text)


def release(run: Any, text: str, *line: str) -> Any:
    return run("inventory", "release", "--file", "-", "-q", "--yes", "--json", *line, stdin=text)


def test_each_row_is_reserved_and_undo_releases_it(run: Any, house: House) -> None:
    result = reserve(run, HOLDS, "--reference", "fair")
    name = json.loads(result.out)["id"]
    assert (result.status, sorted(house.seen)) == (
        0, ["GET locations", "GET variants", "GET variants", "POST reservations", "POST reservations"],
    )  # fmt: skip
    held = sorted((row["variant_id"], row["location_id"], row["quantity"], row["reference"]) for row in house.held)
    assert held == [(VARIANT, LEITH, 3, "fair"), (OTHER, LEITH, 2, "order 7")]
    rows = json.loads(run("runs", "show", name, "--rows", "all", "--json", "-q").out)
    assert {row["receipt"] for row in rows} == {row["id"] for row in house.held}
    assert reserve(run, HOLDS, "--reference", "fair").status == 11
    undone = run("runs", "undo", name, "--yes", "--json", "-q")
    assert (undone.status, json.loads(undone.out)["command"]) == (0, "inventory release")
    assert {row["status"] for row in house.held} == {"RELEASED"}
    # What was undone may be reserved again, and what was released comes back.
    assert reserve(run, HOLDS, "--reference", "fair").status == 0
    back = run("runs", "undo", json.loads(undone.out)["id"], "--yes", "--json", "-q")
    assert (json.loads(back.out)["command"], len(house.held)) == ("inventory reserve", 6)


@pytest.mark.parametrize(
    ("made", "alike", "status"),
    [(True, False, 0), (False, False, 10), (True, True, 10)],
    ids=["made", "not made", "look-alike"],
)
def test_lost_reservation_is_looked_for_in_the_list(
    run: Any, house: House, *, made: bool, alike: bool, status: int
) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        for _ in range(made + alike):
            house.carry_out(request)
        raise httpx.ReadError("reset")

    house.answers = [answer]
    result = reserve(run, "sku,quantity,location\nAAA,3,Leith warehouse\n")
    summary = json.loads(result.out)
    assert (result.status, summary["unknown_lines"]) == (status, [] if status == 0 else [2])
    assert house.seen.count("POST reservations") == 1
    resumed = run("runs", "resume", summary["id"], "-q")
    assert (resumed.status, house.seen.count("POST reservations")) == (status, 1)


def test_lost_release_is_sent_again_and_a_404_then_means_done(run: Any, house: House) -> None:
    reserve(run)
    ids = [row["id"] for row in house.held]
    house.answers = [house.made_and_lost]
    text = f"ID,status\n{ids[0]},ACTIVE\n{ids[1][:8]},ACTIVE\n"
    result = release(run, text)
    assert (result.status, json.loads(result.out)["done"]) == (0, 2)
    assert len([each for each in house.seen if each.startswith("DELETE")]) == 3
    # Without a lost answer before it, a 404 is a failed row.
    house.held[0]["status"] = "ACTIVE"
    house.answers = [lambda _request: httpx.Response(404, json={"error": "Reservation not found"})]
    again = release(run, text, "--again")
    assert (again.status, json.loads(again.out)["failed"]) == (9, 1)


def test_release_whose_answers_are_all_lost_is_looked_up(run: Any, house: House) -> None:
    reserve(run)
    ids = [row["id"] for row in house.held]
    house.answers = [house.made_and_lost, *[lost] * 20]
    result = release(run, f"id\n{ids[0]}\n")
    assert (result.status, json.loads(result.out)["done"]) == (0, 1)
    house.answers = [lost] * 20
    result = release(run, f"id\n{ids[1]}\n")
    summary = json.loads(result.out)
    assert (result.status, summary["unknown_lines"]) == (10, [2])
    assert json.loads(result.err)["error"]["hint"] == (
        f"`synq runs resume {summary['id']}` sends them again, which changes nothing twice."
    )
    house.answers = []
    assert run("runs", "resume", summary["id"], "-q").status == 0
    assert {row["status"] for row in house.held} == {"RELEASED"}


def test_reservations_that_hold_nothing_are_left_out(run: Any, house: House) -> None:
    reserve(run)
    first, second = house.held
    first["status"] = "CONSUMED"
    why = f"reservation {first['id']} is already CONSUMED: it holds no units"
    text = f"id\n{first['id']}\n{second['id']}\n"
    plan = json.loads(release(run, text, "--dry-run").out)
    assert (plan["rows"], plan["left_out"]) == (1, [{"line": 2, "reason": why}])
    told = run("inventory", "release", "--file", "-", "--yes", "--json", stdin=text)
    assert f"Left out: line 2, {why}." in told.err.splitlines()
    assert second["status"] == "RELEASED"
    nothing = run("inventory", "release", "--file", "-", "-q", "--yes", stdin=f"id\n{first['id']}\n")
    assert (nothing.status, nothing.err) == (
        2, f"synq: standard input has no row that would change anything; nothing was sent.\n  line 2: {why}\n",
    )  # fmt: skip


def test_reservation_without_a_quantity_is_released_and_not_undone(run: Any, house: House) -> None:
    reserve(run)
    house.held[0]["quantity"] = None
    result = release(run, f"id\n{house.held[0]['id']}\n")
    assert (result.status, house.held[0]["status"]) == (0, "RELEASED")
    assert run("runs", "undo", json.loads(result.out)["id"], "--yes", "-q").status == 11


def test_every_problem_is_listed_and_nothing_sent(run: Any, house: House) -> None:
    wrong = "sku,quantity,location\nAAA,-3,Leith warehouse\n,1,\nBBB,,\n"
    assert run("inventory", "reserve", "--file", "-", "-q", stdin=wrong).err == (
        "synq: standard input has 3 problems; nothing was sent.\n"
        '  line 2: invalid quantity "-3". Use a whole number from 1 to 2,147,483,647\n'
        "  line 3: no SKU, barcode or variant_id\n"
        "  line 4: no quantity\n"
        "  Fix the file and run the command again.\n"
    )
    assert run("inventory", "release", "--file", "-", "-q", stdin="id\nabcd1234\n\nabcd1234\n").err.splitlines()[1] == (
        '  line 2: unknown reservation "abcd1234". See `synq inventory reservations`'
    )
    assert [each for each in house.seen if not each.startswith("GET")] == []


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (("reserve", "AAA", "--file", "-"), "A SKU conflicts with --file: give one of them."),
        (("reserve", "AAA"), "Missing quantity.\n  Give a SKU and a quantity, or a file with --file."),
        (("reserve", "AAA", "1", "--again"), "--again requires --file."),
        (("release", "7777", "--file", "-"), "A reservation conflicts with --file: give one of them."),
        (("release",), "Missing reservation id.\n  Give a reservation id, or a file with --file."),
        (("release", "7777", "--report", "r.csv"), "--report requires --file."),
    ],
)
def test_file_and_arguments_exclude_each_other(run: Any, house: House, line: tuple[str, ...], message: str) -> None:
    result = run("inventory", *line, "-q")
    assert (result.status, result.err, house.seen) == (2, f"synq: {message}\n", [])


def test_server_without_the_route_stops_the_run(run: Any, house: House) -> None:
    house.answers = [lambda _request: httpx.Response(404, text="404 page not found")] * 9
    result = reserve(run)
    summary = json.loads(result.out)
    assert (result.status, summary["pending"], summary["failed"]) == (5, 2, 0)


def test_dry_run_shows_the_available_units_and_failed_rows_come_back(run: Any, house: House, synq: Any) -> None:
    plan = json.loads(reserve(run, HOLDS, "--dry-run").out)
    assert [(row["before"], row["after"]) for row in plan["changes"]] == [(7, 4), (0, -2)]
    file = synq.folder / "holds.csv"
    file.write_text(HOLDS, encoding="utf-8")
    house.answers = [lambda _request: httpx.Response(400, json={"error": "Not enough stock: 0 available"})] * 2
    result = run("inventory", "reserve", "--file", str(file), "-q", "--yes")
    assert result.status == 9
    failed = (synq.folder / "holds.failed.csv").read_text(encoding="utf-8")
    assert [row["error"] for row in csv.DictReader(io.StringIO(failed))] == ["Not enough stock: 0 available"] * 2
