"""Progress: a bar on a terminal, a line now and then off it, nothing when quiet."""

from collections.abc import Callable
from typing import Any

import pytest

from synq_cli.output.display import Output

Build = Callable[..., Any]


class Clock:
    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


def output_at(screen: Build, clock: Clock, **settings: Any) -> tuple[Output, Any]:
    shown = screen(**settings)
    shown.output._now = clock
    return shown.output, shown


def test_a_bar_with_the_time_left_that_is_taken_away_at_the_end(screen: Build) -> None:
    clock = Clock()
    output, shown = output_at(screen, clock, tty=True, environ={"COLUMNS": "80"})
    with output.progress("Import") as progress:
        progress.update(note="PENDING")
        clock.at = 10
        progress.update(50, 200)
        clock.at = 40
        progress.update(200, 200)
    assert shown.err.split("\r\x1b[K") == [
        "",
        "Import  PENDING",
        "Import  [######..................]  50/200  30 s left",
        "Import  [########################]  200/200",
        "",
    ]


@pytest.mark.parametrize(
    ("columns", "line"),
    [
        (60, "Import  [#.......................]  10/200  3 min 10 s left"),
        (59, "Import  10/200  3 min 10 s left"),
        (32, "Import  10/200  3 min 10 s left"),
        (31, "Import  10/200"),
        (10, "Import"),
        (4, "Imp"),
    ],
)
def test_the_time_left_in_minutes_and_a_line_that_fits(screen: Build, columns: int, line: str) -> None:
    clock = Clock()
    output, shown = output_at(screen, clock, tty=True, environ={"COLUMNS": str(columns)})
    with output.progress("Import") as progress:
        clock.at = 10
        progress.update(10, 200)
    assert [line for line in shown.err.split("\r\x1b[K") if line] == [line]


def test_who_knows_better_says_how_long_it_takes_yet(screen: Build) -> None:
    output, shown = output_at(screen, Clock(), tty=True, environ={"COLUMNS": "80"})
    with output.progress("Run") as progress:
        progress.update(1, 200, "90/min", left=61)
    assert "  1/200  1 min 1 s left  90/min" in shown.err


def test_off_a_terminal_a_line_at_first_and_then_every_30_seconds(screen: Build) -> None:
    clock = Clock()
    output, shown = output_at(screen, clock)
    with output.progress("Import") as progress:
        for second in range(0, 61, 5):
            clock.at = second
            progress.update(second, 60)
    assert [line.split("]  ")[-1].split("  ")[0] for line in shown.err.splitlines()] == ["0/60", "30/60", "60/60"]


def test_quiet_says_nothing(screen: Build) -> None:
    shown = screen(tty=True, quiet=True)
    with shown.output.progress("Import") as progress:
        progress.update(1, 2)
    assert shown.err == ""
