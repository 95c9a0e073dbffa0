"""How a request that was worded by hand is classed: by the contract's operation, else by its method."""

from typing import Any

import httpx
import pytest
from desk import Desk, NewDesk
from table import cases

from synq_cli.errors import SynqError
from synq_cli.resources.fields import read_fields
from synq_cli.resources.request import Request


def prepare(desk: Desk, line: str, *words: str, body: bytes | None = None) -> Request:
    return desk.api.requests.prepare(line.split(), read_fields(words, [], str), body)


@cases(
    ("line", "known"),
    [
        ("GET /api/v1/pim/stats?x=1", "get_stats"),
        ("/api/v1/oms/orders/86b4", "get_order"),
        ("POST /api/v1/oms/orders/86b4", ""),
        ("GET /api/v1/oms/orders/", ""),
        ("GET /api/v1/oms/orders/86b4/lines", ""),
    ],
)
def test_method_and_path_find_the_operation(desk: NewDesk, line: str, known: str) -> None:
    assert prepare(desk(), line).operation.id == known


@cases(
    ("body", "retry"),
    [
        (b'{"idempotency_key": "k-1"}', "keyed"),
        (b'{"idempotency_key": ""}', "unsafe"),
        (b'{"items": []}', "unsafe"),
        (b"[]", "unsafe"),
    ],
)
def test_a_new_order_may_be_repeated_with_its_key_alone(desk: NewDesk, body: bytes, retry: str) -> None:
    tries: list[Any] = []
    server = desk(lambda request: tries.append(request.content) or httpx.Response(503))
    request = prepare(server, "POST /api/v1/oms/orders", body=body)
    assert request.operation.retry == retry
    with pytest.raises(SynqError) as caught:
        server.api.requests.send(request)
    assert caught.value.exit_status == (12 if retry == "keyed" else 10)
    assert tries == [body] * (4 if retry == "keyed" else 1)


def test_a_key_among_the_fields_counts_too(desk: NewDesk) -> None:
    assert prepare(desk(), "POST /api/v1/oms/orders", "idempotency_key=k-1").operation.retry == "keyed"
