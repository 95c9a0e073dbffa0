"""The error table of the interface: each exit status, in prose and as JSON, and no secret in any of it."""

import json
from typing import Any

import httpx
from table import cases

CANARY = "eyJhbGciOiJub25lIn0.eyJ0ZW5hbnRpZCI6IjZmMWQyYzg0LTNiN2EtNGU1OS05YzEwLTJhOGU1ZDRiN2YzMSJ9.canary-5d1f"
TENANT = "6f1d2c84-3b7a-4e59-9c10-2a8e5d4b7f31"
ORDER = "86b4e1a9-c27d-4f50-9e38-f1a6d07c5b42"
ADJUST = ("inventory", "adjust", ORDER, "-5", "--location", ORDER)
ENVIRON = {"SYNQ_TOKEN": CANARY, "SYNQ_BASE_URL": "https://api.test"}


def reply(status: int, error: str | None = None, **headers: str) -> httpx.Response:
    body = {"error": error} if error else {}
    return httpx.Response(status, json=body, headers={name.replace("_", "-"): value for name, value in headers.items()})


CASES: dict[str, tuple[tuple[str, ...], list[Any], int, str, int | None, str]] = {
    "a bug": (("channels", "list"), [ZeroDivisionError("boom")], 1, "internal", None, "bug in synq"),
    "a wrong option": (("orders", "list", "--limit", "x"), [], 2, "usage", None, "--limit"),
    "a wrong group": (("order", "list"), [], 2, "usage", None, 'Unknown command "synq order"'),
    "a wrong status": (("orders", "list", "--status", "opne"), [], 2, "usage", None, '"opne"'),
    "a wrong id": (("orders", "get", "x"), [], 2, "usage", None, 'Invalid order id "x"'),
    "a wrong quantity": (("inventory", "adjust", "A-1", "five"), [], 2, "usage", None, '"five"'),
    "refused by the API": (ADJUST, [reply(400, "Invalid variant_id")], 3, "rejected", 400, "Invalid variant_id"),
    "not allowed": (("channels", "list"), [reply(403, "Forbidden: no role")], 4, "auth", 403, "no role"),
    "not logged in": (("channels", "list"), [reply(401, "Unauthorized: bad")], 4, "auth", 401, "bad"),
    "not found": (("orders", "get", ORDER), [reply(404, "order not found")], 5, "not_found", 404, ORDER),
    "unknown SKU": (("inventory", "adjust", "A-1", "5"), [httpx.Response(200, json=[])], 5, "not_found", None, "A-1"),
    "rate limited": (
        ("--max-wait", "10", "channels", "list"), [reply(429, "Rate limit exceeded", Retry_After="42")],
        6, "rate_limited", 429, "42 s",
    ),
    "no network": (("channels", "list"), [httpx.ConnectError("refused")] * 4, 7, "network", None, "refused"),
    "conflict": (ADJUST, [reply(409, "changed meanwhile")], 8, "conflict", 409, "Changed meanwhile"),
    "answer lost": (
        ADJUST, [httpx.ReadTimeout("late"), httpx.Response(200, json={"entries": []})],
        10, "unknown", None, "may have been applied",
    ),
    "read-only": (("--read-only", *ADJUST), [], 11, "refused", None, "read-only"),
    "not confirmed": (
        ("products", "delete", ORDER), [httpx.Response(200, json={"id": ORDER, "title": "Cap"})],
        11, "refused", None, "Delete Cap",
    ),
    "the server fails": (("channels", "list"), [reply(503, "down")] * 4, 12, "server", 503, "Down"),
    "not the API": (("channels", "list"), [httpx.Response(200, html="<html>")], 12, "server", None, "not JSON"),
    "still in progress": (
        ("products", "jobs", "watch", ORDER, "--for", "0", "-q"),
        [httpx.Response(200, json=[{"id": ORDER, "status": "PENDING"}])],
        75, "running", None, "still in progress",
    ),
    "interrupted": (("channels", "list"), [KeyboardInterrupt()], 130, "interrupted", None, "Interrupted"),
}  # fmt: skip


# What to do where the error has no hint.
NEXT = {
    "refused by the API": "Correct what the message names, then send it again; as it is, it will be rejected again.",
    "conflict": "Read the object again, then decide whether the change still applies.",
    "read-only": "Ask a person whether this is permitted; nothing was sent.",
    "interrupted": "If it was a change, check whether it was applied before you run the command again.",
}


def answer(replies: list[Any]) -> tuple[httpx.MockTransport, list[httpx.Request]]:
    queue, seen = list(replies), []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        following = queue.pop(0)
        if isinstance(following, BaseException):
            raise following
        return httpx.Response(following.status_code, content=following.content, headers=following.headers)

    return httpx.MockTransport(handle), seen


@cases("name", CASES)
def test_in_prose(synq: Any, name: str) -> None:
    line, replies, status, _, _, words = CASES[name]
    http, seen = answer(replies)
    result = synq(*line, environ=ENVIRON, http=http)
    assert (result.status, result.out, len(seen)) == (status, "", len(replies))
    assert "canary" not in result.err
    said = [told for told in result.err.splitlines() if not told.startswith("Waiting")]
    assert said[0].startswith("synq: ")
    assert words in said[0]
    assert len(said) <= 3  # the sentence, its hint, the footer
    assert "Traceback" not in result.err


@cases("name", CASES)
def test_as_json(synq: Any, name: str) -> None:
    line, replies, status, code, http_status, words = CASES[name]
    http, _ = answer(replies)
    result = synq("--json", *line, "--quiet", environ=ENVIRON, http=http)
    assert (result.status, result.out) == (status, "")
    error = json.loads(result.err)["error"]
    assert list(error) == ["code", "message", "status", "hint", "next", "retryable", "request_id"]
    assert (error["code"], error["status"]) == (code, http_status)
    assert error["next"] == (error["hint"] or NEXT[name])
    assert words in error["message"]
    assert error["retryable"] == (code in {"rate_limited", "network", "server", "running"})


def test_the_format_may_follow_the_words_that_are_wrong(synq: Any) -> None:
    for line in (("orders", "list", "--limit", "x", "--json"), ("order", "list", "--json")):
        assert json.loads(synq(*line).err)["error"]["code"] == "usage"


@cases("name", CASES)
def test_the_token_is_nowhere(synq: Any, name: str) -> None:
    line, replies, status, *_ = CASES[name]
    environ = {"SYNQ_BASE_URL": "https://api.test"}
    login, _ = answer([httpx.Response(200, json=[])])
    assert synq("auth", "login", "--with-token", stdin=CANARY, http=login, environ=environ).status == 0
    http, seen = answer(replies)
    result = synq("--debug", *line, environ=environ, http=http)
    assert result.status == status
    assert all(request.headers["Authorization"] == f"Bearer {CANARY}" for request in seen)
    assert "canary" not in result.out + result.err
    files = [path for path in synq.folder.rglob("*") if path.is_file()]
    assert [path for path in files if b"canary" in path.read_bytes()] == []


def test_traceback_is_shown_only_with_debug(synq: Any) -> None:
    http, _ = answer([ZeroDivisionError("boom")])
    assert "ZeroDivisionError: boom\n" in synq("channels", "list", "--debug", environ=ENVIRON, http=http).err


def test_another_tenants_token_is_refused_before_anything_is_sent(synq: Any) -> None:
    other = "11111111-2222-4333-8444-555555555555"
    http, seen = answer([])
    result = synq("orders", "list", environ=ENVIRON | {"SYNQ_TENANT_ID": other}, http=http)
    assert (result.status, result.out, seen) == (11, "", [])
    assert other in result.err
    assert TENANT in result.err
