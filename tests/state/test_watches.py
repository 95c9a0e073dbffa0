"""What watches have reported and share: per tenant, for a while, and what a damaged file means."""

from pathlib import Path
from typing import Any

import pytest

from synq_cli.errors import UsageError
from synq_cli.exact_json import Number
from synq_cli.state.shared_lists import SharedLists
from synq_cli.state.watches import Watches

ROW = {"id": "a", "total": Number("19.90")}


def test_a_watch_that_stopped_has_what_it_reported_and_the_event_in_doubt(tmp_path: Path, clock: Any) -> None:
    watches = Watches(tmp_path / "watches.sqlite3", lambda: "acme", clock.now)
    state = watches.start("paid", {"a": ROW, "b": ROW})
    event = state.report("a", None, {"event": "gone"})
    assert watches.stopped("paid") == ({"b": ROW}, event)
    state.settle({"b": {**ROW, "total": 1}})
    assert watches.stopped("paid") == ({"b": {**ROW, "total": 1}}, None)
    assert str(watches.stopped("other")) == str(Watches(watches.path, lambda: "b", clock.now).stopped("paid")) == "None"
    clock.at += 91 * 86_400
    watches.start("other", {})
    assert watches.stopped("paid") is None


def test_a_list_is_shared_for_as_long_as_it_is_fresh(tmp_path: Path, clock: Any) -> None:
    lists = SharedLists(tmp_path / "lists.sqlite3", lambda: "acme", clock.now)
    began = clock.at
    lists.put("orders", began, [ROW])
    clock.at += 10
    assert [lists.get("orders", began + late) for late in (0, 1)] == [[ROW], None]
    assert SharedLists(lists.path, lambda: "other", clock.now).get("orders", began) is None
    clock.at = began - 1  # the clock was set back
    assert lists.get("orders", began - 60) is None
    clock.at = began + 3_601
    lists.put("levels", began, [ROW] * 5_001)
    lists.put("audit", clock.at, [])
    assert [lists.get(what, 0) for what in ("orders", "levels", "audit")] == [None, None, []]
    lists.clear()
    SharedLists(lists.path, lambda: "acme", clock.now, kept=False).put("audit", clock.at, [])
    assert lists.get("audit", 0) is None


def test_a_damaged_file_ends_a_watch_and_shares_nothing(tmp_path: Path, clock: Any) -> None:
    for name in ("watches", "lists"):
        (tmp_path / f"{name}.sqlite3").write_bytes(b"noise" * 1000)
    lists = SharedLists(tmp_path / "lists.sqlite3", lambda: "acme", clock.now)
    lists.put("orders", clock.at, [ROW])
    assert lists.get("orders", 0) is None
    with pytest.raises(UsageError, match=r"The file of watches, .* can't be used: file is not a database"):
        Watches(tmp_path / "watches.sqlite3", lambda: "acme", clock.now).stopped("paid")
