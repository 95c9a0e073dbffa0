"""Rows whose answers were lost are matched with ledger entries only where there is one way to do it."""

import pytest
from table import cases

from synq_cli.bulk.journal import Receipt, Row
from synq_cli.bulk.reconcile import clock_offset, match

NOW = 1_795_521_600.0


def done(sent: float, answered: float, posted: float | None) -> Row:
    return Row(9, {}, "", "done", NOW + sent, NOW + answered, "entry", None if posted is None else NOW + posted)


def unclear(line: int, what: str, sent: float, given_up: float | None = None) -> Row:
    return Row(line, {"what": what}, "", "unknown", NOW + sent, None if given_up is None else NOW + given_up)


def matched(rows: list[Row], free: list[tuple[str, str, float]], rivals: list[Row] | None = None) -> dict[int, str]:
    entries = [(what, Receipt(name, NOW + at)) for what, name, at in free]
    found = match(rows, entries, rivals or [], (0.0, 0.0), lambda content: str(content["what"]))
    return {line: receipt.id for line, receipt in found.items()}


def test_the_only_entry_that_fits_is_the_receipt() -> None:
    row = unclear(2, "a", 10, 12)
    assert matched([row], [("a", "e1", 11), ("b", "e2", 11)]) == {2: "e1"}
    assert matched([row], []) == {}


@cases(("at", "fits"), [(8.9, False), (9.0, True), (42.0, True), (42.1, False)])
def test_entry_must_be_posted_between_sending_and_shortly_after_giving_up(at: float, fits: bool) -> None:
    assert bool(matched([unclear(2, "a", 10, 12)], [("a", "e", at)])) is fits


def test_row_that_fits_two_entries_stays_unknown() -> None:
    assert matched([unclear(2, "a", 10, 12)], [("a", "e1", 11), ("a", "e2", 11)]) == {}


def test_entry_that_fits_two_rows_is_of_neither() -> None:
    row, other = unclear(2, "a", 10, 12), unclear(2, "a", 9, 10)
    assert matched([row], [("a", "e1", 11)], [other]) == {}
    assert matched([row], [("a", "e1", 11)], [unclear(2, "a", 900, 901)]) == {2: "e1"}
    assert matched([row], [("a", "e1", 11)], [unclear(2, "b", 9, 10)]) == {2: "e1"}


def test_clock_offset_comes_from_rows_that_are_done() -> None:
    assert clock_offset([]) == (0.0, 0.0)
    assert clock_offset([done(0, 1, None)]) == (0.0, 0.0)
    # The API's clock is 100 s ahead, and writes whole seconds.
    assert clock_offset([done(0.2, 0.4, 100), done(0.7, 0.9, 100), done(1.3, 1.6, 101)]) == pytest.approx((99.6, 100.3))


def test_clock_that_was_set_meanwhile_widens_the_offset() -> None:
    least, most = clock_offset([done(0, 1, 100), done(10, 11, 10)])
    assert least <= -1
    assert most >= 100
