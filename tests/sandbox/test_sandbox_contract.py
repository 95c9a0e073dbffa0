"""What the sandbox answers is what the contract says, for the operations it has."""

import copy
import hmac
import io
import itertools
import re

import falcon.inspect
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from openapi_schema_validator import OAS30Validator
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    positive_data_acceptance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from synq_cli.sandbox.seed.seed import WEBHOOK_KEY
from synq_cli.sandbox.server.app import create_app
from synq_cli.sandbox.store.store import Store

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


# Bodies of which some are refused that the contract allows.
PARTLY_REFUSED = ("CategoryCreate", "MediaCreate", "VariantCreate", "BulkJobCreate")
# Allowed by the contract, and refused the second time: the order or the member has changed by then.
ONCE = {"cancel_order", "create_fulfillment", "create_return", "invite_member"}


def shape(path):
    return re.sub(r"\{.*?\}", "{}", path)


def implemented(app, contract):
    """(method, path) as the contract writes them, for every route of the app; deletions come last."""
    paths = {shape(path): path for path in contract["paths"]}
    found = [
        (method.method.lower(), paths[shape(route.path)])
        for route in falcon.inspect.inspect_routes(app)
        for method in route.methods
        if not method.internal
    ]
    return sorted(found, key=lambda operation: operation[0] == "delete")


def test_every_operation_has_a_route_and_every_route_is_an_operation(database, contract):
    served = implemented(create_app(database), contract)
    assert len(served) == len(set(served))
    assert set(served) == {(method, path) for path, methods in contract["paths"].items() for method in methods}


def test_every_seeded_object_is_as_the_contract_says(client, contract, clock):
    def valid(schema, document):
        validator = OAS30Validator(
            {**schema, "components": contract["components"]}, format_checker=OAS30Validator.FORMAT_CHECKER
        )
        return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(document)]

    def get(path, **params):
        clock.at += 1
        result = client.simulate_get(path, params=params)
        assert result.status_code == 200, result.text
        return result.json

    def reply(path):
        return contract["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]

    paged = [
        "/api/v1/pim/variants",
        "/api/v1/oms/orders",
        "/api/v1/inventory/levels",
        "/api/v1/inventory/ledger",
    ]
    whole = [
        "/api/v1/pim/products",
        "/api/v1/inventory/locations",
        "/api/v1/channels",
        "/api/v1/settings/tenant",
    ]
    catalogue = ("stats", "categories", "brands", "attributes", "attribute-groups", "templates", "media")
    whole += [f"/api/v1/pim/{name}" for name in (*catalogue, "bulk-jobs", "validation", "audit")]
    whole += ["/api/v1/inventory/reservations", "/api/v1/integrations/connections", "/api/v1/audit"]
    whole += ["/api/v1/organization", "/api/v1/organization/members"]
    complaints = []
    for path in paged:
        for offset in (0, 100, 200, 300, 400, 500, 600):
            complaints += valid(reply(path), get(path, limit=100, offset=offset))
    for path in whole:
        complaints += valid(reply(path), get(path))
    complaints += valid(reply("/api/v1/pim/bulk-jobs"), get("/api/v1/pim/bulk-jobs", type="BULK_IMPORT"))
    for product in get("/api/v1/pim/products"):
        document = get(f"/api/v1/pim/products/{product['id']}")
        complaints += valid({"$ref": "#/components/schemas/Product"}, document)
    for order in get("/api/v1/oms/orders", limit=100)["orders"]:
        for kind in ("fulfillments", "returns"):
            path = f"/api/v1/oms/orders/{{orderID}}/{kind}"
            complaints += valid(reply(path), get(path.format(orderID=order["id"])))
    assert complaints == []


@pytest.fixture
def tireless(database, clock):
    """The app with a clock that moves on by a second at each look, so that no limit is met."""
    ticks = itertools.count()
    with Store(database):  # while one connection is open, closing another costs nothing
        yield create_app(database, lambda: clock.at + next(ticks))


@pytest.fixture
def own(database):
    """The tenant's own ids, by the name of the parameter that takes them; bodies that hold some, by operation."""
    with Store(database) as store:
        tenant = store.rows("SELECT * FROM tenant")[0]
        entry = store.rows("SELECT * FROM ledger")[0]
        category = store.rows("SELECT id FROM categories")[0]["id"]
        brand = store.rows("SELECT id FROM brands")[0]["id"]

        def newest(table, condition="1"):
            return store.rows(f"SELECT * FROM {table} WHERE {condition} ORDER BY rowid DESC")[0]

        crewneck = newest("ledger", "variant_id = (SELECT id FROM variants WHERE sku = 'HMC-NVY-M')")
        place = {"variant_id": crewneck["variant_id"], "location_id": crewneck["location_id"]}
        connection = newest("connections")
        return {
            "headers": {"X-Tenant-ID": tenant["id"], "X-Org-ID": tenant["org_id"]},
            "productID": store.rows("SELECT id FROM products")[0]["id"],
            "orderID": store.rows("SELECT id FROM orders")[0]["id"],
            "categoryID": category,
            "variantID": entry["variant_id"],
            "reservationID": newest("reservations", "reference = 'trunk-show'")["id"],
            "channelID": newest("channels")["id"],
            "connectionID": connection["id"],
            "uid": newest("members", "role = 'VIEWER'")["uid"],
            # Where the state of the order matters, by operation.
            "orders": {
                "cancel_order": newest("orders", "status = 'confirmed'")["id"],
                "list_fulfillments": newest("orders", "status = 'delivered'")["id"],
                "create_fulfillment": newest("orders", "status = 'processing'")["id"],
                "list_returns": newest("orders", "status = 'returned'")["id"],
                "create_return": newest("orders", "status = 'fulfilled'")["id"],
            },
            "bodies": {
                "adjust_inventory": {
                    "variant_id": entry["variant_id"],
                    "location_id": entry["location_id"],
                    "quantity_delta": -3,
                },
                "update_product": {"title": "Voe Scarf", "category_id": category, "brand_id": brand},
                "create_order": {
                    "idempotency_key": "k-1",
                    "payment_provider": "stripe",
                    "payment_reference": "pi_1",
                    "items": [{**place, "product_title": "Crewneck", "quantity": 1, "unit_price": 89.5}],
                },
                "cancel_order": {"reason": "changed their mind"},
                "create_fulfillment": {"carrier": "Royal Mail"},
                "create_return": {"reason": "too long"},
                "create_reservation": {**place, "quantity": 1},
                "update_channel": {"name": "kiosk", "currency": "gbp", "active": True},
                "change_member_role": {"role": "EDITOR"},
                "receive_webhook": {
                    "connection_id": connection["unified_connection_id"],
                    "event": "accounting.order.created",
                    "data": {},
                },
            },
        }


def signing(app):
    """The app as a provider reaches it that knows the secret: what looks like a signature becomes the right one."""

    def signed(environ, start_response):
        if re.fullmatch("[0-9a-f]{64}", environ.get("HTTP_X_UNIFIED_SIGNATURE", "")):
            body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            environ["wsgi.input"] = io.BytesIO(body)
            environ["HTTP_X_UNIFIED_SIGNATURE"] = hmac.new(WEBHOOK_KEY.encode(), body, "sha256").hexdigest()
        return app(environ, start_response)

    return signed


@pytest.fixture
def schema(tireless, contract, own):
    lenient = copy.deepcopy(contract)
    # A larger limit is lowered, not refused.
    del lenient["components"]["parameters"]["limit"]["schema"]["maximum"]
    bodies = {name: lenient["components"]["schemas"][name]["properties"] for name in PARTLY_REFUSED}
    # An id that names nothing is refused, and the contract can't know what there is.
    bodies["CategoryCreate"]["parentId"] = {"enum": [own["categoryID"]]}
    bodies["MediaCreate"]["product_id"] = {"enum": [own["productID"]]}
    bodies["MediaCreate"]["variant_id"] = {"enum": [own["variantID"]]}
    # So is a SKU that is taken: chance draws the same ones again and again.
    del bodies["VariantCreate"]["sku"]
    # And base64 of anything but JSON.
    bodies["BulkJobCreate"]["payload"]["anyOf"].pop()
    schema = schemathesis.openapi.from_dict(lenient)
    schema.app = signing(tireless)
    # Unknown query parameters are let pass; the token is ours.
    schema.config.generation.update(allow_extra_parameters=False, with_security_parameters=False)
    return schema


def probe(operation, requests, checks, headers):
    """Send generated requests to an operation; the statuses that came back."""
    statuses = set()

    # Schemathesis filters much of what it draws; that is no fault of the strategy.
    @settings(max_examples=7, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(case=requests)
    def send(case):
        response = case.call(headers=headers)
        statuses.add(response.status_code)
        case.validate_response(response, checks=checks, headers=headers)

    send()
    return statuses


def test_generated_requests_are_answered_as_the_contract_says(tireless, schema, bearer, contract, own):
    statuses = {}
    operations = implemented(tireless, contract)
    for method, path in operations:
        operation = schema[path][method]
        name = contract["paths"][path][method]["operationId"]
        known = {name: own[name] for name in re.findall(r"{(.*?)}", path)}
        if name in own["orders"]:
            known["orderID"] = own["orders"][name]
        body = {"body": own["bodies"][name]} if name in own["bodies"] else {}
        headers = None if name == "receive_webhook" else own["headers"]
        requests = operation.as_strategy(headers=headers)
        if known or body:
            requests |= operation.as_strategy(headers=headers, path_parameters=known or None, **body)
        checks = CHECKS if name in ONCE else [*CHECKS, positive_data_acceptance]
        statuses[name] = probe(operation, requests, checks, bearer(expires_in=10**9))
    assert all(found & {200, 201, 202, 204} for found in statuses.values()), statuses
    assert len(statuses) == len(operations)


def test_generated_nonsense_is_refused_as_the_contract_says(tireless, schema, bearer, contract, own):
    statuses = {}
    operations = implemented(tireless, contract)
    for method, path in operations:
        spec = contract["paths"][path][method]
        parameters = [part["$ref"] for part in spec.get("parameters", [])]
        if not parameters:
            continue
        # Where there is more to get wrong than the two headers, the headers are right.
        checked = [name for name in parameters if not name.endswith("/uid")]  # any text can be a uid
        more = len(checked) > 2 or (len(checked) == 2 and "requestBody" in spec)
        requests = schema[path][method].as_strategy(
            generation_mode=GenerationMode.NEGATIVE, headers=own["headers"] if more else None
        )
        statuses[spec["operationId"]] = probe(
            schema[path][method], requests, [*CHECKS, negative_data_rejection], bearer(expires_in=10**9)
        )
    assert len(statuses) == len(operations) - 1  # the state of the service takes nothing
    assert statuses.pop("receive_webhook") <= {400, 401, 403}
    assert all(found <= {400, 403, 404} for found in statuses.values()), statuses
