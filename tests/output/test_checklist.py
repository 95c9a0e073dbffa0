"""Checklists on a terminal: wrapped, colored, without control characters."""

from collections.abc import Callable
from typing import Any

import pytest

from synq_cli.output.columns import Column

Build = Callable[..., Any]
COLUMNS = [Column(name.title(), name) for name in ("check", "state", "found", "mend")]
ROWS = [
    {"check": "config", "state": "ok", "found": "two profiles", "mend": None},
    {"check": "token", "state": "fail", "found": "it has ended\x1b[31m", "mend": "Log in again: synq auth login"},
]


def test_each_check_is_a_line_with_its_fix_below(screen: Build) -> None:
    shown = screen(tty=True, environ={"NO_COLOR": "1"}, width=80)
    shown.output.checklist(iter(ROWS), COLUMNS)
    assert shown.out == (
        "ok    config  two profiles\n"
        "fail  token   it has ended\\x1b[31m\n"
        "              Log in again: synq auth login\n"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("width", "out"),
    [
        (36, "fail  token  it has ended\\x1b[31m\n             Log in again: synq auth\n             login\n"),
        (24, "fail  token\n      it has\n      ended\\x1b[31m\n      Log in again: synq\n      auth login\n"),
    ],
)
def test_a_narrow_terminal_wraps_between_words_and_a_very_narrow_one_below_the_check(
    screen: Build, width: int, out: str
) -> None:
    shown = screen(tty=True, environ={"NO_COLOR": "1"}, width=width)
    shown.output.checklist(ROWS[1:], COLUMNS)
    assert shown.out == out


def test_states_are_colored(screen: Build) -> None:
    shown = screen(tty=True, environ={"TERM": "xterm"})
    shown.output.checklist(ROWS, COLUMNS)
    assert shown.out.splitlines()[0].startswith("\x1b[32mok\x1b[0m    config  ")
    assert shown.out.splitlines()[1].startswith("\x1b[31mfail\x1b[0m  token   ")


def test_programs_and_selected_fields_get_rows(screen: Build) -> None:
    shown = screen()
    shown.output.checklist(ROWS[:1], COLUMNS)
    assert shown.out == "check\tstate\tfound\tmend\nconfig\tok\ttwo profiles\t\n"
    shown = screen(tty=True, environ={"NO_COLOR": "1"}, fields="check,state")
    shown.output.checklist(ROWS, COLUMNS)
    assert [line.split() for line in shown.out.splitlines()] == [
        ["check", "state"],
        ["config", "ok"],
        ["token", "fail"],
    ]
