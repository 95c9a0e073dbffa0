"""Dashboards and trees: what people see, and what programs get instead."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from synq_cli.output.columns import Column
from synq_cli.output.formats import identifier, quantity

Build = Callable[..., Any]

STATS = {
    "totalProducts": 3,
    "lowStockVariants": 1,
    "topLowStock": [
        {"sku": "SLB-OAT-OS", "title": "Skerry Lambswool Beanie", "on_hand": 4},
        {"sku": "HMC-NVY-L", "title": "Harbour \x1b[31mCrewneck", "on_hand": -2},
    ],
    "news": "more",
}
TOTALS = [Column("Products", "totalProducts", quantity), Column("Low", "lowStockVariants", quantity)]
LOW = {
    "topLowStock": ("Low stock", [Column("SKU", "sku"), Column("On hand", "on_hand", quantity), Column("T", "title")])
}

CATEGORIES = [
    {"id": "a1", "parent_id": None, "name": "Knitwear", "slug": "knitwear"},
    {"id": "a2", "parent_id": "a1", "name": "Cardigans", "slug": ""},
    {"id": "a3", "parent_id": "a2", "name": "Cable [bold]", "slug": "cable"},
    {"id": "a4", "parent_id": "gone", "name": "Orphans", "slug": None},
    {"id": "a5", "parent_id": "a6", "name": "Ring", "slug": None},
    {"id": "a6", "parent_id": "a5", "name": "Round", "slug": None},
    {"id": "a7", "parent_id": "a7", "name": "Self", "slug": None},
]
NAMES = [Column("Name", "name"), Column("Slug", "slug"), Column("ID", "id", identifier)]


def test_a_panel_on_a_terminal(screen: Build) -> None:
    shown = screen(tty=True, no_color=True, width=60)
    shown.output.panel("Dashboard", STATS, TOTALS, LOW)
    assert shown.out == (
        "╭─ Dashboard ───────────────────────────────────╮\n"
        "│ Products  3                                   │\n"
        "│ Low       1                                   │\n"
        "│ news      more                                │\n"
        "│                                               │\n"
        "│ Low stock                                     │\n"
        "│ SKU         On hand  T                        │\n"
        "│ SLB-OAT-OS        4  Skerry Lambswool Beanie  │\n"
        "│ HMC-NVY-L        -2  Harbour \\x1b[31mCrewneck │\n"
        "╰───────────────────────────────────────────────╯\n"
    )


@pytest.mark.parametrize("width", [24, 30, 40])
def test_a_panel_never_passes_the_terminal(screen: Build, width: int) -> None:
    shown = screen(tty=True, no_color=True, width=width)
    shown.output.panel("Dashboard", STATS, TOTALS, LOW)
    assert max(map(len, shown.out.splitlines())) <= width


def test_a_panel_without_lists(screen: Build) -> None:
    shown = screen(tty=True, no_color=True)
    shown.output.panel("Dashboard", {"totalProducts": 0, "topLowStock": None}, TOTALS, LOW)
    assert shown.out == "╭─ Dashboard ─╮\n│ Products  0 │\n╰─────────────╯\n"


def test_programs_get_the_object(screen: Build) -> None:
    shown = screen(format="json")
    shown.output.panel("Dashboard", STATS, TOTALS, LOW)
    assert json.loads(shown.out) == STATS
    tsv = screen()
    tsv.output.panel("Dashboard", STATS, TOTALS, LOW)
    assert tsv.out == "totalProducts\tlowStockVariants\n3\t1\n"


def test_a_tree_on_a_terminal_holds_every_row_once(screen: Build) -> None:
    shown = screen(tty=True, no_color=True, width=60)
    shown.output.tree(CATEGORIES, NAMES, parent="parent_id")
    assert shown.out == (
        "Knitwear  knitwear  a1\n"
        "└── Cardigans  a2\n"
        "    └── Cable [bold]  cable  a3\n"
        "Orphans  a4\n"
        "Self  a7\n"
        "Ring  a5\n"
        "└── Round  a6\n"
    )


def test_a_tree_is_a_list_for_programs_and_for_who_chooses_columns(screen: Build) -> None:
    shown = screen()
    shown.output.tree(CATEGORIES[:1], NAMES, parent="parent_id")
    assert shown.out == "name\tslug\tid\nKnitwear\tknitwear\ta1\n"
    chosen = screen(tty=True, no_color=True, columns="name")
    chosen.output.tree(CATEGORIES[:2], NAMES, parent="parent_id")
    assert chosen.out == "Name\nKnitwear\nCardigans\n"
    empty = screen(tty=True, no_color=True)
    empty.output.tree([], NAMES, parent="parent_id", empty="No categories.")
    assert (empty.out, empty.err) == ("", "No categories.\n")
