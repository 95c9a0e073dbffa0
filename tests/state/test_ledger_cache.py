"""The cache of the stock ledger: what it claims to hold, it holds."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from synq_cli.state.ledger_cache import Entry, LedgerCache

NOW = 1_795_521_600
DAY = 86_400
Opener = Callable[..., LedgerCache]


@pytest.fixture
def opened(tmp_path: Path, clock: Any, told: list[str]) -> Opener:
    def make(scope: str = "api.synq.io/acme", **settings: Any) -> LedgerCache:
        return LedgerCache(tmp_path / "ledger.sqlite3", lambda: scope, clock.now, told.append, **settings)

    return make


def entry(days_ago: int, name: str = "a") -> Entry:
    return Entry(f"{name}{days_ago}", "variant", "location", -1, "sale", NOW - days_ago * DAY)


def held(cache: LedgerCache, days: int) -> list[str] | None:
    found = cache.read(NOW - days * DAY)
    return None if found is None else sorted(each.id for each in found.entries)


def test_a_tenant_has_what_was_read_since_then(opened: Opener, clock: Any) -> None:
    cache = opened()
    assert held(cache, 1) is None
    cache.add([entry(1), entry(20)], NOW - 30 * DAY, anew=True)
    assert [held(cache, 30), held(cache, 10), held(cache, 31)] == [["a1", "a20"], ["a1"], None]
    assert held(opened("api.synq.io/other"), 1) is None
    clock.at = NOW + 60
    cache.add([entry(0)], NOW - 5 * DAY, anew=False)
    assert held(cache, 30) == ["a0", "a1", "a20"]
    assert cache.read(NOW).read_at == NOW + 60  # type: ignore[union-attr]
    cache.add([entry(2, "b")], NOW - 5 * DAY, anew=True)
    assert [held(cache, 5), held(cache, 6)] == [["b2"], None]


def test_it_is_bounded_by_age_by_number_and_by_use(opened: Opener, clock: Any) -> None:
    cache = opened(most=3)
    cache.add([entry(100), entry(91)], NOW - 100 * DAY, anew=True)
    assert held(cache, 100) == ["a100", "a91"]  # as far back as was asked
    cache.add([], NOW - 30 * DAY, anew=False)
    assert [held(cache, 90), held(cache, 91)] == [[], None]
    cache.add([entry(1), entry(2), entry(3), entry(3, "b")], NOW - 30 * DAY, anew=True)
    assert [held(cache, 2), held(cache, 3)] == [["a1", "a2"], None]
    clock.at = NOW + 91 * DAY
    opened("api.synq.io/other").add([], NOW, anew=True)
    assert held(cache, 2) is None


def test_a_damaged_file_is_a_warning(opened: Opener, tmp_path: Path, told: list[str]) -> None:
    (tmp_path / "ledger.sqlite3").write_bytes(b"noise" * 1000)
    assert held(opened(), 1) is None
    opened().add([entry(1)], NOW, anew=True)
    where = f"The cache of the ledger {tmp_path}/ledger.sqlite3 can't be used: file is not a database."
    assert set(told) == {f"{where} Delete the file; synq reads the ledger from the API again."}
