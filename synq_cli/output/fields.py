"""What a user asked to see: fields of the rows with --fields, columns of the table with --columns."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from synq_cli.errors import UsageError
from synq_cli.nearest import did_you_mean
from synq_cli.output.columns import Column, Row, lookup

_MISSING = object()


class Fields:
    """The chosen fields in their order, and which of them the rows had so far."""

    def __init__(self, option: str) -> None:
        self.names = list(dict.fromkeys(name.strip() for name in option.split(",")))
        self._missed = set(self.names)
        self._seen: dict[str, None] = {}
        if not all(part for name in self.names for part in name.split(".")):
            raise UsageError(
                f"--fields has an empty name in '{option}'.",
                hint="Separate names with one comma, e.g. --fields id,status,total",
            )

    def columns(self, columns: Sequence[Column]) -> list[Column]:
        """A column a field: the command's own form for it where there is one, the field's name as title."""
        known = {column.key: column for column in columns}
        return [known.get(name, Column(name, name))._replace(title=name, drop=0, table=True) for name in self.names]

    def notice(self, row: Row) -> None:
        """Remember which fields the row has."""
        self._seen |= dict.fromkeys(_paths(row))
        self._missed -= {name for name in self._missed if lookup(row, name, _MISSING) is not _MISSING}

    def pick(self, row: Row) -> dict[str, Any]:
        """The row with these fields only, under their names as given; null for what it lacks."""
        return {name: lookup(row, name) for name in self.names}

    def missed(self) -> Iterator[str]:
        """A sentence for each field that no row had."""
        if not self._seen:
            return
        for name in (name for name in self.names if name in self._missed):
            near = did_you_mean(name, self._seen).rstrip()
            there = ", ".join(path for path in self._seen if "." not in path)
            yield f"Nothing has the field {name}. " + (near or f"There is: {there}.")


class Picks:
    """The columns a user asked for with --columns, in their order."""

    def __init__(self, option: str) -> None:
        self._names = list(dict.fromkeys(name.strip() for name in option.split(",")))

    def columns(self, columns: Sequence[Column]) -> list[Column]:
        """The chosen ones among a command's columns, by title or key; UsageError names the ones there are."""
        known = {name.lower(): column for column in reversed(columns) for name in (column.title, column.key)}
        for name in self._names:
            if name.lower() not in known:
                raise UsageError(
                    f"There is no column '{name}' here.",
                    hint=f"Columns: {', '.join(column.title for column in columns)}.",
                )
        return [known[name.lower()]._replace(drop=0) for name in self._names]


def _paths(row: Row, before: str = "") -> Iterator[str]:
    for key, value in row.items():
        yield before + key
        if isinstance(value, Mapping):
            yield from _paths(value, f"{before}{key}.")
