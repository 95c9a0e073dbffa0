"""config.yaml: reading, errors, and changes that lose nothing."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from synq_cli import exact_yaml
from synq_cli.errors import UsageError
from synq_cli.exact_json import Number
from synq_cli.session.profiles import Config, change, check_name, existing, find_project, load, token_store
from synq_cli.state.cache import Cache
from synq_cli.state.folders import sole_writer

HEADER = "# Written by `synq config` and `synq auth`; comments are not kept.\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where config.yaml would be; its folder is there."""
    folder = tmp_path / "config"
    folder.mkdir(mode=0o700)
    return folder / "config.yaml"


def set_timeout(document: dict[str, Any]) -> None:
    document["profiles"].setdefault("acme", {})["timeout"] = 7


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.mark.parametrize(
    "text", [None, "", "\n \n", "# only a comment\n", "---\n", "null\n", "profiles:\n", "current_profile:\n"]
)
def test_missing_or_empty_file_is_an_empty_configuration(path: Path, text: str | None) -> None:
    if text is not None:
        path.write_text(text)
    assert load(path) == Config(path, None, {})


def test_profiles_and_the_current_one_are_read(path: Path) -> None:
    path.write_text(
        "\ufeffcurrent_profile: acme\nprofiles:\n  acme: {timeout: 7, location: Zürich}\n  beta:\n", "utf-8"
    )
    assert load(path) == Config(path, "acme", {"acme": {"timeout": 7, "location": "Zürich"}, "beta": {}})


DAMAGED = {
    b"profiles: {a\nb: [": "expected ',' or '}', but got ':' in line 2",
    b"profiles:\n  acme:\n   x: 1\n  y: 2\n z: 3\n": "line 5",
    b"a: 1\nb: \x00\n": "special characters are not allowed in line 2.",
    b"profiles: *nowhere\n": "found undefined alias 'nowhere' in line 1",
    b"a: &a [*a]\n": "found unconstructable recursive node in line 1.",
    b"a: 1\nb: !!python/object:os.system {}\n": "could not determine a constructor for the tag",
    b"a: !!timestamp 2026-01-01\n": "could not determine a constructor for the tag",
    b"a: !!bool x\n": "a value is not what its tag says",
    b"profiles:\n  ? [a]\n  : {}\n": "a key is not a scalar in line 2.",
    b"profiles:\n  acme: {a: 1}\n  acme: {b: 1}\n": "acme is given twice in line 3.",
    b"profiles: {}\nprofiles: {}\n": "profiles is given twice in line 2.",
    b"- acme\n": "it must be a mapping.",
    b"0\n": "it must be a mapping.",
    b"profiles: acme\n": "profiles must map names to settings.",
    b"profiles: []\n": "profiles must map names to settings.",
    b"profiles: false\n": "profiles must map names to settings.",
    b"profiles:\n  acme: 1\n": "profile acme must be a mapping of settings.",
    b"profiles:\n  acme: []\n": "profile acme must be a mapping of settings.",
    b"current_profile: 12\n": "current_profile must be a name; put it in quotes.",
    b"current_profile: [acme]\n": "current_profile must be a name; put it in quotes.",
    b"profiles: {acme: {location: 'Z\xfcrich'}}\n": "it is not UTF-8 text",
    b"profiles: {acme: {timeout: 1e9999999999999999999}}\n": "a value is not what its tag says",
    b"profiles: " + b"[" * 500 + b"\n": "it is nested too deeply",
}


@pytest.mark.parametrize(("content", "what"), DAMAGED.items(), ids=map(str, range(len(DAMAGED))))
def test_a_damaged_file_is_named_and_never_overwritten(path: Path, content: bytes, what: str) -> None:
    path.write_bytes(content)
    edits: list[object] = []
    for use in (load, lambda path: change(path, edits.append)):
        with pytest.raises(UsageError) as caught:
            use(path)
        assert caught.value.message.startswith(f"{path} can't be used: ")
        assert what in caught.value.message
        assert caught.value.hint == "Fix it in an editor, or move it away; synq does not overwrite it."
    assert path.read_bytes() == content
    assert edits == []
    assert {entry.name for entry in path.parent.iterdir()} <= {"config.yaml", "config.lock"}


def test_values_keep_their_text_and_words_of_yaml_1_1_are_text(path: Path) -> None:
    path.write_text("profiles: {acme: {timeout: 2.50, location: NO, since: 2026-11-24, 12: 012}}\n")
    change(path, lambda document: document["profiles"].update(beta={"location": "no", "debug": True}))
    assert path.read_text().removeprefix(HEADER) == (
        "profiles:\n  acme:\n    timeout: 2.50\n    location: 'NO'\n    since: '2026-11-24'\n    '12': '012'\n"
        "  beta:\n    location: 'no'\n    debug: true\n"
    )


def test_a_file_that_can_not_be_read_is_named(path: Path, tmp_path: Path) -> None:
    path.mkdir()
    # A link to itself can't be read by anyone, root included.
    loop = tmp_path / "loop.yaml"
    loop.symlink_to(loop.name)
    for file, reason in ((path, "Is a directory"), (loop, "Too many levels of symbolic links")):
        for use in (load, lambda path: change(path, set_timeout)):
            with pytest.raises(UsageError) as caught:
                use(file)
            assert caught.value.message == f"{file} can't be used: it can't be read ({reason})."
    assert (path.is_dir(), loop.is_symlink()) == (True, True)


def test_a_link_that_leads_nowhere_is_not_an_empty_configuration(path: Path, tmp_path: Path) -> None:
    path.symlink_to("nowhere.yaml")
    folder = tmp_path / "linked"
    folder.symlink_to("no_folder")
    with pytest.raises(UsageError):
        change(path, set_timeout)
    assert path.is_symlink()
    for file, link in ((path, path), (folder / "config.yaml", folder)):
        with pytest.raises(UsageError) as caught:
            load(file)
        assert caught.value.message == (
            f"{file} can't be used: {link} is a symbolic link to a place that doesn't exist."
        )


def test_a_project_file_that_leads_nowhere_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / ".synq.yaml"
    file.symlink_to("nowhere.yaml")
    with pytest.raises(UsageError) as caught:
        find_project(lambda: tmp_path, Cache(lambda: tmp_path / "state"))
    assert caught.value.message.startswith(f"{file} can't be used: {file} is a symbolic link")


def test_damaged_file_fails_every_command_that_needs_it(synq: Any) -> None:
    path = synq.folder / "config" / "config.yaml"
    path.parent.mkdir()
    content = b"profiles: [acme\n"
    path.write_bytes(content)
    for line in (["config", "list"], ["config", "set", "timeout", "5"], ["auth", "switch", "acme"], ["auth", "status"]):
        result = synq(*line)
        assert (result.status, result.out) == (2, "")
        assert result.err.startswith(f"synq: {path} can't be used: ")
        assert "Traceback" not in result.err
    assert path.read_bytes() == content


PIECES = (
    st.sampled_from(["profiles", "current_profile", "acme", ": ", ":\n ", "\n", "\n ", ", ", "[", "]", "{", "}", "- "])
    | st.sampled_from(["? ", "|", ">", "&a ", "*a", "!!int ", "!!bool ", "!!timestamp ", "!!set ", "!!str ", "!!null "])
    | st.sampled_from(["<<", "'", '"', " #", "1", ".inf", "2026-13-45", "null", "\t", " x", "\0", "\x85"])
)


@given(
    st.binary(max_size=60)
    | st.text("{}[]:&*!-'\"\n ap1,", max_size=60).map(str.encode)
    | st.lists(PIECES, max_size=12).map("".join).map(str.encode)
)
def test_any_bytes_are_a_configuration_or_a_usage_error(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(content)
    try:
        config = load(path)
    except UsageError:
        return
    assert all(isinstance(name, str) and isinstance(kept, dict) for name, kept in config.profiles.items())


SETTINGS = st.dictionaries(
    st.text(min_size=1, max_size=8),
    st.text(max_size=20)
    | st.integers()
    | st.booleans()
    | st.none()
    | st.integers(-10_000, 10_000).map(lambda eighths: eighths / 8),
    max_size=4,
)


@given(st.dictionaries(st.from_regex(r"[A-Za-z0-9._-]{1,12}", fullmatch=True), SETTINGS, max_size=4))
def test_written_profiles_are_read_back(
    tmp_path_factory: pytest.TempPathFactory, profiles: dict[str, dict[str, object]]
) -> None:
    path = tmp_path_factory.getbasetemp() / "round" / "config.yaml"
    path.unlink(missing_ok=True)
    assert change(path, lambda document: document.update(profiles=profiles)).profiles == profiles


def test_file_and_folder_are_private(tmp_path: Path) -> None:
    path = tmp_path / "config" / "config.yaml"
    old = os.umask(0)
    try:
        config = change(path, set_timeout)
    finally:
        os.umask(old)
    assert config == Config(path, None, {"acme": {"timeout": 7}})
    assert path.read_text() == HEADER + "profiles:\n  acme:\n    timeout: 7\n"
    assert (mode(path.parent), mode(path)) == (0o700, 0o600)
    assert {entry.name: mode(entry) for entry in path.parent.iterdir() if entry != path} in ({}, {"config.lock": 0o600})


def test_unknown_keys_are_kept(path: Path) -> None:
    path.write_text(
        "future: {a: [1, 2]}\ncurrent_profile: acme\n"
        "profiles: {acme: {token_command: pass show acme, timeout: 1}, beta: {since: 2026-11-24}}\n"
    )
    before = exact_yaml.loads(path.read_text())
    change(path, set_timeout)
    before["profiles"]["acme"]["timeout"] = 7
    assert exact_yaml.loads(path.read_text()) == before


def fail_midway(document: dict[str, Any]) -> None:
    document["profiles"].clear()
    raise RuntimeError("midway")


def add_what_yaml_cannot_hold(document: dict[str, Any]) -> None:
    document["profiles"]["acme"] = object()


@pytest.mark.parametrize(
    ("edit", "error"), [(fail_midway, RuntimeError), (add_what_yaml_cannot_hold, yaml.YAMLError)], ids=["edit", "yaml"]
)
def test_failed_change_keeps_the_old_file(
    path: Path, edit: Callable[[dict[str, Any]], None], error: type[Exception]
) -> None:
    content = b"profiles: {acme: {timeout: 1}} # mine\n"
    path.write_bytes(content)
    with pytest.raises(error):
        change(path, edit)
    assert path.read_bytes() == content
    assert [*path.parent.glob("*.new")] == []
    assert change(path, set_timeout).profiles == {"acme": {"timeout": 7}}  # the lock was released


def test_symbolic_link_is_kept_and_leftovers_of_a_crash_are_replaced(path: Path, tmp_path: Path) -> None:
    target = tmp_path / "dotfiles.yaml"
    target.write_text("profiles: {beta: {}}\n")
    target.chmod(0o644)
    path.symlink_to(target)
    left = target.with_name(f"{target.name}.{os.getpid()}.new")
    left.write_text("half")
    left.chmod(0o666)
    assert set(change(path, set_timeout).profiles) == {"beta", "acme"}
    assert path.is_symlink()
    assert load(target).profiles == load(path).profiles
    assert (mode(target), left.exists()) == (0o600, False)


def test_reason_why_a_file_can_not_be_written_is_named(path: Path, tmp_path: Path) -> None:
    def put_a_folder_in_the_way(document: dict[str, Any]) -> None:
        path.mkdir()

    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UsageError):
        change(tmp_path / "file" / "config.yaml", set_timeout)
    with pytest.raises(UsageError) as caught:
        change(path, put_a_folder_in_the_way)
    assert caught.value.message == f"{path} can't be written: Is a directory."
    assert [*path.parent.glob("*.new")] == []
    path.rmdir()
    with sole_writer(path), pytest.raises(UsageError) as caught, sole_writer(path, limit=0.05):
        raise AssertionError("two writers at once")
    assert str(path) in caught.value.message
    path.with_suffix(".lock").unlink(missing_ok=True)
    path.with_suffix(".lock").mkdir()
    with pytest.raises(UsageError) as caught:
        change(path, set_timeout)
    assert caught.value.message.startswith(f"{path} can't be locked: ")


ADD_FIVE = """
import sys
from pathlib import Path
from synq_cli.session.profiles import change
from synq_cli.session.tokens.stores import TokenStore
from synq_cli.state.cache import Cache
folder = Path(sys.argv[1])
store = TokenStore(folder, cache=Cache(lambda: folder), lock_folder=lambda: folder, note=print)
print("ready", flush=True)
sys.stdin.read()
for number in range(5):
    name = f"{sys.argv[2]}{number}"
    change(folder / "config.yaml", lambda document: document["profiles"].update({name: {"timeout": 1}}))
    store.write(name, "token", "file")
"""


def test_concurrent_writers_lose_nothing(path: Path) -> None:
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    writers = [
        subprocess.Popen([sys.executable, "-c", ADD_FIVE, str(path.parent), name], **pipes) for name in ("a", "b")
    ]
    assert [writer.stdout.readline() for writer in writers] == ["ready\n"] * 2
    for writer in writers:
        writer.stdin.close()  # both start at once
    assert [writer.wait(60) for writer in writers] == [0, 0]
    for writer in writers:
        writer.stdout.close()
    names = {f"{name}{number}" for name in ("a", "b") for number in range(5)}
    assert set(load(path).profiles) == set(json.loads((path.parent / "credentials.json").read_text())) == names
    assert [*path.parent.glob("*.new")] == []


def test_valid_and_invalid_profile_names() -> None:
    for name in ("a", "default", "acme-2.eu_WEST", "..", "-", "x" * 64):
        assert check_name(name) == name
    for name in ("", "x" * 65, "a b", "a/b", "a\n", "\n", "é", "a:b", "a\x00", "٣"):
        with pytest.raises(UsageError) as caught:
            check_name(name, "SYNQ_PROFILE")
        assert caught.value.message == f'Invalid profile name "{name}" from SYNQ_PROFILE.'
        assert caught.value.hint == "Use 1 to 64 letters, digits, dots, dashes and underscores."
    with pytest.raises(UsageError) as caught:
        check_name("eyJ" + "x" * 90 + "CANARY")  # a token in its place
    assert caught.value.message == f'Invalid profile name "eyJ{"x" * 77}...".'


def test_an_existing_profile_and_the_sandbox_are_found(path: Path) -> None:
    config = Config(path, None, {"acme": {}})
    assert [existing(config, name) for name in ("acme", "sandbox")] == ["acme", "sandbox"]
    for name, near in (("acne", "Did you mean acme? "), ("zzz", "")):
        with pytest.raises(UsageError) as caught:
            existing(config, name)
        assert caught.value.message == f'Unknown profile "{name}".'
        assert caught.value.hint == f"{near}Profiles: acme, sandbox. Create one: synq auth login --profile NAME"


def test_the_token_is_in_the_keyring_or_in_a_file(path: Path) -> None:
    for stored, where in (({}, "keyring"), ({"token_store": "keyring"}, "keyring"), ({"token_store": "file"}, "file")):
        assert token_store(Config(path, None, {"acme": stored}), "acme") == where
    assert token_store(Config(path), "acme") == "keyring"
    for value in ("safe", "", 1, None, [1], {"a": 1}):
        with pytest.raises(UsageError) as caught:
            token_store(Config(path, None, {"acme": {"token_store": value}}), "acme")
        assert caught.value.message == f"{path} can't be used: token_store of profile acme must be keyring or file."


def test_an_unchanged_file_is_read_from_the_cache(path: Path, tmp_path: Path) -> None:
    cache = Cache(lambda: tmp_path / "state")
    text = "profiles: {acme: {timeout: 0.50}}\n"
    path.write_text(text)
    assert load(path, cache).profiles == load(path, cache).profiles == {"acme": {"timeout": Number("0.50")}}
    # Another answer in its place shows who gives it.
    cache.set("yaml", str(path), {"text": text, "json": '{"profiles":{"cached":{}}}'})
    assert load(path, cache).profiles == {"cached": {}}
    path.write_text("profiles: {acme: {timeout: 6}}\n")
    assert load(path, cache).profiles == {"acme": {"timeout": 6}}


@pytest.mark.parametrize("cached", ["x", {"text": "profiles: {}\n"}, {"text": "profiles: {}\n", "json": "{"}])
def test_a_damaged_cache_is_ignored(path: Path, tmp_path: Path, cached: object) -> None:
    cache = Cache(lambda: tmp_path / "state")
    path.write_text("profiles: {}\n")
    cache.set("yaml", str(path), cached)
    assert load(path, cache).profiles == {}


def test_document_with_aliases_is_not_cached(path: Path, tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x]", *(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 60))]
    path.write_text("\n".join(lines))
    cache = Cache(lambda: tmp_path / "state")
    assert load(path, cache).profiles == {}
    assert cache.get("yaml", str(path)) is None
