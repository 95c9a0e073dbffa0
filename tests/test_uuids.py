from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from table import cases

from synq_cli.uuids import parse_uuid


@given(st.uuids())
def test_uuid_is_read_in_either_case_with_and_without_dashes(identifier: UUID) -> None:
    plain = str(identifier)
    assert {parse_uuid(text) for text in (plain, plain.upper(), identifier.hex)} == {plain}
    assert (parse_uuid(plain, bare=False), parse_uuid(identifier.hex, bare=False)) == (plain, None)


ID = "6f1d2c84-3b7a-4e59-9c10-2a8e5d4b7f31"


@cases(
    "value",
    ["", ID[:-1], ID + "a", f"{{{ID}}}", f"urn:uuid:{ID}", ID.replace("-", "_"), ID.replace("-", "", 1), f"{ID}\n",
     ID.replace("1", "\u0661"), 5, None],
)  # fmt: skip
def test_anything_else_is_none(value: object) -> None:
    assert parse_uuid(value) is None
