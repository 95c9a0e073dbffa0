"""What the fields of a body may hold, as the contract's schemas say it: one check for each kind of value."""

import re
from collections.abc import Callable, Collection, Mapping
from decimal import Decimal
from typing import Any

import falcon

from synq_cli.sandbox.server.reading import json_object, refusal, uuid_or_none


class MisfitError(ValueError):
    """A value that the contract does not allow where it stands."""


# Takes a JSON value and gives what is stored of it; ValueError if it does not fit.
Check = Callable[[object], Any]

INT32 = range(-(2**31), 2**31)
# A double reaches no further, and whoever writes 1e999999999 wants a gigabyte of zeros.
LARGEST_EXPONENT = 400

_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(?:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+")


def fields_in(
    req: falcon.Request, checks: Mapping[str, Check], required: Collection[str], complaint: str
) -> dict[str, Any]:
    """The body's fields as they are stored; 400 with `complaint` if one is missing, unknown or does not fit."""
    body = json_object(req, set(checks), complaint)
    try:
        return fitted(body, checks, required)
    except (ValueError, RecursionError):
        raise refusal(400, complaint) from None


def optional_fields_in(req: falcon.Request, checks: Mapping[str, Check], complaint: str) -> dict[str, Any]:
    """As fields_in, where nothing is required and there may be no body at all."""
    return fields_in(req, checks, (), complaint) if req.content_length else {}


def fitted(body: dict[str, Any], checks: Mapping[str, Check], required: Collection[str]) -> dict[str, Any]:
    """Those fields that have a check, as they are stored; ValueError if one does not fit or is missing."""
    if not body.keys() >= set(required):
        raise MisfitError("a field is missing")
    return {name: check(body[name]) for name, check in checks.items() if name in body}


def text(value: object) -> str:
    if not isinstance(value, str):
        raise MisfitError("no text")
    value.encode()  # half a surrogate pair is no text either: that, too, is a ValueError
    return value


def filled_text(value: object) -> str:
    if value == "":
        raise MisfitError("empty")
    return text(value)


def identifier(value: object) -> str:
    """A UUID, in lower case."""
    found = uuid_or_none(value)
    if found is None:
        raise MisfitError("no UUID")
    return found


def address(value: object) -> str:
    """An absolute URI."""
    return _matching(_URI, value)


def currency(value: object) -> str:
    """Three letters, in upper case."""
    return _matching(re.compile("[A-Za-z]{3}"), value).upper()


def amount(value: object) -> str:
    """A number of at least 0 as decimal text, with all its digits and two decimals or more."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise MisfitError("no number")
    number = Decimal(value)
    if not number.is_finite() or number < 0 or abs(number.adjusted()) > LARGEST_EXPONENT:
        raise MisfitError("no amount")
    units, _, decimals = f"{number.copy_abs():f}".partition(".")
    return f"{units}.{decimals:0<2}"


def whole_number(value: object) -> int:
    """A whole number of 32 bits."""
    # JSON's true is a number to Python.
    if isinstance(value, bool) or not isinstance(value, int) or value not in INT32:
        raise MisfitError("no whole number")
    return value


def one_of(words: Collection[str]) -> Check:
    def check(value: object) -> str:
        if not isinstance(value, str) or value not in words:
            raise MisfitError("none of the words")
        return value

    return check


def flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise MisfitError("neither true nor false")
    return value


def email(value: object) -> str:
    return _matching(re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+"), text(value))


def at_least(least: int) -> Check:
    """A whole number of 32 bits, not below `least`."""

    def check(value: object) -> int:
        if whole_number(value) < least:
            raise MisfitError("too small")
        return whole_number(value)

    return check


def filled_list(of: Check) -> Check:
    """A list of one or more."""

    def check(value: object) -> list[Any]:
        if not isinstance(value, list) or not value:
            raise MisfitError("no list, or an empty one")
        return [of(item) for item in value]

    return check


def mapping(value: object) -> dict[str, Any]:
    """An object of whatever fields."""
    if not isinstance(value, dict):
        raise MisfitError("no object")
    return value


def fitted_object(checks: Mapping[str, Check], required: Collection[str]) -> Check:
    """An object of these fields and no others."""

    def check(value: object) -> dict[str, Any]:
        if not mapping(value).keys() <= checks.keys():
            raise MisfitError("an unknown field")
        return fitted(mapping(value), checks, required)

    return check


def _matching(pattern: re.Pattern[str], value: object) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise MisfitError("of another form")
    return value
