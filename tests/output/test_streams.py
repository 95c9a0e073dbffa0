import io
from typing import Any

import pytest

from synq_cli.output.streams import Stream, wants_color


@pytest.mark.parametrize(
    ("environ", "terminal", "no_color", "colored"),
    [
        ({}, True, False, True),
        ({}, False, False, False),
        ({}, True, True, False),
        ({"NO_COLOR": "1"}, True, False, False),
        ({"NO_COLOR": ""}, True, False, True),
        ({"TERM": "dumb"}, True, False, False),
        ({"TERM": "xterm"}, True, False, True),
        ({"CLICOLOR_FORCE": "1"}, False, False, True),
        ({"CLICOLOR_FORCE": "0"}, False, False, False),
        ({"CLICOLOR_FORCE": ""}, False, False, False),
        ({"CLICOLOR_FORCE": "1"}, False, True, False),
        ({"CLICOLOR_FORCE": "1", "NO_COLOR": "1"}, True, False, False),
        ({"CLICOLOR_FORCE": "1", "TERM": "dumb"}, True, False, False),
    ],
)
def test_color(environ: dict[str, str], terminal: bool, no_color: bool, colored: bool) -> None:
    assert wants_color(environ, terminal=terminal, no_color=no_color, windows=False) is colored


def test_color_on_windows_where_the_console_understands_it() -> None:
    assert not wants_color({}, terminal=True, no_color=False, windows=True)
    assert wants_color({"WT_SESSION": "x"}, terminal=True, no_color=False, windows=True)


def bytes_stream(encoding: str) -> tuple[Stream, io.BytesIO]:
    raw = io.BytesIO()
    return Stream(io.TextIOWrapper(raw, encoding=encoding), {}), raw


@pytest.mark.parametrize(
    ("encoding", "written"),
    [
        ("utf-8", "87/100 · 42 → 37 … é 東\n".encode()),
        ("latin-1", b"87/100 - 42 -> 37 ... \xe9 \\u6771\n"),
        ("ascii", b"87/100 - 42 -> 37 ... \\xe9 \\u6771\n"),
    ],
)
def test_say_uses_what_the_encoding_carries(encoding: str, written: bytes) -> None:
    stream, raw = bytes_stream(encoding)
    stream.say("87/100 · 42 → 37 … é 東")
    assert raw.getvalue() == written


def test_raw_data_never_ends_in_an_encoding_error() -> None:
    stream, raw = bytes_stream("ascii")
    stream.write("é\ud800\n")
    assert raw.getvalue() == b"\\xe9\\ud800\n"


def test_json_stays_json_in_any_encoding() -> None:
    stream, _ = bytes_stream("ascii")
    assert stream.fit_json('{"é": "🎁"}') == '{"\\u00e9": "\\ud83c\\udf81"}'
    assert bytes_stream("utf-8")[0].fit_json('{"é": "🎁"}') == '{"é": "🎁"}'


def test_each_write_is_flushed() -> None:
    stream, raw = bytes_stream("utf-8")
    stream.write("a")
    assert raw.getvalue() == b"a"


class Closed(io.StringIO):
    def flush(self) -> None:
        raise BrokenPipeError


def test_a_broken_pipe_surfaces_at_the_write() -> None:
    stream = Stream(Closed(), {})
    with pytest.raises(BrokenPipeError):
        stream.write("a")


def test_say_is_one_clean_line() -> None:
    file = io.StringIO()
    Stream(file, {"CLICOLOR_FORCE": "1"}).say("a\nb\x1b[0m", "red")
    assert file.getvalue() == "\x1b[31ma\\nb\\x1b[0m\x1b[0m\n"


@pytest.mark.parametrize(
    ("environ", "width"), [({"COLUMNS": "57"}, 57), ({"COLUMNS": "0"}, 80), ({"COLUMNS": "wide"}, 80), ({}, 80)]
)
def test_width(environ: dict[str, Any], width: int) -> None:
    assert Stream(io.StringIO(), environ).width() == width
