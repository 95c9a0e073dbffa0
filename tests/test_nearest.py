from table import cases

from synq_cli.nearest import did_you_mean, nearest


@cases(
    ("word", "names", "expected"),
    [
        ("lsit", ["list", "get"], ["list"]),
        ("LIST ", ["list", "get"], ["list"]),
        ("leith", ["Main Warehouse", "Leith Annexe"], ["Leith Annexe"]),
        ("wholly else", ["list", "get"], []),
        ("x", [], []),
    ],
)
def test_nearest_ignores_case_and_looks_at_single_words(word: str, names: list[str], expected: list[str]) -> None:
    assert nearest(word, names) == expected


def test_strict_requires_more_similarity() -> None:
    assert nearest("--lemon", ["--json"]) == ["--json"]
    assert nearest("--lemon", ["--json"], strict=True) == []
    assert nearest("--limt", ["--json", "--limit"], strict=True) == ["--limit"]


def test_question_names_each_of_the_nearest() -> None:
    assert did_you_mean("EUT", ["AUD", "EUR", "USD"]) == "Did you mean EUR? "
    assert did_you_mean("CAX", ["CAD", "CAR"], most=3) == "Did you mean CAR or CAD? "
    assert did_you_mean("zzz", ["EUR"]) == ""
