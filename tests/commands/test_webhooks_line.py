"""`synq webhooks`: signing, checking and sending, with the secret from each of its places and in none of the others."""

import json
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from table import cases

from synq_cli.resources.webhooks import sign

SECRET = "example-webhook-secret"
BODY = (
    b'{"connection_id":"66f3c2a8e19d4b7051d8a0f2","event":"accounting.order.created",'
    b'"data":{"id":"ext-5093317","currency":"GBP","total_amount":89.5}}'
)
SIGNATURE = "d518b514cd5e1bc8c2add15e5eb908b552618265e5ca115d0f11a7fc028f8333"
ENVIRON = {"SYNQ_TOKEN": "a.b.c", "SYNQ_BASE_URL": "https://api.test", "SYNQ_WEBHOOK_SECRET": SECRET}
NOWHERE = {"SYNQ_BASE_URL": "https://api.test"}
CONNECTION = "66f3c2a8e19d4b7051d8a0f2"
TO_SYNQ = ("webhooks", "send", "/unified/webhook", "--event", "accounting.order.created", "--connection", CONNECTION)
WAYS = "Pipe it in with --secret-stdin, set SYNQ_WEBHOOK_SECRET, or store it: synq webhooks sign FILE --keep-secret"


@dataclass
class Receiver:
    """Somebody's webhook receiver on this machine: what it was sent, and what it answers."""

    status: int = 200
    answer: bytes = b"thanks\nand more"
    paths: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    url: str = ""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    kept = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            kept.paths.append(self.path)
            kept.headers.append({name.lower(): value for name, value in self.headers.items()})
            kept.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(kept.status)
            self.send_header("Content-Length", str(len(kept.answer)))
            self.end_headers()
            self.wfile.write(kept.answer)

        def log_message(self, *_words: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        kept.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield kept
        server.shutdown()


@pytest.fixture
def body(tmp_path: Path) -> str:
    (tmp_path / "body.json").write_bytes(BODY)
    return str(tmp_path / "body.json")


# sign and verify


def test_sign_prints_the_signature_of_the_very_bytes(synq: Any, body: str) -> None:
    result = synq("webhooks", "sign", body, environ=ENVIRON)
    assert (result.status, result.out, result.err) == (0, f"{SIGNATURE}\n", "")
    Path(body).write_bytes(BODY + b"\r\n")
    assert synq("webhooks", "sign", body, environ=ENVIRON).out == f"{sign(BODY + bytes([13, 10]), SECRET)}\n"


def test_standard_input_is_read_byte_by_byte(synq: Any) -> None:
    content = b'{"name":"N\xc3\xb8rrebro"}\r\n\xff'
    result = synq("webhooks", "sign", "-", environ=ENVIRON, stdin=content)
    assert (result.status, result.out) == (0, f"{sign(content, SECRET)}\n")


def test_verify_says_yes_by_its_status_and_why_not_in_words(synq: Any, body: str) -> None:
    right = synq("webhooks", "verify", body, "--signature", SIGNATURE, environ=ENVIRON)
    assert (right.status, right.out, right.err) == (0, "", "The signature matches.\n")
    wrong = synq("webhooks", "verify", body, "--signature", f"sha256={SIGNATURE}", environ=ENVIRON)
    assert (wrong.status, wrong.out) == (3, "")
    assert wrong.err == (
        "synq: The signature does not match these bytes.\n"
        "  The digits match: write the signature as bare lower-case hex, as Synq does.\n"
    )
    told = json.loads(synq("--json", "webhooks", "verify", body, "--signature", "x", environ=ENVIRON).err)["error"]
    assert (told["code"], told["status"]) == ("rejected", None)


# where the secret comes from


@pytest.mark.parametrize(
    "piped",
    [SECRET, f"{SECRET}\n", f"{SECRET}\r\n", f"\ufeff{SECRET}\n", f"{SECRET}\r\n".encode("utf-16")],
)
def test_standard_input_comes_before_the_environment(synq: Any, body: str, piped: str | bytes) -> None:
    environ = ENVIRON | {"SYNQ_WEBHOOK_SECRET": "other"}
    assert synq("webhooks", "sign", body, "--secret-stdin", environ=environ, stdin=piped).out == f"{SIGNATURE}\n"


def test_a_secret_is_kept_beside_the_token_and_forgotten_with_it(synq: Any, body: str) -> None:
    line = ("webhooks", "sign", body, "-p", "acme")
    kept = synq(*line, "--secret-stdin", "--keep-secret", stdin=f"{SECRET}\n", environ=NOWHERE)
    assert (kept.status, kept.out, kept.err) == (0, f"{SIGNATURE}\n", "")
    assert synq.keyring.entries == {("synq", "acme#webhook"): SECRET}
    assert synq(*line, environ=NOWHERE).out == f"{SIGNATURE}\n"
    assert synq(*line, environ=ENVIRON | {"SYNQ_WEBHOOK_SECRET": "other"}).out != f"{SIGNATURE}\n"
    assert synq("webhooks", "sign", body, environ=NOWHERE).status == 11  # another profile's
    http = httpx.MockTransport(lambda _request: httpx.Response(200, json=[]))
    assert synq("auth", "login", "-p", "acme", "--with-token", stdin="a.b.c", http=http, environ=NOWHERE).status == 0
    assert synq("auth", "logout", "-p", "acme").status == 0
    assert synq.keyring.entries == {}


def test_a_profile_that_keeps_its_token_in_a_file_keeps_this_there_too(synq: Any, body: str) -> None:
    http = httpx.MockTransport(lambda _request: httpx.Response(200, json=[]))
    login = ("auth", "login", "--with-token", "--insecure-storage")
    assert synq(*login, stdin="a.b.c", http=http, environ=NOWHERE).status == 0
    line = ("webhooks", "sign", body)
    assert synq(*line, "--keep-secret", "--secret-stdin", stdin=SECRET, environ=NOWHERE).status == 0
    kept = synq.folder / "config" / "credentials.json"
    assert json.loads(kept.read_text(encoding="utf-8")) == {"default": "a.b.c", "default#webhook": SECRET}
    assert synq(*line, environ=NOWHERE).out == f"{SIGNATURE}\n"
    assert synq("auth", "logout").status == 0
    assert json.loads(kept.read_text(encoding="utf-8")) == {}
    assert synq.keyring.entries == {}


def test_login_into_the_file_takes_along_a_secret_of_the_keyring(synq: Any, body: str) -> None:
    line = ("webhooks", "sign", body)
    assert synq(*line, "--keep-secret", "--secret-stdin", stdin=SECRET, environ=NOWHERE).status == 0
    http = httpx.MockTransport(lambda _request: httpx.Response(200, json=[]))
    login = ("auth", "login", "--with-token", "--insecure-storage")
    assert synq(*login, stdin="a.b.c", http=http, environ=NOWHERE).status == 0
    assert synq(*line, environ=NOWHERE).out == f"{SIGNATURE}\n"
    assert synq.keyring.entries == {}


def test_a_keyring_that_keeps_nothing_is_noticed(synq: Any, body: str) -> None:
    class Forgetful:
        def get_password(self, _service: str, _username: str, /) -> None: ...
        def set_password(self, _service: str, _username: str, _password: str, /) -> None: ...
        def delete_password(self, _service: str, _username: str, /) -> None: ...

    synq.keyring = Forgetful()
    result = synq("webhooks", "sign", body, "--secret-stdin", "--keep-secret", stdin=SECRET, environ=NOWHERE)
    assert (result.status, result.out) == (4, "")
    assert result.err == f"synq: The keyring accepted the secret but did not store it.\n  {WAYS}\n"


def test_with_none_to_be_had_it_names_the_ways(synq: Any, body: str) -> None:
    result = synq("webhooks", "sign", body, environ=NOWHERE)
    assert (result.status, result.out) == (11, "")
    assert result.err == f"synq: Can't ask for the webhook secret without a terminal.\n  {WAYS}\n"


def test_keyring_error_contains_no_secret(synq: Any, body: str) -> None:
    class Locked:
        def get_password(self, _service: str, _username: str, /) -> str:
            raise RuntimeError(SECRET)

        set_password = delete_password = get_password

    synq.keyring = Locked()
    result = synq("webhooks", "sign", body, environ=NOWHERE)
    assert result.status == 11
    assert result.err.splitlines()[0] == "Warning: Could not read the keyring (RuntimeError)."


@pytest.mark.parametrize(
    ("line", "stdin", "said"),
    [
        (["sign", "-", "--secret-stdin"], "x", "Standard input can't be both the secret and the file."),
        (["verify", "-", "--signature", "x", "--secret-stdin"], "x", "Standard input can't be both"),
        (["send", "/unified/webhook", "--event", "order.created", "--data", "-", "--secret-stdin"], "x", "Standard in"),
        (["sign", "BODY", "--secret-stdin"], " \n", "The webhook secret is empty."),
        (["sign", "BODY", "--secret-stdin"], b"caf\xe9", "standard input can't be read: it is not UTF-8 text."),
        (["sign", "none.json"], "", "none.json can't be read: No such file or directory."),
        (["--sandbox", "sign", "BODY", "--keep-secret"], "", "The sandbox has its own webhook secret."),
    ],
)
def test_what_can_not_be_done_is_refused(synq: Any, body: str, line: list[str], stdin: str, said: str) -> None:
    words = [body if word == "BODY" else word for word in line]
    result = synq("webhooks", *words, stdin=stdin, environ=NOWHERE)
    assert (result.status, result.out) == (2, "")
    assert result.err.startswith(f"synq: {said}")


def test_secret_of_the_environment_that_is_no_text_is_refused(synq: Any, body: str) -> None:
    result = synq("webhooks", "sign", body, environ={"SYNQ_WEBHOOK_SECRET": os.fsdecode(b"caf\xe9")})
    assert (result.status, result.err.splitlines()[0]) == (2, "synq: The webhook secret is not UTF-8 text.")


def test_spaces_around_a_secret_are_kept_with_a_warning(synq: Any, body: str) -> None:
    result = synq("webhooks", "sign", body, "--secret-stdin", stdin=f" {SECRET}\n", environ=NOWHERE)
    assert result.out == f"{sign(BODY, ' ' + SECRET)}\n"
    assert result.err == "Warning: The webhook secret starts or ends with a space, which is part of it.\n"


# send


def test_an_event_goes_to_any_receiver_without_a_token_and_without_a_place_in_the_window(
    synq: Any, receiver: Receiver
) -> None:
    environ = ENVIRON | {"SYNQ_TENANT_ID": "6f1d2c84-3b7a-4e59-9c10-2a8e5d4b7f31"}
    result = synq("webhooks", "send", f"{receiver.url}/hooks/?a=1", "--event", "order.created", environ=environ)
    assert (result.status, result.err) == (0, "")
    assert receiver.paths == ["/hooks/?a=1"]
    assert receiver.headers[0]["x-unified-signature"] == sign(receiver.bodies[0], SECRET)
    assert receiver.headers[0]["content-type"] == "application/json"
    assert "authorization" not in receiver.headers[0]
    sent = json.loads(receiver.bodies[0])
    assert list(sent) == ["event_id", "event_type", "timestamp", "identity", "payload"]
    assert (sent["event_type"], sent["timestamp"]) == ("order.created", "2026-11-24T12:00:00Z")
    assert sent["identity"] == {"tenant_id": "6f1d2c84-3b7a-4e59-9c10-2a8e5d4b7f31", "org_id": None}
    assert sent["payload"]["status"] == "pending_payment"
    header, row = (line.split("\t") for line in result.out.splitlines())
    told = dict(zip(header, row, strict=True))
    assert (told["event"], told["status"], told["answer"]) == ("order.created", "200", "thanks")
    assert told["signature"] == sign(receiver.bodies[0], SECRET)
    assert json.loads(synq("limits", "--json", environ=environ).out)["remaining"] == 100


def test_with_a_connection_it_is_the_providers_envelope(synq: Any, receiver: Receiver, tmp_path: Path) -> None:
    (tmp_path / "data.yaml").write_text("id: ext-5093317\ncurrency: GBP\ntotal_amount: 89.50\n", encoding="utf-8")
    line = ("webhooks", "send", receiver.url, "--event", "accounting.order.created", "--connection", CONNECTION)
    assert synq(*line, "--data", str(tmp_path / "data.yaml"), environ=ENVIRON).status == 0
    assert receiver.bodies == [BODY.replace(b"89.5}", b"89.50}")]
    assert synq(*line, "--data", "-", stdin='{"id": 1}', environ=ENVIRON).status == 0
    assert receiver.bodies[1].endswith(b'"data":{"id":1}}')


@pytest.mark.parametrize(
    ("status", "answer", "exit_status", "said"),
    [
        (404, b"no such hook\nmore", 3, "responded with 404 Not Found: no such hook."),
        (500, b"<html>oops</html>", 12, "responded with 500 Internal Server Error."),
        (302, b"", 3, "responded with 302 Found."),
        (299, b"", 0, ""),
        (599, b"", 12, "responded with 599."),
    ],
)
def test_an_answer_that_is_no_success_is_an_error(
    synq: Any, receiver: Receiver, status: int, answer: bytes, exit_status: int, said: str
) -> None:
    receiver.status, receiver.answer = status, answer
    result = synq("webhooks", "send", receiver.url, "--event", "order.created", environ=ENVIRON)
    assert (result.status, len(receiver.bodies)) == (exit_status, 1)
    assert said in result.err
    assert (result.out == "") == (exit_status != 0)


def test_it_is_sent_once_and_what_is_not_known_is_said(synq: Any, answering: Any) -> None:
    line = ("webhooks", "send", "https://hooks.test/x", "--event", "order.created")
    replies = [httpx.ConnectError("refused"), httpx.ReadTimeout("late"), httpx.Response(503)]
    http, seen = answering(*replies)
    assert [synq(*line, environ=ENVIRON, http=http).status for _ in replies] == [7, 10, 12]
    assert [str(request.url) for request in seen] == ["https://hooks.test/x"] * 3

    def interrupt(_request: httpx.Request) -> httpx.Response:
        raise KeyboardInterrupt

    interrupted = synq(*line, environ=ENVIRON, http=httpx.MockTransport(interrupt))
    assert (interrupted.status, interrupted.err) == (
        130,
        "synq: Interrupted while sending to hooks.test; the webhook may have arrived.\n",
    )
    assert synq.slept == []


@pytest.mark.parametrize("url", ["/unified/webhook", "https://api.test/unified/webhook"])
def test_to_the_api_it_goes_like_every_request_but_without_a_token(synq: Any, answering: Any, url: str) -> None:
    http, seen = answering(httpx.Response(200, headers={"X-RateLimit-Limit": "100", "X-RateLimit-Remaining": "41"}))
    line = ("webhooks", "send", url, "--event", "accounting.order.created", "--connection", CONNECTION)
    environ = {name: value for name, value in ENVIRON.items() if name != "SYNQ_TOKEN"}
    result = synq(*line, "--json", environ=environ, http=http)
    assert (result.status, result.err) == (0, "41/100 requests left this minute · default\n")
    (request,) = seen
    assert (request.method, str(request.url)) == ("POST", "https://api.test/unified/webhook")
    assert request.headers["X-Unified-Signature"] == sign(request.content, SECRET)
    assert "Authorization" not in request.headers
    assert json.loads(request.content)["connection_id"] == CONNECTION
    told = json.loads(result.out)
    assert (told["url"], told["status"], told["answer"]) == ("https://api.test/unified/webhook", 200, None)


def test_the_sandbox_takes_what_its_own_secret_has_signed(synq: Any) -> None:
    taken = synq("--sandbox", *TO_SYNQ, "--json")
    assert (taken.status, json.loads(taken.out)["status"]) == (0, 200)
    other = synq("--sandbox", *TO_SYNQ, environ={"SYNQ_WEBHOOK_SECRET": "other"})
    assert (other.status, other.err.splitlines()[0]) == (4, "synq: The API refused the webhook: Invalid signature.")
    unknown = synq("--sandbox", *TO_SYNQ[:-1], "nobody")
    assert unknown.err.splitlines()[0] == "synq: The API refused the webhook: Unauthorized webhook connection."


@pytest.mark.parametrize(
    ("reply", "status", "said"),
    [
        (httpx.Response(401, text="invalid signature"), 4, "Check that the secret is this tenant's"),
        (httpx.Response(403, text="unauthorized webhook connection"), 4, "Use an active connection"),
        (httpx.Response(500, text="webhook secret not configured"), 10, "A webhook may be processed twice"),
        (httpx.ReadTimeout("late"), 10, "A webhook may be processed twice"),
        (httpx.Response(400, text="invalid json payload"), 3, "Invalid json payload"),
    ],
)
def test_what_the_api_says_against_it(synq: Any, answering: Any, reply: Any, status: int, said: str) -> None:
    http, seen = answering(reply)
    result = synq(*TO_SYNQ, environ=ENVIRON, http=http)
    assert (result.status, result.out, len(seen)) == (status, "", 1)
    assert said in result.err


@cases(
    ("words", "said"),
    [
        (["http://example.com", "--event", "order.created"], "use https; plain http is only for this machine."),
        (["ftp://example.com", "--event", "order.created"], "Invalid webhook URL "),
        (["https://u:p@example.com", "--event", "order.created"], "remove the user name and password"),
        (["https://example.com/#x", "--event", "order.created"], "remove the fragment"),
        (["hooks", "--event", "order.created"], "use a URL such as"),
        (["/hooks", "--event", "order.created"], 'Invalid path "/hooks": the API accepts webhooks only at '),
        (["https://api.test/x", "--event", "order.created"], 'Invalid path "/x"'),
        (["/unified/webhook", "--event", "order.created"], "The API accepts only events of a connection."),
        (["https://hooks.test", "--event", "order.crated"], 'No sample for the event "order.crated".'),
        (["https://hooks.test", "--event", "accounting.order.created"], "comes from an integration provider"),
        (["https://hooks.test", "--event", "order.created", "--connection", " "], "The connection can't be blank."),
        (["https://hooks.test", "--event", " ", "--data", "-"], "The event can't be blank."),
        (["https://hooks.test", "--event", "x", "--data", "-"], "The data of an event must be an object."),
    ],
)  # fmt: skip
def test_what_can_not_be_sent_is_refused_before(synq: Any, answering: Any, words: list[str], said: str) -> None:
    http, seen = answering()
    result = synq("webhooks", "send", *words, environ=ENVIRON, http=http, stdin="[]")
    assert (result.status, result.out, seen) == (2, "", [])
    assert said in result.err


@pytest.mark.parametrize("url", ["/unified/webhook", "https://hooks.test/x"])
def test_the_guards_hold_wherever_it_goes(synq: Any, answering: Any, url: str) -> None:
    http, seen = answering()
    line = ("webhooks", "send", url, "--event", "accounting.order.created", "--connection", CONNECTION)
    refused = synq("--read-only", *line, environ=ENVIRON, http=http)
    assert (refused.status, refused.err) == (
        11,
        f"synq: Read-only mode is on (option --read-only); POST {url} was not sent.\n",
    )
    planned = json.loads(synq(*line, "--dry-run", "--json", environ=ENVIRON, http=http).out)
    assert (planned["method"], planned["path"], seen) == ("POST", url, [])
    assert planned["body"]["event"] == "accounting.order.created"
    compact = json.dumps(planned["body"], separators=(",", ":")).replace("89.5}", "89.50}")
    assert planned["headers"]["X-Unified-Signature"] == sign(compact.encode(), SECRET)
    shown = synq(*line, "--dry-run", environ=ENVIRON, http=http, terminal=True)
    assert shown.out.splitlines()[:2] == [f"Would send POST {url}", "Content-Type: application/json"]
    assert seen == []


# the secret is nowhere

CANARY = "canary-5d1f-webhook"
SEND = ("webhooks", "send", "https://hooks.test/x", "--event", "order.created")
SHOWN: dict[str, tuple[tuple[str, ...], list[Any], int]] = {
    "sign": (("webhooks", "sign", "BODY"), [], 0),
    "keep": (("webhooks", "sign", "BODY", "--keep-secret", "--secret-stdin"), [], 0),
    "verify": (("webhooks", "verify", "BODY", "--signature", SIGNATURE), [], 3),
    "send": (SEND, [httpx.Response(200, text="ok")], 0),
    "dry run": ((*SEND, "--dry-run"), [], 0),
    "refused": (SEND, [httpx.Response(400, text="no")], 3),
    "silent": (SEND, [httpx.ReadTimeout("late")], 10),
    "to the API": (TO_SYNQ, [httpx.Response(200)], 0),
    "refused by the API": (TO_SYNQ, [httpx.Response(401, text="invalid signature")], 4),
    "a bug": (SEND, [ZeroDivisionError(f"boom {CANARY}")], 1),
    "a bug at the API": (TO_SYNQ, [ZeroDivisionError(f"boom {CANARY}")], 1),
}


@pytest.mark.parametrize("kept", ["environment", "stdin", "keyring"])
@cases("name", SHOWN)
@cases("form", [(), ("--json",)])
def test_the_secret_is_nowhere(
    synq: Any, answering: Any, body: str, name: str, kept: str, form: tuple[str, ...]
) -> None:
    line, replies, status = SHOWN[name]
    words = [body if word == "BODY" else word for word in line]
    environ = dict(NOWHERE)
    if kept == "environment":
        environ["SYNQ_WEBHOOK_SECRET"] = CANARY
    elif kept == "keyring":
        synq.keyring.entries["synq", "default#webhook"] = CANARY
    if kept == "stdin" and "--secret-stdin" not in words:
        words.append("--secret-stdin")
    http, seen = answering(*replies)
    result = synq("--debug", *form, *words, environ=environ, http=http, stdin=CANARY)
    assert (result.status, len(seen)) == (status, len(replies))
    assert "canary" not in result.out + result.err
    assert ("Traceback" in result.err) == (status == 1)
    assert all(b"canary" not in request.content + str(request.headers).encode() for request in seen)
    files = [path for path in synq.folder.rglob("*") if path.is_file()]
    assert [path for path in files if b"canary" in path.read_bytes()] == []
