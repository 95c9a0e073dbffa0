"""Sales channels."""

from typing import TYPE_CHECKING

from synq_cli.errors import NotFoundError, UsageError
from synq_cli.http import operations
from synq_cli.http.replies import if_unclear, one_object
from synq_cli.nearest import did_you_mean
from synq_cli.resources.shared import validation
from synq_cli.resources.shared.reader import in_order, row_named
from synq_cli.uuids import parse_uuid

if TYPE_CHECKING:
    from synq_cli.http.sender import Transport
    from synq_cli.resources.shared.pagination import Row
    from synq_cli.resources.shared.reader import Reader


class Channels:
    """The operations on sales channels."""

    def __init__(self, transport: "Transport", reader: "Reader") -> None:
        self._transport = transport
        self._reader = reader

    def list(self) -> "list[Row]":
        """Every channel by name: id, name, currency, active. GET /api/v1/channels"""
        return in_order(self._reader.all(operations.LIST_CHANNELS, "channels"), "name", "id")

    def doubt(self, channel: str) -> str | None:
        """That there is no channel of this name, where that is so, and which may be meant."""
        names = [str(row.get("name")) for row in self.list()]
        if parse_uuid(channel) or channel in names:
            return None
        return f"There is no channel '{channel}'. {did_you_mean(channel, names)}See `synq channels list`."

    def name_of(self, channel: str | None) -> str | None:
        """The name that orders carry: a name as it is, an id looked up. NotFoundError for an unknown id."""
        identifier = parse_uuid(channel or "")
        if identifier is None:
            return channel
        for row in self.list():
            if row.get("id") == identifier:
                return str(row.get("name"))
        raise NotFoundError(f"There is no channel with the id {channel}.", hint="See `synq channels list`.")

    def create(self, name: str, currency: str, *, active: bool) -> "Row":
        """Create a channel; gives it. POST /api/v1/channels"""
        # Without a currency some servers would take USD.
        body = {"name": validation.filled(name, "name"), "currency": validation.currency(currency), "active": active}
        with if_unclear(f"Before creating it again look for {body['name']} in `synq channels list`."):
            return one_object(self._transport.send(operations.CREATE_CHANNEL, body=body), operations.CREATE_CHANNEL)

    def update(
        self, channel: str, *, name: str | None = None, currency: str | None = None, active: bool | None = None
    ) -> "tuple[Row, Row]":
        """Change a channel, named by its name or id; gives it before and after, the same where nothing changes.

        All three are replaced together, so what is not given is read and sent again. PUT /api/v1/channels/{channelID}
        """
        given = {
            "name": None if name is None else validation.filled(name, "name"),
            "currency": None if currency is None else validation.currency(currency),
            "active": active,
        }
        text = validation.filled(channel, "channel")
        self._transport.check(operations.UPDATE_CHANNEL)
        present = row_named(self.list(), text, "channel", "id", "name", see="synq channels list")
        before = {key: present.get(key) for key in given}
        body = before | {key: value for key, value in given.items() if value is not None}
        missing = [key for key, value in body.items() if value is None]
        if missing:
            raise UsageError(
                f"The API does not say the channel's {' and '.join(missing)}, which would be lost.",
                hint=f"Say it too: {' '.join(f'--{key}' for key in missing)}.",
            )
        if body == before:
            return present, present
        answer = self._transport.send(
            operations.UPDATE_CHANNEL, {"channelID": present["id"]}, body=body, before=before, after=body
        )
        return present, one_object(answer, operations.UPDATE_CHANNEL)
