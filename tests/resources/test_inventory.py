"""An adjustment is settled down to its ids, with as few requests as can be, before anything is written."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from desk import Desk, NewDesk
from hypothesis import given
from hypothesis import strategies as st
from table import cases

from synq_cli.errors import NotFoundError, SynqError, UsageError
from synq_cli.resources.inventory.ledger import Adjustment
from synq_cli.resources.inventory.stock import parse_quantity

VARIANT, OTHER = "d1f0a6c3-58e2-4b97-8a41-3c7e9b2f6d05", "aaaaaaaa-58e2-4b97-8a41-3c7e9b2f6d05"
LEITH, DUNDEE = "2b8e4f71-9c3d-4a06-b5f8-6e1d7c0a9352", "bbbbbbbb-9c3d-4a06-b5f8-6e1d7c0a9352"
SKU = "HMC-NVY-M"
BOTH = [{"id": LEITH, "name": "Leith warehouse", "active": True}, {"id": DUNDEE, "name": "Dundee", "active": True}]


class Shop:
    """Serves what it holds and ignores every filter, as a server may."""

    def __init__(
        self, *, variants: Any = (), locations: Any = (), levels: Any = (), missing: frozenset[str] = frozenset()
    ) -> None:
        self.holds = {"variants": list(variants), "locations": list(locations), "levels": list(levels)}
        self.missing = missing
        self.asked: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        noun = request.url.path.rpartition("/")[2]
        self.asked.append(f"{noun}?{request.url.params}" if request.url.params else noun)
        if noun in self.missing:
            return httpx.Response(404)
        return httpx.Response(200, json={noun: self.holds[noun]})


def failed(work: Callable[[], object]) -> tuple[str, int, str, str | None]:
    with pytest.raises(SynqError) as caught:
        work()
    return type(caught.value).__name__, caught.value.exit_status, caught.value.message, caught.value.hint


# Quantities


@given(st.integers(-(2**31) + 1, 2**31 - 1).filter(bool), st.sampled_from(["{}", "{:+}", " {} ", "{:08}"]))
def test_quantity_accepts_any_sign(quantity: int, form: str) -> None:
    assert parse_quantity(form.format(quantity)) == quantity


@given(st.text())
def test_any_text_is_a_quantity_or_a_usage_error(text: str) -> None:
    try:
        quantity = parse_quantity(text)
    except UsageError:
        return
    assert quantity != 0
    assert abs(quantity) < 2**31
    assert text.strip().lstrip("+-0") == str(abs(quantity))


@cases("text", ["", "-", "five", "1.5", "1e3", "--5", "+-5", "5 5", "1,000", "\u0665", "0x5", "5\x00"])
def test_what_is_no_whole_number_is_refused(text: str) -> None:
    message, hint = f'Invalid quantity "{text}".', "Use a whole number such as -5, +5 or 5."
    assert failed(lambda: parse_quantity(text)) == ("UsageError", 2, message, hint)


@cases("text", ["0", "+0", "-0", "000"])
def test_nothing_is_refused(text: str) -> None:
    assert failed(lambda: parse_quantity(text))[1:3] == (2, 'Invalid quantity "0".')


@pytest.mark.parametrize("text", ["2147483648", "-2147483648", "999999999999"])
def test_more_than_the_api_takes_is_refused(text: str) -> None:
    message = f"Invalid quantity {text}: the API accepts at most 2,147,483,647."
    assert failed(lambda: parse_quantity(text))[1:3] == (2, message)


# What a movement costs


def test_a_known_sku_and_a_location_id_cost_no_request(desk: NewDesk) -> None:
    shop = Shop()
    made = desk(shop)
    made.index.remember("sku", [(SKU, VARIANT)])
    movement = made.api.inventory.prepare(SKU, "-5", LEITH.upper(), with_level=False)
    assert movement == Adjustment(SKU, VARIANT, LEITH, LEITH, -5, None)
    assert shop.asked == []


def test_what_is_refused_anyway_costs_no_request(desk: NewDesk) -> None:
    shop = Shop(locations=BOTH)
    assert failed(lambda: desk(shop).api.inventory.prepare(SKU, "many", None, with_level=True))[1] == 2
    error = failed(lambda: desk(shop, read_only="true").api.inventory.prepare(SKU, "-5", "Dundee", with_level=True))
    assert (error[:2], shop.asked) == (("RefusedError", 11), [])


# Locations


def settled(desk: Desk, location: str | None) -> tuple[str, str]:
    movement = desk.api.inventory.prepare(VARIANT, "-5", location, with_level=False)
    return movement.location_id, movement.location


def test_a_location_by_its_name_is_looked_up_once(desk: NewDesk) -> None:
    shop = Shop(locations=BOTH)
    made = desk(shop)
    assert settled(made, "leith WAREHOUSE") == (LEITH, "Leith warehouse")
    assert settled(made, "Leith warehouse") == (LEITH, "Leith warehouse")
    assert settled(desk(shop), "Dundee") == (DUNDEE, "Dundee")
    assert shop.asked == ["locations"]


@pytest.mark.parametrize("locations", [BOTH[:1], [BOTH[0], BOTH[1] | {"active": False}]])
def test_the_only_active_location_needs_no_name(desk: NewDesk, locations: Any) -> None:
    assert settled(desk(Shop(locations=locations)), None) == (LEITH, "Leith warehouse")


@pytest.mark.parametrize(
    ("locations", "name", "expected"),
    [
        (BOTH, None, ("UsageError", 2, "Which location? There are 2: Leith warehouse, Dundee.",
                      'Add --location NAME, or set a default: synq config set location "NAME"')),
        ([*BOTH, BOTH[1] | {"name": "Attic", "active": False}], None,
         ("UsageError", 2, "Which location? There are 2: Leith warehouse, Dundee.",
          'Add --location NAME, or set a default: synq config set location "NAME"')),
        ([BOTH[0] | {"active": False}], None, ("UsageError", 2, "No stock location is active: Leith warehouse.",
         'Add --location NAME, or set a default: synq config set location "NAME"')),
        ([], None, ("UsageError", 2, "This tenant has no stock locations.", "Create one in the dashboard.")),
        (BOTH, "Perth", ("NotFoundError", 5, 'Unknown location "Perth".', "Locations: Leith warehouse, Dundee.")),
        ([BOTH[0], BOTH[1] | {"name": "Leith warehouse"}], "Leith warehouse",
         ("NotFoundError", 5, '2 locations are called "Leith warehouse".',
          "Locations: Leith warehouse, Leith warehouse.")),
    ],
)  # fmt: skip
def test_a_location_is_never_guessed_not_even_the_second_time(
    desk: NewDesk, locations: Any, name: str | None, expected: Any
) -> None:
    made = desk(Shop(locations=locations))
    assert [failed(lambda: settled(made, name)) for _ in range(2)] == [expected] * 2


# SKUs


def of_sku(desk: Desk, sku: str = SKU) -> str:
    return desk.api.inventory.prepare(sku, "-5", LEITH, with_level=False).variant_id


def test_a_sku_is_looked_up_once_and_others_on_the_page_are_kept(desk: NewDesk) -> None:
    shop = Shop(variants=[{"id": OTHER, "sku": "TCC"}, {"id": VARIANT, "sku": SKU}])
    made = desk(shop)
    assert [of_sku(made), of_sku(made), of_sku(made, "TCC")] == [VARIANT, VARIANT, OTHER]
    assert shop.asked == [f"variants?sku={SKU}&limit=100"]


def test_a_server_that_ignores_the_filter_does_not_make_us_take_another(desk: NewDesk) -> None:
    assert failed(lambda: of_sku(desk(Shop(variants=[{"id": OTHER, "sku": "HMC-NVY-L"}])))) == (
        "NotFoundError",
        5,
        f'Unknown SKU "{SKU}".',
        "Did you mean HMC-NVY-L? See `synq products variants list`.",
    )


def test_two_variants_with_one_sku_are_not_guessed_at_even_the_second_time(desk: NewDesk) -> None:
    made = desk(Shop(variants=[{"id": VARIANT, "sku": SKU}, {"id": OTHER, "sku": SKU}]))
    for _ in range(2):
        assert failed(lambda: of_sku(made)) == (
            "NotFoundError",
            5,
            f'Ambiguous SKU "{SKU}": 2 variants have it.',
            f"Use the UUID: {OTHER}, {VARIANT}.",
        )


def test_a_server_without_variants_says_what_can_be_done(desk: NewDesk) -> None:
    shop = Shop(missing=frozenset({"variants"}))
    with pytest.raises(NotFoundError, match="does not offer the list of variants"):
        of_sku(desk(shop))


# Stock before the change

LEVEL = {"variant_id": VARIANT, "location_id": LEITH, "on_hand": 42, "reserved": 1}


@pytest.mark.parametrize(
    ("levels", "on_hand"),
    [
        ([LEVEL], 42),
        ([LEVEL | {"location_id": DUNDEE}, LEVEL | {"variant_id": OTHER}, LEVEL | {"on_hand": -3}], -3),
        ([], 0),
        ([LEVEL | {"location_id": DUNDEE}], 0),
        ([LEVEL | {"on_hand": None}], None),
        ([LEVEL | {"on_hand": "many"}], None),
        ([LEVEL | {"variant_id": VARIANT.upper(), "location_id": LEITH.upper()}], 42),
    ],
)
def test_the_stock_before_is_that_of_the_one_place(desk: NewDesk, levels: Any, on_hand: int | None) -> None:
    shop = Shop(levels=levels)
    assert desk(shop).api.inventory.prepare(VARIANT, "-5", LEITH, with_level=True).on_hand == on_hand
    assert shop.asked == [f"levels?variant_id={VARIANT}&location_id={LEITH}"]


def test_a_server_without_levels_leaves_the_stock_before_open(desk: NewDesk) -> None:
    shop = Shop(missing=frozenset({"levels"}))
    made = desk(shop)
    for _ in range(2):
        assert made.api.inventory.prepare(VARIANT, "-5", LEITH, with_level=True).on_hand is None
    assert len(shop.asked) == 1


def test_levels_can_be_narrowed_to_a_sku_and_a_place(desk: NewDesk) -> None:
    here = LEVEL | {"sku": SKU}
    elsewhere, another = here | {"location_id": DUNDEE}, here | {"variant_id": OTHER, "sku": "TCC"}
    shop = Shop(locations=BOTH, levels=[here, elsewhere, another])
    inventory = desk(shop).api.inventory
    assert list(inventory.levels(location=None).first(None)) == [here, elsewhere, another]
    assert list(inventory.levels([SKU], location=None).first(None)) == [here, elsewhere]
    assert list(inventory.levels([SKU], location="Dundee").first(None)) == [elsewhere]
