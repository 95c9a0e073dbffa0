"""`synq inventory reserve/release/reservations` from the line to the screen."""

import json
from typing import Any

import httpx
import pytest
from table import cases
from tenant import ENVIRON, INVENTORY, LEITH, LOCATIONS, OTHER, SHOP, VARIANT, Tenant

LIST, CREATE = f"GET {INVENTORY}/reservations", f"POST {INVENTORY}/reservations"
HOLD, LEFT = "5d3b0e97-a1f6-4c82-b8d5-9e7c4f2a0168", "5d3bffff-4f7d-4a0f-9c39-0f6a52d1e002"
MADE = {
    "id": HOLD,
    "variant_id": VARIANT,
    "location_id": LEITH,
    "quantity": 3,
    "reference": "trunk-show",
    "status": "ACTIVE",
    "created_at": "2026-11-24T12:00:00Z",
}
ROWS = {
    "reservations": [
        MADE,
        {**MADE, "id": LEFT, "location_id": SHOP, "status": "consumed", "reference": None},
        {**MADE, "id": "77aa9c55-4f7d-4a0f-9c39-0f6a52d1e002", "variant_id": OTHER.upper(), "status": "RELEASED"},
    ]
}
LEVEL = {"variant_id": VARIANT, "location_id": LEITH, "on_hand": 42, "reserved": 5, "available": 37}
LEVELS = {f"GET {INVENTORY}/levels": {"levels": [LEVEL | {"location_id": SHOP, "available": 1}, LEVEL]}}
KNOWN = {f"GET {INVENTORY}/locations": LOCATIONS, LIST: ROWS, CREATE: MADE, **LEVELS}
RESERVE = ("inventory", "reserve", "HMC-NVY-M", "3", "--location", "leith warehouse", "--reference", " trunk-show ")


@pytest.fixture
def taught(synq: Any) -> Any:
    """A synq that knows the SKU."""
    assert synq("inventory", "skus", "add", "HMC-NVY-M", VARIANT, environ=ENVIRON).status == 0
    return synq


def test_in_a_script_a_known_sku_and_a_location_id_cost_one_request(taught: Any) -> None:
    tenant = Tenant({CREATE: MADE})
    line = ("inventory", "reserve", "HMC-NVY-M", "3", "--location", LEITH, "--json")
    result = taught(*line, environ=ENVIRON, http=tenant)
    body = f'{{"variant_id":"{VARIANT}","location_id":"{LEITH}","quantity":3}}'
    assert tenant.asked == [f"{CREATE} {body}"]
    assert (result.status, json.loads(result.out)) == (0, MADE)


def test_on_a_terminal_what_is_available_is_shown_before_and_after(taught: Any) -> None:
    tenant = Tenant(KNOWN)
    result = taught(*RESERVE, "-q", environ=ENVIRON, http=tenant, terminal=True)
    assert result.out == (
        "HMC-NVY-M at Leith warehouse: available 37 → 34\n"
        f"ID         {HOLD}\n"
        "Variant    HMC-NVY-M\n"
        "Quantity   3\n"
        "Location   Leith warehouse\n"
        "Status     ACTIVE\n"
        "Reference  trunk-show\n"
        "Created    just now\n"
    )
    body = f'{{"variant_id":"{VARIANT}","location_id":"{LEITH}","quantity":3,"reference":"trunk-show"}}'
    assert tenant.asked == [
        f"GET {INVENTORY}/locations",
        f"GET {INVENTORY}/levels?variant_id={VARIANT}&location_id={LEITH}",
        f"{CREATE} {body}",
    ]


def test_more_than_is_available_is_warned_of_and_the_api_decides(taught: Any) -> None:
    refusal = httpx.Response(400, json={"error": "Not enough stock: 37 available"})
    line = ("inventory", "reserve", "HMC-NVY-M", "38", "--location", "Leith warehouse", "-q")
    result = taught(*line, environ=ENVIRON, http=Tenant({**KNOWN, CREATE: refusal}), terminal=True)
    assert (result.status, result.out) == (3, "")
    assert result.err == (
        "Warning: Only 37 of HMC-NVY-M are available at Leith warehouse.\n"
        "synq: The API refused the reservation of stock: Not enough stock: 37 available.\n"
    )


def test_without_levels_it_is_reserved_all_the_same(taught: Any) -> None:
    tenant = Tenant({**KNOWN, f"GET {INVENTORY}/levels": httpx.Response(404)})
    result = taught(*RESERVE, "-q", environ=ENVIRON, http=tenant, terminal=True)
    assert (result.status, result.err, result.out.splitlines()[0]) == (0, "", f"ID         {HOLD}")


@cases(
    ("line", "said"),
    [
        (("reserve", "A", "0"), 'Invalid quantity "0".\n  Use a whole number from 1 to 2,147,483,647.'),
        (("reserve", "A", "-3"), 'Invalid quantity "-3".\n  Use a whole number from 1 to 2,147,483,647.'),
        (("reserve", "A", "1.5"), 'Invalid quantity "1.5".\n  Use a whole number from 1 to 2,147,483,647.'),
        (("reserve", " ", "1"), "The SKU can't be blank."),
        (("reserve", "A", "1", "--reference", " "), "The reference can't be blank."),
        (("release", " "), "The reservation id can't be blank."),
        (
            ("reservations", "--status", "activ"),
            (
                'Invalid value "activ" for --status: use ACTIVE, RELEASED or CONSUMED.\n'
                "  Did you mean ACTIVE? See `synq inventory reservations --help`."
            ),
        ),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_sent(synq: Any, line: tuple[str, ...], said: str) -> None:
    result = synq("inventory", *line, environ=ENVIRON, http=Tenant({}))
    assert (result.status, result.out, result.err) == (2, "", f"synq: {said}\n")


def listed(synq: Any, *line: str) -> tuple[list[str], list[str]]:
    tenant = Tenant(KNOWN)
    result = synq("inventory", "reservations", *line, "--json", "-q", environ=ENVIRON, http=tenant)
    assert (result.status, result.err) == (0, "")
    return [row["id"][:8] for row in json.loads(result.out)], tenant.asked


def test_they_are_filtered_here(taught: Any) -> None:
    assert listed(taught) == (["5d3b0e97", "5d3bffff", "77aa9c55"], [LIST])
    assert listed(taught, "--status", "Consumed") == (["5d3bffff"], [LIST])
    assert listed(taught, "--sku", "HMC-NVY-M", "--status", "ACTIVE") == (["5d3b0e97"], [LIST])
    assert listed(taught, "--sku", OTHER) == (["77aa9c55"], [LIST])
    assert listed(taught, "--location", SHOP) == (["5d3bffff"], [LIST])
    assert listed(taught, "--location", "High Street shop")[0] == ["5d3bffff"]
    none = taught("inventory", "reservations", "--sku", SHOP, "-q", environ=ENVIRON, http=Tenant(KNOWN))
    assert none.out == "id\tvariant_id\tquantity\tlocation_id\tstatus\treference\tcreated_at\n"


def test_a_sku_shown_elsewhere_is_shown_by_name_without_a_request(synq: Any) -> None:
    levels = {f"GET {INVENTORY}/levels": {"levels": [LEVEL | {"sku": "HMC-NVY-M"}]}}
    assert synq("inventory", "levels", environ=ENVIRON, http=Tenant(levels)).status == 0
    tenant = Tenant(KNOWN)
    line = ("inventory", "reservations", "--columns", "variant,location")
    result = synq(*line, environ=ENVIRON, http=tenant, terminal=True)
    assert [row.split()[0] for row in result.out.splitlines()] == ["Variant", "HMC-NVY-M", "HMC-NVY-M", OTHER.upper()]
    assert tenant.asked == [LIST, f"GET {INVENTORY}/locations"]


def test_release_shows_the_released_units(taught: Any) -> None:
    # Names are shown where they are known; nothing is sent for them.
    taught("inventory", "locations", environ=ENVIRON, http=Tenant(KNOWN))
    tenant = Tenant({**KNOWN, f"DELETE {INVENTORY}/reservations/{HOLD}": httpx.Response(204)})
    line = ("inventory", "release", "5d3b0", "-q")
    result = taught(*line, environ=ENVIRON, http=tenant, terminal=True, stdin="y\n")
    assert (result.status, result.out) == (0, "")
    assert result.err == f"Release {HOLD}: 3 of HMC-NVY-M at Leith warehouse (trunk-show)? [y/N] "
    assert tenant.asked == [LIST, f"DELETE {INVENTORY}/reservations/{HOLD}"]


@pytest.mark.parametrize(
    ("word", "status", "said"),
    [
        (
            LEFT,
            8,
            (
                f"Reservation {LEFT} is already CONSUMED: it holds no units.\n"
                "  `synq inventory reservations --status active` lists those that hold units."
            ),
        ),
        (
            "5d3b",
            2,
            f'Ambiguous reservation "5d3b": 2 match.\n  Use one of: {HOLD}, {LEFT}. See `synq inventory reservations`.',
        ),
        ("5d3", 5, 'Unknown reservation "5d3".\n  See `synq inventory reservations`.'),
        (SHOP, 5, f'Unknown reservation "{SHOP}".\n  See `synq inventory reservations`.'),
    ],
)
def test_what_can_not_be_released(taught: Any, word: str, status: int, said: str) -> None:
    tenant = Tenant(KNOWN)
    result = taught("inventory", "release", word, "--yes", "-q", environ=ENVIRON, http=tenant)
    assert (result.status, result.out, result.err, tenant.asked) == (status, "", f"synq: {said}\n", [LIST])
