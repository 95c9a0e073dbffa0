import unicodedata

from hypothesis import example, given
from hypothesis import strategies as st
from table import cases

from synq_cli.exact_json import Number
from synq_cli.output.formats import (
    Cell,
    Format,
    age,
    delta,
    flag,
    hidden,
    identifier,
    money,
    plain,
    quantity,
    state,
    text,
    timestamp,
    visible,
)

NOW = 1_795_608_000.0  # 2026-11-25 12:00:00 UTC
BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


@given(st.text(st.characters(exclude_categories=[])))
@example("\x1b]0;title\x07" + BIDI)
def test_visible_escapes_all_control_characters(anything: str) -> None:
    shown = visible(anything)
    assert not [c for c in shown if unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} or c in BIDI]
    assert "".join(shown.splitlines()) == shown
    shown.encode("utf-8")


@cases(
    ("raw", "shown"),
    [
        ("plain, Größe L, 東京 🎁", "plain, Größe L, 東京 🎁"),
        ("\x1b[31m", r"\x1b[31m"),
        ("a\tb\nc\rd", r"a\tb\nc\rd"),
        ("\u202eevil", r"\u202eevil"),
        ("\x9b2J", r"\x9b2J"),
        ("\ud800", r"\ud800"),
        ("👩\u200d🔬", r"👩\u200d🔬"),
        ("❤\ufe0f, A\ufe0f", "❤\ufe0f, A\\ufe0f"),
        ("a\u00adb\u2028\ufeff", r"a\xadb\u2028\ufeff"),
        ("🏴\U000e0067", r"🏴\U000e0067"),
        (r"C:\temp", r"C:\temp"),
    ],
)
def test_visible_spells_out_in_ascii(raw: str, shown: str) -> None:
    assert visible(raw) == shown


@cases(
    ("value", "shown"),
    [
        (None, ""), ("a\x1bb", r"a\x1bb"), (7, "7"), (Number("19.90"), "19.90"), (True, "true"),
        (["gift", "rush"], "gift, rush"), ([], ""), ({"Color": "Navy", "Size": "M"}, "Color: Navy, Size: M"),
        ([{"a": Number("1.0")}], '[{"a":1.0}]'), ({"a": {"b": None}}, '{"a":{"b":null}}'), (["\x07"], r"\x07"),
    ],
)  # fmt: skip
def test_text(value: object, shown: str) -> None:
    assert text.show(value, {}, NOW) == Cell(shown)


@cases(
    ("value", "shown"),
    [
        (Number("1203.50"), "1,203.50 GBP"), (Number("19.9"), "19.90 GBP"), (7, "7.00 GBP"), (0, "0.00 GBP"),
        (999, "999.00 GBP"), (-1234567, "-1,234,567.00 GBP"), ("89.50", "89.50 GBP"), (" 89.5 ", "89.50 GBP"),
        (Number("0.12345"), "0.12345 GBP"), (Number("1.5e3"), "1,500.00 GBP"), (Number("1e-3"), "0.001 GBP"),
        (Number("-0"), "-0.00 GBP"), (Number("1e999"), "1e999"),
        (12345678901234567890, "12,345,678,901,234,567,890.00 GBP"), (None, ""), ("", ""), ("free", "free"),
        (True, "true"), ("1e999999999999999999999", "1e999999999999999999999"), ("٣", "٣"),
    ],
)  # fmt: skip
def test_money(value: object, shown: str) -> None:
    assert money("currency").show(value, {"currency": "GBP"}, NOW) == Cell(shown)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4), st.booleans())
def test_money_keeps_every_digit(amount: object, as_text: bool) -> None:
    written = f"{amount:f}"
    shown = money("currency").show(written if as_text else Number(written), {}, NOW).text
    assert shown.replace(",", "") == written


def test_money_without_or_with_an_odd_currency() -> None:
    assert money("currency").show(5, {}, NOW) == Cell("5.00")
    assert money("currency").show(5, {"currency": "\x1b[0m"}, NOW) == Cell(r"5.00 \x1b[0m")


@cases(
    ("format_", "value", "cell"),
    [
        (quantity, 12000, Cell("12000")), (quantity, 0, Cell("0")), (quantity, -3, Cell("-3", "red")),
        (quantity, Number("-0.5"), Cell("-0.5", "red")), (quantity, None, Cell("")), (quantity, "-x", Cell("-x")),
        (delta, 5, Cell("+5", "green")), (delta, -5, Cell("-5", "red")), (delta, 0, Cell("0")),
        (delta, Number("0.0"), Cell("0.0")), (delta, Number("0.5"), Cell("+0.5", "green")), (delta, None, Cell("")),
        (delta, "n/a", Cell("n/a")), (state, "pending_payment", Cell("pending_payment", "yellow")),
        (state, "ACTIVE", Cell("ACTIVE", "green")), (state, "completed", Cell("completed", "dim")),
        (state, "failed", Cell("failed", "red")), (state, "brand_new", Cell("brand_new")), (state, None, Cell("")),
        (flag, True, Cell("yes")), (flag, False, Cell("no")), (flag, None, Cell("")), (flag, "maybe", Cell("maybe")),
        (identifier, "d2f70c5b-8a3e-4619-b7d0-5e9c1f84a26b\n", Cell(r"d2f70c5b-8a3e-4619-b7d0-5e9c1f84a26b\n")),
    ],
)  # fmt: skip
def test_quantities_states_and_flags(format_: Format, value: object, cell: Cell) -> None:
    assert format_.show(value, {}, NOW) == cell


@cases(
    ("moment", "shown"),
    [
        ("2026-11-25T12:00:00Z", "just now"), ("2026-11-25T11:59:01Z", "just now"),
        ("2026-11-25T12:00:59Z", "just now"), ("2026-11-25T11:59:00Z", "1 min ago"),
        ("2026-11-25T11:00:01Z", "59 min ago"), ("2026-11-25T11:00:00Z", "1 h ago"),
        ("2026-11-25T09:00:00.123456789Z", "2 h ago"), ("2026-11-25T10:00:00+01:00", "3 h ago"),
        ("2026-11-23T12:00:00Z", "2 d ago"), ("2026-09-26T12:00:00Z", "60 d ago"),
        ("2026-09-26T11:59:59Z", "2026-09-26"), ("2026-11-25T15:00:00Z", "in 3 h"),
        ("2026-11-27T12:00:00Z", "in 2 d"), ("2027-11-27T12:00:00Z", "2027-11-27"),
        ("2026-11-25 09:00:00", "3 h ago"), ("0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00+14:00"), ("", ""),
        (None, ""), ("soon\x07", r"soon\x07"), (12, "12"),
    ],
)  # fmt: skip
def test_age(moment: object, shown: str) -> None:
    assert age.show(moment, {}, NOW) == Cell(shown)


@given(st.datetimes().map(str) | st.text())
def test_age_and_timestamp_take_any_text(moment: str) -> None:
    assert "\n" not in age.show(moment, {}, NOW).text + timestamp.show(moment, {}, NOW).text


@cases(
    ("moment", "shown"),
    [
        ("2026-11-25T10:00:05+01:00", "2026-11-25 09:00:05 UTC (2 h ago)"),
        ("2025-01-02T03:04:05Z", "2025-01-02 03:04:05 UTC"),
        ("", ""),
        ("later", "later"),
    ],
)
def test_timestamp(moment: str, shown: str) -> None:
    assert timestamp.show(moment, {}, NOW) == Cell(shown)


@cases(
    ("value", "raw"),
    [
        (None, ""), (True, "true"), (False, "false"), ("a\tb", "a\tb"), (Number("19.90"), "19.90"), (12, "12"),
        (["a", 1], '["a",1]'), ({"a": Number("1.10")}, '{"a":1.10}'),
    ],
)  # fmt: skip
def test_plain(value: object, raw: str) -> None:
    assert plain(value) == raw


# Default_Ignorable_Code_Point in Unicode's DerivedCoreProperties.txt.
IGNORABLE = [
    (0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F),
    (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF),
    (0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF),
]  # fmt: skip


def test_only_default_ignorable_characters_are_escaped() -> None:
    ignorable = {code for first, last in IGNORABLE for code in range(first, last + 1)}
    assert [code for code in ignorable if visible(chr(code)) == chr(code)] == []
    changed = {code for code in range(0x110000) if chr(code).isprintable() and visible(chr(code)) != chr(code)}
    assert changed <= ignorable
    assert {code for code in changed if not hidden().search(chr(code))} == set()
