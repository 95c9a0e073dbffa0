"""`synq orders create` from the line to the screen: what is looked up, what is sent, and which key it goes under."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from table import cases

ENVIRON = {"SYNQ_TOKEN": "a.b.c", "SYNQ_BASE_URL": "https://api.test"}
ORDER = "86b4e1a9-c27d-4f50-9e38-f1a6d07c5b42"
PLACE = "e07a2f5c-41b8-4d93-8c6e-b9f5d3a1720e"
CHANNEL = "5a1c9e37-4d8b-4f62-a0e5-7b3d1f9c2846"
VARIANTS = {
    "HMC-NVY-M": {
        "id": "a1f46e83-0c9d-4b72-95e8-3d7b2c60f41e", "product_id": "4c0a7b1e-8d32-4f96-a5e7-1b9c6d20f843",
        "sku": "HMC-NVY-M", "price": "89.50", "currency": "GBP", "option_values": {"colour": "Navy", "size": "M"},
    },
    "SLB-OAT": {
        "id": "5e9d017a-b3c6-4d28-a04f-86e1c2f7d953", "product_id": "7ad0c3e5-94f8-4b21-a6c7-d8e1b5f30297",
        "sku": "SLB-OAT", "price": None, "currency": None, "option_values": None,
    },
}  # fmt: skip
PRODUCTS = [
    {"id": "4c0a7b1e-8d32-4f96-a5e7-1b9c6d20f843", "title": "Harbour Merino Crewneck"},
    {"id": "7ad0c3e5-94f8-4b21-a6c7-d8e1b5f30297", "title": "Skerry Lambswool Beanie"},
]
LOCATIONS = [{"id": PLACE, "name": "Leith warehouse", "active": True}]
CHANNELS = [{"id": CHANNEL, "name": "web-storefront", "currency": "GBP", "active": True}]
PAYMENT = ("--payment-provider", "stripe", "--payment-reference", "pi_3S")
PLACED = {"id": ORDER, "status": "pending_payment"}
LINE = ("orders", "create", "--item", "HMC-NVY-M=2@89.50", "--currency", "GBP", *PAYMENT, "--location", PLACE)
FILE = {
    "payment_provider": "stripe",
    "payment_reference": "pi_3S",
    "currency": "GBP",
    "items": [{"product_title": "Repair", "quantity": 1, "unit_price": 89.5}],
}
YAML = """
payment_provider: stripe
payment_reference: pi_3S
currency: gbp
items:
- {product_title: Repair, quantity: 1, unit_price: 89.5, sku: null}
"""


class Api:
    """A small API; `orders` are the answers to orders, one after the other, and `seen` the requests."""

    def __init__(self, *orders: Any, listed: Callable[[], list[dict[str, Any]]] = list, states: str = "") -> None:
        self.orders = list(orders)
        self.listed = listed
        self.states = states.split()
        self.seen: list[str] = []
        self.bodies: list[Any] = []
        self.missing: tuple[str, ...] = ()
        self.channels = CHANNELS
        self.transport = httpx.MockTransport(self._answer)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/api/v1")
        query = dict(request.url.params)
        self.seen.append(f"{request.method} {path}")
        if path in self.missing:
            return httpx.Response(404, text="404 page not found")
        if request.method == "POST":
            self.bodies.append(json.loads(request.content))
            answer = self.orders.pop(0)
            if isinstance(answer, BaseException):
                raise answer
            return answer if isinstance(answer, httpx.Response) else httpx.Response(201, json=answer)
        if path.startswith("/oms/orders/"):
            state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
            return httpx.Response(200, json={"id": ORDER, "status": state, "total": 179.0, "currency": "GBP"})
        if path.startswith("/pim/products/"):
            found = [row for row in PRODUCTS if row["id"] == path.rpartition("/")[2]]
            return (
                httpx.Response(200, json=found[0])
                if found
                else httpx.Response(404, json={"error": "Product not found"})
            )
        rows = {
            "/pim/variants": lambda: [VARIANTS[query["sku"]]] if query["sku"] in VARIANTS else [],
            "/pim/products": lambda: PRODUCTS,
            "/inventory/locations": lambda: LOCATIONS,
            "/channels": lambda: self.channels,
            "/oms/orders": self.listed,
        }
        return httpx.Response(200, json=rows[path]())

    @property
    def keys(self) -> list[str]:
        return [body["idempotency_key"] for body in self.bodies]


def place(synq: Any, api: Api, *line: str, **settings: Any) -> Any:
    return synq(*line, environ=ENVIRON, http=api.transport, **settings)


# what is sent


def test_a_line_becomes_an_item_of_its_variant(synq: Any) -> None:
    api = Api(PLACED)
    result = place(synq, api, *LINE, "--json")
    assert (result.status, json.loads(result.out)) == (0, PLACED)
    assert api.seen == [
        "GET /pim/variants",
        "GET /pim/products/4c0a7b1e-8d32-4f96-a5e7-1b9c6d20f843",
        "POST /oms/orders",
    ]
    (key,) = api.keys
    assert api.bodies == [
        {
            "idempotency_key": key,
            "currency": "GBP",
            "payment_provider": "stripe",
            "payment_reference": "pi_3S",
            "items": [
                {
                    "product_title": "Harbour Merino Crewneck",
                    "variant_title": "Navy / M",
                    "sku": "HMC-NVY-M",
                    "variant_id": VARIANTS["HMC-NVY-M"]["id"],
                    "location_id": PLACE,
                    "quantity": 2,
                    "unit_price": 89.5,
                }
            ],
        }
    ]
    assert result.err.startswith(f"Idempotency key {key}\nTo follow it, run: synq orders track {ORDER} --watch\n")


def test_on_a_terminal_the_order_is_shown(synq: Any) -> None:
    result = place(synq, Api({**PLACED, "total": 179.0, "currency": "GBP"}), *LINE, terminal=True)
    assert result.out == (f"ID        {ORDER}\nStatus    pending_payment\nTotal     179.00 GBP\nCurrency  GBP\n")


def test_several_lines_cost_one_list_of_products_and_without_a_price_the_variants_counts(synq: Any) -> None:
    api = Api(PLACED)
    line = ("orders", "create", "--item", "HMC-NVY-M=1", "--item", "SLB-OAT=3@24.00", "--channel", CHANNEL, *PAYMENT)
    result = place(synq, api, *line)
    assert api.seen == [
        "GET /channels",
        "GET /inventory/locations",
        "GET /pim/variants",
        "GET /pim/variants",
        "GET /pim/products",
        "POST /oms/orders",
    ]
    (body,) = api.bodies
    assert (body["channel"], body["currency"]) == ("web-storefront", "GBP")
    sent = [(item["sku"], item["product_title"], item["quantity"], item["unit_price"]) for item in body["items"]]
    assert sent == [
        ("HMC-NVY-M", "Harbour Merino Crewneck", 1, 89.5),
        ("SLB-OAT", "Skerry Lambswool Beanie", 3, 24.0),
    ]
    assert result.err.startswith("HMC-NVY-M: 89.50 GBP, the variant's price.\nIdempotency key ")


def test_prices_keep_their_digits(synq: Any) -> None:
    sent = []

    def handle(request: httpx.Request) -> httpx.Response:
        sent.append(request.content.decode())
        return httpx.Response(201, json=PLACED)

    text = json.dumps(FILE).replace("89.5", "1234567890.10")
    synq("orders", "create", "--file", "-", environ=ENVIRON, http=httpx.MockTransport(handle), stdin=text)
    assert '"unit_price":1234567890.10' in sent[0]


@pytest.mark.parametrize("text", [json.dumps(FILE), YAML])
def test_a_file_of_free_lines_costs_one_request(synq: Any, text: str) -> None:
    api = Api(PLACED)
    assert place(synq, api, "orders", "create", "--file", "-", stdin=text).status == 0
    assert api.seen == ["POST /oms/orders"]
    assert api.bodies == [{"idempotency_key": api.keys[0], **FILE}]


def test_an_option_goes_before_the_files_field(synq: Any) -> None:
    api = Api({**PLACED, "payment_reference": "pi_4"})
    items = [
        {"product_title": "Cap", "quantity": 1, "unit_price": 1, "variant_id": ORDER, "location_id": ORDER},
        {"product_title": "Repair", "quantity": 1, "unit_price": 1},
    ]
    text = json.dumps({**FILE, "items": items, "idempotency_key": "theirs"})
    line = (
        "--currency",
        "eur",
        "--payment-reference",
        "pi_4",
        "--location",
        "leith warehouse",
        "--idempotency-key",
        "mine",
    )
    assert place(synq, api, "orders", "create", "--file", "-", *line, stdin=text).status == 0
    (body,) = api.bodies
    assert (body["currency"], body["payment_reference"], body["payment_provider"]) == ("EUR", "pi_4", "stripe")
    assert [item.get("location_id") for item in body["items"]] == [PLACE, None]
    assert body["idempotency_key"] == "mine"
    again = Api({**PLACED, "payment_reference": "pi_3S"})
    place(synq, again, "orders", "create", "--file", "-", "--item", "SLB-OAT=1@2", "--location", PLACE, stdin=text)
    assert [item["sku"] for item in again.bodies[0]["items"]] == ["SLB-OAT"]
    assert again.keys == ["theirs"]


def test_where_variants_can_t_be_listed_a_known_sku_is_enough(synq: Any) -> None:
    variant = str(VARIANTS["HMC-NVY-M"]["id"])
    assert synq("inventory", "skus", "add", "HMC-NVY-M", variant, environ=ENVIRON).status == 0
    api = Api(PLACED)
    api.missing = ("/pim/variants",)
    assert place(synq, api, *LINE).status == 0
    (item,) = api.bodies[0]["items"]
    assert (item["product_title"], item["variant_id"]) == ("HMC-NVY-M", variant)
    refused = place(synq, api, *("SLB-OAT=1@3" if word.startswith("HMC") else word for word in LINE))
    assert (refused.status, refused.out) == (5, "")
    assert "does not offer the list of variants" in refused.err


def test_a_variant_by_its_id_needs_a_price(synq: Any) -> None:
    api = Api(PLACED)
    variant = str(VARIANTS["HMC-NVY-M"]["id"])
    line = [word.replace("HMC-NVY-M", variant) for word in LINE]
    assert place(synq, api, *line).status == 0
    assert api.seen == ["POST /oms/orders"]
    assert api.bodies[0]["items"][0]["product_title"] == variant
    unpriced = place(synq, api, *[word.replace("@89.50", "") for word in line])
    assert (unpriced.status, len(api.bodies)) == (2, 1)
    assert unpriced.err.startswith(f"synq: {variant} has no price.\n")


def test_a_product_that_is_gone_leaves_the_sku_as_title(synq: Any) -> None:
    api = Api(PLACED)
    api.missing = ("/pim/products/4c0a7b1e-8d32-4f96-a5e7-1b9c6d20f843",)
    assert place(synq, api, *LINE).status == 0
    assert api.bodies[0]["items"][0]["product_title"] == "HMC-NVY-M"


# what is refused

THREE_PROBLEMS = (
    "The order has 3 problems; nothing was sent.\n"
    "  payment_provider is blank: use text such as stripe, adyen or paypal\n"
    "  payment_reference is missing: use the provider's own reference\n"
    "  currency is missing, and the API would assume USD: add a currency, or a channel to use its currency\n"
)


@cases(
    ("line", "status", "said"),
    [
        (("--item", "HMC-NVY-M=0@1"), 2, 'Invalid quantity "0".'),
        (("--item", "HMC-NVY-M"), 2, 'Invalid item "HMC-NVY-M".\n  Use SKU=QUANTITY@PRICE such as HMC-NVY-M=2@89.50.'),
        (
            ("--item", "HMC-NVY-M=1@1", "--payment-provider", " "), 2,
            THREE_PROBLEMS,
        ),
        (("--item", "HMC-NVY-M=1@1", *PAYMENT, "--currency", "pounds"), 2, 'currency is "POUNDS"'),
        (("--item", "HMC-NVY-M=1@1", *PAYMENT, "--currency", "GBP", "--customer", "Ann"), 2, 'customer_id is "Ann"'),
        (("--file", "no-such-file.json"), 2, "no-such-file.json can't be read: No such file or directory."),
        (("--currency", "GBP", *PAYMENT), 2, "items is missing: use a list of at least one item, or --item\n"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_before_anything_is_sent(
    synq: Any, line: tuple[str, ...], status: int, said: str
) -> None:
    api = Api()
    result = place(synq, api, "orders", "create", *line)
    assert (result.status, result.out, api.seen) == (status, "", [])
    assert said in result.err


@pytest.mark.parametrize(
    ("line", "status", "said"),
    [
        (("--item", "HMC-NVY-M=1", "--currency", "EUR"), 2, "HMC-NVY-M costs 89.50 GBP, and the order is in EUR."),
        (("--item", "SLB-OAT=1", "--currency", "GBP"), 2, "SLB-OAT has no price."),
        (("--item", "HMC-NVY-X=1@1", "--currency", "GBP"), 5, 'Unknown SKU "HMC-NVY-X".'),
        (("--item", "HMC-NVY-M=1@1", "--channel", "web"), 5, 'Unknown channel "web".'),
        (("--item", "A=1@1", "--currency", "GBP", "--location", "Leeds"), 5, 'Unknown location "Leeds".'),
    ],
)  # fmt: skip
def test_what_a_lookup_shows_to_be_wrong_is_not_sent(synq: Any, line: tuple[str, ...], status: int, said: str) -> None:
    api = Api()
    result = place(synq, api, "orders", "create", *line, *PAYMENT)
    assert (result.status, result.out, api.bodies) == (status, "", [])
    assert result.err.startswith(f"synq: {said}\n")


def test_read_only_is_refused_before_lookups_are_spent(synq: Any) -> None:
    api = Api()
    assert place(synq, api, "--read-only", *LINE).status == 11
    assert api.seen == []


def test_a_dry_run_shows_the_order_and_keeps_no_key(synq: Any) -> None:
    api = Api(PLACED)
    plan = json.loads(place(synq, api, *LINE, "--dry-run", "--json").out)
    assert (plan["method"], plan["path"], plan["body"]["items"][0]["quantity"]) == ("POST", "/api/v1/oms/orders", 2)
    assert api.bodies == []
    assert place(synq, api, *LINE).status == 0
    assert api.keys != [plan["body"]["idempotency_key"]]


# the key


class Killed(BaseException):
    """The process is gone: nothing of it runs any more."""


LOST = {
    "a timeout": ([httpx.ReadTimeout("late")] * 4, 10),
    "a broken connection": ([httpx.RemoteProtocolError("gone")] * 4, 10),
    "a failing server": ([httpx.Response(503, text="down")] * 4, 12),
    "an answer that is no answer": ([httpx.Response(201, json={"ok": True})], 10),
    "an answer that is no JSON": ([httpx.Response(200, text="<html>")], 10),
    "Ctrl-C": ([KeyboardInterrupt()], 130),
    "a refusal after a timeout": ([httpx.ReadTimeout("late"), httpx.Response(401, json={"error": "expired"})], 4),
}


@pytest.mark.parametrize("name", LOST)
def test_the_same_order_goes_under_the_same_key_until_its_outcome_is_known(synq: Any, name: str) -> None:
    answers, status = LOST[name]
    first = Api(*answers)
    lost = place(synq, first, *LINE)
    assert (lost.status, lost.out) == (status, "")
    (key,) = set(first.keys)
    # Retries, and the message, keep to the one key.
    assert len(first.bodies) == len(answers)
    assert f"Idempotency key {key}\n" in lost.err
    assert f"the same order again uses the same key, {key}, so" in lost.err
    assert "do not send it again" not in lost.err
    synq.clock += 180
    second = Api(PLACED)
    again = place(synq, second, *LINE)
    assert again.status == 0
    assert second.keys == [key]
    assert f"Idempotency key {key}: from the attempt " in again.err
    assert "The order can't be placed twice." in again.err
    third = Api(PLACED)
    assert place(synq, third, *LINE).status == 0
    assert third.keys != [key]


def test_killed_process_leaves_its_idempotency_key(synq: Any) -> None:
    first = Api(Killed())
    with pytest.raises(Killed):
        place(synq, first, *LINE)
    second = Api(PLACED)
    place(synq, second, *LINE)
    assert second.keys == first.keys


def test_another_order_gets_another_key_meanwhile(synq: Any) -> None:
    first = Api(*[httpx.ReadTimeout("late")] * 4)
    place(synq, first, *LINE)
    other = Api(PLACED)
    place(synq, other, *(word.replace("=2@", "=3@") for word in LINE))
    again = Api(PLACED)
    place(synq, again, *(word.replace("@89.50", "@89.5") for word in LINE))
    assert other.keys != again.keys == first.keys[:1]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 422])
def test_after_a_refusal_the_same_order_is_a_new_one(synq: Any, status: int) -> None:
    first, second = Api(httpx.Response(status, json={"error": "no"})), Api(PLACED)
    refused = place(synq, first, *LINE, "-q")
    assert refused.status in {3, 4, 5, 8}
    assert refused.err.endswith(f"The order's idempotency key was {first.keys[0]}.\n")
    place(synq, second, *LINE)
    assert first.keys != second.keys


def test_refusal_after_an_unknown_attempt_stays_unknown(synq: Any) -> None:
    first, second, third = Api(*[httpx.ReadTimeout("late")] * 4), Api(httpx.Response(401)), Api(PLACED)
    for api in (first, second, third):
        place(synq, api, *LINE)
    assert second.keys == third.keys == first.keys[:1]


def test_what_to_do_after_a_lost_answer(synq: Any) -> None:
    api = Api(*[httpx.ReadTimeout("late")] * 4)
    lost = place(synq, api, *LINE, "-q")
    key = api.keys[0]
    assert lost.err == (
        "synq: POST /api/v1/oms/orders was sent, but api.test did not respond within 30 s; it may have been applied.\n"
        f"  Sending the same order again uses the same key, {key}, so it can't be placed twice. "
        f"`synq orders list --key {key}` shows whether it was placed.\n"
    )
    own = place(synq, Api(*[httpx.ReadTimeout("late")] * 4), *LINE, "-q", "--idempotency-key", "mine")
    assert "  Sending the same order again with --idempotency-key mine uses the same key, mine, so" in own.err


def test_an_interruption_between_two_tries_says_the_same(synq: Any) -> None:
    def interrupted(_seconds: float) -> None:
        raise KeyboardInterrupt

    api = Api(httpx.ReadTimeout("late"))
    synq.sleep = interrupted
    lost = place(synq, api, *LINE, "-q")
    assert (lost.status, lost.err.splitlines()[0]) == (130, "synq: Interrupted before a response arrived.")
    assert f"Sending the same order again uses the same key, {api.keys[0]}, so" in lost.err
    second = Api(PLACED)
    place(synq, second, *LINE)
    assert second.keys == api.keys


# the order that a key belongs to

OWN = (*LINE, "--idempotency-key", "shop-1")
THEIRS = {**PLACED, "payment_reference": "pi_a", "currency": "GBP", "subtotal": 89.5, "total": 89.5}


@pytest.mark.parametrize(
    ("placed", "differing"),
    [
        (THEIRS, "payment reference pi_a, not pi_3S; total 89.5, not 179.00"),
        ({**PLACED, "payment_reference": "pi_3S", "currency": "EUR", "total": 179}, "currency EUR, not GBP"),
        ({**PLACED, "payment_reference": "pi_3S", "total": 178.99}, "total 178.99, not 179.00"),
    ],
)
def test_a_key_of_another_order_is_a_conflict(synq: Any, placed: dict[str, Any], differing: str) -> None:
    result = place(synq, Api(placed), *OWN, "-q")
    assert (result.status, result.out) == (8, "")
    assert result.err == (
        f'synq: The idempotency key "shop-1" belongs to order {ORDER} ({differing}). Nothing was placed.\n'
        "  Use another idempotency key. `synq orders list --key shop-1` shows that order.\n"
    )


@pytest.mark.parametrize(
    "placed",
    [
        {"payment_reference": "pi_3S", "currency": "gbp", "subtotal": 179.0, "tax_total": 35.8, "total": 214.8},
        {"payment_reference": "pi_3S", "subtotal": 149.17, "tax_total": 29.83, "total": 179},
        {"payment_reference": "pi_3S", "total": 179.005},
        {"payment_reference": None, "currency": None, "total": None},
    ],
)
def test_the_same_order_again_is_none(synq: Any, placed: dict[str, Any]) -> None:
    assert place(synq, Api({**PLACED, **placed}), *OWN).status == 0


def test_an_answer_without_a_reference_is_read_back_if_the_key_is_the_users(synq: Any) -> None:
    api = Api(PLACED, PLACED, states="confirmed")
    assert place(synq, api, *OWN).status == 0
    assert api.seen[-2:] == ["POST /oms/orders", f"GET /oms/orders/{ORDER}"]
    other = place(synq, api, *("HMC-NVY-M=7@89.50" if word.startswith("HMC") else word for word in OWN))
    assert other.status == 8
    assert "(total 179.0, not 626.50). Nothing was placed." in other.err


def test_wait_does_not_take_the_older_order_of_a_key_for_the_new_one(synq: Any) -> None:
    api = Api(WORKFLOW, listed=lambda: [THEIRS | {"idempotency_key": "shop-1"}])
    result = place(synq, api, *OWN, "--wait", "--json")
    assert (result.status, json.loads(result.out)) == (8, WORKFLOW)
    assert "Nothing was placed." in result.err


# the wait


def test_wait_follows_the_order_up_to_confirmed(synq: Any) -> None:
    api = Api(PLACED, states="pending_payment payment_authorized confirmed")
    result = place(synq, api, *LINE, "--wait", "--json")
    assert (result.status, json.loads(result.out)["status"]) == (0, "confirmed")
    assert api.seen[-3:] == [f"GET /oms/orders/{ORDER}"] * 3
    assert synq.slept == [1.0, 1.5]


@pytest.mark.parametrize("state", ["failed", "cancelled"])
def test_an_order_that_fails_is_shown_and_ends_with_3(synq: Any, state: str) -> None:
    result = place(synq, Api(PLACED, states=f"pending_payment {state}"), *LINE, "--wait", "--json", "-q")
    assert (result.status, json.loads(result.out)["status"]) == (3, state)
    error = json.loads(result.err)["error"]
    assert error["message"] == f"Order {ORDER} was not confirmed; it is {state}."
    assert not error["hint"].startswith("The change itself was made")


def test_beyond_confirmed_is_confirmed_and_an_unknown_status_is_not(synq: Any) -> None:
    api = Api(PLACED, states="on_hold processing")
    assert place(synq, api, *LINE, "--wait").status == 0
    assert api.states == ["processing"]


def test_when_the_wait_is_over_the_order_is_shown_and_it_ends_with_75(synq: Any) -> None:
    result = place(synq, Api(PLACED, states="pending_payment"), *LINE, "--for", "10", "--json", "-q")
    assert (result.status, json.loads(result.out)["status"], sum(synq.slept)) == (75, "pending_payment", 10)
    error = json.loads(result.err)["error"]
    assert error["code"] == "running"
    assert error["message"] == f"Order {ORDER} is still in progress after 10 s."
    assert error["hint"].endswith(f"To resume: synq orders track {ORDER} --watch")


WORKFLOW = {"workflow_id": "oms-create-order-1", "run_id": "4a6de0b1"}


def test_a_workflow_is_shown_with_the_way_to_its_order(synq: Any) -> None:
    api = Api(WORKFLOW)
    result = place(synq, api, *LINE, terminal=True)
    assert (result.status, result.out) == (0, "Workflow  oms-create-order-1\nRun       4a6de0b1\n")
    assert f"run: synq orders list --key {api.keys[0]}\n" in result.err
    # The outcome is known: the same order is a new one.
    second = Api(PLACED)
    place(synq, second, *LINE)
    assert second.keys != api.keys


def test_wait_finds_the_order_of_a_workflow_by_its_key(synq: Any) -> None:
    looks = iter([[], [{"id": PLACE, "idempotency_key": "other", "status": "confirmed"}], None])

    def listed() -> list[dict[str, Any]]:
        found = next(looks)
        return [{**PLACED, "idempotency_key": api.keys[0]}] if found is None else found

    api = Api(WORKFLOW, listed=listed, states="confirmed")
    result = place(synq, api, *LINE, "--wait", "--json")
    assert (result.status, json.loads(result.out)) == (
        0, {"id": ORDER, "status": "confirmed", "total": 179.0, "currency": "GBP"},
    )  # fmt: skip
    assert api.seen[-4:] == ["GET /oms/orders"] * 3 + [f"GET /oms/orders/{ORDER}"]


def test_wait_ends_if_the_order_of_a_workflow_does_not_appear(synq: Any) -> None:
    api = Api(WORKFLOW, listed=list)
    result = place(synq, api, *LINE, "--wait", "--json", "-q")
    error = json.loads(result.err)["error"]
    assert (result.status, json.loads(result.out)) == (75, WORKFLOW)
    assert error["message"] == f"The order with the key {api.keys[0]} has not appeared within 10 minutes."
    assert error["hint"] == f"To resume: synq orders list --key {api.keys[0]}"
    assert 600 <= sum(synq.slept) < 620


def orders(count: int, *, newest_first: bool, now: float) -> list[dict[str, Any]]:
    from datetime import UTC, datetime

    rows = []
    for number in range(count):
        placed = datetime.fromtimestamp(now - 60 - 60 * number, UTC).isoformat()
        rows.append({"id": f"{number:08x}-0000-4000-8000-000000000000", "created_at": placed, "status": "draft"})
    return rows if newest_first else rows[::-1]


@pytest.mark.parametrize(("newest_first", "pages"), [(True, 1), (False, 4)])
def test_only_the_newest_orders_are_read_where_they_come_first(synq: Any, newest_first: bool, pages: int) -> None:
    rows = orders(350, newest_first=newest_first, now=synq.clock)
    offsets = []

    def handle(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            return httpx.Response(200, json=WORKFLOW)
        offset = int(request.url.params.get("offset", 0))
        offsets.append(offset)
        return httpx.Response(200, json={"orders": rows[offset : offset + 100], "limit": 100})

    line = ("orders", "create", "--file", "-", "--for", "0")
    result = synq(*line, environ=ENVIRON, http=httpx.MockTransport(handle), stdin=json.dumps(FILE))
    assert result.status == 75
    assert sorted(offsets)[:pages] == [0, 99, 198, 297][:pages]
    assert pages > 1 or offsets == [0]


def test_one_key_is_looked_for_only_until_it_is_found(synq: Any) -> None:
    rows = [
        {"id": f"{number:08x}-0000-4000-8000-000000000000", "idempotency_key": f"k{number}"} for number in range(250)
    ]
    offsets = []

    def handle(request: httpx.Request) -> httpx.Response:
        offset = int(request.url.params.get("offset", 0))
        offsets.append(offset)
        return httpx.Response(200, json={"orders": rows[offset : offset + 100], "limit": 100})

    line = ("orders", "list", "--key", "k150", "--fields", "idempotency_key", "-q")
    result = synq(*line, environ=ENVIRON, http=httpx.MockTransport(handle))
    assert (result.out, result.err) == ("idempotency_key\nk150\n", "")
    assert set(offsets) - {198} == {0, 99}  # the third page may be requested ahead of the second one's answer


@pytest.mark.parametrize(
    ("answers", "options"),
    [
        ([httpx.ConnectError("refused")] * 4, []),
        ([httpx.Response(429, headers={"Retry-After": "1"}), httpx.Response(400, json={"error": "no"})], []),
        ([httpx.Response(429, headers={"Retry-After": "40"})], ["--max-wait", "5"]),
    ],
    ids=["never sent", "refused after a wait", "no place in time"],
)
def test_what_was_never_carried_out_leaves_no_key(synq: Any, answers: list[Any], options: list[str]) -> None:
    first, second = Api(*answers), Api(PLACED)
    assert place(synq, first, *LINE, *options).status in {3, 6, 7}
    synq.clock += 180
    again = place(synq, second, *LINE)
    assert again.status == 0
    assert "that of the attempt" not in again.err
    assert second.keys != first.keys[:1]


@pytest.mark.parametrize(
    ("channel", "options", "said"),
    [
        ({"currency": "EUR"}, ["--currency", "GBP"], "The order is in GBP, but channel market sells in EUR."),
        ({"currency": "GBP", "active": False}, [], "Channel market is inactive."),
    ],
)
def test_an_odd_channel_is_warned_of(synq: Any, channel: dict[str, Any], options: list[str], said: str) -> None:
    api = Api(PLACED)
    api.channels = [{"id": "f5a19c27-e8b0-4d63-9a7e-04c8d2b6f371", "name": "market", **channel}]
    result = place(synq, api, "orders", "create", "--item", "HMC-NVY-M=1@5", "--channel", "market", *PAYMENT, *options)
    assert result.status == 0, result.err
    assert f"Warning: {said}\n" in result.err
