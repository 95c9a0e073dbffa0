"""`key=value` words as a query and as the object of a body."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from table import cases

from synq_cli import exact_json
from synq_cli.errors import UsageError
from synq_cli.resources.fields import as_object, as_query, read_fields


def body(*typed: str, raw: tuple[str, ...] = ()) -> str:
    return exact_json.dumps(as_object(read_fields(typed, raw, "file {}".format)))


@cases(
    ("words", "expected"),
    [
        (["a=true", "b=false", "c=null"], '{"a":true,"b":false,"c":null}'),
        (["a=5", "b=-5", "c=19.90", "d=1e3", "e=0"], '{"a":5,"b":-5,"c":19.90,"d":1e3,"e":0}'),
        (["a=007", "b=+5", "c=5.", "d=.5"], '{"a":"007","b":"+5","c":"5.","d":".5"}'),
        (["a=True", "b=1,5"], '{"a":"True","b":"1,5"}'),
        (["a=", "b=x=y"], '{"a":"","b":"x=y"}'),
        (["a=1e99999999999999999999"], '{"a":"1e99999999999999999999"}'),
        (["a=@notes.txt"], '{"a":"file notes.txt"}'),
        (["tags[]=new", "tags[]=5"], '{"tags":["new",5]}'),
        (["tags[]"], '{"tags":[]}'),
        (["address[city]=Leith", "address[geo][lat]=55.97"], '{"address":{"city":"Leith","geo":{"lat":55.97}}}'),
        (
            ["items[][sku]=A", "items[][quantity]=2", "items[][sku]=B"],
            '{"items":[{"sku":"A","quantity":2},{"sku":"B"}]}',
        ),
        (["items[][tags][]=a", "items[][tags][]=b"], '{"items":[{"tags":["a","b"]}]}'),
    ],
)  # fmt: skip
def test_words_become_an_object(words: list[str], expected: str) -> None:
    assert body(*words) == expected


def test_a_raw_field_is_text_whatever_it_looks_like() -> None:
    assert body("a=1", raw=("b=1", "c=true", "d=@x")) == '{"a":1,"b":"1","c":"true","d":"@x"}'


def test_a_list_of_both_kinds_would_lose_its_order() -> None:
    with pytest.raises(UsageError, match="The list items is given with both -f and -F"):
        body("items[][quantity]=1", "items[][quantity]=2", raw=("items[][sku]=A", "items[][sku]=B"))
    assert body("a[]=1", raw=("b[]=1", "b[]=2")) == '{"a":[1],"b":["1","2"]}'


@cases(
    ("words", "said"),
    [
        (["limit"], 'Invalid field "limit".'),
        (["=5"], 'Invalid field "=5".'),
        (["a=1", "a=2"], "The field a is given twice."),
        (["a=1", "a[b]=2"], '"a[b]" conflicts with another field: a has two types.'),
        (["a[]=1", "a[b]=2"], '"a[b]" conflicts with another field: a has two types.'),
        (["a[][]=1"], 'Invalid key "a[][]".'),
        (["a[b=1"], 'Invalid key "a[b".'),
        (["[]=1"], 'Invalid key "[]".'),
    ],
)
def test_what_is_no_field_or_fits_nowhere_is_named(words: list[str], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        body(*words)
    assert caught.value.message == said


def test_a_query_is_text_and_has_each_name_once() -> None:
    assert as_query(read_fields(["limit=5", "active=true"], ["a[]=x"], str)) == {
        "limit": "5",
        "active": "true",
        "a[]": "x",
    }
    with pytest.raises(UsageError, match="The field limit is given twice"):
        as_query(read_fields(["limit=5"], ["limit=6"], str))


@given(
    st.dictionaries(st.text(st.characters(exclude_characters="[]=", exclude_categories=["Cs"]), min_size=1), st.text())
)
def test_raw_text_comes_back_as_it_was(pairs: dict[str, str]) -> None:
    words = [f"{key}={value}" for key, value in pairs.items()]
    assert json.loads(body(raw=tuple(words))) == pairs
