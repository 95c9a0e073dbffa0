"""JSON and YAML documents that a person wrote, with every number's digits kept."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from synq_cli import exact_json
from synq_cli.errors import UsageError

_ROWS = "Give an array in JSON or YAML, or one JSON value a line."


def read_text(path: str, stdin: TextIO) -> str:
    """A file's text as it is, or standard input's for -; UsageError if it can't be read."""
    try:
        text = stdin.read() if path == "-" else Path(path).read_bytes().decode("utf-8")
        text.encode()  # where the locale is C, standard input lets bytes through that are no text
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise UsageError(f"{_named(path)} can't be read: {reason}.") from None
    return text


def read_bytes(path: str, stdin: TextIO) -> bytes:
    """The same as the very bytes that are there."""
    try:
        if path != "-":
            return Path(path).read_bytes()
        below: BinaryIO | None = getattr(stdin, "buffer", None)  # a stream in memory has none
        return stdin.read().encode() if below is None else below.read()
    except OSError as error:
        raise UsageError(f"{_named(path)} can't be read: {error.strerror}.") from None


def read_document(text: str, name: str) -> Any:
    """What the text says, as JSON or else as YAML; UsageError names the line that is wrong.

    Dates stay text, and only true and false are switches, as in JSON.
    """
    name = _named(name)
    if not text.strip():
        raise UsageError(f"{name} is empty.", hint="It must hold JSON or YAML.")
    try:
        return exact_json.loads(text.removeprefix("\ufeff"))
    except RecursionError:
        raise UsageError(f"{name} is nested too deeply.") from None
    except ValueError as error:
        if text.lstrip("\ufeff \t\r\n")[:1] in {"{", "["} and not name.endswith((".yaml", ".yml")):
            raise UsageError(f"{name} is not valid JSON: {error}.") from None
    return _yaml(text.removeprefix("\ufeff"), name)


def holds_many(text: str, name: str) -> bool:
    """Whether it is NDJSON, by its name or by its look: a whole JSON object in the first line, and more below."""
    if name.lower().endswith((".ndjson", ".jsonl")):
        return True
    first, _, rest = text.removeprefix("\ufeff").strip().partition("\n")
    try:
        return bool(rest) and isinstance(exact_json.loads(first), dict)
    except (ValueError, RecursionError):
        return False


def read_rows(text: str, name: str) -> list[Any]:
    """The rows of an array in JSON or YAML, or one JSON value a line (NDJSON); UsageError for anything else."""
    name = _named(name)
    if name.endswith((".ndjson", ".jsonl")) or text.lstrip("\ufeff \t\r\n")[:1] in {"{", '"'}:
        return list(_lines(text, name))
    rows = read_document(text, name)
    if not isinstance(rows, list):
        raise UsageError(f"{name} holds no list.", hint=_ROWS)
    return rows


def _lines(text: str, name: str) -> Iterator[Any]:
    # Other line ends than this one may stand in a JSON text.
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        if line.strip():
            try:
                yield exact_json.loads(line)
            except (ValueError, RecursionError) as error:
                raise UsageError(f"{name} is not JSON in line {number}: {error}.", hint=_ROWS) from None


def _yaml(text: str, name: str) -> Any:
    from synq_cli import exact_yaml

    try:
        return exact_yaml.loads(text)
    except exact_yaml.InvalidYamlError as error:
        raise UsageError(f"{name} can't be read: {error}.") from None


def _named(path: str) -> str:
    return "standard input" if path == "-" else path
