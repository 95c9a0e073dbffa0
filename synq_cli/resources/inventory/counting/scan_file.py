"""The file of a count with a scanner: CSV that only grows, each line on the disk before the next scan."""

import csv
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import StringIO
from pathlib import Path
from typing import NamedTuple

from synq_cli.documents import decoded
from synq_cli.errors import RefusedError, UsageError
from synq_cli.resources.shared.validation import file_problems
from synq_cli.rows import Columns, RowReader, guarded
from synq_cli.state.folders import flush_file, flush_folder, lock_open_file
from synq_cli.times import parse_time

HEADER = ("scanned_at", "code", "sku", "quantity")
_COLUMNS = Columns(tuple((name,) for name in HEADER))
_FIRST_LINE = f"{','.join(HEADER)}\n".encode()
_BOM = b"\xef\xbb\xbf"


class RefusedLineError(UsageError):
    """A line that is not recorded; the next one may be."""


class Scan(NamedTuple):
    """One line: when, in RFC 3339 and UTC, the code, its SKU, empty if unknown, and units, negative if taken back."""

    scanned_at: str
    code: str
    sku: str
    quantity: int


def read_scans(text: str, name: str) -> list[Scan]:
    """The lines of a scan file, which may have none; UsageError lists every problem."""
    if "\n" not in text.strip():
        return []
    reader, scans, problems = RowReader(_COLUMNS, name), [], []
    for record in reader.read(text):
        fields, problem = record.fields or {}, record.problem
        if not problem and parse_time(fields["scanned_at"]) is None:
            problem = f'invalid time "{fields["scanned_at"]}"'
        elif not problem and not fields["code"]:
            problem = "no code"
        elif not problem and not re.fullmatch(r"-?[0-9]{1,10}", fields["quantity"]):
            problem = f'invalid quantity "{fields["quantity"]}"'
        if problem:
            problems.append(f"{reader.unit} {record.line}: {problem}")
        else:
            scans.append(Scan(**fields | {"quantity": int(fields["quantity"])}))
    if problems:
        raise file_problems(name, problems, "Fix these lines, or scan into another file.")
    return scans


class ScanFile:
    """A scan file, new or continued, that this process alone writes to.

    `scans` is what it held when it was opened, `torn` what a power cut had left of a line, which is removed.
    RefusedError if another process is scanning into it, UsageError if it is another file or can't be used.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        if path.suffix.lower() != ".csv":
            raise UsageError(f"{path} can't be a scan file: its name must end in .csv.")
        with self._errors():
            is_new = not path.exists()
            flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
            self._file = os.open(path, flags | getattr(os, "O_NONBLOCK", 0), 0o666)
        self._size, self.torn = 0, ""
        try:
            self.scans = self._open()
            if is_new:
                flush_folder(path.absolute().parent)
        except BaseException:
            os.close(self._file)
            raise

    def append(self, scan: Scan) -> None:
        """Write a line and flush it to the disk.

        RefusedLineError for a code that CSV can't hold, UsageError if the file can't be written.
        """
        with StringIO() as text:
            csv.writer(text, lineterminator="\n").writerow(
                (scan.scanned_at, guarded(scan.code), guarded(scan.sku), scan.quantity)
            )
            line = text.getvalue().encode(errors="surrogateescape")
        if not _is_readable(scan, line):
            raise RefusedLineError(f'"{scan.code}" is not text that a CSV file can hold.')
        with self._errors(f"{scan.code} was not recorded."):
            if self._state() != self._known:
                raise UsageError(
                    f"{self.path} was changed by another program. {scan.code} was not recorded.",
                    hint="Close that program, look at the file, and run the command again.",
                )
            self._write(line)

    def close(self) -> None:
        """Close the file and release its lock."""
        os.close(self._file)

    def _open(self) -> list[Scan]:
        with self._errors():
            if not stat.S_ISREG(os.fstat(self._file).st_mode):
                raise UsageError(f"{self.path} can't be a scan file: it is not an ordinary file.")
            if not lock_open_file(self._file):
                raise RefusedError(
                    f"Another synq process is scanning into {self.path}.", hint="Finish there, or use another file."
                )
            data = b"".join(iter(lambda: os.read(self._file, 1 << 20), b""))
            self._size = data.rfind(b"\n") + 1
            torn = data[self._size :].rstrip(b"\0")
            if not self._size and _FIRST_LINE.startswith(torn):
                self._size, torn = 0, b""
            elif data[: self._size].partition(b"\n")[0].removeprefix(_BOM).rstrip(b"\r") + b"\n" != _FIRST_LINE:
                raise UsageError(
                    f"{self.path} is not a scan file: its first line is not {','.join(HEADER)}.",
                    hint="Use another name; synq creates the file.",
                )
            scans = read_scans(decoded(data[: self._size], str(self.path)), str(self.path))
            self.torn = torn.decode(errors="replace")
            if len(data) > self._size:
                os.ftruncate(self._file, self._size)
                flush_file(self._file)
            if not self._size:
                self._write(_FIRST_LINE)
            return scans

    @property
    def _known(self) -> tuple[int, int, int]:
        found = os.fstat(self._file)
        return found.st_dev, found.st_ino, self._size

    def _state(self) -> tuple[int, int, int]:
        found = self.path.stat()
        return found.st_dev, found.st_ino, found.st_size

    def _write(self, line: bytes) -> None:
        try:
            written = os.write(self._file, line)
            if written < len(line):
                os.write(self._file, line[written:])  # which says why
            flush_file(self._file)
        except BaseException:
            with suppress(OSError):
                os.ftruncate(self._file, self._size)  # half a line, or one that nobody was shown
            raise
        self._size += len(line)

    @contextmanager
    def _errors(self, more: str = "") -> Iterator[None]:
        """Errors of the file as UsageError."""
        try:
            yield
        except OSError as error:
            raise UsageError(f"{self.path} can't be used: {error.strerror}. {more}".rstrip()) from None


def _is_readable(scan: Scan, line: bytes) -> bool:
    """Whether the reader of rows gives back what was written."""
    try:
        return read_scans((_FIRST_LINE + line).decode(), "the line") == [scan]
    except (UsageError, UnicodeDecodeError):
        return False
