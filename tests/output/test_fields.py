import pytest
from table import cases

from synq_cli.errors import UsageError
from synq_cli.output.columns import Column
from synq_cli.output.formats import money, text
from synq_cli.output.view_options import ViewOptions


def fields(names: str) -> ViewOptions:
    return ViewOptions(terminal=True, fields=names)


@cases("option", ["", ",", "id,", "id,,status", "a..b", ".a", "a.", " "])
def test_empty_names_are_refused(option: str) -> None:
    with pytest.raises(UsageError) as caught:
        fields(option)
    assert caught.value.message == f'Invalid --fields "{option}": a name is empty.'


def test_order_blanks_repeats_and_missing_fields() -> None:
    assert fields("total, id ,total").fields == ["total", "id"]
    assert fields("b.c,x,a").select({"a": 1, "b": {"c": [2], "d": 3}}) == {"b.c": [2], "x": None, "a": 1}


def test_fields_use_the_format_of_the_command() -> None:
    price = money("currency")
    columns = fields("total,note").columns([Column("Total", "total", price, drop=3)])
    assert columns == [Column("total", "total", price), Column("note", "note", text)]
    assert fields("id").columns([Column("ID", "id", table=False)]) == [Column("id", "id")]


@cases(
    ("option", "rows", "said"),
    [
        ("id,extra,a.b", [{"id": 1}, {"id": 2, "extra": None}, {"a": {"b": None}}], []),
        (
            "totl,customer.nam",
            [{"id": 1, "total": 2, "customer": {"name": "x"}}],
            [
                'Unknown field "totl". Did you mean total?',
                'Unknown field "customer.nam". Did you mean customer.name?',
            ],
        ),
        ("zzz", [{"id": 1, "customer": {"name": "x"}}], ['Unknown field "zzz". Fields: id, customer.']),
        ("zzz", [], []),
    ],
)
def test_a_field_that_no_row_has_is_named(option: str, rows: list[dict[str, object]], said: list[str]) -> None:
    view = fields(option)
    view.notice(rows)
    assert list(view.unknown_fields()) == said
