"""`synq inventory adjust --file` and `synq runs` on the embedded tenant and against canned replies."""

import csv
import errno
import io
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path
from stat import S_IMODE
from typing import Any

import httpx
import pytest
from runner import NOW

from synq_cli.bulk.local.journal import LocalJournal
from synq_cli.excel.reading import read_sheet
from synq_cli.excel.writing import workbook

LEITH = ("--location", "Leith warehouse")
VARIANTS = [f"{digit * 8}-1111-4111-8111-111111111111" for digit in "abcdef"]
PLACE = "e07a2f5c-41b8-4d93-8c6e-b9f5d3a1720e"
ENVIRON = {"SYNQ_TOKEN": "a.b.c", "SYNQ_BASE_URL": "http://127.0.0.1"}
SKUS = ["AAA", "BBB", "CCC", "DDD", "EEE", "FFF"]
# The time of the tests in the zone of this machine.
DAY = f"{datetime.fromtimestamp(NOW).astimezone():%A %d %B at %H:%M}"


class Shop:
    """A tenant with six SKUs and one location whose answer to an adjustment can be set by SKU."""

    def __init__(self) -> None:
        self.answers: dict[str, Callable[[], httpx.Response]] = {}
        self.ledger: list[dict[str, object]] = []
        self.ledger_answer: Callable[[], httpx.Response] | None = None
        self.seen: list[str] = []
        self.at = "2026-11-24T12:00:00Z"

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(f"{request.method} {request.url.path.rpartition('/')[2]}")
        if request.method == "POST":
            body = json.loads(request.content)
            sku = SKUS[VARIANTS.index(body["variant_id"])]
            answer = self.answers.get(sku)
            return answer() if answer else self.post(body)
        return {
            "variants": lambda: httpx.Response(
                200, json=[{"id": name, "sku": sku} for sku, name in zip(SKUS, VARIANTS, strict=True)]
            ),
            "locations": lambda: httpx.Response(200, json=[{"id": PLACE, "name": "Shed", "active": True}]),
            "ledger": self.ledger_answer or (lambda: httpx.Response(200, json={"entries": self.ledger[::-1]})),
            "levels": lambda: httpx.Response(404, text="404 page not found"),
        }[request.url.path.rpartition("/")[2]]()

    def post(self, body: dict[str, object]) -> httpx.Response:
        name = f"entry-{str(body['variant_id'])[:4]}-{len(self.ledger)}"  # several answer at once
        entry = {"id": name, **body, "transaction_type": "adjustment", "created_at": self.at}
        self.ledger.append(entry)
        return httpx.Response(200, json=entry)

    @property
    def posted(self) -> dict[str, object]:
        return {SKUS[VARIANTS.index(str(entry["variant_id"]))]: entry["quantity_delta"] for entry in self.ledger}


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
def run(synq: Any, shop: Shop) -> Callable[..., Any]:
    return lambda *line, **more: synq(*line, environ=ENVIRON, http=httpx.MockTransport(shop), **more)


@pytest.fixture
def counts(tmp_path: Path) -> Path:
    """A file of six rows."""
    file = tmp_path / "counts.csv"
    file.write_text("sku;delta\r\n" + "".join(f"{sku};{n}\r\n" for n, sku in enumerate(SKUS, 1)), encoding="utf-8")
    return file


def lost() -> httpx.Response:
    raise httpx.ReadError("reset")


def refused(status: int = 400, words: str = "Invalid variant_id") -> Callable[[], httpx.Response]:
    return lambda: httpx.Response(status, json={"error": words})


def only_run(run: Any) -> str:
    (row,) = json.loads(run("runs", "list", "--json").out)
    return str(row["id"])


def test_file_is_planned_sent_and_summed_up(run: Any, shop: Shop, counts: Path) -> None:
    done = run("inventory", "adjust", "--file", str(counts), "--yes")
    name = only_run(run)
    assert done.status == 0
    assert sorted(shop.seen) == ["GET locations", "GET variants", *["POST adjust"] * 6]
    assert shop.posted == dict(zip(SKUS, range(1, 7), strict=True))
    header, values = done.out.splitlines()
    summary = dict(zip(header.split("\t"), values.split("\t"), strict=True))
    assert summary | {"seconds": "0"} == {
        "id": name, "command": "inventory adjust", "file": str(counts), "started_at": "2026-11-24T12:00:00Z",
        "state": "finished", "rows": "6", "done": "6", "failed": "0", "unknown": "0", "unknown_lines": "[]",
        "pending": "0", "in_transit": "", "seconds": "0",
        "failed_file": "", "undoes": "", "undone_by": "", "profile": "default", "shard": "",
    }  # fmt: skip
    told = done.err.splitlines()
    assert told[:4] == [
        f"6 rows of {counts}: 6 requests, under a minute at the current rate limit.",
        "Net: Shed +21 (6 rows).",
        "Largest: FFF +6 (line 7), EEE +5 (line 6), DDD +4 (line 5), CCC +3 (line 4), BBB +2 (line 3).",
        f"Run {name}: if it stops, resume it with `synq runs resume {name}`.",
    ]
    assert told[-1] == "~92/100 requests left this minute · default"
    # The second time the SKUs are known; which location is the only one is asked each time.
    shop.seen.clear()
    assert run("inventory", "adjust", "--file", str(counts), "--location", PLACE, "--yes", "--again", "-q").err == ""
    assert shop.seen == ["POST adjust"] * 6


def test_dry_run_shows_before_and_after_and_sends_nothing(synq: Any, tmp_path: Path) -> None:
    file = tmp_path / "counts.tsv"
    file.write_text("sku\tdelta\tbin\nHMC-NVY-M\t-5\tB1\nHMC-NVY-L\t2000\tB2\n", encoding="utf-8")
    line = ("--sandbox", "inventory", "adjust", "--file", str(file), *LEITH, "--dry-run")
    for _ in range(2):
        plan = json.loads(synq(*line, "--json").out)
        assert (plan["rows"], plan["requests"], plan["dry_run"]) == (2, 2, True)
        assert plan["net"] == [{"location": "Leith warehouse", "units": 1995, "rows": 2}]
        assert [row["line"] for row in plan["suspicious"]] == [3]
        changes = {row["sku"]: (row["before"], row["after"]) for row in plan["changes"]}
        assert changes["HMC-NVY-M"] == (42, 37)
        assert plan["ignored_columns"] == ["bin"]
    shown = synq(*line, terminal=True).out
    assert "Would send 2 adjustments" in shown
    assert "42" in shown
    assert json.loads(synq("runs", "list", "--json").out) == []


def test_it_asks_on_a_terminal_and_refuses_without_one(run: Any, shop: Shop, counts: Path) -> None:
    line = ("inventory", "adjust", "--file", str(counts))
    plan = json.loads(run(*line, "--dry-run", "--json").out)
    assert (plan["rows"], plan["changes"]) == (6, [])  # this server has no levels
    unasked = run(*line, "-q")
    assert (unasked.status, unasked.out) == (11, "")
    assert unasked.err.endswith("Send 6 adjustments to default?\n  Add --yes to skip this prompt.\n")
    assert "Send 6 adjustments to default? [y/N]" in run(*line, terminal=True, stdin="n\n").err
    assert "POST adjust" not in shop.seen
    assert run(*line, terminal=True, stdin="y\n").status == 0
    assert len(shop.posted) == 6


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ((), "Missing SKU and quantity."),
        (("AAA",), "Missing quantity."),
        (("AAA", "5", "--file", "counts.csv"), "A SKU conflicts with --file: give one of them."),
        (("AAA", "5", "--report", "r.csv"), "--report requires --file."),
    ],
)
def test_one_sku_or_a_file(synq: Any, line: tuple[str, ...], message: str) -> None:
    result = synq("inventory", "adjust", *line)
    assert (result.status, result.err.splitlines()[0]) == (2, f"synq: {message}")


def test_every_problem_is_listed_and_nothing_sent(run: Any, shop: Shop, tmp_path: Path) -> None:
    def refusal(text: str) -> list[str]:
        result = run("inventory", "adjust", "--file", "-", "--yes", "-q", stdin=text)
        assert (result.status, result.out) == (2, "")
        return list(result.err.splitlines())

    assert refusal("sku,delta\nAAA,x\n,1\n") == [
        "synq: standard input has 2 problems; nothing was sent.",
        '  line 2: invalid quantity "x". Use a whole number such as -5, +5 or 5',
        "  line 3: no SKU, barcode or variant_id",
        "  Fix the file and run the command again.",
    ]
    assert shop.seen == []
    assert refusal("sku,delta,location\nAAA,1,Shed\nAAX,1,Shed\nBBB,1,Attic\nAAA,1,Shed\n") == [
        "synq: standard input has 3 problems; nothing was sent.",
        '  line 3: unknown SKU "AAX". Did you mean AAA?',
        '  line 4: unknown location "Attic". Locations: Shed',
        "  line 5: same as line 2: add the two up, or remove one",
        "  Fix the file and run the command again.",
    ]
    assert "POST adjust" not in shop.seen


def test_failed_rows_become_a_file_that_can_be_sent_again(run: Any, shop: Shop, counts: Path, tmp_path: Path) -> None:
    shop.answers = {"BBB": refused(words="=Invalid()"), "EEE": refused(404)}
    report = tmp_path / "report.csv"
    counts.chmod(0o640)
    result = run("inventory", "adjust", "--file", str(counts), "--yes", "--json", "--report", str(report))
    failed = tmp_path / "counts.failed.csv"
    assert (result.status, S_IMODE(failed.stat().st_mode)) == (9, 0o640)
    summary = json.loads(result.out)
    assert (summary["done"], summary["failed"], summary["failed_file"]) == (4, 2, str(failed))
    error = next(json.loads(line) for line in result.err.splitlines() if line.startswith("{"))["error"]
    assert (error["code"], error["message"]) == ("partial", f"Run {summary['id']}: 4 of 6 rows done, 2 failed.")
    assert failed.read_bytes().decode() == (
        "sku;delta;error_code;error\r\nBBB;2;rejected;'=Invalid()\r\nEEE;5;not_found;Invalid variant_id\r\n"
    )
    with report.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["line"], row["status"], bool(row["receipt"]), row["error"]) for row in rows][:3] == [
        ("2", "done", True, ""), ("3", "failed", False, "'=Invalid()"), ("4", "done", True, ""),
    ]  # fmt: skip
    listed = run("runs", "show", summary["id"], "--rows", "failed", "--fields", "line,sku,error_code").out
    assert listed == "line\tsku\terror_code\n3\tBBB\trejected\n6\tEEE\tnot_found\n"
    shop.answers = {}
    again = run("inventory", "adjust", "--file", str(failed), "--yes", "-q")
    assert (again.status, again.err) == (0, "")
    assert shop.posted == dict(zip(SKUS, range(1, 7), strict=True))


def test_failed_rows_of_ndjson_become_ndjson(run: Any, shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "counts.ndjson"
    file.write_text('{"sku":"AAA","delta":1,"bin":"B1"}\n{"sku":"BBB","delta":"-2"}\n', encoding="utf-8")
    shop.answers = {"AAA": refused()}
    report = tmp_path / "report.json"
    assert run("inventory", "adjust", "--file", str(file), "--yes", "--report", str(report)).status == 9
    assert [row["line"] for row in json.loads(report.read_text(encoding="utf-8"))] == [1, 2]
    (line,) = (tmp_path / "counts.failed.ndjson").read_text(encoding="utf-8").splitlines()
    error = {"error_code": "rejected", "error": "Invalid variant_id"}
    assert json.loads(line) == {"sku": "AAA", "delta": 1, "bin": "B1", **error}


def test_failed_rows_of_yaml_become_ndjson_that_can_be_sent_again(run: Any, shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "counts.yaml"
    file.write_text("- {sku: AAA, delta: 1}\n- {sku: BBB, delta: 2}\n", encoding="utf-8")
    shop.answers = {sku: refused() for sku in ("AAA", "BBB")}
    assert run("inventory", "adjust", "--file", str(file), "--yes").status == 9
    shop.answers = {}
    failed = tmp_path / "counts.failed.ndjson"
    assert run("inventory", "adjust", "--file", str(failed), "--yes").status == 0
    assert shop.posted == {"AAA": 1, "BBB": 2}


def test_failed_rows_of_a_workbook_become_one_that_can_be_sent_again(run: Any, shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "counts.xlsx"
    file.write_bytes(workbook([["SKU", "note", "delta"], [], ["AAA", "a\nb", 1], ["BBB", "=1+1", -2]]))
    shop.answers = {"BBB": refused(words="=Invalid()")}
    line, report = ("inventory", "adjust", "--file", f"{file}#Sheet1", "--yes", "--report"), tmp_path / "report.xlsx"
    assert run(*line, str(file)).status == 2
    assert run(*line, str(report)).status == 9
    header, *rows = read_sheet(report.read_bytes(), "r", None)
    assert [[row[header.index(key)] for key in ("line", "status", "error")] for row in rows] == [
        ["3", "done", ""], ["4", "failed", "=Invalid()"],
    ]  # fmt: skip
    failed = tmp_path / "counts.failed.xlsx"
    assert list(read_sheet(failed.read_bytes(), "f", None)) == [
        ["SKU", "note", "delta", "error_code", "error"], ["BBB", "=1+1", "-2", "rejected", "=Invalid()"],
    ]  # fmt: skip
    shop.answers = {}
    assert run("inventory", "adjust", "--file", str(failed), "--yes").status == 0
    assert shop.posted == {"AAA": 1, "BBB": -2}


def test_lost_answer_is_found_in_the_ledger_or_stays_unknown(run: Any, shop: Shop, counts: Path) -> None:
    def arrived() -> httpx.Response:
        shop.post({"variant_id": VARIANTS[1], "location_id": PLACE, "quantity_delta": 2})
        return lost()

    shop.answers = {"BBB": arrived, "DDD": lost}
    result = run("inventory", "adjust", "--file", str(counts), "--yes", "-q")
    name = only_run(run)
    assert result.status == 10
    assert result.err == (
        f"synq: Run {name}: 5 of 6 rows done, 1 unknown. Unknown: line 5.\n"
        f"  `synq runs resume {name}` looks for them once more. If you are sure that a row was not applied, "
        f"send it again with: synq runs resume {name} --resend-unknown 5\n"
    )
    shop.answers = {}
    sent = shop.seen.count("POST adjust")
    again = run("runs", "resume", name[:6], "-q")
    assert (again.status, shop.seen.count("POST adjust")) == (10, sent)
    wrong = run("runs", "resume", name, "--resend-unknown", "2", "-q")
    assert wrong.err.startswith("synq: Line 2 can't be sent again: it is not a row with an unknown outcome.")
    assert run("runs", "resume", name, "--resend-unknown", "five").status == 2
    assert run("runs", "resume", name, "--resend-unknown", "2,\x1d3", "-q").err == wrong.err
    told = run("runs", "resume", name, "--resend-unknown", "5", "-q")
    assert (told.status, shop.seen.count("POST adjust")) == (0, sent + 1)
    assert shop.posted == dict(zip(SKUS, range(1, 7), strict=True))


def test_row_does_not_claim_the_ledger_entry_of_another_run(run: Any, shop: Shop, tmp_path: Path) -> None:
    def arrived() -> httpx.Response:
        shop.post({"variant_id": VARIANTS[0], "location_id": PLACE, "quantity_delta": 1})
        return lost()

    file = tmp_path / "counts.csv"
    file.write_text("sku,delta\nAAA,1\n", encoding="utf-8")
    line = ("inventory", "adjust", "--file", str(file), "--yes", "-q")
    shop.answers, shop.ledger_answer = {"AAA": arrived}, refused()
    assert run(*line).status == 10
    # The only entry of the ledger may be of either run.
    shop.answers, shop.ledger_answer = {"AAA": lost}, None
    assert (run(*line, "--again").status, len(shop.ledger)) == (10, 1)


def test_row_does_not_claim_what_another_run_posts_while_the_ledger_is_read(
    run: Any, shop: Shop, tmp_path: Path
) -> None:
    file = tmp_path / "counts.csv"
    file.write_text("sku,delta\nAAA,1\n", encoding="utf-8")
    line = ("inventory", "adjust", "--file", str(file), "--yes", "-q")

    def meanwhile() -> httpx.Response:
        shop.answers, shop.ledger_answer = {}, None
        assert run(*line, "--again").status == 0
        return httpx.Response(200, json={"entries": shop.ledger})

    shop.answers, shop.ledger_answer = {"AAA": lost}, meanwhile
    assert (run(*line).status, len(shop.ledger)) == (10, 1)


def test_run_whose_last_answers_were_lost_succeeds_if_the_ledger_has_them(run: Any, shop: Shop, counts: Path) -> None:
    def arrived(n: int) -> Callable[[], httpx.Response]:
        def answer() -> httpx.Response:
            shop.post({"variant_id": VARIANTS[n], "location_id": PLACE, "quantity_delta": n + 1})
            return lost()

        return answer

    shop.answers = {sku: arrived(n) for n, sku in enumerate(SKUS)}
    result = run("inventory", "adjust", "--file", str(counts), "--yes", "--json", "-q")
    name = only_run(run)
    shop.answers = {}
    if result.status:  # some were not sent before the run stopped
        result = run("runs", "resume", name, "--json", "-q")
    assert (result.status, json.loads(result.out)["done"]) == (0, 6)
    assert shop.posted == dict(zip(SKUS, range(1, 7), strict=True))


def test_ctrl_c_while_the_ledger_is_read_reports_the_run(run: Any, shop: Shop, counts: Path) -> None:
    def interrupted() -> httpx.Response:
        raise KeyboardInterrupt

    shop.answers, shop.ledger_answer = {"BBB": lost}, interrupted
    result = run("inventory", "adjust", "--file", str(counts), "--yes", "-q")
    assert result.status == 130
    assert result.err.splitlines()[0].endswith(": 5 of 6 rows done, 1 unknown. Unknown: line 3.")


def test_refusals_without_an_end_stop_the_run(run: Any, synq: Any, shop: Shop, counts: Path) -> None:
    shop.answers = dict.fromkeys(SKUS, refused(429))
    stopped = run("inventory", "adjust", "--file", str(counts), "--yes", "-q")
    name = only_run(run)
    assert (stopped.status, shop.posted) == (6, {})
    assert stopped.err.splitlines()[0].endswith(f"Run {name}: 0 of 6 rows done, 6 pending.")
    shop.answers = {}
    synq.clock += 61
    assert run("runs", "resume", name, "-q").status == 0
    assert shop.posted == dict(zip(SKUS, range(1, 7), strict=True))


def test_expired_token_stops_the_run_and_resume_finishes_it(run: Any, shop: Shop, counts: Path) -> None:
    shop.answers = dict.fromkeys(SKUS, refused(401))
    stopped = run("inventory", "adjust", "--file", str(counts), "--yes", "-q")
    name = only_run(run)
    assert stopped.status == 4
    assert stopped.err.splitlines() == [
        f"synq: The API refused the adjustment: Invalid variant_id. Run {name}: 0 of 6 rows done, 6 pending.",
        f"  Set SYNQ_TOKEN to a new token. Then: synq runs resume {name}",
    ]
    assert json.loads(run("runs", "show", name, "--json").out)["state"] == "stopped"
    plan = json.loads(run("runs", "resume", name, "--dry-run", "--json").out)
    assert plan["rows"] == 6
    shop.answers = {}
    # Who types the same line again would send the rows that are done a second time.
    again = run("inventory", "adjust", "--file", str(counts), "--dry-run", "-q")
    assert again.err == (
        f"Warning: An earlier run of this file, {name}, is stopped with 6 of 6 rows left. "
        f"To finish it, run `synq runs resume {name}`. This is a new run of all rows.\n"
    )
    assert run("runs", "resume", name, "-q").status == 0
    assert shop.posted == dict(zip(SKUS, range(1, 7), strict=True))
    assert run("runs", "resume", name, "-q").status == 0
    again = run("inventory", "adjust", "--file", str(counts), "--dry-run", "-q")
    assert again.err == f"Warning: These 6 rows were posted on {DAY} by run {name}.\n"


def test_lasting_outage_stops_the_run(run: Any, shop: Shop, counts: Path) -> None:
    def unreachable() -> httpx.Response:
        raise httpx.ConnectError("unreachable")

    shop.answers = dict.fromkeys(SKUS, unreachable)
    stopped = run("inventory", "adjust", "--file", str(counts), "--yes", "-q")
    assert stopped.status == 7
    assert "0 of 6 rows done, 6 pending." in stopped.err
    shop.answers = {}
    assert run("runs", "resume", only_run(run), "-q").status == 0


def test_repeated_server_errors_stop_the_run_before_every_row_is_unknown(synq: Any, tmp_path: Path) -> None:
    trouble = httpx.MockTransport(lambda request: httpx.Response(500 if request.method == "POST" else 404))
    variants = [f"{number:08d}-1111-4111-8111-111111111111" for number in range(40)]
    file = tmp_path / "counts.csv"
    file.write_text("variant_id,delta\n" + "".join(f"{variant},1\n" for variant in variants), encoding="utf-8")
    line = ("inventory", "adjust", "--file", str(file), "--location", PLACE, "--yes", "--json", "-q")
    stopped = synq(*line, environ=ENVIRON, http=trouble)
    assert stopped.status == 10
    assert json.loads(stopped.err)["error"]["message"].startswith("Stopped after ")
    summary = json.loads(stopped.out)
    assert summary["done"] == 0
    assert 3 <= summary["unknown"] <= 9
    assert summary["pending"] == 40 - summary["unknown"]


def test_run_is_undone_once(run: Any, shop: Shop, counts: Path) -> None:
    shop.answers = {"CCC": refused()}
    assert run("inventory", "adjust", "--file", str(counts), "--yes").status == 9
    name = only_run(run)
    plan = json.loads(run("runs", "undo", name, "--dry-run", "--json").out)
    assert plan["net"] == [{"location": "Shed", "units": -18, "rows": 5}]
    assert run("runs", "undo", name, "-q").status == 11
    undone = json.loads(run("runs", "undo", name, "--yes", "--json").out)
    assert (undone["done"], undone["undoes"], undone["state"]) == (5, name, "finished")
    assert sum(int(str(entry["quantity_delta"])) for entry in shop.ledger) == 0
    again = run("runs", "undo", name, "--yes", "-q")
    assert again.status == 11
    assert again.err.startswith(f"synq: The run {name} was undone by the run {undone['id']}.")
    assert run("runs", "resume", name, "-q").status == 11
    assert json.loads(run("runs", "show", name, "--json").out)["undone_by"] == undone["id"]
    assert [row["undone_by"] for row in json.loads(run("runs", "list", "--json").out)] in (
        [None, undone["id"]],
        [undone["id"], None],
    )


def test_run_of_another_tenant_is_refused(run: Any, synq: Any, counts: Path) -> None:
    assert run("inventory", "adjust", "--file", str(counts), "--yes").status == 0
    name = only_run(run)
    for verb in (("undo", name, "--yes"), ("resume", name)):
        result = synq("--sandbox", "runs", *verb, "-q")
        assert result.status == 11
        assert "belongs to http://127.0.0.1" in result.err or "belongs to 127.0.0.1" in result.err


def test_unknown_runs(synq: Any) -> None:
    assert (
        synq("runs", "list", terminal=True).err
        == "There are no runs. To start one, run `synq inventory adjust --file FILE`.\n"
    )
    missing = synq("runs", "show", "2611")
    assert (missing.status, missing.err) == (2, 'synq: Unknown run "2611".\n  See `synq runs list`.\n')
    assert synq("runs", "resume", "2611", "--report", "result.xlsx").status == 2


def test_answer_without_a_ledger_entry_leaves_the_row_unknown(run: Any, shop: Shop, tmp_path: Path) -> None:
    shop.answers = {"AAA": lambda: httpx.Response(200, json={"id": 5}), "BBB": lambda: httpx.Response(200, json=[])}
    file = tmp_path / "counts.csv"
    file.write_text("sku,delta\nAAA,1\nBBB,1\nCCC,1\n", encoding="utf-8")
    result = run("inventory", "adjust", "--file", str(file), "--yes", "--json", "-q")
    assert result.status == 10
    assert json.loads(result.out)["unknown_lines"] == [2, 3]


# rows that an earlier run has posted


def adjust(run: Any, file: Path, *line: str, **more: Any) -> Any:
    return run("inventory", "adjust", "--file", str(file), *line, "-q", **more)


def test_same_rows_are_posted_once(run: Any, shop: Shop, counts: Path, tmp_path: Path) -> None:
    assert adjust(run, counts, "--yes").status == 0
    name = only_run(run)
    shuffled = tmp_path / "shuffled.ndjson"
    rows = [{"bin": n, "delta": f"+{n}", "variant_id": VARIANTS[n - 1].upper()} for n in range(6, 0, -1)]
    shuffled.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    told = f"These 6 rows were posted on {DAY} by run {name}."
    for file in (counts, shuffled):
        for options in (("--yes",), ("--confirm", "default"), ()):
            again = adjust(run, file, *options)
            assert (again.status, again.out) == (11, "")
            assert again.err == f"synq: {told} Nothing was sent.\n  To post them again, add --again.\n"
    assert len(shop.ledger) == 6


def test_on_a_terminal_it_asks_before_rows_are_posted_again(run: Any, shop: Shop, counts: Path) -> None:
    assert adjust(run, counts, "--yes").status == 0
    question = f"These 6 rows were posted on {DAY} by run {only_run(run)}. Post them again? [y/N] "
    for typed in ("\n", "n\n", ""):
        asked = adjust(run, counts, terminal=True, stdin=typed)
        assert asked.err.replace("\n", "") == f"{question}synq: Not confirmed; nothing was changed."
        assert asked.status == 11
    # What answers the usual question does not answer this one.
    assert adjust(run, counts, "--yes", terminal=True).status == 11
    assert len(shop.ledger) == 6
    assert adjust(run, counts, terminal=True, stdin="y\n").status == 0
    assert len(shop.ledger) == 12
    assert adjust(run, counts, "--again").status == 11
    assert adjust(run, counts, "--again", "--yes").status == 0
    assert len(shop.ledger) == 18


def test_rows_of_a_run_that_was_undone_are_new(run: Any, shop: Shop, counts: Path) -> None:
    assert adjust(run, counts, "--yes").status == 0
    shop.answers = {"CCC": refused(401)}
    assert run("runs", "undo", only_run(run), "--yes", "-q").status == 4
    shop.answers = {}
    part = adjust(run, counts, "--yes")
    assert (part.status, " of these 6 rows w" in part.err) == (11, True)
    (undo,) = (row["id"] for row in json.loads(run("runs", "list", "--json").out) if row["undoes"])
    assert run("runs", "resume", undo, "-q").status == 0
    done = adjust(run, counts, "--yes")
    assert (done.status, done.err) == (0, "")
    assert shop.posted == dict(zip(SKUS, range(1, 7), strict=True))


@pytest.mark.parametrize(("days", "status"), [(29, 11), (31, 0)])
def test_rows_are_looked_for_in_runs_of_the_last_30_days(
    synq: Any, run: Any, counts: Path, days: int, status: int
) -> None:
    assert adjust(run, counts, "--yes").status == 0
    synq.clock += days * 86_400
    assert adjust(run, counts, "--yes").status == status


def test_runs_of_another_tenant_do_not_count(synq: Any, run: Any, shop: Shop, counts: Path) -> None:
    assert adjust(run, counts, "--yes").status == 0
    other = ENVIRON | {"SYNQ_BASE_URL": "http://127.0.0.2"}
    result = synq("inventory", "adjust", "--file", str(counts), "--yes", environ=other, http=httpx.MockTransport(shop))
    assert (result.status, len(shop.ledger)) == (0, 12)


def test_failed_rows_and_rows_that_were_not_sent_are_new(run: Any, shop: Shop, counts: Path, tmp_path: Path) -> None:
    shop.answers = dict.fromkeys(SKUS, refused())
    assert adjust(run, counts, "--yes").status == 9
    shop.answers = dict.fromkeys(SKUS, refused(401))
    assert adjust(run, counts, "--yes").status == 4
    shop.answers = {"BBB": refused()}
    assert adjust(run, counts, "--yes").status == 9
    again = adjust(run, counts, "--yes")
    assert again.status == 11
    assert again.err.splitlines()[-2].startswith(f"synq: 5 of these 6 rows were posted on {DAY} by run ")
    shop.answers = {}
    assert adjust(run, tmp_path / "counts.failed.csv", "--yes").status == 0
    assert shop.posted == dict(zip(SKUS, range(1, 7), strict=True))


def test_run_that_stopped_half_way_is_to_be_resumed(run: Any, shop: Shop, counts: Path, tmp_path: Path) -> None:
    assert adjust(run, counts, "--yes").status == 0
    name = only_run(run)
    with LocalJournal(tmp_path / "state" / "runs" / f"{name}.sqlite3") as journal:
        journal.unknown(6, None, "No answer.")
        journal.pending(7)
    again = adjust(run, counts, "--yes")
    assert (again.status, len(shop.ledger)) == (11, 6)
    assert again.err == (
        f"synq: 5 of these 6 rows were posted, or may have been, on {DAY} by run {name}. Nothing was sent.\n"
        f"  To finish that run, run `synq runs resume {name}`. To post them again, add --again.\n"
    )


def test_mostly_the_same_rows_are_a_warning(run: Any, shop: Shop, counts: Path, tmp_path: Path) -> None:
    assert adjust(run, counts, "--yes").status == 0
    other = tmp_path / "other.csv"
    for text, warned, again in (
        ("AAA,1\nBBB,2\nCCC,3\nDDD,9\n", "3 of these 4 rows were", "them"),
        ("AAA,1\nBBB,2\nCCC,7\nDDD,9\n", "", ""),
        ("AAA,1\n", "This row was", "it"),
    ):
        other.write_text(f"sku,delta\n{text}", encoding="utf-8")
        told = adjust(run, other, "--dry-run").err
        warning = f"Warning: {warned} posted on {DAY} by run {only_run(run)}. This run posts {again} again.\n"
        assert told == (warning if warned else "")
    assert adjust(run, other, "--yes").status == 0
    assert len(shop.ledger) == 7


@pytest.mark.parametrize(
    "change", ["ALTER TABLE entries DROP COLUMN hashes", "UPDATE entries SET hashes = x'00'"], ids=["before", "damaged"]
)
def test_run_without_hashes_is_passed_over(run: Any, shop: Shop, counts: Path, tmp_path: Path, change: str) -> None:
    assert adjust(run, counts, "--yes").status == 0
    (journal,) = (tmp_path / "state" / "runs").glob("*.sqlite3")
    with closing(sqlite3.connect(journal)) as opened, opened:
        opened.execute(change)
    assert adjust(run, counts, "--yes").status == 0
    assert run("runs", "undo", journal.stem, "--yes").status == 0
    assert sum(int(str(entry["quantity_delta"])) for entry in shop.ledger) == 21


# one SKU on several lines


def test_lines_of_one_sku_are_all_posted(run: Any, shop: Shop, tmp_path: Path) -> None:
    note = tmp_path / "note.csv"
    note.write_text("sku,delta,carton\nAAA,12,1\nBBB,1,\nAAA,12,2\nAAA,-4,\n", encoding="utf-8")
    result = run("inventory", "adjust", "--file", str(note), "--yes")
    assert result.status == 0
    assert (
        "Warning: Several lines are for the same SKU and location; each line is posted: AAA at Shed (lines 2, 4, 5).\n"
    ) in result.err
    assert "Net: Shed +21 (4 rows).\n" in result.err
    assert sorted(int(str(entry["quantity_delta"])) for entry in shop.ledger) == [-4, 1, 12, 12]


def test_dry_run_adds_up_the_lines_of_one_sku(synq: Any) -> None:
    text = "sku,delta\nHMC-NVY-M,5\nHMC-NVY-L,1\nHMC-NVY-M,-7\n"
    line = ("--sandbox", "inventory", "adjust", "--file", "-", *LEITH, "--dry-run", "--json")
    changes = json.loads(synq(*line, stdin=text).out)["changes"]
    assert [(row["line"], row["before"], row["after"]) for row in changes if row["sku"] == "HMC-NVY-M"] == [
        (2, 42, 47), (4, 47, 40),
    ]  # fmt: skip


# an outcome whose report can't be written


class Full(io.StringIO):
    """A stdout on a full disk."""

    def write(self, _text: str) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


class Closed(io.StringIO):
    """A stdout whose reader is gone."""

    def write(self, _text: str) -> int:
        raise BrokenPipeError


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("missing/report.csv", "can't be written: No such file or directory; nothing was sent."),
        ("folder.csv", "can't be written: Is a directory; nothing was sent."),
        ("counts.csv", "the run uses a file of that name. Choose another name."),
        ("counts.failed.csv", "the run uses a file of that name. Choose another name."),
    ],
)
def test_report_that_can_not_be_written_is_found_before_anything_is_sent(
    run: Any, shop: Shop, counts: Path, tmp_path: Path, name: str, why: str
) -> None:
    (tmp_path / "folder.csv").mkdir()
    shop.answers = {"AAA": refused(401)}
    assert adjust(run, counts, "--yes").status == 4  # so that there is a run to resume
    sent, text = len(shop.seen), counts.read_text(encoding="utf-8")
    for line in (("inventory", "adjust", "--file", str(counts), "--again", "--yes"), ("runs", "resume", only_run(run))):
        result = run(*line, "--report", str(tmp_path / name), "-q")
        assert (result.status, result.out) == (2, "")
        assert result.err.splitlines()[-1].endswith(why)
    assert "POST adjust" not in shop.seen[sent:]
    assert counts.read_text(encoding="utf-8") == text


def test_report_that_can_not_be_written_after_all_does_not_hide_the_outcome(
    run: Any, shop: Shop, counts: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "reports"

    def losing(status: int) -> Callable[[], httpx.Response]:
        def answer() -> httpx.Response:
            folder.rmdir()
            return lost() if status == 10 else shop.post({"variant_id": VARIANTS[0], "quantity_delta": 1})

        return answer

    for status in (10, 2):
        folder.mkdir()
        shop.answers = {"AAA": losing(status)}
        line = ("--yes", "--again", "--json", "--report", str(folder / "report.csv"))
        result = adjust(run, counts, *line)
        summary, error = json.loads(result.out), json.loads(result.err.splitlines()[-1])["error"]
        assert (result.status, summary["done"]) == (status, 5 if status == 10 else 6)
        assert f"Warning: {folder / 'report.csv'} can't be written: No such file or directory." in result.err
    assert error["message"] == f"Run {summary['id']}: 6 of 6 rows done, but not all of its output could be written."
    assert error["hint"] == f"Do not send the rows again. `synq runs show {summary['id']} --rows all` lists them."


@pytest.mark.parametrize(
    ("stdout", "status"), [(Full, [2, 9, 10]), (Closed, [0, 9, 10])], ids=["full disk", "closed pipe"]
)
def test_summary_that_can_not_be_printed_does_not_hide_the_outcome(
    run: Any, shop: Shop, counts: Path, stdout: type[io.StringIO], status: list[int]
) -> None:
    for expected, answers in zip(status, ({}, {"AAA": refused()}, {"AAA": lost}), strict=True):
        shop.answers = dict(answers)
        result = adjust(run, counts, "--yes", "--again", stdout=stdout())
        assert result.status == expected
        if expected:
            done = 6 if expected == 2 else 5
            assert f": {done} of 6 rows done" in result.err
        assert ("The output can't be written: No space left on device." in result.err) == (stdout is Full)
        assert ("Do not send the rows again." in result.err) == (expected == 2)


def damage(folder: Path, how: str) -> None:
    """Put a damaged journal beside that of the only run."""
    (whole,) = folder.glob("*.sqlite3")
    broken = folder / "261124-115959-aa.sqlite3"
    broken.write_bytes(b"noise" if how == "noise" else whole.read_bytes())
    if how != "noise":
        with closing(sqlite3.connect(broken)) as opened, opened:
            opened.execute(how)


@pytest.mark.parametrize(
    "how",
    [
        "noise",
        "UPDATE run SET facts = '{'",
        "UPDATE run SET facts = '[]'",
        "UPDATE run SET facts = '{}'",
        "DELETE FROM run",
        "UPDATE entries SET content = '{'",
    ],
)
def test_damaged_journal_does_not_break_other_runs(
    run: Any, shop: Shop, counts: Path, tmp_path: Path, how: str
) -> None:
    assert adjust(run, counts, "--yes").status == 0
    damage(tmp_path / "state" / "runs", how)
    broken = tmp_path / "state" / "runs" / "261124-115959-aa.sqlite3"
    assert adjust(run, counts, "--yes").status == 11  # the other journal is still read
    assert {row["state"] for row in json.loads(run("runs", "list", "--json").out)} >= {"finished"}

    def arrived() -> httpx.Response:
        shop.post({"variant_id": VARIANTS[0], "location_id": PLACE, "quantity_delta": 1})
        return lost()

    shop.answers, shop.at = {"AAA": arrived}, "2026-11-24T12:00:00Z"
    result = adjust(run, counts, "--yes", "--again", "--json")
    summary = json.loads(result.out)
    # The entry in the ledger may be that of the run whose journal is damaged.
    assert (result.status, summary["done"], summary["unknown_lines"]) == (10, 5, [2])
    assert "Warning: Unknown rows could not be looked up: " in result.err
    assert str(broken) in result.err
    broken.unlink()
