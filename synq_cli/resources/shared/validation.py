"""What a field of a request may hold, checked before anything is sent; UsageError names the field and what it takes."""

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from synq_cli.errors import UsageError
from synq_cli.exact_json import Number
from synq_cli.nearest import did_you_mean
from synq_cli.uuids import parse_uuid

LARGEST = 2**31 - 1
# ISO 4217, the currencies in use; funds and metals are left out.
_CODES = """
AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF
CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL
HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD
MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG
QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD
TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
"""
CURRENCIES = frozenset(_CODES.split())


def filled(text: str, field: str) -> str:
    """The text without outer blanks; it may not be blank."""
    if not text.strip():
        raise UsageError(f"The {field} can't be blank.")
    return text.strip()


def given(**fields: object) -> dict[str, Any]:
    """The fields that are not None; a text among them may not be blank."""
    return {
        name: filled(value, name.replace("_", " ")) if isinstance(value, str) else value
        for name, value in fields.items()
        if value is not None
    }


def one_of(text: str, allowed: Iterable[str], field: str) -> str:
    """The allowed word that the text is, in the API's spelling whatever the text's."""
    words = {word.lower(): word for word in allowed}
    found = words.get(text.strip().lower())
    if found is None:
        near = did_you_mean(text, words.values())
        raise UsageError(f"There is no {field} '{text}'.", hint=f"{near}Allowed: {', '.join(words.values())}.")
    return found


def is_currency(text: str) -> bool:
    """Whether it is the code of a currency that is in use."""
    return text.strip().upper() in CURRENCIES


def currency(text: str, field: str = "currency") -> str:
    """An ISO 4217 code in capitals."""
    code = text.strip().upper()
    if not is_currency(code):
        near = did_you_mean(code, sorted(CURRENCIES), most=3).rstrip() if len(code) == 3 else ""
        raise UsageError(f"'{text}' is no {field}.", hint=near or "Give an ISO 4217 code such as EUR, GBP or USD.")
    return code


def amount(text: str, field: str = "price") -> Number:
    """A decimal number, 0 or more, with its digits as they were written."""
    if not re.fullmatch(r"[0-9]{1,18}(\.[0-9]{1,18})?", text.strip(), re.ASCII):
        raise UsageError(f"'{text}' is no {field}.", hint="Give a number such as 19.90, without currency or commas.")
    whole, point, cents = text.strip().partition(".")
    return Number(f"{Decimal(whole)}{point}{cents}")


def count(text: str, field: str = "quantity", least: int = 1) -> int:
    """A whole number from `least` on."""
    if not re.fullmatch(r"[0-9]{1,10}", text.strip(), re.ASCII) or not least <= int(text) <= LARGEST:
        raise UsageError(f"'{text}' is no {field}.", hint=f"Give a whole number from {least} to {LARGEST:,}.")
    return int(text)


def switch(text: str, field: str) -> bool:
    """Whether it is true, not false."""
    return one_of(text, ("true", "false"), field) == "true"


def email(text: str) -> str:
    """An e-mail address, by its shape."""
    if not re.fullmatch(r"[^@\s,;<>()\"]+@[^@\s,;<>()\"]+\.[^@\s.,;<>()\"]{2,}", text.strip()):
        raise UsageError(f"'{text}' is no e-mail address.", hint="Give one such as ailsa@example.com.")
    return text.strip()


def web_address(text: str, field: str = "address") -> str:
    """A URL of http or https."""
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(text.strip())
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        usable = False
    if not usable or any(character.isspace() or not character.isprintable() for character in text.strip()):
        raise UsageError(f"'{text}' is no {field}.", hint="Give a URL such as https://example.com/image.jpg.")
    return text.strip()


def slug(text: str) -> str:
    """A word that can stand in a URL."""
    if not re.fullmatch(r"[A-Za-z0-9._~-]+", text.strip()):
        raise UsageError(f"'{text}' is no slug.", hint="Give letters from a to z, digits and hyphens: winter-coats.")
    return text.strip()


def mistakes(name: str, found: Sequence[str], hint: str, *, more: int = 0) -> UsageError:
    """The error for a file in which all this is wrong, a line each, and so much `more`; nothing of it was sent."""
    count = "1 problem" if len(found) + more == 1 else f"{len(found) + more:,} problems"
    error = UsageError(f"{name} has {count}; nothing was sent.", hint=hint)
    error.details = [*found, f"and {more:,} more"] if more else found
    return error


def identifier(text: str, field: str) -> str:
    """A UUID in its usual form."""
    found = parse_uuid(text.strip())
    if found is None:
        raise UsageError(f"'{text}' is no {field}.", hint="Give a UUID such as 86b4e1a9-c27d-4f50-9e38-f1a6d07c5b42.")
    return found
