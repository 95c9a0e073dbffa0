"""`synq auth`, `config`, `sandbox`, `limits`, `settings` and `channels` from the line to the screen."""

import base64
import json
import stat
from typing import Any

import httpx
import pytest
from keyring.errors import KeyringLocked, NoKeyringError
from runner import FakeKeyring

TENANT, ORG = "6f1d2c84-3b7a-4e59-9c10-2a8e5d4b7f31", "b3e8a6d2-91c4-4f0e-8d57-70c1e6f9a245"
NOW = 1_795_521_600
SERVER = {"SYNQ_BASE_URL": "https://api.test"}


def jwt(**claims: object) -> str:
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in ({}, claims)]
    return ".".join([*parts, "signature"])


TOKEN = jwt(tenantid=TENANT, org_id=ORG, role="EDITOR", exp=NOW + 3480)


def accepting() -> tuple[httpx.MockTransport, list[str]]:
    seen: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(f"{request.method} {request.url} {request.headers['Authorization'][-9:]}")
        return httpx.Response(200, json={"channels": []})

    return httpx.MockTransport(handle), seen


def test_login_proves_the_token_and_keeps_it_in_the_keyring(synq: Any) -> None:
    http, seen = accepting()
    result = synq("auth", "login", "-p", "acme", "--with-token", stdin=f"{TOKEN}\n", environ=SERVER, http=http)
    assert seen == ["GET https://api.test/api/v1/channels signature"]
    assert synq.keyring.entries == {("synq", "acme"): TOKEN}
    assert result.status == 0
    assert result.out == (
        "profile\tin_use\tenvironment\tbase_url\ttenant_id\torg_id\trole\ttoken_source\texpires_at\trenews\t"
        "overridden_by\n"
        f"acme\ttrue\t\thttps://api.test\t{TENANT}\t{ORG}\tEDITOR\tkeyring\t2026-11-24T12:58:00Z\t\t"
        '["SYNQ_BASE_URL"]\n'
    )
    config = synq.folder / "config" / "config.yaml"
    assert config.read_text(encoding="utf-8") == (
        "# Written by `synq config` and `synq auth`; comments are not kept.\n"
        f"profiles:\n  acme:\n    tenant_id: {TENANT}\n    org_id: {ORG}\n"
        "    base_url: https://api.test\n    token_store: keyring\ncurrent_profile: acme\n"
    )
    assert stat.S_IMODE(config.stat().st_mode) == 0o600
    # From now on the profile is the default one, and its token goes to its own host alone.
    assert synq("channels", "list", "-q", http=http).status == 0
    elsewhere = synq("channels", "list", "--base-url", "https://other.test", http=http)
    assert (elsewhere.status, len(seen)) == (11, 2)
    assert "is for api.test" in elsewhere.err


def test_a_token_that_the_api_refuses_is_not_kept(synq: Any) -> None:
    http = httpx.MockTransport(lambda _request: httpx.Response(401, text="Unauthorized: Invalid token\n"))
    assert synq("auth", "login", "--with-token", stdin=TOKEN, environ=SERVER, http=http).status == 4
    assert synq.keyring.entries == {}
    assert not (synq.folder / "config").exists()


def test_a_login_for_another_tenant_is_refused(synq: Any) -> None:
    http, seen = accepting()
    synq("auth", "login", "-p", "acme", "--with-token", stdin=TOKEN, environ=SERVER, http=http)
    other = jwt(tenantid="11111111-2222-4333-8444-555555555555")
    result = synq("auth", "login", "-p", "acme", "--with-token", stdin=other, http=http)
    assert (result.status, len(seen)) == (11, 1)
    assert synq.keyring.entries == {("synq", "acme"): TOKEN}


def test_off_a_terminal_the_token_is_not_asked_for(synq: Any) -> None:
    result = synq("auth", "login", environ=SERVER)
    assert (result.status, result.out) == (11, "")
    assert "--with-token" in result.err


def test_status_token_switch_and_logout(synq: Any) -> None:
    http, seen = accepting()
    for name in ("acme", "beta"):
        synq("auth", "login", "-p", name, "--with-token", stdin=TOKEN, environ=SERVER, http=http)
    assert synq("auth", "token").out == f"{TOKEN}\n"
    shown = synq("auth", "status", terminal=True)
    assert shown.out.splitlines()[-2:] == ["Token from    keyring", "Expires       2026-11-24 12:58:00 UTC (in 58 min)"]
    assert json.loads(synq("auth", "status", "--json").out)["profile"] == "acme"
    assert synq("auth", "switch", "beta").err == "Switched to profile beta.\n"
    assert json.loads(synq("auth", "status", "--json").out)["profile"] == "beta"
    wrong = synq("auth", "switch", "bta")
    assert (wrong.status, wrong.err.splitlines()[1].strip()) == (
        2,
        "Did you mean beta? Profiles: acme, beta, sandbox. Create one: synq auth login --profile NAME",
    )
    assert synq("auth", "logout").err == "Logged out of profile beta.\n"
    assert synq.keyring.entries == {("synq", "acme"): TOKEN}
    assert synq("auth", "logout").err == "Profile beta was not logged in.\n"
    assert (synq("auth", "status").status, len(seen)) == (4, 2)


OVERRIDDEN = "Warning: SYNQ_TOKEN is set: commands use its token, whatever the profile. Unset it to use a profile's.\n"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (("logout", "-q"), ""),
        (("logout",), "Logged out of profile default.\n"),
        (("login", "--with-token", "-q"), ""),
        (("switch", "default"), "Switched to profile default.\n"),
    ],
    ids=" ".join,
)
def test_a_changed_login_that_synq_token_overrides_is_said(synq: Any, line: tuple[str, ...], said: str) -> None:
    http, _ = accepting()
    synq("auth", "login", "--with-token", stdin=TOKEN, environ=SERVER, http=http)
    result = synq("auth", *line, stdin=TOKEN, environ={"SYNQ_TOKEN": TOKEN}, http=http)
    assert (result.status, result.err) == (0, said + OVERRIDDEN)


@pytest.mark.parametrize("output", [(), ("--json",)])
def test_status_of_an_expired_login_ends_with_4_and_shows_it(synq: Any, output: tuple[str, ...]) -> None:
    http, _ = accepting()
    synq("auth", "login", "-p", "acme", "--with-token", stdin=TOKEN, environ=SERVER, http=http)
    fresh = synq("auth", "status", *output)
    assert (fresh.status, fresh.err) == (0, "")
    synq.clock += 3480
    expired = synq("auth", "status", *output)
    assert (expired.status, expired.out) == (4, fresh.out)
    message = "The token from keyring expired at 2026-11-24T12:58:00Z."
    hint = "Log in again: synq auth login --profile acme"
    if output:
        error = json.loads(expired.err)["error"]
        assert (error["code"], error["message"], error["hint"]) == ("auth", message, hint)
    else:
        assert expired.err == f"synq: {message}\n  {hint}\n"
    variable = synq("auth", "status", environ={"SYNQ_TOKEN": TOKEN})
    assert (variable.status, variable.err.splitlines()[1]) == (4, "  Set SYNQ_TOKEN to a new token.")
    # It renews itself when it is next used.
    synq("config", "set", "token_command", "echo x")
    assert synq("auth", "status").status == 0
    assert synq("auth", "status", "--all").status == 0


def test_a_token_of_the_environment_never_touches_the_keyring(synq: Any) -> None:
    synq.keyring = None  # whoever asks it now fails
    http, seen = accepting()
    assert synq("channels", "list", environ=SERVER | {"SYNQ_TOKEN": TOKEN}, http=http).status == 0
    assert len(seen) == 1


def test_insecure_storage_is_a_file_of_the_users_own(synq: Any) -> None:
    http, _ = accepting()
    line = ("auth", "login", "--with-token", "--insecure-storage")
    assert synq(*line, stdin=TOKEN, environ=SERVER, http=http).status == 0
    kept = synq.folder / "config" / "credentials.json"
    assert json.loads(kept.read_text(encoding="utf-8")) == {"default": TOKEN}
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert synq.keyring.entries == {}
    assert synq("auth", "token").out == f"{TOKEN}\n"


IN_FILE = ("auth", "login", "--with-token", "--insecure-storage")
IN_KEYRING = ("auth", "login", "--with-token")


def everything_stored(synq: Any) -> tuple[dict[str, str], dict[str, str]]:
    """What is in the keyring and in the file."""
    file = synq.folder / "config" / "credentials.json"
    kept = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    return {entry: secret for (_, entry), secret in synq.keyring.entries.items()}, kept


@pytest.mark.parametrize(("first", "second"), [(IN_FILE, IN_KEYRING), (IN_KEYRING, IN_FILE)])
def test_login_into_another_store_leaves_nothing_in_the_old_one(synq: Any, first: Any, second: Any) -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        granted = {"access_token": TOKEN, "refresh_token": "refresh-2"}
        return httpx.Response(200, json=granted if request.url.host == "login.test" else {"channels": []})

    http = httpx.MockTransport(handle)
    refreshed = (*first, "--token-url", "https://login.test/t")
    assert synq(*refreshed, stdin="refresh-1", environ=SERVER, http=http).status == 0
    (synq.folder / "body").write_text("{}", encoding="utf-8")
    line = ("webhooks", "sign", str(synq.folder / "body"), "--keep-secret", "--secret-stdin")
    assert synq(*line, stdin="hook").status == 0
    secrets = {"default#refresh": "refresh-2", "default": TOKEN, "default#webhook": "hook"}
    assert everything_stored(synq) == ((secrets, {}) if first is IN_KEYRING else ({}, secrets))
    assert synq(*second, stdin=TOKEN, environ=SERVER, http=http).status == 0
    secrets = {"default": TOKEN, "default#webhook": "hook"}
    assert everything_stored(synq) == ((secrets, {}) if second is IN_KEYRING else ({}, secrets))


def test_login_into_the_keyring_deletes_what_was_left_in_the_file(synq: Any) -> None:
    http, _ = accepting()
    assert synq(*IN_KEYRING, stdin=TOKEN, environ=SERVER, http=http).status == 0
    synq.keyring.entries["synq", "default#webhook"] = "hook"
    left = {"default": "left", "default#refresh": "left", "default#webhook": "left", "b": "b"}
    (synq.folder / "config" / "credentials.json").write_text(json.dumps(left), encoding="utf-8")
    assert synq(*IN_KEYRING, stdin=TOKEN, environ=SERVER, http=http).status == 0
    assert everything_stored(synq) == ({"default": TOKEN, "default#webhook": "hook"}, {"b": "b"})


def test_logout_deletes_what_both_stores_hold(synq: Any) -> None:
    http, _ = accepting()
    for store in (IN_FILE, IN_KEYRING):
        assert synq(*store, stdin=TOKEN, environ=SERVER, http=http).status == 0
        synq.keyring.entries |= {("synq", "default"): "left", ("synq", "default#refresh"): "left", ("synq", "b"): "b"}
        left = {"default": TOKEN, "default#refresh": "left", "b": "b"}
        (synq.folder / "config" / "credentials.json").write_text(json.dumps(left), encoding="utf-8")
        assert synq("auth", "logout").err == "Logged out of profile default.\n"
        assert everything_stored(synq) == ({"b": "b"}, {"b": "b"})


class FailingKeyring:
    """A keyring whose every call raises this error."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def _fail(self, *_: str) -> None:
        raise self.error

    get_password = set_password = delete_password = _fail


@pytest.mark.parametrize(
    ("error", "why"), [(NoKeyringError(), None), (KeyringLocked(), "The keyring is locked. Unlock it and try again.")]
)
def test_logout_from_the_file_warns_of_a_keyring_that_fails(synq: Any, error: Exception, why: str | None) -> None:
    http, _ = accepting()
    assert synq(*IN_FILE, stdin=TOKEN, environ=SERVER, http=http).status == 0
    synq.keyring = FailingKeyring(error)
    result = synq("auth", "logout")
    said = f"Warning: The keyring may still hold secrets of profile default: {why}\n" if why else ""
    assert (result.status, result.err) == (0, f"{said}Logged out of profile default.\n")


def test_logout_deletes_a_token_that_no_profile_names(synq: Any) -> None:
    synq.keyring.entries = {("synq", "lost"): TOKEN}
    assert synq("auth", "logout", "-p", "lots").err.startswith('synq: Unknown profile "lots".')
    assert synq("auth", "logout", "-p", "lost").err == "Logged out of profile lost.\n"
    assert synq.keyring.entries == {}
    assert not (synq.folder / "config").exists()


@pytest.mark.parametrize("store", [IN_FILE, IN_KEYRING])
def test_login_that_the_configuration_can_not_record_changes_nothing(synq: Any, store: tuple[str, ...]) -> None:
    http, _ = accepting()
    (synq.folder / "config" / "config.lock").mkdir(parents=True)  # so that config.yaml can't be locked
    for before in ({}, {"default": "old", "default#refresh": "older"}):
        synq.keyring.entries = {("synq", entry): secret for entry, secret in before.items()}
        (synq.folder / "config" / "credentials.json").write_text(json.dumps(before), encoding="utf-8")
        result = synq(*store, stdin=TOKEN, environ=SERVER, http=http)
        assert (result.status, "config.yaml can't be locked" in result.err) == (2, True)
        assert everything_stored(synq) == (before, before)


def test_login_that_the_keyring_takes_half_of_changes_nothing(synq: Any) -> None:
    class Full(FakeKeyring):
        """Takes no token."""

        def set_password(self, service: str, username: str, password: str, /) -> None:
            if password == TOKEN:
                raise OSError(28, "full")
            super().set_password(service, username, password)

    synq.keyring = Full()
    synq.keyring.entries["synq", "default#refresh"] = "older"
    granted = httpx.MockTransport(lambda _request: httpx.Response(200, json={"access_token": TOKEN, "channels": []}))
    line = (*IN_KEYRING, "--token-url", "https://login.test/t")
    result = synq(*line, stdin="refresh", environ=SERVER, http=granted)
    assert (result.status, result.err.splitlines()[0]) == (4, "synq: Could not write to the keyring (OSError).")
    assert synq.keyring.entries == {("synq", "default#refresh"): "older"}
    assert not (synq.folder / "config").exists()


@pytest.mark.parametrize(
    "piped",
    [
        f"{TOKEN}\r\n".encode("utf-8-sig"),
        f"{TOKEN}\r\n".encode("utf-16"),  # as PowerShell 5 writes it
        b"\xfe\xff" + f"{TOKEN}\r\n".encode("utf-16-be"),
    ],
    ids=["UTF-8 with a mark", "UTF-16 LE", "UTF-16 BE"],
)
def test_piped_secrets_may_be_in_any_unicode_encoding(synq: Any, piped: bytes) -> None:
    seen: list[bytes] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request.content)
        return httpx.Response(200, json={"access_token": TOKEN, "channels": []})

    http = httpx.MockTransport(handle)
    assert synq(*IN_KEYRING, stdin=piped, environ=SERVER, http=http).status == 0
    assert synq.keyring.entries == {("synq", "default"): TOKEN}
    line = (*IN_KEYRING, "--token-url", "https://login.test/t")
    assert synq(*line, stdin=piped, environ=SERVER, http=http).status == 0
    assert seen[1] == f"grant_type=refresh_token&refresh_token={TOKEN}".encode()


@pytest.mark.parametrize(
    ("piped", "status", "said"),
    [
        (b"caf\xe9", 2, "standard input can't be read: it is not UTF-8 text."),
        (TOKEN.encode("utf-16-le"), 4, "contain"),  # without a mark it can't be told from binary data
        ("café".encode(), 4, "non-ASCII characters."),
        (b"", 4, "it is empty, or contains "),
    ],
)
@pytest.mark.parametrize("more", [(), ("--token-url", "https://login.test/t")])
def test_piped_secrets_that_are_no_text_are_not_sent(
    synq: Any, piped: bytes, status: int, said: str, more: tuple[str, ...]
) -> None:
    http, seen = accepting()
    result = synq(*IN_KEYRING, *more, stdin=piped, environ=SERVER, http=http)
    assert (result.status, said in result.err, seen) == (status, True, [])


def test_values_are_bare_unless_the_command_line_asks_for_a_format(synq: Any) -> None:
    path = str(synq.folder / "config" / "config.yaml")
    assert synq("config", "set", "output", "json").status == 0
    for environ in ({"SYNQ_TOKEN": TOKEN}, {"SYNQ_TOKEN": TOKEN, "SYNQ_OUTPUT": "yaml"}):
        assert synq("auth", "token", environ=environ).out == f"{TOKEN}\n"
        assert synq("config", "path", environ=environ).out == f"{path}\n"
        assert synq("config", "get", "base_url", environ=environ).out == "https://api.synq.io\n"
        assert synq("config", "path", "-o", "ndjson", environ=environ).out == f'"{path}"\n'
        assert synq("auth", "token", "--json", environ=environ).out == f'"{TOKEN}"\n'


def test_settings_say_where_they_come_from(synq: Any) -> None:
    assert synq("config", "set", "timeout", "12").err == "Set timeout of profile default to 12.\n"
    rows = json.loads(synq("config", "list", "--json", "--max-wait", "7", environ={"SYNQ_READ_ONLY": "yes"}).out)
    found = {row["setting"]: (row["value"], row["source"]) for row in rows}
    assert found["timeout"] == (12, "profile default")
    assert found["max_wait"] == (7, "option --max-wait")
    assert found["read_only"] == (True, "SYNQ_READ_ONLY")
    assert found["base_url"] == ("https://api.synq.io", "default")
    assert synq("config", "get", "timeout").out == "12\n"
    assert synq("config", "unset", "timeout").status == 0
    assert synq("config", "get", "timeout").out == "30\n"
    assert synq("config", "path").out == f"{synq.folder / 'config' / 'config.yaml'}\n"


def test_a_setting_of_a_new_profile_is_a_warning(synq: Any) -> None:
    assert synq("config", "set", "output", "json", "--profile", "acme").err.splitlines()[1:] == [
        "Warning: Profile acme is new."
    ]
    typo = synq("config", "set", "read_only", "true", "--profile", "amce", "-q", "-o", "tsv")
    assert (typo.status, typo.err) == (0, "Warning: Profile amce is new. Did you mean acme?\n")
    unset = synq("config", "unset", "output", "--profile", "acmee", "-o", "tsv")
    assert (unset.status, unset.err) == (
        0,
        "Profile acmee does not set output.\nWarning: Profile acmee does not exist. Did you mean acme?\n",
    )
    assert synq("config", "unset", "output", "--profile", "acme", "-q").err == ""
    assert synq("config", "set", "read_only", "true", "--profile", "acme", "-q").err == ""
    assert synq("config", "set", "location", "Leith warehouse", "--sandbox", "-q").err == ""


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (("set", "timout", "3"), 'Unknown setting "timout"'),
        (("set", "timeout", "-3"), 'Invalid timeout "-3": use a number'),
        (("set", "base_url", "http://example.com"), "use https"),
        (("set", "output", "xml"), "use table, json"),
        (("get", "colour"), 'Unknown setting "colour"'),
    ],
)
def test_a_wrong_setting_changes_nothing(synq: Any, line: tuple[str, ...], words: str) -> None:
    result = synq("config", *line)
    assert (result.status, result.out) == (2, "")
    assert words in result.err
    assert not (synq.folder / "config").exists()


def test_the_sandbox_is_made_shown_and_made_anew(synq: Any) -> None:
    assert synq("sandbox", "info").status == 2
    made = json.loads(synq("sandbox", "init", "--json").out)
    assert (made["orders"], made["products"], made["locations"], made["channels"]) == (240, 60, 3, 4)
    again = synq("sandbox", "init")
    assert (again.status, again.err.splitlines()[1]) == (2, "  Run `synq sandbox reset` to create it again.")
    assert synq("sandbox", "reset").status == 11
    line = ("--sandbox", "inventory", "adjust", "--file", "-", "--location", "Leith warehouse", "--yes", "-q")
    assert synq(*line, stdin="sku,delta\nHMC-NVY-M,1\n").status == 0
    reset = synq("sandbox", "reset", "--yes", "--seed", "7", "--json")
    anew = json.loads(reset.out)
    assert (reset.err, synq("runs", "list", "--json").out) == ("Deleted 1 run of the old sandbox.\n", "[]\n")
    assert anew["seed"] == 7
    assert anew["tenant_id"] != made["tenant_id"]
    assert json.loads(synq("sandbox", "info", "--json").out) == anew
    token = synq("sandbox", "token", "--role", "viewer").out.strip()
    claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    assert (claims["role"], claims["tenantid"], claims["exp"] - claims["iat"]) == ("VIEWER", anew["tenant_id"], 3600)


def test_the_first_sandbox_run_says_that_it_made_a_tenant(synq: Any) -> None:
    synq.seeded = False
    first = synq("--sandbox", "channels", "list")
    assert first.err.splitlines()[0] == f"Created a sandbox in {synq.folder / 'state' / 'sandbox.sqlite3'}."
    assert synq("channels", "--sandbox", "list").err == "98/100 requests left this minute · sandbox\n"
    assert synq("auth", "login", "--sandbox").status == 2


def test_limits_show_who_spent_what_and_send_nothing(synq: Any) -> None:
    synq("--sandbox", "channels", "list")
    synq("--sandbox", "settings", "show")
    synq("--sandbox", "settings", "show")
    synq.clock += 20
    shown = json.loads(synq("--sandbox", "limits", "--json").out)
    assert shown == {
        "host": "sandbox",
        "limit": 100,
        "remaining": 97,
        "exact": False,
        "frees_in": 40.0,
        "full_in": 40.0,
        "blocked_for": 0.0,
        "strangers": 0,
        "spenders": [
            {"profile": "sandbox", "command": "settings show", "requests": 2},
            {"profile": "sandbox", "command": "channels list", "requests": 1},
        ],
    }
    table = synq("--sandbox", "limits", terminal=True)
    assert "[#.............................] ~97 of 100 left" in table.out
    assert table.err == ""


def test_settings_and_channels(synq: Any) -> None:
    shown = synq("--sandbox", "settings", "show", terminal=True)
    assert shown.out.splitlines()[:4] == [
        "Allocation             SOFT",
        "Costing                WAC",
        "Low-stock threshold    5",
        "Draft purchase orders  yes",
    ]
    names = synq("--sandbox", "channels", "list", "--fields", "name,currency,active", "-o", "csv", "-q")
    assert names.out == (
        "name,currency,active\nhigh-street,GBP,true\nnordic-web,EUR,true\nNørrebro pop-up,EUR,false\n"
        "web-storefront,GBP,true\n"
    )
