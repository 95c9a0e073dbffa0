"""A local server with prepared orders: it answers at once, so that a benchmark measures only the client."""

import json
import random
import ssl
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit

PAGE = 100
_STATUSES = ("pending_payment", "confirmed", "processing", "fulfilled", "completed", "cancelled")
_CHANNELS = ("web-storefront", "amazon-uk", "shop-till")


def order(number: int) -> dict[str, object]:
    """An order of some 600 bytes, always the same for the same number."""
    rng = random.Random(number)
    total = rng.randint(100, 90_000)
    return {
        "id": str(uuid.UUID(int=rng.getrandbits(128), version=4)),
        "tenant_id": "5f0c8a1e-2b7d-4c39-9a46-e1d3b8f7c025",
        "status": rng.choice(_STATUSES),
        "channel": rng.choice(_CHANNELS),
        "source_platform": "web",
        "currency": "GBP",
        "subtotal": f"{total / 100:.2f}",
        "discount_total": 0,
        "shipping_total": 4.90,
        "tax_total": round(total / 500, 2),
        "total": round(total / 100 + 4.9, 2),
        "payment_status": "authorized",
        "payment_provider": "stripe",
        "payment_reference": f"pi_{rng.getrandbits(80):020x}",
        "idempotency_key": str(uuid.UUID(int=rng.getrandbits(128), version=4)),
        "customer_id": str(uuid.UUID(int=rng.getrandbits(128), version=4)),
        "tags": ["gift", "Zoë"] if number % 3 else [],
        "created_at": f"2026-11-{1 + number % 24:02}T12:{number % 60:02}:00Z",
        "updated_at": f"2026-11-{2 + number % 24:02}T09:{number % 60:02}:30Z",
    }


# The reply to an adjustment.
_ENTRY = json.dumps(
    {
        "id": "8d0b6c1e-5f2a-4c7d-9e38-b1a4d7f0c263",
        "variant_id": "eb5bd2b9-e9a4-430b-9999-36b0cfa6ef1d",
        "location_id": "3c1f7a52-9d04-4b86-8e2f-6a7b0c5d9e13",
        "quantity_delta": -1,
        "transaction_type": "ADJUSTMENT",
        "created_at": "2026-11-24T12:00:00Z",
    }
).encode()


@contextmanager
def stub(count: int = PAGE, delay: float = 0.0, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """The URL of a server that answers any GET with a page of `count` orders after `delay` seconds.

    It answers a POST with an entry of the stock ledger.
    """
    orders = [json.dumps(order(number), ensure_ascii=False).encode() for number in range(count)]

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # header and body in one packet
        disable_nagle_algorithm = True

        def setup(self) -> None:
            if tls:
                self.request = tls.wrap_socket(self.request, server_side=True)
            super().setup()

        def finish(self) -> None:
            super().finish()
            if tls:
                self.request.close()  # the server itself closes only the socket below TLS

        def do_GET(self) -> None:
            time.sleep(delay)
            query = parse_qs(urlsplit(self.path).query)
            offset, limit = (int(query.get(name, [usual])[0]) for name, usual in (("offset", "0"), ("limit", "100")))
            self.reply(b"[%b]" % b",".join(orders[offset : offset + limit]))

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.reply(_ENTRY)

        def reply(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("X-RateLimit-Limit", "9000")
            self.send_header("X-RateLimit-Remaining", "8999")
            self.end_headers()
            self.wfile.write(body)
            self.wfile.flush()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
