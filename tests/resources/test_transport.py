"""What is sent, what becomes of the replies, and what is never sent twice."""

import json
import re
import ssl
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from desk import NOW, ORG, TENANT, TOKEN, Clock, Desk, NewDesk, jwt
from table import cases

from synq_cli import __version__
from synq_cli.errors import SynqError, UnknownOutcomeError
from synq_cli.http import operations
from synq_cli.resources.inventory.ledger import Adjustment

ORDER = "86b4e1a9-c27d-4f50-9e38-f1a6d07c5b42"
VARIANT = "d1f0a6c3-58e2-4b97-8a41-3c7e9b2f6d05"
LOCATION = "2b8e4f71-9c3d-4a06-b5f8-6e1d7c0a9352"
MOVEMENT = Adjustment("HMC-NVY-M", VARIANT, LOCATION, "Leith", -5, None)
ADJUST_PATH = "/api/v1/inventory/adjust"
LEDGER_PATH = "/api/v1/inventory/ledger"
LEDGER_CALL = f"GET {LEDGER_PATH}"
POST_CALL = f"POST {ADJUST_PATH}"
LOOK = "Before you send it again, check `synq inventory levels --sku HMC-NVY-M`."


class Server:
    """Answers with what it was given, the last one for ever, and remembers what it was asked."""

    def __init__(self, *replies: httpx.Response | BaseException, ledger: httpx.Response | BaseException | None = None):
        self.replies = list(replies)
        self.ledger = ledger
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if request.url.path == LEDGER_PATH and self.ledger is not None:
            reply = self.ledger
        else:
            reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        if isinstance(reply, BaseException):
            raise reply
        return httpx.Response(reply.status_code, headers=reply.headers, content=reply.content)

    @property
    def calls(self) -> list[str]:
        return [f"{request.method} {request.url.path}" for request in self.requests]


def failed(work: Callable[[], object]) -> SynqError:
    with pytest.raises(SynqError) as caught:
        work()
    return caught.value


def told(error: SynqError) -> tuple[str, int, str]:
    return type(error).__name__, error.exit_status, error.message


def get_order(desk: Desk) -> Any:
    return desk.api.orders.get(ORDER)


def list_locations(desk: Desk) -> Any:
    return desk.api.locations.list()


# What is sent


def test_a_read_carries_the_token_and_both_ids(desk: NewDesk) -> None:
    server = Server(httpx.Response(200, json={"id": ORDER}))
    assert get_order(desk(server)) == {"id": ORDER}
    (request,) = server.requests
    url = f"https://api.synq.io/api/v1/oms/orders/{ORDER}"
    assert (request.method, str(request.url), request.content) == ("GET", url, b"")
    headers = {name: value for name, value in request.headers.items() if name not in {"accept-encoding", "connection"}}
    assert headers == {
        "host": "api.synq.io",
        "accept": "application/json, */*;q=0.5",
        "user-agent": f"synq/{__version__}",
        "authorization": f"Bearer {TOKEN}",
        "x-tenant-id": TENANT,
        "x-org-id": ORG,
    }


def test_the_setting_goes_before_the_claim(desk: NewDesk) -> None:
    server = Server(httpx.Response(200, json={"id": ORDER}))
    other = "11111111-2222-4333-8444-555555555555"
    get_order(desk(server, org_id=other))
    assert (server.requests[0].headers["x-tenant-id"], server.requests[0].headers["x-org-id"]) == (TENANT, other)


def test_the_body_is_json_and_says_so(desk: NewDesk) -> None:
    server = Server(httpx.Response(201, json={"id": "e1"}))
    assert desk(server).api.inventory.adjust(MOVEMENT) == {"id": "e1"}
    (request,) = server.requests
    assert (f"{request.method} {request.url.path}", request.headers["content-type"]) == (POST_CALL, "application/json")
    assert json.loads(request.content) == {"variant_id": VARIANT, "location_id": LOCATION, "quantity_delta": -5}


def test_what_stands_in_a_path_or_query_is_quoted(desk: NewDesk) -> None:
    server = Server(httpx.Response(200, json={}))
    desk(server).api.transport.send(operations.GET_ORDER, {"orderID": "../a b?c#d"}, query={"q": "x&y=z", "none": None})
    assert str(server.requests[0].url) == ("https://api.synq.io/api/v1/oms/orders/..%2Fa%20b%3Fc%23d?q=x%26y%3Dz")


@pytest.mark.parametrize("operation", [operations.ADJUST_INVENTORY, operations.DELETE_PRODUCT])
def test_a_read_only_run_sends_no_write(desk: NewDesk, operation: Any) -> None:
    server = Server(httpx.Response(200, json={}))
    error = failed(lambda: desk(server, read_only="true").api.transport.send(operation, {"productID": "p"}, body={}))
    message = f"Read-only mode is on (option --read-only); {operation.method} {operation.path} was not sent."
    assert (*told(error), server.calls) == ("RefusedError", 11, message, [])


def test_another_tenants_token_is_sent_nowhere(desk: NewDesk) -> None:
    server = Server(httpx.Response(200, json={}))
    error = failed(lambda: get_order(desk(server, tenant_id="11111111-2222-4333-8444-555555555555")))
    assert (type(error).__name__, error.exit_status, server.calls) == ("RefusedError", 11, [])


@cases("claim", ["", "t\u00fcr", "a\r\nX-Evil: 1", "a b\x00", " " * 3])
def test_claim_that_does_not_fit_a_header_is_omitted(desk: NewDesk, claim: str) -> None:
    server = Server(httpx.Response(200, json={"id": ORDER}))
    get_order(desk(server, token=jwt(tenantid=claim, org_id=ORG)))
    assert ("x-tenant-id" in server.requests[0].headers, server.requests[0].headers["x-org-id"]) == (False, ORG)


def test_a_body_of_more_than_10_mb_stays_here(desk: NewDesk) -> None:
    server = Server(httpx.Response(200, json={}))
    error = failed(lambda: desk(server).api.transport.send(operations.ADJUST_INVENTORY, body={"a": "x" * 10_000_000}))
    assert told(error) == ("UsageError", 2, "The body is 10,000,008 bytes; the API accepts at most 10,000,000.")
    assert server.calls == []


# What a reply means

REFUSED, FAILED = "The API refused the order: Too bad.", "The API failed on the order: Too bad."
TENANT_HINT = "Check the id. `synq auth status` shows which tenant you are using."
ROLE_HINT = "`synq auth status` shows your role and tenant."
LATER_HINT = "The problem is on the server; try again later."
ERROR_MAP = {
    400: ("RejectedError", 3, REFUSED, None, 1),
    401: ("AuthError", 4, REFUSED, "Set SYNQ_TOKEN to a new token.", 1),
    403: ("AuthError", 4, REFUSED, ROLE_HINT, 1),
    404: ("NotFoundError", 5, f"Too bad: {ORDER}.", TENANT_HINT, 1),
    405: ("RejectedError", 3, REFUSED, None, 1),
    408: ("ServerError", 12, FAILED, LATER_HINT, 4),
    409: ("ConflictError", 8, REFUSED, None, 1),
    412: ("ConflictError", 8, REFUSED, None, 1),
    413: ("RejectedError", 3, REFUSED, None, 1),
    418: ("RejectedError", 3, REFUSED, None, 1),
    422: ("RejectedError", 3, REFUSED, None, 1),
    500: ("ServerError", 12, FAILED, LATER_HINT, 4),
    501: ("ServerError", 12, FAILED, LATER_HINT, 1),
    502: ("ServerError", 12, FAILED, LATER_HINT, 4),
    503: ("ServerError", 12, FAILED, LATER_HINT, 4),
    504: ("ServerError", 12, FAILED, LATER_HINT, 4),
}


@cases("status", ERROR_MAP)
def test_the_error_map_of_a_read(desk: NewDesk, status: int) -> None:
    server = Server(httpx.Response(status, json={"error": "too bad."}, headers={"X-Request-ID": "req-7"}))
    error = failed(lambda: get_order(desk(server)))
    assert (*told(error), error.hint, len(server.requests)) == ERROR_MAP[status]
    assert (error.status, error.request_id) == (status, "req-7")


BODIES = {
    b'{"error": "order is gone"}': "Order is gone",
    b'{"error": "order is gone.", "code": 7}': "Order is gone",
    b"order is gone\n": "Order is gone",
    b'{"error": {"text": "order is gone"}}': '{"error": {"text": "order is gone"}}',
    b'{"message": "order is gone"}': '{"message": "order is gone"}',
    b'"order is gone"': '"order is gone"',
    b'{"error": ""}': "400 Bad Request",
    b"": "400 Bad Request",
    b"  \r\n ": "400 Bad Request",
    b"<!DOCTYPE html><html><body>secret page</body></html>": "400 Bad Request",
    b"<HTML><body>page</body>": "400 Bad Request",
    b"\xff\xfe order": "\ufffd\ufffd order",
    b'\xef\xbb\xbf{"error": "order is gone"}': "Order is gone",
    b"x" * 100_000: "X" + "x" * 499,
    b"[" * 100_000: "[" * 500,
}


@cases("body", BODIES)
def test_an_error_in_any_dress(desk: NewDesk, body: bytes) -> None:
    error = failed(lambda: get_order(desk(Server(httpx.Response(400, content=body)))))
    assert told(error) == ("RejectedError", 3, f"The API refused the order: {BODIES[body]}.")


@cases(
    ("reply", "said"),
    [
        (httpx.Response(502, content=b"\n\n bad", headers={"content-type": "text/html"}), "failed on the order: 502"),
        (httpx.Response(599), "failed on the order: 599."),
        (httpx.Response(304), "redirects to nowhere; synq sends the token to no other host."),
        (httpx.Response(307, headers={"location": "https://evil.example/"}), "redirects to https://evil.example/; "),
    ],
)
def test_other_failures_of_the_server(desk: NewDesk, reply: httpx.Response, said: str) -> None:
    server = Server(reply)
    assert failed(lambda: get_order(desk(server))).message.startswith(f"The API {said}")
    assert {request.url.host for request in server.requests} == {"api.synq.io"}


def test_a_401_says_when_the_token_ended(desk: NewDesk) -> None:
    server = Server(httpx.Response(401, text="Unauthorized: Invalid token\n"))
    error = failed(lambda: get_order(desk(server, token=jwt(tenantid=TENANT, exp=NOW - 600))))
    assert told(error) == ("AuthError", 4, "The API refused the order: Unauthorized: Invalid token.")
    assert error.hint == "The token expired 10 minutes ago. Set SYNQ_TOKEN to a new token."


NONSENSE = {
    "html": (httpx.Response(200, html="<html>welcome</html>"), "status 200 with a body that is not JSON (text/html"),
    **{
        name: (httpx.Response(200, content=content), "status 200 with a body that is not JSON (no content type)")
        for name, content in {
            "broken": b'{"id": ', "empty": b"", "not utf-8": b'{"id": "\xff"}', "nan": b'{"id": NaN}',
            "deep": b"[" * 100_000,
        }.items()
    },
    **{
        repr(reply): (reply, "it is not the object that was asked for.")
        for reply in (httpx.Response(200, json=[]), httpx.Response(204), httpx.Response(200, json={}))
    },
    "error": (httpx.Response(200, json={"error": "No such tenant."}), "status 200 with an error (No such tenant)."),
}  # fmt: skip


@cases("case", NONSENSE)
def test_a_reply_that_is_not_the_apis(desk: NewDesk, case: str) -> None:
    reply, what = NONSENSE[case]
    server = Server(reply)
    error = failed(lambda: get_order(desk(server)))
    assert (type(error).__name__, error.exit_status, len(server.requests)) == ("ServerError", 12, 1)
    assert error.message.startswith(f"Invalid response to GET /api/v1/oms/orders/{{orderID}}: {what}")
    assert error.hint == "Check the base URL: synq config get base_url"


def test_error_in_a_successful_response_to_a_write_leaves_its_outcome_unknown(desk: NewDesk) -> None:
    server = Server(httpx.Response(200, json={"error": "try later"}))
    error = failed(lambda: desk(server).api.channels.create("shop", "EUR", active=True))
    said = "Invalid response to POST /api/v1/channels: status 200 with an error (try later). It may have been applied."
    assert (told(error), len(server.requests)) == (("UnknownOutcomeError", 10, said), 1)


def test_redirected_write_may_have_been_applied(desk: NewDesk) -> None:
    server = Server(httpx.Response(303, headers={"location": "/channels/7"}))
    error = failed(lambda: desk(server).api.channels.create("shop", "EUR", active=True))
    said = "The API redirects to /channels/7; synq sends the token to no other host. The request may have been applied."
    assert (told(error), len(server.requests)) == (("UnknownOutcomeError", 10, said), 1)


def test_byte_order_mark_before_a_response_is_ignored(desk: NewDesk) -> None:
    made = desk(Server(httpx.Response(200, content=b'\xef\xbb\xbf[{"name": "shop"}]')))
    assert made.api.channels.list() == [{"name": "shop"}]


@cases("answer", [{"orders": [1]}, {"orders": "x"}, {"other": []}, "text", 5, [["row"]]])
def test_a_list_of_another_shape(desk: NewDesk, answer: object) -> None:
    made = desk(Server(httpx.Response(200, json=answer)))
    listing = made.api.orders.matching(None, channel=None, since=None)
    message = "Invalid response to GET /api/v1/oms/orders: it holds no list of objects."
    assert told(failed(lambda: list(listing.first(5)))) == ("ServerError", 12, message)


# What is sent again

FAILURES: dict[Any, str] = {
    httpx.ConnectError("no route"): "api.synq.io could not be reached: no route.",
    httpx.ConnectTimeout("slow"): "api.synq.io could not be reached within 10 s.",
    httpx.ReadTimeout("slow"): "api.synq.io did not respond within 30 s.",
    httpx.ReadError(""): "The connection to api.synq.io was lost: ReadError.",
}
NETWORK_HINT = "Check the network and the base URL (https://api.synq.io); a slow API may need a longer --timeout."


@pytest.mark.parametrize("failure", FAILURES, ids=repr)
def test_a_read_is_repeated_three_times_with_growing_pauses(desk: NewDesk, failure: Any) -> None:
    server = Server(failure)
    made = desk(server)
    error = failed(lambda: get_order(made))
    assert (len(server.requests), made.clock.slept) == (4, [0.5, 1.0, 2.0])
    assert (error.message, error.exit_status, error.hint) == (FAILURES[failure], 7, NETWORK_HINT)


def test_a_read_that_works_in_the_end(desk: NewDesk) -> None:
    server = Server(httpx.Response(503), httpx.ReadTimeout("slow"), httpx.Response(200, json={"id": ORDER}))
    made = desk(server)
    assert get_order(made) == {"id": ORDER}
    assert made.clock.slept == [0.5, 1.0]
    assert made.ear.waits == [(1.0, "api.synq.io did not respond within 30 s; retrying")]
    url = f"https://api.synq.io/api/v1/oms/orders/{ORDER}"
    assert [re.sub(r"[0-9]+ ms", "N ms", line) for line in made.ear.lines] == [
        f"GET {url} 503 N ms",
        f"GET {url} N ms api.synq.io did not respond within 30 s",
        f"GET {url} 200 N ms",
    ]
    assert made.api.transport.requests == 3


def test_retries_keep_within_max_wait_and_each_says_why(desk: NewDesk, clock: Clock) -> None:
    def slow(_request: httpx.Request) -> httpx.Response:
        clock.at += 30
        raise httpx.ReadTimeout("slow")

    made = desk(slow, max_wait="60")
    assert failed(lambda: get_order(made)).message == "api.synq.io did not respond within 30 s."
    assert made.ear.waits == [(0.5, "api.synq.io did not respond within 30 s; retrying")]
    assert made.api.transport.requests == 2


def test_a_certificate_that_is_not_trusted_is_not_tried_again(desk: NewDesk) -> None:
    cause = ssl.SSLCertVerificationError()
    cause.verify_code, cause.verify_message = 20, "unable to get local issuer certificate"
    untrusted = httpx.ConnectError("certificate verify failed")
    untrusted.__cause__ = cause
    made = desk(Server(untrusted))
    error = failed(lambda: get_order(made))
    assert (error.exit_status, error.retryable, made.clock.slept) == (7, False, [])
    assert error.message == "The certificate of api.synq.io is not trusted: it comes from an unknown issuer."
    assert "SSL_CERT_FILE" in str(error.hint)


def test_requests_that_were_never_sent_cost_nothing(desk: NewDesk) -> None:
    made = desk(Server(httpx.ConnectError("no route")))
    assert failed(lambda: made.api.inventory.adjust(MOVEMENT)).exit_status == 7
    assert (made.api.transport.requests, made.budget.snapshot().remaining) == (0, 100)


def test_a_repeated_delete_that_finds_nothing_is_done(desk: NewDesk) -> None:
    server = Server(httpx.ReadTimeout("slow"), httpx.Response(404, text="Product not found"))
    assert desk(server).api.products.delete({"id": ORDER}) is None
    assert server.calls == [f"DELETE /api/v1/pim/products/{ORDER}"] * 2


def test_a_first_delete_that_finds_nothing_is_an_error(desk: NewDesk) -> None:
    server = Server(httpx.Response(404, text="Product not found"))
    error = failed(lambda: desk(server).api.products.delete({"id": ORDER}))
    assert (*told(error), len(server.requests)) == ("NotFoundError", 5, f"Product not found: {ORDER}.", 1)


@pytest.mark.parametrize("reply", [httpx.Response(204), httpx.Response(200), httpx.Response(200, json={"ok": True})])
def test_a_delete_may_answer_anything(desk: NewDesk, reply: httpx.Response) -> None:
    server = Server(reply)
    desk(server).api.products.delete({"id": ORDER})
    assert len(server.requests) == 1


# What is never sent twice

MAYBE = "it may have been applied."
INVALID = f"Invalid response to {POST_CALL}: {{}}. It may have been applied."
NOT_JSON = "status {} with a body that is not JSON ({})"
UNCLEAR: dict[Any, str] = {
    httpx.ReadTimeout("slow"): f"{POST_CALL} was sent, but api.synq.io did not respond within 30 s; {MAYBE}",
    httpx.WriteTimeout("slow"): f"{POST_CALL} was sent, but api.synq.io did not respond within 30 s; {MAYBE}",
    httpx.ReadError("reset"): f"{POST_CALL} was sent, but the connection to api.synq.io was lost: reset; {MAYBE}",
    **{
        httpx.Response(status, text="oh\n", headers={"Retry-After": "1"}): (
            f"The API responded to the adjustment with an error (Oh); {MAYBE}"
        )
        for status in (408, 500, 501, 503)
    },
    httpx.Response(200, content=b"{garbage"): INVALID.format(NOT_JSON.format(200, "no content type")),
    httpx.Response(200, content=b"<", headers={"content-type": "text/html"}): INVALID.format(
        NOT_JSON.format(200, "text/html")
    ),
    httpx.Response(201): INVALID.format(NOT_JSON.format(201, "no content type")),
    httpx.Response(200, json=[]): INVALID.format("it is not an object"),
    httpx.Response(204): INVALID.format("it is not an object"),
}
ENTRY = {"id": "e9", "quantity_delta": -5, "created_at": "2026-11-24T12:00:03Z", "variant_id": VARIANT}
THERE = "The ledger shows an entry of -5 posted at {} (e9): it was most likely applied. Do not send it again."
MAYBE_EARLIER = "it may be an earlier one."
EARLIER = (
    f"The ledger shows an entry of -5 posted at {{}} (e9), {{}} s before this one was sent: {MAYBE_EARLIER} {LOOK}"
)
NOT_THERE = f"The ledger shows no such entry yet. {LOOK}"


@pytest.mark.parametrize("reply", UNCLEAR, ids=repr)
def test_an_adjustment_without_a_clear_answer_is_sent_once_and_looked_up(desk: NewDesk, reply: Any) -> None:
    server = Server(reply, ledger=httpx.Response(200, json={"entries": [ENTRY]}))
    made = desk(server)
    error = failed(lambda: made.api.inventory.adjust(MOVEMENT))
    assert server.calls == [POST_CALL, LEDGER_CALL]
    assert (*told(error), error.hint) == ("UnknownOutcomeError", 10, UNCLEAR[reply], THERE.format(ENTRY["created_at"]))
    assert dict(server.requests[1].url.params) == {"variant_id": VARIANT, "location_id": LOCATION, "limit": "20"}
    assert made.clock.slept == []


@pytest.mark.parametrize(
    ("posted", "hint"),
    [
        ("12:02:00", THERE),  # a server whose clock is ahead
        ("12:00:00", THERE),
        ("11:59:59", THERE),
        ("11:59:58", EARLIER.format("{}", 2)),
        ("11:58:00", EARLIER.format("{}", 120)),
        ("11:57:59", NOT_THERE),
    ],
)  # fmt: skip
def test_entries_within_two_minutes_may_be_ours_since_clocks_differ(desk: NewDesk, posted: str, hint: str) -> None:
    at = f"2026-11-24T{posted}Z"
    server = Server(httpx.ReadTimeout("slow"), ledger=httpx.Response(200, json=[ENTRY | {"created_at": at}]))
    assert failed(lambda: desk(server).api.inventory.adjust(MOVEMENT)).hint == hint.format(at)


OTHERS = {
    "another quantity": ENTRY | {"quantity_delta": 5},
    "an unknown time": ENTRY | {"created_at": ""},
    "another variant": ENTRY | {"variant_id": ORDER},
    "another location": ENTRY | {"location_id": ORDER},
}


@pytest.mark.parametrize("case", OTHERS)
def test_another_entry_is_not_taken_for_ours(desk: NewDesk, case: str) -> None:
    server = Server(httpx.ReadTimeout("slow"), ledger=httpx.Response(200, json=[OTHERS[case]]))
    assert failed(lambda: desk(server).api.inventory.adjust(MOVEMENT)).hint == NOT_THERE


UNREADABLE = {
    "missing": (
        httpx.Response(404, text="404 page not found\n"),
        "This server does not offer the stock ledger: it has no route GET /api/v1/inventory/ledger",
        1,
    ),
    "forbidden": (httpx.Response(403, text="no"), "The API refused the stock ledger: No", 1),
    "down": (httpx.ConnectError("no route"), "api.synq.io could not be reached: no route", 4),
    "garbage": (
        httpx.Response(200, content=b"?"),
        ("Invalid response to GET /api/v1/inventory/ledger: status 200 with a body that is not JSON (no content type)"),
        1,
    ),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_an_adjustment_whose_ledger_can_not_be_read(desk: NewDesk, case: str) -> None:
    ledger, why, times = UNREADABLE[case]
    server = Server(httpx.ReadTimeout("slow"), ledger=ledger)
    error = failed(lambda: desk(server).api.inventory.adjust(MOVEMENT))
    assert isinstance(error, UnknownOutcomeError)
    assert error.hint == f"The ledger could not be read either ({why}). {LOOK}"
    assert server.calls == [POST_CALL] + [LEDGER_CALL] * times


def test_an_adjustment_that_never_left_goes_again(desk: NewDesk) -> None:
    server = Server(httpx.ConnectError("no route"), httpx.ConnectTimeout("slow"), httpx.Response(200, json={"id": "e"}))
    made = desk(server)
    assert made.api.inventory.adjust(MOVEMENT) == {"id": "e"}
    assert (server.calls, made.clock.slept) == ([POST_CALL] * 3, [0.5, 1.0])


@pytest.mark.parametrize("status", [status for status in ERROR_MAP if status < 500 and status not in {401, 404, 408}])
def test_a_refused_adjustment_is_as_clear_as_a_refused_read(desk: NewDesk, status: int) -> None:
    server = Server(httpx.Response(status, json={"error": "too bad"}))
    error = failed(lambda: desk(server).api.inventory.adjust(MOVEMENT))
    kind, exit_status, _, hint, _ = ERROR_MAP[status]
    assert (*told(error), error.hint) == (kind, exit_status, "The API refused the adjustment: Too bad.", hint)
    assert server.calls == [POST_CALL]


def test_ctrl_c_during_an_adjustment_says_that_it_may_have_been_applied(desk: NewDesk) -> None:
    server = Server(KeyboardInterrupt())
    message = (
        f"Interrupted while {POST_CALL} was in progress; it may have been applied. Check before you send it again."
    )
    assert told(failed(lambda: desk(server).api.inventory.adjust(MOVEMENT))) == ("InterruptError", 130, message)
    assert server.calls == [POST_CALL]
    server = Server(httpx.ReadTimeout("slow"), ledger=KeyboardInterrupt())
    error = failed(lambda: desk(server).api.inventory.adjust(MOVEMENT))
    assert (error.exit_status, error.hint) == (10, f"Reading the ledger was interrupted. {LOOK}")
    assert server.calls == [POST_CALL, LEDGER_CALL]


# Waiting for the rate limit


@pytest.mark.parametrize(
    ("headers", "seconds"), [({"Retry-After": "7"}, 7.0), ({"Retry-After": "0.5"}, 0.5), ({}, 1.0)]
)
def test_a_refusal_is_waited_out(desk: NewDesk, headers: dict[str, str], seconds: float) -> None:
    server = Server(httpx.Response(429, headers=headers), httpx.Response(200, json={"id": ORDER}))
    made = desk(server)
    assert get_order(made) == {"id": ORDER}
    # A margin for clocks, and a little jitter for each step.
    assert seconds <= sum(made.clock.slept) <= seconds + 0.2
    assert len(server.requests) == 2


def test_a_refusal_beyond_max_wait_ends_it(desk: NewDesk) -> None:
    server = Server(httpx.Response(429, headers={"Retry-After": "31", "X-Request-ID": "req-7"}))
    made = desk(server, max_wait=30)
    error = failed(lambda: get_order(made))
    assert told(error) == ("RateLimitedError", 6, "The API refuses more requests for 31 s, but --max-wait is 30 s.")
    assert (error.status, error.request_id, len(server.requests), made.clock.slept) == (429, "req-7", 1, [])
    assert failed(lambda: get_order(made)).exit_status == 6
    assert len(server.requests) == 1


def test_refusals_without_end_stay_within_max_wait(desk: NewDesk) -> None:
    server = Server(httpx.Response(429, headers={"Retry-After": "0"}))
    made = desk(server)
    assert failed(lambda: get_order(made)).exit_status == 6
    assert made.clock.at - NOW <= 120
    assert len(server.requests) <= 7  # the pause doubles


def test_a_503_that_asks_for_a_pause_gets_it(desk: NewDesk) -> None:
    server = Server(httpx.Response(503, headers={"Retry-After": "20"}), httpx.Response(200, json={"id": ORDER}))
    made = desk(server)
    get_order(made)
    assert made.clock.slept == [20]


# Routes that are only presumed

BARE = [
    httpx.Response(404),
    httpx.Response(404, text="404 page not found\n"),
    httpx.Response(405),
    httpx.Response(405, json={"error": "method not allowed"}),
]


@pytest.mark.parametrize("reply", BARE, ids=lambda reply: f"{reply.status_code} {reply.text[:20]!r}")
def test_a_route_that_is_missing_is_not_asked_for_a_day(desk: NewDesk, reply: httpx.Response) -> None:
    server = Server(reply)
    made = desk(server)
    error = failed(made.api.locations.list)
    message = "This server does not offer the list of stock locations: it has no route GET /api/v1/inventory/locations."
    hint = "Use the dashboard for this. synq tries again in a day, or right after `synq doctor --network`."
    assert (*told(error), error.hint, error.status) == ("NotFoundError", 5, message, hint, 404)
    made.clock.at += 86_399
    again = desk(server)
    assert told(failed(again.api.locations.list)) == told(error)
    assert len(server.requests) == 1
    made.clock.at += 2
    failed(again.api.locations.list)
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("reply", "work", "said"),
    [
        # A proxy may have answered these.
        (httpx.Response(404, json={"error": "Not Found"}), list_locations, "This server does not offer the list of"),
        (httpx.Response(404, html="<html>no</html>"), list_locations, "This server does not offer the list of"),
        (httpx.Response(404, json={"error": "location not found"}), list_locations, "Location not found."),
        (httpx.Response(404), get_order, f"404 Not Found: {ORDER}."),  # a documented route
    ],
)
def test_other_404s_are_asked_for_again(desk: NewDesk, reply: httpx.Response, work: Any, said: str) -> None:
    server = Server(reply)
    for count in (1, 2):
        made = desk(server)
        assert failed(lambda made=made: work(made)).message.startswith(said)
        assert len(server.requests) == count


def test_a_missing_route_is_one_tenants_and_one_operations(desk: NewDesk) -> None:
    server = Server(httpx.Response(404), httpx.Response(200, json=[]))
    made = desk(server)
    failed(made.api.locations.list)
    assert desk(server, token=jwt(tenantid=ORG)).api.locations.list() == []
    assert made.api.transport.send(operations.LIST_VARIANTS) == []


# The token

SECRET = "opaque-token-0123456789"
LOUD = {
    "plain text": httpx.Response(400, text=f"bad token {SECRET}"),
    "json": httpx.Response(500, json={"error": f"Bearer {SECRET} failed"}),
    "redirect": httpx.Response(307, headers={"location": f"https://elsewhere.example/?token={SECRET}"}),
    "long": httpx.Response(404, text="x" * 490 + SECRET),
    "content type": httpx.Response(200, headers={"content-type": f"text/{SECRET}"}, content=b"?"),
    "request id": httpx.Response(403, headers={"x-request-id": SECRET}),
    "broken": httpx.ReadError(f"Bearer {SECRET}"),
    "unreachable": httpx.ConnectError(f"Bearer {SECRET}"),
}
WORK = {"read": get_order, "adjustment": lambda made: made.api.inventory.adjust(MOVEMENT)}


@cases("case", LOUD)
@cases("work", WORK)
def test_the_token_is_in_no_message_even_if_the_api_repeats_it(desk: NewDesk, case: str, work: str) -> None:
    made = desk(Server(LOUD[case]), token=SECRET)
    error = failed(lambda: WORK[work](made))
    said = json.dumps(error.as_json()) + repr(error) + repr(made.ear.lines) + repr(made.ear.waits)
    said += repr(vars(made.api.transport))
    assert SECRET[:10] not in said


def test_a_reserve_is_left_to_other_commands(desk: NewDesk) -> None:
    made = desk(Server(httpx.Response(200, json=[])))
    made.api.transport.reserve = 20
    for _ in range(79):
        made.budget.record(made.budget.acquire(timeout=1, max_wait=0))
    made.api.transport.send(operations.LIST_AUDIT_EVENTS)
    assert made.api.transport.prefetch(operations.LIST_ORDERS, None) is None
    assert made.ear.waits == []
    made.api.transport.send(operations.LIST_AUDIT_EVENTS)
    assert {reason for _, reason in made.ear.waits} == {"the last 20 requests are left to other commands"}
