"""Everything wrong with an order is said at once, and what passes is what the contract takes."""

import json
from functools import cache
from importlib import resources
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from table import cases

from synq_cli import exact_json
from synq_cli.errors import UsageError
from synq_cli.resources.orders.checks import check_order

VARIANT = "a1f46e83-0c9d-4b72-95e8-3d7b2c60f41e"
PLACE = "e07a2f5c-41b8-4d93-8c6e-b9f5d3a1720e"
GOOD: dict[str, Any] = {
    "payment_provider": "stripe",
    "payment_reference": "pi_3SAmpleHarbour01",
    "currency": "GBP",
    "items": [{"product_title": "Repair", "quantity": 1, "unit_price": 89.5}],
}


@cache
def contract() -> Any:
    import jsonschema

    text = (resources.files("synq_cli.resources") / "openapi.yaml").read_text(encoding="utf-8")
    schemas = yaml.load(text, yaml.CSafeLoader)["components"]["schemas"]
    order = schemas["OrderCreate"]
    order["properties"]["items"]["items"] = schemas["OrderItemCreate"]
    return jsonschema.Draft4Validator(order, format_checker=jsonschema.FormatChecker())


KEYS = [
    "idempotency_key", "payment_provider", "payment_reference", "customer_id", "currency", "channel",
    "source_platform", "items", "product_title", "quantity", "unit_price", "variant_id", "location_id", "sku",
    "variant_title", "requires_shipping", "itms",
]  # fmt: skip
BARE = VARIANT.replace("-", "")
SCALARS = (
    st.none() | st.booleans() | st.integers(-1, 2**31) | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["", " ", "stripe", "GBP", "gbp", "EURO", VARIANT, VARIANT[:8], BARE, "\ud800", "19.90"])
)  # fmt: skip
ITEMS = st.dictionaries(st.sampled_from(KEYS), SCALARS, max_size=6)
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
)
LIKELY_ITEMS = st.fixed_dictionaries(
    {
        "product_title": st.sampled_from(["Cap", " "]),
        "quantity": st.integers(0, 3),
        "unit_price": st.sampled_from([0, 9.5, -1]),
    },
    optional={
        "variant_id": st.sampled_from([VARIANT, VARIANT.upper(), BARE]),
        "location_id": st.sampled_from([PLACE, None]),
        "sku": st.sampled_from(["A", 1]),
    },
)  # fmt: skip
ORDERS = st.builds(
    lambda more, items: {**GOOD, **more, "items": items},
    st.dictionaries(st.sampled_from(KEYS), SCALARS, max_size=2),
    st.lists(LIKELY_ITEMS | ITEMS, max_size=3),
)


def as_typed(document: Any) -> Any:
    """The document as a file brings it: numbers with their digits."""
    return exact_json.loads(json.dumps(document))


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


@given(ORDERS | ANYTHING)
def test_what_passes_is_what_the_contract_takes(document: Any) -> None:
    try:
        check_order(as_typed(document), "The order")
    except UsageError:
        return
    contract().validate({"idempotency_key": "k", **without_nulls(document)})


def test_good_orders_pass() -> None:
    item = {"product_title": "Cap", "quantity": 1, "unit_price": 0, "variant_id": VARIANT, "location_id": PLACE}
    rest = {"sku": "CAP", "variant_title": "Navy", "requires_shipping": True}
    check_order(as_typed(GOOD), "The order")
    check_order(as_typed({**GOOD, "items": [{**item, **rest}], "customer_id": VARIANT, "channel": None}), "The order")
    check_order(as_typed({**GOOD, "currency": None, "channel": "web"}), "The order")


def problems(**changes: Any) -> list[str]:
    with pytest.raises(UsageError) as caught:
        check_order(as_typed({**GOOD, **changes}), "The order")
    assert caught.value.hint == "`synq orders create --help` shows what an order looks like."
    assert caught.value.message.endswith("; nothing was sent.")
    return list(caught.value.details)


@cases(
    ("changes", "said"),
    [
        ({"items": []}, "items is []: use a list of at least one item, or --item"),
        ({"items": None}, "items is missing: use a list of at least one item, or --item"),
        ({"items": [7]}, "items[0] is not an object: use one with fields such as product_title and quantity"),
        ({"payment_provider": " "}, "payment_provider is blank: use text such as stripe, adyen or paypal"),
        ({"payment_reference": None}, "payment_reference is missing: use the provider's own reference"),
        ({"customer_id": "7"}, 'customer_id is "7": use a UUID'),
        ({"currency": "EURO"}, 'currency is "EURO": use an ISO 4217 code such as EUR, GBP or USD'),
        (
            {"currency": None},
            "currency is missing, and the API would assume USD: add a currency, or a channel to use its currency",
        ),
        ({"curency": "EUR"}, "unknown field curency: did you mean currency?"),
        ({"idempotency_key": 5}, "idempotency_key is 5: use text of your own, unique for each order"),
    ],
)
def test_each_field_is_named_with_what_it_takes(changes: dict[str, Any], said: str) -> None:
    assert problems(**changes) == [said]


@cases(
    ("item", "said"),
    [
        ({"product_title": None}, "product_title is missing: use text"),
        ({"product_title": "\ud800"}, 'product_title is "\\ud800": use text'),
        ({"quantity": 0}, "quantity is 0: use a whole number from 1 to 2,147,483,647"),
        ({"quantity": 1.0}, "quantity is 1.0: use a whole number from 1 to 2,147,483,647"),
        ({"quantity": True}, "quantity is true: use a whole number from 1 to 2,147,483,647"),
        ({"unit_price": -0.5}, "unit_price is -0.5: use a number, 0 or more, without quotes"),
        ({"unit_price": "19.90"}, 'unit_price is "19.90": use a number, 0 or more, without quotes'),
        ({"unit_price": None}, "unit_price is missing: use a number, 0 or more, without quotes"),
        ({"variant_id": "HMC", "location_id": PLACE}, 'variant_id is "HMC": use a UUID'),
        ({"location_id": "Leith"}, 'location_id is "Leith": use a UUID'),
        ({"variant_id": VARIANT}, "location_id is missing: an item with a variant needs it, or the option --location"),
        ({"requires_shipping": "yes"}, 'requires_shipping is "yes": use true or false'),
        ({"colour": "red", "quantty": 1}, None),
    ],
)
def test_each_field_of_an_item_is_named_with_its_place(item: dict[str, Any], said: str | None) -> None:
    good = GOOD["items"][0]
    found = problems(items=[good, {**good, **item}])
    if said is None:
        assert found[0].startswith("unknown field items[1].colour: use product_title, ")
        assert found[1] == "unknown field items[1].quantty: did you mean quantity?"
    else:
        assert found == [f"items[1].{said}"]


def test_everything_is_said_at_once() -> None:
    with pytest.raises(UsageError) as caught:
        check_order(as_typed({"items": [{}] * 5}), "order.json")
    assert caught.value.message == "order.json has 18 problems; nothing was sent."
    assert len(caught.value.details) == 18
    assert caught.value.details[0].startswith("payment_provider is missing: ")


def test_what_yaml_can_hold_beyond_json_is_no_bug() -> None:
    ring: list[Any] = []
    ring.append(ring)
    for value in (ring, {1, 2}, b"x"):
        assert problems_of({**GOOD, "channel": value}) == [
            f"channel is a {type(value).__name__}: use the name or id of a channel"
        ]
    assert problems_of({**GOOD, 5: 1})[0].startswith("unknown field 5: use ")


def problems_of(document: Any) -> list[str]:
    document = {**document, "items": as_typed(GOOD)["items"]}
    with pytest.raises(UsageError) as caught:
        check_order(document, "The order")
    return list(caught.value.details)


def test_what_comes_from_elsewhere_is_not_asked_for() -> None:
    check_order({**GOOD, "items": "whatever"}, "The order", without=("items",))
    item = {"product_title": "Cap", "quantity": 1, "unit_price": 0, "variant_id": VARIANT}
    check_order({**GOOD, "items": [item]}, "The order", located=True)
