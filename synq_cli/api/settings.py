"""The tenant's settings."""

from typing import TYPE_CHECKING

from synq_cli.api.operation import Operation

if TYPE_CHECKING:
    from synq_cli.api.pagination import Row
    from synq_cli.api.reader import Reader

GET = Operation("get_tenant_settings", "GET", "/api/v1/settings/tenant", "the tenant's settings", role="VIEWER")


class TenantSettings:
    """The operations on the tenant's settings."""

    def __init__(self, reader: "Reader") -> None:
        self._reader = reader

    def get(self) -> "Row":
        """Allocation, costing, low-stock threshold, purchase orders. GET /api/v1/settings/tenant"""
        return self._reader.one(GET)
