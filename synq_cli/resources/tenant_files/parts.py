"""The parts of a tenant that are kept as files: their fields, their natural keys, and how they are read."""

import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any, NamedTuple

from synq_cli import exact_json
from synq_cli.errors import UsageError
from synq_cli.exact_json import Number
from synq_cli.http import operations
from synq_cli.http.operation import Operation
from synq_cli.nearest import did_you_mean
from synq_cli.resources.settings import WORDS
from synq_cli.resources.shared.pagination import Row
from synq_cli.resources.shared.validation import LARGEST

MARKER = "synq-tenant.yaml"
PRODUCTS_FILE = "products.ndjson"
IDS = "ids"
# Version of the folder format; a newer one has fields or files that this version of synq does not know.
FORMAT = 1


class Kind(NamedTuple):
    """The type of a field: its name in messages, and a test of a value that is not null."""

    what: str
    accepts: Callable[[Any], bool]


class Entry(NamedTuple):
    """An object as in a file: either with its id in the tenant and what the API sent, or with its place in a file."""

    fields: Row
    id: str = ""
    place: str = ""
    sent: Mapping[str, Any] = MappingProxyType({})


def _words(*allowed: str) -> Kind:
    return Kind(" or ".join(allowed), lambda value: value in allowed)


TEXT = Kind("text", lambda value: isinstance(value, str))
FLAG = Kind("true or false", lambda value: isinstance(value, bool))
COUNT = Kind("a whole number, 0 or more", lambda value: type(value) is int and 0 <= value <= LARGEST)
AMOUNT = Kind(
    "an amount such as 19.90",
    lambda value: re.fullmatch(r"-?[0-9]{1,18}(\.[0-9]{1,18})?", amount_text(value), re.ASCII) is not None,
)
# A field that no request changes: it is only compared.
ANY = Kind("any value", lambda _value: True)
LIST = Kind("a list", lambda value: isinstance(value, list))


class Part(NamedTuple):
    """A list of objects of the tenant that has its own file.

    `fields` are those in the file, in their order; of these, an object needs the `required` ones. `keys` are natural
    keys, the best first: an object of a file is the one of the tenant with the same values in all fields of a key.
    """

    name: str
    one: str
    reads: Operation
    fields: Mapping[str, Kind]
    required: tuple[str, ...]
    keys: tuple[tuple[str, ...], ...]
    about: str

    @property
    def file(self) -> str:
        """The name of its file."""
        return f"{self.name}.yaml"

    def key(self, fields: Row) -> str:
        """The natural key of an object in words, such as `Socks (knitwear)`: the first key that has a value."""
        for first, *others in self.keys:
            if first in fields:
                more = ", ".join(str(fields[name]) for name in others if name in fields)
                return f"{fields[first]} ({more})" if more else str(fields[first])
        return self.one


def amount_text(value: object) -> str:
    """An amount as the API writes it, with the digits of the file."""
    if isinstance(value, Number):
        return value.text
    return str(value) if type(value) is int else value if isinstance(value, str) else ""


def is_same_amount(one: object, other: object) -> bool:
    """Whether two amounts are equal, however many digits they have."""
    try:
        return Decimal(amount_text(one)) == Decimal(amount_text(other))
    except InvalidOperation:
        return one == other


def _setting(name: str, words: tuple[str, ...]) -> Kind:
    return FLAG if name == "auto_po_enabled" else _words(*words) if words else COUNT


_NAMED = {"name": TEXT, "description": TEXT}
SETTINGS = Part(
    "settings", "settings", operations.GET_TENANT_SETTINGS,
    {name: _setting(name, words) for name, words in WORDS.items()}, (), (), "The tenant's settings.",
)  # fmt: skip
CHANNELS = Part(
    "channels", "channel", operations.LIST_CHANNELS, {"name": TEXT, "currency": TEXT, "active": FLAG},
    ("name",), (("name",),), "Sales channels, by name.",
)  # fmt: skip
MEMBERS = Part(
    "members", "member", operations.LIST_MEMBERS, {"email": TEXT, "role": TEXT}, ("email", "role"), (("email",),),
    "Members and invited people, by email address.",
)  # fmt: skip
CATEGORIES = Part(
    "categories", "category", operations.LIST_CATEGORIES,
    {"name": TEXT, "slug": TEXT, "parent": TEXT, "description": TEXT}, ("name",), (("slug",), ("name", "parent")),
    "Categories, by slug; `parent` is the slug of another one, or its name if it has no slug.",
)  # fmt: skip
BRANDS = Part(
    "brands", "brand", operations.LIST_BRANDS, {**_NAMED, "logo_url": TEXT}, ("name",), (("name",),),
    "Brands, by name.",
)  # fmt: skip
ATTRIBUTES = Part(
    "attributes", "attribute", operations.LIST_ATTRIBUTES, {"name": TEXT, "slug": TEXT, "type": TEXT}, ("name",),
    (("slug",), ("name",)), "Attributes, by slug.",
)  # fmt: skip
ATTRIBUTE_GROUPS = Part(
    "attribute-groups", "attribute group", operations.LIST_ATTRIBUTE_GROUPS, _NAMED, ("name",), (("name",),),
    "Attribute groups, by name.",
)  # fmt: skip
TEMPLATES = Part(
    "templates", "product template", operations.LIST_TEMPLATES, _NAMED, ("name",), (("name",),),
    "Product templates, by name.",
)  # fmt: skip
# Not unified_connection_id: anyone who has it can connect the same shop elsewhere.
CONNECTIONS = Part(
    "connections", "connection", operations.LIST_CONNECTIONS, {"provider": TEXT, "category": TEXT, "status": TEXT},
    (), (("provider", "category"),), "Connections to other platforms, by provider, without their ids there.",
)  # fmt: skip
# In the order in which a plan changes them: objects that others refer to come first.
PARTS = (
    ATTRIBUTE_GROUPS, ATTRIBUTES, BRANDS, CATEGORIES, TEMPLATES, SETTINGS, CHANNELS, MEMBERS, CONNECTIONS,
)  # fmt: skip
PRODUCTS = "products"
NAMES = ("settings", "channels", "members", "categories", "brands", "attributes", "attribute-groups", "templates",
         "connections", PRODUCTS)  # fmt: skip

# The fields that a request can set, then those that are only compared.
PRODUCT_TEXTS = ("title", "description", "category", "brand")
PRODUCT_DETAILS = (
    "short_description", "long_description", "tags", "status", "template", "launch_date", "discontinue_date",
    "warranty_period", "is_taxable", "is_returnable", "requires_serial_number", "seo_title", "seo_description",
    "seo_keywords",
)  # fmt: skip
PRODUCT_FIELDS: Mapping[str, Kind] = {
    **dict.fromkeys(PRODUCT_TEXTS, TEXT), **dict.fromkeys(PRODUCT_DETAILS, ANY), "variants": LIST,
}  # fmt: skip
VARIANT_TEXTS = ("sku", "barcode", "price", "currency")
VARIANT_FIELDS: Mapping[str, Kind] = {
    "sku": TEXT, "barcode": TEXT, "price": AMOUNT, "currency": TEXT, "option_values": ANY, "cost_price": ANY,
}  # fmt: skip


def kept(row: Row, fields: Iterable[str]) -> Row:
    """These fields of an object, in this order, without empty ones: servers write an unknown value as null or ""."""
    return {name: row[name] for name in fields if row.get(name) not in (None, "", [], {})}


def canonical(fields: Row) -> str:
    """An object as one line of JSON; the same for the same values, whatever the order of its variants."""
    variants = fields.get("variants")
    ordered = {} if variants is None else {"variants": sorted(variants, key=variant_rank)}
    return exact_json.dumps({**fields, **ordered})


def variant_rank(variant: Row) -> tuple[str, str]:
    """The sort key of a variant: its SKU, then all of it."""
    return str(variant.get("sku") or ""), exact_json.dumps(variant)


def chosen(only: str | None) -> list[str]:
    """Parse a list of parts such as `settings,channels`; None means all. UsageError for an unknown part."""
    if only is None:
        return list(NAMES)
    found = [word.strip().lower() for word in only.split(",") if word.strip()]
    for word in found:
        if word not in NAMES:
            raise UsageError(f'Unknown part "{word}".', hint=f"{did_you_mean(word, NAMES)}Parts: {', '.join(NAMES)}.")
    if not found:
        raise UsageError("--only is empty.", hint=f"Parts: {', '.join(NAMES)}.")
    return [name for name in NAMES if name in found]
