"""`synq inventory transfer` against a tenant with two locations: before and after, in transit, resumed and undone."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

VARIANTS = {sku: f"{digit * 8}-1111-4111-8111-111111111111" for sku, digit in (("AAA", "a"), ("BBB", "b"))}
PLACES = {name: f"{digit * 8}-2222-4222-8222-222222222222" for name, digit in (("Shed", "c"), ("Attic", "d"))}
ENVIRON = {"SYNQ_TOKEN": "a.b.c", "SYNQ_BASE_URL": "http://127.0.0.1"}
ONE = ("inventory", "transfer", "AAA", "5", "--from", "Shed", "--to", "Attic")
FILE = ("inventory", "transfer", "--file", "moves.csv", "--from", "Shed", "--yes")


class Tenant:
    """Twenty of each SKU in the shed, three of them reserved; the next answers to adjustments can be set."""

    def __init__(self) -> None:
        self.next: list[Callable[[httpx.Request], httpx.Response]] = []
        self.ledger: list[dict[str, Any]] = []
        self.seen: list[str] = []
        self.has_levels = True

    def __call__(self, request: httpx.Request) -> httpx.Response:
        route = request.url.path.rpartition("/")[2]
        self.seen.append(route)
        if request.method == "POST":
            return (self.next.pop(0) if self.next else self.post)(request)
        if route == "levels" and not self.has_levels:
            return httpx.Response(403, json={"error": "Forbidden"})
        return httpx.Response(200, json=getattr(self, route)(request.url.params))

    def post(self, request: httpx.Request) -> httpx.Response:
        entry = {"id": f"entry-{len(self.ledger)}", **json.loads(request.content), "transaction_type": "adjustment"}
        self.ledger.append(entry | {"created_at": "2026-11-24T12:00:00Z"})
        return httpx.Response(200, json=self.ledger[-1])

    def post_and_lose(self, request: httpx.Request) -> httpx.Response:
        self.post(request)
        return self.lose(request)

    def lose(self, _request: httpx.Request) -> httpx.Response:
        raise httpx.ReadError("reset")

    def refuse(self, _request: httpx.Request) -> httpx.Response:
        return httpx.Response(404, json={"error": "location not found"})

    def variants(self, _params: Any) -> Any:
        return [{"id": name, "sku": sku} for sku, name in VARIANTS.items()]

    def locations(self, _params: Any) -> Any:
        return [{"id": identifier, "name": name, "active": True} for name, identifier in PLACES.items()]

    def levels(self, params: Any) -> Any:
        stock = Counter({(variant, PLACES["Shed"]): 20 for variant in VARIANTS.values()})
        for entry in self.ledger:
            stock[entry["variant_id"], entry["location_id"]] += entry["quantity_delta"]
        rows = [
            {"variant_id": variant, "location_id": place, "on_hand": units, "available": units - 3}
            for (variant, place), units in stock.items()
        ]
        return {"levels": [row for row in rows if all(row[name] == params[name] for name in row if name in params)]}

    def ledger_rows(self) -> list[str]:
        """What was posted: SKU, location and quantity."""
        names = {identifier: name for name, identifier in (VARIANTS | PLACES).items()}
        return [
            f"{names[entry['variant_id']]} {names[entry['location_id']]} {entry['quantity_delta']:+d}"
            for entry in self.ledger
        ]


class WithLedger(Tenant):
    """A tenant whose ledger can be read."""

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/ledger"):
            self.seen.append("ledger")
            params = request.url.params
            rows = [row for row in self.ledger if all(row[name] == params[name] for name in row if name in params)]
            return httpx.Response(200, json={"entries": rows[::-1]})
        return super().__call__(request)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WithLedger:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "moves.csv").write_text("sku,quantity,to\nAAA,2,Attic\nBBB,3,Attic\n", encoding="utf-8")
    return WithLedger()


@pytest.fixture
def run(synq: Any, shop: Tenant) -> Callable[..., Any]:
    return lambda *line, **more: synq(*line, environ=ENVIRON, http=httpx.MockTransport(shop), **more)


def only_run(run: Any) -> dict[str, Any]:
    return dict(json.loads(run("runs", "list", "--json").out)[0])


MOVED = ["AAA Shed -5", "AAA Attic +5"]


def test_one_transfer_shows_the_stock_of_both_places(run: Any, shop: Tenant) -> None:
    done = run(*ONE, terminal=True)
    name = only_run(run)["id"]
    assert done.status == 0
    assert [line.rstrip() for line in done.out.splitlines()] == [
        "AAA at Shed: on hand 20 → 15",
        "AAA at Attic: on hand 0 → 5",
        "SKU            AAA",
        "Quantity       5",
        "From           Shed",
        "To             Attic",
        "Status         done",
        "First receipt  entry-0",
        "Receipt        entry-1",
        f"Run            {name}",
    ]
    assert done.err == "~95/100 requests left this minute · default\n"
    assert (shop.seen, shop.ledger_rows()) == (["variants", "locations", "levels", "adjust", "adjust"], MOVED)
    # What is known is not asked again, and the same transfer may be made twice.
    shop.seen.clear()
    assert json.loads(run(*ONE[:3], "1", *ONE[4:], "--json", "-q").out)["receipt"] == "entry-3"
    assert shop.seen == ["levels", "adjust", "adjust"]
    assert run(*ONE[:3], "1", *ONE[4:], "-q").status == 0


def test_dry_run_of_one_transfer(run: Any, shop: Tenant) -> None:
    plan = json.loads(run(*ONE, "--dry-run", "--json").out)
    assert (plan["requests"], plan["net"]) == (
        2, [{"location": "Attic", "units": 5, "rows": 1}, {"location": "Shed", "units": -5, "rows": 1}],
    )  # fmt: skip
    assert [(row["location"], row["before"], row["after"]) for row in plan["changes"]] == [
        ("Shed", 20, 15), ("Attic", 0, 5),
    ]  # fmt: skip
    assert "adjust" not in shop.seen


def test_more_than_is_available_is_refused_without_force(run: Any, shop: Tenant) -> None:
    many = (*ONE[:3], "18", *ONE[4:], "-q")
    refused = run(*many)
    assert (refused.status, refused.err.splitlines()) == (
        11,
        [
            "synq: Only 17 of AAA are available at Shed, and 18 are to leave. Nothing was sent.",
            "  To transfer them all the same, add --force.",
        ],
    )
    assert run(*many, "--read-only", "--force").status == 11
    assert shop.ledger == []
    forced = run(*many, "--force")
    assert (forced.status, forced.err) == (0, "Warning: Only 17 of AAA are available at Shed, and 18 are to leave.\n")
    shop.has_levels = False
    unchecked = run(*many)
    assert unchecked.err == (
        "Warning: The stock levels can't be read, so it was not checked whether enough units are available.\n"
    )
    assert shop.ledger_rows() == ["AAA Shed -18", "AAA Attic +18"] * 2


@pytest.mark.parametrize(
    ("line", "status", "message"),
    [
        ((), 2, "Missing SKU and quantity and --from and --to."),
        (("AAA", "5", "--from", "Shed"), 2, "Missing --to."),
        (("AAA", "5", "--from", "Shed", "--to", "shed"), 2, '"from" and "to" are the same location, Shed.'),
        (("AAA", "-5", "--from", "Shed", "--to", "Attic"), 2, 'Invalid quantity "-5".'),
        (("AAA", "5", "--from", "Shed", "--to", "Atic"), 5, 'Unknown location "Atic".'),
        (("AAA", "5", "--from", "Shed", "--to", "Attic", "--report", "r.csv"), 2, "--report requires --file."),
        (("AAA", "--file", "moves.csv"), 2, "A SKU conflicts with --file: give one of them."),
    ],
)
def test_what_is_wrong_with_a_line(run: Any, line: tuple[str, ...], status: int, message: str) -> None:
    result = run("inventory", "transfer", *line, "-q")
    assert (result.status, result.err.splitlines()[0]) == (status, f"synq: {message}")


def test_units_that_the_second_location_refuses_are_in_transit(run: Any, shop: Tenant) -> None:
    shop.next = [shop.post, shop.refuse]
    result = run(*ONE, "-q")
    name = only_run(run)["id"]
    assert (result.status, result.out) == (9, "")
    assert result.err == (
        f"synq: The transfer is not complete: run {name}.\n"
        "  5 of AAA left Shed and are in transit to Attic, which refused them: location not found\n"
        f"  `synq runs resume {name}` sends the units on; `synq runs undo {name}` puts them back.\n"
    )
    row = only_run(run)
    assert (row["state"], row["in_transit"], row["failed"], row["pending"]) == ("in transit", 1, 0, 0)
    (shown,) = json.loads(run("runs", "show", name, "--rows", "failed", "--json").out)
    assert (shown["status"], shown["first_receipt"], shown["error"]) == ("in transit", "entry-0", "location not found")
    # The same line again would take the units twice.
    again = run(*ONE, "-q")
    assert (again.status, shop.ledger_rows()) == (11, MOVED[:1])
    assert f"To finish that run, run `synq runs resume {name}`. To post it again, add --again." in again.err
    assert json.loads(run("runs", "resume", name, "--dry-run", "--json").out)["requests"] == 1
    assert run("runs", "resume", name, "-q").status == 0
    assert (shop.ledger_rows(), only_run(run)["state"]) == (MOVED, "finished")


def test_undo_reverses_what_is_done_of_a_transfer(run: Any, shop: Tenant) -> None:
    shop.next = [shop.post, shop.refuse]
    assert run(*ONE, "-q").status == 9
    name = only_run(run)["id"]
    assert run("runs", "undo", name, "--yes", "-q").status == 0
    assert shop.ledger_rows() == ["AAA Shed -5", "AAA Shed +5"]
    undo, undone = sorted(json.loads(run("runs", "list", "--json").out), key=lambda row: row["undoes"] is None)
    assert (undone["state"], undone["in_transit"], undone["undone_by"]) == ("undone", None, undo["id"])
    assert run("runs", "resume", name, "-q").status == 11
    # Undone once more, what was put back leaves again; a whole transfer goes back in the same order.
    assert run("runs", "undo", undo["id"], "--yes", "-q").status == 0
    done = json.loads(run(*ONE, "--json", "-q").out)
    assert run("runs", "undo", done["run"], "--yes", "-q").status == 0
    assert shop.ledger_rows()[2:] == ["AAA Shed -5", *MOVED, "AAA Attic -5", "AAA Shed +5"]


@pytest.mark.parametrize("lost", [0, 1])
def test_lost_answer_is_found_in_the_ledger_before_the_transfer_goes_on(run: Any, shop: Tenant, lost: int) -> None:
    shop.next = [shop.post] * lost + [shop.post_and_lose]
    assert (run(*ONE, "-q").status, shop.ledger_rows()) == (0, MOVED)
    assert shop.seen.count("ledger") == 1


@pytest.mark.parametrize(
    ("lost", "sentence", "rest"),
    [
        (0, "5 of AAA may have left Shed; none were added at Attic.", MOVED),
        (1, "5 of AAA left Shed, and may have arrived at Attic.", MOVED[1:]),
    ],
)
def test_half_that_is_not_in_the_ledger_stays_unknown(
    run: Any, shop: Tenant, lost: int, sentence: str, rest: list[str]
) -> None:
    shop.next = [shop.post] * lost + [shop.lose]
    result = run(*ONE, "-q")
    name = only_run(run)["id"]
    assert (result.status, only_run(run)["state"]) == (10, "unclear")
    resume = f"synq runs resume {name}"
    hint = f"`{resume}` looks for it once more. If you are sure that it was not applied, send it again with: {resume}"
    assert result.err.splitlines() == [
        f"synq: The outcome of the transfer is unknown: run {name}.",
        f"  {sentence}",
        f"  {hint} --resend-unknown 1",
    ]
    posted = shop.ledger_rows()
    assert (run("runs", "resume", name, "-q").status, shop.ledger_rows()) == (10, posted)
    assert run("runs", "resume", name, "--resend-unknown", "1", "-q").status == 0
    assert shop.ledger_rows() == posted + rest


def test_refused_first_half_moves_nothing(run: Any, shop: Tenant) -> None:
    shop.next = [shop.refuse]
    result = run(*ONE, "-q")
    assert (result.status, result.err) == (5, "synq: The API refused the transfer: location not found.\n")
    assert (shop.ledger, only_run(run)["state"]) == ([], "finished")


def test_file_of_transfers(run: Any, shop: Tenant) -> None:
    done = run(*FILE)
    name = only_run(run)["id"]
    assert done.status == 0
    assert done.err.splitlines()[:4] == [
        "2 rows of moves.csv: 4 requests, under a minute at the current rate limit.",
        "Net: Attic +5 (2 rows), Shed -5 (2 rows).",
        "Largest: BBB -3 (line 3), AAA -2 (line 2).",
        f"Run {name}: if it stops, resume it with `synq runs resume {name}`.",
    ]
    assert sorted(shop.ledger_rows()) == ["AAA Attic +2", "AAA Shed -2", "BBB Attic +3", "BBB Shed -3"]
    again = run(*FILE, "-q")
    assert (again.status, len(shop.ledger)) == (11, 4)
    rows = run("runs", "show", name, "--rows", "all", "--columns", "line,quantity,from,to,status").out
    assert rows == "line\tquantity\tfrom\tto\tstatus\n2\t2\tShed\tAttic\tdone\n3\t3\tShed\tAttic\tdone\n"


def test_every_problem_of_a_file_is_listed(run: Any, shop: Tenant, tmp_path: Path) -> None:
    def problems(text: str) -> list[str]:
        (tmp_path / "moves.csv").write_text(text, encoding="utf-8")
        result = run(*FILE, "-q")
        assert result.status == 2
        return list(result.err.splitlines()[1:-1])

    assert problems("barcode,quantity,to\nAAA,0,Attic\nAAA,1,\n,1,Attic\n") == [
        '  line 2: invalid quantity "0". Use a whole number from 1 to 2,147,483,647',
        "  line 3: no location in the column to, and no --to",
        "  line 4: no SKU, barcode or variant_id",
    ]
    assert problems("sku,quantity,to\nAAX,1,Atic\nAAA,1,Shed\nAAA,2,Attic\nAAA,2,Attic\n") == [
        '  line 2: unknown SKU "AAX". Did you mean AAA?',
        '  line 2: unknown location "Atic". Did you mean Attic? Locations: Shed, Attic',
        '  line 3: "from" and "to" are the same location, Shed',
        "  line 5: same as line 4: add the two up, or remove one",
    ]
    assert problems("sku,quantity,to\nAAA,9,Attic\nAAA,10,Attic\n") == [
        "  line 3: only 17 of AAA are available at Shed, and 19 are to leave",
    ]
    assert shop.ledger == []


def test_row_in_transit_is_not_among_the_failed_rows_that_can_be_sent_again(
    run: Any, shop: Tenant, tmp_path: Path
) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        # The first half of one row and the second half of the other.
        refused = (VARIANTS["AAA"], -2), (VARIANTS["BBB"], 3)
        is_refused = (body["variant_id"], body["quantity_delta"]) in refused
        return shop.refuse(request) if is_refused else shop.post(request)

    shop.next = [answer] * 3
    result = run(*FILE, "--report", "report.csv", "-q")
    name = only_run(run)["id"]
    assert (result.status, shop.ledger_rows()) == (9, ["BBB Shed -3"])
    failed = tmp_path / "moves.failed.csv"
    rest = f"The failed rows are in {failed}: fix them and run the command again on that file."
    assert result.err.splitlines() == [
        f"synq: Run {name}: 0 of 2 rows done, 1 failed, 1 in transit.",
        "  line 3: 3 of BBB left Shed and are in transit to Attic, which refused them: location not found",
        f"  `synq runs resume {name}` sends the units on; `synq runs undo {name}` puts them back. {rest}",
    ]
    assert failed.read_text(encoding="utf-8").splitlines()[1:] == ["AAA,2,Attic,not_found,location not found"]
    assert "in transit,BBB,3,Shed,Attic,entry-0" in (tmp_path / "report.csv").read_text(encoding="utf-8")
    assert run("inventory", "transfer", "--file", "moves.failed.csv", "--from", "Shed", "--yes", "-q").status == 0
    assert run("runs", "resume", name, "-q").status == 9  # the other row stays refused
    assert sorted(shop.ledger_rows()) == ["AAA Attic +2", "AAA Shed -2", "BBB Attic +3", "BBB Shed -3"]


def test_only_what_is_in_transit_is_put_back(run: Any, shop: Tenant) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return shop.refuse(request) if json.loads(request.content)["quantity_delta"] == 3 else shop.post(request)

    shop.next = [answer] * 4
    result = run(*FILE, "-q")
    name = only_run(run)["id"]
    assert f"`synq runs undo {name} --in-transit` puts them back." in result.err
    assert run("runs", "undo", name, "--in-transit", "--yes", "-q").status == 0
    assert sorted(shop.ledger_rows()) == ["AAA Attic +2", "AAA Shed -2", "BBB Shed +3", "BBB Shed -3"]
    done = json.loads(run(*ONE, "--json", "-q").out)["run"]
    none = f"synq: Run {done} has no units in transit; there is nothing to undo.\n"
    assert run("runs", "undo", done, "--in-transit", "--yes", "-q").err == none
