"""Sales channels."""

from typing import TYPE_CHECKING

from synq_cli.api.operation import Operation
from synq_cli.api.reader import uuid_or_none
from synq_cli.errors import NotFoundError

if TYPE_CHECKING:
    from synq_cli.api.pagination import Row
    from synq_cli.api.reader import Reader

LIST = Operation("list_channels", "GET", "/api/v1/channels", "the list of channels", role="VIEWER")


class Channels:
    """The operations on sales channels."""

    def __init__(self, reader: "Reader") -> None:
        self._reader = reader

    def list(self) -> "list[Row]":
        """Every channel: id, name, currency, active. GET /api/v1/channels"""
        return self._reader.all(LIST, "channels")

    def name_of(self, channel: str | None) -> str | None:
        """The name that orders carry: a name as it is, an id looked up. NotFoundError for an unknown id."""
        identifier = uuid_or_none(channel or "")
        if identifier is None:
            return channel
        for row in self.list():
            if row.get("id") == identifier:
                return str(row.get("name"))
        raise NotFoundError(f"There is no channel with the id {channel}.", hint="See `synq channels list`.")
