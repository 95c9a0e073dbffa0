"""Sessions: which token for which tenant and host, and that the token is never shown."""

import base64
import json
import os
import traceback
from pathlib import Path
from typing import Any

import pytest
import yaml
from runner import NOW, tokens_in
from table import cases

from synq_cli.errors import AuthError, RefusedError, SynqError, UsageError
from synq_cli.session.profiles import Config
from synq_cli.session.session import Session
from synq_cli.session.settings import resolve
from synq_cli.state.cache import Cache

PATH = Path("config.yaml")
OURS = "6f1d2c84-3b7a-4e59-9c10-2a8e5d4b7f31"
THEIRS = "0b5f2f0e-6f0b-4a53-8a39-7d1ac9a1b5d2"
ORG = "c1a7d9e2-1111-4222-8333-944455556666"
CANARY = "canary-7f3a91"


def jwt(**payload: object) -> str:
    """A token with these claims, and the canary for a signature."""
    claims = base64.urlsafe_b64encode(json.dumps(payload).encode()).decode().rstrip("=")
    return f"e30.{claims}.{CANARY}"


class OneToken:
    """A keyring that has this token for every profile, and records what it was asked for."""

    def __init__(self, token: str | None = None) -> None:
        self.token = token
        self.asked: list[str] = []

    def get_password(self, service: str, username: str, /) -> str | None:
        self.asked.append(username)
        return self.token

    def set_password(self, service: str, username: str, password: str, /) -> None:
        raise AssertionError("the keyring was changed")

    def delete_password(self, service: str, username: str, /) -> None:
        raise AssertionError("the keyring was changed")


def no_sandbox() -> str:
    raise AssertionError("the sandbox was asked for a token")


def session(
    keyring: Any = None,
    options: dict[str, object] | None = None,
    environ: dict[str, str] | None = None,
    folder: Path = Path(os.devnull),  # nothing can be kept below it
    *,
    sandbox_token: Any = no_sandbox,
    path: Path = PATH,
    **profiles: dict[str, object],
) -> Session:
    config = Config(path, None, profiles)
    settings = resolve(options or {}, environ or {}, config)
    cache = Cache(lambda: folder / "state")
    store = tokens_in(folder, keyring or OneToken(), cache=cache)
    return Session(
        settings,
        environ or {},
        store,
        config,
        sandbox_token=sandbox_token,
        cache=cache,
        now=lambda: NOW,
        lock_folder=lambda: folder / "state",
        warn=pytest.fail,
        post_form=lambda url, _form: pytest.fail(f"a form was sent to {url}"),
    )


def error_of(asking: Session, kind: type[SynqError]) -> SynqError:
    """The error of asking for credentials; it must not show the token."""
    with pytest.raises(kind) as caught:
        _ = asking.credentials
    shown = "".join(traceback.format_exception(caught.value))
    assert CANARY not in f"{shown}{caught.value!r}{caught.value.as_json()}"
    return caught.value


def test_keyring_is_read_once_and_only_when_needed() -> None:
    keyring = OneToken(jwt(tenantid=OURS, org_id=ORG, role="admin", exp=1_795_521_600))
    asking = session(keyring, default={"tenant_id": OURS})
    assert (asking.profile, asking.base_url, asking.host) == ("default", "https://api.synq.io", "api.synq.io")
    assert keyring.asked == []
    credentials = asking.credentials
    assert (credentials.token, credentials.source) == (keyring.token, "keyring")
    assert (credentials.tenant_id, credentials.org_id) == (OURS, ORG)
    assert credentials.claims == {
        "tenant_id": OURS, "org_id": ORG, "role": "admin", "expires_at": 1_795_521_600.0
    }  # fmt: skip
    assert asking.credentials is credentials
    assert keyring.asked == ["default"]


def test_other_token_sources_do_not_use_the_keyring(tmp_path: Path) -> None:
    keyring, sandbox = OneToken("in-the-keyring"), jwt(tenantid=OURS)
    tokens_in(tmp_path, keyring).write("acme", "in-the-file", "file")
    by_variable = {"SYNQ_TOKEN": f" {CANARY}\n", "SYNQ_TENANT_ID": THEIRS}
    kept: dict[str, object] = {"base_url": "https://elsewhere.test", "token_store": "keyring"}
    in_sandbox = session(
        keyring, {"sandbox": True}, by_variable, sandbox_token=lambda: sandbox, sandbox={"tenant_id": THEIRS}
    )
    entered = session(keyring, environ=by_variable, default={"location": "Leith"})
    entered.use("typed\r\n", "the prompt")
    for asking, token, source in (
        (session(keyring, {"profile": "acme"}, folder=tmp_path, acme={"token_store": "file"}), "in-the-file", "file"),
        (session(keyring, environ={"SYNQ_TOKEN": f" {CANARY}\n"}, default=kept), CANARY, "SYNQ_TOKEN"),
        (session(keyring, environ={"SYNQ_TOKEN": CANARY}), CANARY, "SYNQ_TOKEN"),
        (session(keyring, environ={"SYNQ_TOKEN": f"\ufeff{CANARY}"}), CANARY, "SYNQ_TOKEN"),
        (entered, "typed", "the prompt"),
        (in_sandbox, sandbox, "sandbox"),
    ):
        assert (asking.credentials.token, asking.credentials.source) == (token, source)
    assert (in_sandbox.host, in_sandbox.credentials.tenant_id) == ("sandbox", OURS)
    assert keyring.asked == []


def test_sandbox_token_is_replaced_before_it_expires() -> None:
    tokens = [jwt(tenantid=OURS, exp=NOW + 100), jwt(tenantid=OURS, exp=NOW + 3600)]
    in_sandbox = session(options={"sandbox": True}, sandbox_token=lambda: tokens.pop(0))
    assert in_sandbox.credentials.expires_at == NOW + 100
    in_sandbox.keep_fresh()
    in_sandbox.keep_fresh()
    assert (in_sandbox.credentials.expires_at, tokens) == (NOW + 3600, [])


@pytest.mark.parametrize("environ", [{}, {"SYNQ_TOKEN": ""}])
def test_unknown_profile_does_not_use_the_keyring(environ: dict[str, str]) -> None:
    keyring = OneToken()
    error = error_of(session(keyring, {"profile": "acne"}, environ, acme={"location": "x"}), AuthError)
    assert error.message == "Not logged in: profile acne has no token."
    assert error.hint == "Did you mean acme? Run `synq auth login --profile acne`, set SYNQ_TOKEN, or try --sandbox."
    assert keyring.asked == []


def test_a_profile_without_a_token_says_how_to_log_in() -> None:
    error = error_of(session(OneToken(None), default={"location": "x"}, defaults={"location": "x"}), AuthError)
    assert error.message == "Not logged in: profile default has no token."
    assert error.hint == "Run `synq auth login --profile default`, set SYNQ_TOKEN, or try --sandbox."


@pytest.mark.parametrize(
    ("token", "environ", "kept", "said"),
    [
        (jwt(tenant_id=THEIRS), {}, {"tenant_id": OURS}, "from keyring belongs to tenant {}, but profile default"),
        (
            jwt(tenant_id=THEIRS), {"SYNQ_TENANT_ID": OURS}, {"tenant_id": THEIRS},
            "from keyring belongs to tenant {}, but SYNQ_TENANT_ID"
        ),
        (
            None, {"SYNQ_TOKEN": jwt(tenantid=THEIRS)}, {"tenant_id": OURS},
            "from SYNQ_TOKEN belongs to tenant {}, but profile default"
        ),
    ],
)  # fmt: skip
def test_a_token_of_another_tenant_is_refused(
    token: str | None, environ: dict[str, str], kept: dict[str, object], said: str
) -> None:
    error = error_of(session(OneToken(token), environ=environ, default=kept), RefusedError)
    assert error.message == f"The token {said.format(THEIRS)} says {OURS}. Nothing was sent."
    assert error.hint == (
        "Choose the profile of that tenant with --profile, or log in again: synq auth login --profile default"
    )


@pytest.mark.parametrize("claimed", [OURS.upper(), OURS.replace("-", "")])
def test_ids_may_be_written_differently_and_a_set_organization_wins_over_the_tokens(claimed: str) -> None:
    token = jwt(tenantid=claimed, org_id=THEIRS)
    credentials = session(OneToken(token), environ={"SYNQ_ORG_ID": ORG}, default={"tenant_id": OURS}).credentials
    assert (credentials.tenant_id, credentials.org_id) == (OURS, ORG)


@cases("claimed", ["tenant-7", "6f1d2c843b7a4e599c102a8e5d4b7f31", f"{OURS}\r\nX-Admin: 1", "té"])
def test_an_id_that_is_no_uuid_is_not_sent(claimed: str) -> None:
    token = jwt(tenant_id=claimed, org_id=claimed)
    assert session(environ={"SYNQ_TOKEN": token}).credentials.headers == {"Authorization": f"Bearer {token}"}
    sent = session(environ={"SYNQ_TOKEN": jwt(tenant_id=OURS.upper(), org_id=ORG)}).credentials.headers
    assert (sent["X-Tenant-ID"], sent["X-Org-ID"]) == (OURS.upper(), ORG)


NO_TOKENS = [f"{CANARY} b", f"{CANARY}\nb", f"{CANARY}\r\nX-Admin: 1", f"{CANARY}\tb", f"{CANARY}\x00", f"{CANARY}\x7f"]
NO_TOKENS += [f"{CANARY}é", f"{CANARY}\u2028b", f"{CANARY}\ufeff", " ", "\n", "\ufeff"]


@cases("token", NO_TOKENS)
def test_malformed_tokens_are_refused_wherever_they_come_from(token: str) -> None:
    entered = session()
    entered.use(token, "the prompt")
    asking = {
        "SYNQ_TOKEN": session(environ={"SYNQ_TOKEN": token}),
        "keyring": session(OneToken(token), default={"output": "json"}),
        "the prompt": entered,
    }
    for source, one in asking.items():
        why = "it is empty, or contains blanks, line breaks or non-ASCII characters"
        assert error_of(one, AuthError).message == f"Invalid token from {source}: {why}."


def test_a_malformed_token_is_never_sent(synq: Any, answering: Any) -> None:
    transport, seen = answering()
    result = synq("channels", "list", environ={"SYNQ_TOKEN": NO_TOKENS[2]}, http=transport)
    assert (result.status, result.out, seen) == (4, "", [])
    assert CANARY not in result.err
    result = synq("auth", "login", "--with-token", stdin=NO_TOKENS[2], http=transport)
    assert (result.status, result.out, seen, synq.keyring.entries) == (4, "", [], {})
    assert CANARY not in result.err


@cases(
    ("kept", "url", "home", "host"),
    [
        ({"base_url": "https://acme.test"}, "https://evil.test", "acme.test", "evil.test"),
        ({"base_url": "https://acme.test"}, "https://acme.test:8443", "acme.test", "acme.test:8443"),
        ({"base_url": "https://acme.test"}, "http://localhost:81", "acme.test", "localhost:81"),
        ({"output": "json"}, "https://evil.test", "api.synq.io", "evil.test"),
        ({"base_url": None}, "https://evil.test", "api.synq.io", "evil.test"),
    ],
)
def test_stored_token_is_sent_only_to_its_host(kept: dict[str, object], url: str, home: str, host: str) -> None:
    for options, environ in (({"base_url": url}, {}), ({}, {"SYNQ_BASE_URL": url})):
        error = error_of(session(OneToken(CANARY), dict(options), environ, default=kept), RefusedError)
        assert error.message == f"The token of profile default is for {home}. Nothing was sent to {host}."
        assert error.hint == f"Log in there as another profile: synq auth login --profile NAME --base-url {url}"


@pytest.mark.parametrize("url", ["https://ACME.test/", "https://acme.test/v2"])
def test_host_of_a_stored_token_may_be_spelled_differently(url: str) -> None:
    asking = session(OneToken(CANARY), {"base_url": url}, default={"base_url": "https://acme.test"})
    assert asking.credentials.token == CANARY


@cases("kept", [[1], 5, "nonsense", "http://acme.test"])
def test_invalid_base_url_of_a_stored_token_is_named(kept: object) -> None:
    asking = session(OneToken(CANARY), {"base_url": "https://acme.test"}, default={"base_url": kept})
    error = error_of(asking, UsageError)
    assert error.message.startswith("Invalid base_url ")
    assert " from profile default in config.yaml: " in error.message


def test_a_token_of_another_host_or_tenant_is_not_sent(synq: Any, answering: Any) -> None:
    (synq.folder / "config").mkdir()
    (synq.folder / "config" / "config.yaml").write_text("profiles: {default: {base_url: https://acme.test}}\n")
    synq.keyring.entries["synq", "default"] = CANARY
    transport, seen = answering()
    line = ["channels", "list", "--json", "--debug"]
    for more, environ in (
        (["--base-url", "https://evil.test"], {}),
        ([], {"SYNQ_TOKEN": jwt(tenantid=THEIRS), "SYNQ_TENANT_ID": OURS}),
    ):
        result = synq(*line, *more, environ=environ, http=transport)
        assert (result.status, result.out, seen) == (11, "", [])
        assert json.loads(result.err)["error"]["code"] == "refused"
        assert CANARY not in result.err


def test_token_is_never_shown() -> None:
    token = jwt(tenantid=OURS)
    for asking in (session(OneToken(token), default={"output": "json"}), session(environ={"SYNQ_TOKEN": token})):
        credentials = asking.credentials
        shown = f"{asking!r}{asking}{credentials!r}{credentials}{asking.describe()}{asking.scope}{asking.settings}"
        assert CANARY not in shown
        assert token not in shown


def test_describe_shows_the_login() -> None:
    token = jwt(tenantid=OURS, org_id=ORG, role="admin", exp=1_795_521_600)
    asking = session(OneToken(token), {"profile": "acme"}, acme={"base_url": "https://acme.test"})
    assert asking.credentials.token == token
    assert asking.describe() == {
        "profile": "acme",
        "in_use": True,
        "environment": None,
        "base_url": "https://acme.test",
        "tenant_id": OURS,
        "org_id": ORG,
        "role": "admin",
        "token_source": "keyring",
        "expires_at": "2026-11-24T12:00:00Z",
        "renews": None,
        "overridden_by": [],
    }


def test_describe_of_an_opaque_token() -> None:
    described = session(environ={"SYNQ_TOKEN": CANARY, "SYNQ_TENANT_ID": OURS}).describe()
    assert described["overridden_by"] == ["SYNQ_TOKEN", "SYNQ_TENANT_ID"]
    assert (described["tenant_id"], described["token_source"]) == (OURS, "SYNQ_TOKEN")
    assert {described[name] for name in ("org_id", "role", "expires_at", "renews")} == {None}


def test_describe_accepts_every_valid_expiry() -> None:
    for exp, expires_at in ((0.25, "1970-01-01T00:00:00Z"), (253_402_300_799.9999, "9999-12-31T23:59:59Z")):
        assert session(environ={"SYNQ_TOKEN": jwt(exp=exp)}).describe()["expires_at"] == expires_at


def test_the_scope_is_host_and_tenant_or_profile() -> None:
    assert session(environ={"SYNQ_TOKEN": jwt(tenantid=OURS)}).scope == f"api.synq.io/{OURS}"
    assert session(None, {"profile": "acme"}, {"SYNQ_TOKEN": CANARY}).scope == "api.synq.io/acme"


ANYWHERE = "https://acme.test"


@pytest.mark.parametrize(
    ("claims", "before", "saved", "current"),
    [
        (
            {"tenantid": OURS, "org_id": ORG, "role": "admin"},
            {"future": 1, "profiles": {"acme": {"timeout": 7, "token_url": ANYWHERE}, "beta": {"timeout": 8}}},
            {"timeout": 7, "tenant_id": OURS, "org_id": ORG, "base_url": ANYWHERE, "token_store": "file"},
            "acme",
        ),
        (
            {"tenantid": "tenant-7", "org_id": "org 7"},  # no UUIDs, which the profile could not hold
            {"profiles": {}, "current_profile": "beta"},
            {"base_url": ANYWHERE, "token_store": "file"},
            "beta",
        ),
        ({}, {"profiles": {}, "current_profile": None}, {"base_url": ANYWHERE, "token_store": "file"}, "acme"),
    ],
)
def test_a_login_saves_host_ids_and_store_and_nothing_else_changes(
    tmp_path: Path, claims: dict[str, object], before: dict[str, Any], saved: dict[str, object], current: str
) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(before))
    asking = session(None, {"profile": "acme", "base_url": f"{ANYWHERE}/"}, folder=tmp_path, path=path)
    asking.use(jwt(**claims), "the prompt")
    asking.save_login("file", {}, None)
    assert yaml.safe_load(path.read_text()) == {
        **before, "profiles": {**before["profiles"], "acme": saved}, "current_profile": current
    }  # fmt: skip
    assert json.loads((tmp_path / "credentials.json").read_text()) == {"acme": jwt(**claims)}
    assert asking.describe()["token_source"] == "file"
