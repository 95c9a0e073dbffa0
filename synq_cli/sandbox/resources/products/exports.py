"""Catalogue exports and pushes to other platforms: both are queued, and nothing more happens."""

import falcon

from synq_cli.sandbox.server.fields import identifier, one_of
from synq_cli.sandbox.server.request import Request, Response

PUSH = {"productId": identifier, "action": one_of(("UPSERT", "DELETE"))}


class CatalogExport:
    def on_post(self, req: Request, resp: Response) -> None:
        with req.store.writing():
            req.audit("CATALOG_EXPORT_QUEUED", "CATALOG", None, None)
        resp.status = falcon.HTTP_202
        resp.media = {"status": "queued", "message": "Export job queued."}


class ProductPush:
    def on_post(self, req: Request, resp: Response) -> None:
        # The product may be unknown here: its deletion is pushed after it was deleted.
        push = req.fields(PUSH, PUSH, "invalid payload")
        with req.store.writing():
            req.audit("PRODUCT_PUSH_QUEUED", "PRODUCT", push["productId"], {"action": push["action"]})
        resp.status = falcon.HTTP_202
        resp.media = {"status": "queued"}


ROUTES = {"/api/v1/pim/export": CatalogExport(), "/unified/sync/push/product": ProductPush()}
