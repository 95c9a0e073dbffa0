"""Option > environment variable > profile > default, and every invalid value named by its origin."""

from pathlib import Path
from typing import Any

import pytest
from table import cases

from synq_cli.errors import UsageError
from synq_cli.exact_json import Number
from synq_cli.session.profiles import Config
from synq_cli.session.settings import SETTINGS, describe, find_setting, parse_setting, resolve

A = "6f1d2c84-3b7a-4e59-9c10-2a8e5d4b7f31"
B = "0b5f2f0e-6f0b-4a53-8a39-7d1ac9a1b5d2"
C = "c1a7d9e2-1111-4222-8333-944455556666"
HTTPS = "use https; plain http, which would expose the token, is only for this machine"
UUID = f"use a UUID such as {A}"
SECONDS = "use a number of seconds from 0 to 86400"
LINE = "use one line of text, without control characters"

# name: option, variable and profile's value, as they come in; the same as they come out; an invalid value and why.
VALUES: dict[str, tuple[tuple[object, str, object], tuple[object, object, object], tuple[str, str]]] = {
    "base_url": (
        ("https://one.test/", "http://localhost:8080", "https://three.test/v"),
        ("https://one.test", "http://localhost:8080", "https://three.test/v"),
        ("http://shop.test", HTTPS),
    ),
    "tenant_id": ((A, B.upper(), C), (A, B, C), ("acme", UUID)),
    "org_id": ((A, B.upper(), C), (A, B, C), ("acme", UUID)),
    "location": (("Leith", "", "Back room"), ("Leith", None, "Back room"), (" ", LINE)),
    "output": (
        ("json", "csv", "yaml"), ("json", "csv", "yaml"), ("xml", "use table, json, ndjson, yaml, csv, tsv or xlsx")
    ),
    "timeout": (("1", "2.5", 3), (1, 2.5, 3), ("soon", SECONDS)),
    "max_wait": (("0", "2.5", Number("3.0")), (0, 2.5, 3), ("-1", SECONDS)),
    "reserve": (("10", "0", 5), (10, 0, 5), ("-1", "use a whole number, 0 or more")),
    "max_requests": (("10", "1", 5), (10, 1, None), ("0", "use a whole number, 1 or more")),
    "footer": (("json", "text", "json"), ("json", "text", "text"), ("xml", "use text or json")),
    "read_only": ((True, "no", "on"), (True, False, True), ("maybe", "use true or false")),
    "bulk_payload": (("base64", "", "base64"), ("base64", None, "base64"), ("base46", "use inline or base64")),
    "environment": (
        ("production", "", "staging"), ("production", None, "staging"), ("prod", "use production, staging or test")
    ),
    "token_command": (
        ("a", "", ["pass", "show", "the token"]),
        ("a", None, "pass show 'the token'"),
        ("pass 'show", "use a program and its arguments, with closed quotes"),
    ),
    "token_url": (
        ("https://one.test/token/", "", "https://three.test/t?key=1"),
        ("https://one.test/token/", None, "https://three.test/t?key=1"),
        ("http://shop.test/token", HTTPS),
    ),
    "client_id": (("synq", "", "other"), ("synq", None, "other"), (" ", LINE)),
    "team_store": (
        ("$SYNQ_TEAM_STORE", "", ["pass", "show", "the store"]),
        ("$SYNQ_TEAM_STORE", None, "pass show 'the store'"),
        ("$TEAM STORE", "use the name of an environment variable, such as '$SYNQ_TEAM_STORE'"),
    ),
    "budget_pool": (("office", "", "Leith hub"), ("office", None, "Leith hub"), (" ", LINE)),
    "cache": ((False, "", "off"), (False, None, False), ("maybe", "use true or false")),
    "debug": ((True, "1", True), (True, True, False), ("maybe", "use true or false")),
}  # fmt: skip
NAMES = sorted(VALUES)
BY_NAME = {setting.name: setting for setting in SETTINGS}


def config(current: str | None = None, **profiles: dict[str, object]) -> Config:
    return Config(Path("config.yaml"), current, profiles)


def setting(name: str, options: dict[str, object], environ: dict[str, str], stored: Config) -> tuple[object, str]:
    found = resolve(options, environ, stored)
    return getattr(found, name), found.sources[name]


def error(options: dict[str, object], environ: dict[str, str], stored: Config) -> UsageError:
    with pytest.raises(UsageError) as caught:
        resolve(options, environ, stored)
    return caught.value


def test_the_table_covers_every_setting() -> None:
    assert set(VALUES) == set(BY_NAME) - {"profile", "policy"}  # which is not a text


@cases("name", NAMES)
def test_option_wins_over_variable_over_profile_over_default(name: str) -> None:
    (option, variable, stored), (from_option, from_variable, from_profile), _ = VALUES[name]
    env, default = BY_NAME[name].env, BY_NAME[name].default
    options, environ = {name: option}, {env: variable} if env else {"SYNQ_LOCATION": "x"}
    profile = config(default={name: stored})
    below = (from_profile, "profile default") if BY_NAME[name].in_profile else (default, "default")

    assert setting(name, options, environ, profile) == (from_option, f"option --{name.replace('_', '-')}")
    assert setting(name, {}, environ, profile) == ((from_variable, env) if env else below)
    assert setting(name, {}, {str(env): ""}, profile) == below
    assert setting(name, {}, {}, config()) == (default, "default")


@cases("name", NAMES)
def test_an_invalid_value_is_named_with_its_origin(name: str) -> None:
    text, problem = VALUES[name][2]
    env = BY_NAME[name].env
    invalid = f'Invalid {name} "{text}" from'
    assert error({name: text}, {}, config()).message == f"{invalid} option --{name.replace('_', '-')}: {problem}."
    if env:
        assert error({}, {env: text}, config()).message == f"{invalid} {env}: {problem}."
    if BY_NAME[name].in_profile:
        origin = "profile acme in config.yaml"
        assert error({}, {}, config("acme", acme={name: text})).message == f"{invalid} {origin}: {problem}."
        for value in ([1], {"a": 1}, [], {}):
            message = error({}, {}, config("acme", acme={name: value})).message
            assert message == f"Invalid {name} {value} from {origin}: use a single value."
        with pytest.raises(UsageError) as caught:
            parse_setting(name, text)
        assert caught.value.message == f'Invalid {name} "{text}": {problem}.'


@pytest.mark.parametrize("value", [False, 8, Number("2.5")])
def test_location_must_be_text(value: object) -> None:
    said = f"Invalid location {value} from profile default in config.yaml: use text; put it in quotes."
    assert error({}, {}, config(default={"location": value})).message == said


def test_huge_list_is_shortened() -> None:
    bomb: list[object] = ["x"]
    for _ in range(60):
        bomb = [bomb] * 9
    assert len(error({}, {}, config(default={"timeout": bomb})).message) < 250


@cases(
    ("options", "environ", "current", "expected"),
    [
        ({"profile": "one"}, {"SYNQ_PROFILE": "two"}, "three", ("one", "option --profile")),
        ({}, {"SYNQ_PROFILE": "two"}, "three", ("two", "SYNQ_PROFILE")),
        ({}, {"SYNQ_PROFILE": ""}, "three", ("three", "auth switch")),
        ({}, {}, None, ("default", "default")),
        ({"sandbox": True}, {"SYNQ_PROFILE": "two"}, "three", ("sandbox", "option --sandbox")),
        ({"sandbox": True, "profile": "sandbox"}, {}, None, ("sandbox", "option --sandbox")),
        ({"profile": "sandbox"}, {}, None, ("sandbox", "option --profile")),
    ],
)
def test_the_profile_is_chosen_in_the_same_order(
    options: dict[str, object], environ: dict[str, str], current: str | None, expected: tuple[str, str]
) -> None:
    assert setting("profile", options, environ, config(current)) == expected


def test_an_invalid_profile_name_is_named_with_its_origin() -> None:
    for options, environ, current, origin in (
        ({"profile": "a b"}, {}, None, "option --profile"),
        ({}, {"SYNQ_PROFILE": "a b"}, None, "SYNQ_PROFILE"),
        ({}, {}, "a b", "current_profile in config.yaml"),
    ):
        assert error(dict(options), environ, config(current)).message == f'Invalid profile name "a b" from {origin}.'


@cases(
    ("name", "problem", "texts"),
    [
        ("location", LINE, ["a\nb", "a\x1b[31m", "a\x85b", "a\u202eb", "\udcff"]),
        ("tenant_id", UUID, [A[:-1], A.replace("-", ""), f"{{{A}}}", f"urn:uuid:{A}"]),
        ("timeout", SECONDS, ["nan", "inf", "-inf", "1e999", "-0.1", "", "1s", "0x10", "9" * 400, "1e10", "86401"]),
        ("max_wait", SECONDS, ["nan", "-0.1", "86401"]),
        ("timeout", "use more than 0 seconds", ["0"]),
        ("reserve", "use a whole number, 0 or more", ["1.5", "ten", "", "\u0661", "9" * 5000]),
    ],
)
def test_more_invalid_values(name: str, problem: str, texts: list[str]) -> None:
    for text in texts:
        with pytest.raises(UsageError, match=problem):
            parse_setting(name, text)


@cases(
    ("name", "text"),
    [
        ("base_url", "https://me:CANARY@api.synq.io"), ("base_url", "me:CANARY@api.synq.io"),
        ("base_url", "https://me:CAN/CANARY/x@api.synq.io"), ("base_url", "https://api.synq.io?token=CANARY"),
        ("base_url", "https://api.synq.io#CANARY"), ("tenant_id", "eyJhbGciOiJIUzI1NiJ9.eyJ9.CANARY"),
        ("output", "Bearer eyJhbGciOiJIUzI1NiJ9.eyJ9.CANARY"),
    ],
)  # fmt: skip
def test_a_secret_in_the_wrong_place_is_not_repeated(name: str, text: str) -> None:
    for given in (
        error({name: text}, {}, config()),
        error({}, {str(BY_NAME[name].env): text}, config()),
        error({}, {}, config(default={name: text})),
        error({}, {}, config(default={name: [text]})),
    ):
        assert "CANARY" not in f"{given.as_json()}{given.__cause__}"


def test_the_sandbox_has_no_other_profile_and_no_base_url() -> None:
    for name in ("acme", "default", ""):
        said = f"--sandbox and --profile {name} are two tenants: use one of them."
        assert error({"sandbox": True, "profile": name}, {}, config()).message == said
    for options in ({"sandbox": True}, {"profile": "sandbox"}):
        said = "The embedded sandbox has no base URL."
        assert error({**options, "base_url": "nonsense"}, {}, config()).message == said


def test_variables_and_profile_of_another_tenant_do_not_reach_the_sandbox() -> None:
    environ = {"SYNQ_BASE_URL": "http://nonsense", "SYNQ_TENANT_ID": "nonsense", "SYNQ_ORG_ID": B, "SYNQ_TIMEOUT": "7"}
    stored = config(
        sandbox={"base_url": "https://three.test", "tenant_id": A, "org_id": "x", "token_url": "x", "location": "Leith"}
    )
    found = resolve({"sandbox": True}, environ, stored)
    assert (found.base_url, found.tenant_id, found.org_id) == ("http://sandbox.invalid", None, None)
    assert (found.location, found.timeout) == ("Leith", 7)
    sandboxed = {name for name, source in found.sources.items() if source == "sandbox"}
    assert sandboxed == {"base_url", "tenant_id", "org_id", "token_command", "token_url", "client_id", "team_store"}


@cases(
    ("name", "text", "value"),
    [
        ("max_wait", "0", 0), ("timeout", "30.0", 30), ("timeout", "2.5", 2.5), ("timeout", "86400", 86400),
        ("timeout", " 4 ", 4),
        ("read_only", "1", True), ("read_only", "TRUE", True), ("read_only", "Yes", True), ("read_only", "on", True),
        ("read_only", "0", False), ("read_only", "False", False), ("read_only", "no", False),
    ],
)  # fmt: skip
def test_whole_seconds_stay_whole_and_switches_have_words(name: str, text: str, value: object) -> None:
    parsed = parse_setting(name, text)
    assert (parsed, type(parsed)) == (value, type(value))


@cases(
    ("text", "shown"),
    [
        ("postgresql://synq:secret@db.test/synq", '"***@db.test/synq"'),
        ("postgres://db.test/synq?password=secret", '"postgres://db.test/synq?***"'),
        ("host=db.test password=secret dbname=synq", '"host=db.test password=***"'),
        (" dbname=synq host=db.test", '" dbname=synq host=db.test"'),
        ("echo postgresql://synq:secret@db.test/synq", '"***@db.test/synq"'),
        ("printf 'host=db password = secret'", '"printf \'host=db password =***"'),
    ],
)
def test_a_connection_string_is_refused_as_the_team_store_and_its_password_not_shown(text: str, shown: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_setting("team_store", text)
    assert caught.value.message == (
        f"Invalid team_store {shown}: name a variable that holds the connection string, such as '$SYNQ_TEAM_STORE', "
        "or a command that prints it."
    )


def test_an_unknown_setting_gets_the_nearest_and_the_list() -> None:
    for name in ("time_out", "debug", "profile"):  # two of them are no settings of a profile
        with pytest.raises(UsageError) as caught:
            find_setting(name)
        assert caught.value.message == f'Unknown setting "{name}".'
    assert find_setting("debug", in_profile=False).name == "debug"
    with pytest.raises(UsageError) as caught:
        find_setting("time_out")
    assert caught.value.hint == (
        "Did you mean timeout? Settings: base_url, tenant_id, org_id, location, output, timeout, max_wait, reserve, "
        "read_only, cache, bulk_payload, environment, policy, token_command, token_url, client_id, team_store, "
        "budget_pool."
    )


def test_describe_shows_each_value_and_where_it_came_from() -> None:
    rows = describe(resolve({"output": "json"}, {"SYNQ_TIMEOUT": "7"}, config("acme", acme={"read_only": True})))
    assert [row["setting"] for row in rows] == [setting.name for setting in SETTINGS]
    seen = {str(row["setting"]): (row["value"], row["source"], row["variable"]) for row in rows}
    assert (
        seen.items()
        >= {
            "profile": ("acme", "auth switch", "SYNQ_PROFILE"),
            "location": (None, "default", None),
            "output": ("json", "option --output", "SYNQ_OUTPUT"),
            "timeout": (7, "SYNQ_TIMEOUT", "SYNQ_TIMEOUT"),
            "read_only": (True, "profile acme", "SYNQ_READ_ONLY"),
        }.items()
    )


@pytest.mark.parametrize(
    ("line", "environ", "value", "origin"),
    [
        (["--timeout", "soon"], {}, "7", "option --timeout"),
        ([], {"SYNQ_TIMEOUT": "soon"}, "7", "SYNQ_TIMEOUT"),
        ([], {}, "soon", "profile default in {config}"),
    ],
)
def test_an_invalid_value_ends_the_run_with_status_2(
    synq: Any, line: list[str], environ: dict[str, str], value: str, origin: str
) -> None:
    path = synq.folder / "config" / "config.yaml"
    path.parent.mkdir()
    path.write_text(f"profiles: {{default: {{timeout: {value}}}}}\n")
    result = synq("config", "list", *line, environ=environ)
    assert (result.status, result.out) == (2, "")
    assert f'Invalid timeout "soon" from {origin.format(config=path)}: {SECONDS}.' in result.err


def test_the_name_of_a_pool_has_at_most_100_characters() -> None:
    assert parse_setting("budget_pool", "x" * 100) == "x" * 100
    with pytest.raises(UsageError, match="use at most 100 characters"):
        parse_setting("budget_pool", "x" * 101)
