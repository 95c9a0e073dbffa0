import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from synq_cli.exact_json import loads
from synq_cli.output.columns import Column
from synq_cli.output.display import Output
from synq_cli.output.formats import address, age, flag, identifier, money, quantity, state

COLUMNS = [
    Column("ID", "id", identifier), Column("Status", "status", state), Column("Total", "total", money("currency")),
    Column("Channel", "channel", drop=2), Column("Payment", "payment_status", drop=4),
    Column("Placed", "created_at", age, drop=1), Column("Tags", "tags", drop=3),
]  # fmt: skip
ORDERS = loads(r"""[
  {"id": "d2f70c5b-8a3e-4619-b7d0-5e9c1f84a26b", "status": "partially_fulfilled", "total": 1203.50,
   "currency": "GBP", "channel": "Web storefront", "payment_status": null,
   "created_at": "2026-11-25T09:00:00Z", "tags": ["gift", "rush"]},
  {"id": "0b1e9c55-4f7d-4a0f-9c39-0f6a52d1e001", "status": "failed", "total": 7, "currency": "GBP",
   "channel": "[bold]markup[/bold]\u001b[31m\tred\u202e", "created_at": "", "tags": null},
  {"id": "77aa9c55-4f7d-4a0f-9c39-0f6a52d1e002", "status": "brand_new", "total": -19.9, "currency": "JPY",
   "channel": "東京ストア🎁 渋谷店", "created_at": "2026-01-02T10:00:00Z", "tags": []}
]""")

WIDE = r"""
ID                                    Status                      Total  Channel                                 Placed      Tags
d2f70c5b-8a3e-4619-b7d0-5e9c1f84a26b  partially_fulfilled  1,203.50 GBP  Web storefront                          3 h ago     gift, rush
0b1e9c55-4f7d-4a0f-9c39-0f6a52d1e001  failed                   7.00 GBP  [bold]markup[/bold]\x1b[31m\tred\u202e
77aa9c55-4f7d-4a0f-9c39-0f6a52d1e002  brand_new              -19.90 JPY  東京ストア🎁 渋谷店                     2026-01-02
"""  # noqa: E501 a picture of a wide terminal
AT_80 = r"""
ID         Status                      Total  Channel                 Placed
d2f70c5b…  partially_fulfilled  1,203.50 GBP  Web storefront          3 h ago
0b1e9c55…  failed                   7.00 GBP  [bold]markup[/bold]\x…
77aa9c55…  brand_new              -19.90 JPY  東京ストア🎁 渋谷店     2026-01-02
"""
AT_60 = """
ID         Status                      Total  Placed
d2f70c5b…  partially_fulfilled  1,203.50 GBP  3 h ago
0b1e9c55…  failed                   7.00 GBP
77aa9c55…  brand_new              -19.90 JPY  2026-01-02
"""
AT_40 = """
ID         Status                  Total
d2f70c5b…  partially_fulf…  1,203.50 GBP
0b1e9c55…  failed               7.00 GBP
77aa9c55…  brand_new          -19.90 JPY
"""
HINT = "-o tsv or --json shows all.\n"
TABLES = {
    140: (WIDE, ""),
    80: (AT_80, f"Shortened: ID, Channel. Left out: Tags. {HINT}"),
    60: (AT_60, f"Shortened: ID. Left out: Tags, Channel. {HINT}"),
    40: (AT_40, f"Shortened: ID, Status. Left out: Tags, Channel, Placed. {HINT}"),
}


@pytest.mark.parametrize("width", TABLES)
@pytest.mark.parametrize("environ", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_orders_on_a_terminal(screen: Callable[..., Any], width: int, environ: dict[str, str]) -> None:
    shown = screen(tty=True, environ=environ, width=width)
    shown.output.rows(ORDERS, COLUMNS)
    # Prose wraps between words; where, is the terminal's business.
    assert ("\n" + shown.out, shown.err.replace("shows\nall", "shows all")) == TABLES[width]


def test_a_table_asked_for_off_a_terminal_is_whole_and_plain(screen: Callable[..., Any]) -> None:
    shown = screen(format="table", width=20)
    shown.output.rows(ORDERS, COLUMNS)
    assert ("\n" + shown.out, shown.err) == (WIDE, "")


def test_quiet_hides_the_hint(screen: Callable[..., Any]) -> None:
    shown = screen(tty=True, quiet=True, no_color=True, width=40)
    shown.output.rows(ORDERS, COLUMNS)
    assert ("\n" + shown.out, shown.err) == (AT_40, "")


def test_color_changes_nothing_but_the_color(screen: Callable[..., Any]) -> None:
    shown = screen(tty=True, width=60)
    shown.output.rows(ORDERS, COLUMNS)
    lines = [line.rstrip() for line in re.sub(r"\x1b\[\d*m", "", shown.out).splitlines()]
    assert lines == AT_60.strip().splitlines()
    assert "\x1b[1mID" in shown.out
    assert "\x1b[33mpartially_fulfilled\x1b[0m" in shown.out
    assert "\x1b[31mfailed\x1b[0m" in shown.out


@pytest.mark.parametrize(
    ("settings", "colored"),
    [
        ({"tty": True}, True), ({"tty": True, "no_color": True}, False),
        ({"tty": True, "environ": {"NO_COLOR": "1"}}, False), ({"tty": True, "environ": {"TERM": "dumb"}}, False),
        ({"format": "table"}, False), ({"format": "table", "environ": {"CLICOLOR_FORCE": "1"}}, True),
        ({"format": "table", "err_tty": True}, False),
    ],
)  # fmt: skip
def test_where_color_goes(screen: Callable[..., Any], settings: dict[str, Any], colored: bool) -> None:
    shown = screen(**settings)
    shown.output.rows(ORDERS, COLUMNS)
    assert ("\x1b[" in shown.out) is colored


def table(screen: Callable[..., Any], rows: list[dict[str, Any]], columns: list[Column], **settings: Any) -> str:
    shown = screen(tty=True, no_color=True, **settings)
    shown.output.rows(rows, columns)
    return "\n" + shown.out


def test_numbers_are_right_aligned_and_titles_with_them(screen: Callable[..., Any]) -> None:
    rows = [{"sku": "A", "on_hand": 12000, "ok": True}, {"sku": "B", "on_hand": -3, "ok": False}]
    columns = [Column("SKU", "sku"), Column("On hand", "on_hand", quantity), Column("OK", "ok", flag)]
    assert (
        table(screen, rows, columns)
        == """
SKU  On hand  OK
A      12000  yes
B         -3  no
"""
    )


def test_columns_empty_in_all_rows_go(screen: Callable[..., Any]) -> None:
    columns = [Column("A", "a"), Column("B", "b"), Column("C", "c")]
    assert table(screen, [{"a": None, "b": 1, "c": ""}, {"b": 2}], columns) == "\nB\n1\n2\n"
    assert table(screen, [{}], columns) == "\nA  B  C\n\n"


def test_the_last_identifier_is_shortened_first(screen: Callable[..., Any]) -> None:
    uuid = "d2f70c5b-8a3e-4619-b7d0-5e9c1f84a26b"
    columns = [Column("ID", "id", identifier), Column("Product", "product_id", identifier)]
    assert (
        table(screen, [{"id": uuid, "product_id": uuid}], columns, width=60)
        == f"""
ID                                    Product
{uuid}  d2f70c5b…
"""
    )


def test_long_text_is_cut_evenly_and_amounts_never(screen: Callable[..., Any]) -> None:
    rows = [{"a": "a" * 50, "b": "b" * 30, "total": 1234567, "currency": "GBP"}]
    columns = [Column("A", "a"), Column("B", "b"), Column("The total of it", "total", money("currency"))]
    assert (
        table(screen, rows, columns, width=40)
        == """
A           B            The total of it
aaaaaaaaa…  bbbbbbbbb…  1,234,567.00 GBP
"""
    )
    assert (
        table(screen, rows, columns, width=10)
        == """
A       B        The total of it
aaaaa…  bbbbb…  1,234,567.00 GBP
"""
    )


def test_a_page_of_text_is_cut_like_any_other(screen: Callable[..., Any]) -> None:
    columns = [Column("A", "a"), Column("B", "b")]
    assert table(screen, [{"a": "x" * 3_000_000, "b": "y"}], columns, width=12) == "\nA          B\nxxxxxxxx…  y\n"


def test_a_wide_letter_is_not_halved(screen: Callable[..., Any]) -> None:
    assert table(screen, [{"a": "東京東京東京東京"}], [Column("A", "a")], width=10) == "\nA\n東京東京…\n"


def test_ascii_terminals_get_three_dots() -> None:
    class Ascii(io.TextIOWrapper):
        def isatty(self) -> bool:
            return True

    stdout, stderr = Ascii(io.BytesIO(), encoding="ascii"), Ascii(io.BytesIO(), encoding="ascii")
    output = Output(stdout, stderr, environ={"NO_COLOR": "1"}, now=lambda: 0.0, width=17)
    output.rows([{"id": "d2f70c5b-8a3e", "name": "é"}], [Column("ID", "id", identifier), Column("Name", "name")])
    output.messages.footer(8, 100, exact=True, profile="acme")
    stdout.seek(0)
    stderr.seek(0)
    assert stdout.read() == "ID           Name\nd2f70c5b...  \\xe9\n"
    assert stderr.read().splitlines()[1] == "8/100 requests left this minute - acme"


@pytest.mark.parametrize("count", [99, 100, 101, 250])
def test_long_table_is_one_table(screen: Callable[..., Any], count: int) -> None:
    rows = [{"number": number, "name": "x" * (number % 7), "left": -number} for number in range(count)]
    columns = [Column("Number", "number", quantity), Column("Name", "name"), Column("Left", "left", quantity)]
    lines = table(screen, rows, columns).splitlines()[1:]
    assert lines[0] == "Number  Name    Left"
    assert lines[1:] == [f"{row['number']:>6}  {row['name']:<6}  {row['left']:>4}" for row in rows]


# An amount is never cut, so one of forty digits may run over; a shop's does not.
TOTALS = st.integers(-(10**12), 10**12)
ROWS = st.lists(
    st.fixed_dictionaries({"id": st.uuids().map(str), "channel": st.text(max_size=60), "total": TOTALS}),
    min_size=1,
    max_size=4,
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ROWS, st.integers(60, 150))
def test_a_table_keeps_within_its_terminal(screen: Callable[..., Any], rows: list[dict[str, Any]], width: int) -> None:
    from rich.cells import cell_len

    lines = table(screen, rows, COLUMNS, width=width).split("\n")[1:-1]
    assert len(lines) == len(rows) + 1
    assert max(map(cell_len, lines)) <= width


def test_markup_is_text(screen: Callable[..., Any]) -> None:
    assert (
        table(screen, [{"a": "[red]x[/red] :smile: [link=http://x]"}], [Column("[b]A[/b]", "a")])
        == """
[b]A[/b]
[red]x[/red] :smile: [link=http://x]
"""
    )


RECORD = r"""
ID        d2f70c5b-8a3e-4619-b7d0-5e9c1f84a26b
Status    partially_fulfilled
Total     1,203.50 GBP
Channel   Web storefront
Placed    3 h ago
Tags      gift, rush
currency  GBP
note      one two three four five six seven
          eight
key\n     xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
          xxxxxxxxxxxx
"""
EXTRA = {"note": "one two three four five six seven eight", "key\n": "x" * 50, "none": None}


def test_a_record_wraps_and_hides_nothing(screen: Callable[..., Any]) -> None:
    shown = screen(tty=True, no_color=True, width=48)
    shown.output.record({**ORDERS[0], **EXTRA}, COLUMNS)
    assert ("\n" + shown.out, shown.err) == (RECORD, "")


def test_a_record_off_a_terminal_is_not_wrapped(screen: Callable[..., Any]) -> None:
    shown = screen(format="table", width=20)
    shown.output.record({"a": "word " * 40 + "end"}, [Column("A", "a")])
    assert shown.out == "A  " + "word " * 40 + "end\n"


def test_a_record_shows_what_a_nested_column_does_not(screen: Callable[..., Any]) -> None:
    shown = screen(format="table")
    shown.output.record({"customer": {"name": "Ann", "phone": "1"}}, [Column("Customer", "customer.name")])
    assert shown.out == "Customer  Ann\ncustomer  name: Ann, phone: 1\n"


def test_an_address_keeps_its_end(screen: Callable[..., Any]) -> None:
    shown = screen(tty=True, no_color=True, width=24)
    row = {"id": "A-1", "url": "https://cdn.example/p/navy.jpg"}
    shown.output.rows([row], [Column("ID", "id"), Column("Address", "url", address)])
    assert shown.out == "ID   Address\nA-1  …example/p/navy.jpg\n"
    assert shown.err == "Shortened: Address. -o tsv or --json shows all.\n"


def test_where_no_column_fits_the_fields_are_shown_by_their_own_names(screen: Callable[..., Any]) -> None:
    shown = screen(tty=True, no_color=True)
    shown.output.rows([{"rule": "has\x1bmedia", "note": None}], [Column("ID", "id"), Column("Title", "title")])
    assert shown.out == "rule\nhas\\x1bmedia\n"
