"""The sandbox answers as the contract says."""

import copy
import hmac
import io
import itertools
import re
import shutil
from pathlib import Path
from types import SimpleNamespace

import falcon.inspect
import pytest
from falcon import testing
from hypothesis import HealthCheck, given, settings
from replies import NOON

from synq_cli.sandbox.seed.seed import WEBHOOK_KEY
from synq_cli.sandbox.server.app import create_app
from synq_cli.sandbox.server.identity import issue_token
from synq_cli.sandbox.store.store import Store

EXAMPLES = max(1, settings.default.max_examples // 20)  # of each operation: one here, a hundred in `make soak`
# Valid once, but not again: the order or the member has changed by then.
ONCE = {"cancel_order", "create_fulfillment", "create_return", "invite_member"}


def operations(contract):
    """Path, method and operation, deletions last."""
    found = [(path, method, spec) for path, methods in contract["paths"].items() for method, spec in methods.items()]
    return sorted(found, key=lambda operation: operation[1] == "delete")


def examples(path, spec, tenant):
    """The tenant's own ids for the parameters of the path."""
    ids = {name: tenant.ids[name] for name in re.findall(r"{(.*?)}", path)}
    status = tenant.statuses.get(spec["operationId"])
    return {**ids, "orderID": tenant.order(status)} if status else ids


@pytest.fixture(scope="module")
def tenant(fresh, contract, tmp_path_factory):
    """An app whose clock advances a second at each look, so that no limit is reached; and ids and bodies it accepts."""
    database = Path(shutil.copy(fresh, tmp_path_factory.mktemp("contract")))
    ticks = itertools.count()
    with Store(database) as store:

        def one(table, condition="1"):
            return store.rows(f"SELECT * FROM {table} WHERE {condition} ORDER BY rowid DESC")[0]

        crewneck = one("ledger", "variant_id = (SELECT id FROM variants WHERE sku = 'HMC-NVY-M')")
        place = {name: crewneck[name] for name in ("variant_id", "location_id")}
        category, brand, connection = one("categories")["id"], one("brands")["id"], one("connections")
        event = {"connection_id": connection["unified_connection_id"], "event": "accounting.order.created", "data": {}}
        payment = {"idempotency_key": "k-1", "payment_provider": "stripe", "payment_reference": "pi_1"}
        yield SimpleNamespace(
            app=create_app(database, lambda: NOON + next(ticks)),
            token={"Authorization": f"Bearer {issue_token(database, now=lambda: NOON, expires_in=10**9)}"},
            headers={"X-Tenant-ID": store.tenant()["id"], "X-Org-ID": store.tenant()["org_id"]},
            ids={
                "productID": one("products", "id NOT IN (SELECT product_id FROM variants WHERE sku LIKE 'HMC%')")["id"],
                "orderID": one("orders")["id"],
                "categoryID": category,
                "variantID": crewneck["variant_id"],
                "reservationID": one("reservations", "reference = 'trunk-show'")["id"],
                "channelID": one("channels")["id"],
                "connectionID": connection["id"],
                "uid": one("members", "role = 'VIEWER'")["uid"],
            },
            order=lambda status: one("orders", f"status = '{status}'")["id"],
            statuses={
                "cancel_order": "confirmed",
                "list_fulfillments": "delivered",
                "create_fulfillment": "processing",
                "list_returns": "returned",
                "create_return": "fulfilled",
            },
            bodies={
                "adjust_inventory": {**place, "quantity_delta": -3},
                "update_product": {"title": "Voe Scarf", "category_id": category, "brand_id": brand},
                "create_order": {
                    **payment,
                    "items": [{**place, "product_title": "Crewneck", "quantity": 1, "unit_price": 89.5}],
                },
                "cancel_order": {"reason": "changed their mind"},
                "create_fulfillment": {"carrier": "Royal Mail"},
                "create_return": {"reason": "too long"},
                "create_reservation": {**place, "quantity": 1},
                "update_channel": {"name": "kiosk", "currency": "gbp", "active": True},
                "change_member_role": {"role": "EDITOR"},
                "receive_webhook": event,
            },
        )


def signing(app):
    """The app with each webhook request signed that has the form of a signature."""

    def signed(environ, start_response):
        if re.fullmatch("[0-9a-f]{64}", environ.get("HTTP_X_UNIFIED_SIGNATURE", "")):
            body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            environ["wsgi.input"] = io.BytesIO(body)
            environ["HTTP_X_UNIFIED_SIGNATURE"] = hmac.new(WEBHOOK_KEY.encode(), body, "sha256").hexdigest()
        return app(environ, start_response)

    return signed


# Loading schemathesis and the validators takes a second, and only one process of the suite needs them.
@pytest.fixture(scope="module")
def schema(contract, tenant):
    import schemathesis

    adapted = copy.deepcopy(contract)
    # A larger limit is lowered, not refused.
    del adapted["components"]["parameters"]["limit"]["schema"]["maximum"]
    bodies = {name: body.get("properties") for name, body in adapted["components"]["schemas"].items()}
    # Unknown ids are refused, and the contract does not know which there are; so are a SKU that is taken, since
    # hypothesis repeats itself, and base64 of anything but JSON.
    bodies["CategoryCreate"]["parentId"] = {"enum": [tenant.ids["categoryID"]]}
    bodies["MediaCreate"]["product_id"] = {"enum": [tenant.ids["productID"]]}
    bodies["MediaCreate"]["variant_id"] = {"enum": [tenant.ids["variantID"]]}
    del bodies["VariantCreate"]["sku"]
    bodies["BulkJobCreate"]["payload"]["anyOf"].pop()
    schema = schemathesis.openapi.from_dict(adapted)
    schema.app = signing(tenant.app)
    # Unknown query parameters are ignored; the token is the tenant's.
    schema.config.generation.update(allow_extra_parameters=False, with_security_parameters=False)
    return schema


def statuses_of(requests, tenant, *accepted):
    """Send generated requests and check the replies; the statuses. `accepted` are the names of further checks."""
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi import checks

    named = [
        "status_code_conformance",
        "content_type_conformance",
        "response_headers_conformance",
        "response_schema_conformance",
        *accepted,
    ]
    expected, statuses = [not_a_server_error, *(getattr(checks, name) for name in named)], set()

    # Schemathesis discards many examples, which hypothesis would report.
    @settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
    @given(case=requests)
    def send(case):
        response = case.call(headers=tenant.token)
        statuses.add(response.status_code)
        case.validate_response(response, checks=expected, headers=tenant.token)

    send()
    return statuses


def test_the_contract_is_valid_openapi(contract):
    from openapi_spec_validator import validate

    validate(contract)


def test_every_operation_has_a_route_and_every_route_is_an_operation(tenant, contract):
    def shape(path):
        return re.sub(r"\{.*?\}", "{}", path)

    served = [
        (shape(route.path), method.method.lower())
        for route in falcon.inspect.inspect_routes(tenant.app)
        for method in route.methods
        if not method.internal
    ]
    assert len(served) == len(set(served))
    assert set(served) == {(shape(path), method) for path, method, _ in operations(contract)}


def test_seeded_objects_are_as_the_contract_says(tenant, contract):
    from openapi_schema_validator import OAS30Validator

    client = testing.TestClient(tenant.app, headers=tenant.token)
    complaints = []
    for path, method, spec in operations(contract):
        if method == "get" and "application/json" in (replies := spec["responses"]["200"])["content"]:
            reply = replies["content"]["application/json"]["schema"]
            schema = {**reply, "components": contract["components"]}
            validator = OAS30Validator(schema, format_checker=OAS30Validator.FORMAT_CHECKER)
            offsets = range(0, 700, 100) if "limit" in str(spec.get("parameters")) else (0,)
            for offset in offsets:
                place = path.format(**examples(path, spec, tenant))
                result = client.simulate_get(place, params={"limit": 100, "offset": offset} if len(offsets) > 1 else {})
                assert result.status_code == 200, (path, result.text)
                complaints += [
                    f"{path} {found.json_path}: {found.message}" for found in validator.iter_errors(result.json)
                ]
    assert complaints == []


@pytest.mark.hypothesis
def test_generated_requests_are_answered_as_the_contract_says(tenant, schema, contract):
    for path, method, spec in operations(contract):
        operation, name = schema[path][method], spec["operationId"]
        headers = None if name == "receive_webhook" else tenant.headers
        body = {"body": tenant.bodies[name]} if name in tenant.bodies else {}
        known = operation.as_strategy(headers=headers, path_parameters=examples(path, spec, tenant) or None, **body)
        assert statuses_of(known, tenant) & {200, 201, 202, 204}, name
        more = [] if name in ONCE else ["positive_data_acceptance"]
        statuses_of(operation.as_strategy(headers=headers), tenant, *more)


@pytest.mark.hypothesis
def test_invalid_generated_requests_are_refused_as_the_contract_says(tenant, schema, contract):
    from schemathesis import GenerationMode

    for path, method, spec in operations(contract):
        parameters = [part["$ref"] for part in spec.get("parameters", [])]
        if not parameters:
            continue
        # Where there is more to get wrong than the two headers, the headers are right.
        checked = [name for name in parameters if not name.endswith("/uid")]  # any text can be a uid
        more = len(checked) > 2 or (len(checked) == 2 and "requestBody" in spec)
        headers = tenant.headers if more else None
        requests = schema[path][method].as_strategy(generation_mode=GenerationMode.NEGATIVE, headers=headers)
        found = statuses_of(requests, tenant, "negative_data_rejection")
        assert found <= ({400, 401, 403} if spec["operationId"] == "receive_webhook" else {400, 403, 404}), path
