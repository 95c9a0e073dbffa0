"""The request as routes see it: caller, store, checked parameters and body, queries for the tenant's own rows."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import falcon

from synq_cli import exact_json
from synq_cli.sandbox.server import checks
from synq_cli.sandbox.store.schema import Row
from synq_cli.sandbox.store.store import Store
from synq_cli.times import timestamp
from synq_cli.uuids import parse_uuid

DEFAULT_PAGE = 50
LARGEST_PAGE = 100
# SQLite's largest integer.
LARGEST_OFFSET = 2**63 - 1

Response = falcon.Response


@dataclass(frozen=True)
class Caller:
    """Who sent the request, according to the token."""

    tenant_id: str
    org_id: str
    role: str
    user_id: str | None
    email: str | None


class Request(falcon.Request):
    """A request to the tenant. Middleware sets `store`, `at` (its time in epoch seconds) and `caller`."""

    store: Store
    at: float
    caller: Caller

    @property
    def now(self) -> str:
        """The time of the request in RFC 3339."""
        return timestamp(self.at)

    def page(self) -> tuple[int, int]:
        """The limit (1 to 100, larger ones lowered, 50 by default) and the offset; 400 if one is invalid."""
        limit = self._whole_number("limit", DEFAULT_PAGE)
        if limit < 1:
            raise http_error(400, "invalid limit")
        return min(limit, LARGEST_PAGE), min(self._whole_number("offset", 0), LARGEST_OFFSET)

    def _whole_number(self, name: str, default: int) -> int:
        text = self.get_param(name)
        if text is None:
            return default
        if not re.fullmatch(r"[0-9]{1,1000}", text):
            raise http_error(400, f"invalid {name}")
        return int(text)

    def uuid_param(self, name: str) -> str | None:
        """A UUID from the query, or None; 400 if it is invalid."""
        value = self.get_param(name)
        return None if value is None else uuid_or_400(value, f"Invalid {name}")

    def sku_param(self) -> str | None:
        """The SKU from the query, or None; 400 if it is empty."""
        sku = self.get_param("sku")
        if sku == "":
            raise http_error(400, "Invalid sku")
        return sku

    def fields(
        self, expected: Mapping[str, checks.Check], required: Collection[str], message: str, *, optional: bool = False
    ) -> dict[str, Any]:
        """The body's fields as they are to be stored; 400 with `message` if one is missing, unknown or invalid.

        The body may be absent if it is `optional`.
        """
        if optional and not self.content_length:
            return {}
        try:
            body = exact_json.loads(self.bounded_stream.read().decode())
            fields: dict[str, Any] = checks.object_of(expected, required)(body)
        except (ValueError, RecursionError):
            raise http_error(400, message) from None
        return fields

    def rows(
        self,
        table: str,
        columns: str = "*",
        *,
        order: str = "id",
        page: tuple[int, int] | None = None,
        where: str = "TRUE",
        **filters: object,
    ) -> list[Row]:
        """The tenant's rows of a table, of which `filters` that are None select all."""
        given = {name: value for name, value in filters.items() if value is not None}
        conditions = " AND ".join(["tenant_id = :tenant_id", where, *(f"{name} = :{name}" for name in given)])
        limit, offset = page or (-1, 0)
        return self.store.rows(
            f"SELECT {columns} FROM {table} WHERE {conditions} ORDER BY {order} LIMIT {limit} OFFSET {offset}",  # noqa: S608
            {**given, "tenant_id": self.caller.tenant_id},
        )

    def find(self, table: str, row_id: object, invalid: str, missing: str, **filters: Any) -> Row:
        """The tenant's row with that id; 400 with `invalid` if it is not a UUID, 404 with `missing` if not found."""
        rows = self.rows(table, id=uuid_or_400(row_id, invalid), **filters)
        if not rows:
            raise http_error(404, missing)
        return rows[0]

    def insert(self, table: str, **columns: object) -> Row:
        """Insert a row of the tenant with a new id, created and updated now; returns it as stored."""
        owner = {"tenant_id": self.caller.tenant_id, "created_at": self.now, "updated_at": self.now}
        return self.store.add(table, **owner, **columns)

    def audit(self, action: str, entity_type: str, entity_id: str | None, details: Row | None) -> None:
        """Record in the audit log what this request does, within the transaction that does it."""
        actor = {"tenant_id": self.caller.tenant_id, "actor_email": self.caller.email, "ip_address": self.remote_addr}
        event = {"action": action, "entity_type": entity_type, "entity_id": entity_id, "details": details}
        self.store.add("audit", **actor, **event, created_at=self.now)


def http_error(status: int, text: str, headers: dict[str, str] | None = None) -> falcon.HTTPError:
    """An error reply with the body `{"error": text}`, to be raised."""
    return falcon.HTTPError(status, title=text, headers=headers)


def uuid_or_400(value: object, message: str) -> str:
    """The UUID in lower case; 400 with `message` if it is not one."""
    found = parse_uuid(value, bare=False)
    if found is None:
        raise http_error(400, message)
    return found


def without(row: Row, *columns: str) -> Row:
    """The row without columns that replies do not show."""
    return {name: value for name, value in row.items() if name not in columns}
