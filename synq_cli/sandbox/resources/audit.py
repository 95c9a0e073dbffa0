"""Audit log: the newest events of the tenant, and those of its catalogue."""

from synq_cli.sandbox.server.request import Request, Response

NEWEST = (50, 0)
NEWEST_FIRST = "created_at DESC, rowid DESC"
CATALOGUE = """entity_type IN (
    'PRODUCT', 'VARIANT', 'CATEGORY', 'BRAND', 'ATTRIBUTE', 'ATTRIBUTE_GROUP', 'TEMPLATE', 'MEDIA', 'BULK_JOB',
    'CATALOG')"""


class AuditLog:
    def on_get(self, req: Request, resp: Response) -> None:
        columns = "id, actor_email, action, entity_type, entity_id, details, ip_address, created_at"
        resp.media = req.rows("audit", columns, order=NEWEST_FIRST, page=NEWEST)


class CatalogueLog:
    def on_get(self, req: Request, resp: Response) -> None:
        columns = "id, action, entity_type, entity_id, created_at"
        resp.media = req.rows("audit", columns, order=NEWEST_FIRST, page=NEWEST, where=CATALOGUE)


ROUTES = {"/api/v1/audit": AuditLog(), "/api/v1/pim/audit": CatalogueLog()}
