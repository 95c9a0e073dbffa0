"""Checks of the fields of a JSON body, one for each type in the contract's schemas."""

import re
from collections.abc import Callable, Collection, Mapping
from decimal import Decimal
from typing import Any

from synq_cli.addresses import email_address, is_uri
from synq_cli.uuids import parse_uuid

# Takes a JSON value and returns what is stored of it; raises ValueError if it is invalid.
Check = Callable[[object], Any]

# The range of a double; 1e999999999 would be a gigabyte of zeros.
LARGEST_EXPONENT = 400


def fields(body: dict[str, Any], checks: Mapping[str, Check], required: Collection[str]) -> dict[str, Any]:
    """The fields that have a check, as they are to be stored; ValueError if one is missing or invalid."""
    if not body.keys() >= set(required):
        raise ValueError
    return {name: check(body[name]) for name, check in checks.items() if name in body}


def text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError  # noqa: TRY004 a check raises nothing else
    value.encode()  # raises ValueError for an unpaired surrogate
    return value


def matching(pattern: str) -> Check:
    """A text that matches the whole pattern."""

    def check(value: object) -> str:
        if not re.fullmatch(pattern, text(value)):
            raise ValueError
        return text(value)

    return check


filled_text = matching(r"(?s:.+)")
_three_letters = matching("[A-Za-z]{3}")


def absolute_uri(value: object) -> str:
    if not is_uri(text(value)):
        raise ValueError
    return text(value)


def email(value: object) -> str:
    email_address(text(value))  # raises ValueError
    return text(value)


def currency(value: object) -> str:
    """Three letters, stored in upper case."""
    code: str = _three_letters(value)
    return code.upper()


def identifier(value: object) -> str:
    """A UUID, stored in lower case."""
    found = parse_uuid(value, bare=False)
    if found is None:
        raise ValueError
    return found


def one_of(words: Collection[str]) -> Check:
    return matching("|".join(words))


def of_type(kind: type) -> Check:
    """A value of exactly that type."""

    def check(value: object) -> Any:
        if type(value) is not kind:
            raise ValueError
        return value

    return check


flag = of_type(bool)
mapping = of_type(dict)


def within(numbers: range) -> Check:
    """An integer, and one of these."""

    def check(value: object) -> int:
        if type(value) is not int or value not in numbers:
            raise ValueError
        return value

    return check


whole_number = within(range(-(2**31), 2**31))
positive = within(range(1, 2**31))


def amount(value: object) -> str:
    """A number of at least 0, stored as decimal text with all its digits and at least two decimals."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError  # noqa: TRY004
    number = Decimal(value)
    if not number.is_finite() or number < 0 or abs(number.adjusted()) > LARGEST_EXPONENT:
        raise ValueError
    units, _, decimals = f"{number.copy_abs():f}".partition(".")
    return f"{units}.{decimals:0<2}"


def object_of(checks: Mapping[str, Check], required: Collection[str]) -> Check:
    """An object with these fields and no others."""

    def check(value: object) -> dict[str, Any]:
        if not mapping(value).keys() <= checks.keys():
            raise ValueError
        return fields(mapping(value), checks, required)

    return check


def filled_list(item: Check) -> Check:
    """A list of at least one item."""

    def check(value: object) -> list[Any]:
        if not isinstance(value, list) or not value:
            raise ValueError
        return [item(each) for each in value]

    return check
