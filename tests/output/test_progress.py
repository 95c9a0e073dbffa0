"""Progress: a bar on a terminal, lines elsewhere, nothing when quiet."""

import re
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
    shown.output.messages._now = clock
    return shown.output, shown


def drawn(shown: Any) -> list[str]:
    """Each state of the line, without its colors."""
    plain = re.sub(r"\x1b\[[\d;]*m", "", shown.err)
    return [line.rstrip() for line in plain.split("\r\x1b[2K")]


def test_bar_with_the_time_left_is_removed_at_the_end(screen: Build) -> None:
    clock = Clock()
    output, shown = output_at(screen, clock, tty=True, environ={"COLUMNS": "80"})
    with output.progress("Import") as progress:
        progress.update(note="PENDING")
        clock.at = 10
        progress.update(50, 200)
        clock.at = 40
        progress.update(200, 200)
    *lines, last = drawn(shown)
    assert lines == [
        "Import  PENDING",
        "Import ━━━━━━╺━━━━━━━━━━━━━━━━━ 50/200  30 s left",
        "Import ━━━━━━━━━━━━━━━━━━━━━━━━ 200/200",
    ]
    # Rich draws the line once more, ends it and goes back up to erase it.
    assert last == f"{lines[-1]}\n\r\x1b[1A\x1b[2K"


@pytest.mark.parametrize(
    ("done", "total", "line"),
    [
        (-50_000_000, 2, f"Import {'━' * 24} -50000000/2"),
        (10**40, 2, f"Import {'━' * 24} {10**40}/2"),
        (10**400, 2, "Import"),
        (2, -2, "Import"),
        (0, 0, "Import"),
    ],
)
def test_any_numbers_give_a_line_that_fits(screen: Build, done: int, total: int, line: str) -> None:
    output, shown = output_at(screen, Clock(), tty=True, environ={"COLUMNS": "80"})
    with output.progress("Import") as progress:
        progress.update(done, total)
    assert drawn(shown)[0] == line


@pytest.mark.parametrize("environ", [{"NO_COLOR": "1"}, {"CLICOLOR": "0"}])
def test_without_color_the_line_is_still_redrawn(screen: Build, environ: dict[str, str]) -> None:
    output, shown = output_at(screen, Clock(), tty=True, environ={"COLUMNS": "80", **environ})
    with output.progress("Import") as progress:
        progress.update(50, 200)
        progress.update(100, 200)
    first, second, *_ = shown.err.split("\r\x1b[2K")
    assert (first, second) == (f"Import {'━' * 6:24} 50/200", f"Import {'━' * 12:24} 100/200")


def test_dumb_terminal_gets_lines(screen: Build) -> None:
    output, shown = output_at(screen, Clock(), tty=True, environ={"TERM": "dumb"})
    with output.progress("Import") as progress:
        progress.update(50, 200)
        progress.update(100, 200)
    assert shown.err == "Import  50/200\n"


@pytest.mark.parametrize(
    ("columns", "line"),
    [
        (58, "Import ━╺━━━━━━━━━━━━━━━━━━━━━━ 10/200  3 min 10 s left"),
        (57, "Import ━╺━━━━━━━━━━━━━━━━━━━━━━ 10/200  3 min 10 s left"), (54, "Import  10/200  3 min 10 s left"),
        (31, "Import  10/200  3 min 10 s left"), (30, "Import  10/200"), (10, "Import"), (4, "Imp…"),
    ],
)  # fmt: skip
def test_the_time_left_in_minutes_and_a_line_that_fits(screen: Build, columns: int, line: str) -> None:
    clock = Clock()
    output, shown = output_at(screen, clock, tty=True, environ={"COLUMNS": str(columns)})
    with output.progress("Import") as progress:
        clock.at = 10
        progress.update(10, 200)
    assert drawn(shown)[0] == line


def test_the_line_fits_a_terminal_that_was_resized(screen: Build) -> None:
    environ = {"COLUMNS": "80"}
    output, shown = output_at(screen, Clock(), tty=True, environ=environ)
    with output.progress("Import") as progress:
        for done, columns in ((50, "80"), (60, "20"), (70, "6"), (80, "80")):
            environ["COLUMNS"] = columns
            progress.update(done, 200)
    assert drawn(shown)[:-1] == [
        "Import ━━━━━━╺━━━━━━━━━━━━━━━━━ 50/200",
        "Import  60/200",
        "Import",
        "Import ━━━━━━━━━╸━━━━━━━━━━━━━━ 80/200",
    ]


def test_messages_are_printed_above_the_line(screen: Build) -> None:
    output, shown = output_at(screen, Clock(), tty=True, environ={"COLUMNS": "80", "NO_COLOR": "1"})
    with output.progress("Import") as progress:
        progress.update(note="one")
        output.warn("The clock is off.")
    assert shown.err.startswith("Import  one\r\x1b[2KWarning: The clock is off.\nImport  one")


def test_known_time_left_is_shown(screen: Build) -> None:
    output, shown = output_at(screen, Clock(), tty=True, environ={"COLUMNS": "80"})
    with output.progress("Run") as progress:
        progress.update(1, 200, "90/min", left=61)
    assert " 1/200  1 min 1 s left  90/min" in shown.err


def test_off_a_terminal_a_line_at_first_and_then_every_30_seconds(screen: Build) -> None:
    clock = Clock()
    output, shown = output_at(screen, clock)
    with output.progress("Import") as progress:
        for second in range(0, 61, 5):
            clock.at = second
            progress.update(second, 60)
    assert shown.err.splitlines() == ["Import  0/60", "Import  30/60  30 s left", "Import  60/60"]


def test_quiet_says_nothing(screen: Build) -> None:
    shown = screen(tty=True, quiet=True)
    with shown.output.progress("Import") as progress:
        progress.update(1, 2)
    assert shown.err == ""
