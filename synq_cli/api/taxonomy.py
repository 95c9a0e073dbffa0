"""What orders the catalogue: categories, brands, attributes, their groups, and product templates."""

from typing import TYPE_CHECKING

from synq_cli.api import checks, replies
from synq_cli.api.operation import Operation
from synq_cli.api.reader import FEWEST_LETTERS, in_order
from synq_cli.api.writer import look_for
from synq_cli.errors import NotFoundError, UsageError
from synq_cli.nearest import did_you_mean
from synq_cli.uuids import parse_uuid

if TYPE_CHECKING:
    from synq_cli.api.index import LocalIndex
    from synq_cli.api.pagination import Row
    from synq_cli.api.reader import Reader
    from synq_cli.api.writer import Writer

ATTRIBUTE_TYPES = ("TEXT", "NUMBER")

CATEGORIES = Operation("list_categories", "GET", "/api/v1/pim/categories", "the list of categories")
CREATE_CATEGORY = Operation(
    "create_category", "POST", "/api/v1/pim/categories", "the new category", effect="create", retry="unsafe"
)
BRANDS = Operation("list_brands", "GET", "/api/v1/pim/brands", "the list of brands")
CREATE_BRAND = Operation("create_brand", "POST", "/api/v1/pim/brands", "the new brand", effect="create", retry="unsafe")
ATTRIBUTES = Operation("list_attributes", "GET", "/api/v1/pim/attributes", "the list of attributes")
CREATE_ATTRIBUTE = Operation(
    "create_attribute", "POST", "/api/v1/pim/attributes", "the new attribute", effect="create", retry="unsafe"
)
GROUPS = Operation("list_attribute_groups", "GET", "/api/v1/pim/attribute-groups", "the list of attribute groups")
CREATE_GROUP = Operation(
    "create_attribute_group",
    "POST",
    "/api/v1/pim/attribute-groups",
    "the new attribute group",
    effect="create",
    retry="unsafe",
)
TEMPLATES = Operation("list_templates", "GET", "/api/v1/pim/templates", "the list of product templates")
CREATE_TEMPLATE = Operation(
    "create_template", "POST", "/api/v1/pim/templates", "the new product template", effect="create", retry="unsafe"
)


class _Named:
    """What they have in common: objects with names, listed whole, of which one at a time is added."""

    def __init__(self, reader: "Reader", writer: "Writer", index: "LocalIndex") -> None:
        self._reader = reader
        self._writer = writer
        self._index = index

    def _all(self, operation: Operation) -> "list[Row]":
        return in_order(self._reader.all(operation, _noun(operation).replace("-", "_")), "name")

    def _add(self, operation: Operation, name: str, **fields: object) -> "Row":
        body = checks.given(name=name, **fields)
        unknown = look_for(f"'{body['name']}'", f"synq products {_noun(operation)} list")
        return self._writer.write(operation, body, unknown=unknown)


class Categories(_Named):
    """The operations on categories."""

    def list(self) -> "list[Row]":
        """Every category, by name; they nest by parent_id. GET /api/v1/pim/categories"""
        rows = self._all(CATEGORIES)
        self._index.remember_ids("category", rows)
        return rows

    def create(self, name: str, *, slug: str | None, description: str | None, parent: str | None) -> "Row":
        """Create a category, below another one by its name or id; gives it. POST /api/v1/pim/categories"""
        checks.given(name=name, description=description)  # before a request is spent on the parent
        slug = None if slug is None else checks.slug(slug)
        parent_id = None if parent is None else self._parent_id(parent)
        created = self._add(CREATE_CATEGORY, name, slug=slug, description=description, parentId=parent_id)
        self._index.remember_ids("category", [created])
        return created

    def _parent_id(self, text: str) -> str:
        """The id of the one category with this name, slug or id, or whose id begins with these letters."""
        wanted = parse_uuid(text.strip()) or checks.filled(text, "parent").lower()
        rows = self.list()
        found = [row for row in rows if wanted in {str(row.get(key)).lower() for key in ("name", "slug", "id")}]
        if not found and len(wanted) >= FEWEST_LETTERS:
            found = [row for row in rows if str(row.get("id")).lower().startswith(wanted)]
        if len(found) == 1:
            identifier = parse_uuid(str(found[0].get("id")))
            if identifier is None:
                # The API would drop it in silence and put the category at the top.
                raise replies.nonsense(CATEGORIES, "a category whose id is no UUID")
            return identifier
        if found:
            ids = ", ".join(str(row.get("id")) for row in found[:3])
            raise UsageError(f"'{text}' may be any of {len(found)} categories.", hint=f"Name its id. Among them: {ids}")
        near = did_you_mean(wanted, (str(row.get("name")) for row in rows))
        raise NotFoundError(f"There is no category '{text}'.", hint=f"{near}See `synq products categories list`.")


class Brands(_Named):
    """The operations on brands."""

    def list(self) -> "list[Row]":
        """Every brand, by name. GET /api/v1/pim/brands"""
        rows = self._all(BRANDS)
        self._index.remember_ids("brand", rows)
        return rows

    def create(self, name: str, *, description: str | None, logo_url: str | None) -> "Row":
        """Create a brand; gives it. POST /api/v1/pim/brands"""
        logo = None if logo_url is None else checks.web_address(logo_url, "logo URL")
        created = self._add(CREATE_BRAND, name, description=description, logoUrl=logo)
        self._index.remember_ids("brand", [created])
        return created


class Attributes(_Named):
    """The operations on attributes."""

    def list(self) -> "list[Row]":
        """Every attribute, by name. GET /api/v1/pim/attributes"""
        return self._all(ATTRIBUTES)

    def create(self, name: str, *, slug: str | None, kind: str | None) -> "Row":
        """Create an attribute of a type, TEXT if it is None; gives it. POST /api/v1/pim/attributes"""
        slug = None if slug is None else checks.slug(slug)
        # The list of types is not published; the known ones are capitals.
        return self._add(CREATE_ATTRIBUTE, name, slug=slug, type=kind and kind.upper())


class AttributeGroups(_Named):
    """The operations on attribute groups."""

    def list(self) -> "list[Row]":
        """Every attribute group, by name. GET /api/v1/pim/attribute-groups"""
        return self._all(GROUPS)

    def create(self, name: str, *, description: str | None) -> "Row":
        """Create an attribute group; gives it. POST /api/v1/pim/attribute-groups"""
        return self._add(CREATE_GROUP, name, description=description)


class Templates(_Named):
    """The operations on product templates."""

    def list(self) -> "list[Row]":
        """Every product template, by name. GET /api/v1/pim/templates"""
        return self._all(TEMPLATES)

    def create(self, name: str, *, description: str | None) -> "Row":
        """Create a product template; gives it. POST /api/v1/pim/templates"""
        return self._add(CREATE_TEMPLATE, name, description=description)


def _noun(operation: Operation) -> str:
    """What the route and the command call it."""
    return operation.path.rpartition("/")[2]
