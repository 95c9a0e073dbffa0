"""The rows of a sheet as text: the stored values, never the formulas."""

import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from io import BytesIO
from typing import Any
from zipfile import BadZipFile, ZipFile

from synq_cli.errors import UsageError
from synq_cli.excel.library import library
from synq_cli.nearest import did_you_mean

# calamine holds a sheet as a rectangle, and ends the process if there is no memory for it: 24 bytes for each cell.
_MOST_CELLS = 30_000_000
_MOST_BYTES = 1_000_000_000
# What zipfile raises for a damaged or encrypted file, and what is missing in one.
_DAMAGE = (BadZipFile, RuntimeError, EOFError, OSError, zlib.error, KeyError, IndexError, ValueError)
# More than any sheet has; so much of a place is enough to see that it is too far away.
_DIGITS, _LETTERS = 9, 5
_EXACT = 10**15
# Of a cell, such as B7, or a row.
_PLACE = re.compile(rb"""\br\s*=\s*["']([A-Za-z]*)(\d+)""")
_ERROR = re.compile(
    rb"""<(?:\w+:)?c\s(?=[^>]*\bt=["']e["'])[^>]*?\br=["']([A-Z]{1,3})(\d{1,7})["'].*?<(?:\w+:)?v>([^<]*)""", re.DOTALL
)
_SHEET = re.compile(rb"""<(?:\w+:)?sheet\s[^>]*?\w+:id=["']([^"']*)["']""")
_RELATION = re.compile(rb"""<(?:\w+:)?Relationship\s[^>]*""")
_RELATIONS = "xl/_rels/workbook.xml.rels"


def read_sheet(data: bytes, name: str, sheet: str | None) -> Iterator[list[str]]:
    """The rows of a sheet, blank ones too; by default of the first that is visible. UsageError if it can't be read.

    A number of more than 15 digits, of which a spreadsheet keeps only 15, is written with an exponent.
    """
    calamine = library("python_calamine")
    with _damage_refused(name, calamine.CalamineError):
        workbook = calamine.CalamineWorkbook.from_filelike(BytesIO(data))
        sheets = [each.name for each in workbook.sheets_metadata if each.typ == calamine.SheetTypeEnum.WorkSheet]
        visible = calamine.SheetVisibleEnum.Visible
        shown = [each.name for each in workbook.sheets_metadata if each.name in sheets and each.visible == visible]
        chosen = sheet if sheet is not None else next(iter(shown), "")
        if chosen not in sheets:
            near = did_you_mean(chosen, sheets)
            raise UsageError(f'{name} has no sheet "{chosen}".', hint=f"{near}Sheets: {', '.join(sheets)}.")
        errors = _checked(data, name, [each.name for each in workbook.sheets_metadata].index(chosen))
        rows = workbook.get_sheet_by_name(chosen).to_python(skip_empty_area=False)
    for at, row in enumerate(rows):
        cells = [_text(value) for value in row]
        for column, what in errors.get(at, {}).items():
            cells += [""] * (column + 1 - len(cells))
            cells[column] = what
        yield cells


@contextmanager
def _damage_refused(name: str, kind: type[Exception]) -> Iterator[None]:
    """Errors of this kind, and those of zipfile, as UsageError."""
    try:
        yield
    except BaseException as error:
        # calamine panics, for example at a date that is out of range, and a panic has no public class.
        if not isinstance(error, (kind, *_DAMAGE)) and type(error).__name__ != "PanicException":
            raise
        raise UsageError(f"{name} can't be read as an Excel workbook: it is damaged.") from None


def _checked(data: bytes, name: str, index: int) -> dict[int, dict[int, str]]:
    """The errors in a sheet, such as #N/A, by row and column, which calamine takes for empty cells.

    UsageError if the sheet is too large.
    """
    with ZipFile(BytesIO(data)) as archive:
        if sum(part.file_size for part in archive.infolist()) > _MOST_BYTES:
            raise UsageError(f"{name} is too large.", hint="Save the sheet as CSV UTF-8, and use that file.")
        wanted = _SHEET.findall(archive.read("xl/workbook.xml"))[index]
        targets = {
            _attribute(relation, b"Id"): _attribute(relation, b"Target").decode()
            for relation in _RELATION.findall(archive.read(_RELATIONS))
        }
        target = targets[wanted]
        xml = archive.read(target[1:] if target.startswith("/") else f"xl/{target}")
    letters, numbers = set(), {b"0"}
    for place in _PLACE.finditer(xml):
        letters.add(place[1])
        numbers.add(place[2][:_DIGITS])
    rows, columns = max(map(int, numbers)), max(map(_column, letters), default=-1) + 1
    if rows * columns > _MOST_CELLS:
        raise UsageError(
            f"{name} is too large: its sheet has {rows:,} rows and {columns:,} columns.",
            hint="Delete stray cells far from the others, or save the sheet as CSV UTF-8.",
        )
    errors: dict[int, dict[int, str]] = {}
    for column, row, what in _ERROR.findall(xml):
        errors.setdefault(int(row) - 1, {})[_column(column)] = what.decode()
    return errors


def _attribute(tag: bytes, name: bytes) -> bytes:
    found = re.search(rb"""\s%b=["']([^"']*)["']""" % name, tag)
    return found[1] if found else b""


def _column(letters: bytes) -> int:
    """The index of a column such as A or AB."""
    number = 0
    for letter in letters[:_LETTERS].upper():
        number = number * 26 + letter - 64
    return number - 1


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        # A sum such as 0.1 + 0.2 is stored with more digits than a spreadsheet shows.
        return format(Decimal(f"{value + 0:.15g}"), "f" if abs(value) < _EXACT else "E")
    if isinstance(value, datetime):
        return value.isoformat(" ", "seconds")
    return str(value)
