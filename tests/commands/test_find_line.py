"""`synq find` and `synq cache`: what a text names, and what this machine keeps."""

import json
from typing import Any

import httpx
import pytest
from test_desk_line import ENVIRON, ORDER, VARIANT, Api, order

LINE = ("find", "-o", "csv", "--fields", "kind,name,detail")
VARIANTS = [{"id": VARIANT, "sku": "SLB-OAT-OS", "product_id": ORDER, "option_values": {"colour": "Oat"}}]
PRODUCTS = [{"id": ORDER, "title": "Skerry Lambswool Beanie"}]


def orders(request: httpx.Request) -> Any:
    offset = int(request.url.params.get("offset", 0))
    found = [
        order("confirmed", offset + number + 1) | {"payment_reference": f"pi_{offset + number}"}
        for number in range(100)
    ]
    return {"orders": found, "limit": 100}


def api() -> Api:
    return Api(
        {
            "/oms/orders": orders,
            f"/oms/orders/{ORDER}": order("delivered"),
            f"/pim/products/{ORDER}": httpx.Response(404, json={"error": "Product not found"}),
            "/pim/products": PRODUCTS,
            "/pim/variants": VARIANTS,
            "/organization/members": [{"email": "ailsa@shop.example", "role": "ADMIN", "uid": "u"}],
        }
    )


FINDS = {
    "pi_150": (4, f'order,{151:08x}{ORDER[8:]},"confirmed, 203.0 GBP"'),
    "SLB-OAT-OS": (7, 'SKU,SLB-OAT-OS,"Skerry Lambswool Beanie, Oat"'),
    "lambswool beanie": (7, f"product,{ORDER},Skerry Lambswool Beanie"),
    ORDER: (2, f'order,{ORDER},"delivered, 203.0 GBP"'),
    "Ailsa@shop.example": (1, "member,ailsa@shop.example,ADMIN"),
}


@pytest.mark.parametrize("text", FINDS)
def test_what_the_cache_lacks_is_asked_for_and_then_known(synq: Any, text: str) -> None:
    requests, row = FINDS[text]
    server = api()
    for number in (requests, 1 if "@" in text else 0):
        server.seen.clear()
        result = synq(*LINE, text, environ=ENVIRON, http=httpx.MockTransport(server))
        assert (result.status, result.out) == (0, f"kind,name,detail\n{row}\n")
        assert len(server.seen) == number


def test_nothing_found_is_an_error_after_the_pages_allowed(synq: Any) -> None:
    server = api()
    result = synq("find", "nothing", "--max-pages", "2", environ=ENVIRON, http=httpx.MockTransport(server))
    assert (result.status, result.out, len(server.seen)) == (5, "", 4)
    assert result.err.splitlines()[:3] == [
        "The local cache does not know it; asking the API.",
        'synq: Nothing found for "nothing".',
        "  Raise --max-pages to read more orders.",
    ]


def test_cache_keeps_no_orders_if_it_is_off_and_is_cleared(synq: Any) -> None:
    http = httpx.MockTransport(api())
    for word, headers in (("off", 0), ("on", 100)):
        assert synq("config", "set", "cache", word, environ=ENVIRON).status == 0
        assert synq("orders", "list", "--limit", "1", "-q", environ=ENVIRON, http=http).status == 0
        kept = json.loads(synq("cache", "show", "--json", environ=ENVIRON).out)
        shown = {row["kind"]: row["entries"] for row in kept}
        assert (shown["order"], shown.get("header", 0)) == (100, headers)
    assert synq("cache", "clear", "--yes", environ=ENVIRON).err == "Deleted 200 entries.\n"
    assert synq("cache", "show", "--json", environ=ENVIRON).out == "[]\n"
