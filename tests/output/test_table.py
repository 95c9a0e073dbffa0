import io
import re
from collections.abc import Callable
from typing import Any

import pytest

from synq_cli.exact_json import loads
from synq_cli.output.columns import Column
from synq_cli.output.display import Output
from synq_cli.output.formats import address, age, flag, identifier, money, quantity, state, whole

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
    80: (AT_80, f"Shortened: ID, Channel. Hidden: Tags. {HINT}"),
    60: (AT_60, f"Shortened: ID. Hidden: Tags, Channel. {HINT}"),
    40: (AT_40, f"Shortened: ID, Status. Hidden: Tags, Channel, Placed. {HINT}"),
}


@pytest.mark.parametrize("width", TABLES)
@pytest.mark.parametrize("environ", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_orders_on_a_terminal(screen: Callable[..., Any], width: int, environ: dict[str, str]) -> None:
    shown = screen(tty=True, environ=environ, width=width)
    shown.output.rows(ORDERS, COLUMNS)
    # Prose wraps between words; where, is the terminal's business.
    assert ("\n" + shown.out, shown.err.replace("shows\nall", "shows all")) == TABLES[width]


def test_table_without_a_terminal_is_complete_and_plain(screen: Callable[..., Any]) -> None:
    shown = screen(format="table", width=20)
    shown.output.rows(ORDERS, COLUMNS)
    assert ("\n" + shown.out, shown.err) == (WIDE, "")


def test_color_changes_no_text(screen: Callable[..., Any]) -> None:
    shown = screen(tty=True, width=60)
    shown.output.rows(ORDERS, COLUMNS)
    lines = [line.rstrip() for line in re.sub(r"\x1b\[\d*m", "", shown.out).splitlines()]
    assert lines == AT_60.strip().splitlines()
    assert "\x1b[1mID" in shown.out
    assert "\x1b[33mpartially_fulfilled\x1b[0m" in shown.out
    assert "\x1b[31mfailed\x1b[0m" in shown.out


UUID = "d2f70c5b-8a3e-4619-b7d0-5e9c1f84a26b"
MARKUP = "[red]x[/red] :smile: [link=http://x]"
SCARF = ["Name   Scarf", "Total  284.00 GBP", "Due    284.00"]
LONG: dict[str, Any] = {"a": "a" * 50, "b": "b" * 30, "total": 1234567, "currency": "GBP"}
LONG_COLUMNS = [Column("A", "a"), Column("B", "b"), Column("The total of it", "total", money("currency"))]


@pytest.mark.parametrize(
    ("rows", "columns", "width", "lines"),
    [
        pytest.param(
            [{"sku": "A", "on_hand": 12000, "ok": True}, {"sku": "B", "on_hand": -3, "ok": False}],
            [Column("SKU", "sku"), Column("On hand", "on_hand", quantity), Column("OK", "ok", flag)],
            140,
            ["SKU  On hand  OK", "A      12000  yes", "B         -3  no"],
            id="numbers are right-aligned, and their titles",
        ),
        pytest.param(
            [{"a": None, "b": 1, "c": ""}, {"b": 2}],
            [Column("A", "a"), Column("B", "b"), Column("C", "c")],
            140,
            ["B", "1", "2"],
            id="empty columns are left out",
        ),
        pytest.param([{}], [Column("A", "a"), Column("B", "b")], 140, ["A  B", ""], id="unless all are empty"),
        pytest.param(
            [{"id": UUID, "product_id": UUID}],
            [Column("ID", "id", identifier), Column("Product", "product_id", identifier)],
            60,
            ["ID                                    Product", f"{UUID}  d2f70c5b…"],
            id="the last identifier is shortened first",
        ),
        pytest.param(
            [LONG],
            LONG_COLUMNS,
            40,
            ["A           B            The total of it", "aaaaaaaaa…  bbbbbbbbb…  1,234,567.00 GBP"],
            id="long text is cut evenly",
        ),
        pytest.param(
            [LONG],
            LONG_COLUMNS,
            32,
            ["A       B        The total of it", "aaaaa…  bbbbb…  1,234,567.00 GBP"],
            id="amounts are never cut",
        ),
        pytest.param(
            [{"name": "Scarf", "total": "284.00", "currency": "GBP"}] * 2,
            [Column("Name", "name"), Column("Total", "total", money("currency")), Column("Due", "total", whole)],
            19,
            [*SCARF, "", *SCARF],
            id="rows are below each other where the terminal would break amounts in two",
        ),
        pytest.param(
            [{"a": "x" * 3_000_000, "b": "y"}],
            [Column("A", "a"), Column("B", "b")],
            12,
            ["A          B", "xxxxxxxx…  y"],
            id="a page of text",
        ),
        pytest.param([{"a": "東京東京東京東京"}], [Column("A", "a")], 10, ["A", "東京東京…"], id="wide letters"),
        pytest.param([{"a": MARKUP}], [Column("[b]A[/b]", "a")], 140, ["[b]A[/b]", MARKUP], id="markup is text"),
        pytest.param(
            [{"id": "A-1", "url": "https://cdn.example/p/navy.jpg"}],
            [Column("ID", "id"), Column("Address", "url", address)],
            24,
            ["ID   Address", "A-1  …example/p/navy.jpg"],
            id="an address keeps its end",
        ),
        pytest.param(
            [{"rule": "has\x1bmedia", "note": None}],
            [Column("ID", "id"), Column("Title", "title")],
            140,
            ["rule", "has\\x1bmedia"],
            id="where no column fits, the API's own names are shown",
        ),
    ],
)
def test_tables(
    screen: Callable[..., Any], rows: list[dict[str, Any]], columns: list[Column], width: int, lines: list[str]
) -> None:
    shown = screen(tty=True, no_color=True, width=width)
    shown.output.rows(rows, columns)
    assert shown.out.splitlines() == lines


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
    shown = screen(tty=True, no_color=True)
    shown.output.rows(rows, columns)
    assert shown.out.splitlines() == [
        "Number  Name    Left", *(f"{row['number']:>6}  {row['name']:<6}  {row['left']:>4}" for row in rows)
    ]  # fmt: skip


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


def test_a_record_off_a_terminal_is_not_wrapped_and_shows_what_a_nested_column_does_not(
    screen: Callable[..., Any],
) -> None:
    shown = screen(format="table", width=20)
    shown.output.record({"a": "word " * 40 + "end"}, [Column("A", "a")])
    shown.output.record({"customer": {"name": "Ann", "phone": "1"}}, [Column("Customer", "customer.name")])
    assert shown.out == f"A  {'word ' * 40}end\nCustomer  Ann\ncustomer  name: Ann, phone: 1\n"
