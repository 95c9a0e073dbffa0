"""The current values of what a write replaces."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import unquote

from synq_cli.errors import NotFoundError
from synq_cli.http import operations
from synq_cli.http.operation import Operation
from synq_cli.resources.shared.pagination import Row
from synq_cli.resources.shared.resource import rows_of


class _Source(NamedTuple):
    """Where the object that a write replaces is read: in a list under `key`, by `identifier`, or on its own.

    `shown` are the fields that represent a deleted object.
    """

    operation: Operation
    key: str = ""
    identifier: str = ""
    shown: tuple[str, ...] = ()


_SOURCES = {
    operations.UPDATE_PRODUCT.id: _Source(operations.GET_PRODUCT),
    operations.DELETE_PRODUCT.id: _Source(operations.GET_PRODUCT, shown=("title",)),
    operations.UPDATE_CHANNEL.id: _Source(operations.LIST_CHANNELS, "channels", "id"),
    operations.DELETE_CONNECTION.id: _Source(operations.LIST_CONNECTIONS, "connections", "id", ("status",)),
    operations.UPDATE_ORGANIZATION.id: _Source(operations.GET_ORGANIZATION),
    operations.CHANGE_MEMBER_ROLE.id: _Source(operations.LIST_MEMBERS, "members", "uid"),
    operations.REMOVE_MEMBER.id: _Source(operations.LIST_MEMBERS, "members", "uid", ("role",)),
    operations.UPDATE_TENANT_SETTINGS.id: _Source(operations.GET_TENANT_SETTINGS),
    operations.RELEASE_RESERVATION.id: _Source(operations.LIST_RESERVATIONS, "reservations", "id", ("status",)),
}


@dataclass(frozen=True)
class Replacement:
    """The values of an object before and after a write, by field; None after a deletion.

    `operation` and `ids` are those of the write.
    """

    operation: Operation
    ids: Mapping[str, str]
    before: Mapping[str, Any]
    after: Mapping[str, Any]

    def read(self, send: Callable[[Operation, Mapping[str, str] | None], Any]) -> dict[str, Any]:
        """The current values of the same fields; None if the object is gone."""
        present = read_present(self.operation, self.ids, send) or {}
        return {name: present.get(name) for name in self.before}


def can_be_read(operation: Operation) -> bool:
    """Whether a route shows what a write replaces."""
    return operation.id in _SOURCES


def read_present(
    operation: Operation, ids: Mapping[str, str], send: Callable[[Operation, Mapping[str, str] | None], Any]
) -> Row | None:
    """The object that a write replaces or deletes; None if it is gone, or if no route shows it."""
    source = _SOURCES.get(operation.id)
    if source is None:
        return None
    if not source.key:
        try:
            found = send(source.operation, ids or None)
        except NotFoundError:
            return None
        return found if isinstance(found, dict) else None
    (wanted,) = ids.values()
    rows = rows_of(send(source.operation, None), source.operation, source.key)
    return next((row for row in rows if str(row.get(source.identifier)) == wanted), None)


def values_of(operation: Operation, present: Row, body: object) -> tuple[dict[str, Any], dict[str, Any]]:
    """The fields that a write changes, before and after."""
    if operation.effect == "delete":
        shown = _SOURCES[operation.id].shown
        return {name: present.get(name) for name in shown}, dict.fromkeys(shown)
    after = body if isinstance(body, dict) else {}
    return {name: present.get(name) for name in after}, dict(after)


def operation_at(method: str, path: str) -> tuple[Operation, dict[str, str]] | None:
    """The operation of the contract for a method and a path, and the ids in the path; None if there is none."""
    for each in operations.ALL:
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", each.path)
        if each.method == method and (found := re.fullmatch(pattern, path)):
            return each, {name: unquote(value) for name, value in found.groupdict().items()}
    return None
