"""Six kinds of things around products, served alike: categories, brands, attributes, groups, templates, media."""

import uuid
from dataclasses import dataclass, field

import falcon

from synq_cli.sandbox.server.fields import Check, address, fields_in, filled_text, identifier, text, whole_number
from synq_cli.sandbox.server.gates import caller_of
from synq_cli.sandbox.server.reading import refusal, store_of, uuid_filter
from synq_cli.sandbox.store.schema import Row
from synq_cli.sandbox.store.trail import record
from synq_cli.times import timestamp


@dataclass(frozen=True)
class Kind:
    """Where a kind is kept, what the audit trail calls it, and what a new one may hold."""

    table: str
    entity: str
    checks: dict[str, Check]
    required: str = "name"
    defaults: Row = field(default_factory=dict)
    order: str = "rowid"
    filters: tuple[str, ...] = ()


NAMED: dict[str, Check] = {"name": filled_text, "description": text}

KINDS = {
    "/api/v1/pim/categories": Kind(
        "categories",
        "CATEGORY",
        {**NAMED, "slug": text, "parentId": identifier},
        order="name, id",
    ),
    "/api/v1/pim/brands": Kind("brands", "BRAND", {**NAMED, "logoUrl": address}),
    "/api/v1/pim/attributes": Kind(
        "attributes",
        "ATTRIBUTE",
        {"name": filled_text, "slug": text, "type": text},
        defaults={"type": "TEXT"},
        order="name, id",
    ),
    "/api/v1/pim/attribute-groups": Kind("attribute_groups", "ATTRIBUTE_GROUP", NAMED),
    "/api/v1/pim/templates": Kind("templates", "TEMPLATE", NAMED),
    "/api/v1/pim/media": Kind(
        "media",
        "MEDIA",
        {
            "url": address,
            "product_id": identifier,
            "variant_id": identifier,
            "alt_text": text,
            "sort_order": whole_number,
        },
        required="url",
        defaults={"sort_order": 0},
        filters=("product_id", "variant_id"),
    ),
}

# Requests write two names in another way than replies do.
COLUMNS = {"parentId": "parent_id", "logoUrl": "logo_url"}
REFERENCES = {"parentId": "categories", "product_id": "live_products", "variant_id": "live_variants"}


class Taxonomy:
    def __init__(self, kind: Kind) -> None:
        self._kind = kind

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        values = {name: uuid_filter(req, name) for name in self._kind.filters}
        conditions = "".join(f" AND (:{name} IS NULL OR {name} = :{name})" for name in values)
        resp.media = store_of(req).rows(
            f"""SELECT * FROM {self._kind.table}
                WHERE tenant_id = :tenant{conditions} ORDER BY {self._kind.order}""",  # noqa: S608 (names from the code)
            {"tenant": caller_of(req).tenant_id, **values},
        )

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        kind, caller, store = self._kind, caller_of(req), store_of(req)
        given = {**kind.defaults, **fields_in(req, kind.checks, (kind.required,), "Invalid request payload")}
        at = timestamp(req.context.at)
        entry = {
            "id": str(uuid.uuid4()),
            "org_id": caller.org_id,
            "tenant_id": caller.tenant_id,
            **{COLUMNS.get(name, name): given.get(name) for name in kind.checks},
            "created_at": at,
            "updated_at": at,
        }
        with store.writing():
            for name in REFERENCES.keys() & given.keys():
                _check_reference(req, name, given[name])
            store.insert(kind.table, entry)
            record(req, f"{kind.entity}_CREATED", kind.entity, entry["id"], {kind.required: given[kind.required]})
        resp.status = falcon.HTTP_201
        resp.media = entry


def _check_reference(req: falcon.Request, name: str, value: str) -> None:
    # 404 would be the word for it, but the contract knows none for these operations.
    if not store_of(req).row(
        f"SELECT id FROM {REFERENCES[name]} WHERE id = ? AND tenant_id = ?",  # noqa: S608 (names from the code)
        (value, caller_of(req).tenant_id),
    ):
        raise refusal(400, f"Invalid {name}")
