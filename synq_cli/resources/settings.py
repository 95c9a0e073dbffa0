"""The tenant's settings."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from synq_cli.errors import NotFoundError, UsageError
from synq_cli.http import operations, replies
from synq_cli.resources.shared import validation

if TYPE_CHECKING:
    from synq_cli.http.sender import Transport
    from synq_cli.resources.shared.pagination import Row
    from synq_cli.resources.shared.reader import Reader


WORDS = {
    "inventory_allocation_model": ("HARD", "SOFT"),
    "costing_method": ("WAC", "FIFO"),
    "auto_po_enabled": ("true", "false"),
}
_CHECKS: dict[str, Callable[[str, str], object]] = {
    "inventory_allocation_model": lambda text, key: validation.one_of(text, WORDS[key], key),
    "auto_po_enabled": validation.switch,
    "default_low_stock_threshold": lambda text, key: validation.count(text, key, least=0),
    "costing_method": lambda text, key: validation.one_of(text, WORDS[key], key),
}
KEYS = tuple(_CHECKS)


class TenantSettings:
    """The operations on the tenant's settings."""

    def __init__(self, transport: "Transport", reader: "Reader") -> None:
        self._transport = transport
        self._reader = reader

    def get(self) -> "Row":
        """Allocation, costing, low-stock threshold, purchase orders. GET /api/v1/settings/tenant"""
        return self._reader.one(operations.GET_TENANT_SETTINGS)

    def low_stock_threshold(self) -> int:
        """The stock at or below which the tenant calls it low; NotFoundError if it does not say."""
        try:
            threshold = self.get().get("default_low_stock_threshold")
        except NotFoundError:
            threshold = None  # it has never saved any settings
        if not isinstance(threshold, int):
            raise NotFoundError(
                "The tenant's settings do not say when stock is low.", hint="Say it yourself: --threshold N"
            )
        return threshold

    def update(self, given: Mapping[str, object]) -> "tuple[Row, Row]":
        """Change what is given; gives the settings before and after, the same where nothing changes.

        All four are replaced together, so what is not given is read and sent again. PUT /api/v1/settings/tenant
        """
        self._transport.check(operations.UPDATE_TENANT_SETTINGS)
        try:
            present = self.get()
        except NotFoundError:
            present = {}  # of a tenant that has never saved any
        before = {key: present.get(key) for key in KEYS}
        body = before | dict(given)
        missing = [key for key, value in body.items() if value is None]
        if missing:
            raise UsageError(
                f"The API replaces all four settings together, and this tenant has no {' and no '.join(missing)} yet.",
                hint=f"Name them too: {' '.join(f'{key}=…' for key in missing)}",
            )
        if body == before:
            return present, present
        answer = self._transport.send(operations.UPDATE_TENANT_SETTINGS, body=body, before=before, after=body)
        return present, replies.one_object(answer, operations.UPDATE_TENANT_SETTINGS)


def parse_settings(pairs: list[str]) -> dict[str, object]:
    """What `KEY=VALUE` words say, as the API takes it; UsageError names what is wrong and what is allowed."""
    found: dict[str, object] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise UsageError(f"'{pair}' has no value.", hint="Write KEY=VALUE, such as default_low_stock_threshold=8.")
        key = validation.one_of(name, KEYS, "setting")
        if key in found:
            raise UsageError(f"{key} is there twice.")
        found[key] = _CHECKS[key](value, key)
    return found
