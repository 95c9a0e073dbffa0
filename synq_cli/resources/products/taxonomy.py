"""The taxonomy: categories, brands, attributes, attribute groups and product templates."""

from typing import TYPE_CHECKING, NamedTuple

from synq_cli.errors import NotFoundError, UsageError
from synq_cli.http import operations, replies
from synq_cli.http.operation import Operation
from synq_cli.nearest import did_you_mean
from synq_cli.resources.shared import validation
from synq_cli.resources.shared.reader import FEWEST_LETTERS, in_order
from synq_cli.resources.shared.writer import look_for
from synq_cli.uuids import parse_uuid

if TYPE_CHECKING:
    from synq_cli.resources.shared.pagination import Row
    from synq_cli.resources.shared.reader import Reader
    from synq_cli.resources.shared.writer import Writer
    from synq_cli.state.id_cache import Kind, LocalIndex

ATTRIBUTE_TYPES = ("TEXT", "NUMBER")


class Resource(NamedTuple):
    """A taxonomy resource: its noun in routes and commands, its names in sentences, its two operations.

    `cached_as` is the kind under which the local index keeps its ids, None if it does not.
    """

    noun: str
    one: str
    many: str
    list: Operation
    create: Operation
    cached_as: "Kind | None" = None


CATEGORIES = Resource(
    "categories", "category", "categories", operations.LIST_CATEGORIES, operations.CREATE_CATEGORY, "category"
)
BRANDS = Resource("brands", "brand", "brands", operations.LIST_BRANDS, operations.CREATE_BRAND, "brand")
ATTRIBUTES = Resource("attributes", "attribute", "attributes", operations.LIST_ATTRIBUTES, operations.CREATE_ATTRIBUTE)
ATTRIBUTE_GROUPS = Resource(
    "attribute-groups",
    "attribute group",
    "attribute groups",
    operations.LIST_ATTRIBUTE_GROUPS,
    operations.CREATE_ATTRIBUTE_GROUP,
)
TEMPLATES = Resource(
    "templates", "product template", "product templates", operations.LIST_TEMPLATES, operations.CREATE_TEMPLATE
)


class Taxonomy:
    """The operations on one taxonomy resource."""

    def __init__(self, resource: Resource, reader: "Reader", writer: "Writer", index: "LocalIndex") -> None:
        self._resource = resource
        self._reader = reader
        self._writer = writer
        self._index = index

    def list(self) -> "list[Row]":
        """Every object, by name; categories nest by parent_id. GET /api/v1/pim/<taxonomy>"""
        rows = in_order(self._reader.all(self._resource.list, self._resource.noun.replace("-", "_")), "name")
        if self._resource.cached_as:
            self._index.remember_ids(self._resource.cached_as, rows)
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
    ) -> "Row":
        """Create an object, with those of the fields that its resource has; returns it.

        `kind` is an attribute's type. `parent` is a category's name, slug or id, which costs a request to look up.
        POST /api/v1/pim/<taxonomy>
        """
        body = validation.given(
            name=name,
            slug=None if slug is None else validation.slug(slug),
            type=kind and kind.upper(),  # the list of types is not published; the known ones are capitals
            description=description,
            logoUrl=None if logo_url is None else validation.web_address(logo_url, "logo URL"),
        )
        if parent is not None:
            body["parentId"] = self._parent_id(parent)
        unknown = look_for(f"'{body['name']}'", f"synq products {self._resource.noun} list")
        created = self._writer.write(self._resource.create, body, unknown=unknown)
        if self._resource.cached_as:
            self._index.remember_ids(self._resource.cached_as, [created])
        return created

    def _parent_id(self, text: str) -> str:
        """The id of the one object with this name, slug or id, or whose id begins with these characters."""
        one, many = self._resource.one, self._resource.many
        wanted = parse_uuid(text.strip()) or validation.filled(text, "parent").lower()
        rows = self.list()
        found = [row for row in rows if wanted in {str(row.get(key)).lower() for key in ("name", "slug", "id")}]
        if not found and len(wanted) >= FEWEST_LETTERS:
            found = [row for row in rows if str(row.get("id")).lower().startswith(wanted)]
        if len(found) == 1:
            identifier = parse_uuid(str(found[0].get("id")))
            if identifier is None:
                # The API would ignore it without an error and put the new category at the top.
                raise replies.nonsense(self._resource.list, f"a {one} whose id is no UUID")
            return identifier
        if found:
            ids = ", ".join(str(row.get("id")) for row in found[:3])
            raise UsageError(f"'{text}' may be any of {len(found)} {many}.", hint=f"Name its id. Among them: {ids}")
        near = did_you_mean(wanted, (str(row.get("name")) for row in rows))
        raise NotFoundError(
            f"There is no {one} '{text}'.", hint=f"{near}See `synq products {self._resource.noun} list`."
        )
