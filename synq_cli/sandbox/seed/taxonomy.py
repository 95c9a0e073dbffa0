"""Categories, brands, attributes, templates, media and past bulk jobs of the seeded shop."""

import json
import random
from datetime import datetime
from urllib.parse import quote

from synq_cli.sandbox.seed.catalogue import COLOURS
from synq_cli.sandbox.seed.rows import DAY, Tables, new_id, row
from synq_cli.sandbox.store.schema import Row
from synq_cli.times import timestamp

CDN = "https://cdn.fellandfjord.example"

# Name, slug, description and parent; the categories of all products are among them.
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
    ("Fell & Fjord", "House label.", f"{CDN}/brand/logo.svg"),
    ("Skerry Spinners", "Lambswool yarn from a mill of nine people.", f"{CDN}/brand/skerry.svg"),
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


def draw_taxonomy(rng: random.Random, owner: Row, tables: Tables, opened: float, now: float) -> Tables:
    """The catalogue's tables beside products and variants; `opened`, when the shop did, and `now` in epoch seconds."""
    categories: dict[str, Row] = {}
    for number, (name, slug, description, parent) in enumerate(CATEGORIES):
        parent_id = categories[parent]["id"] if parent else None
        columns = {"parent_id": parent_id, "name": name, "slug": slug, "description": description}
        categories[name] = row(rng, owner, opened + 10 * number, **columns)
    lists = (
        ("brands", BRANDS, ("name", "description", "logo_url")),
        ("attributes", ATTRIBUTES, ("name", "slug", "type")),
        ("attribute_groups", GROUPS, ("name", "description")),
        ("templates", TEMPLATES, ("name", "description")),
    )
    return {
        "categories": list(categories.values()),
        **{
            table: [row(rng, owner, opened + 300 * number, **dict(zip(names, each, strict=True))) for each in entries]
            for number, (table, entries, names) in enumerate(lists, 1)
        },
        "media": _media(rng, owner, tables),
        "bulk_jobs": _jobs(rng, {**owner, "created_by": tables["members"][0]["id"]}, tables, now),
    }


def _media(rng: random.Random, owner: Row, tables: Tables) -> list[Row]:
    """A picture of most products, and one of each further colour; 12 products have none, for validation to report."""
    titles = {product["id"]: product["title"] for product in rng.sample(tables["products"], 48)}
    media: list[Row] = []
    seen: dict[str, set[str]] = {}
    for variant in tables["variants"]:
        code, colour, _ = variant["sku"].split("-")
        product_id = variant["product_id"]
        colours = seen.setdefault(product_id, set())
        if product_id not in titles or colour in colours:
            continue
        created = datetime.fromisoformat(variant["created_at"]).timestamp()
        columns = {
            "product_id": product_id,
            "variant_id": variant["id"] if colours else None,
            "url": f"{CDN}/p/{quote(f'{code}-{colour}'.lower())}.jpg",
            "alt_text": f"{titles[product_id]} in {COLOURS[colour].lower()}",
            "sort_order": len(colours),
        }
        media.append(row(rng, owner, created, **columns))
        colours.add(colour)
    return media


def _jobs(rng: random.Random, owner: Row, tables: Tables, now: float) -> list[Row]:
    """An import and an update that succeeded, and an update of which one row failed; oldest first."""
    variant = tables["variants"][-1]
    product = next(product for product in tables["products"] if product["id"] == variant["product_id"])
    imported = {"sku": variant["sku"], **{name: product[name] for name in ("title", "category", "brand")}}
    created = datetime.fromisoformat(product["created_at"]).timestamp()
    unknown = {"id": new_id(rng), "title": "Fair Isle Tank Top", "brand": "Fell & Fjord"}

    def job(job_type: str, finished: float, rows: list[Row], failed: int = 0) -> Row:
        columns = {
            "job_type": job_type,
            "status": "FAILED" if failed else "COMPLETED",
            "payload_json": json.dumps(rows, ensure_ascii=False, separators=(",", ":")),
            "total_items": len(rows),
            "processed_items": len(rows) - failed,
            "starts_at": finished - 1,
            "rows_seen": len(rows),
        }
        return row(rng, owner, finished - 3, finished, **columns)

    def updated(at: float) -> list[Row]:
        """Rows for products that changed after that time, so that no job is newer than its effect."""
        changed = [product for product in tables["products"] if product["updated_at"] > timestamp(at)]
        return [{name: product[name] for name in ("id", "title", "brand")} for product in changed[:4]]

    first, second = now - 12 * DAY, now - 5 * DAY
    return [
        job("BULK_IMPORT", created, [imported]),
        job("BULK_UPDATE", first, updated(first)),
        job("BULK_UPDATE", second, [*updated(second), unknown], failed=1),
    ]
