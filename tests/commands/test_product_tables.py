"""The tables of `synq products` on a wide and on a narrow terminal, each from the same rows."""

from typing import Any

from table import cases
from tables import shown, snapshots

PRODUCT, OTHER = "4c0a7b1e-8d32-4f96-a5e7-1b9c6d20f843", "9e5f3d70-2a14-4c8b-b6d9-e07f4a58c126"
VARIANT = "a1f46e83-0c9d-4b72-95e8-3d7b2c60f41e"
TOP, BELOW = "0d9e6b23-f7a5-4c18-8b4d-e3c70f12a965", "7c41e0b9-d3f8-4625-a9b7-e50d2f86c1a4"
TIMES = {"created_at": "2026-11-24T09:00:00Z", "updated_at": "2026-11-23T12:00:00Z"}
LOGO = "https://cdn.fellandfjord.example/brand/logo.svg"
PICTURE = "https://cdn.fellandfjord.example/p/harbour-crewneck-navy.jpg"
DESCRIBED = [
    {"id": PRODUCT, "name": "Yarn facts", "description": "What the garment is knitted from, and where.", **TIMES},
    {"id": OTHER, "name": "Care", "description": None, **TIMES},
]
ROWS: dict[str, Any] = {
    "products list": [
        {"id": PRODUCT, "title": "Tarn Cable Cardigan", "category": "Knitwear", "status": "ACTIVE",
         "updated_at": "2026-11-24T09:00:00Z"},
        {"id": OTHER, "title": "Ærø 毛衣 in a very long and very warm sort of wool", "category": "", "status": "DRAFT",
         "updated_at": "2025-09-12T15:06:02Z"},
    ],
    "products variants list": [
        {"id": VARIANT, "product_id": PRODUCT, "sku": "HMC-NVY-M", "barcode": "5012345678900", "price": "1289.50",
         "currency": "GBP", "option_values": {"colour": "navy", "size": "M"}, "cost_price": "31.20", **TIMES},
        {"id": OTHER, "product_id": PRODUCT, "sku": "HMC-NVY-L", "barcode": None, "price": "89.50", "currency": "GBP",
         "option_values": None, "cost_price": None, **TIMES},
    ],
    "products categories list": [
        {"id": BELOW, "parent_id": TOP, "name": "Cardigans", "slug": "cardigans", "description": None, **TIMES},
        {"id": TOP, "parent_id": None, "name": "Knitwear", "slug": "knitwear", "description": "All knits.", **TIMES},
        {"id": PRODUCT, "parent_id": BELOW, "name": "Long ones", "slug": "long", "description": None, **TIMES},
        {"id": OTHER, "parent_id": TOP, "name": "Jumpers", "slug": "jumpers", "description": None, **TIMES},
        {"id": VARIANT, "parent_id": None, "name": "Accessories", "slug": None, "description": None, **TIMES},
    ],
    "products brands list": [
        {"id": PRODUCT, "name": "Fell & Fjord", "description": "House label.", "logo_url": LOGO, **TIMES},
        {"id": OTHER, "name": "Skerry Spinners", "description": "Yarn from a mill of nine.", "logo_url": None, **TIMES},
    ],
    "products attributes list": [
        {"id": PRODUCT, "name": "Yarn weight", "slug": "yarn-weight", "type": "NUMBER", **TIMES},
        {"id": OTHER, "name": "Colour", "slug": "colour", "type": "TEXT", **TIMES},
    ],
    "products attribute-groups list": DESCRIBED,
    "products templates list": DESCRIBED,
    "products media list": [
        {"id": TOP, "product_id": PRODUCT, "variant_id": None, "url": PICTURE, "alt_text": "Navy crewneck laid flat",
         "sort_order": 10, **TIMES},
        {"id": BELOW, "product_id": PRODUCT, "variant_id": VARIANT, "url": PICTURE, "alt_text": None, "sort_order": 2,
         **TIMES},
    ],
    "products jobs list --type import": [
        {"id": TOP, "job_type": "BULK_IMPORT", "status": "PENDING", "total_items": None, "processed_items": 0,
         "payload_json": "[]", "created_by": OTHER, **TIMES},
        {"id": BELOW, "job_type": "BULK_IMPORT", "status": "FAILED", "total_items": 1200, "processed_items": 7,
         "payload_json": "[]", "created_by": OTHER, **TIMES},
    ],
    "products issues": [
        {"id": TOP, "product_id": PRODUCT, "field": "short_description", "message": "No short description",
         "created_at": "2026-11-24T09:00:00Z"},
        {"id": BELOW, "product_id": OTHER, "field": "media", "message": "No media", "created_at": None},
    ],
    "products stats": {
        "totalProducts": 60, "lowStockVariants": 8, "outOfStockVariants": 6, "totalInventoryValue": 182604.88,
        "topLowStock": [
            {"variant_id": VARIANT, "sku": "CAL-CRM-OS", "title": "Wall Calendar", "on_hand": 0},
            {"variant_id": OTHER, "sku": "SKR-CRM-OS", "title": "Sheepskin Rug, washed by hand", "on_hand": 3},
        ],
        "newCounter": 1,
    },
}  # fmt: skip
SNAPSHOTS = snapshots("products")


@cases("line", ROWS)
@cases("width", [200, 60])
def test_the_table_is_as_it_was_approved(synq: Any, line: str, width: int) -> None:
    assert shown(synq, line, ROWS[line], width) == SNAPSHOTS[line, width]


def test_every_snapshot_is_of_a_table() -> None:
    assert {line for line, _ in SNAPSHOTS} == set(ROWS)
