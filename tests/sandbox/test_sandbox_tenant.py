"""What the tenant is and whom it knows: channels, integrations, organization, members, settings, audit."""

import pytest

CHANNELS = "/api/v1/channels"
CONNECTIONS = "/api/v1/integrations/connections"
CALLBACK = "/api/v1/integrations/callback"
ORGANIZATION = "/api/v1/organization"
MEMBERS = "/api/v1/organization/members"
SETTINGS = "/api/v1/settings/tenant"
AUDIT = "/api/v1/audit"
STRANGER = "00000000-0000-4000-8000-000000000000"


def told(result):
    return result.status_code, result.json["error"]


def newest_event(client):
    event = client.simulate_get(AUDIT).json[0]
    return event["action"], event["entity_type"], event["entity_id"], event["details"]


# Channels


def test_a_channel_is_created_and_replaced(client, clock):
    created = client.simulate_post(CHANNELS, json={"name": "  kiosk ", "currency": "gbp"})
    assert created.status_code == 201
    assert created.json == {
        "id": created.json["id"],
        "name": "kiosk",
        "currency": "GBP",
        "active": True,
        "created_at": "2025-11-20T12:00:00Z",
        "updated_at": "2025-11-20T12:00:00Z",
    }
    assert newest_event(client) == (
        "CHANNEL_CREATED",
        "CHANNEL",
        created.json["id"],
        {"name": "kiosk", "currency": "GBP"},
    )
    clock.at += 60
    path = f"{CHANNELS}/{created.json['id']}"
    changed = client.simulate_put(path, json={"name": "Kiosk", "currency": "EUR", "active": False})
    assert changed.status_code == 200
    assert changed.json == {
        **created.json,
        "name": "Kiosk",
        "currency": "EUR",
        "active": False,
        "updated_at": "2025-11-20T12:01:00Z",
    }
    assert client.simulate_get(CHANNELS).json["channels"][-1] == changed.json
    assert newest_event(client)[0] == "CHANNEL_UPDATED"
    assert client.simulate_post(CHANNELS, json={"name": "plain"}).json["currency"] == "USD"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("", "Invalid request body"),
        ("[]", "Invalid request body"),
        ('{"name": 7}', "Invalid request body"),
        ('{"name": "kiosk", "active": 1}', "Invalid request body"),
        ('{"name": "kiosk", "colour": "navy"}', "Invalid request body"),
        ("{}", "name is required"),
        ('{"name": " "}', "name is required"),
        ('{"name": "kiosk", "currency": "POUND"}', "currency must be a 3-letter ISO code"),
        ('{"name": "kiosk", "currency": "12€"}', "currency must be a 3-letter ISO code"),
    ],
)
def test_a_channel_that_makes_no_sense(client, body, text):
    assert told(client.simulate_post(CHANNELS, body=body)) == (400, text)


def test_a_change_of_a_channel_that_makes_no_sense(client):
    whole = {"name": "kiosk", "currency": "GBP", "active": True}
    path = f"{CHANNELS}/{client.simulate_get(CHANNELS).json['channels'][0]['id']}"
    for name in whole:
        part = {key: value for key, value in whole.items() if key != name}
        assert told(client.simulate_put(path, json=part)) == (400, "Invalid request body")
    assert told(client.simulate_put(f"{CHANNELS}/kiosk", json=whole)) == (400, "Invalid channel ID")
    assert told(client.simulate_put(f"{CHANNELS}/{STRANGER}", json=whole)) == (404, "Channel not found")


# Integrations


def test_the_address_for_the_grant_names_the_tenant(client):
    tenant = client.simulate_get(ORGANIZATION).json["tenant_id"]
    assert client.simulate_post("/api/v1/integrations/auth-url").json == {
        "auth_url": f"https://unified.example/integration/auth?category=commerce&state={tenant}"
    }


def test_a_connection_is_saved_ended_and_brought_back(client, clock):
    def connections():
        return client.simulate_get(CONNECTIONS).json["connections"]

    assert [(row["provider"], row["category"]) for row in connections()] == [
        ("shopify", "commerce"),
        ("xero", "accounting"),
    ]
    body = {"connection_id": "c-9", "category": "Accounting", "provider": "QuickBooks"}
    saved = client.simulate_post(CALLBACK, json=body)
    assert (saved.status_code, saved.json) == (201, {"status": "success", "message": "Integration secured"})
    made = connections()[-1]
    assert made == {
        "id": made["id"],
        "unified_connection_id": "c-9",
        "category": "accounting",
        "provider": "quickbooks",
        "status": "ACTIVE",
        "created_at": "2025-11-20T12:00:00Z",
        "updated_at": "2025-11-20T12:00:00Z",
    }
    path = f"{CONNECTIONS}/{made['id']}"
    assert client.simulate_delete(path).status_code == 204
    assert newest_event(client) == (
        "INTEGRATION_DISCONNECTED",
        "COMMERCE_CONNECTION",
        made["id"],
        {"provider": "quickbooks"},
    )
    assert made["id"] not in {row["id"] for row in connections()}
    assert told(client.simulate_delete(path)) == (404, "Connection not found")
    clock.at += 60
    for _ in range(2):
        assert client.simulate_post(CALLBACK, json={"connection_id": "c-9"}).status_code == 201
    assert connections()[-1] == {**made, "updated_at": "2025-11-20T12:01:00Z"}
    assert [event["action"] for event in client.simulate_get(AUDIT).json[:4]] == [
        "INTEGRATION_CONNECTED",
        "INTEGRATION_CONNECTED",
        "INTEGRATION_DISCONNECTED",
        "INTEGRATION_CONNECTED",
    ]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("", "Invalid request body"),
        ('{"connection_id": 7}', "Invalid request body"),
        ('{"connection_id": "c-9", "category": "marketing"}', "Invalid request body"),
        ('{"connection_id": "c-9", "secret": "x"}', "Invalid request body"),
        ("{}", "connection_id is required"),
        ('{"connection_id": ""}', "connection_id is required"),
    ],
)
def test_a_connection_that_makes_no_sense(client, body, text):
    assert told(client.simulate_post(CALLBACK, body=body)) == (400, text)


def test_a_connection_that_is_none(client):
    assert told(client.simulate_delete(f"{CONNECTIONS}/shopify")) == (400, "Invalid connection ID")
    assert told(client.simulate_delete(f"{CONNECTIONS}/{STRANGER}")) == (404, "Connection not found")


# Organization and members


def test_the_organization_is_renamed(client, clock):
    shown = client.simulate_get(ORGANIZATION).json
    assert (shown["name"], shown["created_at"]) == ("Fell & Fjord Knitwear", "2025-08-17T12:00:00Z")
    clock.at += 60
    renamed = client.simulate_put(ORGANIZATION, json={"name": "Fell & Fjord Ltd"})
    assert renamed.status_code == 200
    assert renamed.json == {**shown, "name": "Fell & Fjord Ltd", "updated_at": "2025-11-20T12:01:00Z"}
    assert client.simulate_get(ORGANIZATION).json == renamed.json
    assert newest_event(client) == (
        "ORGANIZATION_UPDATED",
        "ORGANIZATION",
        shown["id"],
        {"name": "Fell & Fjord Ltd"},
    )
    for body in ("", "{}", '{"name": ""}', '{"name": "x", "id": "y"}'):
        assert told(client.simulate_put(ORGANIZATION, body=body)) == (400, "Invalid request payload")


def members(client):
    return {row["email"].partition("@")[0]: row for row in client.simulate_get(MEMBERS).json}


def test_a_member_is_invited_once_and_may_be_invited_again(client):
    invited = client.simulate_post(MEMBERS, json={"email": "Mhairi@fellandfjord.example", "role": "EDITOR"})
    assert (invited.status_code, invited.json["message"]) == (201, "User successfully invited")
    uid = invited.json["uid"]
    again = client.simulate_post(MEMBERS, json={"email": "mhairi@fellandfjord.example", "role": "VIEWER"})
    assert (again.status_code, again.json["uid"]) == (201, uid)
    assert members(client)["Mhairi"] == {
        "uid": uid,
        "email": "Mhairi@fellandfjord.example",
        "role": "VIEWER",
        "status": "invited",
    }
    assert newest_event(client) == (
        "USER_INVITED",
        "USER",
        uid,
        {"email": "mhairi@fellandfjord.example", "role": "VIEWER"},
    )
    active = {"email": "rory@fellandfjord.example", "role": "ADMIN"}
    assert told(client.simulate_post(MEMBERS, json=active)) == (400, "User is already a member")
    assert len(members(client)) == 6


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("", "Invalid request payload"),
        ("{}", "Invalid request payload"),
        ('{"email": "mhairi", "role": "EDITOR"}', "Invalid request payload"),
        ('{"email": "m@fell.example", "role": "OWNER"}', "Invalid request payload"),
        ('{"email": "m@fell.example", "role": 1}', "Invalid request payload"),
        ('{"email": "m@fell.example", "role": "EDITOR", "name": "M"}', "Invalid request payload"),
        ('{"email": "m@fell.example"}', "Role cannot be empty"),
        ('{"email": "m@fell.example", "role": ""}', "Role cannot be empty"),
    ],
)
def test_an_invitation_that_makes_no_sense(client, body, text):
    assert told(client.simulate_post(MEMBERS, body=body)) == (400, text)


def test_a_role_changes_and_an_administrator_remains(client):
    ailsa, rory, zoe = (members(client)[name] for name in ("ailsa", "rory", "zoe"))

    def change(member, role):
        return client.simulate_put(f"{MEMBERS}/{member['uid']}", json={"role": role})

    last = (400, "At least one administrator must remain")
    assert told(change(ailsa, "VIEWER")) == last
    # Who has not come yet can't take over.
    assert change(zoe, "ADMIN").status_code == 200
    assert told(change(ailsa, "VIEWER")) == last
    assert change(ailsa, "ADMIN").status_code == 200
    changed = change(rory, "ADMIN")
    assert (changed.status_code, changed.json) == (200, {**rory, "role": "ADMIN"})
    assert newest_event(client) == (
        "USER_ROLE_CHANGED",
        "USER",
        rory["uid"],
        {"email": rory["email"], "from": "EDITOR", "role": "ADMIN"},
    )
    assert change(ailsa, "EDITOR").status_code == 200
    assert members(client)["ailsa"]["role"] == "EDITOR"
    assert told(change(rory, "OWNER")) == (400, "Invalid request payload")
    assert told(change(rory, "")) == (400, "Role cannot be empty")
    assert told(change({"uid": "nobody"}, "ADMIN")) == (404, "Member not found")


def test_a_member_who_is_removed_is_out_at_once(client, anyone, bearer):
    ailsa, rory = members(client)["ailsa"], members(client)["rory"]
    token = bearer(role="EDITOR")
    assert anyone.simulate_get(CHANNELS, headers=token).status_code == 200
    assert told(client.simulate_delete(f"{MEMBERS}/{ailsa['uid']}")) == (400, "You cannot remove yourself")
    assert client.simulate_delete(f"{MEMBERS}/{rory['uid']}").status_code == 204
    assert newest_event(client)[:2] == ("USER_REMOVED", "USER")
    assert "rory" not in members(client)
    assert told(client.simulate_delete(f"{MEMBERS}/{rory['uid']}")) == (404, "Member not found")
    assert told(anyone.simulate_get(CHANNELS, headers=token)) == (401, "Unauthorized: Invalid token")
    assert anyone.simulate_get(CHANNELS, headers=bearer(role="EDITOR")).status_code == 200  # Isla


def test_the_last_administrator_can_be_removed_by_nobody(client):
    # Ailsa's token is from when she was an administrator too.
    ailsa, rory = members(client)["ailsa"], members(client)["rory"]
    client.simulate_put(f"{MEMBERS}/{rory['uid']}", json={"role": "ADMIN"})
    client.simulate_put(f"{MEMBERS}/{ailsa['uid']}", json={"role": "EDITOR"})
    assert told(client.simulate_delete(f"{MEMBERS}/{rory['uid']}")) == (
        400,
        "At least one administrator must remain",
    )


# Settings

GOOD = {
    "inventory_allocation_model": "HARD",
    "auto_po_enabled": False,
    "default_low_stock_threshold": 8,
    "costing_method": "FIFO",
}


def test_settings_are_replaced(client, clock):
    before = client.simulate_get(SETTINGS).json
    clock.at += 60
    saved = client.simulate_put(SETTINGS, json=GOOD)
    assert saved.status_code == 200
    assert saved.json == {
        **before,
        **GOOD,
        "updated_by": saved.json["updated_by"],
        "updated_at": "2025-11-20T12:01:00Z",
    }
    assert client.simulate_get(SETTINGS).json == saved.json
    assert newest_event(client) == ("TENANT_SETTINGS_UPDATED", "TENANT_SETTINGS", before["id"], GOOD)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"inventory_allocation_model": "soft"}, "inventory_allocation_model must be HARD or SOFT"),
        ({"inventory_allocation_model": None}, "Invalid request body"),
        ({"costing_method": "LIFO"}, "costing_method must be WAC or FIFO"),
        ({"default_low_stock_threshold": -1}, "default_low_stock_threshold cannot be negative"),
        ({"default_low_stock_threshold": 2**31}, "Invalid request body"),
        ({"default_low_stock_threshold": 1.5}, "Invalid request body"),
        ({"auto_po_enabled": "yes"}, "Invalid request body"),
        ({"updated_by": "me"}, "Invalid request body"),
    ],
)
def test_settings_that_make_no_sense(client, change, text):
    assert told(client.simulate_put(SETTINGS, json={**GOOD, **change})) == (400, text)


def test_all_four_settings_are_needed(client):
    for name in GOOD:
        body = {key: value for key, value in GOOD.items() if key != name}
        assert told(client.simulate_put(SETTINGS, json=body)) == (400, "Invalid request body")


def test_a_tenant_without_settings_gets_them(anyone, bearer):
    token = bearer(tenant_id=STRANGER)
    assert told(anyone.simulate_get(SETTINGS, headers=token)) == (404, "tenant settings not found")
    saved = anyone.simulate_put(SETTINGS, json=GOOD, headers=token).json
    assert (saved["tenant_id"], saved["created_at"]) == (STRANGER, "2025-11-20T12:00:00Z")
    assert anyone.simulate_get(SETTINGS, headers=token).json == saved


# Audit


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
        "created_at": "2025-11-20T12:00:00Z",
    }


# Roles


@pytest.mark.parametrize(
    ("method", "path", "task"),
    [
        ("POST", "/api/v1/integrations/auth-url", "manage connections"),
        ("POST", CALLBACK, "manage connections"),
        ("DELETE", f"{CONNECTIONS}/x", "manage connections"),
        ("PUT", ORGANIZATION, "rename the organization"),
        ("POST", MEMBERS, "invite members"),
        ("PUT", f"{MEMBERS}/x", "change roles"),
        ("DELETE", f"{MEMBERS}/x", "remove members"),
        ("PUT", SETTINGS, "update tenant settings"),
    ],
)
@pytest.mark.parametrize("role", ["VIEWER", "EDITOR"])
def test_what_only_administrators_may_do_before_the_body_is_read(anyone, bearer, method, path, task, role):
    result = anyone.simulate_request(method, path, headers=bearer(role=role), body="{")
    assert told(result) == (403, f"Forbidden: Only Administrators can {task}")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", CHANNELS),
        ("PUT", f"{CHANNELS}/x"),
        ("POST", "/api/v1/oms/orders"),
        ("POST", "/api/v1/oms/orders/x/cancel"),
        ("POST", "/api/v1/oms/orders/x/fulfillments"),
        ("POST", "/api/v1/oms/orders/x/returns"),
        ("POST", "/api/v1/inventory/reservations"),
        ("DELETE", "/api/v1/inventory/reservations/x"),
    ],
)
def test_what_editors_may_do_and_viewers_not(anyone, bearer, method, path):
    def ask(role):
        return anyone.simulate_request(method, path, headers=bearer(role=role), body="{")

    assert told(ask("VIEWER")) == (403, "Forbidden: insufficient permissions")
    assert ask("EDITOR").status_code == 400


def test_a_stranger_finds_nothing_of_the_tenant(client, anyone, bearer):
    token = bearer(tenant_id=STRANGER)

    def ask(method, path, **options):
        return anyone.simulate_request(method, path, headers=token, **options)

    channel = client.simulate_get(CHANNELS).json["channels"][0]
    connection = client.simulate_get(CONNECTIONS).json["connections"][0]
    held = client.simulate_get("/api/v1/inventory/reservations").json["reservations"][0]
    body = {"name": "mine", "currency": "GBP", "active": True}
    assert told(ask("PUT", f"{CHANNELS}/{channel['id']}", json=body)) == (404, "Channel not found")
    assert told(ask("DELETE", f"{CONNECTIONS}/{connection['id']}")) == (404, "Connection not found")
    assert told(ask("DELETE", f"/api/v1/inventory/reservations/{held['id']}")) == (404, "Reservation not found")
    assert told(ask("DELETE", f"{MEMBERS}/{members(client)['rory']['uid']}")) == (404, "Member not found")
    assert told(ask("GET", ORGANIZATION)) == (403, "Forbidden: unknown organization")
    assert told(ask("PUT", ORGANIZATION, json={"name": "mine"})) == (403, "Forbidden: unknown organization")
    assert ask("GET", CONNECTIONS).json == {"connections": []}
    assert ask("GET", "/api/v1/inventory/reservations").json == {"reservations": []}
    assert ask("GET", MEMBERS).json == ask("GET", AUDIT).json == []
    assert channel in client.simulate_get(CHANNELS).json["channels"]
    assert connection in client.simulate_get(CONNECTIONS).json["connections"]
    assert held in client.simulate_get("/api/v1/inventory/reservations").json["reservations"]
