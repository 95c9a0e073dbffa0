"""Sales channels."""

from synq_cli.errors import NotFoundError, UsageError
from synq_cli.http import operations
from synq_cli.nearest import did_you_mean
from synq_cli.resources.shared import validation
from synq_cli.resources.shared.pagination import Row
from synq_cli.resources.shared.resource import Resource, find_row, look_for, sorted_rows
from synq_cli.uuids import parse_uuid

_SEE = "synq channels list"


class Channels(Resource):
    """Sales channels."""

    def list(self) -> list[Row]:
        """All channels, by name: id, name, currency, active. GET /api/v1/channels"""
        return sorted_rows(self._api.read_list(operations.LIST_CHANNELS, "channels"), "name", "id")

    def doubt(self, channel: str) -> str | None:
        """A sentence if no channel has this name, with the nearest match; None for a known name and for any id."""
        names = [str(row.get("name")) for row in self.list()]
        if parse_uuid(channel) or channel in names:
            return None
        return f'Unknown channel "{channel}". {did_you_mean(channel, names)}See `{_SEE}`.'

    def name_of(self, channel: str | None) -> str | None:
        """The name that orders carry: a name as it is, an id looked up. NotFoundError for an unknown id."""
        identifier = parse_uuid(channel or "")
        if identifier is None:
            return channel
        for row in self.list():
            if row.get("id") == identifier:
                return str(row.get("name"))
        raise NotFoundError(f'Unknown channel id "{channel}".', hint=f"See `{_SEE}`.")

    def create(self, name: str, currency: str, *, active: bool) -> Row:
        """Create a channel and return it. POST /api/v1/channels"""
        # Without a currency some servers would take USD.
        name = validation.filled(name, "name")
        body = {"name": name, "currency": validation.currency(currency), "active": active}
        return self._api.write(operations.CREATE_CHANNEL, body=body, if_unknown=look_for(name, _SEE))

    def update(
        self, channel: str, *, name: str | None = None, currency: str | None = None, active: bool | None = None
    ) -> tuple[Row, Row]:
        """Change a channel, given by its name or id; returns it before and after.

        The API replaces all three fields, so those not given are read and sent again. PUT /api/v1/channels/{channelID}
        """
        given = {
            "name": None if name is None else validation.filled(name, "name"),
            "currency": None if currency is None else validation.currency(currency),
            "active": active,
        }
        text = validation.filled(channel, "channel")
        self._api.check(operations.UPDATE_CHANNEL)
        present = find_row(self.list(), text, "channel", "id", "name", see=_SEE)
        body = {key: present.get(key) if value is None else value for key, value in given.items()}
        missing = [key for key, value in body.items() if value is None]
        if missing:
            raise UsageError(
                f"The API does not show the channel's {' and '.join(missing)}, which would be lost.",
                hint=f"Add {' '.join(f'--{key}' for key in missing)}.",
            )
        return self._api.replace(operations.UPDATE_CHANNEL, {"channelID": present["id"]}, present, body)
