"""Webhooks: events in the envelope of the one who would send them, signed, and sent to the API or anywhere else."""

import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from synq_cli import exact_json
from synq_cli.errors import (
    AuthError,
    InterruptError,
    NetworkError,
    RejectedError,
    ServerError,
    SynqError,
    UnknownOutcomeError,
    UsageError,
)
from synq_cli.http import operations
from synq_cli.http.exchange import Listener, NoResponseError, Reply, Trace
from synq_cli.http.replies import if_unclear
from synq_cli.http.sender import planned
from synq_cli.nearest import did_you_mean
from synq_cli.resources.signature import sign
from synq_cli.session.network.base_url import check_base_url, host_of, is_loopback
from synq_cli.times import timestamp

if TYPE_CHECKING:
    from synq_cli.http.client import HttpClient
    from synq_cli.http.sender import Transport
    from synq_cli.session.session import Session


_ORDER = {
    "id": "d2f70c5b-8a3e-4619-b7d0-5e9c1f84a26b",
    "status": "pending_payment",
    "channel": "web-storefront",
    "currency": "GBP",
    "total": exact_json.Number("89.50"),
}
_PRODUCT = {"id": "4c0a7b1e-8d32-4f96-a5e7-1b9c6d20f843", "title": "Harbour Merino Crewneck", "status": "ACTIVE"}
_ACCOUNTING_ORDER = {"id": "ext-5093317", "currency": "GBP", "total_amount": exact_json.Number("89.50")}
# Each known event with data that could be its own.
SAMPLES: dict[str, dict[str, Any]] = {
    "order.created": _ORDER,
    "order.updated": {**_ORDER, "status": "confirmed"},
    "product.created": _PRODUCT,
    "product.updated": {**_PRODUCT, "title": "Harbour Merino Crewneck, navy"},
    "inventory.adjusted": {
        "variant_id": "a1f46e83-0c9d-4b72-95e8-3d7b2c60f41e",
        "location_id": "e07a2f5c-41b8-4d93-8c6e-b9f5d3a1720e",
        "sku": "HMC-NVY-M",
        "quantity_delta": -5,
    },
    "integration.synced": {"provider": "shopify", "direction": "inbound", "orders": 12, "products": 3},
    "accounting.order.created": _ACCOUNTING_ORDER,
    "accounting.order.updated": {**_ACCOUNTING_ORDER, "status": "AUTHORIZED"},
}
_FROM_PROVIDERS = ("accounting.", "commerce.")
_LONGEST_LINE = 200


def sample(event: str) -> dict[str, Any]:
    """Data that an event could have; UsageError, with the known events, if it is none of them."""
    if event in SAMPLES:
        return SAMPLES[event]
    raise UsageError(
        f"There is no sample for the event '{event}'.",
        hint=f"{did_you_mean(event, SAMPLES)}Give its data with --data FILE, or name one of: {', '.join(SAMPLES)}.",
    )


class Webhooks:
    """Sends webhooks; `outside` is the client for addresses other than the API's."""

    def __init__(
        self,
        session: "Session",
        transport: "Transport",
        listener: Listener,
        now: Callable[[], float],
        *,
        outside: "HttpClient",
        dry_run: bool,
    ) -> None:
        self._session = session
        self._transport = transport
        self._listener = listener
        self._now = now
        self._outside = outside
        self._dry_run = dry_run

    def envelope(self, event: str, data: Any, connection: str | None) -> dict[str, Any]:
        """The event as its sender words it: the integration provider for a connection, else Synq itself."""
        from uuid import uuid4

        if not event.strip():
            raise UsageError("The event can't be blank.")
        if not isinstance(data, dict):
            raise UsageError("The data of an event is an object.", hint='Such as {"id": "ext-5093317"}.')
        if connection is not None:
            if not connection.strip():
                raise UsageError("The connection can't be blank.")
            return {"connection_id": connection, "event": event, "data": data}
        if event.startswith(_FROM_PROVIDERS):
            raise UsageError(
                f"{event} comes from an integration provider, for one connection.", hint="Name it: --connection ID"
            )
        return {
            "event_id": str(uuid4()),
            "event_type": event,
            "timestamp": timestamp(self._now()),
            "identity": self._session.identity,
            "payload": data,
        }

    def deliver(self, url: str, envelope: Mapping[str, Any], secret: str) -> dict[str, Any]:
        """Sign the envelope and send it, once; gives what came of it.

        A path, or an address of the API's own, goes there like every request but without a token. Any other goes
        by itself: no token, no place in the rate limit's window.
        """
        own = self._own_path(url)
        if own is not None and "connection_id" not in envelope:
            raise UsageError("The API takes the events of a connection alone.", hint="Name it: --connection ID")
        body = exact_json.dumps(envelope).encode()
        signature = sign(body, secret)
        headers = {"Content-Type": "application/json", "X-Unified-Signature": signature}
        started = time.monotonic()
        reply = self._post(url, body, headers) if own is None else self.receive(body, headers)
        return {
            "event": envelope.get("event") or envelope.get("event_type"),
            "url": self._session.base_url + own if own else url,
            "status": reply.status,
            "ms": round((time.monotonic() - started) * 1000),
            "signature": signature,
            "answer": _first_line(reply) or None,
        }

    def receive(self, body: bytes, headers: Mapping[str, str]) -> Reply:
        """Have the API take a webhook, these very bytes. POST /unified/webhook"""
        try:
            with if_unclear("A webhook may be taken twice: look at what it changes before sending it again."):
                reply = self._transport.exchange(operations.RECEIVE_WEBHOOK, content=body, headers=headers)
        except AuthError as error:
            error.hint = (
                "Is it this tenant's secret? The dashboard shows it under Integrations."
                if error.status == 401
                else "It must be an active connection of this tenant; `synq integrations list` shows them."
            )
            raise
        assert reply is not None  # only a deletion goes without one
        return reply

    def _own_path(self, url: str) -> str | None:
        """The path at the API, or None for an address elsewhere; UsageError for what is neither, or takes nothing."""
        base = self._session.base_url
        path = url[len(base) :] if url[: len(base) + 1].lower() == f"{base}/".lower() else url
        if path.startswith("/"):
            if path != operations.RECEIVE_WEBHOOK.path:
                raise UsageError(f"The API takes webhooks at {operations.RECEIVE_WEBHOOK.path} alone, not at {path}.")
            return path
        problem = _address_problem(url)
        if problem:
            hint = f"Or send it to the API itself: {operations.RECEIVE_WEBHOOK.path}"
            raise UsageError(f'Invalid webhook URL "{url}": {problem}.', hint=hint)
        return None

    def _post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        if self._dry_run:
            raise planned("POST", url, None, body, headers)
        self._transport.check(operations.RECEIVE_WEBHOOK._replace(path=url))
        host, started = host_of(url.partition("?")[0]), time.monotonic()
        try:
            reply = self._outside.exchange("POST", url, host=host, content=body, headers=headers)
        except KeyboardInterrupt:
            raise InterruptError(
                f"Interrupted while the webhook was on its way to {host}; it may have been taken."
            ) from None
        except NoResponseError as failed:
            self._trace(url, started, None, failed.sentence)
            if not failed.sent:
                raise NetworkError(
                    f"Nothing was sent: {failed.sentence}.", hint=failed.hint or "Is anybody listening there?"
                ) from None
            raise UnknownOutcomeError(
                f"The webhook was sent, but {failed.sentence}; it may have been taken.",
                hint="Look there before sending it again.",
            ) from None
        self._trace(url, started, reply.status, None)
        if not 200 <= reply.status < 300:
            raise _refused(host, reply)
        return reply

    def _trace(self, url: str, started: float, status: int | None, error: str | None) -> None:
        ms = (time.monotonic() - started) * 1000
        self._listener.sent(Trace("POST", url, status, ms, None, None, None, error))


def _address_problem(url: str) -> str | None:
    """What keeps an address from getting a webhook: what an event says is nobody else's business."""
    from urllib.parse import urlsplit

    head = url.partition("?")[0]
    if "#" in url or not url.isprintable() or " " in url:
        return "remove the fragment, and any blanks or control characters"
    try:
        parts = urlsplit(head)
        if parts.scheme == "http" and parts.hostname and not is_loopback(parts.hostname):
            return "use https; plain http is only for this machine"
        check_base_url(head)
    except ValueError as error:
        return str(error)
    return None


def _first_line(reply: Reply) -> str:
    return "" if reply.is_html else reply.text.partition("\n")[0][:_LONGEST_LINE]


def _refused(host: str, reply: Reply) -> SynqError:
    """What an answer that is no success says."""
    try:
        phrase = f" {HTTPStatus(reply.status).phrase}"
    except ValueError:
        phrase = ""
    line = _first_line(reply)
    kind = ServerError if reply.status >= 500 else RejectedError
    return kind(f"{host} answered {reply.status}{phrase}{line and ': '}{line}.", status=reply.status)
