"""A token that is about to end, has ended or is refused: renewed once, by a command or a refresh token, or not."""

import base64
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
import yaml
from filelock import FileLock, Timeout
from runner import NOW, FakeKeyring, Runner, tokens_in

from synq_cli.errors import AuthError
from synq_cli.session.profiles import Config
from synq_cli.session.settings import resolve
from synq_cli.session.tokens.renewal import Renewal

TENANT, OTHER = "6f1d2c84-3b7a-4e59-9c10-2a8e5d4b7f31", "11111111-2222-4333-8444-555555555555"
CHANNELS = ("channels", "list", "-q", "--json")
ADJUST = ("inventory", "adjust", "a1f46e83-0c9d-4b72-95e8-3d7b2c60f41e", "-5", "--json", "-q", "--location")
LEITH = "e07a2f5c-41b8-4d93-8c6e-b9f5d3a1720e"
STAYS = "The stored login was not changed."


def jwt(**claims: object) -> str:
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in ({}, claims)]
    return ".".join([*parts, "signature"])


def token(minutes: float, **claims: object) -> str:
    """One that ends so many minutes from now."""
    return jwt(**{"tenantid": TENANT, "role": "EDITOR", "exp": NOW + minutes * 60} | claims)


class Server(httpx.MockTransport):
    """An API that takes these tokens alone, with a token endpoint beside it."""

    def __init__(self, *good: str, grants: Any = ()) -> None:
        super().__init__(self._answer)
        self.good = [f"Bearer {one}" for one in good]
        self.asked: list[str] = []
        self.forms: list[dict[str, str]] = []
        self._grants = list(grants)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.host == "login.test":
            self.forms.append(dict(parse_qsl(request.content.decode())))
            grant = self._grants.pop(0)
            if isinstance(grant, Exception):
                raise grant
            return grant if isinstance(grant, httpx.Response) else httpx.Response(200, json=grant)
        self.asked.append(f"{request.method} {request.headers['Authorization'] in self.good}")
        if request.headers["Authorization"] not in self.good:
            return httpx.Response(401, text="Unauthorized: Invalid token\n")
        return httpx.Response(200, json={"channels": []})


class Helper:
    """A token_command: a script that counts its runs."""

    def __init__(self, folder: Path) -> None:
        self.script, self.runs = folder / "fresh token", folder / "runs"

    def prints(self, text: str, more: str = "") -> list[str]:
        """The command, which prints this, then does more."""
        self.script.write_text(f"#!/bin/sh\necho run >> '{self.runs}'\necho '{text}'\n{more}\n", encoding="utf-8")
        self.script.chmod(0o700)
        return [str(self.script)]

    @property
    def count(self) -> int:
        return self.runs.read_text(encoding="utf-8").count("run") if self.runs.exists() else 0


@pytest.fixture
def helper(tmp_path: Path) -> Helper:
    return Helper(tmp_path)


@pytest.fixture
def acme(synq: Runner) -> Callable[..., Runner]:
    """A login with this token, renewed as the settings say."""

    def make(kept: str | None, **settings: object) -> Runner:
        profile = {"base_url": "https://api.test", "token_store": "keyring", **settings}
        (synq.folder / "config").mkdir(exist_ok=True)
        config = yaml.safe_dump({"profiles": {"acme": profile}, "current_profile": "acme"})
        (synq.folder / "config" / "config.yaml").write_text(config, encoding="utf-8")
        if kept:
            synq.keyring.entries["synq", "acme"] = kept
        return synq

    return make


def stored(synq: Runner) -> dict[str, str]:
    return {name: kept for (_, name), kept in synq.keyring.entries.items()}


# by a command


@pytest.mark.parametrize(("minutes", "renewed"), [(5.1, False), (5, True), (0.1, True), (0, True), (-600, True)])
def test_a_token_is_renewed_five_minutes_before_its_end(
    acme: Any, helper: Helper, minutes: float, renewed: bool
) -> None:
    old, new = token(minutes), token(60)
    synq = acme(old, token_command=helper.prints(new))
    server = Server(new if renewed else old)
    assert synq(*CHANNELS, http=server).status == 0
    assert server.asked == ["GET True"]
    assert (helper.count, stored(synq)) == (int(renewed), {"acme": new if renewed else old})
    assert synq(*CHANNELS, http=server).status == 0
    assert helper.count == int(renewed)


@pytest.mark.parametrize("line", [CHANNELS, (*ADJUST, LEITH)], ids=["read", "relative"])
def test_a_refused_token_is_renewed_once_and_the_request_repeated(acme: Any, helper: Helper, line: Any) -> None:
    new = token(60)
    synq = acme(token(30), token_command=helper.prints(new))
    server = Server(new)
    result = synq(*line, http=server)
    assert (result.status, server.asked[-2:], helper.count) == (
        0,
        [f"{server.asked[-1][:-5]} False", server.asked[-1]],
        1,
    )
    assert stored(synq) == {"acme": new}


def test_a_fresh_token_that_is_refused_too_ends_it(acme: Any, helper: Helper) -> None:
    synq = acme(token(30), token_command=helper.prints(token(60)))
    server = Server()
    result = synq(*CHANNELS, http=server)
    assert (result.status, server.asked, helper.count) == (4, ["GET False", "GET False"], 1)


def test_an_opaque_token_is_renewed_when_it_is_refused(acme: Any, helper: Helper) -> None:
    synq = acme("opaque", token_command=helper.prints("fresh"))
    assert synq(*CHANNELS, http=Server("fresh")).status == 0
    assert stored(synq) == {"acme": "fresh"}


def test_a_profile_with_a_command_needs_no_login(acme: Any, helper: Helper) -> None:
    new = token(60)
    synq = acme(None, token_command=helper.prints(new))
    assert synq(*CHANNELS, http=Server(new)).status == 0
    assert (stored(synq), helper.count) == ({"acme": new}, 1)


def test_the_environments_token_is_nobodys_to_renew(acme: Any, helper: Helper) -> None:
    synq = acme(token(30), token_command=helper.prints(token(60)))
    result = synq(*CHANNELS, http=Server(), environ={"SYNQ_TOKEN": token(-1)})
    assert (result.status, helper.count) == (4, 0)
    assert "Set SYNQ_TOKEN to a new token." in result.err
    refresh = synq("auth", "refresh", environ={"SYNQ_TOKEN": token(-1)})
    assert (refresh.status, refresh.err.splitlines()[0]) == (
        4,
        "synq: The token from SYNQ_TOKEN can't be renewed.",
    )


def test_token_renewed_by_another_process_is_used(acme: Any, helper: Helper) -> None:
    old, new = token(-1), token(60)
    synq = acme(old, token_command=helper.prints("never"))

    class Quicker(FakeKeyring):
        """Another process has renewed the token when it is read again."""

        def get_password(self, service: str, username: str, /) -> str | None:
            kept = super().get_password(service, username)
            self.entries[service, username] = new
            return kept

    synq.keyring = Quicker()
    synq.keyring.entries["synq", "acme"] = old
    assert synq(*CHANNELS, http=Server(new)).status == 0
    assert helper.count == 0


FAILURES = [
    ("exit 3", "failed with status 3: mfa needed", "echo mfa needed >&2; exit 3"),
    ("quiet", "failed with status 1", "exit 1"),
]


@pytest.mark.parametrize(("reason", "more"), [each[1:] for each in FAILURES], ids=[each[0] for each in FAILURES])
def test_a_helper_that_fails_leaves_the_login_as_it_was(acme: Any, helper: Helper, reason: str, more: str) -> None:
    old = token(-1)
    synq = acme(old, token_command=helper.prints("nothing", more))
    server = Server()
    result = synq(*CHANNELS, http=server)
    assert (result.status, result.out, server.asked, stored(synq)) == (4, "", [], {"acme": old})
    error = json.loads(result.err)["error"]
    assert error["message"] == (
        f"The token of profile acme could not be renewed: the token_command ({helper.script}) {reason}."
    )
    assert error["hint"] == (
        f"{STAYS} Fix this and run `synq auth refresh --profile acme`, or log in again: synq auth login --profile acme"
    )


def test_while_the_token_holds_a_failure_is_a_warning(acme: Any, helper: Helper) -> None:
    old = token(4)
    synq = acme(old, token_command=helper.prints("nothing", "exit 1"))
    result = synq("channels", "list", "-q", http=Server(old))
    assert (result.status, helper.count) == (0, 1)
    assert result.err.startswith("Warning: The token of profile acme could not be renewed: ")
    assert "The current one is valid for 4 minutes." in result.err


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["/nowhere/helper"], "the token_command (/nowhere/helper) can't be run: No such file or directory."),
        (["/bin/echo", "$(id)", "|", "cat"], "Invalid token from token_command"),
        (["/bin/echo"], "Invalid token from token_command"),
        (["/bin/echo", token(60, tenantid=OTHER)], f"belongs to tenant {OTHER}"),
        (["/bin/echo", token(-60)], "expired 60 minutes ago."),
    ],
    ids=["missing", "no shell", "blank", "another tenant", "ended"],
)
def test_what_is_no_fresh_token_is_not_kept(acme: Any, command: list[str], words: str) -> None:
    old = token(-1)
    synq = acme(old, token_command=command, tenant_id=TENANT)
    server = Server()
    result = synq(*CHANNELS, http=server)
    assert (result.status, server.asked, stored(synq)) == (11 if OTHER in words else 4, [], {"acme": old})
    assert words in json.loads(result.err)["error"]["message"]


def test_a_token_that_can_not_be_stored_serves_the_run(acme: Any, helper: Helper) -> None:
    new = token(60)
    synq = acme(token(-1), token_command=helper.prints(new))

    class Full(FakeKeyring):
        """A keyring that takes no more."""

        def set_password(self, service: str, username: str, password: str, /) -> None:
            raise OSError(28, "full")

    full = Full()
    full.entries = synq.keyring.entries
    synq.keyring = full
    result = synq(*CHANNELS, http=Server(new))
    assert (result.status, result.out) == (0, "[]\n")
    said = "Warning: The new token is used but not stored: Could not write to the keyring (OSError)."
    assert result.err.splitlines()[0] == said


def renewal(folder: Path, limit: float, **settings: object) -> Renewal:
    config = Config(folder / "config.yaml", None, {"acme": settings})
    return Renewal(
        resolve({"profile": "acme"}, {}, config),
        tokens_in(folder, FakeKeyring()),
        "keyring",
        environ=os.environ,
        folder=lambda: folder,
        secrets=[],
        warn=pytest.fail,
        post_form=lambda url, _form: pytest.fail(f"a form was sent to {url}"),
        is_current=lambda: True,
        limit=limit,
    )


def test_a_helper_has_its_time(tmp_path: Path) -> None:
    with pytest.raises(AuthError) as caught:
        renewal(tmp_path, 0.1, token_command="sleep 60").renew(None, pytest.fail)
    assert "the token_command (sleep) did not finish within 0.1 seconds." in caught.value.message


HOLDS = """
import sys, time
from filelock import FileLock
lock = FileLock(sys.argv[1])
lock.acquire()
print("held", flush=True)
time.sleep(600)
"""


def test_the_lock_of_a_living_process_is_waited_for_and_a_dead_ones_taken_over(tmp_path: Path) -> None:
    line = [sys.executable, "-c", HOLDS, str(tmp_path / "acme.renewal.lock")]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as holder:
        try:
            assert holder.stdout is not None
            assert holder.stdout.readline() == "held\n"
            with pytest.raises(AuthError) as caught:
                renewal(tmp_path, 0.1, token_command="echo fresh").renew(None, lambda _token: None)
        finally:
            holder.send_signal(signal.SIGKILL)
    assert "another synq process has been renewing it for 0.15 seconds." in caught.value.message
    assert caught.value.retryable
    assert renewal(tmp_path, 5, token_command="echo fresh").renew(None, lambda _token: None) == "fresh"


def test_login_that_another_process_removed_is_not_renewed(acme: Any, helper: Helper) -> None:
    synq = acme(token(30), token_command=helper.prints(token(60)))

    def log_out(_request: httpx.Request) -> httpx.Response:
        (synq.folder / "config" / "config.yaml").write_text("profiles: {acme: {base_url: https://api.test}}\n")
        synq.keyring.entries.clear()
        return httpx.Response(401)

    result = synq(*CHANNELS, http=httpx.MockTransport(log_out))
    assert (result.status, stored(synq), helper.count) == (4, {}, 0)
    assert "Another process has changed the login of profile acme, or logged out." in result.err


class WatchesTheLock(FakeKeyring):
    """Notes for each change whether another process could renew the token meanwhile."""

    def __init__(self, lock: Path) -> None:
        super().__init__()
        self.lock = lock
        self.free: list[bool] = []

    def set_password(self, service: str, username: str, password: str, /) -> None:
        self._look()
        super().set_password(service, username, password)

    def delete_password(self, service: str, username: str, /) -> None:
        self._look()
        super().delete_password(service, username)

    def _look(self) -> None:
        try:
            FileLock(self.lock, timeout=0).acquire().release()
        except Timeout:
            self.free.append(False)
        else:
            self.free.append(True)


def test_no_process_renews_a_token_that_is_being_replaced_or_deleted(acme: Any, helper: Helper) -> None:
    synq = acme(token(30), token_command=helper.prints(token(60)))
    (synq.folder / "state").mkdir()
    synq.keyring = WatchesTheLock(synq.folder / "state" / "acme.renewal.lock")
    fresh = token(70)
    assert synq("auth", "login", "--with-token", stdin=fresh, http=Server(fresh)).status == 0
    acme(None, token_command=helper.prints(token(60)))
    assert synq("auth", "logout").status == 0
    assert (synq.keyring.free, stored(synq)) == ([False, False], {})


# by a refresh token

OAUTH = {"token_url": "https://login.test/token?key=k", "client_id": "synq"}


@pytest.mark.parametrize("rotated", [None, "refresh-2"])
def test_a_refresh_token_gets_a_fresh_token_and_perhaps_its_successor(acme: Any, rotated: str | None) -> None:
    new = token(60)
    synq = acme(token(-1), **OAUTH)
    synq.keyring.entries["synq", "acme#refresh"] = "refresh-1"
    grant = {"access_token": new, "token_type": "Bearer", "expires_in": 3600}
    server = Server(new, grants=[grant | ({"refresh_token": rotated} if rotated else {})])
    assert synq(*CHANNELS, http=server).status == 0
    assert server.forms == [{"grant_type": "refresh_token", "refresh_token": "refresh-1", "client_id": "synq"}]
    assert stored(synq) == {"acme": new, "acme#refresh": rotated or "refresh-1"}


class Recording(FakeKeyring):
    """Keeps the order of its writes; the write of this number and all after it fail."""

    def __init__(self, entries: dict[tuple[str, str], str], fails_at: int) -> None:
        super().__init__()
        self.entries = entries
        self.fails_at = fails_at
        self.written: list[str] = []

    def set_password(self, service: str, username: str, password: str, /) -> None:
        self.written.append(username)
        if len(self.written) >= self.fails_at:
            raise OSError(5, "gone")
        super().set_password(service, username, password)


@pytest.mark.parametrize(
    ("fails_at", "next_one"), [(1, "refresh-1"), (2, "refresh-2"), (3, "refresh-2"), (9, "refresh-2")]
)
def test_the_successor_is_stored_before_the_old_one_goes(acme: Any, fails_at: int, next_one: str) -> None:
    new, newer = token(60), token(70)
    synq = acme(token(-1), **OAUTH)
    synq.keyring.entries["synq", "acme#refresh"] = "refresh-1"
    whole, synq.keyring = synq.keyring, Recording(synq.keyring.entries, fails_at)
    grants = [{"access_token": new, "refresh_token": "refresh-2"}, {"access_token": newer}]
    server = Server(new, newer, grants=grants)
    result = synq(*CHANNELS, http=server)
    assert result.status == 0
    assert synq.keyring.written[0] == "acme#refresh-next"
    assert ("The new refresh token could not be stored" in result.err) == (fails_at < 3)
    synq.keyring = whole
    synq.clock += 3600
    server.good = [f"Bearer {newer}"]
    assert synq("auth", "refresh", http=server).status == 0
    assert server.forms[-1]["refresh_token"] == next_one


@pytest.mark.parametrize(
    ("grant", "status", "words"),
    [
        (
            httpx.Response(400, json={"error": "invalid_grant", "error_description": "refresh-1 was revoked"}),
            4,
            "https://login.test/token denied the renewal: invalid_grant [token] was revoked.",
        ),
        (httpx.Response(401, text="no"), 4, "https://login.test/token denied the renewal: status 401."),
        (httpx.Response(408), 12, "https://login.test/token failed: status 408."),
        (httpx.Response(429, text="slow down"), 6, "https://login.test/token failed: status 429."),
        (httpx.Response(503, text="<html>"), 12, "https://login.test/token failed: status 503."),
        (httpx.Response(302, headers={"Location": "https://evil.test"}), 12, "failed: status 302."),
        (httpx.Response(200, text="[" * 9000), 12, "the response of https://login.test/token has no access_token."),
        (httpx.Response(200, json=["x"]), 12, "the response of https://login.test/token has no access_token."),
        ({"access_token": 5}, 12, "the response of https://login.test/token has no access_token."),
        ({"error": "bad_refresh_token"}, 4, "https://login.test/token has no access_token: bad_refresh_token."),
        ({"access_token": "two words"}, 4, "Invalid token from"),
        (
            httpx.ConnectError("[Errno -2] Name or service not known"),
            7,
            "could not be reached: [Errno -2] Name or service",
        ),
        (httpx.ReadTimeout("slow"), 7, "login.test did not respond within 30 s."),
    ],
    ids=[
        "denied", "401", "408", "429", "503", "redirect", "deep", "list", "number", "denied with 200", "blank",
        "offline", "slow",
    ],
)  # fmt: skip
def test_a_grant_that_is_not_given_leaves_the_login_as_it_was(acme: Any, grant: Any, status: int, words: str) -> None:
    old = token(-1)
    synq = acme(old, **OAUTH)
    synq.keyring.entries["synq", "acme#refresh"] = "refresh-1"
    server = Server(grants=[grant])
    result = synq(*CHANNELS, http=server)
    assert (result.status, server.asked, len(server.forms)) == (status, [], 1)
    assert stored(synq) == {"acme": old, "acme#refresh": "refresh-1"}
    error = json.loads(result.err)["error"]
    assert words in error["message"]
    assert error["retryable"] == (status != 4)
    assert ("log in again" in error["hint"]) == (status == 4 and "Invalid token" not in words)
    assert "refresh-1" not in result.err
    assert "key=k" not in result.err


@pytest.mark.parametrize("grant", [httpx.ConnectError("down"), httpx.Response(429), httpx.Response(503)])
def test_while_the_token_holds_a_token_url_that_is_down_is_a_warning(acme: Any, grant: Any) -> None:
    old = token(4)
    synq = acme(old, **OAUTH)
    synq.keyring.entries["synq", "acme#refresh"] = "refresh-1"
    result = synq("channels", "list", "-q", http=Server(old, grants=[grant]))
    assert result.status == 0
    assert result.err.startswith("Warning: The token of profile acme could not be renewed: ")
    assert result.err.endswith(" The current one is valid for 4 minutes.\n")


def test_a_refresh_token_that_is_not_there(acme: Any) -> None:
    result = acme(token(-1), **OAUTH)("auth", "refresh")
    assert (result.status, "profile acme has no refresh token." in result.err) == (4, True)


# the commands


def test_auth_refresh_renews_now(acme: Any, helper: Helper) -> None:
    new = token(61)
    synq = acme(token(60), token_command=helper.prints(new))
    result = synq("auth", "refresh", "--json")
    assert json.loads(result.out)["expires_at"] == "2026-11-24T13:01:00Z"
    assert (helper.count, stored(synq)) == (1, {"acme": new})
    by_hand = acme(token(60))("auth", "refresh")
    assert (by_hand.status, by_hand.err.splitlines()[1].strip()) == (
        4,
        "Set up renewal: synq auth login --profile acme",
    )


def test_auth_token_is_a_fresh_one(acme: Any, helper: Helper) -> None:
    new = token(60)
    assert acme(token(1), token_command=helper.prints(new))("auth", "token").out == f"{new}\n"


def test_a_login_by_command_keeps_the_command(synq: Any, helper: Helper) -> None:
    new = token(60)
    command = f"'{helper.prints(new)[0]}'"
    line = ("auth", "login", "-p", "acme", "--base-url", "https://api.test", "--token-command", command, "--json")
    result = synq(*line, http=Server(new))
    shown = json.loads(result.out)
    assert (shown["token_source"], shown["renews"]) == ("keyring", "token_command")
    assert synq("config", "get", "token_command", "-p", "acme").out == f"{command}\n"
    assert stored(synq) == {"acme": new}
    # A login by hand no longer renews itself.
    assert synq("auth", "login", "-p", "acme", "--with-token", stdin=new, http=Server(new)).status == 0
    assert synq("config", "get", "token_command", "-p", "acme").out == "\n"


def test_a_login_by_refresh_token_keeps_the_latest_one(synq: Any) -> None:
    new = token(60)
    server = Server(new, grants=[{"access_token": new, "refresh_token": "refresh-2"}])
    line = ("auth", "login", "-p", "acme", "--base-url", "https://api.test", "--with-token", "--insecure-storage")
    result = synq(*line, "--token-url", "https://login.test/t", stdin="refresh-1\n", http=server)
    assert (result.status, synq.keyring.entries) == (0, {})
    kept = json.loads((synq.folder / "config" / "credentials.json").read_text(encoding="utf-8"))
    assert kept == {"acme": new, "acme#refresh": "refresh-2"}
    assert synq("auth", "logout", "-p", "acme").status == 0
    assert json.loads((synq.folder / "config" / "credentials.json").read_text(encoding="utf-8")) == {}
    assert "token_url" not in (synq.folder / "config" / "config.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize("good", [True, False])
def test_a_login_whose_helper_or_token_fails_keeps_nothing(synq: Any, helper: Helper, good: bool) -> None:
    command = helper.prints(token(60), "" if good else "exit 1")[0]
    line = ("auth", "login", "-p", "acme", "--base-url", "https://api.test", "--token-command", f"'{command}'")
    assert synq(*line, http=Server()).status == 4
    assert (synq.keyring.entries, (synq.folder / "config").exists()) == ({}, False)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--token-command", "x", "--token-url", "https://login.test"), "--token-command conflicts with"),
        (("--token-command", "x", "--with-token"), "--token-command conflicts with"),
        (("--client-id", "x"), "--client-id requires --token-url."),
        (("--token-url", "http://login.test", "--with-token"), "Invalid token_url "),
        (("--token-command", "'x"), "use a program and its arguments"),
    ],
)
def test_a_way_that_can_not_be(synq: Any, more: tuple[str, ...], words: str) -> None:
    result = synq("auth", "login", *more, stdin="refresh")
    assert (result.status, words in result.err) == (2, True)


def test_chosen_on_a_terminal(synq: Any, helper: Helper) -> None:
    new = token(60)
    command = helper.prints(new)[0]
    result = synq(
        "auth", "login", "-p", "acme", "--base-url", "https://api.test",
        terminal=True, stdin=f"2\n'{command}'\n", http=Server(new),
    )  # fmt: skip
    assert result.status == 0
    assert result.err.startswith(
        "  1  Paste a token, which expires after an hour\n"
        "  2  Run a command that prints a new token when one is needed\n"
        "  3  Use an OAuth 2 refresh token and its token URL\n"
        "How should synq get tokens for this login? [1]: Command: "
    )
    assert "Renewed by     token_command" in result.out
    wrong = synq("auth", "login", terminal=True, stdin=f"{new}\n")
    assert (wrong.status, new in wrong.err) == (2, False)
    assert "Invalid choice." in wrong.err


# many rows


class Stock(Server):
    """Takes adjustments; from the one of this number on, only with the fresh token."""

    def __init__(self, old: str, new: str, turns_at: int, limit: int = 100) -> None:
        super().__init__(old)
        self.limit = str(limit)
        self._new = f"Bearer {new}"
        self._turns_at = turns_at

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if request.method == "POST" and len(self.asked) >= self._turns_at:
            self.good = [self._new]
        reply = super()._answer(request)
        if request.method == "GET" or reply.status_code != 200:
            reply.headers["X-RateLimit-Limit"] = self.limit
            return reply
        return httpx.Response(201, json={"id": f"e07a2f5c-41b8-4d93-8c6e-{len(self.asked):012}"})


def rows(folder: Path, count: int) -> str:
    lines = [f"a1f46e83-0c9d-4b72-95e8-{number:012},1,{LEITH}" for number in range(count)]
    file = folder / "counts.csv"
    file.write_text("\n".join(["variant_id,delta,location", *lines]) + "\n", encoding="utf-8")
    return str(file)


def test_a_token_that_is_refused_amid_a_run_is_renewed_once_and_no_row_is_lost(acme: Any, helper: Helper) -> None:
    old, new = token(30), token(60)
    synq = acme(old, token_command=helper.prints(new))
    server = Stock(old, new, turns_at=12)
    line = ("inventory", "adjust", "--file", rows(synq.folder, 30), "--yes", "--json", "-q")
    result = synq(*line, http=server)
    assert result.status == 0, result.err
    assert (json.loads(result.out)["done"], helper.count) == (30, 1)
    assert server.asked.count("POST True") == 30


def test_a_token_url_that_is_down_amid_a_run_stops_it_and_leaves_the_row_pending(acme: Any) -> None:
    synq = acme(token(30), **OAUTH)
    synq.keyring.entries["synq", "acme#refresh"] = "refresh-1"
    server = Stock(token(30), token(60), turns_at=2)
    server._grants = [httpx.Response(503) for _ in range(10)]  # at most one for each row
    line = ("inventory", "adjust", "--file", rows(synq.folder, 10), "--yes", "--json", "-q")
    result = synq(*line, http=server)
    error = json.loads(result.err)["error"]
    assert (result.status, error["code"], error["retryable"]) == (12, "server", True)
    summary = json.loads(result.out)
    assert (summary["done"] + summary["pending"], summary["unknown"], summary["failed"]) == (10, 0, 0)
    assert summary["done"] == server.asked.count("POST True") <= 2


@pytest.mark.parametrize(("count", "renewed"), [(3, 0), (60, 1)])
def test_a_token_that_would_end_before_the_run_is_renewed_first(
    acme: Any, helper: Helper, count: int, renewed: int
) -> None:
    old, new = token(5.2), token(60)
    synq = acme(old, token_command=helper.prints(new))
    server = Stock(old, new, turns_at=1 if renewed else 99, limit=14)
    assert synq(*CHANNELS, http=server).status == 0  # which tells how long a run takes
    line = ("inventory", "adjust", "--file", rows(synq.folder, count), "--yes", "--json", "-q")
    result = synq(*line, http=server)
    assert result.status == 0, result.err
    assert (json.loads(result.out)["done"], helper.count) == (count, renewed)
    assert "POST False" not in server.asked
