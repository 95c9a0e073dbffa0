"""Rows for programs: JSON, NDJSON, YAML, CSV and TSV, each row written when it arrives."""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from synq_cli import exact_json
from synq_cli.output.columns import Row, lookup
from synq_cli.output.formats import HIDDEN, plain, visible

if TYPE_CHECKING:
    from synq_cli.output.streams import Stream

_TSV_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})
# YAML 1.2 reads these as numbers where PyYAML, a 1.1 library, would leave a string unquoted.
_NUMBER_LIKE = re.compile(r"[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?|0o[0-7]+")


def write_rows(stream: "Stream", format_: str, rows: Iterable[Row], keys: Sequence[str]) -> None:
    """A list in one of the machine formats; `keys` are the columns of CSV and TSV."""
    if format_ == "csv":
        _write_csv(stream, rows, keys)
    elif format_ == "tsv":
        _write_tsv(stream, rows, keys)
    elif format_ == "yaml":
        _write_yaml(stream, rows)
    elif format_ == "ndjson":
        for row in rows:
            write_json(stream, dict(row))
    else:
        _write_array(stream, rows)


def write_object(stream: "Stream", format_: str, row: Row, keys: Sequence[str]) -> None:
    """One object in one of the machine formats."""
    if format_ in {"csv", "tsv"}:
        write_rows(stream, format_, [row], keys)
    elif format_ == "yaml":
        stream.write(_yaml_dumper(stream)(dict(row)))
    else:
        write_json(stream, dict(row), indent=2 if format_ == "json" else None)


def write_json(stream: "Stream", value: object, *, indent: int | None = None) -> None:
    """One JSON value; without an indent on one line."""
    stream.write(stream.fit_json(exact_json.dumps(value, indent=indent)) + "\n")


def _write_array(stream: "Stream", rows: Iterable[Row]) -> None:
    # Should the rows break off, the array stays open: half an answer must not parse as a whole one.
    before = "[\n  "
    for row in rows:
        text = exact_json.dumps(dict(row), indent=2).replace("\n", "\n  ")
        stream.write(before + stream.fit_json(text))
        before = ",\n  "
    stream.write("\n]\n" if before.startswith(",") else "[]\n")


def _write_yaml(stream: "Stream", rows: Iterable[Row]) -> None:
    dump = _yaml_dumper(stream)
    empty = True
    for row in rows:
        stream.write(dump([dict(row)]))
        empty = False
    if empty:
        stream.write("[]\n")


def _write_csv(stream: "Stream", rows: Iterable[Row], keys: Sequence[str]) -> None:
    import csv
    from io import StringIO

    line = StringIO(newline="")
    # Only what stands in the line's end is sure to be quoted, so that a bare \r in a value is read back as one.
    writer = csv.writer(line, lineterminator="\r\n")
    for values in _lines(rows, keys):
        writer.writerow([visible(value) for value in values] if stream.terminal else values)
        stream.write(line.getvalue().removesuffix("\r\n") + "\n")
        line.seek(0)
        line.truncate()


def _write_tsv(stream: "Stream", rows: Iterable[Row], keys: Sequence[str]) -> None:
    for values in _lines(rows, keys):
        escaped = [value.translate(_TSV_ESCAPES) for value in values]
        stream.write("\t".join(map(visible, escaped) if stream.terminal else escaped) + "\n")


def _lines(rows: Iterable[Row], keys: Sequence[str]) -> Iterable[list[str]]:
    yield list(keys)
    for row in rows:
        yield [plain(lookup(row, key)) for key in keys]


def _yaml_dumper(stream: "Stream") -> Callable[[object], str]:
    import yaml

    class Dumper(yaml.SafeDumper):
        def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 PyYAML's signature
            return True

        def number(self, number: exact_json.Number) -> yaml.ScalarNode:
            # Under the tag that its text would get anyway, a number is written bare.
            resolver: Any = self
            tag = resolver.resolve(yaml.ScalarNode, number.text, (True, False))
            return self.represent_scalar(tag, number.text)

        def string(self, text: str) -> yaml.ScalarNode:
            style = '"' if HIDDEN.search(text) else "'" if _NUMBER_LIKE.fullmatch(text) else None
            return self.represent_scalar("tag:yaml.org,2002:str", text, style)

    Dumper.add_representer(exact_json.Number, Dumper.number)
    Dumper.add_representer(str, Dumper.string)

    def dump(value: object) -> str:
        text: str = yaml.dump(value, Dumper=Dumper, allow_unicode=stream.unicode, sort_keys=False, width=float("inf"))
        # PyYAML writes bidi characters raw; whatever holds one stands in double quotes by now.
        return HIDDEN.sub(lambda match: match[0] if match[0] == "\n" else f"\\u{ord(match[0]):04x}", text)

    return dump
