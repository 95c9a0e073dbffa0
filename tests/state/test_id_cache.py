"""What this machine remembers, for whom, and what happens to a file that is not ours."""

import sqlite3
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from synq_cli.errors import UsageError
from synq_cli.state.id_cache import LocalIndex

Opener = Callable[..., LocalIndex]
FIRST, SECOND = "86b4e1a9-c27d-4f50-9e38-f1a6d07c5b42", "86b4ffff-0000-4f50-9e38-f1a6d07c5b42"
NOW = 1_795_521_600.0


@pytest.fixture
def opened(tmp_path: Path, clock: Any, told: list[str]) -> Opener:
    """The index as a run for one scope opens it."""

    def make(scope: str = "api.synq.io/acme") -> LocalIndex:
        return LocalIndex(tmp_path / "index.sqlite3", lambda: scope, clock.now, told.append)

    return make


def test_what_was_remembered_is_found_by_another_run(opened: Opener) -> None:
    opened().remember("sku", [("HMC", FIRST), ("TCC", SECOND)])
    assert (opened().find("sku", "HMC"), opened().find("sku", "hmc"), opened().find("location", "HMC")) == (
        FIRST,
        None,
        None,
    )


def test_a_name_points_to_its_latest_id(opened: Opener) -> None:
    opened().remember("sku", [("HMC", FIRST)])
    opened().remember("sku", [("HMC", SECOND)])
    assert opened().find("sku", "HMC") == SECOND


def test_a_name_that_two_ids_carry_is_not_kept(opened: Opener) -> None:
    opened().remember("sku", [("HMC", FIRST)])
    opened().remember("sku", [("HMC", FIRST), ("TCC", FIRST), ("HMC", SECOND), ("TCC", FIRST)])
    assert (opened().find("sku", "HMC"), opened().find("sku", "TCC")) == (None, FIRST)


def test_skus_come_by_name_and_say_when_they_were_seen(opened: Opener, clock: Any) -> None:
    opened().remember("sku", [("TCC", SECOND)])
    clock.at += 60
    opened().remember("sku", [("HMC", FIRST)])
    opened().remember_barcodes([(FIRST, "0036000291452")])
    assert opened().skus() == [
        {"sku": "HMC", "variant_id": FIRST, "barcode": "0036000291452", "seen_at": "2026-11-24T12:01:00Z"},
        {"sku": "TCC", "variant_id": SECOND, "barcode": None, "seen_at": "2026-11-24T12:00:00Z"},
    ]


def test_barcodes_are_found_in_any_form_and_follow_their_variant(opened: Opener) -> None:
    index = opened()
    index.remember_barcodes([(FIRST, "036000291452"), (SECOND, "WH 17")])
    assert (index.owners("0036000291452"), index.owners("WH 17"), index.owners("wh 17")) == ([FIRST], [SECOND], [])
    index.remember_barcodes([(SECOND, "00036000291452")])
    assert (index.owners("036000291452"), index.owners("WH 17")) == ([FIRST, SECOND], [])
    index.remember_barcodes([(FIRST, None), (FIRST + "\ud800", "1"), ("two words", "1")])
    assert (index.owners("036000291452"), index.find("barcode", "036000291452"), index.owners("1")) == (
        [SECOND],
        SECOND,
        [],
    )


def test_forgetting_a_sku_forgets_its_barcode(opened: Opener) -> None:
    index = opened()
    index.remember("sku", [("HMC", FIRST)])
    index.remember_barcodes([(FIRST, "96385074"), (SECOND, "WH-17")])
    assert (index.forget_codes(["HMC", "WH-18"]), index.owners("96385074")) == ((1, 0), [])
    assert (index.forget_codes(["WH-17"]), index.forget_codes(None)) == ((0, 1), (0, 0))


def test_scopes_do_not_mix(opened: Opener) -> None:
    ours, theirs = opened(), opened("api.synq.io/umbrella")
    ours.remember("sku", [("HMC", FIRST)])
    ours.remember_missing("list_locations")
    assert (theirs.find("sku", "HMC"), theirs.skus(), theirs.starting_with("sku", "86b4")) == (None, [], [])
    assert (ours.is_missing("list_locations"), theirs.is_missing("list_locations")) == (True, False)
    assert theirs.forget("sku", None) == 0
    theirs.remember("sku", [("HMC", SECOND)])
    assert (ours.find("sku", "HMC"), theirs.find("sku", "HMC")) == (FIRST, SECOND)


def test_ids_are_found_by_their_first_letters(opened: Opener) -> None:
    index = opened()
    index.remember("order", [(SECOND, SECOND), (FIRST, FIRST)])
    index.remember("product", [("x", "86b4aaaa-0000-4f50-9e38-f1a6d07c5b42")])
    assert index.starting_with("order", "86B4") == [FIRST, SECOND]
    assert index.starting_with("order", "86b4e") == [FIRST]
    assert index.starting_with("order", "%") == []
    assert index.starting_with("order", "86b5") == []


def test_forgetting_says_how_many_were_known(opened: Opener) -> None:
    index = opened()
    index.remember("sku", [("A", FIRST), ("B", SECOND), ("C", SECOND)])
    index.remember("order", [(FIRST, FIRST)])
    assert index.forget("sku", ["A", "nobody"]) == 1
    assert index.forget("sku", None) == 2
    assert (index.skus(), index.find("order", FIRST)) == ([], FIRST)


@pytest.mark.parametrize(("later", "believed"), [(0, True), (86_399, True), (86_401, False), (-86_401, False)])
def test_a_missing_route_is_believed_for_a_day(opened: Opener, clock: Any, later: float, believed: bool) -> None:
    opened().remember_missing("list_locations")
    clock.at = NOW + later
    assert opened().is_missing("list_locations") is believed


def test_the_file_is_ours_alone(opened: Opener, tmp_path: Path) -> None:
    opened().skus()
    assert stat.S_IMODE((tmp_path / "index.sqlite3").stat().st_mode) == 0o600


@pytest.mark.parametrize("kind", ["noise", "half a file", "another database"])
def test_a_damaged_file_is_named_and_left_as_it_is(opened: Opener, tmp_path: Path, told: list[str], kind: str) -> None:
    file = tmp_path / "index.sqlite3"
    if kind == "another database":
        other = sqlite3.connect(file)
        other.execute("CREATE TABLE known (text)")
        other.close()
    else:
        opened().remember("sku", [("HMC", FIRST)])
        whole = file.read_bytes()
        file.write_bytes(b"noise" * 1000 if kind == "noise" else whole[: len(whole) // 2])
    damaged = file.read_bytes()
    index = opened()
    for work in (
        lambda: index.find("sku", "HMC"),
        index.skus,
        lambda: index.starting_with("sku", "86b4"),
        lambda: index.is_missing("list_locations"),
        lambda: index.remember_missing("list_locations"),
        lambda: index.forget("sku", None),
    ):
        with pytest.raises(UsageError) as caught:
            work()
        assert caught.value.message.startswith(f"The cache of SKUs and ids {file} can't be used: ")
        assert caught.value.hint == "Delete the file; synq reads what it needs from the API again."
    assert told == []
    # What was asked for has arrived by then, so this one is told and not raised.
    index.remember("sku", [("HMC", FIRST)])
    assert (len(told), str(file) in told[0]) == (1, True)
    assert file.read_bytes() == damaged


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    index = LocalIndex(tmp_path / "gone" / "index.sqlite3", lambda: "scope", lambda: NOW, lambda _text: None)
    with pytest.raises(UsageError, match="can't be used"):
        index.find("sku", "HMC")
    assert list(tmp_path.iterdir()) == []
