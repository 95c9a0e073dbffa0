"""Rows for programs: JSON, NDJSON, YAML, CSV and TSV, each page written when it arrives, and Excel workbooks."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from synq_cli.output.columns import lookup
from synq_cli.output.formats import hidden, plain, visible

if TYPE_CHECKING:
    from synq_cli.output.streams import Stream

# Rows that are written at once.
Page = list[dict[str, Any]]

_TSV_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})


def write_pages(
    stream: "Stream", format_: str, pages: Iterable[Page], keys: Sequence[str], kinds: Sequence[str] = ()
) -> None:
    """A list in one of the machine formats, each page out before the next is asked for; a workbook is out at the end.

    `keys` are the columns of CSV, TSV and workbooks, `kinds` those of a workbook's cells in each.
    """
    if format_ == "xlsx":
        from synq_cli.output import workbook

        workbook.write(stream, pages, keys, kinds)
    elif format_ == "csv":
        _write_csv(stream, pages, keys)
    elif format_ == "tsv":
        _write_tsv(stream, pages, keys)
    elif format_ == "yaml":
        _write_yaml(stream, pages)
    elif format_ == "ndjson":
        for page in pages:
            stream.write("".join([_json(stream, row) + "\n" for row in page]))
    else:
        _write_array(stream, pages)


def write_object(
    stream: "Stream", format_: str, row: dict[str, Any], keys: Sequence[str], kinds: Sequence[str] = ()
) -> None:
    """One object in one of the machine formats."""
    if format_ in {"csv", "tsv", "xlsx"}:
        write_pages(stream, format_, [[row]], keys, kinds)
    elif format_ == "yaml":
        stream.write(_yaml(stream, row))
    else:
        write_json(stream, row, indented=format_ == "json")


def write_json(stream: "Stream", value: object, *, indented: bool = False) -> None:
    """One JSON value; on one line unless indented."""
    stream.write(_json(stream, value, indented=indented) + "\n")


def _json(stream: "Stream", value: object, *, indented: bool = False) -> str:
    from synq_cli import exact_json

    return stream.fit_json(exact_json.dumps(value, indented=indented))


def _write_array(stream: "Stream", pages: Iterable[Page]) -> None:
    # If reading the rows fails, the array is not closed: half a list must not parse as a whole one.
    before = "["
    for page in pages:
        stream.write(before + _json(stream, page, indented=True).removeprefix("[").removesuffix("\n]"))
        before = ","
    stream.write("\n]\n" if before == "," else "[]\n")


def _write_yaml(stream: "Stream", pages: Iterable[Page]) -> None:
    page = None
    for page in pages:
        stream.write(_yaml(stream, page))
    if page is None:
        stream.write("[]\n")


def _write_csv(stream: "Stream", pages: Iterable[Page], keys: Sequence[str]) -> None:
    import csv

    class Lines(list[str]):
        write = list.append

    lines = Lines()
    # The csv module quotes only characters of the line terminator, so \r is one: a bare \r in a value must be quoted.
    writer = csv.writer(lines, lineterminator="\r\n")
    for rows in _cells(pages, keys):
        writer.writerows([map(visible, cells) for cells in rows] if stream.terminal else rows)
        stream.write("".join([line[:-2] + "\n" for line in lines]))
        lines.clear()


def _write_tsv(stream: "Stream", pages: Iterable[Page], keys: Sequence[str]) -> None:
    for rows in _cells(pages, keys):
        text = "".join(["\t".join(cells) + "\n" for cells in rows])
        # Checked for the whole page at once: few need escapes.
        tabs = len(rows) * (len(keys) - 1)
        if stream.terminal or "\\" in text or "\r" in text or (text.count("\t"), text.count("\n")) != (tabs, len(rows)):
            escaped = ([cell.translate(_TSV_ESCAPES) for cell in cells] for cells in rows)
            lines = ["\t".join(map(visible, cells) if stream.terminal else cells) for cells in escaped]
            text = "\n".join([*lines, ""])
        stream.write(text)


def _cells(pages: Iterable[Page], keys: Sequence[str]) -> Iterator[list[list[str]]]:
    yield [list(keys)]
    for page in pages:
        rows = ([row[key] if key in row else lookup(row, key) for key in keys] for row in page)
        # Most values are text; a call for each would take longer than all the rest.
        yield [[value if isinstance(value, str) else plain(value) for value in values] for values in rows]


def _yaml(stream: "Stream", value: object) -> str:
    from synq_cli import exact_yaml

    return exact_yaml.dumps(value, hidden(), unicode=stream.unicode)
