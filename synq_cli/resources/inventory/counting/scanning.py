"""A count with a scanner: what each line means, and the counts so far."""

import re
from collections import Counter
from collections.abc import Callable, Mapping

from synq_cli.resources.inventory.counting.scan_file import RefusedLineError, Scan, ScanFile
from synq_cli.resources.products.offline import Item
from synq_cli.resources.shared.pagination import Row
from synq_cli.times import timestamp

TAKE_BACK = "-"
# A barcode has more digits.
MOST_UNITS = 9_999
_MOST_CODES = 3
_BEFORE = re.compile(r"([-+]?[0-9]+)\s*\*\s*(.*)", re.DOTALL)
_AFTER = re.compile(r"(.*\S)\s+([-+]?[0-9]+)", re.DOTALL)


def split_line(line: str, is_known: Callable[[str], bool]) -> tuple[str, int]:
    """The code and the units of a line: a code, `12*CODE` or `CODE 12`; RefusedLineError for units that make no sense.

    A known code is taken as it is; so is all that follows the first `*`.
    """
    code, units = line.strip(), "1"
    if not is_known(code):
        if match := _BEFORE.fullmatch(code):
            units, code = match.groups()
        elif match := _AFTER.fullmatch(code):
            code, units = match.groups()
    if not code or code == TAKE_BACK:
        raise RefusedLineError(f'"{line.strip()}" has no code.')
    # Not as a number at once: Python refuses one of many digits.
    if len(units) > 5 or not 1 <= int(units) <= MOST_UNITS:
        raise RefusedLineError(f'"{line.strip()}" has a quantity of {units}: use 1 to {MOST_UNITS:,}.')
    if any(letter < " " and letter != "\x1d" for letter in code) or "\x7f" in code:  # GS1 codes hold \x1d
        raise RefusedLineError(f'"{line.strip()}" has control characters.')
    return code, int(units)


class ScanSession:
    """Records lines in a scan file, and counts; `find` gives what a code stands for, None if it is unknown.

    `books` are the units on hand by variant id, or None.
    """

    def __init__(
        self,
        file: ScanFile,
        find: Callable[[str], Item | None],
        *,
        now: Callable[[], float],
        books: Mapping[str, int] | None = None,
    ) -> None:
        self._file, self._find, self._now, self._books = file, find, now, books
        self._counted: Counter[tuple[str, str]] = Counter()
        self._standing: list[Scan] = []
        for scan in file.scans:
            self._count(scan)

    def record(self, line: str) -> Row:
        """Record a line, and return it as a row with the count so far; RefusedLineError if it is refused.

        The row has `scanned_at`, `code`, `sku`, `variant_id` and `title` (null if unknown), `quantity`, which is
        negative where a line is taken back, `counted`, and with books `on_hand`.
        """
        at = timestamp(self._now())
        if line.strip() == TAKE_BACK:
            if not self._standing:
                raise RefusedLineError("There is no line to take back.")
            last = self._standing[-1]
            scan = last._replace(scanned_at=at, quantity=-last.quantity)
        else:
            code, units = split_line(line, lambda code: self._find(code) is not None)
            item = self._find(code)
            scan = Scan(at, code, item.sku if item else "", units)
        self._file.append(scan)
        self._count(scan)
        return {"scanned_at": at, **self._row(scan, quantity=scan.quantity)}

    def counts(self) -> list[Row]:
        """The count of each SKU and unknown code that was scanned, the latest at the end."""
        latest: dict[tuple[str, str], Scan] = {}
        for scan in self._standing:
            latest.pop(_key(scan), None)
            latest[_key(scan)] = scan
        return [self._row(scan) for scan in latest.values()]

    def summary(self) -> str:
        """Lines, units, SKUs and unknown codes, as a sentence without its end."""
        latest = {_key(scan): scan for scan in self._standing}
        skus = {key: self._counted[key] for key, scan in latest.items() if scan.sku}
        unknown = {scan.code: self._counted[key] for key, scan in latest.items() if not scan.sku}
        parts = [_number(len(self._standing), "line")]
        if skus:
            parts.append(f"{_number(sum(skus.values()), 'unit')} of {_number(len(skus), 'SKU')}")
        if unknown:
            codes = ", ".join([*list(unknown)[:_MOST_CODES], *["…"] * (len(unknown) > _MOST_CODES)])
            units, number = _number(sum(unknown.values()), "unit"), _number(len(unknown), "unknown code")
            parts.append(f"{units} of {number} ({codes})")
        return ", ".join(parts)

    def _count(self, scan: Scan) -> None:
        self._counted[_key(scan)] += scan.quantity
        if scan.quantity >= 0:
            self._standing.append(scan)
            return
        for at, earlier in reversed([*enumerate(self._standing)]):
            if (_key(earlier), earlier.quantity) == (_key(scan), -scan.quantity):
                del self._standing[at]
                return

    def _row(self, scan: Scan, **more: object) -> Row:
        item = self._find(scan.sku or scan.code)
        if item and item.sku != scan.sku:
            item = None  # the code was unknown when it was scanned
        variant_id, title = (item.variant_id or None, item.title or None) if item else (None, None)
        row = {"code": scan.code, "sku": scan.sku or None, **more, "counted": self._counted[_key(scan)]}
        if self._books is not None:
            row["on_hand"] = self._books.get(variant_id, 0) if variant_id else None
        return row | {"title": title, "variant_id": variant_id}


def _key(scan: Scan) -> tuple[str, str]:
    """What is counted: a SKU, or an unknown code."""
    return scan.sku, "" if scan.sku else scan.code


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'s' * (count != 1)}"
