"""The tenant's settings."""

from collections.abc import Mapping

from synq_cli.errors import NotFoundError, UsageError
from synq_cli.http import operations
from synq_cli.resources.shared import validation
from synq_cli.resources.shared.pagination import Row
from synq_cli.resources.shared.resource import Resource

# The words that each setting takes; none for a number.
WORDS = {
    "inventory_allocation_model": ("HARD", "SOFT"),
    "auto_po_enabled": ("true", "false"),
    "default_low_stock_threshold": (),
    "costing_method": ("WAC", "FIFO"),
}


class TenantSettings(Resource):
    """The tenant's settings."""

    def get(self) -> Row:
        """Allocation, costing, low-stock threshold, purchase orders. GET /api/v1/settings/tenant"""
        return self._api.read(operations.GET_TENANT_SETTINGS)

    def low_stock_threshold(self) -> int:
        """The stock at or below which the tenant calls it low. NotFoundError if it is not set."""
        try:
            threshold = self.get().get("default_low_stock_threshold")
        except NotFoundError:
            threshold = None  # the tenant has never saved any settings
        if not isinstance(threshold, int):
            raise NotFoundError("The tenant's settings have no low-stock threshold.", hint="Add --threshold N.")
        return threshold

    def update(self, given: Mapping[str, object]) -> tuple[Row, Row]:
        """Change the given settings; returns all of them before and after.

        The API replaces all four, so those not given are read and sent again. PUT /api/v1/settings/tenant
        """
        self._api.check(operations.UPDATE_TENANT_SETTINGS)
        try:
            present = self.get()
        except NotFoundError:
            present = {}  # the tenant has never saved any
        body = {key: given.get(key, present.get(key)) for key in WORDS}
        missing = [key for key, value in body.items() if value is None]
        if missing:
            raise UsageError(
                f"The API replaces all four settings together, and this tenant has no {' and no '.join(missing)} yet.",
                hint=f"Add {' '.join(f'{key}=…' for key in missing)}",
            )
        return self._api.replace(operations.UPDATE_TENANT_SETTINGS, None, present, body)


def parse_settings(pairs: list[str]) -> dict[str, object]:
    """Parse `KEY=VALUE` arguments into the API's values. UsageError for an unknown key or an invalid value."""
    found: dict[str, object] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise UsageError(f'Invalid setting "{pair}".', hint="Use KEY=VALUE, such as default_low_stock_threshold=8.")
        key = validation.one_of(name, WORDS, "setting")
        if key in found:
            raise UsageError(f"{key} is given twice.")
        if WORDS[key]:
            word = validation.one_of(value, WORDS[key], key)
            found[key] = word == "true" if key == "auto_po_enabled" else word
        else:
            found[key] = validation.count(value, key, least=0)
    return found
