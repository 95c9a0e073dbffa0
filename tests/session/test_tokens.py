"""Keyrings that fail, lock or hang, and the file that can be used instead."""

import json
import os
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, Thread
from time import monotonic
from typing import Any

import keyring.backends.fail
import keyring.backends.null
import pytest
from keyring.errors import InitError, KeyringLocked, NoKeyringError, PasswordDeleteError, PasswordSetError
from runner import FakeKeyring, tokens_in
from table import cases

from synq_cli.errors import AuthError, UsageError
from synq_cli.session.tokens.keyring import SecretStore
from synq_cli.session.tokens.stores import TokenStore, entry_of

CANARY = "canary-7f3a91"
HINT = "Set SYNQ_TOKEN for this shell, or store the token in a file: synq auth login --insecure-storage"


class OddKeyring:
    """A keyring whose every call does this."""

    def __init__(self, act: Callable[[], object]) -> None:
        self.act = act

    def get_password(self, service: str, username: str, /) -> str | None:
        self.act()
        return None

    def set_password(self, service: str, username: str, password: str, /) -> None:
        self.act()

    def delete_password(self, service: str, username: str, /) -> None:
        self.act()


def raising(error: BaseException) -> OddKeyring:
    def act() -> None:
        raise error

    return OddKeyring(act)


class GarblingKeyring(FakeKeyring):
    """A keyring that keeps the first part alone."""

    def set_password(self, service: str, username: str, password: str, /) -> None:
        super().set_password(service, username, password[:5])


def read(store: TokenStore) -> object:
    return store.read("acme", "keyring")


def write(store: TokenStore) -> object:
    return store.write("acme", CANARY, "keyring")


def delete(store: TokenStore) -> object:
    return store.delete_profile("acme", "keyring")


def ask_its_name(store: TokenStore) -> object:
    return store.backend()


def failure(use: Callable[[TokenStore], object], store: TokenStore) -> AuthError:
    with pytest.raises(AuthError) as caught:
        use(store)
    assert caught.value.hint == HINT
    return caught.value


def test_the_keyring_keeps_one_entry_a_profile(tmp_path: Path) -> None:
    kept = FakeKeyring()
    store = tokens_in(tmp_path, kept)
    store.write("acme", CANARY, "keyring")
    store.write("beta", "other", "keyring")
    assert kept.entries == {("synq", "acme"): CANARY, ("synq", "beta"): "other"}
    assert [store.read(name, "keyring") for name in ("acme", "beta", "gamma")] == [CANARY, "other", None]
    assert [store.delete_profile("acme", "keyring"), store.delete_profile("acme", "keyring")] == [True, False]
    assert kept.entries == {("synq", "beta"): "other"}
    assert [*tmp_path.iterdir()] == []


def test_a_webhook_secret_has_an_entry_of_its_own_and_goes_with_the_token(tmp_path: Path) -> None:
    kept = FakeKeyring()
    store = tokens_in(tmp_path, kept)
    store.write(entry_of("acme", "webhook"), CANARY, "keyring")
    assert store.delete_profile("acme", "keyring") is False  # there was no token
    assert kept.entries == {}
    assert store.backend() == "FakeKeyring"
    forgetful = tokens_in(tmp_path, GarblingKeyring(), hint="Pipe it in.")
    with pytest.raises(AuthError) as caught:
        forgetful.write(entry_of("acme", "webhook"), CANARY, "keyring")
    assert caught.value.hint == "Pipe it in."


def test_keyring_that_does_not_store_the_secret_is_noticed(tmp_path: Path) -> None:
    error = failure(write, tokens_in(tmp_path, GarblingKeyring()))
    assert error.message == "The keyring accepted the secret but did not store it."
    assert [*tmp_path.iterdir()] == []


DISABLED = "The keyring is disabled (null backend); it would store nothing."
MISSING = "This machine has no keyring that synq can use."
ERRORS = [
    PasswordSetError(f"can't store {CANARY}"), PasswordDeleteError(CANARY), InitError(CANARY),
    RuntimeError(CANARY, {"token": CANARY}), OSError(5, CANARY, CANARY),
    UnicodeEncodeError("ascii", CANARY, 0, 1, CANARY),
]  # fmt: skip


@cases(
    ("broken", "message"),
    [
        (keyring.backends.null.Keyring(), DISABLED),
        (keyring.backends.fail.Keyring(), MISSING),
        (raising(NoKeyringError()), MISSING),
        (raising(KeyringLocked(CANARY)), "The keyring is locked. Unlock it and try again."),
        *((raising(error), f"Could not {{}} the keyring ({type(error).__name__}).") for error in ERRORS),
    ],
)
def test_a_broken_keyring_is_named_without_the_secret(tmp_path: Path, broken: SecretStore, message: str) -> None:
    for use, verb in ((read, "read"), (write, "write to"), (delete, "delete from"), (ask_its_name, "read")):
        raised = failure(use, tokens_in(tmp_path, broken))
        assert raised.message == message.format(verb)
        assert CANARY not in "".join(traceback.format_exception(raised))
        assert CANARY not in f"{raised!r}{raised}{raised.as_json()}"
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize("use", [read, write])
def test_a_hanging_keyring_is_left_alone_after_the_limit(tmp_path: Path, use: Callable[[TokenStore], object]) -> None:
    let_go = Event()
    started = monotonic()
    error = failure(use, tokens_in(tmp_path, OddKeyring(lambda: let_go.wait(60)), limit=0.05))
    let_go.set()
    assert 0.05 <= monotonic() - started < 2.5
    assert error.message == "The keyring did not respond within 0.05 seconds; it may be locked."


@pytest.fixture
def locked_keyring(tmp_path: Path) -> Iterator[Event]:
    """Another process whose keyring call ends with this event."""
    (tmp_path / "state").mkdir()
    asked, unlocked = Event(), Event()

    def ask() -> None:
        asked.set()
        unlocked.wait(60)

    other = Thread(target=read, args=(tokens_in(tmp_path, OddKeyring(ask), slow_after=60),))
    other.start()
    assert asked.wait(60)
    yield unlocked
    unlocked.set()
    other.join(60)


def test_processes_use_the_keyring_one_after_the_other(tmp_path: Path, locked_keyring: Event) -> None:
    kept, told = FakeKeyring(), list[object]()

    def note(text: str) -> None:
        told.extend([text, dict(kept.entries)])
        locked_keyring.set()

    write(tokens_in(tmp_path, kept, slow_after=0.2, note=note))
    assert told == ["Waiting for the keyring, up to 60 s. If it asks for its password, enter it there.", {}]
    assert kept.entries == {("synq", "acme"): CANARY}


@pytest.mark.usefixtures("locked_keyring")
def test_process_that_was_stopped_does_not_keep_others_from_the_keyring(tmp_path: Path) -> None:
    kept = FakeKeyring()
    write(tokens_in(tmp_path, kept, limit=0.4, slow_after=60))
    assert kept.entries == {("synq", "acme"): CANARY}


HANGS = """
import threading
from pathlib import Path
from synq_cli.errors import AuthError
from synq_cli.state.cache import Cache
from synq_cli.session.tokens.stores import TokenStore

class Hanging:
    def get_password(self, service, username, /):
        threading.Event().wait()

for keyring, limit in ((None, 20), (Hanging(), 0.05)):
    try:
        nowhere = Path("/dev/null")
        store = TokenStore(
            nowhere, keyring, cache=Cache(lambda: nowhere), lock_folder=lambda: nowhere, note=print, limit=limit
        )
        store.read("acme", "keyring")
    except AuthError as error:
        print(error)
"""


def test_library_is_the_default_keyring_and_a_hanging_one_does_not_block_the_exit() -> None:
    environ = {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
    line = [sys.executable, "-c", HANGS]
    done = subprocess.run(line, env=environ, capture_output=True, text=True, timeout=20, check=False)
    said = f"{MISSING}\nThe keyring did not respond within 0.05 seconds; it may be locked.\n"
    assert (done.returncode, done.stdout, done.stderr) == (0, said, "")


def in_file(tmp_path: Path) -> TokenStore:
    return tokens_in(tmp_path, raising(AssertionError("the keyring was touched")))


def test_the_file_keeps_tokens_for_its_owner_alone(tmp_path: Path) -> None:
    store = in_file(tmp_path / "config")
    path = tmp_path / "config" / "credentials.json"
    old = os.umask(0)
    try:
        assert store.read("acme", "file") is None
        assert store.delete_profile("acme", "file") is False
        assert not path.parent.exists()
        store.write("acme", CANARY, "file")
        store.write("beta", "other", "file")
    finally:
        os.umask(old)
    assert json.loads(path.read_text()) == {"acme": CANARY, "beta": "other"}
    assert (path.parent.stat().st_mode & 0o777, path.stat().st_mode & 0o777) == (0o700, 0o600)
    assert store.read("acme", "file") == CANARY
    assert [store.delete_profile("acme", "file"), store.delete_profile("acme", "file")] == [True, False]
    assert json.loads(path.read_text()) == {"beta": "other"}
    assert [*path.parent.glob("*.new")] == []


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"acme": 1}', b"\xff{}", b"[" * 100_000],
    ids=lambda content: repr(content[:12]),
)
def test_a_damaged_file_is_named_and_kept(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "credentials.json"
    path.write_bytes(content)
    store = in_file(tmp_path)
    for use in (
        lambda: store.read("acme", "file"),
        lambda: store.write("acme", CANARY, "file"),
        lambda: store.delete_profile("acme", "file"),
    ):
        with pytest.raises(UsageError) as caught:
            use()
        assert caught.value.message == f"{path} can't be used: it must map profiles to tokens in JSON."
        assert caught.value.hint == "Move it away and log in again: synq auth login --insecure-storage"
    assert path.read_bytes() == content
    path.unlink()
    path.mkdir()
    with pytest.raises(UsageError) as caught:
        store.write("acme", CANARY, "file")
    assert caught.value.message == f"{path} can't be read: Is a directory."


def test_failing_keyring_fails_the_run_with_status_4(tmp_path: Path, synq: Any) -> None:
    (synq.folder / "config").mkdir()
    (synq.folder / "config" / "config.yaml").write_text("profiles: {default: {location: Leith}}\n")
    synq.keyring = raising(RuntimeError(CANARY))
    result = synq("auth", "token", "--debug")
    assert (result.status, result.out) == (4, "")
    assert result.err.startswith("synq: Could not read the keyring (RuntimeError).\n")
    assert CANARY not in result.err
