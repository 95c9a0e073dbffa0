"""Integrations: the platforms that a tenant is connected to."""

from typing import TYPE_CHECKING, Literal

from synq_cli.errors import InterruptError, UnknownOutcomeError
from synq_cli.http import operations
from synq_cli.http.replies import if_unclear, nonsense, one_object
from synq_cli.resources.shared import validation
from synq_cli.resources.shared.reader import in_order, row_named

if TYPE_CHECKING:
    from synq_cli.http.sender import Transport
    from synq_cli.resources.shared.pagination import Row
    from synq_cli.resources.shared.reader import Reader

Category = Literal["commerce", "accounting"]
_SEE = "synq integrations list"


class Integrations:
    """The operations on connections to other platforms."""

    def __init__(self, transport: "Transport", reader: "Reader") -> None:
        self._transport = transport
        self._reader = reader

    def list(self) -> "list[Row]":
        """Every connection by its provider. GET /api/v1/integrations/connections"""
        return in_order(self._reader.all(operations.LIST_CONNECTIONS, "connections"), "provider", "id")

    def authorization(self) -> "Row":
        """The address, as `auth_url`, where access is granted; nothing is stored. POST /api/v1/integrations/auth-url"""
        with if_unclear("Nothing is stored by this; ask again."):
            answer = one_object(self._transport.send(operations.CREATE_AUTH_URL), operations.CREATE_AUTH_URL)
            if not str(answer.get("auth_url")).startswith(("https://", "http://")):
                raise nonsense(operations.CREATE_AUTH_URL, "it holds no address")
            return answer

    def save(self, connection_id: str, *, category: Category, provider: str | None) -> "Row":
        """Keep a connection by the id that the authorization handed back; gives status and message.

        A repeat re-activates it and is logged again. POST /api/v1/integrations/callback
        """
        body = {
            "connection_id": validation.filled(connection_id, "connection id"),
            "category": category,
        }
        if provider is not None:
            body["provider"] = validation.filled(provider, "provider").lower()
        try:
            return one_object(self._transport.send(operations.SAVE_CONNECTION, body=body), operations.SAVE_CONNECTION)
        except (UnknownOutcomeError, InterruptError) as error:
            unverified = f"Synq could not check {body['connection_id']} with its platform; is the id right? "
            error.hint = (
                f"{unverified if error.status == 502 else ''}`{_SEE}` shows whether it is there. "
                "Saving it again does no harm, but is logged again."
            )
            raise

    def to_disconnect(self, connection: str) -> "Row":
        """The connection with this id, these first letters of it, or the platform's own id for it."""
        text = validation.filled(connection, "connection")
        self._transport.check(operations.DELETE_CONNECTION)
        return row_named(self.list(), text, "connection", "id", "unified_connection_id", see=_SEE)

    def disconnect(self, connection: "Row") -> None:
        """End a connection. DELETE /api/v1/integrations/connections/{connectionID}"""
        before = {"status": connection.get("status")}
        self._transport.send(
            operations.DELETE_CONNECTION, {"connectionID": connection["id"]}, before=before, after={"status": None}
        )
