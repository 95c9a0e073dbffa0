"""Channels, integrations, webhook, organization, members, settings, audit log."""

import hashlib
import hmac
import json

from replies import NOW, UNKNOWN, created, error, newest_event

from synq_cli.sandbox.store.store import Store

CHANNELS = "/api/v1/channels"
CONNECTIONS = "/api/v1/integrations/connections"
CALLBACK = "/api/v1/integrations/callback"
ORGANIZATION = "/api/v1/organization"
MEMBERS = "/api/v1/organization/members"
SETTINGS = "/api/v1/settings/tenant"
AUDIT = "/api/v1/audit"
LATER = "2025-11-20T12:01:00Z"


def test_channels_are_listed_created_and_replaced(client, clock):
    seeded = client.simulate_get(CHANNELS).json["channels"]
    assert [(channel["name"], channel["currency"], channel["active"]) for channel in seeded] == [
        ("web-storefront", "GBP", True),
        ("high-street", "GBP", True),
        ("nordic-web", "EUR", True),
        ("Nørrebro pop-up", "EUR", False),
    ]
    channel = created(client.simulate_post(CHANNELS, json={"name": "  kiosk ", "currency": "gbp"}))
    fields = {"name": "kiosk", "currency": "GBP"}
    assert channel == {"id": channel["id"], **fields, "active": True, "created_at": NOW, "updated_at": NOW}
    assert newest_event(client) == ("CHANNEL_CREATED", "CHANNEL", channel["id"], fields)
    clock.at += 60
    fields = {"name": "Kiosk", "currency": "EUR", "active": False}
    replaced = client.simulate_put(f"{CHANNELS}/{channel['id']}", json=fields)
    assert (replaced.status_code, replaced.json) == (200, {**channel, **fields, "updated_at": LATER})
    assert client.simulate_get(CHANNELS).json["channels"] == [*seeded, replaced.json]
    assert newest_event(client) == ("CHANNEL_UPDATED", "CHANNEL", channel["id"], fields)
    assert created(client.simulate_post(CHANNELS, json={"name": "plain"}))["currency"] == "USD"


def test_the_authorization_url_names_the_tenant(client):
    tenant = client.simulate_get(ORGANIZATION).json["tenant_id"]
    assert client.simulate_post("/api/v1/integrations/auth-url").json == {
        "auth_url": f"https://unified.example/integration/auth?category=commerce&state={tenant}"
    }


def test_a_connection_is_saved_disconnected_and_restored(client, clock):
    def connections():
        return client.simulate_get(CONNECTIONS).json["connections"]

    seeded = connections()
    assert [(row["provider"], row["category"]) for row in seeded] == [("shopify", "commerce"), ("xero", "accounting")]
    body = {"connection_id": "c-9", "category": "Accounting", "provider": "QuickBooks"}
    saved = client.simulate_post(CALLBACK, json=body)
    assert created(saved) == {"status": "success", "message": "Integration secured"}
    connection = connections()[-1]
    details = {"unified_connection_id": "c-9", "category": "accounting", "provider": "quickbooks"}
    times = {"created_at": NOW, "updated_at": NOW}
    assert connection == {"id": connection["id"], **details, "status": "ACTIVE", **times}
    event = ("COMMERCE_CONNECTION", connection["id"])
    assert newest_event(client) == ("INTEGRATION_CONNECTED", *event, details)
    path = f"{CONNECTIONS}/{connection['id']}"
    assert client.simulate_delete(path).status_code == 204
    assert newest_event(client) == ("INTEGRATION_DISCONNECTED", *event, {"provider": "quickbooks"})
    assert connections() == seeded
    assert error(client.simulate_delete(path)) == (404, "Connection not found")
    clock.at += 60
    for _ in range(2):
        assert client.simulate_post(CALLBACK, json={"connection_id": "c-9"}).status_code == 201
    assert connections() == [*seeded, {**connection, "updated_at": LATER}]


# Webhook. The body and the signature are the contract's test vector.

WEBHOOK = "/unified/webhook"
BODY = (
    b'{"connection_id":"66f3c2a8e19d4b7051d8a0f2","event":"accounting.order.created",'
    b'"data":{"id":"ext-5093317","currency":"GBP","total_amount":89.5}}'
)
SIGNATURE = "d518b514cd5e1bc8c2add15e5eb908b552618265e5ca115d0f11a7fc028f8333"


def deliver(client, body, signature=None, **headers):
    signature = signature or hmac.new(b"example-webhook-secret", body, hashlib.sha256).hexdigest()
    return client.simulate_post(WEBHOOK, body=body, headers={"X-Unified-Signature": signature, **headers})


def received(database):
    with Store(database) as store:
        return store.rows("SELECT event, payload, received_at FROM webhook_events")


def test_a_signed_event_is_stored_unchanged(anyone, database):
    result = deliver(anyone, BODY, SIGNATURE)
    assert (result.status_code, result.text) == (200, "")
    event = {"event": "accounting.order.created", "payload": BODY.decode(), "received_at": NOW}
    assert received(database) == [event]
    spaced = json.dumps(json.loads(BODY)).encode()
    assert error(deliver(anyone, spaced, SIGNATURE)) == (401, "invalid signature")
    assert deliver(anyone, spaced).status_code == 200


def test_the_signature_is_checked_first(anyone, database):
    invalid = (401, "invalid signature")
    plain_hash = hashlib.sha256(BODY).hexdigest()
    for signature in (SIGNATURE.upper(), SIGNATURE[:-1], f"sha256={SIGNATURE}", "0" * 64, "ü", plain_hash):
        assert error(deliver(anyone, BODY, signature)) == invalid
        assert error(deliver(anyone, b"{", signature)) == invalid
    assert error(anyone.simulate_post(WEBHOOK, body=BODY)) == error(anyone.simulate_post(WEBHOOK)) == invalid
    assert received(database) == []


def test_signed_bodies_that_are_invalid(anyone, database):
    for body in (
        b"",
        b"{",
        b"[]",
        b"\xff",
        b"[" * 100_000,
        BODY.replace(b'"data":{', b'"date":{'),
        BODY.replace(b"89.5", b"NaN"),
        b'{"connection_id":"","event":"e","data":{}}',
        b'{"connection_id":"c","event":7,"data":{}}',
        b'{"connection_id":"c","event":"e","data":[]}',
    ):
        assert error(deliver(anyone, body)) == (400, "invalid json payload"), body[:99]
    longer = {"Content-Length": str(len(BODY) + 9)}
    assert error(deliver(anyone, BODY, SIGNATURE, **longer)) == (400, "cannot read body")
    assert received(database) == []


def test_only_known_and_active_connections_deliver(client, anyone):
    refused = (403, "unauthorized webhook connection")
    assert error(deliver(anyone, BODY.replace(b"66f3", b"77f3"))) == refused
    connection = client.simulate_get(CONNECTIONS).json["connections"][0]
    client.simulate_delete(f"{CONNECTIONS}/{connection['id']}")
    assert error(deliver(anyone, BODY)) == refused
    client.simulate_post(CALLBACK, json={"connection_id": "66f3c2a8e19d4b7051d8a0f2"})
    assert deliver(anyone, BODY).status_code == 200


# Organization and members


def test_the_organization_is_renamed(client, clock):
    before = client.simulate_get(ORGANIZATION).json
    assert (before["name"], before["created_at"]) == ("Fell & Fjord Knitwear", "2025-08-17T12:00:00Z")
    clock.at += 60
    renamed = client.simulate_put(ORGANIZATION, json={"name": "Fell & Fjord Ltd"})
    assert renamed.status_code == 200
    assert renamed.json == {**before, "name": "Fell & Fjord Ltd", "updated_at": LATER}
    assert client.simulate_get(ORGANIZATION).json == renamed.json
    details = {"name": "Fell & Fjord Ltd"}
    assert newest_event(client) == ("ORGANIZATION_UPDATED", "ORGANIZATION", before["id"], details)


def members(client):
    return {row["email"].partition("@")[0]: row for row in client.simulate_get(MEMBERS).json}


def test_a_member_can_be_invited_again_until_active(client):
    invitation = {"email": "Mhairi@fellandfjord.example", "role": "EDITOR"}
    invited = created(client.simulate_post(MEMBERS, json=invitation))
    assert invited["message"] == "User successfully invited"
    again = {"email": "mhairi@fellandfjord.example", "role": "VIEWER"}
    assert created(client.simulate_post(MEMBERS, json=again))["uid"] == invited["uid"]
    member = {**invitation, "uid": invited["uid"], "role": "VIEWER", "status": "invited"}
    assert members(client)["Mhairi"] == member
    assert newest_event(client) == ("USER_INVITED", "USER", invited["uid"], again)
    assert len(members(client)) == 6


def test_a_role_changes_and_an_administrator_remains(client):
    ailsa, rory, zoe = (members(client)[name] for name in ("ailsa", "rory", "zoe"))

    def change(member, role):
        return client.simulate_put(f"{MEMBERS}/{member['uid']}", json={"role": role})

    last = (400, "At least one administrator must remain")
    assert error(change(ailsa, "VIEWER")) == last
    # An invited member is not an administrator yet.
    assert change(zoe, "ADMIN").status_code == 200
    assert error(change(ailsa, "VIEWER")) == last
    assert change(ailsa, "ADMIN").status_code == 200
    changed = change(rory, "ADMIN")
    assert (changed.status_code, changed.json) == (200, {**rory, "role": "ADMIN"})
    details = {"email": rory["email"], "from": "EDITOR", "role": "ADMIN"}
    assert newest_event(client) == ("USER_ROLE_CHANGED", "USER", rory["uid"], details)
    assert change(ailsa, "EDITOR").status_code == 200
    assert members(client)["ailsa"]["role"] == "EDITOR"
    # The token of the client still says administrator.
    assert error(client.simulate_delete(f"{MEMBERS}/{rory['uid']}")) == last


def test_a_removed_member_loses_access_at_once(client, anyone, bearer):
    ailsa, rory = members(client)["ailsa"], members(client)["rory"]
    token = bearer(role="EDITOR")
    assert anyone.simulate_get(CHANNELS, headers=token).status_code == 200
    assert error(client.simulate_delete(f"{MEMBERS}/{ailsa['uid']}")) == (400, "You cannot remove yourself")
    assert client.simulate_delete(f"{MEMBERS}/{rory['uid']}").status_code == 204
    assert newest_event(client)[:2] == ("USER_REMOVED", "USER")
    assert "rory" not in members(client)
    assert error(anyone.simulate_get(CHANNELS, headers=token)) == (401, "Unauthorized: Invalid token")
    assert anyone.simulate_get(CHANNELS, headers=bearer(role="EDITOR")).status_code == 200  # another editor


# Settings and audit log


def test_settings_are_replaced(client, clock, anyone, bearer):
    before = client.simulate_get(SETTINGS).json
    values = {"inventory_allocation_model": "SOFT", "auto_po_enabled": True, "costing_method": "WAC"}
    assert before == {**before, **values, "default_low_stock_threshold": 5}
    clock.at += 60
    values = {"inventory_allocation_model": "HARD", "auto_po_enabled": False, "costing_method": "FIFO"}
    values["default_low_stock_threshold"] = 8
    saved = client.simulate_put(SETTINGS, json=values)
    assert saved.status_code == 200
    assert saved.json == {**before, **values, "updated_by": saved.json["updated_by"], "updated_at": LATER}
    assert client.simulate_get(SETTINGS).json == saved.json
    assert newest_event(client) == ("TENANT_SETTINGS_UPDATED", "TENANT_SETTINGS", before["id"], values)
    # A tenant without settings gets some.
    other = bearer(tenant_id=UNKNOWN)
    saved = anyone.simulate_put(SETTINGS, json=values, headers=other).json
    assert (saved["tenant_id"], saved["created_at"]) == (UNKNOWN, LATER)
    assert anyone.simulate_get(SETTINGS, headers=other).json == saved


def test_the_fifty_newest_events_newest_first(client):
    events = client.simulate_get(AUDIT).json
    assert len(events) == 50
    times = [event["created_at"] for event in events]
    assert times == sorted(times, reverse=True)
    names = [f"kiosk {number}" for number in range(60)]
    for name in names:  # all in the same second
        client.simulate_post(CHANNELS, json={"name": name})
    newest = client.simulate_get(AUDIT).json
    assert [event["details"]["name"] for event in newest] == names[:9:-1]
    assert newest[0] == {
        "id": newest[0]["id"],
        "actor_email": "ailsa@fellandfjord.example",
        "action": "CHANNEL_CREATED",
        "entity_type": "CHANNEL",
        "entity_id": newest[0]["entity_id"],
        "details": {"name": "kiosk 59", "currency": "USD"},
        "ip_address": "127.0.0.1",
        "created_at": NOW,
    }
