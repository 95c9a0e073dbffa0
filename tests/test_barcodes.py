"""Barcodes: one canonical form for each GTIN, however it is written, and wrong check digits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synq_cli import barcodes

GTINS = st.tuples(st.from_regex(r"[0-9]{7}|[0-9]{11,13}", fullmatch=True)).map(
    lambda stem: stem[0] + str(barcodes.check_digit(stem[0]))
)


@pytest.mark.parametrize(
    ("code", "forms"),
    [
        ("5012345678900", ("5012345678900",)),
        ("05012345678900", ("5012345678900",)),
        ("5 012345 678900", ("5012345678900",)),
        ("15012345678907", ("15012345678907",)),
        ("036000291452", ("036000291452",)),
        ("0036000291452", ("036000291452",)),
        ("00036000291452", ("036000291452",)),
        ("36000291452", ("036000291452",)),  # a spreadsheet has dropped the zero
        ("96385074", ("96385074",)),
        ("04252614", ("042100005264",)),  # UPC-E
        ("01234565", ("01234565", "012345000065")),  # UPC-E or EAN-8: the check digit is right for both
        ("01234531", ("012300000451",)),
        ("01234543", ("012340000053",)),
        (" WH-17 ", ("WH-17",)),
        ("501", ("501",)),
        ("5012345678904", ("5012345678904",)),
        ("٥٠١٢٣٤٥٦٧٨٩٠٠", ("٥٠١٢٣٤٥٦٧٨٩٠٠",)),
        (" ", ()),
    ],
)
def test_each_code_has_its_forms(code: str, forms: tuple[str, ...]) -> None:
    assert barcodes.forms(code) == forms


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("5012345678904", "check digit is 4, expected 0"),
        ("036000291457", "check digit is 7, expected 2"),
        ("96385070", "check digit is 0, expected 4"),
        ("5012345678900", None),
        ("04252614", None),
        ("36000291457", None),
        ("HMC-NVY-M", None),
    ],
)
def test_a_wrong_check_digit_is_told_where_the_length_is_that_of_a_gtin(code: str, problem: str | None) -> None:
    assert barcodes.problem(code) == problem
    assert not (problem and barcodes.is_gtin(code))


@given(GTINS, st.integers(0, 6))
def test_a_gtin_is_the_same_with_any_zeros_before_it_and_another_with_another_check_digit(
    gtin: str, zeros: int
) -> None:
    form = barcodes.forms(gtin)[0]
    assert barcodes.forms(form)[0] == form
    padded = gtin.zfill(min(14, len(gtin) + zeros))
    if len(padded) in (8, 12, 13, 14):
        assert barcodes.forms(padded)[0] == form
    wrong = gtin[:-1] + str((int(gtin[-1]) + 1 + zeros) % 10)
    assert form not in barcodes.forms(wrong)
