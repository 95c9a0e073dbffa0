"""What every request passes before its route: rate limit, body limit, token and role, in this order."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import falcon

from synq_cli.sandbox.server.counting import REQUESTS, counting
from synq_cli.sandbox.server.identity import read_token
from synq_cli.sandbox.server.reading import refusal, store_of, uuid_or_none
from synq_cli.sandbox.store.store import Store

LARGEST_BODY = 10 * 1024 * 1024

OPEN_PATHS = ("/health", "/unified/webhook")
READS = ("GET", "HEAD", "OPTIONS")
WRITERS = ("ADMIN", "EDITOR")


@dataclass(frozen=True)
class Caller:
    """Who is asking, by the token."""

    tenant_id: str
    org_id: str
    role: str
    user_id: str | None
    email: str | None


def caller_of(req: falcon.Request) -> Caller:
    """Who passed the token's gate with this request."""
    caller: Caller = req.context.caller
    return caller


class RateLimit:
    """Counts a client address's requests in a sliding window, as the tenant counts, and refuses the 101st."""

    def __init__(self, database: Path, now: Callable[[], float], window: float) -> None:
        self._database = database
        self._now = now
        self._window = window

    def process_request(self, req: falcon.Request, resp: falcon.Response) -> None:
        store = req.context.store = Store(self._database)
        address = req.remote_addr
        with store.writing():
            # Read under the write lock, so that the log's times rise whoever writes.
            req.context.at = at = self._now()
            # Entries from the future are left over from a clock that was set back.
            store.run("DELETE FROM requests WHERE at <= ? OR at > ?", (at - 2 * self._window, at + self._window))
            rows = store.rows("SELECT at FROM requests WHERE address = ? ORDER BY at", (address,))
            way = counting(store)
            free, wait = way.room([row["at"] for row in rows], at, self._window)
            if free or way.counts_refused:
                store.insert("requests", {"address": address, "at": at})
        resp.set_headers({"X-RateLimit-Limit": str(REQUESTS), "X-RateLimit-Remaining": str(max(0, free - 1))})
        if not free:
            raise refusal(429, "Rate limit exceeded", {"Retry-After": str(max(1, math.ceil(wait)))})

    def process_response(
        self, req: falcon.Request, _resp: falcon.Response, _resource: object, _succeeded: bool
    ) -> None:
        store: Store | None = getattr(req.context, "store", None)
        if store:
            store.close()


class BodyLimit:
    """Refuses a body of more than 10 MB."""

    def process_request(self, req: falcon.Request, _resp: falcon.Response) -> None:
        if (req.content_length or 0) > LARGEST_BODY:
            raise refusal(413, "Request body too large")


class Token:
    """Lets nobody in without a token of this tenant's making, and no writer without the role for it."""

    def process_request(self, req: falcon.Request, _resp: falcon.Response) -> None:
        if req.path in OPEN_PATHS:
            return
        kind, _, token = (req.auth or "").partition(" ")
        if kind.lower() != "bearer" or not token:
            raise refusal(401, "Unauthorized: Missing or invalid Authorization header")
        secret = store_of(req).rows("SELECT secret FROM tenant")[0]["secret"]
        claims = read_token(token.strip(), secret, req.context.at)
        if claims is None:
            raise refusal(401, "Unauthorized: Invalid token")
        for claim, name in (("tenantid", "tenantid"), ("org_id", "orgid"), ("role", "role")):
            if not (isinstance(claims.get(claim), str) and claims[claim]):
                raise refusal(403, f"Forbidden: Missing {name} claim")
        for header, claim in (("X-Tenant-ID", "tenantid"), ("X-Org-ID", "org_id")):
            sent = req.get_header(header)
            if sent is not None and sent.lower() != claims[claim].lower():
                raise refusal(403, f"Forbidden: {header} does not match the token")
        user_id = uuid_or_none(claims.get("db_uid"))
        # Whoever was removed is out at once, not when the token ends.
        if user_id and not store_of(req).row("SELECT id FROM members WHERE id = ?", (user_id,)):
            raise refusal(401, "Unauthorized: Invalid token")
        req.context.caller = Caller(
            tenant_id=claims["tenantid"].lower(),
            org_id=claims["org_id"].lower(),
            role=claims["role"].upper(),
            user_id=user_id,
            email=claims.get("email"),
        )

    def process_resource(
        self, req: falcon.Request, _resp: falcon.Response, resource: object, _params: dict[str, object]
    ) -> None:
        """A resource's ADMINS_ONLY says, by method, what only administrators may do there."""
        if req.path in OPEN_PATHS or req.method in READS:
            return
        role = caller_of(req).role
        task = getattr(resource, "ADMINS_ONLY", {}).get(req.method)
        if task and role != "ADMIN":
            raise refusal(403, f"Forbidden: Only Administrators can {task}")
        if role not in WRITERS:
            raise refusal(403, "Forbidden: insufficient permissions")
