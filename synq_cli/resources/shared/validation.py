"""Checks of request fields before anything is sent. Each raises UsageError."""

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from synq_cli import exact_json
from synq_cli.addresses import email_address, is_uri
from synq_cli.errors import UsageError
from synq_cli.exact_json import Number
from synq_cli.nearest import did_you_mean

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
    """The text without outer spaces; it may not be blank."""
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
    """The allowed word that equals the text, ignoring case."""
    words = {word.lower(): word for word in allowed}
    found = words.get(text.strip().lower())
    if found is None:
        near = did_you_mean(text, words.values())
        raise UsageError(f'Unknown {field} "{text}".', hint=f"{near}Use one of: {', '.join(words.values())}.")
    return found


def is_currency(text: str) -> bool:
    """Whether it is the ISO 4217 code of a currency in use."""
    return text.strip().upper() in CURRENCIES


def currency(text: str, field: str = "currency") -> str:
    """An ISO 4217 code in upper case."""
    code = text.strip().upper()
    if not is_currency(code):
        near = did_you_mean(code, sorted(CURRENCIES), most=3).rstrip() if len(code) == 3 else ""
        raise UsageError(f'Invalid {field} "{text}".', hint=near or "Use an ISO 4217 code such as EUR, GBP or USD.")
    return code


def amount(text: str, field: str = "price") -> Number:
    """A decimal number, 0 or more, that keeps its digits."""
    if not re.fullmatch(r"[0-9]{1,18}(\.[0-9]{1,18})?", text.strip(), re.ASCII):
        raise UsageError(f'Invalid {field} "{text}".', hint="Use a number such as 19.90, without currency or commas.")
    whole, point, cents = text.strip().partition(".")
    return Number(f"{Decimal(whole)}{point}{cents}")


def count(text: str, field: str = "quantity", least: int = 1) -> int:
    """A whole number from `least` on."""
    digits = text.strip()  # which removes more than int() ignores
    if not re.fullmatch(r"[0-9]{1,10}", digits, re.ASCII) or not least <= int(digits) <= LARGEST:
        raise UsageError(f'Invalid {field} "{text}".', hint=f"Use a whole number from {least} to {LARGEST:,}.")
    return int(digits)


def email(text: str) -> str:
    """An email address; only its form is checked."""
    try:
        return email_address(text.strip())
    except ValueError as error:
        why = str(error).rstrip(".")
        raise UsageError(
            f'Invalid email address "{text}": {why[:1].lower()}{why[1:]}.', hint="Use one such as ailsa@example.com."
        ) from None


def web_address(text: str, field: str = "URL") -> str:
    """An http or https URL; characters that no URI has are percent-encoded, except in the host."""
    from urllib.parse import quote, urlsplit

    try:
        url = quote(text.strip(), safe="%:/?#[]@!$&'()*+,;=")
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0 and is_uri(url)
    except ValueError:
        usable = False
    if not usable or "%" in parts.netloc or any(each.isspace() or not each.isprintable() for each in text.strip()):
        raise UsageError(
            f'Invalid {field} "{text}".',
            hint="Use a URL such as https://example.com/image.jpg, with [ as %5B, ] as %5D and % as %25.",
        )
    return url


def slug(text: str) -> str:
    """A word that needs no escaping in a URL."""
    if not re.fullmatch(r"[A-Za-z0-9._~-]+", text.strip()):
        raise UsageError(f'Invalid slug "{text}".', hint="Use letters from a to z, digits and hyphens: winter-coats.")
    return text.strip()


def file_problems(
    name: str, found: Sequence[str], hint: str, *, more: int = 0, outcome: str = "nothing was sent"
) -> UsageError:
    """The error for the problems found in a file, a line each, and the number of `more` ones."""
    count = "1 problem" if len(found) + more == 1 else f"{len(found) + more:,} problems"
    error = UsageError(f"{name} has {count}; {outcome}.", hint=hint)
    error.details = [*found, f"and {more:,} more"] if more else found
    return error


def shown(value: object) -> str:
    """A value of a document in at most 40 characters."""
    try:
        text = exact_json.dumps(value)
    except (TypeError, ValueError, RecursionError):  # YAML has dates, sets and lists that contain themselves
        return f"a {type(value).__name__}"
    return text if len(text) <= 40 else f"{text[:39]}…"
