"""No line on a terminal is wider than the terminal, measured in cells: wide characters count twice."""

import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from table import cases

from synq_cli.errors import SynqError
from synq_cli.output.columns import Column
from synq_cli.output.display import Output
from synq_cli.output.formats import address, clock, identifier, state

COLUMNS = [
    Column("ID", "id", identifier, drop=3, width=9),
    Column("Status", "status", state, width=8),
    Column("At", "at", clock, drop=2, width=19),
    Column("Note", "note"),
    Column("Address", "url", address, drop=1),
]


def row(text: str) -> dict[str, Any]:
    return {"id": text, "status": text, "at": "2026-11-25T09:00:00Z", "note": text, "url": text}


def list_(output: Output, text: str) -> None:
    output.rows([row(text), row("x")], [column._replace(drop=1) for column in COLUMNS[:2]] + COLUMNS[3:])


def follow(output: Output, text: str) -> None:
    output.follow([[row(text)]], COLUMNS[1:])


def record(output: Output, text: str) -> None:
    output.record({**row(text), text: text}, COLUMNS)


def panel(output: Output, text: str) -> None:
    output.panel(text, {"note": text, "low": [row(text)]}, [COLUMNS[3]], {"low": (text[:9], COLUMNS)})


def timeline(output: Output, text: str) -> None:
    states = [{"status": "placed", "at": text, "phase": "passed"}, {"status": text, "at": None, "phase": "ahead"}]
    output.timeline(
        {**row(text), "states": states, "parcels": [row(text)]}, COLUMNS, {"parcels": (text[:9], COLUMNS[3:])}
    )


def tree(output: Output, text: str) -> None:
    rows = [{"id": "a", "name": text, "parent": None}, {"id": "b", "name": text, "parent": "a"}]
    output.tree(rows, [Column("Name", "name"), Column("Parent", "parent")], parent="parent")


def checklist(output: Output, text: str) -> None:
    findings = [{"check": "token", "state": "fail", "found": text, "mend": f"Run {text}"}]
    output.checklist(findings, [])


def messages(output: Output, text: str) -> None:
    output.note(text)
    output.warn(text)
    output.messages.error(SynqError(text or "Broken.", hint=text))
    output.messages.footer(87, 100, exact=True, profile=text)


DRAWINGS = [list_, follow, record, panel, timeline, tree, checklist, messages]


class Tty(io.StringIO):
    def isatty(self) -> bool:
        return True


class EncodedTty(io.TextIOWrapper):
    def isatty(self) -> bool:
        return True


def drawn(draw: Callable[[Output, str], None], text: str, width: int, **environ: str) -> list[str]:
    terminal = Tty()
    environ = {"COLUMNS": str(width), "NO_COLOR": "1", **environ}
    draw(Output(terminal, terminal, environ=environ, now=lambda: 1_795_608_000.0, width=width), text)
    return terminal.getvalue().splitlines()


texts = st.text(st.sampled_from("a b-京都🎁é❤️\u0301\u200b\x1b ") | st.characters(), max_size=120)


@pytest.mark.parametrize("draw", DRAWINGS, ids=lambda draw: draw.__name__)
@given(text=texts, width=st.integers(30, 140))
def test_no_line_is_wider_than_the_terminal(draw: Callable[[Output, str], None], text: str, width: int) -> None:
    assert [line for line in drawn(draw, text, width) if cell_len(line) > width] == []


@cases("draw", DRAWINGS)
def test_wide_text_without_blanks_is_folded_or_cut(draw: Callable[[Output, str], None]) -> None:
    assert max(map(cell_len, drawn(draw, "京都" * 60, 40))) in {39, 40}


@cases("draw", DRAWINGS)
@cases("encoding", ["ascii", "latin-1"])
def test_text_fits_the_encoding(draw: Callable[[Output, str], None], encoding: str) -> None:
    terminal = EncodedTty(io.BytesIO(), encoding=encoding)
    output = Output(terminal, terminal, environ={"COLUMNS": "40"}, now=lambda: 1_795_608_000.0, width=40)
    draw(output, "Bergen · " * 20)
    terminal.seek(0)
    shown = terminal.read()
    assert "Bergen" in shown
    assert "\\u" not in shown  # how a character that the encoding lacks is written
    assert max(map(len, re.sub(r"\x1b\[[\d;]*m", "", shown).splitlines())) <= 40


@given(text=texts, width=st.integers(4, 100), done=st.integers(0, 10**6))
def test_progress_is_one_line_no_wider_than_the_terminal(text: str, width: int, done: int) -> None:
    def draw(output: Output, text: str) -> None:
        with output.progress(text or "x") as progress:
            progress.update(done, 10**6, text, left=100)

    lines = re.split(r"\r|\x1b\[\d[AK]", "".join(drawn(draw, text, width)))
    assert [line for line in lines if cell_len(line) > width] == []
