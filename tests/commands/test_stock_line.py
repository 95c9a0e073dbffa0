"""`synq inventory` and `synq products` on the embedded tenant."""

import json
from typing import Any

import httpx
import pytest
from tenant import ENVIRON, VARIANT, Tenant

LEITH = ("--location", "Leith warehouse")
PLACE = "e07a2f5c-41b8-4d93-8c6e-b9f5d3a1720e"


@pytest.fixture
def synq(synq: Any) -> Any:
    """A synq whose sandbox is there."""
    synq.seed_sandbox()
    return synq


def recording(*bodies: object) -> tuple[httpx.MockTransport, list[tuple[str, str, object]]]:
    """Replies one after the other; method, path and body of each request."""
    queue, seen = list(bodies), []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append((request.method, request.url.path, json.loads(request.content or "null")))
        return httpx.Response(200, json=queue.pop(0))

    return httpx.MockTransport(handle), seen


@pytest.mark.parametrize(("quantity", "delta"), [("-5", -5), ("+5", 5), ("5", 5)])
def test_a_known_sku_in_a_script_costs_one_request(synq: Any, quantity: str, delta: int) -> None:
    assert synq("inventory", "skus", "add", "HMC", VARIANT, environ=ENVIRON).status == 0
    http, seen = recording({"id": "entry", "quantity_delta": delta})
    line = ("inventory", "adjust", "HMC", quantity, "--location", PLACE, "--fields", "id,quantity_delta")
    result = synq(*line, environ=ENVIRON, http=http)
    body = {"variant_id": VARIANT, "location_id": PLACE, "quantity_delta": delta}
    assert seen == [("POST", "/api/v1/inventory/adjust", body)]
    assert result.out == f"id\tquantity_delta\nentry\t{delta}\n"


def test_on_a_terminal_before_and_after_are_shown(synq: Any) -> None:
    result = synq("--sandbox", "inventory", "adjust", "HMC-NVY-M", "-5", *LEITH, terminal=True)
    assert result.out.splitlines()[0] == "HMC-NVY-M at Leith warehouse: on hand 42 → 37"
    assert "Quantity   -5\n" in result.out
    again = synq("--sandbox", "inventory", "adjust", "HMC-NVY-M", "+5", *LEITH, terminal=True)
    assert again.out.splitlines()[0] == "HMC-NVY-M at Leith warehouse: on hand 37 → 42"


def test_a_dry_run_shows_the_request_and_changes_nothing(synq: Any) -> None:
    line = ("--sandbox", "inventory", "adjust", "HMC-NVY-M", "-5", *LEITH, "--dry-run")
    for _ in range(2):
        plan = json.loads(synq(*line, "--json", "-q").out)
        assert plan["body"].pop("quantity_delta") == -5
        assert set(plan.pop("body")) == {"variant_id", "location_id"}
        assert plan == {
            "dry_run": True,
            "method": "POST",
            "path": "/api/v1/inventory/adjust",
            "before": {"on_hand": 42},
            "after": {"on_hand": 37},
        }
    assert synq(*line, terminal=True).out.splitlines()[-1] == "on hand 42 → 37"


def test_the_location_is_the_option_else_the_profiles_else_asked_for(synq: Any) -> None:
    asked = synq("--sandbox", "inventory", "adjust", "HMC-NVY-M", "-1", "-q")
    assert (asked.status, asked.out) == (2, "")
    assert asked.err == (
        "synq: Which location? There are 3: High Street shop, Leith warehouse, Tromsø lager.\n"
        '  Add --location NAME, or set a default: synq config set location "NAME"\n'
    )
    assert synq("--sandbox", "config", "set", "location", "leith warehouse").status == 0
    assert synq("--sandbox", "inventory", "adjust", "HMC-NVY-M", "-1", "-q").status == 0
    wrong = synq("--sandbox", "inventory", "adjust", "HMC-NVY-M", "-1", "--location", "Leeds", "-q")
    assert wrong.status == 5
    assert wrong.err.startswith('synq: Unknown location "Leeds".\n')


@pytest.mark.parametrize("line", ["adjust A 1", "reserve A 1", "levels", "ledger", "reservations"])
def test_blank_location_is_an_error(synq: Any, line: str) -> None:
    http, seen = recording()
    result = synq("inventory", *line.split(), "--location", " ", environ=ENVIRON, http=http)
    assert (result.status, seen) == (2, [])
    assert result.err == "synq: --location is blank.\n  Give it a value, or leave the option out.\n"


def test_the_only_location_needs_no_name(synq: Any) -> None:
    place = {"id": PLACE, "name": "Shed", "active": True}
    closed = {"id": VARIANT, "name": "Attic", "active": False}
    http, seen = recording({"locations": [place, closed]}, {"id": "entry"})
    assert synq("inventory", "adjust", VARIANT, "3", environ=ENVIRON, http=http).status == 0
    assert seen[1][2] == {"variant_id": VARIANT, "location_id": PLACE, "quantity_delta": 3}


def test_an_unknown_sku_is_met_with_one_that_is_near(synq: Any) -> None:
    synq("--sandbox", "products", "variants", "list", "--sku", "HMC-NVY-M")
    result = synq("--sandbox", "inventory", "adjust", "HMC-NVY-X", "1", "-q")
    assert (result.status, result.out) == (5, "")
    assert result.err == (
        'synq: Unknown SKU "HMC-NVY-X".\n  Did you mean HMC-NVY-M? See `synq products variants list`.\n'
    )


def test_levels_of_a_sku(synq: Any) -> None:
    result = synq("--sandbox", "inventory", "levels", "--sku", "HMC-NVY-M", "--fields", "sku,on_hand,reserved", "-q")
    assert result.out == "sku\ton_hand\treserved\nHMC-NVY-M\t42\t3\n"
    everywhere = json.loads(synq("--sandbox", "inventory", "levels", "--all", "--json").out)
    here = json.loads(synq("--sandbox", "inventory", "levels", "--all", "--json", *LEITH).out)
    assert 0 < len(here) < len(everywhere)
    assert len({level["location_id"] for level in here}) == 1


def test_locations(synq: Any) -> None:
    result = synq("--sandbox", "inventory", "locations", "--fields", "name", "-q")
    assert result.out == "name\nHigh Street shop\nLeith warehouse\nTromsø lager\n"


def test_skus_are_listed_imported_and_forgotten_without_a_request(synq: Any, tmp_path: Any) -> None:
    def skus(*line: str, stdin: str = "") -> Any:
        http, seen = recording()
        result = synq("inventory", "skus", *line, environ=ENVIRON, http=http, stdin=stdin)
        assert seen == []
        return result

    assert skus("list", "--json").out == "[]\n"
    assert skus("import", "-", stdin=f"\ufeffsku,variant_id,n\r\nB,{PLACE},\r\nA,{VARIANT},\r\n").err == (
        "Ignored columns: n.\nAdded 2 SKUs.\n"
    )
    listed = f"A\t{VARIANT}\t2026-11-24T12:00:00Z\t\nB\t{PLACE}\t2026-11-24T12:00:00Z\t\n"
    assert skus("list").out == f"sku\tvariant_id\tseen_at\tbarcode\n{listed}"
    wrong = tmp_path / "wrong.csv"
    wrong.write_text(f"sku,variant_id\nC,{VARIANT}\nD,x\n,{PLACE}\n", encoding="utf-8")
    refused = skus("import", str(wrong))
    assert (refused.status, refused.out) == (2, "")
    assert (
        f'{wrong} has 2 problems; nothing was sent.\n  line 3: invalid variant id "x": use a UUID\n  line 4: no SKU\n'
        in refused.err
    )
    assert skus("import", str(tmp_path / "none.csv")).status == 2
    assert skus("forget", "A").err == "Removed 1 SKU.\n"
    assert skus("list", "--fields", "sku").out == "sku\nB\n"
    assert skus("forget").status == 2
    assert skus("forget", "--all").err == "Removed 1 SKU.\n"
    assert skus("list").out == "sku\tvariant_id\tseen_at\tbarcode\n"


def test_products_are_listed_shown_and_deleted(synq: Any) -> None:
    products = json.loads(synq("--sandbox", "products", "list", "--json").out)
    assert len(products) == 60
    product = next(row for row in products if row["title"] == "Harbour Merino Crewneck")
    shown = synq("--sandbox", "products", "get", product["id"][:8], terminal=True)
    assert shown.out.splitlines()[0].split() == ["ID", product["id"]]
    delete = ("--sandbox", "products", "delete", product["id"], "-q")
    off = synq(*delete)
    assert (off.status, off.out) == (11, "")
    assert "--yes" in off.err
    assert synq(*delete, terminal=True, stdin="n\n").status == 11
    assert json.loads(synq(*delete, "--dry-run", "--json").out)["before"] == {"title": "Harbour Merino Crewneck"}
    assert synq("--sandbox", "products", "get", product["id"]).status == 0
    asked = synq("--sandbox", "products", "delete", product["id"], terminal=True, stdin="y\n")
    assert asked.err == (
        f"Delete Harbour Merino Crewneck ({product['id']})? This can't be undone. [y/N] "
        f"Deleted Harbour Merino Crewneck ({product['id']}).\n92/100 requests left this minute · sandbox\n"
    )
    assert synq(*delete, "--yes").status == 5


PRODUCT = "4c0a7b1e-8d32-4f96-a5e7-1b9c6d20f843"
ANOTHER = "1234b2c3-8d32-4f96-a5e7-1b9c6d20f843"
PRODUCTS = "/api/v1/pim/products"
OF_THE_SKU = {"variants": [{"id": VARIANT, "sku": "1234", "product_id": PRODUCT}]}


def get_product(synq: Any, name: str, variants: Any) -> tuple[Any, list[str]]:
    found = {f"GET {PRODUCTS}/{number}": {"id": number} for number in (PRODUCT, ANOTHER)}
    listed = [{"id": ANOTHER, "title": "Seen before"}]
    tenant = Tenant({**found, f"GET {PRODUCTS}": listed, "GET /api/v1/pim/variants": variants})
    assert synq("products", "list", environ=ENVIRON, http=tenant).status == 0
    shown = synq("products", "get", name, "--json", "-q", environ=ENVIRON, http=tenant)
    return shown, tenant.asked[1:]


def test_a_product_by_a_sku_costs_one_more_request(synq: Any) -> None:
    shown, asked = get_product(synq, " HMC-NVY-M ", {"variants": [{"sku": "HMC-NVY-M", "product_id": PRODUCT}] * 2})
    assert json.loads(shown.out) == {"id": PRODUCT}
    assert asked == ["GET /api/v1/pim/variants?sku=HMC-NVY-M&limit=100", f"GET {PRODUCTS}/{PRODUCT}"]


def test_letters_are_a_known_sku_before_the_first_letters_of_a_product(synq: Any) -> None:
    shown, asked = get_product(synq, "1234", OF_THE_SKU)
    assert (json.loads(shown.out), asked) == ({"id": ANOTHER}, [f"GET {PRODUCTS}/{ANOTHER}"])
    assert synq("inventory", "skus", "add", "1234", VARIANT, environ=ENVIRON).status == 0
    shown, asked = get_product(synq, "1234", OF_THE_SKU)
    assert json.loads(shown.out) == {"id": PRODUCT}
    assert asked == ["GET /api/v1/pim/variants?sku=1234&limit=100", f"GET {PRODUCTS}/{PRODUCT}"]


@pytest.mark.parametrize(
    ("name", "variants", "status", "message"),
    [
        ("A-1", [], 5, 'No product has the id or SKU "A-1".'),
        ("A-1", [{"id": VARIANT, "sku": "A-1"}], 5, 'No product has the id or SKU "A-1".'),
        (
            "A-1",
            [{"id": name, "sku": "A-1", "product_id": name} for name in (PRODUCT, ANOTHER)],
            5,
            'Ambiguous SKU "A-1": two products have it.',
        ),
        (" ", [], 2, "The product can't be blank."),
    ],
)
def test_a_product_that_no_id_or_sku_names(
    synq: Any, name: str, variants: list[Any], status: int, message: str
) -> None:
    shown, asked = get_product(synq, name, {"variants": variants})
    assert (shown.status, shown.out, len(asked)) == (status, "", int(status == 5))
    assert json.loads(shown.err)["error"]["message"] == message


def test_a_route_that_is_only_presumed_may_be_missing(synq: Any) -> None:
    http = httpx.MockTransport(lambda _request: httpx.Response(404, text="404 page not found\n"))
    first = synq("inventory", "locations", "-q", environ=ENVIRON, http=http)
    untouched, seen = recording()
    second = synq("inventory", "locations", "-q", environ=ENVIRON, http=untouched)
    assert (first.status, first.err) == (second.status, second.err) == (5, first.err)
    assert "does not offer the list of stock locations" in first.err
    assert seen == []


def test_without_levels_an_adjustment_still_works_on_a_terminal(synq: Any) -> None:
    replies = [httpx.Response(404), httpx.Response(200, json={"id": "entry", "quantity_delta": 1})]
    http = httpx.MockTransport(lambda _request: replies.pop(0))
    line = ("inventory", "adjust", VARIANT, "1", "--location", PLACE, "-q")
    result = synq(*line, environ=ENVIRON, http=http, terminal=True)
    assert (result.status, result.err) == (0, "")
    assert result.out.splitlines() == ["Entry     entry", "Quantity  +1"]
