"""How the seeded shop sorts and shows its goods, and the bulk jobs that it has behind it."""

import json
import random
from datetime import datetime
from urllib.parse import quote

from synq_cli.sandbox.seed.catalogue import COLOURS
from synq_cli.sandbox.seed.history import DAY, new_id
from synq_cli.sandbox.store.schema import Row
from synq_cli.times import timestamp

PICTURES = "https://cdn.fellandfjord.example"

# Name, slug, description and the category above it; every label of a product is among them.
CATEGORIES = (
    ("Clothing", "clothing", "All that is worn.", None),
    ("Knitwear", "knitwear", "Jumpers and cardigans.", "Clothing"),
    ("Jumpers", "jumpers", "Pulled over the head.", "Knitwear"),
    ("Cardigans", "cardigans", "Button-through knits.", "Knitwear"),
    ("Outerwear", "outerwear", "Against wind and rain.", "Clothing"),
    ("Shirts", "shirts", "Linen and flannel.", "Clothing"),
    ("Socks", "socks", "For boots, beds and boats.", "Clothing"),
    ("Children", "children", "Small sizes, hard wear.", None),
    ("Accessories", "accessories", "Hats, scarves and gloves.", None),
    ("Hats", "hats", "Caps, beanies and headbands.", "Accessories"),
    ("Scarves", "scarves", "Woven, knitted and brushed.", "Accessories"),
    ("Gloves", "gloves", "Mittens, too.", "Accessories"),
    ("Bags", "bags", "Canvas, felt and leather.", None),
    ("Home", "home", "Blankets, rugs and kitchen things.", None),
    ("Kitchen", "kitchen", "Mugs, cosies and pot holders.", "Home"),
    ("Care", "care", "What keeps wool well.", None),
    ("Gifts", "gifts", None, None),
)

BRANDS = (
    ("Fell & Fjord", "House label.", f"{PICTURES}/brand/logo.svg"),
    ("Skerry Spinners", "Lambswool yarn from a mill of nine people.", f"{PICTURES}/brand/skerry.svg"),
    ("Nordlys Ull", "Merino base layers, knitted in Tromsø.", None),
)

ATTRIBUTES = (
    ("Colour", "colour", "TEXT"),
    ("Size", "size", "TEXT"),
    ("Material", "material", "TEXT"),
    ("Yarn weight", "yarn-weight", "NUMBER"),
    ("Machine washable", "machine-washable", "BOOLEAN"),
    ("Country of origin", "country-of-origin", "TEXT"),
)

GROUPS = (
    ("Fit", "Sizes and how they fall."),
    ("Yarn facts", "What the garment is knitted from."),
    ("Washing", "How it stays as it is."),
)

TEMPLATES = (
    ("Jumper", "Everything a jumper page needs."),
    ("Sock", "Sizes in pairs, and what boots they go with."),
    ("Homeware", "Measures instead of sizes."),
)


def fill_shelves(
    chance: random.Random, tables: dict[str, list[Row]], now: float, founded: float
) -> dict[str, list[Row]]:
    """The rows of the catalogue's other tables, for the products and variants in `tables`; times in epoch seconds."""
    admin = tables["members"][0]["id"]
    owner = {name: tables["products"][0][name] for name in ("org_id", "tenant_id")}

    def entry(at: float, **columns: object) -> Row:
        return {"id": new_id(chance), **owner, **columns, "created_at": timestamp(at), "updated_at": timestamp(at)}

    categories: dict[str, Row] = {}
    for number, (name, slug, description, parent) in enumerate(CATEGORIES):
        above = categories[parent]["id"] if parent else None
        at = founded + 10 * number
        categories[name] = entry(at, parent_id=above, name=name, slug=slug, description=description)
    return {
        "categories": list(categories.values()),
        "brands": [
            entry(founded + 300, name=name, description=description, logo_url=logo)
            for name, description, logo in BRANDS
        ],
        "attributes": [entry(founded + 600, name=name, slug=slug, type=kind) for name, slug, kind in ATTRIBUTES],
        "attribute_groups": [entry(founded + 900, name=name, description=description) for name, description in GROUPS],
        "templates": [entry(founded + 1200, name=name, description=description) for name, description in TEMPLATES],
        "media": _media(chance, tables, owner),
        "bulk_jobs": _jobs(chance, tables, {**owner, "created_by": admin}, now),
    }


def _media(chance: random.Random, tables: dict[str, list[Row]], owner: Row) -> list[Row]:
    """A picture of most products, and one of each further colour; some have none, for something to be amiss."""
    titles = {product["id"]: product["title"] for product in chance.sample(tables["products"], 48)}
    media: list[Row] = []
    seen: dict[str, set[str]] = {}
    for variant in tables["variants"]:
        code, colour, _ = variant["sku"].split("-")
        product = variant["product_id"]
        colours = seen.setdefault(product, set())
        if product not in titles or colour in colours:
            continue
        media.append(
            {
                "id": new_id(chance),
                **owner,
                "product_id": product,
                "variant_id": variant["id"] if colours else None,
                "url": f"{PICTURES}/p/{quote(f'{code}-{colour}'.lower())}.jpg",
                "alt_text": f"{titles[product]} in {COLOURS[colour].lower()}",
                "sort_order": len(colours),
                "created_at": variant["created_at"],
                "updated_at": variant["created_at"],
            }
        )
        colours.add(colour)
    return media


def _jobs(chance: random.Random, tables: dict[str, list[Row]], owner: Row, now: float) -> list[Row]:
    """An import and an update that went well, and an update of which one row came to nothing; oldest first."""
    variant = tables["variants"][-1]
    product = next(product for product in tables["products"] if product["id"] == variant["product_id"])
    row = {"sku": variant["sku"], **{name: product[name] for name in ("title", "category", "brand")}}
    made = datetime.fromisoformat(product["created_at"]).timestamp()
    unknown = {"id": new_id(chance), "title": "Fair Isle Tank Top", "brand": "Fell & Fjord"}
    rows = _rebranded(tables, now - 12 * DAY)
    fewer = _rebranded(tables, now - 5 * DAY)
    return [
        _job(chance, owner, "BULK_IMPORT", [row], 1, made),
        _job(chance, owner, "BULK_UPDATE", rows, len(rows), now - 12 * DAY),
        _job(chance, owner, "BULK_UPDATE", [*fewer, unknown], len(fewer), now - 5 * DAY),
    ]


def _rebranded(tables: dict[str, list[Row]], at: float) -> list[Row]:
    """Rows for some products that were changed after that time, so that none is older than its change."""
    changed = [product for product in tables["products"] if product["updated_at"] > timestamp(at)]
    return [{name: product[name] for name in ("id", "title", "brand")} for product in changed[:4]]


def _job(chance: random.Random, owner: Row, job_type: str, rows: list[Row], good: int, finished: float) -> Row:
    return {
        "id": new_id(chance),
        **owner,
        "job_type": job_type,
        "status": "COMPLETED" if good == len(rows) else "FAILED",
        "payload_json": json.dumps(rows, ensure_ascii=False, separators=(",", ":")),
        "total_items": len(rows),
        "processed_items": good,
        "created_at": timestamp(finished - 3),
        "updated_at": timestamp(finished),
        "work": None,
        "starts_at": finished - 1,
        "rows_seen": len(rows),
    }
