"""`synq settings set` from the line to the screen."""

import json
from typing import Any

import httpx
import pytest
from table import cases
from tenant import ENVIRON, Tenant

GET, PUT = "GET /api/v1/settings/tenant", "PUT /api/v1/settings/tenant"
KEPT = {
    "inventory_allocation_model": "SOFT",
    "auto_po_enabled": True,
    "default_low_stock_threshold": 5,
    "costing_method": "WAC",
}
SETTINGS = {"id": "e8d4c2b6", **KEPT, "updated_at": "2026-09-01T08:00:00Z"}
ALL = (
    "inventory_allocation_model=hard",
    "auto_po_enabled=false",
    "default_low_stock_threshold=0",
    "costing_method=fifo",
)


def body(**changed: Any) -> str:
    return f"{PUT} {json.dumps({**KEPT, **changed}, separators=(',', ':'))}"


@pytest.mark.parametrize(
    ("pairs", "changed", "shown"),
    [
        (
            ["default_low_stock_threshold=8"],
            {"default_low_stock_threshold": 8},
            ["Settings: low-stock threshold 5 → 8"],
        ),
        (
            ["costing_method=fifo", "Auto_PO_enabled=FALSE", "inventory_allocation_model=SOFT"],
            {"costing_method": "FIFO", "auto_po_enabled": False},
            ["Settings: costing WAC → FIFO", "Settings: draft purchase orders true → false"],
        ),
        (
            ["default_low_stock_threshold=0"],
            {"default_low_stock_threshold": 0},
            ["Settings: low-stock threshold 5 → 0"],
        ),
    ],
)
def test_what_is_not_named_is_kept(synq: Any, pairs: list[str], changed: Any, shown: list[str]) -> None:
    tenant = Tenant({GET: SETTINGS, PUT: {**SETTINGS, **changed, "updated_at": "2026-11-24T12:00:00Z"}})
    result = synq("settings", "set", *pairs, "-q", environ=ENVIRON, http=tenant, terminal=True)
    assert tenant.asked == [GET, body(**changed)]
    assert (result.status, result.err) == (0, "")
    assert [line for line in result.out.splitlines() if "→" in line] == shown


def test_the_answer_is_what_a_program_gets(synq: Any) -> None:
    after = {**SETTINGS, "default_low_stock_threshold": 8, "since": "now"}
    tenant = Tenant({GET: SETTINGS, PUT: after})
    result = synq("settings", "set", "default_low_stock_threshold=8", "--json", "-q", environ=ENVIRON, http=tenant)
    assert (result.status, json.loads(result.out), result.err) == (0, after, "")


def test_settings_as_they_are_are_not_sent(synq: Any) -> None:
    tenant = Tenant({GET: SETTINGS})
    line = ("settings", "set", "default_low_stock_threshold=5", "auto_po_enabled=true", "--json")
    result = synq(*line, environ=ENVIRON, http=tenant)
    assert (result.status, json.loads(result.out), tenant.asked) == (0, SETTINGS, [GET])
    assert result.err.startswith("No changes: nothing was sent.\n")


def test_a_dry_run_for_people_shows_only_what_changes(synq: Any) -> None:
    line = ("settings", "set", "costing_method=FIFO", "--dry-run", "-q")
    result = synq(*line, environ=ENVIRON, http=Tenant({GET: SETTINGS}), terminal=True)
    assert result.out.splitlines()[-1] == "costing_method WAC → FIFO"
    assert result.out.count("→") == 1


NEVER_SAVED = httpx.Response(404, text="tenant settings not found\n")


def test_a_tenant_that_never_saved_any_needs_all_four(synq: Any) -> None:
    changed = {
        "inventory_allocation_model": "HARD",
        "auto_po_enabled": False,
        "default_low_stock_threshold": 0,
        "costing_method": "FIFO",
    }
    tenant = Tenant({GET: NEVER_SAVED, PUT: changed})
    result = synq("settings", "set", *ALL, "-q", environ=ENVIRON, http=tenant, terminal=True)
    assert tenant.asked == [GET, body(**changed)]
    assert (result.status, result.out.splitlines()[0]) == (0, "Settings: allocation (none) → HARD")


@pytest.mark.parametrize("reply", [NEVER_SAVED, {"auto_po_enabled": False, "costing_method": "WAC"}])
def test_what_is_neither_named_nor_there_is_asked_for(synq: Any, reply: Any) -> None:
    tenant = Tenant({GET: reply})
    result = synq("settings", "set", *ALL[1::2], "-q", environ=ENVIRON, http=tenant)
    assert (result.status, result.out, tenant.asked) == (2, "", [GET])
    assert result.err == (
        "synq: The API replaces all four settings together, and this tenant has no inventory_allocation_model and no "
        "default_low_stock_threshold yet.\n"
        "  Add inventory_allocation_model=… default_low_stock_threshold=…\n"
    )


@cases(
    ("pairs", "said"),
    [
        ([], "Missing argument KEY=VALUE.\n  See `synq settings set --help`."),
        (
            ["costing_method"],
            'Invalid setting "costing_method".\n  Use KEY=VALUE, such as default_low_stock_threshold=8.',
        ),
        (
            ["costing_metod=WAC"],
            (
                'Unknown setting "costing_metod".\n  Did you mean costing_method? Use one of: '
                "inventory_allocation_model, auto_po_enabled, default_low_stock_threshold, costing_method."
            ),
        ),
        (["costing_method=WAC", "costing_method=FIFO"], "costing_method is given twice."),
        (["costing_method=LIFO"], 'Unknown costing_method "LIFO".\n  Did you mean FIFO? Use one of: WAC, FIFO.'),
        (["inventory_allocation_model="], 'Unknown inventory_allocation_model "".\n  Use one of: HARD, SOFT.'),
        (["auto_po_enabled=yes"], 'Unknown auto_po_enabled "yes".\n  Use one of: true, false.'),
        *(
            (
                [f"default_low_stock_threshold={wrong}"],
                (f'Invalid default_low_stock_threshold "{wrong}".\n  Use a whole number from 0 to 2,147,483,647.'),
            )
            for wrong in ("-1", "2147483648", "5.0", "five", "")
        ),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_sent(synq: Any, pairs: list[str], said: str) -> None:
    result = synq("settings", "set", *pairs, environ=ENVIRON, http=Tenant({}))
    assert (result.status, result.out, result.err) == (2, "", f"synq: {said}\n")
