"""Replies that are JSON and yet not what they should be: no bug, no control characters, no wrong product deleted."""

import json
from typing import Any

import httpx
import pytest
from table import cases

ID = "a1f46e83-0c9d-4b72-95e8-3d7b2c60f41e"
OTHER = "e07a2f5c-41b8-4d93-8c6e-b9f5d3a1720e"
ENVIRON = {"SYNQ_TOKEN": "a.b.c", "SYNQ_BASE_URL": "https://api.test"}
FOUR = "costing_method=WAC auto_po_enabled=true default_low_stock_threshold=5 inventory_allocation_model=SOFT"
LISTS = [
    "orders list --all", f"orders list --channel {ID}", "inventory levels", "inventory locations", "products list",
    "products variants list", "products categories list", "products media list", "products issues",
    f"products jobs get {ID}", "channels list", "auth login --with-token --insecure-storage",
    "inventory levels --low",
    "inventory ledger --since 7d", "inventory reorder", "inventory reservations --status active", "integrations list",
    "organization members list",
    "audit list", f"audit list --catalogue --entity {ID} --actor ailsa --action x", "api /api/v1/x",
    "api /api/v1/x --paginate",
]  # fmt: skip
RECORDS = [
    f"orders get {ID}", f"products get {ID}", f"products delete {ID} --yes", f"products delete {ID} --dry-run",
    f"products update {ID} --title Hat", f"products variants create {ID} --sku HAT-1", "products stats",
    f"orders track {ID}", f"orders fulfill {ID}", f"orders return {ID}", f"orders cancel {ID} --yes",
    f"orders create --item {ID}=1@2 --currency EUR --payment-provider a --payment-reference b --location {ID}",
    "orders create --item A=1 --channel x --payment-provider a --payment-reference b --dry-run",
    "settings show", f"inventory adjust {ID} 5 --location {ID}", f"inventory adjust {ID} -5 --location {ID} --dry-run",
    f"settings set {FOUR}",
    "organization show", "organization update --name X", f"inventory reserve {ID} 5 --location {ID}",
    "integrations connect", "integrations save X",
]  # fmt: skip
# Those that find the one they are about in a list.
FOUND = [
    f"inventory release {ID} --yes", f"channels update {ID} --active --name X --currency GBP",
    f"integrations disconnect {ID} --yes", f"organization members remove {ID} --yes",
    f"organization members set-role {ID} VIEWER --yes",
]  # fmt: skip
TEXTS = [
    r'"\ud800\u0000\u001b]0;title\u0007\u009b31m"', '"' + "x" * 3000 + '"', '""',
]  # fmt: skip
OTHERS = [*TEXTS[1:], "1e400", "null", "-0", "[]", "99999999999999999999", "{}", "true", '[{"a":[1]}]']
KEYS = [
    "id", "sku", "name", "title", "variant_id", "location_id", "status", "created_at", "updated_at", "currency",
    "total", "price", "on_hand", "available", "active", "tags", "quantity_delta", "auto_po_enabled",
    "default_low_stock_threshold", "parent_id", "product_id", "url", "sort_order", "processed_items", "total_items",
    "payload_json", "totalProducts", "totalInventoryValue", "topLowStock",
    "costing_method", "email", "role", "provider", "auth_url", "quantity", "reference",
    "action", "actor_email", "entity_type", "entity_id", "details",
]  # fmt: skip


def object_of(value: str, own_id: str) -> str:
    fields = [f'"{key}": {value}' for key in KEYS if key != "id" or not own_id]
    fields += [f'"id": "{own_id}", "uid": "{own_id}"'] if own_id else []
    extra = value.strip('"') if value.startswith('"') else "extra"
    return "{" + ", ".join([*fields, f'"more{extra}": {value}']) + "}"


@cases(
    ("line", "own_id", "values"),
    [
        # The control characters for each line, and a few of the other values, each of which several lines get.
        *((line, "", TEXTS[:1] + OTHERS[n % 4 :: 4]) for n, line in enumerate(LISTS)),
        *((line, ID, TEXTS[:1] + OTHERS[n % 4 :: 4]) for n, line in enumerate([*RECORDS, *FOUND])),
        *((line, "", ['"\\u001b[2J"', "null", "{}"]) for line in RECORDS),  # the id itself
    ],
)
def test_no_value_of_a_reply_is_a_bug(synq: Any, line: str, own_id: str, values: list[str]) -> None:
    for number, value in enumerate(values):
        row = object_of(value, own_id)
        body = f"[{row}, {row}]" if line in LISTS else f"[{row}]" if line in FOUND else row
        http = httpx.MockTransport(lambda _request, body=body: httpx.Response(200, text=body))
        as_json = number % 2 == len(line) % 2
        how = ["--json"] if as_json else []
        terminal = not as_json and "--with-token" not in line  # which would prompt there
        done = synq(*line.split(), *how, environ=ENVIRON, http=http, terminal=terminal, stdin="a.b.c")
        assert done.status in {0, 4, 5, 8, 10, 12}, (value, done.err)
        assert not terminal or [each for each in done.out + done.err if not each.isprintable() and each != "\n"] == []
        assert "Traceback" not in done.err
        done.out.encode()
        if as_json and done.out:
            json.loads(done.out)
        synq.clock += 61


@pytest.mark.parametrize("line", [f"products delete {ID} --yes", f"products get {ID}", f"orders get {ID}"])
def test_response_about_another_object_is_invalid(synq: Any, answering: Any, line: str) -> None:
    http, seen = answering(httpx.Response(200, json={"id": OTHER, "title": "Not asked for"}))
    result = synq(*line.split(), environ=ENVIRON, http=http)
    assert (result.status, result.out, len(seen)) == (12, "", 1)
    assert "it is not the object that was asked for" in result.err


def test_an_id_in_capitals_is_the_same_id(synq: Any, answering: Any) -> None:
    http, seen = answering(httpx.Response(200, json={"id": ID.upper(), "title": "Cap"}), httpx.Response(204))
    result = synq("products", "delete", ID.upper(), "--yes", "-q", environ=ENVIRON, http=http)
    assert (result.status, result.out, result.err) == (0, "", "")
    assert [request.method for request in seen] == ["GET", "DELETE"]
