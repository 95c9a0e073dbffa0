"""JSON in and out with every number kept as it was written."""

import json
import re
from decimal import Decimal, InvalidOperation
from json.encoder import encode_basestring
from typing import Any

# Not simplejson: its use_decimal writes 1e5 as 1E+5, 100e-2 as 1.00 and -0 as 0. With its RawJSON for numbers that keep
# their text it reads 100,000 orders more slowly than this does, writes them no faster, and takes 2 ms more to load.
# Nor the standard encoder, which can't write a number from text, and with an indent takes twice as long.
# What a terminal might act on or a UTF-8 stream can't carry; inside JSON text these stand only in strings. As text: few
# runs meet one, and re compiles it then, once.
_UNSAFE = "[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"


_MOST_DIGITS = 4_000


class Number(Decimal):
    """A JSON number that remembers how it was written, so that `19.90` stays `19.90`. ValueError if it is none."""

    __slots__ = ("text",)
    text: str

    def __new__(cls, text: str) -> "Number":
        try:
            number = super().__new__(cls, text)
        except InvalidOperation:  # an exponent beyond what Decimal holds
            raise ValueError(f"{text} is too large for a number") from None
        number.text = text
        return number


def _integer(text: str) -> int | Number:
    # Python converts no more than 4,300 digits.
    return Number(text) if text == "-0" or len(text) > _MOST_DIGITS else int(text)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f'"{next(name for name in names if names.count(name) > 1)}" is given twice')
    return found


def loads(text: str, *, unique_keys: bool = False) -> Any:
    """Read JSON text: integers as int, other numbers as Number; ValueError if it is not JSON.

    With `unique_keys` also if an object has a key twice, where JSON parsers take the last one.
    """
    pairs = _unique if unique_keys else None
    return json.loads(
        text, parse_float=Number, parse_int=_integer, parse_constant=_no_constant, object_pairs_hook=pairs
    )


def equals(one: Any, other: Any) -> bool:
    """Whether two JSON values are the same: numbers by their value, but unlike in Python false is not 0."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(equals(value, other[key]) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(equals, one, other))
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def dumps(value: Any, *, indented: bool = False) -> str:
    """Write JSON text: numbers as they were read, control characters and lone surrogates escaped.

    On one line, or indented as json.dumps(indent=2) does.
    """
    text = _written(value, *(("\n", "  ", ": ") if indented else ("", "", ":")))
    if text.isascii() and "\x7f" not in text:
        return text
    return re.sub(_UNSAFE, lambda match: f"\\u{ord(match[0]):04x}", text)


def _written(value: Any, newline: str, indent: str, colon: str) -> str:
    if isinstance(value, str):
        return encode_basestring(value)
    if isinstance(value, Number):
        return value.text
    if not value or not isinstance(value, dict | list | tuple):
        return json.dumps(value)
    inner = newline + indent
    if isinstance(value, dict):
        opening, closing = "{", "}"
        items = [
            f"{encode_basestring(key)}{colon}"
            # most values are text, and a call for each takes as long again
            f"{encode_basestring(item) if type(item) is str else _written(item, inner, indent, colon)}"
            for key, item in value.items()
        ]
    else:
        opening, closing = "[", "]"
        items = [_written(item, inner, indent, colon) for item in value]
    return f"{opening}{inner}{f',{inner}'.join(items)}{newline}{closing}"
