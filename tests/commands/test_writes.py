"""What every command that writes has in common: dry runs, refusals, missing routes, lost answers, read-only runs."""

import json
import shlex
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from table import cases
from tenant import ENVIRON, INVENTORY, LEITH, LOCATIONS, VARIANT, Tenant

HOLD = "5d3b0e97-a1f6-4c82-b8d5-9e7c4f2a0168"
CHANNEL = "f5a19c27-e8b0-4d63-9a7e-04c8d2b6f371"
CONNECTION = "8f02d6c5-b94e-4a17-83fd-e6b1c0a7d529"
UID = "T7uKfW1oGzXq6BvM3nHy9rSeC0i2"
ORGANIZATION = "/api/v1/organization"
CHANNELS = {"channels": [{"id": CHANNEL, "name": "high-street", "currency": "GBP", "active": True}]}
CONNECTIONS = {
    "connections": [{"id": CONNECTION, "unified_connection_id": "66f3c2a8", "provider": "shopify", "status": "ACTIVE"}]
}
MEMBERS = [
    {"uid": "Jx4m", "email": "ailsa@fellandfjord.example", "role": "ADMIN", "status": "active"},
    {"uid": "Kp2n", "email": "isla@fellandfjord.example", "role": "ADMIN", "status": "active"},
    {"uid": UID, "email": "rory@fellandfjord.example", "role": "EDITOR", "status": "invited"},
]
SETTINGS = {
    "inventory_allocation_model": "SOFT",
    "auto_po_enabled": True,
    "default_low_stock_threshold": 5,
    "costing_method": "WAC",
}
RESERVATIONS = {
    "reservations": [
        {
            "id": HOLD,
            "variant_id": VARIANT,
            "location_id": LEITH,
            "quantity": 3,
            "reference": "trunk-show",
            "status": "ACTIVE",
            "created_at": "2026-11-24T09:00:00Z",
        }
    ]
}
READS = {
    f"GET {INVENTORY}/reservations": RESERVATIONS,
    f"GET {INVENTORY}/locations": LOCATIONS,
    f"GET {INVENTORY}/levels": {"levels": [{"variant_id": VARIANT, "location_id": LEITH, "available": 37}]},
    "GET /api/v1/channels": CHANNELS,
    "GET /api/v1/integrations/connections": CONNECTIONS,
    f"GET {ORGANIZATION}": {"id": "b3e8a6d2", "name": "Fell & Fjord Knitwear"},
    f"GET {ORGANIZATION}/members": MEMBERS,
    "GET /api/v1/settings/tenant": SETTINGS,
}


@dataclass
class Write:
    """A line, what it sends in the end, and what that changes."""

    line: str
    method: str
    path: str
    body: Any = None
    before: Any = None
    after: Any = None
    reads: list[str] = field(default_factory=list)
    presumed: bool = False
    needs: str = ""
    look: str = ""

    @property
    def words(self) -> list[str]:
        return shlex.split(self.line)

    @property
    def sent(self) -> str:
        body = [] if self.body is None else [json.dumps(self.body, separators=(",", ":"))]
        return " ".join([self.method, self.path, *body])


WRITES = {
    "reserve": Write(
        f"inventory reserve {VARIANT} 3 --location {LEITH} --reference trunk-show",
        "POST",
        f"{INVENTORY}/reservations",
        {"variant_id": VARIANT, "location_id": LEITH, "quantity": 3, "reference": "trunk-show"},
        {"available": 37},
        {"available": 34},
        presumed=True,
        look=f"Before you reserve again, look for 3 of {VARIANT} at the top of "
        f"`synq inventory reservations --sku {VARIANT} --status active`.",
    ),
    "release": Write(
        "inventory release 5d3b0e97 --yes",
        "DELETE",
        f"{INVENTORY}/reservations/{HOLD}",
        before={"status": "ACTIVE", "quantity": 3},
        after={"status": "RELEASED", "quantity": 0},
        reads=[f"GET {INVENTORY}/reservations"],
        presumed=True,
    ),
    "channel": Write(
        "channels create nordic-web --currency eur --inactive",
        "POST",
        "/api/v1/channels",
        {"name": "nordic-web", "currency": "EUR", "active": False},
        needs="This requires the role EDITOR or ADMIN. ",
        look="Look for nordic-web in `synq channels list` before you send it again.",
    ),
    "channel change": Write(
        "channels update high-street --inactive",
        "PUT",
        f"/api/v1/channels/{CHANNEL}",
        {"name": "high-street", "currency": "GBP", "active": False},
        {"name": "high-street", "currency": "GBP", "active": True},
        {"name": "high-street", "currency": "GBP", "active": False},
        reads=["GET /api/v1/channels"],
        presumed=True,
    ),
    "authorization": Write(
        "integrations connect",
        "POST",
        "/api/v1/integrations/auth-url",
        look="Nothing was stored: run the command again.",
    ),
    "connection": Write(
        "integrations save 66f3c2a8e19d4b7051d8a0f2 --category Accounting --provider Xero",
        "POST",
        "/api/v1/integrations/callback",
        {"connection_id": "66f3c2a8e19d4b7051d8a0f2", "category": "accounting", "provider": "xero"},
        look="`synq integrations list` shows whether it is there. "
        "Saving it again is safe, but adds another entry to the audit log.",
    ),
    "disconnection": Write(
        "integrations disconnect 8f02 --yes",
        "DELETE",
        f"/api/v1/integrations/connections/{CONNECTION}",
        before={"status": "ACTIVE"},
        after={"status": None},
        reads=["GET /api/v1/integrations/connections"],
        presumed=True,
    ),
    "organization": Write(
        "organization update --name 'Fell & Fjord Ltd'",
        "PUT",
        ORGANIZATION,
        {"name": "Fell & Fjord Ltd"},
        {"name": "Fell & Fjord Knitwear"},
        {"name": "Fell & Fjord Ltd"},
        reads=[f"GET {ORGANIZATION}"],
        presumed=True,
        needs="This requires the role ADMIN. ",
    ),
    "invitation": Write(
        "organization members invite rory@fellandfjord.example --role editor",
        "POST",
        f"{ORGANIZATION}/members",
        {"email": "rory@fellandfjord.example", "role": "EDITOR"},
        needs="This requires the role ADMIN. ",
        look="Look for rory@fellandfjord.example in `synq organization members list` first: "
        "a second invitation sends another email.",
    ),
    "role": Write(
        "organization members set-role rory@fellandfjord.example viewer",
        "PUT",
        f"{ORGANIZATION}/members/{UID}",
        {"role": "VIEWER"},
        {"role": "EDITOR"},
        {"role": "VIEWER"},
        reads=[f"GET {ORGANIZATION}/members"],
        presumed=True,
        needs="This requires the role ADMIN. ",
    ),
    "removal": Write(
        f"organization members remove {UID} --yes",
        "DELETE",
        f"{ORGANIZATION}/members/{UID}",
        before={"role": "EDITOR"},
        after={"role": None},
        reads=[f"GET {ORGANIZATION}/members"],
        presumed=True,
        needs="This requires the role ADMIN. ",
    ),
    "settings": Write(
        "settings set default_low_stock_threshold=8 costing_method=fifo",
        "PUT",
        "/api/v1/settings/tenant",
        {**SETTINGS, "default_low_stock_threshold": 8, "costing_method": "FIFO"},
        SETTINGS,
        {**SETTINGS, "default_low_stock_threshold": 8, "costing_method": "FIFO"},
        reads=["GET /api/v1/settings/tenant"],
        needs="This requires the role ADMIN. ",
    ),
}
ASKING = [name for name, write in WRITES.items() if write.look]
PRESUMED = [name for name, write in WRITES.items() if write.presumed]


def replying(write: Write, reply: Any) -> Tenant:
    return Tenant({**READS, f"{write.method} {write.path}": reply})


@cases("name", WRITES)
def test_a_dry_run_shows_what_would_be_sent_and_sends_no_write(synq: Any, name: str) -> None:
    write = WRITES[name]
    tenant = Tenant(READS)
    result = synq(*write.words, "--dry-run", "--json", "-q", environ=ENVIRON, http=tenant)
    assert (result.status, result.err) == (0, "")
    assert json.loads(result.out) == {
        "dry_run": True,
        "method": write.method,
        "path": write.path,
        "body": write.body,
        "before": write.before,
        "after": write.after,
    }
    assert {asked.split()[0] for asked in tenant.asked} <= {"GET"}
    if write.reads:
        assert tenant.asked == write.reads


@cases("name", WRITES)
def test_a_dry_run_needs_no_right_to_write_and_asks_nothing(synq: Any, name: str) -> None:
    write = WRITES[name]
    words = [word for word in write.words if word != "--yes"]
    result = synq("--read-only", *words, "--dry-run", environ=ENVIRON, http=Tenant(READS), terminal=True)
    assert (result.status, "[y/N]" in result.err) == (0, False)
    assert result.out.splitlines()[0] == f"Would send {write.method} {write.path}"


@cases("name", WRITES)
def test_a_read_only_run_sends_nothing_at_all(synq: Any, name: str) -> None:
    tenant = Tenant({})
    result = synq("--read-only", *WRITES[name].words, environ=ENVIRON, http=tenant)
    assert (result.status, result.out, tenant.asked) == (11, "", [])


@cases("name", WRITES)
def test_a_refusal_says_which_role_it_needs(synq: Any, name: str) -> None:
    write = WRITES[name]
    tenant = replying(write, httpx.Response(403, text="Forbidden: insufficient permissions\n"))
    result = synq(*write.words, "--json", "-q", environ=ENVIRON, http=tenant)
    assert (result.status, result.out, tenant.asked) == (4, "", [*write.reads, write.sent])
    told = json.loads(result.err)["error"]
    assert told["message"].endswith(": Forbidden: insufficient permissions.")
    assert told["hint"] == f"{write.needs}`synq auth status` shows your role and tenant."


@pytest.mark.parametrize("name", PRESUMED)
def test_a_route_that_is_missing_costs_no_request_the_second_time(synq: Any, name: str) -> None:
    write = WRITES[name]
    tenant = replying(write, httpx.Response(404, text="404 page not found\n"))
    first = synq(*write.words, "-q", environ=ENVIRON, http=tenant)
    assert (first.status, first.out, tenant.asked) == (5, "", [*write.reads, write.sent])
    assert first.err.startswith("synq: This server does not offer ")
    nobody = Tenant({})
    second = synq(*write.words, "-q", environ=ENVIRON, http=nobody)
    assert (second.status, second.err, nobody.asked) == (5, first.err, [])


@cases("name", ASKING)
@cases("lost", [httpx.ReadTimeout("late"), httpx.Response(500, text="no"), httpx.Response(201, html="<html>")])
def test_where_no_answer_comes_it_is_sent_once_and_says_how_to_look(synq: Any, name: str, lost: Any) -> None:
    write = WRITES[name]
    tenant = replying(write, lost)
    result = synq(*write.words, "--json", "-q", environ=ENVIRON, http=tenant)
    assert (result.status, result.out, tenant.asked) == (10, "", [write.sent])
    assert json.loads(result.err)["error"]["hint"] == write.look


@pytest.mark.parametrize("name", ASKING)
def test_an_answer_that_is_no_object_is_not_shown_as_one(synq: Any, name: str) -> None:
    result = synq(*WRITES[name].words, "-q", environ=ENVIRON, http=replying(WRITES[name], []))
    assert (result.status, result.out) == (10, "")
    assert "it is not an object" in result.err


@pytest.mark.parametrize("name", ["release", "disconnection", "removal"])
def test_what_is_destroyed_is_asked_for(synq: Any, name: str) -> None:
    write = WRITES[name]
    words = [word for word in write.words if word != "--yes"]
    tenant = replying(write, httpx.Response(204))
    off = synq(*words, "-q", environ=ENVIRON, http=tenant)
    assert (off.status, off.out, tenant.asked) == (11, "", write.reads)
    assert off.err.endswith("  Add --yes to skip this prompt.\n")
    no = synq(*words, environ=ENVIRON, http=tenant, terminal=True, stdin="n\n")
    assert (no.status, no.out, write.sent in tenant.asked) == (11, "", False)
    yes = synq(*words, environ=ENVIRON, http=tenant, terminal=True, stdin="y\n")
    assert (yes.status, yes.out, tenant.asked[-1]) == (0, "", write.sent)
