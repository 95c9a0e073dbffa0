"""`--shard`: parts of a file for several machines, on the embedded tenant and against canned replies."""

import csv
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from table import cases

from synq_cli.bulk.shards import Shard
from synq_cli.errors import UsageError

ENVIRON = {"SYNQ_TOKEN": "a.b.c", "SYNQ_BASE_URL": "http://127.0.0.1"}
PLACE = "e07a2f5c-41b8-4d93-8c6e-b9f5d3a1720e"
SKUS = [f"S{number}" for number in range(20)]
IDS = {sku: f"{number:08}-1111-4111-8111-111111111111" for number, sku in enumerate(SKUS)}
ORDERS = [f"{number:08}-8a3e-4619-b7d0-5e9c1f84a26b" for number in range(6)]


class Tenant:
    """Answers every write, and keeps what was sent."""

    def __init__(self) -> None:
        self.sent: list[Any] = []
        self.refuses = False

    def __call__(self, request: httpx.Request) -> httpx.Response:
        route = request.url.path.rpartition("/")[2]
        if request.method != "GET":
            self.sent.append({"order": request.url.path.split("/")[-2]} | json.loads(request.content or "{}"))
            return httpx.Response(400 if self.refuses else 200, json={"id": f"made-{len(self.sent)}", "error": "No"})
        if route == "variants":
            return httpx.Response(200, json=[{"id": name, "sku": sku} for sku, name in IDS.items()])
        if route == "locations":
            return httpx.Response(200, json=[{"id": PLACE, "name": "Shed", "active": True}])
        if route == "levels":
            levels = [{"variant_id": name, "location_id": PLACE, "on_hand": 5, "available": 5} for name in IDS.values()]
            return httpx.Response(200, json={"levels": levels})
        return httpx.Response(200, json={"entries": [], "members": []})


@pytest.fixture
def tenant() -> Tenant:
    return Tenant()


@pytest.fixture
def run(synq: Any, tenant: Tenant) -> Callable[..., Any]:
    return lambda *line, **more: synq(*line, environ=ENVIRON, http=httpx.MockTransport(tenant), **more)


@pytest.fixture
def counts(tmp_path: Path) -> Path:
    """Two rows of each SKU."""
    file = tmp_path / "counts.csv"
    rows = [f"{sku},{delta}\n" for delta in (1, 2) for sku in SKUS]
    file.write_text("sku,delta\n" + "".join(rows), encoding="utf-8")
    return file


@given(st.text(), st.integers(1, 1000))
def test_each_key_is_in_just_one_shard(key: str, of: int) -> None:
    found = [number for number in range(1, of + 1) if Shard(number, of).has(key)]
    assert len(found) == 1
    assert Shard(found[0], of).has(key.swapcase()) or key.swapcase().lower() != key.lower()


def test_division_of_a_file_never_changes() -> None:
    """Machines with different versions of synq share a file."""
    numbers = [next(i for i in range(1, 5) if Shard(i, 4).has(f"{IDS[sku]} {PLACE}")) for sku in SKUS[:8]]
    assert numbers == [3, 2, 2, 2, 3, 2, 3, 1]


@cases(
    "text, shard",
    [("2/4", "2/4"), (" 1/1 ", "1/1"), ("1000/1000", "1000/1000"), ("0/4", None), ("5/4", None), ("1/1001", None),
     ("2", None), ("2/", None), ("", None), ("-1/4", None), ("1/2/3", None), ("٢/4", None)],
)  # fmt: skip
def test_shard_is_i_of_n(text: str, shard: str | None) -> None:
    if shard:
        assert str(Shard.parse(text)) == shard
        return
    with pytest.raises(UsageError) as caught:
        Shard.parse(text)
    expected = f'Invalid shard "{text}": use I/N, such as 2/4, where I is from 1 to N and N is at most 1,000.'
    assert str(caught.value.message) == expected


def test_shards_send_each_row_once_and_keep_the_rows_of_a_sku_together(run: Any, tenant: Tenant, counts: Path) -> None:
    parts = []
    for number in range(1, 5):
        tenant.sent.clear()
        done = run("inventory", "adjust", "--file", str(counts), "--shard", f"{number}/4", "--yes", "--json")
        assert done.status == 0, done.err
        parts.append(Counter(row["variant_id"] for row in tenant.sent))
        assert json.loads(done.out)["shard"] == f"{number}/4"
        assert "An earlier run" not in done.err
    assert all(units == 2 for part in parts for units in part.values())
    assert sum(parts, Counter()) == Counter(dict.fromkeys(IDS.values(), 2))
    assert len([part for part in parts if part]) == 4
    again = run("inventory", "adjust", "--file", str(counts), "--shard", "2/4", "--yes")
    assert again.status == 11
    assert "were posted on" in again.err
    whole = run("inventory", "adjust", "--file", str(counts), "--yes")
    assert (whole.status, "These 40 rows were posted on" in whole.err) == (11, True)


def test_dry_run_and_question_say_how_much_of_the_file_a_shard_is(run: Any, tenant: Tenant, counts: Path) -> None:
    line = ("inventory", "adjust", "--file", str(counts), "--shard", "2/4")
    plan = json.loads(run(*line, "--dry-run", "--json").out)
    assert (plan["shard"], plan["rows"], plan["rows_of_file"]) == ("2/4", 12, 40)
    assert tenant.sent == []
    assert "Shard 2 of 4: 12 of 40 rows." in run(*line, "--yes").err.splitlines()


def test_shard_without_rows_ends_well(run: Any, tenant: Tenant, tmp_path: Path) -> None:
    file = tmp_path / "one.csv"
    file.write_text("sku,delta\nS1,1\n", encoding="utf-8")
    results = [
        run("inventory", "adjust", "--file", str(file), "--shard", f"{n}/3", "--yes", "--json") for n in (1, 2, 3)
    ]
    assert [each.status for each in results] == [0, 0, 0]
    assert sorted(json.loads(each.out)["rows"] for each in results) == [0, 0, 1]
    assert len(tenant.sent) == 1


def test_failed_rows_of_each_shard_have_a_file_of_their_own(run: Any, tenant: Tenant, counts: Path) -> None:
    tenant.refuses = True
    for number in (1, 2):
        assert run("inventory", "adjust", "--file", str(counts), "--shard", f"{number}/2", "--yes").status == 9
    files = [counts.with_name(f"counts.{number}-of-2.failed.csv") for number in (1, 2)]
    rows = [list(csv.DictReader(file.read_text(encoding="utf-8").splitlines())) for file in files]
    assert Counter(row["sku"] for part in rows for row in part) == Counter(dict.fromkeys(SKUS, 2))
    report = run("inventory", "adjust", "--file", str(counts), "--shard", "1/2", "--report", str(files[0]), "--yes")
    assert "the run uses a file of that name" in report.err


def test_unfinished_runs_of_other_shards_are_not_warned_of(synq: Any, run: Any, tenant: Tenant, counts: Path) -> None:
    def unreachable(request: httpx.Request) -> httpx.Response:
        return httpx.Response(401, json={"error": "No"}) if request.method == "POST" else tenant(request)

    line = ("inventory", "adjust", "--file", str(counts), "--yes")
    stopped = synq(*line, "--shard", "1/2", environ=ENVIRON, http=httpx.MockTransport(unreachable))
    assert stopped.status == 4
    for shard, warned in (("2/2", False), ("1/3", True)):
        assert ("An earlier run of this file" in run(*line, "--shard", shard, "--dry-run").err) == warned


LINES = [
    ("orders", "fulfill", "order_id,tracking_number\n", lambda order: f"{order},T-{order}\n"),
    ("orders", "cancel", "order_id\n", lambda order: f"{order}\n"),
    ("orders", "return", "order_id,sku,quantity\n", lambda order: f"{order},S1,1\n{order},S2,1\n"),
]


@pytest.mark.parametrize(("group", "command", "header", "rows"), LINES)
def test_rows_of_an_order_are_in_one_shard(
    run: Any, tenant: Tenant, tmp_path: Path, group: str, command: str, header: str, rows: Callable[[str], str]
) -> None:
    file = tmp_path / "orders.csv"
    file.write_text(header + "".join(rows(order) for order in ORDERS), encoding="utf-8")
    for number in (1, 2, 3):
        done = run(group, command, "--file", str(file), "--shard", f"{number}/3", "--yes")
        assert done.status == 0, done.err
    assert Counter(row["order"] for row in tenant.sent) == Counter(ORDERS)


def test_transfers_of_a_sku_are_in_one_shard_and_units_of_other_shards_are_not_missed(
    synq: Any, tmp_path: Path
) -> None:
    file = tmp_path / "moves.csv"
    file.write_text("sku,quantity,from,to\nHMC-NVY-M,1,Leith warehouse,High Street shop\n", encoding="utf-8")
    sent = [
        synq("inventory", "transfer", "--file", str(file), "--shard", f"{n}/2", "--yes", "--json", "--sandbox")
        for n in (1, 2)
    ]
    assert [each.status for each in sent] == [0, 0]
    assert sorted(json.loads(each.out)["rows"] for each in sent) == [0, 1]


def test_counts_are_added_up_before_they_are_divided(synq: Any, tmp_path: Path) -> None:
    file = tmp_path / "friday.csv"
    rows = [f"{sku},{units}\n" for units in (1, 2) for sku in ("HMC-NVY-M", "HMC-NVY-L", "HMC-NVY-XL", "FCP-MOS-L")]
    file.write_text("sku,counted\n" + "".join(rows), encoding="utf-8")
    line = ("inventory", "count", str(file), "--location", "Leith warehouse", "--sandbox")
    plans = [json.loads(synq(*line, "--shard", f"{n}/3", "--dry-run", "--json").out) for n in (1, 2, 3)]
    assert sum(plan["rows"] for plan in plans) == 8
    assert {plan["rows_of_file"] for plan in plans} == {8}
    variances = {row["sku"]: row["counted"] for plan in plans for row in plan["variance"]}
    assert set(variances.values()) == {3}
    assert sum(len(plan["variance"]) for plan in plans) == 4
    for n in (1, 2, 3):
        assert synq(*line, "--shard", f"{n}/3", "--yes").status == 0
    assert "There is no variance to post" in synq(*line, "--yes").err


def test_import_sends_each_product_in_one_shard_with_all_its_variants(synq: Any, tmp_path: Path) -> None:
    file = tmp_path / "catalog.csv"
    rows = [f"Product {title},SKU-{title}-{size}\n" for size in "SML" for title in range(5)]
    file.write_text("title,sku\n" + "".join(rows), encoding="utf-8")
    for number in (1, 2):
        done = synq("products", "import", str(file), "--shard", f"{number}/2", "--yes", "--sandbox")
        assert done.status == 0, done.err
    jobs = json.loads(synq("products", "jobs", "list", "--type", "import", "--sandbox", "--json").out)
    sent = [Counter(row["title"] for row in json.loads(job["payload_json"])) for job in jobs[:2]]
    assert all(units == 3 for part in sent for units in part.values())
    assert sorted(sum(sent, Counter())) == [f"Product {title}" for title in range(5)]


@cases(
    "line, what",
    [
        (("inventory", "adjust", "S1", "1"), "--file"),
        (("inventory", "transfer", "S1", "1", "--from", "a", "--to", "b"), "--file"),
        (("inventory", "reserve", "S1", "1"), "--file"),
        (("inventory", "release", "75d9d1b8"), "--file"),
        (("orders", "cancel", ORDERS[0]), "--file"),
        (("organization", "members", "invite", "a@b.example", "--role", "VIEWER"), "--file"),
        (("products", "update", ORDERS[0], "--title", "T"), "--file"),
        (("orders", "create", "--item", "S1=1"), "a file of many orders"),
    ],
)
def test_shard_requires_a_file(run: Any, line: tuple[str, ...], what: str) -> None:
    done = run(*line, "--shard", "1/2")
    assert (done.status, done.err.splitlines()[0]) == (2, f"synq: --shard requires {what}.")
