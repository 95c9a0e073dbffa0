"""Values as text for people: money, ages, states; nothing in them that a terminal would act on."""

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Literal, NamedTuple

from synq_cli.times import parse_time

_SHORT_ESCAPES = {"\t": r"\t", "\n": r"\n", "\r": r"\r"}
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_OLD = 60 * _DAY
_EXCERPT = 200
# A number such as 1e999999 would be a page of zeros.
_MOST_DIGITS = 40

_KINDS = {
    "yellow": "draft pending_payment payment_authorized confirmed processing partially_fulfilled "
    "return_requested partially_returned partially_refunded pending invited warn "
    "sent unknown running stopped unclear",
    "green": "fulfilled delivered active shipped connected ok done",
    "dim": "completed returned refunded cancelled archived released consumed finished",
    "red": "failed error fail damaged",
}
_STYLES = {status: style for style, statuses in _KINDS.items() for status in statuses.split()}


class Cell(NamedTuple):
    """What a person sees of a value; `style` is bold, dim, red, green, yellow or None."""

    text: str
    style: str | None = None


class Format(NamedTuple):
    """How a value is shown: `show(value, row, now)`, `now` in epoch seconds.

    `narrow` says what may happen where the terminal is too narrow: `cut` ends the text in an ellipsis, `tail`
    begins it with one, `shorten` keeps eight characters, `keep` shows all or nothing.
    """

    show: Callable[[object, Mapping[str, Any], float], Cell]
    right: bool = False
    narrow: Literal["cut", "tail", "shorten", "keep"] = "cut"


@cache
def hidden() -> re.Pattern[str]:
    """Characters that a terminal acts on or that nobody sees: controls, and Unicode's default-ignorable ones.

    The joiner of emoji sequences is one of them: terminals disagree about the width of what it joins, and it hides
    in identifiers. The emoji variation selector stays where it belongs, behind a symbol.
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
    return text if text.isprintable() and max(text, default="") < "\u034f" else hidden().sub(_spelled, text)


def _spelled(match: re.Match[str]) -> str:
    character = match[0]
    code = ord(character)
    if code < 0x100:
        return _SHORT_ESCAPES.get(character) or f"\\x{code:02x}"
    return escaped(character)


def escaped(character: str) -> str:
    r"""`\uXXXX` or `\UXXXXXXXX`, as Python and YAML write it."""
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def plain(value: object) -> str:
    """The raw value as text for CSV, TSV and bare output: null is empty, what is nested is compact JSON."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    from synq_cli import exact_json

    return exact_json.dumps(value)


def _readable(value: object) -> str:
    """A value of any shape in words: lists and flat objects without JSON's brackets."""
    nested = (list, dict)
    if isinstance(value, list) and not any(isinstance(item, nested) for item in value):
        return ", ".join(plain(item) for item in value)
    if isinstance(value, dict) and not any(isinstance(item, nested) for item in value.values()):
        return ", ".join(f"{key}: {plain(item)}" for key, item in value.items())
    return plain(value)


def _show_text(value: object, _row: Mapping[str, Any], _now: float) -> Cell:
    return Cell(visible(_readable(value)))


def _show_excerpt(value: object, row: Mapping[str, Any], now: float) -> Cell:
    shown = _show_text(value, row, now).text
    if len(shown) <= _EXCERPT:
        return Cell(shown)
    return Cell(f"{shown[:_EXCERPT]}… ({len(plain(value)):,} characters; --json shows all)")


def _digits(value: object) -> str | None:
    """The value's digits without an exponent, or None if it is no number or too long to spell out."""
    written = plain(value).strip()
    if not re.fullmatch(r"-?\d+(\.\d+)?([eE][-+]?\d+)?", written, re.ASCII):
        return None
    if "e" not in written.lower():
        return written
    from decimal import Decimal, InvalidOperation

    try:
        number = Decimal(written)
    except InvalidOperation:  # an exponent beyond what decimal holds
        return None
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int) or max(abs(exponent), abs(number.adjusted())) > _MOST_DIGITS:
        return None
    return f"{number:f}"


def money(currency_key: str) -> Format:
    """An amount with its currency, which stands in the same row under `currency_key`."""

    def show(value: object, row: Mapping[str, Any], now: float) -> Cell:
        digits = _digits(value)
        if digits is None:
            return _show_text(value, row, now)
        whole, _, cents = digits.removeprefix("-").partition(".")
        sign = "-" if digits.startswith("-") else ""
        grouped = re.sub(r"(?<=\d)(?=(\d{3})+$)", ",", whole)
        currency = visible(plain(row.get(currency_key)))
        return Cell(f"{sign}{grouped}.{cents.ljust(2, '0')} {currency}".rstrip())

    return Format(show, right=True, narrow="keep")


def _show_quantity(value: object, _row: Mapping[str, Any], _now: float) -> Cell:
    shown = visible(_readable(value))
    return Cell(shown, "red" if shown.startswith("-") and _digits(value) else None)


def _show_delta(value: object, row: Mapping[str, Any], now: float) -> Cell:
    cell = _show_quantity(value, row, now)
    digits = _digits(value)
    if cell.style or digits is None or not digits.strip("0."):
        return cell
    return Cell(f"+{cell.text}", "green")


def _show_quantities(value: object, row: Mapping[str, Any], now: float) -> Cell:
    items = value if isinstance(value, list) else []
    if not items or not all(isinstance(item, dict) for item in items):
        return _show_text(value, row, now)
    parts = [f"{plain(item.get('quantity'))} {plain(item.get('sku') or item.get('variant_id'))}" for item in items]
    return Cell(visible(", ".join(part.strip() for part in parts)))


def _show_state(value: object, row: Mapping[str, Any], now: float) -> Cell:
    # The API's own word, underscores and all, so that it can be typed back after --status.
    word = _show_text(value, row, now).text
    return Cell(word, _STYLES.get(word.lower()))


def _ago(seconds: float) -> str | None:
    """`3 h ago`, `in 2 d`, `just now`; None for more than 60 days."""
    distance = abs(seconds)
    if distance < _MINUTE:
        return "just now"
    if distance > _OLD:
        return None
    if distance < _HOUR:
        amount = f"{int(distance // _MINUTE)} min"
    elif distance < _DAY:
        amount = f"{int(distance // _HOUR)} h"
    else:
        amount = f"{int(distance // _DAY)} d"
    return f"{amount} ago" if seconds > 0 else f"in {amount}"


def _show_age(value: object, row: Mapping[str, Any], now: float) -> Cell:
    moment = parse_time(value)
    if moment is None:
        return _show_text(value, row, now)
    return Cell(_ago(now - moment.timestamp()) or f"{moment:%Y-%m-%d}")


def _show_timestamp(value: object, row: Mapping[str, Any], now: float) -> Cell:
    moment = parse_time(value)
    if moment is None:
        return _show_text(value, row, now)
    ago = _ago(now - moment.timestamp())
    return Cell(f"{moment:%Y-%m-%d %H:%M:%S} UTC" + (f" ({ago})" if ago else ""))


def _show_clock(value: object, row: Mapping[str, Any], now: float) -> Cell:
    moment = parse_time(value)
    return _show_text(value, row, now) if moment is None else Cell(f"{moment:%Y-%m-%d %H:%M:%S}")


def _show_flag(value: object, row: Mapping[str, Any], now: float) -> Cell:
    if isinstance(value, bool):
        return Cell("yes" if value else "no")
    return _show_text(value, row, now)


def named(names: Mapping[str, str]) -> Format:
    """An id by its name, where there is one."""
    return Format(lambda value, row, now: _show_text(names.get(str(value).lower(), value), row, now))


text = Format(_show_text)
excerpt = Format(_show_excerpt)
whole = Format(_show_text, narrow="keep")
quantity = Format(_show_quantity, right=True, narrow="keep")
delta = Format(_show_delta, right=True, narrow="keep")
quantities = Format(_show_quantities)
state = Format(_show_state)
age = Format(_show_age, narrow="keep")
timestamp = Format(_show_timestamp, narrow="keep")
clock = Format(_show_clock, narrow="keep")
flag = Format(_show_flag, narrow="keep")
identifier = Format(_show_text, narrow="shorten")
# The file's name tells more than the host's.
address = Format(_show_text, narrow="tail")
