"""The ids of many SKUs cost as few requests as can be."""

import httpx
import pytest
from desk import NewDesk


class Catalogue:
    """So many variants in pages of 100, found by SKU too."""

    def __init__(self, size: int) -> None:
        self.rows = [{"id": f"{n:08d}-1111-4111-8111-111111111111", "sku": f"S{n}"} for n in range(size)]
        self.asked = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        query = request.url.params
        rows = [row for row in self.rows if query.get("sku") in {None, row["sku"]}]
        start = int(query.get("offset", "0"))
        return httpx.Response(200, json=rows[start : start + int(query["limit"])])


def test_all_skus_of_a_catalogue_take_its_pages_and_at_most_three_in_vain(desk: NewDesk) -> None:
    catalogue = Catalogue(250)
    assert len(desk(catalogue).api.variants.ids_of(row["sku"] for row in catalogue.rows)) == 250
    assert 3 <= catalogue.asked <= 6


@pytest.mark.parametrize(
    ("size", "wanted", "requests"),
    [
        (5000, ["S4000"], 1),
        (5000, ["S4000", "S1"], 2),
        (90, ["S1", "S50", "S80", "S89"], 1),
        (5000, [f"S{n}" for n in range(90)], 1),
        # Pages that have cost as much as asking for each alone are given up.
        (5000, ["S4000", "S4001", "S4002"], 7),
    ],
)
def test_pages_or_single_look_ups_whichever_is_cheaper(
    desk: NewDesk, size: int, wanted: list[str], requests: int
) -> None:
    catalogue = Catalogue(size)
    made = desk(catalogue)
    ids = {row["sku"]: {row["id"]} for row in catalogue.rows if row["sku"] in wanted}
    assert made.api.variants.ids_of(wanted) == ids
    assert catalogue.asked == requests
    assert made.api.variants.ids_of(wanted) == ids
    assert catalogue.asked == requests  # known by now


def test_one_that_is_not_there_is_left_out_and_one_that_two_carry_names_both(desk: NewDesk) -> None:
    catalogue = Catalogue(5)
    catalogue.rows[3]["sku"] = "S2"
    ids = desk(catalogue).api.variants.ids_of(["S1", "S2", "S9", "S8"])
    assert ids == {"S1": {catalogue.rows[1]["id"]}, "S2": {catalogue.rows[2]["id"], catalogue.rows[3]["id"]}}
    assert catalogue.asked == 1
