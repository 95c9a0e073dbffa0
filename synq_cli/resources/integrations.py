"""Integrations: the connections of a tenant to other platforms."""

from typing import Literal

from synq_cli.errors import InterruptError, UnknownOutcomeError
from synq_cli.http import operations
from synq_cli.http.replies import hint_if_unknown, invalid_reply
from synq_cli.resources.shared import validation
from synq_cli.resources.shared.pagination import Row
from synq_cli.resources.shared.resource import Resource, find_row, sorted_rows

Category = Literal["commerce", "accounting"]
_SEE = "synq integrations list"


class Integrations(Resource):
    """Connections to other platforms."""

    def list(self) -> list[Row]:
        """All connections, by provider. GET /api/v1/integrations/connections"""
        return sorted_rows(self._api.read_list(operations.LIST_CONNECTIONS, "connections"), "provider", "id")

    def authorization(self) -> Row:
        """The URL, under `auth_url`, at which access is granted. POST /api/v1/integrations/auth-url"""
        with hint_if_unknown("Nothing was stored: run the command again."):
            answer = self._api.write(operations.CREATE_AUTH_URL)
            if not str(answer.get("auth_url")).startswith(("https://", "http://")):
                raise invalid_reply(operations.CREATE_AUTH_URL, "it holds no URL")
            return answer

    def save(self, connection_id: str, *, category: Category, provider: str | None) -> Row:
        """Save a connection by the id from the authorization; returns status and message.

        Saving it again re-activates it and is logged again. POST /api/v1/integrations/callback
        """
        body = {"connection_id": validation.filled(connection_id, "connection id"), "category": category}
        if provider is not None:
            body["provider"] = validation.filled(provider, "provider").lower()
        try:
            return self._api.write(operations.SAVE_CONNECTION, body=body)
        except (UnknownOutcomeError, InterruptError) as error:
            unverified = f"Synq could not check {body['connection_id']} with its platform. Check the id. "
            error.hint = (
                f"{unverified if error.status == 502 else ''}`{_SEE}` shows whether it is there. "
                "Saving it again is safe, but adds another entry to the audit log."
            )
            raise

    def to_disconnect(self, connection: str) -> Row:
        """The connection with this id or prefix of an id, or with this id at the platform."""
        text = validation.filled(connection, "connection")
        self._api.check(operations.DELETE_CONNECTION)
        return find_row(self.list(), text, "connection", "id", "unified_connection_id", see=_SEE)

    def disconnect(self, connection: Row) -> None:
        """Delete a connection. DELETE /api/v1/integrations/connections/{connectionID}"""
        path, before = {"connectionID": connection["id"]}, {"status": connection.get("status")}
        self._api.send(operations.DELETE_CONNECTION, path, before=before, after={"status": None})
