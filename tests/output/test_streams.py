import errno
import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from table import cases

from synq_cli.errors import UsageError
from synq_cli.output.streams import Stream


@cases(
    ("environ", "terminal", "no_color", "color", "live"),
    [
        ({}, True, False, True, True), ({}, False, False, False, False), ({}, True, True, False, True),
        ({"NO_COLOR": "1"}, True, False, False, True), ({"NO_COLOR": ""}, True, False, True, True),
        ({"TERM": "xterm"}, True, False, True, True), ({"TERM": "dumb"}, True, False, False, False),
        ({"TERM": "unknown"}, True, False, False, False), ({"CLICOLOR": "0"}, True, False, False, True),
        ({"CLICOLOR": "1"}, True, False, True, True), ({"CLICOLOR": "1"}, False, False, False, False),
        ({"CLICOLOR_FORCE": "1"}, False, False, True, False), ({"CLICOLOR_FORCE": "0"}, False, False, False, False),
        ({"CLICOLOR_FORCE": ""}, False, False, False, False), ({"CLICOLOR_FORCE": "1"}, False, True, False, False),
        ({"CLICOLOR_FORCE": "1", "CLICOLOR": "0"}, True, False, True, True),
        ({"CLICOLOR_FORCE": "1", "NO_COLOR": "1"}, True, False, False, True),
        ({"CLICOLOR_FORCE": "1", "TERM": "dumb"}, True, False, False, False),
    ],
)  # fmt: skip
def test_color_and_live_drawing(
    environ: dict[str, str], terminal: bool, no_color: bool, color: bool, live: bool
) -> None:
    file = Tty() if terminal else io.StringIO()
    stream = Stream(file, environ, no_color=no_color)
    assert (stream.color, stream.live) == (color, live)
    stream.say("Sent.", "red")
    assert file.getvalue() == ("\x1b[31mSent.\x1b[0m\n" if color else "Sent.\n")


@pytest.mark.parametrize("environ", [{"FORCE_COLOR": "1"}, {"TTY_COMPATIBLE": "1"}, {"TTY_INTERACTIVE": "1"}])
def test_variables_of_rich_alone_do_not_color_a_pipe(environ: dict[str, str]) -> None:
    file = io.StringIO()
    stream = Stream(file, environ)
    stream.draw("[red]x[/red] :smile: 12", 40)
    assert file.getvalue() == "[red]x[/red] :smile: 12\n"


def test_one_console_serves_all_drawings_of_a_stream() -> None:
    stream = Stream(Tty(), {"COLUMNS": "57"})
    assert stream.console().width == 57
    assert stream.console(20) is stream.console()
    assert Stream(Tty(), {"COLUMNS": "57", "TERM": "dumb"}).console().width == 57


class Tty(io.StringIO):
    def isatty(self) -> bool:
        return True


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


def test_data_is_written_at_once_in_any_encoding_and_json_stays_json() -> None:
    stream, raw = bytes_stream("ascii")
    stream.write("é\ud800\n")
    assert raw.getvalue() == b"\\xe9\\ud800\n"
    assert stream.fit_json('{"é": "🎁"}') == '{"\\u00e9": "\\ud83c\\udf81"}'
    assert bytes_stream("utf-8")[0].fit_json('{"é": "🎁"}') == '{"é": "🎁"}'


class Closed(io.StringIO):
    def flush(self) -> None:
        raise BrokenPipeError


@pytest.mark.parametrize("write", [Stream.write, Stream.draw])
def test_a_broken_pipe_surfaces_at_the_write(write: Callable[[Stream, str], None]) -> None:
    with pytest.raises(BrokenPipeError):
        write(Stream(Closed(), {}), "a")
    write(Stream(Closed(), {}, optional=True), "a")


class Full(io.StringIO):
    def write(self, text: str) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("write", [Stream.write, Stream.draw])
def test_full_disk_is_a_usage_error(write: Callable[[Stream, str], None]) -> None:
    with pytest.raises(UsageError, match="No space left on device"):
        write(Stream(Full(), {}), "a")


def test_say_is_one_clean_line() -> None:
    file = io.StringIO()
    Stream(file, {"CLICOLOR_FORCE": "1"}).say("a\nb\x1b[0m", "red")
    assert file.getvalue() == "\x1b[31ma\\nb\\x1b[0m\x1b[0m\n"


@cases(("environ", "width"), [({"COLUMNS": "57"}, 57), ({"COLUMNS": "0"}, 80), ({"COLUMNS": "wide"}, 80), ({}, 80)])
def test_width(environ: dict[str, Any], width: int) -> None:
    assert Stream(io.StringIO(), environ).width() == width


def test_a_reader_that_is_gone_is_noticed_without_a_write(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    with os.fdopen(writing, "w") as pipe:
        Stream(pipe, {}).check_reader()
        os.close(reading)
        with pytest.raises(BrokenPipeError):
            Stream(pipe, {}).check_reader()
    with (tmp_path / "out").open("w") as file:
        Stream(file, {}).check_reader()
    Stream(io.StringIO(), {}).check_reader()
