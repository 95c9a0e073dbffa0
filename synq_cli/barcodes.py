"""Barcodes: GTINs in one canonical form, their check digits, and text that a spreadsheet has made of them.

A GTIN (EAN-13, EAN-8, UPC-A or GTIN-14) is a number that ends in a check digit. Zeros before it do not change it, so a
UPC-A is also an EAN-13 that starts with 0. UPC-E is a UPC-A without some of its zeros. Any other text is a barcode of
a company's own, and is compared as it is.
"""

import re

# A number as a spreadsheet shows it: the last digits are lost.
ROUNDED = re.compile(r"-?\d([.,]\d+)?[Ee]\+\d+")
_LENGTHS = (8, 12, 13, 14)
# A spreadsheet drops the zeros that a UPC-A starts with, so fewer digits may be one too.
_FEWEST = 9


def forms(code: str) -> tuple[str, ...]:
    """The canonical forms of a barcode: its GTIN in the shortest length that holds it, else the text as it is.

    Eight digits that may be EAN-8 as well as UPC-E have two forms. Blank text has none.
    """
    text = code.strip()
    return _gtins(text) or ((text,) if text else ())


def is_gtin(code: str) -> bool:
    """Whether a text is a GTIN with the right check digit."""
    return bool(_gtins(code.strip()))


def problem(code: str) -> str | None:
    """What is wrong with a barcode, such as `check digit is 4, expected 7`; None if it may be right."""
    if ROUNDED.fullmatch(code.strip()):
        return "a spreadsheet has rounded it"
    digits = _digits(code.strip())
    if len(digits) not in _LENGTHS or _gtins(digits):
        return None
    return f"check digit is {digits[-1]}, expected {check_digit(digits[:-1])}"


def check_digit(digits: str) -> int:
    """The check digit that belongs behind these digits."""
    return -sum(int(digit) * (1 if position % 2 else 3) for position, digit in enumerate(reversed(digits))) % 10


def _digits(text: str) -> str:
    """The digits of a text that has nothing else but blanks, as they are printed below the bars; else empty."""
    digits = "".join(text.split())
    return digits if digits.isascii() and digits.isdigit() else ""


def _gtins(text: str) -> tuple[str, ...]:
    digits = _digits(text)
    written = [digits] if len(digits) in _LENGTHS or _FEWEST <= len(digits) < _LENGTHS[1] else []
    if len(digits) == _LENGTHS[0] and digits[0] in "01":
        written.append(_expanded(digits))
    found = (each for each in written if check_digit(each[:-1]) == int(each[-1]))
    return tuple(dict.fromkeys(_shortest(each) for each in found))


def _shortest(digits: str) -> str:
    number = digits.lstrip("0")
    return number.zfill(next(length for length in _LENGTHS if length >= len(number)))


def _expanded(digits: str) -> str:
    """The UPC-A of a UPC-E of eight digits."""
    system, stem, last, check = digits[0], digits[1:6], digits[6], digits[7]
    if last in "012":
        return f"{system}{stem[:2]}{last}0000{stem[2:]}{check}"
    if last in "34":
        kept = int(last)
        return f"{system}{stem[:kept]}00000{stem[kept:]}{check}"
    return f"{system}{stem}0000{last}{check}"
