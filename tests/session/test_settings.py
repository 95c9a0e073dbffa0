"""Option > environment > profile > default, and every wrong value named by where it stands."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from synq_cli.errors import UsageError
from synq_cli.session.profiles import Config
from synq_cli.session.settings import SETTINGS, describe, find_setting, parse_setting, resolve

PATH = Path("config.yaml")
A = "6f1d2c84-3b7a-4e59-9c10-2a8e5d4b7f31"
B = "0b5f2f0e-6f0b-4a53-8a39-7d1ac9a1b5d2"
C = "c1a7d9e2-1111-4222-8333-944455556666"

# name: values by option, environment and profile, as they come in; the same as they come out; the default.
VALUES: dict[str, tuple[tuple[object, str, object], tuple[object, object, object], object]] = {
    "base_url": (
        ("https://one.test/", "http://localhost:8080", "https://three.test/v"),
        ("https://one.test", "http://localhost:8080", "https://three.test/v"),
        "https://api.synq.io",
    ),
    "tenant_id": ((A, B.upper(), C), (A, B, C), None),
    "org_id": ((A, B.upper(), C), (A, B, C), None),
    "location": (("Leith", "", "Back room"), ("Leith", None, "Back room"), None),
    "output": (("json", "csv", "yaml"), ("json", "csv", "yaml"), None),
    "timeout": (("1", "2.5", 3), (1, 2.5, 3), 30),
    "max_wait": (("0", "2.5", 3), (0, 2.5, 3), 120),
    "read_only": ((True, "no", "on"), (True, False, True), False),
    "bulk_payload": (("base64", "", "base64"), ("base64", None, "base64"), "inline"),
    "environment": (("production", "", "staging"), ("production", None, "staging"), None),
    "token_command": (("a", "", ["pass", "show", "the token"]), ("a", None, "pass show 'the token'"), None),
    "token_url": (
        ("https://one.test/token/", "", "https://three.test/t?key=1"),
        ("https://one.test/token/", None, "https://three.test/t?key=1"),
        None,
    ),
    "client_id": (("synq", "", "other"), ("synq", None, "other"), None),
    "debug": ((True, "1", True), (True, True, False), False),
}
BAD: dict[str, tuple[str, str]] = {
    "base_url": (
        "http://shop.test",
        "base_url must be https; plain http would show the token on the way, except on this machine",
    ),
    "tenant_id": ("acme", "tenant_id must be a UUID such as 6f1d2c84-3b7a-4e59-9c10-2a8e5d4b7f31"),
    "org_id": ("acme", "org_id must be a UUID such as 6f1d2c84-3b7a-4e59-9c10-2a8e5d4b7f31"),
    "location": (" ", "location must not be empty"),
    "output": ("xml", "output must be one of table, json, ndjson, yaml, csv, tsv"),
    "timeout": ("soon", "timeout must be a number of seconds, 0 or more"),
    "max_wait": ("-1", "max_wait must be a number of seconds, 0 or more"),
    "read_only": ("maybe", "read_only must be true or false"),
    "bulk_payload": ("base46", "bulk_payload must be one of inline, base64"),
    "environment": ("prod", "environment must be one of production, staging, test"),
    "token_command": ("pass 'show", "token_command must be a program and its arguments, with quotes that close"),
    "token_url": (
        "http://shop.test/token",
        "token_url must be https; plain http would show the token on the way, except on this machine",
    ),
    "client_id": (" ", "client_id must not be empty"),
    "debug": ("maybe", "debug must be true or false"),
}
NAMES = sorted(VALUES)
ENV = {setting.name: setting.env for setting in SETTINGS}
IN_PROFILE = {setting.name for setting in SETTINGS if setting.in_profile}


def config(current: str | None = None, **profiles: dict[str, object]) -> Config:
    return Config(PATH, current, profiles)


def setting(name: str, options: dict[str, object], environ: dict[str, str], kept: Config) -> tuple[object, str]:
    found = resolve(options, environ, kept)
    return getattr(found, name), found.sources[name]


def test_the_tables_here_cover_every_setting() -> None:
    assert set(VALUES) == set(BAD) == {setting.name for setting in SETTINGS} - {"profile"}


@pytest.mark.parametrize("name", NAMES)
def test_an_option_wins_over_the_environment_that_over_the_profile_that_over_the_default(name: str) -> None:
    (option, variable, kept), (from_option, from_variable, from_profile), default = VALUES[name]
    options, environ = {name: option}, {ENV[name]: variable} if ENV[name] else {}
    profile = config(default={name: kept})
    below: tuple[object, str] = (from_profile, "profile default") if name in IN_PROFILE else (default, "default")

    assert setting(name, options, environ, profile) == (from_option, f"option --{name.replace('_', '-')}")
    if ENV[name]:
        assert setting(name, {}, environ, profile) == (from_variable, ENV[name])
    assert setting(name, {}, {}, profile) == below
    assert setting(name, {}, {}, config()) == (default, "default")


@pytest.mark.parametrize("name", [name for name in NAMES if ENV[name]])
def test_an_empty_variable_counts_as_unset(name: str) -> None:
    assert setting(name, {}, {ENV[name]: ""}, config()) == (VALUES[name][2], "default")


@pytest.mark.parametrize("name", NAMES)
def test_a_setting_without_a_variable_is_not_read_from_one(name: str) -> None:
    environ = {f"SYNQ_{name.upper()}_": "x", "SYNQ_LOCATION": "x"}
    assert setting(name, {}, environ, config()) == (VALUES[name][2], "default")


@pytest.mark.parametrize(
    ("options", "environ", "kept", "expected"),
    [
        ({"profile": "one"}, {"SYNQ_PROFILE": "two"}, "three", ("one", "option --profile")),
        ({}, {"SYNQ_PROFILE": "two"}, "three", ("two", "SYNQ_PROFILE")),
        ({}, {"SYNQ_PROFILE": ""}, "three", ("three", "auth switch")),
        ({}, {}, None, ("default", "default")),
        ({"sandbox": True}, {"SYNQ_PROFILE": "two"}, "three", ("sandbox", "option --sandbox")),
        ({"sandbox": True, "profile": "sandbox"}, {}, None, ("sandbox", "option --sandbox")),
        ({"profile": "sandbox"}, {}, None, ("sandbox", "option --profile")),
        ({}, {"SYNQ_PROFILE": "sandbox"}, None, ("sandbox", "SYNQ_PROFILE")),
    ],
)
def test_the_profile_is_chosen_in_the_same_order(
    options: dict[str, object], environ: dict[str, str], kept: str | None, expected: tuple[str, str]
) -> None:
    assert setting("profile", options, environ, config(kept)) == expected


@pytest.mark.parametrize("name", NAMES)
def test_a_bad_option_is_named(name: str) -> None:
    text, what = BAD[name]
    with pytest.raises(UsageError) as caught:
        resolve({name: text}, {}, config())
    assert caught.value.message == f"option --{name.replace('_', '-')} is {text!r}, but {what}."


@pytest.mark.parametrize("name", [name for name in NAMES if ENV[name]])
def test_a_bad_variable_is_named(name: str) -> None:
    text, what = BAD[name]
    with pytest.raises(UsageError) as caught:
        resolve({}, {str(ENV[name]): text}, config())
    assert caught.value.message == f"{ENV[name]} is {text!r}, but {what}."


@pytest.mark.parametrize("name", sorted(IN_PROFILE))
def test_a_bad_value_in_a_profile_is_named_with_its_key_profile_and_file(name: str) -> None:
    text, what = BAD[name]
    with pytest.raises(UsageError) as caught:
        resolve({}, {}, config("acme", acme={name: text}))
    assert caught.value.message == f"{name} of profile acme in config.yaml is {text!r}, but {what}."


@pytest.mark.parametrize("value", [[1], {"a": 1}, [], {}])
@pytest.mark.parametrize("name", sorted(IN_PROFILE))
def test_a_list_or_mapping_is_no_value_of_any_setting(name: str, value: object) -> None:
    with pytest.raises(UsageError) as caught:
        resolve({}, {}, config(default={name: value}))
    assert caught.value.message == (
        f"{name} of profile default in config.yaml is {value!r}, but {name} must be a single value."
    )


@pytest.mark.parametrize("value", [False, 8, 2.5, date(2026, 11, 24)])
def test_what_yaml_took_for_no_text_is_no_location(value: object) -> None:
    with pytest.raises(UsageError) as caught:
        resolve({}, {}, config(default={"location": value}))
    assert caught.value.message == (
        f"location of profile default in config.yaml is {value!r}, but location must be text; put it in quotes."
    )


def test_a_list_that_no_memory_holds_is_shown_short() -> None:
    bomb: list[object] = ["x"]
    for _ in range(60):
        bomb = [bomb] * 9
    with pytest.raises(UsageError) as caught:
        resolve({}, {}, config(default={"timeout": bomb}))
    assert len(caught.value.message) < 250


@pytest.mark.parametrize("text", ["a\nb", "a\x1b[31m", "a\x85b", "a\u202eb", "\udcff"])
def test_a_location_is_printable(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_setting("location", text)
    assert (
        caught.value.message == f"location is {text!r}, but location must not hold line breaks or control characters."
    )


@pytest.mark.parametrize(
    "text", [A[:-1], A + "a", A.replace("-", ""), f"{{{A}}}", f"urn:uuid:{A}", A.replace("-", "_")]
)
def test_ids_are_uuids_as_the_api_writes_them(text: str) -> None:
    with pytest.raises(UsageError):
        parse_setting("tenant_id", text)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("base_url", "https://me:CANARY@api.synq.io"),
        ("base_url", "me:CANARY@api.synq.io"),
        ("base_url", "https://me:CAN/CANARY/x@api.synq.io"),
        ("base_url", "https://api.synq.io?token=CANARY"),
        ("base_url", "https://api.synq.io#CANARY"),
        ("base_url", "eyJhbGciOiJIUzI1NiJ9.eyJ9.CANARY"),
        ("tenant_id", "eyJhbGciOiJIUzI1NiJ9.eyJ9.CANARY"),
        ("org_id", "Bearer eyJhbGciOiJIUzI1NiJ9.eyJ9.CANARY"),
        ("output", "eyJhbGciOiJIUzI1NiJ9.eyJ9.CANARY"),
    ],
)
def test_a_secret_in_the_wrong_place_is_not_repeated(name: str, text: str) -> None:
    places: list[tuple[dict[str, object], dict[str, str], Config]] = [
        ({name: text}, {}, config()),
        ({}, {str(ENV[name]): text}, config()),
        ({}, {}, config(default={name: text})),
        ({}, {}, config(default={name: [text]})),
    ]
    for options, environ, kept in places:
        with pytest.raises(UsageError) as caught:
            resolve(options, environ, kept)
        assert "CANARY" not in f"{caught.value.as_json()}{caught.value.__cause__}"


@pytest.mark.parametrize(
    ("options", "environ", "current", "source"),
    [
        ({"profile": "a b"}, {}, None, "option --profile"),
        ({"profile": ""}, {}, None, "option --profile"),
        ({}, {"SYNQ_PROFILE": "a b"}, None, "SYNQ_PROFILE"),
        ({}, {}, "a b", "current_profile in config.yaml"),
    ],
)
def test_a_bad_profile_name_is_named_by_where_it_stands(
    options: dict[str, object], environ: dict[str, str], current: str | None, source: str
) -> None:
    name = options.get("profile", "a b")
    with pytest.raises(UsageError) as caught:
        resolve(options, environ, config(current))
    assert caught.value.message == f"{source} is {name!r}, which can't be a profile's name."
    assert caught.value.hint == "Use up to 64 letters, digits, dots, dashes and underscores."


@pytest.mark.parametrize("name", ["acme", "default", ""])
def test_the_sandbox_option_and_another_profile_are_two_tenants(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        resolve({"sandbox": True, "profile": name}, {}, config())
    assert caught.value.message == f"--sandbox and --profile {name} name two tenants; choose one."


@pytest.mark.parametrize("options", [{"sandbox": True}, {"profile": "sandbox"}])
@pytest.mark.parametrize("url", ["https://api.synq.io", "nonsense", ""])
def test_the_sandbox_has_no_base_url(options: dict[str, object], url: str) -> None:
    with pytest.raises(UsageError) as caught:
        resolve({**options, "base_url": url}, {}, config())
    assert caught.value.message == "The embedded sandbox has no base URL."


def test_variables_and_profile_of_another_tenant_do_not_reach_the_sandbox() -> None:
    environ = {"SYNQ_BASE_URL": "http://nonsense", "SYNQ_TENANT_ID": "nonsense", "SYNQ_ORG_ID": B}
    kept = config(sandbox={"base_url": "https://three.test", "tenant_id": A, "org_id": "x", "location": "Leith"})
    found = resolve({"sandbox": True}, {**environ, "SYNQ_TIMEOUT": "7"}, kept)
    assert (found.base_url, found.tenant_id, found.org_id) == ("http://sandbox.invalid", None, None)
    assert (found.location, found.timeout) == ("Leith", 7)
    assert found.sources == {
        "profile": "option --sandbox",
        "base_url": "sandbox",
        "tenant_id": "sandbox",
        "org_id": "sandbox",
        "location": "profile sandbox",
        "output": "default",
        "timeout": "SYNQ_TIMEOUT",
        "max_wait": "default",
        "read_only": "default",
        "bulk_payload": "default",
        "environment": "default",
        "token_command": "sandbox",
        "token_url": "sandbox",
        "client_id": "sandbox",
        "debug": "default",
    }


@pytest.mark.parametrize("text", ["nan", "inf", "-inf", "1e999", "-0.1", "", "1s", "0x10", "9" * 400, "1e10", "86401"])
@pytest.mark.parametrize("name", ["timeout", "max_wait"])
def test_seconds_are_finite_and_fit_a_clock(name: str, text: str) -> None:
    with pytest.raises(UsageError):
        parse_setting(name, text)


def test_a_timeout_of_no_time_is_refused_but_a_wait_of_none_is_not() -> None:
    with pytest.raises(UsageError) as caught:
        parse_setting("timeout", "0")
    assert caught.value.message == "timeout is '0', but timeout must be more than 0 seconds."
    assert parse_setting("max_wait", "0") == 0


@pytest.mark.parametrize(("text", "value"), [("30", 30), ("30.0", 30), ("2.5", 2.5), ("86400", 86400), (" 4 ", 4)])
def test_whole_seconds_stay_whole(text: str, value: float) -> None:
    parsed = parse_setting("timeout", text)
    assert (parsed, type(parsed)) == (value, type(value))


@pytest.mark.parametrize(
    ("text", "value"),
    [("1", True), ("TRUE", True), ("Yes", True), ("on", True), ("0", False), ("False", False), ("no", False)],
)
def test_switches(text: str, value: bool) -> None:
    assert parse_setting("read_only", text) is value


def test_an_unknown_setting_gets_the_nearest_and_the_list() -> None:
    with pytest.raises(UsageError) as caught:
        find_setting("time_out")
    assert caught.value.message == "There is no setting 'time_out'."
    assert caught.value.hint == (
        "Did you mean timeout? Settings: base_url, tenant_id, org_id, location, output, timeout, max_wait, read_only, "
        "bulk_payload, environment, token_command, token_url, client_id."
    )


def test_debug_and_profile_are_not_for_profiles() -> None:
    for name in ("debug", "profile"):
        with pytest.raises(UsageError):
            find_setting(name)


def test_describe_shows_each_value_and_where_it_came_from() -> None:
    rows = describe(resolve({"output": "json"}, {"SYNQ_TIMEOUT": "7"}, config("acme", acme={"read_only": True})))
    seen = {str(row["setting"]): (row["value"], row["source"], row["variable"]) for row in rows}
    assert seen == {
        "profile": ("acme", "auth switch", "SYNQ_PROFILE"),
        "base_url": ("https://api.synq.io", "default", "SYNQ_BASE_URL"),
        "tenant_id": (None, "default", "SYNQ_TENANT_ID"),
        "org_id": (None, "default", "SYNQ_ORG_ID"),
        "location": (None, "default", None),
        "output": ("json", "option --output", "SYNQ_OUTPUT"),
        "timeout": (7, "SYNQ_TIMEOUT", "SYNQ_TIMEOUT"),
        "max_wait": (120, "default", "SYNQ_MAX_WAIT"),
        "read_only": (True, "profile acme", "SYNQ_READ_ONLY"),
        "bulk_payload": ("inline", "default", None),
        "environment": (None, "default", None),
        "token_command": (None, "default", None),
        "token_url": (None, "default", None),
        "client_id": (None, "default", None),
        "debug": (False, "default", "SYNQ_DEBUG"),
    }


@pytest.mark.parametrize(
    ("line", "environ", "source"),
    [
        (["--timeout", "soon"], {}, "option --timeout"),
        ([], {"SYNQ_TIMEOUT": "soon"}, "SYNQ_TIMEOUT"),
        ([], {}, "timeout of profile default in {config}"),
    ],
)
def test_a_bad_value_ends_the_run_with_status_2(
    synq: Any, line: list[str], environ: dict[str, str], source: str
) -> None:
    path = synq.folder / "config" / "config.yaml"
    path.parent.mkdir()
    path.write_text("profiles: {default: {timeout: soon}}\n" if not line and not environ else "")
    result = synq("config", "list", *line, environ=environ)
    assert (result.status, result.out) == (2, "")
    said = f"{source.format(config=path)} is 'soon', but timeout must be a number of seconds, 0 or more."
    assert said in result.err.replace("\n", " ")


def test_a_list_for_a_number_ends_the_run_with_file_profile_and_key(synq: Any) -> None:
    path = synq.folder / "config" / "config.yaml"
    path.parent.mkdir()
    path.write_text("profiles:\n  acme:\n    timeout: [1]\n")
    result = synq("config", "list", "--profile", "acme", "--json")
    assert (result.status, result.out) == (2, "")
    assert f"timeout of profile acme in {path} is [1], but timeout must be a single value." in result.err
