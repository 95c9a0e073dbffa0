"""`synq doctor` finds what is wrong, says the mend, and works where nothing else does."""

import base64
import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import keyring.backends.null
import pytest
from table import cases

from synq_cli import __version__
from synq_cli.commands.machine.doctor import file_system_of

NOW = 1_795_521_600
SERVER = {"SYNQ_BASE_URL": "https://api.test"}
PIECES = ["synq", "config", "settings", "keyring", "token", "renewal", "budget", "index", "routes", "completion"]


def jwt(**claims: object) -> str:
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in ({}, claims)]
    return ".".join([*parts, "signature"])


TENANT = "6f1d2c84-3b7a-4e59-9c10-2a8e5d4b7f31"
TOKEN = jwt(tenantid=TENANT, role="EDITOR", exp=NOW + 2820)
LOGGED_IN = SERVER | {"SYNQ_TOKEN": TOKEN}


def examined(synq: Any, *line: str, **settings: Any) -> dict[str, tuple[str, str, str | None]]:
    """State, finding and mend by piece."""
    result = synq("doctor", *line, "--json", **settings)
    assert result.status == 0
    rows = json.loads(result.out)
    return {row["check"]: (row["state"], row["found"], row["mend"]) for row in rows}


@dataclass
class Service:
    """An API of one route on this machine."""

    url: str = ""
    text: str = "OK"
    clock: float | None = NOW
    asked: int = 0


@pytest.fixture
def service() -> Iterator[Service]:
    kept = Service()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kept.asked += 1
            self.send_response_only(200 if self.path == "/health" else 404)
            if kept.clock is not None:
                self.send_header("Date", formatdate(kept.clock, usegmt=True))
            self.send_header("Content-Length", str(len(kept.text)))
            self.end_headers()
            self.wfile.write(kept.text.encode())

        def log_message(self, *_words: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        kept.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield kept
        server.shutdown()


def test_where_all_is_well(synq: Any) -> None:
    shell = {"SHELL": "/bin/bash", "HOME": str(synq.folder)}
    assert synq("completion", "install", "--yes", environ=shell).status == 0
    environ = LOGGED_IN | shell | {"COLUMNS": "200"}
    result = synq("doctor", environ=environ, terminal=True)
    assert (result.status, result.err) == (0, "")
    lines = result.out.splitlines()
    assert lines[0].startswith("ok  synq        0.1.0 on Python 3.")
    assert lines[1:] == [
        f"ok  config      {synq.folder}/config/config.yaml does not exist yet; the defaults apply.",
        "ok  settings    Profile default (default) at https://api.test.",
        "ok  keyring     Not needed: SYNQ_TOKEN is set.",
        f"ok  token       From SYNQ_TOKEN: EDITOR of tenant {TENANT}; expires in 47 minutes.",
        "ok  renewal     Not needed: the token does not come from the profile.",
        f"ok  budget      100 of 100 requests left this minute, counted in {synq.folder}/state/budget.sqlite3.",
        "ok  index       SKUs of this tenant in the local cache: 0.",
        "ok  routes      No missing routes in the last day.",
        f"ok  completion  For bash, in {synq.folder}/.local/share/bash-completion/completions/synq.",
    ]


def test_a_login_in_the_keyring_and_one_in_a_file(synq: Any) -> None:
    http = httpx.MockTransport(lambda _request: httpx.Response(200, json=[]))
    login = ("auth", "login", "--with-token")
    assert synq(*login, stdin=TOKEN, environ=SERVER, http=http).status == 0
    found = examined(synq)
    assert found["config"][1].endswith("config.yaml, profiles: default.")
    assert found["keyring"] == ("ok", "FakeKeyring works.", None)
    assert found["token"][1].startswith("From keyring: EDITOR of tenant")
    assert synq(*login, "-p", "ci", "--insecure-storage", stdin=TOKEN, environ=SERVER, http=http).status == 0
    file = synq.folder / "config" / "credentials.json"
    assert examined(synq, "-p", "ci")["keyring"] == (
        "ok",
        f"Not needed: the token is in {file}, which only you can read.",
        None,
    )
    file.chmod(0o644)
    assert examined(synq, "-p", "ci")["keyring"] == (
        "warn",
        f"The token is in {file}, which other users can read.",
        f"chmod 600 {file}",
    )


@pytest.mark.parametrize(
    ("token", "state", "found", "mend"),
    [
        (
            jwt(role="EDITOR", exp=NOW - 300),
            "fail",
            "expired.",
            "The token expired 5 minutes ago. Set SYNQ_TOKEN",
        ),
        (jwt(role="EDITOR", exp=NOW + 120), "warn", "expires in 2 minutes.", None),
        (jwt(), "ok", "From SYNQ_TOKEN: no role of tenant unknown; its expiry is unknown.", None),
        ("abc", "warn", "From SYNQ_TOKEN. It is not a JWT, so its tenant and expiry are unknown.", None),
        ("a b", "fail", "Invalid token from SYNQ_TOKEN: it is empty", "Copy it again"),
    ],
)
def test_the_token(synq: Any, token: str, state: str, found: str, mend: str | None) -> None:
    told = examined(synq, environ=SERVER | {"SYNQ_TOKEN": token})["token"]
    assert told[0] == state
    assert found in told[1]
    assert (told[2] or "").startswith(mend or "")
    assert (told[2] is None) == (mend is None)


def test_nobody_is_logged_in(synq: Any) -> None:
    found = examined(synq, environ=SERVER)
    assert found["keyring"] == ("ok", "FakeKeyring works.", None)
    assert found["token"][:2] == ("fail", "Not logged in: profile default has no token.")
    assert found["index"] == found["routes"] == ("warn", "Skipped: see token.", None)
    named = examined(synq, "-p", "acme", environ=SERVER)["settings"]
    assert named == (
        "warn",
        "Profile acme (option --profile) at https://api.test. This profile does not exist yet.",
        "synq auth login --profile acme",
    )


@pytest.mark.parametrize("terminal", [True, False])
def test_damaged_config_is_reported_and_the_other_checks_run(synq: Any, terminal: bool) -> None:
    (synq.folder / "config").mkdir()
    (synq.folder / "config" / "config.yaml").write_text("profiles: [", encoding="utf-8")
    found = examined(synq, environ=SERVER)
    assert (found["config"][0], found["config"][2]) == (
        "fail",
        "Fix it in an editor, or move it away; synq does not overwrite it.",
    )
    assert "config.yaml can't be used" in found["config"][1]
    assert found["settings"] == found["token"] == found["budget"] == ("warn", "Skipped: see config.", None)
    assert list(found) == PIECES
    shown = synq("doctor", environ=SERVER, terminal=terminal)
    assert (shown.status, shown.err) == (0, "")
    assert "Skipped: see config." in shown.out


def test_so_are_a_wrong_variable_and_a_wrong_option(synq: Any) -> None:
    found = examined(synq, environ=SERVER | {"SYNQ_TIMEOUT": "soon"})
    assert found["settings"][:2] == (
        "fail",
        'Invalid timeout "soon" from SYNQ_TIMEOUT: use a number of seconds from 0 to 86400.',
    )
    assert examined(synq, "--max-wait", "x", environ=SERVER)["settings"][0] == "fail"
    wrong = synq("doctor", "--fields", "check,", environ=SERVER)
    assert (wrong.status, wrong.out) == (2, "")


def test_a_keyring_that_fails_is_not_asked_twice(synq: Any) -> None:
    http = httpx.MockTransport(lambda _request: httpx.Response(200, json=[]))
    assert synq("auth", "login", "--with-token", stdin=TOKEN, environ=SERVER, http=http).status == 0

    class Locked:
        asked = 0

        def get_password(self, _service: str, _username: str, /) -> str:
            self.asked += 1
            raise RuntimeError("locked")

        set_password = delete_password = get_password

    synq.keyring = Locked()
    found = examined(synq, environ=SERVER)
    assert found["keyring"][:2] == ("fail", "Could not read the keyring (RuntimeError).")
    assert "synq auth login --insecure-storage" in str(found["keyring"][2])
    assert found["token"] == ("fail", "Skipped: see keyring.", None)
    assert found["index"] == ("warn", "Skipped: see token.", None)
    assert synq.keyring.asked == 1


def test_a_keyring_that_keeps_nothing(synq: Any) -> None:
    synq.keyring = keyring.backends.null.Keyring()
    found = "The keyring is disabled (null backend); it would store nothing."
    assert examined(synq, environ=SERVER)["keyring"][:2] == ("fail", found)


def test_a_state_folder_that_can_not_be(synq: Any) -> None:
    (synq.folder / "file").write_text("", encoding="utf-8")
    environ = LOGGED_IN | {"SYNQ_STATE_DIR": str(synq.folder / "file" / "state")}
    found = examined(synq, environ=environ)
    for piece in ("budget", "index"):
        assert found[piece][0] == "fail"
        assert "can't be created: Not a directory." in found[piece][1]
        assert found[piece][2] == "To use other folders, set SYNQ_CONFIG_DIR and SYNQ_STATE_DIR."


MOUNTS = (
    "/dev/vda / ext4 rw 0 0\n"
    "server:/home /home nfs4 rw 0 0\n"
    "tmpfs /home/ann/local tmpfs rw 0 0\n"
    "//server/share /mnt/two\\040words cifs rw 0 0\n"
)


@cases(
    ("folder", "kind"),
    [
        ("/home/ann/.local/state/synq", "nfs4"),
        ("/home/ann/local/synq", "tmpfs"),
        ("/homes/synq", "ext4"),
        ("/mnt/two words/synq", "cifs"),
        ("/mnt/two", "ext4"),
    ],
)
def test_the_file_system_of_a_folder(folder: str, kind: str) -> None:
    assert file_system_of(Path(folder), MOUNTS) == kind
    assert file_system_of(Path(folder), "") == ""


def test_damaged_state_files(synq: Any) -> None:
    (synq.folder / "state").mkdir()
    for name in ("budget", "index"):
        (synq.folder / "state" / f"{name}.sqlite3").write_bytes(b"not a database, whatever its name may say" * 9)
    found = examined(synq, environ=LOGGED_IN)
    assert (found["budget"][0], found["index"][0], found["routes"][0]) == ("warn", "fail", "warn")
    assert "was damaged: renamed it to" in found["budget"][1]
    assert "Delete the file" in str(found["index"][2])


def test_with_the_network_missing_routes_are_asked_for_again(synq: Any) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, text="OK") if request.url.path == "/health" else httpx.Response(404)

    http, environ = httpx.MockTransport(answer), {"SYNQ_TOKEN": "a.b.c", "SYNQ_BASE_URL": "http://127.0.0.1:9"}
    assert synq("inventory", "locations", environ=environ, http=http).status == 5
    told = json.loads(synq("doctor", "--json", environ=environ, http=http).out)
    assert [row["state"] for row in told if row["check"] == "routes"] == ["warn"]
    again = json.loads(synq("doctor", "--network", "--json", environ=environ, http=http).out)
    found = [row["found"] for row in again if row["check"] == "routes"]
    assert found == ["This server lacked: list locations. synq will try them again."]
    later = json.loads(synq("doctor", "--json", environ=environ, http=http).out)
    assert [row["state"] for row in later if row["check"] == "routes"] == ["ok"]


def test_what_has_been_found_out_about_the_server(synq: Any) -> None:
    http = httpx.MockTransport(lambda _request: httpx.Response(404, text="404 page not found"))
    environ = SERVER | {"SYNQ_TOKEN": jwt(tenantid=TENANT)}
    assert synq("inventory", "locations", environ=environ, http=http).status == 5
    found = examined(synq, environ=environ)
    assert found["routes"] == (
        "warn",
        "This server lacks: list locations.",
        "Use the dashboard instead. synq tries again after a day, or after `synq doctor --network`.",
    )
    assert found["budget"][1].startswith("99 of 100 requests left this minute")
    synq.clock += 86_401
    assert examined(synq, environ=environ)["routes"][0] == "ok"


def test_a_pause_that_the_api_has_asked_for(synq: Any) -> None:
    http = httpx.MockTransport(lambda _request: httpx.Response(429, headers={"Retry-After": "40"}))
    assert synq("channels", "list", "--max-wait", "1", environ=LOGGED_IN, http=http).status == 6
    assert examined(synq, environ=LOGGED_IN)["budget"] == ("warn", "The API refuses requests for 40 s.", "synq limits")


def test_completion(synq: Any) -> None:
    environ = {"SHELL": "/usr/bin/zsh", "HOME": str(synq.folder)}
    script, start = synq.folder / ".local/share/zsh/site-functions/_synq", synq.folder / ".zshrc"

    def looked_at() -> Any:
        return examined(synq, environ=LOGGED_IN | environ)["completion"]

    mend = "synq completion install zsh"
    assert looked_at() == ("warn", "Not installed for zsh.", mend)
    assert synq("completion", "install", "--yes", environ=environ).status == 0
    assert looked_at() == ("ok", f"For zsh, in {script}.", None)
    text = script.read_text(encoding="utf-8")
    script.write_text(text.replace(f"synq {__version__} ", "synq 0.0.9 "), encoding="utf-8")
    assert looked_at() == ("warn", f"{script} is for another version of synq.", mend)
    assert synq("completion", "install", "--yes", environ=environ).status == 0
    start.unlink()
    assert looked_at() == ("warn", f"{start} does not load {script}.", mend)
    script.unlink()
    start.write_text("source <(synq completion zsh)\n", encoding="utf-8")
    assert looked_at() == ("ok", f"For zsh, in {start}.", None)


@pytest.mark.parametrize(
    ("shell", "why"),
    [("/bin/tcsh", "synq does not support completion in tcsh."), ("", "The variable SHELL is not set.")],
)
def test_unsupported_shell_is_not_an_error(synq: Any, shell: str, why: str) -> None:
    found = examined(synq, environ=LOGGED_IN | {"SHELL": shell, "HOME": str(synq.folder)})["completion"]
    assert found == ("ok", f"Skipped. {why}", None)


def test_the_sandbox_is_looked_at_without_being_made(synq: Any) -> None:
    synq.seeded = False
    found = examined(synq, "--sandbox")
    assert {state for state, _, _ in found.values()} == {"ok"}
    assert found["token"][1] == "The sandbox creates one on first use."
    assert not (synq.folder / "state" / "sandbox.sqlite3").exists()
    synq("sandbox", "init")
    assert examined(synq, "--sandbox")["token"][1].startswith("From sandbox: ADMIN of tenant")
    asked = examined(synq, "--sandbox", "--network")
    assert [asked[piece][0] for piece in ("DNS", "TLS", "API", "clock")] == ["ok"] * 4


# with --network


def test_without_the_option_nothing_is_sent(synq: Any, service: Service) -> None:
    assert list(examined(synq, environ=LOGGED_IN | {"SYNQ_BASE_URL": service.url})) == PIECES
    assert service.asked == 0


def test_the_network_costs_one_request(synq: Any, service: Service) -> None:
    found = examined(synq, "--network", environ={"SYNQ_BASE_URL": service.url})
    assert list(found) == [*PIECES, "DNS", "TLS", "API", "clock"]
    assert found["DNS"] == ("ok", "127.0.0.1 is 127.0.0.1.", None)
    assert found["TLS"] == ("ok", "Not needed: nothing leaves this machine.", None)
    assert found["API"] == ("ok", f"{service.url} responds with OK.", None)
    assert found["clock"] == ("ok", "In sync with the API's clock.", None)
    assert service.asked == 1


@pytest.mark.parametrize(
    ("clock", "state", "found"),
    [
        (NOW - 31, "warn", "31 s ahead of the API's clock."),
        (NOW + 7200, "warn", "7200 s behind the API's clock."),
        (NOW + 30, "ok", "In sync with the API's clock."),
        (None, "warn", "The API did not send its time."),
    ],
)
def test_the_clock(synq: Any, service: Service, clock: float | None, state: str, found: str) -> None:
    service.clock = clock
    assert examined(synq, "--network", environ={"SYNQ_BASE_URL": service.url})["clock"][:2] == (state, found)


def test_something_else_answers(synq: Any, service: Service) -> None:
    service.text = "<html>Sign in to this network</html>"
    state, found, mend = examined(synq, "--network", environ={"SYNQ_BASE_URL": service.url})["API"]
    assert (state, mend) == ("warn", "Check the base URL: `synq config get base_url` shows it.")
    assert found == f"{service.url} responds with '<html>Sign in to this network</html>' instead of OK."


def test_nobody_answers_or_nobody_who_speaks_tls(synq: Any, service: Service) -> None:
    secure = service.url.replace("http:", "https:")
    found = examined(synq, "--network", environ={"SYNQ_BASE_URL": secure})
    assert found["DNS"][0] == "ok"
    assert found["TLS"][0] == "fail"
    assert found["API"] == found["clock"] == ("warn", "Skipped: see TLS.", None)
    gone = examined(synq, "--network", environ={"SYNQ_BASE_URL": "http://127.0.0.1:1"})
    assert gone["API"][0] == "fail"
    assert "connection refused" in gone["API"][1]
    assert gone["clock"] == ("warn", "Skipped: see API.", None)


def test_proxy_resolves_names_and_tunnels_tls(synq: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        proxy = f"http://127.0.0.1:{listening.getsockname()[1]}"
    found = examined(synq, "--network", environ={**SERVER, "HTTPS_PROXY": proxy, "SYNQ_MAX_WAIT": "0"})
    assert found["DNS"] == ("ok", "Resolved by the proxy in HTTPS_PROXY.", None)
    assert found["TLS"][:2] == (
        "fail",
        "api.test could not be reached through the proxy in HTTPS_PROXY: connection refused.",
    )


@pytest.mark.parametrize(
    ("settings", "finding"),
    [
        ("token_command: cat /x", ("ok", "Automatic, by the token_command cat.", None)),
        (
            "token_command: nowhere -v",
            ("fail", "The token_command nowhere was not found.", "Install it, or log in again."),
        ),
        (
            "token_url: 'https://login.test/t?key=1'",
            ("ok", "Automatic, by a refresh token at https://login.test/t.", None),
        ),
        ("location: Leith", ("ok", "Manual: synq auth login --profile default", None)),
    ],
)
def test_how_the_token_is_renewed(synq: Any, settings: str, finding: tuple[str, str, str | None]) -> None:
    (synq.folder / "config").mkdir()
    config = f"profiles: {{default: {{environment: production, {settings}}}}}\n"
    (synq.folder / "config" / "config.yaml").write_text(config, encoding="utf-8")
    synq.keyring.entries["synq", "default"] = jwt(role="EDITOR", exp=NOW - 60)
    found = examined(synq, environ={"PATH": "/usr/bin:/bin"})
    assert found["renewal"] == finding
    assert found["settings"][1] == "Profile default (default) at https://api.synq.io, production."
    renews = "token" in settings
    assert found["token"][0] == ("warn" if renews else "fail")
    assert (found["token"][2] == "synq auth refresh") == renews


def test_a_skewed_clock_says_when_the_token_ends_by_the_other_one(synq: Any, service: Service) -> None:
    service.clock = NOW + 1200
    environ = {"SYNQ_BASE_URL": service.url, "SYNQ_TOKEN": TOKEN}
    found = examined(synq, "--network", environ=environ)["clock"]
    assert found[1] == "1200 s behind the API's clock. By that clock the token expires in 27 minutes."
