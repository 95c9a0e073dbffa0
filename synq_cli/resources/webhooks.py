"""Webhooks: building, signing, sending and verifying events."""

import hmac
import re
import time
from collections.abc import Mapping
from typing import Any

from synq_cli import exact_json
from synq_cli.errors import (
    AuthError,
    InterruptError,
    NetworkError,
    RejectedError,
    ServerError,
    UnknownOutcomeError,
    UsageError,
)
from synq_cli.http import operations
from synq_cli.http.exchange import NoResponseError, Reply, request_line
from synq_cli.http.replies import hint_if_unknown
from synq_cli.http.transport import ApiRequest
from synq_cli.nearest import did_you_mean
from synq_cli.resources.shared.resource import Resource
from synq_cli.session.network.base_url import check_base_url, host_of, is_loopback
from synq_cli.times import timestamp

_ORDER = {
    "id": "d2f70c5b-8a3e-4619-b7d0-5e9c1f84a26b",
    "status": "pending_payment",
    "channel": "web-storefront",
    "currency": "GBP",
    "total": exact_json.Number("89.50"),
}
_PRODUCT = {"id": "4c0a7b1e-8d32-4f96-a5e7-1b9c6d20f843", "title": "Harbour Merino Crewneck", "status": "ACTIVE"}
_ACCOUNTING_ORDER = {"id": "ext-5093317", "currency": "GBP", "total_amount": exact_json.Number("89.50")}
# Each known event with sample data.
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
    """Sample data of an event; UsageError for an unknown one."""
    if event in SAMPLES:
        return SAMPLES[event]
    raise UsageError(
        f'No sample for the event "{event}".',
        hint=f"{did_you_mean(event, SAMPLES)}Give its data with --data FILE, or use one of: {', '.join(SAMPLES)}.",
    )


class Webhooks(Resource):
    """Webhooks, sent to the API or to another host."""

    def envelope(self, event: str, data: Any, connection: str | None) -> dict[str, Any]:
        """An event as the integration provider sends it for a connection, or as Synq sends it without one."""
        from uuid import uuid4

        if not event.strip():
            raise UsageError("The event can't be blank.")
        if not isinstance(data, dict):
            raise UsageError("The data of an event must be an object.", hint='Such as {"id": "ext-5093317"}.')
        if connection is not None:
            if not connection.strip():
                raise UsageError("The connection can't be blank.")
            return {"connection_id": connection, "event": event, "data": data}
        if event.startswith(_FROM_PROVIDERS):
            raise UsageError(
                f"{event} comes from an integration provider, for one connection.", hint="Add --connection ID."
            )
        return {
            "event_id": str(uuid4()),
            "event_type": event,
            "timestamp": timestamp(self._api.now()),
            "identity": self._api.session.identity,
            "payload": data,
        }

    def deliver(self, url: str, envelope: Mapping[str, Any], secret: str) -> dict[str, Any]:
        """Sign an event and send it once; returns the outcome as one row.

        A path or URL of the API is sent like other requests, but without a token; other URLs do not count towards the
        rate limit.
        """
        path = self._own_path(url)
        if path is not None and "connection_id" not in envelope:
            raise UsageError("The API accepts only events of a connection.", hint="Add --connection ID.")
        body = exact_json.dumps(envelope).encode()
        signature = sign(body, secret)
        headers = {"Content-Type": "application/json", "X-Unified-Signature": signature}
        started = time.monotonic()
        reply = self._post(url, body, headers) if path is None else self.receive(body, headers)
        return {
            "event": envelope.get("event") or envelope.get("event_type"),
            "url": self._api.session.base_url + path if path else url,
            "status": reply.status,
            "ms": round((time.monotonic() - started) * 1000),
            "signature": signature,
            "answer": _first_line(reply) or None,
        }

    def receive(self, body: bytes, headers: Mapping[str, str]) -> Reply:
        """Send a webhook, byte by byte, to the API. POST /unified/webhook"""
        try:
            with hint_if_unknown("A webhook may be processed twice: look at what it changes before you send it again."):
                reply = self._api.exchange(operations.RECEIVE_WEBHOOK, content=body, headers=headers)
        except AuthError as error:
            error.hint = (
                "Check that the secret is this tenant's: the dashboard shows it under Integrations."
                if error.status == 401
                else "Use an active connection of this tenant: `synq integrations list` shows them."
            )
            raise
        assert reply is not None  # only a deletion goes without one
        return reply

    def _own_path(self, url: str) -> str | None:
        """The path at the API, None for another URL. UsageError for a URL that can't be sent to."""
        base, own = self._api.session.base_url, operations.RECEIVE_WEBHOOK.path
        path = url[len(base) :] if url[: len(base) + 1].lower() == f"{base}/".lower() else url
        if path.startswith("/"):
            if path != own:
                raise UsageError(f'Invalid path "{path}": the API accepts webhooks only at {own}.')
            return path
        if problem := _url_problem(url):
            hint = f"To send it to the API, use {own}."
            raise UsageError(f'Invalid webhook URL "{url}": {problem}.', hint=hint)
        return None

    def _post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        operation = operations.RECEIVE_WEBHOOK._replace(path=url)
        self._api.stop_dry_run(ApiRequest(operation, url, None, body, headers))
        self._api.check(operation)
        host, started = host_of(url.partition("?")[0]), time.monotonic()
        reply, error = None, None
        try:
            reply = self._api.outside.exchange("POST", url, host=host, content=body, headers=headers)
        except KeyboardInterrupt:
            raise InterruptError(f"Interrupted while sending to {host}; the webhook may have arrived.") from None
        except NoResponseError as failed:
            error = failed.sentence
            if not failed.sent:
                hint = failed.hint or "Check that the receiver is running."
                raise NetworkError(f"Nothing was sent: {error}.", hint=hint) from None
            raise UnknownOutcomeError(
                f"The webhook was sent, but {error}; it may have arrived.",
                hint="Check the receiver before you send it again.",
            ) from None
        finally:
            if reply or error:
                self._api.observer.sent(request_line("POST", url, time.monotonic() - started, reply, error))
        if not 200 <= reply.status < 300:
            line = _first_line(reply)
            kind = ServerError if reply.status >= 500 else RejectedError
            raise kind(f"{host} responded with {reply.status_line}{line and ': '}{line}.", status=reply.status)
        return reply


def _url_problem(url: str) -> str | None:
    """What is wrong with a webhook's URL; https is required, since an event is confidential."""
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


def sign(body: bytes, secret: str) -> str:
    """Lower-case hex HMAC-SHA256 over the exact bytes of the body."""
    return hmac.digest(secret.encode(), body, "sha256").hex()


def mismatch(body: bytes, secret: str, signature: str) -> str | None:
    """None if the signature matches the body, else a hint on what to check."""
    if hmac.compare_digest(sign(body, secret).encode(), signature.encode()):
        return None
    digits = signature.strip().lower().removeprefix("sha256=")
    if not re.fullmatch(r"[0-9a-f]{64}", digits):
        return "Copy the whole header: an HMAC-SHA256 in hex has 64 characters from 0-9 and a-f."
    if hmac.compare_digest(sign(body, secret), digits):
        return "The digits match: write the signature as bare lower-case hex, as Synq does."
    if hmac.compare_digest(sign(body.rstrip(b"\r\n"), secret), digits):
        return "It matches the body without the line end after it."
    return (
        "Parsing and printing JSON changes its bytes (PHP writes \\/ for /, JavaScript 1 for 1.0, Go \\u003c for <), "
        "as does another encoding or an added line end: check the body exactly as it was received, with this webhook's "
        "secret."
    )
