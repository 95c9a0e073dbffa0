import pytest

from synq_cli.errors import UsageError
from synq_cli.output.columns import Column
from synq_cli.output.formats import money, text
from synq_cli.output.view_options import Fields


@pytest.mark.parametrize("option", ["", ",", "id,", "id,,status", "a..b", ".a", "a.", " "])
def test_empty_names_are_refused(option: str) -> None:
    with pytest.raises(UsageError) as caught:
        Fields(option)
    assert caught.value.message == f'Invalid --fields "{option}": a name is empty.'


def test_order_blanks_repeats_and_missing_fields() -> None:
    assert Fields("total, id ,total").names == ["total", "id"]
    assert Fields("b.c,x,a").select({"a": 1, "b": {"c": [2], "d": 3}}) == {"b.c": [2], "x": None, "a": 1}


def test_fields_use_the_format_of_the_command() -> None:
    price = money("currency")
    columns = Fields("total,note").columns([Column("Total", "total", price, drop=3)])
    assert columns == [Column("total", "total", price), Column("note", "note", text)]
    assert Fields("id").columns([Column("ID", "id", table=False)]) == [Column("id", "id")]


def missed(option: str, *rows: dict[str, object]) -> list[str]:
    fields = Fields(option)
    fields.notice(rows)
    return list(fields.unknown())


@pytest.mark.parametrize(
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
    fields = Fields(option)
    fields.notice(rows)
    assert list(fields.unknown()) == said
