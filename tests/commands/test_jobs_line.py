"""`synq products jobs`: what is read from files, what is sent, and how a job is followed."""

import base64
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

ID, OTHER = "4b80e6c7-d51f-4a39-92b6-e8f0c3d7a105", "c9f1a52d-70e4-4b86-8d3c-1a6b9e0f2d57"
PRODUCT = "17d8b4c9-6e0f-4253-8a7c-d5f23e91b06a"
ENVIRON = {"SYNQ_TOKEN": "a.b.c", "SYNQ_BASE_URL": "https://api.test"}
ROUTE = "/api/v1/pim/bulk-jobs"
IMPORT = ("products", "jobs", "create", "--type", "import", "--file", "-")
ROWS = '[{"title":"Beanie","price":19.90},{"title":"Scarf","sku":"VLS","new":null}]'


def job(status: str = "PENDING", done: int | None = 0, total: int | None = None, **more: Any) -> dict[str, Any]:
    return {
        "id": ID,
        "job_type": "BULK_IMPORT",
        "status": status,
        "processed_items": done,
        "total_items": total,
        **more,
    }


@pytest.fixture
def run(synq: Any) -> Any:
    """Runs a line against a function from a request to a body or a response; gives the result and the requests."""

    def run_line(line: Any, reply: Callable[[httpx.Request], Any], **settings: Any) -> tuple[Any, list[str]]:
        seen: list[str] = []

        def handle(request: httpx.Request) -> httpx.Response:
            seen.append(f"{request.method} {request.url.query.decode()}".strip())
            assert request.url.path == ROUTE
            body = reply(request)
            return body if isinstance(body, httpx.Response) else httpx.Response(200, json=body)

        http = httpx.MockTransport(handle)
        return synq(*line, environ=ENVIRON, http=http, **settings), seen

    return run_line


def lists(**by_type: Any) -> Callable[[httpx.Request], Any]:
    """Answers with the jobs of the type that was asked for."""
    return lambda request: by_type.get(request.url.params["type"], [])


def states(*jobs: dict[str, Any]) -> Callable[[httpx.Request], Any]:
    """Answers a POST with the first of these, and each list of imports with the next one."""
    queue = list(jobs)
    return lambda request: queue.pop(0) if request.method == "POST" else [queue.pop(0)]


def test_without_a_type_all_three_are_listed_newest_first(run: Any) -> None:
    found = lists(
        BULK_IMPORT=[job(created_at="2026-11-24T09:00:00Z")],
        BULK_UPDATE=[job(id=OTHER, created_at="2026-11-24T11:00:00Z"), job(id=PRODUCT, created_at="")],
    )
    result, seen = run(["products", "jobs", "list", "--json"], found)
    assert seen == ["GET type=BULK_IMPORT", "GET type=BULK_UPDATE", "GET type=BULK_DELETE"]
    assert [row["id"] for row in json.loads(result.out)] == [OTHER, ID, PRODUCT]


def test_one_type_is_one_request(run: Any) -> None:
    _, seen = run(["products", "jobs", "list", "--type", "DELETE"], lists())
    assert seen == ["GET type=BULK_DELETE"]
    wrong, seen = run(["products", "jobs", "list", "--type", "exprt"], lists())
    assert (wrong.status, seen) == (2, [])
    assert wrong.err.startswith('synq: Invalid value "exprt" for --type: use import, update or delete.\n')


def test_a_job_is_looked_for_in_each_list_and_its_type_is_remembered(run: Any) -> None:
    found = lists(BULK_UPDATE=[job(id=OTHER), job()])
    result, seen = run(["products", "jobs", "get", ID, "--json"], found)
    assert seen == ["GET type=BULK_IMPORT", "GET type=BULK_UPDATE"]
    assert json.loads(result.out)["id"] == ID
    _, seen = run(["products", "jobs", "get", "4b80"], found)
    assert seen == ["GET type=BULK_UPDATE"]
    gone, seen = run(["products", "jobs", "get", PRODUCT], found)
    assert (gone.status, len(seen)) == (5, 3)
    assert gone.err.startswith(f'synq: Unknown bulk job "{PRODUCT}".\n  See `synq products jobs list`.\n')


def test_a_long_payload_does_not_fill_the_screen(run: Any) -> None:
    found = lists(BULK_IMPORT=[job(payload_json="x" * 5000)])
    shown, _ = run(["products", "jobs", "get", ID], found, terminal=True)
    assert "(5,000 characters; --json shows all)" in shown.out.replace("\n", "").replace("             ", "")
    assert shown.out.count("x") == 200
    whole, _ = run(["products", "jobs", "get", ID, "--json"], found)
    assert whole.out.count("x") == 5000


SAME = [{"title": "Beanie", "sku": "1"}, {"title": "Scarf"}]
FILES = {
    "JSON": json.dumps(SAME),
    "NDJSON": '{"title":"Beanie","sku":"1"}\n\n{"title":"Scarf"}\n',
    "YAML": "- title: Beanie\n  sku: '1'\n- {title: Scarf}\n",
    "a byte order mark": "\ufeff" + json.dumps(SAME),
}


@pytest.mark.parametrize("name", FILES)
def test_rows_are_read_from_json_yaml_and_ndjson(run: Any, name: str) -> None:
    bodies = []
    result, _ = run(IMPORT, lambda request: bodies.append(json.loads(request.content)) or job(), stdin=FILES[name])
    assert result.status == 0
    assert bodies == [{"job_type": "BULK_IMPORT", "payload": SAME}]


def test_a_created_job_is_shown_with_how_to_follow_it(run: Any, tmp_path: Any) -> None:
    file = tmp_path / "rows.json"
    file.write_text(ROWS, encoding="utf-8")
    line = ("products", "jobs", "create", "--type", "import", "--file", str(file))
    result, seen = run(line, lambda request: job(), terminal=True)
    assert seen == ["POST"]
    assert result.out == f"ID      {ID}\nType    BULK_IMPORT\nStatus  PENDING\nDone    0\n"
    assert result.err.startswith(f"To follow it, run: synq products jobs watch {ID}\n")


def test_numbers_keep_their_digits_and_further_keys_go_along(run: Any) -> None:
    bodies = []
    run(IMPORT, lambda request: bodies.append(request.content.decode()) or job(), stdin=ROWS)
    assert bodies == [f'{{"job_type":"BULK_IMPORT","payload":{ROWS}}}']


@pytest.mark.parametrize("refusal", ["Invalid payload\n", '{"error":"Invalid JSON in payload"}'])
def test_a_server_that_wants_base64_gets_it_on_the_second_try(run: Any, refusal: str) -> None:
    bodies = []

    def reply(request: httpx.Request) -> Any:
        bodies.append(json.loads(request.content))
        return httpx.Response(400, text=refusal) if len(bodies) == 1 else job()

    result, _ = run([*IMPORT, "--json"], reply, stdin=ROWS)
    assert (result.status, json.loads(result.out)) == (0, job())
    assert [body["job_type"] for body in bodies] == ["BULK_IMPORT"] * 2
    assert base64.b64decode(bodies[1]["payload"]).decode() == ROWS


@pytest.mark.parametrize(
    ("status", "text"),
    [(400, "invalid payload"), (400, "Invalid payload: row 3"), (400, "Invalid request payload"),
     (422, "Invalid payload")],
)  # fmt: skip
def test_no_other_refusal_is_answered_with_base64(run: Any, status: int, text: str) -> None:
    result, seen = run(IMPORT, lambda request: httpx.Response(status, text=text), stdin=ROWS)
    assert (result.status, seen) == (3, ["POST"])


def test_base64_is_refused_once_and_for_all(run: Any) -> None:
    result, seen = run(IMPORT, lambda request: httpx.Response(400, text="Invalid payload"), stdin=ROWS)
    assert (result.status, seen) == (3, ["POST", "POST"])


def test_what_is_too_large_is_not_sent(run: Any) -> None:
    large = json.dumps([{"title": "x" * 8_000_000}])
    result, seen = run(IMPORT, lambda request: httpx.Response(400, text="Invalid payload"), stdin=large)
    assert (result.status, seen) == (2, ["POST"])
    assert "the API accepts at most 10,000,000.\n  Split the file." in result.err
    result, seen = run(IMPORT, lambda request: job(), stdin=json.dumps([{"title": "x" * 10_000_000}]))
    assert (result.status, seen) == (2, [])


def test_job_with_an_unknown_start_is_not_repeated_and_gets_a_hint(run: Any) -> None:
    def reply(request: httpx.Request) -> Any:
        raise httpx.ReadTimeout("late")

    result, seen = run([*IMPORT, "-q"], reply, stdin=ROWS)
    assert (result.status, seen) == (10, ["POST"])
    assert result.err.endswith("  Look for it in `synq products jobs list --type import` before you send it again.\n")


@pytest.mark.parametrize("options", [[], ["--wait"]])
def test_response_that_names_no_job_leaves_the_outcome_unknown(run: Any, options: list[str]) -> None:
    result, seen = run([*IMPORT, *options, "-q"], lambda request: {"status": "PENDING"}, stdin=ROWS)
    assert (result.status, result.out, seen) == (10, "", ["POST"])
    assert result.err == (
        "synq: Invalid response to POST /api/v1/pim/bulk-jobs: it does not name the job. It may have been applied.\n"
        "  Look for it in `synq products jobs list --type import` before you send it again.\n"
    )


WRONG = {
    "a blank title": ("import", [{"title": " "}, {"title": "A"}], "row 1: no title"),
    "an import of what is there": ("import", [{"title": "A", "id": ID}], "row 1: an id, which only an update takes"),
    "a number for a text": ("import", [{"title": "A", "sku": 12, "brand": None}],
                            "row 1: the sku 12 is not text\n  row 1: the brand null is not text"),
    "a number for a title": ("import", [{"title": 5}], "row 1: the title 5 is not text"),
    "a SKU twice": ("import", [{"title": "A", "sku": "A-1"}, {"title": "B", "sku": "A-1 "}],
                    "row 2: the SKU A-1 is given twice"),
    "an update of nothing": ("update", [{"title": "A"}], "row 1: no id"),
    "an update of a strange id": ("update", [{"title": "A", "id": "x"}], 'row 1: the id "x" is not a UUID'),
    "a deletion by title": ("delete", [PRODUCT, {"title": "A"}], 'row 2: invalid product id {"title":"A"}'),
    "a long mistake": ("delete", ["x" * 99], 'row 1: invalid product id "' + "x" * 38 + "…"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_every_row_is_checked_before_anything_is_sent(run: Any, name: str) -> None:
    kind, rows, problems = WRONG[name]
    line = ("products", "jobs", "create", "--type", kind, "--file", "-", "--yes", "-q")
    result, seen = run(line, lambda request: job(), stdin=json.dumps(rows))
    count = problems.count("row ")
    assert (result.status, result.out, seen) == (2, "", [])
    assert result.err == (
        f"synq: The file has {count} problem{'s' * (count > 1)}; nothing was sent.\n  {problems}\n"
        "  Fix it and try again.\n"
    )


def test_many_mistakes_are_counted(run: Any) -> None:
    result, _ = run(IMPORT, lambda request: job(), stdin=json.dumps([{}] * 12))
    assert result.err.startswith("synq: The file has 12 problems; nothing was sent.\n  row 1: no title\n")
    assert "  row 12: no title\n" in result.err


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[]", "standard input has no rows."),
        ("", "standard input is empty."),
        ("title: A", 'standard input has no column "title".'),
        (
            '{"title":"A"}\n{"title":',
            "standard input has 1 problem; nothing was sent.\n  line 2: not valid JSON: Expecting value\n",
        ),
        ("[{]", "standard input is not valid JSON:"),
    ],
)
def test_a_file_that_holds_no_rows_is_no_job(run: Any, text: str, told: str) -> None:
    result, seen = run(IMPORT, lambda request: job(), stdin=text)
    assert (result.status, seen) == (2, [])
    assert result.err.startswith(f"synq: {told}")


def test_a_deletion_asks_and_shows_how_many(run: Any, tmp_path: Any) -> None:
    file = tmp_path / "ids.json"
    file.write_text(json.dumps([PRODUCT, ID]), encoding="utf-8")
    line = ["products", "jobs", "create", "--type", "delete", "--file", str(file), "-q"]
    off, seen = run(line, lambda request: job())
    assert (off.status, seen) == (11, [])
    assert "Delete 2 products? This can't be undone." in off.err
    refused, seen = run(line, lambda request: job(), terminal=True, stdin="n\n")
    assert (refused.status, seen) == (11, [])
    agreed, seen = run([*line, "--yes"], lambda request: job())
    assert (agreed.status, seen) == (0, ["POST"])


@pytest.mark.parametrize("kind", ["update", "delete"])
def test_ids_are_sent_as_the_api_writes_them(run: Any, kind: str) -> None:
    line = ["products", "jobs", "create", "--type", kind, "--file", "-", "--yes"]
    bodies: list[Any] = []

    def payload(identifier: str) -> list[Any]:
        return [identifier] if kind == "delete" else [{"title": "Cap", "id": identifier, "season": "AW"}]

    for written in (PRODUCT.replace("-", ""), PRODUCT.upper()):
        stdin = json.dumps(payload(written))
        result, _ = run(line, lambda request: bodies.append(json.loads(request.content)) or job(), stdin=stdin)
        assert result.status == 0
    assert [body["payload"] for body in bodies] == [payload(PRODUCT)] * 2


def test_a_dry_run_checks_the_rows_and_shows_the_request(run: Any) -> None:
    line = ["products", "jobs", "create", "--type", "delete", "--file", "-", "--dry-run", "--json"]
    result, seen = run(line, lambda request: job(), stdin=f'["{PRODUCT}"]')
    plan = json.loads(result.out)
    assert seen == []
    assert plan["path"] == ROUTE
    assert plan["body"] == {"job_type": "BULK_DELETE", "payload": [PRODUCT]}


def test_waiting_follows_the_job_to_its_end(run: Any, synq: Any) -> None:
    end = job("COMPLETED", 2, 2)
    result, seen = run([*IMPORT, "--wait", "--json"], states(job(), job(), job("PROCESSING", 1, 2), end), stdin=ROWS)
    assert (result.status, json.loads(result.out)) == (0, end)
    assert seen == ["POST", *["GET type=BULK_IMPORT"] * 3]
    assert synq.slept == [5.0, 7.5]
    # Off a terminal a line now and then says how far it is.
    assert result.err.splitlines()[0] == "Job 4b80e6c7  PENDING"


def test_a_watch_shows_how_far_the_job_is(run: Any) -> None:
    run(["products", "jobs", "list"], lists(BULK_IMPORT=[job()]))
    jobs = [job("PROCESSING", 300, 1200), job("PROCESSING", 600, 1200), job("COMPLETED", 1200, 1200)]
    result, _ = run(["products", "jobs", "watch", "4b80"], states(*jobs), terminal=True)
    assert result.status == 0
    assert result.out == f"ID      {ID}\nType    BULK_IMPORT\nStatus  COMPLETED\nDone    1200\nRows    1200\n"


@pytest.mark.parametrize(
    ("state", "status", "code", "message"),
    [
        (job("FAILED", 3, 5), 9, "partial", "failed after 3 of 5 rows."),
        (job("FAILED", 3, None), 9, "partial", "failed after 3 rows."),
        (job("FAILED", -3, -5), 9, "partial", "failed after an unknown number of rows."),
        (job("FAILED", 0, 5), 3, "rejected", "failed; none of its 5 rows was applied."),
        (job("failed", 0, None), 3, "rejected", "failed; none of its rows was applied."),
        (job("FAILED", None, 5), 9, "partial", "failed after an unknown number of 5 rows."),
    ],
)
def test_a_job_that_failed_is_shown_and_is_an_error(
    run: Any, state: dict[str, Any], status: int, code: str, message: str
) -> None:
    watched, _ = run(["products", "jobs", "watch", ID, "--json", "-q"], lists(BULK_IMPORT=[state]))
    error = json.loads(watched.err)["error"]
    assert (watched.status, json.loads(watched.out)) == (status, state)
    assert (error["code"], error["message"]) == (code, f"The bulk job {ID} {message}")
    waited, _ = run([*IMPORT, "--wait", "-q", "--json"], states(job(), state), stdin=ROWS)
    hint = json.loads(waited.err.splitlines()[-1])["error"]["hint"]
    assert waited.status == status
    # Rows that went through must not go again; where none did, the same file may.
    assert ("send only what is missing" in hint) == (status == 9)


def test_a_watch_that_ran_out_says_how_to_go_on(run: Any, synq: Any) -> None:
    reply = lists(BULK_IMPORT=[job("PROCESSING", 1, 9)])
    result, seen = run(["products", "jobs", "watch", ID, "--for", "12", "-q"], reply)
    assert (result.status, result.out, synq.slept, len(seen)) == (75, "", [5.0, 7.0], 3)
    assert result.err == (
        f"synq: The bulk job {ID} is still in progress after 12 s.\n  To resume: synq products jobs watch {ID}\n"
    )


def test_a_limit_alone_means_waiting_too(run: Any) -> None:
    result, seen = run([*IMPORT, "--for", "0", "--json", "-q"], states(job(), job()), stdin=ROWS)
    assert (result.status, seen) == (75, ["POST", "GET type=BULK_IMPORT"])
    assert json.loads(result.err)["error"]["retryable"] is True


def test_ctrl_c_ends_the_watching_alone(run: Any) -> None:
    def reply(request: httpx.Request) -> Any:
        raise KeyboardInterrupt

    result, _ = run(["products", "jobs", "watch", ID, "-q"], reply)
    assert result.status == 130
    assert result.err == (
        f"synq: Stopped waiting; the bulk job {ID} is still in progress.\n  To resume: synq products jobs watch {ID}\n"
    )


def test_a_job_that_is_not_there_can_not_be_watched(run: Any) -> None:
    result, seen = run(["products", "jobs", "watch", ID], lists())
    assert (result.status, len(seen)) == (5, 3)
