"""A server on this machine that answers with orders it has at hand, so that a benchmark measures who asks."""

import json
import random
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
    """An order's header of some 600 bytes, the same for the same number."""
    some = random.Random(number)
    total = some.randint(100, 90_000)
    return {
        "id": str(uuid.UUID(int=some.getrandbits(128), version=4)),
        "tenant_id": "5f0c8a1e-2b7d-4c39-9a46-e1d3b8f7c025",
        "status": some.choice(_STATUSES),
        "channel": some.choice(_CHANNELS),
        "source_platform": "web",
        "currency": "GBP",
        "subtotal": f"{total / 100:.2f}",
        "discount_total": 0,
        "shipping_total": 4.90,
        "tax_total": round(total / 500, 2),
        "total": round(total / 100 + 4.9, 2),
        "payment_status": "authorized",
        "payment_provider": "stripe",
        "payment_reference": f"pi_{some.getrandbits(80):020x}",
        "idempotency_key": str(uuid.UUID(int=some.getrandbits(128), version=4)),
        "customer_id": str(uuid.UUID(int=some.getrandbits(128), version=4)),
        "tags": ["gift", "Zoë"] if number % 3 else [],
        "created_at": f"2026-11-{1 + number % 24:02}T12:{number % 60:02}:00Z",
        "updated_at": f"2026-11-{2 + number % 24:02}T09:{number % 60:02}:30Z",
    }


def pages_of(count: int) -> dict[int, bytes]:
    """The pages by offset that a reader of overlapping pages asks for, written beforehand."""
    orders = [json.dumps(order(number), ensure_ascii=False).encode() for number in range(count)]
    return {begin: b"[%b]" % b",".join(orders[begin : begin + PAGE]) for begin in range(0, count, PAGE - 1)}


@contextmanager
def stub(count: int = PAGE, delay: float = 0.0) -> Iterator[str]:
    """The address of a server of so many orders, whatever the path; each page takes `delay` seconds."""
    pages = pages_of(count)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body in one packet
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            time.sleep(delay)
            body = pages[int(parse_qs(urlsplit(self.path).query).get("offset", ["0"])[0])]
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
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
