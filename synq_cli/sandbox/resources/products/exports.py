"""What leaves the catalogue: the export file and pushes to other platforms, both of them queued and no more."""

import falcon

from synq_cli.sandbox.server.fields import fields_in, identifier, one_of
from synq_cli.sandbox.server.reading import store_of
from synq_cli.sandbox.store.trail import record

PUSH = {"productId": identifier, "action": one_of(("UPSERT", "DELETE"))}


class CatalogExport:
    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        with store_of(req).writing():
            record(req, "CATALOG_EXPORT_QUEUED", "CATALOG", None, None)
        resp.status = falcon.HTTP_202
        resp.media = {"status": "queued", "message": "Export job queued."}


class ProductPush:
    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        # Whether there is such a product shows where it is pushed to: a deletion is pushed after it.
        push = fields_in(req, PUSH, PUSH.keys(), "invalid payload")
        with store_of(req).writing():
            record(req, "PRODUCT_PUSH_QUEUED", "PRODUCT", push["productId"], {"action": push["action"]})
        resp.status = falcon.HTTP_202
        resp.media = {"status": "queued"}
