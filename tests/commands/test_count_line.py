"""`synq inventory count`: what was counted is compared with the books at that time, and the variance is posted."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from runner import NOW

from synq_cli.times import local_time, timestamp

ENVIRON = {"SYNQ_TOKEN": "a.b.c", "SYNQ_BASE_URL": "http://127.0.0.1"}
VARIANTS = {sku: f"{sku.lower() * 8}-1111-4111-8111-111111111111" for sku in "ABCDE"}
SKUS = {name: sku for sku, name in VARIANTS.items()}
SHED, SHOP = "e07a2f5c-41b8-4d93-8c6e-b9f5d3a1720e", "f07a2f5c-41b8-4d93-8c6e-b9f5d3a1720e"
HOUR = 3_600.0
COUNTED = "2026-11-24T10:00:00Z"  # two hours ago


def place_of(entry: dict[str, Any]) -> tuple[str, str]:
    return entry["variant_id"], entry["location_id"]


class Tenant:
    """A shed with A: 10, B: 5, C: 7 and D: 0 on hand, and a shop with A: 1; its clock is `ahead` of ours."""

    def __init__(self) -> None:
        self.ahead = 0.0
        self.now: Callable[[], float] = lambda: NOW
        self.entries: list[dict[str, Any]] = []
        self.seen: list[str] = []
        self.missing = ""
        self.tells_time = True
        self.answer: Callable[[], httpx.Response] | None = None
        self.levels: Callable[[httpx.Request], list[dict[str, Any]]] | None = None
        for sku, units in {"A": 10, "B": 5, "C": 7, "D": 0}.items():
            self.move(sku, units or 3, -24 * HOUR, "receipt")
        self.move("D", -3, -20 * HOUR)
        self.move("A", 1, -24 * HOUR, "receipt", SHOP)

    def move(self, sku: str, delta: int, after: float, kind: str = "sale", location: str = SHED) -> dict[str, Any]:
        at = timestamp(self.now() + after + self.ahead)
        ids = {"id": f"entry-{len(self.entries)}", "variant_id": VARIANTS[sku], "location_id": location}
        self.entries.append({**ids, "quantity_delta": delta, "transaction_type": kind, "created_at": at})
        return self.entries[-1]

    def on_hand(self, sku: str, location: str = SHED) -> int:
        place = VARIANTS[sku], location
        return sum(each["quantity_delta"] for each in self.entries if place_of(each) == place)

    def level(self, place: tuple[str, str]) -> dict[str, Any]:
        sku = SKUS[place[0]]
        return {"sku": sku, "variant_id": place[0], "location_id": place[1], "on_hand": self.on_hand(sku, place[1])}

    def __call__(self, request: httpx.Request) -> httpx.Response:
        name = request.url.path.rpartition("/")[2]
        self.seen.append(f"{request.method} {name}")
        if name == self.missing:
            return httpx.Response(404, text="404 page not found")
        if name == "adjust":
            if self.answer:
                return self.answer()
            body = json.loads(request.content)
            sku, delta = SKUS[body["variant_id"]], body["quantity_delta"]
            return httpx.Response(200, json=self.move(sku, delta, 0.0, "adjustment", body["location_id"]))
        if name == "levels" and self.levels:
            return httpx.Response(200, json=self.levels(request))
        at = datetime.fromtimestamp(self.now() + self.ahead, UTC)
        wanted = {key: request.url.params.get(key) for key in ("variant_id", "location_id")}
        rows = {
            "variants": lambda: [{"id": name, "sku": sku} for name, sku in SKUS.items()],
            "locations": lambda: [{"id": SHED, "name": "Shed"}, {"id": SHOP, "name": "Shop"}],
            "ledger": lambda: sorted(self.entries, key=lambda each: str(each["created_at"]), reverse=True),
            "levels": lambda: [self.level(place) for place in dict.fromkeys(map(place_of, self.entries))],
        }[name]()
        found = [row for row in rows if all(value in {None, row.get(key)} for key, value in wanted.items())]
        time = {"Date": f"{at:%a, %d %b %Y %H:%M:%S GMT}"} if self.tells_time else {}
        return httpx.Response(200, json=found, headers=time)


@pytest.fixture
def tenant(synq: Any) -> Tenant:
    tenant = Tenant()
    tenant.now = lambda: synq.clock
    return tenant


@pytest.fixture
def count(synq: Any, tenant: Tenant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Counts what a file of this text has at the shed; without a text the file that is there."""
    monkeypatch.chdir(tmp_path)

    def run(text: str, *line: str, name: str = "friday.csv", **more: Any) -> Any:
        if text:
            Path(name).write_text(text, encoding="utf-8")
        words = ("inventory", "count", name, *(() if "--location" in line else ("--location", "Shed")), *line)
        return synq(*words, environ=ENVIRON, http=httpx.MockTransport(tenant), **more)

    return run


@pytest.fixture
def call(synq: Any, tenant: Tenant) -> Callable[..., Any]:
    return lambda *line: synq(*line, environ=ENVIRON, http=httpx.MockTransport(tenant))


def variance(result: Any) -> dict[str, tuple[int, int, int]]:
    """Books, counted and variance by SKU, in the order of a plan."""
    assert result.status == 0, result.err
    return {row["sku"]: (row["book"], row["counted"], row["delta"]) for row in json.loads(result.out)["variance"]}


def only_run(call: Any) -> str:
    return str(json.loads(call("runs", "list", "--json").out)[0]["id"])


@pytest.mark.parametrize(("ahead", "clock"), [(0.0, ""), (3 * HOUR, "ahead of"), (-3 * HOUR, "behind")])
def test_sales_during_and_after_a_count_stay_right(count: Any, tenant: Tenant, ahead: float, clock: str) -> None:
    tenant.ahead = ahead
    tenant.move("A", -1, -3 * HOUR)  # before the count
    tenant.move("A", -2, -1 * HOUR)  # after it
    tenant.move("B", 4, -1.5 * HOUR)
    text = f"sku,counted,counted_at\nA,6,{COUNTED}\nA,2,{COUNTED}\nB,5,{COUNTED}\nC,9,{COUNTED}\n"
    assert variance(count(text, "--dry-run", "--json")) == {"C": (7, 9, 2), "A": (9, 8, -1)}
    done = count("", "--yes")
    when = local_time(NOW - 2 * HOUR)
    skew = f"The API's clock is 10,800 s {clock} this machine's: the times of the count are compared accordingly."
    assert [line for line in done.err.splitlines() if line != skew][:5] == [
        f"Reading the stock (1 request per 100 SKUs) and its ledger since {when} (2 per 100 entries).",
        f"4 rows of friday.csv: 3 SKUs, counted at {when}.",
        "Shed: 1 right, 1 short (-1), 1 over (+2); net +1 units.",
        "2 adjustments to post: 2 requests, under a minute at the current rate limit.",
        "Largest: C 7 → 9, A 9 → 8.",
    ]
    assert (done.status, tenant.seen.count("POST adjust"), skew in done.err) == (0, 2, ahead != 0)
    assert [tenant.on_hand(sku) for sku in "ABC"] == [6, 9, 9]
    # The same count again has nothing left to post.
    again = count("", "--yes", "--json")
    assert (again.status, json.loads(again.out)["rows"], tenant.seen.count("POST adjust")) == (0, 0, 2)
    assert [line for line in again.err.splitlines() if line != skew][2:4] == [
        "Shed: 3 right, 0 short (+0), 0 over (+0); net +0 units.",
        "There is no variance to post: nothing was sent.",
    ]


def test_plan_on_a_terminal_lists_the_largest_variances_first(count: Any, tenant: Tenant) -> None:
    tenant.move("B", -1, -1 * HOUR)
    done = count(f"sku,counted,counted_at\nA,9,{COUNTED}\nB,9,{COUNTED}\n", terminal=True, stdin="n\n")
    assert done.status == 11
    assert done.err.splitlines()[4:8] == [
        "SKU  Books  Counted  Variance  On hand  After",
        "B        5        9        +4        4      8",
        "A       10        9        -1       10      9",
        "Send 2 adjustments to default? [y/N] synq: Not confirmed; nothing was changed.",
    ]


def test_rows_without_a_time_are_of_now_or_of_the_given_time(count: Any, tenant: Tenant) -> None:
    tenant.move("A", -2, -1 * HOUR)
    assert variance(count("sku,counted\nA,10\n", "--dry-run", "--json")) == {"A": (8, 10, 2)}
    assert variance(count("", "--at", "2h", "--dry-run", "--json")) == {}
    assert "is in the future" in count("", "--at", "2030-01-01").err


def test_last_row_of_a_sku_dates_its_count_and_what_moved_before_is_warned_of(count: Any, tenant: Tenant) -> None:
    tenant.move("A", -2, -1.5 * HOUR)
    text = f"sku,counted,counted_at\nA,4,2026-11-24T11:00:00Z\nA,4,{COUNTED}\n"
    planned = count(text, "--dry-run", "--json")
    assert variance(planned) == {}
    warning = "Warning: Moved while they were counted, so that the variance may be off by as much: A -2."
    assert warning in planned.err


SCAN = "scanned_at,code,sku,quantity\n2026-11-24T10:00:00Z,A,A,9\n2026-11-24T10:00:05Z,A,A,-1\n"


def test_scan_file_may_take_lines_back(count: Any) -> None:
    more = [f"2026-11-24T10:01:0{at}Z,{code},{code},{units}" for at, (code, units) in enumerate([("B", 1), ("B", -1)])]
    planned = count(
        SCAN + "\n".join([*more, "2026-11-24T10:02:00Z,X,,1", "2026-11-24T10:02:02Z,X,,-1"]), "--dry-run", "--json"
    )
    assert variance(planned) == {"A": (10, 8, -2)}
    assert "Warning: Taken back, so neither counted nor missing: B, X." in planned.err


def test_unknown_codes_are_refused_or_left_out_and_kept(count: Any) -> None:
    text = SCAN + "2026-11-24T10:02:00Z,4006381333931,,2\n"
    assert count(text, "--yes").err.splitlines()[-4:-1] == [
        "synq: friday.csv has 1 problem; nothing was sent.",
        '  line 4: unknown SKU or barcode "4006381333931"',
        "  Fix the file, or add --skip-unknown to leave rows with unknown codes out.",
    ]
    done = count("", "--yes", "--skip-unknown")
    assert done.status == 0
    assert "Warning: Unknown codes, left out: 4006381333931." in done.err
    assert Path("friday.unknown.csv").read_text(encoding="utf-8") == (
        "scanned_at,code,sku,quantity\n2026-11-24T10:02:00Z,4006381333931,,2\n"
    )


def test_every_invalid_row_is_listed(count: Any, tenant: Tenant) -> None:
    rows = ["A,,-1,", "A,,,", "A,,1.5,", ",,1,", ",A,1,", "A,,1,soon", "A,,1,2030-01-01"]
    done = count("sku,variant_id,counted,counted_at\n" + "\n".join(rows), "--yes")
    assert (done.status, tenant.seen) == (2, [])
    assert done.err.splitlines()[:-1] == [
        "synq: friday.csv has 7 problems; nothing was sent.",
        '  line 2: invalid counted "-1": a count can\'t be negative',
        "  line 3: no counted: enter 0 if there is none, or remove the row",
        '  line 4: invalid counted "1.5": use a whole number',
        "  line 5: no SKU, barcode or variant_id",
        '  line 6: invalid variant_id "A": use a UUID',
        '  line 7: invalid time "soon": use one such as 2026-11-27T14:05, local or with a zone',
        '  line 8: the time "2030-01-01" is in the future',
        "  Fix the file and run the command again.",
    ]


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("sku,quantity\nA,-2\n", "", "line 2: A adds up to -2: a count can't be negative"),
        ("sku,quantity\nA,2\nA,-2\n", "", "friday.csv counts no SKU."),
        ("sku,delta\nA,2\n", "", 'friday.csv has no column "counted" or "quantity".'),
        ("sku,counted\nA,1\n", "--recount-over few", 'Invalid --recount-over "few"'),
        ("sku,counted\nA,1\n", "--zero-missing --skip-unknown", "--zero-missing conflicts with --skip-unknown"),
        ("sku,counted\nA,1\n", "--confirm-missing 3", "--confirm-missing requires --zero-missing."),
        ("sku,counted,location\nA,1,Shed\nA,1,Shop\n", "--zero-missing", "the file names 2: Shed, Shop."),
    ],
    ids=range(7),
)
def test_invalid_counts_are_refused(count: Any, tenant: Tenant, text: str, line: str, problem: str) -> None:
    done = count(text, "--yes", *line.split())
    assert (done.status, "POST adjust" in tenant.seen) == (2, False)
    assert problem in done.err


def test_large_variances_are_left_out_and_written_to_be_counted_again(count: Any, tenant: Tenant) -> None:
    text = "bin;sku;counted\r\nr1;A;9\r\nr2;B;9\r\nr3;C;5\r\n"
    assert list(variance(count(text, "--recount-over", "20%", "--dry-run", "--json"))) == ["A"]
    done = count(text, "--recount-over", "2", "--yes")
    assert "Left out, to be counted again: 1 SKU, in friday.recount.csv." in done.err
    assert [tenant.on_hand(sku) for sku in "ABC"] == [9, 5, 5]
    assert Path("friday.recount.csv").read_bytes() == b"bin;sku;counted\r\nr2;B;\r\n"
    assert "no counted" in count("", name="friday.recount.csv").err


def test_what_was_not_found_is_set_to_zero_if_that_is_confirmed_by_itself(count: Any, tenant: Tenant) -> None:
    tenant.move("B", -1, -1.9 * HOUR)  # during the count: it may have been there, or have gone
    text = f"sku,counted,counted_at\nA,10,{COUNTED}\nA,0,2026-11-24T11:00:00Z\n"
    refused = count(text, "--zero-missing", "--yes")
    question = "Set 1 SKU that was not found at Shed to zero (-7 units)?"
    assert refused.status == 11
    assert f"synq: Can't ask for confirmation without a terminal: {question}" in refused.err
    assert "Add --confirm-missing 1 to skip this prompt." in refused.err
    assert count("", "--zero-missing", "--yes", "--confirm-missing", "2").status == 11
    assert count("", "--zero-missing", terminal=True, stdin="y\nn\n").status == 11
    assert [tenant.on_hand(sku) for sku in "ABCD"] == [10, 4, 7, 0]
    done = count("", "--zero-missing", terminal=True, stdin="y\ny\n")
    assert (done.status, question in done.err) == (0, True)
    assert "Warning: Not found, but moved during the count, so they are left out: B." in done.err
    assert [tenant.on_hand(sku) for sku in "ABCD"] == [10, 4, 0, 0]
    assert tenant.on_hand("A", SHOP) == 1
    assert Path("friday.recount.csv").read_text(encoding="utf-8") == "sku,counted,counted_at\nB,,\n"


@pytest.mark.parametrize("missing", ["ledger", "levels"])
def test_books_can_come_from_a_file(count: Any, tenant: Tenant, missing: str) -> None:
    tenant.missing, books = missing, Path("books.csv")
    lacking = count("sku,counted\nA,9\nB,5\n", "--yes")
    assert (lacking.status, "--books FILE, with the columns sku and on_hand" in lacking.err) == (5, True)
    # As `synq inventory levels -o csv` writes it.
    rows = "".join(f"{sku},{units},0,{SHED}\n" for sku, units in {"A": 12, "B": 5, "C": 1}.items())
    books.write_text(f"sku,on_hand,reserved,location_id\n{rows}", encoding="utf-8")
    planned = count("", "--books", "books.csv", "--dry-run", "--json")
    assert variance(planned) == {"A": (12, 9, -3)}
    assert "Warning: The books are those of books.csv: they are taken for the stock at the time" in planned.err
    assert count("", "--books", "books.csv", "--yes").status == 0
    assert "was posted on" in count("", "--books", "books.csv", "--yes").err  # no ledger says so
    books.write_text("sku,on_hand\nA,12\nA,11\n", encoding="utf-8")
    assert (
        "books.csv has 1 problem; nothing was sent.\n  line 3: A is given twice"
        in count("", "--books", "books.csv").err
    )
    books.write_text("sku,on_hand\nA,12\n", encoding="utf-8")
    lacking = "line 3: B at Shed is not in books.csv: add a row to it, with 0 if it was never stocked"
    assert lacking in count("", "--books", "books.csv").err


def test_failed_rows_keep_sum_and_time(count: Any, tenant: Tenant) -> None:
    tenant.answer = lambda: httpx.Response(400, json={"error": "Invalid location_id"})
    assert count("SKU,Counted,bin\nA,6,r1\nA,1,r2\n", "--at", "2h", "--yes").status == 9
    failed = "SKU,Counted,bin,counted_at,error_code,error\nA,7,r2,2026-11-24T10:00:00Z,rejected,Invalid location_id\n"
    assert Path("friday.failed.csv").read_text(encoding="utf-8") == failed
    tenant.answer = None
    tenant.move("A", -1, -1 * HOUR)
    assert count("", "--yes", name="friday.failed.csv").status == 0
    assert tenant.on_hand("A") == 6


def test_count_waits_for_an_unfinished_run_of_the_same_stock(count: Any, call: Any, tenant: Tenant) -> None:
    tenant.answer = lambda: httpx.Response(500)
    text = f"sku,counted,counted_at\nA,8,{COUNTED}\n"
    assert count(text, "--yes").status == 10
    tenant.answer = None
    tenant.move("A", -2, 0.0, "adjustment")  # it was applied all the same
    name = only_run(call)
    for again in (text, "sku,counted\nA,9\nB,5\n"):
        refused = count(again, "--yes")
        assert refused.status == 11
        assert "it may have posted the variance of A, or may still. Nothing was sent." in refused.err
        assert f"Run `synq runs resume {name}` first, or add --again." in refused.err
    assert call("runs", "resume", name).status == 0
    assert json.loads(count(text, "--yes", "--json").out)["rows"] == 0
    assert tenant.on_hand("A") == 8


def test_count_is_undone_and_does_not_hold_any_more(count: Any, call: Any, tenant: Tenant) -> None:
    assert count(f"sku,counted,counted_at\nA,8,{COUNTED}\n", "--yes").status == 0
    assert call("runs", "undo", only_run(call), "--yes").status == 0
    assert tenant.on_hand("A") == 10
    assert count("sku,counted,counted_at\nA,9,2026-11-24T09:00:00Z\n", "--yes").status == 0  # an earlier one
    assert tenant.on_hand("A") == 9


def test_count_from_before_one_that_is_posted_is_refused(count: Any, call: Any) -> None:
    assert count(f"sku,counted,counted_at\nA,8,{COUNTED}\n", "--yes").status == 0
    refused = count("sku,counted,counted_at\nA,9,2026-11-24T09:00:00Z\n", "--yes")
    assert refused.status == 11
    when = local_time(NOW - 2 * HOUR)
    assert f"Run {only_run(call)} has posted a later count of A (of {when}). Nothing was sent." in refused.err


def test_adjustments_of_others_since_the_count_are_warned_of(count: Any, tenant: Tenant) -> None:
    tenant.move("A", -2, -1 * HOUR, "adjustment")
    planned = count(f"sku,counted,counted_at\nA,8,{COUNTED}\nB,5,{COUNTED}\n", "--dry-run", "--json")
    assert variance(planned) == {"A": (10, 8, -2)}
    assert "Warning: Adjusted since they were counted: A -2. This is taken for goods that moved." in planned.err


def test_stock_that_can_not_be_read_completely_is_not_taken_for_none(count: Any, tenant: Tenant) -> None:
    def level(number: int) -> dict[str, Any]:
        return {"variant_id": f"{number:08}{SHED[8:]}", "location_id": SHED, "on_hand": 1}

    rows = [level(number) for number in range(120)]

    def page(request: httpx.Request) -> list[dict[str, Any]]:
        rows[:0] = [level(len(rows))]  # a new one before each page
        offset = int(request.url.params.get("offset", 0))
        return rows[offset : offset + 100]

    tenant.levels = page
    done = count("sku,counted\nA,10\nB,5\nC,7\nD,1\n", "--yes")
    assert (done.status, "POST adjust" in tenant.seen) == (8, False)
    assert "The stock kept changing while it was read" in done.err


def test_clock_that_is_not_known_is_taken_to_agree(count: Any, tenant: Tenant) -> None:
    tenant.tells_time = False
    planned = count("sku,counted\nA,9\n", "--dry-run", "--json")
    assert variance(planned) == {"A": (10, 9, -1)}
    assert "The API does not send its time: its clock is taken to agree with this machine's." in planned.err


def test_entry_without_a_time_is_an_error(count: Any, tenant: Tenant) -> None:
    tenant.entries[0]["created_at"] = None
    done = count("sku,counted\nA,8\n", "--yes")
    assert (done.status, "an entry lacks its id, place, quantity or time" in done.err) == (12, True)
