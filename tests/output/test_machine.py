import csv
import io
import json
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st
from table import cases

from synq_cli import exact_json
from synq_cli.output.columns import Column, batches
from synq_cli.output.display import Output
from synq_cli.output.formats import plain, visible
from synq_cli.output.machine import write_object, write_pages
from synq_cli.output.streams import Stream

STRINGS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
NUMBERS = st.from_regex(r"-?(0|[1-9][0-9]{0,9})(\.[0-9]{1,9})?([eE][-+]?[0-9]{1,2})?", fullmatch=True)
ATOMS = st.none() | st.booleans() | st.integers() | STRINGS | NUMBERS.map(exact_json.loads)
VALUES = st.recursive(ATOMS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(STRINGS, inner, max_size=3))
ROWS = st.lists(st.dictionaries(st.sampled_from(["a", "b", "c"]), VALUES), max_size=4)
KEYS = ["a", "b", "c"]
SAMPLE = exact_json.loads(
    '[{"id":"x","total":19.90,"n":7,"ok":true,"gone":null,"tags":["a","b"],"more":{"k":1.0}},{"id":"été \\"q\\""}]'
)


def printed(format_: str, rows: Any, keys: list[str] = KEYS, *, encoding: str = "utf-8") -> str:
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    write_pages(Stream(file, {}), format_, batches(rows), keys)
    file.seek(0)
    return file.buffer.read().decode(encoding)


class Tty(io.StringIO):
    def isatty(self) -> bool:
        return True


def on_a_terminal(format_: str, rows: Any, keys: list[str] = KEYS) -> str:
    file = Tty()
    write_pages(Stream(file, {}), format_, batches(rows), keys)
    return file.getvalue()


def raw_values(rows: list[dict[str, Any]]) -> list[list[str]]:
    return [KEYS, *([plain(row.get(key)) for key in KEYS] for row in rows)]


def unescaped(field: str) -> str:
    letters, result = iter(field), ""
    for letter in letters:
        result += {"t": "\t", "n": "\n", "r": "\r", "\\": "\\"}[next(letters)] if letter == "\\" else letter
    return result


@given(ROWS)
@example([{"a": "\r", "b": ""}])
def test_csv_and_tsv_read_back(rows: list[dict[str, Any]]) -> None:
    lines = printed("tsv", rows).removesuffix("\n").split("\n")
    assert [[unescaped(field) for field in line.split("\t")] for line in lines] == raw_values(rows)
    assert list(csv.reader(io.StringIO(printed("csv", rows), newline=""))) == raw_values(rows)


@given(ROWS)
def test_json_is_the_text_of_the_whole_list_and_the_same_data_in_any_encoding(rows: list[dict[str, Any]]) -> None:
    assert printed("json", rows) == exact_json.dumps(rows, indented=True) + "\n"
    assert printed("ndjson", rows) == "".join(exact_json.dumps(row) + "\n" for row in rows)
    for encoding in ("latin-1", "ascii"):
        assert json.loads(printed("json", rows, encoding=encoding)) == json.loads(exact_json.dumps(rows))


@given(st.lists(st.dictionaries(STRINGS, st.none() | st.booleans() | st.integers() | STRINGS | st.lists(STRINGS))))
def test_yaml_reads_back(rows: list[dict[str, Any]]) -> None:
    assert yaml.safe_load(printed("yaml", rows)) == rows
    assert yaml.safe_load(printed("yaml", rows, encoding="ascii")) == rows


@cases("format_", [None, "csv", "tsv", "json", "ndjson", "yaml"])
@cases("encoding", ["cp1252", "latin-1", "ascii", "utf-8"])
def test_data_off_a_terminal_is_utf8_in_any_locale(format_: str | None, encoding: str) -> None:
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    output = Output(file, io.StringIO(), environ={}, now=lambda: 0.0, format=format_)
    output.rows([{"name": "京都 é"}], [Column("Name", "name")])
    assert "京都 é" in file.buffer.getvalue().decode("utf-8")  # type: ignore[attr-defined]


@given(NUMBERS)
def test_yaml_keeps_the_digits_of_numbers_and_quotes_text_that_looks_like_one(number: str) -> None:
    rows = [{"number": exact_json.loads(number), "text": number}]
    assert printed("yaml", rows) == f"- number: {number}\n  text: '{number}'\n"


def test_yaml_text() -> None:
    assert printed("yaml", SAMPLE) == (
        "- id: x\n"
        "  total: 19.90\n"
        "  n: 7\n"
        "  ok: true\n"
        "  gone: null\n"
        "  tags:\n"
        "  - a\n"
        "  - b\n"
        "  more:\n"
        "    k: 1.0\n"
        "- id: été \"q\"\n"
    )  # fmt: skip
    row = {"note": "two\nlines", "long": "word " * 40 + "end"}
    assert printed("yaml", [row]) == f'- note: "two\\nlines"\n  long: {"word " * 40}end\n'
    tags = ["a"]  # written again, not pointed at
    assert printed("yaml", [{"x": tags, "y": tags}]) == "- x:\n  - a\n  y:\n  - a\n"


HOSTILE = st.text(st.sampled_from("a\x1b\x9b\x00\n\r\t\u202e\u2066\u2028\x85\ud800\"',\\:-#[ "), max_size=8)


@given(st.lists(st.fixed_dictionaries({"a": HOSTILE, "b": st.lists(HOSTILE), "c": HOSTILE}), max_size=3))
def test_no_format_writes_control_characters_to_a_terminal(rows: list[dict[str, Any]]) -> None:
    for format_ in ("json", "ndjson", "yaml", "csv", "tsv"):
        text = on_a_terminal(format_, rows)
        assert visible(text.replace("\n", "").replace("\t", "")) == text.replace("\n", "").replace("\t", "")
        if format_ in {"csv", "tsv"}:
            assert text.count("\n") == len(rows) + 1
    assert yaml.safe_load(on_a_terminal("yaml", rows)) == rows


def test_csv_and_tsv_text() -> None:
    rows = [{"a": "x,y", "b": {"k": exact_json.loads("1.0")}, "c": None}, {"a": 'say "hi"\n', "b": True, "c": "1\t2\\"}]
    assert printed("csv", rows) == 'a,b,c\n"x,y","{""k"":1.0}",\n"say ""hi""\n",true,1\t2\\\n'
    assert printed("tsv", rows) == 'a\tb\tc\nx,y\t{"k":1.0}\t\nsay "hi"\\n\ttrue\t1\\t2\\\\\n'
    assert on_a_terminal("csv", [{"a": "\x1b[2J\n"}], ["a"]) == "a\n\\x1b[2J\\n\n"
    assert printed("csv", [{"a": "\x1b[2J"}], ["a"]) == "a\n\x1b[2J\n"


def test_dotted_keys_reach_into_rows() -> None:
    assert printed("tsv", [{"a": {"b": 1}}], ["a.b", "a.c"]) == "a.b\ta.c\n1\t\n"


@pytest.mark.parametrize(("format_", "between"), [("csv", ","), ("tsv", "\t")])
def test_cells_that_a_spreadsheet_takes_for_formulas_stay_exact(format_: str, between: str) -> None:
    cells = ["=1+1", "+44", "-5", "@SUM"]
    text = f"{between.join('abcd')}\n{between.join(cells)}\n"
    assert printed(format_, [dict(zip("abcd", cells, strict=True))], list("abcd")) == text


@cases(
    ("format_", "text"), [("json", "[]\n"), ("ndjson", ""), ("yaml", "[]\n"), ("csv", "a,b,c\n"), ("tsv", "a\tb\tc\n")]
)
def test_no_rows(format_: str, text: str) -> None:
    assert printed(format_, []) == text


@cases("format_", ["json", "ndjson", "yaml", "csv", "tsv"])
def test_each_row_is_written_before_the_next_is_read(format_: str) -> None:
    raw = io.BytesIO()
    seen = []

    def rows() -> Any:
        for number in (11, 22):
            yield {"a": number}
            seen.append(str(number).encode() in raw.getvalue())

    write_pages(Stream(io.TextIOWrapper(raw, encoding="utf-8"), {}), format_, batches(rows()), ["a"])
    assert seen == [True, True]


def test_interrupted_array_does_not_parse() -> None:
    def rows() -> Any:
        yield {"a": 1}
        raise RuntimeError

    file = io.StringIO()
    with pytest.raises(RuntimeError):
        write_pages(Stream(file, {}), "json", batches(rows()), [])
    with pytest.raises(ValueError, match="Expecting"):
        json.loads(file.getvalue())


@cases(
    ("format_", "text"),
    [
        ("json", '{\n  "a": 1.50,\n  "b": [\n    2\n  ]\n}\n'),
        ("ndjson", '{"a":1.50,"b":[2]}\n'),
        ("yaml", "a: 1.50\nb:\n- 2\n"),
        ("csv", "a,b\n1.50,[2]\n"),
        ("tsv", "a\tb\n1.50\t[2]\n"),
    ],
)
def test_one_object(format_: str, text: str) -> None:
    file = io.StringIO()
    write_object(Stream(file, {}), format_, exact_json.loads('{"a": 1.50, "b": [2]}'), ["a", "b"])
    assert file.getvalue() == text
