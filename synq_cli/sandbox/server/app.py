"""The tenant as a WSGI app: middleware, routes, error replies."""

import time
import traceback
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import falcon

from synq_cli.sandbox import resources
from synq_cli.sandbox.resources.orders.states import advance_due_orders
from synq_cli.sandbox.resources.products.bulk_jobs import process_due_jobs
from synq_cli.sandbox.server.faults import Faults
from synq_cli.sandbox.server.middleware import AccessControl, RateLimiter
from synq_cli.sandbox.server.request import Request
from synq_cli.sandbox.store.store import Store

App = falcon.App[Request, falcon.Response]


class DueWork:
    """Does what bulk jobs and new orders have been waiting for, before a request is answered."""

    def process_resource(self, req: Request, *_rest: object) -> None:
        process_due_jobs(req.store, req.at)
        advance_due_orders(req.store, req.at)


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
    app = App(
        request_type=Request,
        middleware=[RateLimiter(database, now, window), Faults(sleep), AccessControl(), DueWork()],
    )
    app.set_error_serializer(_as_json)
    app.add_error_handler(falcon.HTTPRouteNotFound, _no_route)
    app.add_error_handler(falcon.HTTPMethodNotAllowed, _no_route)
    app.add_error_handler(Exception, _bug)
    app.add_route("/health", Health())
    for module in walk_packages(resources.__path__, f"{resources.__name__}."):
        for path, resource in getattr(import_module(module.name), "ROUTES", {}).items():
            # A path that ends with a parameter uses the `on_…_one` methods.
            app.add_route(path, resource, suffix="one" if path.endswith("}") else None)
    return app


def _as_json(_req: Request, resp: falcon.Response, error: falcon.HTTPError) -> None:
    resp.media = {"error": error.title}


def _no_route(_req: Request, resp: falcon.Response, error: falcon.HTTPError, _params: dict[str, object]) -> None:
    # Plain text, so that clients can distinguish it from the JSON of an object that is not found.
    resp.status = error.status
    resp.set_headers(error.headers or {})
    resp.content_type = falcon.MEDIA_TEXT
    resp.text = "404 page not found\n" if error.status_code == 404 else ""


def _bug(req: Request, resp: falcon.Response, error: Exception, _params: dict[str, object]) -> None:
    req.log_error("".join(traceback.format_exception(error)))
    resp.status = falcon.HTTP_500
    resp.media = {"error": "Internal server error"}
