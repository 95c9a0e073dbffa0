"""`synq orders brief`, `orders report` and `today`: what many answers come to, on one screen."""

import json
from pathlib import Path
from threading import Barrier, Lock
from typing import Any

import httpx
import pytest

ENVIRON = {"SYNQ_TOKEN": "a.b.c", "SYNQ_BASE_URL": "https://api.test", "COLUMNS": "80"}
ORDER = "d2f70c5b-8a3e-4619-b7d0-5e9c1f84a26b"
VARIANT = "eb5bd2b9-e9a4-430b-9999-36b0cfa6ef1d"
PLACE = "8fcf46e5-48ae-4e71-8649-237bb70a41b0"
MISSING = httpx.Response(404, text="404 page not found")


class Api:
    """Answers by the path, and keeps the requests; with `crowd` none before so many are there at the same time."""

    def __init__(self, answers: dict[str, Any], crowd: int = 1) -> None:
        self.answers = answers
        self.seen: list[str] = []
        self._barrier, self._lock, self._waiting = Barrier(crowd), Lock(), crowd

    def __call__(self, request: httpx.Request) -> httpx.Response:
        with self._lock:
            self.seen.append(str(request.url).removeprefix("https://api.test/api/v1"))
            waits, self._waiting = self._waiting > 0, self._waiting - 1
        if waits:
            self._barrier.wait(timeout=30)
        answer = self.answers[request.url.path.removeprefix("/api/v1")]
        answer = answer(request) if callable(answer) else answer
        return answer if isinstance(answer, httpx.Response) else httpx.Response(200, json=answer)


def order(status: str, number: int = 0, created: str = "2026-11-23T09:00:00Z") -> dict[str, Any]:
    times = {"created_at": created, "updated_at": "2026-11-24T09:00:00Z"}
    paid = {"payment_status": "authorized", "payment_reference": "pi_1", "total": 203.0, "currency": "GBP"}
    return {"id": f"{number:08x}{ORDER[8:]}" if number else ORDER, "status": status, "org_id": "o", **paid, **times}


RESERVED = {
    "id": "75d9d1b8-7dab-4464-a35d-a83d613c2d57", "variant_id": VARIANT, "location_id": PLACE, "quantity": 2,
    "reference": ORDER, "status": "ACTIVE", "created_at": "2026-11-23T09:00:00Z",
}  # fmt: skip
LEVEL = {"variant_id": VARIANT, "sku": "HMC-NVY-M", "location_id": PLACE, "on_hand": 42, "reserved": 5, "available": 37}
PARCEL = {"id": "p", "carrier": "Royal Mail", "tracking_number": "RM1", "status": "shipped", "items": []}


def whole(**changed: Any) -> dict[str, Any]:
    return {
        f"/oms/orders/{ORDER}": order("partially_fulfilled"),
        f"/oms/orders/{ORDER}/fulfillments": {"fulfillments": [PARCEL]},
        f"/oms/orders/{ORDER}/returns": {"returns": []},
        "/inventory/reservations": {"reservations": [RESERVED, RESERVED | {"reference": "trunk-show"}]},
        "/inventory/levels": {"levels": [LEVEL], "limit": 100},
        "/inventory/locations": {"locations": [{"id": PLACE, "name": "Leith warehouse"}]},
    } | changed


def test_brief_is_one_object_of_requests_sent_together(synq: Any) -> None:
    api = Api(whole(), crowd=4)
    result = synq("orders", "brief", ORDER, "--json", environ=ENVIRON, http=httpx.MockTransport(api))
    fulfill = f"synq orders fulfill {ORDER} --carrier NAME --tracking-number NUMBER"
    assert json.loads(result.out) == order("partially_fulfilled") | {
        "fulfillments": [PARCEL],
        "returns": [],
        "reservations": [RESERVED | {"on_hand": 42, "available": 37}],
        "left_out": {},
        "next": fulfill,
    }
    assert (result.status, result.err) == (0, "~95/100 requests left this minute · default\n")
    assert api.seen[4:] == [f"/inventory/levels?variant_id={VARIANT}&location_id={PLACE}&limit=100"]


def test_brief_on_a_terminal(synq: Any) -> None:
    http = httpx.MockTransport(Api(whole(**{f"/oms/orders/{ORDER}/returns": MISSING})))
    result = synq("orders", "brief", ORDER, environ=ENVIRON, http=http, terminal=True)
    assert (
        result.out
        == f"""\
╭─ Order {ORDER} ─────────────────────────────────╮
│ Status             partially_fulfilled                                       │
│ Total              203.00 GBP                                                │
│ Payment            authorized                                                │
│ Payment reference  pi_1                                                      │
│ Placed             2026-11-23 09:00:00 UTC (1 d ago)                         │
│ Changed            2026-11-24 09:00:00 UTC (3 h ago)                         │
│ Next               synq orders fulfill {ORDER}  │
│                    --carrier NAME --tracking-number NUMBER                   │
│                                                                              │
│ Parcels                                                                      │
│ Carrier     Tracking number  Status                                          │
│ Royal Mail  RM1              shipped                                         │
│                                                                              │
│ Reservations                                                                 │
│ SKU        Quantity  Location         Status  On hand  Available  Created    │
│ HMC-NVY-M         2  Leith warehouse  ACTIVE       42         37  1 d ago    │
╰──────────────────────────────────────────────────────────────────────────────╯
"""
    )
    why = "This server does not offer the list of returns: it has no route GET /api/v1/oms/orders/{orderID}/returns."
    assert " ".join(result.err.split()).startswith(f"Returns are left out. {why} ")


@pytest.mark.parametrize(
    ("answer", "status", "message"),
    [
        (httpx.Response(404, json={"error": "order not found"}), 5, f"synq: Order not found: {ORDER}."),
        (httpx.Response(401, json={"error": "bad token"}), 4, "synq: The API refused the order: Bad token."),
        (
            {"id": PLACE},
            12,
            "synq: Invalid response to GET /api/v1/oms/orders/{orderID}: it is not the object that was asked for.",
        ),
    ],
)
def test_brief_needs_the_order(synq: Any, answer: Any, status: int, message: str) -> None:
    api = Api(whole(**{f"/oms/orders/{ORDER}": answer}))
    result = synq("orders", "brief", ORDER, "--output", "table", environ=ENVIRON, http=httpx.MockTransport(api))
    assert (result.status, result.out, result.err.splitlines()[0]) == (status, "", message)


def shift(orders: Any, **changed: Any) -> dict[str, Any]:
    job = {"id": "j", "status": "FAILED", "created_at": "2026-11-22T12:00:00Z"}
    old = job | {"created_at": "2026-11-01T12:00:00Z"}
    return {
        "/oms/orders": orders,
        "/pim/stats": {"lowStockVariants": 8, "outOfStockVariants": 0},
        "/pim/bulk-jobs": lambda request: [job, old] if request.url.params["type"] == "BULK_IMPORT" else [],
    } | changed


def test_today_on_a_terminal(synq: Any) -> None:
    orders = [
        order("confirmed", 1, "2026-11-20T12:00:00Z"),
        order("processing", 2),
        order("pending_payment", 3, "2026-11-22T11:00:00Z"),
        order("pending_payment", 4, "2026-11-22T13:00:00Z"),
        order("completed", 5),
    ]
    api = Api(shift({"orders": orders, "limit": 100}), crowd=5)
    result = synq("today", environ=ENVIRON, http=httpx.MockTransport(api), terminal=True)
    assert (
        result.out
        == """\
What                        Count  Oldest   More
Orders to ship                  2  4 d ago  synq orders list --status to-ship
Orders unpaid for 2 days        1  2 d ago  synq orders list --status unpaid
Returns to finish               0           synq orders list --status returning
SKUs low in stock               8           synq inventory levels --low
SKUs out of stock               0           synq inventory levels --threshold 0
Jobs failed in 7 days           1  2 d ago  synq products jobs list
Runs to resume                  0           synq runs list
Token minutes left        unknown           synq auth status
Requests left                  95           synq limits
"""
    )
    assert len(api.seen) == 5


def test_today_looks_at_four_pages_and_says_what_it_could_not_see(synq: Any) -> None:
    def page(request: httpx.Request) -> Any:
        offset = int(request.url.params.get("offset", 0))
        return {"orders": [order("confirmed", max(offset, 1) + number) for number in range(100)], "limit": 100}

    api = Api(shift(page, **{"/pim/stats": httpx.Response(403, json={"error": "role"})}))
    rows = synq("today", "--json", environ=ENVIRON, http=httpx.MockTransport(api))
    found = {row["item"]: row for row in json.loads(rows.out)}
    assert found["orders_to_ship"] == {
        "item": "orders_to_ship", "count": 399, "at_least": True, "oldest_at": "2026-11-23T09:00:00Z",
        "note": "among the first 399 orders", "command": "synq orders list --status to-ship",
    }  # fmt: skip
    assert (found["skus_low_in_stock"]["count"], found["skus_low_in_stock"]["note"]) == (
        None,
        "The API refused the counters: Role.",
    )
    assert len([seen for seen in api.seen if seen.startswith("/oms")]) == 4


def test_report_has_bars_for_people_and_numbers_for_programs(synq: Any, tmp_path: Path) -> None:
    orders = [
        order("confirmed", 1) | {"channel": "web"},
        order("delivered", 2) | {"channel": "web", "total": 1.0},
        order("delivered", 3) | {"channel": "shop", "total": 51.0},
        order("delivered", 4) | {"channel": "web", "total": 7.5, "currency": "EUR"},
        order("cancelled", 5) | {"channel": "web", "total": 1000.0},
        order("confirmed", 6, "2026-10-01T00:00:00Z") | {"channel": "web"},
    ]
    http = httpx.MockTransport(Api({"/oms/orders": {"orders": orders, "limit": 100}}))
    svg = tmp_path / "report.svg"
    line = ("orders", "report", "--by", "channel", "--since", "2026-11-01")
    shown = synq(*line, "--svg", str(svg), environ=ENVIRON, http=http, terminal=True)
    assert (
        shown.out
        == """\
Channel  Orders       Total     Average  Bar
web           1    7.50 EUR    7.50 EUR  ████████████████████
web           2  204.00 GBP  102.00 GBP  ████████████████████
shop          1   51.00 GBP   51.00 GBP  █████
"""
    )
    assert shown.err.splitlines()[:2] == [
        "Reading all orders: 1 request for each 100.",
        "1 order for 7.50 EUR; 3 orders for 255.00 GBP since 2026-11-01 00:00+00:00.",
    ]
    text = svg.read_text(encoding="utf-8")
    assert ("█████" in text, "url(http" in text) == (True, False)  # no fonts from the web
    assert synq(*line, "-o", "csv", environ=ENVIRON, http=http).out.splitlines()[:2] == [
        "group,currency,orders,total,average",
        "web,EUR,1,7.5,7.50",
    ]


def test_filters_that_the_api_lacks_sort_and_count(synq: Any) -> None:
    orders = [order("confirmed", number) | {"total": number, "tags": ["gift"] * (number % 2)} for number in range(1, 8)]
    http = httpx.MockTransport(Api({"/oms/orders": {"orders": orders, "limit": 100}}))
    line = ("orders", "list", "--tag", "gift", "--min-total", "2", "--quiet")
    shown = synq(
        *line, "--sort", "total:desc", "--limit", "2", "--fields", "total", "-o", "csv", environ=ENVIRON, http=http
    )
    assert (shown.status, shown.out, shown.err) == (0, "total\n7\n5\n", "")
    assert synq(*line, "--count", environ=ENVIRON, http=http).out == "3\n"


def test_products_are_read_for_their_brands(synq: Any) -> None:
    ids = [f"{number:08x}{ORDER[8:]}" for number in range(3)]
    listed = [{"id": ids[number], "title": f"Beanie {number}", "status": "ACTIVE"} for number in range(3)]
    api = Api(
        {"/pim/products": [*listed, {"id": ORDER, "title": "Scarf", "status": "ACTIVE"}]}
        | {f"/pim/products/{each['id']}": each | {"brand": f"Brand {each['title'][-1]}"} for each in listed}
    )
    line = ("products", "list", "--search", "beanie", "--status", "active", "--brand", "brand 1", "--fields", "title")
    shown = synq(*line, "-o", "csv", environ=ENVIRON, http=httpx.MockTransport(api))
    assert (shown.status, shown.out) == (0, "title\nBeanie 1\n")
    assert shown.err.splitlines()[0] == "Reading 3 products, 1 request each, for their brands."
    assert len(api.seen) == 4


def test_stock_is_valued_by_category(synq: Any) -> None:
    variants = [
        {"id": VARIANT, "sku": "A", "product_id": ORDER, "price": "2.50", "cost_price": "1", "currency": "GBP"},
        {"id": PLACE, "sku": "B", "product_id": "p", "price": None, "currency": "GBP"},
    ]
    levels = [LEVEL, LEVEL | {"location_id": "x", "on_hand": -2}, LEVEL | {"variant_id": PLACE, "on_hand": 9}]
    answers = {
        "/inventory/levels": {"levels": levels, "limit": 100},
        "/pim/variants": variants,
        "/pim/products": [{"id": ORDER, "title": "T", "category": "Knitwear"}],
    }
    http = httpx.MockTransport(Api(answers))
    result = synq("inventory", "report", "--by", "category", "--json", environ=ENVIRON, http=http)
    assert json.loads(result.out) == [
        {"group": "Knitwear", "currency": "GBP", "skus": 1, "units": 40, "value": 100.0, "cost": 40, "unpriced": 0},
        {"group": "unknown", "currency": "GBP", "skus": 1, "units": 9, "value": 0, "cost": 0, "unpriced": 1},
    ]
    assert "1 levels are of variants without a price; their value is left out." in result.err
