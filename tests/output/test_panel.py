"""Panels: an object and its lists in a frame."""

from collections.abc import Callable
from typing import Any

import pytest
from rich.cells import cell_len

from synq_cli.output.columns import Column
from synq_cli.output.formats import identifier, quantity

COLUMNS = [Column("Products", "total"), Column("Lowest", "low")]
LOW = [Column("SKU", "sku"), Column("Left", "left", quantity), Column("Variant", "id", identifier)]
ROW = {
    "total": 60,
    "low": [{"sku": "A-1", "left": 0, "id": "a1f46e83-0c9d-4b72"}, {"sku": "B-2", "left": 12, "id": "c9f1a52d-70e4"}],
}
PARTS = {"low": ("Running out", LOW)}


def panel(screen: Callable[..., Any], row: dict[str, Any] = ROW, **settings: Any) -> Any:
    shown = screen(**{"tty": True, "no_color": True, **settings})
    shown.output.panel("Stock", row, COLUMNS, PARTS)
    return shown


def test_fields_and_lists_are_in_one_frame(screen: Callable[..., Any]) -> None:
    shown = panel(screen)
    assert shown.out == (
        "╭─ Stock ───────────────────────╮\n"
        "│ Products  60                  │\n"
        "│                               │\n"
        "│ Running out                   │\n"
        "│ SKU  Left  Variant            │\n"
        "│ A-1     0  a1f46e83-0c9d-4b72 │\n"
        "│ B-2    12  c9f1a52d-70e4      │\n"
        "╰───────────────────────────────╯\n"
    )
    assert shown.err == ""


def test_narrow_terminal_names_the_shortened_columns(screen: Callable[..., Any]) -> None:
    shown = panel(screen, width=26)
    assert max(map(cell_len, shown.out.splitlines())) <= 26
    assert shown.err == "Shortened: Variant. -o tsv or --json shows all.\n"


@pytest.mark.parametrize("width", [1, 3, 4, 5, 8, 13, 21, 34, 39])
def test_panel_is_never_wider_than_the_terminal(screen: Callable[..., Any], width: int) -> None:
    assert max(map(cell_len, panel(screen, width=width).out.splitlines())) <= max(width, 4)


@pytest.mark.parametrize("low", [None, [], ["A-1"], "A-1", 7, {"sku": "A-1"}])
def test_other_values_are_fields(screen: Callable[..., Any], low: object) -> None:
    shown = panel(screen, {"total": 60, "low": low})
    assert "Running out" not in shown.out
    assert ("Lowest" in shown.out) == (low not in (None, []))


def test_unknown_fields_are_shown(screen: Callable[..., Any]) -> None:
    assert "│ more      1  │" in panel(screen, {"total": 60, "more": 1, "low": None}).out


@pytest.mark.parametrize("settings", [{"format": "json"}, {"fields": "total"}, {"format": "csv"}])
def test_programs_and_selected_fields_get_the_object(screen: Callable[..., Any], settings: dict[str, Any]) -> None:
    shown = panel(screen, **settings)
    assert "╭" not in shown.out
    assert "60" in shown.out
