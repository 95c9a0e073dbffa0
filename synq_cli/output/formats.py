"""Values as text for people: money, ages, states; without characters that a terminal would act on."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from synq_cli.times import parse_time

if TYPE_CHECKING:
    from datetime import datetime

_UNITS = (("d", 86_400), ("h", 3600), ("min", 60))
_OLD = 60 * 86_400
_EXCERPT = 200
# Cells of the longest bar, and the bars of less than a cell.
_BAR = 20
_EIGHTHS = " ▏▎▍▌▋▊▉"
# A number such as 1e999 would be a page of zeros.
_MOST_DIGITS = 40

_KINDS = {
    "yellow": "draft pending_payment payment_authorized confirmed processing partially_fulfilled "
    "return_requested partially_returned partially_refunded pending invited warn "
    "sent unknown running stopped unclear",
    "green": "fulfilled delivered active shipped connected ok done",
    "dim": "completed returned refunded cancelled archived released consumed finished",
    "red": "failed error fail damaged",
}
_STYLES = {status: style for style, statuses in _KINDS.items() for status in statuses.split()} | {
    "in transit": "yellow"
}


class Cell(NamedTuple):
    """A value as text; `style` is bold, dim, red, green, yellow or None."""

    text: str
    style: str | None = None


class Format(NamedTuple):
    """How a value is shown.

    `render(value, row, now)`, with `now` in epoch seconds, gives the text or cell; None shows the value as text.
    `narrow` says what may happen where the terminal is too narrow: `cut` ends the text in an ellipsis, `tail`
    begins it with one, `shorten` keeps eight characters, `keep` shows all or nothing. `cells` is the kind of a
    workbook's cells.
    """

    render: Callable[[object, Mapping[str, Any], float], Cell | str | None] = lambda *_: None
    right: bool = False
    narrow: Literal["cut", "tail", "shorten", "keep"] = "cut"
    cells: Literal["", "money", "time"] = ""

    def show(self, value: object, row: Mapping[str, Any], now: float) -> Cell:
        """The cell of a value."""
        rendered = self.render(value, row, now)
        shown = visible(_readable(value)) if rendered is None else rendered
        return shown if isinstance(shown, Cell) else Cell(shown)


@cache
def hidden() -> re.Pattern[str]:
    """Control characters, and Unicode's default-ignorable ones, which nobody sees.

    So is the joiner of emoji: terminals disagree about the width of what it joins, and it hides in identifiers. The
    emoji variation selector is visible behind a symbol.
    """
    return re.compile(
        # C0, DEL and C1 controls, line separators, interlinear annotations, lone surrogates
        "[\x00-\x1f\x7f-\x9f\u2028\u2029\ufff9-\ufffb\ud800-\udfff"
        # Default_Ignorable_Code_Point of Unicode's DerivedCoreProperties.txt, without U+FE0F
        "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
        "\u3164\ufe00-\ufe0e\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
        "\U000e0000-\U000e0fff]"
        "|(?<![\xa9\xae\u203c\u2049\u2122\u2139\u2190-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff])\ufe0f"
    )


def visible(text: str) -> str:
    """The text with hidden characters spelled out in ASCII."""
    # Below U+034F, where Latin letters and common signs are, what is hidden is what Python can't print.
    if text.isprintable() and max(text, default="") < "\u034f":
        return text
    return hidden().sub(lambda match: match[0].encode("unicode_escape").decode(), text)


def plain(value: object) -> str:
    """The raw value as text for CSV, TSV and bare output: null is empty, lists and objects are compact JSON."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    from synq_cli import exact_json

    return exact_json.dumps(value)


def _readable(value: object) -> str:
    """A value of any shape as text: lists and flat objects without JSON's brackets."""
    nested = (list, dict)
    if isinstance(value, list) and not any(isinstance(item, nested) for item in value):
        return ", ".join(plain(item) for item in value)
    if isinstance(value, dict) and not any(isinstance(item, nested) for item in value.values()):
        return ", ".join(f"{key}: {plain(item)}" for key, item in value.items())
    return plain(value)


def _excerpt(value: object, _row: Mapping[str, Any], _now: float) -> str:
    shown = visible(_readable(value))
    if len(shown) <= _EXCERPT:
        return shown
    return f"{shown[:_EXCERPT]}… ({len(plain(value)):,} characters; --json shows all)"


def _digits(value: object) -> str | None:
    """The number's digits without an exponent; None if it is not a number, or too long to write out."""
    written = plain(value).strip()
    if not re.fullmatch(r"-?\d+(\.\d+)?([eE][-+]?\d{1,3})?", written, re.ASCII):
        return None
    if "e" not in written.lower():
        return written
    from decimal import Decimal

    digits = f"{Decimal(written):f}"
    return digits if len(digits) <= _MOST_DIGITS else None


def money(currency_key: str) -> Format:
    """An amount with the currency that the row has under `currency_key`."""

    def render(value: object, row: Mapping[str, Any], _now: float) -> str | None:
        digits = _digits(value)
        if digits is None:
            return None
        whole, _, cents = digits.partition(".")
        grouped = re.sub(r"(?<=\d)(?=(\d{3})+$)", ",", whole)
        return f"{grouped}.{cents.ljust(2, '0')} {visible(plain(row.get(currency_key)))}".rstrip()

    return Format(render, right=True, narrow="keep", cells="money")


def _quantity(value: object, _row: Mapping[str, Any], _now: float) -> Cell:
    shown = visible(_readable(value))
    return Cell(shown, "red" if shown.startswith("-") and _digits(value) else None)


def _delta(value: object, row: Mapping[str, Any], now: float) -> Cell:
    cell = _quantity(value, row, now)
    if cell.style or not (_digits(value) or "").strip("0."):
        return cell
    return Cell(f"+{cell.text}", "green")


def _quantities(value: object, _row: Mapping[str, Any], _now: float) -> str | None:
    items = value if isinstance(value, list) else []
    if not items or not all(isinstance(item, dict) for item in items):
        return None
    parts = [f"{plain(item.get('quantity'))} {plain(item.get('sku') or item.get('variant_id'))}" for item in items]
    return visible(", ".join(part.strip() for part in parts))


def _state(value: object, _row: Mapping[str, Any], _now: float) -> Cell:
    # The API's own word, underscores and all, so that it can be typed after --status.
    word = visible(_readable(value))
    return Cell(word, _STYLES.get(word.lower()))


def _ago(seconds: float) -> str | None:
    """`3 h ago`, `in 2 d`, `just now`; None for more than 60 days."""
    distance = abs(seconds)
    if distance > _OLD:
        return None
    for unit, length in _UNITS:
        if distance >= length:
            amount = f"{int(distance // length)} {unit}"
            return f"{amount} ago" if seconds > 0 else f"in {amount}"
    return "just now"


def _moment(write: Callable[["datetime", str | None], str]) -> Format:
    """A time, written from its UTC and its distance from now in words."""

    def render(value: object, _row: Mapping[str, Any], now: float) -> str | None:
        moment = parse_time(value)
        return None if moment is None else write(moment, _ago(now - moment.timestamp()))

    return Format(render, narrow="keep", cells="time")


def bars(rows: Sequence[Mapping[str, Any]], key: str, unit: str = "") -> Format:
    """A bar as long as the number is large beside the largest of these rows with the same `unit`."""
    from decimal import Decimal

    def amount(row: Mapping[str, Any]) -> float:
        value = row.get(key)
        return max(0.0, float(value)) if isinstance(value, int | Decimal) else 0.0

    largest: dict[Any, float] = {}
    for row in rows:
        largest[row.get(unit)] = max(largest.get(row.get(unit), 0.0), amount(row))

    def render(_value: object, row: Mapping[str, Any], _now: float) -> Cell:
        most = largest.get(row.get(unit)) or 1.0
        full, eighths = divmod(round(amount(row) / most * _BAR * 8), 8)
        return Cell(("█" * full + _EIGHTHS[eighths]).rstrip(), "green")

    return Format(render)


def named(names: Mapping[str, str]) -> Format:
    """An id by its name, if it has one."""
    return Format(lambda value, _row, _now: visible(_readable(names.get(str(value).lower(), value))))


text = Format()
excerpt = Format(_excerpt)
whole = Format(narrow="keep")
quantity = Format(_quantity, right=True, narrow="keep")
delta = Format(_delta, right=True, narrow="keep")
quantities = Format(_quantities)
state = Format(_state)
age = _moment(lambda moment, ago: ago or f"{moment:%Y-%m-%d}")
timestamp = _moment(lambda moment, ago: f"{moment:%Y-%m-%d %H:%M:%S} UTC" + (f" ({ago})" if ago else ""))
clock = _moment(lambda moment, _ago: f"{moment:%Y-%m-%d %H:%M:%SZ}")
time_of_day = _moment(lambda moment, _ago: f"{moment:%H:%M:%SZ}")
flag = Format(lambda value, *_: {True: "yes", False: "no"}[value] if isinstance(value, bool) else None, narrow="keep")
identifier = Format(narrow="shorten")
# A file's name says more than its host's.
address = Format(narrow="tail")
