"""JSON and YAML documents that a person wrote, with every number's digits kept."""

import stat
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from synq_cli import exact_json
from synq_cli.errors import UsageError

NDJSON_SUFFIXES = (".ndjson", ".jsonl")
YAML_SUFFIXES = (".yaml", ".yml")
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def shown_name(path: str) -> str:
    """The name of a file in messages; - is standard input."""
    return "standard input" if path == "-" else path


def read_bytes(path: str, stdin: TextIO) -> bytes:
    """The bytes of a file, or of standard input for -; UsageError if it can't be read."""
    with read_errors(path):
        return Path(path).read_bytes() if path != "-" else binary(stdin).read()


def check_regular(path: str | Path) -> bool:
    """Whether there is a file of this name, links followed; False if there is nothing.

    UsageError for anything else, before it is opened: reading a pipe or a device may never end.
    """
    with read_errors(path):
        try:
            mode = Path(path).stat().st_mode
        except FileNotFoundError:
            if Path(path).is_symlink():
                raise UsageError(f"{path} can't be read: it is a link to a file that doesn't exist.") from None
            return False
    if stat.S_ISREG(mode):
        return True
    what = "folder" if stat.S_ISDIR(mode) else "pipe" if stat.S_ISFIFO(mode) else "device or socket"
    raise UsageError(f"{path} can't be read: it is a {what}, not a file.")


@contextmanager
def read_errors(path: object) -> Iterator[None]:
    """Errors of reading a file as UsageError."""
    try:
        yield
    except OSError as error:
        raise UsageError(f"{shown_name(str(path))} can't be read: {error.strerror}.") from None


def binary(stdin: TextIO) -> BinaryIO:
    """The bytes below a text stream; a stream in memory has none and is encoded."""
    below: BinaryIO | None = getattr(stdin, "buffer", None)
    return BytesIO(stdin.read().encode()) if below is None else below


def read_text(path: str, stdin: TextIO) -> str:
    """The same as text, from UTF-8 or, by its byte order mark, UTF-16; the mark stays."""
    return decoded(read_bytes(path, stdin), path)


def decoded(data: bytes, path: str) -> str:
    """The text of a file with these bytes; UsageError if it is not text."""
    if is_workbook(data):
        raise UsageError(
            f"{shown_name(path)} is an Excel workbook, which can't be used here.", hint="Use JSON or YAML."
        )
    refuse_archive(data, path)
    marks = {BOM_UTF16_LE: "utf-16-le", BOM_UTF16_BE: "utf-16-be"}
    try:
        return data.decode(marks.get(data[:2], "utf-8"))
    except UnicodeDecodeError:
        raise UsageError(f"{shown_name(path)} can't be read: it is not UTF-8 text.", hint="Save it as UTF-8.") from None


def is_workbook(start: bytes) -> bool:
    """Whether a file that starts so is an Excel workbook (.xlsx), whatever its name."""
    return start.startswith(_ZIP) and b"xl/" in start


def refuse_archive(start: bytes, name: str) -> None:
    """UsageError if a file that starts so is another ZIP archive, or a workbook that can't be read."""
    if start.startswith(_OLE):
        kind, hint = "an Excel workbook in an old format or with a password", "Save it as .xlsx without a password."
    elif start.startswith(_ZIP):
        kind, hint = "a ZIP archive, not text", "Unpack it, and use the file in it."
    else:
        return
    raise UsageError(f"{shown_name(name)} is {kind}.", hint=hint)


def read_document(text: str, name: str) -> Any:
    """The value of JSON or else YAML text; UsageError names the line that is wrong.

    Dates stay text, only true and false are booleans, as in JSON, and a key that is given twice is an error.
    """
    name = shown_name(name)
    text = text.removeprefix("\ufeff")
    if not text.strip():
        raise UsageError(f"{name} is empty.", hint="Give JSON or YAML.")
    try:
        return exact_json.loads(text, unique_keys=True)
    except RecursionError:
        raise UsageError(f"{name} is nested too deeply.") from None
    except ValueError as error:
        if text.lstrip()[0] in "{[" and not name.endswith(YAML_SUFFIXES):
            raise UsageError(f"{name} is not valid JSON: {error}.") from None
    from synq_cli import exact_yaml

    try:
        return exact_yaml.loads(text)
    except exact_yaml.InvalidYamlError as error:
        raise UsageError(f"{name} can't be read: {error}.") from None


def holds_many(text: str, name: str) -> bool:
    """Whether it holds many rows: NDJSON, by its name or a whole JSON object in its first line, or a JSON array."""
    text = text.removeprefix("\ufeff").strip()
    if name.lower().endswith(NDJSON_SUFFIXES) or text.startswith("["):
        return True
    first, _, rest = text.partition("\n")
    try:
        return bool(rest) and isinstance(exact_json.loads(first), dict)
    except (ValueError, RecursionError):
        return False
