"""Rows for programs: JSON, NDJSON, YAML, CSV and TSV, each page written when it arrives."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from synq_cli import exact_json
from synq_cli.output.columns import lookup
from synq_cli.output.formats import escaped, hidden, plain, visible

if TYPE_CHECKING:
    from synq_cli.output.streams import Stream

# Rows that are written at once.
Page = list[dict[str, Any]]

_TSV_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})


def write_pages(stream: "Stream", format_: str, pages: Iterable[Page], keys: Sequence[str]) -> None:
    """A list in one of the machine formats, each page out before the next is asked for.

    `keys` are the columns of CSV and TSV.
    """
    if format_ == "csv":
        _write_csv(stream, pages, keys)
    elif format_ == "tsv":
        _write_tsv(stream, pages, keys)
    elif format_ == "yaml":
        _write_yaml(stream, pages)
    elif format_ == "ndjson":
        for page in pages:
            stream.write("".join([stream.fit_json(exact_json.dumps(row)) + "\n" for row in page]))
    else:
        _write_array(stream, pages)


def write_object(stream: "Stream", format_: str, row: dict[str, Any], keys: Sequence[str]) -> None:
    """One object in one of the machine formats."""
    if format_ in {"csv", "tsv"}:
        write_pages(stream, format_, [[row]], keys)
    elif format_ == "yaml":
        stream.write(_yaml_dumper(stream)(row))
    else:
        write_json(stream, row, indent=2 if format_ == "json" else None)


def write_json(stream: "Stream", value: object, *, indent: int | None = None) -> None:
    """One JSON value; without an indent on one line."""
    stream.write(stream.fit_json(exact_json.dumps(value, indent=indent)) + "\n")


def _write_array(stream: "Stream", pages: Iterable[Page]) -> None:
    # Should the rows break off, the array stays open: half an answer must not parse as a whole one.
    before = "["
    for page in pages:
        text = stream.fit_json(exact_json.dumps(page, indent=2))
        stream.write(before + text.removeprefix("[").removesuffix("\n]"))
        before = ","
    stream.write("\n]\n" if before == "," else "[]\n")


def _write_yaml(stream: "Stream", pages: Iterable[Page]) -> None:
    dump = _yaml_dumper(stream)
    empty = True
    for page in pages:
        stream.write(dump(page))
        empty = False
    if empty:
        stream.write("[]\n")


def _write_csv(stream: "Stream", pages: Iterable[Page], keys: Sequence[str]) -> None:
    import csv

    class Lines(list[str]):
        write = list.append

    lines = Lines()
    # Only what stands in the line's end is sure to be quoted, so that a bare \r in a value is read back as one.
    writer = csv.writer(lines, lineterminator="\r\n")
    for rows in _cells(pages, keys):
        writer.writerows([map(visible, cells) for cells in rows] if stream.terminal else rows)
        stream.write("".join([line[:-2] + "\n" for line in lines]))
        lines.clear()


def _write_tsv(stream: "Stream", pages: Iterable[Page], keys: Sequence[str]) -> None:
    for rows in _cells(pages, keys):
        text = "".join(["\t".join(cells) + "\n" for cells in rows])
        # Looked for in the whole page: few have anything to escape.
        tabs = len(rows) * (len(keys) - 1)
        if stream.terminal or "\\" in text or "\r" in text or (text.count("\t"), text.count("\n")) != (tabs, len(rows)):
            escaped = ([_tsv_cell(cell, stream) for cell in cells] for cells in rows)
            text = "".join(["\t".join(cells) + "\n" for cells in escaped])
        stream.write(text)


def _tsv_cell(cell: str, stream: "Stream") -> str:
    escaped = cell.translate(_TSV_ESCAPES)
    return visible(escaped) if stream.terminal else escaped


def _cells(pages: Iterable[Page], keys: Sequence[str]) -> Iterator[list[list[str]]]:
    yield [list(keys)]
    for page in pages:
        rows = ([row[key] if key in row else lookup(row, key) for key in keys] for row in page)
        # Most values are text; a call for each would take longer than all the rest.
        yield [[value if isinstance(value, str) else plain(value) for value in values] for values in rows]


def _yaml_dumper(stream: "Stream") -> Callable[[object], str]:
    import yaml

    # YAML 1.2 reads these as numbers where PyYAML, a 1.1 library, would leave a string unquoted.
    number_like = re.compile(r"[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?|0o[0-7]+")

    class Dumper(yaml.SafeDumper):
        def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 PyYAML's signature
            return True

        def number(self, number: exact_json.Number) -> yaml.ScalarNode:
            # Under the tag that its text would get anyway, a number is written bare.
            resolver: Any = self
            tag = resolver.resolve(yaml.ScalarNode, number.text, (True, False))
            return self.represent_scalar(tag, number.text)

        def string(self, text: str) -> yaml.ScalarNode:
            style = '"' if hidden().search(text) else "'" if number_like.fullmatch(text) else None
            return self.represent_scalar("tag:yaml.org,2002:str", text, style)

    Dumper.add_representer(exact_json.Number, Dumper.number)
    Dumper.add_representer(str, Dumper.string)

    def dump(value: object) -> str:
        text: str = yaml.dump(value, Dumper=Dumper, allow_unicode=stream.unicode, sort_keys=False, width=float("inf"))
        # PyYAML writes bidi characters raw; whatever holds one stands in double quotes by now.
        return hidden().sub(lambda match: match[0] if match[0] == "\n" else escaped(match[0]), text)

    return dump
