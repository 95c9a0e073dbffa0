"""The taxonomy: categories, brands, attributes, attribute groups and product templates."""

from typing import TYPE_CHECKING, NamedTuple

from synq_cli.http import operations, replies
from synq_cli.http.operation import Operation
from synq_cli.resources.shared import validation
from synq_cli.resources.shared.pagination import Row
from synq_cli.resources.shared.resource import Api, Resource, find_row, look_for, sorted_rows
from synq_cli.uuids import parse_uuid

if TYPE_CHECKING:
    from synq_cli.state.id_cache import Kind

ATTRIBUTE_TYPES = ("TEXT", "NUMBER")


class TaxonomyKind(NamedTuple):
    """A taxonomy resource: its noun in routes and commands, its name, its operations, the kind of its cached ids."""

    noun: str
    one: str
    list: Operation
    create: Operation
    cached_as: "Kind | None" = None

    @property
    def many(self) -> str:
        """The plural of its name."""
        return f"{self.one[:-1]}ies" if self.one.endswith("y") else f"{self.one}s"


CATEGORIES = TaxonomyKind("categories", "category", operations.LIST_CATEGORIES, operations.CREATE_CATEGORY, "category")
BRANDS = TaxonomyKind("brands", "brand", operations.LIST_BRANDS, operations.CREATE_BRAND, "brand")
ATTRIBUTES = TaxonomyKind("attributes", "attribute", operations.LIST_ATTRIBUTES, operations.CREATE_ATTRIBUTE)
ATTRIBUTE_GROUPS = TaxonomyKind(
    "attribute-groups", "attribute group", operations.LIST_ATTRIBUTE_GROUPS, operations.CREATE_ATTRIBUTE_GROUP
)
TEMPLATES = TaxonomyKind("templates", "product template", operations.LIST_TEMPLATES, operations.CREATE_TEMPLATE)


class Taxonomy(Resource):
    """One taxonomy resource."""

    def __init__(self, api: Api, kind: TaxonomyKind) -> None:
        super().__init__(api)
        self._kind = kind

    def list(self) -> list[Row]:
        """All objects, by name; categories nest by parent_id. GET /api/v1/pim/<taxonomy>"""
        rows = sorted_rows(self._api.read_list(self._kind.list, self._kind.noun.replace("-", "_")), "name")
        if self._kind.cached_as:
            self._api.index.remember_ids(self._kind.cached_as, rows)
        return rows

    def create(
        self,
        name: str,
        *,
        slug: str | None = None,
        kind: str | None = None,
        description: str | None = None,
        logo_url: str | None = None,
        parent: str | None = None,
    ) -> Row:
        """Create an object with the fields that its resource has, and return it.

        `kind` is an attribute's type, `parent` a category's name, slug or id. POST /api/v1/pim/<taxonomy>
        """
        body = validation.given(
            name=name,
            slug=None if slug is None else validation.slug(slug),
            type=kind and kind.upper(),  # the contract does not list the types; the known ones are upper case
            description=description,
            logoUrl=None if logo_url is None else validation.web_address(logo_url, "logo URL"),
        )
        if parent is not None:
            body["parentId"] = self._parent_id(parent)
        unknown = look_for(f"'{body['name']}'", f"synq products {self._kind.noun} list")
        created = self._api.write(self._kind.create, body=body, if_unknown=unknown)
        if self._kind.cached_as:
            self._api.index.remember_ids(self._kind.cached_as, [created])
        return created

    def _parent_id(self, text: str) -> str:
        """The id of the one object with this name, slug, id or prefix of an id."""
        text, see = validation.filled(text, "parent"), f"synq products {self._kind.noun} list"
        found = find_row(self.list(), text, self._kind.one, "id", "name", "slug", see=see)
        identifier = parse_uuid(found["id"])
        if identifier is None:
            # The API would ignore it without an error and put the new category at the top.
            raise replies.invalid_reply(self._kind.list, f"the id of a {self._kind.one} is not a UUID")
        return identifier
