"""Writes that may be sent only once: what they answer with, and how to look where no answer came."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from synq_cli.http import replies
from synq_cli.http.operation import Operation

if TYPE_CHECKING:
    from synq_cli.http.sender import Transport
    from synq_cli.resources.shared.pagination import Row


class Writer:
    """Sends unsafe operations through the transport."""

    def __init__(self, transport: "Transport") -> None:
        self._transport = transport

    def write(
        self, operation: Operation, body: object = None, *, path: Mapping[str, str] | None = None, unknown: str
    ) -> "Row":
        """Send a write; gives the object that it answers with. `unknown` is the hint if the outcome is."""
        with replies.if_unclear(unknown):
            return replies.one_object(self._transport.send(operation, path, body=body), operation)


def look_for(what: str, command: str) -> str:
    """How to find out whether something was created."""
    return f"Look for {what} in `{command}` before sending it again."
