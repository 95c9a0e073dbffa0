"""What a person sees of stock, channels, connections, members and settings, on a wide terminal and on a narrow one."""

import json
import re
from typing import Any

import pytest
from table import cases
from tenant import ENVIRON, INVENTORY, LEITH, LOCATIONS, OTHER, SHOP, VARIANT, Tenant

ROWS: dict[str, Any] = {
    f"GET {INVENTORY}/locations": LOCATIONS,
    f"GET {INVENTORY}/reservations": {"reservations": [
        {"id": "5d3b0e97-a1f6-4c82-b8d5-9e7c4f2a0168", "variant_id": VARIANT, "location_id": LEITH, "quantity": 3,
         "reference": "trunk-show-2026-12", "status": "ACTIVE", "created_at": "2026-11-24T09:00:00Z"},
        {"id": "0b1e9c55-4f7d-4a0f-9c39-0f6a52d1e001", "variant_id": OTHER, "location_id": SHOP, "quantity": 12,
         "reference": None, "status": "RELEASED", "created_at": "2026-11-20T12:00:00Z"},
        {"id": "77aa9c55-4f7d-4a0f-9c39-0f6a52d1e002", "variant_id": VARIANT, "location_id": LEITH, "quantity": 1,
         "reference": "86b4e1a9-c27d-4f50-9e38-f1a6d07c5b42", "status": "CONSUMED",
         "created_at": "2026-08-01T10:00:00Z"},
    ]},
    f"GET {INVENTORY}/ledger": {"entries": [
        {"id": "19f6a8d3-c7b0-4e52-9b4f-0e3d5a82c7f1", "variant_id": VARIANT, "location_id": LEITH,
         "quantity_delta": -3, "transaction_type": "adjustment", "notes": "API Adjustment", "unit_cost": None,
         "created_by": None, "created_at": "2026-11-24T11:30:00Z"},
        {"id": "e4c97b10-5f2d-4836-8ae1-c0b7d6f5a943", "variant_id": OTHER, "location_id": SHOP,
         "quantity_delta": 45, "transaction_type": "return", "notes": None, "unit_cost": "12.50",
         "created_by": None, "created_at": "2026-11-20T12:00:00Z"},
        {"id": "a1c97b10-5f2d-4836-8ae1-c0b7d6f5a944", "variant_id": VARIANT, "location_id": LEITH,
         "quantity_delta": -1, "transaction_type": "sale", "notes": "Order 86b4e1a9-c27d-4f50-9e38-f1a6d07c5b42",
         "unit_cost": None, "created_by": None, "created_at": "2026-08-20T07:15:00Z"},
    ]},
    "GET /api/v1/channels": {"channels": [
        {"id": "70b3e8f4-5d1a-4c96-8e27-a2f9c6d0b148", "name": "web-storefront", "currency": "GBP", "active": True,
         "created_at": "2026-08-01T09:00:00Z", "updated_at": "2026-11-24T09:00:00Z"},
        {"id": "f5a19c27-e8b0-4d63-9a7e-04c8d2b6f371", "name": "high-street", "currency": "EUR", "active": False,
         "created_at": "2026-11-20T12:30:00Z", "updated_at": "2026-11-20T12:30:00Z"},
    ]},
    "GET /api/v1/integrations/connections": {"connections": [
        {"id": "7c633e3c-fe1f-48c4-bb91-2f8462d99287", "unified_connection_id": "5d3e053c296c1302c619c858",
         "provider": "xero", "status": "PAUSED", "created_at": "2026-09-12T10:00:00Z",
         "updated_at": "2026-11-23T12:00:00Z"},
        {"id": "8f02d6c5-b94e-4a17-83fd-e6b1c0a7d529", "unified_connection_id": "66f3c2a8e19d4b7051d8a0f2",
         "provider": "shopify", "status": "ACTIVE", "created_at": "2026-08-07T14:22:09Z",
         "updated_at": "2026-08-07T14:22:09Z"},
    ]},
    "GET /api/v1/organization/members": [
        {"uid": "T7uKfW1oGzXq6BvM3nHy9rSeC0i2", "email": "rory@fellandfjord.example", "role": "EDITOR",
         "status": "invited"},
        {"uid": "Jx4mVtQ9sLhR2cYw8ZbN5kDp0aE3", "email": "Ailsa@fellandfjord.example", "role": "owner",
         "status": "active"},
    ],
    "GET /api/v1/organization": {
        "id": "b3e8a6d2-91c4-4f0e-8d57-70c1e6f9a245", "name": "Fell & Fjord Knitwear",
        "tenant_id": "6f1d2c84-3b7a-4e59-9c10-2a8e5d4b7f31", "created_at": "2026-07-30T10:00:00Z",
        "updated_at": "2026-11-23T12:00:00Z", "vat_id": "GB 123",
    },
    "GET /api/v1/settings/tenant": {
        "inventory_allocation_model": "SOFT", "auto_po_enabled": True, "default_low_stock_threshold": 5,
        "costing_method": "WAC", "updated_at": "2026-11-01T08:00:00Z",
        "updated_by": "d94c1f7e-5a28-4b63-a1ef-38b60c7d9e12",
    },
}  # fmt: skip
SHOWN = {
    "inventory reservations": (
        """
ID                                    Variant                               Quantity  Location          Status    Reference                             Created
5d3b0e97-a1f6-4c82-b8d5-9e7c4f2a0168  HMC-NVY-M                                    3  Leith warehouse   ACTIVE    trunk-show-2026-12                    3 h ago
0b1e9c55-4f7d-4a0f-9c39-0f6a52d1e001  c82b5d09-7e41-4f3a-8b16-f9a0d4e7235c        12  High Street shop  RELEASED                                        4 d ago
77aa9c55-4f7d-4a0f-9c39-0f6a52d1e002  HMC-NVY-M                                    1  Leith warehouse   CONSUMED  86b4e1a9-c27d-4f50-9e38-f1a6d07c5b42  2026-08-01
""",  # noqa: E501 a picture of a wide terminal
        """
ID         Variant        Quantity  Location        Status
5d3b0e97…  HMC-NVY-M             3  Leith warehou…  ACTIVE
0b1e9c55…  c82b5d09-7e4…        12  High Street s…  RELEASED
77aa9c55…  HMC-NVY-M             1  Leith warehou…  CONSUMED
""",
    ),
    "inventory ledger": (
        """
Posted      Variant                               Quantity  Location          Type        Notes                                       Unit cost  Entry
30 min ago  HMC-NVY-M                                   -3  Leith warehouse   adjustment  API Adjustment                                         19f6a8d3-c7b0-4e52-9b4f-0e3d5a82c7f1
4 d ago     c82b5d09-7e41-4f3a-8b16-f9a0d4e7235c       +45  High Street shop  return                                                      12.50  e4c97b10-5f2d-4836-8ae1-c0b7d6f5a943
2026-08-20  HMC-NVY-M                                   -1  Leith warehouse   sale        Order 86b4e1a9-c27d-4f50-9e38-f1a6d07c5b42             a1c97b10-5f2d-4836-8ae1-c0b7d6f5a944
""",  # noqa: E501 a picture of a wide terminal
        """
Posted      Variant       Quantity  Location      Type
30 min ago  HMC-NVY-M           -3  Leith wareh…  adjustment
4 d ago     c82b5d09-7e…       +45  High Street…  return
2026-08-20  HMC-NVY-M           -1  Leith wareh…  sale
""",
    ),
    "channels list": (
        """
ID                                    Name            Currency  Takes orders  Created     Changed
f5a19c27-e8b0-4d63-9a7e-04c8d2b6f371  high-street     EUR       no            3 d ago     3 d ago
70b3e8f4-5d1a-4c96-8e27-a2f9c6d0b148  web-storefront  GBP       yes           2026-08-01  3 h ago
""",
        """
ID         Name            Currency  Takes orders
f5a19c27…  high-street     EUR       no
70b3e8f4…  web-storefront  GBP       yes
""",
    ),
    "integrations list": (
        """
ID                                    Provider  Status  Connection                Created     Changed
8f02d6c5-b94e-4a17-83fd-e6b1c0a7d529  shopify   ACTIVE  66f3c2a8e19d4b7051d8a0f2  2026-08-07  2026-08-07
7c633e3c-fe1f-48c4-bb91-2f8462d99287  xero      PAUSED  5d3e053c296c1302c619c858  2026-09-12  1 d ago
""",
        """
ID         Provider  Status  Connection
8f02d6c5…  shopify   ACTIVE  66f3c2a8e19d4b7051d8a0f2
7c633e3c…  xero      PAUSED  5d3e053c296c1302c619c858
""",
    ),
    "organization members list": (
        """
Email                       Role    Status   UID
Ailsa@fellandfjord.example  owner   active   Jx4mVtQ9sLhR2cYw8ZbN5kDp0aE3
rory@fellandfjord.example   EDITOR  invited  T7uKfW1oGzXq6BvM3nHy9rSeC0i2
""",
        """
Email                       Role    Status
Ailsa@fellandfjord.example  owner   active
rory@fellandfjord.example   EDITOR  invited
""",
    ),
    "organization show": (
        """
ID       b3e8a6d2-91c4-4f0e-8d57-70c1e6f9a245
Name     Fell & Fjord Knitwear
Tenant   6f1d2c84-3b7a-4e59-9c10-2a8e5d4b7f31
Created  2026-07-30 10:00:00 UTC
Changed  2026-11-23 12:00:00 UTC (1 d ago)
vat_id   GB 123
""",
    )
    * 2,
    "settings show": (
        """
Allocation             SOFT
Costing                WAC
Low-stock threshold    5
Draft purchase orders  yes
Changed                2026-11-01 08:00:00 UTC (23 d ago)
Changed by             d94c1f7e-5a28-4b63-a1ef-38b60c7d9e12
""",
    )
    * 2,
}


@cases("line", SHOWN)
@cases(("width", "which"), [("200", 0), ("60", 1)])
def test_on_a_terminal(synq: Any, line: str, width: str, which: int) -> None:
    synq("inventory", "skus", "add", "HMC-NVY-M", VARIANT, environ=ENVIRON)
    environ = {**ENVIRON, "COLUMNS": width}
    result = synq(*line.split(), "-q", environ=environ, http=Tenant(ROWS), terminal=True)
    assert ("\n" + result.out, result.err) == (SHOWN[line][which], "")


@pytest.mark.parametrize("line", SHOWN)
def test_json_is_what_the_api_gave_and_costs_one_request(synq: Any, line: str) -> None:
    tenant = Tenant(ROWS)
    result = synq(*line.split(), "--json", "-q", environ=ENVIRON, http=tenant)
    (asked,) = tenant.asked
    given = ROWS[asked.partition("?")[0]]
    found = json.loads(result.out)
    rows = next(iter(given.values())) if isinstance(found, list) and isinstance(given, dict) else given
    assert (found if isinstance(found, dict) else sorted(found, key=str)) == (
        rows if isinstance(rows, dict) else sorted(rows, key=str)
    )


@pytest.mark.parametrize(
    ("line", "colored"),
    [
        ("inventory reservations", ["\x1b[32mACTIVE", "\x1b[2mRELEASED", "\x1b[2mCONSUMED"]),
        ("inventory ledger", ["\x1b[31m-3", "\x1b[32m+45"]),
        ("integrations list", ["\x1b[32mACTIVE"]),
        ("organization members list", ["\x1b[32mactive", "\x1b[33minvited"]),
    ],
)
def test_states_and_signed_quantities_have_their_colors(synq: Any, line: str, colored: list[str]) -> None:
    environ = {**ENVIRON, "COLUMNS": "200", "NO_COLOR": ""}
    out = synq(*line.split(), environ=environ, http=Tenant(ROWS), terminal=True).out
    aligned = re.sub(r"m +", "m", out)
    assert [text for text in colored if text not in aligned] == []
