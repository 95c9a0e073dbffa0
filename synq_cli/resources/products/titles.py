"""Titles of variants in the local cache: that of the product and the variant's own options, which come in two lists."""

from collections.abc import Callable, Iterable

from synq_cli.resources.shared.pagination import Row
from synq_cli.resources.shared.resource import Api


def remember_products(api: Api, rows: Iterable[Row]) -> None:
    """Cache the titles of products, unless the setting `cache` is off."""
    if not api.session.settings.cache:
        return
    titles = ((row.get("id"), row.get("title")) for row in rows)
    api.index.remember(
        "title", ((key.lower(), text) for key, text in titles if isinstance(key, str) and isinstance(text, str))
    )


def remember_variants(api: Api, rows: Iterable[Row]) -> None:
    """Cache for each variant its product and the values of its options."""
    named = (row for row in rows if isinstance(row.get("id"), str) and isinstance(row.get("product_id"), str))
    api.index.remember(
        "options", ((row["id"].lower(), f"{row['product_id'].lower()} {_options(row)}") for row in named)
    )


def cached_products(api: Api) -> dict[str, str]:
    """The ids of products by the ids of their variants, of those that are cached."""
    return {variant_id: text.partition(" ")[0] for variant_id, text in api.index.ids("options").items()}


def cached_titles(api: Api) -> Callable[[str], str]:
    """The title of a variant by its id, such as `Arran Throw, Grey OS`; empty if nothing is cached."""
    products, options = api.index.ids("title"), api.index.ids("options")

    def title(variant_id: str) -> str:
        product_id, _, values = options.get(variant_id.lower(), "").partition(" ")
        return ", ".join(filter(None, (products.get(product_id), values)))

    return title


def _options(variant: Row) -> str:
    values = variant.get("option_values")
    return " ".join(str(value) for value in values.values() if value) if isinstance(values, dict) else ""
