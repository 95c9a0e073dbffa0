import hashlib
import hmac
import json

import pytest

from synq_cli.sandbox.store.store import Store

WEBHOOK = "/unified/webhook"
KEY = b"example-webhook-secret"
# The contract's test vector.
BODY = (
    b'{"connection_id":"66f3c2a8e19d4b7051d8a0f2","event":"accounting.order.created",'
    b'"data":{"id":"ext-5093317","currency":"GBP","total_amount":89.5}}'
)
SIGNATURE = "d518b514cd5e1bc8c2add15e5eb908b552618265e5ca115d0f11a7fc028f8333"


def told(result):
    return result.status_code, result.json["error"]


def deliver(client, body, signature=None, **headers):
    signature = signature or hmac.new(KEY, body, hashlib.sha256).hexdigest()
    return client.simulate_post(WEBHOOK, body=body, headers={"X-Unified-Signature": signature, **headers})


def stored(database):
    with Store(database) as store:
        return store.rows("SELECT event, payload, received_at FROM webhook_events")


def test_a_signed_event_is_stored_as_it_came(anyone, database):
    result = deliver(anyone, BODY, SIGNATURE)
    assert (result.status_code, result.text, result.headers["X-RateLimit-Remaining"]) == (200, "", "99")
    assert stored(database) == [
        {"event": "accounting.order.created", "payload": BODY.decode(), "received_at": "2025-11-20T12:00:00Z"}
    ]


@pytest.mark.parametrize(
    "signature",
    [SIGNATURE.upper(), SIGNATURE[:-1], f"sha256={SIGNATURE}", "0" * 64, "ü", hashlib.sha256(BODY).hexdigest()],
)
def test_a_wrong_signature_is_told_before_anything_else(anyone, database, signature):
    assert told(deliver(anyone, BODY, signature)) == (401, "invalid signature")
    assert told(deliver(anyone, b"{", signature)) == (401, "invalid signature")
    assert stored(database) == []


def test_no_signature_and_no_body(anyone):
    assert told(anyone.simulate_post(WEBHOOK, body=BODY)) == (401, "invalid signature")
    assert told(anyone.simulate_post(WEBHOOK)) == (401, "invalid signature")
    assert told(deliver(anyone, b"")) == (400, "invalid json payload")


def test_the_signature_is_of_the_bytes_not_of_their_meaning(anyone):
    spaced = json.dumps(json.loads(BODY)).encode()
    assert told(deliver(anyone, spaced, SIGNATURE)) == (401, "invalid signature")
    assert deliver(anyone, spaced).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b"\xff",
        b"[" * 100_000,
        BODY.replace(b'"data":{', b'"date":{'),
        BODY.replace(b"89.5", b"NaN"),
        b'{"connection_id":"","event":"e","data":{}}',
        b'{"connection_id":"c","event":7,"data":{}}',
        b'{"connection_id":"c","event":"e","data":[]}',
    ],
)
def test_a_signed_body_that_makes_no_sense(anyone, body):
    assert told(deliver(anyone, body)) == (400, "invalid json payload")


def test_a_body_that_ends_early(anyone):
    assert told(deliver(anyone, BODY, SIGNATURE, **{"Content-Length": str(len(BODY) + 9)})) == (
        400,
        "cannot read body",
    )


def test_only_connections_that_are_known_and_active_deliver(client, anyone, database):
    unknown = BODY.replace(b"66f3", b"77f3")
    assert told(deliver(anyone, unknown)) == (403, "unauthorized webhook connection")
    path = "/api/v1/integrations/connections"
    connection = client.simulate_get(path).json["connections"][0]
    client.simulate_delete(f"{path}/{connection['id']}")
    assert told(deliver(anyone, BODY)) == (403, "unauthorized webhook connection")
    assert stored(database) == []
    client.simulate_post("/api/v1/integrations/callback", json={"connection_id": "66f3c2a8e19d4b7051d8a0f2"})
    assert deliver(anyone, BODY).status_code == 200


def test_the_webhook_counts_towards_the_rate_limit(anyone):
    for _ in range(100):
        assert deliver(anyone, BODY, "0" * 64).status_code == 401
    assert deliver(anyone, BODY).status_code == 429
