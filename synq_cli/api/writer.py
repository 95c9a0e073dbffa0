"""Writes that may be sent only once: what they answer with, and how to look where no answer came."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from synq_cli.api import replies
from synq_cli.api.operation import Operation
from synq_cli.errors import UnknownOutcomeError

if TYPE_CHECKING:
    from synq_cli.api.pagination import Row
    from synq_cli.api.transport import Transport


class Writer:
    """Sends unsafe operations through the transport."""

    def __init__(self, transport: "Transport") -> None:
        self._transport = transport

    def write(
        self, operation: Operation, body: object = None, *, path: Mapping[str, str] | None = None, unknown: str
    ) -> "Row":
        """Send a write; gives the object that it answers with. `unknown` is the hint if the outcome is."""
        try:
            answer = self._transport.send(operation, path, body=body)
            if not isinstance(answer, dict):
                raise replies.nonsense(operation, "it is no object")
        except UnknownOutcomeError as error:
            error.hint = unknown
            raise
        return answer


def look_for(what: str, command: str) -> str:
    """How to find out whether something was created."""
    return f"Look for {what} in `{command}` before sending it again."
