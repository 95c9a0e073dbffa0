"""What products are organized by, six resources that only differ in their fields: list, create."""

from dataclasses import dataclass, field

import falcon

from synq_cli.sandbox.server import checks
from synq_cli.sandbox.server.request import Request, Response, http_error
from synq_cli.sandbox.store.schema import Row

# Requests write two names differently from replies.
COLUMNS = {"parentId": "parent_id", "logoUrl": "logo_url"}
REFERENCES = {"parentId": "categories", "product_id": "live_products", "variant_id": "live_variants"}


@dataclass(frozen=True)
class Taxonomy:
    """The rows of one table, and the fields of a new one."""

    table: str
    entity: str
    checks: dict[str, checks.Check]
    required: str = "name"
    defaults: Row = field(default_factory=dict)
    order: str = "rowid"
    filters: tuple[str, ...] = ()

    def on_get(self, req: Request, resp: Response) -> None:
        filters: Row = {name: req.uuid_param(name) for name in self.filters}
        resp.media = req.rows(self.table, order=self.order, **filters)

    def on_post(self, req: Request, resp: Response) -> None:
        fields = {**self.defaults, **req.fields(self.checks, (self.required,), "Invalid request payload")}
        columns = {COLUMNS.get(name, name): value for name, value in fields.items()}
        with req.store.writing():
            for name in REFERENCES.keys() & fields.keys():
                # Not 404, which the contract does not have for these operations.
                if not req.rows(REFERENCES[name], id=fields[name]):
                    raise http_error(400, f"Invalid {name}")
            entry = resp.media = req.insert(self.table, org_id=req.caller.org_id, **columns)
            details = {self.required: fields[self.required]}
            req.audit(f"{self.entity}_CREATED", self.entity, entry["id"], details)
        resp.status = falcon.HTTP_201


NAMED: dict[str, checks.Check] = {"name": checks.filled_text, "description": checks.text}
CATEGORY = {**NAMED, "slug": checks.text, "parentId": checks.identifier}
ATTRIBUTE = {"name": checks.filled_text, "slug": checks.text, "type": checks.text}
MEDIA: dict[str, checks.Check] = {
    "url": checks.absolute_uri,
    "product_id": checks.identifier,
    "variant_id": checks.identifier,
    "alt_text": checks.text,
    "sort_order": checks.whole_number,
}

ROUTES = {
    "/api/v1/pim/categories": Taxonomy("categories", "CATEGORY", CATEGORY, order="name, id"),
    "/api/v1/pim/brands": Taxonomy("brands", "BRAND", {**NAMED, "logoUrl": checks.absolute_uri}),
    "/api/v1/pim/attributes": Taxonomy(
        "attributes", "ATTRIBUTE", ATTRIBUTE, defaults={"type": "TEXT"}, order="name, id"
    ),
    "/api/v1/pim/attribute-groups": Taxonomy("attribute_groups", "ATTRIBUTE_GROUP", NAMED),
    "/api/v1/pim/templates": Taxonomy("templates", "TEMPLATE", NAMED),
    "/api/v1/pim/media": Taxonomy(
        "media", "MEDIA", MEDIA, required="url", defaults={"sort_order": 0}, filters=("product_id", "variant_id")
    ),
}
