"""`synq products import` and `export --to` against canned replies and on the embedded tenant."""

import base64
import errno
import io
import json
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from synq_cli.excel.reading import read_sheet
from synq_cli.excel.writing import workbook

ENVIRON = {"SYNQ_TOKEN": "a.b.c", "SYNQ_BASE_URL": "http://127.0.0.1"}
CSV = '\ufeffTitle;SKU;price;season\r\nBeanie;SLB;19.90;\r\n\r\n"Scarf; ""Voe""";;24;AW26\r\n\'=Cap;C;;\r\n'
ROWS = [
    {"title": "Beanie", "sku": "SLB", "price": 19.9},
    {"title": 'Scarf; "Voe"', "price": 24, "season": "AW26"},
    {"title": "=Cap", "sku": "C"},
]


class Works:
    """A server that makes and lists bulk jobs; its answers can be set, one after the other."""

    def __init__(self) -> None:
        self.answers: list[Callable[[dict[str, Any]], httpx.Response] | None] = []
        self.jobs: list[dict[str, Any]] = []
        self.bodies: list[bytes] = []
        self.listed = 0
        self.states: Callable[[int], dict[str, Any]] = lambda _number: {"status": "COMPLETED"}

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            self.listed += 1
            jobs = [job | self.states(number) for number, job in enumerate(self.jobs)]
            return httpx.Response(200, json=jobs[::-1])
        self.bodies.append(request.content)
        body = json.loads(request.content)
        answer = self.answers.pop(0) if self.answers else None
        return answer(body) if answer else self.make(body)

    def make(self, body: dict[str, Any]) -> httpx.Response:
        job = {
            "id": f"{len(self.jobs) + 1:08d}-70e4-4b86-8d3c-1a6b9e0f2d57", "job_type": body["job_type"],
            "status": "PENDING", "payload_json": json.dumps(body["payload"], indent=1), "total_items": None,
            "processed_items": 0, "created_at": "2026-11-24T12:00:00Z",
        }  # fmt: skip
        self.jobs.append(job)
        return httpx.Response(202, json=job)

    @property
    def payloads(self) -> list[Any]:
        return [json.loads(body)["payload"] for body in self.bodies]


@pytest.fixture
def works() -> Works:
    return Works()


@pytest.fixture
def run(synq: Any, works: Works) -> Callable[..., Any]:
    return lambda *line, **more: synq(*line, environ=ENVIRON, http=httpx.MockTransport(works), **more)


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A file of three jobs, of two, two and one row: the API takes no two of the long rows at once."""
    file = tmp_path / "catalog.ndjson"
    rows = [{"title": f"Product {n}", "description": "x" * (0 if n % 2 else 3_750_000)} for n in range(5)]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return file


def lost(_body: dict[str, Any]) -> httpx.Response:
    raise httpx.ReadError("reset")


def refused(words: str) -> Callable[[dict[str, Any]], httpx.Response]:
    return lambda _body: httpx.Response(400, text=words)


def test_csv_is_imported_with_its_digits(run: Any, works: Works, tmp_path: Path) -> None:
    file = tmp_path / "catalog.csv"
    file.write_bytes(CSV.encode())
    result = run("products", "import", str(file), "--yes", "--json")
    summary = json.loads(result.out)
    assert (result.status, summary["command"], summary["rows"], summary["done"]) == (0, "products import", 1, 1)
    assert works.payloads == [ROWS]
    assert b'"price":19.90' in works.bodies[0]
    assert result.err.splitlines()[:2] == [
        f"3 rows of {file} in 1 bulk job: 1 request, under a minute at the current rate limit.",
        f"Run {summary['id']}: if it stops, resume it with `synq runs resume {summary['id']}`.",
    ]
    (row,) = json.loads(run("runs", "show", summary["id"], "--rows", "all", "--json").out)
    assert (row["line"], row["last_line"], row["products"], row["receipt"]) == (2, 5, 3, works.jobs[0]["id"])
    # What the first letters of the job's id name is known from now on.
    assert run("products", "jobs", "get", "00000001").status == 0
    undone = run("runs", "undo", summary["id"], "--yes", "-q")
    assert (undone.status, "products jobs create --type delete" in undone.err) == (11, True)


def test_ndjson_keeps_digits_and_other_keys(run: Any, works: Works) -> None:
    text = '{"title":"A","price":1.10,"new":null}\n\n {"title":"B","tags":["x"]} \n'
    assert run("products", "import", "-", "--yes", "-q", stdin=text).status == 0
    assert works.bodies == [
        b'{"job_type":"BULK_IMPORT","payload":[{"title":"A","price":1.10,"new":null},{"title":"B","tags":["x"]}]}'
    ]


WRONG = {
    "an array": ("[]", ["standard input is a JSON array: write one object a line instead."]),
    "YAML": ("- title: A\n", ["standard input is YAML: write one JSON object a line instead, or CSV."]),
    "an id": ("id,title\n1,A\n", ['standard input has a column "id", which only an update takes: remove it.']),
    "no rows": ("title,sku\n\n,\n", ["standard input has no rows."]),
    "rows": (
        'title,sku,price,currency\nA,S,1.5,GBP\n ,T,,\nB,S,,\nC,U,"1,50",\nD,V,-1,\nE,W,1,Yen\nF,X\n"G"x,Y,,\n"H,Z',
        [
            "standard input has 8 problems; nothing was sent.",
            "  line 3: no title",
            '  line 4: the SKU "S" is also on line 2',
            '  line 5: invalid price "1,50": use a number such as 19.90',
            '  line 6: invalid price "-1": use a number such as 19.90',
            '  line 7: invalid currency "Yen": use an ISO 4217 code such as EUR',
            "  line 8: expected 4 fields as in the first line, but found 2",
            "  line 9: not valid CSV: ',' expected after '\"'",
            "  line 10: not valid CSV: unexpected end of data",
        ],
    ),
    "NDJSON": (
        ('{"title":"A","sku":"S"}\n{"title":" "}\n{"title":"B"\n{"title":"C","id":"1"}\n["D"]\n{"title":"E","sku":5}\n'
        '{"title":"F","x":NaN}\n{"title":"G","sku":"S"}\n'),
        [
            "standard input has 7 problems; nothing was sent.",
            "  line 2: no title",
            "  line 3: not valid JSON: Expecting ',' delimiter",
            "  line 4: an id, which only an update takes",
            "  line 5: not a JSON object",
            "  line 6: the sku 5 is not text",
            "  line 7: not valid JSON: NaN is not JSON",
            '  line 8: the SKU "S" is also on line 1',
        ],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_every_problem_is_listed_and_nothing_sent(run: Any, works: Works, tmp_path: Path, name: str) -> None:
    text, told = WRONG[name]
    result = run("products", "import", "-", "--yes", "-q", stdin=text)
    assert (result.status, result.out, works.bodies) == (2, "", [])
    assert result.err.splitlines()[: len(told)] == [f"synq: {told[0]}", *told[1:]]
    assert list((tmp_path / "state" / "runs").iterdir()) == []


def test_many_problems_are_counted_and_bytes_that_are_not_utf8_are_one(run: Any, tmp_path: Path) -> None:
    file = tmp_path / "catalog.csv"
    file.write_bytes(b"title\nA\n\xff\n" + b" x,y\n" * 200)
    result = run("products", "import", str(file), "-q")
    lines = result.err.splitlines()
    assert lines[0] == f"synq: {file} has 201 problems; nothing was sent."
    assert (lines[1], len(lines), lines[-2]) == ("  line 3: not UTF-8 text", 103, "  and 101 more")
    missing = run("products", "import", str(tmp_path / "none.csv"), "-q")
    assert (missing.status, missing.err) == (
        2, f"synq: {tmp_path / 'none.csv'} can't be read: No such file or directory.\n"
    )  # fmt: skip


def test_a_row_beyond_what_the_api_takes_is_a_problem(run: Any) -> None:
    text = json.dumps({"title": "x" * 8_000_000}) + "\n"
    result = run("products", "import", "-", "-q", stdin=text)
    assert "line 1: its 8,000,012 bytes are more than the API accepts" in result.err


def test_it_asks_and_a_dry_run_sends_nothing(run: Any, works: Works, tmp_path: Path) -> None:
    asked = run("products", "import", "-", "-q", stdin=CSV)
    assert (asked.status, "Send 1 bulk job to default?" in asked.err) == (11, True)
    plan = json.loads(run("products", "import", "-", "--dry-run", "--json", stdin=CSV).out)
    assert (plan["command"], plan["rows"], plan["requests"]) == ("products import", 3, 1)
    assert works.bodies == []
    assert list((tmp_path / "state" / "runs").iterdir()) == []


def test_server_that_wants_base64_gets_it_from_then_on(run: Any, works: Works, large: Path, tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    config = tmp_path / "config" / "config.yaml"
    config.write_text("profiles: {default: {base_url: 'http://127.0.0.1'}}\n", encoding="utf-8")
    works.answers = [refused('{"error":"Invalid JSON in payload"}')]
    assert run("products", "import", str(large), "--yes", "-q").status == 0
    assert [type(payload) for payload in works.payloads] == [list, str, str, str]
    rows = [row for payload in works.payloads[1:] for row in json.loads(base64.b64decode(payload))]
    assert [row["title"] for row in rows] == [f"Product {n}" for n in range(5)]
    assert max(map(len, works.bodies)) < 10_000_000
    assert run("config", "get", "bulk_payload").out == "base64\n"
    works.bodies.clear()
    assert run("products", "import", "-", "--yes", "-q", stdin=CSV).status == 0
    assert run("products", "jobs", "create", "--type", "import", "--file", "-", stdin='[{"title":"A"}]').status == 0
    assert [type(payload) for payload in works.payloads] == [str, str]


def test_base64_is_tried_once_and_other_refusals_are_final(run: Any, works: Works) -> None:
    for answers in ([refused("Invalid payload")] * 2, [refused("Invalid payload: row 3")]):
        works.answers = list(answers)
        works.bodies.clear()
        result = run("products", "import", "-", "--yes", "-q", stdin=CSV)
        assert (result.status, len(works.bodies)) == (9, len(answers))
    assert run("config", "get", "bulk_payload").out == "inline\n"
    works.answers = [refused("Invalid payload\n")]
    assert run("products", "import", "-", "--yes", "-q", stdin=CSV).status == 0
    assert run("config", "get", "bulk_payload").out == "inline\n"  # another host than the profile's


def test_resumed_import_creates_the_missing_jobs_of_the_same_file(run: Any, works: Works, large: Path) -> None:
    def interrupted(_body: dict[str, Any]) -> httpx.Response:
        return httpx.Response(401, json={"error": "Unauthorized: Invalid token"})

    works.answers = [None, interrupted]
    stopped = run("products", "import", str(large), "--yes", "--json", "-q")
    summary = json.loads(stopped.out)
    assert (stopped.status, summary["done"], summary["pending"]) == (4, 1, 2)
    changed = large.read_bytes()
    large.write_bytes(changed.replace(b"Product 4", b"Product X"))
    other = run("runs", "resume", summary["id"], "-q")
    assert (other.status, len(works.jobs)) == (2, 2)
    assert re.search(r"has changed since it was checked.*\n  Restore the file as it was\. Then: synq runs", other.err)
    large.write_bytes(changed)
    resumed = run("runs", "resume", summary["id"], "--json", "-q")
    assert (resumed.status, json.loads(resumed.out)["done"], len(works.jobs)) == (0, 3, 3)
    assert [len(json.loads(job["payload_json"])) for job in works.jobs] == [2, 2, 1]
    titles = [row["title"] for job in works.jobs for row in json.loads(job["payload_json"])]
    assert titles == [f"Product {n}" for n in range(5)]


def test_standard_input_is_kept_until_its_last_job(run: Any, works: Works, tmp_path: Path) -> None:
    works.answers = [refused("Invalid payload"), lambda _body: httpx.Response(401, text="No")]
    stopped = run("products", "import", "-", "--yes", "--json", "-q", stdin=CSV)
    assert stopped.status == 4
    (copy,) = (tmp_path / "state" / "runs").glob("*.input")
    assert run("runs", "resume", json.loads(stopped.out)["id"], "-q").status == 0
    assert works.payloads[-1] == ROWS
    assert not copy.exists()


@pytest.mark.parametrize("name", ["products.csv", "-"])
def test_import_is_resumed_from_another_folder(
    synq: Any, works: Works, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (synq.folder / "products.csv").write_text(CSV, encoding="utf-8")
    monkeypatch.chdir(synq.folder)
    how = {"environ": {**ENVIRON, "SYNQ_STATE_DIR": "state"}, "http": httpx.MockTransport(works)}
    works.answers = [lambda _body: httpx.Response(401, text="No")]
    stopped = synq("products", "import", name, "--yes", "--json", "-q", stdin=CSV, **how)
    assert stopped.status == 4
    (synq.folder / "elsewhere").mkdir()
    monkeypatch.chdir("elsewhere")
    how["environ"]["SYNQ_STATE_DIR"] = "../state"
    assert synq("runs", "resume", json.loads(stopped.out)["id"], "-q", **how).status == 0
    assert works.payloads[-1] == ROWS


def test_job_whose_answer_was_lost_is_looked_up_and_never_sent_twice(run: Any, works: Works) -> None:
    def arrived(body: dict[str, Any]) -> httpx.Response:
        works.make(body)
        return lost(body)

    works.answers = [arrived]
    line = ("products", "import", "-", "--yes", "--json", "-q")
    result = run(*line, stdin=CSV)
    assert (result.status, json.loads(result.out)["done"], len(works.bodies)) == (0, 1, 1)
    # Where the list does not show the rows of a job, the outcome stays unknown.
    works.states = lambda _number: {"payload_json": None}
    works.answers = [arrived]
    result = run(*line, "--again", stdin=CSV)
    summary = json.loads(result.out)
    assert (result.status, summary["unknown_lines"], len(works.bodies)) == (10, [2], 2)
    assert "If you are sure that a job was not applied, send it again with" in json.loads(result.err)["error"]["hint"]
    assert run("runs", "resume", summary["id"], "-q").status == 10
    assert len(works.bodies) == 2
    assert run("runs", "resume", summary["id"], "--resend-unknown", "2", "-q").status == 0
    assert len(works.bodies) == 3


def test_same_products_are_imported_once(run: Any, works: Works, large: Path, tmp_path: Path) -> None:
    assert run("products", "import", "-", "--yes", "-q", stdin=CSV).status == 0
    turned = 'sku,title,season,price\nC,=Cap,,\n,"Scarf; ""Voe""",AW26,24\nSLB,Beanie,,19.90\n'
    again = run("products", "import", "-", "--yes", "-q", stdin=turned)
    assert (again.status, again.err.startswith("synq: These 3 rows were posted on ")) == (11, True)
    more = run("products", "import", "-", "--dry-run", "-q", stdin=turned + "D,Mitten,,\n")
    assert more.err.startswith("Warning: 3 of these 4 rows were posted on ")
    assert run("products", "import", "-", "--yes", "--again", "-q", stdin=turned).status == 0
    assert len(works.bodies) == 2
    # Rows count, in whichever jobs they were.
    assert run("products", "import", str(large), "--yes", "-q").status == 0
    file = tmp_path / "turned.ndjson"
    file.write_text("".join(reversed(large.read_text(encoding="utf-8").splitlines(keepends=True))), encoding="utf-8")
    again = run("products", "import", str(file), "--yes", "-q")
    assert (again.status, again.err.startswith("synq: These 5 rows were posted on ")) == (11, True)


def test_wait_shows_all_jobs_as_one_and_failed_ones_are_an_error(run: Any, works: Works, large: Path) -> None:
    def state(number: int) -> dict[str, Any]:
        if number == 1 and works.listed > 1:
            return {"status": "FAILED", "processed_items": 1, "total_items": 2}
        return {"status": "COMPLETED" if number == 0 or works.listed > 1 else "PROCESSING", "processed_items": 1}

    works.states = state
    result = run("products", "import", str(large), "--yes", "--wait", "--json")
    summary, error = json.loads(result.out), json.loads(result.err.splitlines()[-2])["error"]
    assert (result.status, works.listed) == (9, 2)
    assert (summary["products"], summary["imported"], summary["failed_jobs"]) == (5, 3, [works.jobs[1]["id"]])
    assert error["message"] == "1 of 3 bulk jobs failed."
    assert error["details"] == [f"{works.jobs[1]['id']} after 1 of 2 rows"]
    assert any(
        line.startswith("Import  ") and line.endswith("1 of 3 jobs finished") for line in result.err.splitlines()
    )


@pytest.mark.parametrize(("state", "status"), [("COMPLETED", 2), ("FAILED", 9)])
def test_wait_whose_summary_can_not_be_printed_tells_the_outcome(
    run: Any, works: Works, tmp_path: Path, state: str, status: int
) -> None:
    class Full(io.StringIO):
        def write(self, _text: str) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    works.states = lambda _number: {"status": state, "processed_items": 1, "total_items": 3}
    line = ("products", "import", "-", "--yes", "--wait", "-q", "--report", str(tmp_path / "report.json"))
    result = run(*line, stdin=CSV, stdout=Full())
    assert result.status == status
    assert result.err.startswith("Warning: The output can't be written: No space left on device.\n")
    assert ("1 of 1 jobs done, but not all of its output could be written." in result.err) == (status == 2)
    assert len(json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))) == 1


def test_wait_that_times_out_leaves_the_jobs_running(run: Any, works: Works) -> None:
    works.states = lambda _number: {"status": "PROCESSING"}
    result = run("products", "import", "-", "--yes", "--for", "0", "--json", "-q", stdin=CSV)
    assert (result.status, json.loads(result.out)["done"]) == (75, 1)


# update

IDS = ["f1f1e283-6659-47ee-a41b-6b6ad352dac2", "470cff22-af79-4cfd-9e7b-65a825ba5a27"]


def test_update_sends_the_same_file_as_changes_of_products(run: Any, works: Works) -> None:
    text = f"id,title,price,category\n{IDS[0].upper()},Beanie,19.90,\n{IDS[1].replace('-', '')},Scarf,,Scarves\n"
    result = run("products", "import", "-", "--update", "--yes", "--wait", "--json", stdin=text)
    assert (result.status, json.loads(works.bodies[0])) == (
        0,
        {
            "job_type": "BULK_UPDATE",
            "payload": [
                {"id": IDS[0], "title": "Beanie", "price": 19.9},
                {"id": IDS[1], "title": "Scarf", "category": "Scarves"},
            ],
        },
    )
    summary = json.loads(result.out)
    assert (summary["command"], summary["products"]) == ("products import --update", 2)
    assert "Empty cells are left as they are." in result.err.splitlines()
    undone = run("runs", "undo", summary["id"], "--yes", "-q")
    assert (undone.status, undone.err.startswith("synq: `synq products import --update` can't be undone.")) == (
        11,
        True,
    )


def test_lost_update_is_looked_for_among_updates(run: Any, works: Works) -> None:
    def arrived(body: dict[str, Any]) -> httpx.Response:
        works.make(body)
        return lost(body)

    works.answers = [arrived, lost]
    text = f"id,title\n{IDS[0]},Beanie\n"
    assert run("products", "import", "-", "--update", "--yes", "-q", stdin=text).status == 0
    result = run("products", "import", "-", "--update", "--yes", "--json", "-q", stdin=text.replace("Beanie", "Cap"))
    assert (result.status, len(works.bodies)) == (10, 2)
    assert run("runs", "resume", json.loads(result.out)["id"], "-q").status == 10


def test_update_needs_ids_that_differ(run: Any, works: Works) -> None:
    text = f"id,title\n,Beanie\n{IDS[0]},\nx,Cap\n{IDS[1]},Scarf\n{IDS[1].upper()},Cap\n"
    assert run("products", "import", "-", "--update", "-q", stdin=text).err == (
        "synq: standard input has 4 problems; nothing was sent.\n"
        "  line 2: no id\n"
        "  line 3: no title\n"
        '  line 4: the id "x" is not a UUID\n'
        f'  line 6: the id "{IDS[1]}" is also on line 5\n'
        "  Fix the file and run the command again.\n"
    )
    assert run("products", "import", "-", "--update", "-q", stdin=CSV).err.startswith(
        'synq: standard input has no column "id".'
    )
    assert works.bodies == []


# export


def test_exported_products_can_be_imported(synq: Any, tmp_path: Path) -> None:
    for name in ("catalog.csv", "catalog.ndjson", "catalog.xlsx"):
        file = tmp_path / name
        done = synq("--sandbox", "products", "export", "--to", str(file))
        assert (done.status, done.out) == (0, "")
        count = re.search(rf"Wrote (\d+) products to {re.escape(str(file))}\.", done.err)
        assert count
        plan = json.loads(synq("--sandbox", "products", "import", str(file), "--dry-run", "--json").out)
        assert plan["rows"] == int(count[1]) > 10
    piped = synq("--sandbox", "products", "export", "--to", "-", "-o", "xlsx").out.encode(errors="surrogateescape")
    assert list(read_sheet(piped, "f", None)) == list(read_sheet(file.read_bytes(), "f", None))


def test_workbook_is_imported_and_its_copy_deleted(run: Any, works: Works, tmp_path: Path) -> None:
    file = tmp_path / "catalog.xlsx"
    file.write_bytes(workbook([["Title", "Price", "barcode"], ["=Cap\n2", Decimal("19.90"), 5012350000000]]))
    assert run("products", "import", str(file), "--yes").status == 0
    assert works.payloads == [[{"title": "=Cap\n2", "price": 19.9, "barcode": "5012350000000"}]]
    assert list(tmp_path.glob("state/runs/*.input")) == []


@pytest.mark.parametrize(
    ("line", "out"),
    [
        (["-o", "json"], '[\n  {\n    "title": "P 1"\n  }\n]\n'),
        (["-o", "yaml"], "- title: P 1\n"),
        (["-o", "tsv"], "title\tcategory\nP 1\t\n"),
        (["--jq", ".[].title"], "P 1\n"),
        (["--fields", "category,title"], '{"category":null,"title":"P 1"}\n'),
    ],
)
def test_export_to_standard_output_takes_every_format(synq: Any, line: list[str], out: str) -> None:
    http = httpx.MockTransport(lambda _request: httpx.Response(200, json=[product(1)]))
    assert synq("products", "export", "--to", "-", *line, environ=ENVIRON, http=http).out == out


def test_export_to_a_file_has_the_columns_of_an_import(synq: Any, tmp_path: Path) -> None:
    result = synq("--sandbox", "products", "export", "--to", str(tmp_path / "x.csv"), "--jq", ".", "-q")
    assert (result.status, list(tmp_path.glob("x.csv"))) == (2, [])
    assert '"--jq requires --to -."' in result.err


def product(number: int, **more: Any) -> dict[str, Any]:
    name = f"{number:08d}-6e0f-4253-8a7c-d5f23e91b06a"
    return {"id": name, "title": f"P {number}", "category": None, "status": "ACTIVE", **more}


def test_export_guards_formulas_and_leaves_out_products_without_a_title(run: Any, synq: Any, tmp_path: Path) -> None:
    listed = [product(1, title="=1+1", category="Hats"), product(2, title=None), product(3, category="-x")]

    def catalogue(request: httpx.Request) -> httpx.Response:
        name = request.url.path.rpartition("/")[2]
        whole = [row | {"brand": "Fell & Fjord", "description": None} for row in listed if row["id"] == name]
        return httpx.Response(200, json=whole[0] if whole else listed)

    def export(*line: str) -> Any:
        return synq("products", "export", *line, environ=ENVIRON, http=httpx.MockTransport(catalogue))

    plain = export("--to", "-", "-o", "csv", "-q")
    assert plain.out == "title,category\n'=1+1,Hats\nP 3,'-x\n"
    told = export("--to", "-")
    assert told.out == '{"title":"=1+1","category":"Hats"}\n{"title":"P 3","category":"-x"}\n'
    assert told.err.startswith("Skipped 1 without a title.\n")
    whole = export("--to", str(tmp_path / "whole.ndjson"), "--whole", "-q")
    assert (whole.status, (tmp_path / "whole.ndjson").read_text(encoding="utf-8").splitlines()[0]) == (
        0, '{"title":"=1+1","category":"Hats","brand":"Fell & Fjord"}',
    )  # fmt: skip
    dry = export("--to", str(tmp_path / "dry.csv"), "--dry-run")
    assert (dry.err.splitlines()[0], (tmp_path / "dry.csv").exists()) == (
        f"Would write 2 products to {tmp_path / 'dry.csv'}.", False,
    )  # fmt: skip
    assert export("--to", "x.txt").err.startswith(
        'synq: Invalid file name "x.txt": use one that ends in .csv, .ndjson or .xlsx.\n'
    )
    assert export("--whole").err == "synq: --whole requires --to.\n"
    listed[:] = [product(number) for number in range(100)]
    assert "The API lists at most 100 products; there may be more." in export("--to", "-").err
