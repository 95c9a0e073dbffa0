"""Rows as an Excel workbook, in which text is text and nothing is a formula."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from io import BytesIO
from tempfile import TemporaryDirectory
from typing import Any

from synq_cli.errors import UsageError
from synq_cli.excel.library import library

# The limits of a sheet.
_MOST_ROWS = 1_048_576
_LONGEST_CELL = 32_767
_WIDEST = 60
_LONGEST_NAME = 31
# Excel keeps a name for itself.
_RESERVED = "history"


def check_available() -> None:
    """UsageError if the extra that writes workbooks is not installed."""
    library("xlsxwriter")


def workbook(rows: Iterable[Sequence[object]], formats: Sequence[str] = ()) -> bytes:
    """A workbook of one sheet with these rows, see `workbook_of`."""
    return workbook_of([(None, rows)], formats)


def workbook_of(sheets: Iterable[tuple[str | None, Iterable[Sequence[object]]]], formats: Sequence[str] = ()) -> bytes:
    """A workbook of sheets with a name, or None, and rows, of which the first is the header.

    `formats` are the columns' number formats. Cells are text, numbers, booleans, dates, times without a zone, or None.
    UsageError if a sheet can't hold them.
    """
    xlsxwriter, data = library("xlsxwriter"), BytesIO()
    try:
        # Rows go to a file until the end, so that memory does not grow with them; the folder is deleted in any case.
        with TemporaryDirectory() as folder:
            book = xlsxwriter.Workbook(data, {"constant_memory": True, "tmpdir": folder})
            book.use_zip64()
            try:
                names = {_RESERVED}
                for name, rows in sheets:
                    _fill(book, _sheet_name(name, names), rows, formats)
            finally:
                book.close()  # after an error too, since it has the file of rows open
    except xlsxwriter.exceptions.FileCreateError as error:
        raise UsageError(f"The workbook can't be written: {error}.") from None
    return data.getvalue()


def _sheet_name(name: str | None, taken: set[str]) -> str | None:
    """The nearest name that a sheet may have and no other has; None stays None, for Excel's own."""
    if name is None:
        return None
    allowed = "".join(letter if letter.isprintable() and letter not in "[]:*?/\\" else "-" for letter in name)
    found, number = allowed.strip(" '")[:_LONGEST_NAME].rstrip(" '") or "-", 2
    base = found
    while found.lower() in taken:
        found = f"{base[: _LONGEST_NAME - 1 - len(str(number))]} {number}"
        number += 1
    taken.add(found.lower())
    return found


def _fill(book: Any, name: str | None, rows: Iterable[Sequence[object]], formats: Sequence[str]) -> None:
    sheet = book.add_worksheet(name)
    sheet.freeze_panes(1, 0)
    # A SKU of digits is text on purpose: no green triangles.
    sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
    bold, styles = book.add_format({"bold": True}), [book.add_format({"num_format": each}) for each in formats]
    widths: dict[int, int] = {}
    for at, cells in enumerate(rows):
        if at == _MOST_ROWS:
            raise UsageError(f"A sheet holds at most {_MOST_ROWS:,} rows.", hint="Use CSV instead.")
        for column, value in enumerate(cells):
            style = bold if at == 0 else styles[column] if column < len(styles) else None
            if isinstance(value, bool):
                sheet.write_boolean(at, column, value)
            elif isinstance(value, int | Decimal):
                sheet.write_number(at, column, float(value), style)
            elif isinstance(value, date):
                sheet.write_datetime(at, column, value, style)
            elif value:
                text = str(value).encode(errors="backslashreplace").decode()  # XML can't hold lone surrogates
                if (length := len(text.encode("utf-16-le")) // 2) > _LONGEST_CELL:
                    raise UsageError(
                        f"Row {at + 1} has a text of {length:,} characters, but a cell of a workbook holds at most "
                        f"{_LONGEST_CELL:,}.",
                        hint="Use CSV instead.",
                    )
                sheet.write_string(at, column, text, bold if at == 0 else None)
            widths[column] = max(widths.get(column, 0), len(str(value or "")))
    for column, width in widths.items():
        sheet.set_column(column, column, min(width, _WIDEST) + 2)
