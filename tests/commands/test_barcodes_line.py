"""A barcode wherever a SKU goes: what is sent, and how names are shown."""

import json
from pathlib import Path
from typing import Any

import pytest
from tenant import ENVIRON, INVENTORY, LEITH, LOCATIONS, OTHER, VARIANT, Tenant

UPC, EAN = "0036000291452", "5012345678917"
PRODUCT, ORDER = "4c0a7b1e-8d32-4f96-a5e7-1b9c6d20f843", "86b4e1a9-c27d-4f50-9e38-f1a6d07c5b42"
VARIANTS = "GET /api/v1/pim/variants"
LEVELS = f"GET {INVENTORY}/levels?variant_id={VARIANT}"
ITEM = {"sku": "A-1", "variant_id": VARIANT, "quantity": 2}
PLACED = {**ITEM, "product_title": "Cap", "unit_price": 5, "location_id": LEITH}
PAID = {"payment_provider": "stripe", "payment_reference": "pi_1", "currency": "GBP"}


def entry(delta: int) -> str:
    return f'{{"variant_id":"{VARIANT}","location_id":"{LEITH}","quantity_delta":{delta}}}'


@pytest.fixture
def tenant() -> Tenant:
    """Two variants with barcodes, one of which is a UPC-A without its leading zero."""
    rows = [
        {"id": VARIANT, "sku": "A-1", "barcode": UPC[1:], "product_id": PRODUCT},
        {"id": OTHER, "sku": "B-1", "barcode": "WH 17", "product_id": PRODUCT},
    ]
    order = {"id": ORDER, "status": "confirmed"}
    return Tenant(
        {
            VARIANTS: rows,
            f"GET /api/v1/pim/products/{PRODUCT}": {"id": PRODUCT, "title": "Cap"},
            "GET /api/v1/pim/media": [],
            f"GET {INVENTORY}/locations": LOCATIONS,
            f"GET {INVENTORY}/levels": [
                {"variant_id": VARIANT, "location_id": LEITH, "sku": "A-1", "on_hand": 5, "available": 5}
            ],
            f"GET {INVENTORY}/ledger": {"entries": []},
            f"GET {INVENTORY}/reservations": [],
            f"POST {INVENTORY}/adjust": {"id": "entry"},
            f"POST {INVENTORY}/reservations": {"id": "hold", "variant_id": VARIANT},
            f"GET /api/v1/oms/orders/{ORDER}": order,
            f"POST /api/v1/oms/orders/{ORDER}/fulfillments": {"id": "parcel"},
            "POST /api/v1/oms/orders": {"id": ORDER},
        }
    )


@pytest.mark.parametrize(
    ("line", "asked"),
    [
        (f"inventory adjust {UPC} -2 --location {LEITH}", [f"POST {INVENTORY}/adjust {entry(-2)}"]),
        (
            f"inventory reserve {UPC[1:]} 2 --location {LEITH}",
            [f'POST {INVENTORY}/reservations {{"variant_id":"{VARIANT}","location_id":"{LEITH}","quantity":2}}'],
        ),
        (f"inventory levels 0{UPC} A-1", [f"{LEVELS}&limit=100", f"GET {INVENTORY}/levels?sku=A-1&limit=100"]),
        (f"inventory ledger --sku {UPC}", [f"GET {INVENTORY}/ledger?variant_id={VARIANT}&limit=100"]),
        (f"inventory reservations --sku {UPC}", [f"GET {INVENTORY}/reservations"]),
        (f"products media list --variant {UPC}", [f"GET /api/v1/pim/media?variant_id={VARIANT}"]),
        (f"products variants list --sku {UPC}", [f"{VARIANTS}?sku=A-1&limit=100"]),
        (f"products get {UPC}", [f"{VARIANTS}?sku=A-1&limit=100", f"GET /api/v1/pim/products/{PRODUCT}"]),
        (
            f"orders fulfill {ORDER} --item {UPC}=2",
            [
                f"GET /api/v1/oms/orders/{ORDER}",
                f'POST /api/v1/oms/orders/{ORDER}/fulfillments {{"items":[{{"sku":"A-1","quantity":2}}]}}',
            ],
        ),
    ],
)
def test_a_cached_barcode_takes_as_many_requests_as_a_sku(
    synq: Any, tenant: Tenant, line: str, asked: list[str]
) -> None:
    assert synq("products", "variants", "list", "-q", environ=ENVIRON, http=tenant).status == 0
    tenant.asked.clear()
    assert synq(*line.split(), "-q", "--json", environ=ENVIRON, http=tenant).err == ""
    assert tenant.asked == asked


def test_output_names_the_sku(synq: Any, tenant: Tenant) -> None:
    line = ("inventory", "adjust", UPC, "-2", "--location", "Leith warehouse", "-q")
    result = synq(*line, environ=ENVIRON, http=tenant, terminal=True)
    assert result.out.splitlines()[0] == "A-1 at Leith warehouse: on hand 5 → 3"
    between = ("--from", "Leith warehouse", "--to", "High Street shop", "--dry-run", "--json", "-q")
    plan = json.loads(synq("inventory", "transfer", UPC, "2", *between, environ=ENVIRON, http=tenant).out)
    assert {move["sku"] for move in plan["largest"]} == {"A-1"}


def test_rows_may_have_barcodes(synq: Any, tenant: Tenant, tmp_path: Path) -> None:
    file = tmp_path / "corrections.csv"
    file.write_text(
        f"sku,Barcode,delta\nA-1,x,1\n,{UPC},2\n,wh 17,3\n,WH 17,4\n{UPC[1:]},,5\n,{UPC[:-1]}7,6\n,{EAN},7\n"
    )
    line = ("inventory", "adjust", "--file", str(file), "--location", LEITH, "--dry-run", "--json", "-q")
    wrong = json.loads(synq(*line, environ=ENVIRON, http=tenant).err)["error"]
    assert wrong["details"] == [
        'line 4: unknown barcode "wh 17"',
        'line 7: invalid barcode "0036000291457": check digit is 7, expected 2',
        f'line 8: unknown barcode "{EAN}"',
    ]
    assert [line for line in tenant.asked if "variants" in line] == [f"{VARIANTS}?limit=100"]
    file.write_text("".join(file.read_text().splitlines(keepends=True)[row] for row in (0, 1, 2, 4, 5)))
    plan = json.loads(synq(*line, environ=ENVIRON, http=tenant).out)
    assert [(move["line"], move["sku"]) for move in plan["changes"]] == [(2, "A-1"), (3, "A-1"), (4, "B-1"), (5, "A-1")]


def test_items_of_orders_may_have_barcodes(synq: Any, tenant: Tenant, tmp_path: Path) -> None:
    item = {"barcode": UPC, **{key: PLACED[key] for key in ("product_title", "quantity", "unit_price", "location_id")}}
    one, many = tmp_path / "order.json", tmp_path / "orders.ndjson"
    one.write_text(json.dumps({**PAID, "items": [item]}), encoding="utf-8")
    many.write_text("".join(json.dumps({**PAID, "items": [item], "payment_reference": n}) + "\n" for n in "ab"))
    for file, orders in ((one, 1), (many, 2)):
        result = synq("orders", "create", "--file", str(file), "--yes", "-q", "--json", environ=ENVIRON, http=tenant)
        assert result.status == 0, result.err
        sent = [json.loads(line.split(" ", 2)[2])["items"] for line in tenant.asked if line.startswith("POST")]
        assert sent[-orders:] == [[PLACED]] * orders
    one.write_text(json.dumps({**PAID, "items": [{**item, "barcode": EAN}]}), encoding="utf-8")
    unknown = synq("orders", "create", "--file", str(one), "-q", environ=ENVIRON, http=tenant)
    assert (unknown.status, unknown.err) == (5, f'synq: Unknown barcode "{EAN}".\n')


@pytest.mark.parametrize(
    ("barcode", "message"),
    [
        (UPC, f"The barcode {UPC} is taken by the variant {VARIANT}."),
        ("5012345678914", 'Invalid barcode "5012345678914": check digit is 4, expected 7.'),
        ("5.01235E+12", 'Invalid barcode "5.01235E+12": a spreadsheet has rounded it.'),
    ],
)
def test_a_new_variant_with_a_bad_barcode_is_refused(synq: Any, tenant: Tenant, barcode: str, message: str) -> None:
    synq("products", "variants", "list", environ=ENVIRON, http=tenant)
    result = synq("products", "variants", "create", PRODUCT, "--barcode", barcode, environ=ENVIRON, http=tenant)
    assert (result.status, result.err.splitlines()[0]) == (2, f"synq: {message}")


def test_barcodes_are_added_imported_and_forgotten_without_a_request(synq: Any) -> None:
    def skus(*line: str, stdin: str = "") -> Any:
        return synq("inventory", "skus", *line, environ=ENVIRON, http=Tenant({}), stdin=stdin)

    assert skus("add", "A-1", VARIANT, "--barcode", "5012345678914").status == 2
    assert skus("add", "A-1", VARIANT, "--barcode", EAN).status == 0
    file = f"barcode,variant_id,sku\nWH 17,{OTHER},B-1\n5012345678914,{OTHER},\n,{OTHER},\nWH 18,{OTHER},\n"
    refused = skus("import", "-", stdin=file).err.splitlines()[1:-1]
    assert refused == [
        '  line 3: invalid barcode "5012345678914": check digit is 4, expected 7',
        "  line 4: no SKU or barcode",
        f"  line 5: {OTHER} has another barcode in a row above",
    ]
    assert skus("import", "-", stdin="\n".join(file.splitlines()[:2])).err == "Added 1 SKU and 1 barcode.\n"
    assert skus("list", "--fields", "sku,barcode").out == f"sku\tbarcode\nA-1\t{EAN}\nB-1\tWH 17\n"
    assert skus("forget", "WH 17", "A-1").err == "Removed 1 SKU and 1 barcode.\n"
    assert skus("list", "--fields", "sku,barcode").out == "sku\tbarcode\nB-1\t\n"


def test_a_barcode_that_is_not_the_skus_is_an_error_of_its_row(synq: Any, tmp_path: Path) -> None:
    synq.seed_sandbox()
    assert synq("--sandbox", "products", "variants", "list", "--all", "-q").status == 0
    file = tmp_path / "k.csv"
    file.write_text("sku,barcode,delta\nHMC-NVY-M,5012345678924,1\nHMC-NVY-M,5012345678917,1\n", encoding="utf-8")
    result = synq("--sandbox", "inventory", "adjust", "--file", str(file), "--location", "Leith warehouse", "--yes")
    assert result.status == 2
    assert "  line 2: the barcode 5012345678924 is that of HMC-NVY-L, not of HMC-NVY-M" in result.err
