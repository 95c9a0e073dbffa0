"""The tenant as a WSGI app: its gates, its routes, and how errors are told."""

import time
import traceback
from collections.abc import Callable
from pathlib import Path

import falcon

from synq_cli.sandbox.resources.audit import Audit
from synq_cli.sandbox.resources.channels import Channels
from synq_cli.sandbox.resources.integrations import AuthUrl, Callback, Connections
from synq_cli.sandbox.resources.inventory.inventory import Adjustments, Ledger, Levels, Locations
from synq_cli.sandbox.resources.inventory.reservations import Reservations
from synq_cli.sandbox.resources.orders.fulfillments import Fulfillments
from synq_cli.sandbox.resources.orders.orders import Orders
from synq_cli.sandbox.resources.orders.returns import Returns
from synq_cli.sandbox.resources.orders.states import DueOrders
from synq_cli.sandbox.resources.organization import Members, Organization
from synq_cli.sandbox.resources.products.bulk_jobs import BulkJobs, BulkWork
from synq_cli.sandbox.resources.products.exports import CatalogExport, ProductPush
from synq_cli.sandbox.resources.products.products import Products
from synq_cli.sandbox.resources.products.stats import Stats
from synq_cli.sandbox.resources.products.taxonomy import KINDS, Taxonomy
from synq_cli.sandbox.resources.products.validation import ValidationIssues
from synq_cli.sandbox.resources.products.variants import ProductVariants, Variants
from synq_cli.sandbox.resources.settings import TenantSettings
from synq_cli.sandbox.resources.webhook import Webhook
from synq_cli.sandbox.server.faults import Faults
from synq_cli.sandbox.server.gates import BodyLimit, RateLimit, Token
from synq_cli.sandbox.store.store import Store
from synq_cli.sandbox.store.trail import CatalogueEvents

App = falcon.App[falcon.Request, falcon.Response]


class Health:
    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        resp.content_type = falcon.MEDIA_TEXT
        resp.text = "OK"


def create_app(
    database: Path,
    now: Callable[[], float] = time.time,
    window: float = 60.0,
    sleep: Callable[[float], None] = time.sleep,
) -> App:
    """Serve the tenant in `database`; `now` in epoch seconds, `window` of the rate limit in seconds.

    `sleep` is what makes an answer late where that was ordered.

    Raises UsageError if the file is no sandbox.
    """
    Store(database).close()
    app = App()
    app.add_middleware(RateLimit(database, now, window))
    app.add_middleware(Faults(sleep))
    app.add_middleware(BodyLimit())
    app.add_middleware(Token())
    app.add_middleware(BulkWork())
    app.add_middleware(DueOrders())
    app.set_error_serializer(_as_json)
    app.add_error_handler(falcon.HTTPRouteNotFound, _no_route)
    app.add_error_handler(falcon.HTTPMethodNotAllowed, _wrong_method)
    app.add_error_handler(Exception, _bug)

    app.add_route("/health", Health())
    products, orders = Products(), Orders()
    app.add_route("/api/v1/pim/products", products)
    app.add_route("/api/v1/pim/products/{product_id}", products, suffix="one")
    app.add_route("/api/v1/pim/products/{product_id}/variants", ProductVariants())
    app.add_route("/api/v1/pim/variants", Variants())
    app.add_route("/api/v1/pim/stats", Stats())
    for path, kind in KINDS.items():
        app.add_route(path, Taxonomy(kind))
    app.add_route("/api/v1/pim/bulk-jobs", BulkJobs())
    app.add_route("/api/v1/pim/export", CatalogExport())
    app.add_route("/api/v1/pim/validation", ValidationIssues())
    app.add_route("/api/v1/pim/audit", CatalogueEvents())
    app.add_route("/unified/sync/push/product", ProductPush())
    app.add_route("/api/v1/oms/orders", orders)
    app.add_route("/api/v1/oms/orders/{order_id}", orders, suffix="one")
    app.add_route("/api/v1/oms/orders/{order_id}/cancel", orders, suffix="cancellation")
    app.add_route("/api/v1/oms/orders/{order_id}/fulfillments", Fulfillments())
    app.add_route("/api/v1/oms/orders/{order_id}/returns", Returns())
    app.add_route("/api/v1/inventory/adjust", Adjustments())
    app.add_route("/api/v1/inventory/levels", Levels())
    app.add_route("/api/v1/inventory/ledger", Ledger())
    app.add_route("/api/v1/inventory/locations", Locations())
    reservations, channels, connections, members = Reservations(), Channels(), Connections(), Members()
    app.add_route("/api/v1/inventory/reservations", reservations)
    app.add_route("/api/v1/inventory/reservations/{reservation_id}", reservations, suffix="one")
    app.add_route("/api/v1/channels", channels)
    app.add_route("/api/v1/channels/{channel_id}", channels, suffix="one")
    app.add_route("/api/v1/integrations/auth-url", AuthUrl())
    app.add_route("/api/v1/integrations/callback", Callback())
    app.add_route("/api/v1/integrations/connections", connections)
    app.add_route("/api/v1/integrations/connections/{connection_id}", connections, suffix="one")
    app.add_route("/api/v1/organization", Organization())
    app.add_route("/api/v1/organization/members", members)
    app.add_route("/api/v1/organization/members/{uid}", members, suffix="one")
    app.add_route("/api/v1/settings/tenant", TenantSettings())
    app.add_route("/api/v1/audit", Audit())
    app.add_route("/unified/webhook", Webhook())
    return app


def _as_json(_req: falcon.Request, resp: falcon.Response, error: falcon.HTTPError) -> None:
    resp.media = {"error": error.title}


def _no_route(_req: falcon.Request, resp: falcon.Response, _error: Exception, _params: dict[str, object]) -> None:
    # Bare text, not the JSON of a missing object: that is how a client tells the two apart.
    resp.status = falcon.HTTP_404
    resp.content_type = falcon.MEDIA_TEXT
    resp.text = "404 page not found\n"


def _wrong_method(
    _req: falcon.Request, resp: falcon.Response, error: falcon.HTTPError, _params: dict[str, object]
) -> None:
    resp.status = falcon.HTTP_405
    resp.set_headers(error.headers or {})
    resp.content_type = falcon.MEDIA_TEXT


def _bug(req: falcon.Request, resp: falcon.Response, error: Exception, _params: dict[str, object]) -> None:
    req.log_error("".join(traceback.format_exception(error)))
    resp.status = falcon.HTTP_500
    resp.media = {"error": "Internal server error"}
