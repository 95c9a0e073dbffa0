"""Rows drawn one by one, in columns of fixed widths."""

from collections.abc import Callable, Iterator
from typing import Any

import pyte
import pytest

from synq_cli.errors import InterruptError
from synq_cli.output.columns import Column
from synq_cli.output.formats import clock, state, text

Build = Callable[..., Any]
COLUMNS = [
    Column("Time", "at", clock, width=20),
    Column("Status", "status", state, width=8),
    Column("Note", "note", text, drop=1),
]
ROW = {"at": "2026-11-25T09:00:00Z", "status": "failed", "note": "Nørrebro 店舗\x1b[31m"}


def test_the_heading_comes_with_the_first_row(screen: Build) -> None:
    shown = screen(tty=True, environ={"NO_COLOR": "1"}, width=60)
    shown.output.follow([], COLUMNS)
    assert shown.out == ""
    shown.output.follow([[ROW], [], [ROW]], COLUMNS)
    assert shown.out == (
        "Time                  Status    Note\n" + "2026-11-25 09:00:00Z  failed    Nørrebro 店舗\\x1b[31m\n" * 2
    )


def test_only_the_state_is_colored(screen: Build) -> None:
    shown = screen(tty=True, environ={"TERM": "xterm"}, width=60)
    shown.output.follow([[{"at": "", "status": "failed", "note": ""}]], COLUMNS)
    assert shown.out.splitlines()[1] == " " * 22 + "\x1b[31mfailed\x1b[0m"


def test_long_text_is_cut_and_columns_are_dropped(screen: Build) -> None:
    for width, line in [
        (53, "2026-11-25 09:00:00Z  partial…  Nørrebro 店舗\\x1b[31m"),
        (52, "2026-11-25 09:00:00Z  partial…  Nørrebro 店舗\\x1b[3…"),
        (51, "2026-11-25 09:00:00Z  partial…"),
    ]:
        shown = screen(tty=True, environ={"NO_COLOR": "1"}, width=width)
        shown.output.follow([[{**ROW, "status": "partially_refunded"}]], COLUMNS)
        assert shown.out.splitlines()[1] == line


def test_nothing_is_cut_without_a_terminal(screen: Build) -> None:
    shown = screen(format="table")
    shown.output.follow([[{**ROW, "note": "x" * 300}]], COLUMNS)
    assert shown.out.splitlines()[1].endswith("  " + "x" * 300)


def test_follow_with_fields_and_columns(screen: Build) -> None:
    shown = screen(tty=True, environ={"NO_COLOR": "1"}, fields="note,status")
    shown.output.follow([[{"note": "a", "status": "b"}]], COLUMNS)
    assert [line.split() for line in shown.out.splitlines()] == [["note", "status"], ["a", "b"]]
    shown = screen(tty=True, environ={"NO_COLOR": "1"}, columns="status")
    shown.output.follow([[ROW]], COLUMNS)
    assert shown.out == "Status\nfailed\n"


@pytest.mark.parametrize("settings", [{"tty": True, "environ": {"NO_COLOR": "1"}}, {"format": "json"}, {}])
def test_ctrl_c_ends_follow_without_a_message(screen: Build, settings: dict[str, Any]) -> None:
    def rows() -> Iterator[list[dict[str, Any]]]:
        yield [ROW]
        raise KeyboardInterrupt

    shown = screen(**settings)
    with pytest.raises(InterruptError) as caught:
        shown.output.follow(rows(), COLUMNS)
    assert "failed" in shown.out
    shown.output.messages.error(caught.value)
    assert shown.err == ""


def test_a_status_line_stays_below_the_rows_and_is_removed(screen: Build) -> None:
    shown = screen(tty=True, environ={"NO_COLOR": "1", "COLUMNS": "60"}, width=60)
    seen: list[list[str]] = []

    def display() -> list[str]:
        terminal = pyte.Screen(60, 8)
        terminal.set_mode(pyte.modes.LNM)
        pyte.Stream(terminal).feed(shown.out)
        return [line.rstrip() for line in terminal.display if line.strip()]

    def polls() -> Iterator[list[Any]]:
        for poll in ([], [{**ROW, "note": "Parcel"}], []):
            yield poll
            seen.append(display())
        shown.output.note("A note.")
        seen.append(display())

    shown.output.follow(polls(), COLUMNS, status=lambda: f"Look {len(seen)} {'x' * 60}")
    rows = ["Time                  Status    Note", "2026-11-25 09:00:00Z  failed    Parcel"]
    status = [f"Look {number} {'x' * 52}…" for number in range(4)]
    assert seen == [[status[0]], [*rows, status[1]], [*rows, status[2]], [*rows, "A note.", status[2]]]
    assert display() == [*rows, "A note."]


@pytest.mark.parametrize(("settings", "out"), [({}, '{"status":"failed"}\n'), ({"format": "tsv"}, "status\nfailed\n")])
def test_a_list_without_an_end_may_have_its_own_format_off_a_terminal(screen: Build, settings: Any, out: str) -> None:
    shown = screen(**settings)
    shown.output.follow([[{"status": "failed"}]], COLUMNS[1:2], default="ndjson", status=lambda: "never shown")
    assert shown.out == out
