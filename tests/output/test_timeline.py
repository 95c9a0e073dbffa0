"""Timelines: marks, colors, and limited terminals."""

import io
from collections.abc import Callable, Iterator
from typing import Any

import pyte

from synq_cli.output.columns import Column
from synq_cli.output.display import Output
from synq_cli.output.drawing.timeline import changes

HEAD = [Column("Order", "id")]
PARTS = {"parcels": ("Parcels", [Column("Number", "number")])}
LIFE: dict[str, Any] = {
    "id": "o",
    "parcels": [{"number": "\x1b[1m7"}],
    "states": [
        {"status": "placed", "at": "2026-11-25T09:00:00Z", "phase": "passed"},
        {"status": "confirmed", "at": None, "phase": "current"},
        {"status": "fulfilled", "at": None, "phase": "ahead"},
    ],
}


def test_current_state_is_bold_and_later_ones_are_dim(screen: Callable[..., Any]) -> None:
    shown = screen(tty=True, width=40)
    shown.output.timeline(LIFE, HEAD, PARTS)
    assert shown.out.splitlines() == [
        "\x1b[1mOrder\x1b[0m  o",
        "",
        "●  placed     3 h ago",
        "\x1b[1;33m◉\x1b[0m  \x1b[1;33mconfirmed\x1b[0m",
        "\x1b[2m○\x1b[0m  \x1b[2mfulfilled\x1b[0m",
        "",
        "\x1b[1mParcels\x1b[0m",
        "\x1b[1mNumber\x1b[0m",
        "\\x1b[1m7",
    ]


def test_marks_distinguish_states_without_color(screen: Callable[..., Any]) -> None:
    shown = screen(tty=True, width=40, environ={"TERM": "dumb"})
    shown.output.timeline({**LIFE, "parcels": []}, HEAD, PARTS)
    assert shown.out == "Order  o\n\n●  placed     3 h ago\n◉  confirmed\n○  fulfilled\n"


def test_marks_in_a_limited_encoding() -> None:
    latin = io.TextIOWrapper(io.BytesIO(), encoding="latin-1")
    output = Output(latin, io.StringIO(), environ={}, now=lambda: 0.0, format="table", no_color=True)
    output.timeline({**LIFE, "parcels": None}, HEAD, PARTS)
    drawn = latin.buffer.getvalue().decode("latin-1")  # type: ignore[attr-defined]
    assert [line[:12].rstrip() for line in drawn.splitlines()[2:5]] == ["*  placed", "@  confirmed", "o  fulfilled"]
    assert drawn.endswith("\nParcels\nThis server does not list them.\n")


def test_changes_skips_equal_rows() -> None:
    rows = [{"a": 1}, {"a": 1}, {"a": 2}, {"a": 1}]
    assert list(changes(rows)) == [{"a": 1}, {"a": 2}, {"a": 1}]
    assert list(changes([])) == []


def test_messages_are_printed_above_a_live_drawing(screen: Callable[..., Any]) -> None:
    shown = screen(tty=True, width=40, environ={"COLUMNS": "40", "NO_COLOR": "1"})

    def rows() -> Iterator[dict[str, Any]]:
        yield {**LIFE, "parcels": []}
        shown.output.messages.waiting(2, "the rate limit is used up")
        yield {**LIFE, "parcels": []}

    shown.output.timelines(rows(), [], HEAD, PARTS)
    terminal = pyte.Screen(40, 12)
    terminal.set_mode(pyte.modes.LNM)
    pyte.Stream(terminal).feed(shown.out)
    lines = [line.rstrip() for line in terminal.display]
    assert lines[:6] == ["Waiting 2 s: the rate limit is used up", "Order  o", "", *lines[3:6]]
    assert [line[:1] for line in lines[3:]] == ["●", "◉", "○", *[""] * 6]
    assert shown.err == ""
