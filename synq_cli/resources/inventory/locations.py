"""Stock locations, by name and by id."""

from typing import TYPE_CHECKING

from synq_cli.errors import NotFoundError, SynqError, UsageError
from synq_cli.http import operations, replies
from synq_cli.nearest import did_you_mean
from synq_cli.uuids import parse_uuid

if TYPE_CHECKING:
    from synq_cli.resources.shared.pagination import Row
    from synq_cli.resources.shared.reader import Reader
    from synq_cli.state.id_cache import LocalIndex


class Locations:
    """The operations on stock locations."""

    def __init__(self, reader: "Reader", index: "LocalIndex") -> None:
        self._reader = reader
        self._index = index

    def list(self) -> "list[Row]":
        """Every stock location: id, name, active. GET /api/v1/inventory/locations"""
        rows = self._reader.all(operations.LIST_LOCATIONS, "locations")
        if not all(isinstance(row.get(key), str) for row in rows for key in ("id", "name")):
            raise replies.nonsense(operations.LIST_LOCATIONS, "a location without id or name")
        self._index.remember("location", ((row["name"], row["id"].lower()) for row in rows))
        return rows

    def names(self) -> dict[str, str]:
        """Names of the stock locations by id, as known here, else read; empty where they can't be."""
        names = self._index.names("location")
        if not names:
            try:
                names = {row["id"].lower(): row["name"] for row in self.list()}
            except SynqError:
                return {}  # ids will do
        return names

    def id_of(self, text: str | None) -> str | None:
        """The id of the location that was named; None where none was."""
        return self.chosen(text)[0] if text else None

    def chosen(self, text: str | None) -> tuple[str, str]:
        """Id and name of the location that was named, else of the only one there is."""
        identifier = parse_uuid(text or "")
        if identifier:
            return identifier, identifier
        if text and (known := self._index.find("location", text)):
            return known, text
        rows = self.list()
        wanted = [row for row in rows if row.get("active") is not False]
        if text:
            wanted = [row for row in rows if row["name"].lower() == text.lower()]
        if len(wanted) == 1:
            return wanted[0]["id"], wanted[0]["name"]
        names = ", ".join(row["name"] for row in rows) or "none"
        if text:
            count = f"{len(wanted)} stock locations are" if wanted else "No stock location is"
            near = "" if wanted else did_you_mean(text, (row["name"] for row in rows))
            raise NotFoundError(f"{count} called '{text}'.", hint=f"{near}There are: {names}.")
        raise UsageError(
            f"Which stock location? There are {len(wanted)}: {names}.",
            hint='Add --location NAME, or set a default: synq config set location "NAME"',
        )
