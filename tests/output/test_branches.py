"""Trees of rows, also with invalid parents."""

import io
import sys
from collections.abc import Callable
from typing import Any

import pytest
from table import cases

from synq_cli.output.columns import Column
from synq_cli.output.drawing.tree import branches
from synq_cli.output.formats import identifier
from synq_cli.output.streams import Stream

COLUMNS = [Column("Name", "name"), Column("ID", "id", identifier), Column("Parent", "parent_id", identifier)]


def node(name: str, parent: object = None, **more: Any) -> dict[str, Any]:
    return {"id": name.lower(), "name": name, "parent_id": parent} | more


def names(rows: list[dict[str, Any]], *, encoding: str = "utf-8") -> list[str]:
    stream = Stream(io.TextIOWrapper(io.BytesIO(), encoding=encoding), {})
    return [row["name"] for row in branches(stream, rows, "name", parent="parent_id")]


def test_rows_are_below_their_parents_in_the_given_order() -> None:
    rows = [node("C", "b"), node("E"), node("B", "a"), node("D", "a"), node("A"), node("F", "d")]
    assert names(rows) == ["E", "A", "├── B", "│   └── C", "└── D", "    └── F"]
    assert names(rows, encoding="latin-1") == ["E", "A", "+-- B", "|   `-- C", "`-- D", "    `-- F"]


def test_other_fields_of_a_row_are_unchanged() -> None:
    rows = [node("A"), node("B", "a", slug="b")]
    stream = Stream(io.StringIO(), {})
    assert branches(stream, rows, "name", parent="parent_id")[1] == {**rows[1], "name": "└── B"}
    assert rows[1]["name"] == "B"


@cases(
    ("rows", "shown"),
    [
        ([node("A", "gone")], ["A"]),
        ([node("A", "a")], ["A"]),
        ([node("A", "b"), node("B", "a"), node("C", "b")], ["A", "└── B", "    └── C"]),
        ([node("A"), node("A"), node("B", "a")], ["A", "└── B", "A"]),
        ([node("A", id=None), node("B", None, id=None)], ["A", "B"]),
        ([node("A", id=["x"]), node("B", ["x"], id={})], ["A", "└── B"]),
        ([node("A") | {"name": None}, node("B", "a") | {"name": 7}], ["", "└── 7"]),
        ([node("A") | {"name": "a\nb"}, node("B", "a") | {"name": "漢" * 90}], ["a\\nb", "└── " + "漢" * 90]),
    ],
)
def test_no_row_is_lost_and_none_comes_twice(rows: list[dict[str, Any]], shown: list[str]) -> None:
    assert names(rows) == shown


def test_chain_deeper_than_python_recurses_is_drawn() -> None:
    rows = [node("N0"), *(node(f"N{number}", f"n{number - 1}") for number in range(1, 400))]
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(300)  # a longer chain takes a second
    try:
        assert len(names(rows)) == 400
    finally:
        sys.setrecursionlimit(limit)


def test_a_tree_is_a_table_without_its_parents_ids(screen: Callable[..., Any]) -> None:
    shown = screen(tty=True, no_color=True)
    shown.output.tree([node("A"), node("B", "a")], COLUMNS, parent="parent_id")
    assert shown.out == "Name   ID\nA      a\n└── B  b\n"


@pytest.mark.parametrize("settings", [{"format": "tsv"}, {"tty": True, "fields": "name,id,parent_id"}])
def test_programs_and_selected_fields_get_a_list(screen: Callable[..., Any], settings: dict[str, Any]) -> None:
    shown = screen(no_color=True, **settings)
    shown.output.tree([node("B", "a"), node("A")], COLUMNS, parent="parent_id")
    assert [line.split() for line in shown.out.splitlines()][1:] == [["B", "b", "a"], ["A", "a"]]


def test_empty_tree_is_a_note(screen: Callable[..., Any]) -> None:
    shown = screen(tty=True)
    shown.output.tree([], COLUMNS, parent="parent_id", empty="There are none.")
    assert (shown.out, shown.err) == ("", "There are none.\n")
