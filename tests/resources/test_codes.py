"""A barcode is found like a SKU, for as few requests as can be."""

from collections.abc import Callable

import httpx
import pytest
from desk import NewDesk

from synq_cli.barcodes import check_digit
from synq_cli.errors import NotFoundError, UsageError
from synq_cli.resources.products.offline import Item
from synq_cli.resources.products.variants import KnownVariant

UPC, EAN, HOUSE = "036000291452", "5012345678900", "WH-17"


def variant(number: int) -> str:
    return f"{number:08d}-1111-4111-8111-111111111111"


class Catalogue:
    """So many variants in pages, found by SKU too; the requests it got."""

    def __init__(self, size: int, *, page: int = 100, **barcodes: str) -> None:
        self.page = page
        self.rows = [{"id": variant(n), "sku": f"S{n}", "barcode": barcodes.get(f"S{n}")} for n in range(size)]
        self.asked: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        query = request.url.params
        start = int(query.get("offset", "0"))
        self.asked.append(query.get("sku", f"from {start}"))
        rows = [row for row in self.rows if query.get("sku") in {None, row["sku"]}]
        return httpx.Response(200, json={"variants": rows[start : start + self.page], "limit": self.page})


def error(call: Callable[[], object]) -> tuple[str, str | None]:
    with pytest.raises((NotFoundError, UsageError)) as caught:
        call()
    return caught.value.message, caught.value.hint


def test_a_barcode_costs_the_pages_of_all_variants_once_and_then_nothing(desk: NewDesk) -> None:
    catalogue = Catalogue(150, S1=UPC, S2=EAN, S149=HOUSE)
    made = desk(catalogue)
    assert made.api.variants.known(UPC) is None
    assert made.api.variants.id_of("0" + UPC) == variant(1)
    assert catalogue.asked[:2] == ["0" + UPC, "from 0"]
    assert set(catalogue.asked[2:]) in ({"from 99"}, {"from 99", "from 198"})  # prefetched, in any order
    cost = "Looking for the barcode 0036000291452 in all variants: 1 request per 100 of them, at most 100. "
    assert made.ear.notes == [cost + "All barcodes are cached for the next time."]
    assert made.api.variants.ids_of([UPC, EAN, HOUSE, "S3", variant(9)]) == {
        UPC: {variant(1)}, EAN: {variant(2)}, HOUSE: {variant(149)}, "S3": {variant(3)}, variant(9): {variant(9)},
    }  # fmt: skip
    assert made.api.variants.known(EAN) == KnownVariant("S2", variant(2))
    assert (made.api.variants.sku_of(EAN), made.api.variants.sku_of(variant(2))) == ("S2", variant(2))
    assert len(catalogue.asked) <= 4


@pytest.mark.parametrize(
    ("code", "asked", "message", "hint"),
    [
        (EAN, [EAN, "from 0"], 'Unknown SKU or barcode "5012345678900".',
         "`synq products variants list --all` reads all barcodes anew."),
        ("5012345678904", ["5012345678904"], 'Unknown SKU "5012345678904".',
         "As a barcode it is wrong: check digit is 4, expected 0. See `synq products variants list`."),
        ("WH-99", ["WH-99"], 'Unknown SKU "WH-99".', "See `synq products variants list`."),
    ],
)  # fmt: skip
def test_only_what_may_be_a_barcode_is_looked_for_in_pages(
    desk: NewDesk, code: str, asked: list[str], message: str, hint: str
) -> None:
    catalogue = Catalogue(3)
    made = desk(catalogue)
    assert error(lambda: made.api.variants.id_of(code)) == (message, hint)
    assert (catalogue.asked, made.ear.notes) == (asked, [])


def test_an_unknown_barcode_costs_its_pages_once_in_ten_minutes(desk: NewDesk) -> None:
    catalogue = Catalogue(3)
    made = desk(catalogue)
    for seconds, asked in ((0, 2), (300, 1), (301, 2)):
        made.clock.at += seconds
        catalogue.asked.clear()
        _, hint = error(lambda: made.api.variants.id_of(EAN))
        assert (len(catalogue.asked), str(hint).endswith("All variants were read 5 min ago.")) == (asked, asked == 1)
        assert made.api.variants.find([], [EAN]) == ({}, {})
        assert len(catalogue.asked) == asked


def test_a_rounded_number_is_refused_unless_it_is_a_sku(desk: NewDesk) -> None:
    made = desk(Catalogue(0))
    assert error(lambda: made.api.variants.id_of("5.01235E+12")) == (
        '"5.01235E+12" is a number that a spreadsheet has rounded.',
        "Make the column text, and enter the SKU or barcode again.",
    )
    made.index.remember("sku", [("1E+5", variant(1))])
    assert made.api.variants.id_of("1E+5") == variant(1)


def test_a_barcode_that_two_variants_share_names_both(desk: NewDesk) -> None:
    catalogue = Catalogue(120, S1="0" + UPC, S110=UPC)
    made = desk(catalogue)
    which = f"Use the SKU or the UUID: S1 ({variant(1)}), S110 ({variant(110)}). "
    forget = f"If only one of them has it now, run: synq inventory skus forget {UPC}"
    both = (f'Ambiguous barcode "{UPC}": 2 variants have it.', which + forget)
    assert error(lambda: made.api.variants.id_of(UPC)) == both
    assert error(lambda: made.api.variants.known(UPC)) == both
    assert made.api.variants.ids_of([UPC]) == {UPC: {variant(1), variant(110)}}


def test_a_code_that_is_one_variants_sku_and_anothers_barcode_means_neither(desk: NewDesk) -> None:
    catalogue = Catalogue(5, S1=EAN)
    catalogue.rows[3]["sku"] = EAN
    made = desk(catalogue)
    assert made.api.variants.find([EAN], [EAN]) == ({EAN: {variant(1), variant(3)}}, {EAN: {variant(1)}})
    assert catalogue.asked == ["from 0"]
    with pytest.raises(NotFoundError) as raised:
        made.api.variants.id_of(EAN)
    assert raised.value.message == f'Ambiguous SKU "{EAN}": 2 variants have it, one of them as its barcode.'
    assert made.api.offline.finder()(EAN) == Item("", "", f"SKU or barcode of S1, {EAN}")


def test_skus_that_look_like_barcodes_do_not_take_every_page(desk: NewDesk) -> None:
    catalogue = Catalogue(3_000)
    gtins = [f"501234560{n:03d}{check_digit(f'501234560{n:03d}')}" for n in range(3)]
    for row, sku in zip(catalogue.rows[-3:], gtins, strict=True):
        row["sku"] = sku
    assert desk(catalogue).api.variants.ids_of(gtins).keys() == set(gtins)
    assert len(catalogue.asked) <= 9


def test_many_barcodes_take_one_pass(desk: NewDesk) -> None:
    gtins = [f"50123456{n:04d}{check_digit(f'50123456{n:04d}')}" for n in range(300)]
    catalogue = Catalogue(300, **{f"S{n}": gtin for n, gtin in enumerate(gtins)})
    made = desk(catalogue)
    _, ids = made.api.variants.find([], [*gtins, HOUSE])
    assert ids == {gtin: {variant(n)} for n, gtin in enumerate(gtins)}
    assert 4 <= len(catalogue.asked) <= 7


def test_pages_for_a_barcode_have_a_bound(desk: NewDesk) -> None:
    catalogue = Catalogue(300, page=2, S299=EAN)
    made = desk(catalogue)
    assert error(lambda: made.api.variants.id_of(EAN))[0] == f'Unknown SKU or barcode "{EAN}".'
    assert len(catalogue.asked) <= 104
    assert made.ear.warnings == [
        "Only the first 101 variants were read. To read and cache all of them, run: synq products variants list --all"
    ]
