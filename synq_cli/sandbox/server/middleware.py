"""What every request passes before its route: rate limit, size limit of the body, token and role, in this order."""

import math
from collections.abc import Callable
from pathlib import Path

import falcon

from synq_cli.sandbox.server.identity import read_token
from synq_cli.sandbox.server.rate_limit import REQUESTS, rate_limit_of
from synq_cli.sandbox.server.request import Caller, Request, http_error
from synq_cli.sandbox.store.store import Store
from synq_cli.uuids import parse_uuid

LARGEST_BODY = 10 * 1024 * 1024

PUBLIC_PATHS = ("/health", "/unified/webhook")
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
WRITERS = ("ADMIN", "EDITOR")


class RateLimiter:
    """Opens the store, counts the requests of each client address, and answers 429 to the 101st in a window."""

    def __init__(self, database: Path, now: Callable[[], float], window: float) -> None:
        self._database = database
        self._now = now
        self._window = window

    def process_request(self, req: Request, resp: falcon.Response) -> None:
        store = req.store = Store(self._database)
        with store.writing():
            # Read under the write lock, so that the times in the log never decrease.
            req.at = at = self._now()
            # Times in the future are left from a clock that was set back.
            store.run("DELETE FROM requests WHERE at <= ? OR at > ?", (at - 2 * self._window, at + self._window))
            rows = store.rows("SELECT at FROM requests WHERE address = ? ORDER BY at", (req.remote_addr,))
            limit = rate_limit_of(store)
            free, wait = limit.remaining([row["at"] for row in rows], at, self._window)
            if free or limit.count_as == "log-strict":
                store.insert("requests", {"address": req.remote_addr, "at": at})
        resp.set_headers({"X-RateLimit-Limit": str(REQUESTS), "X-RateLimit-Remaining": str(max(0, free - 1))})
        if not free:
            raise http_error(429, "Rate limit exceeded", {"Retry-After": str(max(1, math.ceil(wait)))})

    def process_response(self, req: Request, _resp: falcon.Response, _resource: object, _succeeded: bool) -> None:
        if hasattr(req, "store"):
            req.store.close()


class AccessControl:
    """Answers 413 to a body of more than 10 MB, 401 without a valid token, and 403 if it does not suffice."""

    def process_request(self, req: Request, _resp: falcon.Response) -> None:
        if (req.content_length or 0) > LARGEST_BODY:
            raise http_error(413, "Request body too large")
        if req.path in PUBLIC_PATHS:
            return
        kind, _, token = (req.auth or "").partition(" ")
        if kind.lower() != "bearer" or not token:
            raise http_error(401, "Unauthorized: Missing or invalid Authorization header")
        claims = read_token(token.strip(), req.store.tenant()["secret"], req.at)
        if claims is None:
            raise http_error(401, "Unauthorized: Invalid token")
        for claim, name in (("tenantid", "tenantid"), ("org_id", "orgid"), ("role", "role")):
            if not (isinstance(claims.get(claim), str) and claims[claim]):
                raise http_error(403, f"Forbidden: Missing {name} claim")
        for header, claim in (("X-Tenant-ID", "tenantid"), ("X-Org-ID", "org_id")):
            sent = req.get_header(header)
            if sent is not None and sent.lower() != claims[claim].lower():
                raise http_error(403, f"Forbidden: {header} does not match the token")
        user_id = parse_uuid(claims.get("db_uid"), bare=False)
        # A removed member loses access at once, not when the token expires.
        if user_id and not req.store.row("SELECT id FROM members WHERE id = ?", (user_id,)):
            raise http_error(401, "Unauthorized: Invalid token")
        req.caller = Caller(
            tenant_id=claims["tenantid"].lower(),
            org_id=claims["org_id"].lower(),
            role=claims["role"].upper(),
            user_id=user_id,
            email=claims.get("email"),
        )

    def process_resource(
        self, req: Request, _resp: falcon.Response, resource: object, _params: dict[str, object]
    ) -> None:
        """A resource's ADMINS_ONLY maps methods to what only administrators may do with them."""
        if req.path in PUBLIC_PATHS or req.method in SAFE_METHODS:
            return
        task = getattr(resource, "ADMINS_ONLY", {}).get(req.method)
        if task and req.caller.role != "ADMIN":
            raise http_error(403, f"Forbidden: Only Administrators can {task}")
        if req.caller.role not in WRITERS:
            raise http_error(403, "Forbidden: insufficient permissions")
