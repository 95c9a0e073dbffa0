"""Profiles that are marked as production, and the .synq.yaml that chooses a profile for a folder."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from runner import Runner

PRODUCT = "f1f1e283-6659-47ee-a41b-6b6ad352dac2"
CONFIG = """
profiles:
  acme: {base_url: 'https://api.test', tenant_id: 6f1d2c84-3b7a-4e59-9c10-2a8e5d4b7f31, environment: production}
  beta: {base_url: 'https://api.test', environment: test}
  sandbox: {environment: production}
current_profile: beta
"""


@pytest.fixture
def shop(synq: Runner) -> Runner:
    """A machine with three profiles, whose sandbox is marked as production."""
    (synq.folder / "config").mkdir()
    (synq.folder / "config" / "config.yaml").write_text(CONFIG, encoding="utf-8")
    synq.seed_sandbox()
    return synq


def there(shop: Runner) -> bool:
    return shop("--sandbox", "products", "get", PRODUCT).status == 0


def test_the_footer_is_red_for_production_alone(shop: Any) -> None:
    color = {"NO_COLOR": "", "CLICOLOR_FORCE": "1"}
    red = shop("--sandbox", "channels", "list", environ=color, terminal=True)
    assert red.err.endswith("\x1b[31m99/100 requests left this minute · sandbox · production\x1b[0m\n")
    shop("config", "set", "environment", "staging", "-p", "sandbox")
    dim = shop("--sandbox", "channels", "list", environ=color, terminal=True)
    assert dim.err.endswith("\x1b[2m98/100 requests left this minute · sandbox · staging\x1b[0m\n")


@pytest.mark.parametrize(("typed", "gone"), [("sandbox\n", True), ("y\n", False), ("", False), ("Sandbox\n", False)])
def test_on_a_terminal_production_has_its_name_typed_whatever_yes_says(shop: Any, typed: str, gone: bool) -> None:
    result = shop("--sandbox", "products", "delete", PRODUCT, "--yes", terminal=True, stdin=typed)
    assert 'Profile "sandbox" is production. Type its name to confirm: ' in result.err
    assert there(shop) is not gone


@pytest.mark.parametrize(
    ("more", "status", "words"),
    [
        (("--yes",), 11, 'Profile "sandbox" is production: add --confirm sandbox. --yes is not enough.'),
        (
            ("--yes", "--confirm", "acme"),
            11,
            'Not confirmed: this profile is "sandbox", not "acme". Nothing was changed.',
        ),
        (("--confirm", "sandbox"), 0, ""),
        (("--dry-run",), 0, ""),
    ],
)
def test_off_a_terminal_the_name_is_an_option(shop: Any, more: tuple[str, ...], status: int, words: str) -> None:
    result = shop("--sandbox", "products", "delete", PRODUCT, *more)
    assert (result.status, words in result.err) == (status, True)
    assert there(shop) is (more != ("--confirm", "sandbox"))


def test_elsewhere_the_option_is_a_guard_as_well(shop: Any) -> None:
    shop("config", "unset", "environment", "-p", "sandbox")
    line = ("--sandbox", "products", "delete", PRODUCT, "--yes", "--confirm")
    assert (shop(*line, "acme").status, there(shop)) == (11, True)
    assert (shop(*line, "sandbox").status, there(shop)) == (0, False)


def test_many_rows_are_asked_for_too(shop: Any) -> None:
    (shop.folder / "counts.csv").write_text("sku,delta\nHMC-NVY-M,1\n", encoding="utf-8")
    line = (
        "--sandbox",
        "inventory",
        "adjust",
        "--file",
        str(shop.folder / "counts.csv"),
        "--location",
        "Leith warehouse",
    )
    refused = shop(*line, "--yes")
    assert (refused.status, "--confirm sandbox" in refused.err) == (11, True)


def test_the_machines_own_sandbox_is_no_tenants(shop: Any) -> None:
    assert shop("sandbox", "reset", "--yes", "-p", "acme").status == 0


# .synq.yaml


def test_synq_yaml_selects_the_profile_with_one_note(shop: Any) -> None:
    file = shop.folder / ".synq.yaml"
    file.write_text("# for this repository\nprofile: acme\n", encoding="utf-8")
    said = f"{file} selects profile acme for its folder and subfolders.\n"
    first = shop("config", "get", "profile")
    assert (first.out, first.err) == ("acme\n", said)
    again = shop("config", "get", "profile")
    assert (again.out, again.err) == ("acme\n", "")
    file.write_text("profile: beta\n", encoding="utf-8")
    assert shop("config", "get", "profile", "-q").err == ""  # not heard, so said again
    assert shop("config", "get", "profile").err == said.replace("acme", "beta")
    assert shop("config", "get", "profile", environ={"SYNQ_PROFILE": "acme"}).out == "acme\n"
    assert shop("config", "get", "profile", "--profile", "acme").out == "acme\n"
    switched = shop("auth", "switch", "acme")
    assert switched.err == f"Switched to profile acme.\nWarning: {file} overrides it here with beta.\n"


def test_it_holds_below_its_folder_and_the_nearest_counts(shop: Any) -> None:
    below = shop.folder / "deep" / "deeper"
    below.mkdir(parents=True)
    (shop.folder / ".synq.yaml").write_text("profile: acme\n", encoding="utf-8")
    top, shop.working = shop.folder, below
    assert shop("config", "get", "profile").out == "acme\n"
    (top / "deep" / ".synq.yaml").write_text("profile: beta\n", encoding="utf-8")
    assert shop("config", "get", "profile").out == "beta\n"


def test_an_empty_one_chooses_nothing(shop: Any) -> None:
    for text in ("", "# nothing\n", "---\n", "{}\n"):
        (shop.folder / ".synq.yaml").write_text(text, encoding="utf-8")
        assert shop("config", "get", "profile").out == "beta\n", text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("profile: acme\nbase_url: https://evil.test\n", "may set the profile and nothing else, not base_url."),
        ("token_command: [rm, -r, /]\n", "may set the profile and nothing else, not token_command."),
        ("profiles: {acme: {token: x}}\n", "may set the profile and nothing else, not profiles."),
        ("profile: [acme]\n", "profile must be a name; put it in quotes."),
        ("profile: 7\n", "profile must be a name; put it in quotes."),
        ("acme\n", "it must be a mapping."),
        ("profile: acme\nprofile: beta\n", "profile is given twice in line 2."),
        ("profile: 'a b'\n", 'Invalid profile name "a b" from '),
        ("profile: {", "can't be used"),
    ],
)
def test_it_can_say_nothing_else(shop: Any, text: str, words: str) -> None:
    (shop.folder / ".synq.yaml").write_text(text, encoding="utf-8")
    result = shop("channels", "list")
    assert (result.status, result.out) == (2, "")
    assert words in result.err
    # What names another profile does not look at it.
    assert shop("--sandbox", "channels", "list").status == 0


def test_another_name_of_the_file_is_an_error(shop: Any) -> None:
    (shop.folder / ".synq.yml").write_text("profile: acme\n", encoding="utf-8")
    refused = shop("channels", "list")
    assert (refused.status, refused.out) == (2, "")
    assert refused.err == (f"synq: {shop.folder}/.synq.yml is not used.\n  Rename it to .synq.yaml, or remove it.\n")
    (shop.folder / ".synq.yaml").write_text("profile: acme\n", encoding="utf-8")
    assert shop("config", "get", "profile").out == "acme\n"


# names without effect, by which somebody may believe to be protected

HARMLESS = "timeout: 9, location: Leith, token_store: keyring"


@pytest.mark.parametrize(
    ("text", "environ", "words"),
    [
        (
            "profiles: {acme: {HARMLESS, read-only: true}}",
            {},
            'setting "read-only" of acme is ignored. Did you mean read_only?',
        ),
        (
            "profiles: {acme: {HARMLESS, enviroment: production}}",
            {},
            'setting "enviroment" of acme is ignored. Did you mean environment?',
        ),
        ("profiles: {acme: {Read_Only: true}}", {}, 'setting "Read_Only" of acme is ignored. Did you mean read_only?'),
        ("profiles: {acme: {5: x}}", {}, 'setting "5" of acme is ignored.'),
        ("read_only: true", {}, 'name "read_only" in PATH is ignored. Settings belong below a profile.'),
        ("profile: {acme: {read_only: true}}", {}, 'name "profile" in PATH is ignored. Did you mean profiles?'),
        ("", {"SYNQ_READONLY": "1"}, "variable SYNQ_READONLY is ignored. Did you mean SYNQ_READ_ONLY?"),
        ("", {"synq_read_only": "1"}, "variable synq_read_only is ignored. Did you mean SYNQ_READ_ONLY?"),
    ],
)
def test_a_name_without_effect_is_a_warning_and_a_finding(
    synq: Any, text: str, environ: dict[str, str], words: str
) -> None:
    path = synq.folder / "config" / "config.yaml"
    path.parent.mkdir()
    path.write_text(text.replace("HARMLESS", HARMLESS), encoding="utf-8")
    sentence = f"Unknown {words.replace('of acme', f'of profile acme in {path}').replace('PATH', str(path))}"
    told = synq("-p", "acme", "config", "get", "read_only", "-q", environ=environ)
    assert (told.status, told.out, told.err) == (0, "false\n", f"Warning: {sentence}\n")
    (config,) = [row for row in json.loads(synq("doctor", "--json", environ=environ).out) if row["check"] == "config"]
    assert (config["state"], config["found"]) == ("warn", sentence)


def test_names_of_other_profiles_and_other_variables_are_no_warning(synq: Any) -> None:
    path = synq.folder / "config" / "config.yaml"
    path.parent.mkdir()
    path.write_text(f"profiles: {{acme: {{read-only: true}}, beta: {{{HARMLESS}}}}}", encoding="utf-8")
    environ = {"SYNQ_TOKEN_ACME": "x", "SYNQ_READ_ONLY": "1", "SYNQ_ENVIRONMENT": "x"}
    assert synq("-p", "beta", "config", "get", "read_only", environ=environ).err == ""


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="only root can give folders away")
def test_root_in_another_users_folder_is_a_warning(synq: Any) -> None:
    folder = synq.folder / "config"
    folder.mkdir()
    os.chown(folder, 4242, 4242)
    result = synq("config", "get", "timeout")
    assert (result.status, result.out) == (0, "30\n")
    assert result.err.startswith(f"Warning: synq runs as root on {folder}, which is another user's")


def test_a_working_folder_that_is_gone(tmp_path: Path, shop: Any) -> None:
    shop.working = None
    assert shop("config", "get", "profile").out == "beta\n"


# who is who


def test_a_picker_chooses_by_number_or_name(shop: Any) -> None:
    picked = shop("auth", "switch", terminal=True, stdin="1\n")
    assert picked.err == (
        "  1  acme  6f1d2c84-3b7a-4e59-9c10-2a8e5d4b7f31, production\n"
        "  2  beta  test, in use\n"
        "  3  sandbox  production\n"
        "Profile: Switched to profile acme.\n"
    )
    assert shop("config", "get", "profile").out == "acme\n"
    assert shop("auth", "switch", terminal=True, stdin="beta\n").err.endswith("Switched to profile beta.\n")
    assert shop("auth", "switch", terminal=True, stdin="\n").err.endswith("Switched to profile beta.\n")
    wrong = shop("auth", "switch", terminal=True, stdin="4\n")
    assert (wrong.status, 'Unknown profile "4".' in wrong.err) == (2, True)
    script = shop("auth", "switch")
    assert (script.status, script.err.splitlines()[-1].strip()) == (
        11,
        "Run `synq auth switch PROFILE`. Profiles: acme, beta, sandbox.",
    )


class Asked:
    """A keyring that must be left alone."""

    def get_password(self, _service: str, _username: str, /) -> str | None:
        raise AssertionError

    def set_password(self, _service: str, _username: str, _password: str, /) -> None:
        raise AssertionError

    def delete_password(self, _service: str, _username: str, /) -> None:
        raise AssertionError


def test_status_of_all_leaves_the_keyring_alone(shop: Any) -> None:
    shop.keyring = Asked()
    result = shop(
        "auth", "status", "--all", "-o", "csv", environ={"SYNQ_TENANT_ID": "6f1d2c84-3b7a-4e59-9c10-2a8e5d4b7f31"}
    )
    assert result.status == 0
    lines = [line.split(",") for line in result.out.splitlines()]
    assert [line[:3] for line in lines] == [
        ["profile", "in_use", "environment"],
        ["acme", "false", "production"],
        ["beta", "true", "test"],
        ["sandbox", "false", "production"],
    ]
    assert lines[1][4] == "6f1d2c84-3b7a-4e59-9c10-2a8e5d4b7f31"
    assert lines[2][4] == ""  # what the environment says is not the profile's
    assert [line[-1] for line in lines[1:]] == ['"[""SYNQ_TENANT_ID""]"'] * 3
    assert shop("auth", "status").status == 0
