"""The tenant as a WSGI app: middleware, routes, error replies."""

import time
import traceback
from collections.abc import Callable
from pathlib import Path

import falcon

from synq_cli.sandbox.resources import audit, channels, integrations, organization, settings, webhook
from synq_cli.sandbox.resources.inventory import reservations, stock
from synq_cli.sandbox.resources.orders import fulfillments, orders, returns
from synq_cli.sandbox.resources.orders.states import DueOrders
from synq_cli.sandbox.resources.products import bulk_jobs, exports, products, stats, taxonomy, validation, variants
from synq_cli.sandbox.server.faults import Faults
from synq_cli.sandbox.server.middleware import Authentication, BodyLimit, RateLimiter
from synq_cli.sandbox.server.request import Request
from synq_cli.sandbox.store.store import Store

App = falcon.App[Request, falcon.Response]

# Each has ROUTES: a resource for each path. Paths that end with a parameter use its `on_…_one` methods.
RESOURCES = (
    audit,
    bulk_jobs,
    channels,
    exports,
    fulfillments,
    integrations,
    orders,
    organization,
    products,
    reservations,
    returns,
    settings,
    stats,
    stock,
    taxonomy,
    validation,
    variants,
    webhook,
)


class Health:
    def on_get(self, _req: Request, resp: falcon.Response) -> None:
        resp.content_type = falcon.MEDIA_TEXT
        resp.text = "OK"


def create_app(
    database: Path,
    now: Callable[[], float] = time.time,
    window: float = 60.0,
    sleep: Callable[[float], None] = time.sleep,
) -> App:
    """Serve the tenant in `database`.

    `now` returns epoch seconds, `window` is the rate limit's in seconds, and `sleep` delays replies where a fault
    says so. Raises UsageError if the file is not a sandbox.
    """
    Store(database).close()
    app = App(request_type=Request)
    app.add_middleware(RateLimiter(database, now, window))
    app.add_middleware(Faults(sleep))
    app.add_middleware(BodyLimit())
    app.add_middleware(Authentication())
    app.add_middleware(bulk_jobs.DueJobs())
    app.add_middleware(DueOrders())
    app.set_error_serializer(_as_json)
    app.add_error_handler(falcon.HTTPRouteNotFound, _no_route)
    app.add_error_handler(falcon.HTTPMethodNotAllowed, _wrong_method)
    app.add_error_handler(Exception, _bug)
    app.add_route("/health", Health())
    for module in RESOURCES:
        for path, resource in module.ROUTES.items():
            app.add_route(path, resource, suffix="one" if path.endswith("}") else None)
    return app


def _as_json(_req: Request, resp: falcon.Response, error: falcon.HTTPError) -> None:
    resp.media = {"error": error.title}


def _no_route(_req: Request, resp: falcon.Response, _error: Exception, _params: dict[str, object]) -> None:
    # Plain text, so that clients can distinguish it from the JSON of an object that is not found.
    resp.status = falcon.HTTP_404
    resp.content_type = falcon.MEDIA_TEXT
    resp.text = "404 page not found\n"


def _wrong_method(_req: Request, resp: falcon.Response, error: falcon.HTTPError, _params: dict[str, object]) -> None:
    resp.status = falcon.HTTP_405
    resp.set_headers(error.headers or {})
    resp.content_type = falcon.MEDIA_TEXT


def _bug(req: Request, resp: falcon.Response, error: Exception, _params: dict[str, object]) -> None:
    req.log_error("".join(traceback.format_exception(error)))
    resp.status = falcon.HTTP_500
    resp.media = {"error": "Internal server error"}
