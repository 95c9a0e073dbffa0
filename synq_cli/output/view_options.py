"""View options of a run: --output, --fields, --columns and --jq."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from synq_cli.errors import UsageError
from synq_cli.nearest import did_you_mean
from synq_cli.output.columns import Column, Row, lookup

if TYPE_CHECKING:
    from synq_cli.output.filter import Filter

# The formats with columns, beside the table.
TABULAR = ("csv", "tsv", "xlsx")


class ViewOptions:
    """What is printed of the data, and in which format. UsageError if one of the options is invalid.

    `terminal` says whether stdout is one: by default people there get a table, programs elsewhere TSV.
    """

    def __init__(
        self,
        *,
        terminal: bool,
        format: str | None = None,  # noqa: A002 the option's own name
        fields: str | None = None,
        columns: str | None = None,
        jq: str | None = None,
    ) -> None:
        self.asked = format is not None
        self.format = format or ("json" if jq is not None else "table" if terminal else "tsv")
        if self.format == "xlsx":
            self._check_workbook(terminal=terminal)
        self.fields = None if fields is None else _names(fields)
        self._seen: dict[str, None] = {}  # paths of the rows' fields
        if not all(part for name in self.fields or () for part in name.split(".")):
            raise UsageError(
                f'Invalid --fields "{fields}": a name is empty.',
                hint="Separate the names with single commas, such as --fields id,status,total.",
            )
        self.column_names = None if columns is None else _names(columns)
        self.filter = None if jq is None else self._compiled(jq)
        if self.column_names and self.fields:
            raise UsageError("--columns and --fields can't be combined: use one of them.")
        if self.column_names and self.format not in {"table", *TABULAR}:
            raise UsageError(
                f"--columns works with tables, CSV, TSV and XLSX, but the output format is {self.format}.",
                hint="Use --fields instead.",
            )
        # Whether a reply of unknown shape is printed in another shape than its own.
        self.reshapes = self.selects or format in {"table", *TABULAR, "yaml", "ndjson"}

    @property
    def selects(self) -> bool:
        """Whether the user selected fields or columns, so that nothing is added to them or left out."""
        return self.fields is not None or self.column_names is not None

    @property
    def drawn(self) -> bool:
        """Whether the data is drawn for people, in the command's own layout."""
        return self.format == "table" and not self.selects

    def columns(self, columns: Sequence[Column]) -> Sequence[Column]:
        """The selected ones among a command's columns, by default all; UsageError for an unknown name.

        A field has a column under its own name, in the command's format if it has one.
        """
        if self.fields:
            own = {column.key: column for column in columns}
            return [own.get(name, Column(name, name))._replace(title=name, drop=0, table=True) for name in self.fields]
        if self.column_names is None:
            return columns
        known = {name.lower(): column for column in reversed(columns) for name in (column.title, column.key)}
        titles = [column.title for column in columns]
        for name in self.column_names:
            if name.lower() not in known:
                near = did_you_mean(name, titles)
                raise UsageError(f'Unknown column "{name}".', hint=f"{near}Columns: {', '.join(titles)}.")
        return [known[name.lower()]._replace(drop=0, table=True) for name in self.column_names]

    def notice(self, rows: Sequence[Row]) -> Sequence[Row]:
        """The same rows, once it is recorded which fields they have."""
        for row in rows if self.fields else ():
            self._seen |= dict.fromkeys(_paths(row))
        return rows

    def select(self, row: Row) -> dict[str, Any]:
        """The row as a dict with the selected fields, null for one that it lacks; by default all."""
        if self.fields:
            return {name: lookup(row, name) for name in self.fields}
        return row if isinstance(row, dict) else dict(row)

    def _check_workbook(self, *, terminal: bool) -> None:
        """UsageError if a workbook can't be written, before anything is sent."""
        if terminal:
            raise UsageError(
                "An Excel workbook can't be shown on a terminal.",
                hint="Redirect it: put `> FILE.xlsx` after the command. Or choose another format, such as -o table.",
            )
        from synq_cli.excel.writing import check_available

        check_available()

    def _compiled(self, expression: str) -> "Filter":
        from synq_cli.output.filter import Filter

        if self.format not in {"json", "ndjson"}:
            raise UsageError(
                f"--jq filters JSON, but the output format is {self.format}.", hint="Add --json, or omit --jq."
            )
        return Filter(expression)

    def unknown_fields(self) -> Iterator[str]:
        """A sentence for each field that no row had, once there were rows."""
        for name in self.fields or () if self._seen else ():
            if name not in self._seen:
                near = did_you_mean(name, self._seen).rstrip()
                fields = ", ".join(path for path in self._seen if "." not in path)
                yield f'Unknown field "{name}". ' + (near or f"Fields: {fields}.")


def _names(option: str) -> list[str]:
    return list(dict.fromkeys(name.strip() for name in option.split(",")))


def _paths(row: Row, prefix: str = "") -> Iterator[str]:
    for key, value in row.items():
        yield prefix + key
        if isinstance(value, Mapping):
            yield from _paths(value, f"{prefix}{key}.")
