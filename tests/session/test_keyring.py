"""Secrets too long for an entry, keyrings that fail halfway, and the cache."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from runner import tokens_in
from table import cases

from synq_cli.errors import AuthError
from synq_cli.session.tokens.stores import TokenStore
from synq_cli.state.cache import Cache


class Narrow:
    """A keyring with Windows' limit; the write of this number fails."""

    def __init__(self) -> None:
        self.entries: dict[str, str] = {}
        self.fails_at = 0
        self.writes = 0

    def get_password(self, service: str, username: str, /) -> str | None:
        return self.entries.get(username)

    def set_password(self, service: str, username: str, password: str, /) -> None:
        if len(password) > 1280:
            raise OSError(1783, "The stub received bad data")
        self.writes += 1
        if self.writes == self.fails_at:
            raise OSError(5, "gone")
        self.entries[username] = password

    def delete_password(self, service: str, username: str, /) -> None:
        del self.entries[username]


def over(store: Any) -> TokenStore:
    return tokens_in(Path("/dev/null"), store)


def test_a_long_secret_is_split_and_a_short_one_is_not() -> None:
    store = Narrow()
    keyring = over(store)
    keyring.write("acme", "a" * 3000, "keyring")
    assert sorted(len(kept) for name, kept in store.entries.items() if name != "acme") == [600, 1200, 1200]
    assert store.entries["acme"].startswith("synq:divided:3:")
    del store.entries[next(name for name in store.entries if name.endswith(".1"))]
    with pytest.raises(AuthError) as caught:
        keyring.read("acme", "keyring")
    assert caught.value.message == "The keyring stores the secret in several entries, and one is missing."
    keyring.write("acme", "short", "keyring")
    assert store.entries == {"acme": "short"}
    keyring.write("acme", "b" * 1281, "keyring")
    assert keyring.delete("acme", "beta", where="keyring") == [True, False]
    assert store.entries == {}


@given(st.lists(st.integers(1, 4000), min_size=1, max_size=4))
def test_last_secret_is_read_and_old_parts_are_deleted(lengths: list[int]) -> None:
    store = Narrow()
    keyring = over(store)
    for number, length in enumerate(lengths):
        secret = str(number) * length
        keyring.write("acme", secret, "keyring")
        assert keyring.read("acme", "keyring") == secret
        assert len(store.entries) == (1 if length <= 1280 else 1 + -(-length // 1200))


@cases("write", [1, 2, 3, 4])
def test_failed_write_keeps_the_old_secret(write: int) -> None:
    store = Narrow()
    keyring = over(store)
    keyring.write("acme", "a" * 3000, "keyring")
    store.writes, store.fails_at = 0, write
    with pytest.raises(AuthError):
        keyring.write("acme", "b" * 3000, "keyring")
    store.fails_at = 0
    assert keyring.read("acme", "keyring") == "a" * 3000


def test_cache_keeps_values_until_it_is_damaged(tmp_path: Path) -> None:
    cache = Cache(lambda: tmp_path)
    cache.set("logins", "acme", {"role": "ADMIN"})
    cache.set("logins", "beta", None)
    assert cache.get("logins", "acme") == {"role": "ADMIN"}
    assert cache.get("logins", "beta", "unknown") is None
    assert cache.get("logins", "gamma", "unknown") == "unknown"
    file = tmp_path / "memory.json"
    assert file.stat().st_mode & 0o777 == 0o600
    before = file.stat().st_mtime_ns
    cache.set("logins", "beta", None)
    assert file.stat().st_mtime_ns == before
    for damage in ("", "[]", '{"logins": 3}', "\xff", "[" * 100_000):
        file.write_text(damage, encoding="latin-1")
        assert cache.get("logins", "acme", "unknown") == "unknown"
    cache.set("logins", "acme", 1)
    assert json.loads(file.read_text(encoding="utf-8")) == {"logins": {"acme": 1}}


def test_cache_that_can_not_be_written_is_empty() -> None:
    cache = Cache(lambda: Path("/dev/null/state"))
    cache.set("keyring", "backend", "some.Keyring")
    assert cache.get("keyring", "backend") is None
