import pytest
from table import cases


def test_every_case_runs_and_each_that_fails_is_named() -> None:
    seen = []

    @cases("number, word", [(1, "one"), (2, "two"), (3, "three"), (4, "four")])
    def check(place: str, number: int, word: str) -> None:
        seen.append((place, number))
        if number == 4:
            pytest.fail("four")
        assert word != "two"

    with pytest.raises(BaseExceptionGroup, match="2 of 4 cases failed") as caught:
        check(place="here")
    assert seen == [("here", number) for number in (1, 2, 3, 4)]
    assert [error.__notes__ for error in caught.value.exceptions] == [
        ["Case: {'number': 2, 'word': 'two'}"],
        ["Case: {'number': 4, 'word': 'four'}"],
    ]
