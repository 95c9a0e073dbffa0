"""`synq api`: any request, with the care that every other one gets."""

import json
from typing import Any

import httpx
import pytest
from table import cases

ENVIRON = {"SYNQ_TOKEN": "a.b.c", "SYNQ_BASE_URL": "https://api.test"}
PAGINATE = "--paginate is for GET requests without limit and offset, which it sets itself."
ELSEWHERE = "the token is sent to https://api.test only."
ORDER = "86b4e1a9-c27d-4f50-9e38-f1a6d07c5b42"


def sent(request: httpx.Request) -> tuple[str, str, bytes]:
    return request.method, str(request.url), request.content


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (["/api/v1/channels"], ("GET", "https://api.test/api/v1/channels", b"")),
        (["get", "/x", "-F", "limit=5", "-f", "b=true"], ("GET", "https://api.test/x?limit=5&b=true", b"")),
        (["/x?limit=5&q=a%20b"], ("GET", "https://api.test/x?limit=5&q=a+b", b"")),
        (["delete", "/x", "-f", "a=1", "--yes"], ("DELETE", "https://api.test/x?a=1", b"")),
        (["POST", "/x", "-F", "a=19.90", "-f", "b=1"], ("POST", "https://api.test/x", b'{"a":19.90,"b":"1"}')),
        (
            ["Patch", "/x", "--field", "a=null", "--raw-field", "b=null"],
            ("PATCH", "https://api.test/x", b'{"a":null,"b":"null"}'),
        ),
        (["PUT", "/x"], ("PUT", "https://api.test/x", b"")),
        (["HEAD", "/x"], ("HEAD", "https://api.test/x", b"")),
        (["https://API.test/x"], ("GET", "https://api.test/x", b"")),
        (["/x/{id}"], ("GET", "https://api.test/x/%7Bid%7D", b"")),
    ],
)
def test_what_is_sent(synq: Any, answering: Any, line: list[str], expected: tuple[str, str, bytes]) -> None:
    http, seen = answering(httpx.Response(200, json={"a": 1}))
    result = synq("api", *line, "-q", environ=ENVIRON, http=http)
    assert (result.status, result.err, result.out) == (0, "", '{\n  "a": 1\n}\n')
    assert [sent(request) for request in seen] == [expected]
    assert seen[0].headers["Authorization"] == "Bearer a.b.c"


def test_the_body_is_sent_byte_by_byte(synq: Any, answering: Any) -> None:
    content = b'{ "price": 19.90,\r\n "name": "N\xc3\xb8rrebro" }\n'
    (synq.folder / "body.json").write_bytes(content)
    http, seen = answering(httpx.Response(204), httpx.Response(204))
    line = ("api", "PUT", "/x", "-f", "dry=true", "--input")
    assert synq(*line, str(synq.folder / "body.json"), environ=ENVIRON, http=http).out == ""
    assert synq(*line, "-", environ=ENVIRON, http=http, stdin=content).status == 0
    assert [sent(request) for request in seen] == [("PUT", "https://api.test/x?dry=true", content)] * 2
    assert seen[0].headers["Content-Type"] == "application/json"


@cases(
    ("line", "said"),
    [
        (["GET"], 'Invalid path "GET": it must start with a slash.'),
        (["api/v1/channels"], 'Invalid path "api/v1/channels": it must start with a slash.'),
        (["GTE", "/x"], 'Unknown method "GTE".'),
        (["GET", "/x", "/y"], "Give a method and a path."),
        (["http://api.test/x"], f'Invalid URL "http://api.test/x": {ELSEWHERE}'),
        (["https://api.test.io/x"], f'Invalid URL "https://api.test.io/x": {ELSEWHERE}'),
        (["/x/../y"], 'Invalid path "/x/../y".'),
        (["/x/%2E%2e"], 'Invalid path "/x/%2E%2e".'),
        (["/x y"], 'Invalid path "/x y".'),
        (["/x#y"], 'Invalid path "/x#y".'),
        (["/x", "-f", "limit"], 'Invalid field "limit".'),
        (["/x?limit=1", "-f", "limit=2"], "The field limit is given twice."),
        (["POST", "/x", "--input", "-"], "The body is not valid JSON: Expecting value: line 1 column 1 (char 0)."),
        (["GET", "/x", "--input", "-"], "GET takes no body."),
        (["PUT", "/x", "--input", "none.json"], "none.json can't be read: No such file or directory."),
        (["/x", "--paginate", "-i"], "--include conflicts with --paginate, which reads several responses."),
        (["/x", "--paginate", "-f", "limit=5"], PAGINATE),
        (["POST", "/x", "--paginate"], PAGINATE),
    ],
)  # fmt: skip
def test_what_can_not_be_sent_is_refused_before(synq: Any, answering: Any, line: list[str], said: str) -> None:
    http, seen = answering()
    result = synq("api", *line, environ=ENVIRON, http=http)
    assert (result.status, result.out, seen) == (2, "", [])
    assert result.err.splitlines()[0] == f"synq: {said}"


@pytest.mark.parametrize(
    ("method", "path", "tries", "status"),
    [
        ("GET", "/x", 4, 12),
        ("PUT", "/x", 4, 12),
        ("DELETE", "/x", 4, 12),
        ("POST", "/x", 1, 10),
        ("PATCH", "/x", 1, 10),
        ("POST", "/api/v1/inventory/adjust", 1, 10),
        ("GET", f"/api/v1/oms/orders/{ORDER}", 4, 12),
    ],
)
def test_write_with_an_unknown_outcome_is_not_repeated(
    synq: Any, method: str, path: str, tries: int, status: int
) -> None:
    seen = []
    http = httpx.MockTransport(lambda request: seen.append(request) or httpx.Response(503, text="down"))
    body = ["-f", "a=1"] if method == "POST" else []
    result = synq("api", method, path, *body, "--yes", environ=ENVIRON, http=http)
    assert (result.status, result.out, len(seen)) == (status, "", tries)
    assert ("Check whether it was carried out before you send it again." in result.err) == (status == 10)


def test_the_guards_hold(synq: Any, answering: Any) -> None:
    http, seen = answering(httpx.Response(200, json=[]))
    refused = synq("--read-only", "api", "POST", "/x", environ=ENVIRON, http=http)
    assert (refused.status, refused.err) == (
        11,
        "synq: Read-only mode is on (option --read-only); POST /x was not sent.\n",
    )
    planned = synq("api", "DELETE", "/x", "-f", "a=1", "--dry-run", environ=ENVIRON, http=http, terminal=True)
    assert (planned.status, planned.out, seen) == (0, "Would send DELETE /x?a=1\n", [])
    shown = synq("api", "POST", "/x", "-F", "price=19.90", "--dry-run", environ=ENVIRON, http=http, terminal=True)
    assert shown.out == 'Would send POST /x\nContent-Type: application/json\n{\n  "price": 19.90\n}\n'
    # A dry run reads all the same.
    assert synq("api", "/x", "--dry-run", "-q", environ=ENVIRON, http=http).out == "[]\n"
    assert len(seen) == 1


def test_a_command_that_does_the_same_is_named(synq: Any, answering: Any) -> None:
    body = f'{{"id": "{ORDER}", "total": 19.90}}'
    http, _ = answering(*(httpx.Response(200, text=body) for _ in range(3)))
    known = synq("api", f"/api/v1/oms/orders/{ORDER}", environ=ENVIRON, http=http)
    assert known.err.splitlines()[0] == "`synq orders get` does the same."
    assert known.out == f'{{\n  "id": "{ORDER}",\n  "total": 19.90\n}}\n'
    for other in (f"/api/v1/oms/orders/{ORDER}/notes", "/api/v1/oms/orders/"):
        assert "does this too" not in synq("api", other, environ=ENVIRON, http=http).err


@pytest.mark.parametrize(
    ("reply", "out"),
    [
        (httpx.Response(200, text="OK\n"), "OK\n"),
        (httpx.Response(200, text="<p>\x1b[31m</p>"), "<p>\x1b[31m</p>\n"),
        (httpx.Response(200, text="null"), "null\n"),
        (httpx.Response(200, text='"text"'), '"text"\n'),
        (httpx.Response(200, content=b"\xff"), "\ufffd\n"),
        (httpx.Response(200, text=""), ""),
        (httpx.Response(204), ""),
    ],
)
def test_an_answer_of_any_kind_is_printed(synq: Any, answering: Any, reply: httpx.Response, out: str) -> None:
    http, _ = answering(reply)
    result = synq("api", "/health", "-q", environ=ENVIRON, http=http)
    assert (result.status, result.out, result.err) == (0, out, "")


def test_control_characters_of_an_answer_never_reach_a_terminal(synq: Any, answering: Any) -> None:
    http, _ = answering(httpx.Response(200, text="a\x1b[31mb", headers={"x-odd": "\x1b]0;c"}))
    result = synq("api", "/x", "-i", environ=ENVIRON, http=http, terminal=True)
    assert result.out.splitlines()[0] == "HTTP 200 OK"
    assert result.out.endswith("\n\na\\x1b[31mb\n")
    assert "\x1b" not in result.out


def test_the_head_comes_first_if_asked_for(synq: Any, answering: Any) -> None:
    http, _ = answering(httpx.Response(201, json={"id": 1}, headers={"x-request-id": "r-1"}))
    result = synq("api", "POST", "/x", "-f", "a=1", "-i", "-q", environ=ENVIRON, http=http)
    assert result.out == (
        'HTTP 201 Created\nx-request-id: r-1\ncontent-length: 8\ncontent-type: application/json\n\n{\n  "id": 1\n}\n'
    )


def test_an_error_ends_like_any_other(synq: Any, answering: Any) -> None:
    http, _ = answering(
        httpx.Response(400, json={"error": "Invalid variant_id"}), httpx.Response(404, text="404 page not found")
    )
    result = synq("--json", "-q", "api", "POST", "/api/v1/inventory/adjust", "-f", "a=1", environ=ENVIRON, http=http)
    assert (result.status, result.out) == (3, "")
    assert json.loads(result.err)["error"]["message"] == "The API refused the adjustment: Invalid variant_id."
    missing = synq("-q", "api", "/nope", environ=ENVIRON, http=http)
    assert (missing.status, missing.err) == (
        5,
        "synq: 404 page not found.\n  Check the path: `synq schema` lists the operations that synq knows.\n",
    )


def test_a_route_that_is_only_presumed_is_explained_and_not_asked_for_again(synq: Any, answering: Any) -> None:
    http, seen = answering(httpx.Response(404, text="404 page not found"))
    for _ in range(2):
        result = synq("-q", "api", "/api/v1/inventory/locations", environ=ENVIRON, http=http)
        assert (result.status, len(seen)) == (5, 1)
        assert "This server does not offer the list of stock locations" in result.err


def test_paginate_reads_every_order_once(synq: Any) -> None:
    result = synq("--sandbox", "api", "/api/v1/oms/orders", "--paginate")
    ids = [row["id"] for row in json.loads(result.out)]
    assert (len(ids), len(set(ids))) == (240, 240)
    assert result.err.splitlines()[-1] == "94/100 requests left this minute · sandbox"
    assert len(synq("--sandbox", "api", "/api/v1/oms/orders", "--paginate", "-o", "ndjson").out.splitlines()) == 240


def test_a_list_without_pages_is_what_the_api_gave(synq: Any, answering: Any) -> None:
    http, seen = answering(
        httpx.Response(200, json=[{"id": 1}]),
        httpx.Response(200, json={"orders": None, "limit": 100}),
        httpx.Response(200, json={"id": 1}),
    )
    bare = synq("api", "/x", "--paginate", environ=ENVIRON, http=http)
    assert json.loads(bare.out) == [{"id": 1}]
    assert bare.err.startswith("This list has no pages: these are the 1 rows that the API returns.\n")
    assert synq("api", "/x", "--paginate", "-q", environ=ENVIRON, http=http).out == "[]\n"
    single = synq("api", "/x", "--paginate", "-q", environ=ENVIRON, http=http)
    assert (single.status, single.out) == (2, "")
    assert single.err.startswith("synq: The response is not a paginated list.\n")
    assert [str(request.url) for request in seen] == ["https://api.test/x?limit=100"] * 3


def test_a_deletion_is_asked_for(synq: Any, answering: Any) -> None:
    http, seen = answering(httpx.Response(204))
    off = synq("api", "DELETE", "/x", environ=ENVIRON, http=http)
    assert (off.status, seen) == (11, [])
    assert "Send DELETE /x?" in off.err
    assert synq("api", "DELETE", "/x", environ=ENVIRON, http=http, terminal=True, stdin="n\n").status == 11
    assert synq("api", "DELETE", "/x", environ=ENVIRON, http=http, terminal=True, stdin="y\n").status == 0
    assert len(seen) == 1


def test_a_404_after_a_failure_proves_no_deletion_on_an_unknown_route(synq: Any, answering: Any) -> None:
    http, seen = answering(httpx.Response(503), httpx.Response(404, text="404 page not found"))
    assert synq("api", "DELETE", "/x", "--yes", environ=ENVIRON, http=http).status == 5
    assert len(seen) == 2


@pytest.mark.parametrize(
    ("options", "out"),
    [
        ([], '{\n  "rows": [\n    {\n      "id": "a",\n      "n": 1.50\n    }\n  ],\n  "limit": 1\n}\n'),
        (["--fields", "n", "--json"], '[\n  {\n    "n": 1.50\n  }\n]\n'),
        (["-o", "csv"], "id,n\na,1.50\n"),
        (["-o", "tsv", "--columns", "n"], "n\n1.50\n"),
        (["-o", "table"], "id  n\na   1.50\n"),
        (["-o", "ndjson"], '{"id":"a","n":1.50}\n'),
        (["--jq", ".rows[0].id"], "a\n"),
    ],
)
def test_the_formats_see_the_list_in_an_object(synq: Any, options: list[str], out: str) -> None:
    http = httpx.MockTransport(lambda _: httpx.Response(200, text='{"rows": [{"id": "a", "n": 1.50}], "limit": 1}'))
    result = synq("api", "/x", "-q", *options, environ=ENVIRON, http=http)
    assert (result.status, result.out) == (0, out)
